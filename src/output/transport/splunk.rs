//! Splunk, by its HTTP Event Collector. Each event carries its time, its kind as its source type, and its id as the indexed
//! field `tlscribe_id`.
//!
//! The collector answers before it has written anything. With `ack=true`, which the token has to be made for, it is asked
//! afterwards what has been indexed, and what has not been within `ack_timeout` is sent again.

use super::super::batch::Event;
use super::super::options::Options;
use super::super::parcel::Parcel;
use super::http::{Address, Answer, Client, Fit, Limit, Pending, Verdicts, Way, excerpt, send_parts};
use super::{Receipt, Setback, Transport, Trust};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

const EVENT: &str = "/services/collector/event";
const ACK: &str = "/services/collector/ack";
/// How often the collector is asked what it has indexed.
const ASK: Duration = Duration::from_secs(1);
/// For how long, where nobody says otherwise, in seconds.
const ACK_TIMEOUT: u64 = 120;
/// So many bytes may wait for that.
const TRUST: Trust = Trust { bytes: 16 * 1024 * 1024, outlives_connection: true };

/// A collector.
#[derive(Debug)]
pub(super) struct Splunk {
    client: Client,
    /// What is said of each event besides.
    about: About,
    /// Under which the collector counts what it has indexed, where it is asked that. After a failure it is another one: a
    /// collector that was started anew counts from the beginning, and what it says of a number may be about other events.
    channel: Option<Arc<str>>,
    ack_timeout: Duration,
    limit: Limit,
    /// Parcels of which not all is known to be indexed, the oldest first.
    sent: VecDeque<Shipment>,
    /// Of a parcel that is not sent in full.
    begun: Vec<Ack>,
    asked: Instant,
}

/// What is said of each event besides.
#[derive(Debug)]
struct About {
    index: Option<String>,
    host: Option<String>,
    source: String,
    source_type: Option<String>,
}

/// A request that was taken, which may be indexed by and by.
#[derive(Debug)]
struct Ack {
    channel: Arc<str>,
    id: u64,
}

/// A parcel that was sent.
#[derive(Debug)]
struct Shipment {
    /// What of it is not known to be indexed.
    open: Vec<Ack>,
    since: Instant,
}

impl Splunk {
    /// Takes what concerns it out of the options.
    ///
    /// # Errors
    /// A mistake of the user.
    pub(super) fn take(tls: bool, rest: &str, options: &mut Options) -> Result<Self, String> {
        let mut address = Address::read(tls, rest)?;
        address.end_without_slash();
        let about = About {
            index: options.text("index")?,
            host: options.text("host")?,
            source: options.text("source")?.unwrap_or_else(|| "tlscribe".into()),
            source_type: options.text("sourcetype")?,
        };
        let ack = options.flag("ack")?.unwrap_or(true);
        let ack_timeout = options.parsed("ack_timeout")?.unwrap_or(ACK_TIMEOUT);
        let client = Client::take(address, &[Way::Token("Splunk")], true, options)?;
        if !client.has_credentials() {
            return Err("the collector's token is missing: name where it is, with token_env or token_file".into());
        }
        Ok(Self {
            client,
            about,
            channel: ack.then(channel),
            ack_timeout: Duration::from_secs(ack_timeout),
            limit: Limit::NONE,
            sent: VecDeque::new(),
            begun: Vec::new(),
            asked: Instant::now(),
        })
    }

    fn post(&self, path: &str, channel: Option<&str>) -> Result<Answer, Setback> {
        match channel {
            Some(channel) => self.client.post(path, "application/json", &[("X-Splunk-Request-Channel", channel)]),
            None => self.client.post(path, "application/json", &[]),
        }
    }

