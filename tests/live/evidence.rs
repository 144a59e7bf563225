//! `live -w`: the packets of a handshake that failed are on the disk while the capture goes on, also in a rotation and
//! after root has become nobody.

use crate::support::{handshakes, packets, root, say};
use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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

#[test]
fn a_failure_is_on_the_disk_while_the_capture_goes_on() {
    if may_capture("lo").is_err() {
        say("a_failure_is_on_the_disk_while_the_capture_goes_on: SKIPPED, it has to be run by root");
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut live = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args([
            "live",
            "-q",
            "-i",
            "lo",
            "--hold",
            "0",
            "--rotate-time",
            "3600",
            "-f",
            &format!("tcp port {port}"),
            "-w",
        ])
        .arg(folder.path().join("a.pcapng"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    // The first ones may come before it looks.
    while files(folder.path()).is_empty() && begun.elapsed() < PATIENCE {
        refused(&listener);
        std::thread::sleep(Duration::from_millis(500));
    }
    let found = files(folder.path());
    let running = live.try_wait().unwrap().is_none();
    assert!(Command::new("kill").args(["-TERM", &live.id().to_string()]).status().unwrap().success());
    assert_eq!(live.wait().unwrap().code(), Some(0));
    assert!(running && found.len() == 1, "{found:?}");
    let told = handshakes(&found[0]);
    assert!(!told.is_empty());
    for handshake in told {
        assert_eq!((&handshake["outcome"], &handshake["server"]["port"]), (&"failed".into(), &port.into()));
        assert_eq!(handshake["observer"]["interface"], "lo");
        assert_eq!(handshake["alerts"][0]["name"], "handshake_failure");
    }
}
