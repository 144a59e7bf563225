//! Kafka: librdkafka's own cluster of mock brokers in this process, the built program that writes to it, and kcat that
//! reads from it.

use crate::support::{captures_below, root, say, tlscribe};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// What kcat has read.
struct Message {
    key: String,
    headers: String,
    millis: u64,
    partition: u32,
    body: String,
}

/// Brokers with a topic of four partitions; `None`, said on the terminal, where there is no kcat.
fn cluster(test: &str, topics: &[&str]) -> Option<Cluster> {
    if Command::new("kcat").arg("-V").output().is_err() {
        say(&format!("{test}: SKIPPED, kcat is not here"));
        return None;
    }
    let cluster = MockCluster::new(3).unwrap();
    topics.iter().for_each(|topic| cluster.create_topic(topic, 4, 3).unwrap());
    Some(cluster)
}

/// All that is in a topic.
fn consumed(cluster: &Cluster, topic: &str) -> Vec<Message> {
    let brokers = cluster.bootstrap_servers();
    let format = "%k\t%h\t%T\t%p\t%s\n";
    let kcat =
        Command::new("kcat").args(["-C", "-q", "-e", "-b", &brokers, "-t", topic, "-f", format]).output().unwrap();
    assert!(kcat.status.success(), "{}", String::from_utf8_lossy(&kcat.stderr));
    let message = |line: &str| {
        let parts: Vec<&str> = line.splitn(5, '\t').collect();
        let [key, headers, millis, partition, body] = parts[..] else { panic!("kcat: {line}") };
        let (millis, partition) = (millis.parse().unwrap(), partition.parse().unwrap());
        Message { key: key.into(), headers: headers.into(), millis, partition, body: body.into() }
    };
    String::from_utf8(kcat.stdout).unwrap().lines().map(message).collect()
}

fn captures() -> String {
    root().join("captures").display().to_string()
}

