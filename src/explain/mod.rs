//! What a name or a number means and what to do about it: cipher suites, alerts, versions, groups, signature schemes,
//! extensions and findings, for the person at the terminal.
//!
//! What can be derived is derived, from the registries and from what follows from a suite's name; the rest is a sentence
//! of our own for each alert, extension and finding. Words are looked up as people write them: `0x1301`,
//! `ECDHE-RSA-AES128-SHA`, `TLSv1.2`, `sni`, `alert 40`. A word that is not known gets the nearest ones.

mod alert;
mod extension;
mod finding;
mod group;
mod lookup;
mod registered;
mod scheme;
mod suite;
#[cfg(test)]
mod tests;
mod version;

pub(crate) use lookup::distance;

use std::fmt;

/// Lines have at most this many columns.
const WIDTH: usize = 88;
/// Texts begin in this column, labels in the first.
const INDENT: usize = 14;

/// What there is to say of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its name, kind and number: `certificate_expired, alert 45`.
    pub title: String,
    /// What there is to say, each under its label: `What it is`, `Status`, `What to do` and so on.
    pub sections: Vec<(&'static str, String)>,
}

impl Explanation {
    fn new(title: String) -> Self {
        Self { title, sections: Vec::new() }
    }

    /// With a section more, unless it would be empty.
    fn with(mut self, label: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.sections.push((label, text));
        }
        self
    }
}

/// Plain text: the title, then the sections with their labels on the left.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for (label, text) in &self.sections {
            let mut column = INDENT;
            write!(f, "\n{label:<INDENT$}")?;
            for (index, word) in text.split_whitespace().enumerate() {
                let length = word.chars().count();
                if index > 0 && column.saturating_add(length) >= WIDTH {
                    write!(f, "\n{:<INDENT$}", "")?;
                    column = INDENT;
                } else if index > 0 {
                    f.write_str(" ")?;
                    column = column.saturating_add(1);
                }
                f.write_str(word)?;
                column = column.saturating_add(length);
            }
        }
        writeln!(f)
    }
}

/// A word that names nothing that is known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotKnown {
    /// The word.
    pub what: String,
    /// Known words that are spelt much like it, nearest first.
    pub nearest: Vec<&'static str>,
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing is known of \"{}\"; ", self.what.escape_debug())?;
        if self.nearest.is_empty() {
            f.write_str(
                "ask for a cipher suite, alert, version, group, signature scheme, extension or finding, by name or number",
            )
        } else {
            write!(f, "did you mean {}?", self.nearest.join(", "))
        }
    }
}

/// Explains a name or a number. Where it fits several things, the first that people mean is explained and the others are
/// named.
///
/// # Errors
/// Nothing by that name or number is known.
pub fn explain(what: &str) -> Result<Explanation, NotKnown> {
    let found = lookup::find(what);
    let Some((subject, others)) = found.split_first() else {
        return Err(NotKnown { what: what.to_owned(), nearest: lookup::nearest(what) });
    };
    let others: Vec<String> = others.iter().map(lookup::Subject::question).collect();
    let explanation = subject.explain();
    Ok(if others.is_empty() { explanation } else { explanation.with("Also", others.join(", ")) })
}
