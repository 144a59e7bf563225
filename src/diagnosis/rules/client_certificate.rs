//! The client's certificate: demanded and not given, or given and refused.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Finding, Party, words};
use crate::handshake::{ClientAuth, Side};
use crate::time::Mark;
use crate::tls::registry::{AlertDescription, HandshakeType, ProtocolVersion};
use std::time::Duration;

/// A server that judges the certificate only after the handshake drops the connection within this time.
const PROMPT: Duration = Duration::from_millis(1500);

/// The server wants a certificate and got none.
pub(super) fn required(scene: &Scene<'_>) -> Option<Finding> {
    if scene.alert_from(Side::Server) == Some(AlertDescription::CERTIFICATE_REQUIRED) {
        return Some(missing(scene, Confidence::Certain));
    }
    if !is_about_it(scene) || !gave_none(scene) {
        return None;
    }
    // An alert in the clear behind an empty Certificate in the clear leaves nothing to infer but its meaning.
    let said = matches!(
        scene.alert_from(Side::Server),
        Some(AlertDescription::BAD_CERTIFICATE | AlertDescription::NO_CERTIFICATE)
    );
    Some(missing(scene, if said { Confidence::Certain } else { Confidence::Likely }))
}

/// The server got a certificate and does not take it.
pub(super) fn rejected(scene: &Scene<'_>) -> Option<Finding> {
    if !is_about_it(scene) {
        return None;
    }
    match scene.client_auth() {
        Some(ClientAuth::Sent) => {}
        // All in one record: it was asked for, or the server would not refuse now.
        None if scene.finished() && matches!(scene.ending?.how, How::Encrypted(_)) => {}
        _ => return None,
    }
    let about_certificates = scene.alert_from(Side::Server).is_some_and(is_certificate_alert);
    let confidence = match scene.client_auth() {
        Some(_) if about_certificates => Confidence::Certain,
        Some(_) => Confidence::Likely,
        None => Confidence::Possible,
    };
    Some(refused(scene, confidence))
}

/// The server finished the handshake, and then dropped the unused connection of a client that it had asked.
pub(super) fn dropped(scene: &Scene<'_>) -> Option<Finding> {
    scene.dropped_unused(Side::Server, PROMPT)?;
    // Up to TLS 1.2 the server has judged the certificate before: what judges it again closes in good order.
    if !scene.handshake.version.is_some_and(ProtocolVersion::is_tls13) && scene.ending?.how == How::Rst {
        return None;
    }
    match scene.client_auth()? {
        ClientAuth::Empty => Some(missing(scene, Confidence::Possible)),
        ClientAuth::Sent => Some(refused(scene, Confidence::Possible)),
        ClientAuth::None | ClientAuth::Requested => None,
    }
}

/// True where the server refused what came after its own flight, and what it says may be about the certificate.
fn is_about_it(scene: &Scene<'_>) -> bool {
    let Some(ending) = scene.ending.filter(|_| scene.refuses(Refused::ClientFlight)) else { return false };
    let may_be = match ending.how {
        How::Alert(_, alert) => {
            let unread = matches!(alert, AlertDescription::DECODE_ERROR | AlertDescription::UNEXPECTED_MESSAGE);
            is_certificate_alert(alert)
                || matches!(alert, AlertDescription::HANDSHAKE_FAILURE | AlertDescription::ACCESS_DENIED)
                || unread && gave_none(scene)
        }
        How::Encrypted(_) | How::Fin | How::Rst | How::CloseNotify => true,
    };
    may_be && scene.client_auth() != Some(ClientAuth::None)
}

fn is_certificate_alert(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::NO_CERTIFICATE
            | A::BAD_CERTIFICATE
            | A::UNSUPPORTED_CERTIFICATE
            | A::CERTIFICATE_REVOKED
            | A::CERTIFICATE_EXPIRED
            | A::CERTIFICATE_UNKNOWN
            | A::UNKNOWN_CA
            | A::CERTIFICATE_REQUIRED
    )
}

