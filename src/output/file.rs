//! A file as a sink: opened before anything is read, and opened anew when it was moved away; or files in rotation, and
//! compressed ones.

use super::batch::Batch;
use super::lines::Lines;
use super::machine::now;
use super::options::Options;
use super::packing::Packing;
use super::rotation::{Rotation, Series};
use super::sink::{Fate, Writing};
use crate::event::Rendering;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
    /// Its name; with a rotation, what its files' names are made of.
    pub path: PathBuf,
    /// When a new file is begun, by the clock of this machine.
    pub rotation: Rotation,
    /// How it is compressed, if it is.
    pub packing: Option<Packing>,
}

impl FileOptions {
    /// Takes what concerns a file out of the options.
    ///
    /// # Errors
    /// Something makes no sense.
    pub(super) fn take(mut path: PathBuf, options: &mut Options) -> Result<Self, String> {
        let rotation = Rotation {
            size: options.parsed::<NonZeroU32>("rotate_size")?.map(|mebibytes| u64::from(mebibytes.get()) << 20),
            time: options.parsed::<NonZeroU32>("rotate_time")?.map(|seconds| Duration::from_secs(seconds.get().into())),
            keep: options.parsed::<NonZeroU32>("keep")?.map(|files| files.get() as usize),
        };
        let packing = options.one_of("compress", &Packing::ALL)?.flatten();
        if path.file_name().is_none() {
            return Err("it names no file".into());
        }
        if rotation.keep.is_some() && !rotation.rotates() {
            return Err("keep needs rotate_size or rotate_time: without them there is one file".into());
        }
        if let Some(suffix) = packing.map(Packing::suffix)
            && path.extension().is_none_or(|given| given != suffix)
        {
            path.as_mut_os_string().push(format!(".{suffix}"));
        }
        Ok(Self { path, rotation, packing })
    }
}

/// A file of lines, or several in rotation.
#[derive(Debug)]
pub(super) struct LineFile {
    options: FileOptions,
    /// What the lines are, and so what stands before and behind them.
    rendering: Rendering,
    /// The files of a rotation.
    series: Option<Series>,
    /// In a rotation there is none before the first event, nor after the end of one until the next event.
    current: Option<OpenFile>,
}

impl LineFile {
    /// Opens it; an empty one gets the header. The files of a rotation are made when there are events for them.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub(super) fn open(options: FileOptions, rendering: Rendering, before: Before) -> io::Result<Self> {
        let mut opened = Self { options, rendering, series: None, current: None };
        let FileOptions { path, rotation, .. } = &opened.options;
        if rotation.rotates() {
            opened.series = Some(Series::new(path.clone(), rotation.keep)?);
        } else {
            opened.current = Some(opened.one(before)?);
        }
        Ok(opened)
    }

    /// The one file.
    fn one(&self, before: Before) -> io::Result<OpenFile> {
        let file = OpenOptions::new().append(true).create(true).open(&self.options.path)?;
        if before == Before::Emptied && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        OpenFile::begin(file, &self.rendering, self.options.packing)
    }

    /// Sees to it that the file at hand has room for so many bytes more.
    fn make_room(&mut self, size: u64) -> Fate {
        let rotation = self.options.rotation;
        let Some(current) = &mut self.current else { return self.next() };
        if current.has_room(rotation, size) {
            return Fate::default();
        }
        // How much it is on the disk is known once it is there.
        let flushed = current.flush();
        if current.has_room(rotation, size) {
            return flushed;
        }
        flushed.and(self.end()).and(self.next())
    }

    /// Begins the next file of the rotation.
    fn next(&mut self) -> Fate {
        let Some(series) = &mut self.series else { return Fate::default() };
        match series.begin(now(), |file| OpenFile::begin(file, &self.rendering, self.options.packing)) {
            Ok(begun) => {
                self.current = Some(begun);
                Fate::of(0, series.prune())
            }
            Err(error) => Fate::of(0, Err(error)),
        }
    }

    /// Ends the file at hand.
    fn end(&mut self) -> Fate {
        self.current.take().map_or_else(Fate::default, |file| file.end(&self.rendering.footer()))
    }
}

/// Where files have a bound, lines are written this many bytes at a time: a batch may be larger than a file.
const MAX_AT_ONCE: usize = 256 * 1024;

