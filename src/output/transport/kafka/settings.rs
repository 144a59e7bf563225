//! From the address and the options of a Kafka sink to the producer's configuration. All files are read here: later the
//! process may have no right to open any.

use crate::output::batch::{Kind, Mark};
use crate::output::options::Options;
use crate::x509::system_roots;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use std::fmt;

/// The topic, where none is named.
const USUAL_TOPIC: &str = "tlscribe";
/// What stands in a topic's name for the kind of record.
const KIND: &str = "{kind}";
/// Kafka's own bound for a topic's name, and what may be in it.
const MAX_TOPIC: usize = 249;

/// How the producer behaves whatever the options say. Events of one key keep their order and are written once in the life
/// of a producer; what is not acknowledged is told within seconds; a connection on which nothing is sent is kept alive.
const ALWAYS: [(&str, &str); 11] = [
    ("client.id", "tlscribe"),
    ("enable.idempotence", "true"),
    ("acks", "all"),
    // The same partition for the same key as Java's producer.
    ("partitioner", "murmur2_random"),
    // What is sent together comes at once.
    ("linger.ms", "2"),
    ("message.timeout.ms", "30000"),
    ("socket.connection.setup.timeout.ms", "10000"),
    ("socket.keepalive.enable", "true"),
    ("reconnect.backoff.max.ms", "1000"),
    // A topic that is missing may be in the making for so long.
    ("topic.metadata.propagation.max.ms", "5000"),
    // Nobody asked for figures about this program.
    ("enable.metrics.push", "false"),
];

/// What events are partitioned by. Those of one key keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Server,
    CommunityId,
    Id,
    None,
}

/// A Kafka sink's settings.
pub(super) struct Settings {
    /// Where the brokers are, as they were named.
    pub(super) brokers: String,
    topic: String,
    /// One for each kind of record.
    topics: [String; 3],
    key: Key,
    /// It holds secrets.
    pub(super) producer: ClientConfig,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Settings");
        shown
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads what follows `kafka:`, and takes what concerns Kafka out of the options.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub(super) fn take(rest: &str, options: &mut Options) -> Result<Self, String> {
        let (brokers, topic) = address(rest)?;
        let keys = [("server", Key::Server), ("community_id", Key::CommunityId), ("id", Key::Id), ("none", Key::None)];
        let key = options.one_of("key", &keys)?.unwrap_or(Key::Server);
        let compressions = ["lz4", "zstd", "snappy", "gzip", "none"].map(|name| (name, name));
        let compression = options.one_of("compression", &compressions)?.unwrap_or("lz4");

        let mut producer = ClientConfig::new();
        ALWAYS.iter().for_each(|(name, value)| _ = producer.set(*name, *value));
        producer.set_log_level(RDKafkaLogLevel::Info);
        producer.set("bootstrap.servers", &brokers).set("compression.type", compression);
        let tls = secure(&mut producer, options)?;
        let sasl = authenticate(&mut producer, options)?;
        let protocol = match (tls, sasl) {
            (false, false) => "plaintext",
            (true, false) => "ssl",
            (false, true) => "sasl_plaintext",
            (true, true) => "sasl_ssl",
        };
        producer.set("security.protocol", protocol);
        producer.create_native_config().map_err(|error| mistake(&error))?;

        let topics = Kind::ALL.map(|kind| topic.replace(KIND, kind.name()));
        Ok(Self { brokers, topic, topics, key, producer })
    }

    /// The topic of a kind of record.
    pub(super) fn topic(&self, kind: Kind) -> &str {
        let [handshake, incident, stats] = &self.topics;
        match kind {
            Kind::Handshake => handshake,
            Kind::Incident => incident,
            Kind::Stats => stats,
        }
    }

    /// The key of an event. One that has none goes to any partition.
    pub(super) fn key<'a>(&self, mark: &'a Mark) -> Option<&'a str> {
        match self.key {
            Key::Server => mark.server.as_deref(),
            Key::CommunityId => mark.community_id.as_deref(),
            Key::Id => Some(&mark.id),
            Key::None => None,
        }
    }
}

