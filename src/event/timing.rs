//! How long things took, as seen where the capture was made.

use super::value::Millis;
use crate::handshake::{Handshake, Side};
use crate::time::Timestamp;
use crate::tls::registry::HandshakeType;
use serde::Serialize;

/// `timing`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Timing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tcp_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rtt_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_hello_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finished_ms: Option<Millis>,
}

impl Timing {
    /// Nothing where nothing was measured.
    pub(super) fn of(handshake: &Handshake) -> Option<Self> {
        let tcp_ms = tcp(handshake);
        let hello = handshake.message(Side::Client, HandshakeType::CLIENT_HELLO);
        let answer =
            handshake.messages().find(|message| message.from == Side::Server && ANSWERS.contains(&message.kind));
        let after_hello = |later: Timestamp| Millis::between(hello?.mark.time, later);
        let [client, server] = handshake.finished;
        let timing = Self {
            tcp_ms,
            rtt_ms: tcp_ms.filter(|_| !syn_repeated(handshake)),
            server_hello_ms: answer.and_then(|answer| after_hello(answer.mark.time)),
            finished_ms: client.zip(server).and_then(|(one, other)| after_hello(one.time.max(other.time))),
        };
        (timing != Self::default()).then_some(timing)
    }
}

/// What answers a ClientHello; drafts of TLS 1.3 had a HelloRetryRequest of its own kind.
const ANSWERS: [HandshakeType; 2] = [HandshakeType::SERVER_HELLO, HandshakeType::HELLO_RETRY_REQUEST];

/// From the SYN to the SYN that answers it. The TLS client is nearly always the one who opened, but need not be.
fn tcp(handshake: &Handshake) -> Option<Millis> {
    let [client, server] = &handshake.tcp.sides;
    let (one, other) = (client.syn?.time, server.syn?.time);
    Millis::between(one.min(other), one.max(other))
}

/// A SYN that was sent again does not tell which of them was answered.
fn syn_repeated(handshake: &Handshake) -> bool {
    handshake.tcp.sides.iter().any(|side| side.anomalies.syn_retransmissions.count > 0)
}
