//! `tlscribe explain`.

use super::Exit;
use super::usage::mistake;
use crate::explain::{explain, overview};
use std::io::Write as _;

/// Explains a cause of failure, an error message, an alert, a cipher suite or a version: what it means and what to do
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A name or a number, as in certificate_untrusted, 0x1301, TLSv1.0, alert 40, or a program's message, as in
    /// ERR_CERT_DATE_INVALID, "unable to get local issuer certificate", error 525; nothing lists what there is
    #[arg(allow_negative_numbers = true)]
    what: Vec<String>,
}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        let explained = match self.what.as_slice() {
            [] => Ok(overview()),
            what => explain(&what.join(" ")),
        };
        match explained {
            Ok(explanation) => {
                // A reader that closes early has seen what it wanted.
                let _ = write!(std::io::stdout(), "{explanation}");
                Exit::Done
            }
            Err(not_known) => mistake(&not_known.to_string()),
        }
    }
}
