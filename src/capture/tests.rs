//! What every part of capture must do together: what a writer wrote is what is read, and nothing is hidden by a cut.

mod formats;
mod hostile;
mod inputs;
mod merging;
mod writer;
mod written;

use super::buffer::{BUFFER, Buffer};
use super::stream::Stream;
use super::{CaptureError, FileSource, Input, Reason, Warning, WarningKind};
use std::io::{self, Read};
use writer::Sample;

/// A reader that gives few bytes at a time, as pipes do.
struct Dribble {
    bytes: io::Cursor<Vec<u8>>,
    most: usize,
}

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(self.most);
        self.bytes.read(&mut into[..most])
    }
}

fn input() -> Input {
    Input::File("test.pcap".into())
}

#[test]
fn a_thread_can_take_a_source_and_its_filter() {
    fn is_send<T: Send>() {}
    is_send::<super::Source>();
    is_send::<super::Filter>();
}

/// Opens bytes as a capture.
fn open(bytes: &[u8]) -> Result<FileSource, Reason> {
    open_in_pieces(bytes, usize::MAX, BUFFER)
}

fn open_in_pieces(bytes: &[u8], most: usize, buffer: usize) -> Result<FileSource, Reason> {
    let reader = Dribble { bytes: io::Cursor::new(bytes.to_vec()), most };
    let stream = Stream::new(Box::new(reader)).unwrap();
    FileSource::begin(&input(), Buffer::new(stream, buffer), None)
}

/// Everything in a capture: frames, what was wrong, and the error it ended with.
fn read_all(source: &mut FileSource) -> (Vec<Sample>, Vec<WarningKind>, Option<CaptureError>) {
    let (mut frames, mut error) = (Vec::new(), None);
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.number, frames.len() as u64 + 1);
                frames.push(Sample {
                    nanos: frame.time.as_nanos(),
                    link: frame.link.0,
                    interface: frame.interface,
                    original_length: frame.original_length,
                    bytes: frame.bytes.to_vec(),
                });
            }
            Ok(None) => break,
            Err(e) => {
                assert!(error.replace(e).is_none(), "an error ends a file");
            }
        }
    }
    assert!(source.next_frame().unwrap().is_none());
    let warnings = source.warnings().iter().map(|Warning { kind, .. }| *kind).collect();
    (frames, warnings, error)
}

/// As [`read_all`], of bytes in which nothing is wrong.
fn read_sound(bytes: &[u8]) -> Vec<Sample> {
    let (frames, warnings, error) = read_all(&mut open(bytes).unwrap());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(warnings, []);
    frames
}
