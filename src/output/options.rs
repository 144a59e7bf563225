//! The options of a sink, as they stand behind its address or in its table of the configuration: names and values. Whoever
//! knows an option takes it out; what nobody knew is a mistake, told with the nearest name that somebody asked for.

use crate::explain::closest;
use std::env::VarError;
use std::fmt;
use std::str::FromStr;

/// Options by name. A list is one value with commas.
#[derive(Clone, Debug, Default)]
pub struct Options {
    given: Vec<(String, String)>,
    asked: Vec<String>,
}

/// What must not be shown: a password, a token, a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What is to be sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Options {
    /// These options.
    pub fn new(given: Vec<(String, String)>) -> Self {
        Self { given, asked: Vec::new() }
    }

    /// Takes an option.
    ///
    /// # Errors
    /// It was given twice.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        self.asked.push(name.to_owned());
        let mut found = self.given.extract_if(.., |(given, _)| given == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!("the option {name} is given twice")),
            (one, None) => Ok(one),
        }
    }

    /// Takes an option that has to be given.
    ///
    /// # Errors
    /// It is missing, or was given twice.
    pub fn required(&mut self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("the option {name} is missing"))
    }

    /// Takes an option and reads it.
    ///
    /// # Errors
    /// It makes no sense.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Result<Option<T>, String> {
        self.text(name)?.map(|text| text.parse().map_err(|error| format!("{name}={text}: {error}"))).transpose()
    }

    /// Takes an option that is `true` or `false`.
    ///
    /// # Errors
    /// It is neither.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        self.text(name)?
            .map(|text| match text.as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(format!("{name}={text}: it is true or false")),
            })
            .transpose()
    }

    /// Takes an option that is one of some words.
    ///
    /// # Errors
    /// It is none of them.
    pub fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| Some(*meaning));
        found.ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            format!("{name}={text}: it is one of {}", words.join(", "))
        })
    }

    /// Takes an option that is a list with commas, and reads each of it.
    ///
    /// # Errors
    /// One of it makes no sense.
    pub fn list<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Result<Vec<T>, String> {
        let text = self.text(name)?.unwrap_or_default();
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| word.parse().map_err(|error| format!("{name}={word}: {error}"))).collect()
    }

    /// Takes a secret: from the variable of the environment that `NAME_env` names, or from the file that `NAME_file` does.
    ///
    /// # Errors
    /// It cannot be had from there, or stands there itself.
    pub fn secret(&mut self, name: &str) -> Result<Option<Secret>, String> {
        let (variable, file) = (format!("{name}_env"), format!("{name}_file"));
        let (from_variable, from_file) = (self.text(&variable)?, self.text(&file)?);
        if self.text(name)?.is_some() {
            return Err(format!("a secret does not belong here: name where it is, with {variable} or {file}"));
        }
        self.asked.pop();
        let secret = match (from_variable, from_file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(format!("{variable} and {file} are both given")),
            (Some(name), None) => std::env::var(&name).map_err(|error| unset(&variable, &name, &error))?,
            (None, Some(path)) => {
                std::fs::read_to_string(&path).map_err(|error| format!("{file}={path}: cannot be read: {error}"))?
            }
        };
        match secret.trim() {
            "" => Err(format!("the {name} is empty")),
            secret => Ok(Some(Secret(secret.to_owned()))),
        }
    }

    /// All that is known was taken out.
    ///
    /// # Errors
    /// Something is left.
    pub fn finish(self) -> Result<(), String> {
        let Some((unknown, _)) = self.given.first() else { return Ok(()) };
        Err(match closest(unknown, self.asked.iter().map(String::as_str)) {
            Some(nearest) => format!("it has no option {unknown}; did you mean {nearest}?"),
            None => format!("it has no option {unknown}; it has {}", self.asked.join(", ")),
        })
    }
}

/// Why a variable has no text. The standard library would show what it has instead.
fn unset(variable: &str, name: &str, error: &VarError) -> String {
    let why = match error {
        VarError::NotPresent => "there is no such variable in the environment",
        VarError::NotUnicode(_) => "what it holds is no text",
    };
    format!("{variable}={name}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(given: &[(&str, &str)]) -> Options {
        Options::new(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_nobody_knows_is_told_with_the_nearest_name() {
        let mut mistaken = options(&[("topci", "tls"), ("format", "ecs")]);
        assert_eq!(mistaken.text("topic"), Ok(None));
        assert_eq!(mistaken.text("format"), Ok(Some("ecs".into())));
        assert_eq!(mistaken.finish(), Err("it has no option topci; did you mean topic?".into()));
        let mut far = options(&[("x", "1")]);
        assert_eq!(far.list::<u8>("partitions"), Ok(vec![]));
        assert_eq!(far.finish(), Err("it has no option x; it has partitions".into()));
    }

    #[test]
    fn a_secret_is_read_from_elsewhere_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "hush\n").expect("a file");
        let secret = options(&[("token_file", file.to_str().expect("text"))]).secret("token").expect("a secret");
        let secret = secret.expect("one");
        assert_eq!((secret.reveal(), format!("{secret:?}")), ("hush", "(secret)".into()));
        let shown = options(&[("token", "hush")]).secret("token").expect_err("it is shown");
        assert!(shown.contains("token_env or token_file") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_variable_that_is_no_text_is_not_shown_either() {
        use std::os::unix::ffi::OsStringExt as _;
        let held = VarError::NotUnicode(std::ffi::OsString::from_vec(b"hush\xff".to_vec()));
        let told = unset("token_env", "TOKEN", &held);
        assert!(told.starts_with("token_env=TOKEN: ") && !told.contains("hush"), "{told}");
    }
}
