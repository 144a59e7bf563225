//! One whole, well-formed body of every message, with what reads it.

use super::build::{Build, Sample};
use crate::tls::registry::{CipherSuite, ProtocolVersion};
use crate::tls::*;
use std::fmt::Debug;

/// Reads a message and shows it: that walks every list, so that a panic in an iterator is found.
pub(super) type ReadMessage = fn(&[u8]) -> Result<String, ParseError>;

fn sample(what: &'static str, body: Build, read: ReadMessage) -> Sample<ReadMessage> {
    Sample::new(what, body, read)
}

fn shown<T: Debug>(parsed: Result<T, ParseError>) -> Result<String, ParseError> {
    parsed.map(|message| format!("{message:?}"))
}

const ECDHE_RSA: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
const TLS12: ProtocolVersion = ProtocolVersion::TLS_1_2;
const TLS10: ProtocolVersion = ProtocolVersion::TLS_1_0;

/// The offset of the extension block in [`client_hello`].
pub(super) const CLIENT_HELLO_EXTENSIONS_AT: usize = 2 + 32 + 1 + 32 + 2 + 6 + 1 + 1;

/// A ClientHello with three suites, server_name, an unknown extension and supported_versions.
pub(super) fn client_hello() -> Build {
    let extensions = Build::new()
        .extension(0x0a0a, &[])
        .extension(0, &server_name(b"www.example.org"))
        .extension(0x7777, &[1, 2, 3])
        .extension(43, &[4, 3, 4, 3, 3]);
    Build::new()
        .u16(0x0303)
        .raw(&[7; 32])
        .vec8(&[9; 32])
        .vec16(&[0x1a, 0x1a, 0x13, 0x01, 0xc0, 0x2f])
        .vec8(&[0])
        .vec16(&extensions.0)
}

pub(super) fn server_name(name: &[u8]) -> Vec<u8> {
    Build::new().vec16(&Build::new().u8(0).vec16(name).0).0
}

/// The offset of the extension block in [`server_hello`].
pub(super) const SERVER_HELLO_EXTENSIONS_AT: usize = 2 + 32 + 1 + 32 + 2 + 1;

pub(super) fn server_hello() -> Build {
    let extensions = Build::new().extension(43, &[3, 4]).extension(51, &[0, 29, 0, 2, 5, 5]);
    Build::new().u16(0x0303).raw(&[8; 32]).vec8(&[9; 32]).u16(0x1301).u8(0).vec16(&extensions.0)
}

fn certificate_entry(extensions: &[u8]) -> Build {
    Build::new().vec24(&[0x30, 0x03, 0x02, 0x01, 0x05]).vec16(extensions)
}

fn ecdhe_parameters() -> Build {
    Build::new().u8(3).u16(29).vec8(&[4; 32])
}

fn explicit_curve(build: Build) -> Build {
    build.vec8(&[1]).vec8(&[2]).vec8(&[4, 1, 2]).vec8(&[0x7f]).vec8(&[1]).vec8(&[4, 5, 6])
}

/// Every message; where the layout depends on the suite or the version, every layout.
pub(super) fn messages() -> Vec<Sample<ReadMessage>> {
    [hellos(), certificates(), server_key_exchanges(), client_key_exchanges(), others(), small_protocols()]
        .into_iter()
        .flatten()
        .collect()
}

fn hellos() -> Vec<Sample<ReadMessage>> {
    let draft18 = Build::new().u16(0x7f12).raw(&[8; 32]).u16(0x1301).vec16(&[0, 40, 0, 2, 0, 29]);
    let dtls =
        Build::new().u16(0xfefd).raw(&[7; 32]).vec8(&[]).vec8(&[1, 2]).vec16(&[0xc0, 0x2f]).vec8(&[0]).vec16(&[]);
    let ssl2_client =
        Build::new().u8(1).u16(0x0301).u16(6).u16(16).u16(16).raw(&[1, 0, 0x80, 0, 0, 0x2f]).raw(&[3; 32]);
    let ssl2_server =
        Build::new().u8(4).u8(0).u8(1).u16(2).u16(4).u16(3).u16(16).raw(&[0x30, 0, 0, 0, 1, 0, 0x80]).raw(&[3; 16]);
    vec![
        sample("ClientHello", client_hello(), |body| shown(ClientHello::parse(body)))
            .whole_at(|length| length == CLIENT_HELLO_EXTENSIONS_AT),
        sample("ClientHello of DTLS", dtls, |body| shown(ClientHello::parse(body))).whole_at(|length| length == 44),
        sample("ServerHello", server_hello(), |body| shown(ServerHello::parse(body)))
            .whole_at(|length| length == SERVER_HELLO_EXTENSIONS_AT),
        sample("ServerHello of draft 18", draft18, |body| shown(ServerHello::parse(body)))
            .whole_at(|length| length == 36),
        sample("HelloRetryRequest of draft 18", Build::new().u16(0x7f12).vec16(&[0, 40, 0, 2, 0, 29]), |body| {
            shown(HelloRetryRequest::parse(body))
        }),
        sample(
            "HelloRetryRequest of draft 19",
            Build::new().u16(0x7f13).u16(0x1301).vec16(&[0, 40, 0, 2, 0, 29]),
            |body| shown(HelloRetryRequest::parse(body)),
        ),
        sample("HelloVerifyRequest", Build::new().u16(0xfeff).vec8(&[5; 20]), |body| {
            shown(HelloVerifyRequest::parse(body))
        }),
        sample("CLIENT-HELLO", ssl2_client, |body| shown(Ssl2ClientHello::parse(body))),
        sample("SERVER-HELLO", ssl2_server, |body| shown(Ssl2ServerHello::parse(body))),
    ]
}

