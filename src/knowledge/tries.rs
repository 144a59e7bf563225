//! The tries of clients: who came when, for what, and with which success; and which try is a retry of which.
//!
//! One address may have many clients behind it, and a load generator makes thousands of connections at once, so a try
//! is called a retry only where nothing speaks against it: it began after the failed one was over, and soon; it is for
//! the same name or, where one of the two has none, to the same server; no other try for that has finished in between;
//! its hello may be the same program's; and no other try is the retry of the same failure. A fallback changes versions,
//! suites and extensions, so another shape of hello alone speaks for another program only where the application protocols
//! are others too. Another name counts where it is of the same site, at the same server, and the hello has the same shape.

use super::sighting::{Sighting, site};
use super::view::{Attempt, Story};
use crate::fingerprint::EventId;
use crate::handshake::Outcome;
use crate::time::Timestamp;
use crate::tls::ClientHello;
use crate::tls::registry::{ExtensionType, ProtocolVersion};
use std::cmp::Reverse;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Tries of one client belong together where one began within so long of the other's beginning or end.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Connections that race each other begin within so long of each other.
const RACE: Duration = Duration::from_secs(2);

/// At most this many other tries of each direction in time are told in a story.
pub const MAX_PARTNERS: usize = 8;

/// Extensions that come and go between two connections of one program: they depend on what it has met before, or fill up.
const CHANGING: [ExtensionType; 5] = [
    ExtensionType::PADDING,
    ExtensionType::PRE_SHARED_KEY,
    ExtensionType::EARLY_DATA,
    ExtensionType::SESSION_TICKET,
    ExtensionType::COOKIE,
];

/// What a client wanted, and how it went.
#[derive(Clone, Debug)]
pub(super) struct Try {
    pub(super) id: EventId,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) finished: Option<Timestamp>,
    outcome: Outcome,
    pub(super) server: SocketAddr,
    name: Option<Arc<str>>,
    highest: Option<ProtocolVersion>,
    post_quantum: bool,
    /// Suites and extensions, whatever their order: the same program has the same.
    shape: u64,
    /// The application protocols offered; 0 for none.
    protocols: u64,
}

impl Try {
    pub(super) fn new(sighting: &Sighting<'_>, name: Option<Arc<str>>) -> Self {
        let Sighting { handshake, negotiated, id, .. } = *sighting;
        let [client, server] = handshake.finished;
        let finished = client.zip(server).map(|(client, server)| client.max(server).time);
        let finished = finished.or_else(|| sighting.is_finished().then_some(handshake.last.time));
        let hello = negotiated.client_hello.as_ref();
        let ssl2 = negotiated.ssl2_client_hello.as_ref().map(|hello| hello.version);
        Self {
            id,
            start: handshake.first.time,
            end: handshake.close.map_or(handshake.last.time, |close| close.mark.time),
            finished,
            outcome: handshake.outcome,
            server: handshake.server,
            name,
            highest: sighting.highest_offered().or(ssl2),
            post_quantum: hello.is_some_and(offers_post_quantum),
            shape: hello.map_or(0, shape),
            protocols: hello.map_or(0, protocols),
        }
    }

    pub(super) fn is_failed(&self) -> bool {
        self.outcome.is_failed()
    }

    pub(super) const fn is_alike(&self, other: &Self) -> bool {
        self.shape == other.shape
    }

    /// True where this and `other` may be a race of one client over both address families (RFC 8305): begun nearly at once,
    /// for the same name, with hellos of one shape. The addresses cannot tell.
    pub(super) fn races(&self, other: &Self) -> bool {
        let apart = self.start.apart(other.start);
        let families = self.server.is_ipv4() != other.server.is_ipv4();
        families && apart <= RACE && self.has_name_of(other) && self.is_alike(other)
    }

    /// True where this is an FTP control connection under TLS to the host at which `other` has another port: 21, or 990
    /// for TLS from the first byte (RFC 4217).
    pub(super) fn controls(&self, other: &Self) -> bool {
        const FTP: [u16; 2] = [21, 990];
        let under_tls = self.finished.is_some_and(|finished| finished <= other.end);
        under_tls
            && FTP.contains(&self.server.port())
            && self.server.ip() == other.server.ip()
            && self.server != other.server
    }

    /// At the same server or for the same name, within seconds.
    pub(super) fn belongs_to(&self, other: &Self) -> bool {
        let soon = |one: &Self, other: &Self| one.start <= other.end.plus(WINDOW);
        soon(self, other) && soon(other, self) && (self.server == other.server || self.has_name_of(other))
    }

    fn has_name_of(&self, other: &Self) -> bool {
        self.name.is_some() && self.name == other.name
    }

