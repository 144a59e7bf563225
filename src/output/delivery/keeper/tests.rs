//! The keeper by itself: with a sender and a spool that do what a test says.

use super::super::super::batch::{Kind, Level, Mark};
use super::*;
use crossbeam_channel::{bounded, unbounded};
use std::path::PathBuf;

#[test]
fn a_spool_that_cannot_be_used_is_known_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("missing/spool");
    let state = Arc::new(SinkState::default());
    let (name, spool) = ("siem".to_owned(), Some(path.clone()));
    let keeping = Keeping { name, spool, spool_bytes: 1000, memory_bytes: 1000, live: true };
    let opened = Opened::open(path.clone(), keeping.spool_bytes, &keeping.name, &state);
    let ((parcels, _taken), (_tell, answers)) = (bounded(1), unbounded());
    let mut keeper = Keeper::new(keeping, Some(opened), Arc::clone(&state), parcels, answers);
    keeper.look_after();
    assert!(state.spool_fails.load(Ordering::Relaxed));
    assert_eq!(state.spool_limit.load(Ordering::Relaxed), 1000);
    std::fs::create_dir(folder.path().join("missing")).expect("a folder");
    keeper.spool.iter_mut().for_each(|opened| opened.failed = Some(Instant::now()));
    keeper.look_after();
    assert!(!state.spool_fails.load(Ordering::Relaxed));
    let batch = Batch { bytes: b"line\n".to_vec(), events: 1, marks: vec![] };
    keeper.append(&[Arc::new(batch)]).expect("it is on disk");
    keeper.look_after();
    assert_eq!((state.spooled.load(Ordering::Relaxed), state.spool_bytes.load(Ordering::Relaxed)), (1, 5));
}

/// A keeper with a spool, and what is on the other side of it.
struct Bench {
    keeper: Keeper,
    state: Arc<SinkState>,
    parcels: Receiver<Parcel>,
    _answers: Sender<Answer>,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(spool_bytes: u64, memory_bytes: usize, before: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spool");
        if !before.is_empty() {
            let (mut spool, _) = Spool::open(&path, spool_bytes).expect("a spool");
            let before: Vec<Batch> = before.iter().map(|id| batch(id, 1)).collect();
            spool.append(before.iter()).expect("room");
        }
        let state = Arc::new(SinkState::default());
        let (name, spool) = ("siem".to_owned(), Some(path.clone()));
        let keeping = Keeping { name, spool, spool_bytes, memory_bytes, live: true };
        let opened = Opened::open(path.clone(), spool_bytes, &keeping.name, &state);
        let ((to_sender, parcels), (answers, heard)) = (bounded(1), unbounded());
        let keeper = Keeper::new(keeping, Some(opened), Arc::clone(&state), to_sender, heard);
        Self { keeper, state, parcels, _answers: answers, path, _folder: folder }
    }

    /// An event comes.
    fn take(&mut self, id: &str, length: usize) {
        let batch = Arc::new(batch(id, length));
        self.state.queued.fetch_add(batch.events, Ordering::Relaxed);
        self.state.queued_bytes.fetch_add(batch.bytes.len(), Ordering::Relaxed);
        self.keeper.take(batch);
    }

    /// The spool cannot be used for a while.
    fn spool_fails(&mut self, fails: bool) {
        let at = Instant::now() + Duration::from_secs(600);
        self.keeper.spool.iter_mut().for_each(|opened| opened.failed = fails.then_some(at));
    }

    /// The ids that the sender gets.
    fn handed(&mut self) -> Vec<String> {
        self.keeper.hand_over(true);
        let parcel = self.parcels.try_recv().expect("a parcel");
        parcel.pending().map(|(_, event)| event.mark.id.clone()).collect()
    }

    fn confirm(&mut self) {
        self.keeper.answer(&Answer::Confirmed { rejected: 0, reason: None });
    }

    /// Written, lost, queued.
    fn counted(&self) -> [u64; 3] {
        [&self.state.written, &self.state.lost, &self.state.queued].map(|count| count.load(Ordering::Relaxed))
    }

    /// What the next run would find.
    fn spooled(self) -> Vec<String> {
        let Self { keeper, path, _folder, .. } = self;
        drop(keeper);
        let (mut spool, _) = Spool::open(&path, 1 << 20).expect("a spool");
        let next = || spool.next().expect("it reads").map(|spooled| spooled.batch.marks[0].id.clone());
        std::iter::from_fn(next).collect()
    }
}

fn batch(id: &str, length: usize) -> Batch {
    let bytes = format!("{id:length$}\n").into_bytes();
    let (kind, level, id) = (Kind::Handshake, Level::Info, id.to_owned());
    let mark = Mark { end: bytes.len(), kind, id, micros: 1, level, server: None, community_id: None };
    Batch { bytes, events: 1, marks: vec![mark] }
}

