//! Syslog over UDP: a datagram for each event (RFC 5426). Nobody answers for one, so an event counts as taken once it is
//! sent. Only that nobody listens is noticed, where the receiver's system says so.
//!
//! A datagram that finds a receiver's buffer full is gone, so they are sent at a bounded rate.

use super::super::options::Options;
use super::super::parcel::Parcel;
use super::syslog::Message;
use super::tcp::Address;
use super::{Receipt, Setback, Transport};
use nix::errno::Errno;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What fits into a datagram over IPv4 without jumbograms.
const MAX_DATAGRAM: usize = 65_507;
/// Datagrams a second, where nobody says otherwise.
const RATE: u32 = 5_000;
/// So many may follow upon each other without a pause: of the usual size they fit into the usual buffer of a receiver.
const BURST: u32 = 32;

/// A receiver of datagrams.
#[derive(Debug)]
pub(super) struct Datagrams {
    address: Address,
    message: Message,
    /// Datagrams a second.
    rate: u32,
    socket: Option<UdpSocket>,
    one: Vec<u8>,
}

impl Datagrams {
    /// Takes what concerns datagrams out of the options.
    ///
    /// # Errors
    /// It makes no sense.
    pub(super) fn take(address: Address, message: Message, options: &mut Options) -> Result<Self, String> {
        let rate = options.parsed("rate")?.unwrap_or(RATE);
        if rate == 0 {
            return Err("rate=0: it is a number of datagrams a second".into());
        }
        Ok(Self { address, message, rate, socket: None, one: Vec::new() })
    }

    fn connected(&mut self) -> Result<UdpSocket, Setback> {
        match self.socket.take() {
            Some(socket) => Ok(socket),
            None => self.address.first_that(open),
        }
    }

    /// Sends what is pending, all of it again where something goes wrong: what was sent last is lost then, if not more.
    fn send(&mut self, socket: &UdpSocket, parcel: &mut Parcel) -> io::Result<()> {
        let (began, mut sent) = (Instant::now(), 0);
        let mut too_long = Vec::new();
        for (place, event) in parcel.pending() {
            self.one.clear();
            self.message.write(&event, &mut self.one);
            match send_one(socket, &self.one) {
                Ok(()) => sent += 1,
                Err(error) if error.raw_os_error() == Some(Errno::EMSGSIZE as i32) => {
                    too_long.push((place, self.one.len()));
                }
                Err(error) => return Err(error),
            }
            if sent % BURST == 0 {
                let due = Duration::from_secs(1) * sent / self.rate;
                sleep(due.saturating_sub(began.elapsed()));
            }
        }
        socket.take_error()?.map_or(Ok(()), Err)?;
        for (place, length) in too_long {
            parcel.reject(place, || {
                format!("{length} bytes are too much for a datagram; use syslog+tcp or detail=brief")
            });
        }
        parcel.take_all();
        Ok(())
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let own: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own)?;
    socket.connect(address)?;
    Ok(socket)
}

fn send_one(socket: &UdpSocket, datagram: &[u8]) -> io::Result<()> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(io::Error::from_raw_os_error(Errno::EMSGSIZE as i32));
    }
    loop {
        match socket.send(datagram) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            sent => return sent.map(drop),
        }
    }
}

impl Transport for Datagrams {
    fn contact(&mut self) -> Result<String, Setback> {
        self.socket = Some(self.connected()?);
        Ok("datagrams are sent there; nobody answers for them".into())
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        let socket = self.connected()?;
        // After a setback the name may have another address.
        self.send(&socket, parcel).map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => Setback::new(format!("nobody listens at {}", self.address)),
            _ => Setback::new(format!("{} cannot be sent to: {error}", self.address)),
        })?;
        self.socket = Some(socket);
        Ok(Receipt::Acknowledged)
    }
}
