//! Sinks that send events elsewhere, each beside real receivers.

mod syslog;
