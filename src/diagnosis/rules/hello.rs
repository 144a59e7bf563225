//! What a server may dislike in a hello besides its lists: the name, the application protocol, a fallback, a shared key.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party, Severity, words};
use crate::handshake::Side;
use crate::tls::registry::{AlertDescription, CipherSuite, HandshakeType};
use std::time::Duration;

/// A retry after an Encrypted Client Hello that was refused comes within this time.
const PROMPT_RETRY: Duration = Duration::from_secs(5);

/// The client fell back to a lower version and said so (RFC 7507).
pub(super) fn inappropriate_fallback(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref()?;
    let said = offer.fallback && scene.alert_from(Side::Server) == Some(AlertDescription::INAPPROPRIATE_FALLBACK);
    // Servers that do not know the signal go on, and the client sees in the random that they speak more.
    let noticed = offer.fallback
        && scene.alert_from(Side::Client) == Some(AlertDescription::ILLEGAL_PARAMETER)
        && scene.negotiated.server_hello.is_some_and(|hello| hello.downgrade_sentinel().is_some());
    if !said && !noticed {
        return None;
    }
    let confidence = if said { Confidence::Certain } else { Confidence::Likely };
    let summary = format!(
        "The client came back with at most {} and said that this is a fallback; {} speaks more, and {}.",
        offer.highest()?,
        scene.server_name(),
        if said { "refuses that" } else { "the client saw that in its answer" }
    );
    Finding::new(Cause::InappropriateFallback, Party::Client, confidence, summary)
        .with(scene.ending_evidence())
        .because("fallback_scsv", Some(Side::Client), scene.hello_mark(), "TLS_FALLBACK_SCSV is among the offered suites".to_owned())
        .with(scene.offered_versions())
        .advise(
            "Find out why the client's first try failed: it should have worked (loss, a box in between, a server that does not take large hellos). \
             Then switch the fallback off in the client.",
        )
        .into()
}

/// No application protocol in common (RFC 7301 section 3.2).
pub(super) fn alpn_mismatch(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref().filter(|offer| !offer.alpn.is_empty())?;
    if scene.alert_from(Side::Server) != Some(AlertDescription::NO_APPLICATION_PROTOCOL) {
        return None;
    }
    let offered = words::list(&offer.alpn);
    let known = words::list(scene.server.alpn.iter().map(|seen| words::name(&seen.value)));
    let summary = format!(
        "Client and server speak different protocols over TLS: the client offers {offered}, and {} takes none of that.",
        scene.server_name()
    );
    let finding = Finding::new(Cause::AlpnMismatch, Party::Both, Confidence::Certain, summary)
        .with(scene.ending_evidence())
        .because(
            "offered_alpn",
            Some(Side::Client),
            scene.hello_mark(),
            format!("the client offers {offered} by ALPN"),
        );
    let finding = if scene.server.alpn.is_empty() {
        finding
    } else {
        finding.because(
            "server_alpn",
            Some(Side::Server),
            None,
            format!("with other clients this server agreed on {known}"),
        )
    };
    finding
        .advise(
            "Check that this port is meant for that protocol (h2 against an HTTP/1.1 server, a client of another service). Then let one list hold what the \
             other has: `http/1.1` beside `h2` on the client, or the protocol enabled on the server.",
        )
        .into()
}

