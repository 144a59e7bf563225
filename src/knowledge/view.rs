//! What is told of a server and of a client's other tries when a handshake is judged. Plain data, so that rules can be
//! tested without a memory behind them.

use crate::fingerprint::EventId;
use crate::handshake::Outcome;
use crate::time::Timestamp;
use crate::tls::registry::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::x509::Judgement;
use std::net::SocketAddr;
use std::sync::Arc;

/// How often a value was seen in other handshakes with this server, and how many different clients showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<T> {
    /// The value.
    pub value: T,
    /// Handshakes.
    pub count: u32,
    /// Different client addresses, counted up to a bound.
    pub clients: u32,
    /// The last time.
    pub last: Timestamp,
}

/// A chain that the server showed in the clear in another handshake.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The chain, judged at the time of the handshake that is being diagnosed and for the name that it asks for.
    pub judgement: Arc<Judgement>,
    /// When it was last seen.
    pub last: Timestamp,
    /// True where it was shown for the same name (or, without one, for no name).
    pub same_name: bool,
}

/// What other handshakes have shown of a server: one address and port. The handshake under judgement is not counted.
#[derive(Clone, Debug, Default)]
pub struct ServerView {
    /// Handshakes that both sides finished.
    pub finished: u32,
    /// Different client addresses among them, counted up to a bound.
    pub clients: u32,
    /// Handshakes that failed or were abandoned.
    pub failed: u32,
    /// Versions that it chose, most frequent first. A ServerHello is enough.
    pub versions: Vec<Seen<ProtocolVersion>>,
    /// The highest version that it was offered and did not choose. A server that was only ever offered less may speak more.
    pub declined: Option<ProtocolVersion>,
    /// Suites that it chose.
    pub cipher_suites: Vec<Seen<CipherSuite>>,
    /// Groups that it chose, or asked for with a HelloRetryRequest.
    pub groups: Vec<Seen<NamedGroup>>,
    /// Application protocols that it chose in the clear.
    pub alpn: Vec<Seen<Vec<u8>>>,
    /// Finished handshakes whose ClientHello had no server name.
    pub finished_without_name: u32,
    /// Names with which handshakes were finished; at most a handful, the latest.
    pub names: Vec<String>,
    /// What is known of the server under the name asked for.
    pub name: NameView,
    /// What is known of that name at other addresses and ports.
    pub name_elsewhere: NameView,
    /// Handshakes in which it asked for a client certificate, as far as that could be seen.
    pub asked_for_certificate: u32,
    /// A chain that it showed elsewhere: for the same name where there is one, else the latest.
    pub chain: Option<Shown>,
    /// Under how many sites that have nothing to do with each other, whatever their addresses, the issuer of the chain at
    /// hand (this handshake's where it shows one, else [`ServerView::chain`]) was seen; counted up to a bound.
    pub names_under_issuer: u32,
    /// True where other handshakes for the same name, with this address or others, showed a chain from another, trusted
    /// issuer.
    pub others_see_another_issuer: bool,
    /// When a handshake with it last succeeded.
    pub last_success: Option<Timestamp>,
    /// When one last failed.
    pub last_failure: Option<Timestamp>,
}

/// What is known of a server under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameView {
    /// Handshakes with this name that both sides finished.
    pub finished: u32,
    /// Those of them whose connections were used.
    pub used: u32,
    /// Handshakes with this name that failed.
    pub failed: u32,
}

/// The same client's other tries at the same server (address and port, or name), within seconds.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Those that began before this one, in order: the nearest few.
    pub earlier: Vec<Attempt>,
    /// Those that began after it, in order, as far as they are known when the verdict is due: the nearest few.
    pub later: Vec<Attempt>,
    /// All of them, also those that are too many to be listed: one address may have many clients behind it.
    pub others: u32,
    /// The id of the earlier, failed try of which this one is a retry.
    pub retry_of: Option<EventId>,
    /// The same client's FTP control connection under TLS to the same host, whatever the port, that finished last before
    /// this handshake: what a data connection belongs to.
    pub control: Option<Attempt>,
    /// The try that is this one's retry, where this one failed.
    pub retry: Option<Attempt>,
    /// A try for the same name over the other address family, begun nearly at once with a hello of the same shape, that
    /// finished: with another address, and most likely of the same client.
    pub rival: Option<Attempt>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its event's id.
    pub id: EventId,
    /// When it began.
    pub start: Timestamp,
    /// When both sides had finished.
    pub finished: Option<Timestamp>,
    /// How it went.
    pub outcome: Outcome,
    /// The server's address.
    pub server: SocketAddr,
    /// The name asked for.
    pub sni: Option<Arc<str>>,
    /// The highest version offered.
    pub highest: Option<ProtocolVersion>,
    /// True where it offered a post-quantum key share.
    pub post_quantum: bool,
    /// True where its hello has the shape of that of the handshake whose story is told: the same program's, most likely.
    pub alike: bool,
}
