//! The thread that talks to a receiver: it hands parcels over in order, waits and tries again after a setback, and sends
//! again what may have been lost with a connection.

use super::super::parcel::Parcel;
use super::super::state::SinkState;
use super::super::transport::{Receipt, Setback, Transport};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The first wait after a setback, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// No receiver is obeyed that asks for a longer one.
const LONGEST_ASKED: Duration = Duration::from_secs(300);
/// How often a connection on which nothing is sent is looked at.
const IDLE: Duration = Duration::from_millis(500);
/// For so long events are sent on trust before the receiver is asked whether it has them.
const TRUST_TIME: Duration = Duration::from_secs(300);

/// What the keeper is told.
#[derive(Debug)]
pub(super) enum Answer {
    /// There is nothing to send.
    Ready,
    /// The receiver has answered for the oldest parcel that is under way, and will never take so many of its events.
    Confirmed {
        /// Events that were rejected.
        rejected: u64,
        /// Why the first of them was.
        reason: Option<String>,
    },
}

/// The thread's state.
pub(super) struct Sender {
    name: String,
    transport: Box<dyn Transport>,
    state: Arc<SinkState>,
    answers: crossbeam_channel::Sender<Answer>,
    /// Parcels under way, the oldest first: those that were sent on trust, and then at most one that is not sent.
    open: Vec<Parcel>,
    /// When the first was sent on trust.
    trusted: Option<Instant>,
    /// The receiver's absence is noticed at once, and not with the first event.
    contacts_first: bool,
    /// The next wait, and since when there is trouble.
    wait: Duration,
    trouble: Option<Instant>,
}

impl Sender {
    pub(super) fn new(
        name: String,
        transport: Box<dyn Transport>,
        state: Arc<SinkState>,
        answers: crossbeam_channel::Sender<Answer>,
        contacts_first: bool,
    ) -> Self {
        let (open, trusted, wait, trouble) = (Vec::new(), None, FIRST_WAIT, None);
        Self { name, transport, state, answers, open, trusted, contacts_first, wait, trouble }
    }

    /// Sends until there are no more parcels, and all were confirmed.
    pub(super) fn run(mut self, parcels: &Receiver<Parcel>) {
        if self.contacts_first
            && let Err(setback) = self.transport.contact()
        {
            self.setback(&setback, 0);
        }
        loop {
            self.tell(Answer::Ready);
            match self.next(parcels) {
                Some(parcel) => {
                    self.open.push(parcel);
                    self.send_from(self.open.len() - 1);
                    self.note_arrived();
                    let trusted: usize = self.open.iter().map(Parcel::bytes).sum();
                    if trusted >= self.transport.trust().bytes
                        || self.trusted.is_some_and(|since| since.elapsed() >= TRUST_TIME)
                    {
                        self.confirm();
                    }
                }
                None => return self.confirm(),
            }
        }
    }

    /// Waits for a parcel, and looks after the connection meanwhile.
    fn next(&mut self, parcels: &Receiver<Parcel>) -> Option<Parcel> {
        loop {
            match parcels.recv_timeout(IDLE) {
                Ok(parcel) => return Some(parcel),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => match self.transport.idle() {
                    Ok(true) => self.confirmed(self.open.len()),
                    Ok(false) => {
                        self.note_arrived();
                        if self.trusted.is_some_and(|since| since.elapsed() >= TRUST_TIME) {
                            self.confirm();
                        }
                    }
                    Err(_) if self.open.is_empty() => {}
                    Err(setback) => {
                        self.setback(&setback, self.open.len());
                        self.send_from(0);
                    }
                },
            }
        }
    }

    /// Sends the open parcels from this one on, however long it takes.
    fn send_from(&mut self, first: usize) {
        let mut at = first;
        while let Some(parcel) = self.open.get_mut(at) {
            match self.transport.deliver(parcel) {
                Ok(Receipt::Sent) => {
                    parcel.take_all();
                    self.trusted.get_or_insert_with(Instant::now);
                    at += 1;
                    self.is_well();
                }
                Ok(Receipt::Acknowledged) if parcel.is_done() => {
                    self.confirmed(at + 1);
                    at = 0;
                    self.is_well();
                }
                Ok(Receipt::Acknowledged) => {
                    let pending = parcel.pending().count();
                    at = self.setback_at(at, &Setback::new(format!("{pending} events were not taken")));
                }
                Err(setback) => at = self.setback_at(at, &setback),
            }
        }
    }

    /// A parcel was not sent: from which on they are to be sent, after a while.
    fn setback_at(&mut self, at: usize, setback: &Setback) -> usize {
        if self.transport.trust().outlives_connection {
            self.setback(setback, 0);
            return at;
        }
        self.setback(setback, at);
        0
    }

    /// Those that turn out to have arrived are not open any more.
    fn note_arrived(&mut self) {
        let arrived = self.transport.arrived();
        if arrived > 0 {
            self.confirmed(arrived);
        }
    }

    /// Asks the receiver whether it has what was sent on trust, and sends it again until it has.
    fn confirm(&mut self) {
        while !self.open.is_empty() {
            match self.transport.confirm() {
                Ok(()) => self.confirmed(self.open.len()),
                Err(setback) => {
                    self.setback(&setback, self.open.len());
                    self.send_from(0);
                }
            }
        }
    }

    /// The receiver has so many of the open parcels.
    fn confirmed(&mut self, count: usize) {
        let count = count.min(self.open.len());
        for parcel in self.open.drain(..count) {
            let (rejected, reason) = parcel.rejected();
            // An error means that the keeper has given up: it has counted all that was under way, and nobody counts again.
            let _ = self.answers.send(Answer::Confirmed { rejected, reason: reason.map(str::to_owned) });
        }
        self.trusted = (!self.open.is_empty()).then(Instant::now);
    }

    /// What was sent on trust, which are so many parcels, is to be sent again, after a while.
    fn setback(&mut self, setback: &Setback, trusted: usize) {
        self.open.iter_mut().take(trusted).for_each(Parcel::send_again);
        let again: usize = self.open.iter().map(|parcel| parcel.pending().count()).sum();
        self.state.retried.fetch_add(again as u64, Ordering::Relaxed);
        self.trusted = None;
        if self.trouble.is_none() {
            self.trouble = Some(Instant::now());
            self.state.goes_down();
            self.state.tell(format!("{}: {setback}; it is tried again", self.name));
        }
        let asked = setback.after.unwrap_or_default().min(LONGEST_ASKED);
        sleep(jittered(self.wait).max(asked));
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    /// Something was sent.
    fn is_well(&mut self) {
        self.wait = FIRST_WAIT;
        if let Some(since) = self.trouble.take() {
            self.state.comes_up();
            self.state.tell(format!("{}: it takes events again, after {} s", self.name, since.elapsed().as_secs()));
        }
    }

    fn tell(&self, answer: Answer) {
        let _ = self.answers.send(answer);
    }
}

/// A quarter more or less.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    wait * 3 / 4 + wait / 2 * (random >> 16) / (1 << 16)
}
