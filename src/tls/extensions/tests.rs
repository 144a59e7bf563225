use super::*;
use crate::tls::registry::{CertificateType, HpkeAead, HpkeKdf, NamedGroup, ProtocolVersion};
use crate::tls::tests::build::Build;
use crate::tls::{CertificateStatus, EncryptedExtensions};

/// Runs `check` on a block.
fn with<T>(block: &Build, check: impl FnOnce(Extensions<'_>) -> T) -> T {
    check(EncryptedExtensions::parse(&Build::new().vec16(&block.0).0).unwrap().extensions)
}

fn one(kind: ExtensionType, data: &[u8]) -> Build {
    Build::new().extension(kind.0, data)
}

#[test]
fn unknown_extensions_stay_in_their_place() {
    let block = Build::new().extension(0x7777, &[1]).extension(23, &[]).extension(0x1a1a, &[]).extension(0x7777, &[2]);
    with(&block, |extensions| {
        let kinds: Vec<_> = extensions.iter().map(|extension| (extension.kind.0, extension.data)).collect();
        assert_eq!(kinds, [(0x7777, &[1][..]), (23, &[]), (0x1a1a, &[]), (0x7777, &[2])]);
        assert_eq!(extensions.get(ExtensionType(0x7777)), Some(&[1][..]), "the first one counts");
        assert!(extensions.iter().nth(2).unwrap().kind.is_grease());
        assert_eq!(extensions.duplicate(), Some(ExtensionType(0x7777)));
    });
    with(&one(ExtensionType::COOKIE, &[]), |extensions| assert_eq!(extensions.duplicate(), None));
    // Types that differ in a single bit of either half.
    let block = Build::new().extension(0, &[]).extension(64, &[]).extension(63, &[]).extension(127, &[]);
    with(&block, |extensions| assert_eq!(extensions.duplicate(), None));
}

#[test]
fn an_extension_that_is_not_there_is_not_read() {
    with(&Build::new(), |extensions| {
        assert_eq!(extensions.server_name(), None);
        assert_eq!(extensions.key_shares(), None);
        assert_eq!(extensions.application_settings(), None);
        assert!(extensions.is_empty() && !extensions.contains(ExtensionType::SERVER_NAME));
    });
}

#[test]
fn the_first_host_name_is_the_server_name() {
    let server_name = |list: &Build| {
        with(&one(ExtensionType::SERVER_NAME, &Build::new().vec16(&list.0).0), |extensions| {
            extensions.server_name().map(|read| read.map(<[u8]>::to_vec).map_err(|error| (error.field, error.rule)))
        })
    };
    let host = |name: &[u8]| Build::new().u8(0).vec16(name);
    assert_eq!(server_name(&host(b"a.example")), Some(Ok(b"a.example".to_vec())));
    let other_first = Build::new().u8(7).vec16(b"x").raw(&host(b"a.example").0).raw(&host(b"b.example").0);
    assert_eq!(server_name(&other_first), Some(Ok(b"a.example".to_vec())));
    assert_eq!(server_name(&Build::new().u8(7).vec16(b"x")), None);
    assert_eq!(server_name(&host(b"\xff\0")), Some(Ok(b"\xff\0".to_vec())), "as sent");
    assert_eq!(server_name(&host(b"")), Some(Err(("server_name.host_name", Rule::Empty))));
    assert_eq!(server_name(&Build::new()), Some(Err(("server_name", Rule::Empty))));
    with(&one(ExtensionType::SERVER_NAME, &[]), |extensions| assert_eq!(extensions.server_name(), None));
}

#[test]
fn a_server_chooses_exactly_one_protocol() {
    let selected = |list: &Build| {
        let data = Build::new().vec16(&list.0).0;
        with(&one(ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, &data), |extensions| {
            extensions.selected_alpn().unwrap().map(<[u8]>::to_vec).map_err(|error| error.rule)
        })
    };
    assert_eq!(selected(&Build::new().vec8(b"h2")), Ok(b"h2".to_vec()));
    assert_eq!(selected(&Build::new().vec8(b"h2").vec8(b"h3")), Err(Rule::Trailing));
    assert_eq!(selected(&Build::new()), Err(Rule::Truncated));
}

#[test]
fn lists_must_have_whole_elements_and_at_least_one() {
    let rule = |data: &[u8]| {
        with(&one(ExtensionType::SUPPORTED_GROUPS, data), |extensions| {
            extensions.supported_groups().unwrap().map(|list| list.len()).map_err(|error| error.rule)
        })
    };
    assert_eq!(rule(&[0, 4, 0, 29, 0x11, 0xec]), Ok(2));
    assert_eq!(rule(&[0, 3, 0, 29, 0]), Err(Rule::BadLength));
    assert_eq!(rule(&[0, 0]), Err(Rule::Empty));
    assert_eq!(rule(&[0, 2, 0, 29, 0]), Err(Rule::Trailing));
}

#[test]
fn key_share_goes_before_its_draft() {
    let share = |group: u16| Build::new().u16(group).vec16(&[5; 4]).0;
    let block = Build::new().extension(40, &share(23)).extension(51, &share(29));
    with(&block, |extensions| assert_eq!(extensions.key_share().unwrap().unwrap().group, NamedGroup::X25519));
    with(&Build::new().extension(40, &share(23)), |extensions| {
        assert_eq!(extensions.key_share().unwrap().unwrap().group, NamedGroup::SECP256R1);
    });
    with(&one(ExtensionType::KEY_SHARE, &[0, 0]), |extensions| {
        assert!(extensions.key_shares().unwrap().unwrap().is_empty(), "to ask for a HelloRetryRequest");
    });
}

#[test]
fn a_psk_has_its_age_and_its_binder() {
    let identities = Build::new().vec16(b"ticket").u32(77).vec16(b"other").u32(0).0;
    let data = Build::new().vec16(&identities).vec16(&Build::new().vec8(&[1; 32]).vec8(&[2; 48]).0).0;
    with(&one(ExtensionType::PRE_SHARED_KEY, &data), |extensions| {
        let psks = extensions.pre_shared_key().unwrap().unwrap();
        let first = psks.identities.iter().next().unwrap();
        assert_eq!((first.identity, first.obfuscated_ticket_age), (&b"ticket"[..], 77));
        assert_eq!(psks.identities.len(), 2);
        assert_eq!(psks.binders.iter().map(<[u8]>::len).collect::<Vec<_>>(), [32, 48]);
    });
}

#[test]
fn padding_must_be_zero() {
    with(&one(ExtensionType::PADDING, &[0; 5]), |extensions| assert_eq!(extensions.padding(), Some(Ok(5))));
    with(&one(ExtensionType::PADDING, &[0, 1]), |extensions| {
        assert_eq!(extensions.padding().unwrap().unwrap_err().rule, Rule::BadValue);
    });
}

#[test]
fn empty_timestamps_ask_for_timestamps() {
    with(&one(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP, &[]), |extensions| {
        assert!(extensions.signed_certificate_timestamps().unwrap().unwrap().is_empty());
    });
    with(&one(ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP, &[0, 0]), |extensions| {
        assert_eq!(extensions.signed_certificate_timestamps().unwrap().unwrap_err().rule, Rule::Empty);
    });
}

#[test]
fn one_extension_has_a_layout_for_each_message() {
    with(&one(ExtensionType::SUPPORTED_VERSIONS, &[3, 4]), |extensions| {
        assert_eq!(extensions.selected_version(), Some(Ok(ProtocolVersion::TLS_1_3)));
        assert!(extensions.supported_versions().unwrap().is_err());
    });
    with(&one(ExtensionType::SERVER_CERTIFICATE_TYPE, &[1, 2]), |extensions| {
        assert!(extensions.server_certificate_types().unwrap().unwrap().contains(CertificateType::RAW_PUBLIC_KEY));
        assert!(extensions.server_certificate_type().unwrap().is_err());
    });
    with(&one(ExtensionType::STATUS_REQUEST, &[1, 0, 0, 2, 0x30, 0]), |extensions| {
        assert_eq!(extensions.certificate_status(), Some(Ok(CertificateStatus::Ocsp(&[0x30, 0]))));
    });
}

#[test]
fn ech_is_outer_or_inner() {
    let outer = Build::new().u8(0).u16(1).u16(3).u8(42).vec16(&[5; 32]).vec16(&[6; 200]).0;
    with(&one(ExtensionType::ENCRYPTED_CLIENT_HELLO, &outer), |extensions| {
        let expected = EncryptedClientHello::Outer {
            kdf: HpkeKdf::HKDF_SHA256,
            aead: HpkeAead(3),
            config_id: 42,
            enc: &[5; 32],
            payload: &[6; 200],
        };
        assert_eq!(extensions.encrypted_client_hello(), Some(Ok(expected)));
    });
    with(&one(ExtensionType::ENCRYPTED_CLIENT_HELLO, &[1]), |extensions| {
        assert_eq!(extensions.encrypted_client_hello(), Some(Ok(EncryptedClientHello::Inner)));
    });
    with(&one(ExtensionType::ENCRYPTED_CLIENT_HELLO, &[2]), |extensions| {
        let error = extensions.encrypted_client_hello().unwrap().unwrap_err();
        assert_eq!((error.field, error.rule), ("encrypted_client_hello.type", Rule::BadValue));
    });
}

#[test]
fn ech_configurations_of_other_versions_are_kept() {
    let contents =
        Build::new().u8(7).u16(32).vec16(&[5; 32]).vec16(&[0, 1, 0, 1]).u8(0).vec8(b"a.example").vec16(&[]).0;
    let configs = Build::new().u16(0xfe0a).vec16(&[1]).u16(0xfe0d).vec16(&contents).0;
    with(&one(ExtensionType::ENCRYPTED_CLIENT_HELLO, &Build::new().vec16(&configs).0), |extensions| {
        let configs: Vec<_> = extensions.ech_retry_configs().unwrap().unwrap().iter().collect();
        assert_eq!(configs[0], EchConfig::Unknown { version: 0xfe0a, contents: &[1] });
        let EchConfig::Known { public_name, cipher_suites, .. } = configs[1] else { panic!("{:?}", configs[1]) };
        assert_eq!(public_name, b"a.example");
        assert_eq!(cipher_suites.iter().collect::<Vec<_>>(), [HpkeCipherSuite { kdf: HpkeKdf(1), aead: HpkeAead(1) }]);
    });
}

#[test]
fn an_authority_of_an_unknown_kind_is_told() {
    with(&one(ExtensionType::TRUSTED_CA_KEYS, &[0, 2, 0, 9]), |extensions| {
        let error = extensions.trusted_ca_keys().unwrap().unwrap_err();
        assert_eq!((error.field, error.rule), ("trusted_ca_keys.identifier_type", Rule::BadValue));
    });
}
