//! TCP to a host by name: over whichever of its addresses answers.

use super::Setback;
use super::stream::{Connection, Dial, HANGS};
use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// An address that does not answer for so long is passed over.
const CONNECT: Duration = Duration::from_secs(5);

/// A host and a port, as in `//logs.example.org:514`. Displays without the slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// A name or an IP address, without brackets.
    pub(super) host: String,
    port: u16,
}

impl Address {
    /// Reads what follows the colon of a sink's address; the port may be left out.
    ///
    /// # Errors
    /// It is no host and port.
    pub(super) fn parse(rest: &str, usual_port: u16) -> Result<Self, String> {
        let wrong = || format!("{rest} is no host and port, as in //logs.example.org:{usual_port} or //[2001:db8::1]");
        let place = rest.strip_prefix("//").ok_or_else(wrong)?;
        let place = place.strip_suffix('/').unwrap_or(place);
        let (host, port) = match place.strip_prefix('[').map(|place| place.split_once(']')) {
            Some(bracketed) => bracketed.ok_or_else(wrong)?,
            None => place.split_at(place.find(':').unwrap_or(place.len())),
        };
        let port = match port {
            "" => usual_port,
            port => port.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or_else(wrong)?,
        };
        match host.is_empty() || host.contains(['/', ' ']) {
            true => Err(wrong()),
            false => Ok(Self { host: host.to_owned(), port }),
        }
    }

    /// Tries its IP addresses until something works.
    ///
    /// # Errors
    /// The name has none, or the last thing that went wrong.
    pub(super) fn first_that<T>(&self, works: impl Fn(std::net::SocketAddr) -> io::Result<T>) -> Result<T, Setback> {
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        let found =
            found.map_err(|error| Setback::new(format!("the address of {} is not known: {error}", self.host)))?;
        let mut setback = Setback::new(format!("{} has no address", self.host));
        for address in found {
            match works(address) {
                Ok(made) => return Ok(made),
                Err(error) => setback = Setback::new(format!("{address} cannot be reached: {error}")),
            }
        }
        Err(setback)
    }

    /// Connects.
    ///
    /// # Errors
    /// Nobody answers.
    pub(super) fn connect(&self) -> Result<TcpStream, Setback> {
        self.first_that(|address| {
            let stream = TcpStream::connect_timeout(&address, CONNECT)?;
            stream.set_nodelay(true)?;
            stream.set_write_timeout(Some(HANGS))?;
            break_when_unheard(&stream)?;
            Ok(stream)
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Has the kernel break a connection when nobody acknowledges what it sends, rather than try for a quarter of an hour.
#[cfg(target_os = "linux")]
fn break_when_unheard(stream: &TcpStream) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
    let millis = u32::try_from(HANGS.as_millis()).unwrap_or(u32::MAX);
    Ok(setsockopt(stream, TcpUserTimeout, &millis)?)
}

#[cfg(not(target_os = "linux"))]
fn break_when_unheard(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// TCP without TLS.
#[derive(Debug)]
pub(super) struct Plain(pub(super) Address);

impl Dial for Plain {
    fn dial(&self) -> Result<Box<dyn Connection>, Setback> {
        Ok(Box::new(self.0.connect()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_may_be_left_out_and_ipv6_stands_in_brackets() {
        let parsed = |rest| Address::parse(rest, 514).map(|address| address.to_string());
        assert_eq!(parsed("//logs.example.org"), Ok("logs.example.org:514".into()));
        assert_eq!(parsed("//10.0.0.1:6514/"), Ok("10.0.0.1:6514".into()));
        assert_eq!(parsed("//[2001:db8::1]:601"), Ok("[2001:db8::1]:601".into()));
        assert_eq!(parsed("//[::1]"), Ok("[::1]:514".into()));
        for wrong in
            ["logs", "//", "//:514", "//2001:db8::1", "//host:", "//host:x", "//host:70000", "//host/path", "//[::1"]
        {
            assert!(parsed(wrong).is_err_and(|error| error.contains("//logs.example.org:514")), "{wrong}");
        }
    }
}
