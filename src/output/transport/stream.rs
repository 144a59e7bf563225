//! What all streams of bytes have in common: a socket of this machine, TCP, TLS. Events are written one after the other, and
//! nobody answers for them.
//!
//! So they are sent on trust, and from time to time the receiver is asked: we close our direction of the connection, and
//! wait until it closes its own. A receiver that does so has read to the end, and so it has read everything. The next event
//! goes over a new connection. What the receiver makes of what it has read is its own affair: a queue in its memory does not
//! outlive it.
//!
//! - A connection that breaks, or that is closed before we have asked, may have taken events with it. All that were sent since
//!   the last answer are sent again.
//! - After such a setback the receiver is asked after the first parcel already, so that it counts as well only when it is.
//! - A receiver that does not close has them all the same, as far as TCP can tell: the kernel breaks a connection whose bytes
//!   nobody acknowledges (`TCP_USER_TIMEOUT`, on Linux). One that has never closed is believed, and waited for no longer; what
//!   it had not read when it died is lost. One that has closed before hangs, and gets them again.

#[cfg(test)]
mod tests;

use super::super::batch::Event;
use super::super::parcel::Parcel;
use super::tls::trouble;
use super::{Receipt, Setback, Transport};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A receiver that takes nothing for so long hangs.
pub(super) const HANGS: Duration = Duration::from_secs(30);
/// So long it is waited for a receiver to close: longer than the kernel waits for what it sent to be acknowledged.
const ANSWER: Duration = Duration::from_secs(35);
/// And so long for one that does not.
const DEAF_ANSWER: Duration = Duration::from_secs(1);
/// When nothing was sent for so long, the receiver is asked. Whoever closes connections that are idle waits longer.
const QUIET: Duration = Duration::from_secs(10);
/// A receiver that turns us away does so within a few round trips; no less and no more than this is waited for that.
const REFUSAL: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// A receiver has nothing to say. One that says more than so many kilobytes is listened to later.
const MAX_SAID: u32 = 64;
/// No round trip takes longer.
const LONGEST_TRIP: Duration = Duration::from_millis(500);

/// How a connection is made.
pub(super) trait Dial: Send + fmt::Debug {
    /// Connects.
    ///
    /// # Errors
    /// Why not.
    fn dial(&self) -> Result<Box<dyn Connection>, Setback>;

    /// What it means that the receiver closes a connection before anything was sent.
    fn turned_away(&self) -> &'static str {
        "it closes the connection at once"
    }
}

/// A connection to a receiver. What it says is not listened to, only whether it has closed.
pub(super) trait Connection: Read + Write + Send + fmt::Debug {
    /// Reading does not wait.
    ///
    /// # Errors
    /// The system's word.
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;

    /// Reading waits no longer than this.
    ///
    /// # Errors
    /// The system's word.
    fn set_patience(&self, patience: Duration) -> io::Result<()>;

    /// Nothing more will be written: closes our direction.
    ///
    /// # Errors
    /// It is broken.
    fn end(&mut self) -> io::Result<()>;

    /// What went wrong since somebody looked, though nothing was read or written.
    ///
    /// # Errors
    /// That.
    fn fault(&self) -> io::Result<()>;
}

/// Sockets of both kinds work alike.
macro_rules! connection {
    ($($socket:ty),*) => {$(
        impl Connection for $socket {
            fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                Self::set_nonblocking(self, nonblocking)
            }

            fn set_patience(&self, patience: Duration) -> io::Result<()> {
                self.set_read_timeout(Some(patience))
            }

            fn end(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            fn fault(&self) -> io::Result<()> {
                self.take_error()?.map_or(Ok(()), Err)
            }
        }
    )*};
}

connection!(TcpStream, UnixStream);

/// How an event stands in a stream.
pub(super) trait Encode: Send + fmt::Debug {
    /// Appends the event.
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>);
}

/// A receiver of a stream.
#[derive(Debug)]
pub(super) struct Stream {
    dial: Box<dyn Dial>,
    encode: Box<dyn Encode>,
    connection: Option<Box<dyn Connection>>,
    /// How long it took to connect: some round trips.
    distance: Duration,
    buffer: Vec<u8>,
    /// When the last was sent of what is not confirmed, if anything is.
    unconfirmed: Option<Instant>,
    /// The last thing went wrong.
    wary: bool,
    /// Whether the receiver closes when it is asked, where that is known.
    answers: Option<bool>,
    /// How long it is waited for that.
    patience: Duration,
}

impl Stream {
    /// A receiver that is reached and written to like this.
    pub(super) fn new(dial: impl Dial + 'static, encode: impl Encode + 'static) -> Self {
        Self {
            dial: Box::new(dial),
            encode: Box::new(encode),
            connection: None,
            distance: Duration::ZERO,
            buffer: Vec::new(),
            unconfirmed: None,
            wary: false,
            answers: None,
            patience: ANSWER,
        }
    }

