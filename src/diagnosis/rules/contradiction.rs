//! Messages that parse and still break the protocol: a selection that was not offered, a hello without what its version
//! asks for, a key share that cannot be one. The side that got it ended the handshake, whatever it called that.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding};
use crate::handshake::Side;
use crate::tls::registry::{
    AlertDescription, CipherSuite, CompressionMethod, ExtensionType, HandshakeType, NamedGroup,
};
use crate::tls::{ClientHello, ServerHello};

/// A message that contradicts the other side's, or itself, and the side that ended it because of that.
pub(super) fn found(scene: &Scene<'_>) -> Option<Finding> {
    let ending = scene.ending?;
    use AlertDescription as A;
    let says = match ending.how {
        How::Alert(
            _,
            A::ILLEGAL_PARAMETER
            | A::DECODE_ERROR
            | A::UNEXPECTED_MESSAGE
            | A::MISSING_EXTENSION
            | A::UNSUPPORTED_EXTENSION,
        ) => Confidence::Certain,
        How::Alert(_, A::HANDSHAKE_FAILURE | A::INTERNAL_ERROR | A::BAD_RECORD_MAC) => Confidence::Likely,
        How::Fin | How::Rst | How::CloseNotify | How::Encrypted(_) => Confidence::Possible,
        How::Alert(..) => return None,
    };
    let (accused, mark, field) = match (ending.by, scene.refused?) {
        (Side::Client, Refused::ServerFlight) => {
            let mark = scene.mark_of(Side::Server, HandshakeType::SERVER_HELLO);
            (Side::Server, mark, of_server(scene)?)
        }
        (Side::Server, Refused::Hello | Refused::OwnFlight) => (Side::Client, scene.hello_mark(), of_client(scene)?),
        _ => return None,
    };
    let who = accused.name();
    let summary = format!("A hello of the {who} breaks the protocol: {field}.");
    Finding::new(Cause::ProtocolViolation, accused, says, summary)
        .with(Some(Evidence { code: "contradiction", side: Some(accused), mark, what: field }))
        .with(scene.ending_evidence())
        .advise(format!(
            "Update the {who}'s TLS stack, and look for a proxy or inspection box in between that rewrites hellos: a capture on both sides of it shows whether \
             the message was changed."
        ))
        .into()
}

fn of_server(scene: &Scene<'_>) -> Option<String> {
    if let Some(field) = of_retry(scene) {
        return Some(field);
    }
    let (hello, client) = (scene.negotiated.server_hello?, scene.negotiated.client_hello?);
    let offer = scene.offer.as_ref()?;
    let suite = hello.cipher_suite;
    if !client.cipher_suites.contains(suite) || suite.is_signaling() || suite.is_grease() {
        return Some(format!("ServerHello.cipher_suite {suite} was not offered"));
    }
    let method = hello.compression_method;
    if method != CompressionMethod::NULL && !client.compression_methods.contains(&method.0) {
        return Some("ServerHello.compression_method was not offered".to_owned());
    }
    if let Some(extension) = hello
        .extensions
        .iter()
        .map(|extension| extension.kind)
        .find(|kind| is_unsolicited(*kind, &client, offer.renegotiation_info))
    {
        return Some(format!("ServerHello has the extension {extension}, which the client did not offer"));
    }
    if let Some(group) =
        scene.negotiated.named_group.filter(|group| !offer.groups.is_empty() && !offer.groups.contains(group))
    {
        return Some(format!("the server chose the group {group}, which was not offered"));
    }
    if hello.negotiated_version().is_tls13() {
        return of_server13(&hello, &client);
    }
    None
}

/// A ServerHello of TLS 1.3 (RFC 8446 section 4.1.3).
fn of_server13(hello: &ServerHello<'_>, client: &ClientHello<'_>) -> Option<String> {
    if hello.session_id != client.session_id {
        return Some("ServerHello.legacy_session_id_echo is not what the client sent".to_owned());
    }
    match hello.extensions.key_share() {
        None if hello.extensions.selected_psk().is_none() => Some("ServerHello has no key_share".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(share)) => broken_share(share.group, share.key_exchange, true)
            .map(|what| format!("ServerHello.key_share for {} {what}", share.group)),
        None => None,
    }
}