#[test]
fn what_was_sent_while_the_spool_failed_takes_nothing_of_it_along() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &["old-1", "old-2"]);
    bench.spool_fails(true);
    bench.take("new-1", 1);
    assert_eq!(bench.handed(), ["new-1"]);
    bench.spool_fails(false);
    bench.state.goes_down();
    bench.take("new-2", 1);
    bench.keeper.look_after();
    bench.confirm();
    assert_eq!(bench.handed(), ["old-1", "old-2", "new-2"]);
    bench.confirm();
    assert_eq!(bench.counted(), [4, 0, 0]);
    assert!(bench.spooled().is_empty());
}

#[test]
fn what_is_under_way_is_kept_when_there_is_no_more_time_though_the_spool_failed() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &["old"]);
    bench.spool_fails(true);
    bench.take("new-1", 1);
    assert_eq!(bench.handed(), ["new-1"]);
    bench.take("new-2", 1);
    let (batches, none) = unbounded();
    drop(batches);
    bench.state.give_up.store(true, Ordering::Relaxed);
    let keeper = std::mem::replace(&mut bench.keeper, Bench::new(1, 1, &[]).keeper);
    let end = keeper.run(&none);
    assert!(matches!(end, SinkEnd::Kept { events: 3, lost: 0, .. }), "{end:?}");
    assert_eq!(bench.counted(), [0, 0, 3]);
    assert_eq!(bench.spooled(), ["old", "new-2", "new-1"]);
}

#[test]
fn what_is_with_the_sender_is_spooled_though_nothing_comes_after_it() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &[]);
    bench.take("a", 1);
    assert_eq!(bench.handed(), ["a"]);
    bench.state.goes_down();
    bench.keeper.look_after();
    assert_eq!(bench.spooled(), ["a"]);
}

#[test]
fn a_spool_that_turns_out_to_be_damaged_is_counted_once() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &["a", "b", "c", "d"]);
    // The third cannot be read, which shows when the first two are in hand.
    let database = bench.keeper.opened().expect("a spool").database();
    database.execute("UPDATE batches SET marks = 'x' WHERE row = 3", []).expect("it is written");
    assert_eq!(bench.handed(), ["a", "b"]);
    bench.take("e", 1);
    assert_eq!(bench.handed(), ["e"]);
    assert_eq!(bench.counted(), [0, 2, 3]);
    // The new one begins at the first row again: what is done in the old one is nothing to it.
    bench.state.goes_down();
    bench.take("f", 1);
    bench.keeper.look_after();
    bench.confirm();
    assert_eq!(bench.counted(), [2, 2, 2]);
    bench.confirm();
    assert_eq!(bench.counted(), [3, 2, 1]);
    assert_eq!(bench.spooled(), ["f"]);
}

#[test]
fn what_has_arrived_is_not_lost_with_a_spool_that_it_could_not_be_removed_from() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &["a", "b"]);
    assert_eq!(bench.handed(), ["a", "b"]);
    bench.keeper.spool.iter_mut().for_each(|opened| opened.full = Some(Instant::now() + Duration::from_secs(600)));
    bench.confirm();
    bench.keeper.spool_failed(&SpoolError::Damaged("so says a test".into()));
    assert_eq!(bench.counted(), [2, 0, 0]);
}

#[test]
fn a_damaged_spool_that_cannot_be_put_aside_is_opened_anew_later() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &["a"]);
    std::fs::remove_file(&bench.path).expect("a file");
    bench.keeper.spool_failed(&SpoolError::Damaged("so says a test".into()));
    assert_eq!(bench.counted(), [0, 1, 0]);
    bench.keeper.spool.iter_mut().for_each(|opened| opened.failed = Some(Instant::now()));
    bench.state.goes_down();
    bench.take("b", 1);
    bench.keeper.look_after();
    assert_eq!(bench.spooled(), ["b"]);
}

#[test]
fn a_small_spool_is_used_and_keeps_what_it_can() {
    let mut bench = Bench::new(4096, 1 << 20, &[]);
    bench.state.goes_down();
    (0..100).for_each(|number| bench.take(&number.to_string(), 99));
    bench.keeper.look_after();
    let [_, lost, queued] = bench.counted();
    assert_eq!(lost + queued, 100);
    let spooled = bench.spooled();
    assert!(spooled.len() > 20 && spooled.last().is_some_and(|id| id == "99"), "{spooled:?}");
}

#[test]
fn it_is_said_once_that_a_receiver_is_too_slow() {
    let mut bench = Bench::new(4096, 4096, &[]);
    for number in 0..1000 {
        bench.take(&number.to_string(), 99);
        bench.keeper.look_after();
    }
    let troubles = bench.state.troubles();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].contains("the oldest events are lost"), "{troubles:?}");
}

#[test]
fn who_gives_up_and_has_nothing_loses_nothing() {
    let mut bench = Bench::new(1 << 20, 1 << 20, &[]);
    bench.state.give_up.store(true, Ordering::Relaxed);
    let keeper = std::mem::replace(&mut bench.keeper, Bench::new(1, 1, &[]).keeper);
    let (_batches, none) = unbounded();
    let end = keeper.run(&none);
    assert!(matches!(end, SinkEnd::Done), "{end:?}");
}
