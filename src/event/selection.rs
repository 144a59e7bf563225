//! Which handshakes are wanted: by outcome, by cause, by server, by server name. Everything is seen and counted by the engine;
//! this decides what becomes an event.

use super::incident::IncidentRecord;
use super::outcome::OutcomeName;
use super::parts::End;
use super::record::Record;
use crate::diagnosis::Cause;
use crate::enrichment::Range;
use crate::explain::distance;
use crate::handshake::Outcome;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// At most this many causes are proposed for one that is not known.
const MAX_NEAREST: usize = 4;

/// What a handshake must be to be wanted; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// One of these outcomes.
    pub outcomes: Vec<Outcome>,
    /// A failure of one of these causes.
    pub causes: Vec<Cause>,
    /// One of these servers.
    pub servers: Vec<Server>,
    /// A server name that matches one of these.
    pub names: Vec<Glob>,
}

impl Selection {
    /// True where the handshake of this record is wanted.
    pub fn wants(&self, record: &Record<'_>) -> bool {
        let cause = record.failure.as_ref().map(|failure| failure.finding.cause);
        self.fits(&[record.outcome.0], cause, record.server.end(), record.sni.map(|name| name.0))
    }

    /// True where an incident of such handshakes is wanted. It is of handshakes that failed or were abandoned.
    pub fn wants_incident(&self, record: &IncidentRecord<'_>) -> bool {
        let outcomes = [Outcome::Failed, Outcome::Abandoned];
        self.fits(&outcomes, Some(record.finding.cause), record.server, record.sni.map(str::as_bytes))
    }

    /// True where one of these outcomes is wanted, and this cause, server and server name.
    fn fits(&self, outcomes: &[Outcome], cause: Option<Cause>, server: End, sni: Option<&[u8]>) -> bool {
        let one_of = |empty: bool, found: bool| empty || found;
        one_of(self.outcomes.is_empty(), outcomes.iter().any(|outcome| self.outcomes.contains(outcome)))
            && one_of(self.causes.is_empty(), cause.is_some_and(|cause| self.causes.contains(&cause)))
            && one_of(
                self.servers.is_empty(),
                self.servers.iter().any(|wanted| wanted.matches(server.ip.0, server.port, sni)),
            )
            && one_of(self.names.is_empty(), sni.is_some_and(|name| self.names.iter().any(|glob| glob.matches(name))))
    }
}

/// What is asked for, in a few words; nothing where nothing is.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |words: &mut dyn Iterator<Item = String>| words.collect::<Vec<_>>().join(", ");
        let asked = [
            ("outcome", list(&mut self.outcomes.iter().map(|outcome| OutcomeName(*outcome).to_string()))),
            ("cause", list(&mut self.causes.iter().map(|cause| cause.code().to_owned()))),
            ("server", list(&mut self.servers.iter().map(ToString::to_string))),
            ("name", list(&mut self.names.iter().map(ToString::to_string))),
        ];
        let asked = asked.into_iter().filter(|(_, words)| !words.is_empty());
        f.write_str(&asked.map(|(what, words)| format!("{what} {words}")).collect::<Vec<_>>().join("; "))
    }
}

/// The cause of this code.
///
/// # Errors
/// There is none, in one line with those that are spelt much like it.
pub fn cause(code: &str) -> Result<Cause, String> {
    Cause::from_code(code).ok_or_else(|| match nearest(code).as_slice() {
        [] => "no such cause; events name theirs in failure.cause".into(),
        nearest => format!("no such cause; did you mean {}?", nearest.join(", ")),
    })
}

/// Causes whose codes contain the word, or are spelt much like it, nearest first.
fn nearest(word: &str) -> Vec<&'static str> {
    const LONGEST: usize = 64;
    let word = word.to_ascii_lowercase().replace([' ', '-'], "_");
    if word.len() < 2 || word.len() > LONGEST {
        return Vec::new();
    }
    let wrong = |code: &str| if code.contains(&word) { 0 } else { distance(word.as_bytes(), code.as_bytes()) };
    // A quarter of the letters may be wrong.
    let mut near: Vec<_> = Cause::ALL.iter().map(|cause| (wrong(cause.code()), cause.code())).collect();
    near.retain(|(wrong, _)| *wrong <= word.len() / 4);
    near.sort_by_key(|(wrong, code)| (*wrong, code.len()));
    near.into_iter().take(MAX_NEAREST).map(|(_, code)| code).collect()
}

