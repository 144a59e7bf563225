//! Events of the Open Cybersecurity Schema Framework.

use super::{ESTABLISHED, FAILED, all_events, definitions, events, is_golden};
use serde_json::Value;
use std::net::IpAddr;
use tlscribe::event::{Counts, Detail, Format, Observer, Rendering, StatsRecord};

#[test]
fn each_kind_of_record_is_what_the_files_say() {
    let parsed = |lines: Vec<String>| lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>();
    is_golden("ocsf", "established", &parsed(events("ocsf", &[], &[ESTABLISHED]))[0]);
    let failed = parsed(events("ocsf", &["--incidents"], &[FAILED]));
    is_golden("ocsf", "failed", &failed[0]);
    is_golden("ocsf", "incident", &failed[1]);
    is_golden("ocsf", "failed-brief", &parsed(events("ocsf", &["--detail", "brief"], &[FAILED]))[0]);
}

#[test]
fn stats_are_left_out() {
    let rendering = Rendering::new(Format::Ocsf, Detail::Brief, None).unwrap();
    let (counts, mut line) = (Counts::default(), Vec::new());
    let written = rendering.write_stats(&StatsRecord::new(&counts, Observer::new(None, None)), &mut line);
    assert_eq!(written, 0);
    assert!(line.is_empty());
}

#[test]
fn every_attribute_is_one_of_ocsf_and_none_that_is_required_is_missing() {
    let Some(definitions) = definitions("ocsf") else { return };
    let classes = definitions["classes"].as_object().unwrap();
    for event in all_events("ocsf") {
        assert_eq!(event["metadata"]["version"], definitions["version"]);
        let (name, class) = classes.iter().find(|(_, class)| class["uid"] == event["class_uid"]).unwrap();
        conforms(&definitions, class, &event, name);
    }
}

/// Holds an object to its definition: a class's or an object's.
fn conforms(definitions: &Value, definition: &Value, object: &Value, path: &str) {
    let (members, attributes) = (object.as_object().unwrap(), definition["attributes"].as_object().unwrap());
    // What belongs to a profile is only for events that name it, and ours name none.
    let own = |attribute: &&Value| attribute["profiles"].as_array().is_none_or(Vec::is_empty);
    for (name, value) in members {
        let path = format!("{path}.{name}");
        let attribute = attributes.get(name).filter(own).unwrap_or_else(|| panic!("OCSF has no {path}"));
        assert!(attribute.get("@deprecated").is_none(), "{path} is deprecated");
        let many = attribute["is_array"] == true;
        assert_eq!(value.is_array(), many, "{path}");
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            fits(definitions, attribute, value, &path);
        }
    }
    for (name, _) in attributes.iter().filter(|(_, attribute)| attribute["requirement"] == "required" && own(attribute))
    {
        assert!(members.contains_key(name), "{path}.{name} is required");
    }
    if let Some(names) = definition["constraints"]["at_least_one"].as_array() {
        assert!(names.iter().any(|name| members.contains_key(name.as_str().unwrap())), "{path} has none of {names:?}");
    }
}

fn fits(definitions: &Value, attribute: &Value, value: &Value, path: &str) {
    let text = value.as_str();
    let fits = match attribute["type"].as_str().unwrap() {
        // Its own place for what it does not define.
        "object_t" if attribute["object_type"] == "object" => value.is_object(),
        "object_t" => {
            let object = &definitions["objects"][attribute["object_type"].as_str().unwrap()];
            conforms(definitions, object, value, path);
            true
        }
        "string_t" | "file_hash_t" => text.is_some(),
        "ip_t" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        "integer_t" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "long_t" | "timestamp_t" => value.is_i64(),
        "port_t" => value.as_u64().is_some_and(|port| port <= 65535),
        "boolean_t" => value.is_boolean(),
        other => panic!("{path} is of type {other}"),
    };
    assert!(fits, "{path} is {value}");
    if let Some(known) = attribute["enum"].as_object() {
        assert!(known.contains_key(&value.to_string()), "{path} is {value}");
    }
}
