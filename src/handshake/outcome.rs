//! How a handshake went, from what was seen of it.
//!
//! Up to TLS 1.2 the wire says when a side has finished: an encrypted handshake record after its ChangeCipherSpec. In
//! TLS 1.3 all records look alike, and what tells them is their length and what their sender had acknowledged: the
//! client's first record after it has acknowledged the ServerHello begins its second flight, an alert has two bytes of
//! content, a Finished four and a hash, an empty Certificate eight, and each record adds a byte for its type and a tag
//! (RFC 8446 sections 4.4 and 5.2). Padding hides all of it, and then nothing is claimed that later records do not show.

use super::facts::{
    Alert, Close, CloseKind, EncryptedRecord, Handshake, Missing, MissingWhy, Outcome, Side, Step, What,
};
use super::second_flight::{FlightAuth, Lengths, SecondFlight};
use crate::time::{Mark, Timestamp};
use crate::tls::registry::{AlertDescription, AlertLevel, ContentType, HandshakeType, ProtocolVersion};
use crate::tls::{RANDOM_LEN, RECORD_HEADER_LEN};
use std::time::Duration;

/// A finished connection that stays open for this long is established, used or not.
pub const OPEN_LONG_ENOUGH: Duration = Duration::from_secs(5);
/// A ClientHello is begun with its version and its random.
const BEGUN: usize = 2 + RANDOM_LEN;
/// A refusal after finishing comes within about this time.
const PROMPT: Duration = Duration::from_millis(1500);
/// A server sends at most this many tickets at once.
const MAX_TICKETS: usize = 4;
/// Tickets sent together have the same length, but for integers in them that are encoded in as few bytes as they need.
const TICKET_SPREAD: u16 = 4;
/// A ticket is not longer than this, a client's certificate in it included.
const MAX_TICKET: u16 = 4096;

impl EncryptedRecord {
    /// Where the record ends in its sender's stream.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(RECORD_HEADER_LEN as u64).saturating_add(u64::from(self.length))
    }

    /// True where it was sent before a record of the other side: by what each had acknowledged, else by their frames.
    pub fn precedes(&self, other: &Self) -> bool {
        match (other.acknowledged, self.acknowledged) {
            (Some(acknowledged), _) if acknowledged >= self.end() => true,
            (_, Some(acknowledged)) if acknowledged >= other.end() => false,
            _ => self.mark < other.mark,
        }
    }

    /// True where its sender had acknowledged the other side's stream up to `offset`; where the capture does not show
    /// what was acknowledged, where it came after `mark`.
    pub(super) fn follows(&self, offset: u64, mark: Mark) -> bool {
        self.acknowledged.map_or(self.mark > mark, |acknowledged| acknowledged >= offset)
    }
}

impl Handshake {
    pub(super) fn is_tls13(&self) -> bool {
        self.version.is_some_and(ProtocolVersion::is_tls13)
    }

    /// Fills in what a handshake in TLS 1.3 shows so far. Returns whether it is established.
    fn assess_tls13(&mut self) -> bool {
        let SecondFlight::Done { auth, early_data, last } = self.second_flight() else { return false };
        let lengths = Lengths::of(self);
        let [records, answers] = &self.records;
        let Some(finished) = records.get(last).copied() else { return false };
        let is_data = |record: &&EncryptedRecord| !self.may_be_alert(Side::Server, record.length);
        let is_sent = |record: &&EncryptedRecord| !self.may_be_alert(Side::Client, record.length);
        let early = records.first().filter(|record| early_data && record.length != lengths.end_of_early_data());
        let late = records.iter().skip(last.saturating_add(1)).find(is_sent);
        let sent = early.or(late).map(|record| record.mark);
        let mut answers = answers.iter().filter(|answer| answer.follows(finished.end(), finished.mark)).peekable();
        let accepted = answers.peek().is_some_and(is_data);
        let answers: Vec<_> = answers.collect();
        let tickets = leading_tickets(&answers);
        let received = answers.iter().skip(tickets).copied().find(is_data).map(|record| record.mark);
        self.finished = [Some(finished.mark); 2];
        self.application_data = [sent, received];
        // A lost part of the client's flight may have had a certificate, or said that there is none.
        let whole = !self.missing.iter().any(|missing| missing.from == Side::Client);
        (sent.is_some() || received.is_some()) && (auth == FlightAuth::None && whole || accepted)
    }

