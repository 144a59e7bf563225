//! The walk through a certificate, one field after the other, that notes the first fault and goes on where it can.

use super::text::{alternative_name, common_name, distinguished_name, element, escape};
use super::{
    CertificateFacts, CertificateFault, CertificateTime, KeyUsage, MAX_KEPT_DER, MAX_PURPOSES, MAX_SAN, MAX_SAN_TEXT,
    PublicKey, algorithm,
};
use crate::hex::hex;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use x509_parser::asn1_rs::{Any, Class, FromDer, Header, Oid, Tag, oid};
use x509_parser::extensions::{AuthorityKeyIdentifier, BasicConstraints, KeyIdentifier};
use x509_parser::oid_registry::{
    OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_AUTHORITY_INFO_ACCESS, OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
    OID_X509_EXT_BASIC_CONSTRAINTS, OID_X509_EXT_EXTENDED_KEY_USAGE, OID_X509_EXT_KEY_USAGE,
    OID_X509_EXT_SUBJECT_ALT_NAME, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Serial numbers are shown up to this many bytes; RFC 5280 4.1.2.2 allows 20.
const MAX_SERIAL_LENGTH: usize = 64;
/// Key identifiers are read up to this many bytes; they are digests.
const MAX_KEY_ID_LENGTH: usize = 64;

/// The TLS feature extension (RFC 7633).
const TLS_FEATURE: Oid<'static> = oid!(1.3.6.1.5.5.7.1.24);

pub(super) fn sha256(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

pub(super) fn read(der: &[u8], sha256: &[u8; 32]) -> CertificateFacts {
    let facts = CertificateFacts {
        sha256: hex(sha256),
        length: der.len(),
        subject: None,
        issuer: None,
        serial: None,
        not_before: None,
        not_after: None,
        san: Vec::new(),
        san_count: 0,
        key: None,
        signature_algorithm: None,
        weak_digest: None,
        self_signed: None,
        is_ca: false,
        path_length: None,
        key_usage: None,
        purposes: None,
        common_name: None,
        subject_key_id: None,
        authority_key_id: None,
        issuer_url: None,
        must_staple: false,
        fault: None,
        der: if der.len() <= MAX_KEPT_DER { der.into() } else { Box::default() },
    };
    let mut reader = Reader { facts, subject_key: None, authority_key: None };
    reader.certificate(der);
    reader.facts
}

/// A field cannot be found, so neither can those after it.
struct Lost;

struct Reader<'a> {
    facts: CertificateFacts,
    subject_key: Option<&'a [u8]>,
    authority_key: Option<&'a [u8]>,
}

impl<'a> Reader<'a> {
    /// Notes a fault; the first one counts.
    fn fault(&mut self, field: &'static str, problem: &'static str) {
        self.facts.fault.get_or_insert(CertificateFault { field, problem });
    }

    /// The value, or a fault where there is none.
    fn noted<T>(&mut self, value: Option<T>, field: &'static str, problem: &'static str) -> Option<T> {
        if value.is_none() {
            self.fault(field, problem);
        }
        value
    }

    /// The content of a SEQUENCE that begins `input`, as far as it is there.
    fn open(&mut self, input: &'a [u8], field: &'static str) -> Option<&'a [u8]> {
        let header = Header::from_der(input).ok().filter(|(_, header)| header.tag() == Tag::Sequence);
        let (rest, header) = self.noted(header, field, "is not a DER sequence")?;
        let length = header.length().definite().ok()?;
        let content = rest.get(..length);
        Some(self.noted(content, field, "is cut short").unwrap_or(rest))
    }

    /// The next element; where there is none, all that follows is lost.
    fn next(&mut self, input: &mut &'a [u8], field: &'static str) -> Result<Any<'a>, Lost> {
        self.noted(element(input), field, "is missing or is not DER").ok_or(Lost)
    }

    /// Certificate (RFC 5280 4.1).
    fn certificate(&mut self, der: &'a [u8]) {
        let Some(content) = self.open(der, "Certificate") else { return };
        let Some(fields) = self.open(content, "tbsCertificate") else { return };
        // The end of a certificate that is cut short is lost with it; what was read until then stands.
        let _ = self.tbs_certificate(fields);
        let signature = element(&mut { content }).and_then(|_| {
            let after = Any::from_der(content).ok()?.0;
            AlgorithmIdentifier::from_der(after).ok()
        });
        if let Some((_, algorithm)) = self.noted(signature, "signatureAlgorithm", "is not an algorithm identifier") {
            let (name, weak_digest) = algorithm::signature(&algorithm);
            self.facts.signature_algorithm = Some(name);
            self.facts.weak_digest = weak_digest;
        }
    }

    /// TBSCertificate (RFC 5280 4.1.2).
    fn tbs_certificate(&mut self, mut fields: &'a [u8]) -> Result<(), Lost> {
        let mut serial = self.next(&mut fields, "serialNumber")?;
        if is_context(&serial, 0) {
            serial = self.next(&mut fields, "serialNumber")?;
        }
        let digits =
            (serial.tag() == Tag::Integer).then(|| serial.data.get(..MAX_SERIAL_LENGTH).unwrap_or(serial.data));
        self.facts.serial = self.noted(digits, "serialNumber", "is not an integer").map(|digits| hex(unsigned(digits)));
        self.next(&mut fields, "signature")?;
        let issuer = self.next(&mut fields, "issuer")?;
        self.facts.issuer = self.noted(distinguished_name(issuer.data), "issuer", "is not a name");
        let validity = self.next(&mut fields, "validity")?;
        self.validity(validity.data);
        let subject = self.next(&mut fields, "subject")?;
        self.facts.subject = self.noted(distinguished_name(subject.data), "subject", "is not a name");
        self.facts.common_name = common_name(subject.data);
        let key_info = fields;
        self.next(&mut fields, "subjectPublicKeyInfo")?;
        let key = SubjectPublicKeyInfo::from_der(key_info).ok().and_then(|(_, info)| PublicKey::read(&info));
        self.facts.key = self.noted(key, "subjectPublicKeyInfo", "is not a public key");
        while !fields.is_empty() {
            let optional = self.next(&mut fields, "extensions")?;
            if is_context(&optional, 3) {
                self.extensions(optional.data)?;
            }
        }
        let keys_differ = matches!((self.subject_key, self.authority_key), (Some(own), Some(signer)) if own != signer);
        self.facts.self_signed = Some(issuer.data == subject.data && !keys_differ);
        self.facts.subject_key_id = self.subject_key.map(key_id);
        self.facts.authority_key_id = self.authority_key.map(key_id);
        Ok(())
    }

    fn validity(&mut self, mut dates: &'a [u8]) {
        let (not_before, not_after) = (element(&mut dates), element(&mut dates));
        let not_before = not_before.as_ref().and_then(CertificateTime::read);
        let not_after = not_after.as_ref().and_then(CertificateTime::read);
        self.facts.not_before = self.noted(not_before, "validity.notBefore", "is not a date");
        self.facts.not_after = self.noted(not_after, "validity.notAfter", "is not a date");
    }

    /// Extensions (RFC 5280 4.1.2.9).
    fn extensions(&mut self, tagged: &'a [u8]) -> Result<(), Lost> {
        let Some(mut list) = self.open(tagged, "extensions") else { return Err(Lost) };
        while !list.is_empty() {
            let extension = self.next(&mut list, "extensions")?;
            let mut fields = extension.data;
            let kind = self.next(&mut fields, "extensions.extnID")?;
            let mut value = self.next(&mut fields, "extensions.extnValue")?;
            if value.tag() == Tag::Boolean {
                value = self.next(&mut fields, "extensions.extnValue")?;
            }
            self.extension(&Oid::new(kind.data.into()), value.data);
        }
        Ok(())
    }

    fn extension(&mut self, kind: &Oid<'_>, value: &'a [u8]) {
        if *kind == OID_X509_EXT_SUBJECT_ALT_NAME {
            let whole = self.alternative_names(value);
            self.noted(whole, "subjectAltName", "is not a list of names");
        } else if *kind == OID_X509_EXT_BASIC_CONSTRAINTS {
            let constraints = BasicConstraints::from_der(value).ok();
            let constraints = self.noted(constraints, "basicConstraints", "cannot be read");
            self.facts.is_ca = constraints.as_ref().is_some_and(|(_, constraints)| constraints.ca);
            self.facts.path_length = constraints.and_then(|(_, constraints)| constraints.path_len_constraint);
        } else if *kind == OID_X509_EXT_KEY_USAGE {
            let usage = self.noted(parse_key_usage(value), "keyUsage", "cannot be read");
            self.facts.key_usage = usage;
        } else if *kind == OID_X509_EXT_EXTENDED_KEY_USAGE {
            self.facts.purposes = self.noted(purposes(value), "extKeyUsage", "is not a list of purposes");
        } else if *kind == OID_PKIX_AUTHORITY_INFO_ACCESS {
            self.facts.issuer_url = issuer_url(value);
        } else if *kind == TLS_FEATURE {
            self.facts.must_staple = asks_for_a_staple(value);
        } else if *kind == OID_X509_EXT_SUBJECT_KEY_IDENTIFIER {
            let key = KeyIdentifier::from_der(value).ok();
            self.subject_key = self.noted(key, "subjectKeyIdentifier", "cannot be read").map(|(_, key)| key.0);
        } else if *kind == OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER {
            let key = AuthorityKeyIdentifier::from_der(value).ok();
            let key = self.noted(key, "authorityKeyIdentifier", "cannot be read");
            self.authority_key = key.and_then(|(_, key)| key.key_identifier).map(|key| key.0);
        }
    }

    /// `None` where the list breaks off; the names before that are kept.
    fn alternative_names(&mut self, value: &'a [u8]) -> Option<()> {
        let list = element(&mut { value }).filter(|list| list.tag() == Tag::Sequence)?;
        let mut names = list.data;
        let mut room = MAX_SAN_TEXT;
        while !names.is_empty() {
            let name = element(&mut names)?;
            self.facts.san_count = self.facts.san_count.saturating_add(1);
            if self.facts.san.len() >= MAX_SAN {
                continue;
            }
            let name_read = alternative_name(name.tag().0, name.data);
            match room.checked_sub(name_read.text_length()) {
                Some(left) => {
                    room = left;
                    self.facts.san.push(name_read);
                }
                None => room = 0,
            }
        }
        Some(())
    }
}

