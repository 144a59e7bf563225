use super::*;
use base64::Engine as _;

/// Made with `openssl req -x509`: P-256, one SAN of each common kind.
const OPENSSL: &str = "\
MIICPDCCAeOgAwIBAgIUBLRgNqCcvV5VmImGphUnIYScvnAwCgYIKoZIzj0EAwIwPjELMAkGA1UEBhMCR0IxFTATBgNVBAoMDEV4YW1wbGUsIE\
x0ZDEYMBYGA1UEAwwPd3d3LmV4YW1wbGUub3JnMCAXDTI2MTEyMzEwNTU1OFoYDzIxMjYxMDMwMTA1NTU4WjA+MQswCQYDVQQGEwJHQjEVMBMG\
A1UECgwMRXhhbXBsZSwgTHRkMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5vcmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARc3u+E0kik7opODV\
+izLYP9q9OxA+R6ll6wJmYDaCAB9w4YbBYDiOYH2+oy8neifh8b4dXZRveYxvTJVXe7ZJgo4G8MIG5MB0GA1UdDgQWBBR6ANqKGxK+Ec57AHdQ\
PmJY7AwmmjAfBgNVHSMEGDAWgBR6ANqKGxK+Ec57AHdQPmJY7AwmmjAPBgNVHRMBAf8EBTADAQH/MGYGA1UdEQRfMF2CD3d3dy5leGFtcGxlLm\
9yZ4INKi5leGFtcGxlLm9yZ4cEwAACAYcQIAENuAAAAAAAAAAAAAAAAYENYUBleGFtcGxlLm9yZ4YUaHR0cHM6Ly9leGFtcGxlLm9yZy8wCgYI\
KoZIzj0EAwIDRwAwRAIgAScA0LQL1+kEnRvX81/3oHSUQSputCvFhBk0wY3RlmoCIFe4eAl338WAh4S5yUrY8CTBg/mSoaaF2Dv8GbfKJ6vh";

fn openssl() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(OPENSSL).unwrap()
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const INTEGER: u8 = 0x02;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        content.extend(
            (0..groups).rev().map(|group| (arc >> (7 * group)) as u8 & 0x7f | if group > 0 { 0x80 } else { 0 }),
        );
    }
    tlv(OID, &content)
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

fn algorithm(dotted: &str) -> Vec<u8> {
    sequence(&[&oid(dotted)])
}

fn name(values: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let parts = values.iter().map(|(kind, tag, value)| tlv(SET, &sequence(&[&oid(kind), &tlv(*tag, value)])));
    tlv(SEQUENCE, &parts.collect::<Vec<_>>().concat())
}

fn extension(dotted: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(dotted), &tlv(0x04, value)])
}

/// The parts of a certificate that the tests change.
struct Draft {
    serial: Vec<u8>,
    issuer: Vec<u8>,
    not_before: Vec<u8>,
    not_after: Vec<u8>,
    subject: Vec<u8>,
    key: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    signature_algorithm: Vec<u8>,
}

impl Draft {
    fn new() -> Self {
        Self {
            serial: tlv(INTEGER, &[0x00, 0xc1, 0x02]),
            issuer: name(&[("2.5.4.3", UTF8, b"ca")]),
            not_before: tlv(UTC_TIME, b"250101000000Z"),
            not_after: tlv(UTC_TIME, b"260101000000Z"),
            subject: name(&[("2.5.4.3", UTF8, b"leaf")]),
            key: key("1.3.101.112", None, &[7; 32]),
            extensions: Vec::new(),
            signature_algorithm: algorithm("1.2.840.10045.4.3.2"),
        }
    }

    fn der(&self) -> Vec<u8> {
        let validity = sequence(&[&self.not_before, &self.not_after]);
        let extensions = tlv(0xa3, &tlv(SEQUENCE, &self.extensions.concat()));
        let version = tlv(0xa0, &tlv(INTEGER, &[2]));
        let signed = sequence(&[
            &version,
            &self.serial,
            &self.signature_algorithm,
            &self.issuer,
            &validity,
            &self.subject,
            &self.key,
            &extensions,
        ]);
        sequence(&[&signed, &self.signature_algorithm, &tlv(0x03, &[0, 1, 2, 3])])
    }

