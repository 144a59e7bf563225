//! Sinks of this machine and sinks elsewhere: the built program beside real receivers, beside ones that misbehave, and
//! beside what reads its files.

mod delivery;
mod files;
mod flood;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "parquet")]
mod parquet;
mod syslog;
mod traffic;
