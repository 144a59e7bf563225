//! Files of events: in rotation, compressed, and readable whatever becomes of the program.

use super::traffic::captured;
use crate::support::{files_below, name, say, tlscribe};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a capture of so many handshakes, and what `read` tells of it without a file.
struct Captured {
    folder: TempDir,
    told: Vec<u8>,
}

impl Captured {
    fn new(count: usize) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("out")).unwrap();
        let capture = captured(&["outcomes", "failures-server-certificate"], count, Duration::from_secs(61));
        std::fs::write(folder.path().join("a.pcap"), capture).unwrap();
        let told = tlscribe(["read", "-q", folder.path().join("a.pcap").to_str().unwrap()]).stdout;
        Self { folder, told }
    }

    /// Reads the capture into this file, with these options.
    fn read(&self, file: &str, options: &str) -> Vec<PathBuf> {
        let out = self.folder.path().join("out");
        let target = format!("file:{}?{options}", out.join(file).display());
        let capture = self.folder.path().join("a.pcap");
        let run = tlscribe(["read", "-q", "-o", &target, capture.to_str().unwrap()]);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        files(&out)
    }
}

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.sort();
    files
}

/// What a file holds.
fn unpacked(file: &Path) -> io::Result<Vec<u8>> {
    let bytes = std::fs::read(file)?;
    match file.extension().unwrap().to_str() {
        Some("gz") => {
            let mut text = Vec::new();
            MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).map(|_| text)
        }
        Some("zst") => zstd::decode_all(bytes.as_slice()),
        _ => Ok(bytes),
    }
}

/// The same, as the tool reads it that users have.
fn content(file: &Path) -> Vec<u8> {
    let tool = match file.extension().unwrap().to_str() {
        Some("gz") => "gzip",
        Some("zst") => "zstd",
        _ => return std::fs::read(file).unwrap(),
    };
    match Command::new(tool).arg("-dcq").arg(file).output() {
        Ok(run) => {
            assert!(run.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&run.stderr));
            run.stdout
        }
        Err(error) => {
            say(&format!("{}: SKIPPED in part, {tool} is not here: {error}", name(file)));
            unpacked(file).unwrap()
        }
    }
}

/// The contents of files, one after the other.
fn contents(files: &[PathBuf]) -> Vec<u8> {
    files.iter().flat_map(|file| content(file)).collect()
}

/// The ids of lines, none of which is torn.
fn ids(lines: &[u8]) -> Vec<String> {
    assert!(lines.is_empty() || lines.ends_with(b"\n"));
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    std::str::from_utf8(lines).unwrap().lines().map(id).collect()
}

#[test]
fn a_rotation_by_size_has_every_event_once_and_in_order() {
    let captured = Captured::new(1500);
    for (options, suffix) in [("", "jsonl"), ("&compress=gzip", "jsonl.gz"), ("&compress=zstd", "jsonl.zst")] {
        let _ = std::fs::remove_dir_all(captured.folder.path().join("out"));
        std::fs::create_dir(captured.folder.path().join("out")).unwrap();
        let files = captured.read("events.jsonl", &format!("rotate_size=1{options}"));
        assert_eq!(contents(&files), captured.told, "{options}");
        assert!(files.len() >= if options.is_empty() { 3 } else { 1 }, "{files:?}");
        for (number, file) in (1..).zip(&files) {
            let rest = name(file).strip_prefix(&format!("events_{number:05}_")).unwrap();
            let (time, rest) = rest.split_at(14);
            assert!(time.bytes().all(|digit| digit.is_ascii_digit()), "{}", name(file));
            assert_eq!(rest, format!(".{suffix}"));
            assert!(file.metadata().unwrap().len() <= 1 << 20, "{}", name(file));
            assert!(!ids(&content(file)).is_empty());
        }
    }
}

#[test]
fn only_the_latest_files_stay_and_what_was_there_before() {
    let captured = Captured::new(1500);
    let theirs = captured.folder.path().join("out/events_00000_20200101000000.jsonl");
    std::fs::write(&theirs, "theirs").unwrap();
    let files = captured.read("events.jsonl", "rotate_size=1&keep=2");
    assert_eq!((files.len(), &files[0]), (3, &theirs));
    assert_eq!(content(&theirs), b"theirs");
    assert!(captured.told.ends_with(&contents(&files[1..])), "the latest events");
}