/// A server as users name it: an address, a network or a name, with or without a port.
///
/// `10.0.0.2`, `10.0.0.0/8:443`, `2001:db8::1`, `[2001:db8::/32]:443`, `www.example.org`, `www.example.org:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Net(IpAddr, u8),
    Name(String),
}

impl Server {
    /// True where a server at this address, asked for by this name, is meant.
    pub fn matches(&self, ip: IpAddr, port: u16, name: Option<&[u8]>) -> bool {
        let host = match &self.host {
            Host::Net(net, length) => Range::around(*net, *length).contains(ip),
            Host::Name(wanted) => name.is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_bytes())),
        };
        host && self.port.is_none_or(|wanted| wanted == port)
    }
}

/// As users name it.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.host {
            Host::Name(name) => name.clone(),
            Host::Net(net, length) if *length == if net.is_ipv4() { 32 } else { 128 } => net.to_string(),
            Host::Net(net, length) => format!("{net}/{length}"),
        };
        match self.port {
            Some(port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(port) => write!(f, "{host}:{port}"),
            None => f.write_str(&host),
        }
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |port: &str| port.parse::<u16>().map_err(|_| format!("`{port}` is not a port"));
        // An IPv6 address has colons of its own: a port follows it only behind brackets.
        let (host, port) = if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            match (rest, rest.strip_prefix(':')) {
                ("", _) => (host, None),
                (_, Some(number)) => (host, Some(port(number)?)),
                _ => return Err(format!("expected `:PORT` behind the brackets, not `{rest}`")),
            }
        } else {
            match text.split_once(':') {
                Some((host, rest)) if !rest.contains(':') => (host, Some(port(rest)?)),
                _ => (text, None),
            }
        };
        Ok(Self { host: host.parse()?, port })
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        match address.parse::<IpAddr>() {
            Ok(ip) => {
                let width = if ip.is_ipv4() { 32 } else { 128 };
                let length = length.map_or(Ok(width), str::parse).ok().filter(|length| *length <= width);
                let length = length.ok_or_else(|| format!("a prefix length of {ip} is 0 to {width}"))?;
                Ok(Self::Net(ip, length))
            }
            Err(_) if length.is_some() || text.is_empty() || text.contains(':') => {
                Err("expected an address, a network or a name, as in 10.0.0.2, 10.0.0.0/8:443 or [2001:db8::1]:443"
                    .into())
            }
            Err(_) => Ok(Self::Name(text.to_owned())),
        }
    }
}

/// A pattern for names: `*` is any text, `?` any one character; case does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<u8>);

