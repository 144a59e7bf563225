//! The spool: events on disk that a receiver could not take yet. A queue in a SQLite database of its own for each sink,
//! which survives the end of the process at any moment, is bounded, and shrinks once it is empty.

use super::super::batch::{Batch, Mark};
use super::super::machine::now;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A page of the file; with this many free in a row the file is cut.
const VACUUM_PAGES: u32 = 256;
/// Another process may be about to end.
const BUSY: Duration = Duration::from_secs(2);

/// Batches in order, on disk.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
    database: Connection,
    /// Bytes of lines that it may hold.
    limit: u64,
    /// Bytes of lines that it holds.
    bytes: u64,
    /// Events that it holds.
    events: u64,
    /// The row that was handed out last.
    handed: i64,
}

/// One batch out of the spool.
#[derive(Debug)]
pub(super) struct Spooled {
    /// Its place: those behind it are higher.
    pub(super) row: i64,
    /// The batch.
    pub(super) batch: Batch,
}

/// Why the spool cannot be used.
#[derive(Debug)]
pub(super) enum SpoolError {
    /// No room on the disk, or the bound is reached.
    Full,
    /// What is there is no spool of ours, or broken.
    Damaged(String),
    /// Anything else that the system says.
    Failed(String),
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the disk is full"),
            Self::Damaged(what) => write!(f, "it is damaged ({what})"),
            Self::Failed(what) => f.write_str(what),
        }
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        // What was never written there.
        if matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)) {
            return Self::Damaged(error.to_string());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Failed("another tlscribe uses it; give each its own folder with --spool".into())
            }
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl Spool {
    /// Opens the spool in this file, or begins one. What is damaged is put aside, under a name that is returned, and a new
    /// one begun.
    pub(super) fn open(path: &Path, limit: u64) -> Result<(Self, Option<PathBuf>), SpoolError> {
        match Self::open_as_it_is(path, limit) {
            Err(SpoolError::Damaged(_)) => {
                let aside = put_aside(path).map_err(|error| SpoolError::Failed(error.to_string()))?;
                Ok((Self::open_as_it_is(path, limit)?, Some(aside)))
            }
            opened => opened.map(|spool| (spool, None)),
        }
    }

    fn open_as_it_is(path: &Path, limit: u64) -> Result<Self, SpoolError> {
        let database = Connection::open(path)?;
        database.busy_timeout(BUSY)?;
        // One process at a time. What was committed survives the process's end without waiting for the disk each time;
        // after a power cut the last seconds may be missing, and nothing is damaged.
        database.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;
             CREATE TABLE IF NOT EXISTS batches (
                 row INTEGER PRIMARY KEY AUTOINCREMENT, events INTEGER NOT NULL, size INTEGER NOT NULL,
                 marks TEXT NOT NULL, lines BLOB NOT NULL);",
        )?;
        let sums = "SELECT COALESCE(SUM(events), 0), COALESCE(SUM(size), 0) FROM batches";
        let (events, bytes) = database.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { path: path.to_owned(), database, limit, bytes, events, handed: i64::MIN })
    }

    /// Begins anew where the file turns out to be damaged, and returns where the old one is.
    pub(super) fn begin_anew(&mut self) -> Result<PathBuf, SpoolError> {
        // Nothing of it may be written any more: it is closed before it gets another name.
        self.database = Connection::open_in_memory()?;
        let aside = put_aside(&self.path).map_err(|error| SpoolError::Failed(error.to_string()))?;
        *self = Self::open_as_it_is(&self.path, self.limit)?;
        Ok(aside)
    }

    /// For tests that damage it.
    #[cfg(test)]
    pub(super) const fn database(&self) -> &Connection {
        &self.database
    }

    /// How many events it holds.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes of lines it holds.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// True where it holds nothing. It nearly always does, and is asked with each parcel: the database need not be.
    const fn is_empty(&self) -> bool {
        self.events == 0 && self.bytes == 0
    }

    /// True where so many bytes more are within its bound.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        self.bytes.saturating_add(bytes) <= self.limit
    }

    /// Appends batches, all of them or none, and returns their rows.
    pub(super) fn append<'a>(&mut self, batches: impl Iterator<Item = &'a Batch>) -> Result<Vec<i64>, SpoolError> {
        let (mut rows, mut events, mut bytes) = (Vec::new(), 0, 0);
        let transaction = self.database.transaction()?;
        {
            let insert = "INSERT INTO batches (events, size, marks, lines) VALUES (?1, ?2, ?3, ?4)";
            let mut insert = transaction.prepare_cached(insert)?;
            for batch in batches {
                let size = batch.bytes.len() as u64;
                let marks =
                    serde_json::to_string(&batch.marks).map_err(|error| SpoolError::Failed(error.to_string()))?;
                rows.push(insert.insert(params![batch.events, size, marks, batch.bytes])?);
                (events, bytes) = (events + batch.events, bytes + size);
            }
        }
        transaction.commit()?;
        (self.events, self.bytes) = (self.events + events, self.bytes + bytes);
        Ok(rows)
    }

    /// The first batch that was not handed out since the spool was opened, or since the one before.
    pub(super) fn next(&mut self) -> Result<Option<Spooled>, SpoolError> {
        if self.is_empty() {
            return Ok(None);
        }
        let select = "SELECT row, events, marks, lines FROM batches WHERE row > ?1 ORDER BY row LIMIT 1";
        let mut select = self.database.prepare_cached(select)?;
        let found: Option<(i64, u64, String, Vec<u8>)> = select
            .query_row([self.handed], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((row, events, marks, bytes)) = found else { return Ok(None) };
        let marks: Vec<Mark> = serde_json::from_str(&marks).map_err(|error| SpoolError::Damaged(error.to_string()))?;
        self.handed = row;
        Ok(Some(Spooled { row, batch: Batch { bytes, events, marks } }))
    }

    /// Rows up to this one are not handed out: somebody has them already.
    pub(super) fn skip(&mut self, row: i64) {
        self.handed = self.handed.max(row);
    }

    /// True where there is something that was not handed out.
    pub(super) fn has_more(&self) -> Result<bool, SpoolError> {
        if self.is_empty() {
            return Ok(false);
        }
        let exists = "SELECT EXISTS (SELECT 1 FROM batches WHERE row > ?1)";
        Ok(self.database.prepare_cached(exists)?.query_row([self.handed], |row| row.get(0))?)
    }

    /// Removes all up to this row.
    pub(super) fn remove(&mut self, row: i64) -> Result<(), SpoolError> {
        let sums = "SELECT COALESCE(SUM(events), 0), COALESCE(SUM(size), 0) FROM batches WHERE row <= ?1";
        let (events, bytes): (u64, u64) =
            self.database.prepare_cached(sums)?.query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.database.prepare_cached("DELETE FROM batches WHERE row <= ?1")?.execute([row])?;
        (self.events, self.bytes) = (self.events.saturating_sub(events), self.bytes.saturating_sub(bytes));
        if self.events == 0 {
            self.shrink()?;
        }
        Ok(())
    }

    /// Removes the oldest batch that was not handed out, and returns how many events it had.
    pub(super) fn remove_oldest(&mut self) -> Result<Option<u64>, SpoolError> {
        let oldest = "SELECT row, events, size FROM batches WHERE row > ?1 ORDER BY row LIMIT 1";
        let found: Option<(i64, u64, u64)> = self
            .database
            .prepare_cached(oldest)?
            .query_row([self.handed], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((row, events, bytes)) = found else { return Ok(None) };
        self.database.prepare_cached("DELETE FROM batches WHERE row = ?1")?.execute([row])?;
        (self.events, self.bytes) = (self.events.saturating_sub(events), self.bytes.saturating_sub(bytes));
        Ok(Some(events))
    }

    /// Gives the disk back what is free.
    fn shrink(&self) -> Result<(), SpoolError> {
        let free: u32 = self.database.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
        if free > VACUUM_PAGES {
            self.database.execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")?;
        }
        Ok(())
    }
}

/// Renames a damaged file and what belongs to it.
fn put_aside(path: &Path) -> std::io::Result<PathBuf> {
    let suffixed = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for log in ["-wal", "-shm", "-journal"] {
        // Of a damaged file they are of no use.
        let _ = std::fs::remove_file(suffixed(log));
    }
    let aside = suffixed(&format!(".damaged-{}", now().as_nanos() / 1_000_000_000));
    std::fs::rename(path, &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::super::super::batch::{Kind, Level};
    use super::*;

    fn batch(line: &str) -> Batch {
        let bytes = format!("{line}\n").into_bytes();
        let mark = Mark {
            end: bytes.len(),
            kind: Kind::Handshake,
            id: line.to_owned(),
            micros: 1,
            level: Level::Info,
            server: None,
            community_id: None,
        };
        Batch { bytes, events: 1, marks: vec![mark] }
    }

    fn ids(spool: &mut Spool) -> Vec<String> {
        let next = || spool.next().expect("it reads").map(|spooled| spooled.batch.marks[0].id.clone());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_was_not_removed_is_there_after_a_restart_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spool");
        let (mut spool, aside) = Spool::open(&path, 1 << 20).expect("a spool");
        assert_eq!(aside, None);
        let batches = ["a", "b", "c"].map(batch);
        let rows = spool.append(batches.iter()).expect("room");
        assert_eq!(ids(&mut spool), ["a", "b", "c"]);
        spool.remove(rows[0]).expect("it is removed");
        drop(spool);
        let (mut spool, _) = Spool::open(&path, 1 << 20).expect("a spool");
        assert_eq!((ids(&mut spool), spool.events()), (vec!["b".into(), "c".into()], 2));
    }

    #[test]
    fn it_is_bounded_and_the_oldest_go_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut spool, _) = Spool::open(&folder.path().join("spool"), 5).expect("a spool");
        spool.append([batch("a"), batch("b")].iter()).expect("room");
        assert!(spool.has_room(1) && !spool.has_room(2));
        assert_eq!(spool.remove_oldest().expect("it is removed"), Some(1));
        assert!(spool.has_room(2));
        assert_eq!(ids(&mut spool), ["b"]);
        assert_eq!(spool.remove_oldest().expect("nothing to remove"), None, "it was handed out");
    }

    #[test]
    fn a_damaged_file_is_put_aside_and_a_new_one_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spool");
        std::fs::write(&path, [0x5a; 8192]).expect("a file");
        let (mut spool, aside) = Spool::open(&path, 1 << 20).expect("a spool");
        assert!(aside.is_some_and(|aside| std::fs::read(aside).expect("a file") == [0x5a; 8192]));
        spool.append([batch("a")].iter()).expect("room");
        assert_eq!(ids(&mut spool), ["a"]);
    }

    #[test]
    fn what_was_never_written_like_that_is_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        for (at, change) in ["marks = X'ff'", "marks = 1", "events = -1", "lines = 1", "size = -1"].iter().enumerate() {
            let path = folder.path().join(at.to_string());
            let (mut spool, _) = Spool::open(&path, 1 << 20).expect("a spool");
            spool.append([batch("a")].iter()).expect("room");
            let changed = spool.database().execute(&format!("UPDATE batches SET {change}"), []);
            assert_eq!(changed.ok(), Some(1), "{change}");
            let read = spool.next().map(drop);
            if *change != "size = -1" {
                assert!(matches!(read, Err(SpoolError::Damaged(_))), "{change}: {read:?}");
            }
            drop(spool);
            let (mut spool, _) = Spool::open(&path, 1 << 20).expect("a spool, this one or another");
            let read = spool.next().map(|found| found.is_some());
            assert!(matches!(read, Ok(_) | Err(SpoolError::Damaged(_))), "{change}: {read:?}");
        }
    }

    #[test]
    fn two_processes_do_not_share_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spool");
        let _spool = Spool::open(&path, 1 << 20).expect("a spool");
        let error = Spool::open(&path, 1 << 20).expect_err("it is locked");
        assert!(error.to_string().contains("another tlscribe uses it"), "{error}");
    }
}
