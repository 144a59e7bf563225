//! What ended a connection, when more than one thing did: the first, by what each side had seen of the other when it
//! acted. Frames decide only where that does not, since a capture may have them out of order.

use super::connection::Streams;
use crate::flow::Direction;
use crate::flow::tcp::TcpState;
use crate::handshake::{Close, CloseKind, Side};
use crate::time::Mark;

/// One way in which a side ended the connection.
#[derive(Clone, Copy)]
struct End {
    by: CloseKind,
    side: Side,
    mark: Mark,
    /// Where it stands in its sender's stream.
    at: Option<u64>,
    /// How much of the other stream its sender had acknowledged with it.
    seen: Option<u64>,
}

impl End {
    /// True where this one came before the other.
    fn precedes(&self, other: &Self) -> bool {
        if self.side == other.side {
            // An alert and a FIN of one side come in that order; a reset goes after all that was sent before it.
            return (self.by == CloseKind::Alert, other.mark) > (other.by == CloseKind::Alert, self.mark);
        }
        let knows = |knower: &Self, known: &Self| matches!((knower.seen, known.at), (Some(seen), Some(at)) if seen > at);
        match (knows(other, self), knows(self, other)) {
            (true, false) => true,
            (false, true) => false,
            _ => self.mark < other.mark,
        }
    }
}

/// What ended the connection first; none where nothing was seen to.
pub(super) fn first(tcp: &TcpState, client: Direction, streams: &Streams) -> Option<Close> {
    let mut ends = Vec::with_capacity(5);
    if let Some((side, end, mark)) = streams.ending_alert() {
        ends.push(End { by: CloseKind::Alert, side, mark, at: end.checked_sub(1), seen: None });
    }
    for (direction, side) in [(client, Side::Client), (client.reverse(), Side::Server)] {
        if let Some(fin) = tcp.fin(direction) {
            let at = streams.offset_of(direction, fin.sequence);
            let seen = streams.offset_of(direction.reverse(), fin.acknowledged);
            ends.push(End { by: CloseKind::Fin, side, mark: fin.mark, at, seen });
        }
        if let Some(reset) = tcp.reset(direction) {
            let at = streams.offset_of(direction, reset.sequence);
            ends.push(End { by: CloseKind::Rst, side, mark: reset.mark, at, seen: None });
        }
    }
    let first = ends.iter().find(|end| ends.iter().all(|other| std::ptr::eq(*end, other) || !other.precedes(end)))?;
    Some(Close { by: first.by, side: Some(first.side), mark: first.mark })
}
