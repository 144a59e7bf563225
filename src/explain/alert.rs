//! Alerts: what each means, who sends it as a rule, and where to look.

use super::registered::row;
use super::{Explanation, cause};
use crate::diagnosis::Cause;
use crate::tls::registry::AlertDescription;

pub(super) fn explain(alert: AlertDescription) -> Explanation {
    let text = text(alert);
    let reference = row("alert_description", alert.0.into()).map_or("", |row| row.reference);
    let causes: Vec<&str> = cause::of_alert(alert).map(Cause::code).collect();
    Explanation::new(format!("{alert}, alert {}", alert.0))
        .with("What it is", text.meaning)
        .with("Sent by", text.sender)
        .with("Check", text.check)
        .with("Causes", causes.join(", "))
        .with("Defined in", reference)
}

/// What is to be said of an alert.
struct Text {
    meaning: &'static str,
    sender: &'static str,
    check: &'static str,
}

#[rustfmt::skip]
fn text(alert: AlertDescription) -> Text {
    use AlertDescription as A;
    let (meaning, sender, check) = match alert {
        A::CLOSE_NOTIFY => (
            "The sender will send nothing more. After the handshake this is the orderly end of a connection; before Finished it means that the sender gave up without saying why.",
            "Either side.",
            "Only before Finished: what the sender had received last. Clients also close like this when they are told to stop, or when a second connection of theirs was faster.",
        ),
        A::UNEXPECTED_MESSAGE => (
            "A message came that has no place there: out of order, or of a type that was not agreed on.",
            "The side that received it.",
            "Which message came last, and the versions of both stacks. Something in between that changes records, or a peer that does not speak TLS, looks the same.",
        ),
        A::BAD_RECORD_MAC => (
            "A record did not decrypt or did not verify: its bytes or its keys are not those of its sender.",
            "The side that received the record.",
            "Damage or tampering on the path, hardware that offloads encryption, a fault in either stack. In TLS 1.3 also a pre-shared key that differs.",
        ),
        A::DECRYPTION_FAILED => (
            "A record did not decrypt. Withdrawn with TLS 1.1, since telling this apart from bad_record_mac helps an attacker.",
            "Only stacks from before 2006.",
            "As for bad_record_mac, and why something so old is in use.",
        ),
        A::RECORD_OVERFLOW => (
            "A record is longer than 16 KB and what encryption may add, or longer than the limit that its receiver asked for.",
            "The side that received it.",
            "Whether the bytes are TLS at all: plain text read as a record has an absurd length. Else a fault in the sender's stack.",
        ),
        A::DECOMPRESSION_FAILURE => (
            "A compressed record or certificate did not unpack. TLS compression itself is withdrawn.",
            "The side that received it.",
            "The sender's compression; turn TLS compression off.",
        ),
        A::HANDSHAKE_FAILURE => (
            "The sender found nothing acceptable in what the other side offers, or will not say what is wrong.",
            "Nearly always the server, right after ClientHello.",
            "Whether versions, suites, groups and signature schemes overlap; then whether the server has a certificate for this name (SNI); then whether it wants a client certificate. Many servers send this alert for all of these. From the client, after the server's flight: weak parameters, or no secure renegotiation.",
        ),
        A::NO_CERTIFICATE => (
            "The client has no certificate to answer the server's request with. SSL 3.0 only; later versions send an empty Certificate.",
            "The client, as a warning.",
            "Whether the server insists on a client certificate.",
        ),
        A::BAD_CERTIFICATE => (
            "A certificate is damaged, or a signature on it does not verify. Some stacks send this for any certificate they refuse.",
            "The client about the server's certificate, or the server about the client's.",
            "The chain as it was sent: order, damage, an issuer of the same name with another key, and in TLS 1.2 whether the name fits.",
        ),
        A::UNSUPPORTED_CERTIFICATE => (
            "The certificate is of a kind that the sender does not take: key type, curve, signature, or a purpose that does not allow this use.",
            "The client about the server's certificate, or the server about the client's.",
            "Key type and signature algorithm against what the hello offers, and the extended key usage: serverAuth for servers, clientAuth for clients.",
        ),
        A::CERTIFICATE_REVOKED => (
            "The issuer has withdrawn the certificate.",
            "The client about the server's certificate, or the server about the client's.",
            "The certificate's status at its issuer (CRL, OCSP). Replace it, with a new key.",
        ),
        A::CERTIFICATE_EXPIRED => (
            "A certificate of the chain is not valid at this time by the sender's clock: expired, or not yet valid. An expired CRL gives the same alert in some stacks.",
            "The client about the server's certificate, or the server about the client's.",
            "The dates of every certificate of the chain, intermediates too; then the clock of the sender; then the CRL, where one is used.",
        ),
        A::CERTIFICATE_UNKNOWN => (
            "The certificate is refused for a reason that no other alert has: name, policy, pinning, or a person who said no.",
            "The client about the server's certificate (browsers and Java for nearly everything), or the server about the client's.",
            "Name, dates and issuer of the certificate, then pins and policies of the sender. Its own log says more.",
        ),
        A::ILLEGAL_PARAMETER => (
            "A field of a handshake message is out of its range, or contradicts another one.",
            "The side that received the message.",
            "The message before the alert: a selection that was not offered, a group without its key share, a wrong version after a HelloRetryRequest. A proxy in between that rewrites hellos does this too.",
        ),
        A::UNKNOWN_CA => (
            "The chain does not lead to an authority that the sender trusts.",
            "The client about the server's certificate, or the server about the client's.",
            "Whether the intermediate certificates were sent; then whether the root is in the sender's store: a private authority, a new root, or an intercepting proxy whose root was never installed.",
        ),
        A::ACCESS_DENIED => (
            "The certificate or key is valid, but its holder may not come in.",
            "The server.",
            "The server's access list for this client.",
        ),
        A::DECODE_ERROR => (
            "A message does not parse: a length or a field does not fit.",
            "The side that received it.",
            "Whether the message arrived whole and unchanged; then the stack that made it. Old servers and middleboxes fail so on large or new hellos.",
        ),
        A::DECRYPT_ERROR => (
            "A cryptographic check of the handshake failed: a signature, a Finished, or the binder of a pre-shared key.",
            "The side that did the check.",
            "Whether the key belongs to the certificate, whether both sides have the same pre-shared key, and whether something in between changed the handshake.",
        ),
        A::TOO_MANY_CIDS_REQUESTED => (
            "DTLS 1.3: the peer asks for more connection ids than the sender is willing to hand out.",
            "Either side.",
            "The peer's use of RequestConnectionId.",
        ),
        A::EXPORT_RESTRICTION => (
            "The other side broke the export rules of the 1990s. Withdrawn with TLS 1.1.",
            "Only stacks of that time.",
            "Why something so old is in use.",
        ),
        A::PROTOCOL_VERSION => (
            "The version is known, but the sender does not speak it or is told not to.",
            "Mostly the server: the client's newest version is too old for it, or the client speaks only newer ones. From the client: the server chose something too old.",
            "The lowest and highest versions set on both sides. TLS 1.0 and 1.1 are off by default nearly everywhere.",
        ),
        A::INSUFFICIENT_SECURITY => (
            "What the other side offers overlaps with what the sender knows, but is too weak for its policy.",
            "The server; from the client it concerns the parameters that the server chose.",
            "Suites, groups and key sizes of the weaker side.",
        ),
        A::INTERNAL_ERROR => (
            "The sender failed for a reason of its own, which has nothing to do with the peer.",
            "Mostly the server.",
            "The sender's log: a key or certificate that does not load, a token that does not answer, memory, a fault in its callbacks. Some servers send this when they have no certificate for the name.",
        ),
        A::INAPPROPRIATE_FALLBACK => (
            "The client came back with a lower version and said so (TLS_FALLBACK_SCSV), and the server speaks a higher one: the first attempt should have worked.",
            "The server.",
            "Why the client's first attempt failed: loss, a middlebox, or an attacker who wants the lower version. Then turn the fallback off.",
        ),
        A::USER_CANCELED => (
            "The handshake was called off, not because of a fault. close_notify follows.",
            "Mostly the client.",
            "The application: a prompt that was declined, a certificate that nobody chose.",
        ),
        A::NO_RENEGOTIATION => (
            "The sender declines to negotiate again on this connection. A warning: the connection can go on.",
            "The side that was asked.",
            "What asked for it; TLS 1.3 has no renegotiation. A client certificate wanted in the middle of a connection is the usual reason.",
        ),
        A::MISSING_EXTENSION => (
            "A hello lacks an extension that is required with what else it has.",
            "The side that received the hello.",
            "TLS 1.3 needs supported_groups, key_share and signature_algorithms, and some servers need server_name.",
        ),
        A::UNSUPPORTED_EXTENSION => (
            "A message has an extension that may not be there, most often one that the client never offered.",
            "The client, about the server's hello or certificate.",
            "The server's stack, and anything in between that takes extensions out of the ClientHello.",
        ),
        A::CERTIFICATE_UNOBTAINABLE => (
            "The client sent a URL in place of its certificate, and the server could not fetch it.",
            "The server.",
            "The URL, as seen from the server. Hardly anything uses this extension.",
        ),
        A::UNRECOGNIZED_NAME => (
            "The server does not serve the name in server_name. As a warning the handshake goes on, mostly with a default certificate.",
            "The server.",
            "The name that the client asks for, and the server's list of virtual hosts.",
        ),
        A::BAD_CERTIFICATE_STATUS_RESPONSE => (
            "The OCSP response that was stapled, or had to be, is missing, invalid or too old.",
            "The client.",
            "The server's stapling: whether it reaches the OCSP responder and renews the response in time; whether the certificate says must-staple.",
        ),
        A::BAD_CERTIFICATE_HASH_VALUE => (
            "A certificate fetched from a URL does not have the hash that the client gave with it.",
            "The server.",
            "What lies behind the URL. Hardly anything uses this extension.",
        ),
        A::UNKNOWN_PSK_IDENTITY => (
            "The server knows no key by the identity that the client gave.",
            "The server.",
            "The identity and key set on both sides.",
        ),
        A::CERTIFICATE_REQUIRED => (
            "The server wants a client certificate and got none. TLS 1.3: it arrives after the client believes that it is connected.",
            "The server.",
            "Whether the client has a certificate and key set, and one from an issuer that the server asked for.",
        ),
        A::GENERAL_ERROR => (
            "Something is wrong that no other alert has, or that the sender will not name.",
            "Either side.",
            "The sender's log.",
        ),
        A::NO_APPLICATION_PROTOCOL => (
            "None of the protocols that the client offers in ALPN is one that the server speaks.",
            "The server.",
            "The ALPN lists of both sides: h2 alone against a server for http/1.1, or a port that belongs to another protocol.",
        ),
        A::ECH_REQUIRED => (
            "The client offered Encrypted ClientHello, the server could not decrypt it, and the client will not go on without.",
            "The client.",
            "Whether the ECH configuration in the DNS is that of the server; the client should try again with the one that the server sent.",
        ),
        _ => ("Not registered: what it means is between the two ends.", "", "The documentation of the side that sent it."),
    };
    Text { meaning, sender, check }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_alert_has_its_own_text() {
        let unregistered = text(AlertDescription(200)).meaning;
        for alert in AlertDescription::ALL {
            assert_ne!(text(*alert).meaning, unregistered, "{alert}");
        }
    }
}
