//! Whoever reads the events is slow, or has gone; and the records of what was counted.

use super::net::{Namespace, saved};
use super::program::{Ended, Live, live};
use super::traffic::{by_clients, established, failed};
use crate::support::tlscribe;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Starts a run whose output nobody reads, and sends handshakes until events are lost; how many were sent.
#[track_caller]
fn lose_events(namespace: &Namespace) -> (Live, u64) {
    let mut live = Live::unheard(live(namespace, "-i in --detail full"));
    let start = Instant::now();
    let mut sent = 0;
    while live.ask().contains(" 0 lost; ") {
        assert!(start.elapsed() < super::program::PATIENCE, "{}", live.ask());
        let capture = saved(&by_clients(sent..sent + 300, &established()));
        sent += 300;
        // Slow enough that none is lost before it is an event.
        assert!(namespace.sends("out", &["--pps=6000"], capture.path()).status().unwrap().success());
    }
    (live, sent.into())
}

/// The numbers of the sink: written, lost.
fn sink(ended: &Ended) -> (u64, u64) {
    let sink = &ended.last()["sinks"][0];
    (sink["written"].as_u64().unwrap(), sink["lost"].as_u64().unwrap())
}

#[test]
fn a_slow_reader_loses_events_that_are_counted_and_capture_goes_on() {
    let Some(namespace) = Namespace::with_cable("slow reader", &["tcpreplay"]) else { return };
    let (mut live, sent) = lose_events(&namespace);
    live.listen();
    live.wait_for_frames(sent * 21);
    let ended = live.stop();
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    let (_, lost) = sink(&ended);
    let last = ended.last();
    assert_eq!((&last["event_type"], &last["kernel_drops"]), (&json!("stats"), &json!(0)));
    assert_eq!(last["handshakes"]["established"], sent, "all were seen");
    assert_eq!(ended.handshakes().len() as u64 + lost, sent, "told or counted");
    assert_eq!(last["dropped"]["output"], lost);
    let says = format!("standard output: its reader is too slow; {lost} events were lost");
    assert!(ended.errors.contains(&says), "{}", ended.errors);
}

#[test]
fn a_reader_that_has_gone_ends_the_run() {
    let Some(namespace) = Namespace::with_cable("gone reader", &["tcpreplay"]) else { return };
    // Without traffic nothing is written, and it is noticed all the same.
    let mut live = Live::unheard(live(&namespace, "-i in"));
    live.hang_up();
    let ended = live.end();
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""), "as with head");
    // What was lost before was wanted.
    let (mut live, _) = lose_events(&namespace);
    live.hang_up();
    let ended = live.end();
    assert_eq!(ended.code, Some(1), "{}", ended.errors);
    assert!(ended.errors.contains("standard output: its reader was too slow, and closed it;"), "{}", ended.errors);
}

