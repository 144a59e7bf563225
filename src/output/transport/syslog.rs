//! Syslog (RFC 5424): what a message says, and how it stands in a stream.
//!
//! ```text
//! <131>1 2026-03-01T10:00:00.123456Z tap-3 tlscribe 4711 handshake [tlscribe@32473 id="…" kind="handshake" …] {"schema":…
//! ```
//!
//! The message is the event as the sink's format writes it: JSON, CEF, LEEF, or a line for people. It is UTF-8 without the
//! byte order mark that RFC 5424 6.4 would have in front of it: receivers that take the message for JSON would choke on one.

use super::super::batch::{Event, Level};
use super::super::options::Options;
use super::Transport;
use super::datagram::Datagrams;
use super::stream::{Encode, Stream};
use super::tcp::{Address, Plain};
use super::tls::{Tls, TlsOptions};
use crate::event::value::Time;
use std::io::Write as _;

/// The ports of syslog over UDP and TCP, and over TLS (RFC 5425 4.1).
const PORT: u16 = 514;
const TLS_PORT: u16 = 6514;

/// The facilities of RFC 5424 6.2.1 by their usual names.
const FACILITIES: [(&str, u8); 24] = [
    ("kern", 0),
    ("user", 1),
    ("mail", 2),
    ("daemon", 3),
    ("auth", 4),
    ("syslog", 5),
    ("lpr", 6),
    ("news", 7),
    ("uucp", 8),
    ("cron", 9),
    ("authpriv", 10),
    ("ftp", 11),
    ("ntp", 12),
    ("audit", 13),
    ("alert", 14),
    ("clock", 15),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];
const USUAL_FACILITY: u8 = 16;

/// The number is reserved for examples (RFC 5612): who has one of their own names it.
const USUAL_SD_ID: &str = "tlscribe@32473";

/// Syslog in datagrams.
///
/// # Errors
/// A mistake of the user, in one line.
pub(super) fn udp(rest: &str, options: &mut Options) -> Result<Box<dyn Transport>, String> {
    let address = Address::parse(rest, PORT)?;
    Ok(Box::new(Datagrams::take(address, Message::take(options)?, options)?))
}

/// Syslog over TCP.
///
/// # Errors
/// A mistake of the user, in one line.
pub(super) fn tcp(rest: &str, options: &mut Options) -> Result<Box<dyn Transport>, String> {
    let address = Address::parse(rest, PORT)?;
    let framing = options.one_of("framing", &[("octet", Framing::Octets), ("newline", Framing::Newline)])?;
    let framed = Framed::new(Message::take(options)?, framing.unwrap_or(Framing::Octets));
    Ok(Box::new(Stream::new(Plain(address), framed)))
}

/// Syslog over TLS.
///
/// # Errors
/// A mistake of the user, in one line.
pub(super) fn tls(rest: &str, options: &mut Options) -> Result<Box<dyn Transport>, String> {
    let address = Address::parse(rest, TLS_PORT)?;
    let framed = Framed::new(Message::take(options)?, Framing::Octets);
    Ok(Box::new(Stream::new(Tls::new(address, TlsOptions::take(options)?)?, framed)))
}

/// What messages have besides their event.
#[derive(Debug)]
pub(super) struct Message {
    facility: u8,
    hostname: String,
    app_name: String,
    process: u32,
    /// The name of the structured data, if there is to be any.
    sd_id: Option<String>,
}

impl Message {
    fn take(options: &mut Options) -> Result<Self, String> {
        let facility = options.one_of("facility", &FACILITIES)?.unwrap_or(USUAL_FACILITY);
        let hostname = match options.text("hostname")? {
            Some(name) => header_field("hostname", name, 255)?,
            None => own_name(),
        };
        let app_name = options.text("app_name")?.unwrap_or_else(|| "tlscribe".into());
        let app_name = header_field("app_name", app_name, 48)?;
        let sd_id = match options.text("sd_id")?.as_deref() {
            Some("none") => None,
            given => Some(sd_id(given.unwrap_or(USUAL_SD_ID))?),
        };
        Ok(Self { facility, hostname, app_name, process: std::process::id(), sd_id })
    }

