//! How evidence is put into words: lists, counts, spans of time, and text off the wire made fit to print.

use std::fmt::{Display, Write as _};
use std::time::Duration;

/// Lists are written out up to this many elements.
const MAX_LISTED: usize = 8;
/// Text off the wire is quoted up to this many characters.
const MAX_QUOTED: usize = 60;

/// `a`, `a and b`, `a, b and c`; long lists say how many more there are.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let more = items.len().saturating_sub(MAX_LISTED);
    let shown = items.get(..MAX_LISTED).unwrap_or(&items);
    match (shown, more) {
        ([], _) => "none".to_owned(),
        ([one], _) => one.clone(),
        (_, 1..) => format!("{} and {more} more", shown.join(", ")),
        ([rest @ .., last], 0) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `1 client`, `2 clients`.
pub(crate) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `340 us`, `12 ms`, `3.4 s`, `5 min`, `3 h`, `4 days`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 if span.as_millis() == 0 => format!("{} us", span.as_micros()),
        0 => format!("{} ms", span.as_millis()),
        1..=119 => format!("{:.1} s", span.as_secs_f64()),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What was said in the clear, its first line, cut short, with everything that is not printable escaped.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or(bytes);
    let mut text = String::from("\"");
    for byte in line.iter().take(MAX_QUOTED) {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a String cannot fail.
            other => _ = write!(text, "\\x{other:02x}"),
        }
    }
    if line.len() > MAX_QUOTED {
        text.push_str("...");
    }
    text.push('"');
    text
}

/// A server name as sent, made fit to print.
pub(super) fn name(bytes: &[u8]) -> String {
    let text = quoted(bytes);
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(list::<&str>([]), "none");
        assert_eq!(list(["a"]), "a");
        assert_eq!(list(["a", "b"]), "a and b");
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert_eq!(list(0..10), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }

    #[test]
    fn what_is_quoted_is_printable_one_line_and_short() {
        assert_eq!(quoted(b"HTTP/1.1 400 Bad\r\nServer: x\r\n"), "\"HTTP/1.1 400 Bad\"");
        assert_eq!(quoted(b"\x1b[31m\"red\"\xff"), "\"\\x1b[31m\\\"red\\\"\\xff\"");
        assert_eq!(quoted(&[b'a'; 100]).len(), MAX_QUOTED + 5);
        assert_eq!(name(b"www.example.org"), "www.example.org");
    }

    #[test]
    fn spans_have_the_unit_that_people_use() {
        let shown = |millis| span(Duration::from_millis(millis));
        assert_eq!(span(Duration::from_micros(340)), "340 us");
        assert_eq!([shown(12), shown(3_400), shown(300_000)], ["12 ms", "3.4 s", "5 min"]);
        assert_eq!([shown(10_800_000), shown(345_600_000)], ["3 h", "4 days"]);
    }
}
