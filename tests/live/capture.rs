//! What is seen of the traffic: every handshake once, what a filter leaves, on any interface, and how soon it is told.

use super::net::Namespace;
use super::program::{Live, PATIENCE, live};
use super::traffic::{by_clients, established, failed};
use crate::support::mutate::Packet;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Two machines, joined by their interfaces `eth`.
struct Machines {
    client: Namespace,
    server: Namespace,
    folder: TempDir,
}

/// An OpenSSL server, and what it has to say.
struct Server(Child, #[expect(dead_code, reason = "whoever writes into a closed pipe ends")] BufReader<ChildStdout>);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Machines {
    fn new(test: &str) -> Option<Self> {
        let (client, server) = (Namespace::new(test, &["openssl"])?, Namespace::new(test, &[])?);
        client.cable("eth", "eth", &server);
        client.ip("address add 192.0.2.1/24 dev eth");
        server.ip("address add 192.0.2.2/24 dev eth");
        let folder = TempDir::new().unwrap();
        let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=a.test";
        let made = Command::new("openssl")
            .args(request.split(' '))
            .args(["-keyout", "key", "-out", "certificate"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(Self { client, server, folder })
    }

    /// A server, once it answers.
    fn serve(&self, port: &str) -> Server {
        let mut server = self.server.command("openssl");
        server.args("s_server -www -cert certificate -key key -accept".split(' ')).arg(port);
        server.current_dir(self.folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ACCEPT") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "the server on port {port} ended");
        }
        Server(server, said)
    }

    /// Shakes hands, and asks for a page.
    fn ask(&self, port: &str, name: &str) {
        let mut client = self.client.command("openssl");
        client.args(["s_client", "-quiet", "-connect", &format!("192.0.2.2:{port}"), "-servername", name]);
        let mut client = client.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        client.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        assert!(client.wait().unwrap().success());
    }
}

/// Names, ports and interfaces of handshakes.
fn told(handshakes: &[&Value]) -> Vec<String> {
    let line = |event: &&Value| {
        let (sni, port) = (&event["sni"], &event["server"]["port"]);
        format!("{sni} {port} {} {}", event["outcome"], event["observer"]["interface"]).replace('"', "")
    };
    handshakes.iter().map(line).collect()
}

#[test]
fn every_handshake_of_real_machines_is_told_once_and_a_filter_selects() {
    let Some(machines) = Machines::new("real machines") else { return };
    let (_one, _other) = (machines.serve("443"), machines.serve("8443"));
    let mut all = Live::start(&machines.server, "-i eth");
    let mut some = Live::start(&machines.client, "-i eth tcp port 8443");
    for (port, name) in [("443", "a.test"), ("8443", "b.test"), ("443", "c.test")] {
        machines.ask(port, name);
    }
    all.wait_for(3, "handshake");
    some.wait_for(1, "handshake");
    let ended = all.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    let expected = ["a.test 443 established eth", "b.test 8443 established eth", "c.test 443 established eth"];
    assert_eq!(told(&ended.handshakes()), expected);
    let ended = some.stop();
    assert_eq!(told(&ended.handshakes()), [expected[1]]);
    // What the filter leaves out is not counted either: SYN, hello, and all that; but not what goes to the other port.
    assert!(ended.stats()[0]["frames"].as_u64().unwrap() < 40, "{}", ended.stats()[0]);
}

/// It ends at once with one line, before it has begun anything.
#[track_caller]
fn refuses(namespace: &Namespace, words: &str, says: &[&str]) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("events.jsonl");
    let run = live(namespace, &format!("{words} -o {}", file.display())).output().unwrap();
    let errors = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{words}: {errors}");
    assert_eq!(errors.lines().count(), 1, "{words}: {errors}");
    assert!(says.iter().all(|what| errors.contains(what)), "{words}: {errors}");
    assert!(run.stdout.is_empty() && !file.exists(), "{words}");
}

#[test]
fn a_wrong_filter_and_a_missing_interface_are_told_before_anything_begins() {
    let Some(namespace) = Namespace::with_cable("wrong words", &[]) else { return };
    refuses(&namespace, "-i in -f tcp/prot", &["\"tcp/prot\"", "pcap-filter(7)"]);
    refuses(&namespace, "-i in -i eth9", &["no interface eth9", "tlscribe interfaces"]);
    namespace.cable("out2", "in2", &namespace);
    namespace.ip("link set in2 down");
    refuses(&namespace, "-i in -i in2", &["in2 is down; set it up first: ip link set in2 up"]);
    // It is a filter, but not one for frames of an Ethernet.
    refuses(&namespace, "-i in wlan type mgt", &["\"wlan type mgt\"", "on in"]);
}

#[test]
fn any_sees_all_interfaces() {
    let Some(namespace) = Namespace::with_cable("any", &["tcpreplay"]) else { return };
    namespace.cable("out2", "in2", &namespace);
    let mut live = Live::start(&namespace, "-i any inbound");
    let packets = by_clients(0..2, &established());
    let (one, other) = packets.split_at(packets.len() / 2);
    namespace.send("out", one);
    namespace.send("out2", other);
    live.wait_for(2, "handshake");
    let ended = live.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(told(&ended.handshakes()), ["rsa.test 443 established any"; 2]);
}

/// Sends packets once; the time that went by from the last of them until the event came, in seconds.
fn delay(namespace: &Namespace, live: &mut Live, packets: &[Packet], events: usize) -> f64 {
    namespace.send("out", packets);
    let sent = Instant::now();
    live.wait_for(events, "handshake").at.saturating_duration_since(sent).as_secs_f64()
}

#[test]
fn a_handshake_is_told_within_a_second_of_its_hold_though_nothing_follows() {
    let Some(namespace) = Namespace::with_cable("soon told", &["tcpreplay"]) else { return };
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("events.jsonl");
    let mut live = Live::start(&namespace, &format!("-i in --hold 3 -o - -o {}", file.display()));
    // What went well waits for nobody. (A second is promised; this machine may be busy.)
    let took = delay(&namespace, &mut live, &established(), 1);
    assert!(took < 2.5, "{took}");
    // What failed waits for its end to be sure, a second, and then for what may explain it.
    let took = delay(&namespace, &mut live, &failed(), 2);
    assert!((3.0..=3.0 + 1.0 + 2.5).contains(&took), "{took}");
    let in_file = || std::fs::read_to_string(&file).unwrap().lines().count();
    let start = Instant::now();
    while in_file() < 2 {
        assert!(start.elapsed() < PATIENCE.min(Duration::from_millis(1500)), "the file has {} events", in_file());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(live.stop().handshakes().len(), 2);
}
