//! The configuration file as words of the command line. Its keys are the long options, so there is no second list of
//! them: each setting is turned into the words that would say the same, and these are parsed together with the user's.
//! What the user says goes before what the file says, option by option; what only `[read]` or `[live]` says goes before
//! what is said for both.

use super::{Cli, read, usage, with_habit};
use crate::config::{File, Setting, Table, Value};
use crate::explain::closest;
use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _};
use std::ffi::OsString;
use std::path::PathBuf;

/// A command line, and the file that it names.
#[derive(Clone, Debug)]
pub(super) struct Combined {
    /// The words, those of the file among them.
    pub(super) words: Vec<OsString>,
    /// Those of the file.
    pub(super) own: Vec<OsString>,
    /// What else the file says.
    pub(super) file: Option<File>,
}

/// The commands that a file is for.
const COMMANDS: [&str; 2] = ["read", "live"];

impl Combined {
    /// Puts the user's words and those of the file together.
    ///
    /// # Errors
    /// The file makes no sense, in one line.
    pub(super) fn new(words: Vec<OsString>) -> Result<Self, String> {
        let file = named(&words).map(|path| File::read(&path)).transpose()?;
        let mut words = with_habit(words, file.as_ref().is_some_and(File::sniffs));
        let command = COMMANDS.into_iter().find(|command| words.get(1).is_some_and(|word| word == command));
        let Some((file, command)) = file.zip(command) else { return Ok(Self { words, own: Vec::new(), file: None }) };
        let given = partly(&words);
        let given = given.as_ref().and_then(ArgMatches::subcommand).map(|(_, given)| given);
        let own = words_of(&file, command, |arg| given.is_some_and(|given| is_given(arg, command, given)))?;
        words.splice(2..2, own.iter().cloned());
        Ok(Self { words, own, file: Some(file) })
    }
}

/// The file that is named on the command line.
fn named(words: &[OsString]) -> Option<PathBuf> {
    let path = |words: &[OsString]| {
        let given = partly(words)?;
        let (command, given) = given.subcommand()?;
        COMMANDS.contains(&command).then(|| given.get_one::<PathBuf>("config").cloned()).flatten()
    };
    // Without a command, it depends on the file whose options they are.
    [false, true].into_iter().find_map(|sniffs| path(&with_habit(words.to_vec(), sniffs)))
}

/// What can be understood of a command line that is not whole. What is wrong with it is told when all is put together.
fn partly(words: &[OsString]) -> Option<ArgMatches> {
    Cli::command().ignore_errors(true).try_get_matches_from(words).ok()
}

/// True where the user says on the command line what this option is for.
fn is_given(arg: &Arg, command: &str, given: &ArgMatches) -> bool {
    let is = |id| given.value_source(id) == Some(ValueSource::CommandLine);
    let words = || given.get_many::<OsString>("words").unwrap_or_default().cloned().collect::<Vec<_>>();
    match arg.get_id().as_str() {
        "captures" => is("captures") || is("words"),
        // Words without an option are a filter expression, of `read` behind the captures.
        "filter" if is("filter") => true,
        "filter" => is("words") && (command == "live" || is("captures") || !read::split(words()).1.is_empty()),
        id => is(id),
    }
}

/// The words of the file for a command, except for options that were `given`.
///
/// # Errors
/// A mistake in the file, also in what this command does not look at.
pub(super) fn words_of(file: &File, command: &str, given: impl Fn(&Arg) -> bool) -> Result<Vec<OsString>, String> {
    let cli = Cli::command();
    let [read, live] = COMMANDS.map(|command| Options::new(command, &cli, file));
    if let Some(setting) = file.shared.settings.iter().find(|setting| !read.has(setting) || !live.has(setting)) {
        return Err(unknown(setting, &[&read, &live], file));
    }
    let (of_read, of_live) = (read.words(&file.read, &live)?, live.words(&file.live, &read)?);
    let (shared, own) = match command {
        "live" => (live.words(&file.shared, &read)?, of_live),
        _ => (read.words(&file.shared, &live)?, of_read),
    };
    let is_own = |arg: &Arg| own.iter().any(|(own, _)| own.get_id() == arg.get_id());
    let shared = shared.into_iter().filter(|(arg, _)| !is_own(arg)).collect::<Vec<_>>();
    Ok(shared.into_iter().chain(own).filter(|(arg, _)| !given(arg)).flat_map(|(_, words)| words).collect())
}

/// The options of a command.
struct Options<'a> {
    command: &'static str,
    args: Vec<&'a Arg>,
    file: &'a File,
}

impl<'a> Options<'a> {
    fn new(command: &'static str, cli: &'a clap::Command, file: &'a File) -> Self {
        let args = cli.find_subcommand(command).into_iter().flat_map(clap::Command::get_arguments);
        let args = args.filter(|arg| arg.get_long().is_some() && arg.get_id() != "config").collect();
        Self { command, args, file }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.args.iter().filter_map(|arg| arg.get_long())
    }

