//! Parquet files as a sink, in folders by kind of event, day and hour, as DuckDB, Spark and ClickHouse expect them:
//!
//! ```text
//! FOLDER/event_type=handshake/date=2026-11-29/hour=20/part-18acf0b2c8d1-4711-00001.parquet
//! ```
//!
//! The hour is that of the event's `start_time` (of counters: `end_time`), UTC. A Parquet file can be read once it has its
//! end. Until then it has a name with a dot in front, which readers pass over, and its events count as queued. A file ends
//! when it is large enough, after `rotate_time` seconds by this machine's clock, when events of too many other hours come,
//! at SIGHUP, and with the run: so much is lost at most where the process is killed. What a killed process leaves behind
//! has no end and cannot be read; the next run in the folder deletes it, and says so.

mod part;
mod table;

use super::batch::{Batch, Kind};
use super::machine::{may_create, now};
use super::options::Options;
use super::sink::{Fate, Writing};
use part::{Hour, Part};
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use table::Table;

/// So many files are written at a time: captures may go back and forth between hours. Each takes some MiB of memory.
const MAX_OPEN: usize = 8;
/// Files end after so many seconds, where nobody says otherwise.
const SECONDS: u32 = 300;
/// Files end before they are much larger than so many MiB, where nobody says otherwise.
const MEBIBYTES: u32 = 128;

/// What is wanted of Parquet files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Their folder.
    pub folder: PathBuf,
    /// A file ends when it has so many bytes.
    size: u64,
    /// A file ends at this age.
    time: Duration,
    /// The whole event stands in a column of its own, as JSON.
    event: bool,
}

impl ParquetOptions {
    /// Takes what concerns Parquet out of the options.
    ///
    /// # Errors
    /// Something makes no sense.
    pub(super) fn take(folder: PathBuf, options: &mut Options) -> Result<Self, String> {
        let number = |given: Option<NonZeroU32>, usual: u32| given.map_or(usual, NonZeroU32::get);
        Ok(Self {
            folder,
            size: u64::from(number(options.parsed("rotate_size")?, MEBIBYTES)) << 20,
            time: Duration::from_secs(number(options.parsed("rotate_time")?, SECONDS).into()),
            event: options.flag("event")?.unwrap_or(false),
        })
    }
}

/// A folder of Parquet files.
pub(super) struct Parquet {
    options: ParquetOptions,
    /// The folder was made by this run.
    made: bool,
    /// What killed runs had left behind.
    swept: usize,
    tables: Vec<(Kind, Arc<Table>)>,
    /// The files at hand, the one that was written last at the end.
    parts: Vec<Part>,
    /// What the names of this run's files have, and no other's.
    run: String,
    number: u64,
}

impl Parquet {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    /// It cannot be made, or written into.
    pub(super) fn open(options: ParquetOptions) -> io::Result<Self> {
        let made = !options.folder.exists();
        std::fs::create_dir_all(&options.folder)?;
        may_create(&options.folder)?;
        let swept = if made { 0 } else { part::sweep(&options.folder)? };
        let tables = Kind::ALL.map(|kind| (kind, Arc::new(Table::new(kind, options.event)))).into();
        let run = format!("{:x}-{}", now().as_micros(), std::process::id());
        Ok(Self { options, made, swept, tables, parts: Vec::new(), run, number: 0 })
    }

    /// The file for events of this kind and hour, as the last of those at hand.
    fn part(&mut self, kind: Kind, hour: Hour) -> (Option<&mut Part>, Fate) {
        let mut fate = Fate::default();
        match self.parts.iter().rposition(|part| part.is_of(kind, hour)) {
            Some(at) if at + 1 == self.parts.len() => {}
            Some(at) => {
                let part = self.parts.remove(at);
                self.parts.push(part);
            }
            None => {
                if self.parts.len() >= MAX_OPEN {
                    fate = self.parts.remove(0).end();
                }
                match self.begin(kind, hour) {
                    Ok(part) => self.parts.push(part),
                    Err(error) => return (None, fate.and(Fate::of(0, Err(error)))),
                }
            }
        }
        (self.parts.last_mut(), fate)
    }

    fn begin(&mut self, kind: Kind, hour: Hour) -> io::Result<Part> {
        let table = self.tables.iter().find(|(of, _)| *of == kind).map(|(_, table)| Arc::clone(table));
        let table = table.ok_or_else(|| io::Error::other("events of this kind have no table"))?;
        self.number += 1;
        let name = format!("part-{}-{:05}.parquet", self.run, self.number);
        Part::begin(&self.options.folder, kind, hour, &name, table)
    }

    /// Ends files, those that are to.
    fn end(&mut self, is_to: impl Fn(&Part) -> bool) -> Fate {
        let (ended, open) = std::mem::take(&mut self.parts).into_iter().partition(is_to);
        self.parts = open;
        let ended: Vec<Part> = ended;
        ended.into_iter().fold(Fate::default(), |fate, part| fate.and(part.end()))
    }

    fn end_what_is_full(&mut self) -> Fate {
        let (size, time) = (self.options.size, self.options.time);
        self.end(|part| part.bytes() >= size || part.age() >= time)
    }
}

