//! Zeek's ssl.log and x509.log, as JSON and as tab-separated values, so that dashboards, `zeek-cut` and what else reads
//! them work as they are. Names, types and order are those of Zeek 7; tlscribe's own stand behind, as a record
//! `tlscribe` would in Zeek. Each log is a format of its own: Zeek's readers expect one kind of record in a file.
//!
//! What the user knows of addresses, and the sensor's name, are left out: Zeek has packages for that, which add columns by
//! the address.
//!
//! Incidents are no ssl.log, and the counters of a run are no connection: these two are left out.

use super::super::history::{Word, steps};
use super::super::json;
use super::super::name::{Name, Registered};
use super::super::record::Record;
use super::super::value::{Text, Time};
use super::cell::Cell;
use crate::handshake::{Outcome, Side, What};
use crate::hex::digits;
use crate::tls::registry::{HandshakeType, ProtocolVersion};
use crate::x509::{
    AlternativeName, CertificateFacts, CertificateTime, ChainProblem, ChainStatus, Judgement, PublicKey,
};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Zeek cuts the history of a connection here.
const MAX_HISTORY: usize = 100;
/// Digits of a uid: the most that 96 bits have in base 62.
const UID_DIGITS: usize = 17;
const BASE_62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A column: its name, its type, and what goes into it.
type Column<F> = (&'static str, &'static str, F);
type OfHandshake = for<'r> fn(&'r Record<'r>) -> Cell<'r>;
type OfCertificate = for<'r> fn(&Certificate<'r>) -> Cell<'r>;

/// ssl.log.
const SSL: &[Column<OfHandshake>] = &[
    // Zeek says when it saw the first message, we when the connection began: less by one round trip.
    ("ts", "time", |record| record.start_time.into()),
    // Zeek draws it; ours follows from the event's id, and a second run gives the same.
    ("uid", "string", |record| uid(&record.id).into()),
    // The TLS client, also in the rare case that the TCP connection was opened by the server.
    ("id.orig_h", "addr", |record| record.client.ip.into()),
    ("id.orig_p", "port", |record| record.client.port.into()),
    ("id.resp_h", "addr", |record| record.server.ip.into()),
    ("id.resp_p", "port", |record| record.server.port.into()),
    ("version", "string", |record| record.version.map(|version| self::version(version.0)).into()),
    ("cipher", "string", |record| record.cipher_suite.map(|suite| known(suite, suite.0.0)).into()),
    ("curve", "string", |record| record.named_group.map(|group| known(group, group.0.0)).into()),
    ("server_name", "string", |record| record.sni.into()),
    // Zeek has no third value here and in `established`: what is not known is false.
    ("resumed", "bool", |record| (record.resumed == Some(true)).into()),
    ("last_alert", "string", |record| {
        record.alerts.iter().last().map(|alert| known(alert.name, alert.name.0.0.into())).into()
    }),
    ("next_protocol", "string", |record| record.alpn.into()),
    // Both sides finished, whatever became of the connection.
    ("established", "bool", |record| {
        matches!(record.outcome.0, Outcome::Established | Outcome::Unused | Outcome::Abandoned).into()
    }),
    ("ssl_history", "string", |record| history(record).into()),
    // SHA-256, Zeek's default. Where either side sent certificates both lists are there.
    ("cert_chain_fps", "vector[string]", |record| fingerprints(record, record.facts.server_chain)),
    ("client_cert_chain_fps", "vector[string]", |record| fingerprints(record, record.facts.client_chain)),
    ("subject", "string", |record| record.server_certificate.as_ref().and_then(|leaf| leaf.subject).into()),
    ("issuer", "string", |record| record.server_certificate.as_ref().and_then(|leaf| leaf.issuer).into()),
    ("client_subject", "string", |record| record.client_certificate.as_ref().and_then(|leaf| leaf.subject).into()),
    ("client_issuer", "string", |record| record.client_certificate.as_ref().and_then(|leaf| leaf.issuer).into()),
    ("sni_matches_cert", "bool", |record| record.name_matches.into()),
    // What OpenSSL says, from which Zeek has it.
    ("validation_status", "string", |record| validation(record.facts.server_chain).into()),
    // By these names where the community id, JA3 and JA4 packages are installed.
    ("community_id", "string", |record| (&record.community_id).into()),
    ("ja3", "string", |record| record.ja3.as_ref().into()),
    ("ja3s", "string", |record| record.ja3s.as_ref().into()),
    ("ja4", "string", |record| record.ja4.as_ref().into()),
    ("tlscribe.id", "string", |record| (&record.id).into()),
    ("tlscribe.outcome", "string", |record| record.outcome.as_str().into()),
    ("tlscribe.cause", "string", |record| record.failure.as_ref().map(|failure| failure.cause).into()),
    ("tlscribe.party", "string", |record| record.failure.as_ref().map(|failure| failure.party).into()),
    ("tlscribe.confidence", "string", |record| record.failure.as_ref().map(|failure| failure.confidence).into()),
    ("tlscribe.severity", "string", |record| record.failure.as_ref().map(|failure| failure.severity).into()),
    ("tlscribe.reason", "string", |record| record.failure.as_ref().map(|failure| failure.summary).into()),
    ("tlscribe.advice", "string", |record| record.failure.as_ref().and_then(|failure| failure.advice).into()),
];

