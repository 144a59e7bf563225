//! Delivery to a receiver elsewhere: nothing is lost while it is away for less than the queue and the spool hold, and what
//! it may have missed is sent again, in order and under the same ids.
//!
//! ```text
//! batches ─> keeper ──────────────────> sender ──────────────────> transport
//!            memory, spool, order  <──  backoff, retries      <──  the receiver's answers
//! ```
//!
//! The keeper never waits for the network, and the sender never for the disk. Events are, oldest first, with the sender, in
//! the spool, in memory. They leave when the receiver has answered for them, and so they are sent at least once.
//!
//! - A receiver that is away is tried again after half a second, then after twice that, up to ten seconds, each time a
//!   little more or less, so that many sensors do not come back at once. It is said once that it is away, and once that
//!   it is back.
//! - While it is away, what waits goes to the spool, if there is one, and survives the end of the process. The next run
//!   with the same sink sends it first.
//! - When memory and spool are full, a live run loses the oldest events and counts them; who reads captures waits.

mod keeper;
mod opened;
mod sender;
mod spool;

use super::batch::Batch;
use super::state::{SinkEnd, SinkState};
use super::transport::Transport;
use crossbeam_channel::{Receiver, bounded, unbounded};
use keeper::Keeper;
use opened::Opened;
use sender::Sender;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// How a network sink keeps what cannot be sent yet.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// Its name, for messages.
    pub name: String,
    /// The file of its spool, if it has one.
    pub spool: Option<PathBuf>,
    /// Bytes of lines that the spool may hold.
    pub spool_bytes: u64,
    /// Bytes of lines that wait in memory.
    pub memory_bytes: usize,
    /// Events come from traffic, which does not wait: where there is no room the oldest are lost.
    pub live: bool,
}

/// Bytes of lines that wait in memory, where nobody says otherwise.
pub(super) const MEMORY_BYTES: usize = 32 * 1024 * 1024;

/// What one thread does until there are no more batches.
pub(super) struct Courier {
    keeper: Keeper,
}

impl Courier {
    /// Opens the spool and starts the thread that talks to the receiver.
    ///
    /// # Errors
    /// No thread to be had.
    pub(super) fn start(keeping: Keeping, transport: Box<dyn Transport>, state: Arc<SinkState>) -> io::Result<Self> {
        let (parcels, to_send) = bounded(1);
        let (tell, answers) = unbounded();
        // Without a spool, who reads captures has been there already.
        let contacts_first = keeping.live || keeping.spool.is_some();
        let sender = Sender::new(keeping.name.clone(), transport, Arc::clone(&state), tell, contacts_first);
        std::thread::Builder::new().name("sender".into()).spawn(move || sender.run(&to_send))?;
        let spool = keeping.spool.clone().map(|path| Opened::open(path, keeping.spool_bytes, &keeping.name, &state));
        Ok(Self { keeper: Keeper::new(keeping, spool, state, parcels, answers) })
    }

    /// Delivers until there are no more batches and all have arrived, or until it is told to give up.
    pub(super) fn run(self, batches: &Receiver<Arc<Batch>>) -> SinkEnd {
        self.keeper.run(batches)
    }
}

#[cfg(test)]
mod tests;