    fn connected(&mut self) -> Result<&mut dyn Connection, Setback> {
        if self.connection.is_none() {
            let began = Instant::now();
            self.connection = Some(self.dial.dial()?);
            self.distance = began.elapsed();
        }
        // It was just set.
        self.connection.as_deref_mut().map(|connection| connection as _).ok_or_else(|| Setback::new("no connection"))
    }

    /// Looks whether the connection still stands: a write into one that the receiver has closed succeeds all the same.
    fn look(&mut self) -> Result<(), Setback> {
        let Some(connection) = self.connection.as_deref_mut() else { return Ok(()) };
        let looked = is_closed(connection);
        if matches!(looked, Ok(false)) {
            return Ok(());
        }
        self.connection = None;
        match looked {
            // Nothing is lost with it.
            _ if self.unconfirmed.is_none() => Ok(()),
            Ok(_) => Err(closed_early()),
            Err(error) => Err(broken(&error)),
        }
    }

    fn send(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        self.look()?;
        self.buffer.clear();
        parcel.pending().for_each(|(_, event)| self.encode.encode(&event, &mut self.buffer));
        let buffer = std::mem::take(&mut self.buffer);
        let connection = self.connected()?;
        let written = connection.write_all(&buffer).and_then(|()| connection.flush());
        self.buffer = buffer;
        written.map_err(|error| broken(&error))?;
        self.unconfirmed = Some(Instant::now());
        if !self.wary {
            return Ok(Receipt::Sent);
        }
        self.ask()?;
        parcel.take_all();
        Ok(Receipt::Acknowledged)
    }

    /// Asks the receiver whether it has everything.
    fn ask(&mut self) -> Result<(), Setback> {
        self.look()?;
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let patience = if self.answers == Some(false) { DEAF_ANSWER } else { self.patience };
        let closed = connection
            .end()
            .and_then(|()| closes(connection.as_mut(), Instant::now() + patience))
            .and_then(|closed| {
                // Its end may have crossed with ours: then it is told that we had sent more, and so are we.
                sleep(if closed { self.distance.min(LONGEST_TRIP) } else { Duration::ZERO });
                connection.fault().map(|()| closed)
            })
            .map_err(|error| broken(&error))?;
        if !closed && self.answers == Some(true) {
            return Err(Setback::new(format!("it has not read everything within {} s", patience.as_secs())));
        }
        self.answers = Some(closed);
        (self.unconfirmed, self.wary) = (None, false);
        Ok(())
    }

    /// What follows from how it went: a connection on which something went wrong is not used again.
    fn after<T>(&mut self, went: Result<T, Setback>) -> Result<T, Setback> {
        if went.is_err() {
            (self.connection, self.unconfirmed, self.wary) = (None, None, true);
        }
        went
    }
}

impl Transport for Stream {
    fn contact(&mut self) -> Result<String, Setback> {
        let dialled = self.connected().map(drop);
        self.after(dialled)?;
        let [least, most] = REFUSAL;
        let patience = (self.distance * 3).clamp(least, most);
        let refused =
            match self.connection.as_deref_mut().map(|connection| closes(connection, Instant::now() + patience)) {
                Some(Ok(true)) => Err(Setback::new(self.dial.turned_away())),
                Some(Err(error)) => Err(broken(&error)),
                _ => Ok("connected".into()),
            };
        self.after(refused)
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        let sent = self.send(parcel);
        self.after(sent)
    }

    fn confirm(&mut self) -> Result<(), Setback> {
        let asked = self.ask();
        self.after(asked)
    }

    fn idle(&mut self) -> Result<bool, Setback> {
        let quiet = self.unconfirmed.is_some_and(|since| since.elapsed() >= QUIET);
        let looked = if quiet { self.ask() } else { self.look() };
        self.after(looked).map(|()| quiet)
    }
}

/// Whether the other side has closed, without waiting for it.
fn is_closed(connection: &mut dyn Connection) -> io::Result<bool> {
    connection.set_nonblocking(true)?;
    let closed = closes(connection, Instant::now());
    connection.set_nonblocking(false)?;
    closed
}

/// Whether the other side closes until then. What it says instead is passed over.
fn closes(connection: &mut dyn Connection, deadline: Instant) -> io::Result<bool> {
    let mut said = [0; 1024];
    let mut too_much = MAX_SAID;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        connection.set_patience(left.max(Duration::from_millis(1)))?;
        match connection.read(&mut said) {
            Ok(0) => return Ok(true),
            // TLS that ends without a word: the connection has been closed all the same.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(true),
            Ok(_) if too_much == 0 => return Ok(false),
            Ok(_) => too_much -= 1,
            Err(error) if is_late(&error) => {
                if left.is_zero() {
                    return Ok(false);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    // A socket's timeout is told as EAGAIN; ETIMEDOUT is the kernel's word that the other side is out of reach.
    error.kind() == ErrorKind::WouldBlock
}

fn closed_early() -> Setback {
    Setback::new("it closed the connection; what it may not have read is sent again")
}

fn broken(error: &io::Error) -> Setback {
    Setback::new(match error.kind() {
        ErrorKind::WouldBlock => format!("it has taken nothing for {} s", HANGS.as_secs()),
        _ => format!("the connection broke: {}", trouble(error)),
    })
}
