//! Alerts that blame a message, a cryptographic check, or their own sender; and the one that says nothing.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Finding, Party, words};
use super::offers;
use crate::handshake::{Side, What};
use crate::tls::registry::{AlertDescription, HandshakeType};

/// The server says that the client may not come in.
pub(super) fn access_denied(scene: &Scene<'_>) -> Option<Finding> {
    let (side, alert) = scene.alert()?;
    (alert == AlertDescription::ACCESS_DENIED).then(|| {
        let who = if side == Side::Server { scene.server_name() } else { "The client".to_owned() };
        Finding::new(Cause::AccessDenied, Party::Client, Confidence::Certain, format!("{who} says that the client has no access."))
            .with(scene.ending_evidence())
            .advise("Look up the server's access list: the client's address, its certificate's subject, the name that it asks for. The server's log says which rule it was.")
    })
}

/// A signature, a MAC or a Finished that does not verify.
pub(super) fn cryptographic_failure(scene: &Scene<'_>) -> Option<Finding> {
    let (side, alert) = scene.alert()?;
    use AlertDescription as A;
    if !matches!(alert, A::BAD_RECORD_MAC | A::DECRYPTION_FAILED | A::DECRYPT_ERROR) {
        return None;
    }
    let conflicts: u32 = scene.handshake.tcp.sides.iter().map(|tcp| tcp.anomalies.conflicts.count).sum();
    let (who, whose) = (side.name(), side.other().name());
    let what = if alert == A::DECRYPT_ERROR { "A signature or Finished" } else { "A record" };
    let summary =
        format!("{what} of the {whose} does not verify at the {who}: keys differ, or bytes were changed on the way.");
    let finding = Finding::new(Cause::CryptographicFailure, Party::Both, Confidence::Certain, summary)
        .with(scene.ending_evidence());
    let finding = if conflicts > 0 {
        finding.because(
            "conflict",
            None,
            None,
            format!("{} with other bytes than before", words::counted(conflicts, "segment was sent again")),
        )
    } else {
        finding
    };
    let shared_key = scene.handshake.cipher_suite.is_some_and(crate::tls::registry::CipherSuite::uses_psk)
        || scene.offer.as_ref().is_some_and(|offer| offer.pre_shared_key);
    let advice = if shared_key {
        "Compare the pre-shared key on both sides first: a different one shows like this."
    } else {
        "Check that the server's private key belongs to its certificate (each server behind a load balancer). Then look for a box in between that changes \
         traffic, and for hardware or drivers that encrypt (TLS offload). Versions of both stacks come last."
    };
    Some(finding.advise(advice))
}

/// A message that the other side could not take.
pub(super) fn protocol_violation(scene: &Scene<'_>) -> Option<Finding> {
    use AlertDescription as A;
    let fault = |side: Side| scene.handshake.faults.iter().find(|fault| fault.from == side);
    let accused = match scene.alert() {
        Some((
            by,
            A::UNEXPECTED_MESSAGE
            | A::RECORD_OVERFLOW
            | A::DECOMPRESSION_FAILURE
            | A::ILLEGAL_PARAMETER
            | A::DECODE_ERROR
            | A::MISSING_EXTENSION
            | A::UNSUPPORTED_EXTENSION,
        )) => by.other(),
        // The server had chosen, and what came instead of the client's flight made it give up.
        None if scene.refuses(Refused::OwnFlight)
            && matches!(scene.ending?.how, How::Encrypted(_))
            && said_more(scene) =>
        {
            Side::Client
        }
        // It ended without such an alert, and a message that breaks the grammar came just before.
        Some((by, A::HANDSHAKE_FAILURE | A::INTERNAL_ERROR)) if fault(by.other()).is_some() => by.other(),
        None => scene.ending.map(|ending| ending.by.other()).filter(|side| fault(*side).is_some())?,
        Some(_) => return None,
    };
    let fault = fault(accused);
    let field = fault.map(|fault| fault.error.to_string());
    let who = accused.name();
    let summary = match (&field, scene.alert()) {
        (Some(field), _) => format!("A message of the {who} breaks the protocol: {field}."),
        (None, Some((_, alert))) => {
            format!("The {} says that a message of the {who} breaks the protocol ({alert}).", accused.other().name())
        }
        (None, None) => format!("A message of the {who} breaks the protocol."),
    };
    let confidence = match (fault, scene.alert()) {
        (Some(_), Some(_)) => Confidence::Certain,
        (None, Some(_)) | (Some(_), None) => Confidence::Likely,
        (None, None) => Confidence::Possible,
    };
    let mut finding =
        Finding::new(Cause::ProtocolViolation, accused, confidence, summary).with(scene.ending_evidence());
    if let (Some(fault), Some(field)) = (fault, field) {
        finding = finding.because("malformed", Some(fault.from), Some(fault.mark), field);
    }
    Some(finding.advise(format!(
        "Update the {who}'s TLS stack, and look for a proxy or inspection box in between that rewrites hellos. A capture on both sides of such a box shows \
         whether the message was changed. Old stacks also say this of what they do not know: large hellos, new extensions."
    )))
}

