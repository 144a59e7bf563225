//! Delivery as a whole, with a receiver made for it: one that is away, refuses, forgets, or takes what it gets, on trust or
//! not. Whatever it does, it must have every event in the end, in order, and the counters must say so.

use super::super::batch::{Batch, Kind, Level, Mark};
use super::super::parcel::Parcel;
use super::super::patience::Patience;
use super::super::sink::{MAX_QUEUED_LIVE, Sink, Work};
use super::super::state::{SinkEnd, SinkState};
use super::super::transport::{Receipt, Setback, Transport};
use super::Keeping;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Nothing here takes so long on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The receiver: what it has got, for good.
#[derive(Debug, Default)]
struct Receiver {
    away: AtomicBool,
    /// It takes so many events, and then no more of that parcel.
    half: AtomicBool,
    /// It forgets what was sent on trust since the last confirmation, once.
    forgets: AtomicBool,
    got: Mutex<Vec<String>>,
}

impl Receiver {
    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    /// Each event once, in the order in which it came first.
    fn distinct(&self) -> Vec<String> {
        let mut distinct: Vec<String> = Vec::new();
        for id in self.got() {
            if !distinct.contains(&id) {
                distinct.push(id);
            }
        }
        distinct
    }
}

/// The way there. With `trust` it hears nothing from the receiver until it asks for confirmation.
#[derive(Debug)]
struct Way {
    receiver: Arc<Receiver>,
    trust: bool,
    sent: Vec<String>,
}

impl Transport for Way {
    fn contact(&mut self) -> Result<String, Setback> {
        if self.receiver.away.load(Ordering::Relaxed) { Err(Setback::new("away")) } else { Ok(String::new()) }
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        if self.receiver.away.load(Ordering::Relaxed) {
            self.sent.clear();
            return Err(Setback::new("away"));
        }
        let events: Vec<(usize, String)> =
            parcel.pending().map(|(place, event)| (place, event.mark.id.clone())).collect();
        if self.trust {
            self.sent.extend(events.into_iter().map(|(_, id)| id));
            return Ok(Receipt::Sent);
        }
        let taken = if self.receiver.half.swap(false, Ordering::Relaxed) { events.len() / 2 } else { events.len() };
        for (place, id) in events.into_iter().take(taken) {
            match id.as_str() {
                "bad" => parcel.reject(place, || "it is bad".into()),
                _ => {
                    self.receiver.got.lock().unwrap().push(id);
                    parcel.take(place);
                }
            }
        }
        Ok(Receipt::Acknowledged)
    }

    fn confirm(&mut self) -> Result<(), Setback> {
        let sent = std::mem::take(&mut self.sent);
        if self.receiver.away.load(Ordering::Relaxed) || self.receiver.forgets.swap(false, Ordering::Relaxed) {
            return Err(Setback::new("cut off"));
        }
        self.receiver.got.lock().unwrap().extend(sent);
        Ok(())
    }
}

fn batch(id: &str, bytes: usize) -> Arc<Batch> {
    let line = format!("{id:bytes$}\n").into_bytes();
    let mark = Mark {
        end: line.len(),
        kind: Kind::Handshake,
        id: id.to_owned(),
        micros: 1,
        level: Level::Info,
        server: None,
        community_id: None,
    };
    Arc::new(Batch { bytes: line, events: 1, marks: vec![mark] })
}

fn keeping(spool: Option<&Path>, live: bool) -> Keeping {
    let spool = spool.map(PathBuf::from);
    Keeping { name: "there".into(), spool, spool_bytes: 1 << 20, memory_bytes: 1 << 16, live }
}

fn sink(receiver: &Arc<Receiver>, trust: bool, keeping: Keeping) -> Sink {
    let way = Way { receiver: Arc::clone(receiver), trust, sent: Vec::new() };
    Sink::start("there".into(), Work::Send(Box::new(way), keeping), MAX_QUEUED_LIVE).unwrap()
}

