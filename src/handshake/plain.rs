//! What the two sides say in the clear that is no TLS, and the handshakes that never began because of it.

use super::facts::{Close, Handshake, MAX_PLAIN_HEAD, MAX_PLAIN_TAIL, Obstacle, Plain, Side};
use super::sniff::{Sniff, sniff};
use super::stream::Place;
use super::tracker::Surroundings;
use crate::flow::Direction;
use crate::flow::tcp::TcpFacts;
use crate::starttls::{Dialog, Progress, http, ports};
use crate::time::{Mark, Timestamp};
use crate::tls::registry::{AlertDescription, AlertLevel, ContentType};
use crate::tls::{RecordError, record_header};
use std::time::Duration;

/// So many bytes at the beginning say what they are.
const SHORTEST_WORDS: usize = 4;
/// A client that waited for an answer for so long had given it up when it left.
const PATIENCE: Duration = Duration::from_millis(900);

impl Plain {
    pub(super) const fn begun(mark: Mark) -> Self {
        Self { head: Vec::new(), tail: Vec::new(), length: 0, first: mark, last: mark, answers_hello: false }
    }

    /// Takes the next bytes.
    pub(super) fn add(&mut self, bytes: &[u8], mark: Mark) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        self.last = self.last.max(mark);
        let room = MAX_PLAIN_HEAD.saturating_sub(self.head.len());
        let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.head.extend_from_slice(head);
        if rest.is_empty() {
            return;
        }
        let last = rest.get(rest.len().saturating_sub(MAX_PLAIN_TAIL)..).unwrap_or(rest);
        let kept = MAX_PLAIN_TAIL.saturating_sub(last.len());
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        self.tail.extend_from_slice(last);
    }

    /// What it takes, in bytes.
    pub(super) const fn bytes_held(&self) -> usize {
        size_of::<Self>().saturating_add(self.head.capacity()).saturating_add(self.tail.capacity())
    }

    /// True where it begins like text.
    pub fn is_text(&self) -> bool {
        let printable = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~');
        self.head.len() >= SHORTEST_WORDS && self.head.iter().all(printable)
    }

    /// True where it is clear that it is no TLS: it begins neither like a hello nor with a record.
    fn is_no_tls(&self) -> bool {
        let record = record_header(&self.head).err() != Some(RecordError::NotTls);
        self.head.len() >= SHORTEST_WORDS && !record && sniff(&self.head, false) == Sniff::Other
    }

    /// The last line of it, or what was kept of that, without what ends it. A refusal is a server's last line.
    pub fn last_line(&self) -> &[u8] {
        let end = if self.tail.is_empty() { &self.head } else { &self.tail }.trim_ascii_end();
        end.rsplit(|&byte| byte == b'\n').next().unwrap_or(end).trim_ascii()
    }

    /// The alert in the clear with which a TLS server begins and ends its answer to what is no ClientHello.
    pub(super) fn alert(&self) -> Option<(AlertLevel, AlertDescription)> {
        let (fragment, header) = record_header(&self.head).ok()?;
        match *fragment {
            [level @ 1..=2, description, ..] if header.content_type == ContentType::ALERT && header.length == 2 => {
                Some((AlertLevel(level), AlertDescription(description)))
            }
            _ => None,
        }
    }
}

/// What stood in the way of a ClientHello, judged by what both sides said (the client first) and how it ended.
pub(super) fn obstacle(said: &[Option<Box<Plain>>; 2], dialog: &Dialog, port: u16, end: End) -> Option<Obstacle> {
    let [client, server] = said.each_ref().map(Option::as_deref);
    match dialog.progress() {
        Progress::Refused { went_on: false } if dialog.via().is_some() => return Some(Obstacle::ProxyRefused),
        Progress::Refused { .. } if dialog.via().is_some() => return None,
        // Most clients of a database go on in the clear then, and nothing is wrong.
        Progress::Refused { went_on } if dialog.starttls() == Some("postgresql") => {
            let left = !went_on && end.whole && end.closed_by == Some(Side::Client);
            return left.then_some(Obstacle::StarttlsRefused { went_on });
        }
        Progress::Refused { went_on } => return Some(Obstacle::StarttlsRefused { went_on }),
        Progress::NotOffered if end.whole && end.closed_by == Some(Side::Client) => {
            return Some(Obstacle::StarttlsNotOffered);
        }
        _ => {}
    }
    let Some(client) = client.filter(|_| end.whole) else {
        // OpenSSL complains even to a client that has left without a word.
        let complains = client.is_none() && server.is_some_and(|server| server.alert().is_some());
        return (end.whole && complains).then_some(Obstacle::NothingSaid);
    };
    let expected = ports::is_tls(port);
    let not_tls = match server {
        Some(server) if server.alert().is_some() => true,
        Some(server) if http::expected_tls(&server.head, &server.tail) => true,
        _ if !client.is_no_tls() => false,
        // Whatever an HTTP server understands it answers in another way.
        Some(server) => expected && !http::is_request(&client.head) && http::is_client_error(&server.head),
        None if !expected || !end.unanswered => false,
        None => end.closed_by == Some(Side::Server) || end.given_up(client) && http::is_request(&client.head),
    };
    not_tls.then_some(Obstacle::NotTls)
}

