//! JA3 and JA3S: the MD5 of a hello's codes in decimal, in the order in which they were sent.

use crate::hex::hex;
use crate::tls::{ClientHello, ServerHello};
use md5::{Digest, Md5};

/// Appends the text whose MD5 is JA3: `771,4865-4866,0-23-65281,29-23,0`. The version is the hello's own field, never supported_versions.
pub fn client(text: &mut Vec<u8>, hello: &ClientHello<'_>) {
    let groups = hello.extensions.supported_groups().and_then(Result::ok).unwrap_or_default();
    let formats = hello.extensions.ec_point_formats().and_then(Result::ok).unwrap_or_default();
    list(text, [hello.legacy_version.0].into_iter());
    text.push(b',');
    list(text, hello.cipher_suites.iter().filter(|suite| !suite.is_grease()).map(|suite| suite.0));
    text.push(b',');
    list(
        text,
        hello.extensions.iter().map(|extension| extension.kind).filter(|kind| !kind.is_grease()).map(|kind| kind.0),
    );
    text.push(b',');
    list(text, groups.iter().filter(|group| !group.is_grease()).map(|group| group.0));
    text.push(b',');
    list(text, formats.iter().map(|format| u16::from(format.0)));
}

/// Appends the text whose MD5 is JA3S: `771,4865,43-51`.
pub fn server(text: &mut Vec<u8>, hello: &ServerHello<'_>) {
    list(text, [hello.legacy_version.0].into_iter());
    text.push(b',');
    list(text, [hello.cipher_suite.0].into_iter());
    text.push(b',');
    list(text, hello.extensions.iter().map(|extension| extension.kind.0));
}

/// Decimal numbers with dashes between them.
fn list(text: &mut Vec<u8>, codes: impl Iterator<Item = u16>) {
    for (index, code) in codes.enumerate() {
        if index > 0 {
            text.push(b'-');
        }
        text.extend_from_slice(itoa::Buffer::new().format(code).as_bytes());
    }
}

pub(super) fn md5(text: &[u8]) -> String {
    hex(&Md5::digest(text))
}
