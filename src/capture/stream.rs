//! The bytes of an input: counted as they come, and decompressed where their first bytes say so.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

/// Compressed bytes are read this many at a time. Larger reads of a plain file pass this buffer by.
const READ_AHEAD: usize = 64 * 1024;

/// How many bytes tell the compression.
const MAGIC: usize = 4;

/// The bytes of a capture, decompressed.
pub(super) enum Stream {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<Raw>>),
    Zstd(Box<ZstdReader<Raw>>),
}

/// The bytes of an input: the first few, which told the compression, and the rest.
type Raw = Chain<Cursor<Vec<u8>>, BufReader<Counted>>;

impl Stream {
    /// Looks at the first bytes and chooses the decompressor.
    pub(super) fn new(input: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut reader = BufReader::with_capacity(READ_AHEAD, Counted { input, count: 0 });
        let mut first = Vec::with_capacity(MAGIC);
        reader.by_ref().take(MAGIC as u64).read_to_end(&mut first)?;
        let compression = Compression::of(&first);
        let raw = Cursor::new(first).chain(reader);
        Ok(match compression {
            None => Self::Plain(raw),
            Some(Compression::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(raw))),
            Some(Compression::Zstd) => Self::Zstd(Box::new(ZstdReader::new(raw))),
        })
    }

    /// "gzip" or "zstd", where it is compressed.
    pub(super) fn compression(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            Self::Gzip(_) => Some("gzip"),
            Self::Zstd(_) => Some("zstd"),
        }
    }

    /// How many bytes of the input were read.
    pub(super) fn position(&self) -> u64 {
        let raw = match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstd(decoder) => &decoder.source,
        };
        raw.get_ref().1.get_ref().count
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(into),
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zstd(decoder) => decoder.read(into),
        }
    }
}

/// A compression that is undone while reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// RFC 1952 section 2.3.1; RFC 8878 section 3.1, skippable frames too, with which some writers begin.
    fn of(first: &[u8]) -> Option<Self> {
        match first {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A reader that counts.
pub(super) struct Counted {
    input: Box<dyn Read + Send>,
    count: u64,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(into)?;
        self.count = self.count.saturating_add(n as u64);
        Ok(n)
    }
}

/// All frames of a zstd stream one after the other (RFC 8878 section 3.1), skippable ones passed over; the library's
/// own reader knows one frame only. Checksums are checked.
pub(super) struct ZstdReader<R> {
    source: R,
    decoder: FrameDecoder,
    state: ZstdState,
    /// Why the frame cannot be decoded further, told once everything decoded of it was read.
    failure: Option<io::Error>,
}

enum ZstdState {
    /// The next bytes begin a frame.
    Between,
    /// A frame is being decoded.
    Inside,
    /// Nothing more comes.
    Ended,
}

impl<R: BufRead> ZstdReader<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), state: ZstdState::Between, failure: None }
    }

    /// Begins the next frame, if there is one.
    fn begin(&mut self) -> io::Result<()> {
        self.state = ZstdState::Ended;
        if self.source.fill_buf()?.is_empty() {
            return Ok(());
        }
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.state = ZstdState::Inside,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = u64::from(length);
                if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.state = ZstdState::Between;
            }
            Err(error) => return Err(zstd_error(error)),
        }
        Ok(())
    }

    /// Decodes one block more. The decoder holds the last window of its output back until the frame's last block, so
    /// where the frame breaks off an empty last block is put in the missing one's place.
    fn decode(&mut self) {
        /// An empty raw block marked as the last (RFC 8878 section 3.1.1.2), and room for a checksum.
        const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];
        if let Err(error) = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1)) {
            self.failure = Some(zstd_error(error));
            // Where even that fails, the held back bytes are lost; the failure is told either way.
            self.decoder.decode_blocks(&LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1)).ok();
        }
    }

    /// Ends a frame whose bytes were all read.
    fn end(&mut self) -> io::Result<()> {
        self.state = ZstdState::Ended;
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let (told, computed) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
        if told.is_some() && told != computed {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum does not match"));
        }
        self.state = ZstdState::Between;
        Ok(())
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                ZstdState::Between => self.begin()?,
                ZstdState::Ended => return Ok(0),
                ZstdState::Inside => match self.decoder.read(into)? {
                    0 if self.failure.is_some() || self.decoder.is_finished() => self.end()?,
                    0 => self.decode(),
                    n => return Ok(n),
                },
            }
        }
    }
}

/// The decoder's error as one of reading: `UnexpectedEof` where the data end too early, else `InvalidData`.
fn zstd_error(error: FrameDecoderError) -> io::Error {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(io_error) = inner.downcast_ref::<io::Error>() {
            return io_error.kind().into();
        }
        cause = inner.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, error)
}
