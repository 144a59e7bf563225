//! A file as a sink: opened before anything is read, and opened anew when it was moved away.

use super::batch::Batch;
use super::options::Options;
use super::sink::Writing;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What becomes of what a file held before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It is gone: the file holds this run.
    Emptied,
    /// It stays: a sensor that begins anew goes on where it was.
    Kept,
}

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// Its name.
    pub path: PathBuf,
}

impl FileOptions {
    /// Takes what concerns a file out of the options.
    ///
    /// # Errors
    /// Something makes no sense.
    pub(super) fn take(path: PathBuf, _options: &mut Options) -> Result<Self, String> {
        Ok(Self { path })
    }
}

/// An open file of lines.
#[derive(Debug)]
pub(super) struct LineFile {
    options: FileOptions,
    /// What it begins with.
    header: Vec<u8>,
    file: File,
    /// The last write broke off: what is there may end within a line.
    broken: bool,
}

impl LineFile {
    /// Opens it; an empty one gets the header.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub(super) fn open(options: FileOptions, header: Vec<u8>, before: Before) -> io::Result<Self> {
        let file = match before {
            Before::Emptied => File::create(&options.path)?,
            Before::Kept => OpenOptions::new().append(true).create(true).open(&options.path)?,
        };
        let mut opened = Self { options, header, file, broken: false };
        opened.begin()?;
        Ok(opened)
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.header.is_empty() || self.file.metadata()?.len() > 0 {
            return Ok(());
        }
        let header = std::mem::take(&mut self.header);
        let begun = self.put(&header);
        self.header = header;
        begun
    }

    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        let end_of_line: &[u8] = if self.broken { b"\n" } else { b"" };
        let written = self.file.write_all(end_of_line).and_then(|()| self.file.write_all(lines));
        self.broken = written.is_err();
        written
    }
}

impl Writing for LineFile {
    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.put(&batch.bytes)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.file = OpenOptions::new().append(true).create(true).open(&self.options.path)?;
        self.begin()
    }

    fn file(&self) -> Option<&File> {
        Some(&self.file)
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.options.path)
    }
}
