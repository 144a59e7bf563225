//! Splunk's HTTP Event Collector, which answers first and indexes later, if at all.

use super::Run;
use super::receiver::{Receiver, Reply, Request, ok};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn address(receiver: &Receiver, options: &str) -> String {
    format!("splunk+http://127.0.0.1:{}?token_file=SECRET{options}", receiver.port())
}

fn reply(status: u16, code: u32, text: &str) -> Reply {
    Reply::Answer(status, "", json!({ "text": text, "code": code }).to_string())
}

/// The ids of the events that were sent.
fn ids(request: &Request) -> Vec<String> {
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    request.lines().map(|line| event(line)["fields"]["tlscribe_id"].as_str().unwrap().to_owned()).collect()
}

/// Ids that it is asked of, as indexed or not.
fn acks(request: &Request, indexed: impl Fn(u64) -> bool) -> Reply {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let asked = asked["acks"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap());
    let acks: serde_json::Map<_, _> = asked.map(|id| (id.to_string(), indexed(id).into())).collect();
    ok(json!({ "acks": acks }).to_string())
}

#[test]
fn what_is_not_indexed_in_time_is_sent_again() {
    let (mut next, mut asked) = (0, 0);
    let receiver = Receiver::start(0, move |request| match request.path.as_str() {
        "/services/collector/event" if request.body.is_empty() => reply(400, 5, "No data"),
        "/services/collector/event" => {
            next += 1;
            ok(json!({ "text": "Success", "code": 0, "ackId": next }).to_string())
        }
        // The first one is lost there.
        _ => {
            asked += 1;
            acks(request, |id| id > 1 && asked > 3)
        }
    });
    let run = Run::of("failures-negotiation", &address(&receiver, "&ack_timeout=3&index=net"), "native", "hush-hush");
    assert_eq!(run.code, Some(0), "{:?}", run.told);
    assert_eq!(run.told.len(), 2, "{:?}", run.told);
    assert!(run.told[0].starts_with("has not indexed what was sent within 3 s (ack_timeout=3)"), "{:?}", run.told);
    let requests = receiver.requests();
    assert!(requests.iter().all(|request| request.header("authorization") == "Splunk hush-hush"));
    let channels: BTreeSet<_> = requests.iter().map(|request| request.header("x-splunk-request-channel")).collect();
    assert_eq!((channels.len(), channels.first().unwrap().len()), (1, 36));
    let events: Vec<_> = receiver.posts().into_iter().filter(|request| request.path.ends_with("/event")).collect();
    let again = |post: &&Request| ids(post) == ids(&events[0]);
    assert_eq!(events.iter().filter(again).count(), 2, "the same, under the same ids");
    let sent: BTreeSet<_> = events[1..].iter().flat_map(ids).collect();
    assert_eq!(sent, run.ids.into_iter().collect());
    let first: Value = serde_json::from_str(events[0].lines().next().unwrap()).unwrap();
    assert_eq!((&first["sourcetype"], &first["index"]), (&json!("tlscribe:handshake"), &json!("net")));
    assert_eq!(first["event"]["schema"], "tlscribe/1");
}

#[test]
fn each_trouble_is_told_once_and_nothing_is_lost() {
    let troubles: [(u16, u32, &str, &str); 4] = [
        (503, 9, "Server is busy", "HTTP 503: it is not available (it says: "),
        (403, 4, "Invalid token", "HTTP 403: it refuses the credentials of token_env or token_file (it says: "),
        (400, 7, "Incorrect index", "HTTP 400: it does not take this (it says: "),
        (500, 8, "Internal server error", "HTTP 500: "),
    ];
    let run = |(status, code, text, message): (u16, u32, &'static str, &str)| {
        let mut sent = 0;
        let receiver = Receiver::start(0, move |request| {
            if request.body.is_empty() {
                return reply(400, 5, "No data");
            }
            sent += 1;
            if sent == 1 { reply(status, code, text) } else { reply(200, 0, "Success") }
        });
        let run = Run::of("tls13", &address(&receiver, "&ack=false"), "cef", "hush-hush");
        assert_eq!((run.code, run.told.len()), (Some(0), 2), "{message}: {:?}", run.told);
        assert!(run.told[0].starts_with(message), "{:?}", run.told);
        assert_eq!(run.told[0].contains("; name with index"), code == 7, "{:?}", run.told);
        let posts = receiver.posts();
        assert_eq!(ids(&posts[0]), ids(&posts[1]), "{message}");
        let lines: Vec<_> = posts[1..]
            .iter()
            .flat_map(Request::lines)
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .collect();
        let lines: Vec<_> = lines.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(lines, run.lines, "{message}: lines that are no JSON are text");
    };
    std::thread::scope(|scope| troubles.into_iter().for_each(|trouble| _ = scope.spawn(move || run(trouble))));
}

#[test]
fn a_wrong_event_is_found_and_the_others_are_taken() {
    let mut bad = None;
    let receiver = Receiver::start(0, move |request| {
        if request.body.is_empty() {
            return reply(400, 5, "No data");
        }
        let ids = ids(request);
        let bad = bad.get_or_insert_with(|| ids[ids.len() / 2].clone());
        if ids.contains(bad) { reply(400, 6, "Invalid data format") } else { reply(200, 0, "Success") }
    });
    let run = Run::of("tls13", &address(&receiver, "&ack=false"), "native", "hush-hush");
    assert_eq!(run.code, Some(1));
    assert!(
        run.told[0].contains("1 event will never be taken: HTTP 400: Invalid data format (code 6)"),
        "{:?}",
        run.told
    );
    let bad = {
        let first = ids(&receiver.posts()[0]);
        first[first.len() / 2].clone()
    };
    let mut taken = BTreeSet::new();
    receiver.posts().iter().map(ids).filter(|ids| !ids.contains(&bad)).for_each(|ids| taken.extend(ids));
    assert_eq!(taken.len(), run.ids.len() - 1);
}

#[test]
fn a_token_that_acknowledges_nothing_is_told_before_anything_is_read() {
    let receiver = Receiver::start(0, |request| match request.path.as_str() {
        "/services/collector/ack" => reply(400, 14, "ACK is disabled"),
        _ => reply(400, 5, "No data"),
    });
    let run = Run::of("tls13", &address(&receiver, ""), "native", "hush-hush");
    assert_eq!(run.code, Some(2));
    let last = run.told.last().unwrap();
    assert!(last.ends_with("enable indexer acknowledgement for the token, or say ack=false"), "{last}");
    assert_eq!(run.lines.len(), 0);
}
