//! What happened, in order: as short words for `history`, and with frames and times for `timeline`.

use super::value::{Shown, Time};
use crate::handshake::{Handshake, Side, Step, What};
use crate::tls::HELLO_RETRY_REQUEST_RANDOM;
use crate::tls::registry::{ContentType, HandshakeType};
use serde::{Serialize, Serializer};
use std::fmt;

/// The word for one step: the message's registered name, or what stands for it.
#[derive(Clone, Copy, Debug)]
enum Word {
    Step(What),
    HelloRetryRequest,
}

/// Each step and its word.
fn steps(handshake: &Handshake) -> impl Iterator<Item = (&Step, Word)> {
    // Each step that is a message has the next message's body.
    let mut messages = handshake.messages();
    handshake.steps.iter().map(move |step| {
        let body = if let What::Message(_) = step.what { messages.next().map(|message| message.body) } else { None };
        let retry = step.what == What::Message(HandshakeType::SERVER_HELLO) && body.is_some_and(is_hello_retry_request);
        (step, if retry { Word::HelloRetryRequest } else { Word::Step(step.what) })
    })
}

/// TLS 1.3's HelloRetryRequest is a ServerHello with a random of its own (RFC 8446 section 4.1.3), after the version.
fn is_hello_retry_request(body: &[u8]) -> bool {
    body.get(2..).is_some_and(|rest| rest.starts_with(&HELLO_RETRY_REQUEST_RANDOM))
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Step(what) = self else { return f.write_str("hello_retry_request") };
        f.write_str(match what {
            What::Message(kind) => return kind.fmt(f),
            What::Ssl2ClientHello => "ssl2_client_hello",
            What::Ssl2ServerHello => "ssl2_server_hello",
            What::ChangeCipherSpec => "change_cipher_spec",
            What::Alert(_, description) => return write!(f, "alert:{description}"),
            What::Encrypted(ContentType::HANDSHAKE) => "encrypted_handshake",
            What::Encrypted(ContentType::ALERT) => "encrypted_alert",
            What::Encrypted(_) => "encrypted",
            What::ApplicationData => "application_data",
        })
    }
}

/// `history`.
#[derive(Debug)]
pub(super) struct History<'a>(pub(super) &'a Handshake);

impl Serialize for History<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(steps(self.0).map(|(step, word)| Shown(Directed(step.from, word))))
    }
}

/// A step with an arrow that points from the client to the server or back.
struct Directed(Side, Word);

impl fmt::Display for Directed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Side::Client => write!(f, "{}>", self.1),
            Side::Server => write!(f, "<{}", self.1),
        }
    }
}

/// `timeline`.
#[derive(Debug)]
pub(super) struct Timeline<'a>(pub(super) &'a Handshake);

#[derive(Serialize)]
struct Entry {
    side: &'static str,
    message: Shown<Word>,
    frame: u64,
    time: Time,
}

impl Serialize for Timeline<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(steps(self.0).map(|(step, word)| Entry {
            side: step.from.name(),
            message: Shown(word),
            frame: step.mark.frame,
            time: Time(step.mark.time),
        }))
    }
}