impl Writing for Parquet {
    fn write(&mut self, batch: &Batch) -> Fate {
        let (mut fate, mut left) = (Fate::default(), batch.events);
        for event in batch.lines() {
            let (part, before) = self.part(event.mark.kind, Hour::of(event.mark.time()));
            fate = fate.and(before);
            let Some(part) = part else {
                // Why there is none has been told, and a full disk need not be asked for each event.
                return fate.and(Fate { lost: left, ..Fate::default() });
            };
            left -= 1;
            if let Err(error) = part.add(event.line) {
                fate = fate.and(self.parts.pop().map_or_else(Fate::default, |part| part.give_up(error)));
            }
        }
        fate.and(self.end_what_is_full())
    }

    fn reopen(&mut self) -> Fate {
        self.finish()
    }

    fn idle(&mut self) -> Fate {
        self.end_what_is_full()
    }

    fn finish(&mut self) -> Fate {
        self.end(|_| true)
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.options.folder)
    }

    fn creates_in(&self) -> Option<&Path> {
        self.path()
    }

    fn made(&self) -> Option<&Path> {
        self.path().filter(|_| self.made)
    }

    fn remark(&self) -> Option<String> {
        (self.swept > 0).then(|| {
            let files = crate::diagnosis::counted(self.swept as u64, "unfinished file");
            format!("{files} of a run that was killed deleted")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Level, Mark};
    use super::*;

    const HOUR: u64 = 3_600_000_000;

    /// Handshakes at these hours.
    fn batch(hours: &[u64]) -> Batch {
        let mut batch = Batch { events: hours.len() as u64, ..Batch::default() };
        for hour in hours {
            batch.bytes.extend(format!("{{\"id\":\"{hour}\"}}\n").as_bytes());
            batch.marks.push(Mark {
                end: batch.bytes.len(),
                kind: Kind::Handshake,
                id: hour.to_string(),
                micros: hour * HOUR,
                level: Level::Info,
                server: None,
                community_id: None,
            });
        }
        batch
    }

    fn open(folder: &Path) -> Parquet {
        let options = ParquetOptions::take(folder.to_owned(), &mut Options::default()).unwrap();
        Parquet::open(options).unwrap()
    }

    /// The files in the folder of an hour of 1970-01-01, those with an end and those without.
    fn files(folder: &Path, hour: u64) -> (usize, usize) {
        let folder = folder.join(format!("event_type=handshake/date=1970-01-01/hour={hour:02}"));
        let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
        let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let finished = names.iter().filter(|name| name.starts_with("part-") && name.ends_with(".parquet")).count();
        (finished, names.len() - finished)
    }

    #[test]
    fn events_count_as_written_once_their_file_has_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut parquet = open(folder.path());
        assert_eq!(parquet.write(&batch(&[3, 3, 4])).written, 0);
        assert_eq!((files(folder.path(), 3), files(folder.path(), 4)), ((0, 1), (0, 1)));
        assert_eq!(parquet.idle().written, 0);
        parquet.options.time = Duration::ZERO;
        assert_eq!(parquet.idle().written, 3);
        assert_eq!((files(folder.path(), 3), files(folder.path(), 4)), ((1, 0), (1, 0)));
        parquet.options.time = Duration::MAX;
        assert_eq!(parquet.write(&batch(&[3])).and(parquet.finish()).written, 1);
        assert_eq!(files(folder.path(), 3), (2, 0), "none is overwritten");
    }

    #[test]
    fn of_many_hours_the_one_that_was_left_longest_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut parquet = open(folder.path());
        assert_eq!(parquet.write(&batch(&[0, 1, 2, 3, 4, 5, 6, 7, 0])).written, 0);
        assert_eq!(parquet.write(&batch(&[8])).written, 1);
        assert_eq!((files(folder.path(), 1), files(folder.path(), 0)), ((1, 0), (0, 1)));
        assert_eq!(parquet.finish().written, 9);
    }

    #[test]
    fn what_a_killed_run_left_is_deleted_and_what_another_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut other = open(folder.path());
        let _ = other.write(&batch(&[1]));
        let killed = folder.path().join("event_type=handshake/date=1970-01-01/hour=01/.part-1.parquet.tmp");
        std::fs::write(&killed, "PAR1").unwrap();
        assert_eq!(open(folder.path()).remark().unwrap(), "1 unfinished file of a run that was killed deleted");
        assert_eq!(open(folder.path()).remark(), None);
        assert_eq!(other.finish().written, 1);
    }

    #[test]
    fn a_file_that_cannot_be_finished_is_lost_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut parquet = open(folder.path());
        let _ = parquet.write(&batch(&[1, 1]));
        std::fs::remove_dir_all(folder.path().join("event_type=handshake")).unwrap();
        let fate = parquet.finish();
        assert_eq!((fate.written, fate.lost, fate.error.is_some()), (0, 2, true));
        std::fs::write(folder.path().join("event_type=handshake"), "in the way").unwrap();
        let fate = parquet.write(&batch(&[1, 2, 3]));
        assert_eq!((fate.written, fate.lost, fate.error.is_some()), (0, 3, true));
    }
}
