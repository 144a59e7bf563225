//! How a live run ends, and what is asked of it by signals.

use super::net::{Namespace, saved};
use super::program::{Live, live};
use super::traffic::{by_clients, established, only_a_hello};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[test]
fn a_signal_settles_what_is_open_and_ends_in_good_order() {
    let Some(namespace) = Namespace::with_cable("signals", &["tcpreplay"]) else { return };
    for signal in ["-INT", "-TERM"] {
        let mut live = Live::start(&namespace, "-i in --stats-interval 0.5");
        namespace.send("out", &by_clients(0..2, &only_a_hello()));
        // until it has seen them
        let mut records = 0;
        while {
            records += 1;
            live.wait_for(records, "stats").event["frames"] != 8
        } {
            assert!(records < 60);
        }
        live.signal(signal);
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.errors);
        let outcomes: Vec<_> = ended.handshakes().iter().map(|event| event["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["unfinished"; 2], "{signal}");
        let last = ended.last();
        assert_eq!((&last["event_type"], &last["handshakes"]["unfinished"]), (&"stats".into(), &2.into()), "{signal}");
        assert_eq!(last["flows"]["now"], 0, "{signal}: all is settled");
        assert!(ended.errors.contains("2: unfinished 2"), "{signal}: {}", ended.errors);
    }
}

#[test]
fn what_waits_in_the_kernel_when_the_signal_comes_is_read() {
    let Some(namespace) = Namespace::with_cable("the rest", &["tcpreplay"]) else { return };
    for words in ["-i in", "-i in -i out"] {
        let live = Live::start(&namespace, words);
        namespace.send("out", &by_clients(0..40, &established()));
        live.signal("-TERM");
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.errors);
        let each = ended.stats()[0]["frames"].as_u64().unwrap() / words.matches("-i").count() as u64;
        assert_eq!((each, ended.handshakes().len()), (40 * 21, 40), "{words}");
    }
}

#[test]
fn a_run_ends_after_so_long_or_so_many_frames() {
    let Some(namespace) = Namespace::with_cable("so long", &["tcpreplay"]) else { return };
    let start = Instant::now();
    let ended = Live::start(&namespace, "-i in --duration 1.5").end();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert!(start.elapsed() >= Duration::from_millis(1500));
    let record = &ended.stats()[0];
    assert_eq!((&record["frames"], &record["observer"]["interface"]), (&0.into(), &"in".into()));
    for (words, handshakes) in [("-i in -c 25", 2..=2), ("-i in -c 25 --capture-threads 2", 2..=4)] {
        let live = Live::start(&namespace, words);
        namespace.send("out", &by_clients(0..4, &established()));
        let ended = live.end();
        assert_eq!(ended.code, Some(0), "{words}: {}", ended.errors);
        assert_eq!(ended.stats()[0]["frames"], 25, "{words}: the rest is not looked at");
        assert!(handshakes.contains(&ended.handshakes().len()), "{words}");
    }
}

#[test]
fn the_second_signal_ends_at_once_though_nobody_reads() {
    let Some(namespace) = Namespace::with_cable("second signal", &["tcpreplay"]) else { return };
    let mut stuck = Live::unheard(live(&namespace, "-i in --detail full --drain 100"));
    namespace.send("out", &by_clients(0..40, &established()));
    stuck.wait_until_it_is_stuck();
    stuck.signal("-INT");
    std::thread::sleep(Duration::from_millis(700));
    assert!(stuck.runs(), "it waits for its reader");
    let signalled = Instant::now();
    stuck.signal("-INT");
    assert_eq!(stuck.end().code, Some(1), "events may be lost");
    assert!(signalled.elapsed() < Duration::from_secs(2), "{:?}", signalled.elapsed());
}

#[test]
fn a_reader_that_is_stuck_is_waited_for_no_longer_than_asked_for() {
    let Some(namespace) = Namespace::with_cable("drain", &["tcpreplay"]) else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let words = format!("-i in --detail full --drain 1 -o - -o {}", file.path().display());
    let mut stuck = Live::unheard(live(&namespace, &words));
    namespace.send("out", &by_clients(0..40, &established()));
    stuck.wait_until_it_is_stuck();
    let signalled = Instant::now();
    stuck.signal("-TERM");
    let ended = stuck.end();
    let took = signalled.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("standard output: its reader is too slow"), "{}", ended.errors);
    // The others have not waited for it.
    assert!(!ended.errors.contains(file.path().to_str().unwrap()), "{}", ended.errors);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 41, "all events, and what was counted");
}

#[test]
fn a_reader_that_catches_up_in_time_gets_everything() {
    let Some(namespace) = Namespace::with_cable("catching up", &["tcpreplay"]) else { return };
    let mut live = Live::unheard(live(&namespace, "-i in --detail full --drain 60"));
    namespace.send("out", &by_clients(0..400, &established()));
    live.wait_for_frames(400 * 21);
    live.signal("-TERM");
    std::thread::sleep(Duration::from_secs(1));
    assert!(live.runs(), "it waits for its reader");
    live.listen();
    let ended = live.end();
    assert_eq!((ended.code, ended.handshakes().len()), (Some(0), 400), "{}", ended.errors);
}

#[test]
fn files_that_were_moved_away_are_opened_anew_and_nothing_is_lost() {
    let Some(namespace) = Namespace::with_cable("moved away", &["tcpreplay"]) else { return };
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    // It goes on as a user who may create files there.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let file = path("events.jsonl");
    let mut live = Live::start(&namespace, &format!("-i in -o {}", file.display()));
    // Some come before, some while the file is moved, and some after.
    let packets = saved(&by_clients(0..300, &established()));
    let mut sender = namespace.sends("out", &["--pps", "4000"], packets.path()).spawn().unwrap();
    live.wait("it writes", |_| fs::metadata(&file).unwrap().len() > 0);
    for number in 1..=3 {
        fs::rename(&file, path(&format!("events.{number}.jsonl"))).unwrap();
        live.signal("-HUP");
        live.wait("it opens its file again", |_| file.is_file());
    }
    assert!(sender.wait().unwrap().success());
    live.wait("it writes to the new file", |_| fs::metadata(&file).unwrap().len() > 0);
    live.wait_for_frames(300 * 21);
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let written = |name: &str| fs::read_to_string(path(name)).unwrap();
    let all = ["events.1.jsonl", "events.2.jsonl", "events.3.jsonl", "events.jsonl"].map(written).concat();
    let events: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let clients: BTreeSet<_> = events.iter().filter_map(|event| event["client"]["ip"].as_str()).collect();
    assert_eq!((clients.len(), events.len()), (300, 301), "each handshake once, and what was counted");
}

#[test]
fn what_was_counted_is_said_when_asked_for_by_signal() {
    let Some(namespace) = Namespace::with_cable("asked", &["tcpreplay"]) else { return };
    let mut live = Live::start(&namespace, "-i in");
    namespace.send("out", &by_clients(0..3, &established()));
    live.wait_for(3, "handshake");
    live.wait_for_frames(3 * 21);
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert!(ended.errors.contains("63 frames, 3 handshakes, 3 established;"), "{}", ended.errors);
    assert!(ended.errors.contains("standard output: 3 written, 0 queued, 0 lost"), "{}", ended.errors);
}