/// An empty Certificate, or in TLS 1.2 and before none at all (JSSE) although one was asked for.
fn gave_none(scene: &Scene<'_>) -> bool {
    match scene.client_auth() {
        Some(ClientAuth::Empty) => true,
        Some(ClientAuth::Requested) => scene.mark_of(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE).is_some(),
        _ => false,
    }
}

/// The frame of the client's Certificate, or of the flight that it is hidden in.
fn answer_mark(scene: &Scene<'_>) -> Option<Mark> {
    let finished = || scene.handshake.finished.first().copied().flatten();
    scene.mark_of(Side::Client, HandshakeType::CERTIFICATE).or_else(finished)
}

fn missing(scene: &Scene<'_>, confidence: Confidence) -> Finding {
    let summary = format!("{} demands a client certificate, and the client has none to give.", scene.server_name());
    let asked = scene.mark_of(Side::Server, HandshakeType::CERTIFICATE_REQUEST).map(|mark| super::super::Evidence {
        code: "certificate_request",
        side: Some(Side::Server),
        mark: Some(mark),
        what: "the server asked for a client certificate".to_owned(),
    });
    let inferred = scene.negotiated.inferred.contains(&"client_auth");
    let answer = if inferred {
        "the lengths of the client's second flight are those of an empty Certificate and Finished"
    } else if scene.client_auth() == Some(ClientAuth::Requested) {
        "the client sent no Certificate at all"
    } else {
        "the client answered with an empty Certificate"
    };
    let mark = answer_mark(scene);
    let answered = scene.client_auth().filter(|auth| *auth != ClientAuth::None);
    let finding = Finding::new(Cause::ClientCertificateRequired, Party::Client, confidence, summary).with(asked);
    let finding = if answered.is_some() {
        finding.because("no_certificate", Some(Side::Client), mark, answer.to_owned())
    } else {
        finding
    };
    finding.with(scene.ending_evidence()).with(others(scene)).advise(
        "Give the client a certificate and key from an issuer that the server accepts (the CertificateRequest lists them), and check that it may read both \
         files. A client that has one sends none when its issuer is not in that list. If no certificate should be needed, make it optional on the server.",
    )
}

fn others(scene: &Scene<'_>) -> Option<super::super::Evidence> {
    let asked = scene.server.asked_for_certificate;
    (asked > 0).then(|| super::super::Evidence {
        code: "asked_before",
        side: Some(Side::Server),
        mark: None,
        what: format!("the server asked for a certificate in {}", words::counted(asked, "other handshake")),
    })
}

fn refused(scene: &Scene<'_>, confidence: Confidence) -> Finding {
    let chain = scene.client_chain;
    let at = scene.handshake.first.time;
    let problems: Vec<String> = chain.problems.iter().map(|problem| problem.sentence(chain, at)).collect();
    let subject = chain.leaf().and_then(|leaf| leaf.subject.clone());
    let whose = subject
        .map_or("the client's certificate".to_owned(), |subject| format!("the client's certificate ({subject})"));
    let why = problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
    let summary = format!("{} refused {whose}{why}.", scene.server_name());
    let mark = answer_mark(scene);
    let finding = Finding::new(Cause::ClientCertificateRejected, Party::Client, confidence, summary);
    let finding = if problems.is_empty() {
        let what = match scene.client_auth() {
            Some(_) => "the client sent a certificate, and the server ended the handshake after it",
            None => "the client's second flight may hold a certificate, and the server ended the handshake after it",
        };
        finding.because("client_certificate", Some(Side::Client), mark, what.to_owned())
    } else {
        problems
            .into_iter()
            .fold(finding, |finding, problem| finding.because("client_certificate", Some(Side::Client), mark, problem))
    };
    finding.with(scene.ending_evidence()).advise(
        "Check the client's certificate: dates, issuer (is it one of those that the server trusts, and were the intermediate certificates sent with it?), and \
         extended key usage (clientAuth). The server's log names the reason. Then replace the certificate, or add its issuer to the server's list.",
    )
}