    /// For the same thing: see above.
    fn has_goal_of(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Some(name), Some(of_other)) => {
                let related = || self.server == other.server && self.is_alike(other) && site(name) == site(of_other);
                name == of_other || related()
            }
            _ => self.server == other.server,
        }
    }

    /// True where nothing in the two speaks against this one being a retry of a failed one.
    pub(super) fn may_retry(&self, failed: &Self) -> bool {
        let another_program = !self.is_alike(failed)
            && self.protocols != failed.protocols
            && self.protocols != 0
            && failed.protocols != 0;
        failed.is_failed()
            && self.start >= failed.end
            && self.start.since(failed.end) <= WINDOW
            && self.has_goal_of(failed)
            && !another_program
    }

    /// True where this one is for the same as a failed one, began after it, and had finished before `retry` began.
    pub(super) fn succeeded_between(&self, failed: &Self, retry: &Self) -> bool {
        let finished_before = self.finished.is_some_and(|finished| finished < retry.start);
        !self.is_failed() && finished_before && self.start > failed.start && self.has_goal_of(failed)
    }

    fn attempt(&self, own: &Self) -> Attempt {
        Attempt {
            id: self.id,
            start: self.start,
            finished: self.finished,
            outcome: self.outcome,
            server: self.server,
            sni: self.name.clone(),
            highest: self.highest,
            post_quantum: self.post_quantum,
            alike: self.is_alike(own),
        }
    }
}

/// Where a try stands among those that a story tells: whether its hello has another shape, how far away it is in time, and
/// its id where that is the same.
type Rank = (bool, Duration, EventId);

/// A story that is still being told: the tries that came before and after one that waits for its verdict.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    pub(super) own: Arc<Try>,
    pub(super) retry_of: Option<EventId>,
    /// The FTP control connection that this one may be a data connection of.
    pub(super) control: Option<Arc<Try>>,
    /// A try over the other address family that finished.
    pub(super) rival: Option<Arc<Try>>,
    /// The try that is this one's retry.
    pub(super) retry: Option<Arc<Try>>,
    /// In the order of their ranks.
    earlier: Vec<(Rank, Arc<Try>)>,
    later: Vec<(Rank, Arc<Try>)>,
    others: u32,
}

impl Telling {
    pub(super) const fn new(own: Arc<Try>, retry_of: Option<EventId>) -> Self {
        Self {
            own,
            retry_of,
            control: None,
            rival: None,
            retry: None,
            earlier: Vec::new(),
            later: Vec::new(),
            others: 0,
        }
    }

    /// Adds a try. Where there are too many, the furthest in time goes, and before it those with hellos of other shapes.
    pub(super) fn add(&mut self, other: &Arc<Try>) {
        self.others = self.others.saturating_add(1);
        let own = &self.own;
        let is_earlier = other.start < own.start;
        let list = if is_earlier { &mut self.earlier } else { &mut self.later };
        let rank = (!other.is_alike(own), own.start.apart(other.start), other.id);
        if list.len() >= MAX_PARTNERS {
            if list.last().is_some_and(|(furthest, _)| rank >= *furthest) {
                return;
            }
            list.pop();
        }
        let at = list.partition_point(|(listed, _)| *listed < rank);
        list.insert(at, (rank, Arc::clone(other)));
    }

    pub(super) fn story(mut self) -> Story {
        self.earlier.sort_unstable_by_key(|((_, distance, id), _)| (Reverse(*distance), *id));
        self.later.sort_unstable_by_key(|((_, distance, id), _)| (*distance, *id));
        let attempt = |other: &Arc<Try>| other.attempt(&self.own);
        let in_order = |list: &[(Rank, Arc<Try>)]| list.iter().map(|(_, other)| attempt(other)).collect();
        Story {
            earlier: in_order(&self.earlier),
            later: in_order(&self.later),
            others: self.others,
            retry_of: self.retry_of,
            control: self.control.as_ref().map(attempt),
            retry: self.retry.as_ref().map(attempt),
            rival: self.rival.as_ref().map(attempt),
        }
    }
}

/// The highest version that a hello offers.
pub(super) fn highest(hello: &ClientHello<'_>) -> Option<ProtocolVersion> {
    match hello.extensions.supported_versions() {
        Some(Ok(versions)) => versions.iter().filter(|version| !version.is_grease()).max(),
        _ => Some(hello.legacy_version),
    }
}

fn offers_post_quantum(hello: &ClientHello<'_>) -> bool {
    let shares = hello.extensions.key_shares().and_then(Result::ok);
    shares.is_some_and(|shares| shares.iter().any(|share| share.group.is_post_quantum()))
}

/// One more value in a hash that need not be hard to guess: it is only compared.
const fn mix(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

fn shape(hello: &ClientHello<'_>) -> u64 {
    let suites = hello.cipher_suites.iter().filter(|suite| !suite.is_grease());
    let suites = suites.fold(0xcbf2_9ce4_8422_2325, |hash, suite| mix(hash, suite.0.into()));
    let kinds = hello.extensions.iter().map(|extension| extension.kind);
    // Browsers send them in another order every time.
    kinds
        .filter(|kind| !kind.is_grease() && !CHANGING.contains(kind))
        .fold(suites, |sum, kind| sum.wrapping_add(mix(0x9e37_79b9_7f4a_7c15, kind.0.into())))
}

fn protocols(hello: &ClientHello<'_>) -> u64 {
    let data = hello.extensions.get(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION);
    data.map_or(0, |data| data.iter().fold(1, |hash, byte| mix(hash, (*byte).into())))
}