/// x509.log, a line for each certificate of a handshake. Zeek writes one once a day, we with every handshake that shows
/// it: what has been seen is not kept, and each line stands by itself. Version and exponent are not read.
const X509: &[Column<OfCertificate>] = &[
    ("ts", "time", |row| row.seen.into()),
    ("fingerprint", "string", |row| (&row.facts.sha256).into()),
    ("certificate.version", "count", |_| Cell::Unset),
    ("certificate.serial", "string", |row| row.facts.serial.as_ref().map(|serial| serial.to_ascii_uppercase()).into()),
    ("certificate.subject", "string", |row| row.facts.subject.as_ref().into()),
    ("certificate.issuer", "string", |row| row.facts.issuer.as_ref().into()),
    ("certificate.not_valid_before", "time", |row| row.facts.not_before.map_or(Cell::Unset, date)),
    ("certificate.not_valid_after", "time", |row| row.facts.not_after.map_or(Cell::Unset, date)),
    ("certificate.key_alg", "string", |row| row.facts.key.as_ref().map(key_algorithm).into()),
    ("certificate.sig_alg", "string", |row| row.facts.signature_algorithm.as_deref().into()),
    ("certificate.key_type", "string", |row| row.facts.key.as_ref().and_then(key_type).into()),
    ("certificate.key_length", "count", |row| row.facts.key.as_ref().and_then(key_length).into()),
    ("certificate.exponent", "string", |_| Cell::Unset),
    ("certificate.curve", "string", |row| row.facts.key.as_ref().and_then(curve).into()),
    ("san.dns", "vector[string]", |row| {
        row.names(|name| if let AlternativeName::Dns(name) = name { Some(name.into()) } else { None })
    }),
    ("san.uri", "vector[string]", |row| {
        row.names(|name| if let AlternativeName::Uri(uri) = name { Some(uri.into()) } else { None })
    }),
    ("san.email", "vector[string]", |row| {
        row.names(|name| if let AlternativeName::Email(email) = name { Some(email.into()) } else { None })
    }),
    ("san.ip", "vector[addr]", |row| {
        row.names(|name| if let AlternativeName::Ip(address) = name { Some(address.to_string().into()) } else { None })
    }),
    ("basic_constraints.ca", "bool", |row| row.facts.is_ca.then_some(true).into()),
    ("basic_constraints.path_len", "count", |row| row.facts.path_length.map(u64::from).into()),
    // The first of a chain.
    ("host_cert", "bool", |row| row.host.into()),
    ("client_cert", "bool", |row| row.client.into()),
];

/// One certificate as a handshake showed it.
#[derive(Clone, Copy)]
struct Certificate<'r> {
    seen: Time,
    facts: &'r CertificateFacts,
    host: bool,
    client: bool,
}

impl<'r> Certificate<'r> {
    /// The alternative names of one kind; unset where there are none.
    fn names(&self, kind: fn(&'r AlternativeName) -> Option<Cow<'r, str>>) -> Cell<'r> {
        let names: Vec<_> = self.facts.san.iter().filter_map(kind).collect();
        if names.is_empty() { Cell::Unset } else { Cell::Texts(names) }
    }
}

/// The two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Log {
    /// ssl.log.
    Ssl,
    /// x509.log.
    X509,
}

