//! The files of evidence: one, or several in rotation.

use super::EvidenceCapture;
use crate::capture::Writer;
use crate::output::Series;
use crate::time::Timestamp;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom};
use std::path::Path;

/// The file at hand, and what is known of those before it.
pub(in super::super) struct Files {
    capture: EvidenceCapture,
    current: Option<Current>,
    /// The files of a rotation.
    series: Option<Series>,
    bytes: u64,
}

struct Current {
    writer: Writer<BufWriter<File>>,
    bytes: u64,
    begun: Timestamp,
    /// The file's length when it was whole the last time.
    whole: u64,
}

impl Files {
    /// Opens the one file, or looks where the files of a rotation will be: their names have the time of their first packet.
    pub(in super::super) fn open(capture: EvidenceCapture) -> io::Result<Self> {
        let (mut current, mut series) = (None, None);
        if capture.rotation.rotates() {
            series = Some(Series::new(capture.file.clone(), capture.rotation.keep)?);
        } else {
            current = Some(Current::new(File::create(&capture.file)?, Timestamp::default())?);
        }
        Ok(Self { capture, current, series, bytes: 0 })
    }

    /// The file as it was named.
    pub(in super::super) fn file(&self) -> &Path {
        &self.capture.file
    }

    /// The one file, where it is one.
    pub(in super::super) fn open_file(&self) -> Option<&File> {
        self.current.as_ref().map(|current| current.writer.get_ref().get_ref())
    }

    /// The folder in which files will be made, where there may be more than one.
    pub(in super::super) fn rotated_in(&self) -> Option<&Path> {
        self.series.as_ref().map(Series::folder)
    }

    /// What was asked for.
    pub(super) const fn capture(&self) -> &EvidenceCapture {
        &self.capture
    }

    /// Bytes that were reserved in all files.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// False where packets of this size that begin at this time belong into the next file.
    pub(super) fn has_room(&self, size: u64, time: Timestamp) -> bool {
        let has_room =
            |current: &Current| self.capture.rotation.has_room(current.bytes, size, time.since(current.begun));
        self.current.as_ref().is_some_and(has_room)
    }

    /// Counts what will be written into the file at hand.
    pub(super) fn reserve(&mut self, size: u64) {
        self.bytes += size;
        self.current.iter_mut().for_each(|current| current.bytes += size);
    }

    /// Begins the next file of the rotation.
    pub(super) fn begin(&mut self, time: Timestamp) -> io::Result<()> {
        let Some(series) = &mut self.series else { return Err(io::Error::other("there is one file only")) };
        self.current = Some(series.begin(time, |file| Current::new(file, time))?);
        series.prune()
    }

    /// What writes the file at hand.
    pub(super) fn writer(&mut self) -> io::Result<&mut Writer<BufWriter<File>>> {
        self.current.as_mut().map(|current| &mut current.writer).ok_or_else(|| io::Error::other("no file was begun"))
    }

