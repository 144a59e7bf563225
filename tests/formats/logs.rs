//! Events as others write them: Zeek's logs, Suricata's EVE, CEF and LEEF. `tests/formats/` has what each format makes of
//! a few captures, byte for byte; `BLESS=1 cargo test --test main formats` writes these files anew, and the diff
//! says what changed. Besides, the tab-separated logs are read by Zeek's rules, and EVE is compared with Suricata's own.

use crate::support::{captures_below, root, say, tlscribe};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

/// Established with TLS 1.3 (nothing of the certificates is to be seen), failed with a certificate, resumed, and with a
/// client's certificate.
const CAPTURES: [&str; 4] = [
    "captures/tls13/openssl-aes-128-gcm-sha256-x25519.pcap",
    "captures/failures-server-certificate/expired-curl-tls12.pcap",
    "captures/resumption/tls12-ticket.pcap",
    "captures/client-certificate/tls12-sent.pcap",
];
/// The formats; those that have a place for incidents tell them too.
const FORMATS: [(&str, bool); 7] = [
    ("zeek", false),
    ("zeek-tsv", false),
    ("zeek-x509", false),
    ("zeek-x509-tsv", false),
    ("eve", false),
    ("cef", true),
    ("leef", true),
];

/// What the program writes of captures in a format.
fn written<P: AsRef<str>>(format: &str, options: &[&str], captures: impl IntoIterator<Item = P>) -> String {
    let words = ["read", "--quiet", "--format", format].into_iter().chain(options.iter().copied());
    let captures: Vec<P> = captures.into_iter().collect();
    let run = tlscribe(words.chain(captures.iter().map(AsRef::as_ref)));
    // Some captures of ours are cut, which ends a run with 1.
    assert!(run.status.code().unwrap() <= 1, "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// Our captures of handshakes.
fn all_captures() -> Vec<String> {
    captures_below(&root().join("captures")).iter().map(|path| path.to_str().unwrap().to_owned()).collect()
}

#[test]
fn each_format_is_what_it_was() {
    for (format, with_incidents) in FORMATS {
        let options: &[&str] = if with_incidents { &["--incidents"] } else { &[] };
        let lines = written(format, options, CAPTURES);
        // What changes by itself: the version, and when the output was opened.
        let version = |line: &str| line.replace(&format!("|{}|", env!("CARGO_PKG_VERSION")), "|VERSION|");
        let line = |line: &str| if line.starts_with("#open\t") { "#open\tNOW".to_owned() } else { version(line) };
        let found: String = lines.lines().map(|text| line(text) + "\n").collect();
        let file = root().join("tests/formats").join(format!("{format}.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap();
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected, "{}", file.display());
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{}", file.display());
    }
}

/// A log as its header says it is to be read: each line's set fields, typed.
fn read_log(log: &str) -> Vec<Map<String, Value>> {
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some("#separator \\x09"), "everything else depends on it");
    let (mut header, mut rows) = (BTreeMap::new(), Vec::new());
    for line in lines {
        let parts: Vec<&str> = line.split('\t').collect();
        if let Some(name) = parts[0].strip_prefix('#') {
            header.insert(name, parts[1..].to_vec());
            continue;
        }
        let (names, types) = (&header["fields"], &header["types"]);
        assert_eq!((parts.len(), names.len()), (types.len(), types.len()), "{line}");
        let fields = names.iter().zip(types).zip(&parts).filter(|(_, cell)| **cell != header["unset_field"][0]);
        rows.push(fields.map(|((name, kind), cell)| ((*name).to_owned(), value(kind, cell, &header))).collect());
    }
    assert_eq!(header["path"].len(), 1);
    rows
}

fn value(kind: &str, cell: &str, header: &BTreeMap<&str, Vec<&str>>) -> Value {
    let empty = cell == header["empty_field"][0];
    if let Some(kind) = kind.strip_prefix("vector[").and_then(|kind| kind.strip_suffix(']')) {
        let parts: Vec<&str> = if empty { Vec::new() } else { cell.split(header["set_separator"][0]).collect() };
        return parts.into_iter().map(|part| value(kind, part, header)).collect();
    }
    match kind {
        "string" if empty => json!(""),
        "string" => json!(unescaped(cell)),
        "bool" => json!(
            cell == "T" || {
                assert_eq!(cell, "F");
                false
            }
        ),
        "time" => json!(cell.parse::<f64>().unwrap()),
        "port" => json!(cell.parse::<u16>().unwrap()),
        "count" => json!(cell.parse::<u64>().unwrap()),
        "addr" => json!(cell.parse::<IpAddr>().unwrap().to_string()),
        other => panic!("no type of ours: {other}"),
    }
}

/// Text as it was before Zeek's escapes; bytes that are no text stay escaped, as they are in JSON.
fn unescaped(cell: &str) -> String {
    let mut parts = cell.split('\\');
    let mut text = parts.next().unwrap().to_owned();
    while let Some(part) = parts.next() {
        match part.strip_prefix('x') {
            _ if part.is_empty() => text += &format!("\\{}", parts.next().unwrap()),
            Some(rest) if rest.starts_with(|first: char| first < '8') => {
                text.push(char::from(u8::from_str_radix(&rest[..2], 16).unwrap()));
                text += &rest[2..];
            }
            _ => text += &format!("\\{part}"),
        }
    }
    text
}

fn json_lines(lines: &str) -> Vec<Map<String, Value>> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn tab_separated_logs_say_what_the_json_logs_say() {
    for (tsv, json) in [("zeek-tsv", "zeek"), ("zeek-x509-tsv", "zeek-x509")] {
        let (rows, objects) =
            (read_log(&written(tsv, &[], all_captures())), json_lines(&written(json, &[], all_captures())));
        assert!(rows.len() > 300, "{}", rows.len());
        assert_eq!(rows.len(), objects.len());
        for (row, object) in rows.iter().zip(&objects) {
            assert_eq!(row, object);
        }
    }
}

#[test]
fn zeeks_log_says_what_the_event_says() {
    let events = json_lines(&written("native", &[], all_captures()));
    let rows = read_log(&written("zeek-tsv", &[], all_captures()));
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.into_iter().zip(events) {
        let event = Value::from(event);
        let same = [
            ("tlscribe.id", &event["id"]),
            ("id.orig_h", &event["client"]["ip"]),
            ("id.orig_p", &event["client"]["port"]),
            ("id.resp_h", &event["server"]["ip"]),
            ("id.resp_p", &event["server"]["port"]),
            ("server_name", &event["sni"]),
            ("next_protocol", &event["alpn"]),
            ("community_id", &event["community_id"]),
            ("ja3", &event["ja3"]),
            ("ja3s", &event["ja3s"]),
            ("ja4", &event["ja4"]),
            ("subject", &event["server_certificate"]["subject"]),
            ("client_issuer", &event["client_certificate"]["issuer"]),
            ("sni_matches_cert", &event["name_matches"]),
            ("tlscribe.outcome", &event["outcome"]),
            ("tlscribe.cause", &event["failure"]["cause"]),
            ("tlscribe.reason", &event["failure"]["summary"]),
        ];
        for (name, expected) in same {
            assert_eq!(row.get(name).unwrap_or(&Value::Null), expected, "{name} of {event}");
        }
        let names = event["history"].as_array().map_or(0, |history| {
            let read =
                |word: &Value| !["encrypted", "application_data"].iter().any(|no| word.as_str().unwrap().contains(no));
            history.iter().filter(|word| read(word)).count()
        });
        let letters = row.get("ssl_history").map_or(0, |letters| letters.as_str().unwrap().len());
        // `encrypted_extensions` is a message where secrets are known, and no capture here has them for it.
        assert_eq!(letters, names, "{event}");
    }
}

#[test]
fn fields_of_our_own_cannot_be_chosen_for_formats_of_others() {
    for (format, _) in FORMATS {
        let run = tlscribe(["read", "--format", format, "--fields", "sni", CAPTURES[0]]);
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains("native and tsv only"), "{said}");
    }
}

/// What Suricata is told to write.
const SURICATA: &str = r#"%YAML 1.1
---
vars: { address-groups: { HOME_NET: any, EXTERNAL_NET: any } }
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      community-id: true
      types: [{ tls: { extended: yes, ja4: on, session-resumption: yes } }]
app-layer: { protocols: { smtp: { enabled: yes }, tls: { enabled: yes, ja3-fingerprints: yes, ja4-fingerprints: yes } } }
logging: { default-log-level: error, outputs: [{ console: { enabled: yes } }] }
"#;

/// Suricata's tls events of a capture; `None` where there is no Suricata.
fn suricata(capture: &str) -> Option<Vec<Map<String, Value>>> {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("suricata.yaml");
    std::fs::write(&settings, SURICATA).unwrap();
    let arguments: [&Path; 6] =
        [Path::new("-c"), &settings, Path::new("-r"), Path::new(capture), Path::new("-l"), folder.path()];
    let run = Command::new("suricata").args(arguments).args(["-k", "none"]).output().ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(json_lines(&std::fs::read_to_string(folder.path().join("eve.json")).unwrap()))
}

#[test]
fn eve_says_of_a_handshake_what_suricata_says() {
    let captures = [
        CAPTURES[0],
        CAPTURES[1],
        CAPTURES[2],
        CAPTURES[3],
        "captures/old/openssl-tls10.pcap",
        "captures/old/java-ssl30.pcap",
        "captures/server-first/smtp-starttls-tls12.pcap",
        "captures/no-failure/postgresql-at-client.pcap",
        "captures/no-failure/through-connect-at-client.pcap",
    ];
    for capture in captures {
        let Some(theirs) = suricata(capture) else {
            say("eve_says_of_a_handshake_what_suricata_says: SKIPPED, there is no suricata");
            return;
        };
        let ours = json_lines(&written("eve", &[], [capture]));
        assert!(!theirs.is_empty(), "{capture}");
        for theirs in theirs {
            let ours = ours.iter().find(|ours| ours["community_id"] == theirs["community_id"]).unwrap();
            // Without signature algorithms there is no underscore before them (JA4's specification); Suricata 7 has it.
            let has_signature_algorithms = !capture.starts_with("captures/old/");
            let without_ja4 = |event: &Map<String, Value>, name: &str| {
                let mut value = event.get(name).cloned();
                if let Some(Value::Object(tls)) = value.as_mut().filter(|_| !has_signature_algorithms) {
                    tls.remove("ja4");
                }
                value
            };
            for name in theirs.keys() {
                // When it was written, what Suricata draws, and where in the file and in its decoders the packet was.
                if !matches!(name.as_str(), "timestamp" | "flow_id" | "pcap_cnt" | "pkt_src") {
                    assert_eq!(without_ja4(ours, name), without_ja4(&theirs, name), "{name} in {capture}");
                }
            }
            let length = |event: &Map<String, Value>| event["timestamp"].as_str().unwrap().len();
            assert_eq!(length(ours), length(&theirs));
            assert!(ours["flow_id"].as_u64().unwrap() < 1 << 53);
        }
    }
}
