//! Receivers that are killed at bad moments, turn us away or never close: what they have read in the end is what was sent.

use super::super::super::batch::{Batch, Kind, Level, Mark};
use super::super::super::delivery::Keeping;
use super::super::super::options::Options;
use super::super::super::patience::Patience;
use super::super::super::sink::{Sink, Work};
use super::super::super::state::{SinkEnd, SinkState};
use super::super::super::target::Scheme;
use super::super::tcp::{Address, Plain};
use super::super::{prepare, unix};
use super::*;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// What a receiver does with a connection.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// Reads to the end and closes.
    Reads,
    /// Reads so many bytes and dies.
    Dies(u64),
    /// Reads to the end and does not close.
    Stays,
}

/// What a receiver has read, connection by connection.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// How long anything may take.
const LONG: Duration = Duration::from_secs(60);

/// Has a receiver treat its connections like this, one after the other, and read all that come after those.
fn receive<C: Read + Send + 'static>(
    mut accept: impl FnMut() -> io::Result<C> + Send + 'static,
    habits: Vec<Habit>,
) -> Heard {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    std::thread::spawn(move || {
        let mut habits = habits.into_iter();
        let mut stayed = Vec::new();
        while let Ok(mut connection) = accept() {
            let at = {
                let mut told = told.lock().expect("what was heard");
                told.push(Vec::new());
                told.len() - 1
            };
            let habit = habits.next().unwrap_or(Habit::Reads);
            let mut left = if let Habit::Dies(bytes) = habit { bytes } else { u64::MAX };
            let mut chunk = [0; 8192];
            while left > 0 {
                let most = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                let Ok(read @ 1..) = connection.read(&mut chunk[..most]) else { break };
                left -= read as u64;
                told.lock().expect("what was heard")[at].extend_from_slice(&chunk[..read]);
            }
            if matches!(habit, Habit::Stays) {
                stayed.push(connection);
            }
        }
    });
    heard
}

fn tcp(habits: Vec<Habit>) -> (Stream, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = Address::parse(&format!("//{}", listener.local_addr().expect("an address")), 0).expect("an address");
    let heard = receive(move || listener.accept().map(|(connection, _)| connection), habits);
    (Stream::new(Plain(address), Ids), heard)
}

fn unix(path: &Path, habits: Vec<Habit>) -> (Box<dyn Transport>, Heard) {
    let listener = UnixListener::bind(path).expect("a socket");
    let heard = receive(move || listener.accept().map(|(connection, _)| connection), habits);
    (unix::prepare(path.to_str().expect("text")).expect("a transport"), heard)
}

/// Lines as they are.
#[derive(Debug)]
struct Ids;

impl Encode for Ids {
    fn encode(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(event.line);
        out.push(b'\n');
    }
}

/// Events of these numbers, a kilobyte each.
fn events(numbers: std::ops::Range<u32>) -> Arc<Batch> {
    let mut batch = Batch::default();
    for number in numbers {
        batch.bytes.extend_from_slice(format!("{number:07} {:1015}\n", "").as_bytes());
        batch.events += 1;
        batch.marks.push(Mark {
            end: batch.bytes.len(),
            kind: Kind::Handshake,
            id: number.to_string(),
            micros: 0,
            level: Level::Info,
            server: None,
            community_id: None,
        });
    }
    Arc::new(batch)
}

fn start(transport: Box<dyn Transport>) -> Sink {
    let keeping = Keeping { name: "it".into(), spool: None, spool_bytes: 0, memory_bytes: 32 << 20, live: true };
    Sink::start("it".into(), Work::Send(transport, keeping), 64).expect("a sink")
}

/// The numbers of the events that were read whole, in the order of their first time.
fn numbers(heard: &Heard) -> Vec<u32> {
    let heard = heard.lock().expect("what was heard");
    let whole = |bytes: &Vec<u8>| {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        String::from_utf8(bytes[..end].to_vec()).expect("text")
    };
    let text: String = heard.iter().map(whole).collect();
    let numbers = text.lines().map(|line| line[..7].parse().expect("a number"));
    let mut seen = BTreeSet::new();
    numbers.filter(|number| seen.insert(*number)).collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "{what}");
        sleep(Duration::from_millis(5));
    }
}

fn written(state: &SinkState) -> u64 {
    state.written.load(Ordering::Relaxed)
}

#[track_caller]
fn ends_well(sink: Sink) {
    let end = sink.close().wait(Instant::now() + LONG);
    assert!(matches!(end, Some(SinkEnd::Done)), "{end:?}");
}

