//! Elasticsearch and OpenSearch, by their bulk interface: each event is a document under the event's id, so that one which is
//! sent again is not there twice. Events go to a data stream or to an index.
//!
//! A bulk is answered for document by document. What was not taken for now is sent again, and if that does not help, each
//! document by itself: one that makes its server stumble then holds no other.

use super::super::options::Options;
use super::super::parcel::Parcel;
use super::http::{Address, Answer, Client, Fit, Limit, Pending, Verdicts, Way, excerpt, send_parts};
use super::{Receipt, Setback, Transport};
use serde::Deserialize;
use serde_json::Value;

/// Where events go that are to go nowhere in particular. In Elasticsearch, `logs-*-*` is a data stream without further ado.
const NAME: &str = "logs-tlscribe-default";
/// Of an answer we read no more than this.
const FILTER: &str = "filter_path=errors,items.*.status,items.*.error";
/// Where all is well that is said so near the beginning of an answer, before what is said of each document.
const HEAD: usize = 128;
/// Documents are sent by themselves until so many in a row were not taken: those behind them would not be, either.
const MISSES: usize = 8;
/// A document that makes its server fail is given up after it was sent by itself so often.
const TRIES: u32 = 10;

/// A search engine.
#[derive(Debug)]
pub(super) struct Elastic {
    product: &'static str,
    client: Client,
    /// Of the bulk interface, with its query.
    path: String,
    limit: Limit,
    /// How often in a row documents of this parcel were not taken that may be taken later.
    rounds: u32,
}

impl Elastic {
    /// Takes what concerns it out of the options.
    ///
    /// # Errors
    /// A mistake of the user.
    pub(super) fn take(product: &'static str, tls: bool, rest: &str, options: &mut Options) -> Result<Self, String> {
        let mut address = Address::read(tls, rest)?;
        let name = address.take_name().unwrap_or_else(|| NAME.to_owned());
        let pipeline = options.text("pipeline")?;
        plain("a data stream or index", &name)?;
        pipeline.iter().try_for_each(|pipeline| plain("a pipeline", pipeline))?;
        let pipeline = pipeline.map_or(String::new(), |pipeline| format!("&pipeline={pipeline}"));
        let ways: &[Way] = if product == "Elasticsearch" { &[Way::ApiKey, Way::Password] } else { &[Way::Password] };
        let client = Client::take(address, ways, true, options)?;
        Ok(Self { product, client, path: format!("/{name}/_bulk?{FILTER}{pipeline}"), limit: Limit::NONE, rounds: 0 })
    }

    /// Documents are sent each by itself now.
    const fn by_itself(&self) -> bool {
        self.rounds > 1
    }