/// A server that had answered, and then broke off with an encrypted alert, where the application protocols are what is
/// narrow: rustls looks at them after its ServerHello.
pub(super) fn alpn_in_own_flight(scene: &Scene<'_>) -> Option<Finding> {
    const USUAL: [&str; 3] = ["h2", "http/1.1", "http/1.0"];
    let offer = scene.offer.as_ref()?;
    let broke_off = scene.refuses(Refused::OwnFlight) && matches!(scene.ending?.how, How::Encrypted(_));
    let narrow = !offer.alpn.is_empty() && !offer.alpn.iter().any(|protocol| USUAL.contains(&protocol.as_str()));
    if !broke_off || !narrow {
        return None;
    }
    let offered = words::list(&offer.alpn);
    let summary = format!(
        "{} broke off after its hello; the client offers only {offered} by ALPN, which it may not speak.",
        scene.server_name()
    );
    Finding::new(Cause::AlpnMismatch, Party::Both, Confidence::Possible, summary)
        .with(scene.ending_evidence())
        .because("offered_alpn", Some(Side::Client), scene.hello_mark(), format!("the client offers {offered} by ALPN"))
        .advise("Check that this port is meant for that protocol, and the server's list of protocols. The server's log names the alert.")
        .into()
}

/// Encrypted Client Hello was offered, refused after Finished, and the client tried again at once (RFC 9849 section 6.1.6).
pub(super) fn ech_rejected(scene: &Scene<'_>) -> Option<Finding> {
    scene.negotiated.ech?;
    let ending = scene.ending.filter(|ending| ending.by == Side::Client)?;
    let required = scene.alert_from(Side::Client) == Some(AlertDescription::ECH_REQUIRED);
    let next = scene.story.retry.as_ref();
    let prompt = next
        .is_some_and(|next| next.start.since(ending.mark.time) <= PROMPT_RETRY && next.sni.as_deref() == scene.sni());
    let encrypted = matches!(ending.how, How::Encrypted(_)) && scene.finished();
    if !(required || encrypted && prompt) {
        return None;
    }
    let confidence = if required { Confidence::Certain } else { Confidence::Likely };
    let summary = format!(
        "The client's Encrypted Client Hello was not accepted by {}; it tries again with the server's own configuration.",
        scene.server_name()
    );
    Finding::new(Cause::EchRejected, Party::None, confidence, summary)
        .severity(Severity::Info)
        .with(scene.ending_evidence())
        .because("ech", Some(Side::Client), scene.hello_mark(), "the hello has the encrypted_client_hello extension".to_owned())
        .advise("Nothing, as long as the retry succeeds. If it happens each time, publish the server's current ECH configuration in its HTTPS record.")
        .into()
}

/// The server says that it does not serve the name (RFC 6066 section 3), or wants one.
pub(super) fn unrecognized_name(scene: &Scene<'_>) -> Option<Finding> {
    let said = scene.alert_from(Side::Server) == Some(AlertDescription::UNRECOGNIZED_NAME);
    if said {
        let offer = scene.offer.as_ref()?;
        let Some(name) = &offer.sni else { return Some(no_name(scene, Confidence::Certain)) };
        return Some(not_served(scene, name, Confidence::Certain));
    }
    // As a warning it lets the handshake go on, but some clients leave upon it.
    let warning = scene
        .handshake
        .alerts
        .iter()
        .find(|alert| alert.from == Side::Server && alert.description == AlertDescription::UNRECOGNIZED_NAME)?;
    let leaves = scene.ending.is_some_and(|ending| {
        ending.by == Side::Client
            && matches!(
                ending.how,
                How::Alert(
                    _,
                    AlertDescription::UNRECOGNIZED_NAME
                        | AlertDescription::HANDSHAKE_FAILURE
                        | AlertDescription::UNEXPECTED_MESSAGE
                )
            )
    });
    let name = scene.sni()?;
    leaves.then(|| {
        not_served(scene, name, Confidence::Likely).because(
            "warning",
            Some(Side::Server),
            Some(warning.mark),
            "the server warned that it does not know the name".to_owned(),
        )
    })
}

