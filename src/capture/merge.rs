//! Several captures as one, in time order: rotated files, or taps that saw one direction each.
//!
//! Captures are ordered by the time of their next frame; within a capture, frames keep their order even where its
//! clock went back. Of frames with equal times, the one of the capture named first comes first.
//!
//! Rotated files come one after the other, and there may be thousands of them. A file is therefore opened to learn the
//! time of its first frame, closed, and opened again when that time has come, so that only those that overlap are
//! open, with a buffer each, at the same time. Pipes cannot be opened twice and stay open.

use super::buffer::BUFFER;
use super::{CaptureError, FileSource, Input, Interface, MAX_KEY_LOG, Record, Warning, WarningKind};
use crate::packet::Frame;
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Enough to learn when a file begins.
const FIRST_LOOK: usize = 64 * 1024;

/// Frames of several captures in time order.
pub struct MergedSource {
    members: Vec<Member>,
    /// When the next frame of each member is due, the `current` one apart.
    queue: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The member that gave the last frame.
    current: Option<usize>,
    interfaces: Vec<Interface>,
    key_log: Vec<u8>,
    key_log_too_long: bool,
    warnings: Vec<Warning>,
    frames: u64,
    total: Option<u64>,
    /// Bytes of the members that have ended.
    position: u64,
}

struct Member {
    input: Input,
    state: State,
    /// Its next frame, if it was looked at already.
    head: Option<Record>,
    /// For each interface of its own the merged one, from its first frame on.
    interfaces: Vec<Option<u32>>,
    /// How much of its key log was taken over.
    key_log_taken: usize,
}

enum State {
    /// Not open.
    Closed,
    Open(Box<FileSource>),
}

impl MergedSource {
    /// Opens captures; those that cannot be opened are left out, with their errors beside the rest.
    pub fn open(inputs: &[Input]) -> (Self, Vec<CaptureError>) {
        let mut merged = Self {
            members: Vec::with_capacity(inputs.len()),
            queue: BinaryHeap::new(),
            current: None,
            interfaces: Vec::new(),
            key_log: Vec::new(),
            key_log_too_long: false,
            warnings: Vec::new(),
            frames: 0,
            total: Some(0),
            position: 0,
        };
        let errors = inputs.iter().filter_map(|input| merged.add(input).err()).collect();
        (merged, errors)
    }

    /// Looks at a capture's first frame.
    fn add(&mut self, input: &Input) -> Result<(), CaptureError> {
        let mut file = FileSource::open_with(input, FIRST_LOOK)?;
        let first = file.advance()?;
        self.total = self.total.zip(file.total()).map(|(sum, more)| sum.saturating_add(more));
        let Some(first) = first else {
            self.close(&file, 0);
            return Ok(());
        };
        self.queue.push(Reverse((first.time, self.members.len())));
        let (state, head) =
            if file.total().is_some() { (State::Closed, None) } else { (State::Open(Box::new(file)), Some(first)) };
        self.members.push(Member { input: input.clone(), state, head, interfaces: Vec::new(), key_log_taken: 0 });
        Ok(())
    }

