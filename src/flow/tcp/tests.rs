//! The facts of one TCP connection, from segments written by hand.

use super::*;
use crate::packet::{TcpFlags, Transport, Tunnels, VlanTags};

const CLIENT: Direction = Direction::FromLow;
const SERVER: Direction = Direction::FromHigh;

/// A connection whose frames are a millisecond apart.
struct Wire {
    tcp: TcpState,
    frame: u64,
    /// Of the next packet.
    ip_id: u16,
}

impl Wire {
    fn new() -> Self {
        Self { tcp: TcpState::new(Self::mark(1)), frame: 0, ip_id: 7 }
    }

    fn mark(frame: u64) -> Mark {
        Mark { frame, time: Timestamp::from_micros(1_000_000 + frame * 1_000) }
    }

    fn send(self, direction: Direction, flags: u8, sequence: u32, acknowledgment: u32, payload: &[u8]) -> Self {
        self.send_with(direction, flags, sequence, acknowledgment, payload, 500)
    }

    fn send_with(
        mut self,
        direction: Direction,
        flags: u8,
        sequence: u32,
        acknowledgment: u32,
        payload: &[u8],
        window: u16,
    ) -> Self {
        self.frame += 1;
        let segment = Segment {
            source_port: 1,
            destination_port: 2,
            sequence,
            acknowledgment,
            flags: TcpFlags(flags),
            window,
            options: if flags & TcpFlags::SYN != 0 { &[2, 4, 5, 0xb4] } else { &[] },
            payload,
            missing: 0,
        };
        let address = [10, 0, 0, 1].into();
        let packet = Packet {
            source: address,
            destination: address,
            vlan: VlanTags::default(),
            tunnels: Tunnels::default(),
            ttl: 60,
            ip_id: Some(self.ip_id),
            transport: Transport::Tcp(segment),
        };
        self.tcp.observe(direction, &packet, &segment, Self::mark(self.frame));
        self
    }

    /// The next packets have this identification.
    fn id(self, ip_id: u16) -> Self {
        Self { ip_id, ..self }
    }

    /// SYN, SYN-ACK, ACK: the client's stream begins at 101, the server's at 901.
    fn open() -> Self {
        Self::new()
            .send(CLIENT, TcpFlags::SYN, 100, 0, &[])
            .send(SERVER, TcpFlags::SYN | TcpFlags::ACK, 900, 101, &[])
            .send(CLIENT, TcpFlags::ACK, 101, 901, &[])
    }

    fn side(&self, direction: Direction) -> TcpSide {
        self.tcp.facts(direction).sides[0]
    }
}

const DATA: u8 = TcpFlags::ACK | TcpFlags::PSH;

#[test]
fn the_opening_the_data_and_the_end_have_their_frames() {
    let wire = Wire::open().send(CLIENT, DATA, 101, 901, b"hello").send(SERVER, DATA, 901, 106, b"hi").send(
        CLIENT,
        TcpFlags::FIN | TcpFlags::ACK,
        106,
        903,
        &[],
    );
    let (client, server) = (wire.side(CLIENT), wire.side(SERVER));
    assert_eq!((client.syn, server.syn), (Some(Wire::mark(1)), Some(Wire::mark(2))));
    assert_eq!((client.first_data, server.first_data), (Some(Wire::mark(4)), Some(Wire::mark(5))));
    assert_eq!((client.fin, server.fin), (Some(Wire::mark(6)), None));
    assert_eq!((client.sent, client.acknowledged), (5, Some(2)));
    assert_eq!((server.sent, server.acknowledged), (2, Some(5)));
    assert_eq!(client.anomalies, Anomalies::default());
    assert_eq!(wire.tcp.fin(CLIENT).unwrap().sequence, 106);
}

#[test]
fn a_segment_sent_again_is_a_retransmission_and_an_early_one_is_not() {
    let wire = Wire::open().send(CLIENT, DATA, 106, 901, b"later").send(CLIENT, DATA, 111, 901, b"last");
    assert_eq!(wire.side(CLIENT).anomalies.retransmissions.count, 0);
    let wire = wire.send(CLIENT, DATA, 106, 901, b"later");
    let again = wire.side(CLIENT).anomalies.retransmissions;
    assert_eq!((again.count, again.first), (1, Wire::mark(6)));
}

#[test]
fn acknowledgments_are_duplicate_only_while_something_is_in_flight() {
    let idle = Wire::open().send(SERVER, TcpFlags::ACK, 901, 101, &[]).send(SERVER, TcpFlags::ACK, 901, 101, &[]);
    assert!(!idle.tcp.asks_again(SERVER));
    let busy = Wire::open().send(CLIENT, DATA, 106, 901, b"later");
    let asked = busy.send(SERVER, TcpFlags::ACK, 901, 101, &[]).send(SERVER, TcpFlags::ACK, 901, 101, &[]);
    assert!(asked.tcp.asks_again(SERVER));
    assert!(!asked.tcp.asks_again(CLIENT));
}

#[test]
fn resets_keep_what_tells_whose_they_are() {
    let wire = Wire::open().send(SERVER, TcpFlags::RST, 901, 0, &[]).send(SERVER, TcpFlags::RST, 950, 0, &[]);
    let anomalies = wire.side(SERVER).anomalies;
    let first = anomalies.first_reset.unwrap();
    assert_eq!((anomalies.resets.count, first.sequence, first.ttl, first.ip_id), (2, 901, 60, Some(7)));
    assert_eq!((anomalies.last_reset.unwrap().sequence, first.acknowledged()), (950, None));
}

