//! A long time of traffic made of small captures, written to standard output as one capture: `day RATE SECONDS CAPTURE...`
//!
//! So many times a second one of the captures begins anew, at another client and another server, with other names and
//! other certificates (their bytes are overwritten in place: nobody who only watches can check a signature over them), and
//! runs in its own time beside those that have not ended. One in four breaks off within its first frames, for good: half
//! open, or in the middle of a hello. What cannot be used (not classic pcap, not Ethernet) is left out.
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::{self, BufWriter, Write};

/// Microseconds at which it begins: 2026-01-01.
const BEGIN: u64 = 1_767_225_600_000_000;
/// Servers, each with a name and a certificate, at which the same capture is played.
const SERVERS: u64 = 32;

/// What is overwritten in a frame.
#[derive(Clone, Copy)]
enum Patch {
    /// The last two bytes of an address.
    Client(usize),
    Server(usize),
    /// Letters of a name.
    Name(usize, usize),
    /// The last byte of a serial number.
    Serial(usize),
}

struct Frame {
    /// Microseconds since the first one.
    time: u64,
    bytes: Vec<u8>,
    patches: Vec<Patch>,
}

/// Hash of a number (splitmix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The addresses of a frame, source and destination, where Ethernet is followed by IP.
fn addresses(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let ip = frame.get(14..)?;
    match frame.get(12..14)? {
        [8, 0] => Some((ip.get(12..16)?, ip.get(16..20)?)),
        [0x86, 0xdd] => Some((ip.get(8..24)?, ip.get(24..40)?)),
        _ => None,
    }
}

/// Where the names and serial numbers of a frame are, and the addresses in its headers and in those that it quotes.
fn patches(frame: &[u8], clients: &BTreeSet<Vec<u8>>, servers: &BTreeSet<Vec<u8>>) -> Vec<Patch> {
    let mut found = Vec::new();
    for at in 14..frame.len() {
        let rest = &frame[at..];
        if at < 120 {
            // The ends of both keep the network, so that what is beside the address still fits.
            let ends = |set: &BTreeSet<Vec<u8>>| {
                set.iter().find(|address| rest.starts_with(address)).map(|address| at + address.len() - 2)
            };
            found.extend(ends(clients).map(Patch::Client));
            found.extend(ends(servers).map(Patch::Server));
        }
        match rest {
            // RFC 6066 section 3: extension 0, its length, the list's, a host name, its length.
            [0, 0, a, b, c, d, 0, e, f, name @ ..] => {
                let [extension, list, length] =
                    [[a, b], [c, d], [e, f]].map(|[a, b]| usize::from(*a) << 8 | usize::from(*b));
                let fits = extension == list + 2 && list == length + 3 && length >= 6 && name.len() >= length;
                if fits && name[..length].iter().all(u8::is_ascii_graphic) {
                    found.push(Patch::Name(at + 9, name[..length].iter().take_while(|byte| **byte != b'.').count()));
                }
            }
            // RFC 5280 section 4.1: version 3, and the serial number.
            [0xa0, 3, 2, 1, 2, 2, length @ 1..=20, number @ ..] if number.len() >= usize::from(*length) => {
                found.push(Patch::Serial(at + 6 + usize::from(*length)));
            }
            _ => {}
        }
    }
    found
}

/// The frames of a capture.
fn load(path: &str) -> Option<Vec<Frame>> {
    let file = std::fs::read(path).ok()?;
    let word = |at: usize| Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let unit = match word(0)? {
        0xa1b2_c3d4 => 1,
        0xa1b2_3c4d => 1000,
        _ => return None,
    };
    if word(20)? != 1 {
        return None;
    }
    let (mut frames, mut at) = (Vec::new(), 24);
    while let (Some(seconds), Some(part), Some(length)) = (word(at), word(at + 4), word(at + 8)) {
        let Some(bytes) = file.get(at + 16..at + 16 + length as usize) else { break };
        frames.push(Frame {
            time: u64::from(seconds) * 1_000_000 + u64::from(part) / unit,
            bytes: bytes.to_vec(),
            patches: vec![],
        });
        at += 16 + bytes.len();
    }
    frames.sort_by_key(|frame| frame.time);
    let first = frames.first()?.time;
    let (mut clients, mut servers) = (BTreeSet::new(), BTreeSet::new());
    for frame in &frames {
        // Whoever speaks first is the client, in most of them.
        let Some((source, destination)) = addresses(&frame.bytes) else { continue };
        if !servers.contains(source) {
            clients.insert(source.to_vec());
        }
        if !clients.contains(destination) {
            servers.insert(destination.to_vec());
        }
    }
    for frame in &mut frames {
        frame.time -= first;
        frame.patches = patches(&frame.bytes, &clients, &servers);
    }
    Some(frames)
}

/// Writes a frame as the copy of that number has it, which is played at that server.
fn write(
    out: &mut impl Write,
    time: u64,
    frame: &Frame,
    copy: u64,
    server: u64,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    bytes.clear();
    bytes.extend_from_slice(&frame.bytes);
    for patch in &frame.patches {
        match *patch {
            Patch::Client(at) => bytes[at..at + 2].copy_from_slice(&(copy as u16).to_be_bytes()),
            Patch::Server(at) => bytes[at..at + 2].copy_from_slice(&(server as u16).to_be_bytes()),
            Patch::Name(at, letters) => {
                bytes[at..at + letters]
                    .iter_mut()
                    .rev()
                    .take(4)
                    .enumerate()
                    .for_each(|(place, byte)| *byte = b'a' + (server >> (4 * place)) as u8 % 16);
            }
            Patch::Serial(at) => bytes[at] = server as u8 & 0x7f,
        }
    }
    let length = (bytes.len() as u32).to_le_bytes();
    for word in [((time / 1_000_000) as u32).to_le_bytes(), ((time % 1_000_000) as u32).to_le_bytes(), length, length] {
        out.write_all(&word)?;
    }
    out.write_all(bytes)
}

fn run() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (rate, seconds): (u64, u64) = (arguments[0].parse().unwrap(), arguments[1].parse().unwrap());
    let captures: Vec<Vec<Frame>> = arguments[2..].iter().filter_map(|path| load(path)).collect();
    let copies = rate * seconds;
    eprintln!("{} captures, {copies} copies of them in {seconds} s", captures.len());
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        out.write_all(&word.to_le_bytes())?;
    }
    // By the time of their next frame: copies that run, and that frame's place.
    let (mut running, mut bytes, mut next) = (BinaryHeap::<Reverse<(u64, u64, usize)>>::new(), Vec::new(), 0);
    loop {
        let begins = (next < copies).then(|| BEGIN + next * 1_000_000 / rate);
        if let Some(begins) = begins
            && running.peek().is_none_or(|Reverse((time, ..))| *time >= begins)
        {
            running.push(Reverse((begins, next, 0)));
            next += 1;
        }
        let Some(Reverse((time, copy, place))) = running.pop() else { return out.flush() };
        let played = mix(copy * 2) % captures.len() as u64;
        let frames = &captures[played as usize];
        write(&mut out, time, &frames[place], copy, played * SERVERS + mix(copy) % SERVERS, &mut bytes)?;
        let broken = copy % 4 == 3 && place as u64 >= mix(copy) >> 20 & 7;
        if let Some(follows) = frames.get(place + 1).filter(|_| !broken) {
            running.push(Reverse((time + follows.time - frames[place].time, copy, place + 1)));
        }
    }
}

fn main() {
    // A reader that is gone has had enough.
    let _ = run();
}
