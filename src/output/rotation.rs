//! Files in rotation, named as `dumpcap -b` names its own: of events, and of packets.

use super::machine::{folder_of, may_create};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When a new file is begun. Where nothing is said there is one file only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Before a file grows beyond this many bytes; one that has a single entry may be larger.
    pub size: Option<u64>,
    /// When so much time has gone by.
    pub time: Option<Duration>,
    /// Only so many files stay, the latest.
    pub keep: Option<usize>,
}

impl Rotation {
    /// True where there may be more than one file.
    pub const fn rotates(self) -> bool {
        self.size.is_some() || self.time.is_some()
    }

    /// False where an entry of this size belongs into the next file: the one at hand has so many bytes, and this age.
    pub fn has_room(self, held: u64, size: u64, age: Duration) -> bool {
        let fits = self.size.is_none_or(|most| held == 0 || held.saturating_add(size) <= most);
        fits && self.time.is_none_or(|span| age < span)
    }
}

/// The files of a rotation that a run makes.
#[derive(Debug)]
pub struct Series {
    /// What their names are made of.
    file: PathBuf,
    keep: Option<usize>,
    /// Those that may have to be deleted.
    made: VecDeque<PathBuf>,
    number: u64,
}

impl Series {
    /// A series without a file yet: names have the time at which each begins.
    ///
    /// # Errors
    /// Files cannot be made there.
    pub fn new(file: PathBuf, keep: Option<usize>) -> io::Result<Self> {
        let series = Self { file, keep, made: VecDeque::new(), number: 0 };
        may_create(series.folder())?;
        match series.folder().is_dir() {
            true => Ok(series),
            false => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        folder_of(&self.file)
    }

    /// Makes the next file, and of it whatever is wanted; where that fails there is none. A file that is there already is
    /// never written to: it may be one of the captures to read.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn begin<T>(&mut self, time: Timestamp, make: impl FnOnce(File) -> io::Result<T>) -> io::Result<T> {
        let (file, path, number) = self.create(time)?;
        match make(file) {
            Ok(made) => {
                self.number = number;
                self.made.push_back(path);
                Ok(made)
            }
            // What is tried again and again on a full disk must not fill the folder.
            Err(error) => {
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    fn create(&self, time: Timestamp) -> io::Result<(File, PathBuf, u64)> {
        let mut number = self.number;
        loop {
            number += 1;
            let path = self.file.with_file_name(name(&self.file, number, time));
            match File::create_new(&path) {
                Ok(file) => return Ok((file, path, number)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Deletes the oldest files that this run has made, where there are more than are to stay.
    ///
    /// # Errors
    /// One cannot be deleted. It stays.
    pub fn prune(&mut self) -> io::Result<()> {
        let Some(keep) = self.keep else {
            self.made.clear();
            return Ok(());
        };
        while self.made.len() > keep.max(1) {
            let oldest = self.made.pop_front().unwrap_or_default();
            match std::fs::remove_file(&oldest) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(io::Error::new(
                        error.kind(),
                        format!("{}: cannot be deleted: {error}", oldest.display()),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// `events_00001_20261125084500.jsonl.gz`: a number and a time, in UTC, in front of the suffixes.
fn name(file: &Path, number: u64, time: Timestamp) -> OsString {
    let seconds = i64::try_from(time.as_nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    let packed = file.extension().filter(|suffix| *suffix == "gz" || *suffix == "zst");
    let plain = packed.and(file.file_stem()).map_or(file, Path::new);
    let mut name = plain.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:05}_{}", time.strftime("%Y%m%d%H%M%S")));
    for suffix in [plain.extension(), packed].into_iter().flatten() {
        name.push(".");
        name.push(suffix);
    }
    name
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::handshake::sample::BEGIN;

    /// The names in a folder, in order.
    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn a_rotated_file_has_number_and_time_in_front_of_its_suffixes() {
        let name = |file: &str| name(Path::new(file), 7, BEGIN).into_string().expect("text");
        assert_eq!(name("some/evidence.pcapng"), "evidence_00007_20260301100000.pcapng");
        assert_eq!(name("evidence"), "evidence_00007_20260301100000");
        assert_eq!(name("a.b.pcapng"), "a.b_00007_20260301100000.pcapng");
        assert_eq!(name("some/events.jsonl.zst"), "events_00007_20260301100000.jsonl.zst");
        assert_eq!(name("events.gz"), "events_00007_20260301100000.gz");
    }

    #[test]
    fn a_file_is_full_by_size_or_by_time_but_takes_one_entry_at_least() {
        let rotation = Rotation { size: Some(100), time: Some(Duration::from_secs(60)), keep: None };
        let has_room = |held, size, seconds| rotation.has_room(held, size, Duration::from_secs(seconds));
        assert!(has_room(0, 1000, 0));
        assert!(has_room(60, 40, 0) && !has_room(60, 41, 0));
        assert!(has_room(60, 1, 59) && !has_room(60, 1, 60));
        assert!(Rotation::default().has_room(1, u64::MAX, Duration::MAX), "one file takes everything");
    }

    #[test]
    fn only_files_of_this_run_are_deleted_and_none_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let theirs = "a_00002_20260301100000.pcapng";
        std::fs::write(folder.path().join(theirs), "theirs").expect("a file");
        let mut series = Series::new(folder.path().join("a.pcapng"), Some(2)).expect("a series");
        for _ in 0..4 {
            series.begin(BEGIN, |_| Ok(())).expect("a file");
            series.prune().expect("the oldest is deleted");
        }
        let ours = [4, 5].map(|number| format!("a_0000{number}_20260301100000.pcapng"));
        assert_eq!(names(folder.path()), [theirs, &ours[0], &ours[1]]);
        assert_eq!(std::fs::read(folder.path().join(theirs)).expect("still there"), b"theirs");
    }

    #[test]
    fn a_file_that_cannot_be_begun_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut series = Series::new(folder.path().join("a.jsonl"), None).expect("a series");
        let full = |_| Err::<(), _>(ErrorKind::StorageFull.into());
        assert!((0..3).all(|_| series.begin(BEGIN, full).is_err()));
        series.begin(BEGIN, |_| Ok(())).expect("there is room again");
        assert_eq!(names(folder.path()), ["a_00001_20260301100000.jsonl"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_at_once() {
        assert!(Series::new("/no/such/folder/a.pcapng".into(), None).is_err());
        assert!(Series::new("a.pcapng".into(), None).is_ok());
    }
}