    /// The next frame, or `None` at the end. An error ends the capture that it names; the others go on.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        let Some((index, record)) = self.next_record()? else {
            return Ok(None);
        };
        self.frames = self.frames.saturating_add(1);
        let interface = self.interface(index, record.interface);
        Ok(match self.members.get(index).map(|member| &member.state) {
            Some(State::Open(file)) => Some(file.frame(&record, interface, self.frames)),
            _ => None,
        })
    }

    /// The member whose turn it is, and its frame.
    fn next_record(&mut self) -> Result<Option<(usize, Record)>, CaptureError> {
        loop {
            if let Some(index) = self.current.take()
                && let Some(record) = self.head(index)?
            {
                let due = (record.time, index);
                if self.queue.peek().is_none_or(|Reverse(other)| due < *other) {
                    self.current = Some(index);
                    self.take_key_log(index);
                    if let Some(member) = self.members.get_mut(index) {
                        member.head = None;
                    }
                    return Ok(Some((index, record)));
                }
                self.queue.push(Reverse(due));
            }
            match self.queue.pop() {
                Some(Reverse((_, index))) => self.current = Some(index),
                None => return Ok(None),
            }
        }
    }

    /// A member's next frame; it is opened if need be, and closed at its end.
    fn head(&mut self, index: usize) -> Result<Option<Record>, CaptureError> {
        let Some(member) = self.members.get_mut(index) else {
            return Ok(None);
        };
        if member.head.is_some() {
            return Ok(member.head);
        }
        if matches!(member.state, State::Closed) {
            member.state = State::Open(Box::new(FileSource::open_with(&member.input, BUFFER)?));
        }
        let State::Open(file) = &mut member.state else {
            return Ok(None);
        };
        let advanced = file.advance();
        if let Ok(Some(record)) = advanced {
            member.head = Some(record);
        } else if let State::Open(file) = std::mem::replace(&mut member.state, State::Closed) {
            let taken = member.key_log_taken;
            self.close(&file, taken);
        }
        advanced
    }

    /// Keeps what is to be known of a capture that has ended.
    fn close(&mut self, file: &FileSource, key_log_taken: usize) {
        self.position = self.position.saturating_add(file.position());
        self.warnings.extend_from_slice(file.warnings());
        self.add_to_key_log(file.key_log().get(key_log_taken..).unwrap_or_default(), file.input());
    }

    /// The merged number of a member's interface.
    #[inline]
    fn interface(&mut self, index: usize, own: u32) -> u32 {
        let own = own as usize;
        match self.members.get(index).and_then(|member| member.interfaces.get(own)) {
            Some(Some(known)) => *known,
            _ => self.new_interface(index, own),
        }
    }

    #[cold]
    fn new_interface(&mut self, index: usize, own: usize) -> u32 {
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        let Some(member) = self.members.get_mut(index) else {
            return number;
        };
        let State::Open(file) = &member.state else {
            return number;
        };
        if let Some(interface) = file.interfaces().get(own) {
            self.interfaces.push(interface.clone());
        }
        if member.interfaces.len() <= own {
            member.interfaces.resize(own.saturating_add(1), None);
        }
        if let Some(slot) = member.interfaces.get_mut(own) {
            *slot = Some(number);
        }
        number
    }

    /// Takes over what a member's key log has grown by.
    #[inline]
    fn take_key_log(&mut self, index: usize) {
        if let Some(member) = self.members.get_mut(index)
            && let State::Open(file) = &member.state
            && file.key_log().len() > member.key_log_taken
        {
            let new = file.key_log().get(member.key_log_taken..).unwrap_or_default().to_vec();
            member.key_log_taken = file.key_log().len();
            let input = member.input.clone();
            self.add_to_key_log(&new, &input);
        }
    }

    #[cold]
    fn add_to_key_log(&mut self, new: &[u8], input: &Input) {
        if self.key_log.len().saturating_add(new.len()) <= MAX_KEY_LOG {
            self.key_log.extend_from_slice(new);
        } else if !self.key_log_too_long {
            self.key_log_too_long = true;
            self.warnings.push(Warning { input: input.clone(), kind: WarningKind::KeyLogTooLong });
        }
    }

    /// See [`super::Source::interfaces`].
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// See [`super::Source::key_log`].
    pub fn key_log(&self) -> &[u8] {
        &self.key_log
    }

    /// See [`super::Source::position`].
    pub fn position(&self) -> u64 {
        let open = self.members.iter().map(|member| match &member.state {
            State::Open(file) => file.position(),
            State::Closed => 0,
        });
        open.fold(self.position, u64::saturating_add)
    }

    /// See [`super::Source::total`].
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// See [`super::Source::warnings`].
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