impl Log {
    /// The lines that Zeek's readers go by.
    pub(in super::super) fn header(self) -> Vec<u8> {
        let (path, columns): (_, Vec<_>) = match self {
            Self::Ssl => ("ssl", SSL.iter().map(|(name, kind, _)| (*name, *kind)).collect()),
            Self::X509 => ("x509", X509.iter().map(|(name, kind, _)| (*name, *kind)).collect()),
        };
        let (names, types): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let now = now();
        format!(
            "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#open\t{now}\n\
             #fields\t{}\n#types\t{}\n",
            names.join("\t"),
            types.join("\t")
        )
        .into_bytes()
    }

    /// The line with which Zeek ends a log.
    pub(in super::super) fn footer() -> Vec<u8> {
        format!("#close\t{}\n", now()).into_bytes()
    }

    /// Appends the lines of a handshake and says how many they are.
    pub(in super::super) fn write(self, record: &Record<'_>, encoding: Encoding, out: &mut Vec<u8>) -> u64 {
        match self {
            Self::Ssl => {
                encoding.write(SSL.iter().map(|(name, _, cell)| (*name, cell(record))), out);
                1
            }
            Self::X509 => {
                let (mut lines, mut seen) = (0, HashSet::new());
                for row in certificates(record).filter(|row| seen.insert((row.client, &row.facts.sha256))) {
                    encoding.write(X509.iter().map(|(name, _, cell)| (*name, cell(&row))), out);
                    lines += 1;
                }
                lines
            }
        }
    }
}

fn now() -> impl fmt::Display {
    jiff::Timestamp::now().strftime("%Y-%m-%d-%H-%M-%S")
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Encoding {
    /// As `LogAscii::use_json` makes it: without what is unset, times in seconds.
    Json,
    /// Tab-separated.
    Tsv,
}

impl Encoding {
    fn write<'r>(self, cells: impl Iterator<Item = (&'static str, Cell<'r>)> + Clone, out: &mut Vec<u8>) {
        match self {
            Self::Json => {
                let written = json::write(&Row(cells), out);
                debug_assert!(written.is_ok(), "{written:?}");
            }
            Self::Tsv => {
                for (at, (_, cell)) in cells.enumerate() {
                    if at > 0 {
                        out.push(b'\t');
                    }
                    push_cell(out, &cell);
                }
            }
        }
        out.push(b'\n');
    }
}

/// One line as JSON.
struct Row<I>(I);

impl<'r, I: Iterator<Item = (&'static str, Cell<'r>)> + Clone> Serialize for Row<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone().filter(|(_, cell)| !matches!(cell, Cell::Unset)))
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unset => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => Text(bytes).serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Count(count) => serializer.serialize_u64(*count),
            // As exact as Zeek's, whose times are such numbers.
            Self::Time(micros) => serializer.serialize_f64(*micros as f64 / 1e6),
            Self::Texts(texts) => serializer.collect_seq(texts),
        }
    }
}

/// Appends a tab-separated cell.
fn push_cell(out: &mut Vec<u8>, cell: &Cell<'_>) {
    match cell {
        Cell::Unset => out.push(b'-'),
        Cell::Text(text) => push_text(out, text.as_bytes(), None),
        Cell::Bytes(bytes) => push_text(out, bytes, None),
        Cell::Bool(value) => out.push(if *value { b'T' } else { b'F' }),
        Cell::Count(count) => out.extend_from_slice(itoa::Buffer::new().format(*count).as_bytes()),
        Cell::Time(micros) => {
            let (sign, micros) = (if *micros < 0 { "-" } else { "" }, micros.unsigned_abs());
            out.extend_from_slice(format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000).as_bytes());
        }
        Cell::Texts(texts) if texts.is_empty() => out.extend_from_slice(EMPTY),
        Cell::Texts(texts) => {
            for (at, text) in texts.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_text(out, text.as_bytes(), Some(b','));
            }
        }
    }
}

const EMPTY: &[u8] = b"(empty)";
const UNSET: &[u8] = b"-";

/// Appends text as Zeek's ASCII writer does: UTF-8 as it is, a backslash doubled, and as `\x09` what separates, what
/// does not print, and the first byte of what would read as unset or empty.
fn push_text(out: &mut Vec<u8>, text: &[u8], separator: Option<u8>) {
    if text.is_empty() {
        return out.extend_from_slice(EMPTY);
    }
    let (first, rest) = if text == UNSET || text == EMPTY { text.split_at(1) } else { text.split_at(0) };
    first.iter().for_each(|byte| push_hex(out, *byte));
    for chunk in rest.utf8_chunks() {
        push_valid(out, chunk.valid().as_bytes(), separator);
        chunk.invalid().iter().for_each(|byte| push_hex(out, *byte));
    }
}

