//! What the two sides agreed on, as the findings are judged by it.

use super::certificate::Chain;
use super::value::Shown;
use crate::handshake::Negotiated;
use crate::policy::{self, Agreed, Finding};
use crate::tls::ServerKeyExchange;
use crate::tls::registry::{CipherSuite, ExtensionType};

/// What is weak in what the two sides agreed on.
pub(super) fn findings(negotiated: &Negotiated<'_>, server_chain: &Chain) -> Vec<Shown<Finding>> {
    let hello = negotiated.server_hello.as_ref();
    let agreed = Agreed {
        version: negotiated.version,
        cipher_suite: negotiated.cipher_suite,
        named_group: negotiated.named_group,
        dh_bits: dh_bits(negotiated),
        signature_scheme: negotiated.signature_scheme,
        compression: hello.map(|hello| hello.compression_method),
        secure_renegotiation: secure_renegotiation(negotiated),
        server_chain: server_chain.certificates(),
    };
    policy::findings(&agreed).into_iter().map(Shown).collect()
}

/// Whether the server answered a client that asked for secure renegotiation, by extension or by suite (RFC 5746
/// section 3.4). TLS 1.3 has no renegotiation.
fn secure_renegotiation(negotiated: &Negotiated<'_>) -> Option<bool> {
    let (client, server) = (negotiated.client_hello.as_ref()?, negotiated.server_hello.as_ref()?);
    let asked = client.extensions.contains(ExtensionType::RENEGOTIATION_INFO)
        || client.cipher_suites.contains(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    let applies = asked && !negotiated.version?.is_tls13();
    applies.then(|| server.extensions.contains(ExtensionType::RENEGOTIATION_INFO))
}

/// Bits of the prime in a DHE ServerKeyExchange.
fn dh_bits(negotiated: &Negotiated<'_>) -> Option<u32> {
    let Some(ServerKeyExchange::Dhe { p, .. }) = negotiated.server_key_exchange else { return None };
    let zeros = p.iter().take_while(|byte| **byte == 0).count();
    let first = p.get(zeros)?;
    u32::try_from((p.len() - zeros) * 8).ok().map(|bits| bits - first.leading_zeros())
}
