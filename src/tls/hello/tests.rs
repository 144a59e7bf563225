use super::*;
use crate::tls::registry::ExtensionType;
use crate::tls::tests::build::Build;
use sha2::{Digest, Sha256};

/// Everything of a ClientHello up to the suites.
fn beginning() -> Build {
    Build::new().u16(0x0303).raw(&[7; 32]).vec8(&[])
}

/// A ClientHello with two suites and this block.
fn client_hello(block: &Build) -> Vec<u8> {
    beginning().vec16(&[0x13, 1, 0xc0, 0x2f]).vec8(&[0]).vec16(&block.0).0
}

fn server_hello(version: u16, random: &[u8; 32], extensions: &Build) -> Vec<u8> {
    Build::new().u16(version).raw(random).vec8(&[]).u16(0x1301).u8(0).vec16(&extensions.0).0
}

#[test]
fn a_hello_may_end_without_extensions_and_a_block_may_be_empty() {
    let without = beginning().vec16(&[0, 0x2f]).vec8(&[0]).0;
    assert!(ClientHello::parse(&without).unwrap().extensions.is_empty());
    assert!(ClientHello::parse(&client_hello(&Build::new())).unwrap().extensions.is_empty());
}

#[test]
fn errors_name_the_field_and_its_place() {
    let error = |body: &Build| {
        let error = ClientHello::parse(&body.0).unwrap_err();
        (error.field, error.offset, error.rule)
    };
    assert_eq!(error(&Build::new().u8(3)), ("legacy_version", 0, Rule::Truncated));
    assert_eq!(error(&Build::new().u16(0x0303).raw(&[7; 31])), ("random", 2, Rule::Truncated));
    assert_eq!(error(&Build::new().u16(0x0303).raw(&[7; 32]).vec8(&[1; 33])), ("session_id", 34, Rule::BadLength));
    assert_eq!(error(&beginning().vec16(&[0, 0x2f, 0])), ("cipher_suites", 35, Rule::BadLength));
    assert_eq!(error(&beginning().vec16(&[])), ("cipher_suites", 35, Rule::Empty));
    assert_eq!(error(&beginning().vec16(&[0, 0x2f])), ("compression_methods", 39, Rule::Truncated));
    assert_eq!(error(&beginning().vec16(&[0, 0x2f]).vec8(&[])), ("compression_methods", 39, Rule::Empty));
    let whole = beginning().vec16(&[0, 0x2f]).vec8(&[0]);
    assert_eq!(error(&whole.clone().u16(5).u16(0)), ("extensions", 41, Rule::Truncated));
    assert_eq!(error(&whole.clone().vec16(&[0, 0, 0, 1])), ("extensions.extension", 43, Rule::Truncated));
    assert_eq!(error(&whole.vec16(&[]).u8(0)), ("end", 43, Rule::Trailing));
    let shown = ClientHello::parse(&beginning().vec16(&[0, 0x2f, 0]).0).unwrap_err().to_string();
    assert_eq!(shown, "ClientHello.cipher_suites at byte 35: its length is not allowed");
}

#[test]
fn an_error_in_an_extension_has_its_place_in_the_message() {
    let body = client_hello(&Build::new().extension(0x0a0a, &[0]).extension(51, &[0, 4, 0, 29, 0, 9]));
    let hello = ClientHello::parse(&body).unwrap();
    let error = hello.extensions.key_shares().unwrap().unwrap_err();
    let expected = ParseError {
        message: "ClientHello",
        field: "key_share.key_exchange",
        offset: body.len() - 2,
        rule: Rule::Truncated,
    };
    assert_eq!(error, expected);
}

#[test]
fn what_is_whole_of_a_cut_hello_is_read() {
    let block = Build::new().extension(0x0a0a, &[]).extension(16, &[0, 3, 2, 104, 50]).extension(21, &[0; 9]);
    let body = client_hello(&block);

    let (hello, error) = ClientHello::parse_prefix(&body[..33]);
    assert_eq!((hello, error.unwrap().field), (None, "random"));

    let (hello, error) = ClientHello::parse_prefix(&body[..38]);
    let hello = hello.unwrap();
    assert_eq!(hello.random, &[7; 32]);
    assert_eq!(hello.cipher_suites.iter().collect::<Vec<_>>(), [], "the first suite is not whole");
    assert_eq!(error.unwrap().field, "cipher_suites");

    let (hello, _) = ClientHello::parse_prefix(&body[..40]);
    assert_eq!(hello.unwrap().cipher_suites.iter().collect::<Vec<_>>(), [CipherSuite::TLS_AES_128_GCM_SHA256]);

    let (hello, error) = ClientHello::parse_prefix(&body[..body.len() - 1]);
    let hello = hello.unwrap();
    let kinds: Vec<_> = hello.extensions.iter().map(|extension| extension.kind.0).collect();
    assert_eq!(kinds, [0x0a0a, 16]);
    assert_eq!(hello.extensions.alpn().unwrap().unwrap().iter().next(), Some(&b"h2"[..]));
    let error = error.unwrap();
    assert_eq!((error.message, error.field, error.offset), ("ClientHello", "extensions", 43));
}