    /// Sends some events in one request.
    fn bulk(&mut self, events: &[Pending<'_>], verdicts: &mut Verdicts, refused: &mut Refused) -> Result<Fit, Setback> {
        let body = &mut self.client.body;
        body.clear();
        for (_, event) in events {
            body.extend_from_slice(br#"{"create":{"_id":"#);
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut *body, &event.mark.id);
            body.extend_from_slice(b"}}\n");
            body.extend_from_slice(event.line);
            body.push(b'\n');
        }
        let answer = self.client.post(&self.path, "application/x-ndjson", &[])?;
        match answer.status {
            413 => return Ok(Fit::TooLarge(self.client.setback(&answer).what)),
            _ if !answer.is_success() => return Err(self.client.setback(&answer)),
            _ if all_is_well(&answer.body) => verdicts.take_all(events),
            _ => self.judge(events, &answer, verdicts, refused)?,
        }
        Ok(Fit::Answered)
    }

    /// Reads what is said of each document.
    fn judge(
        &self,
        events: &[Pending<'_>],
        answer: &Answer,
        verdicts: &mut Verdicts,
        refused: &mut Refused,
    ) -> Result<(), Setback> {
        let Some(said) = read(&answer.body, events.len()) else {
            let said = excerpt(&answer.body);
            return Err(Setback::new(format!("answers, but not as {} does (it says: {said})", self.product)));
        };
        for ((place, _), said) in events.iter().zip(said) {
            match said {
                Said::Taken => {
                    verdicts.take(*place);
                    refused.in_a_row = 0;
                }
                Said::Never(reason) => verdicts.reject(*place, reason),
                Said::Fails(reason) if self.rounds > TRIES => verdicts.reject(*place, reason),
                Said::Fails(reason) | Said::Later(reason) => refused.add(reason),
            }
        }
        match &refused.first {
            Some(reason) if self.by_itself() && refused.in_a_row >= MISSES => Err(Setback::new(reason)),
            _ => Ok(()),
        }
    }
}

impl Transport for Elastic {
    fn contact(&mut self) -> Result<String, Setback> {
        let answer = self.client.get("/")?;
        let may_not_ask = answer.status == 403 && excerpt(&answer.body).contains("cluster:monitor/main");
        if matches!(answer.status, 401 | 403 | 407) && !may_not_ask {
            return Err(self.client.setback(&answer));
        }
        Ok(product(&answer.body).unwrap_or_else(|| format!("{}, which does not tell its version", self.product)))
    }

    fn deliver(&mut self, parcel: &mut Parcel) -> Result<Receipt, Setback> {
        let by_itself = self.by_itself();
        let mut limit = if by_itself { Limit::ONE } else { self.limit };
        let (mut refused, events) = (Refused::default(), parcel.len());
        let sent = send_parts(parcel, &mut limit, |events, verdicts| self.bulk(events, verdicts, &mut refused));
        if !by_itself {
            self.limit = limit;
        }
        sent?;
        match refused.first {
            None => {
                self.rounds = 0;
                Ok(Receipt::Acknowledged)
            }
            Some(reason) => {
                self.rounds += 1;
                Err(Setback::new(format!("{} of {events} events were not taken: {reason}", refused.count)))
            }
        }
    }

    fn wants_json(&self) -> bool {
        true
    }
}

/// Documents that may be taken later.
#[derive(Debug, Default)]
struct Refused {
    count: usize,
    in_a_row: usize,
    /// Why the first of them was not.
    first: Option<String>,
}

impl Refused {
    fn add(&mut self, reason: String) {
        self.count += 1;
        self.in_a_row += 1;
        self.first.get_or_insert(reason);
    }
}

/// What is said of a document.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// It is there, perhaps since it was sent before.
    Taken,
    /// It will never be taken.
    Never(String),
    /// It makes its server fail.
    Fails(String),
    /// It may be taken once there is less to do, or something has changed.
    Later(String),
}

/// The answer to a bulk.
#[derive(Deserialize)]
struct Bulk {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Document,
}

#[derive(Deserialize)]
struct Document {
    status: u16,
    #[serde(default)]
    error: Value,
}

/// Whether an answer says that every document was taken. Not to read what it says of each saves as much as writing them cost.
fn all_is_well(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(body.get(..HEAD).unwrap_or(body));
    let head = head.split("\"items\"").next().unwrap_or_default();
    head.starts_with('{') && head.replace(' ', "").contains("\"errors\":false")
}

/// What an answer says of so many documents; nothing where it is no such answer.
fn read(body: &[u8], count: usize) -> Option<Vec<Said>> {
    let Bulk { items } = serde_json::from_slice(body).ok()?;
    (items.len() == count).then(|| items.into_iter().map(|item| said(&item.create)).collect())
}

fn said(document: &Document) -> Said {
    let Document { status, error } = document;
    let reason = || {
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let cause = error.pointer("/caused_by/reason").and_then(Value::as_str).map(|cause| format!(" ({cause})"));
        let told = format!("{}: {}{}", text("type"), text("reason"), cause.unwrap_or_default());
        format!("HTTP {status}: {}", excerpt(told.as_bytes()))
    };
    match status {
        // A conflict means that there is a document of this id already: the event, sent before.
        200..=299 | 409 => Said::Taken,
        400 if !concerns_all(error) => Said::Never(reason()),
        413 => Said::Never(reason()),
        500 => Said::Fails(reason()),
        _ => Said::Later(reason()),
    }
}

/// Some things that are wrong there, and not with the document, are called bad requests nevertheless.
fn concerns_all(error: &Value) -> bool {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    text("type") == "index_closed_exception" || text("reason").starts_with("pipeline with id")
}

/// What a search engine says that it is.
fn product(body: &[u8]) -> Option<String> {
    let about: Value = serde_json::from_slice(body).ok()?;
    let version = about.pointer("/version/number")?.as_str()?;
    let name = match about.pointer("/version/distribution").and_then(Value::as_str) {
        Some("opensearch") => "OpenSearch",
        _ => "Elasticsearch",
    };
    Some(format!("{name} {}", excerpt(version.as_bytes())))
}

/// A name that can stand in a path as it is.
fn plain(what: &str, name: &str) -> Result<(), String> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter);
    if name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '.') && name.chars().all(letter) {
        return Ok(());
    }
    Err(format!("{name} is no name of {what}: it has small letters, digits, dots, - and _"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(status: u16, error: &str) -> Said {
        let body = format!(r#"{{"errors":true,"items":[{{"create":{{"status":{status},"error":{error}}}}}]}}"#);
        read(body.as_bytes(), 1).expect("an answer").remove(0)
    }

    #[test]
    fn each_document_has_its_answer() {
        let body = br#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
            {"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"[1:2] failed","caused_by":{"type":"x","reason":"For\ninput"}}}}]}"#;
        let reason = "HTTP 400: document_parsing_exception: [1:2] failed (For input)".to_owned();
        assert_eq!(read(body, 3), Some(vec![Said::Taken, Said::Taken, Said::Never(reason)]));
        assert!(matches!(one(429, r#"{"type":"es_rejected_execution_exception"}"#), Said::Later(_)));
        assert!(matches!(one(500, "\"it failed\""), Said::Fails(_)));
        for status in [401, 403, 404, 502, 503, 504] {
            assert!(matches!(one(status, "null"), Said::Later(_)), "{status}");
        }
    }

    #[test]
    fn where_all_is_well_no_more_is_read() {
        for well in [r#"{"errors":false,"items":["#, r#"{"took":30,"errors":false}"#, r#"{ "errors" : false }"#] {
            assert!(all_is_well(well.as_bytes()), "{well}");
        }
        for not in [
            r#"{"errors":true,"items":[{"a":{"errors":false}}]}"#,
            r#"{"items":[{"errors":false}]}"#,
            "",
            "\"errors\":false",
        ] {
            assert!(!all_is_well(not.as_bytes()), "{not}");
        }
    }

    #[test]
    fn a_document_that_makes_its_server_fail_is_given_up_in_the_end() {
        let none = || Options::new(Vec::new());
        let mut elastic = Elastic::take("Elasticsearch", false, "//host", &mut none()).expect("a sink");
        let body = br#"{"errors":true,"items":[{"create":{"status":500,"error":{"type":"x"}}}]}"#;
        let answer = Answer::new(200, &ureq::http::HeaderMap::new(), body.to_vec());
        let mut judged = |rounds| {
            let mut parcel = Parcel::of_lines(&["{}"]);
            elastic.rounds = rounds;
            let mut refused = Refused::default();
            let sent = send_parts(&mut parcel, &mut elastic.limit.clone(), |events, verdicts| {
                elastic.judge(events, &answer, verdicts, &mut refused).map(|()| Fit::Answered)
            });
            sent.map(|()| (parcel.rejected().0, refused.count))
        };
        assert_eq!(judged(TRIES), Ok((0, 1)));
        assert_eq!(judged(TRIES + 1), Ok((1, 0)));
    }

    #[test]
    fn what_is_wrong_there_is_not_blamed_on_the_document() {
        assert!(matches!(one(400, r#"{"type":"index_closed_exception","reason":"closed"}"#), Said::Later(_)));
        let pipeline = r#"{"type":"illegal_argument_exception","reason":"pipeline with id [x] does not exist"}"#;
        assert!(matches!(one(400, pipeline), Said::Later(_)));
    }

    #[test]
    fn an_answer_of_another_kind_is_none() {
        let good = br#"{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{}}}]}"#;
        assert!(read(good, 2).is_some() && read(good, 1).is_none() && read(good, 3).is_none());
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut], 2), None, "{cut}");
        }
        for bad in ["", "<html>", "null", "[]", r#"{"items":{}}"#, r#"{"items":[{"create":{"status":"201"}},1]}"#] {
            assert_eq!(read(bad.as_bytes(), 2), None, "{bad}");
        }
        assert_eq!(read("[".repeat(100_000).as_bytes(), 2), None);
    }

    #[test]
    fn it_says_what_it_is() {
        let elastic = br#"{"name":"n","version":{"number":"8.15.0"},"tagline":"You Know, for Search"}"#;
        assert_eq!(product(elastic).as_deref(), Some("Elasticsearch 8.15.0"));
        let open = br#"{"version":{"distribution":"opensearch","number":"2.17.1"}}"#;
        assert_eq!(product(open).as_deref(), Some("OpenSearch 2.17.1"));
        assert_eq!(product(b"<html>"), None);
    }

    #[test]
    fn names_and_options_are_checked() {
        let take = |rest: &str, given: &[(&str, &str)]| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Elastic::take("Elasticsearch", false, rest, &mut Options::new(given)).map(|elastic| elastic.path)
        };
        let path = |name: &str| Ok(format!("/{name}/_bulk?{FILTER}"));
        assert_eq!(take("//host", &[]), path(NAME));
        assert_eq!(take("//host/es/", &[]), path(NAME));
        assert_eq!(
            take("//host/es/tls-events", &[("pipeline", "geo")]),
            path("tls-events").map(|path| path + "&pipeline=geo")
        );
        for (rest, given) in [("//host/TLS", &[][..]), ("//host/_bulk", &[]), ("//host/a", &[("pipeline", "a b")])] {
            assert!(take(rest, given).is_err(), "{rest}");
        }
    }
}
