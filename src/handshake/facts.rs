//! What is known of one handshake: plain data, filled by the tracker and read by everything above the engine.

use crate::flow::FlowSerial;
use crate::flow::tcp::TcpFacts;
use crate::packet::{IcmpError, Tunnels, VlanTags};
use crate::time::{Mark, Timestamp};
use crate::tls::ParseError;
use crate::tls::registry::{AlertDescription, AlertLevel, CipherSuite, ContentType, HandshakeType, ProtocolVersion};
use std::net::SocketAddr;
use std::ops::Range;

/// The raw messages of one handshake are kept up to this many bytes; later ones keep their step in the timeline only.
pub const MAX_MESSAGE_BYTES: usize = 192 * 1024;
/// A timeline has at most this many steps.
pub const MAX_STEPS: usize = 96;
/// At most this many alerts of one handshake are kept.
pub const MAX_ALERTS: usize = 8;
/// At most this many encrypted records of each side are kept: half of them the first, half the last.
pub const MAX_RECORDS: usize = 24;
/// The first this many bytes of what a side said in another protocol are kept.
pub const MAX_PLAIN_HEAD: usize = 256;
/// And the last this many.
pub const MAX_PLAIN_TAIL: usize = 256;
/// At most this many lost ranges and parse faults are kept, each.
pub const MAX_FAULTS: usize = 16;

/// A TLS role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The one who sends ClientHello.
    Client,
    /// The one who answers it.
    Server,
}

impl Side {
    /// The other role.
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server: for arrays with a place for each.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// How a handshake went; the definitions are those of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Both sides finished and the connection was used, or stayed open for five seconds.
    Established,
    /// Both sides finished, then it was closed with no application data either way.
    Unused,
    /// As unused, closed within about a second, and something corroborates a refusal.
    Abandoned,
    /// Ended before it finished.
    Failed,
    /// The capture ends or lost what would tell, or nobody has given up yet.
    Unfinished,
}

impl Outcome {
    /// Both sides finished, and nothing says that one objected.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Established | Self::Unused)
    }

    /// One side refused, before it finished or after.
    pub const fn is_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Abandoned)
    }
}

/// What a step of the timeline was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A handshake message in the clear.
    Message(HandshakeType),
    /// An SSL 2.0 ClientHello (also one that offers later versions).
    Ssl2ClientHello,
    /// An SSL 2.0 ServerHello.
    Ssl2ServerHello,
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// An alert in the clear.
    Alert(AlertLevel, AlertDescription),
    /// An encrypted record of this outer type (TLS 1.2: 22 is Finished, 21 an alert; TLS 1.3: nearly all are 23).
    Encrypted(ContentType),
    /// The first record that is certainly application data.
    ApplicationData,
}

impl What {
    /// A ClientHello of any version.
    pub const fn is_client_hello(self) -> bool {
        matches!(self, Self::Message(HandshakeType::CLIENT_HELLO) | Self::Ssl2ClientHello)
    }
}

/// One step of a handshake, in the order its bytes were delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who sent it.
    pub from: Side,
    /// What it was.
    pub what: What,
    /// The frame that completed it.
    pub mark: Mark,
    /// Where it ended in its sender's byte stream.
    pub end: u64,
    /// False where the capture lacks a part of it.
    pub whole: bool,
    /// Where the message's body (without the four bytes of its header) lies in the buffer; empty where it was not kept.
    pub(super) body: Range<usize>,
}

/// A handshake message out of the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who sent it.
    pub from: Side,
    /// Its type.
    pub kind: HandshakeType,
    /// The frame that completed it.
    pub mark: Mark,
    /// False where the capture lacks a part of it: the body is what came before that.
    pub whole: bool,
    /// Its body, without the four bytes of its header.
    pub body: &'a [u8],
}