fn push_valid(out: &mut Vec<u8>, mut rest: &[u8], separator: Option<u8>) {
    let is_escaped = |byte: &u8| *byte == b'\\' || byte.is_ascii_control() || Some(*byte) == separator;
    while let Some(at) = rest.iter().position(is_escaped) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => push_hex(out, byte),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

fn push_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    out.extend_from_slice(&digits(byte));
}

/// The certificates of both sides, as they were sent.
fn certificates<'r>(record: &'r Record<'_>) -> impl Iterator<Item = Certificate<'r>> {
    let of = |chain: &'r Judgement, client| {
        chain.certificates.iter().enumerate().map(move |(at, facts)| Certificate {
            seen: record.start_time,
            facts,
            host: at == 0,
            client,
        })
    };
    of(record.facts.server_chain, false).chain(of(record.facts.client_chain, true))
}

fn fingerprints<'r>(record: &'r Record<'_>, chain: &'r Judgement) -> Cell<'r> {
    if record.facts.server_chain.leaf().or(record.facts.client_chain.leaf()).is_none() {
        return Cell::Unset;
    }
    Cell::Texts(chain.certificates.iter().map(|facts| (&facts.sha256).into()).collect())
}

/// `C` and 96 bits in base 62, from an event's id.
fn uid(id: &str) -> String {
    let mut rest = u128::from_str_radix(id, 16).unwrap_or_default() >> 32;
    let mut uid = [b'C'; 1 + UID_DIGITS];
    for digit in uid[1..].iter_mut().rev() {
        *digit = BASE_62[(rest % 62) as usize];
        rest /= 62;
    }
    String::from_utf8_lossy(&uid).into_owned()
}

/// A registered value by its name; Zeek says `unknown-` and the number of others.
fn known<'r>(name: Name<impl Registered>, number: u16) -> Cell<'r> {
    match name.0.registered_name() {
        Some(name) => name.into(),
        None => format!("unknown-{number}").into(),
    }
}

fn version<'r>(version: ProtocolVersion) -> Cell<'r> {
    match version {
        ProtocolVersion::SSL_2_0 => "SSLv2".into(),
        ProtocolVersion::SSL_3_0 => "SSLv3".into(),
        ProtocolVersion::TLS_1_0 => "TLSv10".into(),
        ProtocolVersion::TLS_1_1 => "TLSv11".into(),
        ProtocolVersion::TLS_1_2 => "TLSv12".into(),
        ProtocolVersion::TLS_1_3 => "TLSv13".into(),
        ProtocolVersion::DTLS_1_0 => "DTLSv10".into(),
        ProtocolVersion::DTLS_1_2 => "DTLSv12".into(),
        ProtocolVersion::DTLS_1_3 => "DTLSv13".into(),
        ProtocolVersion(number) => match number.to_be_bytes() {
            [0x7f, draft] => format!("TLSv13-draft{draft}").into(),
            _ => format!("unknown-{number}").into(),
        },
    }
}

/// A letter for each message that could be read, the client's in capitals. Encrypted ones have none, as in Zeek.
fn history(record: &Record<'_>) -> String {
    let letters = steps(record.facts.handshake).filter_map(|(step, word)| {
        let letter = letter(word)?;
        Some(if step.from == Side::Client { letter.to_ascii_uppercase() } else { letter })
    });
    letters.take(MAX_HISTORY).collect()
}