/// The brokers and the topic of `//one:9092,two:9092/topic`.
fn address(rest: &str) -> Result<(String, String), String> {
    const FORM: &str = "as in kafka://one:9092,two:9092/topic";
    let rest = rest.strip_prefix("//").ok_or_else(|| format!("two slashes are missing, {FORM}"))?;
    let (brokers, topic) = rest.split_once('/').unwrap_or((rest, ""));
    if brokers.is_empty() || brokers.split(',').any(|broker| broker.trim().is_empty()) {
        return Err(format!("it names no broker, {FORM}"));
    }
    let topic = if topic.is_empty() { USUAL_TOPIC } else { topic };
    let plain = topic.replace(KIND, "kind");
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if !plain.chars().all(allowed) || matches!(plain.as_str(), "." | "..") || topic.len() > MAX_TOPIC {
        return Err(format!(
            "{topic} is no name of a topic: those have letters, digits, dots, hyphens and underscores, {MAX_TOPIC} at \
             most, and here perhaps {KIND} for handshake, incident or stats"
        ));
    }
    Ok((brokers.to_owned(), topic.to_owned()))
}

/// Takes what concerns TLS; true where it is wanted.
fn secure(producer: &mut ClientConfig, options: &mut Options) -> Result<bool, String> {
    let tls = options.flag("tls")?.unwrap_or(false);
    let ca = options.text("ca_file")?;
    let (certificate, key) = (options.text("client_cert_file")?, options.text("client_key_file")?);
    if !tls {
        let given = [("ca_file", &ca), ("client_cert_file", &certificate), ("client_key_file", &key)];
        return match given.iter().find(|(_, file)| file.is_some()) {
            Some((name, _)) => Err(format!("{name} is of use with tls=true only")),
            None => Ok(false),
        };
    }
    let system = || system_roots().map(|path| path.display().to_string());
    let ca = ca.or_else(system).ok_or("this system keeps its roots in no usual place; name them with ca_file")?;
    producer.set("ssl.ca.pem", pem("ca_file", &ca, "CERTIFICATE-----")?);
    match (certificate, key) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            producer.set("ssl.certificate.pem", pem("client_cert_file", &certificate, "CERTIFICATE-----")?);
            producer.set("ssl.key.pem", pem("client_key_file", &key, "PRIVATE KEY-----")?);
        }
        (Some(_), None) => return Err("client_cert_file needs its key too: client_key_file".into()),
        (None, Some(_)) => return Err("client_key_file needs its certificate too: client_cert_file".into()),
    }
    Ok(true)
}

/// A file's text, which has to have a part of this kind.
fn pem(option: &str, path: &str, kind: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{option}={path}: cannot be read: {error}"))?;
    let has = text.lines().any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(kind));
    if has { Ok(text) } else { Err(format!("{option}={path}: it has no {} in PEM", kind.trim_end_matches('-'))) }
}

/// Takes what concerns who we are; true where it is to be proven.
fn authenticate(producer: &mut ClientConfig, options: &mut Options) -> Result<bool, String> {
    let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].map(|name| (name, name));
    let mechanism = options.one_of("sasl", &mechanisms)?;
    let (user, password) = (options.text("user")?, options.secret("password")?);
    match (mechanism, user, password) {
        (None, None, None) => Ok(false),
        (Some(mechanism), Some(user), Some(password)) => {
            producer.set("sasl.mechanism", mechanism).set("sasl.username", user);
            producer.set("sasl.password", password.reveal());
            Ok(true)
        }
        (None, ..) => Err("user and password need sasl=PLAIN, sasl=SCRAM-SHA-256 or sasl=SCRAM-SHA-512".into()),
        (Some(_), ..) => Err("sasl needs user=NAME and password_env=VARIABLE or password_file=FILE".into()),
    }
}