#[test]
fn a_hello_without_compression_methods_is_read_up_to_there() {
    let body = beginning().vec16(&[0, 0x2f]).vec8(&[]).vec16(&[]).0;
    let (hello, error) = ClientHello::parse_prefix(&body);
    assert_eq!(hello.unwrap().cipher_suites.len(), 1);
    assert_eq!((error.unwrap().field, error.unwrap().rule), ("compression_methods", Rule::Empty));
}

#[test]
fn only_dtls_has_a_cookie() {
    let rest = |build: Build| build.vec16(&[0, 0x2f]).vec8(&[0]).0;
    let body = rest(Build::new().u16(0xfefd).raw(&[7; 32]).vec8(&[]).vec8(&[1, 2, 3]));
    assert_eq!(ClientHello::parse(&body).unwrap().cookie, [1, 2, 3]);
    assert!(ClientHello::parse(&rest(beginning())).unwrap().cookie.is_empty());
}

#[test]
fn a_hello_retry_request_is_told_by_its_random() {
    assert_eq!(HELLO_RETRY_REQUEST_RANDOM[..], Sha256::digest(b"HelloRetryRequest")[..]);
    let extensions = Build::new().extension(43, &[3, 4]).extension(51, &[0, 23]);
    let body = server_hello(0x0303, &HELLO_RETRY_REQUEST_RANDOM, &extensions);
    let hello = ServerHello::parse(&body).unwrap();
    assert!(hello.is_hello_retry_request());
    assert_eq!(hello.extensions.retry_group().unwrap().unwrap().0, 23);
    assert!(!ServerHello::parse(&server_hello(0x0303, &[1; 32], &extensions)).unwrap().is_hello_retry_request());
}

#[test]
fn the_selected_version_goes_before_the_hellos_own() {
    let negotiated = |version, extensions: &Build| {
        ServerHello::parse(&server_hello(version, &[1; 32], extensions)).unwrap().negotiated_version()
    };
    assert_eq!(negotiated(0x0303, &Build::new()), ProtocolVersion::TLS_1_2);
    assert_eq!(negotiated(0x0303, &Build::new().extension(43, &[3, 4])), ProtocolVersion::TLS_1_3);
    assert_eq!(negotiated(0x0303, &Build::new().extension(43, &[0x7f, 28])), ProtocolVersion(0x7f1c));
    assert_eq!(negotiated(0x0303, &Build::new().extension(43, &[3])), ProtocolVersion::TLS_1_2, "unreadable");
}

#[test]
fn the_downgrade_sentinel_is_seen() {
    let sentinel = |end: &[u8; 8]| {
        let mut random = [1; 32];
        random[24..].copy_from_slice(end);
        ServerHello::parse(&server_hello(0x0303, &random, &Build::new())).unwrap().downgrade_sentinel()
    };
    assert_eq!(sentinel(b"DOWNGRD\x01"), Some(ProtocolVersion::TLS_1_2));
    assert_eq!(sentinel(b"DOWNGRD\x00"), Some(ProtocolVersion::TLS_1_1));
    assert_eq!(sentinel(b"DOWNGRD\x02"), None);
}

#[test]
fn drafts_up_to_21_have_layouts_of_their_own() {
    let shares = [0, 29, 0, 2, 5, 5];
    let block = Build::new().extension(ExtensionType::KEY_SHARE_DRAFT.0, &shares).0;
    let draft_21 = Build::new().u16(0x7f15).raw(&[1; 32]).u16(0x1302).vec16(&block).0;
    let hello = ServerHello::parse(&draft_21).unwrap();
    assert_eq!(hello.cipher_suite, CipherSuite::TLS_AES_256_GCM_SHA384);
    assert_eq!(hello.negotiated_version(), ProtocolVersion(0x7f15));
    assert_eq!(hello.extensions.key_share().unwrap().unwrap().group.0, 29);
    let draft_22 = Build::new().u16(0x7f16).raw(&[1; 32]).vec8(&[]).u16(0x1302).u8(0).vec16(&block).0;
    assert_eq!(ServerHello::parse(&draft_22).unwrap().cipher_suite, CipherSuite::TLS_AES_256_GCM_SHA384);

    let group = Build::new().extension(40, &[0, 23]).0;
    let draft_18 = Build::new().u16(0x7f12).vec16(&group).0;
    let retry = HelloRetryRequest::parse(&draft_18).unwrap();
    assert_eq!((retry.cipher_suite, retry.extensions.retry_group().unwrap().unwrap().0), (None, 23));
    let draft_19 = Build::new().u16(0x7f13).u16(0x1301).vec16(&group).0;
    let suite = HelloRetryRequest::parse(&draft_19).unwrap().cipher_suite;
    assert_eq!(suite, Some(CipherSuite::TLS_AES_128_GCM_SHA256));
}
