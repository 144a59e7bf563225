//! Anybody who takes JSON by HTTP: a webhook. What it answers with a success it has.

use super::super::options::Options;
use super::super::parcel::Parcel;
use super::http::{Address, Client, Fit, Limit, Pending, Verdicts, Way, send_parts};
use super::{Receipt, Setback, Transport};
use crate::hex::hex;
use sha2::{Digest as _, Sha256};

/// How events stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// One a line.
    Lines,
    /// A JSON array of them.
    Array,
    /// One event.
    Single,
}

/// A webhook.
#[derive(Debug)]
pub(super) struct Webhook {
    client: Client,
    body: Body,
    content: String,
    limit: Limit,
    /// It has taken something: where it calls a request bad now, that is about the events in it.
    has_taken: bool,
}

impl Webhook {
    /// Takes what concerns it out of the options.
    ///
    /// # Errors
    /// A mistake of the user.
    pub(super) fn take(tls: bool, rest: &str, options: &mut Options) -> Result<Self, String> {
        let address = Address::read(tls, rest)?;
        let bodies = [("lines", Body::Lines), ("array", Body::Array), ("single", Body::Single)];
        let body = options.one_of("body", &bodies)?.unwrap_or(Body::Lines);
        let limit = if body == Body::Single { Limit::ONE } else { Limit::NONE };
        let usual = if body == Body::Lines { "application/x-ndjson" } else { "application/json" };
        let content = options.text("content_type")?.unwrap_or_else(|| usual.into());
        if content.is_empty() || content.contains(|letter: char| !(' '..='~').contains(&letter)) {
            return Err(format!("content_type={content}: it is a media type, as in application/json"));
        }
        let client = Client::take(address, &[Way::Token("Bearer"), Way::Password], false, options)?;
        Ok(Self { client, body, content, limit, has_taken: false })
    }

    /// Sends some events in one request.
    fn send(&mut self, events: &[Pending<'_>], verdicts: &mut Verdicts) -> Result<Fit, Setback> {
        write(self.body, events, &mut self.client.body);
        let answer = self.client.post("", &self.content, &[("Idempotency-Key", &key(events))])?;
        match answer.status {
            200..=299 => {
                self.has_taken = true;
                verdicts.take_all(events);
                Ok(Fit::Answered)
            }
            413 => Ok(Fit::TooLarge(self.client.setback(&answer).what)),
            400 | 422 if self.has_taken => Ok(Fit::Wrong(self.client.setback(&answer).what)),
            _ => Err(self.client.setback(&answer)),
        }
    }
}

impl Transport for Webhook {
    fn contact(&mut self) -> Result<String, Setback> {
        // Whatever it says to that, it is there.
        let answer = self.client.ask("OPTIONS", "")?;
        Ok(format!("a server that answers with HTTP {}", answer.status))
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        let mut limit = self.limit;
        let sent = send_parts(parcel, &mut limit, |events, verdicts| self.send(events, verdicts));
        self.limit = limit;
        sent.map(|()| Receipt::Acknowledged)
    }

    fn wants_json(&self) -> bool {
        self.body == Body::Array
    }
}

/// Writes the body of a request.
fn write(body: Body, events: &[Pending<'_>], out: &mut Vec<u8>) {
    let (begin, between, end) = match body {
        Body::Lines => ("", "\n", "\n"),
        Body::Array => ("[", ",\n", "]\n"),
        Body::Single => ("", "", "\n"),
    };
    out.clear();
    out.extend_from_slice(begin.as_bytes());
    for (at, (_, event)) in events.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(between.as_bytes());
        }
        out.extend_from_slice(event.line);
    }
    out.extend_from_slice(end.as_bytes());
}

/// The same for the same events, in however many attempts: of one event its id, of several a hash of theirs.
fn key(events: &[Pending<'_>]) -> String {
    match events {
        [(_, event)] => event.mark.id.clone(),
        events => {
            let mut digest = Sha256::new();
            for (_, event) in events {
                digest.update(&event.mark.id);
                digest.update("\n");
            }
            hex(digest.finalize().get(..16).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_in_a_request_as_was_asked() {
        let parcel = Parcel::of_lines(&["{1}", "{2}"]);
        let events: Vec<_> = parcel.pending().collect();
        let written = |body, events: &[Pending<'_>]| {
            let mut out = b"old".to_vec();
            write(body, events, &mut out);
            String::from_utf8(out).expect("text")
        };
        assert_eq!(written(Body::Lines, &events), "{1}\n{2}\n");
        assert_eq!(written(Body::Array, &events), "[{1},\n{2}]\n");
        assert_eq!(written(Body::Single, &events[..1]), "{1}\n");
    }

    #[test]
    fn the_same_events_have_the_same_key() {
        let [one, other] = [&["a", "b"][..], &["c", "d"]].map(Parcel::of_lines);
        let [one, other] = [&one, &other].map(|parcel| parcel.pending().collect::<Vec<_>>());
        assert_eq!(key(&one), key(&other), "they have the same ids");
        assert_ne!(key(&one), key(&one[..1]));
        assert_eq!(key(&one[1..]), "id-1");
    }

    #[test]
    fn mistakes_are_told() {
        let mistake = |given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Webhook::take(false, "//host/hook", &mut Options::new(given)).map(|_| ()).expect_err("a mistake")
        };
        assert!(mistake(&[("body", "xml")]).contains("lines, array, single"));
        assert!(mistake(&[("content_type", "a\r\nb")]).contains("media type"));
        assert!(mistake(&[("token", "hush")]).contains("token_env"));
    }
}
