//! The keeper: what waits for the sender, in order, in memory and in the spool, and what becomes of it at the end.

use super::super::batch::Batch;
use super::super::parcel::{MAX_PARCEL_BYTES, Parcel};
use super::super::state::{SinkEnd, SinkState};
use super::Keeping;
use super::opened::{Opened, Removable, tell_damaged};
use super::sender::Answer;
use super::spool::{Spool, SpoolError};
use crossbeam_channel::{Receiver, Sender, never, select};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often the keeper looks after what no message tells it.
const TICK: Duration = Duration::from_millis(100);
/// Live, events wait so long for others to be sent with, unless there are so many bytes of them.
const LINGER: Duration = Duration::from_millis(200);
const ENOUGH: usize = 256 * 1024;
/// So many bytes go to the spool at a time.
const SPILL: usize = 4 * 1024 * 1024;

/// A batch that waits in memory.
#[derive(Debug)]
struct Waiting {
    batch: Arc<Batch>,
    /// Since when.
    since: Instant,
}

/// What is under way with the sender.
#[derive(Debug)]
struct UnderWay {
    batches: Vec<Arc<Batch>>,
    /// Events, and bytes of their lines.
    events: u64,
    bytes: usize,
    /// The last of its rows in the spool, where it is there.
    row: Option<i64>,
    since: Instant,
}

/// The keeper's state.
pub(super) struct Keeper {
    keeping: Keeping,
    spool: Option<Opened>,
    state: Arc<SinkState>,
    parcels: Option<Sender<Parcel>>,
    answers: Receiver<Answer>,
    /// The sender has nothing to send.
    ready: bool,
    memory: VecDeque<Waiting>,
    memory_bytes: usize,
    under_way: VecDeque<UnderWay>,
    /// It was said that there is no more room.
    told_full: bool,
}

impl Keeper {
    pub(super) fn new(
        keeping: Keeping,
        spool: Option<Opened>,
        state: Arc<SinkState>,
        parcels: Sender<Parcel>,
        answers: Receiver<Answer>,
    ) -> Self {
        Self {
            keeping,
            spool,
            state,
            parcels: Some(parcels),
            answers,
            ready: false,
            memory: VecDeque::new(),
            memory_bytes: 0,
            under_way: VecDeque::new(),
            told_full: false,
        }
    }

    /// Keeps and hands over until there are no more batches and all have arrived, or until it is to give up.
    pub(super) fn run(mut self, batches: &Receiver<Arc<Batch>>) -> SinkEnd {
        let (none, mut closing) = (never(), false);
        loop {
            if self.ready && self.parcels.is_some() {
                self.hand_over(closing);
            }
            if closing && self.is_empty() {
                if self.ready {
                    // The sender asks for confirmation of what it sent on trust, and ends.
                    self.parcels = None;
                }
                if self.under_way.is_empty() {
                    return self.done();
                }
            }
            if self.state.give_up.load(Ordering::Relaxed) {
                // Whoever waits for room is let go.
                batches.try_iter().for_each(|batch| self.take(batch));
                return self.give_up();
            }
            let incoming = if closing || !self.has_room() { &none } else { batches };
            select! {
                recv(incoming) -> batch => match batch {
                    Ok(batch) => self.take(batch),
                    Err(_) => closing = true,
                },
                recv(self.answers) -> answer => match answer {
                    Ok(answer) => self.answer(&answer),
                    // The sender has ended: without a panic, only once it was told that there is no more.
                    Err(_) if self.under_way.is_empty() && self.is_empty() => {}
                    Err(_) => return self.give_up(),
                },
                default(TICK) => {}
            }
            self.look_after();
        }
    }

    /// True where neither memory nor spool has anything that is not under way.
    fn is_empty(&mut self) -> bool {
        self.memory.is_empty() && !self.spool_has_more()
    }

    fn spool_has_more(&mut self) -> bool {
        let more = self.opened().map(|spool| spool.has_more());
        match more {
            None => false,
            Some(Ok(more)) => more,
            Some(Err(error)) => {
                self.spool_failed(&error);
                false
            }
        }
    }

    /// The spool, where it works.
    fn opened(&mut self) -> Option<&mut Spool> {
        self.spool.as_mut().filter(|opened| opened.failed.is_none()).and_then(|opened| opened.spool.as_mut())
    }

    /// True where another batch may be taken: live always, since the oldest make room.
    fn has_room(&self) -> bool {
        self.keeping.live || self.memory_bytes < self.keeping.memory_bytes
    }

