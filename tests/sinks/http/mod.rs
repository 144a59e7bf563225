//! Sinks that speak HTTP: each way a receiver can misbehave is told in one line, and in the end it has every event.

mod elastic;
mod receiver;
mod splunk;
mod webhook;

use crate::support::root;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A run that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a run with a sink came to.
struct Run {
    code: Option<i32>,
    /// What was said on standard error, without the name of the sink.
    told: Vec<String>,
    /// The lines of a file beside the sink, in the same words.
    lines: Vec<String>,
    /// The ids of the events in them.
    ids: Vec<String>,
}

impl Run {
    /// Reads captures from a folder for a sink and a file beside it. What is in `secret` is in the file that `SECRET` names.
    fn of(folder: &str, sink: &str, format: &str, secret: &str) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let [file, secret_file] = ["events", "secret"].map(|name| scratch.path().join(name));
        std::fs::write(&secret_file, secret).unwrap();
        let sink = sink.replace("SECRET", secret_file.to_str().unwrap());
        let beside = format!("file:{}?detail=brief&format={format}", file.display());
        let captures = root().join("captures").join(folder);
        let sink = format!("{sink}&name=SINK&format={format}");
        let errors = scratch.path().join("errors");
        let mut child = Command::new(env!("CARGO_BIN_EXE_tlscribe"))
            .args(["read", "--no-summary", "-o", &sink, "-o", &beside])
            .arg(captures)
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let code = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if begun.elapsed() < PATIENCE => sleep(Duration::from_millis(20)),
                None => {
                    child.kill().unwrap();
                    break None;
                }
            }
        };
        let told = read(&errors);
        assert!(secret.is_empty() || !told.contains(secret), "a secret is told: {told}");
        let lines: Vec<String> = read(&file).lines().map(str::to_owned).collect();
        let ids = lines.iter().filter_map(|line| id(line)).collect();
        let told = told.lines().map(|line| line.rsplit_once("SINK: ").map_or(line, |(_, told)| told));
        // Said where it takes long, which is no matter of what is tested.
        let told = told.filter(|line| !line.starts_with("waits until the last ")).map(str::to_owned).collect();
        Self { code, told, lines, ids }
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The id of an event in our own words or in Elastic's.
fn id(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    let id = if event["id"].is_string() { &event["id"] } else { &event["event"]["id"] };
    id.as_str().map(str::to_owned)
}
