//! Protocol versions: since when, and what became of them.

use super::Explanation;
use crate::tls::registry::ProtocolVersion;

/// The versions that can be asked for by name.
pub(super) const KNOWN: [ProtocolVersion; 9] = [
    ProtocolVersion::SSL_2_0,
    ProtocolVersion::SSL_3_0,
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_1,
    ProtocolVersion::TLS_1_2,
    ProtocolVersion::TLS_1_3,
    ProtocolVersion::DTLS_1_0,
    ProtocolVersion::DTLS_1_2,
    ProtocolVersion::DTLS_1_3,
];

pub(super) fn explain(version: ProtocolVersion) -> Explanation {
    let title = Explanation::new(format!("{version}, protocol version {:#06x}", version.0));
    let (what, status, advice, reference) = text(version);
    title.with("What it is", what).with("Status", status).with("What to do", advice).with("Defined in", reference)
}

#[rustfmt::skip]
fn text(version: ProtocolVersion) -> (&'static str, &'static str, &'static str, &'static str) {
    use ProtocolVersion as V;
    const RAISE: &str = "Set the lowest version to TLS 1.2 on the server, and update clients that then fail; most of them have not been updated for ten years.";
    match version {
        V::SSL_2_0 => (
            "Netscape's first published version, of 1995.",
            "Broken and forbidden since 2011 (RFC 6176): its handshake is not protected at all, and it helps to break TLS sessions of the same key (DROWN).",
            "Turn it off, on everything that uses the same key.",
            "Netscape, 1995",
        ),
        V::SSL_3_0 => (
            "Netscape's version of 1996, the root of all TLS.",
            "Broken and forbidden since 2015 (RFC 7568): its padding is not protected (POODLE).",
            "Turn it off; nothing of the last ten years needs it.",
            "RFC 6101",
        ),
        V::TLS_1_0 => (
            "SSL 3.0 as the IETF's standard, of 1999.",
            "Withdrawn in 2021 (RFC 8996): it rests on MD5 and SHA-1, has no authenticated encryption, and chains its initialization vectors (BEAST).",
            RAISE,
            "RFC 2246",
        ),
        V::TLS_1_1 => (
            "TLS 1.0 with an initialization vector in each record, of 2006.",
            "Withdrawn in 2021 (RFC 8996): it rests on MD5 and SHA-1 and has no authenticated encryption.",
            RAISE,
            "RFC 4346",
        ),
        V::TLS_1_2 => (
            "The version of 2008: authenticated encryption, and digests that can be chosen.",
            "In order with ECDHE and authenticated encryption (RFC 9325); much else that it allows is not. No new features will come to it.",
            "Keep it beside TLS 1.3 for clients that need it, with ECDHE and GCM or ChaCha20-Poly1305 suites only.",
            "RFC 5246",
        ),
        V::TLS_1_3 => (
            "The version of 2018: one round trip, forward secrecy always, all but the hellos encrypted, and nothing left of what was weak before.",
            "Recommended.",
            "Use it. Post-quantum key exchange exists in this version only.",
            "RFC 9846 (RFC 8446 before it)",
        ),
        V::DTLS_1_0 => (
            "TLS 1.1 over datagrams, of 2006.",
            "Withdrawn in 2021 (RFC 8996), with TLS 1.1.",
            "Set the lowest version to DTLS 1.2.",
            "RFC 4347",
        ),
        V::DTLS_1_2 => (
            "TLS 1.2 over datagrams, of 2012. There is no DTLS 1.1.",
            "In order with ECDHE and authenticated encryption.",
            "Keep it, with ECDHE and authenticated encryption only.",
            "RFC 6347",
        ),
        V::DTLS_1_3 => ("TLS 1.3 over datagrams, of 2022.", "Recommended.", "Use it where both ends have it.", "RFC 9147"),
        _ => (
            "A draft of TLS 1.3, from before August 2018.",
            "Obsolete: drafts do not work with the standard, nor with each other.",
            "Update the side that offers it.",
            "",
        ),
    }
}
