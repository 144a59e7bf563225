//! The flights that most cases begin with.

use crate::handshake::sample::{HelloSample, certificate, server_hello, server_hello13};
use crate::handshake::{CloseKind, Handshake, Side};
use crate::tls::registry::{AlertDescription, AlertLevel, HandshakeType};
use crate::tls::tests::build::Build;

/// What a server of today answers in TLS 1.2: secure renegotiation and the extended master secret.
pub(super) fn of_today() -> Vec<(u16, Vec<u8>)> {
    vec![(0xff01, vec![0]), (23, vec![])]
}

/// The ECDHE part of a key exchange with x25519, signed with this scheme.
pub(super) fn ecdhe(scheme: u16) -> Vec<u8> {
    Build::new().u8(3).u16(29).vec8(&[7; 32]).u16(scheme).vec16(&[9; 64]).0
}

/// The part of a key exchange in a Diffie-Hellman group of so many bytes.
pub(super) fn dhe(bytes: usize) -> Vec<u8> {
    let number = vec![0x80; bytes];
    Build::new().vec16(&number).vec16(&[2]).vec16(&number).u16(0x0804).vec16(&[9; 64]).0
}

/// A ClientHello (frame 5), nothing more.
pub(super) fn hello(hello: &HelloSample) -> Handshake {
    Handshake::sample().hello(hello)
}

/// TLS 1.2: ServerHello (6), Certificate (7), ServerKeyExchange (8), ServerHelloDone (9).
pub(super) fn flight12() -> Handshake {
    let begun = hello(&HelloSample::tls12());
    flight12_of(begun, 0xc02f, &of_today(), &ecdhe(0x0804))
}

/// The server's flight of TLS 1.2 with this hello and key exchange.
pub(super) fn flight12_of(begun: Handshake, suite: u16, extensions: &[(u16, Vec<u8>)], exchange: &[u8]) -> Handshake {
    begun
        .says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello(0x0303, suite, extensions))
        .says(Side::Server, HandshakeType::CERTIFICATE, &certificate(&[b"leaf", b"ca"]))
        .says(Side::Server, HandshakeType::SERVER_KEY_EXCHANGE, exchange)
        .says(Side::Server, HandshakeType::SERVER_HELLO_DONE, &[])
}

/// TLS 1.2, and the server asks for a certificate: CertificateRequest is frame 9, ServerHelloDone 10.
pub(super) fn asking12() -> Handshake {
    hello(&HelloSample::tls12())
        .says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello(0x0303, 0xc02f, &of_today()))
        .says(Side::Server, HandshakeType::CERTIFICATE, &certificate(&[b"leaf", b"ca"]))
        .says(Side::Server, HandshakeType::SERVER_KEY_EXCHANGE, &ecdhe(0x0804))
        .says(Side::Server, HandshakeType::CERTIFICATE_REQUEST, &[1, 1, 0, 2, 4, 3, 0, 0])
        .says(Side::Server, HandshakeType::SERVER_HELLO_DONE, &[])
}

/// The client's Certificate with this chain (frame 11 behind `asking12`), and its key exchange (12).
pub(super) fn answered12(chain: &[&[u8]]) -> Handshake {
    asking12().says(Side::Client, HandshakeType::CERTIFICATE, &certificate(chain)).says(
        Side::Client,
        HandshakeType::CLIENT_KEY_EXCHANGE,
        &[32; 33],
    )
}

/// Both sides finished in TLS 1.2: the client in frame 11, the server in frame 12.
pub(super) fn finished12() -> Handshake {
    flight12()
        .says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33])
        .finishes(Side::Client)
        .finishes(Side::Server)
}

/// TLS 1.3 up to the ServerHello (frame 6).
pub(super) fn begun13(offer: &HelloSample) -> Handshake {
    hello(offer).says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(0x1301))
}

/// TLS 1.3: EncryptedExtensions (7), Certificate and CertificateVerify (8), Finished (9).
pub(super) fn flight13() -> Handshake {
    flight13_of(&HelloSample::default())
}

pub(super) fn flight13_of(offer: &HelloSample) -> Handshake {
    begun13(offer).encrypts13(Side::Server, 36).encrypts13(Side::Server, 900).encrypts13(Side::Server, 53)
}

/// Both sides finished in TLS 1.3, the client in frame 10.
pub(super) fn finished13() -> Handshake {
    flight13().encrypts13(Side::Client, 53)
}

/// Ended by a fatal alert in the clear.
pub(super) fn refused(handshake: Handshake, by: Side, alert: AlertDescription) -> Handshake {
    handshake.alerts(by, AlertLevel::FATAL, alert).ends(CloseKind::Alert, Some(by))
}

/// Ended by a FIN without a word.
pub(super) fn closed(handshake: Handshake, by: Side) -> Handshake {
    handshake.ends(CloseKind::Fin, Some(by))
}

/// Ended by a reset that is like the host's other packets.
pub(super) fn reset(handshake: Handshake, by: Side) -> Handshake {
    handshake.ends(CloseKind::Rst, Some(by))
}
