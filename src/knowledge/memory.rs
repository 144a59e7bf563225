//! What is remembered of servers, names and issuers.

use super::lru::Lru;
use super::sighting::{Sighting, issuer};
use super::stories::{Place, Stories};
use super::tally::{Count, MAX_CLIENTS, Note, Tally, Values};
use super::tries::Try;
use super::view::{NameView, ServerView, Shown, Story};
use crate::fingerprint::EventId;
use crate::handshake::Outcome;
use crate::time::Timestamp;
use crate::tls::registry::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::x509::Judgement;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Servers that are remembered: 1 KB each as a rule.
pub const MAX_SERVERS: usize = 8 * 1024;
/// Names that are remembered.
pub const MAX_NAMES: usize = 16 * 1024;
/// Issuers that are remembered.
pub const MAX_ISSUERS: usize = 1024;
/// Values that are remembered of one kind: suites of a server, names, servers of a name, sites of an issuer.
pub const MAX_VALUES: usize = 16;
/// Chains that are remembered of one server.
pub const MAX_CHAINS: usize = 8;
/// What was not seen for so long is forgotten.
pub const EXPIRY: Duration = Duration::from_secs(3600);
/// Names of a server that a view lists.
const LISTED_NAMES: usize = 8;

/// A chain that a server showed, and the number of the name that was asked for.
#[derive(Clone, Debug)]
struct Presented {
    name: Option<u32>,
    judgement: Arc<Judgement>,
}

/// One address and port.
#[derive(Default)]
struct Server {
    /// The numbers of its clients: the place is the client's bit.
    clients: Vec<u32>,
    finished: Option<Tally>,
    failed: Option<Tally>,
    nameless: Option<Tally>,
    asked_for_certificate: Option<Tally>,
    versions: Values<ProtocolVersion, MAX_VALUES>,
    declined: Option<ProtocolVersion>,
    cipher_suites: Values<CipherSuite, MAX_VALUES>,
    groups: Values<NamedGroup, MAX_VALUES>,
    alpn: Values<Box<[u8]>, MAX_VALUES>,
    names: Values<Arc<str>, MAX_VALUES>,
    chains: Values<Presented, MAX_CHAINS>,
}

/// One name, at whatever addresses.
struct Name {
    text: Arc<str>,
    finished: Values<SocketAddr, MAX_VALUES>,
    used: Values<SocketAddr, MAX_VALUES>,
    failed: Values<SocketAddr, MAX_VALUES>,
    /// The numbers of issuers whose certificates were shown for it, and whether the chain was trusted.
    issuers: Values<(u32, bool), MAX_VALUES>,
}

/// The sites that an issuer's certificates were shown for.
type Sites = Values<Box<str>, MAX_VALUES>;

/// By what a handshake that was learned is found again.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    sequence: u64,
    client: u32,
    name: Option<u32>,
    issuer: Option<u32>,
    retry_of: Option<EventId>,
    story: Option<Place>,
}

/// All that is known of one capture's servers and clients.
pub struct Knowledge {
    servers: Lru<SocketAddr, Server>,
    names: Lru<Arc<str>, Name>,
    issuers: Lru<Arc<str>, Sites>,
    stories: Stories,
    sequence: u64,
    now: Timestamp,
}

impl Knowledge {
    /// Knows nothing yet. The seed changes nothing that is told: it makes the tables hard to fill on purpose.
    pub fn new(seed: u64) -> Self {
        Self {
            servers: Lru::new(MAX_SERVERS, seed),
            names: Lru::new(MAX_NAMES, seed),
            issuers: Lru::new(MAX_ISSUERS, seed),
            stories: Stories::new(seed),
            sequence: 0,
            now: Timestamp::default(),
        }
    }

