//! The latest tries of each client address, and the stories of those that wait for their verdict.
//!
//! A client may make many tries while one of its failures waits, so a waiting story takes in what belongs to it as it
//! comes, and the latest tries alone are kept beside it.

use super::lru::Lru;
use super::tries::{Telling, Try};
use super::view::Story;
use crate::fingerprint::EventId;
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
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
    tries: VecDeque<Known>,
    /// The places of its stories that wait, in the order in which they began.
    waiting: VecDeque<Place>,
}

/// A try that is remembered.
struct Known {
    own: Arc<Try>,
    /// It failed, and no later try is its retry yet.
    unanswered: bool,
}

/// Whether a server's address is one of IPv4. Only tries over different families race, so most need no closer look, which
/// each time would be at another place in memory.
type Family = bool;

/// Where a story is kept while it waits.
pub(super) type Place = u32;

/// What is remembered of clients.
pub(super) struct Stories {
    clients: Lru<IpAddr, Client>,
    told: Tellings,
    /// The latest stories that wait, and the latest tries that finished, of all clients: races over two address families
    /// have two client addresses.
    latest: VecDeque<(Family, Place)>,
    finished: VecDeque<(Family, Arc<Try>)>,
    tries: usize,
}

impl Stories {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            clients: Lru::new(MAX_CLIENT_ADDRESSES, seed),
            told: Tellings::default(),
            latest: VecDeque::new(),
            finished: VecDeque::new(),
            tries: 0,
        }
    }

    /// Takes in a try. Returns the number of its client, the id of the try of which it is a retry, and where it `waits`
    /// the place of its story, which goes on until it is asked for.
    pub(super) fn add(
        &mut self,
        address: IpAddr,
        own: Try,
        now: Timestamp,
        waits: bool,
    ) -> (u32, Option<EventId>, Option<Place>) {
        let Self { clients, told, latest, finished, tries } = self;
        let Some((serial, client, gone)) = clients.used(&address, now, || (address, Client::default())) else {
            return (0, None, None);
        };
        *tries = tries.saturating_sub(gone.map_or(0, |gone| gone.tries.len()));
        let old = |first: &Known| first.own.end.plus(KEPT) < now;
        while client.tries.len() >= MAX_TRIES_EACH || client.tries.front().is_some_and(old) {
            client.tries.pop_front();
            *tries = tries.saturating_sub(1);
        }
        let own = Arc::new(own);
        let retry_of = client.retried_by(&own);
        let retry = client.go_on(told, &own, retry_of);
        let unanswered = own.is_failed() && retry.is_none();
        let family = own.server.is_ipv4();
        let mut place = None;
        if waits {
            let mut telling = client.begin(&own, retry_of);
            telling.retry = retry;
            let rival = finished.iter().rfind(|(of_other, other)| *of_other != family && other.races(&own));
            telling.rival = rival.map(|(_, other)| Arc::clone(other));
            place = told.add(telling);
        }
        if let Some(place) = place {
            push_bounded(&mut client.waiting, place, MAX_STORIES_EACH);
            push_bounded(latest, (family, place), MAX_RACING);
        }
        if own.finished.is_some() && !own.is_failed() {
            for (_, place) in latest.iter().filter(|(of_other, _)| *of_other != family) {
                if let Some(telling) = told.get_mut(*place).filter(|telling| own.races(&telling.own)) {
                    telling.rival = Some(Arc::clone(&own));
                }
            }
            push_bounded(finished, (family, Arc::clone(&own)), MAX_RACING);
        }
        client.tries.push_back(Known { own, unanswered });
        *tries = tries.saturating_add(1);
        while *tries > MAX_TRIES {
            let gone = clients.forget_oldest();
            *tries = tries.saturating_sub(gone.map_or(MAX_TRIES, |gone| gone.tries.len()));
        }
        (serial, retry_of, place)
    }

    /// The story of a try that waited, as far as it is known now.
    pub(super) fn take(&mut self, address: IpAddr, place: Place) -> Option<Story> {
        if let Some(client) = self.clients.get_mut(&address) {
            client.waiting.retain(|waiting| *waiting != place);
        }
        self.latest.retain(|(_, waiting)| *waiting != place);
        Some(self.told.take(place)?.story())
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

/// The last of so many stays.
fn push_bounded<T>(queue: &mut VecDeque<T>, last: T, bound: usize) {
    if queue.len() >= bound {
        queue.pop_front();
    }
    queue.push_back(last);
}

/// Stories that wait, at most [`MAX_STORIES`]. Every try of a client looks at all that wait for it, so they are found by
/// their place: a tree by number took a third of all that knowledge costs.
#[derive(Default)]
struct Tellings {
    places: Vec<Option<Telling>>,
    free: Vec<Place>,
}

impl Tellings {
    /// Takes in a story. Where there is no room the try has none.
    fn add(&mut self, telling: Telling) -> Option<Place> {
        if let Some(place) = self.free.pop() {
            *self.places.get_mut(place as usize)? = Some(telling);
            return Some(place);
        }
        let place = Place::try_from(self.places.len()).ok().filter(|_| self.places.len() < MAX_STORIES)?;
        self.places.push(Some(telling));
        Some(place)
    }

    fn get_mut(&mut self, place: Place) -> Option<&mut Telling> {
        self.places.get_mut(place as usize)?.as_mut()
    }

    fn take(&mut self, place: Place) -> Option<Telling> {
        let telling = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(telling)
    }

    /// How many wait.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

impl Client {
    /// The failed try of which this one is a retry: the latest to which it can belong.
    fn retried_by(&mut self, retry: &Try) -> Option<EventId> {
        let may = |failed: &Known| {
            failed.unanswered && retry.may_retry(&failed.own) && !self.succeeded_between(&failed.own, retry)
        };
        let at = self.tries.iter().rposition(may)?;
        let failed = self.tries.get_mut(at)?;
        failed.unanswered = false;
        Some(failed.own.id)
    }

    fn succeeded_between(&self, failed: &Try, retry: &Try) -> bool {
        self.tries.iter().any(|other| other.own.succeeded_between(failed, retry))
    }

    /// Stories that wait take in a new try. A failure that is settled after its retry finds it among them.
    /// Returns the try that was waiting and is a retry of the new one.
    fn go_on(&self, told: &mut Tellings, own: &Arc<Try>, retry_of: Option<EventId>) -> Option<Arc<Try>> {
        let mut retry: Option<(Timestamp, Place)> = None;
        for place in &self.waiting {
            let Some(telling) = told.get_mut(*place) else { continue };
            if !telling.own.belongs_to(own) {
                continue;
            }
            telling.add(own);
            if retry_of == Some(telling.own.id) {
                telling.retry = Some(Arc::clone(own));
            }
            let start = telling.own.start;
            let is_first = retry.is_none_or(|(before, _)| start < before);
            if is_first
                && telling.retry_of.is_none()
                && telling.own.may_retry(own)
                && !self.succeeded_between(own, &telling.own)
            {
                retry = Some((start, *place));
            }
        }
        let telling = retry.and_then(|(_, place)| told.get_mut(place))?;
        telling.retry_of = Some(own.id);
        Some(Arc::clone(&telling.own))
    }

    /// A story begins with what came before it.
    fn begin(&self, own: &Arc<Try>, retry_of: Option<EventId>) -> Telling {
        let mut telling = Telling::new(Arc::clone(own), retry_of);
        let tries = || self.tries.iter().map(|known| &known.own);
        tries().filter(|other| other.belongs_to(own)).for_each(|other| telling.add(other));
        telling.control = tries().rfind(|other| other.controls(own)).cloned();
        telling
    }
}
