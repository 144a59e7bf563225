//! `read -w`: a slice of a capture with just the packets of the handshakes that failed.

use super::made::Made;
use super::{Folder, Run};
use crate::support::mutate::{Packet, pcap};
use crate::support::{captures_below, root, say, tlscribe};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What must be the same in a slice: outcome, cause, party and confidence, by id.
type Verdicts = BTreeMap<String, [Option<String>; 4]>;

fn verdicts<'a>(events: impl IntoIterator<Item = &'a Value>) -> Verdicts {
    let of = |event: &Value| {
        let failure = &event["failure"];
        let fields = [&event["outcome"], &failure["cause"], &failure["party"], &failure["confidence"]];
        (event["id"].as_str().unwrap().to_owned(), fields.map(|field| field.as_str().map(str::to_owned)))
    };
    events.into_iter().map(of).collect()
}

fn has_failed(event: &&Value) -> bool {
    event.get("failure").is_some() || ["failed", "abandoned"].contains(&event["outcome"].as_str().unwrap())
}

/// Reads captures with `-w` and these options; the events, and the slice's.
fn sliced(folder: &Folder, words: &[&dyn AsRef<OsStr>]) -> (Vec<Value>, Vec<Value>) {
    let slice = folder.path("slice.pcapng");
    let run = Run::read(&[words, &[&"-w", &slice]].concat());
    run.ends(0, &[]);
    (run.events(), Run::read(&[&slice]).events())
}

