//! Sinks that send events elsewhere: the built program beside real receivers, and beside ones that misbehave.

mod delivery;
mod flood;
#[cfg(feature = "kafka")]
mod kafka;
