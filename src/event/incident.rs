//! Repeats of one failure told as one: an incident is a cause at a server, however many handshakes met it.
//!
//! A server is what its clients ask for: a name and a port, or an address and a port where they name none. So one name
//! behind many addresses is one incident. Handshakes come in the order in which they are judged, which is not that of
//! time: nothing here rests on it.

use super::parts::End;
use super::record::{Detail, Observer, Record, SCHEMA_VERSION};
use super::value::{Text, Time};
use crate::diagnosis::{Cause, Finding, Severity};
use crate::fingerprint::EventId;
use crate::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

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
            client: record.client.end(),
            server: record.server.end(),
            sni: name(record),
            file: record.observer.file.map(str::to_owned),
            end: record.end_time,
            count: 0,
            ends: [end.clone(), end],
            clients: HashSet::new(),
            servers: HashSet::new(),
        }
    }

    /// When the first handshake began.
    pub const fn start(&self) -> Time {
        let [(start, _), _] = &self.ends;
        *start
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
            *room -= usize::from(self.servers.insert(record.server.end()));
        }
        let rank = |finding: &Finding| (finding.confidence, finding.severity);
        if rank(finding) > rank(&self.finding) {
            self.finding = finding.clone();
            (self.client, self.server) = (record.client.end(), record.server.end());
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
        if !record.outcome.0.is_finished() {
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

    /// Takes out the incidents of which nothing was seen since `then`, the first to begin first. Their like is a new one.
    pub fn take_over(&mut self, then: Timestamp) -> Vec<(Incident, Option<Successes>)> {
        let over = self.incidents.extract_if(|_, incident| incident.end.0 < then);
        let mut over: Vec<_> =
            over.map(|((asked, _), incident)| (incident, self.successes.get(&asked).copied())).collect();
        self.room += over.iter().map(|(incident, _)| incident.clients.len() + incident.servers.len()).sum::<usize>();
        over.sort_by(|(one, _), (other, _)| one.ends.cmp(&other.ends));
        over
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
    pub(super) schema: &'static str,
    pub(super) event_type: &'static str,
    /// The record's id.
    pub id: String,
    /// When the first of its handshakes began.
    pub start_time: Time,
    pub(super) end_time: Time,
    pub(super) observer: Observer<'a>,
    /// The server of the handshake that tells most.
    pub server: End,
    /// The server name that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<&'a str>,
    pub(super) cause: &'static str,
    pub(super) party: &'static str,
    pub(super) severity: &'static str,
    pub(super) confidence: &'static str,
    /// How many client addresses it met.
    pub clients: usize,
    pub(super) servers: usize,
    /// How many handshakes it met.
    pub count: u64,
    pub(super) first_handshake: &'a str,
    pub(super) last_handshake: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_success: Option<Time>,
    pub(super) summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<&'a str>,
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
            id: EventId::from_hash(hash).to_string(),
            start_time: incident.start(),
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

    /// Seen by the sensor that the user calls so.
    pub fn seen_by(mut self, sensor: Option<&'a str>) -> Self {
        self.observer = self.observer.called(sensor);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::SCHEMA;
    use super::super::sample::Told;
    use super::*;
    use crate::diagnosis::{Confidence, Party};
    use crate::handshake::Outcome;
    use serde_json::Value;

    fn finding(cause: Cause, confidence: Confidence) -> Finding {
        Finding::new(cause, Party::Server, confidence, format!("This is {cause}.")).advise("Mend it.")
    }

    fn expired() -> Finding {
        finding(Cause::CertificateExpired, Confidence::Likely)
    }

    fn incidents(told: &[Told]) -> Incidents {
        let mut incidents = Incidents::default();
        for told in told {
            told.record(|record| {
                incidents.note_success(record);
                incidents.add(record);
            });
        }
        incidents
    }

    /// The incidents as they are written, each of which must be what the schema promises.
    fn json(incidents: &Incidents, detail: Detail) -> Vec<Value> {
        let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let records = incidents.sorted().into_iter().map(|(incident, successes)| {
            let record = IncidentRecord::new(incident, successes, detail);
            let value = serde_json::to_value(&record).expect("it serializes");
            assert!(validator.is_valid(&value), "{value}");
            value
        });
        records.collect()
    }

    #[test]
    fn what_is_over_is_taken_out_and_makes_room() {
        let told = [0, 1, 700].map(|second| {
            let name = if second == 1 { "a.example" } else { "b.example" };
            Told::failed("10.0.0.1:50000", Some(name), second * 1_000, &expired())
        });
        let mut incidents = incidents(&told);
        let then = incidents.sorted().iter().map(|(incident, _)| incident.end.0).max().expect("incidents");
        let over = incidents.take_over(then);
        let names: Vec<_> = over.iter().map(|(incident, _)| incident.sni.as_deref()).collect();
        assert_eq!(names, [Some("a.example")], "the other one was seen again");
        assert_eq!((incidents.sorted().len(), incidents.room), (1, MAX_ADDRESSES - 2));
        told[1].record(|record| incidents.add(record));
        assert_eq!(incidents.sorted().len(), 2, "it is a new one when it is seen again");
    }

    #[test]
    fn ten_thousand_repeats_are_one_incident() {
        let clients = ["10.0.0.1:50000", "10.0.0.3:50000", "10.0.0.4:50000"];
        let told: Vec<_> = (0..10_000)
            .map(|number: u64| {
                Told::failed(clients[(number % 3) as usize], Some("www.example.org"), number, &expired())
            })
            .collect();
        let all = json(&incidents(&told), Detail::Normal);
        let [incident] = all.as_slice() else { panic!("{} incidents", all.len()) };
        assert_eq!(
            (&incident["count"], &incident["clients"], &incident["servers"]),
            (&10_000.into(), &3.into(), &1.into())
        );
        assert_eq!(incident["start_time"], "2026-03-01T10:00:00.000000Z");
        assert_eq!(incident["end_time"], "2026-03-01T12:46:39.020000Z");
        let id = |at: usize| Value::from(told[at].record(|record| record.id.clone()));
        assert_eq!((&incident["first_handshake"], &incident["last_handshake"]), (&id(0), &id(9_999)));
        assert_eq!((incident["advice"].as_str(), incident.get("last_success")), (Some("Mend it."), None));
    }

    #[test]
    fn the_order_in_which_handshakes_are_judged_does_not_count() {
        let mut told: Vec<_> =
            (0..5).map(|number| Told::failed("10.0.0.1:50000", Some("a.example"), number, &expired())).collect();
        told.push(Told::new("10.0.0.1:50000", Some("A.example"), 2, Outcome::Established));
        let forwards = json(&incidents(&told), Detail::Brief);
        told.reverse();
        assert_eq!(json(&incidents(&told), Detail::Brief), forwards);
        assert_eq!(forwards[0]["last_success"], "2026-03-01T10:00:02.000000Z", "case does not count in names");
        assert!(forwards[0].get("advice").is_none(), "brief");
    }

    #[test]
    fn a_server_is_a_name_and_a_port() {
        let told = |server: &str, name| {
            let mut told = Told::failed("10.0.0.1:50000", name, 0, &expired());
            told.handshake.server = server.parse().expect("an address");
            told
        };
        let count = |told: &[Told]| incidents(told).sorted().len();
        let name = Some("www.example.org");
        assert_eq!(count(&[told("10.0.0.2:443", name), told("10.0.0.9:443", name)]), 1);
        assert_eq!(count(&[told("10.0.0.2:443", name), told("10.0.0.2:8443", name)]), 2);
        assert_eq!(count(&[told("10.0.0.2:443", name), told("10.0.0.2:443", None)]), 2);
        assert_eq!(count(&[told("10.0.0.2:443", None), told("10.0.0.9:443", None)]), 2);
    }

    #[test]
    fn the_surest_handshake_speaks_for_all() {
        let sure =
            Finding { summary: "It is certain.".into(), ..finding(Cause::CertificateExpired, Confidence::Certain) };
        let told = [
            Told::failed("10.0.0.1:50000", None, 0, &expired()),
            Told::failed("10.0.0.3:50000", None, 1, &sure),
            Told::failed("10.0.0.4:50000", None, 2, &expired()),
        ];
        let all = json(&incidents(&told), Detail::Normal);
        assert_eq!((&all[0]["confidence"], &all[0]["summary"]), (&"certain".into(), &"It is certain.".into()));
        assert_eq!(incidents(&told).sorted()[0].0.client.to_string(), "10.0.0.3:50000");
    }

    #[test]
    fn the_worst_comes_first() {
        let warning = finding(Cause::MiddleboxReset, Confidence::Possible).severity(Severity::Warning);
        let lost = finding(Cause::ClientClosed, Confidence::Possible).severity(Severity::Info);
        let mut told = vec![Told::failed("10.0.0.1:50000", None, 0, &lost); 9];
        told.extend(vec![Told::failed("10.0.0.1:50000", None, 0, &warning); 3]);
        told.push(Told::failed("10.0.0.1:50000", Some("a.example"), 0, &expired()));
        told.extend(vec![Told::failed("10.0.0.1:50000", Some("b.example"), 1, &expired()); 2]);
        let incidents = incidents(&told);
        let order: Vec<_> =
            incidents.sorted().iter().map(|(incident, _)| (incident.count, incident.is_failure())).collect();
        assert_eq!(order, [(2, true), (1, true), (3, true), (9, false)]);
    }

    #[test]
    fn hostile_variety_is_counted_not_kept() {
        let mut incidents = Incidents::default();
        for number in 0..MAX_INCIDENTS + 5 {
            let mut told = Told::failed("10.0.0.1:50000", None, 0, &expired());
            told.handshake.server.set_port(u16::try_from(number).expect("a port"));
            told.record(|record| incidents.add(record));
        }
        assert_eq!((incidents.sorted().len(), incidents.others), (MAX_INCIDENTS, 5));
    }
}
