//! What fuzzing has found, and where it starts from, replayed on a stable compiler.

use crate::support::{files_below, root};

#[path = "fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "in the fuzzers' crate it is the library")]
mod targets;

/// Runs a target over its corpus.
fn replay(name: &str, target: fn(&[u8])) {
    let files = files_below(&root().join("tests/fuzz/corpus").join(name));
    assert!(!files.is_empty(), "{name} has no corpus");
    for file in files {
        println!("{}", file.display());
        target(&std::fs::read(file).unwrap());
    }
}

#[test]
fn packet() {
    replay("packet", targets::packet);
}

#[test]
fn reassembly() {
    replay("reassembly", targets::reassembly);
}

#[test]
fn record_and_handshake() {
    replay("record_and_handshake", targets::record_and_handshake);
}

#[test]
fn engine() {
    replay("engine", targets::engine);
}
