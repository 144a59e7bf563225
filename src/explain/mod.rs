//! What a name or a number means and what to do about it: causes of failures, what people see instead of them, cipher
//! suites, alerts, versions, groups, signature schemes, extensions and findings, for the person at the terminal.
//!
//! What can be derived is derived, from the registries and from what follows from a suite's name; the rest are sentences
//! of our own for each cause, symptom, alert, extension and finding. Words are looked up as people write them: `0x1301`,
//! `ECDHE-RSA-AES128-SHA`, `TLSv1.2`, `sni`, `alert 40`, or a line of a log. A word that is not known gets the nearest
//! ones.

mod alert;
mod cause;
mod extension;
mod finding;
mod group;
mod lookup;
mod registered;
mod scheme;
mod suite;
mod symptom;
#[cfg(test)]
mod tests;
mod version;

pub(crate) use lookup::{closest, distance};

use crate::diagnosis::Cause;
use crate::paragraph::wrap;
use std::fmt;

/// Lines have at most this many columns.
const WIDTH: usize = 88;
/// Texts begin in this column, labels in the first.
const INDENT: usize = 14;
/// At most this many other things are named that a question fits.
const MAX_OTHERS: usize = 5;

/// What there is to say of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its name, kind and number: `certificate_expired, alert 45`.
    pub title: String,
    /// What there is to say, each under its label: `What it is`, `Status`, `What to do` and so on. Each line of a text is
    /// a paragraph; one that begins with `- ` is an entry of a list, one that begins with `$ ` a command,
    /// with its next line after `> `.
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
            for (index, paragraph) in text.lines().enumerate() {
                write!(f, "\n{:<INDENT$}", if index == 0 { label } else { "" })?;
                write_paragraph(f, paragraph)?;
            }
        }
        writeln!(f)
    }
}

/// Whether a line is one of a command for the shell.
fn is_command(line: &str) -> bool {
    line.starts_with("$ ") || line.starts_with("> ")
}

/// A paragraph from the text's column on. The entries of a list hang by their dash; a command stays as it is.
fn write_paragraph(f: &mut fmt::Formatter<'_>, paragraph: &str) -> fmt::Result {
    if is_command(paragraph) {
        return f.write_str(paragraph);
    }
    let (dash, text) = paragraph.strip_prefix("- ").map_or(("", paragraph), |text| ("- ", text));
    let hanging = INDENT + dash.len();
    let lines = wrap(text, WIDTH - hanging);
    write!(f, "{dash}{}", lines.join(&format!("\n{:hanging$}", "")))
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
                "ask for a cause, alert, cipher suite, version, group, signature scheme, extension or finding, by name or \
                 number, or for an error message as it was shown",
            )
        } else {
            write!(f, "did you mean {}?", self.nearest.join(", "))
        }
    }
}

/// What can be asked for: the causes by family, then the other kinds.
pub fn overview() -> Explanation {
    let explanation = Explanation::new("What can be explained".to_owned());
    let families = cause::families().into_iter().fold(explanation, |explanation, (family, causes)| {
        let codes: Vec<&str> = causes.into_iter().map(Cause::code).collect();
        explanation.with(family, codes.join(", "))
    });
    families
        .with("Messages", "What programs say, as they say it: a browser's ERR_ and SEC_ERROR_ names, the errors of OpenSSL, Java, Go, Python, Node.js, .NET, rustls, GnuTLS, Windows and Apple, curl's exit codes, the log lines and statuses of nginx, Apache, HAProxy, Envoy, Cloudflare and AWS. A whole line may be given.")
        .with("Values", "Alerts, cipher suites, versions, groups, signature schemes and extensions, by name or number, and findings.")
        .with("For example", "$ tlscribe explain certificate_untrusted\n$ tlscribe explain NET::ERR_CERT_DATE_INVALID\n$ tlscribe explain error 525\n$ tlscribe explain alert 40\n$ tlscribe explain ECDHE-RSA-AES128-SHA")
}

/// Explains a name, a number, or an error message as some program shows it. Where it fits several things, the first that people mean is explained and the others are
/// named.
///
/// # Errors
/// Nothing by that name or number is known.
pub fn explain(what: &str) -> Result<Explanation, NotKnown> {
    let found = lookup::find(what);
    let Some((subject, others)) = found.split_first() else {
        return Err(NotKnown { what: what.to_owned(), nearest: lookup::nearest(what) });
    };
    let others: Vec<String> = others.iter().take(MAX_OTHERS).map(lookup::Subject::question).collect();
    let explanation = subject.explain();
    Ok(if others.is_empty() { explanation } else { explanation.with("Also", others.join(", ")) })
}
