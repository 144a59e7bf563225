//! The built program, as people and scripts use it: what it prints where, and how it ends.

mod config;
mod evidence;
mod failures;
mod made;

use crate::support::{captures_below, corpus, root, tlscribe};
use made::{Made, SERVER};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A folder with captures in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Writes a file and gives its path.
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// What a run printed, and its exit code.
struct Run {
    code: i32,
    output: String,
    errors: String,
}

impl Run {
    fn of<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let run = tlscribe(arguments);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: run.status.code().unwrap(), output: text(run.stdout), errors: text(run.stderr) }
    }

    /// `tlscribe read --no-summary` with these words and paths.
    fn read(words: &[&dyn AsRef<OsStr>]) -> Self {
        let read: [&OsStr; 2] = ["read".as_ref(), "--no-summary".as_ref()];
        Self::of(read.into_iter().chain(words.iter().map(|word| (*word).as_ref())))
    }

    fn events(&self) -> Vec<Value> {
        self.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One field of each event, strings only.
    fn field(&self, name: &str) -> Vec<String> {
        self.events().iter().filter_map(|event| event[name].as_str().map(str::to_owned)).collect()
    }

    #[track_caller]
    fn ends(&self, code: i32, errors: &[&str]) {
        assert_eq!(self.code, code, "{}", self.errors);
        let lines: Vec<&str> = self.errors.lines().collect();
        assert_eq!(lines.len(), errors.len(), "{}", self.errors);
        for (line, expected) in lines.iter().zip(errors) {
            assert!(line.starts_with("tlscribe: ") && line.contains(expected), "{line:?} lacks {expected:?}");
        }
    }
}

#[test]
fn one_event_for_each_handshake() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(2).with_unanswered(3, "b.example.org").file());
    let run = Run::read(&[&file]);
    run.ends(0, &[]);
    assert_eq!(run.field("outcome"), ["failed", "failed", "unfinished"]);
    let event = &run.events()[0];
    assert_eq!(event["schema"], "tlscribe/1");
    assert_eq!(event["observer"]["file"], file.to_str().unwrap());
    assert_eq!(event["client"], serde_json::json!({ "ip": "10.0.0.1", "port": 50001 }));
    assert_eq!(event["sni"], "www.example.org");
    let alert =
        r#"{"from":"server","level":"fatal","code":40,"name":"handshake_failure","visibility":"plaintext","frame":5}"#;
    assert_eq!(event["alerts"][0].to_string(), alert);
    assert_eq!(event["history"], serde_json::json!(["client_hello>", "<alert:handshake_failure"]));
    assert_eq!((&event["start_time"], &event["duration_ms"]), (&"2026-03-01T10:00:00.003000Z".into(), &4.0.into()));
    assert_eq!(event["timing"], serde_json::json!({ "tcp_ms": 1.0, "rtt_ms": 1.0 }));
    assert_eq!(event["capture"]["complete"], true);
    let hello = &event["client_hello"];
    assert_eq!(hello["cipher_suites"][0], "GREASE 0x2a2a");
    assert_eq!(hello["cipher_suites"][3], "0x1234");
    assert_eq!(hello["named_groups"], serde_json::json!(["GREASE 0x1a1a", "x25519", "secp256r1"]));
    assert_eq!(hello["alpn"], serde_json::json!(["h2", "http/1.1"]));
    assert_eq!(hello["extensions"][4], "0xfedc");
    for offered_only in ["version", "cipher_suite", "named_group", "alpn", "server_hello", "resumed"] {
        assert!(event.get(offered_only).is_none(), "{offered_only} was only offered");
    }
}