/// An alert that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub from: Side,
    /// Its level as sent.
    pub level: AlertLevel,
    /// What it says.
    pub description: AlertDescription,
    /// The frame that completed it.
    pub mark: Mark,
    /// Where it ended in its sender's byte stream.
    pub end: u64,
    /// How much of the other side's stream its sender had acknowledged with it, where the capture shows it.
    pub acknowledged: Option<u64>,
}

/// An encrypted record: all that can be seen of it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedRecord {
    /// The outer content type.
    pub content_type: ContentType,
    /// The length in its header.
    pub length: u16,
    /// Where it begins in its sender's byte stream.
    pub offset: u64,
    /// How much of the other side's stream its sender had acknowledged when it sent the record's first byte; absent
    /// where the capture does not show it.
    pub acknowledged: Option<u64>,
    /// The frame that began it.
    pub mark: Mark,
}

/// What ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseKind {
    /// A fatal alert or a close_notify.
    Alert,
    /// A TCP FIN.
    Fin,
    /// A TCP reset.
    Rst,
    /// An ICMP error.
    Icmp,
    /// Nothing was heard for so long that the flow was given up.
    Timeout,
    /// The capture ended first.
    CaptureEnd,
}

/// How and by whom a connection was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// What ended it.
    pub by: CloseKind,
    /// Who did it; absent where nobody of the two did.
    pub side: Option<Side>,
    /// When.
    pub mark: Mark,
}

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingWhy {
    /// The receiver acknowledged them, or later bytes came, and the capture never showed them.
    Lost,
    /// The capture cut its frames short.
    Snapped,
    /// The capture began after them.
    BeforeCapture,
    /// A bound on buffered bytes was reached.
    Bound,
    /// The capture shows no packet at all of this side.
    Unseen,
    /// The receiver never acknowledged them: it is not the capture that lacks them.
    Unacknowledged,
}

/// A range of one side's byte stream that the capture does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Whose bytes.
    pub from: Side,
    /// Offsets in that side's stream.
    pub range: Range<u64>,
    /// Why.
    pub why: MissingWhy,
}

/// A message that breaks the grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Who sent it.
    pub from: Side,
    /// The frame that completed it.
    pub mark: Mark,
    /// Which message, which field, where.
    pub error: ParseError,
}

/// What a side said in the clear that is no TLS: a greeting, a command, a request in the wrong protocol, an answer in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The first of it, at most [`MAX_PLAIN_HEAD`] bytes.
    pub head: Vec<u8>,
    /// The last of it, at most [`MAX_PLAIN_TAIL`] bytes; empty where the head has all.
    pub tail: Vec<u8>,
    /// How many bytes it was in all, as far as they were looked at.
    pub length: u64,
    /// The frame that began it.
    pub first: Mark,
    /// The last frame of it.
    pub last: Mark,
    /// True where it came after the other side's ClientHello, in place of an answer.
    pub answers_hello: bool,
}

/// What stood in the way of a ClientHello, or of the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The client said something else, and the server answered as one that expects TLS, or ended it without a word.
    NotTls,
    /// STARTTLS was asked for and refused; the server's last line says how. A ClientHello may follow all the same.
    StarttlsRefused {
        /// True where the client went on in the clear.
        went_on: bool,
    },
    /// The client asked what the server offers, STARTTLS was not there, and the client left.
    StarttlsNotOffered,
    /// The proxy did not open the way; its first line says why.
    ProxyRefused,
    /// There was no TCP connection: a reset or an ICMP error answered the SYN.
    ConnectionRefused,
    /// There was no TCP connection: nothing answered.
    ConnectionTimeout,
    /// The connection was closed without a word from either side.
    NothingSaid,
}

