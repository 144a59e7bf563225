//! The sinks of the built program, each against what reads it.

mod files;
mod traffic;
