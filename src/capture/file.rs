//! One capture, whatever its format and compression: the loop that drives format and buffer.

use super::buffer::{BUFFER, Buffer, Refill};
use super::classic::{Classic, FILE_HEADER};
use super::error::Content;
use super::pcapng::Pcapng;
use super::stream::Stream;
use super::{CaptureError, Input, Interface, Reason, Record, Step, Warning, WarningKind};
use crate::packet::Frame;

/// Frames of one file or of standard input.
pub struct FileSource {
    input: Input,
    total: Option<u64>,
    buffer: Buffer,
    format: Format,
    frames: u64,
    ended: bool,
    warnings: Vec<Warning>,
}

enum Format {
    Classic(Classic, [Interface; 1]),
    Pcapng(Box<Pcapng>),
}

impl FileSource {
    /// Opens a capture and reads its file header.
    pub fn open(input: &Input) -> Result<Self, CaptureError> {
        Self::open_with(input, BUFFER)
    }

    /// As [`Self::open`], with a buffer of another size to begin with.
    pub(super) fn open_with(input: &Input, buffer: usize) -> Result<Self, CaptureError> {
        let opened = || {
            let opened = input.reader()?;
            let buffer = Buffer::new(Stream::new(opened.reader)?, buffer);
            Self::begin(input, buffer, opened.total)
        };
        opened().map_err(|reason| input.error(reason))
    }

    /// Finds the format and reads the file header.
    pub(super) fn begin(input: &Input, mut buffer: Buffer, total: Option<u64>) -> Result<Self, Reason> {
        let mut end = Refill::Read;
        while buffer.unread().len() < FILE_HEADER && end == Refill::Read {
            end = buffer.refill(FILE_HEADER)?;
        }
        let first = buffer.unread();
        let format = if Classic::recognise(first) {
            let classic = Classic::new(first)?;
            buffer.consume(FILE_HEADER);
            let interface = Interface { name: None, link: classic.link() };
            Format::Classic(classic, [interface])
        } else if Pcapng::recognise(first) {
            Format::Pcapng(Box::new(first_section(&mut buffer)?))
        } else if !first.is_empty() {
            let compressed = buffer.stream().compression().is_some();
            return Err(Reason::NotACapture { content: Content::of(first), compressed });
        } else if end == Refill::Ended {
            return Err(Reason::Empty);
        } else {
            return Err(Reason::HeaderCutOff);
        };
        Ok(Self { input: input.clone(), total, buffer, format, frames: 0, ended: false, warnings: Vec::new() })
    }

