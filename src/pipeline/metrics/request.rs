//! What is asked over a connection, and the answer to it: HTTP, as little of it as will do. Every answer ends its connection.

use super::exposition::Exposition;
use httparse::{EMPTY_HEADER, Error, Request, Status};

/// A request's head is no longer.
pub(super) const MAX_HEAD: usize = 8 * 1024;
/// Nor has it more headers.
const MAX_HEADERS: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The request is not over yet.
    More,
    /// What there is.
    Index,
    /// What was counted.
    Metrics(Exposition),
    /// Whether all is well.
    Health,
    /// Something else, or nothing that could be understood.
    Refused(Refusal),
}

/// Why something is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not HTTP/1.
    BadRequest,
    /// There is no such page.
    NotFound,
    /// It is to be done something, not told.
    NotAllowed,
    /// It has no end.
    TooLarge,
}

impl Refusal {
    const fn status(self) -> &'static str {
        match self {
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::NotAllowed => "405 Method Not Allowed",
            Self::TooLarge => "431 Request Header Fields Too Large",
        }
    }

    /// The answer.
    pub(super) fn answer(self) -> Vec<u8> {
        answer(self.status(), TEXT, &format!("{}\n", self.status()))
    }
}

pub(super) const TEXT: &str = "text/plain; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// What is there, for people.
pub(super) const INDEX: &str = "<!doctype html>\n<html lang=\"en\"><title>tlscribe</title>\n<h1>tlscribe</h1>\n<ul>\n\
    <li><a href=\"/metrics\">Metrics</a>, for Prometheus\n<li><a href=\"/health\">Health</a>\n</ul>\n";

/// Understands what was sent so far.
pub(super) fn asked(sent: &[u8]) -> Asked {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(sent) {
        Ok(Status::Complete(_)) => page(&request),
        Ok(Status::Partial) if sent.len() >= MAX_HEAD => Asked::Refused(Refusal::TooLarge),
        Ok(Status::Partial) => Asked::More,
        Err(Error::TooManyHeaders) => Asked::Refused(Refusal::TooLarge),
        Err(_) => Asked::Refused(Refusal::BadRequest),
    }
}

fn page(request: &Request<'_, '_>) -> Asked {
    let target = request.path.unwrap_or_default();
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let asked = match path {
        "/" => Asked::Index,
        "/health" => Asked::Health,
        "/metrics" => Asked::Metrics(exposition(request)),
        _ => return Asked::Refused(Refusal::NotFound),
    };
    if request.method == Some("GET") { asked } else { Asked::Refused(Refusal::NotAllowed) }
}

/// OpenMetrics is for who names it.
fn exposition(request: &Request<'_, '_>) -> Exposition {
    let mut accepted = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("accept"));
    let names_it = |value: &[u8]| value.windows(OPENMETRICS.len()).any(|part| part.eq_ignore_ascii_case(OPENMETRICS));
    if accepted.any(|header| names_it(header.value)) { Exposition::OpenMetrics } else { Exposition::Text }
}

const OPENMETRICS: &[u8] = b"application/openmetrics-text";

/// An answer as it is sent.
pub(super) fn answer(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let allow = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{allow}Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn get(line: &str, headers: &str) -> Asked {
        asked(format!("{line}\r\nHost: a\r\n{headers}\r\n").as_bytes())
    }

    #[test]
    fn there_are_three_pages_and_all_else_is_refused() {
        assert_eq!(get("GET / HTTP/1.1", ""), Asked::Index);
        assert_eq!(get("GET /metrics?x=1 HTTP/1.0", ""), Asked::Metrics(Exposition::Text));
        assert_eq!(get("GET /health HTTP/1.1", ""), Asked::Health);
        for (line, refusal) in [
            ("GET /metrics/ HTTP/1.1", Refusal::NotFound),
            ("GET /../etc/passwd HTTP/1.1", Refusal::NotFound),
            ("POST /nothing HTTP/1.1", Refusal::NotFound),
            ("POST /metrics HTTP/1.1", Refusal::NotAllowed),
            ("HEAD / HTTP/1.1", Refusal::NotAllowed),
            ("GET / HTTP/2.0", Refusal::BadRequest),
            ("\x16\x03\x01\x02\x00\x01", Refusal::BadRequest),
        ] {
            assert_eq!(get(line, ""), Asked::Refused(refusal), "{line}");
        }
    }

    #[test]
    fn a_scraper_gets_the_format_that_it_names() {
        let prometheus = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n";
        assert_eq!(get("GET /metrics HTTP/1.1", prometheus), Asked::Metrics(Exposition::OpenMetrics));
        assert_eq!(get("GET /metrics HTTP/1.1", "accept: text/plain\r\n"), Asked::Metrics(Exposition::Text));
    }

    #[test]
    fn a_request_is_waited_for_until_it_is_too_long() {
        let whole = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        assert!((0..whole.len()).all(|end| asked(&whole[..end]) == Asked::More));
        let long = format!("GET /metrics HTTP/1.1\r\nHost: {}", "a".repeat(MAX_HEAD));
        assert_eq!(asked(&long.as_bytes()[..MAX_HEAD]), Asked::Refused(Refusal::TooLarge));
        assert_eq!(get("GET / HTTP/1.1", &"a: b\r\n".repeat(100)), Asked::Refused(Refusal::TooLarge));
    }

    #[test]
    fn who_may_not_is_told_what_may_be_asked() {
        let text = String::from_utf8(Refusal::NotAllowed.answer()).expect("text");
        assert!(
            text.starts_with("HTTP/1.1 405 Method Not Allowed\r\n") && text.contains("\r\nAllow: GET\r\n"),
            "{text}"
        );
        assert!(
            text.contains("\r\nContent-Length: 23\r\n") && text.ends_with("\r\n\r\n405 Method Not Allowed\n"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_answered(sent in prop::collection::vec(any::<u8>(), 0..200)) {
            asked(&sent);
            let after = [b"GET /metrics HTTP/1.1\r\n".as_slice(), &sent].concat();
            asked(&after);
        }
    }
}