    fn read(&self) -> CertificateFacts {
        CertificateFacts::read(&self.der())
    }
}

fn key(dotted: &str, parameters: Option<&[u8]>, bits: &[u8]) -> Vec<u8> {
    let bits = [&[0], bits].concat();
    sequence(&[&sequence(&[&oid(dotted), parameters.unwrap_or(&[])]), &tlv(0x03, &bits)])
}

fn rsa(modulus: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(INTEGER, modulus), &tlv(INTEGER, &[1, 0, 1])])
}

fn san(names: &[(u8, &[u8])]) -> Vec<u8> {
    let names: Vec<u8> = names.iter().flat_map(|(tag, content)| tlv(*tag, content)).collect();
    extension("2.5.29.17", &tlv(SEQUENCE, &names))
}

fn shown(facts: &CertificateFacts) -> Vec<String> {
    facts.san.iter().map(ToString::to_string).collect()
}

#[test]
fn a_certificate_of_openssl_is_read_in_full() {
    let facts = CertificateFacts::read(&openssl());
    assert_eq!(facts.sha256, "2364576f3ecdee509a33eb68710010b0a5a9002312b39e3024b43972004a8b20");
    assert_eq!(facts.length, 576);
    assert_eq!(facts.subject.as_deref(), Some("CN=www.example.org,O=Example\\, Ltd,C=GB"));
    assert_eq!(facts.issuer, facts.subject);
    assert_eq!(facts.serial.as_deref(), Some("04b46036a09cbd5e55988986a6152721849cbe70"));
    assert_eq!(facts.not_before.unwrap().to_string(), "2026-11-23T10:55:58Z");
    assert_eq!(facts.not_after.unwrap().to_string(), "2126-10-30T10:55:58Z");
    assert_eq!(
        shown(&facts),
        ["www.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", "a@example.org", "https://example.org/"]
    );
    assert_eq!(facts.san_count, 6);
    assert_eq!(facts.key.as_ref().unwrap().to_string(), "EC secp256r1");
    assert_eq!(facts.signature_algorithm.as_deref(), Some("ecdsa-with-SHA256"));
    assert_eq!((facts.weak_digest, facts.self_signed, facts.is_ca), (None, Some(true), true));
    assert_eq!(facts.fault, None);
}

#[test]
fn every_prefix_of_a_certificate_is_read_as_far_as_it_goes() {
    let der = openssl();
    let whole = CertificateFacts::read(&der);
    for end in 0..der.len() {
        let facts = CertificateFacts::read(&der[..end]);
        assert!(facts.fault.is_some(), "{end} bytes");
        assert!(facts.subject.is_none() || facts.subject == whole.subject, "{end} bytes");
        assert!(facts.not_after.is_none() || facts.not_after == whole.not_after, "{end} bytes");
        assert!(facts.key.is_none() || facts.key == whole.key, "{end} bytes");
        assert_ne!(facts.sha256, whole.sha256);
        assert_eq!(facts.length, end);
    }
    let without_its_signature = CertificateFacts::read(&der[..der.len() - 80]);
    assert_eq!(without_its_signature.subject, whole.subject);
    assert_eq!(without_its_signature.san, whole.san);
}

#[test]
fn no_changed_byte_makes_text_that_is_dangerous_to_show() {
    let der = openssl();
    for position in 0..der.len() {
        for value in [0x00, 0x1b, 0x7f, 0x80, 0xff, der[position] ^ 0x01, der[position] ^ 0x20] {
            let mut changed = der.clone();
            changed[position] = value;
            let facts = CertificateFacts::read(&changed);
            let texts = shown(&facts).into_iter().chain(facts.subject).chain(facts.issuer);
            for text in texts {
                assert!(!text.chars().any(char::is_control), "byte {position} as {value:#x}: {text:?}");
            }
        }
    }
}

