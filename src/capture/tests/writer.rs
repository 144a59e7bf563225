//! Writes captures in every variant of the formats, independently of the code that reads them.

use std::io::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(super) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

/// A frame to write, and what must be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) nanos: u64,
    pub(super) link: u16,
    pub(super) interface: u32,
    pub(super) original_length: u32,
    pub(super) bytes: Vec<u8>,
}

impl Sample {
    /// A frame of Ethernet that was captured in full.
    pub(super) fn new(nanos: u64, bytes: &[u8]) -> Self {
        Self { nanos, link: 1, interface: 0, original_length: bytes.len() as u32, bytes: bytes.to_vec() }
    }
}

/// The variants of pcap's file header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pcap {
    Micros(Order),
    Nanos(Order),
    Modified,
}

impl Pcap {
    pub(super) const ALL: [Self; 5] = [
        Self::Micros(Order::Little),
        Self::Micros(Order::Big),
        Self::Nanos(Order::Little),
        Self::Nanos(Order::Big),
        Self::Modified,
    ];

    /// A pcap file; its link type is that of the first frame, or Ethernet.
    pub(super) fn write(self, frames: &[Sample]) -> Vec<u8> {
        let (order, magic, unit) = match self {
            Self::Micros(order) => (order, 0xa1b2_c3d4, 1_000),
            Self::Nanos(order) => (order, 0xa1b2_3c4d, 1),
            Self::Modified => (Order::Little, 0xa1b2_cd34, 1_000),
        };
        let mut file = Vec::new();
        file.extend(order.u32(magic));
        file.extend(order.u16(2));
        file.extend(order.u16(4));
        file.extend([0; 8]);
        file.extend(order.u32(262_144));
        file.extend(order.u32(u32::from(frames.first().map_or(1, |frame| frame.link))));
        for frame in frames {
            file.extend(order.u32((frame.nanos / 1_000_000_000) as u32));
            file.extend(order.u32((frame.nanos % 1_000_000_000 / unit) as u32));
            file.extend(order.u32(frame.bytes.len() as u32));
            file.extend(order.u32(frame.original_length));
            if self == Self::Modified {
                file.extend([0xee; 8]);
            }
            file.extend(&frame.bytes);
        }
        file
    }
}

/// A pcapng file in the making.
pub(super) struct Pcapng {
    pub(super) order: Order,
    pub(super) file: Vec<u8>,
}

impl Pcapng {
    /// Begins with a section header.
    pub(super) fn new(order: Order) -> Self {
        let mut new = Self { order, file: Vec::new() };
        new.section(order);
        new
    }

    pub(super) fn section(&mut self, order: Order) {
        self.section_of_version(order, 1, 0);
    }

    pub(super) fn section_of_version(&mut self, order: Order, major: u16, minor: u16) {
        self.order = order;
        let application = self.option(4, b"a test");
        let body =
            [&order.u32(0x1a2b_3c4d)[..], &order.u16(major), &order.u16(minor), &[0xff; 8], &application, &[0; 4]]
                .concat();
        self.block(0x0a0d_0d0a, &body);
    }

    /// Any block around a body, which is padded.
    pub(super) fn block(&mut self, kind: u32, body: &[u8]) {
        let body = padded(body);
        let length = self.order.u32(body.len() as u32 + 12);
        self.file.extend(self.order.u32(kind));
        self.file.extend(length);
        self.file.extend(body);
        self.file.extend(length);
    }

    fn option(&self, code: u16, value: &[u8]) -> Vec<u8> {
        [&self.order.u16(code)[..], &self.order.u16(value.len() as u16), &padded(value)].concat()
    }

    pub(super) fn interface(&mut self, link: u16) {
        self.interface_with(link, 0, None, None, None);
    }

    pub(super) fn interface_with(
        &mut self,
        link: u16,
        snap: u32,
        name: Option<&str>,
        resolution: Option<u8>,
        offset: Option<i64>,
    ) {
        let mut body = [&self.order.u16(link)[..], &[0, 0], &self.order.u32(snap)].concat();
        if let Some(name) = name {
            body.extend(self.option(2, name.as_bytes()));
        }
        if let Some(resolution) = resolution {
            body.extend(self.option(9, &[resolution]));
        }
        if let Some(offset) = offset {
            body.extend(self.option(14, &self.order.u64(offset as u64)));
        }
        body.extend([0; 4]);
        self.block(1, &body);
    }

    pub(super) fn enhanced(&mut self, interface: u32, units: u64, original: u32, bytes: &[u8]) {
        let body = [&self.order.u32(interface)[..], &self.timed(units, original, bytes)].concat();
        self.block(6, &body);
    }

    pub(super) fn enhanced_with_options(&mut self, interface: u32, units: u64, bytes: &[u8]) {
        let mut body = [&self.order.u32(interface)[..], &self.timed(units, bytes.len() as u32, bytes)].concat();
        body.extend(self.option(2, &[0, 0, 0, 1]));
        body.extend(self.option(1, b"a comment"));
        body.extend([0; 4]);
        self.block(6, &body);
    }

    pub(super) fn obsolete(&mut self, interface: u16, units: u64, original: u32, bytes: &[u8]) {
        let shared = [self.order.u16(interface), self.order.u16(0xffff)].concat();
        let body = [&shared[..], &self.timed(units, original, bytes)].concat();
        self.block(2, &body);
    }

    fn timed(&self, units: u64, original: u32, bytes: &[u8]) -> Vec<u8> {
        let words = [(units >> 32) as u32, units as u32, bytes.len() as u32, original];
        [&words.map(|word| self.order.u32(word)).concat()[..], &padded(bytes)].concat()
    }

    pub(super) fn simple(&mut self, original: u32, bytes: &[u8]) {
        let body = [&self.order.u32(original)[..], bytes].concat();
        self.block(3, &body);
    }

    pub(super) fn secrets(&mut self, kind: u32, bytes: &[u8]) {
        let body = [&self.order.u32(kind)[..], &self.order.u32(bytes.len() as u32), &padded(bytes), &[0; 4]].concat();
        self.block(10, &body);
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(4), 0);
    padded
}

/// Compressed in members of so many bytes.
pub(super) fn gzip(bytes: &[u8], member: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for part in bytes.chunks(member) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(part).unwrap();
        out.extend(encoder.finish().unwrap());
    }
    out
}

/// Compressed in frames of so many bytes, a skippable frame in front of each.
pub(super) fn zstd(bytes: &[u8], frame: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for part in bytes.chunks(frame) {
        out.extend([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        out.extend(ruzstd::encoding::compress_to_vec(part, ruzstd::encoding::CompressionLevel::Fastest));
    }
    out
}
