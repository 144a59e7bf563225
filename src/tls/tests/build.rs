//! Writes messages for the tests: the presentation language (RFC 8446 section 3) the other way round.

/// Bytes that grow; each method adds what its name says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Build(pub(crate) Vec<u8>);

impl Build {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn u8(self, value: u8) -> Self {
        self.raw(&[value])
    }

    pub(crate) fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn u24(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes()[1..])
    }

    pub(crate) fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn vec8(self, bytes: &[u8]) -> Self {
        self.u8(u8::try_from(bytes.len()).unwrap()).raw(bytes)
    }

    pub(crate) fn vec16(self, bytes: &[u8]) -> Self {
        self.u16(u16::try_from(bytes.len()).unwrap()).raw(bytes)
    }

    pub(crate) fn vec24(self, bytes: &[u8]) -> Self {
        self.u24(u32::try_from(bytes.len()).unwrap()).raw(bytes)
    }

    /// Two-byte codes without a length before them.
    pub(crate) fn codes(self, codes: &[u16]) -> Self {
        codes.iter().fold(self, |build, &code| build.u16(code))
    }

    pub(crate) fn extension(self, kind: u16, data: &[u8]) -> Self {
        self.u16(kind).vec16(data)
    }
}

/// A whole, well-formed piece of the wire format, and what reads it.
pub(super) struct Sample<R> {
    /// What it is, for the test's output.
    pub(super) what: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) read: R,
    /// The lengths below the whole at which the bytes are another whole piece.
    pub(super) whole_at: fn(usize) -> bool,
    /// True where more bytes make another whole piece.
    pub(super) open_ended: bool,
}

impl<R> Sample<R> {
    pub(super) fn new(what: &'static str, bytes: Build, read: R) -> Self {
        Self { what, bytes: bytes.0, read, whole_at: |_| false, open_ended: false }
    }

    pub(super) fn whole_at(self, whole_at: fn(usize) -> bool) -> Self {
        Self { whole_at, ..self }
    }

    pub(super) fn open_ended(self, whole_at: fn(usize) -> bool) -> Self {
        Self { whole_at, open_ended: true, ..self }
    }
}