/// How a connection without a ClientHello ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Who ended it.
    pub(super) closed_by: Option<Side>,
    /// Nothing is missing of what was said.
    pub(super) whole: bool,
    /// The server is known to have sent nothing.
    pub(super) unanswered: bool,
    /// The server has received all that the client said.
    pub(super) received: bool,
    /// When it ended; none where it did not.
    pub(super) at: Option<Timestamp>,
}

impl End {
    /// True where the client was heard, waited long enough for an answer, and left.
    fn given_up(&self, client: &Plain) -> bool {
        let waited = self.at.is_some_and(|at| at.since(client.last.time) >= PATIENCE);
        self.received && waited && self.closed_by == Some(Side::Client)
    }
}

impl Handshake {
    /// A PROXY header with which the client's stream began.
    pub fn proxy_header(&self) -> Option<&[u8]> {
        let [client, _] = &self.plain;
        let head = client.as_ref()?.head.as_slice();
        head.get(..crate::starttls::proxy_protocol::header_length(head)?)
    }

    /// A handshake that never began, since nobody said a word.
    pub fn without_a_word(
        surroundings: &Surroundings,
        client: Direction,
        obstacle: Obstacle,
        close: Close,
        tcp: TcpFacts,
        now: Timestamp,
    ) -> Box<Self> {
        let [opening, answer] = &tcp.sides;
        let first = opening.syn.or(answer.syn).unwrap_or(close.mark);
        let mut handshake = Box::new(Self::begun(surroundings, client, first));
        handshake.last = handshake.last.max(close.mark);
        handshake.obstacle = Some(obstacle);
        handshake.tcp = tcp;
        handshake.conclude(Some(close), false, now);
        handshake
    }