fn send(sink: &Sink, ids: impl Iterator<Item = String>, patience: Patience) {
    ids.for_each(|id| assert!(sink.send(&batch(&id, 100), patience)));
}

fn ids(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("event-{number}"))
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what} has not come about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn end(sink: Sink) -> (SinkEnd, Arc<SinkState>) {
    let closing = sink.close();
    let end = closing.wait(Instant::now() + PATIENCE).expect("an end");
    (end, Arc::clone(closing.state()))
}

#[test]
fn what_a_receiver_takes_it_gets_once_and_in_order() {
    for trust in [false, true] {
        let receiver = Arc::new(Receiver::default());
        let sink = sink(&receiver, trust, keeping(None, false));
        send(&sink, ids(0..2000), Patience::Wait);
        let (end, state) = end(sink);
        assert!(matches!(end, SinkEnd::Done), "{end:?}");
        assert_eq!(receiver.got(), ids(0..2000).collect::<Vec<_>>());
        assert_eq!((count(&state.written), count(&state.queued), count(&state.retried)), (2000, 0, 0));
    }
}

#[test]
fn who_reads_captures_waits_for_a_receiver_that_is_away() {
    let receiver = Arc::new(Receiver::default());
    receiver.away.store(true, Ordering::Relaxed);
    let sink = sink(&receiver, false, keeping(None, false));
    let back = Arc::clone(&receiver);
    let returns = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        back.away.store(false, Ordering::Relaxed);
    });
    // Far more than memory holds.
    (0..400).for_each(|number| assert!(sink.send(&batch(&format!("event-{number}"), 4000), Patience::Wait)));
    let state = Arc::clone(sink.state());
    let (end, _) = end(sink);
    returns.join().unwrap();
    assert!(matches!(end, SinkEnd::Done), "{end:?}");
    assert_eq!(receiver.got(), ids(0..400).collect::<Vec<_>>());
    let troubles = state.troubles();
    assert_eq!(troubles.len(), 2, "once when it is away, once when it is back: {troubles:?}");
    assert!(count(&state.retried) > 0);
}

#[test]
fn what_may_have_been_lost_on_the_way_is_sent_again() {
    let receiver = Arc::new(Receiver::default());
    receiver.forgets.store(true, Ordering::Relaxed);
    let sink = sink(&receiver, true, keeping(None, false));
    send(&sink, ids(0..50), Patience::Wait);
    let (end, state) = end(sink);
    assert!(matches!(end, SinkEnd::Done), "{end:?}");
    assert_eq!(receiver.distinct(), ids(0..50).collect::<Vec<_>>());
    assert_eq!((count(&state.written), count(&state.retried)), (50, 50));
}

#[test]
fn what_is_taken_of_a_parcel_is_not_sent_again_and_what_is_rejected_is_lost() {
    let receiver = Arc::new(Receiver::default());
    receiver.half.store(true, Ordering::Relaxed);
    let sink = sink(&receiver, false, keeping(None, false));
    send(&sink, ids(0..9).chain(["bad".to_owned()]), Patience::Wait);
    let (end, state) = end(sink);
    assert!(matches!(end, SinkEnd::Lost { events: 1, .. }), "{end:?}");
    assert_eq!(receiver.got(), ids(0..9).collect::<Vec<_>>());
    assert_eq!((count(&state.written), count(&state.rejected), count(&state.queued)), (9, 1, 0));
    assert!(state.troubles().iter().any(|trouble| trouble.contains("it is bad")));
}

