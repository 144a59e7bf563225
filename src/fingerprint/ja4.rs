//! JA4, the client's fingerprint of FoxIO's JA4 family: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
//!
//! In front, readable: carrier, highest version, server name or not, numbers of suites and extensions, ALPN. Then a hash
//! of the sorted suites, and one of the sorted extensions with the signature schemes behind them in the client's order.

use super::Fingerprinter;
use super::digests::Digests;
use crate::hex::{digits, hex};
use crate::tls::ClientHello;
use crate::tls::registry::{ExtensionType, ProtocolVersion};
use sha2::{Digest, Sha256};

/// What brought the ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// TLS over TCP.
    Tcp,
    /// QUIC.
    Quic,
    /// DTLS.
    Dtls,
}

/// Stands for the hash of an empty list.
const NOTHING: &str = "000000000000";
/// Counts have two digits.
const MAX_COUNT: usize = 99;
/// Bytes of a digest that are shown.
const HASH_LENGTH: usize = 6;

pub(super) fn client(scratch: &mut Fingerprinter, hello: &ClientHello<'_>, carrier: Carrier) -> String {
    let Fingerprinter { text, codes, sha256, .. } = scratch;
    let carrier = match carrier {
        Carrier::Tcp => 't',
        Carrier::Quic => 'q',
        Carrier::Dtls => 'd',
    };
    let name = if hello.extensions.contains(ExtensionType::SERVER_NAME) { 'd' } else { 'i' };
    let suites = || hello.cipher_suites.iter().filter(|suite| !suite.is_grease()).map(|suite| suite.0);
    let extensions = || hello.extensions.iter().map(|extension| extension.kind).filter(|kind| !kind.is_grease());
    let (suite_count, extension_count) = (suites().count().min(MAX_COUNT), extensions().count().min(MAX_COUNT));
    let [first, last] = alpn(hello);
    // Sized for the whole fingerprint.
    let mut out = String::with_capacity(36);
    out.push(carrier);
    out.push_str(version(hello));
    out.push(name);
    out.extend([suite_count, extension_count].into_iter().flat_map(two_digits));
    out.extend([first, last, '_']);

    sort(codes, suites());
    text.clear();
    list(text, codes.iter().copied());
    push_hash(&mut out, text, sha256);
    out.push('_');

    // The server name and ALPN are in front already, and change from server to server.
    sort(
        codes,
        extensions()
            .filter(|kind| {
                !matches!(*kind, ExtensionType::SERVER_NAME | ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION)
            })
            .map(|kind| kind.0),
    );
    text.clear();
    list(text, codes.iter().copied());
    if let Some(Ok(schemes)) = hello.extensions.signature_algorithms() {
        let mut schemes = schemes.iter().filter(|scheme| !scheme.is_grease()).map(|scheme| scheme.0).peekable();
        if schemes.peek().is_some() {
            text.push(b'_');
            list(text, schemes);
        }
    }
    push_hash(&mut out, text, sha256);
    out
}

/// The highest number in supported_versions, also for DTLS, whose numbers count down, and for drafts, which are not
/// known: the specification says so, and so the implementations do.
fn version(hello: &ClientHello<'_>) -> &'static str {
    let highest = match hello.extensions.supported_versions() {
        None => Some(hello.legacy_version),
        Some(versions) => {
            versions.ok().and_then(|versions| versions.iter().filter(|version| !version.is_grease()).max())
        }
    };
    match highest {
        Some(ProtocolVersion::TLS_1_3) => "13",
        Some(ProtocolVersion::TLS_1_2) => "12",
        Some(ProtocolVersion::TLS_1_1) => "11",
        Some(ProtocolVersion::TLS_1_0) => "10",
        Some(ProtocolVersion::SSL_3_0) => "s3",
        Some(ProtocolVersion::SSL_2_0) => "s2",
        Some(ProtocolVersion::DTLS_1_0) => "d1",
        Some(ProtocolVersion::DTLS_1_2) => "d2",
        Some(ProtocolVersion::DTLS_1_3) => "d3",
        _ => "00",
    }
}

/// The first and the last character of the first protocol.
///
/// The specification has the first and the last hexadecimal digit of the name where one of its ends is not a letter or a
/// digit. FoxIO's own implementations and their published values have `99` where both ends are beyond ASCII; those win,
/// since they are what others compare with. Where the implementations differ from each other, the specification stands.
fn alpn(hello: &ClientHello<'_>) -> [char; 2] {
    let protocol = hello.extensions.alpn().and_then(Result::ok).and_then(|protocols| protocols.iter().next());
    match protocol.unwrap_or_default() {
        [] => ['0', '0'],
        [only] if only.is_ascii_alphanumeric() => [char::from(*only); 2],
        [first, .., last] if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
            [char::from(*first), char::from(*last)]
        }
        [first, .., last] if !first.is_ascii() && !last.is_ascii() => ['9', '9'],
        [first, .., last] => [digit(first >> 4), digit(last & 15)],
        [only] => [digit(only >> 4), digit(only & 15)],
    }
}

/// A number below a hundred.
fn two_digits(number: usize) -> [char; 2] {
    [number / 10, number % 10].map(|value| u8::try_from(value).map_or('0', digit))
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or('0')
}

fn sort(codes: &mut Vec<u16>, unsorted: impl Iterator<Item = u16>) {
    codes.clear();
    codes.extend(unsorted);
    codes.sort_unstable();
}

/// Four hexadecimal digits each, with commas between them.
fn list(text: &mut Vec<u8>, codes: impl Iterator<Item = u16>) {
    for (index, code) in codes.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(code.to_be_bytes().map(digits).as_flattened());
    }
}

/// The first digits of the text's SHA-256.
fn push_hash(out: &mut String, text: &[u8], known: &mut Digests) {
    if text.is_empty() {
        out.push_str(NOTHING);
    } else {
        known.push(text, |text| hex(Sha256::digest(text).get(..HASH_LENGTH).unwrap_or_default()), out);
    }
}
