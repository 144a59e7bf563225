//! Proxies that are asked for a way to a server: HTTP's CONNECT (RFC 9110 section 9.3.6), SOCKS 4 and 5 (RFC 1928, 1929).
//! TLS runs on any port, so a way to any port may be one for TLS.

use super::{Progress, http, printable};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A CONNECT request.
#[derive(Debug)]
pub(super) struct Connect {
    target: String,
}

impl Connect {
    /// The request that a client's first bytes are.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let line = bytes.strip_prefix(b"CONNECT ")?;
        let target = line.split(|&byte| byte == b' ').next()?;
        line.get(target.len()..)?.strip_prefix(b" HTTP/1.")?;
        let port = target.rsplit(|&byte| byte == b':').next()?;
        str::from_utf8(port).ok()?.parse::<u16>().ok()?;
        Some(Self { target: printable(target) })
    }

    /// Any 2xx opens the way; a refusal may ask for credentials, and the client may come again.
    pub(super) fn says(&mut self, before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
        match (from_client, before, http::status(bytes)) {
            (true, Progress::Open | Progress::Refused { .. }, _) => Progress::Asked,
            (false, Progress::Asked, Some(200..=299)) => Progress::Accepted,
            (false, Progress::Asked, Some(300..)) => Progress::Refused { went_on: false },
            _ => before,
        }
    }
}

impl fmt::Display for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connect {}", self.target)
    }
}

/// A conversation in SOCKS.
#[derive(Debug)]
pub(super) struct Socks {
    version: u8,
    /// Where the client asked to be led; empty before that.
    target: String,
}

impl Socks {
    /// The conversation that a client's first bytes begin: a list of ways to authenticate, or version 4's request.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [5, count, ref methods @ ..] if count > 0 && methods.len() == usize::from(count) => {
                Some(Self { version: 5, target: String::new() })
            }
            [4, 1, ..] => Some(Self { version: 4, target: target4(bytes)? }),
            _ => None,
        }
    }

    /// The first words of version 5 ask for a way to authenticate (section 3), the credentials come next if they are
    /// wanted, then where to lead.
    pub(super) fn says(&mut self, before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
        let refused = Progress::Refused { went_on: false };
        if from_client {
            if self.version == 5 && self.target.is_empty() {
                self.target = target5(bytes).unwrap_or_default();
            }
            return if before == Progress::Open { Progress::Asked } else { before };
        }
        match (self.version, before, bytes) {
            // No way to authenticate is good enough, or the credentials are wrong (RFC 1929 section 2).
            (5, Progress::Asked, [5, 0xff] | [1, 1..=255]) if self.target.is_empty() => refused,
            (5, Progress::Asked, _) if self.target.is_empty() => before,
            (5, Progress::Asked, [5, 0, ..]) | (4, Progress::Asked, [0, 0x5a, ..]) => Progress::Accepted,
            // None of the ways to authenticate is good enough.
            (5, Progress::Open, [5, 0xff]) => refused,
            (5, Progress::Asked, [5, 1..=255, ..]) | (4, Progress::Asked, [0, 0x5b..=0x5d, ..]) => refused,
            _ => before,
        }
    }
}

impl fmt::Display for Socks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.target.is_empty() { f.write_str("socks") } else { write!(f, "socks {}", self.target) }
    }
}

/// `HOST:PORT`.
fn target(host: &str, port: [u8; 2]) -> String {
    format!("{host}:{}", u16::from_be_bytes(port))
}

/// Version 4: port, address, user; 4a: an address 0.0.0.x says that a name stands behind the user.
fn target4(bytes: &[u8]) -> Option<String> {
    let (&[_, _, high, low, a, b, c, d], rest) = bytes.split_first_chunk()?;
    let mut fields = rest.strip_suffix(&[0])?.split(|&byte| byte == 0).skip(1);
    let host = match (a, b, c, d) {
        (0, 0, 0, 1..) => printable(fields.next()?),
        _ => Ipv4Addr::new(a, b, c, d).to_string(),
    };
    Some(target(&host, [high, low]))
}

/// Version 5: version, CONNECT, zero, the kind of address, the address, the port.
fn target5(bytes: &[u8]) -> Option<String> {
    let (&[5, 1, 0, kind], rest) = bytes.split_first_chunk()? else { return None };
    let (host, rest) = match kind {
        1 => rest.split_first_chunk::<4>().map(|(address, rest)| (Ipv4Addr::from(*address).to_string(), rest))?,
        3 => {
            let (&length, rest) = rest.split_first()?;
            let (name, rest) = rest.split_at_checked(usize::from(length))?;
            (printable(name), rest)
        }
        4 => rest.split_first_chunk::<16>().map(|(address, rest)| (format!("[{}]", Ipv6Addr::from(*address)), rest))?,
        _ => return None,
    };
    Some(target(&host, *rest.first_chunk()?))
}