/// What is wrong with the configuration, without values: some are secrets.
pub(super) fn mistake(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, what, name, _) => format!("{name}: {what}"),
        KafkaError::ClientCreation(what) => what.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::batch::Level;

    fn take(rest: &str, given: &[(&str, &str)]) -> Result<Settings, String> {
        let mut options = Options::new(given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
        let settings = Settings::take(rest, &mut options)?;
        options.finish().map(|()| settings)
    }

    fn mistaken(rest: &str, given: &[(&str, &str)]) -> String {
        take(rest, given).expect_err("a mistake")
    }

    fn mark() -> Mark {
        Mark {
            end: 0,
            kind: Kind::Handshake,
            id: "a1".into(),
            micros: 1,
            level: Level::Info,
            server: Some("10.0.0.2:443".into()),
            community_id: Some("1:x".into()),
        }
    }

    #[test]
    fn brokers_topic_and_key_come_from_the_address() {
        let plain = take("//one:9092,two", &[]).expect("settings");
        assert_eq!((plain.brokers.as_str(), plain.topic(Kind::Incident)), ("one:9092,two", "tlscribe"));
        assert_eq!(plain.key(&mark()), Some("10.0.0.2:443"));
        assert_eq!(plain.producer.get("security.protocol"), Some("plaintext"));
        assert_eq!(plain.producer.get("enable.idempotence"), Some("true"));
        let kinds = take("//one/tls.{kind}", &[("key", "community_id")]).expect("settings");
        assert_eq!(
            [Kind::Handshake, Kind::Incident, Kind::Stats].map(|kind| kinds.topic(kind)),
            ["tls.handshake", "tls.incident", "tls.stats"]
        );
        assert_eq!(kinds.key(&mark()), Some("1:x"));
        assert_eq!(take("//one", &[("key", "none")]).expect("settings").key(&mark()), None);
    }

    #[test]
    fn mistakes_are_told_before_anything_is_read() {
        for (rest, given, expected) in [
            ("one:9092/tls", &[][..], "two slashes are missing"),
            ("///tls", &[], "it names no broker"),
            ("//one,/tls", &[], "it names no broker"),
            ("//one/a/b", &[], "a/b is no name of a topic"),
            ("//one/{sort}", &[], "perhaps {kind}"),
            ("//one", &[("key", "sni")], "key=sni: it is one of server"),
            ("//one", &[("compression", "lzma")], "it is one of lz4, zstd"),
            ("//one", &[("ca_file", "/x")], "ca_file is of use with tls=true only"),
            ("//one", &[("tls", "true"), ("ca_file", "/nowhere")], "ca_file=/nowhere: cannot be read"),
            ("//one", &[("sasl", "PLAIN"), ("user", "me")], "password_env=VARIABLE"),
            ("//one", &[("user", "me")], "user and password need sasl=PLAIN"),
            ("//one", &[("sasl", "GSSAPI")], "it is one of PLAIN"),
            ("//one", &[("topci", "x")], "it has no option topci"),
        ] {
            let told = mistaken(rest, given);
            assert!(told.contains(expected), "{rest} {given:?}: {told}");
        }
    }

    #[test]
    fn files_and_secrets_are_read_at_once_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_str().expect("text").to_owned()
        };
        let certificate = file("crt", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
        let key = file("key", "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n");
        let password = file("password", "secret\n");
        let given = [
            ("tls", "true"),
            ("ca_file", &certificate),
            ("client_cert_file", &certificate),
            ("client_key_file", &key),
            ("sasl", "SCRAM-SHA-512"),
            ("user", "me"),
            ("password_file", &password),
        ];
        let settings = take("//one", &given).expect("settings");
        drop(folder);
        let producer = &settings.producer;
        let set = |name| producer.get(name).expect("it is set");
        assert_eq!(
            (set("security.protocol"), set("sasl.mechanism"), set("sasl.username")),
            ("sasl_ssl", "SCRAM-SHA-512", "me")
        );
        assert_eq!(set("sasl.password"), "secret");
        assert!(set("ssl.ca.pem").contains("CERTIFICATE") && set("ssl.certificate.pem").contains("CERTIFICATE"));
        assert!(set("ssl.key.pem").contains("hush"));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hush") && !shown.contains("secret"), "{shown}");
        assert_eq!(take("//one", &[("tls", "true")]).expect("settings").producer.get("security.protocol"), Some("ssl"));
    }

    #[test]
    fn a_certificate_and_its_key_go_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("not-pem");
        std::fs::write(&path, "0").expect("a file");
        let path = path.to_str().expect("text");
        assert!(mistaken("//one", &[("tls", "true"), ("ca_file", path)]).ends_with("it has no CERTIFICATE in PEM"));
        assert!(mistaken("//one", &[("tls", "true"), ("client_cert_file", path)]).contains("client_key_file"));
        assert!(mistaken("//one", &[("tls", "true"), ("client_key_file", path)]).contains("client_cert_file"));
    }
}
