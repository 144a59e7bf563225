//! A stream socket of this machine: the lines as they are, each with its line feed. Vector, Fluent Bit and socat read that.

use super::super::batch::Event;
use super::stream::{Connection, Dial, Encode, HANGS, Stream};
use super::{Setback, Transport};
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// A way to whoever listens on the socket of this path.
///
/// # Errors
/// No socket can have it.
pub(super) fn prepare(rest: &str) -> Result<Box<dyn Transport>, String> {
    // As an address it is unix:///run/events.sock.
    let path = PathBuf::from(rest.strip_prefix("//").unwrap_or(rest));
    if path.as_os_str().is_empty() {
        return Err("names no path, as in unix:/run/events.sock".into());
    }
    let address = UnixAddr::new(&path).map_err(|_| format!("{} is too long for a socket's path", path.display()))?;
    Ok(Box::new(Stream::new(Socket { path, address }, Lines)))
}

#[derive(Debug)]
struct Socket {
    path: PathBuf,
    address: UnixAddr,
}

impl Dial for Socket {
    fn dial(&self) -> Result<Box<dyn Connection>, Setback> {
        let connected = self.connect().map_err(|error| {
            let path = self.path.display();
            Setback::new(match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOENT) => format!("there is no {path}; is the receiver running?"),
                Some(Errno::ECONNREFUSED) => format!("nobody listens on {path}; is the receiver running?"),
                Some(Errno::EPROTOTYPE) => format!("{path} is a socket of datagrams; a stream is needed"),
                Some(Errno::EAGAIN) => format!("whoever listens on {path} takes no connections; does it hang?"),
                _ => format!("{path}: {error}"),
            })
        })?;
        Ok(Box::new(connected))
    }
}

impl Socket {
    /// Connects, and waits no longer than for a write: the standard library's call waits for ever where the receiver hangs
    /// and its backlog is full.
    fn connect(&self) -> io::Result<UnixStream> {
        let stream = UnixStream::from(socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None)?);
        stream.set_write_timeout(Some(HANGS))?;
        connect(stream.as_raw_fd(), &self.address)?;
        Ok(stream)
    }
}

#[derive(Debug)]
struct Lines;

impl Encode for Lines {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(event.line);
        out.push(b'\n');
    }
}
