//! The command line: one file for each command, and how the program ends.

mod check;
mod evidence;
mod explain;
mod file;
mod interfaces;
mod live;
mod read;
mod reload;
mod run;
mod schema;
mod shared;
mod usage;

use clap::{Parser, Subcommand};
use file::Combined;
use std::ffi::OsString;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Everything was read and written. Also where the reader of standard output closed it early.
    Done = 0,
    /// Something could not be read, and the rest was; or a sink lost events.
    Incomplete = 1,
    /// What was asked for makes no sense, or cannot be begun.
    Usage = 2,
    /// A handshake had an outcome, or its failure a cause, that `--fail-on` names.
    FailOn = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

const EXAMPLES: &str = "\
Examples:
  tlscribe read capture.pcap               what failed, the handshakes, a summary
  tlscribe read captures/ > events.jsonl   all captures in a folder, as JSON lines
  tlscribe live -i eth0                    handshakes as they happen
  tlscribe check -C tlscribe.toml          what a configuration file would do, and whether it can
  tlscribe -r capture.pcap tcp port 443    the way of tcpdump; also -i eth0 and -D
  tlscribe explain handshake_failure       what it means and what to do about it

Exit codes:
  0  everything was read
  1  something could not be read (the rest was), or an output lost events
  2  the command line is wrong, or an output cannot be opened
  3  a handshake had an outcome, or a failure a cause, that --fail-on names";

/// Watches TLS handshakes without taking part in them, and says for each what was negotiated and how it went.
#[derive(Debug, Parser)]
#[command(name = "tlscribe", version, after_help = EXAMPLES, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Read(Box<read::Arguments>),
    Live(Box<live::Arguments>),
    Check(check::Arguments),
    Interfaces(interfaces::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let user: Vec<OsString> = std::env::args_os().collect();
    let exit = match Combined::new(user.clone()) {
        Ok(combined) => run(&user, combined),
        Err(what) => usage::mistake(&what),
    };
    exit.into()
}

/// Does what is asked for: what is `combined` of the `user`'s words and a file.
fn run(user: &[OsString], combined: Combined) -> Exit {
    match Cli::try_parse_from(&combined.words) {
        Ok(cli) => match cli.command {
            Command::Read(arguments) => run::run(arguments.settings(), combined.file, None),
            Command::Live(arguments) => {
                let reload = reload::reload(user, &combined);
                run::run(arguments.settings(), combined.file, reload)
            }
            Command::Check(arguments) => arguments.run(),
            Command::Interfaces(arguments) => arguments.run(),
            Command::Explain(arguments) => arguments.run(),
            Command::Schema(arguments) => arguments.run(),
        },
        Err(error) => usage::told(&error, &combined.words),
    }
}

/// The habit of tcpdump's users: options without a command read a capture, sniff an interface or list them. Where they do
/// not say which, a file of settings decides: with one that `sniffs`, interfaces are.
fn with_habit(mut words: Vec<OsString>, sniffs: bool) -> Vec<OsString> {
    const OWN: [&str; 4] = ["-h", "--help", "-V", "--version"];
    let options = words.iter().skip(1).map_while(|word| word.to_str()).filter(|word| word.starts_with('-'));
    let asks = |long: &str, short: &str| {
        options.clone().any(|word| word.split('=').next() == Some(long) || is_short(word) && word.starts_with(short))
    };
    let first = words.get(1).and_then(|word| word.to_str());
    if first.is_some_and(|word| word == "-D") && words.len() == 2 {
        words[1] = "interfaces".into();
    } else if first.is_some_and(|word| word.starts_with('-') && !OWN.contains(&word)) {
        let live = asks("--interface", "-i") || sniffs && !asks("--read", "-r");
        let command = if live { "live" } else { "read" };
        words.insert(1, command.into());
    }
    words
}

/// True for `-i` and `-ieth0`, not for `--interface`.
fn is_short(word: &str) -> bool {
    !word.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn with(words: Vec<OsString>) -> Vec<OsString> {
        with_habit(words, false)
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_without_a_command_read() {
        assert_eq!(with(words("tlscribe -r a.pcap tcp")), words("tlscribe read -r a.pcap tcp"));
        assert_eq!(with(words("tlscribe --only failed -r a.pcap")), words("tlscribe read --only failed -r a.pcap"));
        assert_eq!(with(words("tlscribe -i lo tcp")), words("tlscribe live -i lo tcp"));
        assert_eq!(with(words("tlscribe --only failed -ilo")), words("tlscribe live --only failed -ilo"));
        assert_eq!(with(words("tlscribe -D")), words("tlscribe interfaces"));
        for own in ["tlscribe --help", "tlscribe -V", "tlscribe read -", "tlscribe"] {
            assert_eq!(with(words(own)), words(own));
        }
    }
}