/// No name was sent, and this server serves by name.
pub(super) fn sni_missing(scene: &Scene<'_>) -> Option<Finding> {
    let offer = scene.offer.as_ref()?;
    if offer.sni.is_some() || !scene.refuses(Refused::Hello) || !may_be_about_the_name(scene) {
        return None;
    }
    let missing_extension = scene.alert_from(Side::Server) == Some(AlertDescription::MISSING_EXTENSION);
    let accepts_names = !scene.server.names.is_empty() && scene.server.finished_without_name == 0;
    match (missing_extension, accepts_names) {
        (true, _) if offer.groups.is_empty() || offer.schemes.is_empty() => None,
        (true, _) | (_, true) => Some(no_name(scene, Confidence::Likely)),
        // A wide offer leaves little else that a server could dislike.
        _ if scene.alert_from(Side::Server).is_some_and(|alert| alert == AlertDescription::HANDSHAKE_FAILURE)
            && scene.server.finished_without_name == 0
            && offer.is_wide()
            && offer.extended_master_secret =>
        {
            Some(no_name(scene, Confidence::Possible))
        }
        _ => None,
    }
}

/// The server refuses this name, and serves others.
pub(super) fn name_not_served(scene: &Scene<'_>) -> Option<Finding> {
    let name = scene.sni()?;
    let server = scene.server;
    let others = server.names.iter().any(|other| !other.eq_ignore_ascii_case(name)) || server.finished_without_name > 0;
    let never = server.name.finished == 0;
    if !scene.refuses(Refused::Hello) || !may_be_about_the_name(scene) || !others || !never {
        return None;
    }
    // The same offer with another name went well, as far as that is known: then the name is what is left.
    let met = server.versions.iter().any(|seen| scene.offer.as_ref().is_some_and(|offer| offer.takes(seen.value)))
        && server
            .cipher_suites
            .iter()
            .any(|seen| scene.offer.as_ref().is_some_and(|offer| offer.suites.contains(&seen.value)));
    if !met {
        return None;
    }
    let alerted = matches!(scene.ending?.how, How::Alert(..));
    Some(not_served(scene, name, if alerted { Confidence::Likely } else { Confidence::Possible }))
}

fn may_be_about_the_name(scene: &Scene<'_>) -> bool {
    match scene.ending.map(|ending| ending.how) {
        Some(How::Alert(_, alert)) => matches!(
            alert,
            AlertDescription::HANDSHAKE_FAILURE
                | AlertDescription::INTERNAL_ERROR
                | AlertDescription::MISSING_EXTENSION
                | AlertDescription::ACCESS_DENIED
                | AlertDescription::CERTIFICATE_UNKNOWN
                | AlertDescription::UNRECOGNIZED_NAME
        ),
        Some(How::Fin | How::Rst | How::CloseNotify) => true,
        _ => false,
    }
}

fn not_served(scene: &Scene<'_>, name: &str, confidence: Confidence) -> Finding {
    let summary =
        format!("The server at {} does not serve the name {name} that the client asks for.", scene.handshake.server);
    let finding = Finding::new(Cause::UnrecognizedName, Party::Client, confidence, summary)
        .with(scene.ending_evidence())
        .because("name", Some(Side::Client), scene.hello_mark(), format!("the client asks for {name}"));
    finding.with(names_served(scene, Some(name))).advise(format!(
        "Check the name that the client is set to, and that it resolves to a server for it (DNS, hosts file, load balancer). If {name} is right, add it to the \
         server: a virtual host and a certificate."
    ))
}

/// The other names for which the server is known to serve.
fn names_served(scene: &Scene<'_>, refused: Option<&str>) -> Option<Evidence> {
    let is_other = |name: &&String| !refused.is_some_and(|refused| name.eq_ignore_ascii_case(refused));
    let names: Vec<&String> = scene.server.names.iter().filter(is_other).collect();
    let what = || format!("the same server took handshakes for {}", words::list(&names));
    (!names.is_empty()).then(|| Evidence { code: "server_names", side: Some(Side::Server), mark: None, what: what() })
}

