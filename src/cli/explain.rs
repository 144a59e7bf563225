//! `tlscribe explain`.

use super::Exit;
use super::usage::mistake;
use std::io::Write as _;

/// Explains a cipher suite, alert, version, group, extension or finding: what it means and what to do
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A name or a number, as in handshake_failure, 0x1301, TLSv1.0, static_rsa, alert 40
    #[arg(required = true)]
    what: Vec<String>,
}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        match crate::explain::explain(&self.what.join(" ")) {
            Ok(explanation) => {
                // A reader that closes early has seen what it wanted.
                let _ = write!(std::io::stdout(), "{explanation}");
                Exit::Done
            }
            Err(not_known) => mistake(&not_known.to_string()),
        }
    }
}