    /// Sends some events in one request.
    fn send(&mut self, events: &[Pending<'_>], verdicts: &mut Verdicts) -> Result<Fit, Setback> {
        self.client.body.clear();
        for (_, event) in events {
            self.about.write(event, &mut self.client.body);
        }
        let answer = self.post(EVENT, self.channel.as_deref())?;
        let reply = Reply::read(&answer);
        match (answer.status, reply) {
            (200..=299, Some(Reply { code: 0, ack, .. })) => {
                verdicts.take_all(events);
                let acks = self.channel.iter().zip(ack);
                self.begun.extend(acks.map(|(channel, id)| Ack { channel: Arc::clone(channel), id }));
                Ok(Fit::Answered)
            }
            (200..=299, _) => Err(unlike(&answer)),
            (413, _) => Ok(Fit::TooLarge(self.client.setback(&answer).what)),
            (400, Some(reply)) if reply.is_about_an_event() => Ok(Fit::Wrong(format!("HTTP 400: {}", reply.text()))),
            (_, reply) => Err(self.trouble(&answer, reply.as_ref())),
        }
    }

    /// What an answer that is no success means for everything.
    fn trouble(&self, answer: &Answer, reply: Option<&Reply>) -> Setback {
        let mut setback = self.client.setback(answer);
        setback.what.push_str(match reply.map(|reply| reply.code) {
            Some(7) => "; name with index an index that is there and that the token may use",
            Some(14) => "; enable indexer acknowledgement for the token, or say ack=false",
            _ => "",
        });
        setback
    }

    /// Asks what was indexed.
    fn ask(&mut self) -> Result<(), Setback> {
        self.asked = Instant::now();
        let mut open: BTreeMap<Arc<str>, Vec<u64>> = BTreeMap::new();
        for ack in self.sent.iter().flat_map(|shipment| &shipment.open) {
            open.entry(Arc::clone(&ack.channel)).or_default().push(ack.id);
        }
        let mut asked = Ok(());
        for (channel, ids) in open {
            match self.indexed(&channel, &ids) {
                Ok(indexed) => {
                    let is_indexed = |ack: &Ack| indexed.get(&ack.id.to_string()).copied().unwrap_or_default();
                    let is_open = |ack: &Ack| ack.channel != channel || !is_indexed(ack);
                    self.sent.iter_mut().for_each(|shipment| shipment.open.retain(is_open));
                }
                Err(setback) => asked = Err(setback),
            }
        }
        self.note(asked)
    }

    /// After a failure nobody knows whether the collector is still the same.
    fn note<T>(&mut self, went: Result<T, Setback>) -> Result<T, Setback> {
        if went.is_err() {
            self.channel = self.channel.take().map(|_| channel());
        }
        went
    }

    /// Which of these have been indexed.
    fn indexed(&mut self, channel: &str, ids: &[u64]) -> Result<HashMap<String, bool>, Setback> {
        /// The answer.
        #[derive(Deserialize)]
        struct Acks {
            acks: HashMap<String, bool>,
        }
        self.client.body.clear();
        // Writing to memory does not fail.
        let _ = write!(self.client.body, "{{\"acks\":{ids:?}}}");
        let answer = self.post(ACK, Some(channel))?;
        if !answer.is_success() {
            return Err(self.trouble(&answer, Reply::read(&answer).as_ref()));
        }
        serde_json::from_slice(&answer.body).map(|Acks { acks }| acks).map_err(|_| unlike(&answer))
    }

    fn all_indexed(&self) -> bool {
        self.sent.iter().all(|shipment| shipment.open.is_empty())
    }

    /// Where the oldest has waited too long, everything is to be sent again.
    fn look_after(&mut self, asked: Result<(), Setback>) -> Result<(), Setback> {
        let late = |shipment: &Shipment| !shipment.open.is_empty() && shipment.since.elapsed() >= self.ack_timeout;
        if !self.sent.iter().any(late) {
            return Ok(());
        }
        self.sent.clear();
        self.begun.clear();
        let seconds = self.ack_timeout.as_secs();
        let why = asked.map_or_else(|setback| format!(": {setback}"), |()| String::new());
        Err(Setback::new(format!("has not indexed what was sent within {seconds} s (ack_timeout={seconds}){why}")))
    }
}

impl Transport for Splunk {
    fn contact(&mut self) -> Result<String, Setback> {
        self.client.body.clear();
        let answer = self.post(EVENT, self.channel.as_deref())?;
        let reply = Reply::read(&answer);
        // Nothing was sent, and that is what it says where all is well.
        if !matches!(reply, Some(Reply { code: 0 | 5 | 6, .. })) {
            return Err(match reply {
                Some(_) => self.trouble(&answer, reply.as_ref()),
                None if answer.is_success() => unlike(&answer),
                None => self.client.setback(&answer),
            });
        }
        if let Some(channel) = self.channel.clone() {
            self.indexed(&channel, &[0])?;
        }
        Ok("Splunk's HTTP Event Collector".into())
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        if self.asked.elapsed() >= ASK {
            // What fails here is asked again.
            let _ = self.ask();
        }
        let mut limit = self.limit;
        let sent = send_parts(parcel, &mut limit, |events, verdicts| self.send(events, verdicts));
        self.limit = limit;
        self.note(sent)?;
        if self.channel.is_none() {
            return Ok(Receipt::Acknowledged);
        }
        self.sent.push_back(Shipment { open: std::mem::take(&mut self.begun), since: Instant::now() });
        Ok(Receipt::Sent)
    }