    fn find(&self, setting: &Setting) -> Option<&'a Arg> {
        let name = setting.key.replace('_', "-");
        self.args.iter().find(|arg| arg.get_long() == Some(name.as_str())).copied()
    }

    fn has(&self, setting: &Setting) -> bool {
        self.find(setting).is_some()
    }

    /// The words that say what a table says, by option.
    fn words(&self, table: &Table, other: &Options<'_>) -> Result<Vec<(&'a Arg, Vec<OsString>)>, String> {
        let mut found: Vec<(&Arg, Vec<OsString>)> = Vec::new();
        for setting in &table.settings {
            let Some(arg) = self.find(setting) else {
                return Err(match other.has(setting) {
                    true => belongs(setting, other, self.file),
                    false => unknown(setting, &[self], self.file),
                });
            };
            if found.iter().any(|(earlier, _)| earlier.get_id() == arg.get_id()) {
                return Err(self.file.mistake(setting.line, &format!("{} is set twice", setting.key)));
            }
            let words = words(arg, &setting.value).and_then(|words| self.try_out(words));
            let words = words.map_err(|what| self.file.mistake(setting.line, &format!("{}: {what}", setting.key)))?;
            found.push((arg, words));
        }
        Ok(found)
    }

    /// Has the words looked at by themselves: what is wrong with a value is told in the place where it stands.
    fn try_out(&self, words: Vec<OsString>) -> Result<Vec<OsString>, String> {
        let line = ["tlscribe", self.command].into_iter().map(OsString::from).chain(words.iter().cloned());
        match Cli::command().try_get_matches_from(line) {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) => {
                let option = error.get(ContextKind::InvalidArg).map(|option| format!(" for '{option}'"));
                let what = usage::what(&error);
                Err(option.map_or(what.clone(), |option| what.replace(&option, "")))
            }
            // What is lacking is elsewhere, or is told when all is put together.
            _ => Ok(words),
        }
    }
}

fn belongs(setting: &Setting, owner: &Options<'_>, file: &File) -> String {
    file.mistake(setting.line, &format!("{} belongs into the table [{}]", setting.key, owner.command))
}

