//! Repeats of one failure told as one: an incident is a cause at a server, however many handshakes met it.
//!
//! A server is what its clients ask for: a name and a port, or an address and a port where they name none. So one name
//! behind many addresses is one incident. Handshakes come in the order in which they are judged, which is not that of
//! time: nothing here rests on it.

use super::parts::End;
use super::record::{Detail, Observer, Record, SCHEMA_VERSION};
use super::value::{Text, Time};
use crate::diagnosis::{Cause, Finding, Severity};
use crate::handshake::Outcome;
use crate::hex::hex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// So many bytes of a SHA-256 are an incident's id.
const ID_BYTES: usize = 16;
/// At most this many incidents are told apart; failures that belong to none of them are only counted.
pub const MAX_INCIDENTS: usize = 1024;
/// At most this many addresses of clients and servers are told apart, in all incidents.
pub const MAX_ADDRESSES: usize = 100_000;
/// Of at most this many servers it is known when they last succeeded.
const MAX_SERVERS: usize = 4096;
/// A server name is cut here: DNS has none that is longer (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    name: Result<String, IpAddr>,
    port: u16,
}

impl Asked {
    fn of(record: &Record<'_>) -> Self {
        let name = name(record).map(|name| name.to_ascii_lowercase());
        Self { name: name.ok_or(record.server.ip.0), port: record.server.port }
    }
}

/// The name that was asked for, as far as it can be one.
fn name(record: &Record<'_>) -> Option<String> {
    let sent = record.sni?.0;
    Some(Text(sent.get(..MAX_NAME).unwrap_or(sent)).to_string())
}

/// Handshakes with a server that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successes {
    /// How many.
    pub count: u64,
    /// When the last of them began.
    pub last: Time,
}

/// One failure of one server.
#[derive(Clone, Debug)]
pub struct Incident {
    /// What the handshake that tells most says: the surest, and of these the first that was judged.
    pub finding: Finding,
    /// The client of that handshake.
    pub client: End,
    /// The server of that handshake.
    pub server: End,
    /// The server name that was asked for.
    pub sni: Option<String>,
    /// The capture file of that handshake.
    pub file: Option<String>,
    /// When the first handshake began.
    pub start: Time,
    /// When the last handshake ended.
    pub end: Time,
    /// How many there were.
    pub count: u64,
    /// The first and the last handshake: when they began, and their ids.
    ends: [(Time, String); 2],
    clients: HashSet<IpAddr>,
    servers: HashSet<End>,
}

impl Incident {
    fn new(record: &Record<'_>, finding: &Finding) -> Self {
        let end = (record.start_time, record.id.clone());
        Self {
            finding: finding.clone(),
            client: record.client,
            server: record.server,
            sni: name(record),
            file: record.observer.file.map(str::to_owned),
            start: record.start_time,
            end: record.end_time,
            count: 0,
            ends: [end.clone(), end],
            clients: HashSet::new(),
            servers: HashSet::new(),
        }
    }

    /// How many client addresses it met, at least one.
    pub fn clients(&self) -> usize {
        self.clients.len().max(1)
    }

    /// How many servers (address and port) it was seen at, at least one.
    pub fn servers(&self) -> usize {
        self.servers.len().max(1)
    }

    /// True for what is a failure to people: not where nothing is wrong, and not where only the capture is.
    pub fn is_failure(&self) -> bool {
        self.finding.severity > Severity::Info && self.finding.cause != Cause::CaptureIncomplete
    }

    fn add(&mut self, record: &Record<'_>, finding: &Finding, room: &mut usize) {
        self.count += 1;
        self.start = self.start.min(record.start_time);
        self.end = self.end.max(record.end_time);
        let [first, last] = &mut self.ends;
        if record.start_time < first.0 {
            *first = (record.start_time, record.id.clone());
        }
        if record.start_time >= last.0 {
            *last = (record.start_time, record.id.clone());
        }
        if *room > 0 {
            *room -= usize::from(self.clients.insert(record.client.ip.0));
        }
        if *room > 0 {
            *room -= usize::from(self.servers.insert(record.server));
        }
        let rank = |finding: &Finding| (finding.confidence, finding.severity);
        if rank(finding) > rank(&self.finding) {
            self.finding = finding.clone();
            (self.client, self.server) = (record.client, record.server);
            self.file = record.observer.file.map(str::to_owned);
        }
    }
}