#[test]
fn a_try_after_a_failure_names_it_within_its_capture() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(2).file());
    let other = folder.file("b.pcap", &Made::refused(1).file());
    for words in [["--hold", "60"], ["--hold", "0"]] {
        let run = Run::read(&[&words[0], &words[1], &file, &other]);
        run.ends(0, &[]);
        let events = run.events();
        assert_eq!(events.len(), 3);
        assert_eq!(events[1]["retry_of"], events[0]["id"]);
        assert!(events[0].get("retry_of").is_none() && events[2].get("retry_of").is_none());
    }
    assert_eq!(Run::read(&[&"--hold", &"soon", &file]).code, 2);
}

#[test]
fn what_cannot_be_read_is_one_line_and_the_rest_is_read() {
    let folder = Folder::new();
    let good = folder.file("good.pcap", &Made::refused(1).file());
    let empty = folder.file("empty.pcap", b"");
    let text = folder.file("text.pcap", b"not a capture at all\n");
    let missing = folder.path("missing.pcap");
    Run::read(&[&empty]).ends(1, &["empty.pcap: empty"]);
    Run::read(&[&text]).ends(1, &["text.pcap: neither pcap nor pcapng, but a text file"]);
    Run::read(&[&missing]).ends(1, &["missing.pcap: no such file"]);
    let run = Run::read(&[&good, &text, &missing, &good]);
    run.ends(1, &["text.pcap", "missing.pcap"]);
    assert_eq!(run.events().len(), 2);
    let run = Run::read(&[&"--merge", &good, &text, &missing]);
    run.ends(1, &["missing.pcap", "text.pcap"]);
    assert_eq!(run.events().len(), 1);
}

#[test]
fn a_folder_without_captures_is_told() {
    let folder = Folder::new();
    folder.file("readme.txt", b"no capture here");
    Run::read(&[&folder.0.path()]).ends(1, &["no captures in this folder"]);
}

#[test]
#[cfg(unix)]
fn a_file_without_read_permission_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let folder = Folder::new();
    let secret = folder.file("secret.pcap", &Made::refused(1).file());
    let program = folder.path("tlscribe");
    std::fs::copy(env!("CARGO_BIN_EXE_tlscribe"), &program).unwrap();
    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(&secret, 0o000);
    set(&program, 0o755);
    set(folder.0.path(), 0o755);
    let mut command = Command::new(&program);
    command.args(["read".as_ref(), secret.as_os_str()]);
    if std::fs::File::open(&secret).is_ok() {
        // root may read everything: someone without rights is asked instead
        command.uid(65_534).gid(65_534);
    }
    // A test beside this one may be starting a program: until it has, that too holds the copy open for writing.
    let busy = |run: &std::io::Result<_>| {
        run.as_ref().is_err_and(|error: &std::io::Error| error.kind() == std::io::ErrorKind::ExecutableFileBusy)
    };
    let mut run = command.output();
    while busy(&run) {
        std::thread::sleep(std::time::Duration::from_millis(20));
        run = command.output();
    }
    let run = run.unwrap();
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8(run.stderr).unwrap().contains("secret.pcap: permission denied"));
}

#[test]
fn a_link_type_that_is_not_supported_is_told() {
    let folder = Folder::new();
    let file = crate::support::mutate::pcap(147, Made::refused(1).packets());
    let run = Run::read(&[&folder.file("odd.pcap", &file)]);
    run.ends(1, &["odd.pcap: link type 147 is not supported; nothing of it"]);
    assert_eq!(run.output, "");
}

