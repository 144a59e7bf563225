//! The capture thread of a live run: frames from interfaces into an engine, the engine's handshakes out, and the time
//! told to both where no frame tells it.
//!
//! It never waits for anybody but the interfaces. Where the analysis is behind, handshakes are lost and counted.

use super::board::{Board, Seen};
use super::feed::{Feed, Over, SET_BACK};
use crate::capture::Interface;
use crate::capture::live::{News, Sniffers};
use crate::output::{self, Patience};
use crate::report::Totals;
use crate::time::Timestamp;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long frames are waited for before the time is told, and how often it is.
const TICK: Duration = Duration::from_millis(100);
/// What is settled is handed on no more often than this, unless there is a whole batch of it: waking the analysis costs more
/// than a handshake's share of its work.
const PACE: Duration = Duration::from_millis(10);
/// Frames may come so much later than their time says: the engine's time stays as far behind.
const SLACK: Duration = Duration::from_millis(200);
/// When the run is to end, what waits in the kernel is read for no longer than this.
const MAX_REST: Duration = Duration::from_secs(1);
/// How often the board is brought up to date: libpcap's counters cost a few system calls.
const BOARD: Duration = Duration::from_millis(500);

/// What all capture threads of a run share.
pub(super) struct Shared {
    /// How many frames are still wanted, in all; as many as there are where it is [`u64::MAX`].
    pub(super) wanted: AtomicU64,
    /// How long to wait for what is behind, once the run is to end.
    pub(super) drain: Duration,
}

pub(super) struct Sensor {
    /// Its place on the board.
    place: usize,
    sniffers: Sniffers,
    interfaces: Vec<Interface>,
    feed: Feed,
    messages: Sender<String>,
    board: Arc<Board>,
    shared: Arc<Shared>,
    /// The last frame's time, and when it came by this machine's clock that only goes forward.
    anchor: Option<(Timestamp, Instant)>,
    ticked: Instant,
    handed: Instant,
    seen: Instant,
    totals: Totals,
}

impl Sensor {
    pub(super) fn new(
        place: usize,
        sniffers: Sniffers,
        feed: Feed,
        messages: Sender<String>,
        board: Arc<Board>,
        shared: Arc<Shared>,
    ) -> Self {
        let now = Instant::now();
        Self {
            place,
            interfaces: sniffers.interfaces().to_vec(),
            sniffers,
            feed,
            messages,
            board,
            shared,
            anchor: None,
            ticked: now,
            handed: now,
            seen: now,
            totals: Totals::default(),
        }
    }

    /// Sniffs until the run is to end.
    pub(super) fn run(mut self) -> Totals {
        let sniffed = self.sniff().and_then(|()| self.sniff_rest());
        // The others end with it: what they share is wanted no more, or nobody takes it.
        self.board.stop.store(true, Ordering::Relaxed);
        let end = *self.board.end.get_or_init(|| Instant::now() + self.shared.drain);
        self.feed.patience = Patience::Until(end);
        // An error means that nobody takes what is read: there is nothing more to do.
        let _ = sniffed.and_then(|()| self.feed.finish(&self.interfaces));
        self.show();
        let (stats, drops) = (self.feed.engine.stats(), self.sniffers.drops());
        self.totals.add(&stats, stats.frames);
        self.totals.unrecorded = self.feed.unrecorded();
        (self.totals.kernel_drops, self.totals.interface_drops) = (drops.kernel, drops.interface);
        self.totals
    }

    /// How many frames are still wanted.
    fn wanted(&self) -> u64 {
        self.shared.wanted.load(Ordering::Relaxed)
    }

    fn sniff(&mut self) -> Result<(), Over> {
        while !self.board.stop.load(Ordering::Relaxed) && self.sniffers.is_open() && self.wanted() > 0 {
            // What had come until then is read now, however long that took: on a busy machine, the time must not be told
            // before the frames that wait.
            let looked = Instant::now();
            self.burst()?;
            if looked.duration_since(self.ticked) >= TICK {
                self.ticked = looked;
                self.tick(looked);
            }
            let now = Instant::now();
            while self.feed.collect() {
                self.feed.hand_on(&self.interfaces)?;
            }
            if now.duration_since(self.handed) >= PACE {
                self.handed = now;
                self.feed.hand_on(&self.interfaces)?;
            }
            if now.duration_since(self.seen) >= BOARD {
                self.seen = now;
                self.show();
            }
        }
        Ok(())
    }

    /// Takes what has been captured until now and waits in the kernel, where the end of a handshake may be.
    fn sniff_rest(&mut self) -> Result<(), Over> {
        let (began, captured) = (Instant::now(), output::now());
        let mut last = None;
        while self.sniffers.is_open()
            && self.wanted() > 0
            && last.is_none_or(|last| last <= captured)
            && began.elapsed() < self.shared.drain.min(MAX_REST)
        {
            last = self.burst()?;
            if last.is_none() && began.elapsed() >= TICK {
                break;
            }
        }
        Ok(())
    }

    /// Takes what frames there are, and returns the time of the last one.
    fn burst(&mut self) -> Result<Option<Timestamp>, Over> {
        let limit = self.wanted();
        let Self { sniffers, interfaces, feed, messages, totals, shared, .. } = self;
        let (mut last, mut end) = (None, Ok(()));
        let one_less = |wanted: u64| wanted.checked_sub(1);
        sniffers.burst(
            TICK,
            limit,
            |frame| {
                // Another thread may have taken the last one.
                if limit < u64::MAX
                    && shared.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
                {
                    return;
                }
                last = Some(frame.time);
                if frame.time.plus(SET_BACK) < feed.engine.now() && end.is_ok() {
                    let _ = messages.try_send(set_back(feed.engine.now().since(frame.time)));
                    end = feed.begin_anew(interfaces);
                }
                if feed.frame(frame) && end.is_ok() {
                    end = feed.hand_on(interfaces);
                }
            },
            |news| {
                totals.unreadable += u64::from(matches!(news, News::Gone(..)));
                // Nobody is waited for: a message for which there is no room is lost.
                let _ = messages.try_send(news.to_string());
            },
        );
        if let Some(time) = last {
            self.anchor = Some((time, Instant::now()));
        }
        end.map(|()| last)
    }

    /// Tells the engine the time: that of the last frame, and what has gone by since.
    fn tick(&mut self, now: Instant) {
        if let Some((time, at)) = self.anchor {
            let time = time.plus(now.duration_since(at)).before(SLACK);
            self.feed.engine.tick(time);
        }
    }

    fn show(&mut self) {
        let seen = Seen {
            stats: self.feed.engine.stats(),
            drops: self.sniffers.drops(),
            unrecorded: self.feed.unrecorded(),
            interfaces: self.sniffers.states(),
            at: Some(Instant::now()),
        };
        self.board.saw(self.place, seen);
    }
}

fn set_back(by: Duration) -> String {
    format!(
        "the clock was set back by {} s; what was open is told as it is, and the time goes on from there",
        by.as_secs()
    )
}
