//! What is sent to receivers elsewhere arrives there.

#[cfg(feature = "kafka")]
mod kafka;
