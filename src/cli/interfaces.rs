//! `tlscribe interfaces`, also as `tlscribe -D`.

use super::Exit;
use super::usage::mistake;
use crate::capture::live::{InterfaceInfo, interfaces};
use std::io::Write as _;

/// Lists the interfaces that can be sniffed
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        match interfaces() {
            Ok(all) => {
                // A reader that closes early has seen what it wanted.
                let _ = std::io::stdout().write_all(table(&all).as_bytes());
                Exit::Done
            }
            Err(reason) => mistake(&format!("interfaces cannot be listed: {reason}")),
        }
    }
}

/// A line for each: name, state, link type, addresses, and what it is.
fn table(all: &[InterfaceInfo]) -> String {
    let width = all.iter().map(|interface| interface.name.chars().count()).max().unwrap_or_default();
    let line = |interface: &InterfaceInfo| {
        let InterfaceInfo { name, description, addresses, link, state } = interface;
        let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let link = link.as_deref().unwrap_or("-");
        let line = format!("{name:width$}  {:11}  {link:12}  {addresses}", state.unwrap_or("-"));
        let description = description.as_ref().map_or(String::new(), |text| format!("  ({text})"));
        format!("{}{description}\n", line.trim_end())
    };
    if all.is_empty() {
        return "no interfaces\n".to_owned();
    }
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_is_a_line() {
        let loopback = InterfaceInfo {
            name: "lo".into(),
            description: None,
            addresses: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
            link: Some("EN10MB".into()),
            state: Some("up"),
        };
        let any = InterfaceInfo {
            name: "any".into(),
            description: Some("Pseudo-device".into()),
            addresses: Vec::new(),
            link: None,
            state: None,
        };
        assert_eq!(
            table(&[loopback, any]),
            "lo   up           EN10MB        127.0.0.1 ::1\nany  -            -  (Pseudo-device)\n"
        );
        assert_eq!(table(&[]), "no interfaces\n");
    }
}
