//! What every rule asks first: who ended the handshake and how, and what it was that this side did not take.

use super::offer::Offer;
use super::{Case, Evidence, Stage, words};
use crate::handshake::{ClientAuth, CloseKind, EncryptedRecord, Handshake, Side, What};
use crate::time::Mark;
use crate::tls::registry::{AlertDescription, AlertLevel, HandshakeType};
use std::ops::Deref;
use std::time::Duration;

/// By what a side ended a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// An error alert that could be read.
    Alert(AlertLevel, AlertDescription),
    /// A record that is as long as an encrypted alert, where an alert would stand.
    Encrypted(u16),
    /// A close_notify that could be read.
    CloseNotify,
    /// A TCP FIN without a word.
    Fin,
    /// A TCP reset without a word.
    Rst,
}

/// The end of a handshake: the first thing that made it impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Who did it, or in whose name it was done.
    pub(super) by: Side,
    /// How.
    pub(super) how: How,
    /// When.
    pub(super) mark: Mark,
}

/// What the side that ended it had before it, and did not go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The server: the ClientHello.
    Hello,
    /// The server: it broke off in the middle of its own flight.
    OwnFlight,
    /// The client: it had no answer yet.
    Silence,
    /// The client: the server's flight, or what there was of it.
    ServerFlight,
    /// The server: the client's second flight.
    ClientFlight,
    /// The client, after its own second flight.
    Finish,
}

/// A case, with what follows from it at once.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    case: &'a Case<'a>,
    /// The end, where one was seen.
    pub(super) ending: Option<Ending>,
    /// What the side that ended it did not take.
    pub(super) refused: Option<Refused>,
    /// What the client offered, where its hello was seen.
    pub(super) offer: Option<Offer>,
}

impl<'a> Deref for Scene<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Case<'a> {
        self.case
    }
}

impl<'a> Scene<'a> {
    pub(super) fn of(case: &'a Case<'a>) -> Self {
        let ending = ending(case.handshake);
        let offer = Offer::of(case.negotiated);
        let mut scene = Self { case, ending, refused: None, offer };
        scene.refused = ending.map(|ending| scene.refused_by(ending));
        scene
    }

    fn refused_by(&self, ending: Ending) -> Refused {
        // What the server answered may have gone past the sensor: an alert that is about a certificate answers one.
        let about_answer =
            matches!(ending, Ending { by: Side::Client, how: How::Alert(_, alert), .. } if is_about_answer(alert));
        let answered = self.server_answered() || about_answer;
        let went_on = self.client_went_on(ending);
        match ending.by {
            Side::Server if !answered => Refused::Hello,
            Side::Server if went_on => Refused::ClientFlight,
            Side::Server => Refused::OwnFlight,
            Side::Client if !answered => Refused::Silence,
            Side::Client if went_on => Refused::Finish,
            Side::Client => Refused::ServerFlight,
        }
    }

    /// True where the server sent a hello, of whatever kind.
    pub(super) fn server_answered(&self) -> bool {
        self.handshake.steps.iter().any(|step| step.from == Side::Server && is_hello(step.what))
    }

    /// True where the client had begun its second flight before the end.
    fn client_went_on(&self, ending: Ending) -> bool {
        let in_the_clear = self.handshake.steps.iter().any(|step| {
            let flight = matches!(
                step.what,
                What::Message(
                    HandshakeType::CERTIFICATE | HandshakeType::CLIENT_KEY_EXCHANGE | HandshakeType::FINISHED
                )
            );
            step.from == Side::Client && flight
        });
        let finished = self.handshake.finished.first().is_some_and(Option::is_some);
        let own_refusal = ending.by == Side::Client && matches!(ending.how, How::Encrypted(_)) && !self.finished();
        (in_the_clear || finished) && !own_refusal
    }

    /// When a side was the first to end the connection: by an alert, which may be encrypted, or a close. What each had
    /// acknowledged of the other tells first, since a capture may have the two out of order.
    pub(super) fn dropped_by(&self, side: Side) -> Option<Mark> {
        let first = |side| self.handshake.alert_sized(side).next();
        let (own, other) = (first(side), first(side.other()));
        let ending = self.ending?;
        let ended = |by: Side| ending.by == by && !matches!(ending.how, How::Encrypted(_));
        match (own, other) {
            (Some(own), Some(other)) => own.precedes(other).then_some(own.mark),
            (Some(own), None) if ended(side.other()) => self.came_before_close(own, side.other()).then_some(own.mark),
            (Some(own), None) => Some(own.mark),
            (None, Some(other)) if ended(side) => (!self.came_before_close(other, side)).then_some(ending.mark),
            (None, other) => (ending.by == side && other.is_none()).then_some(ending.mark),
        }
    }