    fn confirm(&mut self) -> Result<(), Setback> {
        loop {
            let asked = self.ask();
            if self.all_indexed() {
                self.sent.clear();
                return Ok(());
            }
            self.look_after(asked)?;
            sleep(ASK);
        }
    }

    fn idle(&mut self) -> Result<bool, Setback> {
        if self.asked.elapsed() >= ASK {
            let asked = self.ask();
            self.look_after(asked)?;
        }
        Ok(false)
    }

    fn arrived(&mut self) -> usize {
        let indexed = self.sent.iter().take_while(|shipment| shipment.open.is_empty()).count();
        self.sent.drain(..indexed);
        indexed
    }

    fn trust(&self) -> Trust {
        TRUST
    }
}

impl About {
    /// Writes an event as the collector wants it.
    fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let mark = event.mark;
        // Writing to memory does not fail.
        let _ = write!(out, "{{\"time\":{}.{:06}", mark.micros / 1_000_000, mark.micros % 1_000_000);
        let mut put = |name: &str, value: &str| {
            let _ = write!(out, ",\"{name}\":");
            let _ = serde_json::to_writer(&mut *out, value);
        };
        self.host.iter().for_each(|host| put("host", host));
        put("source", &self.source);
        match &self.source_type {
            Some(source_type) => put("sourcetype", source_type),
            None => put("sourcetype", &format!("tlscribe:{}", mark.kind.name())),
        }
        self.index.iter().for_each(|index| put("index", index));
        out.extend_from_slice(b",\"event\":");
        match event.line {
            [b'{', .., b'}'] => out.extend_from_slice(event.line),
            line => _ = serde_json::to_writer(&mut *out, &String::from_utf8_lossy(line)),
        }
        out.extend_from_slice(b",\"fields\":{\"tlscribe_id\":");
        let _ = serde_json::to_writer(&mut *out, &mark.id);
        out.extend_from_slice(b"}}\n");
    }
}

/// What the collector says.
#[derive(Debug, Deserialize)]
struct Reply {
    #[serde(default)]
    text: String,
    code: u32,
    /// Under which it can be asked later whether the events were indexed.
    #[serde(rename = "ackId")]
    ack: Option<u64>,
}

impl Reply {
    fn read(answer: &Answer) -> Option<Self> {
        serde_json::from_slice(&answer.body).ok()
    }

    fn text(&self) -> String {
        format!("{} (code {})", excerpt(self.text.as_bytes()), self.code)
    }

