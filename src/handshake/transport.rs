//! What TCP did to a handshake: which of its parts arrived, and what was lost by the network rather than by the capture.

use super::facts::{Handshake, Missing, MissingWhy, Side};
use crate::flow::tcp::{Tally, TcpSide};
use crate::packet::IcmpError;
use crate::time::Mark;

impl TcpSide {
    /// True where it received something from beyond a hole.
    pub const fn has_a_hole(&self) -> bool {
        self.anomalies.selective_acks.count > 0
    }
}

impl Handshake {
    /// A side of the connection.
    pub const fn side(&self, side: Side) -> &TcpSide {
        let [client, server] = &self.tcp.sides;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Where the last ClientHello ends in the client's stream: that of the last byte known, where it is not whole.
    pub fn client_hello_end(&self) -> Option<u64> {
        let step = self.steps.iter().rev().find(|step| step.from == Side::Client && step.what.is_client_hello())?;
        Some(if step.whole { step.end } else { step.end.max(self.side(Side::Client).sent) })
    }

    /// Whether the server acknowledged all of the ClientHello. Where it answered, it had.
    pub fn client_hello_arrived(&self) -> Option<bool> {
        let end = self.client_hello_end()?;
        let answered = self.steps.iter().any(|step| step.from == Side::Server);
        let acknowledged = self.side(Side::Server).acknowledged;
        Some(answered || acknowledged.is_some_and(|acknowledged| acknowledged >= end))
    }

    /// How much of the ClientHello the server acknowledged, in bytes of the client's stream.
    pub fn client_hello_acknowledged(&self) -> Option<u64> {
        Some(self.side(Side::Server).acknowledged?.min(self.client_hello_end()?))
    }

    /// Whether the client acknowledged all that the server sent; none where the server sent nothing.
    pub fn server_flight_arrived(&self) -> Option<bool> {
        let sent = self.side(Side::Server).sent;
        (sent > 0).then(|| self.side(Side::Client).acknowledged.is_some_and(|acknowledged| acknowledged >= sent))
    }

    /// What a side sent again.
    pub const fn sent_again(&self, from: Side) -> Tally {
        self.side(from).anomalies.retransmissions
    }

    /// The shortest and the longest segments that were lost of what a side sent, where the other never acknowledged all of
    /// it: those sent again, or else the longest that was never acknowledged.
    pub fn lost_sizes(&self, from: Side) -> Option<(u16, u16)> {
        let (side, other) = (self.side(from), self.side(from.other()));
        let all = other.acknowledged.is_some_and(|acknowledged| acknowledged >= side.sent);
        let longest = (side.longest, side.longest);
        (!all && side.sent > 0).then(|| side.anomalies.resent.unwrap_or(longest))
    }

    /// The size from which on segments of a side were lost while smaller things passed: the other side acknowledged others,
    /// or has some from beyond the hole, and never what is that long.
    pub fn lost_while_smaller_passed(&self, from: Side) -> Option<u16> {
        /// An IPv6 path takes packets of 1280 bytes (RFC 8200 section 5), their headers included.
        const PASSES_EVERYWHERE: u16 = 1200;
        let (shortest, _) = self.lost_sizes(from)?;
        let other = self.side(from.other());
        // What a side has only not acknowledged yet when it leaves is not lost.
        if self.sent_again(from).count == 0 {
            return None;
        }
        let passed = other.has_a_hole() || self.heard_anything(from.other());
        (shortest >= PASSES_EVERYWHERE && passed).then_some(shortest)
    }

    /// The error by which a router said that a packet of a side is too long, and what would pass.
    pub fn too_long(&self, from: Side) -> Option<(Mark, Option<u32>)> {
        let sender = match from {
            Side::Client => self.client,
            Side::Server => self.server,
        };
        let about = |error: &IcmpError| {
            error.is_too_long() && (error.quoted_source, error.quoted_ports.0) == (sender.ip(), sender.port())
        };
        self.icmp.iter().find(|(_, error)| about(error)).map(|(mark, error)| (*mark, error.mtu))
    }

    /// True where a side acknowledged something of the ClientHello or of what followed it.
    pub fn heard_anything(&self, side: Side) -> bool {
        self.side(side).acknowledged.is_some_and(|acknowledged| acknowledged > 0)
    }

    /// What the sensor lacks: it was sent and arrived, and is not in the capture.
    pub fn lost_by_the_sensor(&self) -> impl Iterator<Item = &Missing> {
        self.missing.iter().filter(|missing| missing.why != MissingWhy::Unacknowledged)
    }

    /// What the network lost: the receiver never acknowledged it.
    pub fn lost_by_the_network(&self) -> impl Iterator<Item = &Missing> {
        self.missing.iter().filter(|missing| missing.why == MissingWhy::Unacknowledged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::CloseKind;
    use super::super::sample::{HelloSample, server_hello13};
    use super::*;
    use crate::flow::tcp::Anomalies;
    use crate::tls::registry::HandshakeType;

    fn unanswered() -> Handshake {
        Handshake::sample().hello(&HelloSample::default()).ends(CloseKind::Fin, Some(Side::Client))
    }

    #[test]
    fn a_hello_arrived_where_all_of_it_was_acknowledged_or_answered() {
        assert_eq!(unanswered().client_hello_arrived(), Some(true));
        let mut lost = unanswered();
        lost.tcp.sides[1].acknowledged = Some(0);
        assert_eq!((lost.client_hello_arrived(), lost.heard_anything(Side::Server)), (Some(false), false));
        lost.tcp.sides[1].acknowledged = None;
        assert_eq!(lost.client_hello_arrived(), Some(false));
        let mut answered = lost.says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(0x1301));
        answered.tcp.sides[1].acknowledged = Some(0);
        assert_eq!(answered.client_hello_arrived(), Some(true));
    }

    #[test]
    fn half_a_hello_has_not_arrived_before_all_that_was_sent() {
        let mut half = unanswered();
        half.steps[0].whole = false;
        half.tcp.sides[0].sent += 400;
        assert_eq!(half.client_hello_arrived(), Some(false));
    }

    #[test]
    fn a_flight_arrived_where_the_client_acknowledged_the_last_byte() {
        assert_eq!(unanswered().server_flight_arrived(), None);
        let mut flight = unanswered().says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(0x1301));
        assert_eq!(flight.server_flight_arrived(), Some(true));
        flight.tcp.sides[0].acknowledged = Some(0);
        assert_eq!(flight.server_flight_arrived(), Some(false));
    }

    #[test]
    fn large_segments_are_what_was_lost_only_where_smaller_ones_passed() {
        let mut lost = unanswered();
        lost.tcp.sides[0].anomalies.resent = Some((1400, 1400));
        lost.tcp.sides[0].anomalies.retransmissions.count = 1;
        lost.tcp.sides[1].acknowledged = Some(0);
        assert_eq!(
            (lost.lost_sizes(Side::Client), lost.lost_while_smaller_passed(Side::Client)),
            (Some((1400, 1400)), None)
        );
        lost.tcp.sides[1].anomalies.selective_acks.count = 1;
        assert_eq!(lost.lost_while_smaller_passed(Side::Client), Some(1400));
        lost.tcp.sides[0].anomalies.resent = Some((200, 1400));
        assert_eq!(lost.lost_while_smaller_passed(Side::Client), None, "small ones were lost too");
        lost.tcp.sides[0].anomalies = Anomalies::default();
        assert_eq!(lost.lost_while_smaller_passed(Side::Client), None, "what was sent once may be on its way");
    }
}
