//! One thread and a few connections, none of which is waited for: each does what it can, and is closed when its time is
//! over, or when it is the oldest and another one needs its place. So nobody can keep others from being answered, or take
//! more memory than a few pages.

use super::super::counts::Counting;
use super::certificates::Certificates;
use super::exposition::Exposition;
use super::health;
use super::request::{Asked, HTML, INDEX, MAX_HEAD, TEXT, answer, asked};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// So many connections are open at a time.
const MAX_CONNECTIONS: usize = 64;
/// So long has each to ask, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the run has ended, and whose time is over.
const TURN: u16 = 500;
/// What is sent behind a request is read, since who is not heard out may not get the answer; but not more of it than this.
const MAX_REST: usize = 64 * 1024;

/// What the thread has.
pub(super) struct Server {
    listener: TcpListener,
    counting: Counting,
    certificates: Arc<Certificates>,
    stop: Arc<AtomicBool>,
    /// The oldest first.
    open: VecDeque<Connection>,
}

/// Somebody who asks.
struct Connection {
    stream: TcpStream,
    since: Instant,
    doing: Doing,
}

/// How far a connection is.
enum Doing {
    /// This much of the request is there.
    Asking(Vec<u8>),
    /// The answer, and how much of it was sent.
    Answering(Vec<u8>, usize),
    /// The answer was sent, and the end of what the other side has to say is waited for, of which this much was read.
    Ending(usize),
}

impl Server {
    pub(super) fn new(
        listener: TcpListener,
        counting: Counting,
        certificates: Arc<Certificates>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self { listener, counting, certificates, stop, open: VecDeque::new() }
    }

    /// Answers until the run has ended.
    pub(super) fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            self.wait();
            self.accept();
            let Self { open, counting, certificates, .. } = &mut self;
            open.retain_mut(|connection| {
                connection.goes_on(|asked| page(asked, counting, certificates)) && connection.since.elapsed() < PATIENCE
            });
        }
    }

    /// Waits for something to do.
    fn wait(&self) {
        let listener = PollFd::new(self.listener.as_fd(), PollFlags::POLLIN);
        let connections = self.open.iter().map(|connection| {
            let flags = match connection.doing {
                Doing::Answering(..) => PollFlags::POLLOUT,
                Doing::Asking(_) | Doing::Ending(_) => PollFlags::POLLIN,
            };
            PollFd::new(connection.stream.as_fd(), flags)
        });
        let mut descriptors: Vec<PollFd<'_>> = connections.chain([listener]).collect();
        // A signal interrupts it: then there may be something else to do.
        let _ = poll(&mut descriptors, PollTimeout::from(TURN));
    }

    /// Takes who has come. The oldest make room.
    fn accept(&mut self) {
        for _ in 0..MAX_CONNECTIONS {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    if stream.set_nonblocking(true).is_err() {
                        continue;
                    }
                    if self.open.len() >= MAX_CONNECTIONS {
                        self.open.pop_front();
                    }
                    let doing = Doing::Asking(Vec::new());
                    self.open.push_back(Connection { stream, since: Instant::now(), doing });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Whoever it was has gone again.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                // No more files can be opened: that lasts, and the listener would be ready all the time.
                Err(_) => {
                    std::thread::sleep(Duration::from_millis(u64::from(TURN)));
                    return;
                }
            }
        }
    }
}

/// What is answered.
fn page(asked: Asked, counting: &Counting, certificates: &Certificates) -> Option<Vec<u8>> {
    Some(match asked {
        Asked::More => return None,
        Asked::Index => answer(OK, HTML, INDEX),
        Asked::Metrics(exposition) => metrics(exposition, counting, certificates),
        Asked::Health => match health::troubles(counting).as_slice() {
            [] => answer(OK, TEXT, "ok\n"),
            troubles => answer(UNAVAILABLE, TEXT, &format!("{}\n", troubles.join("\n"))),
        },
        Asked::Refused(refusal) => refusal.answer(),
    })
}

const OK: &str = "200 OK";
const UNAVAILABLE: &str = "503 Service Unavailable";

fn metrics(exposition: Exposition, counting: &Counting, certificates: &Certificates) -> Vec<u8> {
    match exposition.write(counting, certificates) {
        Ok(page) => answer(OK, exposition.content_type(), &page),
        // A text is written, which cannot fail.
        Err(error) => answer("500 Internal Server Error", TEXT, &format!("{error}\n")),
    }
}

impl Connection {
    /// Does what can be done now; false once it is over.
    fn goes_on(&mut self, page: impl Fn(Asked) -> Option<Vec<u8>>) -> bool {
        match self.step(page) {
            Ok(goes_on) => goes_on,
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    fn step(&mut self, page: impl Fn(Asked) -> Option<Vec<u8>>) -> std::io::Result<bool> {
        let mut buffer = [0; 4096];
        match &mut self.doing {
            Doing::Asking(sent) => {
                let room = buffer.len().min(MAX_HEAD.saturating_sub(sent.len()));
                let count = self.stream.read(&mut buffer[..room])?;
                sent.extend_from_slice(&buffer[..count]);
                match page(asked(sent)) {
                    Some(answer) => {
                        self.doing = Doing::Answering(answer, 0);
                        self.step(page)
                    }
                    None => Ok(count > 0),
                }
            }
            Doing::Answering(answer, written) => {
                *written += self.stream.write(&answer[*written..])?;
                if *written == answer.len() {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.doing = Doing::Ending(0);
                }
                Ok(true)
            }
            Doing::Ending(read) => {
                let count = self.stream.read(&mut buffer)?;
                *read += count;
                Ok(count > 0 && *read <= MAX_REST)
            }
        }
    }
}