    /// When a side was the first to end the connection, unused, within `span` of its finishing, and how long after.
    pub(super) fn dropped_unused(&self, side: Side, span: Duration) -> Option<(Mark, Duration)> {
        let dropped = self.dropped_by(side)?;
        let after = dropped.time.since(self.handshake.finished.iter().flatten().max()?.time);
        let unused = self.handshake.application_data.iter().all(Option::is_none);
        (after <= span && unused).then_some((dropped, after))
    }

    /// True where a record was sent before the other side closed.
    fn came_before_close(&self, record: &EncryptedRecord, closer: Side) -> bool {
        let tcp = self.handshake.side(closer);
        match (record.acknowledged, tcp.fin_acknowledged) {
            // A FIN counts as a byte.
            (Some(acknowledged), _) if acknowledged > tcp.sent => false,
            (_, Some(acknowledged)) if acknowledged >= record.end() => true,
            _ => self.ending.is_none_or(|ending| record.mark < ending.mark),
        }
    }

    /// True where both sides had finished.
    pub(super) fn finished(&self) -> bool {
        self.handshake.finished.iter().all(Option::is_some)
    }

    /// How far it had come.
    pub(super) fn stage(&self) -> Stage {
        let steps = &self.handshake.steps;
        let seen = |from: Side, test: fn(What) -> bool| steps.iter().any(|step| step.from == from && test(step.what));
        if self.handshake.finished.iter().any(Option::is_some) {
            Stage::Finished
        } else if seen(Side::Client, is_second_flight) {
            Stage::ClientFlight
        } else if seen(Side::Server, is_behind_hello) {
            Stage::ServerFlight
        } else if self.server_answered() {
            Stage::ServerHello
        } else if seen(Side::Client, |_| true) {
            Stage::ClientHello
        } else {
            Stage::Tcp
        }
    }

    /// The alert that ended it, where it could be read, and who sent it.
    pub(super) fn alert(&self) -> Option<(Side, AlertDescription)> {
        match self.ending? {
            Ending { by, how: How::Alert(_, description), .. } => Some((by, description)),
            _ => None,
        }
    }

    /// The alert by which this side ended it.
    pub(super) fn alert_from(&self, side: Side) -> Option<AlertDescription> {
        self.alert().filter(|(by, _)| *by == side).map(|(_, description)| description)
    }

    /// True where a side refused this with an alert, read or inferred, or closed with no word.
    pub(super) fn refuses(&self, what: Refused) -> bool {
        self.refused == Some(what)
    }

    /// The name that the client asks for.
    pub(super) fn sni(&self) -> Option<&str> {
        self.offer.as_ref()?.sni.as_deref()
    }

    /// The server's end as it is called in sentences: its name, or its address and port.
    pub(super) fn server_name(&self) -> String {
        self.sni().map_or_else(|| self.handshake.server.to_string(), str::to_owned)
    }

    /// The frame of the first message of this kind from a side.
    pub(super) fn mark_of(&self, from: Side, kind: HandshakeType) -> Option<Mark> {
        self.handshake
            .steps
            .iter()
            .find(|step| step.from == from && step.what == What::Message(kind))
            .map(|step| step.mark)
    }

    /// The frame of the ClientHello.
    pub(super) fn hello_mark(&self) -> Option<Mark> {
        self.handshake.steps.iter().find(|step| step.what.is_client_hello()).map(|step| step.mark)
    }

    /// The end itself as evidence.
    pub(super) fn ending_evidence(&self) -> Option<Evidence> {
        let Ending { by, how, mark } = self.ending?;
        let side = by.name();
        let (code, what) = match how {
            How::Alert(level, alert) if level == AlertLevel::FATAL => {
                ("alert", format!("the {side} sent the alert {alert} ({}) {}", alert.0, self.position()))
            }
            How::Alert(_, alert) => (
                "alert",
                format!("the {side} sent the warning {alert} ({}) {}, and it ended there", alert.0, self.position()),
            ),
            How::Encrypted(length) => (
                "encrypted_alert",
                format!(
                    "the {side} sent a record of {length} bytes {}, as long as an encrypted alert and nothing else",
                    self.position()
                ),
            ),
            How::CloseNotify => ("close", format!("the {side} sent close_notify {}", self.position())),
            How::Fin => ("close", format!("the {side} closed the connection {}, without an alert", self.position())),
            How::Rst => (
                "close",
                format!("the connection was reset in the {side}'s name {}, without an alert", self.position()),
            ),
        };
        Some(Evidence { code, side: Some(by), mark: Some(mark), what })
    }

