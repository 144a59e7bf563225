//! Whether a certificate covers a name (RFC 9525), as today's clients see it: only its alternative names count, a
//! wildcard stands for the whole first label, and a common name counts for nothing.

use super::parts::Parts;
use super::text::element;
use std::net::IpAddr;
use std::str;
use x509_parser::asn1_rs::Tag;
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;

/// The tags of a GeneralName (RFC 5280 4.2.1.6).
const DNS_NAME: u32 = 2;
const IP_ADDRESS: u32 = 7;

/// What a certificate's alternative names say of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// One of them covers it.
    Yes,
    /// None does.
    No,
    /// There is neither a host name nor an address among them.
    NoNames,
}

/// Looks a name up among a certificate's alternative names.
pub(super) fn covers(certificate: &Parts<'_>, name: &[u8]) -> Covered {
    let wanted = Wanted::new(name);
    let mut names = certificate.extension(&OID_X509_EXT_SUBJECT_ALT_NAME).unwrap_or_default();
    let mut names = element(&mut names).filter(|list| list.tag() == Tag::Sequence).map_or(&[][..], |list| list.data);
    let mut covered = Covered::NoNames;
    while let Some(name) = element(&mut names) {
        let tag = name.tag().0;
        if matches!(tag, DNS_NAME | IP_ADDRESS) {
            covered = Covered::No;
            if wanted.is(tag, name.data) {
                return Covered::Yes;
            }
        }
    }
    covered
}

/// True where a common name would have covered a name in the days when it counted.
pub(super) fn common_name_covers(common_name: &str, name: &[u8]) -> bool {
    Wanted::new(name).is(DNS_NAME, common_name.as_bytes())
}

/// The name that was asked for.
enum Wanted<'a> {
    Address(IpAddr),
    Host(&'a [u8]),
}

impl<'a> Wanted<'a> {
    fn new(name: &'a [u8]) -> Self {
        match str::from_utf8(name).ok().and_then(|name| name.parse().ok()) {
            Some(address) => Self::Address(address),
            None => Self::Host(name.strip_suffix(b".").unwrap_or(name)),
        }
    }

    fn is(&self, tag: u32, presented: &[u8]) -> bool {
        match (self, tag) {
            (Self::Host(host), DNS_NAME) => host_is(host, presented.strip_suffix(b".").unwrap_or(presented)),
            (Self::Address(IpAddr::V4(address)), IP_ADDRESS) => presented == address.octets(),
            (Self::Address(IpAddr::V6(address)), IP_ADDRESS) => presented == address.octets(),
            _ => false,
        }
    }
}

/// RFC 9525 section 6.3. A wildcard above a single label (`*.org`) covers nothing, as in OpenSSL and in browsers.
fn host_is(host: &[u8], presented: &[u8]) -> bool {
    let Some(domain) = presented.strip_prefix(b"*.") else {
        return !host.is_empty() && host.eq_ignore_ascii_case(presented);
    };
    let mut halves = host.splitn(2, |byte| *byte == b'.');
    let (Some(label), Some(rest)) = (halves.next(), halves.next()) else { return false };
    !label.is_empty() && domain.contains(&b'.') && rest.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn covers(presented: &str, name: &str, expected: bool) {
        assert_eq!(common_name_covers(presented, name.as_bytes()), expected, "{presented} {name}");
    }

    #[test]
    fn host_names_are_the_same_without_regard_to_case_and_to_a_last_dot() {
        covers("www.example.org", "WWW.Example.org.", true);
        covers("www.example.org.", "www.example.org", true);
        covers("XN--MGBERP4A5D4AR.example", "xn--mgberp4a5d4ar.example", true);
        covers("example.org", "www.example.org", false);
        covers("www.example.org", "example.org", false);
        covers("", "", false);
        covers("localhost", "localhost", true);
    }

    #[test]
    fn a_wildcard_is_one_whole_first_label() {
        covers("*.example.org", "www.example.org", true);
        covers("*.Example.org", "xn--mgba.example.ORG", true);
        covers("*.example.org", "example.org", false);
        covers("*.example.org", ".example.org", false);
        covers("*.example.org", "a.b.example.org", false);
        covers("w*.example.org", "www.example.org", false);
        covers("www.*.org", "www.example.org", false);
        covers("*", "localhost", false);
        covers("*.org", "example.org", false);
    }

    #[test]
    fn an_address_is_no_host_name() {
        covers("192.0.2.1", "192.0.2.1", false);
        covers("*.0.2.1", "192.0.2.1", false);
        let v4 = Wanted::new(b"192.0.2.1");
        assert!(v4.is(IP_ADDRESS, &[192, 0, 2, 1]));
        assert!(!v4.is(IP_ADDRESS, &[192, 0, 2, 2]) && !v4.is(IP_ADDRESS, &[192, 0, 2]));
        assert!(Wanted::new(b"::1").is(IP_ADDRESS, &[[0; 15].as_slice(), &[1]].concat()));
        assert!(!Wanted::new(b"www.example.org").is(IP_ADDRESS, b"www."));
    }
}
