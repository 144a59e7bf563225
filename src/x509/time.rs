//! The dates of a certificate. They go further than capture time does: before 1970, and to the end of the year 9999,
//! which RFC 5280 4.1.2.5 gives the meaning "no expiry known".

use crate::time::Timestamp;
use std::fmt;
use x509_parser::asn1_rs::{Any, GeneralizedTime, Tag, UtcTime};
use x509_parser::time::ASN1Time;

/// 0000-01-01T00:00:00Z.
const EARLIEST: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LATEST: i64 = 253_402_300_799;

/// A second in UTC, from the year 0 to the year 9999; what does not fit is held at the end of the range. Displays as in RFC 3339: `2024-02-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateTime(i64);

impl CertificateTime {
    /// From seconds since 1970; negative before.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(EARLIEST, LATEST))
    }

    /// The second of a capture time.
    pub fn of(time: Timestamp) -> Self {
        Self::from_unix_seconds(i64::try_from(time.as_nanos() / 1_000_000_000).unwrap_or(i64::MAX))
    }

    /// Seconds since 1970; negative before.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// Reads UTCTime or GeneralizedTime. The forms that RFC 5280 forbids (no seconds, an offset from UTC) are read too.
    pub(super) fn read(value: &Any<'_>) -> Option<Self> {
        let time = match value.tag() {
            Tag::UtcTime => UtcTime::try_from(value).ok()?.utc_adjusted_datetime(),
            Tag::GeneralizedTime => GeneralizedTime::try_from(value).ok()?.utc_datetime(),
            _ => return None,
        };
        Some(Self::from_unix_seconds(time.ok()?.unix_timestamp()))
    }
}

impl fmt::Display for CertificateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(time) = ASN1Time::from_timestamp(self.0) else { return write!(f, "{} s", self.0) };
        let time = time.to_datetime();
        let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seconds: i64) -> String {
        CertificateTime::from_unix_seconds(seconds).to_string()
    }

    fn read(tag: Tag, text: &str) -> Option<String> {
        CertificateTime::read(&Any::from_tag_and_data(tag, text.as_bytes())).map(|time| time.to_string())
    }

    #[test]
    fn dates_are_shown_before_1970_on_leap_days_and_at_the_end_of_9999() {
        assert_eq!(shown(0), "1970-01-01T00:00:00Z");
        assert_eq!(shown(-1), "1969-12-31T23:59:59Z");
        assert_eq!(shown(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(shown(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(shown(-631_152_000), "1950-01-01T00:00:00Z");
        assert_eq!(shown(i64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(shown(i64::MIN), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn two_digit_years_turn_over_at_fifty() {
        assert_eq!(read(Tag::UtcTime, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(read(Tag::UtcTime, "491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
    }

    #[test]
    fn forms_that_rfc_5280_forbids_are_read_all_the_same() {
        assert_eq!(read(Tag::UtcTime, "2402010000Z").as_deref(), Some("2024-02-01T00:00:00Z"));
        assert_eq!(read(Tag::UtcTime, "240201000000+0200").as_deref(), Some("2024-01-31T22:00:00Z"));
        assert_eq!(read(Tag::GeneralizedTime, "20240201000000.5Z").as_deref(), Some("2024-02-01T00:00:00Z"));
        assert_eq!(read(Tag::GeneralizedTime, "99991231235959-0100").as_deref(), Some("9999-12-31T23:59:59Z"));
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in ["", "Z", "241301000000Z", "240230000000Z", "2402010000006Z", "24020100000\u{0}Z"] {
            assert_eq!(read(Tag::UtcTime, text), None, "{text:?}");
            assert_eq!(read(Tag::GeneralizedTime, text), None, "{text:?}");
        }
        assert_eq!(read(Tag::UtcTime, "240201250000Z"), None);
        assert_eq!(read(Tag::GeneralizedTime, "100001231235959Z"), None);
        assert_eq!(read(Tag::PrintableString, "240201000000Z"), None);
    }
}
