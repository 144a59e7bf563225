//! The sinks of the built program, each against what reads it.

mod files;
#[cfg(feature = "parquet")]
mod parquet;
mod traffic;
