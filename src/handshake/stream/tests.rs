//! The rules of one side's stream: framing, what is in the clear, and what a gap costs.

use super::*;
use crate::time::Mark;
use proptest::prelude::*;

/// What a stream told, in words.
struct Reader {
    stream: Stream,
    offset: u64,
    told: Vec<String>,
}

impl Reader {
    fn new() -> Self {
        Self { stream: Stream::default(), offset: 0, told: Vec::new() }
    }

    fn place(&self) -> Place {
        Place { offset: self.offset, mark: Mark::default(), acknowledged: None }
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        let (place, told) = (self.place(), &mut self.told);
        self.stream.bytes(bytes, place, false, &mut |event, _| told.push(words(&event)));
        self.offset += bytes.len() as u64;
        self
    }

    fn gap(mut self, length: u64) -> Self {
        let (place, told) = (self.place(), &mut self.told);
        self.stream.gap(length, place, &mut |event, _| told.push(words(&event)));
        self.offset += length;
        self
    }
}

fn words(event: &Event<'_>) -> String {
    match event {
        Event::Message { kind, body, whole } => {
            format!("{kind} {}{}", body.len(), if *whole { "" } else { " cut" })
        }
        Event::Ssl2 { body, .. } => format!("ssl2 {}", body.len()),
        Event::Ssl2Record => "ssl2 record".into(),
        Event::ChangeCipherSpec => "change_cipher_spec".into(),
        Event::Alert(level, description) => format!("alert {level} {description}"),
        Event::Plain { bytes, .. } => format!("plain {}", bytes.len()),
        Event::Opaque(record) => format!("{} of {}", record.content_type, record.length),
    }
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &(fragment.len() as u16).to_be_bytes()[..], fragment].concat()
}

fn message(kind: u8, length: usize) -> Vec<u8> {
    let body = [&[3, 3], vec![7; length - 2].as_slice()].concat();
    [&[kind], &(length as u32).to_be_bytes()[1..], &body].concat()
}

#[test]
fn a_record_may_have_several_messages_and_a_message_several_records() {
    let flight = [message(2, 70), message(11, 300), message(14, 10)].concat();
    let expected = ["server_hello 70", "certificate 300", "server_hello_done 10"];
    assert_eq!(Reader::new().bytes(&record(22, &flight)).told, expected);
    let split: Vec<u8> = flight.chunks(50).flat_map(|part| record(22, part)).collect();
    assert_eq!(Reader::new().bytes(&split).told, expected);
}

#[test]
fn what_follows_change_cipher_spec_is_opaque_but_a_hello_is_not() {
    let stream = [message(1, 100), message(16, 30)].concat();
    let stream = [record(22, &stream), record(20, &[1]), record(22, &[0x9a; 40]), record(22, &message(1, 90))].concat();
    assert_eq!(
        Reader::new().bytes(&stream).told,
        ["client_hello 100", "client_key_exchange 30", "change_cipher_spec", "handshake of 40", "client_hello 90"]
    );
}

#[test]
fn an_alert_of_two_bytes_is_in_the_clear_and_a_longer_one_is_not() {
    let stream = [record(22, &message(2, 70)), record(21, &[1, 0]), record(21, &[0x5a; 26])].concat();
    assert_eq!(Reader::new().bytes(&stream).told, ["server_hello 70", "alert warning close_notify", "alert of 26"]);
}

#[test]
fn a_gap_inside_a_message_costs_that_message_only() {
    let flight = record(22, &[message(2, 70), message(11, 300), message(14, 10)].concat());
    let reader = Reader::new().bytes(&flight[..120]).gap(100).bytes(&flight[220..]);
    assert_eq!(reader.told, ["server_hello 70", "certificate 37 cut", "server_hello_done 10"]);
}

#[test]
fn a_gap_over_a_record_header_is_overcome_at_the_next_record() {
    let stream = [record(22, &message(2, 70)), record(22, &message(11, 300)), record(22, &message(14, 10))].concat();
    let lost = record(22, &message(2, 70)).len();
    let reader = Reader::new().bytes(&stream[..lost]).gap(20).bytes(&stream[lost + 20..]);
    assert_eq!(reader.told, ["server_hello 70", "server_hello_done 10"]);
}

