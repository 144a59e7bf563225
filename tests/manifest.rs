//! The minimum Rust version that Cargo.toml states is true of everything that a user builds.

use crate::support::root;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::process::Command;

/// What a program prints.
fn output(program: &str, arguments: &[&str]) -> String {
    let run = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(run.status.success(), "{program}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// `1.88` and `1.88.0` as numbers to compare.
fn version(text: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = text.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn no_dependency_of_a_user_needs_a_newer_rust_than_we_state() {
    let rustc = output("rustc", &["-vV"]);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = output(
        env!("CARGO"),
        &["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host],
    );
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages: HashMap<&str, &Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let nodes: HashMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();

    let ours = metadata["resolve"]["root"].as_str().unwrap();
    let stated = packages[ours]["rust_version"].as_str().unwrap();
    let (mut seen, mut next) = (HashSet::from([ours]), vec![ours]);
    while let Some(id) = next.pop() {
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let for_users = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev");
            let id = dependency["pkg"].as_str().unwrap();
            if for_users && seen.insert(id) {
                next.push(id);
            }
        }
    }
    assert!(seen.len() > 20, "only {} packages are built for a user", seen.len());
    let newer: Vec<String> = seen
        .iter()
        .filter_map(|id| Some((id, packages[id]["rust_version"].as_str()?)))
        .filter(|(_, wanted)| version(wanted) > version(stated))
        .map(|(id, wanted)| format!("{id} needs {wanted}"))
        .collect();
    assert!(newer.is_empty(), "Cargo.toml states Rust {stated}: {newer:?}");
}