/// True where the client sent something in the clear behind its hello that is no ChangeCipherSpec and no alert.
fn said_more(scene: &Scene<'_>) -> bool {
    const CHANGE_CIPHER_SPEC: u64 = 6;
    const ALERT: u64 = 7;
    let handshake = scene.handshake;
    let of_client = |test: fn(What) -> bool| {
        handshake.steps.iter().filter(|step| step.from == Side::Client && test(step.what)).count() as u64
    };
    let changes = of_client(|what| what == What::ChangeCipherSpec).saturating_mul(CHANGE_CIPHER_SPEC);
    let alerts = of_client(|what| matches!(what, What::Alert(..))).saturating_mul(ALERT);
    let [records, _] = &handshake.records;
    let encrypted: u64 = records.iter().map(|record| record.end().saturating_sub(record.offset)).sum();
    let hellos = of_client(|what| what == What::Message(HandshakeType::CLIENT_HELLO));
    let known = handshake
        .client_hello_end()
        .unwrap_or_default()
        .saturating_add(changes)
        .saturating_add(alerts)
        .saturating_add(encrypted);
    let retried = scene.negotiated.hello_retry == Some(true);
    hellos > 1 && !retried || handshake.side(Side::Client).sent > known
}

/// The sender's own trouble.
pub(super) fn internal_error(scene: &Scene<'_>) -> Option<Finding> {
    let (side, confidence) = match scene.ending? {
        super::super::scene::Ending { by, how: How::Alert(_, AlertDescription::INTERNAL_ERROR), .. } => {
            (by, Confidence::Certain)
        }
        // An alert in the server's own flight, encrypted: it chose, and then could not go on.
        super::super::scene::Ending { by: Side::Server, how: How::Encrypted(_), .. }
            if scene.refuses(Refused::OwnFlight) =>
        {
            (Side::Server, Confidence::Possible)
        }
        _ => return None,
    };
    let who = if side == Side::Server { scene.server_name() } else { "The client".to_owned() };
    let summary = format!("{who} failed for a reason of its own.");
    let advice = format!(
        "Read the {}'s log at that time: a key or certificate that cannot be loaded or does not fit, a callback that fails, a token or session store that \
         does not answer, no memory. Servers without a certificate for the name say this too.",
        side.name()
    );
    Finding::new(Cause::InternalError, side, confidence, summary).with(scene.ending_evidence()).advise(advice).into()
}

/// Called off: by an alert that says so, or an orderly close before Finished.
pub(super) fn user_canceled(scene: &Scene<'_>) -> Option<Finding> {
    let ending = scene.ending?;
    let canceled = scene
        .handshake
        .alerts
        .iter()
        .any(|alert| alert.from == ending.by && alert.description == AlertDescription::USER_CANCELED);
    let outright = matches!(ending.how, How::Alert(_, AlertDescription::USER_CANCELED)) || canceled;
    // Whoever lost a race may say goodbye as well.
    let orderly = ending.how == How::CloseNotify && !scene.finished() && super::network::winner(scene).is_none();
    if !outright && !orderly {
        return None;
    }
    let who = ending.by.name();
    let summary = format!("The {who} called the handshake off.");
    Finding::new(Cause::UserCanceled, ending.by, if outright { Confidence::Certain } else { Confidence::Likely }, summary)
        .with(scene.ending_evidence())
        .advise(format!("Ask what the {who} was doing: a prompt that was declined, a timeout, a shutdown, or a check that failed without an alert of its own."))
        .into()
}

/// Alert 40 and nothing else to go by.
pub(super) fn handshake_failure(scene: &Scene<'_>) -> Option<Finding> {
    let (side, alert) = scene.alert()?;
    let who = side.name();
    let about_hello = scene.refuses(Refused::Hello);
    let summary = if alert == AlertDescription::HANDSHAKE_FAILURE && about_hello {
        format!(
            "{} refuses the client's hello and does not say why; the offer is not what is narrow.",
            scene.server_name()
        )
    } else {
        format!("The {who} ended the handshake with {alert}, and nothing shows why.")
    };
    let mut finding =
        Finding::new(Cause::HandshakeFailure, Party::Both, Confidence::Possible, summary).with(scene.ending_evidence());
    if about_hello {
        for evidence in offers::what_remains(scene) {
            finding = finding.with(Some(evidence));
        }
    }
    let advice = "Check first whether the server serves the name that the client asks for, and whether it wants a client certificate. Then compare the lists in \
                  the evidence with the server's settings. Its log names the reason.";
    Some(finding.with(scene.known_versions()).advise(advice))
}
