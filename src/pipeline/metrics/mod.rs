//! Watching the watcher: metrics for Prometheus and a health page over HTTP, where `--metrics` says.
//!
//! Pages are made of what the threads of a run count anyway (the board, the sinks' states) when somebody asks for them;
//! only certificates are noted for them alone. Nothing is asked of the capture threads, and nobody waits for whoever asks.
//!
//! | module | what it is for |
//! |---|---|
//! | `server`, `request` | connections, bounded in number, size and time; what is asked and answered |
//! | `exposition` | `/metrics`: the names, and what they mean |
//! | `health` | `/health`: what is wrong |
//! | `certificates` | the servers' certificates that were seen, of which the soonest to expire are told |

mod certificates;
mod exposition;
mod health;
mod request;
mod server;

pub(super) use certificates::Certificates;

use super::counts::Counting;
use crate::report::Console;
use server::Server;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// An address that is listened on, and from a certain moment on served.
pub(super) struct Metrics {
    listener: TcpListener,
    address: SocketAddr,
    certificates: Arc<Certificates>,
    stop: Arc<AtomicBool>,
}

impl Metrics {
    /// Listens; nobody is answered yet.
    ///
    /// # Errors
    /// The address is in use, not this machine's, or not for this user.
    pub(super) fn open(address: SocketAddr) -> Result<Self, String> {
        let listen = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        };
        let refused = |error: io::Error| {
            let what_to_do = match error.kind() {
                ErrorKind::AddrInUse => "another program listens there; choose another port",
                ErrorKind::AddrNotAvailable => "this machine has no such address",
                ErrorKind::PermissionDenied => "ports below 1024 are root's; choose a higher one",
                _ => "nobody can be served there",
            };
            format!("--metrics {address}: {what_to_do} ({error})")
        };
        listen().map_err(refused).map(|(address, listener)| Self {
            listener,
            address,
            certificates: Arc::new(Certificates::new(super::seed())),
            stop: Arc::default(),
        })
    }

    /// Where servers' certificates are to be noted.
    pub(super) fn certificates(&self) -> Arc<Certificates> {
        Arc::clone(&self.certificates)
    }

    /// Serves until this is dropped, in a thread of its own.
    ///
    /// # Errors
    /// No thread to be had.
    pub(super) fn serve(&self, counting: Counting, console: &Console) -> Result<(), String> {
        let start = || {
            let server = Server::new(self.listener.try_clone()?, counting, self.certificates(), Arc::clone(&self.stop));
            thread::Builder::new().name("metrics".into()).spawn(move || server.run())
        };
        start().map_err(|error| format!("no thread for --metrics: {error}"))?;
        console.say(&format!("metrics on http://{}/metrics", self.address));
        Ok(())
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
