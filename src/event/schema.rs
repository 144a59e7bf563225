//! The JSON Schema of the records, written by hand: it is the promise, and the tests hold the code to it.

use serde_json::Value;
use std::sync::LazyLock;

/// The schema as `tlscribe schema` prints it (JSON Schema, draft 2020-12).
pub const SCHEMA: &str = include_str!("schema.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// True where the schema knows the field of this dotted path (`server_certificate.key`, `alerts.name`) in a record of
/// any kind.
pub(super) fn has_field(path: &str) -> bool {
    PARSED["oneOf"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind_has_field(kind, path)))
}

fn kind_has_field(kind: &'static Value, path: &str) -> bool {
    let mut schema = kind;
    path.split('.').all(|name| match resolve(schema)["properties"].get(name) {
        Some(field) => {
            schema = field;
            true
        }
        None => false,
    })
}

/// The schema of the values themselves: references followed, lists looked into.
fn resolve(mut schema: &'static Value) -> &'static Value {
    loop {
        if let Some(definition) = schema["$ref"].as_str().and_then(|reference| PARSED.pointer(&reference[1..])) {
            schema = definition;
        } else if let Some(items) = schema.get("items") {
            schema = items;
        } else {
            return schema;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_through_references_and_lists() {
        for known in [
            "outcome",
            "client.ip",
            "server_certificate.not_after",
            "alerts.name",
            "timeline.frame",
            "capture.frames",
            "failure.cause",
            "failure.evidence.what",
            "first_handshake",
        ] {
            assert!(has_field(known), "{known}");
        }
        for unknown in ["", "client.nickname", "outcome.why", "alerts.0", "alerts.name.x"] {
            assert!(!has_field(unknown), "{unknown:?}");
        }
    }

    #[test]
    fn the_schema_is_a_schema() {
        assert!(jsonschema::meta::is_valid(&PARSED));
    }
}
