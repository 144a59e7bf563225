//! The latest tries of each client address, and the stories of those that wait for their verdict.
//!
//! A client may make many tries while one of its failures waits, so a waiting story takes in what belongs to it as it
//! comes, and the latest tries alone are kept beside it.

use super::lru::Lru;
use super::tries::{Telling, Try};
use super::view::Story;
use crate::fingerprint::EventId;
use crate::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Client addresses that are remembered.
pub const MAX_CLIENT_ADDRESSES: usize = 16 * 1024;
/// Tries that are remembered of one address.
pub const MAX_TRIES_EACH: usize = 32;
/// Tries that are remembered in all: 200 bytes each.
pub const MAX_TRIES: usize = 64 * 1024;
/// Stories that wait for their end: as many as handshakes can be held.
pub const MAX_STORIES: usize = 4096;
/// Stories of one address that still take in tries; the latest.
pub const MAX_STORIES_EACH: usize = 32;
/// So many of the latest tries are looked through for one that raced another.
const MAX_RACING: usize = 32;
/// A try is of no use any more so long after its end: a silent one is settled that late.
const KEPT: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Client {
    /// As they were settled.
    tries: VecDeque<Try>,
    /// The numbers of its stories that wait.
    waiting: VecDeque<u64>,
}

/// What is remembered of clients.
pub(super) struct Stories {
    clients: Lru<IpAddr, Client>,
    told: BTreeMap<u64, Telling>,
    /// The latest tries of all clients that finished: races over two address families have two client addresses.
    finished: VecDeque<Try>,
    tries: usize,
}

impl Stories {
    pub(super) fn new(seed: u64) -> Self {
        Self { clients: Lru::new(MAX_CLIENT_ADDRESSES, seed), told: BTreeMap::new(), finished: VecDeque::new(), tries: 0 }
    }

    /// Takes in a try. Returns the number of its client, and the id of the try of which it is a retry. Where it
    /// waits, its story goes on until it is asked for.
    pub(super) fn add(
        &mut self,
        address: IpAddr,
        own: Try,
        now: Timestamp,
        waits: Option<u64>,
    ) -> (u32, Option<EventId>) {
        let Self { clients, told, finished, tries } = self;
        let Some((serial, client, gone)) = clients.used(&address, now, || (address, Client::default())) else {
            return (0, None);
        };
        *tries = tries.saturating_sub(gone.map_or(0, |gone| gone.tries.len()));
        let old = |first: &Try| first.end.plus(KEPT) < now;
        while client.tries.len() >= MAX_TRIES_EACH || client.tries.front().is_some_and(old) {
            client.tries.pop_front();
            *tries = tries.saturating_sub(1);
        }
        let retry_of = client.retried_by(&own);
        let mut own = own;
        let retry = client.go_on(told, &mut own, retry_of);
        if let Some(sequence) = waits {
            client.begin(told, sequence, &own, retry_of);
            if let Some(telling) = told.get_mut(&sequence) {
                telling.retry = retry;
                telling.rival = finished.iter().rfind(|other| other.races(&own)).cloned();
            }
        }
        if own.finished.is_some() && !own.is_failed() {
            let beaten = told.values_mut().rev().take(MAX_RACING).filter(|telling| own.races(&telling.own));
            beaten.for_each(|telling| telling.rival = Some(own.clone()));
            if finished.len() >= MAX_RACING {
                finished.pop_front();
            }
            finished.push_back(own.clone());
        }
        client.tries.push_back(own);
        *tries = tries.saturating_add(1);
        while *tries > MAX_TRIES {
            let gone = clients.forget_oldest();
            *tries = tries.saturating_sub(gone.map_or(MAX_TRIES, |gone| gone.tries.len()));
        }
        (serial, retry_of)
    }

    /// The story of a try that waited, as far as it is known now.
    pub(super) fn take(&mut self, address: IpAddr, sequence: u64) -> Option<Story> {
        if let Some(client) = self.clients.get_mut(&address) {
            client.waiting.retain(|waiting| *waiting != sequence);
        }
        Some(self.told.remove(&sequence)?.story())
    }

    /// Forgets an address that was not heard of since `time`.
    pub(super) fn expire(&mut self, time: Timestamp) {
        let gone = self.clients.expire(time);
        self.tries = self.tries.saturating_sub(gone.map_or(0, |gone| gone.tries.len()));
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 3] {
        [self.clients.len(), self.tries, self.told.len()]
    }
}

impl Client {
    /// The failed try of which this one is a retry: the latest to which it can belong.
    fn retried_by(&mut self, retry: &Try) -> Option<EventId> {
        let may = |failed: &Try| {
            retry.may_retry(failed) && !self.tries.iter().any(|other| other.succeeded_between(failed, retry))
        };
        let at = (0..self.tries.len()).rev().find(|at| self.tries.get(*at).is_some_and(may))?;
        let failed = self.tries.get_mut(at)?;
        failed.retried = true;
        Some(failed.id)
    }

    /// Stories that wait take in a new try. A failure that is settled after its retry finds it among them.
    /// Returns the try that was waiting and is a retry of the new one.
    fn go_on(&self, told: &mut BTreeMap<u64, Telling>, own: &mut Try, retry_of: Option<EventId>) -> Option<Try> {
        let mut retry: Option<(Timestamp, u64)> = None;
        for sequence in &self.waiting {
            let Some(telling) = told.get_mut(sequence) else { continue };
            if !telling.own.belongs_to(own) {
                continue;
            }
            telling.add(own);
            if retry_of == Some(telling.own.id) {
                telling.retry = Some(own.clone());
            }
            let between = |other: &Try| other.succeeded_between(own, &telling.own);
            if telling.retry_of.is_none() && telling.own.may_retry(own) && !self.tries.iter().any(between) {
                let found = (telling.own.start, *sequence);
                retry = Some(retry.map_or(found, |before| before.min(found)));
            }
        }
        let telling = retry.and_then(|(_, sequence)| told.get_mut(&sequence))?;
        telling.retry_of = Some(own.id);
        own.retried = true;
        Some(telling.own.clone())
    }

    /// A story begins to wait.
    fn begin(&mut self, told: &mut BTreeMap<u64, Telling>, sequence: u64, own: &Try, retry_of: Option<EventId>) {
        let mut telling = Telling::new(own.clone(), retry_of);
        self.tries.iter().filter(|other| other.belongs_to(own)).for_each(|other| telling.add(other));
        telling.control = self.tries.iter().rfind(|other| other.controls(own)).cloned();
        if told.len() >= MAX_STORIES {
            told.pop_first();
        }
        told.insert(sequence, telling);
        if self.waiting.len() >= MAX_STORIES_EACH {
            self.waiting.pop_front();
        }
        self.waiting.push_back(sequence);
    }
}