/// A HelloRetryRequest asks for a group that was offered, and not for one whose share it has (RFC 8446 section 4.1.4).
fn of_retry(scene: &Scene<'_>) -> Option<String> {
    let client = scene.negotiated.client_hello?;
    let retry = scene
        .handshake
        .messages()
        .filter(|message| message.from == Side::Server && message.kind == HandshakeType::SERVER_HELLO)
        .filter_map(|message| ServerHello::parse(message.body).ok())
        .find(ServerHello::is_hello_retry_request)?;
    let group = retry.extensions.retry_group()?.ok()?;
    let groups = client.extensions.supported_groups()?.ok()?;
    if !groups.contains(group) {
        return Some(format!("HelloRetryRequest asks for the group {group}, which was not offered"));
    }
    let shares = client.extensions.key_shares()?.ok()?;
    shares
        .iter()
        .any(|share| share.group == group)
        .then(|| format!("HelloRetryRequest asks for the group {group}, whose key share it already has"))
}

/// An extension that answers none of the client's (RFC 8446 section 4.2).
fn is_unsolicited(kind: ExtensionType, client: &ClientHello<'_>, renegotiation: bool) -> bool {
    let asked = client.extensions.contains(kind) || kind == ExtensionType::RENEGOTIATION_INFO && renegotiation;
    !asked && kind != ExtensionType::COOKIE
}

fn of_client(scene: &Scene<'_>) -> Option<String> {
    let hello = scene.negotiated.client_hello?;
    let offer = scene.offer.as_ref()?;
    let extensions = &hello.extensions;
    if let Some(error) = unreadable(&hello) {
        return Some(error);
    }
    if let Some(twice) = extensions.duplicate() {
        return Some(format!("ClientHello has the extension {twice} twice"));
    }
    if !hello.compression_methods.contains(&CompressionMethod::NULL.0) {
        return Some("ClientHello.compression_methods lacks null".to_owned());
    }
    let last = extensions.iter().last().map(|extension| extension.kind);
    if offer.pre_shared_key && last != Some(ExtensionType::PRE_SHARED_KEY) {
        return Some("ClientHello.pre_shared_key is not the last extension".to_owned());
    }
    if !offer.offers_tls13() || !hello.cipher_suites.iter().any(CipherSuite::is_tls13) {
        return None;
    }
    let needed = [ExtensionType::KEY_SHARE, ExtensionType::SUPPORTED_GROUPS, ExtensionType::SIGNATURE_ALGORITHMS];
    if let Some(missing) = needed.into_iter().find(|kind| !extensions.contains(*kind) && !offer.pre_shared_key) {
        return Some(format!("ClientHello offers TLS 1.3 without {missing} (RFC 8446 section 9.2)"));
    }
    let shares = extensions.key_shares()?.ok()?;
    shares.iter().find_map(|share| {
        if !share.group.is_grease() && !offer.groups.contains(&share.group) {
            return Some(format!("ClientHello.key_share has {}, which is not among its supported_groups", share.group));
        }
        broken_share(share.group, share.key_exchange, false)
            .map(|what| format!("ClientHello.key_share for {} {what}", share.group))
    })
}

/// The first extension of a hello that breaks the grammar.
fn unreadable(hello: &ClientHello<'_>) -> Option<String> {
    let extensions = &hello.extensions;
    let errors = [
        extensions.server_name().and_then(Result::err),
        extensions.supported_versions().and_then(Result::err),
        extensions.supported_groups().and_then(Result::err),
        extensions.signature_algorithms().and_then(Result::err),
        extensions.key_shares().and_then(Result::err),
        extensions.alpn().and_then(Result::err),
        extensions.pre_shared_key().and_then(Result::err),
        extensions.psk_key_exchange_modes().and_then(Result::err),
    ];
    errors.into_iter().flatten().next().map(|error| error.to_string())
}

/// What is wrong with a key share: its length (RFC 8446 section 4.2.8), or that it is all zeros (RFC 7748 section 6.1).
fn broken_share(group: NamedGroup, key: &[u8], of_server: bool) -> Option<String> {
    let length = match group {
        NamedGroup::X25519 => 32,
        NamedGroup::X448 => 56,
        NamedGroup::SECP256R1 => 65,
        NamedGroup::SECP384R1 => 97,
        NamedGroup::SECP521R1 => 133,
        // ML-KEM-768 has an encapsulation key of 1184 bytes and a ciphertext of 1088, x25519 adds 32.
        NamedGroup::X25519MLKEM768 if of_server => 1120,
        NamedGroup::X25519MLKEM768 => 1216,
        _ => key.len(),
    };
    if key.len() != length {
        return Some(format!("has {} bytes, not {length}", key.len()));
    }
    let known = matches!(group, NamedGroup::X25519 | NamedGroup::X448 | NamedGroup::SECP256R1 | NamedGroup::SECP384R1);
    (known && key.iter().all(|byte| *byte == 0)).then(|| "is all zeros".to_owned())
}
