//! Compression of files of lines, a piece at a time. Each piece is a gzip member or zstd frame of its own, which both
//! formats allow one after another: what has reached the disk can be read, whatever becomes of the rest.

use flate2::write::GzEncoder;
use std::io::{self, Write as _};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// zstd's own default: of JSON lines higher levels win little for twice the time.
const ZSTD_LEVEL: i32 = 3;

impl Packing {
    /// All that a file may have, by name.
    pub(super) const ALL: [(&str, Option<Self>); 3] =
        [("none", None), ("gzip", Some(Self::Gzip)), ("zstd", Some(Self::Zstd))];

    /// The suffix of such files.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }

    /// A piece, compressed.
    pub(super) fn pack(self, piece: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(piece)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(piece, ZSTD_LEVEL),
        }
    }
}
