//! One Parquet file at a time: begun under a name that readers pass over, and renamed when it has its end.

use super::super::batch::Kind;
use super::super::sink::Fate;
use super::table::Table;
use crate::time::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines become rows once there are so many bytes of them.
const LINES: usize = 1024 * 1024;
/// A row group is written to the disk when its rows have about so many bytes: that is what a file holds in memory.
const ROW_GROUP: usize = 16 * 1024 * 1024;
/// In front of the names of files without an end. Spark, DuckDB and ClickHouse pass over them, by the dot or the suffix.
const UNFINISHED: (&str, &str) = (".part-", ".tmp");

/// An hour since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hour(u64);

const HOUR_MICROS: u64 = 3_600_000_000;

impl Hour {
    /// The hour of a time.
    pub(super) const fn of(time: Timestamp) -> Self {
        Self(time.as_micros() / HOUR_MICROS)
    }

    /// `date=2026-11-29/hour=20`.
    fn folder(self) -> String {
        let second = i64::try_from(self.0.saturating_mul(3600)).unwrap_or(i64::MAX);
        let begin = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
        begin.strftime("date=%Y-%m-%d/hour=%H").to_string()
    }
}

/// A file without an end.
pub(super) struct Part {
    kind: Kind,
    hour: Hour,
    /// Where it is until it has its end.
    unfinished: PathBuf,
    finished: PathBuf,
    writer: ArrowWriter<File>,
    table: Arc<Table>,
    /// Lines that are no rows yet.
    lines: Vec<u8>,
    /// Events in them, and in all of the file.
    waiting: u64,
    events: u64,
    /// Those of them that fit into no row.
    misfits: u64,
    begun: Instant,
}

impl Part {
    /// Begins a file in the folder of its kind and hour. It is locked as long as it is written.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn begin(folder: &Path, kind: Kind, hour: Hour, name: &str, table: Arc<Table>) -> io::Result<Self> {
        let folder = folder.join(format!("event_type={}", kind.name())).join(hour.folder());
        std::fs::create_dir_all(&folder)?;
        let unfinished = folder.join(format!(".{name}{}", UNFINISHED.1));
        let file = File::create_new(&unfinished)?;
        file.try_lock()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("tlscribe ", env!("CARGO_PKG_VERSION")).into())
            .set_max_row_group_bytes(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(table.schema()), Some(properties)).map_err(said)?;
        let (finished, lines, begun) = (folder.join(name), Vec::new(), Instant::now());
        Ok(Self { kind, hour, unfinished, finished, writer, table, lines, waiting: 0, events: 0, misfits: 0, begun })
    }

    /// True where it is for events of this kind and hour.
    pub(super) fn is_of(&self, kind: Kind, hour: Hour) -> bool {
        self.kind == kind && self.hour == hour
    }

    /// How many bytes it will have, about.
    pub(super) fn bytes(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    /// For how long it has been written.
    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// Writing failed; the file is good for nothing.
    pub(super) fn add(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines.extend_from_slice(line);
        self.lines.push(b'\n');
        self.waiting += 1;
        self.events += 1;
        if self.lines.len() >= LINES { self.encode() } else { Ok(()) }
    }

    /// Makes rows of the lines.
    fn encode(&mut self) -> io::Result<()> {
        if self.waiting == 0 {
            return Ok(());
        }
        let (rows, misfits) = self.table.rows(&self.lines);
        self.lines.clear();
        self.waiting = 0;
        self.misfits += misfits;
        rows.iter().try_for_each(|rows| self.writer.write(rows)).map_err(said)
    }

    /// Gives it its end and its name.
    pub(super) fn end(mut self) -> Fate {
        if let Err(error) = self.encode() {
            return self.give_up(error);
        }
        let Self { unfinished, finished, writer, events, misfits, .. } = self;
        // A name without content, after a loss of power, would spoil every query.
        let ended = writer.into_inner().map_err(said).and_then(|file| file.sync_all());
        let ended = ended.and_then(|()| std::fs::rename(&unfinished, finished));
        if ended.is_err() {
            let _ = std::fs::remove_file(unfinished);
        }
        let misfit = if misfits > 0 { Err(io::Error::other("an event that fits into no row")) } else { Ok(()) };
        Fate::of(events - misfits, ended).and(Fate::of(misfits, misfit))
    }

    /// For this reason its events are lost.
    pub(super) fn give_up(self, error: io::Error) -> Fate {
        let _ = std::fs::remove_file(&self.unfinished);
        Fate::of(self.events, Err(error))
    }
}

/// What the system said, where it is the system's.
fn said(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => inner.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error),
        error => io::Error::other(error),
    }
}

/// Deletes the files without an end that nobody writes any more, and says how many they were.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn sweep(folder: &Path) -> io::Result<usize> {
    let mut folders = vec![folder.to_owned()];
    for level in ["event_type=", "date=", "hour="] {
        let mut below = Vec::new();
        for folder in folders {
            below.extend(named(&folder, |name| name.starts_with(level))?);
        }
        folders = below;
    }
    let mut swept = 0;
    for folder in folders {
        for file in named(&folder, |name| name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1))? {
            match File::open(&file)?.try_lock() {
                Ok(()) => {
                    std::fs::remove_file(file)?;
                    swept += 1;
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
    Ok(swept)
}

/// What is in a folder under such names.
fn named(folder: &Path, is_such: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&is_such) {
            found.push(entry.path());
        }
    }
    Ok(found)
}
