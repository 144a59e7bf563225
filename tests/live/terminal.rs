//! What people see on a terminal while interfaces are sniffed.

use super::net::Namespace;
use super::program::{PATIENCE, captures};
use super::traffic::{by_clients, established, failed};
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A program on a terminal, which script(1) plays.
struct Terminal {
    script: Child,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(namespace: &Namespace, words: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_tlscribe");
        let mut script = namespace.command("script");
        script.args(["-qec", &format!("stty cols 200; exec {program} live --duration 120 {words}"), "/dev/null"]);
        let mut script = script.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (shown, mut output) = (Arc::new(Mutex::new(Vec::new())), script.stdout.take().unwrap());
        let screen = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                screen.lock().unwrap().extend_from_slice(&bytes[..read]);
            }
        });
        let terminal = Self { script, shown };
        terminal.wait("it captures", || terminal.program().is_some_and(captures));
        terminal
    }

    /// The program that runs on it.
    fn program(&self) -> Option<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.script.id());
        fs::read_to_string(children).ok()?.split_whitespace().next()?.parse().ok()
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait(&self, what: &str, true_now: impl Fn() -> bool) {
        let start = Instant::now();
        while !true_now() {
            assert!(start.elapsed() < PATIENCE, "{what}: {:?}", self.shown());
            sleep(Duration::from_millis(20));
        }
    }
}

/// The lines that a terminal shows in the end.
fn screen(written: &str) -> Vec<String> {
    let mut lines = vec![Vec::new()];
    let (mut column, mut rest) = (0, written.chars());
    while let Some(c) = rest.next() {
        let line = lines.last_mut().unwrap();
        match c {
            '\r' => column = 0,
            '\n' => lines.push(Vec::new()),
            '\x1b' => {
                // Colours apart, only "erase the line" is used.
                if rest.by_ref().find(char::is_ascii_alphabetic) == Some('K') {
                    line.clear();
                }
            }
            c => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn people_see_handshakes_go_by_above_a_line_that_changes_and_a_report_at_the_end() {
    let Some(namespace) = Namespace::with_cable("a terminal", &["tcpreplay", "script"]) else { return };
    let mut terminal = Terminal::start(&namespace, "-i in --hold 0");
    namespace.send("out", &by_clients(0..30, &established()));
    namespace.send("out", &failed());
    terminal.wait("all were counted", || terminal.shown().contains("; 31 handshakes, 1 failed"));
    namespace.ip("link set in down");
    terminal.wait("it says so", || terminal.shown().contains("went down"));
    terminal.wait("the line comes back", || terminal.shown().split("went down").nth(1).unwrap().contains(" frames/s"));
    // Control-C
    terminal.script.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(terminal.script.wait().unwrap().code(), Some(0));
    let shown = terminal.shown();
    let screen = screen(&shown);
    let handshakes: Vec<_> = screen.iter().filter(|line| line.contains("10.8.0.2:443 rsa.test, TLS 1.3")).collect();
    assert_eq!(handshakes.len(), 30, "{screen:#?}");
    // Each is a line of its own, from its time on.
    assert!(
        handshakes.iter().all(|line| line.starts_with("20") && line.matches(" rsa.test").count() == 1),
        "{handshakes:#?}"
    );
    assert_eq!(
        screen.iter().filter(|line| **line == "tlscribe: in went down; waiting for it").count(),
        1,
        "{screen:#?}"
    );
    assert!(!screen.iter().any(|line| line.contains("frames/s") || line.contains("listening")), "{screen:#?}");
    let report = screen.iter().skip_while(|line| *line != "1 of 31 handshakes did not succeed");
    let report = report.cloned().collect::<Vec<_>>().join("\n");
    assert!(report.contains("The server's certificate has expired: expired.test\n"), "{screen:#?}");
    assert!(report.contains("\n  Handshakes    31: established 30, failed 1\n"), "{screen:#?}");
}

#[test]
fn a_run_ends_with_its_terminal() {
    let Some(namespace) = Namespace::with_cable("a terminal that goes", &["script"]) else { return };
    let mut terminal = Terminal::start(&namespace, "-i in");
    let program = terminal.program().unwrap();
    terminal.script.kill().unwrap();
    terminal.script.wait().unwrap();
    terminal.wait("it ends", || !captures(program));
}
