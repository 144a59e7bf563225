//! A sink as it is named: on the command line as an address with options, in the configuration as a table.
//!
//! ```text
//! -                                          standard output
//! events.jsonl                               a file
//! file:events.jsonl?rotate_size=100          a file with options
//! parquet:/var/lib/tlscribe/parquet          Parquet files in a folder
//! unix:/run/events.sock                      a socket of this machine
//! syslog+tls://logs.example.org:6514         also syslog+tcp and syslog+udp
//! kafka://one:9092,two:9092/topic
//! elasticsearch+https://search:9200/stream   also opensearch+https, and both with http
//! splunk+https://splunk:8088
//! https://example.org/hook                   a webhook
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A sink and its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub place: Place,
    /// What was said of it besides.
    pub options: Vec<(String, String)>,
}

/// Where a sink is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `-`.
    StandardOutput,
    /// A file.
    File(PathBuf),
    /// A folder of Parquet files.
    Parquet(PathBuf),
    /// A receiver: what kind of one, and what follows the colon.
    Receiver(Scheme, String),
}

/// The kinds of receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A stream socket of this machine.
    Unix,
    /// Syslog in datagrams.
    SyslogUdp,
    /// Syslog over TCP.
    SyslogTcp,
    /// Syslog over TLS.
    SyslogTls,
    /// Kafka.
    Kafka,
    /// Elasticsearch, over TLS or not.
    Elasticsearch {
        /// Over TLS.
        tls: bool,
    },
    /// OpenSearch, over TLS or not.
    OpenSearch {
        /// Over TLS.
        tls: bool,
    },
    /// Splunk's HTTP Event Collector, over TLS or not.
    Splunk {
        /// Over TLS.
        tls: bool,
    },
    /// Anybody who takes JSON by HTTP, over TLS or not.
    Webhook {
        /// Over TLS.
        tls: bool,
    },
}

impl Scheme {
    /// All of them, by name.
    pub const ALL: [(&str, Self); 13] = [
        ("unix", Self::Unix),
        ("syslog+udp", Self::SyslogUdp),
        ("syslog+tcp", Self::SyslogTcp),
        ("syslog+tls", Self::SyslogTls),
        ("kafka", Self::Kafka),
        ("elasticsearch+http", Self::Elasticsearch { tls: false }),
        ("elasticsearch+https", Self::Elasticsearch { tls: true }),
        ("opensearch+http", Self::OpenSearch { tls: false }),
        ("opensearch+https", Self::OpenSearch { tls: true }),
        ("splunk+http", Self::Splunk { tls: false }),
        ("splunk+https", Self::Splunk { tls: true }),
        ("http", Self::Webhook { tls: false }),
        ("https", Self::Webhook { tls: true }),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, scheme)| *scheme == self).map_or("", |(name, _)| name)
    }
}

impl Target {
    /// Standard output.
    pub const STANDARD_OUTPUT: Self = Self { place: Place::StandardOutput, options: Vec::new() };

    /// What it is called: what it was given for a name, or where it is.
    pub fn name(&self) -> String {
        let given = self.options.iter().find(|(option, _)| option == "name").map(|(_, name)| name.clone());
        given.unwrap_or_else(|| self.place.to_string())
    }

    /// A file without options.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File(path.into()), options: Vec::new() }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |place| Ok(Self { place, options: Vec::new() });
        if text == "-" {
            return plain(Place::StandardOutput);
        }
        let Some((scheme, rest)) = text.split_once(':') else { return plain(Place::File(text.into())) };
        let (rest, options) = rest.split_once('?').map_or((rest, Vec::new()), |(rest, query)| (rest, options(query)));
        let path = || match rest {
            "" => Err(format!("{scheme}: names no path, as in {scheme}:/var/log/tlscribe/events")),
            path => Ok(PathBuf::from(path)),
        };
        let place = match scheme {
            "file" => Place::File(path()?),
            "parquet" => Place::Parquet(path()?),
            _ => match Scheme::ALL.iter().find(|(name, _)| *name == scheme) {
                Some((_, scheme)) => Place::Receiver(*scheme, rest.to_owned()),
                None if rest.starts_with("//") => {
                    let names: Vec<_> = Scheme::ALL.iter().map(|(name, _)| *name).collect();
                    return Err(format!("no sink {scheme}://; there are file, parquet, {}", names.join(", ")));
                }
                // A colon is a letter of file names like any other.
                None => return plain(Place::File(text.into())),
            },
        };
        if let Place::Receiver(_, rest) = &place
            && rest.split('/').nth(2).is_some_and(|host| host.contains('@'))
        {
            return Err("user and password do not belong into an address: name them with user=NAME and password_env=VARIABLE or password_file=FILE".into());
        }
        Ok(Self { place, options })
    }
}

/// The options of an address: `name=value` with `&` between them and `%41` for what cannot stand there.
fn options(query: &str) -> Vec<(String, String)> {
    let option = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
        (decoded(name), decoded(value))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(option).collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As it was named, without options, which may be long.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
            Self::Parquet(path) => write!(f, "parquet:{}", path.display()),
            Self::Receiver(scheme, rest) => write!(f, "{}:{rest}", scheme.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse().expect("a sink")
    }

    #[test]
    fn what_is_no_address_is_a_file() {
        for file in ["events.jsonl", "a?b", "10:00.jsonl", "C:events"] {
            assert_eq!(target(file), Target::file(file));
        }
        assert_eq!(target("-"), Target::STANDARD_OUTPUT);
        assert_eq!(target("file:a.jsonl").place, Place::File("a.jsonl".into()));
    }

    #[test]
    fn an_address_has_options() {
        let kafka = target("kafka://one:9092,two:9092/tls?key=server&only=failed%2Cabandoned&format=ecs");
        assert_eq!(kafka.place, Place::Receiver(Scheme::Kafka, "//one:9092,two:9092/tls".into()));
        assert_eq!(kafka.place.to_string(), "kafka://one:9092,two:9092/tls");
        let options: Vec<_> = kafka.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(options, [("key", "server"), ("only", "failed,abandoned"), ("format", "ecs")]);
        let hook = target("https://example.org:8443/hook");
        assert_eq!(hook.place, Place::Receiver(Scheme::Webhook { tls: true }, "//example.org:8443/hook".into()));
    }

    #[test]
    fn mistakes_are_told() {
        assert!("kafak://one/tls".parse::<Target>().expect_err("a mistake").contains("kafka"));
        let shown = "https://me:hush@example.org/".parse::<Target>().expect_err("a secret");
        assert!(shown.contains("password_env") && !shown.contains("hush"), "{shown}");
        assert!("parquet:".parse::<Target>().is_err());
    }
}
