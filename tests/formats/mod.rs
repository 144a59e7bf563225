//! The formats of others: the events of a few captures as they are written, byte for byte, and all captures' events held
//! to what the schemas themselves define.

mod ecs;
mod logs;
mod ocsf;

use crate::support::{captures_below, mmdb, root, say, tlscribe};
use serde_json::{Value, json};
use std::ffi::OsStr;

/// A handshake that went well, all of it in the clear or known from it.
const ESTABLISHED: &str = "captures/tls13/curl-nginx-h2.pcap";
/// A handshake that failed, with the certificate that is why.
const FAILED: &str = "captures/failures-server-certificate/expired-curl-tls12.pcap";

/// The events of these captures, each a line.
fn events<A: AsRef<OsStr>>(format: &str, words: &[&str], captures: &[A]) -> Vec<String> {
    let words = ["read", "-q", "--format", format].into_iter().chain(words.iter().copied()).map(OsStr::new);
    let run = tlscribe(words.chain(captures.iter().map(AsRef::as_ref)));
    // 1: some of the captures are cut on purpose
    assert!(matches!(run.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The events of all our captures, with all that they can tell, and the incidents.
fn all_events(format: &str) -> Vec<Value> {
    let captures = captures_below(&root().join("captures"));
    let folder = tempfile::tempdir().unwrap();
    let (file, places) = (folder.path().join("tlscribe.toml"), folder.path().join("places.mmdb"));
    let place = json!({
        "country": { "iso_code": "DE" }, "city": { "names": { "en": "Cologne" } },
        "autonomous_system_number": 64512, "autonomous_system_organization": "Example Networks",
    });
    std::fs::write(&places, mmdb::database("Test", &[("10.0.0.0/8", place)])).unwrap();
    let network = "[[network]]\nrange = \"10.0.0.0/8\"\nname = \"office\"\ntags = [\"pci\"]\n";
    std::fs::write(&file, format!("sensor = \"tap-3\"\n{network}[maxmind]\ncity = {places:?}\n")).unwrap();
    let words = ["--detail", "full", "--incidents", "--tcp", "-C", file.to_str().unwrap()];
    let lines = events(format, &words, &captures);
    assert!(lines.iter().any(|line| line.contains("Cologne")));
    assert!(lines.len() > captures.len());
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Compares an event with `tests/formats/FORMAT/NAME.json`, where the program's version is `VERSION`.
/// `BLESS=1 cargo test --test main formats` writes the files anew; read the diff.
#[track_caller]
fn is_golden(format: &str, name: &str, event: &Value) {
    let path = root().join(format!("tests/formats/{format}/{name}.json"));
    let own = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
    let told = serde_json::to_string_pretty(event).unwrap().replace(&own, "\"VERSION\"") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &told).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(told, golden, "{name}");
}

/// What a schema's authors have published of it; nothing, said on the terminal, where it is not there.
fn definitions(schema: &str) -> Option<Value> {
    let path = root().join(format!("target/definitions/{schema}.json"));
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(_) => {
            say(&format!("{schema}: SKIPPED, no definitions in {}; scripts/schema-definitions", path.display()));
            None
        }
    }
}
