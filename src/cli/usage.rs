//! Mistakes on the command line, each told in one line.

use super::Exit;
use crate::report::to_standard_error;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::path::Path;

/// Prints help or version where that was asked for, or else what is wrong on a command line of these words.
pub(super) fn told(error: &clap::Error, words: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Usage
        }
        _ => mistake(&line(error, words)),
    }
}

/// Tells a mistake.
pub(super) fn mistake(what: &str) -> Exit {
    to_standard_error(format_args!("tlscribe: {what}"));
    Exit::Usage
}

/// What is wrong, by clap's message, in one line.
pub(super) fn what(error: &clap::Error) -> String {
    let first = paragraphs(error).into_iter().next().unwrap_or_default();
    first.strip_prefix("error: ").map_or(first.clone(), str::to_owned)
}

/// The paragraphs of clap's message, a line each.
fn paragraphs(error: &clap::Error) -> Vec<String> {
    let message = error.render().to_string();
    message.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// clap's message in one line: what is wrong, its tips, and where help is.
fn line(error: &clap::Error, words: &[OsString]) -> String {
    let (what, paragraphs) = (what(error), paragraphs(error));
    let what = what.as_str();
    if let Some(word) = what.strip_prefix("unrecognized subcommand '").and_then(|rest| rest.strip_suffix('\''))
        && Path::new(word).exists()
    {
        return format!("{word} is no command; to read it: tlscribe read {word}");
    }
    let tips = paragraphs.iter().flat_map(|text| text.split("tip: ").skip(1)).map(str::trim);
    let command = words
        .get(1)
        .and_then(|word| word.to_str())
        .filter(|word| ["read", "live", "check", "interfaces", "explain", "schema"].contains(word));
    let help = command.map_or("see tlscribe --help".to_owned(), |command| format!("see tlscribe {command} --help"));
    [what].into_iter().chain(tips).chain([help.as_str()]).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::Parser as _;

    fn told(words: &str) -> String {
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        line(&Cli::try_parse_from(&words).expect_err("a mistake"), &words)
    }

    #[test]
    fn a_mistake_is_one_line_with_a_way_out() {
        assert_eq!(
            told("tlscribe read --fromat text a.pcap"),
            "unexpected argument '--fromat' found; a similar argument exists: '--format'; see tlscribe read --help"
        );
        assert!(told("tlscribe reed a.pcap").starts_with("unrecognized subcommand 'reed'; "));
        assert!(!told("tlscribe read --format xml a.pcap").contains('\n'));
        let only = told("tlscribe read --only faild a.pcap");
        assert!(
            only.ends_with("established, unused, abandoned, failed, unfinished; see tlscribe read --help"),
            "{only}"
        );
    }

    #[test]
    fn a_capture_in_the_place_of_a_command_is_understood() {
        let here = file!();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(here);
        let path = path.to_str().expect("a path");
        assert!(told(&format!("tlscribe {path}")).ends_with(&format!("to read it: tlscribe read {path}")));
    }
}
