//! Why handshakes failed, as scripts ask for it.

use super::made::Made;
use super::{Folder, Run};
use crate::support::root;
use serde_json::Value;
use std::path::PathBuf;

/// A server whose certificate has expired, and a client that says so in the clear.
fn expired() -> PathBuf {
    root().join("captures/outcomes/expired.pcap")
}

/// A server and a client without an application protocol in common.
fn alpn() -> PathBuf {
    root().join("captures/alpn/tls12-refused.pcap")
}

#[test]
fn failures_are_selected_by_cause() {
    let run = Run::read(&[&expired(), &alpn(), &"--cause", &"certificate_expired,certificate_revoked"]);
    run.ends(0, &[]);
    assert_eq!(run.field("sni"), ["expired.test"]);
    assert_eq!(run.events()[0]["failure"]["cause"], "certificate_expired");
    let run = Run::read(&[&expired(), &"--cause", &"alpn_mismatch"]);
    assert_eq!((run.code, run.output.as_str()), (0, ""));
    Run::read(&[&expired(), &"--cause", &"certificate_expird"]).ends(2, &["did you mean certificate_expired?"]);
}

#[test]
fn a_failure_is_told_with_its_evidence_and_brief_events_without_advice() {
    let event = |detail: &str| Run::read(&[&expired(), &"--detail", &detail]).events().remove(0);
    let (brief, normal) = (event("brief"), event("normal"));
    let failure = &normal["failure"];
    assert_eq!((&failure["party"], &failure["severity"]), (&"server".into(), &"error".into()));
    assert!(failure["summary"].as_str().unwrap().contains("expired.test"), "{failure}");
    assert!(failure["evidence"].as_array().unwrap().iter().any(|item| item["frame"] == 6 && item["side"] == "server"));
    assert!(failure["advice"].is_string() && brief["failure"].get("advice").is_none());
    assert_eq!(brief["failure"]["summary"], failure["summary"]);
    let tsv = Run::read(&[&expired(), &"--format", &"tsv", &"--fields", &"sni,failure.cause,failure.party"]);
    assert_eq!(tsv.output, "sni\tfailure.cause\tfailure.party\nexpired.test\tcertificate_expired\tserver\n");
}

#[test]
fn repeats_are_one_incident_behind_the_handshakes() {
    let folder = Folder::new();
    let file = folder.file("a.pcap", &Made::refused(100).with_unanswered(101, "b.example.org").file());
    let events = Run::read(&[&file, &"--incidents"]).events();
    let (handshakes, incidents) = events.split_at(101);
    let of_www: Vec<&Value> = incidents.iter().filter(|incident| incident["sni"] == "www.example.org").collect();
    let [incident] = of_www.as_slice() else { panic!("{} incidents", of_www.len()) };
    assert_eq!((&incident["event_type"], &incident["count"]), (&"incident".into(), &100.into()));
    assert_eq!((&incident["clients"], &incident["servers"]), (&1.into(), &1.into()));
    for (field, of, name) in [
        ("start_time", 0, "start_time"),
        ("end_time", 99, "end_time"),
        ("first_handshake", 0, "id"),
        ("last_handshake", 99, "id"),
    ] {
        assert_eq!(incident[field], handshakes[of][name], "{field}");
    }
    assert_eq!(incident["cause"], handshakes[0]["failure"]["cause"]);
    let text = Run::read(&[&file, &"--incidents", &"--format", &"text"]).output;
    assert!(text.contains("Z incident    10.0.0.2:443 www.example.org, 100 handshakes of 1 client; "), "{text}");
    assert!(!Run::read(&[&file]).output.contains("\"incident\""), "only where they were asked for");
}

#[test]
fn a_script_can_ask_for_causes() {
    let code = |fail_on: &str| Run::read(&[&expired(), &"--fail-on", &fail_on]).code;
    assert_eq!(code("unfinished,certificate_expired"), 3);
    assert_eq!(code("alpn_mismatch"), 0);
    Run::read(&[&expired(), &"--fail-on", &"faild"]).ends(2, &["outcomes are established"]);
    Run::read(&[&expired(), &"--fail-on", &"alpn"]).ends(2, &["did you mean alpn_mismatch?"]);
}