    /// Puts the alert that answered a client's plain words among the alerts.
    pub(super) fn take_alert_out_of_plain(&mut self) {
        let [_, server] = &mut self.plain;
        let Some(((level, description), place)) = server.as_deref().and_then(|plain| {
            Some((plain.alert()?, Place { offset: plain.length, mark: plain.first, acknowledged: None }))
        }) else {
            return;
        };
        *server = None;
        self.alert(Side::Server, level, description, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(parts: &[&[u8]]) -> Plain {
        let mut plain = Plain::begun(Mark::default());
        parts.iter().for_each(|part| plain.add(part, Mark::default()));
        plain
    }

    #[test]
    fn the_first_and_the_last_bytes_are_kept_however_they_come() {
        let all: Vec<u8> = (0..2_000_u32).map(|at| (at % 251) as u8).collect();
        for size in [1, 7, 255, 256, 257, 511, 513, 1_999, 2_000] {
            let plain = plain(&all.chunks(size).collect::<Vec<_>>());
            assert_eq!((plain.head.as_slice(), plain.tail.as_slice()), (&all[..256], &all[1_744..]), "{size}");
            assert_eq!((plain.length, plain.head.len() + plain.tail.len()), (2_000, 512));
        }
        let short = plain(&[b"220 mail\r\n", b"454 no\r\n"]);
        assert_eq!(
            (short.head.as_slice(), short.tail.len(), short.last_line()),
            (b"220 mail\r\n454 no\r\n".as_slice(), 0, b"454 no".as_slice())
        );
    }

    /// What stood in the way where the client said this on a port, the server that, and the client or the server closed.
    fn judged(client: &[u8], server: Option<&[u8]>, port: u16, closed_by: Side, waited: u64) -> Option<Obstacle> {
        let said = [Some(client).filter(|said| !said.is_empty()), server]
            .map(|said| said.map(|said| Box::new(plain(&[said]))));
        let at = Some(Timestamp::from_micros(1).plus(Duration::from_millis(waited)));
        let end = End { closed_by: Some(closed_by), whole: true, unanswered: server.is_none(), received: true, at };
        let cut = obstacle(&said, &Dialog::default(), port, End { whole: false, ..end });
        assert_eq!(cut, None, "something is missing");
        obstacle(&said, &Dialog::default(), port, end)
    }

    const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
    const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    const STARTUP: &[u8] = b"\0\0\0\x08\0\x03\0\0";

    #[test]
    fn an_http_server_on_a_port_for_tls_that_understands_nothing_expected_tls() {
        let said = |client, server, port| judged(client, Some(server), port, Side::Server, 0);
        assert_eq!(said(b"SSH-2.0-OpenSSH_9.2\r\n", BAD_REQUEST, 443), Some(Obstacle::NotTls));
        assert_eq!(said(STARTUP, BAD_REQUEST, 443), Some(Obstacle::NotTls));
        assert_eq!(said(b"SSH-2.0-OpenSSH_9.2\r\n", BAD_REQUEST, 80), None);
        assert_eq!(said(b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n\r\n", 443), None);
        assert_eq!(said(GET, BAD_REQUEST, 443), None, "a request may be bad in other ways");
        assert_eq!(said(&[22, 3, 1, 2, 0, 99, 0, 0, 1], BAD_REQUEST, 443), None, "a record, broken");
    }

    #[test]
    fn a_server_of_tls_that_leaves_without_a_word_was_told_something_else() {
        let left = |client, port| judged(client, None, port, Side::Server, 0);
        assert_eq!((left(STARTUP, 443), left(GET, 443)), (Some(Obstacle::NotTls), Some(Obstacle::NotTls)));
        assert_eq!(left(STARTUP, 5432), None);
        assert_eq!(left(&STARTUP[..3], 443), None, "three bytes say nothing");
        for begun in [&[22, 3, 1, 2][..], &[22, 3, 1, 2, 0, 1, 0], &[0x80, 0x2e, 1, 0, 2], &[23, 3, 3, 0, 40, 1]] {
            assert_eq!(left(begun, 443), None, "{begun:?} may be TLS");
        }
    }

    #[test]
    fn a_request_that_is_heard_and_never_answered_met_a_server_that_waits_for_tls() {
        let left = |client, port, waited| judged(client, None, port, Side::Client, waited);
        assert_eq!(left(GET, 443, 3_000), Some(Obstacle::NotTls));
        assert_eq!(left(GET, 443, 100), None, "a client in a hurry");
        assert_eq!(left(GET, 80, 3_000), None);
        assert_eq!(left(STARTUP, 443, 3_000), None, "it may have been answered enough by being heard");
    }

    #[test]
    fn an_alert_to_a_client_without_a_word_shows_that_nothing_was_said_and_a_greeting_does_not() {
        let alert = [21, 3, 1, 0, 2, 2, 50];
        assert_eq!(judged(b"", Some(&alert), 8_000, Side::Client, 0), Some(Obstacle::NothingSaid));
        assert_eq!(judged(b"", Some(b"220 mail.example ESMTP\r\n"), 443, Side::Client, 0), None);
        assert_eq!(judged(GET, Some(&alert), 8_000, Side::Client, 0), Some(Obstacle::NotTls));
    }

    #[test]
    fn an_alert_is_no_text_and_text_is_no_alert() {
        let alert = [21, 3, 1, 0, 2, 2, 22];
        assert_eq!(plain(&[&alert]).alert(), Some((AlertLevel::FATAL, AlertDescription(22))));
        for length in 0..alert.len() {
            assert_eq!(plain(&[&alert[..length]]).alert(), None, "{length} bytes");
        }
        assert!(plain(&[b"HTTP/1.1 400"]).alert().is_none() && plain(&[b"HTTP/1.1 400"]).is_text());
        assert!(!plain(&[&alert]).is_text() && !plain(&[b"no"]).is_text());
    }
}
