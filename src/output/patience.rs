//! How long whoever has something for another thread waits for room in its queue.

use super::state::SinkState;
use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where traffic does not wait, so many bytes do in a queue of small things. That is a second of the events that a busy
/// machine can bring forth.
const MAX_QUEUED_BYTES: usize = 32 * 1024 * 1024;
/// How soon it is looked again whether there are fewer.
const LOOK: Duration = Duration::from_millis(1);

/// What to do where there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait until there is: nothing is lost.
    Wait,
    /// Lose it, and count it: traffic does not wait.
    Lose,
    /// Wait until then, and lose it then: there is no more traffic to miss.
    Until(Instant),
}

/// Why something was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// There was no room.
    Full,
    /// Nobody takes it any more.
    Closed,
}

impl Patience {
    /// Queues something.
    ///
    /// # Errors
    /// It was not, and why.
    pub fn send<T>(self, queue: &Sender<T>, item: T) -> Result<(), Unsent> {
        match self {
            Self::Wait => queue.send(item).map_err(|_| Unsent::Closed),
            Self::Lose => queue.try_send(item).map_err(|error| match error {
                TrySendError::Full(_) => Unsent::Full,
                TrySendError::Disconnected(_) => Unsent::Closed,
            }),
            Self::Until(deadline) => queue.send_deadline(item, deadline).map_err(|error| match error {
                SendTimeoutError::Timeout(_) => Unsent::Full,
                SendTimeoutError::Disconnected(_) => Unsent::Closed,
            }),
        }
    }
}

/// The way to a thread that writes, bounded in number and in bytes; what is lost on it is counted.
#[derive(Debug)]
pub struct Queue<T> {
    queue: Sender<T>,
    state: Arc<SinkState>,
}

impl<T> Queue<T> {
    /// A way on which the state of a sink is kept.
    pub const fn new(queue: Sender<T>, state: Arc<SinkState>) -> Self {
        Self { queue, state }
    }

    /// What is known of the sink.
    pub const fn state(&self) -> &Arc<SinkState> {
        &self.state
    }

    /// Queues something that counts as so many events and takes so many bytes.
    ///
    /// # Errors
    /// It was not, and why; it is counted as lost where somebody wanted it.
    pub fn send(&self, item: T, events: u64, bytes: usize, patience: Patience) -> Result<(), Unsent> {
        let has_room = self.has_room(bytes, patience);
        self.state.queued.fetch_add(events, Ordering::Relaxed);
        self.state.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let sent = if has_room { patience.send(&self.queue, item) } else { Err(Unsent::Full) };
        if sent.is_err() {
            self.state.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.state.lose(events);
        }
        sent
    }

    /// True where so many bytes more may wait. Who waits for as long as it takes is bounded by the number.
    fn has_room(&self, bytes: usize, patience: Patience) -> bool {
        let is_full = || {
            let queued = self.state.queued_bytes.load(Ordering::Relaxed);
            queued.saturating_add(bytes) > MAX_QUEUED_BYTES && !self.state.not_wanted.load(Ordering::Relaxed)
        };
        match patience {
            Patience::Wait => true,
            Patience::Lose => !is_full(),
            Patience::Until(deadline) => {
                while is_full() && Instant::now() < deadline {
                    sleep(LOOK);
                }
                !is_full()
            }
        }
    }
}