    /// Appends the message of an event.
    pub(super) fn write(&self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { facility, hostname, app_name, process, sd_id } = self;
        let (mark, level) = (event.mark, severity(event.mark.level));
        let (priority, time, kind) = (u16::from(*facility) * 8 + level.0, Time(mark.time()), mark.kind.name());
        // Writing to memory does not fail, and capture time ends before RFC 3339 does.
        let _ = write!(out, "<{priority}>1 {time} {hostname} {app_name} {process} {kind} ");
        match sd_id {
            None => out.push(b'-'),
            Some(sd_id) => {
                let _ = write!(out, "[{sd_id}");
                put(out, "id", &mark.id);
                put(out, "kind", kind);
                mark.server.iter().for_each(|server| put(out, "server", server));
                put(out, "level", level.1);
                out.push(b']');
            }
        }
        out.push(b' ');
        out.extend_from_slice(event.line);
    }
}

/// The severity of RFC 5424 6.2.1, and its name.
const fn severity(level: Level) -> (u16, &'static str) {
    match level {
        Level::Error => (3, "error"),
        Level::Warning => (4, "warning"),
        Level::Notice => (5, "notice"),
        Level::Info => (6, "info"),
    }
}

/// A parameter of structured data: a quote, a backslash and a bracket have a backslash in front (RFC 5424 6.3.3).
fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    for byte in value.bytes() {
        if matches!(byte, b'"' | b'\\' | b']') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A part of the header: printable ASCII without spaces, and not too much of it.
fn header_field(option: &str, value: String, longest: usize) -> Result<String, String> {
    match value.bytes().all(|byte| byte.is_ascii_graphic()) && (1..=longest).contains(&value.len()) {
        true => Ok(value),
        false => Err(format!("{option}={value}: it has 1 to {longest} letters of ASCII, no spaces (RFC 5424 6.2)")),
    }
}

/// `name@number`: names without a number are the IETF's (RFC 5424 6.3.2).
fn sd_id(name: &str) -> Result<String, String> {
    let letters = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    let number = |number: &str| number.split('.').all(|part| part.parse::<u32>().is_ok());
    let sound = name.split_once('@').is_some_and(|(name, after)| letters(name) && number(after));
    match sound && name.len() <= 32 && !name.contains(['=', ']', '"']) {
        true => Ok(name.to_owned()),
        false => Err(format!(
            "sd_id={name}: it is a name, an @ and a private enterprise number, as in {USUAL_SD_ID}, or none; no more than 32 letters"
        )),
    }
}

/// This machine's name, or what RFC 5424 6.2.4 has in its place.
fn own_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.and_then(|name| header_field("hostname", name, 255).ok()).unwrap_or_else(|| "-".into())
}

/// How messages are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// The length stands before each (RFC 6587 3.4.1; RFC 5425 4.3 knows nothing else).
    Octets,
    /// A line feed stands behind each (RFC 6587 3.4.2). No event has one within.
    Newline,
}

/// Messages in a stream.
#[derive(Debug)]
struct Framed {
    message: Message,
    framing: Framing,
    one: Vec<u8>,
}

impl Framed {
    const fn new(message: Message, framing: Framing) -> Self {
        Self { message, framing, one: Vec::new() }
    }
}

