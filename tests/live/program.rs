//! A running `tlscribe live`: what it tells, and when.

use super::net::Namespace;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How long anything may take on a slow and busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Whatever happens to its test, it does not run on for ever.
const LONGEST: &str = "120";

/// One that runs.
pub(super) struct Live {
    child: Child,
    errors: NamedTempFile,
    /// Its output, until somebody listens.
    output: Option<ChildStdout>,
    told: Option<Receiver<Told>>,
    /// What it has told so far.
    events: Vec<Told>,
}

/// A line, and when it came.
pub(super) struct Told {
    pub(super) at: Instant,
    pub(super) event: Value,
}

/// One that has ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) errors: String,
    events: Vec<Value>,
}

impl Ended {
    /// The handshakes that it told, in order.
    pub(super) fn handshakes(&self) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event_type"] == "handshake").collect()
    }

    /// The last thing that it told.
    pub(super) fn last(&self) -> &Value {
        self.events.last().unwrap()
    }

    /// The records of what it counted, in order.
    pub(super) fn stats(&self) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event_type"] == "stats").collect()
    }
}

/// The command `tlscribe live` with these words, in a namespace.
pub(super) fn live(namespace: &Namespace, words: &str) -> Command {
    let mut command = namespace.command(env!("CARGO_BIN_EXE_tlscribe"));
    command.arg("live").args(words.split(' '));
    if !words.contains("--duration") {
        command.args(["--duration", LONGEST]);
    }
    command
}

impl Live {
    /// Starts it, and waits until it captures.
    pub(super) fn start(namespace: &Namespace, words: &str) -> Self {
        Self::of(live(namespace, words))
    }

    /// Starts it with this command, and waits until it captures.
    #[track_caller]
    pub(super) fn of(command: Command) -> Self {
        let mut live = Self::unheard(command);
        live.listen();
        live
    }

    /// Starts it, and does not read what it tells.
    #[track_caller]
    pub(super) fn unheard(mut command: Command) -> Self {
        let errors = NamedTempFile::new().unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors.reopen().unwrap()).spawn().unwrap();
        let output = child.stdout.take();
        let mut live = Self { child, errors, output, told: None, events: Vec::new() };
        live.wait("it captures", |live| captures(live.id()));
        live
    }

    /// Reads what it tells, from now on.
    pub(super) fn listen(&mut self) {
        let output = BufReader::new(self.output.take().unwrap());
        let (tell, told) = channel();
        self.told = Some(told);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                let _ = tell.send(Told { at: Instant::now(), event });
            }
        });
    }

    /// Closes its output without having read it.
    pub(super) fn hang_up(&mut self) {
        self.output = None;
    }

    /// Waits until its output, which nobody reads, is full.
    #[track_caller]
    pub(super) fn wait_until_it_is_stuck(&mut self) {
        let writes = |live: &Self| {
            let mut output = [PollFd::new(live.output.as_ref().unwrap().as_fd(), PollFlags::POLLIN)];
            poll(&mut output, PollTimeout::ZERO).unwrap() > 0
        };
        self.wait("it writes", writes);
        sleep(Duration::from_millis(500));
    }

    /// True while it has not ended.
    pub(super) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Asks what it has counted so far.
    #[track_caller]
    pub(super) fn ask(&mut self) -> String {
        let before = self.errors().len();
        self.signal("-USR1");
        self.wait("it answers", |live| live.errors().len() > before && live.errors().ends_with('\n'));
        self.errors()[before..].to_owned()
    }

    /// Waits until it has counted so many frames.
    #[track_caller]
    pub(super) fn wait_for_frames(&mut self, count: u64) {
        let start = Instant::now();
        let says = format!("tlscribe: {count} frames,");
        loop {
            let counted = self.ask();
            if counted.contains(&says) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{says} {counted}");
            sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn errors(&self) -> String {
        fs::read_to_string(self.errors.path()).unwrap()
    }

    /// Waits for something to become true while it runs.
    #[track_caller]
    pub(super) fn wait(&mut self, what: &str, mut true_now: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !true_now(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "{what}: {ended:?}\n{}", self.errors());
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it has said something on standard error.
    #[track_caller]
    pub(super) fn wait_to_hear(&mut self, what: &str) {
        self.wait(what, |live| live.errors().contains(what));
    }

    /// Waits until it has told so many events of a type, and gives the last.
    #[track_caller]
    pub(super) fn wait_for(&mut self, count: usize, event_type: &str) -> &Told {
        let start = Instant::now();
        let is_one = |told: &&Told| told.event["event_type"] == event_type;
        while self.events.iter().filter(is_one).count() < count {
            match self.told.as_ref().unwrap().recv_timeout(Duration::from_millis(100)) {
                Ok(told) => self.events.push(told),
                Err(RecvTimeoutError::Timeout) if start.elapsed() < PATIENCE => {}
                Err(error) => panic!("{count} {event_type} events: {error}, {}\n{}", self.events.len(), self.errors()),
            }
        }
        self.events.iter().filter(is_one).nth(count - 1).unwrap()
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.id().to_string()]).status().unwrap().success());
    }

    /// Ends it as a service manager does.
    #[track_caller]
    pub(super) fn stop(self) -> Ended {
        self.signal("-TERM");
        self.end()
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub(super) fn end(mut self) -> Ended {
        let start = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end\n{}", self.errors());
            sleep(Duration::from_millis(10));
        };
        // whoever listens ends with it
        while let Some(Ok(told)) = self.told.as_ref().map(|told| told.recv_timeout(PATIENCE)) {
            self.events.push(told);
        }
        let events = std::mem::take(&mut self.events).into_iter().map(|told| told.event).collect();
        Ended { code, errors: self.errors(), events }
    }

    /// The seconds of processor time that it has taken.
    pub(super) fn processor_seconds(&self) -> f64 {
        ticks(&fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap()) as f64 / 100.0
    }

    /// The processor time that each of its threads of this name has taken, in hundredths.
    pub(super) fn threads(&self, name: &str) -> Vec<u64> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        let stat = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        threads
            .flatten()
            .map(stat)
            .filter(|stat| stat.contains(&format!(" ({name}) ")))
            .map(|stat| ticks(&stat))
            .collect()
    }
}

/// The numbers of user and system time in a `stat` (proc_pid_stat(5)), in hundredths on every Linux that matters.
fn ticks(stat: &str) -> u64 {
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

impl Drop for Live {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Its interfaces are open and its threads have started, one of which is that of the analysis.
pub(super) fn captures(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
    threads.is_ok_and(|threads| threads.flatten().map(name).any(|name| name == "analysis\n"))
}