    fn take(&mut self, batch: Arc<Batch>) {
        self.state.taken(batch.bytes.len());
        self.memory_bytes += batch.bytes.len();
        self.memory.push_back(Waiting { batch, since: Instant::now() });
    }

    fn answer(&mut self, answer: &Answer) {
        match answer {
            Answer::Ready => self.ready = true,
            Answer::Confirmed { rejected, reason } => {
                let Some(UnderWay { events, row, .. }) = self.under_way.pop_front() else { return };
                // What a spool says of itself may be wrong: no more are counted than were queued.
                let rejected = events.min(*rejected);
                self.state.write(events - rejected);
                if let Some(reason) = reason {
                    self.state.reject(&self.keeping.name, rejected, reason);
                }
                if let (Some(row), Some(opened)) = (row, &mut self.spool) {
                    let before = opened.done.map_or(0, |done| done.events);
                    opened.done = Some(Removable { row, events: before + events });
                    self.remove_done();
                }
            }
        }
    }

    /// Removes from the spool what has arrived. Where that fails it is sent once more after a restart.
    fn remove_done(&mut self) {
        let writable = self.spool.as_ref().filter(|opened| !opened.is_full());
        let Some(Removable { row, .. }) = writable.and_then(|opened| opened.done) else { return };
        match self.opened().map(|spool| spool.remove(row)) {
            None => {}
            Some(Ok(())) => {
                let empty = self.opened().is_some_and(|spool| spool.events() == 0);
                self.spool.iter_mut().for_each(|opened| {
                    opened.done = None;
                    opened.since = opened.since.filter(|_| !empty);
                });
            }
            Some(Err(error)) => self.spool_failed(&error),
        }
    }

    /// Gives the sender the oldest there is, spool before memory.
    fn hand_over(&mut self, closing: bool) {
        let (mut batches, mut row, mut bytes) = (Vec::new(), None, 0);
        let mut since = None;
        while bytes < MAX_PARCEL_BYTES {
            match self.opened().map(Spool::next) {
                None | Some(Ok(None)) => break,
                Some(Ok(Some(spooled))) => {
                    bytes += spooled.batch.bytes.len();
                    row = Some(spooled.row);
                    batches.push(Arc::new(spooled.batch));
                }
                // It is met again behind what could be read, which is under way then.
                Some(Err(_)) if !batches.is_empty() => break,
                Some(Err(error)) => {
                    self.spool_failed(&error);
                    break;
                }
            }
        }
        if batches.is_empty() {
            let young = self.memory.front().is_none_or(|first| first.since.elapsed() < LINGER);
            if self.keeping.live && !closing && young && self.memory_bytes < ENOUGH {
                return;
            }
            while let Some(Waiting { batch, .. }) = self.memory.front()
                && (batches.is_empty() || bytes + batch.bytes.len() <= MAX_PARCEL_BYTES)
            {
                bytes += batch.bytes.len();
                since = since.or(self.memory.front().map(|waiting| waiting.since));
                batches.extend(self.memory.pop_front().map(|waiting| waiting.batch));
            }
            self.memory_bytes -= bytes;
        }
        if batches.is_empty() {
            return;
        }
        let events = batches.iter().map(|batch| batch.events).sum();
        let since = since.or(self.spool.as_ref().and_then(|opened| opened.since)).unwrap_or_else(Instant::now);
        self.under_way.push_back(UnderWay { batches: batches.clone(), events, bytes, row, since });
        self.ready = false;
        if let Some(parcels) = &self.parcels {
            // There is room: the sender was ready. Where it has ended, the answers say so.
            let _ = parcels.send(Parcel::new(batches));
        }
    }

    /// What has to be done from time to time: spool what should not wait in memory, make room, tell how it goes.
    fn look_after(&mut self) {
        self.try_spool_again();
        self.remove_done();
        let (down, full) = (self.state.down_for().is_some(), self.memory_bytes >= self.keeping.memory_bytes);
        // Who reads captures waits for a receiver that is slow, rather than write everything to a disk.
        if self.spool.is_some() && (down || full && self.keeping.live) {
            self.spill(if down { 0 } else { self.keeping.memory_bytes / 2 });
        }
        while self.keeping.live && self.memory_bytes > self.keeping.memory_bytes {
            let Some(Waiting { batch, .. }) = self.memory.pop_front() else { break };
            self.memory_bytes -= batch.bytes.len();
            self.lose_oldest(batch.events);
        }
        if self.told_full && !down && self.memory_bytes <= self.keeping.memory_bytes / 2 && !self.spool_has_more() {
            self.told_full = false;
        }
        self.publish();
    }