    /// Takes in a handshake that was settled. Where it `waits` for its verdict, its story goes on until
    /// [`Knowledge::story`] asks for it.
    pub fn learn(&mut self, sighting: &Sighting<'_>, waits: bool) -> Receipt {
        let handshake = sighting.handshake;
        self.now = self.now.max(handshake.settled);
        self.expire();
        let sequence = self.sequence;
        self.sequence = sequence.saturating_add(1);
        let note = Note { sequence, time: handshake.last.time, client: 0 };
        let issuer = self.learn_issuer(sighting, note);
        let (name, text) = self.learn_name(sighting, note, issuer).unzip();
        let own = Try::new(sighting, text.clone());
        let (client, retry_of, story) = self.stories.add(handshake.client.ip(), own, self.now, waits);
        let key = handshake.server;
        if let Some((_, server, _)) = self.servers.used(&key, self.now, || (key, Server::default())) {
            let note = Note { client: server.client(client), ..note };
            server.learn(sighting, note, name, text);
        }
        Receipt { sequence, client, name, issuer, retry_of, story }
    }

    fn expire(&mut self) {
        let limit = self.forgotten();
        self.servers.expire(limit);
        self.names.expire(limit);
        self.issuers.expire(limit);
        self.stories.expire(limit);
    }

    /// What was last seen before this is forgotten.
    const fn forgotten(&self) -> Timestamp {
        let span = EXPIRY.as_nanos() as u64;
        Timestamp::from_nanos(self.now.as_nanos().saturating_sub(span))
    }

    fn learn_issuer(&mut self, sighting: &Sighting<'_>, note: Note) -> Option<u32> {
        let issuer = sighting.issuer()?;
        let (number, sites, _) = self.issuers.used(issuer, self.now, || (issuer.into(), Sites::default()))?;
        if let Some(site) = sighting.site() {
            sites.add(note, |known| **known == *site, || site.as_ref().into());
        }
        Some(number)
    }

    fn learn_name(&mut self, sighting: &Sighting<'_>, note: Note, issuer: Option<u32>) -> Option<(u32, Arc<str>)> {
        let text = sighting.name()?;
        let (number, name, _) = self.names.used(text.as_ref(), self.now, || {
            let text: Arc<str> = text.as_ref().into();
            (Arc::clone(&text), Name::new(text))
        })?;
        let server = sighting.handshake.server;
        if sighting.is_finished() {
            name.finished.add(note, |known| *known == server, || server);
            if sighting.handshake.outcome == Outcome::Established {
                name.used.add(note, |known| *known == server, || server);
            }
        } else if sighting.is_failed() {
            name.failed.add(note, |known| *known == server, || server);
        }
        if let Some(issuer) = issuer {
            let shown = (issuer, sighting.is_trusted());
            name.issuers.add(note, |known| *known == shown, || shown);
        }
        Some((number, Arc::clone(&name.text)))
    }

    /// What others than this handshake have shown of its server up to now.
    pub fn view(&self, sighting: &Sighting<'_>, receipt: &Receipt) -> ServerView {
        let key = sighting.handshake.server;
        let Some((_, server)) = self.servers.get(&key) else { return ServerView::default() };
        let since = self.forgotten();
        let note = Note {
            sequence: receipt.sequence,
            time: sighting.handshake.last.time,
            client: server.bit(receipt.client).unwrap_or_default(),
        };
        let mut view = server.view(sighting, note, since, receipt.name);
        let name = sighting.name().and_then(|text| self.names.get(text.as_ref())).map(|(_, name)| name);
        if let Some(name) = name {
            (view.name, view.name_elsewhere) = name.view(key, sighting, note, since);
        }
        let shown = view.chain.as_ref().map(|shown| &*shown.judgement);
        let at_hand = sighting.issuer().or_else(|| shown.and_then(issuer));
        if let Some((number, sites)) = at_hand.and_then(|issuer| self.issuers.get(issuer)) {
            let own = sighting.site().filter(|_| receipt.issuer == Some(number));
            let others = sites.others(note, since, |site| own.as_deref() == Some(&**site));
            view.names_under_issuer = u32::try_from(others.count()).unwrap_or(u32::MAX);
            view.others_see_another_issuer = name.is_some_and(|name| name.is_issued_otherwise(note, since, number));
        }
        view
    }

