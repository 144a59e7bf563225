//! What ended a connection, when more than one thing did: the first, by what each side had seen of the other when it
//! acted. Frames decide only where that does not, since a capture may have them out of order.

use super::streams::Streams;
use crate::flow::Direction;
use crate::flow::tcp::{Fin, TcpState, later};
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
    /// True where this one came before what the other side did.
    fn precedes(&self, other: &Self) -> bool {
        let knows =
            |knower: &Self, known: &Self| matches!((knower.seen, known.at), (Some(seen), Some(at)) if seen > at);
        match (knows(other, self), knows(self, other)) {
            (true, false) => true,
            (false, true) => false,
            _ => self.mark <= other.mark,
        }
    }
}

/// What ended the connection first; none where nothing was seen to.
pub(super) fn first(tcp: &TcpState, client: Direction, streams: &Streams) -> Option<Close> {
    let alert = streams.tracker.ending_alert();
    let of_side = |direction: Direction, side: Side| {
        if let Some(alert) = alert.filter(|alert| alert.from == side) {
            let (at, seen) = (alert.end.checked_sub(1), alert.acknowledged);
            return Some(End { by: CloseKind::Alert, side, mark: alert.mark, at, seen });
        }
        // A reset behind a side's own FIN ends nothing any more; one before it does.
        let reset_first = |fin: &Fin| {
            tcp.reset(direction).is_some_and(|reset| reset.mark < fin.mark && !later(reset.sequence, fin.sequence))
        };
        if let Some(fin) = tcp.fin(direction).filter(|fin| !reset_first(fin)) {
            let at = streams.offset_of(direction, fin.sequence);
            let seen = streams.offset_of(direction.reverse(), fin.acknowledged);
            return Some(End { by: CloseKind::Fin, side, mark: fin.mark, at, seen });
        }
        let reset = tcp.reset(direction)?;
        let at = streams.offset_of(direction, reset.sequence);
        Some(End { by: CloseKind::Rst, side, mark: reset.mark, at, seen: None })
    };
    let first = match (of_side(client, Side::Client), of_side(client.reverse(), Side::Server)) {
        (Some(client), Some(server)) => {
            if client.precedes(&server) {
                client
            } else {
                server
            }
        }
        (client, server) => client.or(server)?,
    };
    Some(Close { by: first.by, side: Some(first.side), mark: first.mark })
}