impl Glob {
    /// True where the whole name fits the pattern. Takes time in proportion to name times pattern, never more.
    pub fn matches(&self, name: &[u8]) -> bool {
        let (mut pattern, mut rest) = (self.0.as_slice(), name);
        // Where to go on when what follows the last star does not fit here: that star takes one byte more.
        let mut retry: Option<(&[u8], &[u8])> = None;
        loop {
            match (pattern.split_first(), rest.split_first()) {
                (Some((b'*', after)), _) => {
                    retry = Some((after, rest));
                    pattern = after;
                }
                (Some((want, after)), Some((have, left))) if *want == b'?' || want.eq_ignore_ascii_case(have) => {
                    (pattern, rest) = (after, left);
                }
                (None, None) => return true,
                _ => {
                    let Some((after, [_, left @ ..])) = retry else { return false };
                    retry = Some((after, left));
                    (pattern, rest) = (after, left);
                }
            }
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl FromStr for Glob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("an empty pattern fits no name".into()) } else { Ok(Self(text.as_bytes().to_vec())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().expect("a server")
    }

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_misspelt_cause_gets_the_nearest_ones() {
        assert_eq!(cause("certificate_expired"), Ok(Cause::CertificateExpired));
        let error = |word: &str| cause(word).expect_err("no cause");
        assert_eq!(error("certificate_expird"), "no such cause; did you mean certificate_expired?");
        assert_eq!(
            error("Expired"),
            "no such cause; did you mean certificate_expired?",
            "a part of the name is enough, however it is written"
        );
        assert_eq!(error("alpn"), "no such cause; did you mean alpn_mismatch?");
        assert_eq!(error("certificate").matches("certificate_").count(), MAX_NEAREST);
        assert_eq!(error("xyzzy"), "no such cause; events name theirs in failure.cause");
    }

    #[test]
    fn what_is_asked_for_is_said_as_it_was_asked() {
        let servers = ["10.0.0.2", "10.0.0.0/8:443", "2001:db8::1", "[2001:db8::/32]:443", "www.example.org:8443"];
        assert!(servers.iter().all(|text| server(text).to_string() == *text));
        let selection = Selection {
            outcomes: vec![Outcome::Failed, Outcome::Abandoned],
            names: vec!["*.example.org".parse().expect("a pattern")],
            ..Selection::default()
        };
        assert_eq!(selection.to_string(), "outcome failed, abandoned; name *.example.org");
        assert_eq!(Selection::default().to_string(), "");
    }

    #[test]
    fn servers_by_address_network_and_port() {
        assert!(server("10.0.0.2").matches(at("10.0.0.2"), 443, None));
        assert!(!server("10.0.0.2").matches(at("10.0.0.3"), 443, None));
        assert!(server("10.0.0.0/8:443").matches(at("10.9.9.9"), 443, None));
        assert!(!server("10.0.0.0/8:443").matches(at("10.9.9.9"), 8443, None));
        assert!(!server("10.0.0.0/8").matches(at("11.0.0.1"), 443, None));
        assert!(server("0.0.0.0/0").matches(at("11.0.0.1"), 443, None));
        assert!(!server("0.0.0.0/0").matches(at("::1"), 443, None));
        assert!(server("2001:db8::1").matches(at("2001:db8::1"), 443, None));
        assert!(server("[2001:db8::/32]:443").matches(at("2001:db8:7::1"), 443, None));
        assert!(!server("2001:db8::/32").matches(at("2001:db9::1"), 443, None));
        assert!(server("::/0").matches(at("2001:db9::1"), 443, None));
    }

    #[test]
    fn servers_by_name_are_those_that_were_asked_for_by_it() {
        assert!(server("WWW.example.org").matches(at("10.0.0.2"), 443, Some(b"www.example.org")));
        assert!(server("www.example.org:443").matches(at("10.0.0.2"), 443, Some(b"www.example.org")));
        assert!(!server("www.example.org:444").matches(at("10.0.0.2"), 443, Some(b"www.example.org")));
        assert!(!server("example.org").matches(at("10.0.0.2"), 443, Some(b"www.example.org")));
        assert!(!server("example.org").matches(at("10.0.0.2"), 443, None));
    }

    #[test]
    fn what_is_no_server_is_told() {
        for wrong in
            ["", "10.0.0.0/33", "10.0.0.2:https", "[::1]443x", "example.org/24", "1:2:3", "10.0.0.2:", "::/129"]
        {
            assert!(wrong.parse::<Server>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn globs() {
        let fits = |glob: &str, name: &str| glob.parse::<Glob>().expect("a pattern").matches(name.as_bytes());
        assert!(fits("*.example.org", "www.example.org"));
        assert!(fits("*.example.org", "a.b.EXAMPLE.org"));
        assert!(!fits("*.example.org", "example.org"));
        assert!(!fits("*.example.org", "www.example.org.evil.test"));
        assert!(fits("*", ""));
        assert!(fits("w?w*e*", "www.example.org"));
        assert!(!fits("w?w", "www2"));
        assert!(fits("www.example.org", "www.example.org"));
        assert!(fits("*a*b*c*", "xxaxxbxxbxxc"));
        assert!(!fits("*a*b*c", "xxaxxbxxbxx"));
    }

    #[test]
    fn a_hostile_name_cannot_make_a_glob_slow() {
        let glob: Glob = "*a*a*a*a*a*a*a*a*b".parse().expect("a pattern");
        assert!(!glob.matches(&[b'a'; 60_000]));
    }
}