/// Sends events through a receiver that dies again and again: all are read, in order.
#[track_caller]
fn survives(transport: Box<dyn Transport>, heard: &Heard) {
    let sink = start(transport);
    let all = 0..12_000;
    for from in all.clone().step_by(200) {
        assert!(sink.send(&events(from..from + 200), Patience::Wait));
    }
    let state = Arc::clone(sink.state());
    ends_well(sink);
    let numbers = numbers(heard);
    assert_eq!(numbers.len(), all.len());
    assert!(numbers.into_iter().eq(all), "in order");
    assert_eq!((written(&state), state.lost.load(Ordering::Relaxed)), (12_000, 0));
    assert!(state.retried.load(Ordering::Relaxed) > 0, "nothing had to be sent again");
}

/// Deaths in the middle of an event, at the end of one, after megabytes, at once; and after life in between.
const DEATHS: [Habit; 6] = [
    Habit::Dies(100_500),
    Habit::Reads,
    Habit::Dies(1024 * 1024),
    Habit::Dies(0),
    Habit::Reads,
    Habit::Dies(2_500_000),
];

#[test]
fn nothing_is_lost_with_a_receiver_that_dies_tcp() {
    let (stream, heard) = tcp(DEATHS.to_vec());
    survives(Box::new(stream), &heard);
}

#[test]
fn nothing_is_lost_with_a_receiver_that_dies_unix() {
    let folder = tempfile::tempdir().expect("a folder");
    let (transport, heard) = unix(&folder.path().join("s"), DEATHS.to_vec());
    survives(transport, &heard);
}

/// Sends as the sender does, without its pauses.
fn send_all(stream: &mut Stream, parcels: Vec<Parcel>) {
    let mut open: Vec<Parcel> = Vec::new();
    for (at, parcel) in parcels.into_iter().enumerate() {
        open.push(parcel);
        let mut next = open.len() - 1;
        let is_last_on_trust = at % 8 == 7;
        while !open.is_empty() && (next < open.len() || is_last_on_trust) {
            let went = match open.get_mut(next) {
                Some(parcel) => stream.deliver(parcel),
                None => stream.confirm().map(|()| Receipt::Acknowledged),
            };
            match went {
                Ok(Receipt::Sent) => next += 1,
                Ok(Receipt::Acknowledged) => {
                    open.drain(..(next + 1).min(open.len()));
                    next = 0;
                }
                Err(_) => {
                    open.iter_mut().for_each(Parcel::send_again);
                    next = 0;
                }
            }
        }
    }
    while stream.confirm().is_err() {
        open.iter_mut().for_each(Parcel::send_again);
        open.iter_mut().for_each(|parcel| while stream.deliver(parcel).is_err() {});
    }
}

#[test]
fn nothing_is_lost_whenever_the_receiver_dies() {
    let mut random = 12_345_u64;
    let deaths = (0..300).map(|_| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Half of them at the end of an event.
        let bytes = (random >> 33) % 150_000;
        Habit::Dies(if bytes.is_multiple_of(2) { bytes } else { bytes / 1024 * 1024 })
    });
    let (mut stream, heard) = tcp(deaths.collect());
    let parcels = (0..20_000).step_by(20).map(|from| Parcel::new(vec![events(from..from + 20)]));
    send_all(&mut stream, parcels.collect());
    assert!(numbers(&heard).into_iter().eq(0..20_000), "in order");
}

#[test]
fn what_was_sent_on_trust_is_sent_again_when_the_connection_is_closed_while_nothing_comes() {
    // It has read the first event and a part of the second, which nobody would miss without looking.
    let (stream, heard) = tcp(vec![Habit::Dies(1500)]);
    let sink = start(Box::new(stream));
    assert!(sink.send(&events(0..10), Patience::Wait));
    wait_until("sent again", || numbers(&heard).len() == 10);
    // Long before it would be asked otherwise: after a setback it is asked at once.
    let asked = Instant::now();
    wait_until("confirmed", || written(sink.state()) == 10);
    assert!(asked.elapsed() < QUIET, "{:?}", asked.elapsed());
    ends_well(sink);
    assert_eq!(heard.lock().expect("what was heard").len(), 2, "connections");
}

#[test]
fn what_was_sent_on_trust_is_sent_again_when_the_receiver_turns_out_to_be_dead_in_the_end() {
    let (stream, heard) = tcp(vec![Habit::Dies(1500)]);
    let sink = start(Box::new(stream));
    assert!(sink.send(&events(0..10), Patience::Wait));
    ends_well(sink);
    assert!(numbers(&heard).into_iter().eq(0..10));
}

