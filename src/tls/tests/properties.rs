//! Properties: no bytes make a parser panic, and what was written is what is read.

use super::assert_sane;
use super::build::Build;
use super::extensions::extensions;
use super::messages::messages;
use crate::tls::registry::{CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::tls::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const SUITES: [CipherSuite; 6] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_RSA_EXPORT_WITH_RC4_40_MD5,
    CipherSuite::TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_AES_128_GCM_SHA256,
];

const VERSIONS: [ProtocolVersion; 6] = [
    ProtocolVersion::SSL_3_0,
    ProtocolVersion::TLS_1_0,
    ProtocolVersion::TLS_1_2,
    ProtocolVersion::TLS_1_3,
    ProtocolVersion::DTLS_1_0,
    ProtocolVersion::DTLS_1_3,
];

/// Puts bytes through every parser there is.
fn parse_everything(bytes: &[u8]) {
    for sample in messages() {
        if let Err(error) = (sample.read)(bytes) {
            assert_sane(error, bytes.len(), sample.what);
        }
    }
    for &kind in HandshakeType::ALL {
        for (cipher_suite, version) in SUITES.into_iter().zip(VERSIONS) {
            let context = MessageContext { version, cipher_suite };
            let read = HandshakeMessage::parse(kind, bytes, context).map(|message| format!("{message:?}"));
            if let Err(error) = read {
                assert_sane(error, bytes.len(), &kind.to_string());
            }
        }
    }
    let (hello, error) = ClientHello::parse_prefix(bytes);
    assert_eq!(ClientHello::parse(bytes).err(), error);
    assert!(error.is_some() || hello.is_some());
    if let Ok(hello) = ServerHello::parse(bytes) {
        let _ = (hello.negotiated_version(), hello.downgrade_sentinel(), hello.is_hello_retry_request());
    }
    for extension in extensions() {
        let _ = extension.read.read(bytes);
        if let Some(hello) = &hello {
            let _ = (hello.extensions.duplicate(), format!("{hello:?}"));
        }
    }
    let _ = (record_header(bytes), ssl2_hello(bytes), handshake_header(bytes));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..300)) {
        parse_everything(&bytes);
    }

    #[test]
    fn no_damage_to_a_message_makes_a_parser_panic(
        choice in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in option::of(any::<prop::sample::Index>()),
    ) {
        let mut pieces: Vec<_> = messages().into_iter().map(|sample| sample.bytes).collect();
        pieces.extend(extensions().into_iter().map(|sample| sample.bytes));
        let mut bytes = choice.get(&pieces).clone();
        for (place, value) in damage {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        parse_everything(&bytes);
    }
}

/// Extensions as they are written: type and data.
type Block = Vec<(u16, Vec<u8>)>;

fn block() -> impl Strategy<Value = Block> {
    vec((any::<u16>(), vec(any::<u8>(), 0..40)), 0..12)
}

fn write_block(build: Build, block: &Block) -> Build {
    let extensions = block.iter().fold(Build::new(), |build, (kind, data)| build.extension(*kind, data));
    build.vec16(&extensions.0)
}

fn assert_block(extensions: &Extensions<'_>, block: &Block) {
    let read: Vec<_> = extensions.iter().map(|extension| (extension.kind.0, extension.data.to_vec())).collect();
    assert_eq!(&read, block);
    assert_eq!(extensions.len(), block.len());
    for (kind, _) in block {
        let first = block.iter().find(|(other, _)| other == kind).unwrap();
        assert_eq!(extensions.get(ExtensionType(*kind)), Some(&first.1[..]));
    }
}

/// A version of TLS, so that ClientHello has no cookie.
fn tls_version() -> impl Strategy<Value = u16> {
    prop_oneof![0x0300_u16..=0x0304, any::<u16>()].prop_filter("DTLS", |version| version >> 8 != 0xfe)
}

