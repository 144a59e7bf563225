//! From what people write to what they mean.

use super::symptom::{self, Symptom, words};
use super::{Explanation, alert, cause, extension, finding, group, scheme, suite, version};
use crate::diagnosis::Cause;
use crate::policy::Finding;
use crate::tls::registry::{
    AlertDescription, CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme,
};

/// At most this many words are proposed for one that is not known.
const MAX_NEAREST: usize = 5;
/// A word longer than this names nothing, and is not compared with anything.
const MAX_WORD: usize = 80;
/// A pasted line longer than this is not searched for what is known.
const MAX_LINE: usize = 1_000;

const GREASE: &str = "No suite, group, scheme, version or extension, but a value that a client draws at random and puts into \
                      its lists, so that servers stay used to ignoring what they do not know. It means nothing and cannot \
                      be selected.";

/// What can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Cause(Cause),
    Symptom(&'static Symptom),
    Alert(AlertDescription),
    Version(ProtocolVersion),
    Suite(CipherSuite),
    Group(NamedGroup),
    Scheme(SignatureScheme),
    Extension(ExtensionType),
    Finding(Finding),
    /// A value of RFC 8701, whatever the list that it stands in.
    Grease(u16),
}

/// Says whether a subject is of the kind that was asked for.
type Test = fn(&Subject) -> bool;

impl Subject {
    pub(super) fn explain(&self) -> Explanation {
        match *self {
            Self::Cause(cause) => cause::explain(cause),
            Self::Symptom(symptom) => symptom.explain(),
            Self::Alert(alert) => alert::explain(alert),
            Self::Version(version) => version::explain(version),
            Self::Suite(suite) => suite::explain(suite),
            Self::Group(group) => group::explain(group),
            Self::Scheme(scheme) => scheme::explain(scheme),
            Self::Extension(extension) => extension::explain(extension),
            Self::Finding(finding) => finding::explain(finding),
            Self::Grease(value) => Explanation::new(format!("GREASE {value:#06x}"))
                .with("What it is", GREASE)
                .with("Defined in", "RFC 8701"),
        }
    }

    /// The words that ask for this and nothing else.
    pub(super) fn question(&self) -> String {
        let name = self.name();
        match self {
            Self::Cause(_) => format!("cause {name}"),
            Self::Symptom(_) => format!("symptom {name}"),
            Self::Alert(_) => format!("alert {name}"),
            Self::Version(_) => format!("version {name}"),
            Self::Suite(_) => format!("suite {name}"),
            Self::Group(_) => format!("group {name}"),
            Self::Scheme(_) => format!("scheme {name}"),
            Self::Extension(_) => format!("extension {name}"),
            Self::Finding(_) => format!("finding {name}"),
            Self::Grease(value) => format!("{value:#06x}"),
        }
    }

    /// Everything that has a name is found by it.
    fn name(&self) -> &'static str {
        let name = match self {
            Self::Cause(cause) => Some(cause.code()),
            Self::Symptom(symptom) => Some(symptom.name()),
            Self::Alert(alert) => alert.name(),
            Self::Version(version) => version.name(),
            Self::Suite(suite) => suite.name().or(suite.unregistered_name()),
            Self::Group(group) => group.name().or(group.unregistered_name()),
            Self::Scheme(scheme) => scheme.name().or(scheme.unregistered_name()),
            Self::Extension(extension) => extension.name().or(extension.unregistered_name()),
            Self::Finding(finding) => Some(finding.code()),
            Self::Grease(_) => Some("GREASE"),
        };
        name.unwrap_or_default()
    }

    /// Whether these letters are its name, or the title of a cause.
    fn is_called(&self, word: &str) -> bool {
        let title = if let Self::Cause(cause) = self { cause.title() } else { "" };
        !word.is_empty() && (letters(self.name()).eq(word.chars()) || letters(title).eq(word.chars()))
    }

    /// What is known by this number, in the order in which people mean it.
    fn of_number(number: u16) -> impl Iterator<Item = Self> {
        let alert = u8::try_from(number).ok().map(AlertDescription).map(Self::Alert);
        let grease = CipherSuite(number).is_grease().then_some(Self::Grease(number));
        let version = Some(ProtocolVersion(number)).filter(|version| version.is_known()).map(Self::Version);
        let named = [
            Self::Suite(CipherSuite(number)),
            Self::Group(NamedGroup(number)),
            Self::Scheme(SignatureScheme(number)),
            Self::Extension(ExtensionType(number)),
        ];
        let named = alert.into_iter().chain(named).filter(|subject| !subject.name().is_empty());
        grease.into_iter().chain(version).chain(named)
    }

    /// Everything with a name.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        const FIRST_GREASE: u16 = 0x0a0a;
        let findings = Finding::ALL.iter().map(|finding| Self::Finding(*finding));
        Cause::ALL
            .iter()
            .map(|cause| Self::Cause(*cause))
            .chain(AlertDescription::ALL.iter().map(|alert| Self::Alert(*alert)))
            .chain(version::KNOWN.iter().map(|version| Self::Version(*version)))
            .chain(findings)
            .chain([Self::Grease(FIRST_GREASE)])
            .chain(NamedGroup::ALL.iter().map(|group| Self::Group(*group)))
            .chain(SignatureScheme::ALL.iter().map(|scheme| Self::Scheme(*scheme)))
            .chain(ExtensionType::ALL.iter().map(|extension| Self::Extension(*extension)))
            .chain(CipherSuite::ALL.iter().map(|suite| Self::Suite(*suite)))
            .chain(symptom::all().map(Self::Symptom))
    }
}