    /// Hands to the system what is buffered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.current.as_mut().map_or(Ok(()), Current::flush)
    }

    /// After a failure: the file at hand ends where it was whole the last time, and goes on with another section.
    pub(super) fn retract(&mut self) {
        self.current = self.current.take().and_then(|current| current.retracted().ok());
    }

    /// Begins a new file where the one at hand was moved away. In a rotation the next handshake begins one; else there is
    /// nothing to do where a file of that name is there still.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if self.series.is_some() {
            self.current = None;
            return Ok(());
        }
        match File::create_new(self.file()) {
            Ok(file) => self.current = Some(Current::new(file, Timestamp::default())?),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && self.current.is_some() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Current {
    fn new(file: File, begun: Timestamp) -> io::Result<Self> {
        let mut writer = Writer::new(BufWriter::new(file))?;
        // A capture without a packet is one, too.
        writer.flush()?;
        let whole = writer.get_ref().get_ref().metadata()?.len();
        Ok(Self { writer, bytes: 0, begun, whole })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.whole = self.writer.get_ref().get_ref().metadata()?.len();
        Ok(())
    }

    fn retracted(self) -> io::Result<Self> {
        let Self { writer, bytes, begun, whole } = self;
        // What is buffered is lost with the rest.
        let (mut file, _) = writer.into_inner().into_parts();
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { writer: Writer::new(BufWriter::new(file))?, bytes, begun, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rotation;
    use super::*;
    use crate::capture::{Input, Source};
    use crate::handshake::sample::BEGIN;
    use crate::output::names;
    use crate::packet::{Frame, LinkType};
    use std::path::PathBuf;
    use std::time::Duration;

    fn open(file: PathBuf, rotation: Rotation) -> io::Result<Files> {
        Files::open(EvidenceCapture { file, rotation, all: false })
    }

    fn files(folder: &Path, rotation: Rotation) -> Files {
        open(folder.join("a.pcapng"), rotation).expect("files")
    }

    #[test]
    fn one_file_takes_everything_and_is_a_capture_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files(folder.path(), Rotation::default());
        assert!(files.has_room(u64::MAX, BEGIN) && files.has_room(1, BEGIN.plus(Duration::MAX)));
        assert_eq!(names(folder.path()), ["a.pcapng"]);
        assert!(std::fs::read(folder.path().join("a.pcapng")).expect("a file").starts_with(&[10, 13, 13, 10]));
    }

    #[test]
    fn a_file_is_full_by_size_or_by_time_but_takes_one_handshake_at_least() {
        let folder = tempfile::tempdir().expect("a folder");
        let rotation = Rotation { size: Some(100), time: Some(Duration::from_secs(60)), keep: None };
        let mut files = files(folder.path(), rotation);
        assert!(!files.has_room(1, BEGIN), "none was begun");
        files.begin(BEGIN).expect("a file");
        assert!(files.has_room(1000, BEGIN));
        files.reserve(60);
        assert!(files.has_room(40, BEGIN) && !files.has_room(41, BEGIN));
        let after = |seconds| BEGIN.plus(Duration::from_secs(seconds));
        assert!(files.has_room(1, after(59)) && !files.has_room(1, after(60)));
        assert!(files.has_room(1, Timestamp::default()), "time that goes back begins no file");
    }

    #[test]
    fn after_a_failure_a_file_goes_on_where_it_was_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = files(folder.path(), Rotation::default());
        let frame = |number| Frame {
            number,
            time: BEGIN,
            link: LinkType(1),
            interface: 0,
            original_length: 9,
            bytes: b"a frame",
        };
        let write = |files: &mut Files, number| {
            let writer = files.writer().expect("one is open");
            let interface = writer.interface(Some("eth0"), LinkType(1)).expect("it is described");
            writer.frame(interface, &frame(number), None).expect("written");
        };
        write(&mut files, 1);
        files.flush().expect("flushed");
        write(&mut files, 2);
        files.retract();
        write(&mut files, 3);
        files.flush().expect("flushed");
        let mut source = Source::open(&Input::File(files.file().to_owned())).expect("a capture");
        let mut count = 0;
        while source.next_frame().expect("it is sound").is_some() {
            count += 1;
        }
        assert_eq!(count, 2, "the first and the third");
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew_and_no_other_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut one = files(folder.path(), Rotation::default());
        std::fs::rename(one.file(), folder.path().join("old")).expect("moved");
        one.reopen().expect("a new one");
        assert_eq!(names(folder.path()), ["a.pcapng", "old"]);
        std::fs::write(one.file(), "evidence").expect("written");
        one.reopen().expect("it stays");
        assert_eq!(std::fs::read(one.file()).expect("still there"), b"evidence");
        let mut several = files(folder.path(), Rotation { size: Some(1000), ..Rotation::default() });
        several.begin(BEGIN).expect("a file");
        several.reopen().expect("nothing to do yet");
        assert!(!several.has_room(1, BEGIN), "the next handshake begins another");
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_at_once() {
        let rotation = Rotation { size: Some(1), ..Rotation::default() };
        assert!(open("/no/such/folder/a.pcapng".into(), rotation).is_err());
        assert!(open("/no/such/folder/a.pcapng".into(), Rotation::default()).is_err());
        assert!(open("a.pcapng".into(), rotation).is_ok());
    }
}
