//! `live -w`: the packets of a handshake that failed are on the disk while the capture goes on, also in a rotation and
//! after root has become nobody.

use crate::support::{handshakes, packets, root, say};
use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tlscribe::privileges::may_capture;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// What stands before the payload in a frame of Ethernet, IPv4 and TCP with timestamps.
const HEADERS: usize = 14 + 20 + 32;

/// A client that says hello to a server on the loopback interface, which answers with the alert handshake_failure.
fn refused(listener: &TcpListener) {
    let (_, capture) = packets(&root().join("captures/outcomes/expired.pcap")).unwrap();
    let hello = &capture[3].bytes[HEADERS..];
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(hello).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.read_exact(&mut vec![0; hello.len()]).unwrap();
    server.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
    drop(server);
    client.read_to_end(&mut Vec::new()).unwrap();
}

/// The files in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A run that sniffs what a server on the loopback interface refuses, and writes it to a file in a folder; none, said
/// aloud, where it may not.
struct Sniffed {
    folder: TempDir,
    listener: TcpListener,
    live: Child,
}

impl Sniffed {
    fn start(test: &str, options: &[&str]) -> Option<Self> {
        if may_capture("lo").is_err() {
            say(&format!("{test}: SKIPPED, it has to be run by root"));
            return None;
        }
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let filter = format!("tcp port {}", listener.local_addr().unwrap().port());
        let live = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
            .args(["live", "-q", "-i", "lo", "--hold", "0", "-f", &filter, "-w"])
            .arg(folder.path().join("a.pcapng"))
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { folder, listener, live })
    }

    /// Has hellos refused until that has come about. The first ones may come before it looks.
    #[track_caller]
    fn refuse_until(&mut self, what: &str, is_so: impl Fn(&Path) -> bool) {
        let begun = Instant::now();
        while !is_so(self.folder.path()) {
            assert!(begun.elapsed() < PATIENCE && self.live.try_wait().unwrap().is_none(), "{what}");
            refused(&self.listener);
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.live.id().to_string()]).status().unwrap().success());
    }

    fn end(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.live.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Sniffed {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.live.kill();
        let _ = self.live.wait();
    }
}

#[test]
fn a_failure_is_on_the_disk_while_the_capture_goes_on() {
    let Some(mut sniffed) = Sniffed::start("on the disk", &["--rotate-time", "3600"]) else { return };
    sniffed.refuse_until("a file is there", |folder| !files(folder).is_empty());
    sniffed.end();
    let found = files(sniffed.folder.path());
    let told = handshakes(&found[0]);
    assert!(found.len() == 1 && !told.is_empty(), "{found:?}");
    let port = sniffed.listener.local_addr().unwrap().port();
    for handshake in told {
        assert_eq!((&handshake["outcome"], &handshake["server"]["port"]), (&"failed".into(), &port.into()));
        assert_eq!(handshake["observer"]["interface"], "lo");
        assert_eq!(handshake["alerts"][0]["name"], "handshake_failure");
    }
}

#[test]
fn evidence_that_was_moved_away_is_begun_anew() {
    let Some(mut sniffed) = Sniffed::start("evidence moved away", &[]) else { return };
    let has = |name: &'static str| move |folder: &Path| fs::metadata(folder.join(name)).is_ok_and(|it| it.len() > 500);
    sniffed.refuse_until("packets are written", has("a.pcapng"));
    let [file, old] = ["a.pcapng", "old.pcapng"].map(|name| sniffed.folder.path().join(name));
    fs::rename(&file, &old).unwrap();
    sniffed.signal("-HUP");
    sniffed.refuse_until("packets are written into a new file", has("a.pcapng"));
    sniffed.end();
    assert!(!handshakes(&file).is_empty() && !handshakes(&old).is_empty());
}