#[test]
fn encrypted_content_is_passed_over_by_its_length_whatever_is_lost_of_it() {
    let stream = [record(22, &message(2, 70)), record(23, &[9; 500]), record(23, &[9; 60])].concat();
    let begin = record(22, &message(2, 70)).len() + 5;
    let reader = Reader::new().bytes(&stream[..begin]).gap(499).bytes(&stream[begin + 499..]);
    assert_eq!(reader.told, ["server_hello 70", "application_data of 500", "application_data of 60"]);
}

#[test]
fn a_null_cipher_leaves_messages_readable_in_front_of_their_mac() {
    let mut reader = Reader::new().bytes(&[record(22, &message(1, 90)), record(20, &[1])].concat());
    reader.stream.expect_null_cipher(20);
    let finished = [message(20, 12), vec![0xee; 20]].concat();
    let alert = [&[1, 0], vec![0xee; 20].as_slice()].concat();
    let reader = reader.bytes(&[record(22, &finished), record(21, &alert)].concat());
    assert_eq!(reader.told[2..], ["finished 12", "alert warning close_notify"]);
}

#[test]
fn an_ssl_2_hello_may_be_followed_by_tls_records() {
    let hello = [&[0x80, 0x2e, 1, 3, 1], vec![0; 43].as_slice()].concat();
    let reader = Reader::new().bytes(&hello).bytes(&record(22, &message(16, 30)));
    assert_eq!(reader.told, ["ssl2 46", "client_key_exchange 30"]);
}

#[test]
fn another_protocol_is_given_up_and_buffers_nothing() {
    let mut reader = Reader::new();
    for _ in 0..MAX_PRELUDE_SEGMENTS {
        reader = reader.bytes(b"EHLO client.example\r\n");
    }
    assert!(reader.stream.is_foreign() && reader.told.iter().all(|told| told == "plain 21"));
    assert!(reader.stream.messages.buffer.is_empty() && reader.stream.head.is_empty());
}

#[test]
fn a_message_beyond_the_bound_is_cut_and_passed_over() {
    let huge = message(11, MAX_MESSAGE + 1000);
    let stream: Vec<u8> = huge.chunks(16_000).flat_map(|part| record(22, part)).collect();
    let reader = Reader::new().bytes(&record(22, &message(2, 70))).bytes(&stream).bytes(&record(22, &message(14, 10)));
    assert_eq!(
        reader.told,
        ["server_hello 70", &format!("certificate {} cut", MAX_MESSAGE - 4), "server_hello_done 10"]
    );
}

#[test]
fn a_proxy_header_stands_before_tls_and_what_never_became_tls_is_told_at_the_end() {
    let header = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n";
    let reader = Reader::new().bytes(&[&header[..], &record(22, &message(1, 100))].concat());
    assert_eq!(reader.told, ["plain 42", "client_hello 100"]);
    let mut reader = Reader::new().bytes(&[22, 3]);
    let (place, told) = (reader.place(), &mut reader.told);
    reader.stream.end(place, &mut |event, _| told.push(words(&event)));
    assert_eq!(reader.told, ["plain 2"]);
}

proptest! {
    #[test]
    fn segments_of_any_size_tell_the_same(sizes in proptest::collection::vec(1..90_usize, 1..60)) {
        let flight = [message(2, 70), message(11, 300), message(14, 10)].concat();
        let stream = [record(22, &flight), record(20, &[1]), record(22, &[0x9a; 40]), record(23, &[9; 200])].concat();
        let expected = Reader::new().bytes(&stream).told;
        let (mut reader, mut rest) = (Reader::new(), stream.as_slice());
        for size in sizes.iter().cycle() {
            let (part, left) = rest.split_at((*size).min(rest.len()));
            if part.is_empty() {
                break;
            }
            (reader, rest) = (reader.bytes(part), left);
        }
        prop_assert_eq!(reader.told, expected);
    }

    #[test]
    fn no_bytes_and_no_gaps_make_it_panic_or_hoard(
        parts in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..400), 0..50_u64), 0..20),
    ) {
        let mut reader = Reader::new().bytes(&record(22, &message(1, 80)));
        for (bytes, gap) in parts {
            reader = reader.bytes(&bytes).gap(gap);
            prop_assert!(reader.stream.messages.buffer.len() + reader.stream.head.len() <= MAX_MESSAGE + 65_536);
        }
    }
}