fn certificates() -> Vec<Sample<ReadMessage>> {
    let chain = Build::new().vec24(&[0x30, 0]).vec24(&[0x30, 1, 5]);
    let with_status = Build::new().extension(5, &[1, 0, 0, 1, 0x30]);
    let entries = certificate_entry(&with_status.0).raw(&certificate_entry(&[]).0);
    let url = Build::new().vec16(b"http://example.org/c").u8(1).raw(&[6; 20]);
    let ocsp = Build::new().vec24(&[0x30, 0]).vec24(&[]);
    vec![
        sample("Certificate", Build::new().vec24(&chain.0), |body| shown(Certificate::parse(body))),
        sample("Certificate of TLS 1.3", Build::new().vec8(&[1]).vec24(&entries.0), |body| {
            let parsed = Certificate13::parse(body)?;
            Ok(format!("{:?}", parsed.entries().collect::<Vec<_>>()))
        }),
        sample("CompressedCertificate", Build::new().u16(2).u24(3000).vec24(&[1, 2, 3]), |body| {
            shown(CompressedCertificate::parse(body))
        }),
        sample("CertificateStatus", Build::new().u8(1).vec24(&[0x30, 0]), |body| shown(CertificateStatus::parse(body))),
        sample("CertificateStatus of several", Build::new().u8(2).vec24(&ocsp.0), |body| {
            shown(CertificateStatus::parse(body))
        }),
        sample("CertificateStatus of another type", Build::new().u8(9).raw(&[1, 2, 3]), |body| {
            shown(CertificateStatus::parse(body))
        })
        .open_ended(|length| length >= 1),
        sample("CertificateURL", Build::new().u8(1).vec16(&url.0), |body| shown(CertificateUrl::parse(body))),
        sample(
            "CertificateRequest",
            Build::new().vec8(&[1, 64]).vec16(&[4, 1, 4, 3]).vec16(&Build::new().vec16(&[0x30, 0]).0),
            |body| shown(CertificateRequest::parse(body, TLS12)),
        ),
        sample(
            "CertificateRequest of TLS 1.0",
            Build::new().vec8(&[1, 2]).vec16(&Build::new().vec16(&[0x30, 0]).0),
            |body| shown(CertificateRequest::parse(body, TLS10)),
        ),
        sample(
            "CertificateRequest of TLS 1.3",
            Build::new().vec8(&[]).vec16(&Build::new().extension(13, &[0, 2, 8, 4]).0),
            |body| shown(CertificateRequest13::parse(body)),
        ),
        sample("CertificateVerify", Build::new().u16(0x0804).vec16(&[5; 8]), |body| {
            shown(CertificateVerify::parse(body, TLS12))
        }),
        sample("CertificateVerify of TLS 1.0", Build::new().vec16(&[5; 8]), |body| {
            shown(CertificateVerify::parse(body, TLS10))
        }),
    ]
}

