//! More flows than anyone needs: a million that are open at a time, and floods that want to fill the memory or drive out
//! what matters. Traffic is made on the fly and goes through the built program's standard input, whose memory is watched.

use crate::support::mutate::{Packet, Random};
use crate::support::{captures_below, packets, root, say};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

const SYN: u8 = 0x02;
const SYN_ACK: u8 = 0x12;
const ACK: u8 = 0x10;

/// The client of our captures, and their link type.
const CLIENT: [u8; 4] = [10, 8, 0, 1];
const ETHERNET: u32 = 1;

/// One end of a connection.
type End = ([u8; 4], u16);

const SERVER: End = ([10, 100, 0, 1], 443);

/// An Ethernet frame with a segment.
fn segment((from, from_port): End, (to, to_port): End, numbers: [u32; 2], flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend(u16::try_from(40 + payload.len()).unwrap().to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend([from, to].concat());
    frame.extend([from_port, to_port].map(u16::to_be_bytes).concat());
    frame.extend(numbers.map(u32::to_be_bytes).concat());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}

/// The `number`th client of a flood.
fn client(number: u32) -> End {
    let [_, a, b, c] = number.to_be_bytes();
    ([11, a, b, c], 1024 + (number % 50_000) as u16)
}

/// The program while it reads what is sent to it.
struct Tap {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
    output: JoinHandle<String>,
    messages: JoinHandle<String>,
    time: u64,
}

/// What the program said, and what it took.
struct Told {
    events: Vec<Value>,
    summary: String,
    /// The most memory that was resident, in KiB; none where that cannot be seen.
    peak: Option<u64>,
}

impl Tap {
    fn open(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        command.args(["read", "-"]).args(options);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (output, messages) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let mut input = BufWriter::new(child.stdin.take().unwrap());
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, ETHERNET] {
            input.write_all(&word.to_le_bytes()).unwrap();
        }
        let read = |mut from: Box<dyn Read + Send>| {
            std::thread::spawn(move || {
                let mut text = String::new();
                from.read_to_string(&mut text).unwrap();
                text
            })
        };
        let (output, messages) = (read(Box::new(output)), read(Box::new(messages)));
        Self { child, input: Some(input), output, messages, time: 1_750_000_000_000_000 }
    }

    /// Sends a frame, five microseconds after the one before.
    fn send(&mut self, frame: &[u8]) {
        self.time += 5;
        let length = u32::try_from(frame.len()).unwrap();
        let (seconds, micros) = (self.time / 1_000_000, self.time % 1_000_000);
        let input = self.input.as_mut().unwrap();
        for word in [u32::try_from(seconds).unwrap(), u32::try_from(micros).unwrap(), length, length] {
            input.write_all(&word.to_le_bytes()).unwrap();
        }
        input.write_all(frame).unwrap();
    }

    /// The traffic ends, and so does the program.
    fn end(mut self) -> Told {
        self.input.take().unwrap().into_inner().unwrap();
        let mut peak = None;
        let code = loop {
            peak = peak.max(peak_of(self.child.id()));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            std::thread::yield_now();
        };
        let (output, summary) = (self.output.join().unwrap(), self.messages.join().unwrap());
        assert_eq!(code, Some(0), "{summary}");
        let events = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Told { events, summary, peak }
    }
}

/// The most memory of a process that was resident so far, in KiB, where the system tells it.
fn peak_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

impl Told {
    /// That no more memory was resident than so many MiB.
    fn assert_peak_below(&self, what: &str, mebibytes: u64) {
        match self.peak {
            Some(peak) => {
                say(&format!("{what}: {} MiB at most", peak / 1024));
                assert!(peak < mebibytes * 1024, "{peak} KiB");
            }
            None => say(&format!("{what}: memory SKIPPED, this system does not tell it")),
        }
    }

    fn evicted(&self) -> bool {
        self.summary.contains("given up for want of room")
    }

    /// What was told of each client of the real handshakes.
    fn real(&self) -> BTreeMap<String, Vec<[String; 4]>> {
        let mut told: BTreeMap<String, Vec<[String; 4]>> = BTreeMap::new();
        for event in &self.events {
            let client = event["client"]["ip"].as_str().unwrap();
            if client.starts_with("10.9.") {
                let gist = ["outcome", "version", "cipher_suite", "sni"].map(|field| event[field].to_string());
                told.entry(client.to_owned()).or_default().push(gist);
            }
        }
        told
    }
}

