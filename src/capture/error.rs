//! What can be wrong with a capture. Each is one line for a person: which input, what is wrong, what to do.

use super::{Input, MAX_FRAME, MAX_INTERFACES};
use std::{fmt, io};

/// Why a capture, or the rest of it, could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{input}: {reason}")]
pub struct CaptureError {
    /// Which capture.
    pub input: Input,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a capture that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The path leads nowhere.
    #[error("no such file or folder; check the path")]
    NotFound,
    /// The user may not read it.
    #[error("permission denied; change its permissions, or run as a user who may read it")]
    PermissionDenied,
    /// The operating system could not read it.
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    /// Standard input is a terminal, which sends no capture.
    #[error("a terminal, which sends no capture; pipe a capture into it: tcpdump -w - | tlscribe read -")]
    Terminal,
    /// A folder in which nothing is a capture.
    #[error("no captures in this folder; name one that holds pcap or pcapng files (they may be compressed)")]
    NoCaptures,
    /// There is not one byte in it.
    #[error("empty; check that the program that was to write it had the right to, and saw traffic")]
    Empty,
    /// It is something else.
    #[error("neither pcap nor pcapng{}, but {content}", if *.compressed { ", decompressed too" } else { "" })]
    NotACapture {
        /// What it appears to be.
        content: Content,
        /// It was found by decompressing the input.
        compressed: bool,
    },
    /// It ends before the first packet could begin.
    #[error("cut off within the file header, before the first packet; copy or capture it again")]
    HeaderCutOff,
    /// A version of the format that nobody is known to write.
    #[error("version {major}.{minor} of the {format} format is not known; write the capture anew in a current one")]
    Version {
        /// "pcap" or "pcapng".
        format: &'static str,
        /// The version's first number.
        major: u16,
        /// The version's second number.
        minor: u16,
    },
    /// The structure of the file is broken, so that nothing behind this place can be found.
    #[error("damaged at byte {offset}: {damage}; the frames before it were read, the rest cannot be")]
    Damaged {
        /// Where, in bytes from the beginning of the (decompressed) capture.
        offset: u64,
        /// What is broken.
        damage: Damage,
    },
    /// The compressed data contradict themselves, or need more memory than is given them.
    #[error("its {format} data cannot be decompressed ({error}); what came before was read; see what {format} -t says")]
    Decompression {
        /// "gzip" or "zstd".
        format: &'static str,
        /// The decompressor's word.
        #[source]
        error: io::Error,
    },
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Io(error),
        }
    }
}

/// How the structure of a capture file is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A record of a pcap file claims to be longer than [`MAX_FRAME`].
    #[error("a packet of {0} bytes (at most {MAX_FRAME} are possible)")]
    PacketLength(u64),
    /// A pcapng block claims to be shorter than its own header, or no multiple of four bytes.
    #[error("a block of {0} bytes, which is no possible length")]
    BlockLength(u32),
    /// A block that must be taken into memory claims to be longer than [`super::MAX_BLOCK`].
    #[error("a block of {0} bytes, which is more than a packet or an interface needs")]
    BlockTooLong(u32),
    /// The length behind a pcapng block is not the one in front of it.
    #[error("a block whose two lengths, {0} and {1}, differ")]
    BlockLengths(u32, u32),
    /// A section header that cannot be parsed.
    #[error("a section header that makes no sense")]
    SectionHeader,
    /// More than [`MAX_INTERFACES`] interfaces.
    #[error("more than {MAX_INTERFACES} interfaces")]
    TooManyInterfaces,
}

/// What an input that is no capture appears to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Printable text.
    Text,
    /// A capture in a format that others can convert.
    OtherCapture(&'static str),
    /// Something compressed or packed, with the command that unpacks it to standard output.
    Packed(&'static str, &'static str),
    /// Neither; its first bytes, up to four.
    Unknown([u8; 4], usize),
}

impl Content {
    /// Judges by the first bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        const CAPTURES: [(&[u8], &str); 5] = [
            (b"snoop\0\0\0", "snoop"),
            (b"GMBU", "Microsoft Network Monitor"),
            (b"RTSS", "Microsoft Network Monitor"),
            (b"XCP\0", "NetXRay"),
            (b"TRSNIFF data", "Sniffer"),
        ];
        const PACKED: [(&[u8], &str, &str); 6] = [
            (b"BZh", "bzip2", "bzip2 -dc"),
            (b"\xfd7zXZ\0", "xz", "xz -dc"),
            (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
            (b"PK\x03\x04", "zip", "unzip -p"),
            (b"7z\xbc\xaf\x27\x1c", "7z", "7z x -so"),
            (b"\x1f\x8b", "gzip", "gzip -dc"),
        ];
        if let Some((_, name)) = CAPTURES.iter().find(|(magic, _)| bytes.starts_with(magic)) {
            return Self::OtherCapture(name);
        }
        if let Some((_, name, command)) = PACKED.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
            return Self::Packed(name, command);
        }
        if is_text(bytes.get(..TEXT_SAMPLE).unwrap_or(bytes)) {
            return Self::Text;
        }
        let mut first = [0; 4];
        let length = bytes.len().min(first.len());
        for (to, from) in first.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self::Unknown(first, length)
    }
}

/// So many bytes decide whether a file is text.
const TEXT_SAMPLE: usize = 512;

/// True for UTF-8 (cut off anywhere) without control characters other than those of text.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b'))
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => write!(f, "a text file; give one of these"),
            Self::OtherCapture(name) => {
                write!(f, "a {name} file; convert it: editcap -F pcapng IN OUT")
            }
            Self::Packed(name, command) => {
                write!(f, "packed with {name}; unpack it: {command} FILE | tlscribe read -")
            }
            Self::Unknown(first, length) => {
                write!(f, "a file that begins with")?;
                for byte in first.iter().take(*length) {
                    write!(f, " {byte:02x}")?;
                }
                write!(f, "; give one of these")
            }
        }
    }
}

/// Something that a reader of the results should know about a capture that was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input}: {kind}")]
pub struct Warning {
    /// Which capture.
    pub input: Input,
    /// What about it.
    pub kind: WarningKind,
}

/// What is wrong with a capture that was read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarningKind {
    /// The file ends within a record.
    #[error("cut off in the middle of a packet, at byte {offset}; everything before that was read")]
    CutOff {
        /// Where it ends, in bytes from the beginning of the (decompressed) capture.
        offset: u64,
    },
    /// The compressed data end too early.
    #[error("cut off: its {format} data end too early; everything before that was read")]
    CompressionCutOff {
        /// "gzip" or "zstd".
        format: &'static str,
    },
    /// Blocks of a pcapng file that contradict themselves, in a file that could be read on.
    #[error("{} damaged and passed over, the first at byte {first}", counted(*.count, "block is", "blocks are"))]
    DamagedBlocks {
        /// How many.
        count: u64,
        /// Where the first of them is, in bytes from the beginning of the (decompressed) capture.
        first: u64,
    },
    /// Frames of pcapng's simple packet blocks; they were given the time of the frame before them.
    #[error(
        "{} without a time; durations and the order of events may be wrong",
        counted(*.frames, "frame is", "frames are")
    )]
    NoTimes {
        /// How many.
        frames: u64,
    },
    /// More key log than is kept.
    #[error("its decryption secrets exceed {} MiB; the rest of them was not kept", super::MAX_KEY_LOG >> 20)]
    KeyLogTooLong,
}

/// "1 frame is" or "3 frames are".
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