#[test]
fn a_broken_field_is_named_and_the_rest_still_told() {
    let mut draft = Draft::new();
    draft.not_after = tlv(UTC_TIME, b"269901000000Z");
    let facts = draft.read();
    assert_eq!(facts.fault.unwrap().to_string(), "validity.notAfter is not a date");
    assert_eq!(facts.not_after, None);
    assert_eq!(facts.not_before.unwrap().to_string(), "2025-01-01T00:00:00Z");
    assert_eq!(facts.serial.as_deref(), Some("c102"));
    assert_eq!(facts.subject.as_deref(), Some("CN=leaf"));
    assert_eq!(facts.key.unwrap().to_string(), "Ed25519");

    let mut draft = Draft::new();
    draft.issuer = tlv(SEQUENCE, &tlv(SET, &tlv(INTEGER, &[1])));
    let facts = draft.read();
    assert_eq!(facts.fault.unwrap().to_string(), "issuer is not a name");
    assert_eq!((facts.issuer, facts.subject.as_deref()), (None, Some("CN=leaf")));

    assert_eq!(CertificateFacts::read(b"").fault.unwrap().to_string(), "Certificate is not a DER sequence");
    assert_eq!(CertificateFacts::read(b"hello").fault.unwrap().field, "Certificate");
}

#[test]
fn names_are_escaped_whatever_their_string_type() {
    let subject = |values: &[(&str, u8, &[u8])]| {
        let mut draft = Draft::new();
        draft.subject = name(values);
        draft.read().subject.unwrap()
    };
    assert_eq!(subject(&[("2.5.4.3", UTF8, b" #a,b+c\"d\\e<f>g;h ")]), r#"CN=\ #a\,b\+c\"d\\e\<f\>g\;h\ "#);
    assert_eq!(subject(&[("2.5.4.3", UTF8, b"#a#")]), r"CN=\#a#");
    assert_eq!(
        subject(&[("2.5.4.3", UTF8, "a\0b\nc\u{1b}[2Jd\u{202e}e\u{85}".as_bytes())]),
        r"CN=a\00b\0ac\1b[2Jd\e2\80\aee\c2\85"
    );
    assert_eq!(subject(&[("2.5.4.3", UTF8, b"a\xffb")]), r"CN=a\ffb");
    assert_eq!(subject(&[("2.5.4.3", UTF8, "Zürich 東京".as_bytes())]), "CN=Zürich 東京");
    assert_eq!(subject(&[("2.5.4.3", 0x14, b"Z\xfcrich")]), "CN=Zürich", "Teletex");
    assert_eq!(
        subject(&[("2.5.4.3", 0x1e, b"\x00Z\x00\xfc\xd8\x00")]),
        "CN=Zü\u{fffd}",
        "BMPString with half a surrogate pair"
    );
    assert_eq!(subject(&[("2.5.4.3", 0x1c, b"\x00\x00\x00Z\x00\x11\x00\x00")]), "CN=Z\u{fffd}", "UniversalString");
    assert_eq!(subject(&[("2.5.4.3", 0x13, b"a*b@c")]), "CN=a*b@c", "PrintableString with what it must not have");
    assert_eq!(subject(&[("2.5.4.3", 0x04, b"\x01\x02")]), "CN=#0102", "an octet string");
    assert_eq!(subject(&[("1.2.3.4", UTF8, b"x"), ("2.5.4.6", 0x13, b"GB")]), "C=GB,1.2.3.4=x");
    assert_eq!(subject(&[]), "");
}

#[test]
fn several_values_in_one_part_of_a_name_are_joined() {
    let pair = |kind: &str, value: &[u8]| sequence(&[&oid(kind), &tlv(UTF8, value)]);
    let mut draft = Draft::new();
    draft.subject = tlv(SEQUENCE, &tlv(SET, &[pair("2.5.4.3", b"a"), pair("2.5.4.11", b"b")].concat()));
    assert_eq!(draft.read().subject.as_deref(), Some("CN=a+OU=b"));
}

#[test]
fn long_names_are_cut() {
    let mut draft = Draft::new();
    draft.subject = name(&[("2.5.4.3", UTF8, "ü".repeat(5000).as_bytes())]);
    let subject = draft.read().subject.unwrap();
    assert!(subject.len() <= MAX_NAME_TEXT && subject.ends_with("ü..."), "{}", subject.len());
}

#[test]
fn alternative_names_of_every_kind_are_told() {
    let directory = name(&[("2.5.4.3", UTF8, b"x")]);
    let mut draft = Draft::new();
    draft.extensions.push(san(&[
        (0x82, b"a\0b.example"),
        (0x87, &[192, 0, 2, 1, 9]),
        (0x87, &[]),
        (0xa4, &directory),
        (0xa0, &[oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, &tlv(UTF8, b"a@b"))].concat()),
        (0x88, &[0x2a, 0x03]),
        (0x89, b"?"),
        (0x86, b"http://a\xff/"),
    ]));
    let facts = draft.read();
    assert_eq!(
        shown(&facts),
        [
            r"a\00b.example",
            "iPAddress:c000020109",
            "iPAddress:",
            "directoryName:CN=x",
            "otherName:1.3.6.1.4.1.311.20.2.3",
            "registeredID:1.2.3",
            "[9]:3f",
            r"http://a\ff/",
        ]
    );
    assert_eq!(facts.san[0], AlternativeName::Dns(r"a\00b.example".into()));
    assert_eq!(facts.fault, None);
}

