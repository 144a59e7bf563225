//! As whom a receiver is spoken to: one header, and the names of the options that it comes from, for messages.

use super::super::super::options::Options;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::HeaderValue;

/// What is shown instead of a secret.
const HIDDEN: &[u8] = b"(secret)";

/// A way to say who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Way {
    /// A user's name and password.
    Password,
    /// An API key of Elasticsearch's, as it shows it: `id:key`, or that in base64.
    ApiKey,
    /// A token behind this word.
    Token(&'static str),
}

impl Way {
    const fn options(self) -> &'static str {
        match self {
            Self::Password => "user and password_env or password_file",
            Self::ApiKey => "api_key_env or api_key_file",
            Self::Token(_) => "token_env or token_file",
        }
    }

    /// Takes the header's text out of the options.
    fn take(self, options: &mut Options) -> Result<Option<String>, String> {
        Ok(match self {
            Self::Password => match (options.text("user")?, options.secret("password")?) {
                (None, None) => None,
                (Some(user), Some(_)) if user.contains(':') => return Err("user: a name has no colon".into()),
                (Some(user), Some(password)) => {
                    Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal()))))
                }
                _ => return Err("user goes with password_env or password_file".into()),
            },
            Self::ApiKey => options.secret("api_key")?.map(|key| match key.reveal() {
                pair if pair.contains(':') => format!("ApiKey {}", STANDARD.encode(pair)),
                encoded => format!("ApiKey {encoded}"),
            }),
            Self::Token(word) => options.secret("token")?.map(|token| format!("{word} {}", token.reveal())),
        })
    }
}

/// The header that says who one is.
#[derive(Debug)]
pub(super) struct Credentials {
    ways: &'static [Way],
    /// Marked as a secret, which nothing shows.
    given: Option<(Way, HeaderValue)>,
}

impl Credentials {
    /// Takes them out of the options, in one of these ways.
    ///
    /// # Errors
    /// Two are given, half of one, or something that no header can hold.
    pub(super) fn take(ways: &'static [Way], options: &mut Options) -> Result<Self, String> {
        let mut given = None;
        for way in ways {
            let Some(text) = way.take(options)? else { continue };
            if given.is_some() {
                return Err(format!("credentials are given twice; it is either {}", names(ways)));
            }
            let value = HeaderValue::from_str(&text);
            let mut value = value.map_err(|_| format!("{}: a secret is one line of plain letters", way.options()))?;
            value.set_sensitive(true);
            given = Some((*way, value));
        }
        Ok(Self { ways, given })
    }

    pub(super) const fn are_given(&self) -> bool {
        self.given.is_some()
    }

    pub(super) fn header(&self) -> Option<&HeaderValue> {
        self.given.as_ref().map(|(_, value)| value)
    }

    /// Takes them out of what a receiver says, which may have them from our request: some show it in their error pages.
    pub(super) fn hide(&self, said: Vec<u8>) -> Vec<u8> {
        // Without the word in front.
        let text = self.given.as_ref().map(|(_, value)| value.as_bytes()).unwrap_or_default();
        let secret = text.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        if secret.len() < HIDDEN.len() {
            return said;
        }
        let (mut shown, mut rest) = (Vec::new(), said.as_slice());
        while let Some(at) = rest.windows(secret.len()).position(|part| part == secret) {
            let (before, found) = rest.split_at(at);
            shown.extend_from_slice(before);
            shown.extend_from_slice(HIDDEN);
            rest = found.get(secret.len()..).unwrap_or_default();
        }
        if shown.is_empty() {
            return said;
        }
        shown.extend_from_slice(rest);
        shown
    }

    /// What to say where the receiver refuses them.
    pub(super) fn refused(&self) -> String {
        match &self.given {
            Some((way, _)) => format!("it refuses the credentials of {}", way.options()),
            None => format!("it wants credentials: give {}", names(self.ways)),
        }
    }
}

fn names(ways: &[Way]) -> String {
    ways.iter().map(|way| way.options()).collect::<Vec<_>>().join(", or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(given: &[(&str, &str)], secret: &str) -> Result<Credentials, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, secret).expect("a file");
        let value = |value: &str| value.replace("FILE", file.to_str().expect("text"));
        let given = given.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        Credentials::take(&[Way::Password, Way::ApiKey, Way::Token("Bearer")], &mut Options::new(given))
    }

    #[test]
    fn each_way_has_its_header_which_is_not_shown() {
        for (given, secret, header) in [
            (&[("user", "me"), ("password_file", "FILE")][..], "hush", "Basic bWU6aHVzaA=="),
            (&[("api_key_file", "FILE")], "id:hush\n", "ApiKey aWQ6aHVzaA=="),
            (&[("api_key_file", "FILE")], "aWQ6aHVzaA==", "ApiKey aWQ6aHVzaA=="),
            (&[("token_file", "FILE")], "hush", "Bearer hush"),
        ] {
            let credentials = credentials(given, secret).expect("credentials");
            assert_eq!(credentials.header().expect("one"), header);
            assert!(!format!("{credentials:?}").contains("hush") && !format!("{credentials:?}").contains("aHVz"));
        }
    }

    #[test]
    fn a_receiver_that_says_the_secret_is_not_repeated() {
        let credentials = credentials(&[("token_file", "FILE")], "hush-hush-hush").expect("credentials");
        let hidden = |said: &str| String::from_utf8(credentials.hide(said.as_bytes().to_vec())).expect("text");
        assert_eq!(hidden("you sent Bearer hush-hush-hush, hush-hush-hush!"), "you sent Bearer (secret), (secret)!");
        assert_eq!(hidden("hush-hush"), "hush-hush");
    }

    #[test]
    fn mistakes_do_not_show_the_secret() {
        let mistake = |given: &[(&str, &str)], secret| credentials(given, secret).expect_err("a mistake");
        assert!(mistake(&[("user", "me")], "").contains("password_env"));
        assert!(mistake(&[("token_file", "FILE"), ("api_key_file", "FILE")], "x").contains("twice"));
        let shown = mistake(&[("token_file", "FILE")], "hush\u{7}hush");
        assert!(shown.contains("token_file") && !shown.contains("hush"), "{shown}");
    }
}
