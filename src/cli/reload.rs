//! The configuration file read once more while a live run goes on: what takes effect then, and what needs a restart.

use super::file::Combined;
use super::{Cli, Command, usage};
use crate::config::Settings;
use crate::pipeline::Reload;
use clap::Parser as _;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// The options that take effect at once.
const AT_ONCE: [&str; 4] = ["only", "cause", "server", "sni"];

/// How to read a run's file once more; nothing where there is none that can be. `user` is the command line without the
/// words of the file, `began` with them.
pub(super) fn reload(user: &[OsString], began: &Combined) -> Option<Reload> {
    let path = began.file.as_ref()?.path.clone();
    // A pipe has been read, and says nothing more.
    if !path.is_file() {
        return None;
    }
    let (user, began) = (user.to_vec(), stated(began));
    Some(Box::new(move || {
        let unchanged = |what: String| format!("{what}; the settings stay as they were");
        let combined = Combined::new(user.clone()).map_err(unchanged)?;
        let now = stated(&combined);
        let mut reloaded = settings(combined).and_then(Settings::reloaded).map_err(unchanged)?;
        reloaded.says = says(&path.display().to_string(), &changed(&began, &now));
        Ok(reloaded)
    }))
}

/// The settings of a live run.
fn settings(combined: Combined) -> Result<Settings, String> {
    let Combined { words, file, .. } = combined;
    match Cli::try_parse_from(&words).map_err(|error| usage::what(&error))?.command {
        Command::Live(arguments) => Ok(arguments.settings()?.with(file)),
        _ => Err("this is not for a live run any more".into()),
    }
}

fn says(path: &str, changed: &[String]) -> String {
    match changed {
        [] => format!("{path} is read anew"),
        changed => format!("{path} is read anew; this needs a restart: {}", changed.join(", ")),
    }
}

/// What the file says, by the names of options and sinks, without what takes effect at once.
fn stated(combined: &Combined) -> BTreeMap<String, Vec<OsString>> {
    let mut stated: BTreeMap<String, Vec<OsString>> = BTreeMap::new();
    for word in &combined.own {
        let text = word.to_string_lossy();
        let option = text.trim_start_matches('-').split('=').next().unwrap_or_default().to_owned();
        if !AT_ONCE.contains(&option.as_str()) {
            stated.entry(option).or_default().push(word.clone());
        }
    }
    for (_, target) in combined.file.iter().flat_map(|file| &file.sinks) {
        let options = target.options.iter().filter(|(name, _)| !AT_ONCE.contains(&name.as_str()));
        let words = options.map(|(name, value)| format!("{name}={value}").into());
        let words = [target.place.to_string().into()].into_iter().chain(words);
        stated.entry(format!("sink {}", target.name())).or_default().extend(words);
    }
    stated
}

/// The names of what is not the same.
fn changed(before: &BTreeMap<String, Vec<OsString>>, now: &BTreeMap<String, Vec<OsString>>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != now.get(*name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combined(text: &str) -> Combined {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, text).expect("a file");
        let words = ["tlscribe", "live", "-C", path.to_str().expect("text"), "--buffer-size", "8"];
        Combined::new(words.map(OsString::from).to_vec()).expect("it makes sense")
    }

    fn restart(before: &str, now: &str) -> Vec<String> {
        let [before, now] =
            [before, now].map(|text| stated(&combined(&format!("{text}\n[live]\ninterface = \"eth0\""))));
        changed(&before, &now)
    }

    #[test]
    fn what_needs_a_restart_is_told_by_name() {
        assert!(restart("only = [\"failed\"]", "sni = [\"*.example.org\"]").is_empty());
        assert!(restart("", "[[network]]\nrange = \"10.0.0.0/8\"").is_empty());
        assert_eq!(restart("hold = 2", "hold = 3\nformat = \"ecs\""), ["format", "hold"]);
        let sink = "[[sink]]\nto = \"a.jsonl\"\n";
        assert!(restart(sink, &format!("{sink}only = [\"failed\"]")).is_empty());
        assert_eq!(restart(sink, &format!("{sink}format = \"ecs\"")), ["sink a.jsonl"]);
        assert_eq!(restart(sink, &format!("{sink}name = \"soc\"")), ["sink a.jsonl", "sink soc"]);
        assert_eq!(restart("", sink), ["sink a.jsonl"]);
    }

    #[test]
    fn what_the_user_said_stays_said() {
        let words = |text: &str| combined(&format!("{text}\n[live]\ninterface = \"eth0\"\nbuffer-size = 16")).words;
        assert!(!words("").contains(&"--buffer-size=16".into()));
        assert_eq!(
            says("a.toml", &["snaplen".into(), "sink soc".into()]),
            "a.toml is read anew; this needs a restart: snaplen, sink soc"
        );
    }
}
