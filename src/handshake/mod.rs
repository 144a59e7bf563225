//! The tracker: the messages, records and transport facts of one flow become a [`Handshake`], the product of the engine.
//!
//! A `Handshake` holds what was seen, not what it means: raw messages in one buffer with a timeline over it, alerts, the
//! sizes of encrypted records, how the connection ended and what the capture lacked. What can be read out of the messages
//! ([`Handshake::negotiated`]) is decoded when it is asked for, on the thread that needs it.

mod building;
pub mod facts;
pub mod negotiated;
pub mod outcome;
mod plain;
mod refusal;
#[cfg(test)]
pub(crate) mod sample;
mod second_flight;
mod sniff;
mod stream;
pub mod tracker;
mod transport;

pub use facts::{
    Alert, Close, CloseKind, EncryptedRecord, Fault, Handshake, Message, Missing, MissingWhy, Obstacle, Outcome, Plain,
    Side, Step, What,
};
pub use negotiated::{ClientAuth, EarlyData, Ech, Negotiated};
pub use refusal::Refusal;