    /// One of the events is no JSON, has no text, or has fields that cannot be indexed.
    const fn is_about_an_event(&self) -> bool {
        matches!(self.code, 6 | 12 | 13 | 15)
    }
}

fn unlike(answer: &Answer) -> Setback {
    let said = excerpt(&answer.body);
    Setback::new(format!("answers, but not as Splunk's HTTP Event Collector does (it says: {said})"))
}

/// A channel of one's own: a random UUID (RFC 9562, 5.4). What an earlier run was not told of is sent again anyway.
fn channel() -> Arc<str> {
    let [high, low] = [0, 1].map(|part| RandomState::new().hash_one(part));
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & ((1 << 48) - 1)
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn an_event_has_its_time_kind_and_id() {
        let parcel = Parcel::of_lines(&[r#"{"a":1}"#, "a \"line\" of text"]);
        let about = About { index: Some("net".into()), host: None, source: "tap".into(), source_type: None };
        let mut out = Vec::new();
        parcel.pending().for_each(|(_, event)| about.write(&event, &mut out));
        let written: Vec<Value> =
            out.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let event = |event, id| {
            json!({ "time": 1.5, "source": "tap", "sourcetype": "tlscribe:handshake", "index": "net", "event": event,
                    "fields": { "tlscribe_id": id } })
        };
        assert_eq!(written, [event(json!({ "a": 1 }), "id-0"), event(json!("a \"line\" of text"), "id-1")]);
    }

    #[test]
    fn a_channel_is_a_uuid() {
        let one = channel();
        let lengths: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]), "{one}");
        assert_ne!(one, channel());
    }

    /// A collector at this port.
    fn splunk(port: u16) -> Splunk {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("token");
        std::fs::write(&token, "hush").expect("a file");
        let given = vec![("token_file".to_owned(), token.to_str().expect("text").to_owned())];
        Splunk::take(false, &format!("//127.0.0.1:{port}"), &mut Options::new(given)).expect("a collector")
    }

    #[test]
    fn after_a_failure_the_collector_counts_anew_under_another_channel() {
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr()).expect("a port").port();
        let mut splunk = splunk(port);
        let before = splunk.channel.clone();
        splunk.deliver(&mut Parcel::of_lines(&["{}"])).expect_err("nobody listens");
        let after = splunk.channel.clone();
        assert!(before != after && after.is_some());
        splunk.sent.push_back(Shipment { open: vec![Ack { channel: channel(), id: 5 }], since: Instant::now() });
        splunk.ask().expect_err("nobody listens");
        assert_ne!(splunk.channel, after);
    }

    #[test]
    fn a_number_means_something_under_its_channel_only() {
        use std::io::{BufRead as _, BufReader};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let lines =
                    BufReader::new(stream.try_clone().expect("a socket")).lines().map(|line| line.expect("text"));
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let indexed = head.iter().any(|line| line.ends_with("channel: new"));
                let body = format!("{{\"acks\":{{\"5\":{indexed}}}}}");
                let length = body.len();
                write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
                    .expect("it is sent");
                stream.shutdown(std::net::Shutdown::Write).expect("it is ended");
                // Who closes before all was read may cut off the answer.
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
        });
        let mut splunk = splunk(port);
        for name in ["old", "new"] {
            let open = vec![Ack { channel: name.into(), id: 5 }];
            splunk.sent.push_back(Shipment { open, since: Instant::now() });
        }
        splunk.ask().expect("an answer");
        assert_eq!(splunk.sent.iter().map(|shipment| shipment.open.len()).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn only_some_errors_are_about_an_event() {
        let about_an_event = |code| Reply { text: String::new(), code, ack: None }.is_about_an_event();
        let codes: Vec<u32> = (0..=30).filter(|code| about_an_event(*code)).collect();
        assert_eq!(codes, [6, 12, 13, 15]);
    }
}
