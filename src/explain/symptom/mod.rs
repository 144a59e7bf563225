//! What people see instead of a cause: the words of browsers, libraries, proxies and tools, and which causes they lead to.
//!
//! A symptom is known by phrases. A phrase is found anywhere in a pasted line, as whole words, whatever their case and
//! whatever stands between them: `CERTIFICATE_VERIFY_FAILED` is `certificate verify failed`.

mod browsers;
mod clients;
mod languages;
mod openssl;
mod platforms;
mod proxies;

use super::Explanation;
use crate::diagnosis::Cause;
use std::cmp::Reverse;
use std::sync::LazyLock;

/// Something that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symptom {
    /// How it is put, in one program or another; the first is its name.
    phrases: &'static [&'static str],
    /// Who says it.
    source: &'static str,
    /// What is meant by it.
    meaning: &'static str,
    /// What may be behind it, the likeliest first.
    causes: &'static [Cause],
}

impl Symptom {
    pub(super) const fn name(&self) -> &'static str {
        match self.phrases {
            [name, ..] => name,
            [] => "",
        }
    }

    pub(super) fn explain(&self) -> Explanation {
        let causes: Vec<String> = self.causes.iter().map(|cause| format!("- {cause}: {}", cause.title())).collect();
        let others: Vec<&str> = self.phrases.iter().copied().skip(1).collect();
        let next = self.causes.first().map(|cause| format!("$ tlscribe explain {cause}")).unwrap_or_default();
        Explanation::new(format!("{}, symptom", self.name()))
            .with("Seen in", self.source)
            .with("What it is", self.meaning)
            .with(if self.causes.len() > 1 { "Causes" } else { "Cause" }, causes.join("\n"))
            .with("More", next)
            .with("Also put as", others.join("; "))
    }
}

/// Every symptom.
pub(super) fn all() -> impl Iterator<Item = &'static Symptom> {
    [browsers::ALL, openssl::ALL, languages::ALL, platforms::ALL, proxies::ALL, clients::ALL].into_iter().flatten()
}

/// Symptoms that a cause is the likeliest reason of, then the others that it may be behind.
pub(super) fn of(cause: Cause) -> impl Iterator<Item = &'static Symptom> {
    let first = all().filter(move |symptom| symptom.causes.first() == Some(&cause));
    let later = all().filter(move |symptom| symptom.causes.iter().skip(1).any(|other| *other == cause));
    first.chain(later)
}

/// Every phrase as it is compared, with its symptom.
static PHRASES: LazyLock<Vec<(String, &'static Symptom)>> = LazyLock::new(|| {
    let phrases = |symptom: &'static Symptom| symptom.phrases.iter().map(move |phrase| (words(phrase), symptom));
    all().flat_map(phrases).collect()
});

/// Symptoms whose words a line contains: those that narrow it down to the fewest causes first, then the longest. Words that
/// are only a part of others which the line contains do not count.
pub(super) fn find(line: &str) -> Vec<&'static Symptom> {
    let line = words(line);
    let mut found: Vec<&(String, &Symptom)> = PHRASES.iter().filter(|(phrase, _)| line.contains(phrase)).collect();
    let contained = found.clone();
    found
        .retain(|(phrase, _)| !contained.iter().any(|(other, _)| other.len() > phrase.len() && other.contains(phrase)));
    found.sort_by_key(|(phrase, symptom)| (symptom.causes.len(), Reverse(phrase.len())));
    found.into_iter().map(|(_, symptom)| *symptom).collect()
}

/// Symptoms that are known by a bare number: an HTTP status, an event of Windows, an error code of Apple.
pub(super) fn of_code(digits: &str) -> Vec<&'static Symptom> {
    let readings = ["", "error ", "event ", "code "].map(|kind| words(&format!("{kind}{digits}")));
    PHRASES.iter().filter(|(phrase, _)| readings.contains(phrase)).map(|(_, symptom)| *symptom).collect()
}

/// Words in lower case, with a blank before and after each; apostrophes are no end of a word.
pub(super) fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for letter in text.chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}')) {
        if letter.is_alphanumeric() {
            words.extend(letter.to_lowercase());
        } else if !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_symptom_is_told_in_full_and_leads_to_a_cause() {
        for symptom in all() {
            let name = symptom.name();
            assert!(!symptom.causes.is_empty() && symptom.source.len() > 2, "{name}");
            assert!(symptom.meaning.ends_with('.') && symptom.meaning.len() > 30, "{name}");
            assert!(symptom.source.ends_with('.'), "{name}");
            for (at, cause) in symptom.causes.iter().enumerate() {
                assert!(!symptom.causes[..at].contains(cause), "{name} names {cause} twice");
            }
        }
    }

    #[test]
    fn every_phrase_finds_its_symptom_and_belongs_to_no_other() {
        let mut owners: HashMap<String, &str> = HashMap::new();
        for symptom in all() {
            for phrase in symptom.phrases {
                let key = words(phrase);
                assert!(key.len() > 5, "{phrase} is too short to tell anything");
                assert!(find(phrase).contains(&symptom), "{phrase}");
                assert!(find(&format!("2026/11/25 [error] 7: {phrase}, code (x)")).contains(&symptom), "{phrase}");
                assert_eq!(owners.insert(key, symptom.name()), None, "{phrase} of {}", symptom.name());
            }
        }
    }

    #[test]
    fn every_cause_is_led_to() {
        for cause in Cause::ALL {
            assert!(of(*cause).next().is_some(), "nothing that people see leads to {cause}");
        }
    }

    #[test]
    fn no_two_symptoms_are_told_in_the_same_words() {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for symptom in all() {
            assert_eq!(seen.insert(symptom.meaning, symptom.name()), None, "{}", symptom.name());
        }
    }

    #[test]
    fn words_are_compared_without_case_and_punctuation() {
        assert_eq!(words("[SSL: WRONG_VERSION_NUMBER]"), " ssl wrong version number ");
        assert_eq!(words("connection isn\u{2019}t private"), " connection isnt private ");
        assert_eq!(words(""), " ");
        assert!(find("subcurl 600").is_empty(), "only whole words");
        assert!(find("no phrase is here").is_empty());
    }

    #[test]
    fn the_words_that_say_more_come_first() {
        let first = |line: &str| find(line)[0].name();
        assert_eq!(
            first("certificate verify failed: certificate has expired (_ssl.c:1006)"),
            "certificate has expired"
        );
        let line = "curl: (60) SSL certificate problem: self-signed certificate in certificate chain";
        assert_eq!(first(line), "self-signed certificate in certificate chain");
        assert!(!find(line).iter().any(|symptom| symptom.name() == "self-signed certificate"), "a part of the other");
        assert_eq!(of_code("525")[0].name(), "error 525");
        assert_eq!(of_code("36887")[0].name(), "event 36887");
        assert_eq!(of_code("9807")[0].name(), "errSSLXCertChainInvalid");
    }
}