    /// Up to TLS 1.2 a server has judged the client's certificate before it finishes, but some judge it again after that.
    fn assess_tls12(&mut self) -> bool {
        let [sent, received] = self.application_data;
        // No server sends data before both have finished, so a lost Finished is made up for.
        if let Some(mark) = received {
            for finished in &mut self.finished {
                finished.get_or_insert(mark);
            }
        }
        // A lost part of the server's flight may have asked for a certificate.
        let asked = || {
            self.message(Side::Server, HandshakeType::CERTIFICATE_REQUEST).is_some()
                || self.message(Side::Client, HandshakeType::CERTIFICATE).is_some()
                || self.missing.iter().any(|missing| missing.from == Side::Server)
        };
        self.both_finished() && (received.is_some() || sent.is_some() && !asked())
    }

    pub(super) fn both_finished(&self) -> bool {
        self.finished.iter().all(Option::is_some)
    }

    /// When the later of the two finished.
    pub(super) fn finished_at(&self) -> Option<Mark> {
        let [client, server] = self.finished;
        Some(client?.max(server?))
    }

    /// True where there is a whole message, or the capture may have missed one, or a client left in the middle of its hello
    /// and had said enough of it that it cannot be anything else.
    pub(super) fn is_one(&self) -> bool {
        let closed = self.close.filter(|close| matches!(close.by, CloseKind::Alert | CloseKind::Fin | CloseKind::Rst));
        let Some(close) = closed else { return true };
        let message = |what| matches!(what, What::Message(_) | What::Ssl2ClientHello | What::Ssl2ServerHello);
        let begun = |step: &Step| message(step.what) && step.from == Side::Client && step.body.len() >= BEGUN;
        let left = close.side == Some(Side::Client) && self.steps.iter().any(begun);
        left || !self.missing.is_empty()
            || self.obstacle.is_some()
            || self.steps.iter().any(|step| step.whole && message(step.what))
    }

    /// Takes stock after new records. Returns whether the handshake is established.
    pub(super) fn assess(&mut self) -> bool {
        if self.is_tls13() { self.assess_tls13() } else { self.assess_tls12() }
    }

    /// The alert that ended the handshake, if one in the clear did: a fatal one, a close_notify, and in TLS 1.3 any
    /// error, whatever its level (RFC 8446 section 6.2).
    pub fn ending_alert(&self) -> Option<&Alert> {
        self.alerts.iter().find(|alert| {
            alert.level == AlertLevel::FATAL
                || alert.description == AlertDescription::CLOSE_NOTIFY
                || self.is_tls13() && alert.description != AlertDescription::USER_CANCELED
        })
    }

    /// Decides the outcome of a handshake that is over at `now`, with what ended it. `open` where the connection was not
    /// closed by both sides and the capture just ended.
    pub(super) fn conclude(&mut self, close: Option<Close>, open: bool, now: Timestamp) {
        self.close = close;
        self.settled = now;
        self.miss_client_hello();
        let established = self.assess();
        let finished = self.both_finished();
        let ended = close.is_some_and(|close| !matches!(close.by, CloseKind::CaptureEnd | CloseKind::Timeout));
        let open_until = close.filter(|_| ended).map_or(now, |close| close.mark.time);
        let open_for = self.finished_at().map(|mark| open_until.since(mark.time));
        self.outcome = if established {
            Outcome::Established
        } else if !finished && (self.is_refused_in_the_clear() || self.obstacle.is_some() && !self.has_client_hello()) {
            Outcome::Failed
        } else if !self.complete() {
            Outcome::Unfinished
        } else if open_for.is_some_and(|open| open >= OPEN_LONG_ENOUGH) && self.all_received() {
            Outcome::Established
        } else if !finished && (ended && !self.may_have_finished() || self.is_refused()) || self.is_refused_early() {
            Outcome::Failed
        } else if !finished || !ended || open {
            Outcome::Unfinished
        } else if self.refused_after_finishing().is_some() || self.is_dropped_after_finishing() {
            Outcome::Abandoned
        } else if self.application_data.iter().any(Option::is_some) {
            // It was used, but nothing shows that the server took the client's certificate.
            Outcome::Unfinished
        } else {
            Outcome::Unused
        };
        // An established handshake is mostly told while its connection goes on, so its end is never part of it.
        if self.outcome == Outcome::Established {
            self.close = None;
        }
    }

    /// True where each side has acknowledged all that the other was seen to send: else packets are missing after those seen.
    fn all_received(&self) -> bool {
        let [client, server] = &self.tcp.sides;
        let received =
            |sent: u64, acknowledged: Option<u64>| acknowledged.is_none_or(|acknowledged| acknowledged >= sent);
        received(client.sent, server.acknowledged) && received(server.sent, client.acknowledged)
    }

