//! Writes frames as pcapng (draft-ietf-opsawg-pcapng): one section in little-endian order, times in nanoseconds, an
//! interface's description in front of its first frame.

use crate::packet::{Frame, LinkType};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A comment longer than this is cut; the format would take 64 KiB.
pub const MAX_COMMENT: usize = 4096;

// Block types and options, as the draft numbers them.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const OPT_COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;

/// Times are negative powers of ten of a second: nanoseconds.
const NANOSECONDS: u8 = 9;
/// What an enhanced packet block takes beside its frame and its options.
const PACKET_OVERHEAD: usize = 32;
/// What options take beside their values: code and length of the one, and the end of all.
const OPTION_OVERHEAD: usize = 8;

/// A pcapng file that is being written.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// The interfaces that were described, by what is known of them.
    interfaces: BTreeMap<(Option<String>, u16), u32>,
    /// The one that was asked for last, and its number.
    last: Option<(Option<String>, LinkType, u32)>,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Self { out, interfaces: BTreeMap::new(), last: None, block: Vec::new() };
        writer.block.extend(0x1a2b_3c4d_u32.to_le_bytes());
        writer.block.extend([1, 0, 0, 0]);
        // The section's length is not known.
        writer.block.extend([0xff; 8]);
        writer.option(SHB_USERAPPL, concat!("tlscribe ", env!("CARGO_PKG_VERSION")).as_bytes());
        writer.end_of_options();
        writer.write(SECTION_HEADER)?;
        Ok(writer)
    }

    /// The number of an interface in this file; one that is new to it is described.
    ///
    /// # Errors
    /// What the system says.
    pub fn interface(&mut self, name: Option<&str>, link: LinkType) -> io::Result<u32> {
        if let Some((last, last_link, number)) = &self.last
            && last.as_deref() == name
            && *last_link == link
        {
            return Ok(*number);
        }
        let key = (name.map(str::to_owned), link.0);
        let number = match self.interfaces.get(&key) {
            Some(number) => *number,
            None => self.describe(key)?,
        };
        self.last = Some((name.map(str::to_owned), link, number));
        Ok(number)
    }

    fn describe(&mut self, (name, link): (Option<String>, u16)) -> io::Result<u32> {
        self.block.extend(link.to_le_bytes());
        // No snap length: frames come as they were captured.
        self.block.extend([0; 6]);
        if let Some(name) = &name {
            self.option(IF_NAME, name.as_bytes());
        }
        self.option(IF_TSRESOL, &[NANOSECONDS]);
        self.end_of_options();
        self.write(INTERFACE_DESCRIPTION)?;
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert((name, link), number);
        Ok(number)
    }

    /// Writes a frame that came in by one of [`Self::interface`]'s numbers, with a comment.
    ///
    /// # Errors
    /// What the system says.
    pub fn frame(&mut self, interface: u32, frame: &Frame<'_>, comment: Option<&str>) -> io::Result<()> {
        let nanos = frame.time.as_nanos();
        let length = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        for word in [interface, (nanos >> 32) as u32, nanos as u32, length, frame.original_length] {
            self.block.extend(word.to_le_bytes());
        }
        self.padded(frame.bytes);
        if let Some(comment) = comment {
            self.option(OPT_COMMENT, cut(comment).as_bytes());
            self.end_of_options();
        }
        self.write(ENHANCED_PACKET)
    }

    /// What it writes to.
    pub const fn get_ref(&self) -> &W {
        &self.out
    }

    /// What it wrote to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Hands on what is buffered.
    ///
    /// # Errors
    /// What the system says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes the block of which this is the type and `block` the body.
    fn write(&mut self, kind: u32) -> io::Result<()> {
        let length = u32::try_from(self.block.len().saturating_add(12)).unwrap_or(u32::MAX).to_le_bytes();
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&length)?;
        self.out.write_all(&self.block)?;
        self.out.write_all(&length)?;
        self.block.clear();
        Ok(())
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend(code.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.padded(value.get(..usize::from(length)).unwrap_or_default());
    }

    fn end_of_options(&mut self) {
        self.block.extend([0; 4]);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(padded_length(self.block.len()), 0);
    }
}

/// How many bytes a frame takes in a pcapng file.
pub fn packet_size(frame: &Frame<'_>, comment: Option<&str>) -> usize {
    let comment = comment.map_or(0, |comment| padded_length(cut(comment).len()).saturating_add(OPTION_OVERHEAD));
    padded_length(frame.bytes.len()).saturating_add(PACKET_OVERHEAD).saturating_add(comment)
}

const fn padded_length(length: usize) -> usize {
    length.saturating_add(3) & !3
}

/// As much of a comment as is written.
fn cut(comment: &str) -> &str {
    let end = (0..=MAX_COMMENT.min(comment.len())).rev().find(|end| comment.is_char_boundary(*end));
    comment.get(..end.unwrap_or(0)).unwrap_or_default()
}