/// All incidents of a run.
#[derive(Clone, Debug)]
pub struct Incidents {
    incidents: HashMap<(Asked, Cause), Incident>,
    successes: HashMap<Asked, Successes>,
    /// Addresses that can still be told apart.
    room: usize,
    /// Failed handshakes that belong to no incident, for want of room.
    pub others: u64,
}

impl Default for Incidents {
    fn default() -> Self {
        Self { incidents: HashMap::new(), successes: HashMap::new(), room: MAX_ADDRESSES, others: 0 }
    }
}

impl Incidents {
    /// Takes note of a handshake that went well, wanted or not.
    pub fn note_success(&mut self, record: &Record<'_>) {
        if !matches!(record.outcome.0, Outcome::Established | Outcome::Unused) {
            return;
        }
        let (asked, last) = (Asked::of(record), record.start_time);
        let room = self.successes.len() < MAX_SERVERS;
        match self.successes.get_mut(&asked) {
            Some(known) => *known = Successes { count: known.count + 1, last: known.last.max(last) },
            None if room => drop(self.successes.insert(asked, Successes { count: 1, last })),
            None => {}
        }
    }

    /// Adds a handshake, if it has a failure.
    pub fn add(&mut self, record: &Record<'_>) {
        let Some(finding) = record.failure.as_ref().map(|failure| failure.finding) else { return };
        let key = (Asked::of(record), finding.cause);
        if self.incidents.len() >= MAX_INCIDENTS && !self.incidents.contains_key(&key) {
            self.others += 1;
            return;
        }
        let incident = self.incidents.entry(key).or_insert_with(|| Incident::new(record, finding));
        incident.add(record, finding, &mut self.room);
    }

    /// The incidents, the worst first, each with what is known of the server's successes.
    pub fn sorted(&self) -> Vec<(&Incident, Option<Successes>)> {
        let mut all: Vec<_> = self
            .incidents
            .iter()
            .map(|((asked, _), incident)| (incident, self.successes.get(asked).copied()))
            .collect();
        all.sort_by_key(|(incident, _)| {
            let Incident { finding, count, ends: [(first, id), _], .. } = incident;
            (Reverse(finding.severity), Reverse(*count), Reverse(incident.clients()), *first, finding.cause, id)
        });
        all
    }

    /// True where there may have been more addresses than were told apart.
    pub fn is_full(&self) -> bool {
        self.room == 0
    }
}

/// An incident as it is written.
#[derive(Debug, Serialize)]
pub struct IncidentRecord<'a> {
    schema: &'static str,
    event_type: &'static str,
    id: String,
    /// When the first of its handshakes began.
    pub start_time: Time,
    end_time: Time,
    observer: Observer<'a>,
    /// The server of the handshake that tells most.
    pub server: End,
    /// The server name that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<&'a str>,
    cause: &'static str,
    party: &'static str,
    severity: &'static str,
    confidence: &'static str,
    /// How many client addresses it met.
    pub clients: usize,
    servers: usize,
    /// How many handshakes it met.
    pub count: u64,
    first_handshake: &'a str,
    last_handshake: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<Time>,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
    /// What cause, summary and the rest were taken from.
    #[serde(skip)]
    pub finding: &'a Finding,
}

impl<'a> IncidentRecord<'a> {
    /// Puts the record together.
    pub fn new(incident: &'a Incident, successes: Option<Successes>, detail: Detail) -> Self {
        let Incident { finding, ends: [(_, first), (_, last)], .. } = incident;
        let mut hash = Sha256::new();
        hash.update(b"incident");
        hash.update(finding.cause.code());
        hash.update(first);
        Self {
            schema: SCHEMA_VERSION,
            event_type: "incident",
            id: hex(&hash.finalize()[..ID_BYTES]),
            start_time: incident.start,
            end_time: incident.end,
            observer: Observer::new(incident.file.as_deref(), None),
            server: incident.server,
            sni: incident.sni.as_deref(),
            cause: finding.cause.code(),
            party: finding.party.name(),
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            clients: incident.clients(),
            servers: incident.servers(),
            count: incident.count,
            first_handshake: first,
            last_handshake: last,
            last_success: successes.map(|successes| successes.last),
            summary: &finding.summary,
            advice: (detail >= Detail::Normal && !finding.advice.is_empty()).then_some(&finding.advice),
            finding,
        }
    }
}
