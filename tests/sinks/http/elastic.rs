//! Elasticsearch and OpenSearch: bulks that are taken, half taken, and not taken at all.

use super::receiver::{self, Receiver, Reply, Request, ok, status};
use super::{Run, id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Documents by their ids, in the order in which they came.
#[derive(Default)]
struct Index {
    ids: Vec<String>,
    documents: BTreeMap<String, String>,
    /// What was there already when it came again, and the same.
    again: usize,
}

type Shared = Arc<Mutex<Index>>;

/// The pairs of a bulk.
fn pairs(request: &Request) -> Vec<(String, String)> {
    let lines: Vec<&str> = request.lines().collect();
    let pair = |pair: &[&str]| {
        let action: Value = serde_json::from_str(pair[0]).unwrap();
        (action["create"]["_id"].as_str().unwrap().to_owned(), pair[1].to_owned())
    };
    lines.chunks(2).map(pair).collect()
}

/// Answers a bulk; `judge` says of a document why it is not taken.
fn bulk(request: &Request, index: &Shared, mut judge: impl FnMut(usize, &str) -> Option<(u16, &'static str)>) -> Reply {
    let mut index = index.lock().unwrap();
    let mut errors = false;
    let mut item = |(place, (id, document)): (usize, (String, String))| {
        let (status, error) = match judge(place, &id) {
            Some((status, kind)) => (status, Some(kind)),
            None if index.documents.contains_key(&id) => {
                assert_eq!(index.documents[&id], document, "another event of this id");
                index.again += 1;
                (409, Some("version_conflict_engine_exception"))
            }
            None => {
                index.ids.push(id.clone());
                index.documents.insert(id, document);
                (201, None)
            }
        };
        errors |= error.is_some();
        match error {
            Some(kind) => json!({ "create": { "status": status, "error": { "type": kind, "reason": "so it is" } } }),
            None => json!({ "create": { "status": status } }),
        }
    };
    let items: Vec<Value> = pairs(request).into_iter().enumerate().map(&mut item).collect();
    ok(json!({ "errors": errors, "items": items }).to_string())
}

fn about() -> Reply {
    ok(json!({ "version": { "number": "8.15.0" }, "tagline": "You Know, for Search" }).to_string())
}

/// An index, and a receiver that answers the first bulk in another way.
fn with_fault(cuts: usize, fault: fn(&Request, &Shared) -> Option<Reply>) -> (Receiver, Shared) {
    let index = Shared::default();
    let (mut first, kept) = (cuts == 0, Arc::clone(&index));
    let receiver = Receiver::start(cuts, move |request| {
        if request.method == "GET" {
            return about();
        }
        let fault = if std::mem::take(&mut first) { fault(request, &kept) } else { None };
        fault.unwrap_or_else(|| bulk(request, &kept, |_, _| None))
    });
    (receiver, index)
}

fn address(receiver: &Receiver, options: &str) -> String {
    format!("elasticsearch+http://127.0.0.1:{}/logs-tls-test?{options}", receiver.port())
}

#[test]
fn each_trouble_is_told_once_and_nothing_is_lost() {
    type Fault = fn(&Request, &Shared) -> Option<Reply>;
    let faults: [(&str, usize, Fault); 13] = [
        ("HTTP 429: it has too much to do", 0, |_, _| Some(Reply::Answer(429, "Retry-After: 1\r\n", String::new()))),
        ("HTTP 503: it is not available (it says: down for a while)", 0, |_, _| {
            Some(Reply::Answer(503, "", "down\r\nfor a while".into()))
        }),
        ("HTTP 500: ", 0, |_, _| Some(status(500))),
        ("HTTP 401: it wants credentials: give api_key_env or api_key_file, or user and", 0, |_, _| Some(status(401))),
        ("HTTP 400: it does not take this", 0, |_, _| Some(status(400))),
        ("HTTP 308: it is now at https://other.example/", 0, |_, _| {
            Some(Reply::Answer(308, "Location: https://other.example/\r\n", String::new()))
        }),
        ("did not answer within 2 s (timeout=2)", 0, |_, _| Some(Reply::Hang)),
        ("the connection ended before its answer did", 0, |_, _| Some(Reply::CutAnswer)),
        ("the connection ended before its answer did", 0, |request, index| {
            bulk(request, index, |_, _| None);
            Some(Reply::Close)
        }),
        ("", 1, |_, _| None),
        ("does not speak HTTP as it should", 0, |_, _| Some(Reply::Garbage)),
        ("answers, but not as Elasticsearch does (it says: <html>)", 0, |_, _| Some(ok("<html>"))),
        ("answers, but not as Elasticsearch does", 0, |_, _| Some(ok(r#"{"errors":true,"items":[]}"#))),
    ];
    let run = |(message, cuts, fault): (&str, usize, Fault)| {
        let (receiver, index) = with_fault(cuts, fault);
        let hasty = if message.contains("(timeout=2)") { "timeout=2" } else { "" };
        let run = Run::of("tls13", &address(&receiver, hasty), "ecs", "");
        let index = index.lock().unwrap();
        assert_eq!((run.code, run.told.len()), (Some(0), 2), "{message}: {:?}", run.told);
        assert!(run.told[0].starts_with(message) && run.told[0].ends_with("; it is tried again"), "{:?}", run.told);
        assert!(run.told[1].starts_with("it takes events again, after"), "{:?}", run.told);
        let distinct: BTreeSet<_> = run.ids.iter().collect();
        assert_eq!(index.ids.iter().collect::<BTreeSet<_>>(), distinct, "{message}");
        assert!(run.lines.iter().all(|line| index.documents[&id(line).unwrap()] == *line), "{message}");
        let posts = receiver.posts();
        assert!(posts.len() >= 2 - cuts, "{message}: it was sent again");
        assert!(posts.iter().all(|post| post.path.starts_with("/logs-tls-test/_bulk?")));
        assert!(posts.iter().all(|post| post.header("content-type") == "application/x-ndjson"));
    };
    std::thread::scope(|scope| faults.into_iter().for_each(|fault| _ = scope.spawn(move || run(fault))));
}

#[test]
fn a_bulk_that_is_half_taken_is_sent_again_by_halves_and_then_one_by_one() {
    let index = Shared::default();
    // For each bulk, its documents and those of them that were not taken.
    let bulks = Arc::new(Mutex::new(Vec::new()));
    let (kept, told) = (Arc::clone(&index), Arc::clone(&bulks));
    let mut tries: BTreeMap<String, (usize, u32)> = BTreeMap::new();
    let receiver = Receiver::start(0, move |request| {
        if request.method == "GET" {
            return about();
        }
        let mut refused = Vec::new();
        let reply = bulk(request, &kept, |_, id| {
            let place = tries.len();
            let (place, tries) = tries.entry(id.to_owned()).or_insert((place, 0));
            *tries += 1;
            let fault = match (*place, *tries) {
                (2, _) => return Some((400, "document_parsing_exception")),
                (place, 1) if place % 4 == 1 => Some((429, "es_rejected_execution_exception")),
                (place, 2) if place % 8 == 1 => Some((503, "unavailable_shards_exception")),
                _ => None,
            };
            refused.extend(fault.map(|_| id.to_owned()));
            fault
        });
        let ids: Vec<_> = pairs(request).into_iter().map(|(id, _)| id).collect();
        told.lock().unwrap().push((ids, refused));
        reply
    });
    let run = Run::of("failures-negotiation", &address(&receiver, ""), "ecs", "");
    assert_eq!(run.code, Some(1), "one was lost: {:?}", run.told);
    let told = |what: &str| run.told.iter().filter(|line| line.contains(what)).count();
    assert!(told("events were not taken: HTTP 429: es_rejected_execution_exception: so it is; it is tried again") > 0);
    assert_eq!(told("1 event will never be taken: HTTP 400: document_parsing_exception: so it is"), 1);
    let bulks = std::mem::take(&mut *bulks.lock().unwrap());
    let mut rest = bulks.iter();
    while let Some((_, refused)) = rest.next().filter(|_| rest.len() > 0) {
        let Some((again, refused)) = (!refused.is_empty()).then(|| rest.next().unwrap()).inspect(|(again, _)| {
            assert_eq!(again, refused, "only what was not taken");
        }) else {
            continue;
        };
        assert!(again.len() >= refused.len());
        for id in refused {
            let (single, refused) = rest.next().unwrap();
            assert_eq!((single, refused.len()), (&vec![id.clone()], 0), "each by itself");
        }
    }
    let lost = bulks.iter().flat_map(|(ids, _)| ids).fold(Vec::new(), |mut seen, id| {
        if !seen.contains(&id) {
            seen.push(id);
        }
        seen
    })[2];
    let mut distinct: BTreeSet<_> = run.ids.into_iter().collect();
    assert!(distinct.remove(lost));
    let index = index.lock().unwrap();
    assert_eq!((index.ids.iter().cloned().collect::<BTreeSet<_>>(), index.again), (distinct, 0));
}

#[test]
fn what_is_too_large_is_sent_in_parts_in_order() {
    let index = Shared::default();
    let kept = Arc::clone(&index);
    let receiver = Receiver::start(0, move |request| match request.method.as_str() {
        "GET" => about(),
        _ if request.body.len() > 8_000 => status(413),
        _ => bulk(request, &kept, |_, _| None),
    });
    let run = Run::of("failures-negotiation", &address(&receiver, "&compress=none"), "ecs", "");
    assert_eq!((run.code, run.told.as_slice()), (Some(0), &[][..]));
    let index = index.lock().unwrap();
    let mut seen = BTreeSet::new();
    let in_order: Vec<_> = run.ids.into_iter().filter(|id| seen.insert(id.clone())).collect();
    assert_eq!(index.ids, in_order);
    let too_large = receiver.posts().iter().filter(|post| post.body.len() > 8_000).count();
    assert!((1..20).contains(&too_large), "{too_large} times");
}

#[test]
fn what_no_request_can_hold_is_lost_and_told() {
    let index = Shared::default();
    let kept = Arc::clone(&index);
    let receiver = Receiver::start(0, move |request| match request.method.as_str() {
        "GET" => about(),
        _ if request.body.len() > 2_600 => status(413),
        _ => bulk(request, &kept, |_, _| None),
    });
    let run = Run::of("failures-negotiation", &address(&receiver, "&compress=none"), "ecs", "");
    let large = run.lines.iter().filter(|line| line.len() > 2_600).count();
    let small = index.lock().unwrap().ids.len();
    assert!(large > 0 && small > 0, "{large} and {small} of {}", run.lines.len());
    assert_eq!(run.code, Some(1));
    assert!(run.told.iter().any(|line| line.contains("will never be taken: HTTP 413: ")), "{:?}", run.told);
}

#[test]
fn requests_are_compressed_and_say_who_asks() {
    let (receiver, _) = with_fault(0, |_, _| None);
    let run = Run::of(
        "failures-negotiation",
        &address(&receiver, "&api_key_file=SECRET&pipeline=geo"),
        "ecs",
        "id:hush-hush",
    );
    assert_eq!((run.code, run.told.as_slice()), (Some(0), &[][..]));
    let requests = receiver.requests();
    assert!(requests.iter().all(|request| request.header("authorization") == "ApiKey aWQ6aHVzaC1odXNo"));
    let posts = receiver.posts();
    assert!(posts.iter().all(|post| post.path.ends_with("&pipeline=geo")));
    assert!(posts.iter().any(|post| post.header("content-encoding") == "gzip"));
}

#[test]
fn over_tls_the_certificate_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let Some((config, authority)) = receiver::certificate(folder.path()) else { return };
    let index = Shared::default();
    let kept = Arc::clone(&index);
    let receiver = Receiver::start_with(Some(config), 0, move |request| match request.method.as_str() {
        "GET" => about(),
        _ => bulk(request, &kept, |_, _| None),
    });
    let (port, authority) = (receiver.port(), authority.display().to_string());
    let run = |host: &str, options: &str| {
        Run::of(
            "tls13",
            &format!("opensearch+https://{host}:{port}/tls?user=me&password_file=SECRET{options}"),
            "ecs",
            "hush",
        )
    };
    let trusted = format!("&ca_file={authority}");
    let good = run("localhost", &trusted);
    assert_eq!((good.code, good.told.as_slice()), (Some(0), &[][..]));
    assert_eq!(index.lock().unwrap().ids.len(), good.ids.iter().collect::<BTreeSet<_>>().len());
    let named = run("127.0.0.1", &format!("{trusted}&server_name=localhost"));
    assert_eq!((named.code, named.told.as_slice()), (Some(0), &[][..]));
    assert_eq!(index.lock().unwrap().again, named.ids.len());
    let before = receiver.requests().len();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let told = run("localhost", "").told;
            assert!(told[0].contains("issued by nobody who is trusted here"), "{told:?}");
        });
        scope.spawn(|| {
            let told = run("127.0.0.1", &trusted).told;
            assert!(told[0].contains("its certificate is not for 127.0.0.1"), "{told:?}");
        });
    });
    assert_eq!(receiver.requests().len(), before, "nobody was told anything");
}

#[test]
fn a_receiver_that_refuses_the_credentials_is_told_before_anything_is_read() {
    let receiver = Receiver::start(0, |_| Reply::Answer(401, "", r#"{"error":"unable to authenticate"}"#.into()));
    let run = Run::of("failures-negotiation", &address(&receiver, "&api_key_file=SECRET"), "ecs", "hush-hush");
    assert_eq!(run.code, Some(2));
    let last = run.told.last().unwrap();
    assert!(
        last.starts_with("HTTP 401: it refuses the credentials of api_key_env or api_key_file (it says: "),
        "{last}"
    );
    assert_eq!((receiver.posts().len(), run.lines.len()), (0, 0));
}
