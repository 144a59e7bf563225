//! Events to rsyslog and syslog-ng, over everything that they listen on, and while they die and come back.

mod authority;
mod daemons;

use crate::support::mutate::pcap;
use crate::support::{packets, root, say, tlscribe};
use authority::make;
use daemons::{Daemon, Kind, PATIENCE, wait_until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::{TempDir, tempdir};

/// Captures with failures of each level, and with findings.
const FAMILIES: [&str; 3] = ["failures-server-certificate", "alpn", "old"];

fn captures() -> impl Iterator<Item = String> {
    FAMILIES.iter().map(|family| root().join("captures").join(family).to_str().unwrap().to_owned())
}

/// Sends our captures to a sink, with a file beside it; the lines of the file.
#[track_caller]
fn send(folder: &Path, sink: &str) -> Vec<String> {
    let beside = folder.join("beside.jsonl");
    let file = format!("file:{}?detail=brief", beside.display());
    let words = ["read", "-q", "-o", sink, "-o", &file].map(str::to_owned);
    let run = tlscribe(words.into_iter().chain(captures()));
    let told = String::from_utf8_lossy(&run.stderr);
    assert_eq!((run.status.code(), told.as_ref()), (Some(0), ""), "{sink}");
    lines(&std::fs::read_to_string(beside).unwrap())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The message that a daemon should have understood of an event, as it writes it.
fn expected(line: &str) -> [String; 5] {
    let event: Value = serde_json::from_str(line).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (severity, level) = match event["failure"]["severity"].as_str() {
        Some("error") => (3, "error"),
        Some("warning") => (4, "warning"),
        None if event["findings"].as_array().is_none_or(Vec::is_empty) => (6, "info"),
        _ => (5, "notice"),
    };
    let server = &event["server"];
    let address = format!("{}:{}", server["ip"].as_str().unwrap(), server["port"]);
    let id = text(&event["id"]);
    let data = [("id", id.as_str()), ("kind", "handshake"), ("server", &address), ("level", level)];
    let data: BTreeSet<_> = data.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let data = data.into_iter().collect::<Vec<_>>().join(" ");
    let time = text(&event["start_time"]).trim_end_matches('Z').to_owned();
    [(16 * 8 + severity).to_string(), time, "handshake".into(), data, line.to_owned()]
}

/// The same of what a daemon has written. syslog-ng sorts the parameters.
fn understood(line: &str) -> [String; 5] {
    let fields: Vec<_> = line.split('\t').collect();
    let [priority, time, host, app, process, kind, data, message] = fields[..] else { panic!("{line}") };
    assert_eq!((host, app), ("here", "tlscribe"));
    assert!(process.parse::<u32>().is_ok(), "{process}");
    let time = time.trim_end_matches('Z').trim_end_matches("+00:00");
    let data = data.strip_prefix("[tlscribe@32473 ").and_then(|data| data.strip_suffix(']')).unwrap();
    let data: BTreeSet<_> = data.split(' ').collect();
    let data = data.into_iter().collect::<Vec<_>>().join(" ");
    [priority, time, kind, &data, message].map(str::to_owned)
}

/// A daemon gets our captures through a sink, each event as it was written.
#[track_caller]
fn arrives(daemon: &Daemon, folder: &Path, sink: &str) {
    let before = daemon.written().lines().count();
    let sent = send(folder, sink);
    assert!(sent.len() > 50);
    wait_until(&format!("{sink}: all arrives"), || daemon.written().lines().count() >= before + sent.len());
    let written = daemon.written();
    let understood: Vec<_> = written.lines().skip(before).map(understood).collect();
    for (understood, line) in understood.iter().zip(&sent) {
        assert_eq!(understood, &expected(line), "{sink}");
    }
    assert_eq!(understood.len(), sent.len(), "{sink}");
}

#[test]
fn each_event_arrives_as_it_was_written() {
    let kinds = Kind::all_here("syslog");
    for kind in kinds.into_iter().filter(|kind| *kind != Kind::Rsyslog("ossl")) {
        let folder = tempdir().unwrap();
        let daemon = Daemon::plain(kind, folder.path());
        let port = daemon.port;
        arrives(&daemon, folder.path(), &format!("syslog+udp://127.0.0.1:{port}?hostname=here&rate=2000"));
        arrives(&daemon, folder.path(), &format!("syslog+tcp://127.0.0.1:{port}?hostname=here"));
        arrives(&daemon, folder.path(), &format!("{}&hostname=here", daemon.newline_address()));
    }
}

#[test]
fn each_line_arrives_on_a_socket_of_this_machine() {
    if !Kind::all_here("unix socket").contains(&Kind::SyslogNg) {
        return;
    }
    let folder = tempdir().unwrap();
    let daemon = Daemon::plain(Kind::SyslogNg, folder.path());
    wait_until("it listens", || daemon.socket().exists());
    let sent = send(folder.path(), &format!("unix:{}", daemon.socket().display()));
    let received = || lines(&std::fs::read_to_string(folder.path().join("lines")).unwrap_or_default());
    wait_until("all arrives", || received().len() >= sent.len());
    assert_eq!(received(), sent);
}

/// The certificates of a test; `None`, said aloud, where they cannot be made.
fn certificates(test: &str) -> Option<TempDir> {
    let folder = tempdir().unwrap();
    let made = make(folder.path());
    if !made {
        say(&format!("{test}: SKIPPED, there is no openssl"));
    }
    made.then_some(folder)
}

/// A sink over TLS that trusts `ca` and has a certificate of its own.
fn tls_sink(daemon: &Daemon, folder: &Path) -> String {
    let (port, folder) = (daemon.port, folder.display());
    format!(
        "syslog+tls://127.0.0.1:{port}?hostname=here&ca_file={folder}/ca.pem&client_cert_file={folder}/client.pem&\
         client_key_file={folder}/client.key"
    )
}

#[test]
fn each_event_arrives_over_tls_with_certificates_on_both_sides() {
    for kind in Kind::all_here("syslog over TLS") {
        let Some(folder) = certificates("syslog over TLS") else { return };
        let daemon = Daemon::tls(kind, folder.path(), "server");
        arrives(&daemon, folder.path(), &tls_sink(&daemon, folder.path()));
    }
}

/// A run, and what it says.
struct Run {
    child: Child,
    folder: TempDir,
}

impl Run {
    fn start(arguments: impl IntoIterator<Item = String>) -> Self {
        let folder = tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
        let child = command.stderr(File::create(folder.path().join("said")).unwrap()).spawn().unwrap();
        Self { child, folder }
    }

    fn said(&self) -> Vec<String> {
        lines(&std::fs::read_to_string(self.folder.path().join("said")).unwrap())
    }

    /// Waits for its end; its exit code.
    fn end(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None => assert!(began.elapsed() < PATIENCE, "it does not end: {:?}", self.said()),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A daemon whose certificate does not verify gets nothing, and everything once it has another one.
fn is_told_and_tried_again(kind: Kind, certificate: &str, what: &str) {
    let Some(folder) = certificates("certificates that do not verify") else { return };
    let mut daemon = Daemon::tls(kind, folder.path(), certificate);
    let beside = folder.path().join("beside.jsonl");
    let sink = tls_sink(&daemon, folder.path());
    let spool = folder.path().join("spool").to_str().unwrap().to_owned();
    let file = format!("file:{}?detail=brief", beside.display());
    let words = ["read", "--no-summary", "--spool", &spool, "-o", &sink, "-o", &file].map(str::to_owned);
    let mut run = Run::start(words.into_iter().chain(captures()));
    let troubles = |run: &Run| run.said().into_iter().filter(|line| line.contains("syslog+tls")).collect::<Vec<_>>();
    wait_until("the trouble is told", || !troubles(&run).is_empty());
    let trouble = troubles(&run).remove(0);
    assert!(trouble.contains(what), "{certificate}: {trouble}");
    // Everything is in the file, and it was tried again by then.
    wait_until("the file is written", || std::fs::read_to_string(&beside).is_ok_and(|text| text.lines().count() > 50));
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(daemon.written(), "", "nothing is sent");
    daemon.stop("-KILL");
    daemon.start_with("server");
    assert_eq!(run.end(), Some(0), "{:?}", run.said());
    let sent = lines(&std::fs::read_to_string(&beside).unwrap());
    wait_until("all arrives", || daemon.written().lines().count() >= sent.len());
    let written = daemon.written();
    assert!(written.lines().map(|line| line.rsplit('\t').next().unwrap()).eq(sent.iter()), "as it was written");
    let told = troubles(&run);
    let told: Vec<_> = told.iter().filter(|line| !line.contains("waits until")).collect();
    assert_eq!(told.len(), 2, "once, and once that it is well: {told:?}");
    assert!(told[1].contains("it takes events again"), "{told:?}");
}

#[test]
fn a_certificate_that_does_not_verify_is_told_and_tried_again() {
    let Some(kind) = Kind::all_here("certificates that do not verify").into_iter().next() else { return };
    std::thread::scope(|scope| {
        for (certificate, what) in [
            (
                "strange",
                "its certificate is issued by nobody who is trusted here; name the authority's certificate with",
            ),
            ("wrong", "its certificate is not for 127.0.0.1 (it carries wrong.example); use a name it carries, or say"),
            ("expired", "its certificate expired on 2021-01-01T00:00:00Z; renew it there; it is tried again"),
        ] {
            scope.spawn(move || is_told_and_tried_again(kind, certificate, what));
        }
    });
}

#[test]
fn a_daemon_that_asks_for_a_certificate_is_understood() {
    for kind in Kind::all_here("client certificates") {
        let Some(folder) = certificates("client certificates") else { return };
        let daemon = Daemon::tls(kind, folder.path(), "server");
        let sink = format!("syslog+tls://127.0.0.1:{}?ca_file={}/ca.pem", daemon.port, folder.path().display());
        let mut run = Run::start(["read", "-o", &sink].map(str::to_owned).into_iter().chain(captures()));
        assert_eq!(run.end(), Some(2), "{:?}", run.said());
        let said = run.said();
        assert!(said.iter().all(|line| line.contains("client_cert_file")), "{kind:?}: {said:?}");
        assert_eq!(said.len(), 2, "{kind:?}: that it is tried again, and that it was in vain: {said:?}");
    }
}

/// Where the IPv4 addresses are in an Ethernet frame, and the client's of our captures.
const ADDRESSES: [usize; 2] = [26, 30];
const CLIENT: [u8; 4] = [10, 8, 0, 1];

/// A handshake of so many clients, in so many pieces of a capture.
fn long_capture(clients: u16, pieces: usize) -> Vec<Vec<u8>> {
    let (link, one) = packets(&root().join("captures/tls13/curl-nginx-h2.pcap")).unwrap();
    let by = |client: u16| {
        let [high, low] = client.to_be_bytes();
        one.iter().map(move |packet| {
            let mut copy = packet.clone();
            for at in ADDRESSES.into_iter().filter(|at| packet.bytes[*at..][..4] == CLIENT) {
                copy.bytes[at..][..4].copy_from_slice(&[10, 9, high, low]);
            }
            copy
        })
    };
    let all: Vec<_> = (0..clients).flat_map(by).collect();
    let bytes = pcap(link, &all);
    bytes.chunks(bytes.len().div_ceil(pieces)).map(<[u8]>::to_vec).collect()
}

/// A daemon that is killed again and again while events come gets all of them.
fn nothing_is_lost(kind: Kind, signals: &[&str]) {
    let Some(folder) = certificates("daemons that are killed") else { return };
    let mut daemon = Daemon::tls(kind, folder.path(), "server");
    let beside = folder.path().join("beside.jsonl");
    let file = format!("file:{}?detail=brief", beside.display());
    let words = ["read", "--no-summary", "--hold", "0", "-o", &tls_sink(&daemon, folder.path()), "-o", &file, "-"];
    let mut run = Run::start(words.map(str::to_owned));
    let mut input = run.child.stdin.take().unwrap();
    let handshakes = 6_000;
    let mut before = 0;
    for (place, piece) in long_capture(handshakes, signals.len() + 1).into_iter().enumerate() {
        input.write_all(&piece).unwrap();
        let Some(signal) = signals.get(place) else { continue };
        // It has something of what came since it was last killed.
        wait_until("events arrive", || daemon.written().len() > before);
        before = daemon.written().len();
        daemon.stop(signal);
        daemon.start();
    }
    drop(input);
    assert_eq!(run.end(), Some(0), "{:?}", run.said());
    let sent: BTreeSet<_> = lines(&std::fs::read_to_string(&beside).unwrap()).into_iter().collect();
    assert_eq!(sent.len(), usize::from(handshakes));
    // A line that was cut off when it was killed has the next one behind it.
    let received = || -> BTreeSet<String> {
        daemon.written().lines().filter_map(|line| Some(line.rsplit_once('\t')?.1.to_owned())).collect()
    };
    wait_until("all arrives", || sent.difference(&received()).next().is_none());
    assert!(run.said().iter().any(|line| line.contains("it takes events again")), "{:?}", run.said());
}

#[test]
fn nothing_is_lost_with_daemons_that_are_killed() {
    let kinds = Kind::all_here("daemons that are killed");
    // What syslog-ng has read it writes later: nobody can know what is lost when it has no time for that.
    let signals = |kind| if kind == Kind::SyslogNg { ["-TERM"; 4] } else { ["-KILL", "-TERM", "-KILL", "-TERM"] };
    std::thread::scope(|scope| {
        for kind in kinds {
            scope.spawn(move || nothing_is_lost(kind, &signals(kind)));
        }
    });
}
