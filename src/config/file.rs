//! The configuration file as it is written: TOML with the keys and values of each table, and the lines where they stand.
//! Which keys there are is not known here: those of options are the command line's (`cli`), those of a sink the sink's.
//!
//! ```toml
//! only = ["failed", "abandoned"]      # what `read` and `live` have in common
//!
//! [live]                              # what only `live` has, or gets in place of the above
//! interface = ["eth0"]
//!
//! [[sink]]                            # beside those of `output`
//! to = "kafka://broker:9092/tls"
//! format = "ecs"
//!
//! [[network]]                         # what is known of addresses
//! range = "10.0.0.0/8"
//! name = "office"
//! tags = ["pci", "owner:payments"]
//!
//! [maxmind]
//! city = "/var/lib/GeoIP/GeoLite2-City.mmdb"
//! ```

use super::enrichment::{EnrichmentSettings, Placed};
use crate::explain::closest;
use crate::output::Target;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// Options of `read` and of `live`.
    pub shared: Table,
    /// Options of `read`.
    pub read: Table,
    /// Options of `live`.
    pub live: Table,
    /// The sinks, each with where it stands: `tlscribe.toml:12`.
    pub sinks: Vec<(String, Target)>,
    /// What it says of addresses.
    pub enrichment: EnrichmentSettings,
}

/// A table, from the first line to the last.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What stands in it.
    pub settings: Vec<Setting>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it is set to.
    pub value: Value,
}

/// What a key is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Flag(bool),
    /// A text or a number, as it would stand on the command line.
    Word(String),
    /// A list of such.
    List(Vec<String>),
}

impl File {
    /// The tables that a file may have.
    pub const TABLES: [&str; 5] = ["read", "live", "sink", "network", "maxmind"];

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read or makes no sense, in one line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| format!("-C {}: cannot be read: {error}", path.display()))?;
        Self::of(path, &text)
    }

    /// Takes in a file of this text.
    ///
    /// # Errors
    /// It makes no sense, in one line with the line's number.
    pub fn of(path: &Path, text: &str) -> Result<Self, String> {
        let place = Place { path, text };
        let whole = DeTable::parse(text).map_err(|error| {
            // What the error shows of the text is left out: it is more than a line.
            place.mistake(error.span().map_or(0, |span| span.start), error.message().lines().next().unwrap_or_default())
        })?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        for (key, value) in whole.get_ref() {
            let at = key.span().start;
            let name: &str = key.get_ref();
            match (name, value.get_ref()) {
                ("read", DeValue::Table(table)) => file.read = place.table(table)?,
                ("live", DeValue::Table(table)) => file.live = place.table(table)?,
                ("sink", DeValue::Array(sinks)) => file.sinks = place.each(name, sinks, Place::sink)?,
                ("network", DeValue::Array(networks)) => {
                    file.enrichment.networks = place.each(name, networks, Place::options_at)?;
                }
                ("maxmind", DeValue::Table(table)) => {
                    file.enrichment.maxmind = Some(place.options_at(at, table)?);
                }
                ("sink" | "network", _) => {
                    return Err(place.mistake(at, &format!("{name} is a table of several: write [[{name}]]")));
                }
                (_, DeValue::Table(_)) => return Err(place.mistake(at, &unknown_table(name))),
                (_, DeValue::Array(tables)) if tables.iter().any(|item| item.get_ref().is_table()) => {
                    return Err(place.mistake(at, &unknown_table(name)));
                }
                _ => file.shared.settings.push(place.setting(key, value)?),
            }
        }
        file.shared.settings.sort_by_key(|setting| setting.line);
        Ok(file)
    }

    /// What is wrong at a line.
    pub fn mistake(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }

    /// True where it says what to sniff.
    pub fn sniffs(&self) -> bool {
        self.live.settings.iter().any(|setting| setting.key == "interface")
    }
}

fn unknown_table(name: &str) -> String {
    match closest(name, File::TABLES) {
        Some(near) => format!("there is no table {name}; did you mean {near}?"),
        None => format!("there is no table {name}; there are {}", File::TABLES.join(", ")),
    }
}