#[test]
fn alternative_names_are_bounded_in_number_and_in_text_and_counted_in_full() {
    let mut draft = Draft::new();
    draft.extensions.push(san(&vec![(0x82, b"a.example".as_slice()); MAX_SAN + 50]));
    let facts = draft.read();
    assert_eq!((facts.san.len(), facts.san_count), (MAX_SAN, MAX_SAN + 50));

    let mut draft = Draft::new();
    draft.extensions.push(san(&[(0x82, [b'a'; 1000].as_slice()); 20]));
    let facts = draft.read();
    assert_eq!((facts.san.len(), facts.san_count), (MAX_SAN_TEXT / 1000, 20));
}

#[test]
fn a_list_of_names_that_breaks_off_keeps_what_came_before() {
    let mut draft = Draft::new();
    let broken = [tlv(0x82, b"a.example"), vec![0x82, 50, b'b']].concat();
    draft.extensions.push(extension("2.5.29.17", &tlv(SEQUENCE, &broken)));
    let facts = draft.read();
    assert_eq!(shown(&facts), ["a.example"]);
    assert_eq!(facts.fault.unwrap().field, "subjectAltName");
}

#[test]
fn keys_are_named_with_their_true_size() {
    let shown = |key: Vec<u8>| {
        let mut draft = Draft::new();
        draft.key = key;
        draft.read().key.map(|key| key.to_string())
    };
    let rsa_key = |modulus: &[u8]| shown(key("1.2.840.113549.1.1.1", Some(&[0x05, 0x00]), &rsa(modulus)));
    assert_eq!(rsa_key(&[&[0, 0x80], [1; 255].as_slice()].concat()).as_deref(), Some("RSA 2048"));
    assert_eq!(rsa_key(&[&[0x7f], [1; 127].as_slice()].concat()).as_deref(), Some("RSA 1023"));
    assert_eq!(rsa_key(&[]).as_deref(), Some("RSA 0"));
    assert_eq!(shown(key("1.2.840.113549.1.1.10", None, &rsa(&[1; 384]))).as_deref(), Some("RSA-PSS 3065"));
    assert_eq!(shown(key("1.2.840.113549.1.1.1", None, b"nonsense")), None);
    let dsa = sequence(&[&tlv(INTEGER, &[&[0, 0xff], [1; 127].as_slice()].concat())]);
    assert_eq!(shown(key("1.2.840.10040.4.1", Some(&dsa), &tlv(INTEGER, &[1]))).as_deref(), Some("DSA 1024"));
    assert_eq!(shown(key("1.2.840.10045.2.1", Some(&oid("1.3.132.0.34")), &[4; 97])).as_deref(), Some("EC secp384r1"));
    assert_eq!(shown(key("1.2.840.10045.2.1", Some(&oid("1.2.3.4")), &[4; 97])).as_deref(), Some("EC 1.2.3.4"));
    assert_eq!(shown(key("1.2.840.10045.2.1", Some(&sequence(&[])), &[4; 97])).as_deref(), Some("EC"));
    assert_eq!(shown(key("2.16.840.1.101.3.4.3.18", None, &[1; 1952])).as_deref(), Some("ML-DSA-65"));
    assert_eq!(shown(key("2.16.840.1.101.3.4.3.31", None, &[1; 64])).as_deref(), Some("SLH-DSA-SHAKE-256f"));
    assert_eq!(shown(key("2.16.840.1.101.3.4.3.32", None, &[1; 64])).as_deref(), Some("2.16.840.1.101.3.4.3.32"));
}

