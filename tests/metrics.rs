//! `--metrics`: what it serves, to whom, and that nobody who asks can hurt.

use crate::support::mutate::{Packet, pcap};
use crate::support::scrape::{PATIENCE, exchange, get, samples, served_on, wait_for};
use crate::support::{packets, promtool, root, tlscribe};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A run that reads a capture from a pipe, and waits for more of it.
struct Reading {
    child: Child,
    capture: Option<ChildStdin>,
    address: SocketAddr,
    folder: TempDir,
}

impl Reading {
    #[track_caller]
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let errors = folder.path().join("errors");
        let mut child = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
            .args(["read", "--no-summary", "--hold", "0", "--metrics", "127.0.0.1:0", "-o"])
            .arg(folder.path().join("events.jsonl"))
            .arg("-")
            .stdin(Stdio::piped())
            .stderr(std::fs::File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let capture = child.stdin.take();
        let start = Instant::now();
        let address = loop {
            if let Some(address) = served_on(&std::fs::read_to_string(&errors).unwrap()) {
                break address;
            }
            assert!(start.elapsed() < PATIENCE && child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { child, capture, address, folder }
    }

    /// Sends it the packets of our captures, one after the other and a minute apart, and more of the last: capture time is
    /// some blocks of frames behind.
    fn feed(&mut self) {
        let mut all: Vec<Packet> = Vec::new();
        for name in CAPTURES.into_iter().chain([CAPTURES[2]; 6]) {
            let (_, packets) = packets(&root().join("captures").join(name)).unwrap();
            let first = packets[0].time;
            let begin = all.last().map_or(first, |last| last.time + 60_000_000_000);
            all.extend(packets.into_iter().map(|packet| Packet { time: packet.time - first + begin, ..packet }));
        }
        self.capture.as_mut().unwrap().write_all(&pcap(1, &all)).unwrap();
    }

    /// Ends its capture, and gives its exit code.
    fn end(mut self) -> Option<i32> {
        drop(self.capture.take());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Reading {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate that is refused, one that is taken, and a handshake without one that can be seen.
const CAPTURES: [&str; 3] = [
    "failures-server-certificate/expired-gnutls-tls12.pcap",
    "tls12/ecdhe-rsa-x25519.pcap",
    "tls13/curl-nginx-h2.pcap",
];

/// What a run serves that has just begun.
pub(crate) fn page() -> String {
    get(Reading::start().address, "/metrics", "").body
}

#[test]
fn what_a_run_has_counted_is_served_while_it_runs() {
    let mut run = Reading::start();
    run.feed();
    let cause = r#"tlscribe_failures_total{cause="certificate_expired",party="server"}"#;
    let samples = wait_for(run.address, |samples| {
        samples.contains_key(cause) && samples[r#"tlscribe_handshakes_total{outcome="established"}"#] >= 1.0
    });
    assert_eq!(samples[cause], 1.0);
    assert_eq!(samples[r#"tlscribe_handshakes_total{outcome="failed"}"#], 1.0);
    assert!(samples["tlscribe_frames_total"] >= 10.0);
    assert!(samples["tlscribe_resident_memory_bytes"] > f64::from(1 << 20));
    let certificates: Vec<_> =
        samples.keys().filter(|name| name.starts_with("tlscribe_certificate_not_after_seconds{")).collect();
    assert!(!certificates.is_empty());
    assert!(certificates.iter().all(|name| name.contains(r#"subject="CN="#)), "{certificates:?}");
    let sink = format!("{{sink=\"{}\"}}", run.folder.path().join("events.jsonl").display());
    assert_eq!(samples[&format!("tlscribe_sink_up{sink}")], 1.0);
    let sent = format!("tlscribe_sink_events_sent_total{sink}");
    wait_for(run.address, |samples| samples[&sent] >= 2.0);
    assert_eq!(run.end(), Some(0));
}

#[test]
fn promtool_finds_nothing_to_complain_of() {
    let Some(promtool) = promtool("check metrics") else { return };
    let mut run = Reading::start();
    run.feed();
    wait_for(run.address, |samples| samples.keys().any(|name| name.starts_with("tlscribe_failures_total")));
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(get(run.address, "/metrics", "").body.as_bytes()).unwrap();
    let said = check.wait_with_output().unwrap();
    let text = [said.stdout, said.stderr].concat();
    assert!(said.status.success() && text.is_empty(), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn there_are_three_pages_and_nothing_else() {
    let run = Reading::start();
    let index = get(run.address, "/", "");
    assert!(index.status == 200 && index.head.contains("text/html"), "{}", index.head);
    assert!(index.body.contains("href=\"/metrics\"") && index.body.contains("href=\"/health\""), "{}", index.body);
    let health = get(run.address, "/health", "");
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    let classic = get(run.address, "/metrics", "");
    assert!(classic.head.contains("Content-Type: text/plain; version=0.0.4"), "{}", classic.head);
    let open = get(run.address, "/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");
    assert!(open.head.contains("Content-Type: application/openmetrics-text"), "{}", open.head);
    assert!(open.body.ends_with("# EOF\n") && !classic.body.contains("# EOF"));
    assert_eq!(get(run.address, "/other", "").status, 404);
    let post = exchange(run.address, b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET\r\n"), "{post}");
}

#[test]
fn garbage_is_answered_or_hung_up_on_and_forgotten() {
    let mut run = Reading::start();
    run.feed();
    let long = format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(9000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    for (sent, status) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".as_slice(), 400),
        (b"\0\0\0\0\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (long.as_bytes(), 431),
        (many.as_bytes(), 431),
    ] {
        let answer = exchange(run.address, sent);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    // Gone without a word, or in the middle of one.
    for sent in ["", "GET", "GET / HTTP/1.1\r\n"] {
        TcpStream::connect(run.address).unwrap().write_all(sent.as_bytes()).unwrap();
    }
    assert_eq!(get(run.address, "/health", "").status, 200);
    assert_eq!(run.end(), Some(0));
}

#[test]
fn who_is_slow_keeps_nobody_waiting_and_is_hung_up_on() {
    let run = Reading::start();
    // One that asks a byte at a time, one that takes no answer, and more than there is room for that say nothing.
    let mut slow = TcpStream::connect(run.address).unwrap();
    slow.write_all(b"GET /metrics HT").unwrap();
    let mut deaf = TcpStream::connect(run.address).unwrap();
    deaf.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(run.address).unwrap()).collect();
    let start = Instant::now();
    for _ in 0..10 {
        assert!(!samples(run.address).is_empty());
    }
    // Each would have its 5 s, if they were waited for.
    assert!(start.elapsed() < Duration::from_secs(100), "{:?}", start.elapsed());
    for mut stream in silent.into_iter().chain([slow]) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Hung up on: the end, or a reset.
        assert!(!matches!(stream.read(&mut [0]), Ok(1..)), "nothing was asked for");
    }
    drop(deaf);
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", run.child.id()));
    assert!(descriptors.is_err() || descriptors.unwrap().count() < 64, "all are closed");
}

#[test]
fn a_mistake_with_the_address_is_one_line_and_nothing_is_begun() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let events = folder.path().join("events.jsonl");
    std::fs::write(&events, "kept\n").unwrap();
    let capture = root().join("captures").join(CAPTURES[0]);
    let (events, capture) = (events.to_str().unwrap(), capture.to_str().unwrap());
    for (address, says) in [
        (taken.as_str(), format!("--metrics {taken}: another program listens there; choose another port")),
        ("192.0.2.1:9464", "--metrics 192.0.2.1:9464: this machine has no such address".into()),
        ("9464", "an address is missing: 127.0.0.1:9464 serves this machine alone".into()),
    ] {
        let run = tlscribe(["read", "--metrics", address, "-o", events, capture]);
        let errors = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{errors}");
        assert!(errors.contains(&says) && errors.lines().count() == 1, "{errors}");
        assert_eq!(std::fs::read_to_string(events).unwrap(), "kept\n", "{address}");
    }
}