/// A text and where it is from.
struct Place<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    fn name(&self, at: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(at))
    }

    fn mistake(&self, at: usize, what: &str) -> String {
        format!("{}: {what}", self.name(at))
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Table, String> {
        let mut settings = table.iter().map(|(key, value)| self.setting(key, value)).collect::<Result<Vec<_>, _>>()?;
        settings.sort_by_key(|setting| setting.line);
        Ok(Table { settings })
    }

    fn setting(&self, key: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'_>>) -> Result<Setting, String> {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let wrong = |what: String| self.mistake(at, &format!("{name}: {what}"));
        let value = match value.get_ref() {
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Array(items) => {
                let words = items.iter().map(|item| {
                    word(item.get_ref()).ok_or_else(|| {
                        format!(
                            "a list of texts or numbers is wanted, and one is of type {}",
                            item.get_ref().type_str()
                        )
                    })
                });
                Value::List(words.collect::<Result<_, _>>().map_err(wrong)?)
            }
            other => Value::Word(word(other).ok_or_else(|| {
                wrong(format!("a text, number, list or true or false is wanted, not a {}", other.type_str()))
            })?),
        };
        Ok(Setting { key: name.to_owned(), line: self.line(at), value })
    }

    /// The tables of an array of tables.
    fn each<T>(
        &self,
        name: &str,
        items: &[Spanned<DeValue<'_>>],
        read: impl Fn(&Self, usize, &DeTable<'_>) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let one = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::Table(table) => read(self, item.span().start, table),
            _ => Err(self.mistake(item.span().start, &format!("{name} is a table of several: write [[{name}]]"))),
        };
        items.iter().map(one).collect()
    }

    /// A sink: where it is, and all else are its options.
    fn sink(&self, at: usize, table: &DeTable<'_>) -> Result<(String, Target), String> {
        let mut options = self.options(table)?;
        let to = options.iter().position(|(name, _)| name == "to").map(|at| options.remove(at).1);
        let to = to.ok_or_else(|| self.mistake(at, "a sink needs to say where it is, as in to = \"events.jsonl\""))?;
        let mut target: Target = to.parse().map_err(|error: String| self.mistake(at, &error))?;
        target.options.append(&mut options);
        Ok((self.name(at), target))
    }

    /// A table's settings as options, and where it stands.
    fn options_at(&self, at: usize, table: &DeTable<'_>) -> Result<Placed, String> {
        Ok((self.name(at), self.options(table)?))
    }

    /// A table's settings as options: each a name and one text.
    fn options(&self, table: &DeTable<'_>) -> Result<Vec<(String, String)>, String> {
        let option = |Setting { key, line, value }: Setting| {
            let text = match value {
                Value::Flag(flag) => flag.to_string(),
                Value::Word(word) => word,
                Value::List(words) => match words.iter().find(|word| word.contains(',')) {
                    Some(word) => {
                        let path = self.path.display();
                        return Err(format!(
                            "{path}:{line}: {key}: no comma can be in what is listed, as in \"{word}\""
                        ));
                    }
                    None => words.join(","),
                },
            };
            Ok((key, text))
        };
        self.table(table)?.settings.into_iter().map(option).collect()
    }
}

/// A text or a number.
fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i128::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output;

    fn file(text: &str) -> Result<File, String> {
        File::of(Path::new("a.toml"), text)
    }

    #[track_caller]
    fn mistake(text: &str) -> String {
        let what = file(text).expect_err("a mistake");
        assert!(!what.contains('\n'), "{what}");
        what
    }

    #[test]
    fn values_are_words_of_the_command_line() {
        let read =
            file("only = [\"failed\", \"unused\"]\nhold = 2.5\nmax-flows = 1_000\ntcp = true\n").expect("a file");
        let settings: Vec<_> =
            read.shared.settings.iter().map(|setting| (setting.line, setting.value.clone())).collect();
        let word = |text: &str| Value::Word(text.into());
        let list = Value::List(vec!["failed".into(), "unused".into()]);
        assert_eq!(settings, [(1, list), (2, word("2.5")), (3, word("1000")), (4, Value::Flag(true))]);
    }

    #[test]
    fn a_sink_is_a_place_and_its_options() {
        let sinks = file(
            "\n[[sink]]\nto = \"a.jsonl\"\n\n[[sink]]\nto = \"file:b?detail=full\"\nonly = [\"failed\", \"unused\"]\n",
        )
        .expect("a file")
        .sinks;
        assert_eq!(sinks[0], ("a.toml:2".into(), Target::file("a.jsonl")));
        assert_eq!(sinks[1].0, "a.toml:5");
        let options = [("detail", "full"), ("only", "failed,unused")];
        let given: Vec<_> = sinks[1].1.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!((&sinks[1].1.place, given.as_slice()), (&output::Place::File("b".into()), options.as_slice()));
    }

    #[test]
    fn a_mistake_is_one_line_with_its_number() {
        assert!(mistake("\nonly = [\n").starts_with("a.toml:"), "not TOML");
        assert_eq!(mistake("\n[[snik]]\nto = \"-\"\n"), "a.toml:2: there is no table snik; did you mean sink?");
        assert_eq!(mistake("[liev]\n"), "a.toml:1: there is no table liev; did you mean live?");
        assert!(mistake("[sink]\nto = \"-\"").contains("write [[sink]]"));
        assert!(mistake("hold = 2026-03-01").starts_with("a.toml:1: hold: a text, number,"));
        assert!(mistake("[live.x]\n").starts_with("a.toml:1: x: "));
        assert!(mistake("[[sink]]\nformat = \"ecs\"").starts_with("a.toml:1: a sink needs to say where it is"));
        assert!(mistake("[[sink]]\nto = \"kafak://one/tls\"").starts_with("a.toml:1: no sink kafak://"));
        let password = mistake("password = \"hush\nx = 1");
        assert!(!password.contains("hush"), "{password}");
    }
}
