//! Nothing is lost: receivers that are killed and come back, a disk that is full, a program that is killed. What counts is
//! what the receiver has in the end, event by event, by their ids.

use super::flood;
use crate::support::say;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// Nothing here takes so long on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// As many events as a run has.
const EVENTS: u32 = 100_000;

/// A receiver of webhooks that can be killed, with all its connections, and brought back at the same port.
struct Receiver {
    address: SocketAddr,
    got: Arc<Got>,
    alive: Option<Arc<AtomicBool>>,
    listening: Option<JoinHandle<()>>,
}

/// What it has answered for, for good, over all its lives.
#[derive(Default)]
struct Got {
    ids: Mutex<BTreeSet<String>>,
    events: AtomicUsize,
    /// It dies by itself once it has so many events: after it has taken some, and before it says so.
    dies_at: AtomicUsize,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let got = Arc::new(Got { dies_at: AtomicUsize::new(usize::MAX), ..Got::default() });
        let mut receiver = Self { address: listener.local_addr().unwrap(), got, alive: None, listening: None };
        receiver.live(listener);
        receiver
    }

    /// A port where nobody listens, until it is brought back.
    fn away() -> Self {
        let mut receiver = Self::start();
        receiver.kill();
        receiver
    }

    fn live(&mut self, listener: TcpListener) {
        let alive = Arc::new(AtomicBool::new(true));
        let (got, still) = (Arc::clone(&self.got), Arc::clone(&alive));
        listener.set_nonblocking(true).unwrap();
        self.alive = Some(alive);
        self.listening = Some(std::thread::spawn(move || {
            let mut connections = Vec::new();
            while still.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                        let (got, still) = (Arc::clone(&got), Arc::clone(&still));
                        connections.push(std::thread::spawn(move || _ = serve(&stream, &got, &still)));
                    }
                    Err(_) => sleep(Duration::from_millis(5)),
                }
            }
            drop(listener);
            connections.into_iter().for_each(|connection| connection.join().unwrap());
        }));
    }

    fn kill(&mut self) {
        self.alive.take().inspect(|alive| alive.store(false, Ordering::Relaxed));
        self.listening.take().map(JoinHandle::join).transpose().unwrap();
    }

    fn bring_back(&mut self) {
        self.kill();
        self.got.dies_at.store(usize::MAX, Ordering::Relaxed);
        self.live(TcpListener::bind(self.address).unwrap());
    }

    fn is_dead(&self) -> bool {
        self.alive.as_ref().is_none_or(|alive| !alive.load(Ordering::Relaxed))
    }

    fn ids(&self) -> BTreeSet<String> {
        self.got.ids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

/// Answers requests until it is killed.
fn serve(stream: &TcpStream, got: &Got, alive: &AtomicBool) -> Option<()> {
    let mut reader = BufReader::new(Patient { stream, alive });
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let lines = std::str::from_utf8(&body).unwrap().lines();
        let events: Vec<String> =
            lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect();
        let before = got.events.fetch_add(events.len(), Ordering::Relaxed);
        got.ids.lock().unwrap().extend(events);
        if before >= got.dies_at.load(Ordering::Relaxed) {
            alive.store(false, Ordering::Relaxed);
            return None;
        }
        (&mut &*stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

/// Reads until the receiver is killed.
struct Patient<'a> {
    stream: &'a TcpStream,
    alive: &'a AtomicBool,
}

impl std::io::Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match (&mut &*self.stream).read(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if !self.alive.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                }
                read => return read,
            }
        }
    }
}

/// The program while it reads what is sent to it.
struct Run {
    child: Child,
    messages: Option<JoinHandle<String>>,
}

/// A test that fails leaves nothing behind.
impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Run {
    /// Reads a flood of so many handshakes.
    fn start(events: u32, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        command.args(["read", "-", "--no-summary", "--hold", "0"]).args(options);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut input, mut errors) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
        // A program that is killed takes no more.
        std::thread::spawn(move || _ = flood::write(events, &mut input));
        let messages = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, messages: Some(messages) }
    }

    /// Lets it end: its exit code, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        (status.code(), self.messages.take().unwrap().join().unwrap())
    }
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what} has not come about");
        sleep(Duration::from_millis(20));
    }
}

/// The ids of the events in a file.
fn ids_in(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // The last line may be half written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()).collect()
}