proptest! {
    #[test]
    fn client_hello_is_read_as_written(
        version in tls_version(),
        random in any::<[u8; 32]>(),
        session_id in vec(any::<u8>(), 0..=32),
        suites in vec(any::<u16>(), 1..40),
        compression in vec(any::<u8>(), 1..4),
        block in option::of(block()),
        cut in any::<prop::sample::Index>(),
    ) {
        let suite_bytes = Build::new().codes(&suites).0;
        let fixed = Build::new().u16(version).raw(&random).vec8(&session_id).vec16(&suite_bytes).vec8(&compression);
        let body = block.iter().fold(fixed, write_block).0;
        let hello = ClientHello::parse(&body).unwrap();
        prop_assert_eq!(hello.legacy_version, ProtocolVersion(version));
        prop_assert_eq!(hello.random, &random);
        prop_assert_eq!(hello.session_id, &session_id[..]);
        prop_assert_eq!(hello.cipher_suites.iter().map(|suite| suite.0).collect::<Vec<_>>(), suites);
        prop_assert_eq!(hello.compression_methods, &compression[..]);
        assert_block(&hello.extensions, &block.unwrap_or_default());
        prop_assert_eq!(ClientHello::parse_prefix(&body), (Some(hello), None));

        let (partial, error) = ClientHello::parse_prefix(&body[..cut.index(body.len())]);
        prop_assert!(partial.is_some() || error.is_some());
        if let Some(partial) = partial {
            prop_assert_eq!(partial.random, hello.random);
            prop_assert!(hello.session_id == partial.session_id || partial.session_id.is_empty());
            prop_assert!(hello.cipher_suites.bytes().starts_with(partial.cipher_suites.bytes()));
            let whole: Vec<_> = hello.extensions.iter().collect();
            prop_assert!(whole.starts_with(&partial.extensions.iter().collect::<Vec<_>>()));
        }
    }

    #[test]
    fn server_hello_is_read_as_written(
        draft in any::<bool>(),
        random in any::<[u8; 32]>(),
        session_id in vec(any::<u8>(), 0..=32),
        suite in any::<u16>(),
        compression in any::<u8>(),
        block in option::of(block()),
    ) {
        let version = if draft { 0x7f15 } else { 0x0303 };
        let fixed = Build::new().u16(version).raw(&random);
        let fixed = if draft { fixed.u16(suite) } else { fixed.vec8(&session_id).u16(suite).u8(compression) };
        let body = block.iter().fold(fixed, write_block).0;
        let hello = ServerHello::parse(&body).unwrap();
        prop_assert_eq!(hello.legacy_version, ProtocolVersion(version));
        prop_assert_eq!(hello.random, &random);
        prop_assert_eq!(hello.cipher_suite, CipherSuite(suite));
        let (id, method) = if draft { (&[][..], 0) } else { (&session_id[..], compression) };
        prop_assert_eq!((hello.session_id, hello.compression_method.0), (id, method));
        assert_block(&hello.extensions, &block.unwrap_or_default());
    }

    #[test]
    fn certificates_are_read_as_written(
        context in vec(any::<u8>(), 0..8),
        chain in vec((vec(any::<u8>(), 1..300), block()), 0..5),
    ) {
        let list = chain.iter().fold(Build::new(), |build, (der, _)| build.vec24(der));
        let body = Build::new().vec24(&list.0).0;
        let certificate = Certificate::parse(&body).unwrap();
        prop_assert_eq!(certificate.certificates.len(), chain.len());
        prop_assert!(certificate.certificates.iter().eq(chain.iter().map(|(der, _)| &der[..])));

        let entries = chain.iter().fold(Build::new(), |build, (der, block)| write_block(build.vec24(der), block));
        let body = Build::new().vec8(&context).vec24(&entries.0).0;
        let certificate = Certificate13::parse(&body).unwrap();
        prop_assert_eq!(certificate.context, &context[..]);
        prop_assert_eq!(certificate.entries().count(), chain.len());
        for (entry, (der, block)) in certificate.entries().zip(&chain) {
            prop_assert_eq!(entry.certificate, &der[..]);
            assert_block(&entry.extensions, block);
        }
    }

    #[test]
    fn ecdhe_parameters_are_read_as_written(
        group in any::<u16>(),
        public in vec(any::<u8>(), 1..=133),
        scheme in any::<u16>(),
        signature in vec(any::<u8>(), 0..300),
        version in prop::sample::select(&VERSIONS[..3]),
    ) {
        let parameters = Build::new().u8(3).u16(group).vec8(&public);
        let named = version == ProtocolVersion::TLS_1_2;
        let body = if named { parameters.u16(scheme) } else { parameters }.vec16(&signature).0;
        let expected = ServerKeyExchange::Ecdhe {
            identity_hint: None,
            curve: Curve::Named(NamedGroup(group)),
            public: &public,
            signature: Some(Signature { scheme: named.then_some(SignatureScheme(scheme)), bytes: &signature }),
        };
        prop_assert_eq!(ServerKeyExchange::parse(&body, SUITES[0], version).unwrap(), expected);
    }

    #[test]
    fn a_certificate_request_is_read_as_written(
        types in vec(any::<u8>(), 1..8),
        schemes in vec(any::<u16>(), 1..20),
        names in vec(vec(any::<u8>(), 1..60), 0..5),
    ) {
        let authorities = names.iter().fold(Build::new(), |build, name| build.vec16(name));
        let codes = Build::new().codes(&schemes).0;
        let body = Build::new().vec8(&types).vec16(&codes).vec16(&authorities.0).0;
        let request = CertificateRequest::parse(&body, ProtocolVersion::TLS_1_2).unwrap();
        prop_assert!(request.certificate_types.iter().map(|kind| kind.0).eq(types.iter().copied()));
        prop_assert!(request.signature_schemes.iter().map(|scheme| scheme.0).eq(schemes.iter().copied()));
        prop_assert!(request.authorities.iter().eq(names.iter().map(|name| &name[..])));
    }

    #[test]
    fn tickets_are_read_as_written(
        lifetime in any::<u32>(),
        age_add in any::<u32>(),
        nonce in vec(any::<u8>(), 0..=255),
        ticket in vec(any::<u8>(), 1..300),
        block in block(),
    ) {
        let body = Build::new().u32(lifetime).vec16(&ticket).0;
        let expected = NewSessionTicket { lifetime_hint: lifetime, ticket: &ticket };
        prop_assert_eq!(NewSessionTicket::parse(&body).unwrap(), expected);

        let fixed = Build::new().u32(lifetime).u32(age_add).vec8(&nonce).vec16(&ticket);
        let body = write_block(fixed, &block).0;
        let read = NewSessionTicket13::parse(&body).unwrap();
        prop_assert_eq!((read.lifetime, read.age_add), (lifetime, age_add));
        prop_assert_eq!((read.nonce, read.ticket), (&nonce[..], &ticket[..]));
        assert_block(&read.extensions, &block);
    }
}
