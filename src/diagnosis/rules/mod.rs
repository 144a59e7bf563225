//! The rules, a file for each question that they answer, and the order in which they compete: the first that finds
//! something has found it.
//!
//! What was said outright comes before what is inferred, the certificate and the offers before the name of an alert that
//! stacks use for many things, what the network lost before what the ends did not say, and silence last.

mod client_certificate;
mod contradiction;
mod fault;
mod hello;
mod network;
mod not_tls;
mod offers;
mod reset;
mod server_certificate;
mod server_flight;
mod version;

use super::scene::Scene;
use super::{Evidence, Finding};

/// A rule: what it finds in a scene, if anything.
type Rule = fn(&Scene<'_>) -> Option<Finding>;

/// The rules for handshakes that failed or were abandoned, in the order in which they compete.
const RULES: &[Rule] = &[
    // another protocol, in the clear
    not_tls::starttls_refused,
    not_tls::proxy_refused,
    not_tls::proxy_protocol_mismatch,
    not_tls::server_not_tls,
    not_tls::client_not_tls,
    // alerts that have one meaning, and what contradicts the offer
    hello::inappropriate_fallback,
    version::downgrade_detected,
    version::refused_outright,
    hello::alpn_mismatch,
    hello::ech_rejected,
    hello::unrecognized_name,
    hello::psk_rejected,
    contradiction::found,
    // a reset with two signs of another's hand is nobody's refusal
    reset::forged,
    // the client's certificate: the server's refusals behind the client's second flight
    client_certificate::required,
    client_certificate::rejected,
    hello::session_reuse_required,
    // the server's flight: what it shows, before what the alert is called
    server_flight::unsafe_legacy_renegotiation,
    server_flight::weak_parameters,
    server_certificate::refused,
    server_flight::extended_master_secret_required,
    // the network: what was lost, who reset
    network::large_packet_lost,
    network::client_hello_lost,
    network::server_flight_lost,
    reset::middlebox_reset,
    // the ClientHello: its offers, before what the alert is called
    version::refused_by_inference,
    hello::sni_missing,
    hello::name_not_served,
    offers::refused,
    hello::alpn_in_own_flight,
    version::server_may_be_old,
    server_flight::extended_master_secret_of_client,
    // alerts that blame a message, a check, or the sender itself
    fault::access_denied,
    fault::cryptographic_failure,
    fault::protocol_violation,
    fault::internal_error,
    fault::user_canceled,
    fault::handshake_failure,
    // no word at all
    network::superseded,
    server_certificate::left,
    network::no_client_hello,
    network::not_connected,
    network::server_silent,
    network::server_closed,
    network::client_closed,
];

/// What the rules find in a handshake that failed or was abandoned.
pub(super) fn judge(scene: &Scene<'_>) -> Option<Finding> {
    let mut finding = RULES.iter().find_map(|rule| rule(scene))?;
    if let Some(retry) = what_changed(scene) {
        finding.evidence.push(retry);
    }
    Some(finding)
}

/// Whether a handshake that finished and was closed unused was refused after all, and why.
pub(super) fn abandoned(scene: &Scene<'_>) -> Option<Finding> {
    hello::session_reuse_required(scene)
        .or_else(|| client_certificate::dropped(scene))
        .or_else(|| server_certificate::abandoned(scene))
}

pub(super) use network::{capture_incomplete, given_up};

/// What the client did differently in its next try, and how that went.
fn what_changed(scene: &Scene<'_>) -> Option<Evidence> {
    use super::words;
    let next = scene.story.retry.as_ref()?;
    let offer = scene.offer.as_ref();
    let mut changes = Vec::new();
    match (offer.and_then(super::offer::Offer::highest), next.highest) {
        (Some(first), Some(then)) if then < first => changes.push(format!("offered at most {then} instead of {first}")),
        (Some(first), Some(then)) if then > first => changes.push(format!("offered {then} instead of {first}")),
        _ => {}
    }
    if offer.is_some_and(super::offer::Offer::is_post_quantum) && !next.post_quantum {
        changes.push("offered no post-quantum key share".to_owned());
    }
    if next.sni.as_deref() != scene.sni() {
        changes.push(format!("asked for {}", next.sni.as_deref().unwrap_or("no name")));
    }
    let changed = if changes.is_empty() { "changed nothing that shows".to_owned() } else { words::list(changes) };
    let after = words::span(next.start.since(scene.handshake.first.time));
    let went = super::outcome_in_words(next.outcome);
    Some(Evidence {
        code: "next_try",
        side: None,
        mark: None,
        what: format!("{after} later the client tried again, {changed}, and {went}"),
    })
}
