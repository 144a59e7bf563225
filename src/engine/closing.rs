//! Handshakes that have ended badly and are listened to for a while yet. A try again by the same client may be established
//! before they are settled; whoever tells of it has to know that there may be more to say.

use crate::handshake::{Handshake, Outcome};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::net::IpAddr;

/// At most so many are known, the latest.
const MAX_CLOSING: usize = 256;

/// Both ends of connections that will be settled soon, and when at the earliest.
#[derive(Debug, Default)]
pub(super) struct Closing(VecDeque<(Timestamp, [IpAddr; 2])>);

impl Closing {
    /// A connection will be settled at `until`.
    pub(super) fn add(&mut self, ends: [IpAddr; 2], until: Timestamp) {
        if self.0.len() >= MAX_CLOSING {
            self.0.pop_front();
        }
        self.0.push_back((until, ends));
    }

    /// Takes note in a handshake that was settled at `now` of what else its client did.
    pub(super) fn tell(&mut self, handshake: Option<&mut Box<Handshake>>, now: Timestamp) {
        while self.0.front().is_some_and(|(until, _)| *until <= now) {
            self.0.pop_front();
        }
        if self.0.is_empty() {
            return;
        }
        let Some(handshake) = handshake.filter(|handshake| handshake.outcome == Outcome::Established) else { return };
        let client = handshake.client.ip();
        handshake.may_be_retry |= self.0.iter().any(|(until, ends)| *until > now && ends.contains(&client));
    }
}
