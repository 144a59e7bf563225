//! From records to lines: a channel renders them once for all sinks that want the same, and hands the lines on.

use super::outputs::Started;
use crate::event::{Detail, IncidentRecord, Record, Rendering, Selection, StatsRecord};
use crate::output::{Batch, MAX_QUEUED_BATCHES, Patience, Sink, Source};
use std::collections::VecDeque;
use std::sync::Arc;

/// Lines are handed to the sinks once there are so many bytes of them, or when there is nothing else to do.
const BATCH_BYTES: usize = 256 * 1024;

/// What sinks want of records: those that want the same share a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taste {
    /// How records are written.
    pub(super) rendering: Rendering,
    /// Which handshakes are wanted, of those that the run wants.
    pub(super) selection: Selection,
    /// Incidents too.
    pub(super) incidents: bool,
    /// Each line is marked: it is sent by itself.
    pub(super) marked: bool,
}

/// Sinks of one taste, and the lines for them.
pub(super) struct Channel {
    taste: Taste,
    pub(super) sinks: Vec<Sink>,
    lines: Batch,
    /// Lines that the sinks may still have, in the order in which they were sent.
    sent: VecDeque<Arc<Batch>>,
}

impl Channel {
    /// Puts the sinks of one taste together, in the order of their first ones.
    pub(super) fn all(sinks: Vec<Started>) -> Vec<Self> {
        let mut channels: Vec<Self> = Vec::new();
        for Started { sink, taste } in sinks {
            match channels.iter_mut().find(|channel| channel.taste == taste) {
                Some(channel) => channel.sinks.push(sink),
                None => {
                    channels.push(Self { taste, sinks: vec![sink], lines: Batch::default(), sent: VecDeque::new() });
                }
            }
        }
        channels
    }

    /// The same sinks, put together by what they want from now on; those that are not named stay as they are. All lines
    /// have to be handed on before.
    pub(super) fn chosen_anew(channels: Vec<Self>, selections: &[(String, Selection)]) -> Vec<Self> {
        let sinks = channels.into_iter().flat_map(|Self { taste, sinks, .. }| {
            sinks.into_iter().map(move |sink| {
                let named = selections.iter().find(|(name, _)| name == sink.name()).map(|(_, selection)| selection);
                let selection = named.unwrap_or(&taste.selection).clone();
                Started { taste: Taste { selection, ..taste.clone() }, sink }
            })
        });
        Self::all(sinks.collect())
    }

    /// How much the records have to have.
    pub(super) fn detail(&self) -> Detail {
        self.taste.rendering.detail()
    }

    /// True where incidents are wanted.
    pub(super) const fn incidents(&self) -> bool {
        self.taste.incidents
    }

    /// Writes a handshake, where it is wanted.
    pub(super) fn handshake(&mut self, record: &Record<'_>) {
        if self.taste.selection.wants(record) {
            self.put(record, |rendering, out| rendering.write(record, out));
        }
    }

    /// Writes an incident, where it is wanted.
    pub(super) fn incident(&mut self, record: &IncidentRecord<'_>) {
        if self.taste.incidents && self.taste.selection.wants_incident(record) {
            self.put(record, |rendering, out| rendering.write_incident(record, out));
        }
    }

    /// Writes what the run has counted.
    pub(super) fn stats(&mut self, record: &StatsRecord<'_>) {
        self.put(record, |rendering, out| rendering.write_stats(record, out));
    }

    fn put<R>(&mut self, record: R, write: impl FnOnce(&Rendering, &mut Vec<u8>) -> u64)
    where
        Source: From<R>,
    {
        let from = self.lines.bytes.len();
        let written = write(&self.taste.rendering, &mut self.lines.bytes);
        self.lines.events += written;
        if self.taste.marked && written > 0 {
            self.lines.mark(from, &Source::from(record));
        }
    }

    /// True once there is enough to be handed on.
    pub(super) fn is_full(&self) -> bool {
        self.lines.bytes.len() >= BATCH_BYTES
    }

    /// Hands the lines to the sinks; false once none of them takes any more.
    pub(super) fn flush(&mut self, patience: Patience) -> bool {
        if self.lines.bytes.is_empty() {
            return true;
        }
        let lines = Arc::new(self.filled_batch());
        let mut taken = false;
        for sink in &self.sinks {
            taken |= sink.send(&lines, patience);
        }
        if lines.bytes.capacity() >= BATCH_BYTES {
            self.sent.push_back(lines);
        }
        taken
    }

    /// The lines so far. Few of them get memory of their own, and no more than they need: they may wait long for a receiver,
    /// many batches of them, and are counted by their length.
    fn filled_batch(&mut self) -> Batch {
        if self.lines.bytes.len() >= BATCH_BYTES / 2 {
            let empty = self.empty_batch();
            return std::mem::replace(&mut self.lines, empty);
        }
        let Batch { bytes, events, marks } = &mut self.lines;
        let few =
            Batch { bytes: bytes.as_slice().to_vec(), events: std::mem::take(events), marks: std::mem::take(marks) };
        bytes.clear();
        few
    }

    /// A batch to fill: where all sinks are done with the one that was sent first, in its memory.
    fn empty_batch(&mut self) -> Batch {
        let done = self.sent.front().is_some_and(|batch| Arc::strong_count(batch) == 1);
        let gone = if done || self.sent.len() > MAX_QUEUED_BATCHES { self.sent.pop_front() } else { None };
        match gone.and_then(Arc::into_inner) {
            Some(Batch { mut bytes, mut marks, .. }) => {
                bytes.clear();
                marks.clear();
                Batch { bytes, events: 0, marks }
            }
            None => Batch { bytes: Vec::with_capacity(BATCH_BYTES + BATCH_BYTES / 8), ..Batch::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Format, Rendering};

    #[test]
    fn few_lines_take_no_more_memory_than_they_need() {
        let rendering = Rendering::new(Format::Native, Detail::Brief, None).expect("a rendering");
        let taste = Taste { rendering, selection: Selection::default(), incidents: false, marked: false };
        let lines = Batch { bytes: Vec::with_capacity(BATCH_BYTES), ..Batch::default() };
        let mut channel = Channel { taste, sinks: vec![], lines, sent: VecDeque::new() };
        for _ in 0..2 {
            channel.lines.bytes.extend_from_slice(b"one\n");
            channel.lines.events = 1;
            let few = channel.filled_batch();
            assert_eq!((few.bytes.as_slice(), few.events), (&b"one\n"[..], 1));
            assert!(few.bytes.capacity() < 100, "{}", few.bytes.capacity());
            assert_eq!((channel.lines.bytes.len(), channel.lines.events), (0, 0));
        }
        channel.lines.bytes.resize(BATCH_BYTES, b'x');
        assert_eq!(channel.filled_batch().bytes.len(), BATCH_BYTES);
        assert!(channel.lines.bytes.is_empty());
    }
}