#[test]
fn what_was_counted_is_told_regularly_and_at_the_end() {
    let Some(namespace) = Namespace::with_cable("counters", &["tcpreplay"]) else { return };
    let mut live = Live::start(&namespace, "-i in --stats-interval 1 --hold 0");
    let begun = Instant::now();
    let packets = [by_clients(0..3, &established()), failed()].concat();
    namespace.send("out", &packets);
    let at = |live: &mut Live, count| live.wait_for(count, "stats").at;
    let (first, fourth) = (at(&mut live, 1), at(&mut live, 4));
    assert!(first - begun < Duration::from_secs(4), "{:?}", first - begun);
    let apart = (fourth - first).as_secs_f64() / 3.0;
    assert!((0.8..2.0).contains(&apart), "{apart}");
    let ended = live.stop();
    let schema: Value = serde_json::from_slice(&tlscribe(["schema"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let records = ended.stats();
    assert!(records.len() >= 5);
    for record in &records {
        assert!(validator.is_valid(record), "{record}");
        assert_eq!(record["observer"]["interface"], "in");
        assert!(record["memory_bytes"].as_u64().unwrap() > 1 << 20);
    }
    let ids: std::collections::BTreeSet<_> = records.iter().map(|record| record["id"].to_string()).collect();
    assert_eq!(ids.len(), records.len(), "each has an id of its own");
    let last = ended.last();
    let bytes: usize = packets.iter().map(|packet| packet.bytes.len()).sum();
    assert_eq!((&last["frames"], &last["bytes"]), (&json!(packets.len()), &json!(bytes)));
    assert_eq!(
        last["handshakes"],
        json!({ "established": 3, "unused": 0, "abandoned": 0, "failed": 1, "unfinished": 0 })
    );
    let flows = json!({ "now": 0, "created": 4, "reused": 0, "evicted": 0, "one_sided": 0 });
    assert_eq!((&last["flows"], &last["buffered_bytes"]), (&flows, &json!(0)));
    assert_eq!((&last["kernel_drops"], &last["undecoded"]), (&json!(0), &json!({})));
    assert_eq!(last["dropped"], json!({ "analysis": 0, "recording": 0, "output": 0 }));
    assert_eq!(sink(&ended).1, 0);
}

/// How many Parquet files of a kind a folder has, with their end and without.
#[cfg(feature = "parquet")]
fn parts(folder: &Path, kind: &str) -> (usize, usize) {
    let kind = folder.join(format!("event_type={kind}"));
    let files = if kind.exists() { crate::support::files_below(&kind) } else { Vec::new() };
    let finished = files.iter().filter(|file| crate::support::name(file).starts_with("part-")).count();
    (finished, files.len() - finished)
}

/// The numbers in a column of a Parquet file.
#[cfg(feature = "parquet")]
fn integers(file: &Path, column: &str) -> Vec<i64> {
    use arrow_array::{cast::AsArray as _, types::Int64Type};
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap());
    let rows = reader.unwrap().build().unwrap().map(Result::unwrap);
    rows.flat_map(|rows| rows[column].as_primitive::<Int64Type>().values().to_vec()).collect()
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_files_end_by_and_by_and_what_a_kill_leaves_is_deleted_by_the_next_run() {
    let Some(namespace) = Namespace::with_cable("parquet", &["tcpreplay"]) else { return };
    let above = tempfile::tempdir().unwrap();
    fs::set_permissions(above.path(), Permissions::from_mode(0o777)).unwrap();
    let folder = above.path().join("parquet");
    let start = |options: &str| {
        let mut command = live(&namespace, "-i in --hold 0 --stats-interval 1 --no-summary -o -");
        command.arg("-o").arg(format!("parquet:{}?{options}", folder.display()));
        Live::of(command)
    };
    let mut killed = start("rotate_time=3600");
    namespace.send("out", &by_clients(0..5, &established()));
    killed.wait("a file is begun", |_| parts(&folder, "handshake").1 > 0);
    killed.wait_for(5, "handshake");
    killed.signal("-HUP");
    killed.wait("it ends", |_| parts(&folder, "handshake").0 > 0);
    namespace.send("out", &by_clients(5..9, &established()));
    killed.wait("another is begun", |_| parts(&folder, "handshake").1 > 0 && parts(&folder, "stats").1 > 0);
    let left: usize = ["handshake", "stats"].iter().map(|kind| parts(&folder, kind).1).sum();
    killed.signal("-KILL");
    let _ = killed.end();
    let mut live = start("rotate_time=1");
    live.wait_to_hear("of a run that was killed deleted");
    assert!(live.errors().contains(&format!("{left} unfinished files")), "{}", live.errors());
    let ended = parts(&folder, "handshake").0;
    namespace.send("out", &by_clients(9..12, &established()));
    live.wait("it ends though nothing comes", |_| parts(&folder, "handshake").0 > ended);
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!((parts(&folder, "handshake").1, parts(&folder, "stats").1), (0, 0));
    let counted = crate::support::files_below(&folder.join("event_type=stats"));
    let most = counted.iter().flat_map(|file| integers(file, "handshakes_established")).max();
    assert!(most >= Some(3), "{most:?}");
}

/// The ids of the handshakes in a folder's files that begin so.
fn ids(folder: &Path, begin: &str) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| crate::support::name(file).starts_with(begin));
    let text = |file: &Path| {
        let bytes = fs::read(file).unwrap();
        match crate::support::name(file).ends_with(".gz") {
            true => io::read_to_string(flate2::read::MultiGzDecoder::new(&bytes[..])).unwrap_or_default(),
            false => String::from_utf8(bytes).unwrap(),
        }
    };
    let events: Vec<Value> = files
        .iter()
        .flat_map(|file| text(file).lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>())
        .filter(|event| event["event_type"] == "handshake")
        .collect();
    let mut ids: Vec<String> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn files_that_are_moved_away_are_begun_anew_and_rotated_ones_go_on() {
    let Some(namespace) = Namespace::with_cable("files moved away", &["tcpreplay"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let mut command = live(&namespace, "-i in --hold 0 --no-summary -o -");
    for file in ["plain.jsonl", "packed.jsonl?compress=gzip", "rotated.jsonl?rotate_size=1&compress=gzip"] {
        command.arg("-o").arg(format!("file:{}/{file}", folder.path().display()));
    }
    let mut live = Live::of(command);
    let has = |live: &mut Live, begin: &str, count: usize| {
        live.wait(begin, |_| ids(folder.path(), begin).len() == count);
    };
    namespace.send("out", &by_clients(0..5, &established()));
    for begin in ["plain", "packed", "rotated"] {
        has(&mut live, begin, 5);
    }
    for file in ["plain.jsonl", "packed.jsonl.gz"] {
        fs::rename(folder.path().join(file), folder.path().join(file.replace('.', "-old."))).unwrap();
    }
    live.signal("-HUP");
    live.wait("new files", |_| ["plain.jsonl", "packed.jsonl.gz"].iter().all(|file| folder.path().join(file).exists()));
    namespace.send("out", &by_clients(5..9, &established()));
    for begin in ["plain.", "packed."] {
        has(&mut live, begin, 4);
    }
    let ended = live.stop();
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
    let mut told: Vec<_> = ended.handshakes().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    told.sort();
    for begin in ["plain", "packed", "rotated"] {
        assert_eq!(ids(folder.path(), begin), told, "{begin}");
    }
    let rotated = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(rotated.filter(|file| file.to_str().unwrap().starts_with("rotated_")).count(), 2);
}
