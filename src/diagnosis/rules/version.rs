//! Versions: none in common, or one that something in between lowered.

use super::super::offer::Offer;
use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Finding, Party, words};
use crate::handshake::Side;
use crate::tls::registry::{AlertDescription, HandshakeType, ProtocolVersion};

/// Something in between made the server believe that the client speaks less than it does (RFC 8446 section 4.1.3).
pub(super) fn downgrade_detected(scene: &Scene<'_>) -> Option<Finding> {
    let hello = scene.negotiated.server_hello.as_ref()?;
    let sentinel = hello.downgrade_sentinel()?;
    let offer = scene.offer.as_ref()?;
    let highest = offer.highest()?;
    let refused_by_client = scene.refuses(Refused::ServerFlight) || scene.refuses(Refused::Finish);
    // The sentinel says how far the server fell back, so a client that offered no more than that was not deceived.
    let lowered = highest > sentinel && hello.negotiated_version() <= sentinel && hello.negotiated_version() < highest;
    let objects = match scene.ending?.how {
        How::Alert(_, alert) => {
            alert == AlertDescription::ILLEGAL_PARAMETER || alert == AlertDescription::PROTOCOL_VERSION
        }
        _ => true,
    };
    if !(lowered && refused_by_client && objects) {
        return None;
    }
    let chosen = hello.negotiated_version();
    let certain = scene.alert_from(Side::Client) == Some(AlertDescription::ILLEGAL_PARAMETER);
    let confidence = if certain { Confidence::Certain } else { Confidence::Likely };
    let summary = format!(
        "Something between client and server lowered the version: the client offers {highest}, and the server, which speaks more, was made to choose {chosen}."
    );
    let advice = "Look for a proxy, firewall or inspection box between the two that rewrites ClientHello or knows no later version, and update it or \
                  take it out of the path. If there is none, treat it as an attack.";
    Finding::new(Cause::DowngradeDetected, Party::Network, confidence, summary)
        .because(
            "downgrade_sentinel",
            Some(Side::Server),
            scene.mark_of(Side::Server, HandshakeType::SERVER_HELLO),
            format!("the end of ServerHello.random says that the server speaks more than the {chosen} that it chose (RFC 8446 section 4.1.3)"),
        )
        .with(scene.offered_versions())
        .with(scene.ending_evidence())
        .advise(advice)
        .into()
}

/// Alert protocol_version, or a version that was not offered.
pub(super) fn refused_outright(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref()?;
    let alert = scene.alert();
    let chosen = scene.handshake.version;
    let outside = chosen.filter(|version| !offer.takes(*version));
    match alert {
        Some((Side::Server, AlertDescription::PROTOCOL_VERSION)) => Some(by_server(scene, offer, Confidence::Certain)),
        Some((Side::Client, AlertDescription::PROTOCOL_VERSION)) => Some(by_client(scene, offer, Confidence::Certain)),
        _ if outside.is_some() && scene.ending?.by == Side::Client => Some(by_client(scene, offer, Confidence::Likely)),
        // Old versions are chosen by servers that know no better, and clients leave without a word.
        _ => None,
    }
}

/// An alert that says less, or a close, after a hello whose versions miss what the server speaks.
pub(super) fn refused_by_inference(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.refuses(Refused::Hello) && !scene.refuses(Refused::Silence) {
        return None;
    }
    let offer = scene.offer.as_ref()?;
    let known = &scene.server.versions;
    let meets = |version| offer.takes(version);
    // That a server chose nothing higher says little where nothing higher was offered.
    let too_new =
        offer.versions.last().is_some_and(|lowest| scene.server.declined.is_none_or(|declined| declined < *lowest))
            && known.iter().all(|seen| offer.versions.last().is_some_and(|lowest| seen.value < *lowest));
    let met = known.iter().any(|seen| meets(seen.value));
    let unmet = !(known.is_empty() || met || offer.versions_are_listed && too_new);
    let says_little = match scene.ending?.how {
        How::Alert(_, alert) => matches!(
            alert,
            AlertDescription::HANDSHAKE_FAILURE
                | AlertDescription::ILLEGAL_PARAMETER
                | AlertDescription::INTERNAL_ERROR
                | AlertDescription::DECODE_ERROR
                | AlertDescription::UNEXPECTED_MESSAGE
        ),
        How::Fin | How::Rst | How::CloseNotify => true,
        How::Encrypted(_) => false,
    };
    let lower = lower_that_passed(scene, offer);
    if !says_little || scene.refuses(Refused::Silence) && lower.is_none() {
        return None;
    }
    if let Some(lower) = lower {
        let summary = format!(
            "{} breaks off when {} is offered, and goes on when the client asks for at most {lower}.",
            scene.server_name(),
            offer.highest().map(|version| version.to_string()).unwrap_or_default(),
        );
        return Some(finding(scene, offer, Party::Server, Confidence::Likely, summary));
    }
    if unmet {
        return Some(by_server(scene, offer, Confidence::Likely));
    }
    let alerted = scene.alert_from(Side::Server).is_some();
    // TLS 1.1 and before are switched off nearly everywhere; a server for which these suites are the trouble says the same.
    if alerted && known.is_empty() && offer.is_obsolete() {
        return Some(by_server(scene, offer, Confidence::Likely));
    }
    None
}