#[test]
fn a_file_that_is_cut_is_read_up_to_there() {
    let folder = Folder::new();
    let file = Made::refused(2).file();
    let run = Run::read(&[&folder.file("cut.pcap", &file[..file.len() - 3])]);
    run.ends(1, &["cut.pcap: cut off in the middle of a packet"]);
    assert_eq!(run.events().len(), 2);
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let folder = Folder::new();
    let file = folder.file("many.pcap", &Made::refused(2000).file());
    let mut child = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read".as_ref(), file.as_os_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.ends_with("}\n"));
    let end = child.wait_with_output().unwrap();
    assert_eq!((end.status.code(), String::from_utf8(end.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn messages_that_nobody_reads_are_no_failure() {
    let folder = Folder::new();
    let file = folder.file("one.pcap", &Made::refused(1).file());
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let run = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read".as_ref(), folder.path("missing.pcap").as_os_str(), file.as_os_str()])
        .stderr(closed)
        .output()
        .unwrap();
    assert_eq!((run.status.code(), run.stdout.iter().filter(|byte| **byte == b'\n').count()), (Some(1), 1));
}

#[test]
fn the_same_capture_gives_the_same_bytes_and_ids_know_no_file() {
    let folder = Folder::new();
    let file = Made::refused(100).file();
    let (one, other) = (folder.file("one.pcap", &file), folder.file("other.pcap", &file));
    let (first, second) = (Run::read(&[&one]), Run::read(&[&one]));
    assert_eq!(first.output, second.output);
    let ids = first.field("id");
    assert_eq!(ids, Run::read(&[&other]).field("id"));
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
}

#[test]
fn the_habit_of_tcpdump_and_filters() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(3).file());
    let port = |run: &Run| run.events().iter().map(|event| event["client"]["port"].clone()).collect::<Vec<_>>();
    let all = Run::read(&[&file]);
    let habit = Run::of(["-r".as_ref(), file.as_os_str(), "--no-summary".as_ref()]);
    assert_eq!((habit.code, &habit.output), (0, &all.output));
    let trailing =
        Run::of(["-r".as_ref(), file.as_os_str(), "-q".as_ref(), "tcp".as_ref(), "port".as_ref(), "50002".as_ref()]);
    assert_eq!(port(&trailing), [50002]);
    for words in [["-f", "tcp port 50002"].as_slice(), &["tcp", "port", "50002"], &["tcp port 50002"]] {
        let words: Vec<&dyn AsRef<OsStr>> = words.iter().map(|word| word as &dyn AsRef<OsStr>).collect();
        let run = Run::read(&[&[&file as &dyn AsRef<OsStr>], words.as_slice()].concat());
        run.ends(0, &[]);
        assert_eq!(port(&run), [50002]);
    }
    // a word that begins no expression is a capture that is not there
    let run = Run::read(&[&file, &"prot", &"443"]);
    run.ends(1, &["prot: no such file", "443: no such file"]);
    Run::read(&[&file, &"tcp", &"prot", &"443"]).ends(2, &["tcp prot 443"]);
    Run::read(&[&file, &"-f", &"tcp", &"udp"]).ends(2, &["two filter expressions"]);
}

#[test]
fn handshakes_are_selected_by_outcome_server_and_name() {
    let folder = Folder::new();
    let made = Made::default().with_refused(1, "www.example.org").with_unanswered(2, "mail.example.net");
    let file = folder.file("a.pcap", &made.file());
    let names = |words: &[&str]| {
        let words: Vec<&dyn AsRef<OsStr>> = words.iter().map(|word| word as &dyn AsRef<OsStr>).collect();
        Run::read(&[&[&file as &dyn AsRef<OsStr>], words.as_slice()].concat()).field("sni")
    };
    let [a, b, c, d] = SERVER;
    let server = format!("{a}.{b}.{c}.{d}:443");
    assert_eq!(names(&["--only", "failed"]), ["www.example.org"]);
    assert_eq!(names(&["--only", "unfinished,established"]), ["mail.example.net"]);
    assert_eq!(names(&["--sni", "*.NET"]), ["mail.example.net"]);
    assert_eq!(names(&["--server", &server]).len(), 2);
    assert_eq!(names(&["--server", "10.0.0.0/24:444"]).len(), 0);
    assert_eq!(names(&["--server", "www.example.org"]), ["www.example.org"]);
    assert_eq!(names(&["--server", "10.0.0.2", "--sni", "www.*", "--only", "unfinished"]).len(), 0);
    Run::read(&[&file, &"--only", &"broken"]).ends(2, &["outcomes are established"]);
    Run::read(&[&file, &"--server", &"10.0.0.0/33"]).ends(2, &["prefix length"]);
}

#[test]
fn formats_and_fields() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::default().with_refused(1, "a\u{1b}[31m.example.org").file());
    let tsv = Run::read(&[&file, &"--format", &"tsv", &"--fields", &"client.port,alerts.name,version,sni"]);
    assert_eq!(
        tsv.output,
        "client.port\talerts.name\tversion\tsni\n50001\thandshake_failure\t\ta\u{1b}[31m.example.org\n"
    );
    let native = Run::read(&[&file, &"--fields", &"outcome,client.port"]);
    assert_eq!(native.output, "{\"outcome\":\"failed\",\"client\":{\"port\":50001}}\n");
    let text = Run::read(&[&file, &"--format", &"text"]).output;
    let expected = "2026-03-01T10:00:00.003000Z failed      10.0.0.1:50001 > 10.0.0.2:443 a\\u{1b}[31m.example.org; ";
    assert!(text.starts_with(expected) && text.lines().count() == 1 && !text.contains('\u{1b}'), "{text}");
    Run::read(&[&file, &"--fields", &"clinet.ip"]).ends(2, &["no field `clinet.ip`"]);
    Run::read(&[&file, &"--format", &"text", &"--fields", &"sni"]).ends(2, &["for the formats native and tsv only"]);
    Run::read(&[&file, &"--format", &"ecs", &"--fields", &"sni"]).ends(2, &["for the formats native and tsv only"]);
}