/// One handshake: the engine's product.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// Address and port of the TLS client.
    pub client: SocketAddr,
    /// Address and port of the TLS server.
    pub server: SocketAddr,
    /// True where no hello told the roles and they were taken from the TCP handshake or the ports.
    pub roles_guessed: bool,
    /// VLAN tags of its first frame.
    pub vlan: VlanTags,
    /// Tunnels of its first frame.
    pub tunnels: Tunnels,
    /// The capture's number of the interface that saw its first frame.
    pub interface: u32,
    /// The first frame of the handshake: its ClientHello's first byte, or the first of it that was seen.
    pub first: Mark,
    /// The last frame that belongs to it.
    pub last: Mark,
    /// The version that ServerHello (or a HelloRetryRequest) chose.
    pub version: Option<ProtocolVersion>,
    /// The suite that ServerHello (or a HelloRetryRequest) chose.
    pub cipher_suite: Option<CipherSuite>,
    /// How it went.
    pub outcome: Outcome,
    /// What ended it, where that was seen before it was settled.
    pub close: Option<Close>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The messages' bytes; [`Handshake::messages`] reads them.
    pub(super) bytes: Vec<u8>,
    /// The alerts that could be read, in order.
    pub alerts: Vec<Alert>,
    /// Encrypted records by sender ([`Side::index`]).
    pub records: [Vec<EncryptedRecord>; 2],
    /// When each side's Finished was seen or inferred ([`Side::index`]).
    pub finished: [Option<Mark>; 2],
    /// When each side's first application data was seen ([`Side::index`]).
    pub application_data: [Option<Mark>; 2],
    /// What TCP did under it.
    pub tcp: TcpFacts,
    /// ICMP errors about its packets, in order.
    pub icmp: Vec<(Mark, IcmpError)>,
    /// Bytes that the capture does not have.
    pub missing: Vec<Missing>,
    /// Messages that break the grammar.
    pub faults: Vec<Fault>,
    /// What each side said in the clear that is no TLS, before it or instead of it ([`Side::index`]).
    pub plain: [Option<Box<Plain>>; 2],
    /// The protocol in which TLS was asked for, as in `smtp`.
    pub starttls: Option<&'static str>,
    /// The proxy that was asked for a way, as in `connect www.example.org:443`; printable and short.
    pub via: Option<String>,
    /// What stood in the way of it. Where there is no ClientHello, this is why there is a handshake at all.
    pub obstacle: Option<Obstacle>,
    /// The capture's time when it was settled.
    pub settled: Timestamp,
    /// True where another handshake of this client had ended badly by then, and was not settled yet.
    pub may_be_retry: bool,
    /// The connection that it ran on.
    pub flow: FlowSerial,
}

impl Handshake {
    /// The messages in the clear, in order, as far as they were kept.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        self.steps.iter().filter_map(|step| {
            let What::Message(kind) = step.what else { return None };
            let body = self.bytes.get(step.body.clone())?;
            Some(Message { from: step.from, kind, mark: step.mark, whole: step.whole, body })
        })
    }

    /// The first message of a kind from one side.
    pub fn message(&self, from: Side, kind: HandshakeType) -> Option<Message<'_>> {
        self.messages().find(|message| message.from == from && message.kind == kind)
    }

    /// The body of an SSL 2.0 hello, without its record header.
    pub fn ssl2_hello(&self, from: Side) -> Option<&[u8]> {
        let step = self
            .steps
            .iter()
            .find(|step| step.from == from && matches!(step.what, What::Ssl2ClientHello | What::Ssl2ServerHello))?;
        self.bytes.get(step.body.clone())
    }

    /// What it takes, in bytes; lists of which most handshakes have a few entries are left out.
    pub const fn memory(&self) -> usize {
        let steps = self.steps.capacity().saturating_mul(size_of::<Step>());
        size_of::<Self>().saturating_add(self.bytes.capacity()).saturating_add(steps)
    }

    /// Gives back the memory that it does not need: half of it as a rule.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.steps.shrink_to_fit();
        self.records.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// True where the capture has all that the two sides are known to have sent.
    pub fn complete(&self) -> bool {
        self.missing.iter().all(|missing| missing.why == MissingWhy::Unacknowledged)
    }
}
