//! What the two sides agreed on, as the findings are judged by it.

use super::value::Shown;
use crate::handshake::Negotiated;
use crate::policy::{self, Agreed, Finding};
use crate::tls::registry::{CipherSuite, ExtensionType};
use crate::tls::{ServerKeyExchange, significant_bits};
use crate::x509::Judgement;

/// What is weak in what the two sides agreed on.
pub(super) fn findings(negotiated: &Negotiated<'_>, server_chain: &Judgement) -> Vec<Shown<Finding>> {
    let hello = negotiated.server_hello.as_ref();
    let agreed = Agreed {
        version: negotiated.version,
        cipher_suite: negotiated.cipher_suite,
        named_group: negotiated.named_group,
        dh_bits: dh_bits(negotiated),
        signature_scheme: negotiated.signature_scheme,
        compression: hello.map(|hello| hello.compression_method),
        secure_renegotiation: secure_renegotiation(negotiated),
        server_chain: &server_chain.certificates,
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
    Some(significant_bits(p)).filter(|bits| *bits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::registry::ProtocolVersion;
    use crate::tls::{ClientHello, ServerHello};

    /// A hello's body up to the suites, and from the compression on.
    fn hello(suites: &[u8], after: &[u8]) -> Vec<u8> {
        [&[3, 3][..], &[7; 32], &[0], suites, after].concat()
    }

    const RENEGOTIATION_INFO: [u8; 7] = [0, 5, 0xff, 1, 0, 1, 0];

    fn judged(client: &[u8], server: &[u8], version: ProtocolVersion) -> Option<bool> {
        secure_renegotiation(&Negotiated {
            client_hello: Some(ClientHello::parse(client).expect("a hello")),
            server_hello: Some(ServerHello::parse(server).expect("a hello")),
            version: Some(version),
            ..Negotiated::default()
        })
    }

    #[test]
    fn a_server_is_judged_only_by_clients_that_asked() {
        let silent = hello(&[0, 2, 0xc0, 0x2f], &[1, 0]);
        let by_suite = hello(&[0, 4, 0xc0, 0x2f, 0, 0xff], &[1, 0]);
        let by_extension = hello(&[0, 2, 0xc0, 0x2f], &[&[1, 0][..], &RENEGOTIATION_INFO].concat());
        let (no, yes) = (hello(&[0xc0, 0x2f], &[0]), hello(&[0xc0, 0x2f], &[&[0][..], &RENEGOTIATION_INFO].concat()));
        let tls12 = ProtocolVersion::TLS_1_2;
        assert_eq!(judged(&silent, &no, tls12), None);
        assert_eq!(judged(&by_suite, &no, tls12), Some(false));
        assert_eq!(judged(&by_extension, &no, tls12), Some(false));
        assert_eq!(judged(&by_suite, &yes, tls12), Some(true));
        assert_eq!(judged(&by_suite, &no, ProtocolVersion::TLS_1_3), None);
    }

    #[test]
    fn the_size_of_a_group_is_that_of_its_prime() {
        let bits = |p: &[u8]| {
            let exchange = ServerKeyExchange::Dhe { identity_hint: None, p, g: &[2], public: &[1], signature: None };
            dh_bits(&Negotiated { server_key_exchange: Some(exchange), ..Negotiated::default() })
        };
        assert_eq!(bits(&[0xff; 128]), Some(1024));
        assert_eq!(bits(&[&[0][..], &[0x80; 256]].concat()), Some(2048));
        assert_eq!(bits(&[0x7f; 256]), Some(2047));
        assert_eq!(bits(&[0, 0]), None);
    }
}