/// Nothing but TLS 1.3 was offered, and the server says no more than handshake_failure: one of the time before TLS 1.3 sees
/// a hello for TLS 1.2 without any suite that it knows.
pub(super) fn server_may_be_old(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref()?;
    let failure = scene.alert_from(Side::Server) == Some(AlertDescription::HANDSHAKE_FAILURE);
    let nothing_known = scene.server.versions.iter().all(|seen| !seen.value.is_tls13());
    (scene.refuses(Refused::Hello) && failure && nothing_known && offer.only_tls13() && !offer.pre_shared_key)
        .then(|| by_server(scene, offer, Confidence::Possible))
}

/// The highest version of the client's next try, where that was lower and went well.
fn lower_that_passed(scene: &Scene<'_>, offer: &Offer) -> Option<ProtocolVersion> {
    let next = scene.story.retry.as_ref().filter(|next| next.finished.is_some())?;
    next.highest.filter(|then| offer.highest().is_some_and(|first| *then < first))
}

fn by_server(scene: &Scene<'_>, offer: &Offer, confidence: Confidence) -> Finding {
    let party = if offer.offers_tls13() { Party::Server } else { Party::Client };
    let summary = if offer.offers_tls13() {
        format!(
            "{} speaks none of the versions that the client offers ({}): it is too old for this client.",
            scene.server_name(),
            offer.versions_in_words()
        )
    } else {
        format!("The client offers {}, which {} no longer accepts.", offer.versions_in_words(), scene.server_name())
    };
    finding(scene, offer, party, confidence, summary)
}

fn by_client(scene: &Scene<'_>, offer: &Offer, confidence: Confidence) -> Finding {
    let chosen = scene.handshake.version.map(|version| version.to_string());
    let summary = format!(
        "{} chose {}, which the client does not accept.",
        scene.server_name(),
        chosen.as_deref().unwrap_or("a version"),
    );
    let finding = finding(scene, offer, Party::Server, confidence, summary);
    finding.because(
        "selected_version",
        Some(Side::Server),
        scene.mark_of(Side::Server, HandshakeType::SERVER_HELLO),
        format!("the server chose {}", chosen.as_deref().unwrap_or("a version of its own")),
    )
}

fn finding(scene: &Scene<'_>, offer: &Offer, party: Party, confidence: Confidence, summary: String) -> Finding {
    let would_meet = scene.server.versions.iter().map(|seen| seen.value).max();
    let wanted = would_meet.unwrap_or(ProtocolVersion::TLS_1_2);
    let advice = match party {
        Party::Client => format!(
            "Let the client offer {}: update its TLS library or lift the limit set on it (MinProtocol, max version). Only if that cannot be done, \
             allow {} on the server for this client alone.",
            words::list(
                [wanted.max(ProtocolVersion::TLS_1_2), ProtocolVersion::TLS_1_3]
                    .iter()
                    .collect::<std::collections::BTreeSet<_>>()
            ),
            offer.highest().map(|version| version.to_string()).unwrap_or_default(),
        ),
        _ => format!(
            "Update the server's TLS stack or enable {} on it. Until then the client has to allow {}.",
            offer.highest().map(|version| version.to_string()).unwrap_or_default(),
            would_meet.map_or("an earlier version".to_owned(), |version| version.to_string()),
        ),
    };
    Finding::new(Cause::VersionMismatch, party, confidence, summary)
        .with(scene.ending_evidence())
        .with(scene.offered_versions())
        .with(scene.known_versions())
        .advise(advice)
}
