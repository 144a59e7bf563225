//! What a client may dislike in the server's hello and key exchange.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party};
use super::server_certificate;
use crate::handshake::Side;
use crate::policy::{MIN_DH_BITS, MIN_RSA_BITS};
use crate::tls::registry::{AlertDescription, ExtensionType, HandshakeType, ProtocolVersion};
use crate::tls::{ServerKeyExchange, significant_bits};
use crate::x509::PublicKey;

/// The client wants secure renegotiation and the server does not know it (RFC 5746 section 3.4).
pub(super) fn unsafe_legacy_renegotiation(scene: &Scene<'_>) -> Option<Finding> {
    let hello = scene.negotiated.server_hello.as_ref()?;
    let alert = scene.alert_from(Side::Client)?;
    let lacks = !hello.extensions.contains(ExtensionType::RENEGOTIATION_INFO);
    let asked = scene.offer.as_ref()?.renegotiation_info;
    let before_tls13 = hello.negotiated_version() <= ProtocolVersion::TLS_1_2;
    if alert != AlertDescription::HANDSHAKE_FAILURE
        || !lacks
        || !asked
        || !before_tls13
        || !scene.refuses(Refused::ServerFlight)
    {
        return None;
    }
    let summary =
        format!("{} does not know secure renegotiation (RFC 5746), and the client insists on it.", scene.server_name());
    Finding::new(Cause::UnsafeLegacyRenegotiation, Party::Server, Confidence::Likely, summary)
        .with(scene.ending_evidence())
        .because(
            "no_renegotiation_info",
            Some(Side::Server),
            scene.mark_of(Side::Server, HandshakeType::SERVER_HELLO),
            "the ServerHello has no renegotiation_info, although the client offered it".to_owned(),
        )
        .advise(
            "Update the server's TLS stack: one without RFC 5746 is from before 2010, or a box in between strips the extension. Until then OpenSSL 3 clients \
             connect with `Options = UnsafeLegacyServerConnect`.",
        )
        .into()
}

/// Parameters that the client's policy refuses.
pub(super) fn weak_parameters(scene: &Scene<'_>) -> Option<Finding> {
    if !scene.refuses(Refused::ServerFlight) && !scene.refuses(Refused::Finish) {
        return None;
    }
    let alert = scene.alert_from(Side::Client)?;
    use AlertDescription as A;
    if !matches!(alert, A::DECRYPT_ERROR | A::HANDSHAKE_FAILURE | A::ILLEGAL_PARAMETER | A::INSUFFICIENT_SECURITY) {
        return None;
    }
    let weak = weaknesses(scene);
    // rustls does not verify what is that weak, and says decrypt_error.
    if alert == A::DECRYPT_ERROR && weak.iter().all(|evidence| evidence.code == "dh_bits") {
        return None;
    }
    // Erlang says handshake_failure to a wrong name: what is wrong with the certificate weighs more than what is old.
    let strong = weak.iter().any(|evidence| evidence.code == "dh_bits");
    if alert == A::HANDSHAKE_FAILURE && !strong && server_certificate::has_objection(scene) {
        return None;
    }
    // insufficient_security says outright that it is too weak for the client (RFC 5246 section 7.2.2).
    let outright = alert == A::INSUFFICIENT_SECURITY;
    if weak.is_empty() {
        let lacks_master_secret = lacks_extended_master_secret(scene);
        return (outright && !lacks_master_secret).then(|| finding(scene, weak, Confidence::Likely));
    }
    Some(finding(scene, weak, if outright { Confidence::Certain } else { Confidence::Likely }))
}

fn finding(scene: &Scene<'_>, weak: Vec<Evidence>, confidence: Confidence) -> Finding {
    let what = weak.first().map_or("what the server chose is too weak".to_owned(), |evidence| evidence.what.clone());
    let summary = format!("The client refuses {} as too weak: {what}.", scene.server_name());
    let finding = Finding::new(Cause::WeakParameters, Party::Server, confidence, summary);
    weak.into_iter().fold(finding, |finding, evidence| finding.with(Some(evidence))).with(scene.ending_evidence()).advise(
        "Strengthen the server: ECDHE suites or a DH group of at least 2048 bits (nginx `ssl_dhparam`), an RSA key of at least 2048 bits or an ECDSA key, a \
         certificate and chain signed with SHA-256. Lowering the client's security level only hides it.",
    )
}

