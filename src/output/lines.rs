//! Whole lines into something that may break off.

use std::io::{self, Write};

/// How the last write went.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// It broke off: what is there may end within a line.
    broken: bool,
}

impl Lines {
    /// Writes whole lines, behind the end of one that may have been torn. Returns how many bytes these are.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn put(&mut self, lines: &[u8], to: &mut impl Write) -> io::Result<usize> {
        let end_of_line: &[u8] = if self.broken { b"\n" } else { b"" };
        let written = to.write_all(end_of_line).and_then(|()| to.write_all(lines)).and_then(|()| to.flush());
        self.broken = written.is_err();
        written.map(|()| end_of_line.len() + lines.len())
    }
}
