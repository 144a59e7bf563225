//! Where events go. Each sink has a thread of its own and a short queue of rendered batches; rendering is done before,
//! once for all sinks that want the same, and a batch is shared by them.
//!
//! | module | what it is for |
//! |---|---|
//! | `target`, `options`, `plan` | a sink as it is named, its options, and how it is opened |
//! | `batch`, `patience` | what travels to the sinks, and what to do where there is no room |
//! | `machine` | the clock, folders and locks of this machine |
//! | `sink`, `state` | a sink's thread, and what it tells |
//! | `standard_output`, `file`, `lines` | sinks of this machine |
//! | `parquet` | Parquet files in folders by day and hour |
//! | `rotation`, `packing` | the names of files that follow each other; compression |
//! | `delivery`, `parcel` | what is kept, in memory and on disk, until a receiver has answered for it |
//! | `transport` | receivers: one module for each protocol |

mod batch;
mod delivery;
mod file;
mod lines;
mod machine;
mod options;
mod packing;
mod parcel;
#[cfg(feature = "parquet")]
mod parquet;
mod patience;
mod plan;
mod rotation;
mod sink;
mod standard_output;
mod state;
mod target;
mod transport;

pub use batch::{Batch, Event, Kind, Level, Mark, Source};
pub use delivery::Keeping;
pub use file::{Before, FileOptions};
pub(crate) use machine::{lock, now};
pub use options::{Options, Secret};
pub use parcel::Parcel;
pub use patience::{Patience, Queue, Unsent};
pub use plan::{OpenSink, Prepared, Spooling, may_hold_files, writable};
#[cfg(test)]
pub(crate) use rotation::tests::names;
pub use rotation::{Rotation, Series};
pub use sink::{Closing, Fate, MAX_QUEUED_BATCHES, MAX_QUEUED_LIVE, Sink, Work, Writing};
pub use state::{SinkEnd, SinkState};
pub use target::{Place, Scheme, Target};
pub use transport::{Receipt, Setback, Transport, Trust};
