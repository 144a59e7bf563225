//! `tlscribe check`: what a configuration file would do, and whether it can.

use super::file::words_of;
use super::{Cli, Command, Exit, usage};
use crate::config::{Checked, File, OriginSettings, Settings};
use clap::{Args, Parser as _};
use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

const EXAMPLES: &str = "\
No frame is read, no event is sent, and files stay as they are.

Exit codes:
  0  all is well
  1  a receiver of events cannot be reached, or does not take them
  2  the configuration is wrong";

/// Checks a configuration file: what it would do, and whether its interfaces and outputs are there
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file
    #[arg(short = 'C', long, value_name = "FILE")]
    config: PathBuf,
}

impl Arguments {
    pub(super) fn run(self) -> Exit {
        match self.check() {
            Ok(checked) => {
                let text = text(&checked);
                // A reader who closes early has seen what they wanted.
                let _ = std::io::stdout().write_all(text.as_bytes());
                match checked {
                    Checked { wrong: true, .. } => Exit::Usage,
                    Checked { away: true, .. } => Exit::Incomplete,
                    _ => Exit::Done,
                }
            }
            Err(what) => usage::mistake(&what),
        }
    }

    fn check(self) -> Result<Checked, String> {
        let file = File::read(&self.config)?;
        let command = if file.sniffs() { "live" } else { "read" };
        settings(file, command)?.check()
    }
}

/// What the file alone asks of a command.
fn settings(file: File, command: &str) -> Result<Settings, String> {
    let own = words_of(&file, command, |_| false)?;
    let words: Vec<OsString> = ["tlscribe", command].map(OsString::from).into_iter().chain(own).collect();
    let parsed = Cli::try_parse_from(&words).or_else(|error| {
        // Without captures the file is for those that are named on the command line.
        let with_any = words.iter().cloned().chain(["--read=-".into()]);
        let unnamed = error.kind() == clap::error::ErrorKind::MissingRequiredArgument && command == "read";
        if unnamed { Cli::try_parse_from(with_any) } else { Err(error) }
    });
    let named = words.iter().any(|word| word.to_string_lossy().starts_with("--read="));
    let settings = match parsed.map_err(|error| usage::what(&error))?.command {
        Command::Live(arguments) => arguments.settings()?,
        Command::Read(arguments) => {
            let mut settings = arguments.settings()?;
            if let (OriginSettings::Saved { captures, .. }, false) = (&mut settings.origin, named) {
                captures.clear();
            }
            settings
        }
        _ => return Err(format!("no file is for the command {command}")),
    };
    Ok(settings.with(Some(file)))
}

/// The lines, with what they are about on the left.
fn text(checked: &Checked) -> String {
    const WIDEST: usize = 24;
    let widths = checked.lines.iter().map(|(about, _)| about.chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
    checked.lines.iter().map(|(about, what)| format!("{about:width$}  {what}\n")).collect()
}