    /// The story of a handshake. One that waited is told once, with all tries up to now.
    pub fn story(&mut self, sighting: &Sighting<'_>, receipt: &Receipt) -> Story {
        let waited = receipt.story.and_then(|place| self.stories.take(sighting.handshake.client.ip(), place));
        waited.unwrap_or_else(|| Story { retry_of: receipt.retry_of, ..Story::default() })
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> ([usize; 3], [usize; 3]) {
        ([self.servers.len(), self.names.len(), self.issuers.len()], self.stories.sizes())
    }

    #[cfg(test)]
    pub(super) fn largest_lists(&self, server: SocketAddr, name: &str, issuer: &str) -> [usize; 9] {
        let server = self.servers.get(&server).map(|(_, server)| server);
        let of_server = |list: fn(&Server) -> usize| server.map_or(0, list);
        [
            of_server(|server| server.clients.len()),
            of_server(|server| server.versions.len()),
            of_server(|server| server.cipher_suites.len()),
            of_server(|server| server.groups.len()),
            of_server(|server| server.alpn.len()),
            of_server(|server| server.names.len()),
            of_server(|server| server.chains.len()),
            self.names.get(name).map_or(0, |(_, name)| name.finished.len()),
            self.issuers.get(issuer).map_or(0, |(_, sites)| sites.len()),
        ]
    }
}

/// One more sighting in a tally that begins with the first.
fn count(tally: &mut Option<Tally>, note: Note) {
    match tally {
        Some(tally) => tally.add(note),
        None => *tally = Some(Tally::new(note)),
    }
}

/// What a tally says without a sighting, where that is in it.
fn others(tally: Option<&Tally>, note: Note, is_own: bool) -> Count {
    tally.map_or(Count::default(), |tally| if is_own { tally.without(note) } else { tally.all() })
}

impl Server {
    /// The bit of a client; none where it is not among those that are told apart.
    fn bit(&self, client: u32) -> Option<u64> {
        let place = self.clients.iter().position(|known| *known == client)?;
        1_u64.checked_shl(u32::try_from(place).ok()?)
    }

    /// The bit of a client, which is added where there is room.
    fn client(&mut self, client: u32) -> u64 {
        if let Some(bit) = self.bit(client) {
            return bit;
        }
        if self.clients.len() >= MAX_CLIENTS {
            return 0;
        }
        self.clients.push(client);
        self.bit(client).unwrap_or_default()
    }

    fn learn(&mut self, sighting: &Sighting<'_>, note: Note, name: Option<u32>, text: Option<Arc<str>>) {
        let Sighting { handshake, negotiated, server_chain, .. } = *sighting;
        if let Some(version) = handshake.version {
            self.versions.add(note, |known| *known == version, || version);
            self.declined = self.declined.max(sighting.highest_offered().filter(|highest| *highest > version));
        }
        if let Some(suite) = handshake.cipher_suite {
            self.cipher_suites.add(note, |known| *known == suite, || suite);
        }
        for group in sighting.groups() {
            self.groups.add(note, |known| *known == group, || group);
        }
        if let Some(alpn) = negotiated.alpn {
            self.alpn.add(note, |known| **known == *alpn, || alpn.into());
        }
        if sighting.asks_for_certificate() {
            count(&mut self.asked_for_certificate, note);
        }
        if sighting.is_failed() {
            count(&mut self.failed, note);
        }
        if sighting.is_finished() {
            count(&mut self.finished, note);
            if negotiated.sni.is_none() {
                count(&mut self.nameless, note);
            }
            if let Some(text) = text {
                self.names.add(note, |known| **known == *text, || Arc::clone(&text));
            }
        }
        if let Some(leaf) = sighting.leaf() {
            let make = || Presented { name, judgement: Arc::clone(server_chain) };
            self.chains.add(note, |known| known.is(name, leaf), make);
        }
    }