fn server_key_exchanges() -> Vec<Sample<ReadMessage>> {
    let dh = || Build::new().vec16(&[1; 8]).vec16(&[2]).vec16(&[3; 8]);
    let srp = Build::new().vec16(&[1; 8]).vec16(&[2]).vec8(&[9; 4]).vec16(&[3; 8]);
    let signed = |build: Build| build.u16(0x0401).vec16(&[6; 8]);
    let hint = |build: Build| Build::new().vec16(b"hint").raw(&build.0);
    vec![
        sample("ServerKeyExchange, ECDHE", signed(ecdhe_parameters()), |body| {
            shown(ServerKeyExchange::parse(body, ECDHE_RSA, TLS12))
        }),
        sample("ServerKeyExchange, ECDHE, TLS 1.0", ecdhe_parameters().vec16(&[6; 8]), |body| {
            shown(ServerKeyExchange::parse(body, ECDHE_RSA, TLS10))
        }),
        sample("ServerKeyExchange, explicit prime", explicit_curve(Build::new().u8(1).vec8(&[0x7f])), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_ECDH_ANON_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample(
            "ServerKeyExchange, explicit pentanomial",
            explicit_curve(Build::new().u8(2).u16(163).u8(2).vec8(&[3]).vec8(&[6]).vec8(&[7])),
            |body| shown(ServerKeyExchange::parse(body, CipherSuite::TLS_ECDH_ANON_WITH_AES_128_CBC_SHA, TLS12)),
        ),
        sample("ServerKeyExchange, DHE", signed(dh()), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ServerKeyExchange, anonymous DH", dh(), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_DH_ANON_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ServerKeyExchange, PSK", hint(Build::new()), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ServerKeyExchange, DHE_PSK", hint(dh()), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ServerKeyExchange, ECDHE_PSK", hint(ecdhe_parameters()), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample(
            "ServerKeyExchange, RSA_EXPORT",
            Build::new().vec16(&[1; 64]).vec16(&[1, 0, 1]).vec16(&[6; 8]),
            |body| shown(ServerKeyExchange::parse(body, CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5, TLS10)),
        ),
        sample("ServerKeyExchange, SRP", signed(srp), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite::TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ServerKeyExchange, unknown suite", Build::new().raw(&[1, 2, 3]), |body| {
            shown(ServerKeyExchange::parse(body, CipherSuite(0x7777), TLS12))
        })
        .open_ended(|_| true),
    ]
}

fn client_key_exchanges() -> Vec<Sample<ReadMessage>> {
    let identity = |build: Build| Build::new().vec16(b"client").raw(&build.0);
    vec![
        sample("ClientKeyExchange, RSA", Build::new().vec16(&[1; 8]), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, RSA, SSL 3.0", Build::new().raw(&[1; 8]), |body| {
            let version = ProtocolVersion::SSL_3_0;
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, version))
        })
        .open_ended(|length| length >= 1),
        sample("ClientKeyExchange, ECDHE", Build::new().vec8(&[4; 32]), |body| {
            shown(ClientKeyExchange::parse(body, ECDHE_RSA, TLS12))
        })
        .whole_at(|length| length == 0),
        sample("ClientKeyExchange, DHE", Build::new().vec16(&[4; 32]), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA, TLS12))
        })
        .whole_at(|length| length == 0),
        sample("ClientKeyExchange, PSK", identity(Build::new()), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, DHE_PSK", identity(Build::new().vec16(&[4; 8])), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, RSA_PSK", identity(Build::new().vec16(&[4; 8])), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, ECDHE_PSK", identity(Build::new().vec8(&[4; 8])), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, SRP", Build::new().vec16(&[4; 8]), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite::TLS_SRP_SHA_WITH_AES_128_CBC_SHA, TLS12))
        }),
        sample("ClientKeyExchange, unknown suite", Build::new().raw(&[1, 2, 3]), |body| {
            shown(ClientKeyExchange::parse(body, CipherSuite(0x7777), TLS12))
        })
        .open_ended(|_| true),
    ]
}

fn others() -> Vec<Sample<ReadMessage>> {
    let early = Build::new().extension(42, &[0, 0, 0x40, 0]);
    let entry = Build::new().u16(16386).vec16(&[1, 2]);
    let ids = Build::new().vec8(&[1, 2]).vec8(&[]);
    vec![
        sample("NewSessionTicket", Build::new().u32(7200).vec16(&[5; 16]), |body| shown(NewSessionTicket::parse(body))),
        sample(
            "NewSessionTicket of TLS 1.3",
            Build::new().u32(7200).u32(77).vec8(&[0, 1]).vec16(&[5; 16]).vec16(&early.0),
            |body| shown(NewSessionTicket13::parse(body)),
        ),
        sample("EncryptedExtensions", Build::new().vec16(&Build::new().extension(16, &[0, 3, 2, 104, 50]).0), |body| {
            shown(EncryptedExtensions::parse(body))
        }),
        sample("Finished", Build::new().raw(&[5; 12]), |body| shown(Finished::parse(body)))
            .open_ended(|length| length >= 1),
        sample("KeyUpdate", Build::new().u8(1), |body| shown(KeyUpdate::parse(body))),
        sample("NextProtocol", Build::new().vec8(b"spdy/3").vec8(&[0; 24]), |body| shown(NextProtocol::parse(body))),
        sample("SupplementalData", Build::new().vec24(&entry.0), |body| shown(SupplementalData::parse(body))),
        sample("RequestConnectionId", Build::new().u8(3), |body| shown(RequestConnectionId::parse(body))),
        sample("NewConnectionId", Build::new().vec16(&ids.0).u8(1), |body| shown(NewConnectionId::parse(body))),
        sample("EKTKey", Build::new().vec16(&[1; 16]).vec16(&[2; 14]).u16(1).u24(3600), |body| {
            shown(EktKey::parse(body))
        }),
    ]
}

fn small_protocols() -> Vec<Sample<ReadMessage>> {
    vec![
        sample("Alert", Build::new().u8(2).u8(40), |fragment| shown(Alert::parse(fragment))),
        sample("ChangeCipherSpec", Build::new().u8(1), |fragment| shown(ChangeCipherSpec::parse(fragment))),
        sample("HeartbeatMessage", Build::new().u8(1).u16(2).raw(&[3; 18]), |fragment| {
            shown(Heartbeat::parse(fragment))
        })
        .open_ended(|length| length >= 3),
    ]
}
