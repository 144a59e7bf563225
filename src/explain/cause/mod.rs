//! Causes: what each is, how it looks, which stacks bring it about, what to check, and how to mend it from each end and in
//! between. One file for each family.

mod certificate;
mod client_certificate;
mod negotiation;
mod not_tls;
mod peer;
mod silence;

use super::{Explanation, is_command, symptom};
use crate::diagnosis::Cause;
use crate::tls::registry::AlertDescription;

/// At most this many symptoms are named with a cause.
const MAX_SYMPTOMS: usize = 6;

/// What is to be said of a cause.
struct Text {
    /// What it is.
    what: &'static str,
    /// How it looks on the wire.
    wire: &'static str,
    /// A display filter of Wireshark that shows it.
    filter: &'static str,
    /// What brings it about, in which stacks.
    stacks: &'static [&'static str],
    /// What to look at; an entry that begins with `$` is a command, one with `>` its next line.
    check: &'static [&'static str],
    /// How to mend it on the client.
    client: &'static str,
    /// How to mend it on the server.
    server: &'static str,
    /// How to mend it in between.
    between: &'static str,
    /// Alerts that it comes with.
    alerts: &'static [AlertDescription],
    /// Causes that look much like it, or follow from it.
    related: &'static [Cause],
}

pub(super) fn explain(cause: Cause) -> Explanation {
    let text = text(cause);
    let alerts: Vec<String> = text.alerts.iter().map(|alert| format!("{alert} ({})", alert.0)).collect();
    let related: Vec<&str> = text.related.iter().map(|cause| cause.code()).collect();
    let seen: Vec<&str> = symptom::of(cause).map(symptom::Symptom::name).take(MAX_SYMPTOMS).collect();
    Explanation::new(format!("{cause}, cause"))
        .with("What it is", text.what)
        .with("On the wire", text.wire)
        .with("Wireshark", text.filter)
        .with("Comes from", bullets(text.stacks))
        .with("Check", bullets(text.check))
        .with("On the client", text.client)
        .with("On the server", text.server)
        .with("In between", text.between)
        .with("People see", seen.join("; "))
        .with("Alerts", alerts.join(", "))
        .with("See also", related.join(", "))
}

