//! What the integration tests share: the built program and its events, our captures, other people's captures.

pub(crate) mod mmdb;
pub(crate) mod mutate;
pub(crate) mod scrape;

use mutate::Packet;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tlscribe::capture::{Input, Source};

/// The suffixes of files that are captures.
const CAPTURE_SUFFIXES: [&str; 9] =
    [".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz", ".cap.gz", ".pcap.zst", ".pcapng.zst", ".cap.zst"];

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Other projects' captures with tshark's facts about them; `None`, said on the terminal, where they are not there.
pub(crate) fn corpus(test: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("{test}: SKIPPED, there are no captures in {}", folder.display()));
    None
}

/// Says something straight on the terminal: the test runner keeps to itself what a passing test prints.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prometheus's own checker, from the system or from where `scripts/test` puts it; `None`, said on the terminal, where it is
/// not there.
pub(crate) fn promtool(test: &str) -> Option<PathBuf> {
    let places = [PathBuf::from("promtool"), root().join("target/tools/promtool")];
    let runs = |place: &PathBuf| Command::new(place).arg("--version").output().is_ok_and(|run| run.status.success());
    let found = places.into_iter().find(runs);
    if found.is_none() {
        say(&format!("{test}: SKIPPED, there is no promtool here"));
    }
    found
}

/// The captures in a folder and the folders below it, in order of their names.
pub(crate) fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = files_below(folder)
        .into_iter()
        .filter(|path| CAPTURE_SUFFIXES.iter().any(|suffix| name(path).ends_with(suffix)))
        .collect();
    found.sort();
    found
}

/// All files in a folder and the folders below it.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

/// A file's name as text.
pub(crate) fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Runs the built program.
pub(crate) fn tlscribe<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tlscribe")).args(arguments).output().unwrap()
}

/// The handshakes of one capture, in the order of their first frames.
pub(crate) fn handshakes(capture: &Path) -> Vec<Value> {
    handshakes_by_file(&[capture.to_owned()]).remove(capture).unwrap_or_default()
}

/// The handshakes of several captures, each a capture of its own, in the order of their first frames.
pub(crate) fn handshakes_by_file(captures: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Value>> {
    handshakes_told(&[], captures)
}

/// The same, the program told something besides.
pub(crate) fn handshakes_told(options: &[String], captures: &[PathBuf]) -> BTreeMap<PathBuf, Vec<Value>> {
    let mut files: BTreeMap<PathBuf, Vec<Value>> = BTreeMap::new();
    // a command line has its bounds
    for captures in captures.chunks(1000) {
        let words = ["read", "-q"].into_iter().chain(options.iter().map(String::as_str)).map(OsStr::new);
        let run = tlscribe(words.chain(captures.iter().map(|path| path.as_os_str())));
        let code = run.status.code();
        // 1: something could not be read, and the rest was
        assert!(matches!(code, Some(0 | 1)), "tlscribe ended with {code:?}: {}", String::from_utf8_lossy(&run.stderr));
        for line in std::str::from_utf8(&run.stdout).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            if event["event_type"] == "handshake" {
                files.entry(event["observer"]["file"].as_str().unwrap().into()).or_default().push(event);
            }
        }
    }
    for events in files.values_mut() {
        events.sort_by_key(|event| event["capture"]["frames"][0].as_u64());
    }
    files
}

/// All packets of a capture and their link type; `None` where there are none, or not all of one link type.
pub(crate) fn packets(capture: &Path) -> Option<(u32, Vec<Packet>)> {
    let mut source = Source::open(&Input::File(capture.to_owned())).ok()?;
    let mut packets = Vec::new();
    let mut link = None;
    // a capture that ends in an error has its packets up to there
    while let Ok(Some(frame)) = source.next_frame() {
        if *link.get_or_insert(frame.link) != frame.link {
            return None;
        }
        packets.push(Packet {
            time: frame.time.as_nanos(),
            original_length: frame.original_length,
            bytes: frame.bytes.to_vec(),
        });
    }
    Some((u32::from(link?.0), packets))
}