#[test]
fn events_go_to_files() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(50).file());
    let (one, two) = (folder.path("one.jsonl"), folder.path("two.jsonl"));
    let run = Run::read(&[&file, &"-o", &one, &"-o", &two]);
    run.ends(0, &[]);
    assert_eq!(run.output, "");
    let expected = Run::read(&[&file]).output;
    assert_eq!(std::fs::read_to_string(&one).unwrap(), expected);
    assert_eq!(std::fs::read_to_string(&two).unwrap(), expected);
    Run::read(&[&file, &"-o", &folder.path("none/x.jsonl")]).ends(2, &["x.jsonl: cannot be written"]);
    Run::read(&[&file, &"-o", &file]).ends(2, &["is one of the captures"]);
    if Path::new("/dev/full").exists() {
        Run::read(&[&file, &"-o", &"/dev/full"]).ends(1, &["50 events were lost"]);
    }
}

#[test]
fn events_arrive_while_the_capture_is_still_being_made() {
    let file = Made::refused(1).with_noise(200).file();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read", "-q", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&file).unwrap();
    input.flush().unwrap();
    let output = child.stdout.take().unwrap();
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || BufReader::new(output).lines().try_for_each(|line| sender.send(line.unwrap())));
    let line = lines.recv_timeout(Duration::from_secs(60));
    drop(input);
    assert!(child.wait().unwrap().success());
    let event: Value = serde_json::from_str(&line.expect("an event before the end of the capture")).unwrap();
    assert_eq!((event["outcome"].as_str(), event["observer"]["file"].as_str()), (Some("failed"), Some("-")));
}

#[test]
fn captures_that_were_split_are_merged() {
    let folder = Folder::new();
    let made = Made::refused(20);
    let part = |of: usize| {
        let packets: Vec<_> = made.packets().iter().skip(of).step_by(2).cloned().collect();
        folder.file(&format!("{of}.pcap"), &crate::support::mutate::pcap(1, &packets))
    };
    let whole = Run::read(&[&folder.file("whole.pcap", &made.file())]);
    let merged = Run::read(&[&"--merge", &part(0), &part(1)]);
    merged.ends(0, &[]);
    let without_file = |run: &Run| {
        let mut events = run.events();
        events.iter_mut().for_each(|event| drop(event["observer"].as_object_mut().unwrap().remove("file")));
        events
    };
    assert_eq!(without_file(&merged), without_file(&whole));
}

