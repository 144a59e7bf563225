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

/// Captures that say something else when packets are out of order or lost: only all their packets in their order tell what
/// happened.
const ENTANGLED: [(&str, &str); 15] = [
    ("mercury/unit_tests/pcaps/capture2.pcap", "captured on both sides of a firewall that rewrites sequence numbers"),
    (
        "ndpi/tests/cfgs/default/pcap/tls_multiple_synack_different_seq.pcapng",
        "the server answers one SYN several times, differently",
    ),
    ("suricata-verify/tcp-fastopen-10-syn-data-ignore/input.pcap", "two servers behind one address answer one SYN"),
    (
        "zeek/tls/missing-intermediate.pcap",
        "how soon the client left is all that tells whether it refused the certificate",
    ),
    ("zeek/tls/cert-no-cn.pcap", "how soon the client left is all that tells whether it refused the certificate"),
    (
        "zeek/tls/certificate-with-sct.pcap",
        "how soon the client left is all that tells whether it refused the certificate",
    ),
    (
        "failures-not-tls/plain-http-nss-at-client.pcap",
        "how long the client waited is all that tells that nobody answered",
    ),
    (
        "failures-other-stacks/nss/plain-http-to-tls.pcap",
        "how long the client waited is all that tells that nobody answered",
    ),
    ("zeek/tls/irc-starttls.pcap", "how soon the client left is all that tells whether it refused the certificate"),
    (
        "no-failure/local-port-again-at-client.pcap",
        "two connections from the same port, the second right after the first",
    ),
    ("no-failure/idle-tls12-at-client.pcap", "how long it was open is all that tells its outcome"),
    ("no-failure/idle-tls13-at-client.pcap", "how long it was open is all that tells its outcome"),
    (
        "failures-other-stacks/chromium/page-tls12.pcap",
        "the client closes first, and the server's Finished is one packet",
    ),
    (
        "failures-other-stacks/firefox/expired-tls12.pcap",
        "the client refuses while the server's Finished is on its way",
    ),
    (
        "failures-other-stacks/haproxy/client-certificate-missing-tls13.pcap",
        "the server refuses while the client's Finished is on its way",
    ),
];

/// How many copies of each kind are made of a capture; more where TLSCRIBE_SEEDS says so.
fn seeds() -> u64 {
    std::env::var("TLSCRIBE_SEEDS").map_or(2, |seeds| seeds.parse().unwrap())
}

/// The captures that are copied: ours, and other people's where they are there. Those with several link types stay
/// out, for a classic pcap has one, and so do those that are [`ENTANGLED`].
fn originals() -> Vec<(String, u32, Vec<Packet>)> {
    let folders = [Some(root().join("captures")), corpus("robustness: other people's captures")];
    folders
        .into_iter()
        .flatten()
        .flat_map(|folder| {
            captures_below(&folder).into_iter().map(move |path| (path.strip_prefix(&folder).unwrap().to_owned(), path))
        })
        .filter_map(|(name, path)| {
            let name = name.to_str().unwrap();
            if ENTANGLED.iter().any(|(entangled, _)| *entangled == name) {
                return None;
            }
            let (link, packets) = packets(&path)?;
            Some((name.replace('/', "~"), link, packets))
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

/// Copies of all captures and which capture each is a copy of, read.
struct Experiment {
    names: Vec<(String, String)>,
    originals: BTreeMap<PathBuf, Vec<Value>>,
    copies: BTreeMap<PathBuf, Vec<Value>>,
    folders: [Copies; 2],
}

impl Experiment {
    /// Makes copies of every capture with every seed, as files, and reads them and the originals.
    fn new(copy: impl Fn(u32, &[Packet], &mut Random) -> Vec<Vec<u8>>) -> Self {
        let folders = [Copies::new(), Copies::new()];
        let mut names = Vec::new();
        for (name, link, packets) in originals() {
            folders[0].write(&name, &pcap(link, &packets));
            for seed in 0..seeds() {
                let made = copy(link, &packets, &mut Random::new(&name, seed));
                for (number, file) in made.iter().enumerate() {
                    let copied = format!("{name}.{seed}.{number}");
                    folders[1].write(&copied, file);
                    names.push((name.clone(), copied));
                }
            }
        }
        let [originals, copies] = [folders[0].read(), folders[1].read()];
        Self { names, originals, copies, folders }
    }

    /// Of each copy: its name, the original's handshakes and its own.
    fn pairs(&self) -> impl Iterator<Item = (&str, &[Value], &[Value])> {
        let [whole, copies] = &self.folders;
        self.names.iter().map(move |(name, copied)| {
            let original = self.originals.get(&whole.path(name)).map_or(&[][..], Vec::as_slice);
            let copy = self.copies.get(&copies.path(copied)).map_or(&[][..], Vec::as_slice);
            (copied.as_str(), original, copy)
        })
    }
}

/// Makes copies of every capture and asks that their handshakes are the original's.
fn same_handshakes(copy: impl Fn(&[Packet], &mut Random) -> Vec<Packet>) {
    let experiment = Experiment::new(|link, packets, random| vec![pcap(link, &copy(packets, random))]);
    let mut wrong = Vec::new();
    for (name, original, copy) in experiment.pairs() {
        let (expected, got) = (kept(original), kept(copy));
        wrong.extend(expected.iter().filter(|one| !got.contains(one)).map(|one| format!("{name}: gone: {one}")));
        wrong.extend(got.iter().filter(|one| !expected.contains(one)).map(|one| format!("{name}: new:  {one}")));
        if expected.len() != got.len() {
            wrong.push(format!("{name}: {} handshakes, {} in the copy", expected.len(), got.len()));
        }
    }
    assert!(wrong.is_empty(), "{} copies, {} differences:\n{}", experiment.names.len(), wrong.len(), wrong.join("\n"));
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

/// Makes copies of every capture that lack something and asks that no handshake in them is called established, failed or
/// abandoned that is not in the original. Unused may be one whose data were lost with all that speaks of them.
fn no_outcome_for_want_of_packets(copies_of: impl Fn(u32, &[Packet], &mut Random) -> Vec<Vec<u8>>) {
    let experiment = Experiment::new(copies_of);
    let mut wrong = Vec::new();
    for (name, original, copy) in experiment.pairs() {
        let mut expected = outcomes(original);
        for (ends, outcomes) in outcomes(copy) {
            let expected = expected.entry(ends.clone()).or_default();
            let claims = |outcome: &&str| !matches!(*outcome, "unfinished" | "unused");
            for outcome in outcomes.into_iter().filter(claims) {
                match expected.iter().position(|expected| *expected == outcome) {
                    Some(at) => drop(expected.remove(at)),
                    None => wrong.push(format!("{name}: {ends}: {outcome}, in the original: {expected:?}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} copies, {} outcomes:\n{}", experiment.names.len(), wrong.len(), wrong.join("\n"));
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
        [3, 10, 30].map(|one_in| pcap(link, &lost(packets, one_in, random))).to_vec()
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
        (0..2).map(|_| whole[..usize::try_from(random.below(whole.len() as u64)).unwrap()].to_vec()).collect()
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
