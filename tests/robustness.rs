//! What a worse sensor would have seen. Packets moved by up to eight places or doubled: the same handshakes. Packets lost
//! or snapped, the file cut: no crash, and no handshake gets an outcome for want of packets that it does not have when they
//! are there. The same file twice: the same bytes.

use crate::support::mutate::{Packet, Random, doubled, lost, moved, pcap, snapped};
use crate::support::{captures_below, corpus, handshakes_by_file, packets, root, tlscribe};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;

/// The fields that a handshake keeps when its packets come in another order or twice. Not among them: what depends on
/// which packet came first, as frame numbers, times and who of two closed first.
const KEPT: [&str; 18] = [
    "client",
    "server",
    "outcome",
    "version",
    "cipher_suite_code",
    "named_group",
    "signature_scheme",
    "sni",
    "alpn",
    "resumed",
    "early_data",
    "hello_retry",
    "client_auth",
    "ech",
    "ja3",
    "ja3s",
    "ja4",
    "server_chain_sha256",
];

/// The captures that are copied: ours, and other people's where they are there. Those with several link types stay
/// out: a classic pcap has one.
fn originals() -> Vec<(String, u32, Vec<Packet>)> {
    let folders = [Some(root().join("captures")), corpus("robustness: other people's captures")];
    folders
        .into_iter()
        .flatten()
        .flat_map(|folder| {
            captures_below(&folder).into_iter().map(move |path| (path.strip_prefix(&folder).unwrap().to_owned(), path))
        })
        .filter_map(|(name, path)| {
            let (link, packets) = packets(&path)?;
            Some((name.to_str().unwrap().replace('/', "~"), link, packets))
        })
        .collect()
}

/// A folder of captures, each written under its name; the suffix makes it one whatever it was.
struct Copies {
    folder: TempDir,
}

impl Copies {
    /// An empty one; it stays behind where TLSCRIBE_KEEP is set, so that a copy that failed can be looked at.
    fn new() -> Self {
        let mut folder = TempDir::new().unwrap();
        if std::env::var_os("TLSCRIBE_KEEP").is_some() {
            folder.disable_cleanup(true);
            println!("copies stay in {}", folder.path().display());
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.copy.pcap"))
    }

    fn write(&self, name: &str, file: &[u8]) {
        std::fs::write(self.path(name), file).unwrap();
    }

    /// The handshakes in all of them, by file.
    fn read(&self) -> BTreeMap<PathBuf, Vec<Value>> {
        handshakes_by_file(&captures_below(self.folder.path()))
    }
}

/// What must stay of each handshake of a capture, in an order of its own.
fn kept(events: &[Value]) -> Vec<String> {
    let mut kept: Vec<String> = events
        .iter()
        .map(|event| {
            let fields: serde_json::Map<_, _> =
                KEPT.iter().filter_map(|field| Some(((*field).to_owned(), event.get(*field)?.clone()))).collect();
            Value::Object(fields).to_string()
        })
        .collect();
    kept.sort();
    kept
}

/// Makes a copy of every capture and asks that its handshakes are the original's.
fn same_handshakes(copy: impl Fn(&[Packet], &mut Random) -> Vec<Packet>) {
    let originals = originals();
    let (whole, copies) = (Copies::new(), Copies::new());
    for (seed, (name, link, packets)) in (0..).zip(&originals) {
        whole.write(name, &pcap(*link, packets));
        copies.write(name, &pcap(*link, &copy(packets, &mut Random::new(seed))));
    }
    let (expected, got) = (whole.read(), copies.read());
    let none = Vec::new();
    let mut wrong = Vec::new();
    for (name, ..) in &originals {
        let expected = kept(expected.get(&whole.path(name)).unwrap_or(&none));
        let got = kept(got.get(&copies.path(name)).unwrap_or(&none));
        wrong.extend(expected.iter().filter(|one| !got.contains(one)).map(|one| format!("{name}: gone: {one}")));
        wrong.extend(got.iter().filter(|one| !expected.contains(one)).map(|one| format!("{name}: new:  {one}")));
        if expected.len() != got.len() {
            wrong.push(format!("{name}: {} handshakes, {} in the copy", expected.len(), got.len()));
        }
    }
    assert!(wrong.is_empty(), "{} captures, {} differences:\n{}", originals.len(), wrong.len(), wrong.join("\n"));
}

/// The outcomes by the two ends, in whichever order: where a hello is lost, roles may be guessed.
fn outcomes(events: &[Value]) -> BTreeMap<String, Vec<&str>> {
    let mut by_ends: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for event in events {
        let mut ends = [event["client"].to_string(), event["server"].to_string()];
        ends.sort();
        by_ends.entry(ends.concat()).or_default().push(event["outcome"].as_str().unwrap());
    }
    by_ends
}

/// Makes copies of every capture that lack something and asks that no handshake in them has an outcome, other than
/// unfinished, that it does not have in the original.
fn no_outcome_for_want_of_packets(copies_of: impl Fn(u32, &[Packet], &mut Random) -> Vec<Vec<u8>>) {
    let originals = originals();
    let (whole, copies) = (Copies::new(), Copies::new());
    let mut names = Vec::new();
    for (seed, (name, link, packets)) in (0..).zip(&originals) {
        whole.write(name, &pcap(*link, packets));
        for (number, copy) in copies_of(*link, packets, &mut Random::new(seed)).iter().enumerate() {
            let copied = format!("{name}.{number}");
            copies.write(&copied, copy);
            names.push((name, copied));
        }
    }
    let (expected, got) = (whole.read(), copies.read());
    let none = Vec::new();
    let mut wrong = Vec::new();
    for (name, copied) in names {
        let mut expected = outcomes(expected.get(&whole.path(name)).unwrap_or(&none));
        for (ends, outcomes) in outcomes(got.get(&copies.path(&copied)).unwrap_or(&none)) {
            let expected = expected.entry(ends.clone()).or_default();
            for outcome in outcomes.into_iter().filter(|outcome| *outcome != "unfinished") {
                match expected.iter().position(|expected| *expected == outcome) {
                    Some(at) => drop(expected.remove(at)),
                    None => wrong.push(format!("{copied}: {ends}: {outcome}, in the original: {expected:?}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} captures, {} outcomes:\n{}", originals.len(), wrong.len(), wrong.join("\n"));
}

#[test]
fn packets_moved_by_up_to_eight_places_give_the_same_handshakes() {
    same_handshakes(moved);
}

#[test]
fn packets_that_come_twice_give_the_same_handshakes() {
    same_handshakes(doubled);
}

#[test]
fn packets_that_were_lost_decide_no_outcome() {
    no_outcome_for_want_of_packets(|link, packets, random| {
        [3, 10, 10, 30].map(|one_in| pcap(link, &lost(packets, one_in, random))).to_vec()
    });
}

#[test]
fn frames_that_were_snapped_decide_no_outcome() {
    no_outcome_for_want_of_packets(|link, packets, _| {
        [60, 100, 200, 600, 1400].map(|length| pcap(link, &snapped(packets, length))).to_vec()
    });
}

#[test]
fn a_file_that_was_cut_decides_no_outcome() {
    no_outcome_for_want_of_packets(|link, packets, random| {
        let whole = pcap(link, packets);
        (0..4).map(|_| whole[..usize::try_from(random.below(whole.len() as u64)).unwrap()].to_vec()).collect()
    });
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let once = || {
        let run = tlscribe(["read".as_ref(), "-q".as_ref(), root().join("captures").as_os_str()]);
        assert!(!run.stdout.is_empty());
        run.stdout
    };
    assert_eq!(once(), once());
}