/// The bits of a key usage, the first one lowest; `None` where it is no bit string.
fn parse_key_usage(value: &[u8]) -> Option<KeyUsage> {
    let bits = element(&mut { value }).filter(|bits| bits.tag() == Tag::BitString)?;
    let mut bytes = bits.data.iter().skip(1).map(|byte| u16::from(byte.reverse_bits()));
    let (low, high) = (bytes.next().unwrap_or(0), bytes.next().unwrap_or(0));
    Some(KeyUsage(low | high << 8))
}

/// The names of the purposes of an extended key usage; `None` where it is not a list.
fn purposes(value: &[u8]) -> Option<Vec<Cow<'static, str>>> {
    let list = element(&mut { value }).filter(|list| list.tag() == Tag::Sequence)?;
    let (mut rest, mut names) = (list.data, Vec::new());
    while !rest.is_empty() && names.len() < MAX_PURPOSES {
        let purpose = element(&mut rest).filter(|purpose| purpose.tag() == Tag::Oid)?;
        names.push(algorithm::purpose(purpose.data));
    }
    Some(names)
}

/// The first `http` URL of the issuer's certificate in an authority information access.
fn issuer_url(value: &[u8]) -> Option<String> {
    let mut descriptions = element(&mut { value })?.data;
    while !descriptions.is_empty() {
        let mut fields = element(&mut descriptions)?.data;
        let (method, place) = (element(&mut fields)?, element(&mut fields)?);
        let is_url = is_context(&place, 6) && place.data.starts_with(b"http");
        if is_url && method.data == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS.as_bytes() {
            return Some(escape(place.data));
        }
    }
    None
}

/// A TLS feature extension is a list of numbers of TLS extensions; 5 is status_request.
fn asks_for_a_staple(value: &[u8]) -> bool {
    let mut features = element(&mut { value }).map_or(&[][..], |list| list.data);
    std::iter::from_fn(|| element(&mut features)).any(|feature| feature.tag() == Tag::Integer && feature.data == [5])
}

fn key_id(bytes: &[u8]) -> String {
    hex(bytes.get(..MAX_KEY_ID_LENGTH).unwrap_or(bytes))
}

/// Without the zero that keeps a number of the upper half positive.
fn unsigned(integer: &[u8]) -> &[u8] {
    match integer {
        [0, digits @ ..] if !digits.is_empty() => digits,
        _ => integer,
    }
}

/// An element with the context-specific tag `[number]`.
fn is_context(element: &Any<'_>, number: u32) -> bool {
    element.class() == Class::ContextSpecific && element.tag().0 == number
}
