//! What a network sink needs of a protocol. Order, retries, the spool and the counters are the business of `delivery`;
//! a transport only knows how to hand events over and to understand the answer.

mod datagram;
mod elastic;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod splunk;
mod stream;
mod syslog;
mod tcp;
mod tls;
mod unix;
mod webhook;

use super::options::Options;
use super::parcel::Parcel;
use super::target::Scheme;
use std::fmt;
use std::time::Duration;

/// A way to a receiver. It connects when it is first used, and again after a setback.
pub trait Transport: Send + fmt::Debug {
    /// Connects, and asks what can be asked without sending an event: whether the receiver is there, is the right one, and
    /// takes these credentials. Says what it found, in a few words.
    ///
    /// # Errors
    /// It cannot be used as it is; in one line.
    fn contact(&mut self) -> Result<String, Setback>;

    /// Sends what is pending of a parcel, in order. What the receiver has answered for is noted in the parcel, and what it
    /// will never take is rejected there.
    ///
    /// # Errors
    /// What went wrong; what is still pending has to be sent again, later.
    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback>;

    /// Waits until the receiver has all that was [`Receipt::Sent`].
    ///
    /// # Errors
    /// It may not have it: all of it has to be sent again.
    fn confirm(&mut self) -> Result<(), Setback> {
        Ok(())
    }

    /// Nothing is sent for a while: a good time to see whether the connection still stands. True where the receiver turns
    /// out to have all that was [`Receipt::Sent`].
    ///
    /// # Errors
    /// What was sent and not confirmed may be lost: all of it has to be sent again.
    fn idle(&mut self) -> Result<bool, Setback> {
        Ok(false)
    }

    /// How many parcels that were [`Receipt::Sent`] the receiver turns out to have by now, the oldest first, since this was
    /// last asked.
    fn arrived(&mut self) -> usize {
        0
    }

    /// How far it can be trusted that what was [`Receipt::Sent`] will arrive.
    fn trust(&self) -> Trust {
        Trust::default()
    }

    /// Lines that are no JSON are of no use to the receiver.
    fn wants_json(&self) -> bool {
        false
    }
}

/// How far it can be trusted that what was [`Receipt::Sent`] will arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// So many bytes are sent before the receiver is asked whether it has them.
    pub bytes: usize,
    /// A setback with one parcel says nothing of those that were sent before.
    pub outlives_connection: bool,
}

impl Default for Trust {
    fn default() -> Self {
        Self { bytes: 4 * 1024 * 1024, outlives_connection: false }
    }
}

/// What is known of a parcel that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The receiver has answered for what the parcel says it has.
    Acknowledged,
    /// It is under way; [`Transport::confirm`] tells whether it has arrived. The events are marked as taken all the same.
    Sent,
}

/// Why something was not sent. It is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// What went wrong and what to do, in a line without the sink's name.
    pub what: String,
    /// How long the receiver asks to be left alone.
    pub after: Option<Duration>,
}

impl Setback {
    /// For this reason.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), after: None }
    }
}

impl fmt::Display for Setback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// A way to a receiver of this kind, to which nobody has connected yet. Takes what concerns it out of the options.
///
/// # Errors
/// A mistake of the user, in one line.
pub(super) fn prepare(scheme: Scheme, rest: &str, options: &mut Options) -> Result<Box<dyn Transport>, String> {
    Ok(match scheme {
        Scheme::Unix => unix::prepare(rest)?,
        Scheme::SyslogUdp => syslog::udp(rest, options)?,
        Scheme::SyslogTcp => syslog::tcp(rest, options)?,
        Scheme::SyslogTls => syslog::tls(rest, options)?,
        #[cfg(feature = "kafka")]
        Scheme::Kafka => Box::new(kafka::Kafka::prepare(rest, options)?),
        #[cfg(not(feature = "kafka"))]
        Scheme::Kafka => return Err("this build has no Kafka: build it with --features kafka".into()),
        Scheme::Elasticsearch { tls } => Box::new(elastic::Elastic::take("Elasticsearch", tls, rest, options)?),
        Scheme::OpenSearch { tls } => Box::new(elastic::Elastic::take("OpenSearch", tls, rest, options)?),
        Scheme::Splunk { tls } => Box::new(splunk::Splunk::take(tls, rest, options)?),
        Scheme::Webhook { tls } => Box::new(webhook::Webhook::take(tls, rest, options)?),
    })
}
