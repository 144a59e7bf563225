//! Where events go. Each sink has a thread of its own and a short queue of rendered batches; rendering is done once,
//! before, and a batch is shared by the sinks that take it.

mod patience;
mod sink;
mod target;

pub use patience::{Patience, Queue, Unsent};
pub use sink::{Batch, MAX_QUEUED_BATCHES, MAX_QUEUED_LIVE, Sink, SinkEnd, SinkState};
pub use target::{Before, Target, Writer};