    fn view(&self, sighting: &Sighting<'_>, note: Note, since: Timestamp, name: Option<u32>) -> ServerView {
        let Sighting { handshake, negotiated, .. } = *sighting;
        let finished = others(self.finished.as_ref(), note, sighting.is_finished());
        let failed = others(self.failed.as_ref(), note, sighting.is_failed());
        let nameless = others(self.nameless.as_ref(), note, sighting.is_finished() && negotiated.sni.is_none());
        let asked = others(self.asked_for_certificate.as_ref(), note, sighting.asks_for_certificate());
        ServerView {
            finished: finished.count,
            clients: finished.clients,
            failed: failed.count,
            declined: self.declined,
            versions: self.versions.seen(note, since, |known| Some(*known) == handshake.version),
            cipher_suites: self.cipher_suites.seen(note, since, |known| Some(*known) == handshake.cipher_suite),
            groups: self.groups.seen(note, since, |known| sighting.groups().any(|own| own == *known)),
            alpn: self.alpn.seen(note, since, |known| negotiated.alpn == Some(known)),
            finished_without_name: nameless.count,
            names: self.listed_names(sighting, note, since),
            asked_for_certificate: asked.count,
            chain: self.chain(sighting, note, since, name),
            last_success: finished.last,
            last_failure: failed.last,
            ..ServerView::default()
        }
    }

    /// The names with which handshakes were finished, the latest first.
    fn listed_names(&self, sighting: &Sighting<'_>, note: Note, since: Timestamp) -> Vec<String> {
        let own = sighting.name().filter(|_| sighting.is_finished());
        let mut names: Vec<_> = self.names.others(note, since, |known| own.as_deref() == Some(&**known)).collect();
        names.sort_by(|(one, its), (other, others)| others.last.cmp(&its.last).then_with(|| one.cmp(other)));
        names.into_iter().take(LISTED_NAMES).map(|(name, _)| name.as_ref().to_owned()).collect()
    }

    /// The latest chain for the same name, else the latest.
    fn chain(&self, sighting: &Sighting<'_>, note: Note, since: Timestamp, name: Option<u32>) -> Option<Shown> {
        let own = sighting.leaf();
        let shown = self.chains.others(note, since, |known| own.is_some_and(|leaf| known.is(name, leaf)));
        let (presented, count) = shown.max_by(|(one, its), (other, others)| {
            let rank = |presented: &Presented, count: &Count| (presented.name == name, count.last);
            rank(one, its).cmp(&rank(other, others)).then_with(|| one.leaf().cmp(&other.leaf()))
        })?;
        let judgement = Arc::clone(&presented.judgement);
        Some(Shown { judgement, last: count.last?, same_name: presented.name == name })
    }
}

impl Presented {
    fn leaf(&self) -> Option<&str> {
        self.judgement.leaf().map(|leaf| leaf.sha256.as_str())
    }

    fn is(&self, name: Option<u32>, leaf: &str) -> bool {
        self.name == name && self.leaf() == Some(leaf)
    }
}

impl Name {
    fn new(text: Arc<str>) -> Self {
        Self {
            text,
            finished: Values::default(),
            used: Values::default(),
            failed: Values::default(),
            issuers: Values::default(),
        }
    }

    /// Others were shown a trusted chain of another issuer for it.
    fn is_issued_otherwise(&self, note: Note, since: Timestamp, issuer: u32) -> bool {
        // Its own issuer is not another one, so there is nothing to take out.
        self.issuers.others(note, since, |_| false).any(|((other, trusted), _)| *trusted && *other != issuer)
    }

    /// What is known of the name at one server, and at all others.
    fn view(&self, server: SocketAddr, sighting: &Sighting<'_>, note: Note, since: Timestamp) -> (NameView, NameView) {
        let (mut here, mut elsewhere) = (NameView::default(), NameView::default());
        let of = |known: SocketAddr, here: &mut u32, elsewhere: &mut u32, count: u32| {
            let sum = if known == server { here } else { elsewhere };
            *sum = sum.saturating_add(count);
        };
        for (known, count) in self.finished.others(note, since, |known| sighting.is_finished() && *known == server) {
            of(*known, &mut here.finished, &mut elsewhere.finished, count.count);
        }
        let used = sighting.handshake.outcome == Outcome::Established;
        for (known, count) in self.used.others(note, since, |known| used && *known == server) {
            of(*known, &mut here.used, &mut elsewhere.used, count.count);
        }
        for (known, count) in self.failed.others(note, since, |known| sighting.is_failed() && *known == server) {
            of(*known, &mut here.failed, &mut elsewhere.failed, count.count);
        }
        (here, elsewhere)
    }
}
