//! Documents of the Elastic Common Schema.

use super::{ESTABLISHED, FAILED, all_events, definitions, events, is_golden};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use tlscribe::event::{Counts, Detail, Format, Observer, OutcomeName, Rendering, SinkCounts, StatsRecord};
use tlscribe::handshake::Outcome;
use tlscribe::time::Timestamp;

#[test]
fn each_kind_of_record_is_what_the_files_say() {
    let parsed = |lines: Vec<String>| lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>();
    is_golden("ecs", "established", &parsed(events("ecs", &[], &[ESTABLISHED]))[0]);
    let failed = parsed(events("ecs", &["--incidents"], &[FAILED]));
    is_golden("ecs", "failed", &failed[0]);
    is_golden("ecs", "incident", &failed[1]);
    is_golden("ecs", "failed-brief", &parsed(events("ecs", &["--detail", "brief"], &[FAILED]))[0]);
    is_golden("ecs", "stats", &stats());
}

/// A stats record without its id, which is another one in each run.
fn stats() -> Value {
    let counts = Counts {
        begin: Timestamp::from_micros(1_772_359_200_000_000),
        end: Timestamp::from_micros(1_772_359_260_000_000),
        kernel_drops: 5,
        outcomes: vec![(OutcomeName(Outcome::Established), 7), (OutcomeName(Outcome::Failed), 1)],
        sinks: vec![SinkCounts {
            name: "events.jsonl".into(),
            queued: 1,
            written: 6,
            lost: 1,
            ..SinkCounts::default()
        }],
        memory: Some(20 << 20),
        ..Counts::default()
    };
    let rendering = Rendering::new(Format::Ecs, Detail::Brief, None).unwrap();
    let mut line = Vec::new();
    let written = rendering.write_stats(&StatsRecord::new(&counts, Observer::new(None, Some("eth1"))), &mut line);
    assert_eq!(written, 1);
    let mut stats: Value = serde_json::from_slice(&line).unwrap();
    let id = stats["event"].as_object_mut().unwrap().shift_remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 32);
    stats
}

/// Elasticsearch takes a field's type from the first document that has it, and refuses a document where it is another.
#[test]
fn no_field_is_of_two_types() {
    let mut kinds: BTreeMap<String, &'static str> = BTreeMap::new();
    for document in all_events("ecs").iter().chain([&stats()]) {
        each_leaf(document, "", &mut |path, value| {
            let kind = match value {
                Value::Bool(_) => "a boolean",
                Value::Number(number) if number.is_f64() => "a float",
                Value::Number(_) => "an integer",
                Value::String(_) => "text",
                Value::Object(_) => "an object",
                Value::Null | Value::Array(_) => panic!("{path} is {value}"),
            };
            let known = kinds.entry(path.to_owned()).or_insert(kind);
            assert_eq!(*known, kind, "{path}");
        });
    }
}

/// Shows every value, objects too, with its dotted path; items of a list have the list's.
fn each_leaf<'a>(value: &'a Value, path: &str, look: &mut impl FnMut(&str, &'a Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each_leaf(item, path, look)),
        Value::Object(members) => {
            if !path.is_empty() {
                look(path, value);
            }
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                each_leaf(member, &path, look);
            }
        }
        leaf => look(path, leaf),
    }
}

#[test]
fn every_field_is_one_of_ecs_and_of_its_type() {
    let Some(definitions) = definitions("ecs") else { return };
    let fields = definitions["fields"].as_object().unwrap();
    let events = all_events("ecs");
    for document in events.iter().chain([&stats()]) {
        assert_eq!(document["ecs"]["version"], definitions["version"]);
        each_field(document, "", &mut |path, value| has_its_type(fields, path, value));
        of_its_category(fields, &document["event"]);
    }
}

/// Shows every value that is no object with its dotted path, except what is our own.
fn each_field<'a>(value: &'a Value, path: &str, look: &mut impl FnMut(&str, &'a Value)) {
    let Value::Object(members) = value else { return look(path, value) };
    for (name, member) in members.iter().filter(|(name, _)| *name != "tlscribe") {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        each_field(member, &path, look);
    }
}

fn has_its_type(fields: &Map<String, Value>, path: &str, value: &Value) {
    let field = fields.get(path).unwrap_or_else(|| panic!("ECS has no field {path}"));
    let many = field["normalize"].as_array().is_some_and(|rules| rules.contains(&"array".into()));
    let values = match value {
        Value::Array(items) if many => items.as_slice(),
        one if !many => std::slice::from_ref(one),
        _ => panic!("{path} is a list: {value}"),
    };
    for value in values {
        let text = value.as_str();
        let fits = match field["type"].as_str().unwrap() {
            "keyword" | "match_only_text" => text.is_some(),
            "ip" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
            "date" => text.is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
            "long" => value.is_i64(),
            "boolean" => value.is_boolean(),
            other => panic!("{path} is of type {other}"),
        };
        assert!(fits, "{path} is {value}");
        assert!(allowed(field, value), "{path} is {value}");
    }
}

/// One of the values that ECS allows, where it names them.
fn allowed(field: &Value, value: &Value) -> bool {
    field["allowed_values"].as_array().is_none_or(|values| values.iter().any(|known| known["name"] == *value))
}

/// The types that ECS expects in a category.
fn of_its_category(fields: &Map<String, Value>, event: &Value) {
    let categories = fields["event.category"]["allowed_values"].as_array().unwrap();
    for category in event["category"].as_array().into_iter().flatten() {
        let known = categories.iter().find(|known| known["name"] == *category).unwrap();
        let expected = known["expected_event_types"].as_array().unwrap();
        assert!(event["type"].as_array().unwrap().iter().all(|kind| expected.contains(kind)), "{event}");
    }
}
