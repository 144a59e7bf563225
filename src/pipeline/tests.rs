//! The handshakes of all our captures, each judged with nothing known besides: the properties that hold of handshakes
//! composed at random hold of real ones. What the verdicts must be is held elsewhere, by the captures' labels.

use crate::capture::{Input, Source};
use crate::diagnosis::tests::properties::check_verdict;
use crate::diagnosis::tests::{Told, told};
use crate::engine::{Engine, Limits};
use crate::handshake::Handshake;
use crate::x509::{Judge, Purpose, Roots};
use std::path::{Path, PathBuf};

/// The captures in a folder and those in it.
fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut captures: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() {
            true => captures_below(&path),
            false if path.extension().is_some_and(|suffix| suffix == "pcap") => vec![path],
            false => vec![],
        })
        .collect();
    captures.sort();
    captures
}

fn handshakes(capture: &Path) -> Vec<Handshake> {
    let mut source = Source::open(&Input::File(capture.to_owned())).expect("a capture");
    let mut engine = Engine::new(Limits::default(), 7);
    // A capture may be cut short on purpose.
    while let Ok(Some(frame)) = source.next_frame() {
        engine.frame(&frame);
    }
    engine.finish();
    std::iter::from_fn(|| engine.poll()).map(|handshake| *handshake).collect()
}

/// A handshake with its chains judged as they are when it is told.
fn judged(handshake: Handshake, judge: &mut Judge) -> Told {
    let (name, at) = (handshake.negotiated().sni.map(<[u8]>::to_vec), handshake.first.time);
    let server = judge.judge(handshake.server_certificates(), name.as_deref(), at, Purpose::Server);
    let client = judge.judge(handshake.client_certificates(), None, at, Purpose::Client);
    told(handshake).shown((*server).clone()).shown_by_client((*client).clone())
}

#[test]
fn every_failure_in_our_captures_is_told_in_full() {
    let mut judge = Judge::new(Roots::bundled(), 0);
    let mut failures = 0;
    for capture in captures_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")) {
        for handshake in handshakes(&capture) {
            let case = judged(handshake, &mut judge);
            failures += usize::from(case.cause().is_some());
            check_verdict(&case).unwrap_or_else(|error| panic!("{}: {error}", capture.display()));
        }
    }
    assert!(failures > 300, "{failures} failures: the captures are not there");
}