#[test]
fn a_closed_window_and_a_syn_sent_again_are_told() {
    let wire = Wire::new().send(CLIENT, TcpFlags::SYN, 100, 0, &[]).send(CLIENT, TcpFlags::SYN, 100, 0, &[]);
    assert_eq!(wire.side(CLIENT).anomalies.syn_retransmissions.count, 1);
    let wire = Wire::open().send_with(SERVER, TcpFlags::ACK, 901, 101, &[], 0);
    assert_eq!(wire.side(SERVER).anomalies.zero_windows.count, 1);
}

#[test]
fn without_syns_a_stream_begins_where_the_other_side_expected_it() {
    let wire = Wire::new().send(CLIENT, DATA, 500, 2_000, b"hello");
    assert_eq!((wire.tcp.base(CLIENT), wire.tcp.lowest(CLIENT)), (None, Some(500)));
    assert_eq!(wire.tcp.lowest(SERVER), Some(2_000));
    assert!(!wire.tcp.heard(SERVER));
}

#[test]
fn a_lost_syn_is_known_from_its_answer() {
    let wire = Wire::new().send(SERVER, TcpFlags::SYN | TcpFlags::ACK, 900, 101, &[]);
    assert_eq!((wire.tcp.base(SERVER), wire.tcp.base(CLIENT)), (Some(901), Some(101)));
}

#[test]
fn numbers_compare_across_the_wrap_around() {
    assert!(later(5, u32::MAX) && !later(u32::MAX, 5) && !later(7, 7));
    assert_eq!((distance(u32::MAX, 4), distance(4, u32::MAX)), (5, 0));
}

#[test]
fn a_side_tells_its_segment_size_its_longest_payload_and_how_it_counts_packets() {
    let wire = Wire::new()
        .id(0)
        .send(SERVER, TcpFlags::SYN | TcpFlags::ACK, 900, 101, &[])
        .id(40_000)
        .send(SERVER, DATA, 901, 101, b"hi")
        .id(40_001)
        .send(SERVER, DATA, 903, 101, b"there")
        .id(0)
        .send(SERVER, TcpFlags::RST, 908, 0, &[]);
    let server = wire.side(SERVER);
    assert_eq!((server.mss, server.longest, server.ip_ids), (Some(1460), 5, IpIds::Counting { last: 40_001 }));
    assert_eq!((wire.side(CLIENT).mss, wire.side(CLIENT).ttl), (None, None));
}

#[test]
fn what_is_sent_again_has_its_shortest_and_longest_payload() {
    let wire = Wire::open().send(CLIENT, DATA, 101, 901, b"first").send(CLIENT, DATA, 106, 901, b"second one");
    let wire = wire.send(CLIENT, DATA, 101, 901, b"first").send(CLIENT, DATA, 106, 901, b"second one");
    assert_eq!(wire.side(CLIENT).anomalies.resent, Some((5, 10)));
}

#[test]
fn a_side_that_goes_on_after_its_reset_is_told_and_one_that_was_overtaken_is_not() {
    let reset = || Wire::open().send(CLIENT, DATA, 101, 901, b"hello").send(SERVER, TcpFlags::RST, 901, 0, &[]);
    let after = |wire: Wire| wire.side(SERVER).anomalies.after_reset.count;
    assert_eq!(after(reset()), 0);
    assert_eq!(after(reset().send(SERVER, DATA, 901, 101, b"welcome")), 1, "data");
    assert_eq!(after(reset().send(SERVER, TcpFlags::ACK, 901, 106, &[])), 1, "an acknowledgment of more");
    assert_eq!(after(reset().send(SERVER, TcpFlags::ACK, 901, 101, &[])), 0, "one of what was acknowledged before");
    let own = Wire::open().send(SERVER, TcpFlags::RST, 905, 0, &[]).send(SERVER, DATA, 901, 101, b"late");
    assert_eq!(after(own), 0, "data before the reset, captured late");
}

#[test]
fn a_fin_counts_what_was_sent_and_not_seen() {
    let wire = Wire::open().send(CLIENT, TcpFlags::FIN | TcpFlags::ACK, 151, 901, &[]);
    assert_eq!(wire.side(CLIENT).sent, 50);
    let asked = wire.send(SERVER, TcpFlags::ACK, 901, 101, &[]).send(SERVER, TcpFlags::ACK, 901, 101, &[]);
    assert!(asked.tcp.asks_again(SERVER), "the FIN came, and bytes before it did not");
}

#[test]
fn who_answers_a_syn_has_not_opened_the_connection_even_where_its_answer_came_first() {
    let answer = TcpFlags::SYN | TcpFlags::ACK;
    let answered = || Wire::new().send(SERVER, answer, 900, 101, b"");
    assert_eq!(answered().tcp.opened_by(), Some(CLIENT));
    let late = answered().send(CLIENT, TcpFlags::SYN, 100, 0, b"").tcp;
    let [client, _] = late.facts(CLIENT).sides;
    assert_eq!((late.opened_by(), client.mss), (Some(CLIENT), Some(1460)));
    assert_eq!((client.syn.is_some(), client.anomalies.syn_retransmissions.count), (true, 0), "it was sent once");
    let again = answered().send(CLIENT, TcpFlags::SYN, 100, 0, b"").send(CLIENT, TcpFlags::SYN, 100, 0, b"");
    assert_eq!(again.tcp.facts(CLIENT).sides[0].anomalies.syn_retransmissions.count, 1);
}