/// Entries one below the other, commands as they are.
fn bullets(entries: &[&str]) -> String {
    let line = |entry: &&str| if is_command(entry) { (*entry).to_owned() } else { format!("- {entry}") };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Causes that an alert comes with.
pub(super) fn of_alert(alert: AlertDescription) -> impl Iterator<Item = Cause> {
    Cause::ALL.iter().copied().filter(move |cause| text(*cause).alerts.contains(&alert))
}

/// The families, in the order of the list, each with its causes.
pub(super) fn families() -> Vec<(&'static str, Vec<Cause>)> {
    let mut families: Vec<(&'static str, Vec<Cause>)> = Vec::new();
    for cause in Cause::ALL {
        let family = family(*cause);
        match families.iter_mut().find(|(name, _)| *name == family) {
            Some((_, causes)) => causes.push(*cause),
            None => families.push((family, vec![*cause])),
        }
    }
    families
}

/// What a person asks first: was it the parameters, the certificate, one of the ends, or something in between?
fn family(cause: Cause) -> &'static str {
    use Cause as C;
    match cause {
        C::VersionMismatch
        | C::CipherSuiteMismatch
        | C::GroupMismatch
        | C::SignatureSchemeMismatch
        | C::WeakParameters
        | C::UnsafeLegacyRenegotiation
        | C::ExtendedMasterSecretRequired
        | C::AlpnMismatch
        | C::InappropriateFallback
        | C::DowngradeDetected
        | C::SessionReuseRequired
        | C::HandshakeFailure => "Negotiation",
        C::CertificateExpired
        | C::CertificateNotYetValid
        | C::CertificateNameMismatch
        | C::CertificateUntrusted
        | C::CertificateRevoked
        | C::RevocationUnavailable
        | C::CertificateUnsupported
        | C::TlsInterception
        | C::CertificateRejected => "Server's cert",
        C::ClientCertificateRequired | C::ClientCertificateRejected => "Client's cert",
        C::UnrecognizedName
        | C::SniMissing
        | C::EchRejected
        | C::PskRejected
        | C::AccessDenied
        | C::ProtocolViolation
        | C::CryptographicFailure
        | C::InternalError
        | C::UserCanceled => "Names, faults",
        C::ServerNotTls
        | C::ClientNotTls
        | C::ProxyProtocolMismatch
        | C::StarttlsRefused
        | C::ProxyRefused
        | C::QuicVersionMismatch
        | C::UdpBlocked => "Not TLS",
        C::ConnectionRefused
        | C::ConnectionTimeout
        | C::ServerClosed
        | C::ServerSilent
        | C::ClientClosed
        | C::NoClientHello
        | C::MiddleboxReset
        | C::ClientHelloLost
        | C::LargePacketLost
        | C::ServerFlightLost
        | C::CaptureIncomplete => "Silence, loss",
    }
}

fn text(cause: Cause) -> &'static Text {
    use Cause as C;
    match cause {
        C::VersionMismatch => &negotiation::VERSION_MISMATCH,
        C::CipherSuiteMismatch => &negotiation::CIPHER_SUITE_MISMATCH,
        C::GroupMismatch => &negotiation::GROUP_MISMATCH,
        C::SignatureSchemeMismatch => &negotiation::SIGNATURE_SCHEME_MISMATCH,
        C::WeakParameters => &negotiation::WEAK_PARAMETERS,
        C::UnsafeLegacyRenegotiation => &negotiation::UNSAFE_LEGACY_RENEGOTIATION,
        C::ExtendedMasterSecretRequired => &negotiation::EXTENDED_MASTER_SECRET_REQUIRED,
        C::AlpnMismatch => &negotiation::ALPN_MISMATCH,
        C::InappropriateFallback => &negotiation::INAPPROPRIATE_FALLBACK,
        C::DowngradeDetected => &negotiation::DOWNGRADE_DETECTED,
        C::SessionReuseRequired => &negotiation::SESSION_REUSE_REQUIRED,
        C::HandshakeFailure => &negotiation::HANDSHAKE_FAILURE,

        C::CertificateExpired => &certificate::CERTIFICATE_EXPIRED,
        C::CertificateNotYetValid => &certificate::CERTIFICATE_NOT_YET_VALID,
        C::CertificateNameMismatch => &certificate::CERTIFICATE_NAME_MISMATCH,
        C::CertificateUntrusted => &certificate::CERTIFICATE_UNTRUSTED,
        C::CertificateRevoked => &certificate::CERTIFICATE_REVOKED,
        C::RevocationUnavailable => &certificate::REVOCATION_UNAVAILABLE,
        C::CertificateUnsupported => &certificate::CERTIFICATE_UNSUPPORTED,
        C::TlsInterception => &certificate::TLS_INTERCEPTION,
        C::CertificateRejected => &certificate::CERTIFICATE_REJECTED,

        C::ClientCertificateRequired => &client_certificate::CLIENT_CERTIFICATE_REQUIRED,
        C::ClientCertificateRejected => &client_certificate::CLIENT_CERTIFICATE_REJECTED,

        C::UnrecognizedName => &peer::UNRECOGNIZED_NAME,
        C::SniMissing => &peer::SNI_MISSING,
        C::EchRejected => &peer::ECH_REJECTED,
        C::PskRejected => &peer::PSK_REJECTED,
        C::AccessDenied => &peer::ACCESS_DENIED,
        C::ProtocolViolation => &peer::PROTOCOL_VIOLATION,
        C::CryptographicFailure => &peer::CRYPTOGRAPHIC_FAILURE,
        C::InternalError => &peer::INTERNAL_ERROR,
        C::UserCanceled => &peer::USER_CANCELED,

        C::ServerNotTls => &not_tls::SERVER_NOT_TLS,
        C::ClientNotTls => &not_tls::CLIENT_NOT_TLS,
        C::ProxyProtocolMismatch => &not_tls::PROXY_PROTOCOL_MISMATCH,
        C::StarttlsRefused => &not_tls::STARTTLS_REFUSED,
        C::ProxyRefused => &not_tls::PROXY_REFUSED,
        C::QuicVersionMismatch => &not_tls::QUIC_VERSION_MISMATCH,
        C::UdpBlocked => &not_tls::UDP_BLOCKED,

        C::ConnectionRefused => &silence::CONNECTION_REFUSED,
        C::ConnectionTimeout => &silence::CONNECTION_TIMEOUT,
        C::ServerClosed => &silence::SERVER_CLOSED,
        C::ServerSilent => &silence::SERVER_SILENT,
        C::ClientClosed => &silence::CLIENT_CLOSED,
        C::NoClientHello => &silence::NO_CLIENT_HELLO,
        C::MiddleboxReset => &silence::MIDDLEBOX_RESET,
        C::ClientHelloLost => &silence::CLIENT_HELLO_LOST,
        C::LargePacketLost => &silence::LARGE_PACKET_LOST,
        C::ServerFlightLost => &silence::SERVER_FLIGHT_LOST,
        C::CaptureIncomplete => &silence::CAPTURE_INCOMPLETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_cause_has_every_section_and_no_two_share_a_text() {
        let mut seen: HashMap<&str, Cause> = HashMap::new();
        for cause in Cause::ALL {
            let Text { what, wire, stacks, check, client, server, between, .. } = text(*cause);
            let lists = [*stacks, *check].concat();
            assert!(stacks.len() > 1 && check.len() > 1, "{cause}");
            let commands = check.iter().filter(|entry| is_command(entry));
            assert!(commands.count() > 0, "{cause}: nothing to type");
            for sentence in [*what, *wire, *client, *server, *between].into_iter().chain(lists) {
                assert!(is_command(sentence) || (sentence.ends_with(['.', '?']) && sentence.len() > 10), "{sentence}");
                let other = seen.insert(sentence, *cause).filter(|_| !is_command(sentence));
                assert_eq!(other, None, "{cause} says the same: {sentence}");
            }
        }
    }

    #[test]
    fn causes_point_to_others_and_commands_fit_on_a_line() {
        for cause in Cause::ALL {
            let text = text(*cause);
            assert!(!text.related.is_empty() && !text.related.contains(cause), "{cause}");
            assert!(!text.filter.is_empty() && text.filter.lines().count() == 1, "{cause}");
            for command in text.check.iter().filter(|entry| is_command(entry)) {
                assert!(command.len() <= super::super::WIDTH - super::super::INDENT, "{cause}: {command}");
            }
        }
    }

    #[test]
    fn families_follow_the_list() {
        let families = families();
        let all: Vec<Cause> = families.iter().flat_map(|(_, causes)| causes.clone()).collect();
        assert_eq!(all, Cause::ALL);
        assert_eq!(families.len(), 6);
    }
}