    /// The next frame, or `None` at the end, and for good after an error.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        match self.advance()? {
            Some(record) => Ok(Some(self.frame(&record, record.interface, self.frames))),
            None => Ok(None),
        }
    }

    /// Finds the next frame; its start is now that in the buffer. Its bytes stay there until the next call.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Option<Record>, CaptureError> {
        let unread = self.buffer.unread();
        let frame = match &mut self.format {
            Format::Classic(classic, _) => classic.frame(unread),
            Format::Pcapng(pcapng) => pcapng.frame(unread),
        };
        let mut record = match frame {
            Some(record) => record,
            None => match self.seek()? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        let at = self.buffer.consume(record.size);
        record.start = record.start.wrapping_add(at);
        self.frames = self.frames.wrapping_add(1);
        Ok(Some(record))
    }

    /// Finds the next frame behind what has to be read or passed over first. Kept apart so that nearly all frames,
    /// which lie ready in the buffer, do not pay for it: in one function the two cost a fifth more on small packets.
    #[cold]
    fn seek(&mut self) -> Result<Option<Record>, CaptureError> {
        while !self.ended {
            let (unread, offset) = (self.buffer.unread(), self.buffer.offset());
            let step = match &mut self.format {
                Format::Classic(classic, _) => classic.step(unread, offset),
                Format::Pcapng(pcapng) => pcapng.step(unread, offset),
            };
            match step {
                Step::Frame(record) => return Ok(Some(record)),
                Step::More(needed) => self.refill(needed)?,
                Step::Skip(length) => self.skip(length)?,
                Step::Fail(reason) => return Err(self.fail(reason)),
            }
        }
        Ok(None)
    }

    /// A record that [`Self::advance`] has just given, as a frame.
    #[inline]
    pub(super) fn frame(&self, record: &Record, interface: u32, number: u64) -> Frame<'_> {
        Frame {
            number,
            time: record.time,
            link: record.link,
            interface,
            original_length: record.original_length,
            bytes: self.buffer.consumed(record.start, record.length),
        }
    }

    /// Reads more of a record that has begun, if any byte of it is there.
    fn refill(&mut self, needed: usize) -> Result<(), CaptureError> {
        let inside = !self.buffer.unread().is_empty();
        self.read(needed, inside)
    }

    /// Leaves out bytes, also such as are not read yet.
    fn skip(&mut self, mut length: u64) -> Result<(), CaptureError> {
        while !self.ended {
            let here = self.buffer.unread().len().min(usize::try_from(length).unwrap_or(usize::MAX));
            self.buffer.consume(here);
            length = length.saturating_sub(here as u64);
            if length == 0 {
                break;
            }
            self.read(1, true)?;
        }
        Ok(())
    }

    /// Reads more. The end of the input is a cut where it is `inside` a record.
    fn read(&mut self, needed: usize, inside: bool) -> Result<(), CaptureError> {
        match self.buffer.refill(needed) {
            Ok(Refill::Read) => return Ok(()),
            Ok(Refill::Ended) if inside => {
                let offset = self.buffer.offset().saturating_add(self.buffer.unread().len() as u64);
                self.warn(WarningKind::CutOff { offset });
            }
            Ok(Refill::Ended) => {}
            Ok(Refill::CutOff(format)) => self.warn(WarningKind::CompressionCutOff { format }),
            Err(reason) => return Err(self.fail(reason)),
        }
        self.end();
        Ok(())
    }

    fn fail(&mut self, reason: Reason) -> CaptureError {
        self.end();
        self.input.error(reason)
    }

    /// Nothing more comes.
    fn end(&mut self) {
        self.ended = true;
        if let Format::Pcapng(pcapng) = &self.format {
            let input = &self.input;
            self.warnings.extend(pcapng.warnings().map(|kind| Warning { input: input.clone(), kind }));
        }
    }

    fn warn(&mut self, kind: WarningKind) {
        self.warnings.push(Warning { input: self.input.clone(), kind });
    }

    /// What it reads.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// See [`super::Source::interfaces`].
    pub fn interfaces(&self) -> &[Interface] {
        match &self.format {
            Format::Classic(_, interface) => interface,
            Format::Pcapng(pcapng) => pcapng.interfaces(),
        }
    }

    /// See [`super::Source::key_log`].
    pub fn key_log(&self) -> &[u8] {
        match &self.format {
            Format::Classic(..) => &[],
            Format::Pcapng(pcapng) => pcapng.key_log(),
        }
    }

    /// See [`super::Source::position`].
    pub fn position(&self) -> u64 {
        self.buffer.stream().position()
    }

    /// See [`super::Source::total`].
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// See [`super::Source::warnings`].
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// Reads a pcapng file's first block, the section header, so that a file that breaks off in it or is of an unknown
/// version is known on opening.
fn first_section(buffer: &mut Buffer) -> Result<Pcapng, Reason> {
    let mut pcapng = Pcapng::default();
    loop {
        match pcapng.step(buffer.unread(), 0) {
            Step::Skip(length) => {
                buffer.consume(usize::try_from(length).unwrap_or(usize::MAX).min(buffer.unread().len()));
                return Ok(pcapng);
            }
            Step::More(needed) if buffer.refill(needed)? == Refill::Read => {}
            Step::Fail(reason) => return Err(reason),
            Step::More(_) | Step::Frame(_) => return Err(Reason::HeaderCutOff),
        }
    }
}