fn lines_in(file: &Path) -> usize {
    std::fs::read(file).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn a_receiver_that_dies_and_comes_back_has_every_event() {
    for spooled in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (file, spool) = (folder.path().join("events.jsonl"), folder.path().join("spool"));
        let mut receiver = Receiver::start();
        receiver.got.dies_at.store(EVENTS as usize / 4, Ordering::Relaxed);
        let (url, file_name, spool_name) = (receiver.url(), file.to_str().unwrap(), spool.to_str().unwrap());
        let mut options = vec!["-o", url.as_str(), "-o", file_name];
        if spooled {
            options.extend(["--spool", spool_name]);
        }
        let run = Run::start(EVENTS, &options);
        wait_until("its death", || receiver.is_dead());
        receiver.kill();
        let died_with = receiver.ids().len();
        if spooled {
            wait_until("the end of the capture", || lines_in(&file) == EVENTS as usize);
        } else {
            sleep(Duration::from_secs(2));
        }
        assert_eq!(receiver.ids().len(), died_with);
        receiver.bring_back();
        let (code, said) = run.end();
        assert_eq!(code, Some(0), "{said}");
        let told = ids_in(&file);
        assert_eq!((told.len(), receiver.ids()), (EVENTS as usize, told), "{said}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.contains("waits until")).collect();
        assert!(
            matches!(lines.as_slice(), [away, back] if away.contains("it is tried again") && back.contains("takes events again")),
            "{said}"
        );
    }
}

#[test]
fn what_was_spooled_survives_the_end_of_the_process_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let (file, spool) = (folder.path().join("events.jsonl"), folder.path().join("spool"));
    let mut receiver = Receiver::away();
    let (url, file_name, spool_name) = (receiver.url(), file.to_str().unwrap(), spool.to_str().unwrap());
    let options = ["-o", url.as_str(), "--spool", spool_name, "-o", file_name];
    let events = 5_000;

    // Ended in good order: everything is there.
    let run = Run::start(events, &options);
    wait_until("the end of the capture", || lines_in(&file) == events as usize);
    Command::new("kill").arg(run.child.id().to_string()).status().unwrap();
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("{events} events stay in {spool_name}")), "{said}");

    receiver.bring_back();
    let run = Run::start(0, &["-o", url.as_str(), "--spool", spool_name]);
    let (code, said) = run.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(receiver.ids(), ids_in(&file));
}

#[test]
fn what_was_spooled_or_acknowledged_when_the_process_was_killed_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let (file, spool) = (folder.path().join("events.jsonl"), folder.path().join("spool"));
    let mut receiver = Receiver::start();
    receiver.got.dies_at.store(EVENTS as usize / 10, Ordering::Relaxed);
    let (url, file_name, spool_name) = (receiver.url(), file.to_str().unwrap(), spool.to_str().unwrap());
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run =
        Run::start(EVENTS, &["-o", &url, "--spool", spool_name, "-o", file_name, "--metrics", &metrics.to_string()]);
    let of_receiver = |name: &str| metric(metrics, &format!("tlscribe_sink_events_{name}{{sink=\"{url}\"}}"));
    wait_until("half of it", || of_receiver("spooled").is_some_and(|spooled| spooled >= u64::from(EVENTS) / 2));
    // Read one after the other while the run goes on: what is told is a little less than what there is at the end.
    let told = of_receiver("sent_total").unwrap() + of_receiver("spooled").unwrap();
    drop(run);
    receiver.bring_back();
    let (code, said) = Run::start(0, &["-o", &url, "--spool", spool_name]).end();
    assert_eq!(code, Some(0), "{said}");
    let arrived = receiver.ids();
    assert!(arrived.len() as u64 >= told, "{} of {told}", arrived.len());

    // Read once more from its beginning, the whole capture is there, and each event once by its id.
    let (code, said) = Run::start(EVENTS, &["-o", &url, "-o", file_name]).end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((receiver.ids().len(), receiver.ids()), (EVENTS as usize, ids_in(&file)));
    assert!(arrived.is_subset(&receiver.ids()));
}

/// What a metric says now.
fn metric(address: SocketAddr, name: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let value: f64 = answer.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()?;
    Some(value as u64)
}

#[test]
fn a_full_disk_is_said_once_and_harms_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&disk).stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        say("a_full_disk_is_said_once_and_harms_nothing_else: SKIPPED, no file system can be mounted here");
        return;
    }
    let file = folder.path().join("events.jsonl");
    let mut receiver = Receiver::away();
    let (url, file_name, spool_name) = (receiver.url(), file.to_str().unwrap(), disk.to_str().unwrap());
    let events = 10_000;
    let run = Run::start(events, &["-o", url.as_str(), "--spool", spool_name, "-o", file_name]);
    wait_until("the end of the capture", || lines_in(&file) == events as usize);
    sleep(Duration::from_secs(6));
    receiver.bring_back();
    let (code, said) = run.end();
    Command::new("umount").arg(&disk).status().unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("the disk is full").count(), 1, "{said}");
    assert_eq!(receiver.ids(), ids_in(&file), "{said}");
}

#[test]
fn a_receiver_that_was_never_there_is_a_mistake_in_one_line() {
    let receiver = Receiver::away();
    let run = Run::start(10, &["-o", &receiver.url()]);
    let (code, said) = run.end();
    assert_eq!(code, Some(2), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains(&receiver.url()) && last.contains("refused"), "{said}");
}