    fn try_spool_again(&mut self) {
        let Some(opened) = &mut self.spool else { return };
        if opened.failed.is_none_or(|again| Instant::now() < again) {
            return;
        }
        if opened.spool.is_some() {
            // It may be well again. Where it is not, that was said.
            opened.failed = None;
        } else {
            opened.try_open(&self.keeping.name, &self.state);
        }
    }

    /// Moves the oldest to the spool until memory has no more than `goal` bytes. What is under way comes first, so that
    /// the order is the same after a restart.
    fn spill(&mut self, goal: usize) {
        if (goal == 0 || self.memory_bytes > goal) && self.spool_under_way().is_err() {
            return;
        }
        // A small spool does not lose everything that it holds to one portion that is larger than itself.
        let portion = SPILL.min(self.limit() / 4).max(1);
        while self.memory_bytes > goal {
            let (mut count, mut bytes) = (0, 0);
            for waiting in &self.memory {
                if bytes >= portion || self.memory_bytes - bytes <= goal {
                    break;
                }
                (count, bytes) = (count + 1, bytes + waiting.batch.bytes.len());
            }
            if !self.make_room(bytes as u64) {
                return;
            }
            let oldest: Vec<Arc<Batch>> =
                self.memory.iter().take(count).map(|waiting| Arc::clone(&waiting.batch)).collect();
            if self.append(&oldest).is_err() {
                return;
            }
            self.memory.drain(..count);
            self.memory_bytes -= bytes;
        }
    }

