//! Frames from saved captures: pcap and pcapng, as they are or compressed with gzip or zstd, from a file, a folder or
//! standard input, one capture at a time or several merged in time order. And frames into a pcapng file: [`Writer`].
//!
//! Frames are parsed in place: a [`Source`] owns one large buffer, fills it with few large `read` calls and lends a
//! [`Frame`] out of it until the next call. Nothing is allocated or copied for a frame of a plain file, so that reading
//! costs little more than the copy out of the page cache.
//!
//! A capture is hostile input too. Lengths are held against the bounds below; a file that ends early gives every frame
//! before its end and a [`Warning`]; what cannot be read gives a [`CaptureError`], one line that says what is wrong
//! with which file and what to do, after every frame before it.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod buffer;
mod classic;
mod error;
mod file;
mod filter;
mod input;
pub mod live;
mod merge;
mod pcapng;
mod stream;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{CaptureError, Content, Damage, Reason, Warning, WarningKind};
pub use file::FileSource;
pub use filter::{Filter, FilterError};
pub use input::{Input, expand};
pub use merge::MergedSource;
pub use writer::{MAX_COMMENT, Writer, packet_size};

use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;

/// The longest frame that is believed: what libpcap writes at most for a network interface. A record that claims more
/// is damage, not a frame.
pub const MAX_FRAME: usize = 256 * 1024;

/// The longest pcapng block that is taken into memory (libpcap's bound). Blocks that are skipped may be longer.
pub const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// The longest block of a section or an interface: their options are listed, at ten bytes for one.
pub const MAX_DESCRIPTION: usize = 1024 * 1024;

/// At most this many interfaces are known of one capture, over all its sections.
pub const MAX_INTERFACES: usize = 65_536;

/// At most this many bytes of an interface's name are kept.
pub const MAX_INTERFACE_NAME: usize = 256;

/// At most this many bytes of TLS key log are kept from the decryption-secrets blocks of one capture.
pub const MAX_KEY_LOG: usize = 16 * 1024 * 1024;

/// An interface of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the capture tells it (pcapng's if_name).
    pub name: Option<String>,
    /// How its frames begin.
    pub link: LinkType,
}

/// One capture: a file, or several merged.
pub enum Source {
    /// A file or standard input.
    File(Box<FileSource>),
    /// Several captures as one, in time order.
    Merged(Box<MergedSource>),
}

impl Source {
    /// Opens one capture. What is not a capture, or cannot be read, is an error here already.
    pub fn open(input: &Input) -> Result<Self, CaptureError> {
        Ok(Self::File(Box::new(FileSource::open(input)?)))
    }

    /// Opens several captures as one. Those that cannot be opened are left out; their errors are returned beside it.
    pub fn merge(inputs: &[Input]) -> (Self, Vec<CaptureError>) {
        let (merged, errors) = MergedSource::open(inputs);
        (Self::Merged(Box::new(merged)), errors)
    }

    /// The next frame, or `None` at the end.
    ///
    /// After an error it may be called again: a file has then ended, a merge goes on with its other captures.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        match self {
            Self::File(file) => file.next_frame(),
            Self::Merged(merged) => merged.next_frame(),
        }
    }

    /// The interfaces seen so far, at the index that frames name. New ones are added at the end.
    pub fn interfaces(&self) -> &[Interface] {
        match self {
            Self::File(file) => file.interfaces(),
            Self::Merged(merged) => merged.interfaces(),
        }
    }

    /// The name of an interface, where the capture tells it.
    pub fn interface_name(&self, interface: u32) -> Option<&str> {
        self.interfaces().get(usize::try_from(interface).ok()?)?.name.as_deref()
    }

    /// The TLS key log found so far in decryption-secrets blocks: lines as in an SSLKEYLOGFILE, at most
    /// [`MAX_KEY_LOG`] bytes of a capture. It only grows.
    pub fn key_log(&self) -> &[u8] {
        match self {
            Self::File(file) => file.key_log(),
            Self::Merged(merged) => merged.key_log(),
        }
    }

    /// Bytes read so far, as they are on disk (compressed, where they are).
    pub fn position(&self) -> u64 {
        match self {
            Self::File(file) => file.position(),
            Self::Merged(merged) => merged.position(),
        }
    }

    /// Bytes in all, as they are on disk; `None` where that is not known (standard input, a pipe).
    pub fn total(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.total(),
            Self::Merged(merged) => merged.total(),
        }
    }

    /// What was wrong with the capture though it was read: complete once `next_frame` has given `None`.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::File(file) => file.warnings(),
            Self::Merged(merged) => merged.warnings(),
        }
    }
}

/// A frame as a format found it in the unread bytes: where it is, not yet a borrow of it.
#[derive(Clone, Copy, Debug)]
struct Record {
    time: Timestamp,
    link: LinkType,
    interface: u32,
    original_length: u32,
    /// Where the frame begins in the unread bytes.
    start: usize,
    /// Its length.
    length: usize,
    /// How many unread bytes the record takes in all.
    size: usize,
}

/// What a format makes of the unread bytes.
enum Step {
    /// A frame.
    Frame(Record),
    /// This many bytes hold no frame; they may reach beyond what is buffered.
    Skip(u64),
    /// Nothing can be said before this many bytes are there.
    More(usize),
    /// The rest cannot be read.
    Fail(Reason),
}