    fn position(&self) -> &'static str {
        match self.refused {
            Some(Refused::Hello) => "in answer to the ClientHello",
            Some(Refused::OwnFlight) => "in the middle of its own flight",
            Some(Refused::Silence) => "before any answer",
            Some(Refused::ServerFlight) => "in answer to the server's flight",
            Some(Refused::ClientFlight) => "after the client's second flight",
            Some(Refused::Finish) => "after its own second flight",
            None => "at the end",
        }
    }

    /// Whether the client was asked for a certificate and what it answered, as far as that can be told.
    pub(super) fn client_auth(&self) -> Option<ClientAuth> {
        self.negotiated.client_auth
    }

    /// How long after its hello the client ended it.
    pub(super) fn waited(&self) -> Duration {
        let begin = self.hello_mark().unwrap_or(self.handshake.first);
        self.ending.map_or(Duration::ZERO, |ending| ending.mark.time.since(begin.time))
    }

    /// `10.0.0.1 offered TLS 1.3 and TLS 1.2`: the offered versions as evidence.
    pub(super) fn offered_versions(&self) -> Option<Evidence> {
        let offer = self.offer.as_ref()?;
        let what = format!("the client offers {}", offer.versions_in_words());
        Some(Evidence { code: "offered_versions", side: Some(Side::Client), mark: self.hello_mark(), what })
    }

    /// What other handshakes showed of the versions that the server chooses.
    pub(super) fn known_versions(&self) -> Option<Evidence> {
        let versions = &self.server.versions;
        let (last, clients) = versions
            .iter()
            .fold((None, 0_u32), |(last, clients), seen| (last.max(Some(seen.last)), clients.max(seen.clients)));
        let ago = words::span(self.handshake.first.time.since(last?));
        let names = words::list(versions.iter().map(|seen| seen.value));
        let what = format!(
            "with {} this server agreed on {names}, the last time {ago} before",
            words::counted(clients, "other client")
        );
        Some(Evidence { code: "server_versions", side: Some(Side::Server), mark: None, what })
    }
}

fn is_hello(what: What) -> bool {
    matches!(
        what,
        What::Message(HandshakeType::SERVER_HELLO | HandshakeType::HELLO_RETRY_REQUEST | HandshakeType::CERTIFICATE)
            | What::Ssl2ServerHello
    )
}

fn is_behind_hello(what: What) -> bool {
    match what {
        What::Message(kind) => !matches!(kind, HandshakeType::SERVER_HELLO | HandshakeType::HELLO_RETRY_REQUEST),
        What::Encrypted(_) => true,
        _ => false,
    }
}

fn is_second_flight(what: What) -> bool {
    matches!(
        what,
        What::Message(
            HandshakeType::CERTIFICATE | HandshakeType::CLIENT_KEY_EXCHANGE | HandshakeType::CERTIFICATE_VERIFY
        )
    )
}

/// The first thing that ended a handshake: the first fatal alert, a record that must be one, or the close.
fn ending(handshake: &Handshake) -> Option<Ending> {
    let fatal = handshake.ending_alert().filter(|alert| alert.description != AlertDescription::CLOSE_NOTIFY);
    let refusal = handshake.refusal();
    let close = handshake.close.filter(|close| matches!(close.by, CloseKind::Alert | CloseKind::Fin | CloseKind::Rst));
    if let Some(refusal) = refusal
        && fatal.is_none_or(|alert| refusal.mark <= alert.mark)
    {
        return Some(Ending { by: refusal.from, how: How::Encrypted(refusal.length), mark: refusal.mark });
    }
    // A client that is closed upon may complain: what it says then is no reason.
    let closed_before = |mark: Mark| close.is_some_and(|close| close.by != CloseKind::Alert && close.mark <= mark);
    if let Some(alert) = fatal
        && !closed_before(alert.mark)
    {
        return Some(Ending { by: alert.from, how: How::Alert(alert.level, alert.description), mark: alert.mark });
    }
    let close = close?;
    let by = close.side?;
    // A warning that names an error and is the last word of the side that then closes.
    let last_word = handshake.alerts.iter().rfind(|alert| alert.from == by && is_error(alert.description));
    if let Some(alert) = last_word.filter(|alert| alert.mark <= close.mark) {
        return Some(Ending { by, how: How::Alert(alert.level, alert.description), mark: alert.mark });
    }
    let how = match close.by {
        CloseKind::Alert => How::CloseNotify,
        CloseKind::Rst => How::Rst,
        _ => How::Fin,
    };
    Some(Ending { by, how, mark: close.mark })
}

/// An alert that judges a certificate.
fn is_about_answer(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BAD_CERTIFICATE
            | A::UNSUPPORTED_CERTIFICATE
            | A::CERTIFICATE_REVOKED
            | A::CERTIFICATE_EXPIRED
            | A::CERTIFICATE_UNKNOWN
            | A::UNKNOWN_CA
            | A::BAD_CERTIFICATE_STATUS_RESPONSE
    )
}

/// Not one of the alerts that go with a connection's ordinary life.
fn is_error(alert: AlertDescription) -> bool {
    !matches!(
        alert,
        AlertDescription::CLOSE_NOTIFY
            | AlertDescription::USER_CANCELED
            | AlertDescription::NO_RENEGOTIATION
            | AlertDescription::UNRECOGNIZED_NAME
            | AlertDescription::NO_CERTIFICATE
    )
}
