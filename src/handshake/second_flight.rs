//! The client's second flight of TLS 1.3, read out of the lengths of its records.

use super::facts::{EncryptedRecord, Handshake, Side};
use crate::tls::ClientHello;
use crate::tls::registry::{CipherSuite, ExtensionType, HandshakeType};

/// The client's second flight has at most this many records before its Finished: EndOfEarlyData, Certificate (in a few
/// records where it is large), CertificateVerify.
const MAX_FLIGHT: usize = 8;

/// Extensions by which a client offers to send settings of the application protocol in a message of its own before its
/// Finished (draft-vvv-tls-alps; the number changed once).
const APPLICATION_SETTINGS: [ExtensionType; 2] =
    [ExtensionType::APPLICATION_SETTINGS_OLD, ExtensionType::APPLICATION_SETTINGS];
/// The longest such settings that are told from other things.
const MAX_APPLICATION_SETTINGS: u16 = 32;

/// How the client's certificate went, by the lengths of its second flight in TLS 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightAuth {
    /// The flight has no certificate.
    None,
    /// The client had to say that it has no certificate.
    Empty,
    /// It sent one.
    Sent,
    /// The lengths do not tell.
    Unclear,
}

/// The client's second flight of TLS 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFlight {
    /// Not seen, or not enough of it.
    Pending,
    /// An alert-sized record stands in place of it.
    Refused {
        /// Its index among the client's records.
        at: usize,
    },
    /// It ended in what must be Finished.
    Done {
        /// What it says of the client's certificate.
        auth: FlightAuth,
        /// True where it began with what must be EndOfEarlyData.
        early_data: bool,
        /// The index of its last record among the client's.
        last: usize,
    },
}

/// JSSE pads every record that it encrypts with so many zeros; others pad none, or hide the length altogether.
const PADDING: u16 = 16;

/// The lengths of one side's records of TLS 1.3 under the suite agreed on.
#[derive(Clone, Copy)]
pub(super) struct Lengths {
    tag: u16,
    hash: u16,
    padding: u16,
}

impl Lengths {
    pub(super) fn of(handshake: &Handshake) -> Self {
        let suite = handshake.cipher_suite;
        let tag = suite.and_then(CipherSuite::aead_tag_length).unwrap_or(16);
        let hash = suite.and_then(CipherSuite::hash_length).unwrap_or(32);
        Self { tag: u16::from(tag), hash: u16::from(hash), padding: 0 }
    }

    const fn padded(self) -> Self {
        Self { padding: PADDING, ..self }
    }

    const fn record(&self, content: u16) -> u16 {
        content.saturating_add(1).saturating_add(self.padding).saturating_add(self.tag)
    }

    pub(super) const fn alert(&self) -> u16 {
        self.record(2)
    }

    pub(super) const fn end_of_early_data(&self) -> u16 {
        self.record(4)
    }

    pub(super) const fn finished(&self) -> u16 {
        self.record(self.hash.saturating_add(4))
    }

    const fn empty_certificate(&self) -> u16 {
        self.record(8)
    }

    /// An EncryptedExtensions with application settings, and Finished behind it in the same record.
    const fn settings_and_finished(&self) -> std::ops::RangeInclusive<u16> {
        let shortest = self.finished().saturating_add(10);
        shortest..=shortest.saturating_add(MAX_APPLICATION_SETTINGS)
    }

    const fn empty_certificate_and_finished(&self) -> u16 {
        self.record(self.hash.saturating_add(12))
    }
}

impl Handshake {
    /// True where the ClientHello has one of these extensions.
    fn offers(&self, extensions: &[ExtensionType]) -> bool {
        let hello = self.message(Side::Client, HandshakeType::CLIENT_HELLO);
        hello
            .and_then(|message| ClientHello::parse_prefix(message.body).0)
            .is_some_and(|hello| extensions.iter().any(|extension| hello.extensions.contains(*extension)))
    }