fn letter(word: Word) -> Option<char> {
    let Word::Step(what) = word else { return Some('j') };
    Some(match what {
        What::Ssl2ClientHello => 'c',
        What::Ssl2ServerHello => 's',
        What::ChangeCipherSpec => 'i',
        What::Alert(..) => 'l',
        What::Encrypted(_) | What::ApplicationData => return None,
        What::Message(kind) => match kind {
            HandshakeType::HELLO_REQUEST => 'h',
            HandshakeType::CLIENT_HELLO => 'c',
            HandshakeType::SERVER_HELLO => 's',
            HandshakeType::HELLO_VERIFY_REQUEST => 'v',
            HandshakeType::NEW_SESSION_TICKET => 't',
            HandshakeType::END_OF_EARLY_DATA => 'e',
            HandshakeType::HELLO_RETRY_REQUEST => 'j',
            HandshakeType::ENCRYPTED_EXTENSIONS => 'o',
            HandshakeType::CERTIFICATE => 'x',
            HandshakeType::SERVER_KEY_EXCHANGE => 'k',
            HandshakeType::CERTIFICATE_REQUEST => 'r',
            HandshakeType::SERVER_HELLO_DONE => 'n',
            HandshakeType::CERTIFICATE_VERIFY => 'y',
            HandshakeType::CLIENT_KEY_EXCHANGE => 'g',
            HandshakeType::FINISHED => 'f',
            HandshakeType::CERTIFICATE_URL => 'w',
            HandshakeType::CERTIFICATE_STATUS => 'u',
            HandshakeType::SUPPLEMENTAL_DATA => 'a',
            HandshakeType::KEY_UPDATE => 'p',
            HandshakeType::MESSAGE_HASH => 'm',
            _ => 'z',
        },
    })
}

/// The sentence of OpenSSL's that says what `chain_status` says. OpenSSL stops at the first fault and comes to the dates
/// last; here they go first, since who trusts a root that we do not know minds them still.
fn validation(chain: &Judgement) -> Option<&'static str> {
    let untrusted = || {
        let of = |problem: &ChainProblem| match problem {
            ChainProblem::BadSignature { .. } => Some("certificate signature failure"),
            ChainProblem::NotAnAuthority { .. } => Some("invalid CA certificate"),
            ChainProblem::PathTooLong { .. } => Some("path length constraint exceeded"),
            ChainProblem::WrongPurpose { .. } => Some("unsuitable certificate purpose"),
            _ => None,
        };
        let sent_its_root = chain.certificates.last().is_some_and(|last| last.self_signed == Some(true));
        let unknown_root = if sent_its_root { "self-signed certificate in certificate chain" } else { NO_ISSUER };
        chain.problems.iter().find_map(of).unwrap_or(unknown_root)
    };
    Some(match chain.status? {
        ChainStatus::Trusted => "ok",
        ChainStatus::Untrusted => untrusted(),
        ChainStatus::Incomplete => NO_ISSUER,
        ChainStatus::SelfSigned => "self-signed certificate",
        ChainStatus::Expired => "certificate has expired",
        ChainStatus::NotYetValid => "certificate is not yet valid",
    })
}

const NO_ISSUER: &str = "unable to get local issuer certificate";

fn date<'r>(time: CertificateTime) -> Cell<'r> {
    Cell::Time(time.unix_seconds().saturating_mul(1_000_000))
}

fn key_algorithm(key: &PublicKey) -> &str {
    match key {
        PublicKey::Rsa(_) => "rsaEncryption",
        PublicKey::RsaPss(_) => "rsassaPss",
        PublicKey::Dsa(_) => "dsaEncryption",
        PublicKey::Ec(_) => "id-ecPublicKey",
        PublicKey::Other(name) => name,
    }
}

/// Zeek knows three.
fn key_type(key: &PublicKey) -> Option<&'static str> {
    match key {
        PublicKey::Rsa(_) | PublicKey::RsaPss(_) => Some("rsa"),
        PublicKey::Dsa(_) => Some("dsa"),
        PublicKey::Ec(_) => Some("ecdsa"),
        PublicKey::Other(_) => None,
    }
}

fn key_length(key: &PublicKey) -> Option<u64> {
    match key {
        PublicKey::Rsa(bits) | PublicKey::RsaPss(bits) => Some((*bits).into()),
        PublicKey::Dsa(bits) => bits.map(u64::from),
        PublicKey::Ec(curve) => match curve.as_deref()? {
            "secp256r1" | "secp256k1" | "brainpoolP256r1" => Some(256),
            "secp384r1" | "brainpoolP384r1" => Some(384),
            "brainpoolP512r1" => Some(512),
            "secp521r1" => Some(521),
            _ => None,
        },
        PublicKey::Other(_) => None,
    }
}

