//! What is served while traffic is sniffed is what the records say.

use super::net::Namespace;
use super::program::{Live, live};
use super::traffic::{by_clients, established, failed};
use crate::support::scrape::served_on;
use std::net::SocketAddr;

/// A page of a run, asked for where it runs.
fn page(namespace: &Namespace, address: SocketAddr, path: &str) -> String {
    let run = namespace.command("curl").args(["-s", "-m", "20", &format!("http://{address}{path}")]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

/// A sample on a page.
fn sample(page: &str, name: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn what_is_served_is_what_the_records_say_and_rights_are_given_up_all_the_same() {
    let Some(namespace) = Namespace::with_cable("metrics", &["tcpreplay", "curl"]) else { return };
    namespace.ip("link set lo up");
    // A port that only root may open.
    let mut live = Live::of(live(&namespace, "-i in --hold 0 --stats-interval 1 --metrics 127.0.0.1:80"));
    live.wait("it says where", |live| served_on(&live.errors()).is_some());
    let address = served_on(&live.errors()).unwrap();
    assert_eq!(page(&namespace, address, "/health"), "ok\n");
    let packets = [by_clients(0..3, &established()), failed()].concat();
    namespace.send("out", &packets);
    live.wait_for_frames(packets.len() as u64);
    let mut served = String::new();
    live.wait("all are judged, and the board is up to date", |_| {
        served = page(&namespace, address, "/metrics");
        let now = |name: &str| sample(&served, &format!("tlscribe_{name}"));
        let judged = |outcome: &str| now(&format!("handshakes_total{{outcome=\"{outcome}\"}}"));
        (judged("established"), judged("failed")) == (Some(3.0), Some(1.0))
            && now("frames_total") == Some(packets.len() as f64)
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", live.id()));
    assert!(status.is_err() || status.unwrap().contains("CapEff:\t0000000000002000"));
    let ended = live.stop();
    let last = ended.last();
    for (name, field) in [
        ("frames_total", &last["frames"]),
        ("bytes_total", &last["bytes"]),
        ("flows_opened_total", &last["flows"]["created"]),
        (r#"frames_dropped_total{by="kernel"}"#, &last["kernel_drops"]),
        (r#"handshakes_total{outcome="established"}"#, &last["handshakes"]["established"]),
        (r#"handshakes_total{outcome="failed"}"#, &last["handshakes"]["failed"]),
        ("handshakes_lost_total", &last["dropped"]["analysis"]),
    ] {
        assert_eq!(sample(&served, &format!("tlscribe_{name}")), field.as_f64(), "{name}");
    }
    assert_eq!(sample(&served, r#"tlscribe_interface_up{interface="in"}"#), Some(1.0));
    let failure = r#"tlscribe_failures_total{cause="certificate_expired",party="server"}"#;
    assert_eq!(sample(&served, failure), Some(1.0), "{served}");
}

#[test]
fn a_sensor_whose_interface_is_down_is_not_well() {
    let Some(namespace) = Namespace::with_cable("health", &["curl"]) else { return };
    namespace.ip("link set lo up");
    let mut live = Live::of(live(&namespace, "-i in --metrics 127.0.0.1:0"));
    live.wait("it says where", |live| served_on(&live.errors()).is_some());
    let address = served_on(&live.errors()).unwrap();
    let down = "in is down or gone: no frames come from it\n";
    for (word, health) in [("up", "ok\n"), ("down", down), ("up", "ok\n")] {
        namespace.ip(&format!("link set in {word}"));
        live.wait(health, |_| page(&namespace, address, "/health") == health);
    }
    assert_eq!(live.stop().code, Some(0));
}