#[test]
fn each_zeek_log_of_a_rotation_is_one_that_zeek_could_have_written() {
    let captured = Captured::new(1500);
    let files = captured.read("ssl.log", "format=zeek-tsv&compress=zstd&rotate_size=1");
    let mut rows = 0;
    for file in &files {
        let text = String::from_utf8(content(file)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "#separator \\x09");
        assert!(lines[5].starts_with("#open\t20") && lines.last().unwrap().starts_with("#close\t20"));
        rows += lines.iter().filter(|line| !line.starts_with('#')).count();
    }
    assert_eq!(rows, ids(&captured.told).len());
}

#[test]
fn without_rotation_a_compressed_file_has_everything_and_replaces_the_last_run() {
    let captured = Captured::new(300);
    for packing in ["gzip", "zstd"] {
        let files = captured.read(packing, &format!("compress={packing}"));
        let [file] = files.iter().filter(|file| name(file).starts_with(packing)).collect::<Vec<_>>()[..] else {
            panic!("{files:?}")
        };
        assert_eq!(content(file), captured.told);
        assert_eq!(captured.read(packing, &format!("compress={packing}")), files);
        assert_eq!(content(file), captured.told);
    }
}

#[test]
fn a_capture_is_not_overwritten_by_a_name_that_gets_a_suffix() {
    let captured = Captured::new(3);
    let capture = captured.folder.path().join("a.pcap.gz");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&std::fs::read(captured.folder.path().join("a.pcap")).unwrap()).unwrap();
    let packed = packed.finish().unwrap();
    std::fs::write(&capture, &packed).unwrap();
    let target = format!("file:{}?compress=gzip", captured.folder.path().join("a.pcap").display());
    let run = tlscribe(["read", "-q", "-o", &target, capture.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(2), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(std::fs::read(&capture).unwrap(), packed);
}

/// A run that reads standard input, which stays open.
struct Reading {
    child: Child,
    folder: TempDir,
}

impl Reading {
    fn start(options: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let target = format!("file:{}?{options}", folder.path().join("a.jsonl").display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        let child = command.args(["read", "-q", "-o", &target, "-"]).stdin(Stdio::piped()).spawn().unwrap();
        Self { child, folder }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(bytes).and_then(|()| input.flush()).unwrap();
    }

    /// Waits until there are so many files, and events in them.
    #[track_caller]
    fn wait_for(&mut self, count: usize, events: usize) -> Vec<PathBuf> {
        let begun = Instant::now();
        loop {
            let files = files(self.folder.path());
            // A piece may be on its way just now.
            let told = files.iter().map(|file| unpacked(file).unwrap_or_default());
            let told: usize = told.map(|text| text.iter().filter(|byte| **byte == b'\n').count()).sum();
            if files.len() >= count && told >= events {
                return files;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{files:?} {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_rotation_by_time_ends_a_file_though_nothing_comes() {
    let capture = captured(&["outcomes"], 60, Duration::from_secs(61));
    let mut reading = Reading::start("rotate_time=1&format=zeek-tsv");
    let (first, second) = capture.split_at(capture.len() / 2);
    reading.feed(first);
    let closed = |file: &PathBuf| std::fs::read_to_string(file).unwrap().lines().last().unwrap().starts_with("#close");
    let begun = Instant::now();
    while !reading.wait_for(1, 20).iter().all(closed) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = files(reading.folder.path()).len();
    reading.feed(second);
    drop(reading.child.stdin.take());
    assert!(reading.child.wait().unwrap().success());
    let files = files(reading.folder.path());
    assert!(files.len() > before && files.iter().all(closed), "{files:?}");
}

#[test]
fn what_is_on_the_disk_can_be_read_after_a_kill() {
    let capture = captured(&["outcomes"], 60, Duration::from_secs(61));
    for packing in ["none", "gzip", "zstd"] {
        let mut reading = Reading::start(&format!("compress={packing}"));
        reading.feed(&capture[..capture.len() / 2]);
        reading.wait_for(1, 10);
        reading.child.kill().unwrap();
        reading.child.wait().unwrap();
        let files = files(reading.folder.path());
        assert!(ids(&content(&files[0])).len() >= 10, "{packing}");
    }
}