#[test]
fn a_script_can_ask_for_success() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(1).file());
    assert_eq!(Run::read(&[&file, &"--fail-on", &"failed,abandoned"]).code, 3);
    assert_eq!(Run::read(&[&file, &"--fail-on", &"unfinished"]).code, 0);
}

#[test]
fn the_summary_goes_to_standard_error() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(3).file());
    let run = Run::of(["read".as_ref(), file.as_os_str()]);
    assert_eq!(run.events().len(), 3);
    assert!(run.errors.contains("Handshakes    3: failed 3\n"), "{}", run.errors);
    assert!(!run.errors.contains('\u{1b}'));
    assert_eq!(Run::of(["read".as_ref(), "-q".as_ref(), file.as_os_str()]).errors, "");
}

#[test]
fn help_and_mistakes() {
    for asked in [["--help"].as_slice(), &["read", "--help"], &["explain", "-h"], &["--version"]] {
        let run = Run::of(asked);
        assert_eq!((run.code, run.errors.as_str()), (0, ""));
        assert!(!run.output.is_empty());
    }
    assert_eq!(Run::of::<&str>([]).code, 2);
    Run::of(["reed", "a.pcap"]).ends(2, &["unrecognized subcommand 'reed'"]);
    Run::of(["read", "--fromat", "text", "a.pcap"]).ends(2, &["a similar argument exists: '--format'"]);
    let here = root().join("Cargo.toml");
    Run::of([&here]).ends(2, &["to read it: tlscribe read"]);
}

#[test]
fn names_and_numbers_are_explained() {
    let run = Run::of(["explain", "handshake_failure"]);
    assert_eq!(run.code, 0);
    assert!(run.output.starts_with("handshake_failure"), "{}", run.output);
    let run = Run::of(["explain", "-9807"]);
    assert!(run.output.contains("certificate_untrusted"), "{}", run.output);
    let run = Run::of(["explain"]);
    assert!(run.output.contains("handshake_failure"), "without words it says what there is: {}", run.output);
    Run::of(["explain", "no such thing"]).ends(2, &["no such thing"]);
}

/// Every event of every capture that is here, at every detail, is what the schema promises, and nothing in it is null or
/// empty.
#[test]
fn every_event_keeps_to_the_schema() {
    let schema: Value = serde_json::from_str(&Run::of(["schema"]).output).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let folder = Folder::new();
    let made = folder.file("made.pcap", &Made::refused(2).with_unanswered(3, "x").file());
    let ours = captures_below(&root().join("captures"));
    let captures = [vec![made], ours, corpus("schema").map(|path| captures_below(&path)).unwrap_or_default()].concat();
    for detail in ["brief", "normal", "full"] {
        let mut words: Vec<&OsStr> =
            vec!["read".as_ref(), "-q".as_ref(), "--detail".as_ref(), detail.as_ref(), "--incidents".as_ref()];
        words.extend(captures.iter().map(|path| path.as_os_str()));
        let run = Run::of(words);
        assert!(!run.output.is_empty());
        for event in run.events() {
            let errors: Vec<String> =
                validator.iter_errors(&event).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{errors:#?}\n{event}");
            no_placeholders(&event, "");
        }
    }
}

fn no_placeholders(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("{path} is null"),
        Value::String(text) => {
            assert!(text != "unknown" && (!text.is_empty() || path.ends_with("sni")), "{path} is {text:?}");
        }
        Value::Number(number) => assert!(!number.is_f64() || number.as_f64() != Some(0.0), "{path} is {number}"),
        Value::Array(items) => items.iter().for_each(|item| no_placeholders(item, path)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| no_placeholders(value, &format!("{path}.{name}")));
        }
        Value::Bool(_) => {}
    }
}
