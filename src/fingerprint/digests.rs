//! Digests of texts hashed before. Most hellos are those of a few programs, and their fingerprints are the same few.

use crate::flow::hasher;
use ahash::RandomState;
use std::collections::HashMap;

/// At most so many texts are remembered; then it begins again.
const MAX_TEXTS: usize = 1024;
/// A longer text is hashed each time.
const MAX_TEXT: usize = 1024;

/// The digests of one kind, by what they are of: to look one up takes half of the time that hashing takes.
#[derive(Debug)]
pub(super) struct Digests(HashMap<Box<[u8]>, Box<str>, RandomState>);

impl Digests {
    /// The seed changes no digest: it makes the table hard to fill on purpose.
    pub(super) fn new(seed: u64) -> Self {
        Self(HashMap::with_hasher(hasher(seed)))
    }

    /// Appends the digest of a text to `out`, hashed now or before.
    pub(super) fn push(&mut self, text: &[u8], hash: impl FnOnce(&[u8]) -> String, out: &mut String) {
        if let Some(digest) = self.0.get(text) {
            return out.push_str(digest);
        }
        let digest = hash(text);
        out.push_str(&digest);
        if text.len() <= MAX_TEXT {
            if self.0.len() >= MAX_TEXTS {
                self.0.clear();
            }
            self.0.insert(text.into(), digest.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_hashed_once_and_the_table_never_grows_beyond_its_bound() {
        let mut digests = Digests::new(0);
        let mut push = |text: &[u8], hash: &str| {
            let mut out = ">".to_owned();
            digests.push(text, |_| hash.to_owned(), &mut out);
            assert!(digests.0.len() <= MAX_TEXTS);
            out
        };
        assert_eq!(push(b"a", "first"), ">first");
        assert_eq!(push(b"a", "second"), ">first");
        assert_eq!(push(&[0; MAX_TEXT + 1], "first"), ">first");
        assert_eq!(push(&[0; MAX_TEXT + 1], "second"), ">second", "too long to be kept");
        (0..MAX_TEXTS).for_each(|number| _ = push(&number.to_be_bytes(), "x"));
        assert_eq!(push(b"a", "second"), ">second", "forgotten");
    }
}