fn no_name(scene: &Scene<'_>, confidence: Confidence) -> Finding {
    let summary =
        format!("The client names no server (no SNI), and the server at {} wants a name.", scene.handshake.server);
    let finding =
        Finding::new(Cause::SniMissing, Party::Client, confidence, summary).with(scene.ending_evidence()).because(
            "no_name",
            Some(Side::Client),
            scene.hello_mark(),
            "the hello has no server_name extension".to_owned(),
        );
    finding.with(names_served(scene, None)).advise(
        "Let the client connect by name rather than by address, and send server_name (`-servername` for openssl s_client; old libraries need an update). \
         Or give the server a default certificate.",
    )
}

/// The key shared beforehand is not the server's (RFC 8446 section 4.2.11, RFC 4279 section 2).
pub(super) fn psk_rejected(scene: &Scene<'_>) -> Option<Finding> {
    let (_, alert) = scene.alert()?;
    use AlertDescription as A;
    let identity = alert == A::UNKNOWN_PSK_IDENTITY;
    // OpenSSL and GnuTLS say illegal_parameter to a binder that does not verify, and to an identity that they do not know.
    let offered = scene.refuses(Refused::Hello) && scene.offer.as_ref()?.pre_shared_key;
    let binder = offered && matches!(alert, A::DECRYPT_ERROR | A::BAD_RECORD_MAC | A::ILLEGAL_PARAMETER);
    // Up to TLS 1.2 another key shows only when the first encrypted record does not verify.
    let other_key = scene.handshake.cipher_suite.is_some_and(CipherSuite::uses_psk)
        && (scene.refuses(Refused::ClientFlight) || scene.refuses(Refused::Finish))
        && matches!(alert, A::DECRYPT_ERROR | A::BAD_RECORD_MAC | A::DECRYPTION_FAILED);
    if !(identity || binder || other_key) {
        return None;
    }
    let outright = identity || binder && alert == A::DECRYPT_ERROR;
    let binder = binder || other_key;
    let summary = if binder {
        format!(
            "The client's pre-shared key is not the one that {} has: what was made with it does not verify.",
            scene.server_name()
        )
    } else {
        format!("{} does not know the identity under which the client offers its pre-shared key.", scene.server_name())
    };
    let confidence = if outright { Confidence::Certain } else { Confidence::Likely };
    Finding::new(Cause::PskRejected, Party::Both, confidence, summary)
        .with(scene.ending_evidence())
        .because(
            "pre_shared_key",
            Some(Side::Client),
            scene.mark_of(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE).or_else(|| scene.hello_mark()),
            "the client offers a pre-shared key".to_owned(),
        )
        .advise("Compare identity and key on both sides, byte by byte: case, encoding (hexadecimal or text), trailing newline. If it is a session ticket, the servers behind this address do not share their ticket keys.")
        .into()
}

/// An FTP server that wants the session of the control connection on the data connection, and got a new one.
pub(super) fn session_reuse_required(scene: &Scene<'_>) -> Option<Finding> {
    let closed = scene.dropped_by(Side::Server)?;
    if !scene.finished() || scene.negotiated.resumed != Some(false) {
        return None;
    }
    // A control connection of the same client to the same host that is under way or has just been.
    let control = scene.story.control.as_ref()?;
    if scene.offer.as_ref().is_some_and(|offer| offer.pre_shared_key) {
        return None;
    }
    let summary = format!(
        "{} drops an FTP data connection whose TLS session is not the control connection's: it requires session reuse.",
        scene.handshake.server.ip()
    );
    Finding::new(Cause::SessionReuseRequired, Party::Client, Confidence::Likely, summary)
        .because("close", Some(Side::Server), Some(closed), "the server closed the data connection right after a full handshake, unused".to_owned())
        .because(
            "control_connection",
            Some(Side::Client),
            None,
            format!("the same client has a TLS control connection to {} that finished before", control.server),
        )
        .advise(
            "Let the FTP client resume the control connection's TLS session on data connections (most clients have an option; Python's ftplib does not do it \
             by itself). Or, on the server, switch the requirement off: `require_ssl_reuse=NO` in vsftpd, `TLSOptions NoSessionReuseRequired` in ProFTPD.",
        )
        .into()
}