/// What the words name, best first.
pub(super) fn find(what: &str) -> Vec<Subject> {
    let what = what.trim();
    if what.len() > MAX_LINE {
        return Vec::new();
    }
    if let Some((is_meant, rest)) = kind(what) {
        let mut found = find_any(rest);
        found.retain(is_meant);
        if !found.is_empty() {
            return found;
        }
    }
    find_any(what)
}

/// A leading word that says what kind of thing is meant, as a test, and what follows it.
fn kind(what: &str) -> Option<(Test, &str)> {
    let (word, rest) = what.split_once([' ', ':', '='])?;
    let test: Test = match word.to_ascii_lowercase().as_str() {
        "cause" => |subject| matches!(subject, Subject::Cause(_)),
        "symptom" => |subject| matches!(subject, Subject::Symptom(_)),
        "alert" => |subject| matches!(subject, Subject::Alert(_)),
        "version" | "protocol" => |subject| matches!(subject, Subject::Version(_)),
        "suite" | "cipher" | "ciphersuite" | "cipher_suite" => |subject| matches!(subject, Subject::Suite(_)),
        "group" | "curve" | "named_group" => |subject| matches!(subject, Subject::Group(_)),
        "scheme" | "signature" | "signature_scheme" => |subject| matches!(subject, Subject::Scheme(_)),
        "extension" => |subject| matches!(subject, Subject::Extension(_)),
        "finding" => |subject| matches!(subject, Subject::Finding(_)),
        _ => return None,
    };
    Some((test, rest.trim()))
}

/// What has this name or number, then what is known of the words in it.
fn find_any(what: &str) -> Vec<Subject> {
    let mut found = named(what);
    let digits = what.trim_matches(['-', '(', ')']);
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    let symptoms = if is_number { symptom::of_code(digits) } else { symptom::find(what) };
    let symptoms = symptoms.into_iter().map(Subject::Symptom);
    for subject in symptoms.chain(alerts_in(what).into_iter().map(Subject::Alert)) {
        if !found.contains(&subject) {
            found.push(subject);
        }
    }
    found
}

fn named(what: &str) -> Vec<Subject> {
    if let Some(number) = number(what) {
        return Subject::of_number(number).collect();
    }
    if what.len() > MAX_WORD {
        return Vec::new();
    }
    let word = plain(what);
    let word = alias(&word).map_or(word, plain);
    let mut found: Vec<Subject> = Subject::all().filter(|subject| subject.is_called(&word)).collect();
    if found.is_empty() {
        found = by_openssl_name(&word);
    }
    found
}

/// Alerts that a line about alerts names, in any spelling, or has the number of: `SSL alert number 40`,
/// `received fatal alert: UnknownCa`.
fn alerts_in(line: &str) -> Vec<AlertDescription> {
    let line = words(line);
    if !line.contains(" alert ") && !line.contains(" remote error tls ") {
        return Vec::new();
    }
    let tokens: Vec<&str> = line.split_whitespace().collect();
    let number = tokens.windows(2).find_map(|pair| match pair {
        ["alert" | "number" | "code" | "is", number] => number.parse().ok().map(AlertDescription),
        _ => None,
    });
    let by_number = AlertDescription::ALL.iter().copied().filter(|alert| Some(*alert) == number);
    let by_name = AlertDescription::ALL.iter().copied().filter(|alert| {
        let name = words(alert.name().unwrap_or_default());
        let joined = format!(" {} ", name.replace(' ', ""));
        line.contains(&name) || line.contains(&joined)
    });
    by_number.chain(by_name).collect()
}

/// `45`, `0x2d`, `0x1301`, and as some tables have it `0x13,0x01`.
fn number(what: &str) -> Option<u16> {
    if let Some((high, low)) = what.trim_matches(['{', '}']).split_once(',') {
        let byte = |text: &str| u8::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok();
        return Some(u16::from_be_bytes([byte(high)?, byte(low)?]));
    }
    let lower = what.to_ascii_lowercase();
    let digits = lower.strip_prefix("grease ").unwrap_or(&lower);
    match digits.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// Letters and digits in lower case; the `v` of `TLSv1.2` goes too.
fn plain(text: &str) -> String {
    let mut word: String = letters(text).collect();
    for prefix in ["tlsv", "sslv", "dtlsv"] {
        if word.starts_with(prefix) {
            word.remove(prefix.len().saturating_sub(1));
        }
    }
    word
}

/// What names are compared by.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
}