/// What is weak in the server's key exchange and certificate.
fn weaknesses(scene: &Scene<'_>) -> Vec<Evidence> {
    let mut weak = Vec::new();
    let side = Some(Side::Server);
    let exchange = scene.mark_of(Side::Server, HandshakeType::SERVER_KEY_EXCHANGE);
    if let Some(ServerKeyExchange::Dhe { p, .. }) = scene.negotiated.server_key_exchange
        && let bits = significant_bits(p)
        && bits < MIN_DH_BITS
    {
        weak.push(Evidence {
            code: "dh_bits",
            side,
            mark: exchange,
            what: format!("the Diffie-Hellman group has {bits} bits"),
        });
    }
    if let Some(scheme) = scene.negotiated.signature_scheme.filter(|scheme| scheme.uses_sha1() || scheme.uses_md5())
        && scene.handshake.version == Some(ProtocolVersion::TLS_1_2)
    {
        weak.push(Evidence {
            code: "signature",
            side,
            mark: exchange,
            what: format!("the server signs its key exchange with {scheme}"),
        });
    }
    let certificate = scene.mark_of(Side::Server, HandshakeType::CERTIFICATE);
    for facts in scene.server_chain.on_path() {
        let subject = facts.subject.as_deref().unwrap_or("without a name");
        if let Some(bits) = facts.key.as_ref().and_then(PublicKey::rsa_bits).filter(|bits| *bits < MIN_RSA_BITS) {
            let what = format!("the certificate {subject} has an RSA key of {bits} bits");
            weak.push(Evidence { code: "key", side, mark: certificate, what });
        }
        if facts.weak_digest.is_some() && facts.self_signed != Some(true) {
            let algorithm = facts.signature_algorithm.as_deref().unwrap_or("a weak digest");
            let what = format!("the certificate {subject} is signed with {algorithm}");
            weak.push(Evidence { code: "certificate_signature", side, mark: certificate, what });
        }
    }
    weak
}

fn lacks_extended_master_secret(scene: &Scene<'_>) -> bool {
    let offered = scene.offer.as_ref().is_some_and(|offer| offer.extended_master_secret);
    offered
        && scene.negotiated.server_hello.as_ref().is_some_and(|hello| {
            hello.negotiated_version() <= ProtocolVersion::TLS_1_2
                && !hello.extensions.contains(ExtensionType::EXTENDED_MASTER_SECRET)
        })
}

/// The client insists on the extended master secret, and the server does not do it (RFC 7627 section 5.2).
pub(super) fn extended_master_secret_required(scene: &Scene<'_>) -> Option<Finding> {
    let alert = scene.alert_from(Side::Client)?;
    let fits = matches!(alert, AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY);
    if !fits || !lacks_extended_master_secret(scene) || !scene.refuses(Refused::ServerFlight) {
        return None;
    }
    let summary = format!(
        "The client requires the extended master secret (RFC 7627), and {} does not do it.",
        scene.server_name()
    );
    let finding = Finding::new(Cause::ExtendedMasterSecretRequired, Party::Server, Confidence::Likely, summary)
        .with(scene.ending_evidence());
    let hello = scene.mark_of(Side::Server, HandshakeType::SERVER_HELLO);
    let what = "the ServerHello lacks extended_master_secret, which the client offered".to_owned();
    let finding = finding.because("no_extended_master_secret", Some(Side::Server), hello, what);
    Some(finding.advise("Update the server's TLS stack, or use TLS 1.3, which does not need the extension. Clients in FIPS mode cannot do without it."))
}

/// The server insists on it, and the client does not offer it.
pub(super) fn extended_master_secret_of_client(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref()?;
    let fits = match scene.ending?.how {
        How::Alert(_, alert) => {
            matches!(alert, AlertDescription::HANDSHAKE_FAILURE | AlertDescription::INSUFFICIENT_SECURITY)
        }
        _ => false,
    };
    // A stack that never had it is older or smaller in other ways too; one of today that lacks it has it switched off.
    let of_today = scene.negotiated.client_hello.is_some_and(|hello| {
        [ExtensionType::ENCRYPT_THEN_MAC, ExtensionType::SESSION_TICKET]
            .iter()
            .any(|extension| hello.extensions.contains(*extension))
    });
    let lacks = !offer.extended_master_secret && !offer.offers_tls13() && of_today;
    if !scene.refuses(Refused::Hello) || !fits || !lacks || !offer.is_wide() {
        return None;
    }
    let summary = format!(
        "The client does not offer the extended master secret (RFC 7627), which {} may require.",
        scene.server_name()
    );
    let finding = Finding::new(Cause::ExtendedMasterSecretRequired, Party::Client, Confidence::Possible, summary)
        .with(scene.ending_evidence())
        .because(
            "no_extended_master_secret",
            Some(Side::Client),
            scene.hello_mark(),
            "the hello lacks extended_master_secret, and is wide otherwise".to_owned(),
        );
    Some(finding.advise("Update the client's TLS stack or let it offer TLS 1.3. Servers in FIPS mode refuse TLS 1.2 without the extension."))
}
