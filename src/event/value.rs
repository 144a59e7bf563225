//! How single values are written in events: times, spans, names, bytes. Each is a borrowing wrapper that serializes
//! itself, so that a record is written without building strings first.

use crate::time::Timestamp;
use crate::tls::HANDSHAKE_HEADER_LEN;
use crate::tls::registry::HandshakeType;
use base64::Engine as _;
use serde::{Serialize, Serializer};
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

/// A moment in UTC with six digits: `2026-03-01T10:00:00.123456Z` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = i64::try_from(self.0.as_micros()).map_err(|_| fmt::Error)?;
        let time = jiff::Timestamp::from_microsecond(micros).map_err(|_| fmt::Error)?;
        write!(f, "{time:.6}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A span in milliseconds with three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(Duration);

impl Millis {
    /// The time between two moments. Nothing where it is zero: a clock that stood still, or went back, has not measured.
    pub fn between(earlier: Timestamp, later: Timestamp) -> Option<Self> {
        let micros = later.as_micros().saturating_sub(earlier.as_micros());
        (micros > 0).then_some(Self(Duration::from_micros(micros)))
    }

    /// The same span in nanoseconds.
    pub(super) fn as_nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// The same span in whole milliseconds.
    pub(super) fn whole_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Exact: microseconds of any span a capture can hold are integers below 2^53.
        serializer.serialize_f64(self.0.as_micros() as f64 / 1_000.0)
    }
}

/// Anything that is written as its `Display`: registered names, above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown<T>(pub T);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let IpAddr::V4(address) = self.0 else { return serializer.collect_str(&self.0) };
        // Formatting the two addresses of an event took nearly as many instructions as its eighty registered names.
        let mut text = String::with_capacity("255.255.255.255".len());
        for (at, byte) in address.octets().into_iter().enumerate() {
            if at > 0 {
                text.push('.');
            }
            text.push_str(itoa::Buffer::new().format(byte));
        }
        serializer.serialize_str(&text)
    }
}

/// Anything made fit for a terminal: a character that would steer it, or turn the order of text, is written `\u{1b}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clean<T>(pub T);

impl<T: fmt::Display> fmt::Display for Clean<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escape(f), "{}", self.0)
    }
}

struct Escape<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Escape<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(steers) {
            match part.char_indices().next_back().filter(|(_, last)| steers(*last)) {
                Some((at, last)) => write!(self.0, "{}{}", &part[..at], last.escape_unicode())?,
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Control characters, line separators, and the marks that turn the direction of text.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Bytes in base64 (RFC 4648 section 4), for a handshake message with its header before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base64<'a> {
    header: Option<HandshakeType>,
    body: &'a [u8],
}

impl<'a> Base64<'a> {
    /// A handshake message, from its body.
    pub fn message(kind: HandshakeType, body: &'a [u8]) -> Self {
        Self { header: Some(kind), body }
    }

    /// Bytes as they are.
    pub fn bytes(body: &'a [u8]) -> Self {
        Self { header: None, body }
    }
}

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(HANDSHAKE_HEADER_LEN + self.body.len());
        if let Some(kind) = self.header {
            let [.., a, b, c] = self.body.len().to_be_bytes();
            bytes.extend([kind.0, a, b, c]);
        }
        bytes.extend_from_slice(self.body);
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&bytes))
    }
}

/// Text from the wire that ought to be UTF-8: as sent where it is, and each byte that is not as `\x9f`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_str(self),
        }
    }
}

/// An ALPN protocol: text, or one of the reserved GREASE values of RFC 8701 (two equal bytes 0x?a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alpn<'a>(pub &'a [u8]);

impl fmt::Display for Alpn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [a, b] if a == b && a & 0x0f == 0x0a => write!(f, "GREASE 0x{a:02x}{b:02x}"),
            other => Text(other).fmt(f),
        }
    }
}

impl Serialize for Alpn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: impl Serialize) -> String {
        serde_json::to_string(&value).expect("it serializes")
    }

    #[test]
    fn times_have_six_digits_and_are_utc() {
        let show = |micros| Time(Timestamp::from_micros(micros)).to_string();
        assert_eq!(show(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(show(1_772_359_200_123_456), "2026-03-01T10:00:00.123456Z");
        assert_eq!(show(951_782_399_999_999), "2000-02-28T23:59:59.999999Z");
        assert_eq!(Time(Timestamp::from_nanos(u64::MAX)).to_string(), "2554-07-21T23:34:33.709551Z");
    }

    #[test]
    fn a_span_that_was_not_measured_is_no_span() {
        let at = Timestamp::from_micros;
        assert_eq!(Millis::between(at(7), at(7)), None);
        assert_eq!(Millis::between(at(8), at(7)), None);
        assert_eq!(json(Millis::between(at(0), at(12_345))), "12.345");
        assert_eq!(json(Millis::between(at(0), at(1))), "0.001");
        assert_eq!(json(Millis::between(Timestamp::from_nanos(999), Timestamp::from_nanos(1_000))), "0.001");
    }

    #[test]
    fn text_from_the_wire_is_kept_and_what_is_no_text_is_escaped() {
        assert_eq!(json(Text(b"www.example.org")), r#""www.example.org""#);
        assert_eq!(json(Text(b"a\x00\x1b[31m\"")), r#""a\u0000\u001b[31m\"""#);
        assert_eq!(json(Text(b"caf\xe9.example")), r#""caf\\xe9.example""#);
    }

    #[test]
    fn addresses_are_written_as_they_are_shown() {
        for address in ["0.0.0.0", "10.0.0.1", "255.255.255.255", "::1", "2001:db8::7"] {
            assert_eq!(json(Address(address.parse().expect("an address"))), format!("\"{address}\""));
        }
    }

    #[test]
    fn nothing_from_the_wire_steers_a_terminal() {
        assert_eq!(Clean(Text(b"a\x1b[31mb\x07\x00")).to_string(), "a\\u{1b}[31mb\\u{7}\\u{0}");
        assert_eq!(Clean("gro\u{df}.example \u{202e}gpj\u{9b}").to_string(), "gro\u{df}.example \\u{202e}gpj\\u{9b}");
        assert_eq!(Clean("two\nlines").to_string(), "two\\u{a}lines");
    }

    #[test]
    fn grease_is_told_from_protocols() {
        assert_eq!(Alpn(b"h2").to_string(), "h2");
        assert_eq!(Alpn(b"\x0a\x0a").to_string(), "GREASE 0x0a0a");
        assert_eq!(Alpn(b"\xfa\xfa").to_string(), "GREASE 0xfafa");
        assert_eq!(Alpn(b"ab").to_string(), "ab");
        assert_eq!(Alpn(b"\xfa\xea").to_string(), "\\xfa\\xea");
    }
}
