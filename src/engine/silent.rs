//! Connections on which nobody said a word: refused, never answered, or opened and closed. Only asked for with
//! [`Limits::tcp`](super::Limits::tcp), and only told of ends that are expected to speak TLS.

use crate::flow::hasher;
use crate::flow::tcp::{Reset, TcpSide, TcpState};
use crate::handshake::tracker::Surroundings;
use crate::handshake::{Close, CloseKind, Handshake, Obstacle, Side};
use crate::starttls::ports;
use crate::time::Timestamp;
use ahash::RandomState;
use hashbrown::HashSet;
use std::net::SocketAddr;

/// So many hosts are remembered, twice: when there are more, those that were not heard of since the last time are
/// forgotten.
const MAX_SERVERS: usize = 1 << 16;

/// The hosts that have shown a ServerHello: whoever serves TLS on one port is asked for it on others, too.
#[derive(Debug)]
pub(super) struct Servers {
    young: HashSet<SocketAddr, RandomState>,
    old: HashSet<SocketAddr, RandomState>,
}

impl Servers {
    pub(super) fn new(seed: u64) -> Self {
        let state = hasher(seed);
        Self { young: HashSet::with_hasher(state.clone()), old: HashSet::with_hasher(state) }
    }

    /// Remembers the server of a handshake that it answered.
    pub(super) fn learn(&mut self, handshake: &Handshake) {
        if handshake.version.is_none() || handshake.roles_guessed {
            return;
        }
        if self.young.len() >= MAX_SERVERS {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.extend([handshake.server, whole_host(handshake.server)]);
    }

    fn has(&self, end: SocketAddr) -> bool {
        self.young.contains(&end) || self.old.contains(&end)
    }

    /// True for an end that is expected to speak TLS. An end that never opened may be, for what else its host does; what
    /// else is said on another port of the host is another protocol's.
    fn expects_tls(&self, end: SocketAddr, obstacle: Obstacle) -> bool {
        let opened = obstacle == Obstacle::NothingSaid;
        ports::is_tls(end.port()) || self.has(end) || !opened && self.has(whole_host(end))
    }
}

/// A host, whatever the port: no server has port 0.
const fn whole_host(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip(), 0)
}

/// The handshake that a connection without a word should have had. `idle` where nothing was heard of it for long.
pub(super) fn handshake(
    tcp: &TcpState,
    surroundings: &Surroundings,
    servers: &Servers,
    idle: bool,
    now: Timestamp,
) -> Option<Box<Handshake>> {
    let client = tcp.opened_by()?;
    let surroundings = Surroundings { opener: Some(client), ..*surroundings };
    let facts = tcp.facts(client);
    let [opening, answer] = &facts.sides;
    let (obstacle, close) = what_happened(tcp, opening, answer, idle)?;
    if !servers.expects_tls(*client.reverse().of(&surroundings.ends), obstacle) {
        return None;
    }
    let mut handshake = Handshake::without_a_word(&surroundings, client, obstacle, close, facts, now);
    handshake.icmp.extend(tcp.first_icmp());
    Some(handshake)
}

fn what_happened(tcp: &TcpState, client: &TcpSide, server: &TcpSide, idle: bool) -> Option<(Obstacle, Close)> {
    let opened = client.syn?;
    let reset = |side: &TcpSide| side.anomalies.first_reset;
    let again = client.anomalies.syn_retransmissions;
    // A client that goes on was answered: where that is not in the capture, it has one side only.
    let answered = client.acknowledged.is_some() || client.sent > 0 || client.fin.is_some();
    let answer_again = server.anomalies.syn_retransmissions;
    if server.syn.is_some() && answer_again.count > 0 && !answered && reset(client).is_none() {
        return Some((
            Obstacle::ConnectionTimeout,
            Close { by: CloseKind::Timeout, side: None, mark: answer_again.last },
        ));
    }
    if server.syn.is_some() {
        // A FIN takes a number of its own.
        let said =
            [client, server].iter().any(|side| side.sent > 0 || side.acknowledged.is_some_and(|count| count > 1));
        return closed(client, server).filter(|_| !said).map(|close| (Obstacle::NothingSaid, close));
    }
    if answered {
        return None;
    }
    if let Some(Reset { mark, .. }) = reset(server) {
        return Some((Obstacle::ConnectionRefused, Close { by: CloseKind::Rst, side: Some(Side::Server), mark }));
    }
    if let Some((mark, _)) = tcp.first_icmp().filter(|(_, error)| error.is_unreachable()) {
        return Some((Obstacle::ConnectionRefused, Close { by: CloseKind::Icmp, side: None, mark }));
    }
    let given_up = idle || again.count > 0;
    let mark = if again.count > 0 { again.last } else { opened };
    given_up.then_some((Obstacle::ConnectionTimeout, Close { by: CloseKind::Timeout, side: None, mark }))
}

/// Who closed an open connection first.
fn closed(client: &TcpSide, server: &TcpSide) -> Option<Close> {
    let of = |side: &TcpSide, whose: Side| {
        let fin = side.fin.map(|mark| (mark, CloseKind::Fin));
        let reset = side.anomalies.first_reset.map(|reset| (reset.mark, CloseKind::Rst));
        let (mark, by) = fin.or(reset)?;
        Some(Close { by, side: Some(whose), mark })
    };
    let both = [of(client, Side::Client), of(server, Side::Server)];
    both.into_iter().flatten().min_by_key(|close| close.mark)
}