    /// The most bytes that the spool may hold.
    fn limit(&self) -> usize {
        let limit = self.spool.as_ref().map_or(0, |opened| opened.limit);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// What is under way and not in the spool goes there, where it has room.
    ///
    /// Not where the spool holds something that comes later, as it does when it could not be read for a while: rows are
    /// removed in their order, and those would be removed with what is under way.
    fn spool_under_way(&mut self) -> Result<(), ()> {
        if self.spool_has_more() {
            return Ok(());
        }
        let behind_all_rows = self.under_way.iter().rposition(|sent| sent.row.is_some()).map_or(0, |at| at + 1);
        for at in behind_all_rows..self.under_way.len() {
            let bytes = self.under_way.get(at).map_or(0, |sent| sent.bytes);
            if bytes > self.limit() {
                continue;
            }
            if !self.make_room(bytes as u64) {
                return Err(());
            }
            let last = self.append_sent(at)?;
            if let (Some(last), Some(spool)) = (last, self.opened()) {
                spool.skip(last);
            }
        }
        Ok(())
    }

    /// Appends to the spool what is under way in this place; the last row.
    fn append_sent(&mut self, at: usize) -> Result<Option<i64>, ()> {
        let batches = self.under_way.get(at).map(|sent| sent.batches.clone()).unwrap_or_default();
        let last = self.append(&batches)?;
        self.under_way.get_mut(at).into_iter().for_each(|sent| sent.row = last);
        Ok(last)
    }

    /// Appends to the spool; the last row.
    fn append(&mut self, batches: &[Arc<Batch>]) -> Result<Option<i64>, ()> {
        if self.spool.as_ref().is_none_or(Opened::is_full) {
            return Err(());
        }
        let appended = self.opened().map(|spool| spool.append(batches.iter().map(Arc::as_ref)));
        match appended {
            None => Err(()),
            Some(Ok(rows)) => {
                self.spool.iter_mut().for_each(|opened| {
                    opened.since.get_or_insert_with(Instant::now);
                    opened.told = false;
                });
                Ok(rows.last().copied())
            }
            Some(Err(error)) => {
                self.spool_failed(&error);
                Err(())
            }
        }
    }

    /// Makes room in the spool: live, the oldest go.
    fn make_room(&mut self, bytes: u64) -> bool {
        loop {
            let live = self.keeping.live;
            let Some(spool) = self.opened() else { return false };
            if spool.has_room(bytes) {
                return true;
            }
            if !live {
                return false;
            }
            match spool.remove_oldest() {
                Ok(Some(events)) => self.lose_oldest(events),
                Ok(None) => return false,
                Err(error) => {
                    self.spool_failed(&error);
                    return false;
                }
            }
        }
    }

    /// There is no more room: the oldest are lost. That is said once until the receiver has caught up.
    fn lose_oldest(&mut self, events: u64) {
        self.state.lose(events);
        if !std::mem::replace(&mut self.told_full, true) {
            let name = &self.keeping.name;
            let full = if self.spool.is_some() {
                "memory and spool are full"
            } else {
                "memory is full, and there is no spool"
            };
            self.state.tell(format!("{name}: {full}: the oldest events are lost"));
        }
    }

    /// A spool that is damaged is begun anew; what it held and was not under way is lost. Anything else is tried again.
    fn spool_failed(&mut self, error: &SpoolError) {
        let Some(opened) = &mut self.spool else { return };
        if let (SpoolError::Damaged(_), Some(spool)) = (error, &mut opened.spool) {
            let under_way: u64 = self.under_way.iter().filter(|sent| sent.row.is_some()).map(|sent| sent.events).sum();
            let arrived = opened.done.map_or(0, |done| done.events);
            self.state.lose(spool.events().saturating_sub(under_way.saturating_add(arrived)));
            self.under_way.iter_mut().for_each(|sent| sent.row = None);
            (opened.since, opened.done) = (None, None);
            match spool.begin_anew() {
                Ok(aside) => tell_damaged(&self.keeping.name, &aside, &self.state),
                // It is opened as if for the first time, once it can be.
                Err(error) => {
                    opened.spool = None;
                    opened.fail(&error, &self.keeping.name, &self.state);
                }
            }
            return;
        }
        opened.fail(error, &self.keeping.name, &self.state);
    }

    /// All has arrived, but for what a spool holds that cannot be read.
    fn done(mut self) -> SinkEnd {
        self.publish();
        self.kept(0)
    }

    /// How it ends, where so many events were lost now.
    fn kept(&self, lost: u64) -> SinkEnd {
        let Some(opened) = &self.spool else { return SinkEnd::Done };
        let arrived = opened.done.map_or(0, |done| done.events);
        match opened.spool.as_ref().map_or(0, |spool| spool.events().saturating_sub(arrived)) {
            0 => SinkEnd::Done,
            events => SinkEnd::Kept { events, lost, spool: opened.path.clone() },
        }
    }

    /// There is no more time: what has not arrived stays in the spool, or is lost.
    fn give_up(mut self) -> SinkEnd {
        self.parcels = None;
        while let Ok(answer) = self.answers.try_recv() {
            self.answer(&answer);
        }
        self.spool_the_rest();
        let under_way = self.under_way.iter().filter(|sent| sent.row.is_none()).map(|sent| sent.events);
        let lost = under_way.chain(self.memory.iter().map(|waiting| waiting.batch.events)).sum();
        self.state.lose(lost);
        self.under_way.clear();
        self.memory.clear();
        self.publish();
        self.kept(lost)
    }

    /// The spool has a last chance, however it did. What is under way comes first where the order allows it, and last where
    /// it does not: nothing is removed any more.
    fn spool_the_rest(&mut self) {
        let Some(opened) = &mut self.spool else { return };
        let now = Instant::now();
        opened.full = None;
        opened.failed = opened.failed.map(|_| now);
        self.try_spool_again();
        let _ = self.spool_under_way();
        self.spill(0);
        for at in 0..self.under_way.len() {
            let Some(UnderWay { bytes, row: None, .. }) = self.under_way.get(at) else { continue };
            let bytes = *bytes as u64;
            if self.opened().is_some_and(|spool| spool.has_room(bytes)) {
                // What does not go there is lost, and counted.
                let _ = self.append_sent(at);
            }
        }
    }

    /// Tells how it goes.
    fn publish(&mut self) {
        let (spooled, bytes) = self.opened().map_or((0, 0), |spool| (spool.events(), spool.bytes()));
        self.state.spooled.store(spooled, Ordering::Relaxed);
        self.state.spool_bytes.store(bytes, Ordering::Relaxed);
        if let Some(opened) = &self.spool {
            self.state.spool_limit.store(opened.limit, Ordering::Relaxed);
            self.state.spool_fails.store(opened.failed.is_some(), Ordering::Relaxed);
        }
        let oldest = [
            self.under_way.front().map(|sent| sent.since),
            self.spool.as_ref().and_then(|opened| opened.since),
            self.memory.front().map(|waiting| waiting.since),
        ];
        let lag = oldest.into_iter().flatten().min().map_or(0, |since| since.elapsed().as_millis() as u64);
        self.state.lag_ms.store(lag, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
