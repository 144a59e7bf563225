//! The fuzz targets. Each takes bytes that mean what they will, and comes back: whatever they are, nothing panics,
//! overflows or runs away, and what is promised of the result holds.
//!
//! The binaries beside this file run them under libFuzzer; the tests of the project replay the corpus through them.

use std::io::Write as _;
use tlscribe::engine::{Engine, Limits};
use tlscribe::flow::reassembly::{Assembler, Delivery, Gate, Piece};
use tlscribe::packet::{Decoder, Frame, LinkType};
use tlscribe::time::{Mark, Timestamp};
use tlscribe::tls::registry::{CipherSuite, HandshakeType, ProtocolVersion};
use tlscribe::tls::{
    Alert, ClientHello, Extensions, HandshakeMessage, Heartbeat, MessageContext, Ssl2ClientHello, Ssl2ServerHello,
    handshake_header, record_header, ssl2_hello,
};

/// The link types that frames of a corpus may have.
const LINKS: [u16; 8] = [1, 0, 9, 12, 101, 108, 113, 276];

/// Reads `data` as frames: a byte that chooses the link type and says what was snapped off, a byte for the time that has
/// passed, two for the length, and the frame.
fn frames(data: &[u8], mut take: impl FnMut(&Frame<'_>)) {
    let mut rest = data;
    let mut micros = 1_700_000_000_000_000;
    let mut number = 0;
    while let Some((&[kind, passed, high, low], after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
        let (bytes, after) = after.split_at(length);
        rest = after;
        number += 1;
        // from microseconds to half a minute, so that everything that waits may run out
        micros += 1_u64 << (u32::from(passed) % 25);
        take(&Frame {
            number,
            time: Timestamp::from_micros(micros),
            link: LinkType(LINKS[usize::from(kind % 8)]),
            interface: 0,
            original_length: length as u32 + u32::from(kind / 8) * 16,
            bytes,
        });
    }
}

/// Frames, through the decoder.
pub fn packet(data: &[u8]) {
    let mut decoder = Decoder::new();
    frames(data, |frame| {
        let _ = decoder.decode(frame);
    });
}

/// Segments of one stream and what their owner may say of it, eight bytes each, through the assembler: every offset is
/// delivered once and in order, and giving up always ends.
pub fn reassembly(data: &[u8]) {
    let mut assembler = Assembler::default();
    let mut expected = 0;
    let mut check = |delivery: Delivery<'_>| {
        let (offset, length) = match delivery {
            Delivery::Bytes { offset, bytes, .. } => (offset, bytes.len() as u64),
            Delivery::Gap { offset, length, .. } => (offset, length),
        };
        assert_eq!(offset, expected);
        assert!(length > 0);
        expected += length;
    };
    let mark = Mark { frame: 1, time: Timestamp::from_micros(0) };
    let (segments, _) = data.as_chunks::<8>();
    for &[action, missing, sequence @ .., length, fill] in segments {
        let sequence = u32::from_be_bytes(sequence);
        let gate = if action & 0x80 == 0 { Gate::Delivered(u32::from(fill)) } else { Gate::Shut };
        match action % 8 {
            0 => drop(assembler.anchor(sequence)),
            1 => assembler.give_up(&mut check),
            2 => assembler.end_at(sequence, mark, &mut check),
            3 => assembler.rebase(sequence),
            4 => drop(assembler.release(gate, &mut check)),
            _ => {
                let bytes = [fill; 255];
                let bytes = &bytes[..usize::from(length)];
                let acknowledged = (action & 0x40 == 0).then(|| u32::from(missing));
                let missing = u32::from(missing % 4) * 100;
                assembler.accept(&Piece { sequence, bytes, missing, mark, acknowledged }, gate, &mut check);
            }
        }
        assert_eq!(assembler.is_waiting(), assembler.held_bytes() > 0);
    }
    while assembler.is_waiting() {
        let held = assembler.held_bytes();
        assembler.give_up(&mut check);
        assert!(assembler.held_bytes() < held);
    }
}

/// Records as one side sends them, and the handshake messages in them, under every layout that depends on what was
/// negotiated; SSL 2.0 hellos too.
pub fn record_and_handshake(data: &[u8]) {
    if let Ok((body, _)) = ssl2_hello(data) {
        if let Ok(hello) = Ssl2ClientHello::parse(body) {
            assert!(hello.cipher_suites().count() <= data.len());
        }
        let _ = Ssl2ServerHello::parse(body);
    }
    let mut messages = Vec::new();
    let mut rest = data;
    while let Ok((after, header)) = record_header(rest) {
        let Some((fragment, after)) = after.split_at_checked(header.length.into()) else { break };
        rest = after;
        let _ = Alert::parse(fragment);
        let _ = Heartbeat::parse(fragment);
        messages.extend_from_slice(fragment);
    }
    let mut rest = messages.as_slice();
    while let Some(header) = handshake_header(rest) {
        let Some((message, after)) = rest.split_at_checked(4 + header.length as usize) else { break };
        rest = after;
        handshake_message(header.kind, &message[4..]);
    }
}

/// One message under the layouts of TLS 1.0, 1.2 and 1.3, and with suites of every kind of key exchange.
fn handshake_message(kind: HandshakeType, body: &[u8]) {
    for version in [ProtocolVersion::TLS_1_0, ProtocolVersion::TLS_1_2, ProtocolVersion::TLS_1_3] {
        for suite in [0x0003, 0x0005, 0x002f, 0x0033, 0x008c, 0xc013, 0xc02f, 0xc035, 0x1301] {
            let context = MessageContext { version, cipher_suite: CipherSuite(suite) };
            if let Ok(message) = HandshakeMessage::parse(kind, body, context) {
                let _ = write!(std::io::sink(), "{message:?}");
            }
        }
    }
    if kind == HandshakeType::CLIENT_HELLO {
        let (prefix, error) = ClientHello::parse_prefix(body);
        let whole = ClientHello::parse(body);
        assert_eq!(whole.is_ok(), error.is_none(), "parse and parse_prefix disagree");
        assert!(whole.is_err() || whole.ok() == prefix);
        if let Some(hello) = prefix {
            extensions(&hello.extensions);
        }
    }
}

/// Every typed reader over one block of extensions.
fn extensions(block: &Extensions<'_>) {
    let mut sink = std::io::sink();
    let _ = write!(sink, "{:?} {:?} {:?}", block.server_name(), block.supported_versions(), block.supported_groups());
    let _ = write!(sink, "{:?} {:?} {:?}", block.key_shares(), block.key_share(), block.retry_group());
    let _ = write!(sink, "{:?} {:?} {:?}", block.signature_algorithms(), block.alpn(), block.selected_alpn());
    let _ =
        write!(sink, "{:?} {:?} {:?}", block.pre_shared_key(), block.psk_key_exchange_modes(), block.session_ticket());
    let _ = write!(sink, "{:?} {:?} {:?}", block.encrypted_client_hello(), block.ech_retry_configs(), block.padding());
    let _ =
        write!(sink, "{:?} {:?} {:?}", block.status_request(), block.certificate_authorities(), block.oid_filters());
    assert_eq!(block.iter().count(), block.len());
}

/// Frames, through the engine, and all that can be read from the handshakes that come out.
pub fn engine(data: &[u8]) {
    let limits = Limits { flows: 4, flow_bytes: 4096, total_bytes: 65_536, ..Limits::default() };
    let mut engine = Engine::new(limits, 0);
    frames(data, |frame| {
        engine.frame(frame);
        assert!(engine.stats().flows <= 4);
        assert!(engine.stats().buffered <= 65_536, "{} bytes are buffered", engine.stats().buffered);
    });
    engine.finish();
    assert_eq!(engine.stats().flows, 0);
    while let Some(handshake) = engine.poll() {
        let _ = write!(std::io::sink(), "{:?}", handshake.negotiated());
        assert!(handshake.first.frame <= handshake.last.frame);
        assert!(handshake.server_certificates().count() + handshake.client_certificates().count() <= data.len());
    }
}