/// The lines of a batch, with the number of events in them: as many at a time as have no more bytes than the bound, or one.
fn parts(batch: &Batch, bound: Option<usize>) -> impl Iterator<Item = (&[u8], u64)> {
    let mut rest = batch.bytes.as_slice();
    std::iter::from_fn(move || {
        if rest.len() == batch.bytes.len() && bound.is_none_or(|bound| rest.len() <= bound) {
            return (!rest.is_empty()).then(|| (std::mem::take(&mut rest), batch.events));
        }
        let bound = bound.unwrap_or(usize::MAX).min(rest.len());
        let is_end = |byte: &u8| *byte == b'\n';
        let within = rest.get(..bound)?.iter().rposition(is_end);
        let end = within.or_else(|| rest.iter().position(is_end)).map_or(rest.len(), |at| at + 1);
        let (lines, after) = rest.split_at_checked(end)?;
        rest = after;
        (!lines.is_empty()).then(|| (lines, lines.iter().filter(|byte| is_end(byte)).count() as u64))
    })
}

impl Writing for LineFile {
    fn write(&mut self, batch: &Batch) -> Fate {
        let bound = self.options.rotation.size.is_some().then_some(MAX_AT_ONCE);
        parts(batch, bound).fold(Fate::default(), |fate, (lines, events)| {
            let room = self.make_room(lines.len() as u64);
            fate.and(room).and(match &mut self.current {
                Some(current) => current.put(lines, events),
                // Why there is none has been told.
                None => Fate { lost: events, ..Fate::default() },
            })
        })
    }

    fn reopen(&mut self) -> Fate {
        if self.series.is_some() {
            return self.end();
        }
        match self.one(Before::Kept) {
            Ok(opened) => {
                let ended = self.end();
                self.current = Some(opened);
                ended
            }
            Err(error) => Fate::of(0, Err(error)),
        }
    }

    fn idle(&mut self) -> Fate {
        match &mut self.current {
            Some(current) if !current.has_room(self.options.rotation, 0) => self.end(),
            Some(current) => current.flush_what_has_waited(),
            None => Fate::default(),
        }
    }

    fn finish(&mut self) -> Fate {
        self.end()
    }

    fn file(&self) -> Option<&File> {
        self.current.as_ref().map(|current| &current.file)
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.options.path)
    }

    fn creates_in(&self) -> Option<&Path> {
        self.series.as_ref().map(Series::folder)
    }
}

/// Lines are compressed so many bytes at a time: with more in a piece, files are hardly smaller.
const PIECE: usize = 1024 * 1024;
/// Lines wait no longer than this until there are so many.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The file at hand.
#[derive(Debug)]
struct OpenFile {
    file: File,
    packing: Option<Packing>,
    /// What stands before the first line.
    header: Vec<u8>,
    begun: Instant,
    /// Bytes on the disk, all of them whole pieces where it is compressed.
    bytes: u64,
    /// Lines that wait to be compressed.
    held: Vec<u8>,
    /// Events in them.
    held_events: u64,
    held_since: Instant,
    lines: Lines,
}

impl OpenFile {
    /// An empty file gets the header, and so does one in which another log was closed before.
    fn begin(file: File, rendering: &Rendering, packing: Option<Packing>) -> io::Result<Self> {
        let (bytes, header, begun) = (file.metadata()?.len(), rendering.header(), Instant::now());
        let mut opened = Self {
            file,
            packing,
            header: header.clone(),
            begun,
            bytes,
            held: Vec::new(),
            held_events: 0,
            held_since: begun,
            lines: Lines::default(),
        };
        if bytes == 0 || !rendering.footer().is_empty() {
            let Fate { error, .. } = opened.put(&header, 0);
            error.map_or(Ok(()), Err)?;
        }
        Ok(opened)
    }

    /// Lines of which nothing is known but their size belong here.
    fn has_room(&self, rotation: Rotation, size: u64) -> bool {
        rotation.has_room(self.bytes + self.held.len() as u64, size, self.begun.elapsed())
    }

    /// Writes lines, now or soon.
    fn put(&mut self, lines: &[u8], events: u64) -> Fate {
        if self.packing.is_none() {
            return Fate::of(events, self.put_plain(lines));
        }
        if self.held.is_empty() {
            self.held_since = Instant::now();
        }
        self.held.extend_from_slice(lines);
        self.held_events += events;
        if self.held.len() >= PIECE { self.flush() } else { self.flush_what_has_waited() }
    }

    fn put_plain(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.lines.put(lines, &mut self.file);
        match &written {
            Ok(bytes) => self.bytes += *bytes as u64,
            // How much of it is there only the system knows.
            Err(_) => self.bytes = self.file.metadata().map_or(self.bytes, |facts| facts.len()),
        }
        written.map(drop)
    }

    fn flush_what_has_waited(&mut self) -> Fate {
        if self.held_since.elapsed() < LONGEST_WAIT { Fate::default() } else { self.flush() }
    }