/// The curve by OpenSSL's name.
fn curve(key: &PublicKey) -> Option<&str> {
    let PublicKey::Ec(curve) = key else { return None };
    Some(match curve.as_deref()? {
        "secp256r1" => "prime256v1",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::Told;
    use super::*;
    use crate::tls::registry::{CipherSuite, NamedGroup};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// As Zeek's readers undo the escapes.
    fn unescaped(mut text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let [first, rest @ ..] = text {
            (text, bytes) = match (first, rest) {
                (b'\\', [b'\\', rest @ ..]) => (rest, [bytes, vec![b'\\']].concat()),
                (b'\\', [b'x', high, low, rest @ ..]) => {
                    let digits = [*high, *low];
                    let byte = u8::from_str_radix(str::from_utf8(&digits).expect("digits"), 16).expect("a byte");
                    (rest, [bytes, vec![byte]].concat())
                }
                _ => (rest, [bytes, vec![*first]].concat()),
            };
        }
        bytes
    }

    fn cell(cell: Cell<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        push_cell(&mut out, &cell);
        out
    }

    fn shown(value: Cell<'_>) -> String {
        String::from_utf8(cell(value)).expect("text")
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_from_a_cell(bytes: Vec<u8>) {
            let written = cell(Cell::Bytes(&bytes));
            prop_assert!(!written.iter().any(u8::is_ascii_control), "{:?}", written);
            prop_assert!(str::from_utf8(&written).is_ok());
            if bytes.is_empty() {
                prop_assert_eq!(written, b"(empty)");
            } else {
                prop_assert!(written != b"-" && written != b"(empty)");
                prop_assert_eq!(unescaped(&written), bytes);
            }
        }

        #[test]
        fn any_list_comes_back_from_a_cell(texts in prop::collection::vec(".+", 1..4)) {
            let written = cell(Cell::Texts(texts.iter().map(Into::into).collect()));
            let parts: Vec<_> = written.split(|byte| *byte == b',').map(unescaped).collect();
            prop_assert_eq!(parts, texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_reads_as_nothing_is_escaped() {
        assert_eq!(shown("-".into()), r"\x2d");
        assert_eq!(shown("(empty)".into()), r"\x28empty)");
        assert_eq!(shown("a-b".into()), "a-b");
        assert_eq!(shown(Cell::Texts(vec!["-".into(), "a,b".into()])), r"\x2d,a\x2cb");
        assert_eq!(shown(Cell::Texts(Vec::new())), "(empty)");
        assert_eq!(shown(Cell::Unset), "-");
    }

    #[test]
    fn times_have_six_digits_before_1970_too() {
        assert_eq!(shown(Cell::Time(1_795_434_951_000_001)), "1795434951.000001");
        assert_eq!(shown(Cell::Time(-1_500_000)), "-1.500000");
    }

    #[test]
    fn values_have_zeeks_names() {
        let of = |number| shown(version(ProtocolVersion(number)));
        assert_eq!([of(2), of(0x300), of(0x304)], ["SSLv2", "SSLv3", "TLSv13"]);
        assert_eq!([of(0x7f1c), of(0xfb17)], ["TLSv13-draft28", "unknown-64279"]);
        assert_eq!(shown(known(Name(NamedGroup::X25519), 29)), "x25519");
        assert_eq!(shown(known(Name(CipherSuite(0x1a2b)), 0x1a2b)), "unknown-6699");
    }

    #[test]
    fn a_uid_looks_like_zeeks_and_is_as_distinct_as_the_id() {
        let ids = [
            "00000000000000000000000000000000",
            "ffffffffffffffffffffffffffffffff",
            "0000000000000000000000ff00000000",
        ];
        let uids: BTreeSet<_> = ids.iter().map(|id| uid(id)).collect();
        assert_eq!(uids.len(), 3);
        for uid in &uids {
            assert!(uid.len() == 18 && uid.starts_with('C'), "{uid}");
            assert!(uid.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{uid}");
        }
        assert!(uids.contains("C00000000000000047"), "255 is 4 * 62 + 7: {uids:?}");
    }

    #[test]
    fn a_handshake_without_an_answer_has_what_zeek_always_has() {
        let mut out = Vec::new();
        Told::new("10.0.0.1:50122", Some("a.example"), 0, Outcome::Failed)
            .record(|record| Log::Ssl.write(record, Encoding::Json, &mut out));
        let line: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(line["resumed"], false);
        assert_eq!(line["established"], false);
        assert_eq!(line["ssl_history"], "C");
        assert_eq!(line.get("version"), None);
        assert_eq!(line.get("cert_chain_fps"), None);
    }
}
