//! What the benches share: the frames of our captures, in memory.

use std::path::Path;
use tlscribe::capture::{Input, Source, expand};
use tlscribe::engine::{Engine, Limits};
use tlscribe::handshake::Handshake;
use tlscribe::packet::{Frame, LinkType};
use tlscribe::time::Timestamp;

/// A frame that owns its bytes.
pub(crate) struct Owned {
    time: Timestamp,
    link: LinkType,
    original_length: u32,
    bytes: Vec<u8>,
}

impl Owned {
    /// The frame, as a capture lends it.
    pub(crate) fn frame(&self, number: u64) -> Frame<'_> {
        let Self { time, link, original_length, ref bytes } = *self;
        Frame { number, time, link, interface: 0, original_length, bytes }
    }
}

/// The frames of each of our captures.
pub(crate) fn all() -> Vec<Vec<Owned>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let captures: Vec<_> = expand([folder]).into_iter().flatten().filter_map(|input| read(&input)).collect();
    assert!(!captures.is_empty(), "there are no captures");
    captures
}

/// The frames of one capture; none where it cannot be opened.
fn read(input: &Input) -> Option<Vec<Owned>> {
    let mut source = Source::open(input).ok()?;
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = source.next_frame() {
        let Frame { time, link, original_length, bytes, .. } = frame;
        frames.push(Owned { time, link, original_length, bytes: bytes.to_vec() });
    }
    Some(frames)
}

/// The handshakes in a capture.
pub(crate) fn handshakes(frames: &[Owned]) -> Vec<Box<Handshake>> {
    let mut engine = Engine::new(Limits::default(), 0);
    for (number, owned) in (1..).zip(frames) {
        engine.frame(&owned.frame(number));
    }
    engine.finish();
    std::iter::from_fn(|| engine.poll()).collect()
}
