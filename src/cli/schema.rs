//! `tlscribe schema`.

use super::Exit;
use crate::event::SCHEMA;
use std::io::Write as _;

/// Prints the JSON Schema of the events
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        // A reader that closes early has seen what it wanted.
        let _ = std::io::stdout().write_all(SCHEMA.as_bytes());
        Exit::Done
    }
}