/// What is wrong with a setting that is in none of these tables, or not in all of them.
fn unknown(setting: &Setting, tables: &[&Options<'_>], file: &File) -> String {
    if let Some(owner) = tables.iter().find(|table| table.has(setting)) {
        return belongs(setting, owner, file);
    }
    let key = &setting.key;
    let name = key.replace('_', "-");
    let near = closest(&name, tables.iter().flat_map(|table| table.names()).chain(File::TABLES));
    let near = near.map(|near| if key.contains('_') { near.replace('-', "_") } else { near.to_owned() });
    file.mistake(
        setting.line,
        &match near {
            Some(near) => format!("there is no option {key}; did you mean {near}?"),
            None => format!("there is no option {key}; keys are the long options of tlscribe {}", tables[0].command),
        },
    )
}

/// The words that set an option to a value.
fn words(arg: &Arg, value: &Value) -> Result<Vec<OsString>, String> {
    let long = arg.get_long().unwrap_or_default();
    let with = |word: &String| OsString::from(format!("--{long}={word}"));
    Ok(match (arg.get_action(), value) {
        (ArgAction::SetTrue, Value::Flag(true)) => vec![format!("--{long}").into()],
        (ArgAction::SetTrue, Value::Flag(false)) => Vec::new(),
        (ArgAction::SetTrue, _) => return Err("it is true or false".into()),
        (_, Value::Flag(_)) => return Err("it wants a value, not true or false".into()),
        (_, Value::Word(word)) => vec![with(word)],
        (ArgAction::Append, Value::List(list)) => list.iter().map(with).collect(),
        (_, Value::List(list)) if list.is_empty() => Vec::new(),
        (_, Value::List(list)) => vec![with(&list.join(","))],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn own(command: &str, text: &str) -> Result<Vec<String>, String> {
        let file = File::of(Path::new("a.toml"), text)?;
        let words = words_of(&file, command, |_| false)?;
        Ok(words.into_iter().map(|word| word.into_string().expect("text")).collect())
    }

    #[track_caller]
    fn mistake(text: &str) -> String {
        let what = own("read", text).expect_err("a mistake");
        assert!(!what.contains('\n'), "{what}");
        what
    }

    fn combined(line: &str, text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, text).expect("a file");
        let words = line.replace("FILE", path.to_str().expect("text"));
        let combined = Combined::new(words.split(' ').map(OsString::from).collect()).expect("a file that makes sense");
        let path = path.to_str().expect("text");
        combined.words.into_iter().map(|word| word.into_string().expect("text").replace(path, "FILE")).collect()
    }

    #[test]
    fn settings_are_the_words_that_say_the_same() {
        let text = "only = [\"failed\", \"unused\"]\nfields = [\"id\", \"sni\"]\nmax_flows = 1000\nhold = 2.5\ntcp = true\nquiet = false\n";
        let said = ["--only=failed", "--only=unused", "--fields=id,sni", "--max-flows=1000", "--hold=2.5", "--tcp"];
        assert_eq!(own("read", text), Ok(said.map(String::from).into()));
        assert_eq!(own("live", text), Ok(said.map(String::from).into()));
    }

    #[test]
    fn each_command_has_what_is_its_own() {
        let text = "hold = 60\n[read]\nmerge = true\nread = [\"a.pcap\"]\n[live]\ninterface = \"eth0\"\nhold = 2\n";
        assert_eq!(own("read", text), Ok(["--hold=60", "--merge", "--read=a.pcap"].map(String::from).into()));
        assert_eq!(own("live", text), Ok(["--interface=eth0", "--hold=2"].map(String::from).into()));
    }

    #[test]
    fn what_the_user_says_goes_before_what_the_file_says() {
        let text =
            "only = [\"failed\"]\nfilter = \"tcp\"\n[read]\nread = [\"a.pcap\"]\n[live]\ninterface = [\"eth0\"]\n";
        let line = "tlscribe read --only=failed --filter=tcp --read=a.pcap -C FILE";
        assert_eq!(combined("tlscribe read -C FILE", text).join(" "), line);
        let line = "tlscribe read --filter=tcp -C FILE --only unused b.pcap";
        assert_eq!(combined("tlscribe read -C FILE --only unused b.pcap", text).join(" "), line);
        let line = "tlscribe read --only=failed -CFILE b.pcap udp";
        assert_eq!(combined("tlscribe read -CFILE b.pcap udp", text).join(" "), line, "an expression is a filter");
        let line = "tlscribe live --only=failed -i lo --config=FILE udp";
        assert_eq!(combined("tlscribe live -i lo --config=FILE udp", text).join(" "), line);
    }

    #[test]
    fn a_file_alone_sniffs_where_it_names_an_interface() {
        let line = combined("tlscribe -C FILE --count 5", "[live]\ninterface = \"eth0\"\n").join(" ");
        assert_eq!(line, "tlscribe live --interface=eth0 -C FILE --count 5");
        let line = combined("tlscribe -C FILE -r b.pcap", "[live]\ninterface = \"eth0\"\n").join(" ");
        assert_eq!(line, "tlscribe read -C FILE -r b.pcap");
        let line = combined("tlscribe -C FILE", "[read]\nread = \"a.pcap\"\n").join(" ");
        assert_eq!(line, "tlscribe read --read=a.pcap -C FILE");
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        assert_eq!(mistake("\nfromat = \"ecs\""), "a.toml:2: there is no option fromat; did you mean format?");
        assert_eq!(mistake("max_flow = 1"), "a.toml:1: there is no option max_flow; did you mean max_flows?");
        assert!(mistake("xyzzyxyzzyxyzzy = 1").ends_with("keys are the long options of tlscribe read"));
        assert_eq!(mistake("snaplen = 100"), "a.toml:1: snaplen belongs into the table [live]");
        assert_eq!(mistake("[live]\nmerge = true"), "a.toml:2: merge belongs into the table [read]");
        assert_eq!(mistake("[live]\nsnaplne = 1"), "a.toml:2: there is no option snaplne; did you mean snaplen?");
        assert_eq!(mistake("max-flows = 1\nmax_flows = 1"), "a.toml:2: max_flows is set twice");
        assert_eq!(mistake("tcp = \"yes\""), "a.toml:1: tcp: it is true or false");
        assert_eq!(mistake("hold = true"), "a.toml:1: hold: it wants a value, not true or false");
        assert_eq!(mistake("hold = \"soon\""), "a.toml:1: hold: invalid value 'soon': not a number of seconds");
        assert!(
            mistake("format = \"xml\"").starts_with("a.toml:1: format: invalid value 'xml' [possible values: native,")
        );
        assert!(mistake("[live]\nsnaplen = 1").starts_with("a.toml:2: snaplen: invalid value '1': 1 is not in"));
        assert!(mistake("config = \"b.toml\"").starts_with("a.toml:1: there is no option config"));
    }

    #[test]
    fn all_that_the_example_says_is_understood() {
        let example = include_str!("../../contrib/tlscribe.toml");
        let whole =
            |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).unwrap_or(line).to_owned();
        let uncommented: String = example.lines().map(|line| whole(line) + "\n").collect();
        for text in [example, uncommented.as_str()] {
            let (read, live) = (own("read", text).expect("it is right"), own("live", text).expect("it is right"));
            assert!(live.contains(&"--interface=any".into()) && !read.contains(&"--interface=any".into()));
        }
        let file = File::of(Path::new("a.toml"), &uncommented).expect("it is right");
        assert_eq!(file.sinks.len(), 3);
        assert!(own("read", &uncommented).expect("it is right").len() > 20, "all is uncommented");
    }
}
