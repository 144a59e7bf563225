//! Protocols that are not lines of text: PostgreSQL, MySQL, LDAP.

use super::{Progress, contains};

/// PostgreSQL's requests for encryption: their length, and a number in place of a protocol version (message formats,
/// `SSLRequest` and `GSSENCRequest`).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30];
/// The name of LDAP's StartTLS operation (RFC 4511 section 4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// `CLIENT_SSL` among MySQL's capabilities.
const CLIENT_SSL: u16 = 0x0800;

pub(super) fn is_postgresql(bytes: &[u8]) -> bool {
    bytes == SSL_REQUEST || bytes == GSS_REQUEST
}

/// PostgreSQL: `S` and TLS begins, `N` and it does not, `E` and a message from servers that know nothing of it.
pub(super) fn postgresql(before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
    match (from_client, before, bytes) {
        (true, _, bytes) if bytes == SSL_REQUEST => Progress::Asked,
        (false, Progress::Asked, [b'S', ..]) => Progress::Accepted,
        (false, Progress::Asked, [b'N' | b'E', ..]) => Progress::Refused { went_on: false },
        _ => before,
    }
}

/// The first packet of a MySQL or MariaDB server: its length, sequence number 0, protocol 10, a version as text.
pub(super) fn is_mysql_greeting(bytes: &[u8]) -> bool {
    let [a, b, 0, 0, 10, version, ..] = bytes else { return false };
    version.is_ascii_digit() && usize::from(u16::from_le_bytes([*a, *b])) == bytes.len().saturating_sub(4)
}

/// MySQL: a client that wants TLS, and may have it, says so with the first 32 bytes of its login and begins.
pub(super) fn mysql(before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
    match (from_client, bytes) {
        (true, [32, 0, 0, 1, low, high, ..]) if u16::from_le_bytes([*low, *high]) & CLIENT_SSL != 0 => {
            Progress::Accepted
        }
        _ => before,
    }
}

/// An LDAP message from a client (RFC 4511 section 4.1.1): a sequence that begins with a message number and an operation.
pub(super) fn is_ldap(bytes: &[u8]) -> bool {
    ldap_operation(bytes).is_some_and(|(operation, _)| matches!(operation, 0x42 | 0x60 | 0x63 | 0x77))
}

pub(super) fn is_ldap_unbind(bytes: &[u8]) -> bool {
    ldap_operation(bytes).is_some_and(|(operation, _)| operation == 0x42)
}

/// LDAP: an extended request by the name of StartTLS, and an extended response with a result code, 0 for success.
pub(super) fn ldap(before: Progress, from_client: bool, bytes: &[u8]) -> Progress {
    match (from_client, before, ldap_operation(bytes)) {
        (true, _, Some((0x77, request))) if contains(request, START_TLS) => Progress::Asked,
        (false, Progress::Asked, Some((0x78, [0x0a, 1, 0, ..]))) => Progress::Accepted,
        (false, Progress::Asked, Some((0x78, [0x0a, 1, _, ..]))) => Progress::Refused { went_on: false },
        _ => before,
    }
}

/// The tag of the operation in an LDAP message, and what it contains.
fn ldap_operation(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (0x30, message) = element(bytes)? else { return None };
    let (2, number) = element(message)? else { return None };
    let number = number.first_chunk::<1>().map(|_| message.get(1).copied().unwrap_or_default())?;
    element(message.get(usize::from(number).saturating_add(2)..)?)
}

/// The tag of a BER element and what follows its length; what belongs to it may not all be there.
fn element(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    match length {
        0..=0x7f => Some((tag, rest)),
        // Active Directory writes all lengths in four bytes.
        0x81..=0x84 => Some((tag, rest.get(usize::from(length & 0x7f)..)?)),
        _ => None,
    }
}
