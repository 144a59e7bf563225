//! Webhooks.

use super::receiver::{Receiver, Reply, Request, ok, status};
use super::{Run, id};
use crate::support::{root, tlscribe};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn address(receiver: &Receiver, options: &str) -> String {
    format!("http://127.0.0.1:{}/hook/?{options}", receiver.port())
}

/// One that does not take the first request.
fn busy_at_first() -> Receiver {
    let mut sent = 0;
    Receiver::start(0, move |request| {
        if request.method == "OPTIONS" {
            return status(405);
        }
        sent += 1;
        if sent == 1 { status(503) } else { ok("thanks") }
    })
}

#[test]
fn events_come_as_lines_and_again_under_the_same_key() {
    let receiver = busy_at_first();
    let run = Run::of("tls13", &address(&receiver, "&token_file=SECRET"), "cef", "hush-hush");
    assert_eq!(run.code, Some(0), "{:?}", run.told);
    let posts = receiver.posts();
    assert_eq!(posts[1..].iter().flat_map(Request::lines).collect::<Vec<_>>(), run.lines);
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(posts[0].header("idempotency-key"), posts[1].header("idempotency-key"));
    assert_eq!(posts[0].header("idempotency-key").len(), 32);
    assert_eq!((posts[0].path.as_str(), posts[0].header("authorization")), ("/hook/", "Bearer hush-hush"));
    assert_eq!((posts[0].header("content-type"), posts[0].header("content-encoding")), ("application/x-ndjson", ""));
}

#[test]
fn events_come_as_an_array() {
    let receiver = busy_at_first();
    let run = Run::of("tls13", &address(&receiver, "&body=array"), "native", "");
    assert_eq!(run.code, Some(0), "{:?}", run.told);
    let posts = receiver.posts();
    let events = |post: &Request| serde_json::from_slice::<Vec<Value>>(&post.body).unwrap();
    let events: Vec<Value> = posts[1..].iter().flat_map(events).collect();
    assert_eq!(events.iter().map(|event| event["id"].as_str().unwrap()).collect::<Vec<_>>(), run.ids);
    assert_eq!(posts[1].header("content-type"), "application/json");
}

#[test]
fn events_come_one_by_one_and_a_wrong_one_takes_no_other_with_it() {
    let mut sent = 0;
    let receiver = Receiver::start(0, move |request| {
        sent += i32::from(request.method == "POST");
        if sent == 3 { Reply::Answer(422, "", "no such field".into()) } else { ok("") }
    });
    let run =
        Run::of("tls13", &address(&receiver, "&body=single&content_type=application/vnd.tls%2bjson"), "native", "");
    assert_eq!(run.code, Some(1));
    assert!(run.told[0].contains("1 event will never be taken: HTTP 422: "), "{:?}", run.told);
    let posts = receiver.posts();
    let keys: Vec<_> = posts.iter().map(|post| post.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys, run.ids, "the key of one event is its id");
    assert!(posts.iter().all(|post| post.lines().count() == 1));
    assert_eq!(posts[0].header("content-type"), "application/vnd.tls+json");
}

#[test]
fn a_receiver_that_never_took_anything_is_not_to_blame_events_which_the_next_run_sends() {
    let refuses = Receiver::start(0, |_| status(400));
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().to_str().unwrap();
    let sink = |receiver: &Receiver| address(receiver, "&format=native&name=HOOK");
    let child = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read", "--no-summary", "--spool", spool, "-o", &sink(&refuses)])
        .arg(root().join("captures/tls13"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while refuses.posts().len() < 2 && begun.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(50));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(told.contains("HOOK: HTTP 400: it does not take this; it is tried again"), "{told}");
    assert!(told.contains("the next run with this output sends them"), "{told}");
    let takes = busy_at_first();
    let run = tlscribe([
        "read",
        "-q",
        "--spool",
        spool,
        "-o",
        &sink(&takes),
        root().join("captures/not-tls").to_str().unwrap(),
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let ids = |posts: &[Request]| -> Vec<String> {
        posts.iter().flat_map(|post| post.lines().map(|line| id(line).unwrap()).collect::<Vec<_>>()).collect()
    };
    let (refused, taken) = (ids(&refuses.posts()[..1]), ids(&takes.posts()[1..]));
    assert!(taken.len() >= 17 && taken.starts_with(&refused), "{refused:?} and {taken:?}");
}