fn said(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

fn server(event: &Value) -> String {
    let (ip, port) = (event["server"]["ip"].as_str().unwrap(), &event["server"]["port"]);
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

#[test]
fn every_event_arrives_once_by_its_server_and_as_a_file_has_it() {
    let Some(cluster) = cluster("events in Kafka", &["tls"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    for compression in ["lz4", "zstd"] {
        let file = folder.path().join(compression);
        let before = consumed(&cluster, "tls").len();
        let kafka = format!("kafka://{}/tls?compression={compression}", cluster.bootstrap_servers());
        let copy = format!("file:{}?detail=brief", file.display());
        let run = tlscribe(["read", "-q", &captures(), "-o", &kafka, "-o", &copy]);
        assert!(matches!(run.status.code(), Some(0 | 1)), "{}", said(&run));
        let expected = lines(&file);
        assert!(expected.len() > 300, "{} events", expected.len());

        let messages = consumed(&cluster, "tls");
        assert_eq!(messages.len(), before + expected.len());
        let bodies: BTreeSet<&str> = messages.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, expected.iter().map(String::as_str).collect());
        let mut partitions: BTreeMap<&str, u32> = BTreeMap::new();
        for message in &messages {
            let event: Value = serde_json::from_str(&message.body).unwrap();
            assert_eq!(message.key, server(&event));
            let headers = format!("id={},kind=handshake", event["id"].as_str().unwrap());
            assert_eq!(message.headers, headers);
            let time: jiff::Timestamp = event["start_time"].as_str().unwrap().parse().unwrap();
            assert_eq!(message.millis as i64, time.as_millisecond());
            assert_eq!(*partitions.entry(&message.key).or_insert(message.partition), message.partition);
        }
        assert_eq!(partitions.values().collect::<BTreeSet<_>>().len(), 4, "all partitions are used");
    }
}

#[test]
fn order_is_kept_within_a_key() {
    let Some(cluster) = cluster("order in Kafka", &["tls"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    let kafka = format!("kafka://{}/tls", cluster.bootstrap_servers());
    let copy = format!("file:{}?detail=brief", file.display());
    let run = tlscribe(["read", "-q", &captures(), "-o", &kafka, "-o", &copy]);
    assert!(matches!(run.status.code(), Some(0 | 1)), "{}", said(&run));
    let by_server = |bodies: &mut dyn Iterator<Item = String>| {
        let mut servers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for body in bodies {
            let event: Value = serde_json::from_str(&body).unwrap();
            servers.entry(server(&event)).or_default().push(body);
        }
        servers
    };
    let sent = by_server(&mut lines(&file).into_iter());
    assert!(sent.values().any(|events| events.len() > 20));
    assert_eq!(by_server(&mut consumed(&cluster, "tls").into_iter().map(|message| message.body)), sent);
}

#[test]
fn each_kind_of_record_has_a_topic_of_its_own_where_that_is_wanted() {
    let topics = ["tls-handshake", "tls-incident"];
    let Some(cluster) = cluster("topics in Kafka", &topics) else { return };
    let kafka = format!("kafka://{}/tls-{{kind}}?incidents=true&key=id", cluster.bootstrap_servers());
    let run = tlscribe(["read", "-q", &captures(), "-o", &kafka]);
    assert!(matches!(run.status.code(), Some(0 | 1)), "{}", said(&run));
    for (topic, kind) in topics.iter().zip(["handshake", "incident"]) {
        let messages = consumed(&cluster, topic);
        assert!(!messages.is_empty(), "{topic}");
        for message in messages {
            let event: Value = serde_json::from_str(&message.body).unwrap();
            assert_eq!((event["event_type"].as_str(), event["id"].as_str()), (Some(kind), Some(message.key.as_str())));
        }
    }
}

#[test]
fn brokers_that_are_away_for_a_while_miss_nothing() {
    let Some(cluster) = cluster("Kafka down and up", &["tls"]) else { return };
    let kafka = format!("kafka://{}/tls", cluster.bootstrap_servers());
    let mut program = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
        .args(["read", "--no-summary", "-", "-o", &kafka])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (first, rest) = stream(&root().join("captures/tls12"));
    let mut input = program.stdin.take().unwrap();
    let mut told = BufReader::new(program.stderr.take().unwrap()).lines();
    input.write_all(&first).unwrap();
    wait_for("first events", || !consumed(&cluster, "tls").is_empty());
    cluster.broker_down(-1).unwrap();
    input.write_all(&rest).unwrap();
    drop(input);
    let trouble = |line: &String| line.ends_with("it is tried again");
    let line = told.by_ref().map(Result::unwrap).find(trouble).unwrap();
    assert!(line.contains("no broker can be reached"), "{line}");
    cluster.broker_up(-1).unwrap();
    let after: Vec<String> = told.map(Result::unwrap).collect();
    assert!(after.iter().any(|line| line.contains("it takes events again")), "{after:?}");
    assert!(program.wait().unwrap().success(), "{after:?}");

    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.pcap");
    std::fs::write(&whole, [first, rest].concat()).unwrap();
    let ids = |event: &str| serde_json::from_str::<Value>(event).unwrap()["id"].as_str().unwrap().to_owned();
    let expected = tlscribe([OsStr::new("read"), OsStr::new("-q"), whole.as_os_str()]);
    let expected: BTreeSet<_> = String::from_utf8(expected.stdout).unwrap().lines().map(ids).collect();
    assert!(expected.len() > 10);
    let arrived: BTreeSet<_> = consumed(&cluster, "tls").iter().map(|message| ids(&message.body)).collect();
    assert_eq!(arrived, expected);
}

/// The first capture of a folder, and the packets of all others that go on where it ends.
fn stream(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    const HEADER: usize = 24;
    let captures = captures_below(folder).into_iter().map(|path| std::fs::read(path).unwrap());
    let mut captures = captures.filter(|capture| capture.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]));
    let first = captures.next().unwrap();
    let rest = captures.filter(|capture| capture[..HEADER] == first[..HEADER]);
    let rest = rest.flat_map(|capture| capture[HEADER..].to_vec()).collect();
    (first, rest)
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "no {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn brokers_that_are_not_there_are_told_in_one_line() {
    // A port that was free a moment ago, and at which nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let began = Instant::now();
    let run = tlscribe(["read", &captures(), "-o", &format!("kafka://127.0.0.1:{port}/tls")]);
    let said = said(&run);
    assert_eq!(run.status.code(), Some(2), "{said}");
    let expected =
        format!("kafka://127.0.0.1:{port}/tls: no broker can be reached: 127.0.0.1:{port}: Connection refused");
    assert!(said.lines().last().unwrap().ends_with(&expected), "{said}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

#[test]
fn a_broker_with_a_certificate_from_elsewhere_is_not_spoken_to() {
    if Command::new("openssl").arg("version").output().is_err() {
        return say("a broker's certificate: SKIPPED, openssl is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["its", "other"] {
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2";
        let files = ["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")];
        let made = Command::new("openssl").args(words.split(' ')).args(files).current_dir(&folder).output().unwrap();
        assert!(made.status.success(), "{}", said(&made));
    }
    let mut server = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "its.pem", "-key", "its.key"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:").map(str::to_owned)).unwrap();
    let other = folder.path().join("other.pem");
    let kafka = format!("kafka://localhost:{port}/tls?tls=true&ca_file={}", other.display());
    let run = tlscribe(["read", &captures(), "-o", &kafka]);
    server.kill().unwrap();
    server.wait().unwrap();
    let said = said(&run);
    assert_eq!(run.status.code(), Some(2), "{said}");
    assert!(said.lines().last().unwrap().contains("is from no known root"), "{said}");
}