    /// An alert in the clear that says no. A close_notify says nothing where bytes before it are missing.
    fn is_refused_in_the_clear(&self) -> bool {
        let alert = self.ending_alert();
        alert.is_some_and(|alert| alert.description != AlertDescription::CLOSE_NOTIFY || self.complete())
    }

    /// The client, asked for a certificate, sent data, and the server closed without a word.
    fn is_dropped_after_finishing(&self) -> bool {
        let by_server = self.close.filter(|close| close.side == Some(Side::Server));
        let prompt = by_server
            .zip(self.finished_at())
            .is_some_and(|(close, finished)| close.mark.time.since(finished.time) <= PROMPT);
        // Up to TLS 1.2 the server has judged the certificate before it finished: only one that closes in good order has
        // judged it again.
        let in_order = self.is_tls13() || by_server.is_some_and(|close| close.by != CloseKind::Rst);
        // What a server says after its last record that is no TLS is data all the same (GridFTP goes on in the clear).
        let [_, server] = &self.tcp.sides;
        let records = self.records.iter().skip(1).flatten().map(EncryptedRecord::end);
        let steps = self.steps.iter().filter(|step| step.from == Side::Server).map(|step| step.end);
        let silent = records.chain(steps).max().is_none_or(|end| server.sent <= end);
        prompt && in_order && silent && matches!(self.application_data, [Some(_), None])
    }

    /// No handshake begins without a ClientHello: where there is none, the capture began too late.
    fn miss_client_hello(&mut self) {
        let sent = |from| self.missing.iter().any(|missing| missing.from == from);
        if !self.has_client_hello() && self.obstacle.is_none() && !sent(Side::Client) {
            self.missing.push(Missing { from: Side::Client, range: 0..0, why: MissingWhy::BeforeCapture });
        }
    }

    /// True where the client sent a ClientHello, or a part of one.
    pub fn has_client_hello(&self) -> bool {
        self.steps.iter().any(|step| step.what.is_client_hello())
    }

    /// True where an alert-sized record stands in place of the client's second flight.
    fn is_refused(&self) -> bool {
        self.is_tls13() && matches!(self.second_flight(), SecondFlight::Refused { .. })
    }

    /// True where the client, before TLS 1.3, had sent its Finished and an encrypted alert behind it, and only then got the
    /// server's Finished (NSS judges the certificate that late): nobody says goodbye before the handshake is over.
    fn is_refused_early(&self) -> bool {
        !self.is_tls13() && self.both_finished() && self.missing.is_empty() && self.refusal().is_some()
    }

    /// True where the client's second flight has a record that may be its Finished among other things, or padded, and that
    /// nobody has answered.
    fn may_have_finished(&self) -> bool {
        let finished = Lengths::of(self).finished();
        self.is_tls13()
            && self.second_flight() == SecondFlight::Pending
            && self.records.first().and_then(|records| records.last()).is_some_and(|record| record.length > finished)
    }

    /// The server's first record after the client's second flight, which had a certificate or should have had one, where
    /// it is alert-sized and no answer to the client's own close: its index among the server's.
    pub(super) fn refused_after_finishing(&self) -> Option<usize> {
        let SecondFlight::Done { auth, last, .. } = self.second_flight() else { return None };
        let [records, answers] = &self.records;
        let finished = records.get(last).filter(|_| auth != FlightAuth::None)?;
        let at = answers.iter().position(|answer| answer.follows(finished.end(), finished.mark))?;
        let answer = answers.get(at)?;
        let goodbye = records.get(last.saturating_add(1)).filter(|next| self.is_alert_sized(Side::Client, next.length));
        let closed_before = goodbye.is_some_and(|goodbye| answer.follows(goodbye.end(), goodbye.mark));
        let prompt = answer.mark.time.since(finished.mark.time) <= PROMPT;
        (self.is_alert_sized(Side::Server, answer.length) && !closed_before && prompt).then_some(at)
    }
}

/// How many of a server's records after Finished may be tickets: at the beginning, few, of one length, not long.
fn leading_tickets(answers: &[&EncryptedRecord]) -> usize {
    let Some(first) = answers.first() else { return 0 };
    let alike = |record: &&&EncryptedRecord| {
        record.content_type == ContentType::APPLICATION_DATA
            && record.length.abs_diff(first.length) <= TICKET_SPREAD
            && record.length <= MAX_TICKET
    };
    answers.iter().take(MAX_TICKETS).take_while(alike).count()
}