#[test]
fn a_receiver_that_closes_early_and_has_read_everything_gets_it_again_all_the_same() {
    // As far as we can know it may have died with everything in its buffers.
    let (mut stream, heard) = tcp(vec![Habit::Dies(10 * 1024)]);
    let mut parcel = Parcel::new(vec![events(0..10)]);
    assert_eq!(stream.deliver(&mut parcel), Ok(Receipt::Sent));
    let mut setback = None;
    wait_until("it is noticed", || {
        setback = stream.idle().err();
        setback.is_some()
    });
    assert!(setback.is_some_and(|setback| setback.what.contains("closed the connection")));
    assert_eq!(stream.deliver(&mut parcel), Ok(Receipt::Acknowledged), "asked after the first parcel");
    assert_eq!(heard.lock().expect("what was heard").iter().map(Vec::len).collect::<Vec<_>>(), [10 * 1024; 2]);
}

#[test]
fn a_connection_without_events_may_be_closed() {
    let (mut stream, heard) = tcp(vec![Habit::Reads]);
    assert_eq!(stream.contact(), Ok("connected".into()));
    // The other side closes for a reason of its own.
    stream.connection.as_mut().expect("a connection").end().expect("closed");
    wait_until("it is noticed", || stream.idle() == Ok(false) && stream.connection.is_none());
    assert_eq!(stream.deliver(&mut Parcel::new(vec![events(0..1)])), Ok(Receipt::Sent));
    assert_eq!(stream.confirm(), Ok(()));
    assert_eq!(numbers(&heard), [0]);
}

#[test]
fn when_it_is_quiet_the_receiver_is_asked() {
    let (mut stream, heard) = tcp(vec![]);
    assert_eq!(stream.deliver(&mut Parcel::new(vec![events(0..3)])), Ok(Receipt::Sent));
    assert_eq!(stream.idle(), Ok(false));
    stream.unconfirmed = Instant::now().checked_sub(QUIET);
    assert_eq!(stream.idle(), Ok(true));
    assert_eq!((numbers(&heard), stream.answers), (vec![0, 1, 2], Some(true)));
    assert_eq!(stream.idle(), Ok(false), "nothing is to be asked");
}

#[test]
fn a_receiver_that_never_closes_is_believed_and_one_that_hangs_is_not() {
    let (mut stream, heard) = tcp(vec![Habit::Stays, Habit::Stays, Habit::Reads, Habit::Stays]);
    stream.patience = Duration::from_millis(300);
    let send = |stream: &mut Stream, number| {
        assert_eq!(stream.deliver(&mut Parcel::new(vec![events(number..number + 1)])), Ok(Receipt::Sent));
        stream.confirm()
    };
    for number in 0..3 {
        assert_eq!(send(&mut stream, number), Ok(()));
        assert_eq!(stream.answers, Some(number == 2));
    }
    assert!(send(&mut stream, 3).is_err_and(|setback| setback.what.contains("has not read everything")));
    assert_eq!(numbers(&heard), [0, 1, 2, 3]);
}

#[test]
fn a_receiver_that_turns_us_away_is_noticed_before_anything_is_sent_and_told_once() {
    let (stream, heard) = tcp(vec![Habit::Dies(0); 4]);
    let sink = start(Box::new(stream));
    assert!(sink.send(&events(0..10), Patience::Wait));
    let state = Arc::clone(sink.state());
    ends_well(sink);
    assert_eq!(numbers(&heard).len(), 10);
    let troubles = state.troubles();
    assert_eq!(troubles.len(), 2, "{troubles:?}");
    assert_eq!(troubles[0], "it: it closes the connection at once; it is tried again");
    assert!(troubles[1].starts_with("it: it takes events again"));
}

#[test]
fn an_address_without_a_receiver_is_told_in_plain_words() {
    let contact = |scheme, rest: &str| {
        let transport = prepare(scheme, rest, &mut Options::default());
        transport.expect("a transport").contact().expect_err("nobody is there").what
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let shown = path.to_str().expect("text");
    assert_eq!(contact(Scheme::Unix, shown), format!("there is no {shown}; is the receiver running?"));
    drop(UnixListener::bind(&path).expect("a socket"));
    assert_eq!(contact(Scheme::Unix, shown), format!("nobody listens on {shown}; is the receiver running?"));
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let told = contact(Scheme::SyslogTcp, &format!("//{free}"));
    assert!(told.starts_with(&format!("{free} cannot be reached: ")), "{told}");
    assert!(contact(Scheme::SyslogUdp, "//no-such-host.invalid").contains("the address of no-such-host.invalid"));
}