    /// Writes what waits.
    fn flush(&mut self) -> Fate {
        if self.held.is_empty() { Fate::default() } else { self.put_piece() }
    }

    /// Writes a piece, all of it or nothing: behind half a piece no other could be read.
    fn put_piece(&mut self) -> Fate {
        let Some(packing) = self.packing else { return Fate::default() };
        let piece = packing.pack(&self.held);
        let written = piece.and_then(|piece| self.file.write_all(&piece).map(|()| piece.len()));
        self.held.clear();
        match &written {
            Ok(bytes) => self.bytes += *bytes as u64,
            Err(_) => {
                // A pipe cannot be cut off, and has nobody to read it any more.
                let _ = self.file.set_len(self.bytes).and_then(|()| self.file.seek(SeekFrom::End(0)));
                if self.bytes == 0 {
                    self.held.extend_from_slice(&self.header);
                }
            }
        }
        Fate::of(std::mem::take(&mut self.held_events), written.map(|_| ()))
    }

    /// Nothing more comes. A compressed file has one piece at least, as its readers expect.
    fn end(mut self, footer: &[u8]) -> Fate {
        let ended = self.put(footer, 0);
        if self.bytes == 0 { ended.and(self.put_piece()) } else { ended.and(self.flush()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Detail, Format};

    fn options(path: &Path, given: &[(&str, &str)]) -> Result<FileOptions, String> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        FileOptions::take(path.to_owned(), &mut Options::new(given))
    }

    fn rendering(format: Format) -> Rendering {
        Rendering::new(format, Detail::Brief, None).unwrap()
    }

    fn open(path: &Path, format: Format, given: &[(&str, &str)]) -> LineFile {
        LineFile::open(options(path, given).unwrap(), rendering(format), Before::Kept).unwrap()
    }

    fn batch(line: &str, times: usize) -> Batch {
        Batch { bytes: format!("{line}\n").repeat(times).into_bytes(), events: times as u64, marks: vec![] }
    }

    fn unpacked(path: &Path) -> String {
        let bytes = std::fs::read(path).unwrap();
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        match suffix {
            Some("gz") => io::read_to_string(flate2::read::MultiGzDecoder::new(&bytes[..])).unwrap(),
            Some("zst") => String::from_utf8(zstd::decode_all(&bytes[..]).unwrap()).unwrap(),
            _ => String::from_utf8(bytes).unwrap(),
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn a_large_batch_is_cut_between_its_lines() {
        let batch = Batch { bytes: b"one\ntwo\nthirteen\nfour\n".to_vec(), events: 4, marks: vec![] };
        let parts = |bound| -> Vec<_> {
            parts(&batch, bound).map(|(lines, events)| (std::str::from_utf8(lines).unwrap(), events)).collect()
        };
        let all = std::str::from_utf8(&batch.bytes).unwrap();
        assert_eq!(parts(None), [(all, 4)]);
        assert_eq!(parts(Some(all.len())), [(all, 4)]);
        assert_eq!(parts(Some(8)), [("one\ntwo\n", 2), ("thirteen\n", 1), ("four\n", 1)]);
        assert_eq!(parts(Some(1)).len(), 4);
    }

    #[test]
    fn a_compressed_file_has_the_suffix_that_says_so() {
        let path = |given: &[(&str, &str)], name: &str| options(Path::new(name), given).unwrap().path;
        assert_eq!(path(&[("compress", "gzip")], "a.jsonl"), Path::new("a.jsonl.gz"));
        assert_eq!(path(&[("compress", "zstd")], "a.jsonl.zst"), Path::new("a.jsonl.zst"));
        assert_eq!(path(&[("compress", "none")], "a.jsonl"), Path::new("a.jsonl"));
    }

    #[test]
    fn mistakes_are_told() {
        let mistake = |name, value| options(Path::new("a"), &[(name, value)]).unwrap_err();
        assert!(mistake("keep", "3").contains("rotate_size"));
        assert!(mistake("rotate_size", "0").contains("rotate_size=0"));
        assert!(mistake("compress", "lz4").contains("none, gzip, zstd"));
        assert!(options(Path::new("a/.."), &[]).is_err());
    }

    #[test]
    fn a_piece_that_waits_is_written_by_and_by_and_each_start_goes_on() {
        for packing in ["gzip", "zstd"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.jsonl");
            let mut file = open(&path, Format::Native, &[("compress", packing)]);
            assert_eq!(file.write(&batch("one", 1)).written, 0, "it waits");
            file.current.as_mut().unwrap().held_since -= LONGEST_WAIT;
            assert_eq!(file.idle().written, 1);
            let path = file.path().unwrap().to_owned();
            assert_eq!(unpacked(&path), "one\n", "the file is whole while it is open");
            assert_eq!(file.write(&batch("two", 1)).and(file.finish()).written, 1);
            let mut again = open(&path, Format::Native, &[("compress", packing)]);
            assert_eq!(again.write(&batch("a line like any other", 100_000)).written, 100_000, "more than a piece");
            assert_eq!(again.finish().written, 0);
            assert!(unpacked(&path).starts_with("one\ntwo\na line like"), "{packing}");
        }
    }

    #[test]
    fn an_empty_compressed_file_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = open(&folder.path().join("a"), Format::Native, &[("compress", "gzip")]);
        assert!(file.finish().error.is_none());
        assert_eq!(unpacked(&folder.path().join("a.gz")), "");
        assert!(std::fs::metadata(folder.path().join("a.gz")).unwrap().len() > 0);
    }

    #[test]
    fn each_file_of_a_rotation_begins_and_ends_as_its_format_does() {
        for packing in ["none", "zstd"] {
            let folder = tempfile::tempdir().unwrap();
            let rotation = [("rotate_size", "1"), ("keep", "2"), ("compress", packing)];
            let mut file = open(&folder.path().join("ssl.log"), Format::ZeekTsv, &rotation);
            assert!(files(folder.path()).is_empty(), "before the first event there is none");
            // Lines that do not compress, so that a compressed file is full as well.
            let mut digits = 1_u64;
            let line: Vec<String> = (0..20_000)
                .map(|_| {
                    digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    format!("{:016x}", digits ^ (digits >> 29))
                })
                .collect();
            let lines = batch(&line.concat(), 1);
            let fate = (0..10).fold(Fate::default(), |fate, _| fate.and(file.write(&lines)));
            let fate = fate.and(file.finish());
            assert_eq!((fate.written, fate.lost), (10, 0));
            let files = files(folder.path());
            assert_eq!(files.len(), 2, "{files:?}");
            for path in files {
                assert!(std::fs::metadata(&path).unwrap().len() <= 1 << 20, "{path:?}");
                let text = unpacked(&path);
                let last = text.lines().last().unwrap();
                assert!(text.starts_with("#separator") && last.starts_with("#close\t"), "{last:.20}");
                assert!(text.lines().filter(|line| !line.starts_with('#')).all(|line| line.len() == 320_000));
            }
        }
    }

    #[test]
    fn what_does_not_fit_on_the_disk_is_lost_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let mut file = open(&path, Format::Tsv, &[("compress", "gzip")]);
        let current = file.current.as_mut().unwrap();
        current.file = File::open("/dev/null").unwrap();
        let lost = file.write(&batch("one", 3)).and(file.current.as_mut().unwrap().flush());
        assert_eq!((lost.lost, lost.written, lost.error.is_some()), (3, 0, true));
        let current = file.current.as_mut().unwrap();
        current.file = OpenOptions::new().append(true).open(folder.path().join("a.jsonl.gz")).unwrap();
        assert_eq!(file.write(&batch("two", 1)).and(file.finish()).written, 1);
        let text = unpacked(&folder.path().join("a.jsonl.gz"));
        assert!(text.starts_with("start_time\t") && text.ends_with("\ntwo\n") && !text.contains("one"), "{text}");
    }

    #[test]
    fn a_full_disk_fills_no_folder_with_empty_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = open(&folder.path().join("a.jsonl"), Format::Native, &[("rotate_size", "1")]);
        let _ = file.write(&batch("one", 1));
        file.current.as_mut().unwrap().file = File::open(&files(folder.path())[0]).unwrap();
        let lines = batch("a line that is rather long, as lines of events are", 10_000);
        let lost: u64 = (0..10).map(|_| file.write(&lines).lost).sum();
        assert_eq!((lost, files(folder.path()).len()), (100_000, 1));
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ssl.log");
        let mut one = open(&path, Format::ZeekTsv, &[]);
        assert_eq!(one.write(&batch("one", 1)).written, 1);
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        assert_eq!(one.write(&batch("two", 1)).written, 1);
        assert!(one.reopen().error.is_none());
        assert_eq!(one.write(&batch("three", 1)).written, 1);
        let old = unpacked(&folder.path().join("old"));
        assert!(old.contains("\none\ntwo\n#close\t"), "{old}");
        let new = unpacked(&path);
        assert!(new.starts_with("#separator") && new.ends_with("\nthree\n"), "{new}");
    }
}
