//! Where a sink writes: named on the command line, opened before anything is read, and opened anew when it was moved away.

use crate::report::Aside;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A sink as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `-`.
    StandardOutput,
    /// A file.
    File(PathBuf),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "-" { Self::StandardOutput } else { Self::File(text.into()) })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// What becomes of what a file held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is gone: the file holds this run.
    Emptied,
    /// It stays: a sensor that begins anew goes on where it was.
    Kept,
}

/// An open target.
#[derive(Debug)]
pub struct Writer {
    target: Target,
    /// What a file begins with.
    header: Vec<u8>,
    stream: Stream,
    /// The last write broke off: what is there may end within a line.
    broken: bool,
}

#[derive(Debug)]
enum Stream {
    Output(io::Stdout, Aside),
    File(File),
}

impl Writer {
    /// Opens a target; an empty one gets the header. What goes to standard output is printed `aside`.
    ///
    /// # Errors
    /// A file that cannot be created or written.
    pub fn open(target: Target, header: Vec<u8>, before: Before, aside: Aside) -> io::Result<Self> {
        let stream = match &target {
            Target::StandardOutput => Stream::Output(io::stdout(), aside),
            Target::File(path) => Stream::File(match before {
                Before::Emptied => File::create(path)?,
                Before::Kept => OpenOptions::new().append(true).create(true).open(path)?,
            }),
        };
        let mut writer = Self { target, header, stream, broken: false };
        writer.begin()?;
        Ok(writer)
    }

    /// What it writes to.
    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// Its file, where it is one.
    pub const fn file(&self) -> Option<&File> {
        match &self.stream {
            Stream::Output(..) => None,
            Stream::File(file) => Some(file),
        }
    }

    /// The name of its file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.target {
            Target::StandardOutput => None,
            Target::File(path) => Some(path),
        }
    }

    /// Opens a file anew under its name.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Target::File(path) = &self.target {
            self.stream = Stream::File(OpenOptions::new().append(true).create(true).open(path)?);
            self.begin()?;
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<()> {
        let empty = match &self.stream {
            Stream::Output(..) => true,
            Stream::File(file) => file.metadata()?.len() == 0,
        };
        if !empty || self.header.is_empty() {
            return Ok(());
        }
        let header = std::mem::take(&mut self.header);
        let begun = self.write(&header);
        self.header = header;
        match begun {
            // A reader that has gone already is noticed with the first event.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            begun => begun,
        }
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let end_of_line: &[u8] = if self.broken { b"\n" } else { b"" };
        let put = |stream: &mut dyn Write| {
            stream.write_all(end_of_line).and_then(|()| stream.write_all(lines)).and_then(|()| stream.flush())
        };
        let written = match &mut self.stream {
            Stream::Output(output, aside) => aside.print(|| put(output)),
            Stream::File(file) => put(file),
        };
        self.broken = written.is_err();
        written
    }
}