/// Other names that things go by.
fn alias(word: &str) -> Option<&'static str> {
    Some(match word {
        "ssl2" => "SSL 2.0",
        "ssl3" | "poodle" => "SSL 3.0",
        "tls1" | "beast" => "TLS 1.0",
        "dtls1" => "DTLS 1.0",
        "sni" => "server_name",
        "alpn" => "application_layer_protocol_negotiation",
        "alps" => "application_settings",
        "npn" => "next_protocol_negotiation",
        "ech" => "encrypted_client_hello",
        "esni" => "encrypted_server_name",
        "ems" => "extended_master_secret",
        "etm" => "encrypt_then_mac",
        "sct" => "signed_certificate_timestamp",
        "ocsp" | "stapling" | "ocspstapling" => "status_request",
        "psk" => "pre_shared_key",
        "0rtt" => "early_data",
        "heartbleed" => "heartbeat",
        "ellipticcurves" => "supported_groups",
        "p256" | "prime256v1" => "secp256r1",
        "p384" => "secp384r1",
        "p521" => "secp521r1",
        "curve25519" => "x25519",
        "curve448" => "x448",
        "mlkem" => "X25519MLKEM768",
        "kyber" => "X25519Kyber768Draft00",
        "tripledes" | "sweet32" => "3des",
        "logjam" => "weak_dh_group",
        "freak" | "export" => "export_cipher",
        "crime" => "compression",
        "sloth" => "md5_signature",
        "robot" => "static_rsa",
        "null" => "null_encryption",
        "anonymous" => "anonymous_key_exchange",
        "expired" => "certificate_expired",
        "selfsigned" | "untrusted" => "certificate_untrusted",
        "revoked" => "certificate_revoked",
        "mtls" | "clientcertificate" => "client_certificate_required",
        "mitm" | "interception" => "tls_interception",
        "starttls" => "starttls_refused",
        "proxyprotocol" => "proxy_protocol_mismatch",
        "ftps" => "session_reuse_required",
        "mtu" | "pmtu" | "pathmtu" => "large_packet_lost",
        "rst" | "reset" => "middlebox_reset",
        "timeout" => "connection_timeout",
        _ => return None,
    })
}

/// Suites by OpenSSL's names, `ECDHE-RSA-AES128-GCM-SHA256`, which leave out what goes without saying.
fn by_openssl_name(word: &str) -> Vec<Subject> {
    let word = match word {
        _ if word.starts_with("adh") => word.replacen("adh", "dhanon", 1),
        _ if word.starts_with("aecdh") => word.replacen("aecdh", "ecdhanon", 1),
        _ if word.starts_with("edh") => word.replacen("edh", "dhe", 1),
        _ => word.to_owned(),
    };
    let word = word.replace("descbc3", "3des").replace("cbc", "");
    let readings = [word.clone(), format!("rsa{word}"), format!("{word}sha256")];
    let suites = CipherSuite::ALL.iter().map(|suite| Subject::Suite(*suite));
    suites.filter(|suite| readings.contains(&short(&plain(suite.name())))).collect()
}

/// A suite's plain name without what OpenSSL leaves out of it.
fn short(name: &str) -> String {
    let name = name.strip_prefix("tls").unwrap_or(name);
    name.replace("with", "").replace("ede", "").replace("cbc", "").replace("rc4128", "rc4")
}

/// Names that contain the word, or are spelt much like it, nearest first.
pub(super) fn nearest(what: &str) -> Vec<&'static str> {
    let word = plain(what);
    if word.len() < 2 || word.len() > MAX_WORD {
        return Vec::new();
    }
    // A third of the letters may be wrong.
    let bound = word.len().div_ceil(3);
    let mut names: Vec<(usize, &'static str)> = Subject::all()
        .filter_map(|subject| {
            let name = plain(subject.name());
            let short = distance(word.as_bytes(), short(&name).as_bytes());
            let wrong = distance(word.as_bytes(), name.as_bytes()).min(short);
            let contained = word.len() > 2 && name.contains(&word);
            (contained || wrong <= bound).then_some((if contained { 0 } else { wrong }, subject.name()))
        })
        .collect();
    names.sort_by_key(|(wrong, name)| (*wrong, name.len(), *name));
    names.dedup();
    names.truncate(MAX_NEAREST);
    names.into_iter().map(|(_, name)| name).collect()
}

/// Of some names the one that is spelt most like a word, where at least half of it is right.
pub(crate) fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = |name: &&str| distance(name.as_bytes(), word.as_bytes());
    names.into_iter().min_by_key(wrong).filter(|name| wrong(name) <= name.len() / 2)
}

/// How many letters have to be put in, taken out or changed to make one word the other (Levenshtein).
pub(crate) fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other_letter) in row.iter_mut().skip(1).zip(other) {
            let changed = diagonal.saturating_add(usize::from(letter != other_letter));
            diagonal = *cell;
            left = changed.min(cell.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
