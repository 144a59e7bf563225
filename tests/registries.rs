//! The registries are as `data/tls-registries.csv` has them: nobody has changed the generated files, or forgotten them.

use crate::support::{root, say};
use std::process::Command;

#[test]
fn the_generated_registries_are_current() {
    let mut check = Command::new("python3");
    match check.arg(root().join("scripts/refresh-registries")).arg("--check").output() {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
        Err(error) => say(&format!("registries: SKIPPED, python3 cannot be run: {error}")),
    }
}