/// The comments of a capture's packets, by tshark.
fn comments(capture: &Path) -> Option<Vec<String>> {
    let mut tshark = Command::new("tshark");
    let Ok(run) = tshark.arg("-r").arg(capture).args(["-T", "fields", "-e", "frame.comment"]).output() else {
        say("evidence: SKIPPED in part, there is no tshark here");
        return None;
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn a_slice_has_the_failures_alone_with_their_verdicts() {
    let folder = Folder::new();
    let captures = ["outcomes/expired.pcap", "alpn/tls12-refused.pcap"].map(|name| root().join("captures").join(name));
    let made = folder.file("made.pcap", &Made::refused(20).with_noise(50).with_unanswered(21, "b.example.org").file());
    for capture in captures.iter().chain([&made]) {
        let (all, slice) = sliced(&folder, &[capture]);
        let failed = verdicts(all.iter().filter(has_failed));
        assert!(!failed.is_empty());
        assert_eq!(failed, verdicts(&slice), "{}", capture.display());
    }
}

#[test]
fn the_slices_of_all_captures_tell_the_same_as_they_do() {
    let folder = Folder::new();
    let captures: Vec<PathBuf> = ["outcomes", "fragmented", "large", "link", "resumption", "tls12"]
        .iter()
        .flat_map(|family| captures_below(&root().join("captures").join(family)))
        .collect();
    let mut handshakes = 0;
    for capture in &captures {
        let slice = folder.path("slice.pcapng");
        // 1: a capture may be cut off on purpose
        let run = Run::read(&[capture, &"--tcp", &"-w", &slice, &"--write", &"all"]);
        assert!(run.code <= 1, "{}", run.errors);
        let all = run.events();
        handshakes += all.len();
        assert_eq!(verdicts(&all), verdicts(&Run::read(&[&slice, &"--tcp"]).events()), "{}", capture.display());
    }
    assert!(handshakes > 100, "{handshakes} handshakes: the captures are not there");
}

#[test]
fn the_first_packet_of_each_handshake_says_what_became_of_it() {
    let folder = Folder::new();
    let capture = root().join("captures/outcomes/expired.pcap");
    let (events, _) = sliced(&folder, &[&capture]);
    let bytes = std::fs::read(folder.path("slice.pcapng")).unwrap();
    let (summary, id) = (events[0]["failure"]["summary"].as_str().unwrap(), events[0]["id"].as_str().unwrap());
    let comment = format!(
        "failed: certificate_expired (server, certain)\n{summary}\n10.8.0.1:50986 > 10.8.0.2:443 expired.test\nevent {id}"
    );
    assert!(bytes.windows(comment.len()).any(|window| window == comment.as_bytes()), "{comment}");
    if let Some(comments) = comments(&folder.path("slice.pcapng")) {
        assert!(comments[0].contains("certificate_expired (server, certain)") && comments[0].contains(id));
        assert!(comments.len() > 1 && comments[1..].iter().all(String::is_empty), "{comments:?}");
    }
}

#[test]
fn only_handshakes_that_are_wanted_are_written() {
    let folder = Folder::new();
    let names = ["a.example.org", "b.example.org", "a.example.org"];
    let made = (1..).zip(names).fold(Made::default(), |made, (number, name)| made.with_refused(number, name));
    let file = folder.file("a.pcap", &made.file());
    let (told, slice) = sliced(&folder, &[&file, &"--sni", &"a.*"]);
    assert_eq!((told.len(), verdicts(&told)), (2, verdicts(&slice)));
    let (told, slice) = sliced(&folder, &[&file, &"--cause", &"certificate_expired"]);
    assert_eq!((told.len(), slice.len()), (0, 0));
    let (told, slice) = sliced(&folder, &[&file, &"--only", &"established"]);
    assert_eq!((told.len(), slice.len()), (0, 0));
}

#[test]
fn established_handshakes_are_written_where_all_are_asked_for() {
    let folder = Folder::new();
    let capture = root().join("captures/outcomes/established-tls13.pcap");
    let events = Run::read(&[&capture]).events();
    assert_eq!(events[0]["outcome"], "established");
    assert_eq!(sliced(&folder, &[&capture]).1.len(), 0);
    let (all, slice) = sliced(&folder, &[&capture, &"--write", &"all"]);
    assert_eq!(verdicts(&all), verdicts(&slice));
}

#[test]
fn a_rotation_keeps_the_latest_files_and_no_handshake_is_split() {
    let folder = Folder::new();
    let capture = folder.file("a.pcap", &Made::refused(40).file());
    let slice = folder.path("slice.pcapng");
    Run::read(&[&capture, &"-w", &slice, &"--rotate-time", &"1"]).ends(0, &[]);
    let slices =
        || -> Vec<PathBuf> { captures_below(folder.0.path()).into_iter().filter(|path| *path != capture).collect() };
    assert_eq!(slices(), [folder.path("slice_00001_20260301100000.pcapng")]);
    // The same again: the first file is there already, and stays.
    Run::read(&[&capture, &"-w", &slice, &"--rotate-time", &"1"]).ends(0, &[]);
    assert_eq!(slices().len(), 2);
    let read = |path: &PathBuf| verdicts(&Run::read(&[path]).events());
    assert_eq!((read(&slices()[0]).len(), read(&slices()[1]).len()), (40, 40));

    let large = folder.file("b.pcap", &Made::refused(2500).file());
    slices().iter().filter(|path| **path != large).for_each(|path| std::fs::remove_file(path).unwrap());
    Run::read(&[&large, &"-w", &slice, &"--rotate-size", &"1", &"--keep", &"2"]).ends(0, &[]);
    let kept: Vec<PathBuf> = slices().into_iter().filter(|path| *path != large).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|path| std::fs::metadata(path).unwrap().len() <= 1 << 20));
    let all = verdicts(&Run::read(&[&large]).events());
    let found: Verdicts = kept.iter().flat_map(read).collect();
    assert!(found.len() > 500 && found.len() < 2500);
    assert!(found.iter().all(|(id, verdict)| all.get(id) == Some(verdict)), "a handshake is split");
}

#[test]
fn what_comes_in_on_standard_input_is_written_while_more_may_come() {
    let folder = Folder::new();
    let slice = folder.path("slice.pcapng");
    let mut read = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read", "-", "-q", "-w"])
        .arg(&slice)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = read.stdin.take().unwrap();
    input.write_all(&Made::refused(3).with_noise(200).file()).unwrap();
    let begun = Instant::now();
    while std::fs::metadata(&slice).map_or(0, |slice| slice.len()) < 1000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is written before the end");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(Run::read(&[&slice]).field("outcome"), ["failed"; 3]);
    drop(input);
    assert!(read.wait_with_output().unwrap().status.success());
    assert_eq!(Run::read(&[&slice]).field("outcome"), ["failed"; 3]);
}