#[test]
fn what_was_spooled_is_sent_by_the_next_run_before_anything_else() {
    for trust in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        let receiver = Arc::new(Receiver::default());
        receiver.away.store(true, Ordering::Relaxed);
        let first = sink(&receiver, trust, keeping(Some(&spool), true));
        send(&first, ids(0..300), Patience::Lose);
        wait_until("the spool", || count(&first.state().spooled) == 300);
        let closing = first.close();
        assert!(closing.wait(Instant::now() + Duration::from_millis(300)).is_none(), "it waits for the receiver");
        let end = closing.give_up();
        assert!(matches!(&end, SinkEnd::Kept { events: 300, lost: 0, spool: at } if *at == spool), "{end:?}");
        wait_until("the file's release", || {
            rusqlite::Connection::open(&spool)
                .unwrap()
                .query_row("SELECT count(*) FROM batches", [], |_| Ok(()))
                .is_ok()
        });

        receiver.away.store(false, Ordering::Relaxed);
        let second = sink(&receiver, trust, keeping(Some(&spool), true));
        send(&second, ids(300..310), Patience::Lose);
        let (end, state) = super::tests::end(second);
        assert!(matches!(end, SinkEnd::Done), "{end:?}");
        assert_eq!(receiver.got(), ids(0..310).collect::<Vec<_>>());
        assert_eq!((count(&state.recovered), count(&state.written), count(&state.spooled)), (300, 310, 0));
    }
}

#[test]
fn order_is_kept_through_memory_and_spool() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let sink = sink(&receiver, false, keeping(Some(&folder.path().join("spool")), true));
    for round in 0..5 {
        send(&sink, ids(round * 200..round * 200 + 100), Patience::Lose);
        receiver.away.store(true, Ordering::Relaxed);
        send(&sink, ids(round * 200 + 100..(round + 1) * 200), Patience::Lose);
        wait_until("trouble", || sink.state().down_for().is_some());
        receiver.away.store(false, Ordering::Relaxed);
    }
    let (end, _) = end(sink);
    assert!(matches!(end, SinkEnd::Done), "{end:?}");
    assert_eq!(receiver.got(), ids(0..1000).collect::<Vec<_>>());
}

#[test]
fn live_the_oldest_go_when_memory_and_spool_are_full_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for spool in [None, Some(folder.path().join("spool"))] {
        let receiver = Arc::new(Receiver::default());
        receiver.away.store(true, Ordering::Relaxed);
        let sink = sink(&receiver, false, keeping(spool.as_deref(), true));
        // What is with the sender is neither in memory nor to be dropped.
        send(&sink, ids(0..1), Patience::Lose);
        wait_until("trouble", || sink.state().down_for().is_some());
        (1..1000).for_each(|number| assert!(sink.send(&batch(&format!("event-{number}"), 4000), Patience::Lose)));
        wait_until("loss", || {
            count(&sink.state().lost) + 300 > 1000 || spool.is_none() && count(&sink.state().lost) > 900
        });
        receiver.away.store(false, Ordering::Relaxed);
        let (end, state) = end(sink);
        let lost = count(&state.lost);
        assert!(matches!(end, SinkEnd::Lost { events, .. } if events == lost), "{end:?}");
        let got = receiver.got();
        assert_eq!(got.len() as u64 + lost, 1000);
        let troubles = state.troubles();
        assert_eq!(
            troubles.iter().filter(|told| told.contains("the oldest events are lost")).count(),
            1,
            "{troubles:?}"
        );
        let newest: Vec<String> = ids(1000 - (got.len() as u32 - 1)..1000).collect();
        assert_eq!(got[1..], newest, "the newest are there, in order");
        let held = if spool.is_some() { 1 << 20 } else { 1 << 16 };
        assert!((got.len() - 1) * 4000 >= held / 2, "{} events", got.len());
    }
}

#[test]
fn a_spool_that_cannot_be_used_is_said_once_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Arc::new(Receiver::default());
    let sink = sink(&receiver, false, keeping(Some(&folder.path().join("no/such/folder")), true));
    send(&sink, ids(0..100), Patience::Lose);
    let (end, state) = end(sink);
    assert!(matches!(end, SinkEnd::Done), "{end:?}");
    assert_eq!(receiver.got().len(), 100);
    let troubles = state.troubles();
    assert!(troubles.len() == 1 && troubles[0].contains("no/such/folder cannot be used"), "{troubles:?}");
}