impl Encode for Framed {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match self.framing {
            Framing::Newline => {
                self.message.write(event, out);
                out.push(b'\n');
            }
            Framing::Octets => {
                self.one.clear();
                self.message.write(event, &mut self.one);
                let _ = write!(out, "{} ", self.one.len());
                out.extend_from_slice(&self.one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::batch::{Kind, Mark};
    use super::*;

    fn message(given: &[(&str, &str)]) -> Result<Message, String> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut options = Options::new(given.collect());
        let message = Message::take(&mut options)?;
        options.finish()?;
        Ok(Message { process: 4711, ..message })
    }

    fn mark(level: Level) -> Mark {
        Mark {
            end: 0,
            kind: Kind::Handshake,
            id: "a1".into(),
            micros: 1_772_359_200_123_456,
            level,
            server: Some("10.0.0.2:443".into()),
            community_id: None,
        }
    }

    fn written(encode: impl FnOnce(&Event<'_>, &mut Vec<u8>), mark: &Mark, line: &str) -> String {
        let mut out = Vec::new();
        encode(&Event { mark, line: line.as_bytes() }, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_message_is_as_rfc_5424_has_it() {
        let usual = message(&[("hostname", "tap-3")]).expect("a message");
        assert_eq!(
            written(|event, out| usual.write(event, out), &mark(Level::Error), r#"{"a":"ü"}"#),
            "<131>1 2026-03-01T10:00:00.123456Z tap-3 tlscribe 4711 handshake \
             [tlscribe@32473 id=\"a1\" kind=\"handshake\" server=\"10.0.0.2:443\" level=\"error\"] {\"a\":\"ü\"}"
        );
        let given = [("facility", "auth"), ("hostname", "h"), ("app_name", "tls"), ("sd_id", "none")];
        let bare = message(&given).expect("a message");
        let stats = Mark { kind: Kind::Stats, server: None, micros: 0, ..mark(Level::Info) };
        let text = written(|event, out| bare.write(event, out), &stats, "x");
        assert_eq!(text, "<38>1 1970-01-01T00:00:00.000000Z h tls 4711 stats - x");
        let unnamed = message(&[("hostname", "h"), ("sd_id", "t@1.2")]).expect("a message");
        let text = written(|event, out| unnamed.write(event, out), &stats, "x");
        assert!(text.ends_with("stats [t@1.2 id=\"a1\" kind=\"stats\" level=\"info\"] x"), "{text}");
    }

    #[test]
    fn each_level_has_its_severity() {
        let usual = message(&[]).expect("a message");
        let levels = [Level::Error, Level::Warning, Level::Notice, Level::Info];
        let texts = levels.map(|level| written(|event, out| usual.write(event, out), &mark(level), ""));
        let priorities = texts.each_ref().map(|text| text.split('>').next().unwrap_or_default());
        assert_eq!(priorities, ["<131", "<132", "<133", "<134"]);
        assert!(texts.last().is_some_and(|text| text.contains(" level=\"info\"] ")));
    }

    #[test]
    fn what_ends_a_parameter_is_escaped() {
        let mut out = Vec::new();
        put(&mut out, "server", r#"a"b\c]d"#);
        assert_eq!(out, br#" server="a\"b\\c\]d""#);
    }

    #[test]
    fn messages_are_told_apart_by_octets_or_by_line_feeds() {
        let framed = |framing| {
            let mut framed = Framed::new(message(&[("hostname", "h"), ("sd_id", "none")]).expect("a message"), framing);
            let mut out = Vec::new();
            let mark = mark(Level::Info);
            ["é", "two"].iter().for_each(|line| framed.encode(&Event { mark: &mark, line: line.as_bytes() }, &mut out));
            String::from_utf8(out).expect("text")
        };
        let header = "<134>1 2026-03-01T10:00:00.123456Z h tlscribe 4711 handshake -";
        let octets = header.len() + 1;
        assert_eq!(
            framed(Framing::Octets),
            format!("{} {header} é{} {header} two", octets + 2, octets + 3),
            "octets, not letters"
        );
        assert_eq!(framed(Framing::Newline), format!("{header} é\n{header} two\n"));
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_refused() {
        for (name, value) in [
            ("facility", "local8"),
            ("hostname", "two words"),
            ("hostname", ""),
            ("app_name", "longer-than-forty-eight-letters-which-no-app-name-is"),
            ("app_name", "ü"),
            ("sd_id", "tlscribe"),
            ("sd_id", "tls]@1"),
            ("sd_id", "@1"),
            ("sd_id", "tlscribe@x"),
            ("framing", "octet"),
        ] {
            assert!(message(&[(name, value)]).is_err_and(|error| error.contains(name)), "{name}={value}");
        }
    }
}
