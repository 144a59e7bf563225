//! What the two sides say in the clear that is no TLS, and the handshakes that never began because of it.

use super::facts::{Close, Handshake, MAX_PLAIN_HEAD, MAX_PLAIN_TAIL, Obstacle, Plain, Side};
use super::stream::Place;
use super::tracker::Surroundings;
use crate::flow::Direction;
use crate::flow::tcp::TcpFacts;
use crate::starttls::{Dialog, Progress, http, ports};
use crate::time::{Mark, Timestamp};
use crate::tls::registry::{AlertDescription, AlertLevel, ContentType};
use crate::tls::record_header;
use std::time::Duration;

/// A client that waits for so long in vain has been left unanswered.
const UNANSWERED: Duration = Duration::from_millis(900);
/// So many printable characters at the beginning are text.
const SHORTEST_TEXT: usize = 4;

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

    /// The bytes it keeps.
    pub(super) const fn kept(&self) -> usize {
        self.head.len().saturating_add(self.tail.len())
    }

    /// True where it begins like text.
    pub fn is_text(&self) -> bool {
        let printable = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~');
        self.head.len() >= SHORTEST_TEXT && self.head.iter().all(printable)
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
        Progress::NotOffered if end.whole && end.closed_by == Some(Side::Client) => return Some(Obstacle::StarttlsNotOffered),
        _ => {}
    }
    let client = client.filter(|_| end.whole)?;
    match server {
        Some(server) if server.alert().is_some() => Some(Obstacle::NotTls),
        Some(server) if http::is_request(&client.head) => {
            http::expected_tls(&server.head, &server.tail).then_some(Obstacle::NotTls)
        }
        // A server of HTTPS answers in HTTP what is neither TLS nor HTTP.
        Some(server) if ports::is_tls(port) && matches!(http::status(&server.head), Some(400..=499)) => {
            Some(Obstacle::NotTls)
        }
        None if ports::is_tls(port) && end.unanswered && client.length >= SHORTEST_TEXT as u64 => {
            let given_up = end.closed_by == Some(Side::Client) && http::is_request(&client.head) && end.waited >= UNANSWERED;
            (end.closed_by == Some(Side::Server) || given_up).then_some(Obstacle::NotTls)
        }
        _ => None,
    }
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
    /// From the last that the client said to the end.
    pub(super) waited: Duration,
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
        let Some((plain, (level, description))) = server.as_deref().and_then(|plain| Some((plain.clone(), plain.alert()?))) else {
            return;
        };
        *server = None;
        let place = Place { offset: plain.length, mark: plain.first, acknowledged: None };
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
            assert_eq!((plain.length, plain.kept()), (2_000, 512));
        }
        let short = plain(&[b"220 mail\r\n", b"454 no\r\n"]);
        assert_eq!((short.head.as_slice(), short.tail.len(), short.last_line()), (b"220 mail\r\n454 no\r\n".as_slice(), 0, b"454 no".as_slice()));
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
