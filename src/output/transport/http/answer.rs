//! An answer, and what its status means where that is the same for all who speak HTTP.

use super::super::Setback;
use crate::event::value::Clean;
use jiff::fmt::rfc2822;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http::HeaderMap;
use ureq::http::header::{LOCATION, RETRY_AFTER};

/// So many letters of an answer are shown.
const MAX_EXCERPT: usize = 200;

/// What a receiver has answered.
#[derive(Debug)]
pub(in super::super) struct Answer {
    /// The status.
    pub(in super::super) status: u16,
    /// The body, decompressed.
    pub(in super::super) body: Vec<u8>,
    /// How long the receiver asks to be left alone.
    retry_after: Option<Duration>,
    /// Where it is now.
    location: Option<String>,
}

impl Answer {
    pub(in super::super) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status,
            body,
            retry_after: text(RETRY_AFTER).and_then(|text| wait(text, SystemTime::now())),
            location: text(LOCATION).map(|place| excerpt(place.as_bytes())),
        }
    }

    /// True where the receiver did what it was asked.
    pub(in super::super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// What went wrong, where credentials that are not taken are told in these words.
    pub(super) fn setback(&self, refused: &str) -> Setback {
        let status = self.status;
        let meaning = match status {
            401 | 403 => refused.to_owned(),
            300..=399 => {
                let place = self.location.as_deref().unwrap_or("somewhere");
                format!("it is now at {place}, where nothing is sent unless this output names it")
            }
            404 | 405 => "there is nothing of the kind at this address".into(),
            407 => "the proxy wants credentials".into(),
            408 | 504 => "it took too long".into(),
            413 => "it takes no request of this size".into(),
            429 => "it has too much to do".into(),
            502 | 503 => "it is not available".into(),
            _ => "it does not take this".into(),
        };
        let said = excerpt(&self.body);
        let says = if said.is_empty() { String::new() } else { format!(" (it says: {said})") };
        Setback { what: format!("HTTP {status}: {meaning}{says}"), after: self.retry_after }
    }
}

/// Reads how long to wait: seconds, or a date (RFC 9110, 10.2.3).
fn wait(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    let then = Duration::from_secs(u64::try_from(date.as_second()).ok()?);
    then.checked_sub(now.duration_since(UNIX_EPOCH).ok()?)
}

/// The beginning of what a receiver says, on one line and fit to be shown.
pub(in super::super) fn excerpt(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said.get(..MAX_EXCERPT * 8).unwrap_or(said));
    let mut shown = String::new();
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty())
    {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    match shown.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{} ...", Clean(shown.get(..end).unwrap_or_default())),
        None => Clean(shown).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    fn setback(status: u16, header: Option<(&'static str, &'static str)>, body: &[u8]) -> Setback {
        let headers =
            header.into_iter().map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        Answer::new(status, &headers.collect(), body.to_vec()).setback("it refuses the credentials of token_file")
    }

    #[test]
    fn a_status_says_what_is_wrong_and_how_long_to_wait() {
        let busy = setback(429, Some(("retry-after", "7")), b"");
        assert_eq!((busy.what.as_str(), busy.after), ("HTTP 429: it has too much to do", Some(Duration::from_secs(7))));
        assert_eq!(
            setback(403, None, b"no\n\n<b>\x1b[1m").what,
            "HTTP 403: it refuses the credentials of token_file (it says: no <b> [1m)"
        );
        assert!(setback(307, Some(("location", "https://other/")), b"").what.contains("https://other/"));
    }

    #[test]
    fn to_wait_is_said_in_seconds_or_as_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        for text in [
            "Sun, 06 Nov 1994 08:49:00 GMT",
            "",
            "-1",
            "soon",
            "99999999999999999999999",
            "Sun, 06 Nov 1894 08:49:37 GMT",
        ] {
            assert_eq!(wait(text, now), None, "{text}");
        }
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt(b" a\r\n\tb\0c\xff "), "a b c\u{fffd}");
        assert_eq!(excerpt("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        let long = excerpt("\u{e9}".repeat(100_000).as_bytes());
        assert_eq!((long.chars().count(), long.ends_with(" ...")), (MAX_EXCERPT + 4, true));
    }
}
