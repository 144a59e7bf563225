//! `tlscribe interfaces`, also as `tlscribe -D`.

use super::Exit;
use super::usage::mistake;
use crate::capture::live::{InterfaceInfo, interfaces};
use std::io::Write as _;

/// The title of the first column.
const NAME: &str = "INTERFACE";

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
    let names = std::iter::once(NAME).chain(all.iter().map(|interface| interface.name.as_str()));
    let width = names.map(|name| name.chars().count()).max().unwrap_or_default();
    let line = |name: &str, state: &str, link: &str, rest: &str| {
        format!("{}\n", format!("{name:width$}  {state:11}  {link:12}  {rest}").trim_end())
    };
    let interface = |interface: &InterfaceInfo| {
        let InterfaceInfo { name, description, addresses, link, state } = interface;
        let addresses = addresses.iter().map(ToString::to_string);
        let rest = addresses.chain(description.iter().map(|text| format!("({text})"))).collect::<Vec<_>>().join(" ");
        line(name, state.unwrap_or("-"), link.as_deref().unwrap_or("-"), &rest)
    };
    std::iter::once(line(NAME, "STATE", "LINK TYPE", "ADDRESSES")).chain(all.iter().map(interface)).collect()
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
            "INTERFACE  STATE        LINK TYPE     ADDRESSES\n\
             lo         up           EN10MB        127.0.0.1 ::1\n\
             any        -            -             (Pseudo-device)\n"
        );
    }
}
