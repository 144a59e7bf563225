//! The layers hold: a module uses only those below it, the core knows nothing of the machine it runs on, and no file
//! has grown into two.

use crate::support::{files_below, root};
use std::path::{Path, PathBuf};

/// The modules of `src/`, from the ground up. Those of one line may use each other.
const LAYERS: [&[&str]; 17] = [
    &["time", "hex", "paragraph"],
    &["packet"],
    &["flow"],
    &["tls"],
    &["starttls"],
    &["handshake"],
    &["engine"],
    &["fingerprint", "x509"],
    &["knowledge"],
    &["enrichment"],
    &["policy", "diagnosis", "explain"],
    &["event"],
    &["report", "output"],
    &["capture", "privileges"],
    &["pipeline"],
    &["config"],
    &["cli"],
];
/// The layers from `time` up to this one are the core.
const CORE_TOP: &str = "engine";
/// What the core must not name: it has no files, sockets, threads or clocks, and its facts are not tied to a format.
const NOT_IN_THE_CORE: [&str; 10] = [
    "std::fs",
    "std::io",
    "std::net::Tcp",
    "std::net::Udp",
    "std::thread",
    "Instant",
    "SystemTime",
    "serde",
    "clap",
    "crossbeam",
];
/// No file is longer; near 600 lines is the time to split it.
const MAX_LINES: usize = 700;

/// The layer of a module, or `None` for what is no module of ours.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|line| line.contains(&module))
}

/// The module that a file of `src/` belongs to; `main.rs` and `lib.rs` belong to none.
fn module_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(module, "main" | "lib")).then(|| module.to_owned())
}

/// The code of a file, without comments and without its unit tests, which may reach further; lines with their numbers.
fn code(path: &Path) -> Vec<(usize, String)> {
    if path.file_name().is_some_and(|name| name == "tests.rs")
        || path.parent().is_some_and(|folder| folder.ends_with("tests"))
    {
        return Vec::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap().to_owned())).collect()
}

/// The modules of the crate that a line of code names as `crate::module`, one or several in braces.
fn uses(line: &str) -> Vec<&str> {
    let identifiers = |text| -> Vec<&str> {
        str::split(text, |c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
    };
    line.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => identifiers(list),
            None => identifiers(after).into_iter().take(1).collect(),
        })
        .filter(|word| layer(word).is_some())
        .collect()
}

/// All files of `src/`.
fn sources() -> Vec<PathBuf> {
    files_below(&root().join("src"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "rs"))
        .collect()
}

#[test]
fn every_module_has_its_layer() {
    let without: Vec<_> =
        sources().iter().filter_map(|path| module_of(path)).filter(|module| layer(module).is_none()).collect();
    assert!(without.is_empty(), "modules that the list of layers does not have: {without:?}");
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for path in sources() {
        let Some(module) = module_of(&path) else { continue };
        for (number, line) in code(&path) {
            wrong.extend(
                uses(&line)
                    .iter()
                    .filter(|used| layer(used) > layer(&module))
                    .map(|used| format!("{}:{number}: {module} uses {used}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "imports that point up:\n{}", wrong.join("\n"));
}

#[test]
fn the_core_knows_no_machine() {
    let mut wrong = Vec::new();
    for path in sources() {
        let Some(module) = module_of(&path) else { continue };
        if layer(&module) > layer(CORE_TOP) {
            continue;
        }
        for (number, line) in code(&path) {
            wrong.extend(
                NOT_IN_THE_CORE
                    .iter()
                    .filter(|name| line.contains(*name))
                    .map(|name| format!("{}:{number}: {name}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "names that the core must not know:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_has_grown_into_two() {
    let mut files = sources();
    files.extend(
        files_below(&root().join("tests"))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|suffix| suffix == "rs")),
    );
    for path in files {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
    }
}

#[test]
fn an_import_is_seen_however_it_is_written() {
    assert_eq!(uses("use crate::engine::{Engine, Limits};"), ["engine"]);
    assert_eq!(uses("use crate::{flow::Key, output};"), ["flow", "output"]);
    assert_eq!(uses("fn f(x: &crate::time::Mark) -> crate::tls::ParseError {"), ["time", "tls"]);
    assert!(uses("use std::time::Duration; use serde_json::value;").is_empty());
}