    /// Reads the client's second flight of TLS 1.3 out of the lengths of its records.
    pub fn second_flight(&self) -> SecondFlight {
        let [records, answers] = &self.records;
        if records.is_empty() || !self.is_tls13() {
            return SecondFlight::Pending;
        }
        let Some(hello) = self.last_server_hello() else { return SecondFlight::Pending };
        let Some(begin) = records.iter().position(|record| record.follows(hello.end, hello.mark)) else {
            return SecondFlight::Pending;
        };
        let plain = Lengths::of(self);
        let [flight, padded] = [plain, plain.padded()].map(|lengths| self.flight_of(begin, lengths));
        match (flight, padded) {
            (Some((_, at)), Some((found, sooner))) if sooner < at => found,
            (Some((found, _)), _) | (None, Some((found, _))) => found,
            (None, None) => self.flight_in_one(begin, answers, plain),
        }
    }

    /// The second flight that begins with this record, where it is one with these lengths, and its last record.
    fn flight_of(&self, begin: usize, lengths: Lengths) -> Option<(SecondFlight, usize)> {
        let [records, _] = &self.records;
        let flight = records.iter().enumerate().skip(begin).take(MAX_FLIGHT);
        let (begin, early_data) = self.behind_early_data(begin, lengths);
        let first = records.get(begin)?;
        let done = |auth, last| Some((SecondFlight::Done { auth, early_data, last }, last));
        match first.length {
            length if length == lengths.alert() => return Some((SecondFlight::Refused { at: begin }, begin)),
            length if length == lengths.finished() => return done(FlightAuth::None, begin),
            length if length == lengths.empty_certificate_and_finished() => return done(FlightAuth::Empty, begin),
            length if lengths.settings_and_finished().contains(&length) && self.offers(&APPLICATION_SETTINGS) => {
                return done(FlightAuth::None, begin);
            }
            _ => {}
        }
        let empty = first.length == lengths.empty_certificate();
        let (at, _) =
            flight.skip_while(|(at, _)| *at <= begin).find(|(_, record)| record.length == lengths.finished())?;
        done(if empty { FlightAuth::Empty } else { FlightAuth::Sent }, at)
    }

    /// Where the flight goes on behind what must be EndOfEarlyData, and whether there is one.
    fn behind_early_data(&self, begin: usize, lengths: Lengths) -> (usize, bool) {
        let [records, _] = &self.records;
        let flight = records.iter().enumerate().skip(begin).take(MAX_FLIGHT);
        let end = flight
            .clone()
            .find(|(_, record)| record.length == lengths.end_of_early_data())
            .filter(|_| self.offers(&[ExtensionType::EARLY_DATA]));
        (end.map_or(begin, |(at, _)| at.saturating_add(1)), end.is_some())
    }

    /// All in one record, or padded: it is over when the server answers it or the client goes on.
    fn flight_in_one(&self, begin: usize, answers: &[EncryptedRecord], lengths: Lengths) -> SecondFlight {
        let [records, _] = &self.records;
        let (begin, early_data) = self.behind_early_data(begin, lengths);
        let Some(first) = records.get(begin) else { return SecondFlight::Pending };
        let answered = answers.iter().any(|answer| answer.follows(first.end(), first.mark));
        let begun = [lengths, lengths.padded()].iter().any(|lengths| first.length == lengths.empty_certificate());
        if !begun && (answered || records.len() > begin.saturating_add(1)) {
            return SecondFlight::Done { auth: FlightAuth::Unclear, early_data, last: begin };
        }
        SecondFlight::Pending
    }

    /// True for an encrypted record of TLS 1.3 that may be an alert. Where records are missing that would tell whether a
    /// side pads, one of either length may be.
    pub(super) fn may_be_alert(&self, side: Side, length: u16) -> bool {
        let padded = Lengths::of(self).padded().alert();
        self.is_alert_sized(side, length) || !self.missing.is_empty() && length == padded
    }

    /// True for an encrypted record of TLS 1.3 that is as long as an alert of this side. A side pads throughout, so its
    /// Finished tells whether it does.
    pub(super) fn is_alert_sized(&self, side: Side, length: u16) -> bool {
        let plain = Lengths::of(self);
        let flight = || self.records.get(side.index()).into_iter().flatten().take(MAX_FLIGHT);
        let finished = |lengths: Lengths| flight().any(|record| record.length == lengths.finished());
        if length == plain.alert() {
            // A client that has no Finished tells by the alert itself.
            side == Side::Client || finished(plain) || !finished(plain.padded())
        } else {
            length == plain.padded().alert() && !finished(plain)
        }
    }
}
