//! What happened, in order: as short words for `history`, and with frames and times for `timeline`.

use super::name::Registered;
use super::value::Time;
use crate::handshake::{Handshake, Side, Step, What};
use crate::tls::HELLO_RETRY_REQUEST_RANDOM;
use crate::tls::registry::{ContentType, HandshakeType};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

/// The word for one step: the message's registered name, or what stands for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Word {
    Step(What),
    HelloRetryRequest,
}

/// Each step and its word.
pub(super) fn steps(handshake: &Handshake) -> impl Iterator<Item = (&Step, Word)> {
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

impl Word {
    /// Appends it.
    fn push_to(self, text: &mut String) {
        let Self::Step(what) = self else { return text.push_str("hello_retry_request") };
        match what {
            What::Message(kind) => push_name(text, kind),
            What::Ssl2ClientHello => text.push_str("ssl2_client_hello"),
            What::Ssl2ServerHello => text.push_str("ssl2_server_hello"),
            What::ChangeCipherSpec => text.push_str("change_cipher_spec"),
            What::Alert(_, description) => {
                text.push_str("alert:");
                push_name(text, description);
            }
            What::Encrypted(ContentType::HANDSHAKE) => text.push_str("encrypted_handshake"),
            What::Encrypted(ContentType::ALERT) => text.push_str("encrypted_alert"),
            What::Encrypted(_) => text.push_str("encrypted"),
            What::ApplicationData => text.push_str("application_data"),
        }
    }
}

fn push_name(text: &mut String, value: impl Registered) {
    match value.registered_name() {
        Some(name) => text.push_str(name),
        None => text.push_str(&value.to_string()),
    }
}

/// `history`.
#[derive(Debug)]
pub(super) struct History<'a>(pub(super) &'a Handshake);

impl Serialize for History<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut words = serializer.serialize_seq(Some(self.0.steps.len()))?;
        let mut text = String::new();
        for (step, word) in steps(self.0) {
            text.clear();
            match step.from {
                Side::Client => {
                    word.push_to(&mut text);
                    text.push('>');
                }
                Side::Server => {
                    text.push('<');
                    word.push_to(&mut text);
                }
            }
            words.serialize_element(&text)?;
        }
        words.end()
    }
}

/// `timeline`.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub(super) handshake: &'a Handshake,
    /// Frames have numbers.
    pub(super) numbered: bool,
}

#[derive(Serialize)]
struct Entry {
    side: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    time: Time,
}

impl Serialize for Timeline<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(steps(self.handshake).map(|(step, word)| {
            let mut message = String::new();
            word.push_to(&mut message);
            let frame = self.numbered.then_some(step.mark.frame);
            Entry { side: step.from.name(), message, frame, time: Time(step.mark.time) }
        }))
    }
}
