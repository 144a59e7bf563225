use super::lookup::Subject;
use super::*;
use crate::policy::Finding;
use crate::tls::registry::{CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme};

fn title(what: &str) -> String {
    explain(what).unwrap_or_else(|error| panic!("{error}")).title
}

fn section(what: &str, label: &str) -> String {
    let explanation = explain(what).unwrap_or_else(|error| panic!("{error}"));
    let found = explanation.sections.into_iter().find(|(name, _)| *name == label);
    found.unwrap_or_else(|| panic!("{what} has no {label}")).1
}

#[test]
fn everything_with_a_name_is_found_by_it_and_explained_on_one_screen() {
    for subject in Subject::all() {
        let question = subject.question();
        let found = lookup::find(&question);
        assert!(found.contains(&subject), "{question}");
        let explanation = subject.explain();
        assert!(!explanation.sections.is_empty(), "{question}");
        let text = explanation.to_string();
        assert!(text.lines().count() <= 22, "{question}:\n{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH && line == line.trim_end(), "{question}: {line:?}");
        }
    }
}

#[test]
fn things_are_found_as_people_write_them() {
    for (what, expected) in [
        ("0x1301", "TLS_AES_128_GCM_SHA256, cipher suite 0x1301"),
        ("4865", "TLS_AES_128_GCM_SHA256, cipher suite 0x1301"),
        ("{0x13,0x01}", "TLS_AES_128_GCM_SHA256, cipher suite 0x1301"),
        ("tls_aes_128_gcm_sha256", "TLS_AES_128_GCM_SHA256, cipher suite 0x1301"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, cipher suite 0xc02f"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, cipher suite 0xcca9"),
        ("DES-CBC3-SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA, cipher suite 0x000a"),
        ("EDH-RSA-DES-CBC3-SHA", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, cipher suite 0x0016"),
        ("RC4-SHA", "TLS_RSA_WITH_RC4_128_SHA, cipher suite 0x0005"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA, cipher suite 0x002f"),
        ("ADH-AES256-SHA", "TLS_DH_anon_WITH_AES_256_CBC_SHA, cipher suite 0x003a"),
        ("45", "certificate_expired, alert 45"),
        ("0x2d", "certificate_expired, alert 45"),
        ("certificate expired", "certificate_expired, alert 45"),
        ("alert: handshake_failure", "handshake_failure, alert 40"),
        ("TLSv1.2", "TLS 1.2, protocol version 0x0303"),
        ("tls13", "TLS 1.3, protocol version 0x0304"),
        ("SSL 3.0", "SSL 3.0, protocol version 0x0300"),
        ("sslv2", "SSL 2.0, protocol version 0x0002"),
        ("0x7f1c", "TLS 1.3 draft-28, protocol version 0x7f1c"),
        ("x25519", "x25519, named group 0x001d (29)"),
        ("group 23", "secp256r1, named group 0x0017 (23)"),
        ("P-256", "secp256r1, named group 0x0017 (23)"),
        ("scheme 0x0804", "rsa_pss_rsae_sha256, signature scheme 0x0804"),
        ("SNI", "server_name, extension 0 (0x0000)"),
        ("extension 0x0017", "extended_master_secret, extension 23 (0x0017)"),
        ("rc4", "rc4, finding"),
        ("3DES", "3des, finding"),
        ("Sweet32", "3des, finding"),
        ("0x1a1a", "GREASE 0x1a1a"),
        ("grease", "GREASE 0x0a0a"),
    ] {
        assert_eq!(title(what), expected, "{what}");
    }
}

#[test]
fn a_number_of_several_things_names_them_all() {
    assert_eq!(section("0x0017", "Also"), "group secp256r1, extension extended_master_secret");
    assert_eq!(title("group secp256r1"), "secp256r1, named group 0x0017 (23)");
}

#[test]
fn the_status_says_what_is_to_be_thought_of_it() {
    for (what, expected) in [
        ("0x1301", "Recommended"),
        ("ECDHE-RSA-AES128-SHA", "Acceptable"),
        ("AES128-SHA", "Weak: no forward secrecy"),
        ("RC4-SHA", "Broken: RC4"),
        ("TLS_SHA256_SHA256", "Broken: it does not encrypt"),
        ("DHE-RSA-AES128-GCM-SHA256", "Discouraged"),
        ("TLS_PSK_WITH_AES_128_GCM_SHA256", "Not recommended for general use: no forward secrecy"),
        ("TLS 1.0", "Withdrawn"),
        ("TLS 1.3", "Recommended"),
        ("X25519MLKEM768", "Recommended"),
        ("secp192r1", "Weak"),
        ("X25519Kyber768Draft00", "Obsolete"),
        ("rsa_pkcs1_sha1", "Weak"),
        ("rsa_pkcs1_md5", "Broken"),
        ("ed25519", "Recommended"),
        ("rsa_pkcs1_sha256", "In order in certificates"),
    ] {
        let status = section(what, "Status");
        assert!(status.starts_with(expected), "{what}: {status}");
    }
    assert_eq!(section("0x1301", "Defined in"), "RFC 9846");
}

/// What counts as broken or obsolete among the findings must not be called in order here.
#[test]
fn no_suite_that_is_a_finding_is_recommended() {
    for suite in CipherSuite::ALL.iter().filter(|suite| suite.facts().is_some()) {
        let sections = Subject::Suite(*suite).explain().sections;
        let status = &sections.iter().find(|(label, _)| *label == "Status").unwrap().1;
        assert_eq!(crate::policy::is_broken(*suite), status.starts_with("Broken"), "{suite}: {status}");
    }
}

#[test]
fn unknown_words_get_the_nearest_names() {
    let nearest = |what: &str| explain(what).unwrap_err().nearest;
    assert_eq!(nearest("certificat_expird").first(), Some(&"certificate_expired"));
    assert_eq!(nearest("tls14").first(), Some(&"TLS 1.0"));
    assert!(nearest("ECDHE-RSA-AES12-SHA").contains(&"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"));
    assert!(nearest("mldsa").contains(&"mldsa65"), "contained in a name");
    assert!(nearest("qqqqqqqqqqqq").is_empty());
    for what in ["", " ", ",", "0x", "0x1a2b", "65536", "-1", "alert", "alert 300", "group nonsense", "{0x13,}"] {
        assert!(explain(what).is_err(), "{what:?}");
    }
    assert!(explain(&"a".repeat(10_000)).is_err());
}

#[test]
fn the_error_is_one_line_that_says_what_to_do() {
    let error = explain("certificate_expirrd").unwrap_err().to_string();
    assert!(
        error.starts_with("nothing is known of \"certificate_expirrd\"; did you mean certificate_expired"),
        "{error}"
    );
    let error = explain("\u{1b}[2J\nqq").unwrap_err().to_string();
    assert!(error.contains("by name or number") && !error.chars().any(char::is_control), "{error}");
}

#[test]
fn text_is_wrapped_beside_its_labels() {
    let explanation = Explanation::new("Title".into()).with("Label", "word ".repeat(40)).with("Nothing", "");
    let text = explanation.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["Title", ""]);
    assert_eq!(lines[2], format!("Label         {}", vec!["word"; 15].join(" ")));
    assert_eq!(lines[3], format!("              {}", vec!["word"; 15].join(" ")));
    assert_eq!(lines.len(), 5);
}

#[test]
fn every_kind_is_among_the_things_that_can_be_asked_for() {
    let count = |test: fn(&Subject) -> bool| Subject::all().filter(test).count();
    assert_eq!(count(|subject| matches!(subject, Subject::Finding(_))), Finding::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Suite(_))), CipherSuite::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Group(_))), NamedGroup::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Scheme(_))), SignatureScheme::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Extension(_))), ExtensionType::ALL.len());
    assert!(version::KNOWN.iter().all(|version| version.is_known()));
    assert!(version::KNOWN.contains(&ProtocolVersion::TLS_1_3));
}