#[test]
fn signatures_are_named_and_weak_digests_told() {
    let read = |algorithm: Vec<u8>| {
        let mut draft = Draft::new();
        draft.signature_algorithm = algorithm;
        let facts = draft.read();
        (facts.signature_algorithm.unwrap().into_owned(), facts.weak_digest)
    };
    assert_eq!(read(algorithm("1.2.840.113549.1.1.11")), ("sha256WithRSAEncryption".into(), None));
    assert_eq!(read(algorithm("1.2.840.113549.1.1.5")), ("sha1WithRSAEncryption".into(), Some(WeakDigest::Sha1)));
    assert_eq!(read(algorithm("1.2.840.113549.1.1.4")), ("md5WithRSAEncryption".into(), Some(WeakDigest::Md5)));
    assert_eq!(read(algorithm("2.16.840.1.101.3.4.3.19")), ("ML-DSA-87".into(), None));
    assert_eq!(read(algorithm("1.2.3")), ("1.2.3".into(), None));
    const PSS: &str = "1.2.840.113549.1.1.10";
    let digest = tlv(0xa0, &algorithm("2.16.840.1.101.3.4.2.2"));
    let pss = |parameters: &[u8]| read(sequence(&[&oid(PSS), parameters]));
    assert_eq!(pss(&sequence(&[&digest])), ("RSASSA-PSS-SHA384".into(), None));
    assert_eq!(pss(&sequence(&[])), ("RSASSA-PSS-SHA1".into(), Some(WeakDigest::Sha1)), "the default");
}

#[test]
fn an_object_identifier_without_end_costs_nothing() {
    let mut draft = Draft::new();
    draft.signature_algorithm = sequence(&[&tlv(OID, &[0xff; 20_000])]);
    let name = draft.read().signature_algorithm.unwrap();
    assert_eq!(name, "ff".repeat(32));
}

#[test]
fn self_signed_needs_the_same_name_and_no_other_key() {
    let mut draft = Draft::new();
    assert_eq!(draft.read().self_signed, Some(false));
    draft.issuer = draft.subject.clone();
    assert_eq!(draft.read().self_signed, Some(true));
    draft.extensions.push(extension("2.5.29.14", &tlv(0x04, b"own")));
    assert_eq!(draft.read().self_signed, Some(true));
    draft.extensions.push(extension("2.5.29.35", &sequence(&[&tlv(0x80, b"signer")])));
    assert_eq!(draft.read().self_signed, Some(false), "a key rollover: the same name, another key");
}

#[test]
fn basic_constraints_make_a_ca() {
    let mut draft = Draft::new();
    assert!(!draft.read().is_ca);
    draft.extensions.push(sequence(&[
        &oid("2.5.29.19"),
        &tlv(0x01, &[0xff]),
        &tlv(0x04, &sequence(&[&tlv(0x01, &[0xff])])),
    ]));
    assert!(draft.read().is_ca);
}

#[test]
fn a_first_version_certificate_has_neither_version_nor_extensions() {
    let draft = Draft::new();
    let validity = sequence(&[&draft.not_before, &draft.not_after]);
    let signed =
        sequence(&[&draft.serial, &draft.signature_algorithm, &draft.issuer, &validity, &draft.subject, &draft.key]);
    let facts = CertificateFacts::read(&sequence(&[&signed, &draft.signature_algorithm, &tlv(0x03, &[0])]));
    assert_eq!((facts.fault, facts.serial.as_deref()), (None, Some("c102")));
    assert_eq!(facts.self_signed, Some(false));
}
