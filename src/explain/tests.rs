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
fn everything_with_a_name_is_found_by_it_and_explained_on_one_screen_or_a_page_for_a_cause() {
    for subject in Subject::all() {
        let question = subject.question();
        let found = lookup::find(&question);
        assert!(found.contains(&subject), "{question}");
        let explanation = subject.explain();
        assert!(!explanation.sections.is_empty(), "{question}");
        let text = explanation.to_string();
        let most = if matches!(subject, Subject::Cause(_)) { 70 } else { 24 };
        assert!(text.lines().count() <= most, "{question}:\n{text}");
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
        ("alert certificate expired", "certificate_expired, alert 45"),
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
fn a_cause_comes_before_the_alert_of_its_name() {
    for what in ["certificate_expired", "certificate expired", "cause certificate_expired", "CERTIFICATE-EXPIRED"] {
        assert_eq!(title(what), "certificate_expired, cause", "{what}");
    }
    for what in ["handshake_failure", "internal_error", "unrecognized_name", "access_denied", "inappropriate_fallback"]
    {
        assert_eq!(title(what), format!("{what}, cause"));
        assert!(section(what, "Also").contains(&format!("alert {what}")), "{what}");
        assert!(title(&format!("alert {what}")).starts_with(&format!("{what}, alert ")), "{what}");
    }
    assert!(title("no cipher suite in common").starts_with("cipher_suite_mismatch, cause"), "by its title");
    assert_eq!(
        section("alert 48", "Causes"),
        "certificate_untrusted, revocation_unavailable, tls_interception, client_certificate_rejected"
    );
}

/// What people paste, and the first cause that it leads to.
#[test]
fn messages_lead_to_causes() {
    for (what, symptom, cause) in [
        (
            "curl: (60) SSL certificate problem: unable to get local issuer certificate",
            "unable to get local issuer certificate",
            "certificate_untrusted",
        ),
        ("curl: (35) error:0A00010B:SSL routines::wrong version number", "wrong version number", "server_not_tls"),
        (
            "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
            "certificate has expired",
            "certificate_expired",
        ),
        (
            "requests.exceptions.SSLError: HTTPSConnectionPool(host='a', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLError(1, '[SSL: UNSAFE_LEGACY_RENEGOTIATION_DISABLED] unsafe legacy renegotiation disabled (_ssl.c:1000)')))",
            "unsafe legacy renegotiation disabled",
            "unsafe_legacy_renegotiation",
        ),
        (
            "2026/11/25 10:00:00 [error] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112) while SSL handshaking to upstream",
            "tlsv1 unrecognized name",
            "unrecognized_name",
        ),
        (
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested target",
            "PKIX path building failed",
            "certificate_untrusted",
        ),
        (
            "Get \"https://10.0.0.1/\": x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
            "x509: certificate is valid for",
            "certificate_name_mismatch",
        ),
        ("net::ERR_CERT_DATE_INVALID", "ERR_CERT_DATE_INVALID", "certificate_expired"),
        ("Your connection isn\u{2019}t private", "your connection is not private", "certificate_untrusted"),
        ("525", "error 525", "handshake_failure"),
        ("Error 526", "error 526", "certificate_expired"),
        ("502 Bad Gateway", "502 Bad Gateway", "connection_refused"),
        ("CFNetwork SSLHandshake failed (-9807)", "errSSLXCertChainInvalid", "certificate_untrusted"),
        ("-9807", "errSSLXCertChainInvalid", "certificate_untrusted"),
        (
            "schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325)",
            "SEC_E_UNTRUSTED_ROOT",
            "certificate_untrusted",
        ),
        ("0x80090326", "SEC_E_ILLEGAL_MESSAGE", "handshake_failure"),
        (
            "Error: write EPROTO 140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
            "wrong version number",
            "server_not_tls",
        ),
        ("http: TLS handshake error from 10.0.0.1:5000: EOF", "http: TLS handshake error from", "no_client_hello"),
        (
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end",
            "upstream connect error or disconnect/reset before headers",
            "certificate_untrusted",
        ),
        (
            "psql: error: server does not support SSL, but SSL was required",
            "server does not support SSL, but SSL was required",
            "starttls_refused",
        ),
        ("curl (91)", "curl 91", "revocation_unavailable"),
        ("symptom EPROTO", "EPROTO", "server_not_tls"),
    ] {
        assert_eq!(title(what), format!("{symptom}, symptom"), "{what}");
        assert_eq!(section(what, "More"), format!("$ tlscribe explain {cause}"), "{what}");
    }
}

#[test]
fn an_alert_is_found_in_a_line_that_speaks_of_alerts() {
    for (what, expected) in [
        ("SSL3 alert write: fatal: bad certificate", "bad_certificate, alert 42"),
        ("*** Received alert [71]", "insufficient_security, alert 71"),
        ("The TLS protocol defined alert code is 109.", "missing_extension, alert 109"),
        ("received fatal alert: UserCanceled", "user_canceled, alert 90"),
        ("remote error: tls: unsupported extension", "unsupported_extension, alert 110"),
    ] {
        assert_eq!(title(what), expected, "{what}");
    }
    assert!(explain("the tower is 109 metres high").is_err());
}

#[test]
fn without_words_all_causes_are_listed() {
    let text = overview().to_string();
    for cause in Cause::ALL {
        assert!(text.contains(cause.code()), "{cause}");
    }
    let examples: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once("$ tlscribe explain ")?.1)).collect();
    assert!(examples.len() > 3 && examples.iter().all(|what| explain(what).is_ok()), "{examples:?}");
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
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
    assert!(error.contains("by name or number,") && !error.chars().any(char::is_control), "{error}");
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
fn entries_of_a_list_hang_and_commands_stay_as_they_are() {
    let list = format!("- {}\n$ a  command\nand a paragraph", "word ".repeat(20));
    let text = Explanation::new("Title".into()).with("Label", list).to_string();
    let lines: Vec<&str> = text.lines().skip(2).collect();
    assert_eq!(lines[0], format!("Label         - {}", ["word"; 14].join(" ")));
    assert_eq!(lines[1], format!("                {}", ["word"; 6].join(" ")));
    assert_eq!(lines[2..], ["              $ a  command", "              and a paragraph"]);
}

#[test]
fn every_kind_is_among_the_things_that_can_be_asked_for() {
    let count = |test: fn(&Subject) -> bool| Subject::all().filter(test).count();
    assert_eq!(count(|subject| matches!(subject, Subject::Cause(_))), Cause::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Symptom(_))), symptom::all().count());
    assert_eq!(count(|subject| matches!(subject, Subject::Finding(_))), Finding::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Suite(_))), CipherSuite::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Group(_))), NamedGroup::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Scheme(_))), SignatureScheme::ALL.len());
    assert_eq!(count(|subject| matches!(subject, Subject::Extension(_))), ExtensionType::ALL.len());
    assert!(version::KNOWN.iter().all(|version| version.is_known()));
    assert!(version::KNOWN.contains(&ProtocolVersion::TLS_1_3));
}
