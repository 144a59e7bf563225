//! Standard output as a sink.

use super::batch::Batch;
use super::lines::Lines;
use super::sink::{Fate, Writing};
use crate::report::Aside;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::AsFd as _;

/// Standard output, which may be a terminal that others print on.
#[derive(Debug)]
pub(super) struct StandardOutput {
    output: io::Stdout,
    aside: Aside,
    lines: Lines,
}

impl StandardOutput {
    /// Printed `aside`; the header stands before everything else.
    pub(super) fn begin(header: &[u8], aside: Aside) -> io::Result<Self> {
        let mut output = Self { output: io::stdout(), aside, lines: Lines::default() };
        match output.put(header) {
            // A reader that has gone already is noticed with the first event.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(output),
        }
    }

    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.aside.print(|| self.lines.put(lines, &mut self.output)).map(drop)
    }
}

impl Writing for StandardOutput {
    fn write(&mut self, batch: &Batch) -> Fate {
        Fate::of(batch.events, self.put(&batch.bytes))
    }

    fn is_closed(&self) -> bool {
        // It is told of errors though nothing is waited for. Of a pipe that is the end of its last reader (pipe(7)).
        let mut descriptors = [PollFd::new(self.output.as_fd(), PollFlags::empty())];
        let told = poll(&mut descriptors, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
        told && descriptors[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR))
    }
}