/// Our captures of TLS 1.2 and 1.3, each with a client of its own, side by side: a packet of each in turn.
fn real_handshakes() -> Vec<Packet> {
    let captures = ["tls12", "tls13"].map(|family| captures_below(&root().join("captures").join(family))).concat();
    let mut sides: Vec<_> = Vec::new();
    for (number, capture) in (1..).zip(&captures) {
        let Some((ETHERNET, mut packets)) = packets(capture) else { continue };
        for packet in &mut packets {
            for at in [26, 30] {
                if packet.bytes.get(12..14) == Some(&[8, 0]) && packet.bytes[at..at + 4] == CLIENT {
                    packet.bytes[at..at + 4].copy_from_slice(&[10, 9, 0, number]);
                }
            }
        }
        sides.push(packets.into_iter());
    }
    assert!(sides.len() > 30, "{} captures", sides.len());
    let mut mixed = Vec::new();
    loop {
        let before = mixed.len();
        mixed.extend(sides.iter_mut().filter_map(Iterator::next));
        if mixed.len() == before {
            return mixed;
        }
    }
}

/// Sends the real handshakes, with something before each packet, and ends the traffic.
fn among(options: &[&str], mut flood: impl FnMut(&mut Tap)) -> Told {
    let mut tap = Tap::open(options);
    for packet in real_handshakes() {
        flood(&mut tap);
        tap.send(&packet.bytes);
    }
    tap.end()
}

#[test]
fn a_million_flows_half_of_them_half_open_fit_in_256_mib() {
    const FLOWS: u32 = 1_000_000;
    let mut tap = Tap::open(&[]);
    for number in 0..FLOWS {
        let (from, begin) = (client(number), number.wrapping_mul(77_777));
        tap.send(&segment(from, SERVER, [begin, 0], SYN, b""));
        if number % 2 == 1 {
            tap.send(&segment(SERVER, from, [5_000, begin.wrapping_add(1)], SYN_ACK, b""));
            tap.send(&segment(from, SERVER, [begin.wrapping_add(1), 5_001], ACK, b""));
        }
    }
    let told = tap.end();
    told.assert_peak_below("a million flows", 256);
    assert!(!told.evicted() && told.events.is_empty(), "{}", told.summary);
}

#[test]
fn real_handshakes_are_found_in_a_flood_of_syns() {
    let alone = among(&[], |_| {});
    assert!(alone.real().len() > 30 && !alone.evicted());
    let mut number = 0;
    let mut random = Random::new("SYN flood", 1);
    let told = among(&["--max-flows", "20000"], |tap| {
        for _ in 0..400 {
            number += 1;
            let sequence = random.below(1 << 32) as u32;
            tap.send(&segment(client(number), SERVER, [sequence, 0], SYN, b""));
        }
    });
    assert!(number > 250_000 && told.evicted(), "{number} SYNs");
    told.assert_peak_below("a flood of SYNs", 64);
    assert_eq!(told.real(), alone.real());
}

#[test]
fn real_handshakes_are_found_in_a_flood_of_half_hellos() {
    let real = real_handshakes();
    let alone = among(&[], |_| {});
    // Behind the headers of Ethernet, IP and TCP.
    let payload =
        |packet: &Packet| packet.bytes.get(34 + usize::from(packet.bytes.get(46)? >> 4) * 4..).map(<[u8]>::to_vec);
    let hello = real.iter().filter_map(payload).find(|payload| payload.len() > 500 && payload.starts_with(&[22, 3]));
    let hello = hello.expect("a ClientHello of more than 500 bytes");
    let mut number = 0;
    let mut random = Random::new("half hellos", 1);
    let told = among(&["--max-buffer", "8"], |tap| {
        for _ in 0..30 {
            number += 1;
            let (from, begin) = (client(number), random.below(1 << 32) as u32);
            let half = &hello[..100 + random.below(400) as usize];
            tap.send(&segment(from, SERVER, [begin, 0], SYN, b""));
            tap.send(&segment(SERVER, from, [5_000, begin.wrapping_add(1)], SYN_ACK, b""));
            tap.send(&segment(from, SERVER, [begin.wrapping_add(1), 5_001], ACK, half));
        }
    });
    assert!(number > 20_000 && told.evicted(), "{number} half hellos");
    // 32 MiB of it are failures that wait for what may explain them; three times the flood takes no more.
    told.assert_peak_below("a flood of half hellos", 128);
    assert_eq!(told.real(), alone.real());
}