#[test]
fn interfaces_and_link_types_stay_what_they_were() {
    let folder = Folder::new();
    let ethernet = Made::default().with_refused(1, "a.example.org");
    let bare: Vec<Packet> = Made::default()
        .with_refused(2, "b.example.org")
        .packets()
        .iter()
        .map(|packet| Packet {
            bytes: packet.bytes[14..].to_vec(),
            original_length: packet.original_length - 14,
            ..packet.clone()
        })
        .collect();
    // LINKTYPE_RAW
    let files =
        [("a.pcap", ethernet.file()), ("b.pcap", pcap(101, &bare))].map(|(name, file)| folder.file(name, &file));
    let (all, slice) = sliced(&folder, &[&"--merge", &files[0], &files[1]]);
    assert_eq!((all.len(), verdicts(&all)), (2, verdicts(&slice)));
    // A slice of the slice, which is pcapng with two interfaces.
    let again = folder.path("again.pcapng");
    Run::read(&[&folder.path("slice.pcapng"), &"-w", &again]).ends(0, &[]);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(folder.path("slice.pcapng")).unwrap());
}

#[test]
fn mistakes_with_evidence_are_told_before_anything_is_read() {
    let folder = Folder::new();
    let content = Made::refused(1).file();
    let capture = folder.file("a.pcap", &content);
    let events = folder.path("events.jsonl");
    Run::read(&[&capture, &"-w", &capture]).ends(2, &["a.pcap is one of the captures to read"]);
    Run::read(&[&capture, &"-w", &events, &"-o", &events]).ends(2, &["is where the events go"]);
    Run::read(&[&capture, &"-w", &folder.path("no/such.pcapng")]).ends(2, &["cannot be written"]);
    let no_folder = folder.path("no/such.pcapng");
    Run::read(&[&capture, &"-w", &no_folder, &"--rotate-size", &"1"]).ends(2, &["cannot be written"]);
    Run::read(&[&capture, &"-w", &"-"]).ends(2, &["name a file"]);
    Run::read(&[&capture, &"-w", &folder.path("b.pcapng"), &"--keep", &"2"]).ends(2, &["--keep needs --rotate-size"]);
    for without in [&["--keep", "2"][..], &["--write", "all"], &["--rotate-size", "1"], &["--rotate-time", "1"]] {
        let run = tlscribe(["read", capture.to_str().unwrap()].iter().chain(without));
        assert_eq!(run.status.code(), Some(2), "{without:?} needs -w");
    }
    assert_eq!(std::fs::read(&capture).unwrap(), content);
    assert!(!events.exists());
}

#[test]
fn nobody_who_reads_the_events_is_no_reason_to_stop_writing() {
    let folder = Folder::new();
    let capture = folder.file("a.pcap", &Made::refused(2000).file());
    let slice = folder.path("slice.pcapng");
    let mut read = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read", "-q", "-w"])
        .args([&slice, &capture])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(read.stdout.take());
    assert!(read.wait().unwrap().success());
    assert_eq!(Run::read(&[&slice]).events().len(), 2000);
}

#[test]
#[cfg(target_os = "linux")]
fn evidence_that_cannot_be_written_is_one_line_and_harms_no_event() {
    let folder = Folder::new();
    let capture = folder.file("a.pcap", &Made::refused(3).file());
    let run = Run::read(&[&capture, &"-w", &"/dev/full"]);
    run.ends(2, &["/dev/full: cannot be written"]);
    // A limit on the size of files stands in for a disk that fills up.
    let slice = folder.path("slice.pcapng");
    let large = folder.file("b.pcap", &Made::refused(500).file());
    let command = format!(
        "trap '' XFSZ; ulimit -f 64; {} read --no-summary {} -w {}",
        env!("CARGO_BIN_EXE_tlscribe"),
        large.display(),
        slice.display()
    );
    let run = Command::new("bash").args(["-c", &command]).output().unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains("slice.pcapng: cannot be written") && errors.contains("handshakes were lost"), "{errors}");
    assert_eq!(String::from_utf8(run.stdout).unwrap().lines().count(), 500);
}

#[test]
fn the_summary_says_what_was_written() {
    let folder = Folder::new();
    let capture = folder.file("a.pcap", &Made::refused(3).file());
    let slice = folder.path("slice.pcapng");
    let run = Run::of([OsStr::new("read"), capture.as_os_str(), OsStr::new("-w"), slice.as_os_str()]);
    assert!(run.errors.contains("  Written       24 packets of 3 handshakes, "), "{}", run.errors);
    assert!(!Run::of([OsStr::new("read"), capture.as_os_str()]).errors.contains("Written"));
}
