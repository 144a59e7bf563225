//! `--fields a,b.c`: the parts of an event that are wanted, in the order they were named.
//!
//! Paths go by the names of the event's schema, which also tells a misspelt one before anything is read. A path through
//! a list (`alerts.name`) takes that part of each of its items.

use super::json;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use std::io::Write as _;
use std::str::FromStr;

/// At most this many fields can be asked for.
pub const MAX_FIELDS: usize = 256;

/// The wanted fields: what was written, and the same as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    paths: Vec<String>,
    tree: Tree,
}

/// Names at one level of an event, each wanted whole (an empty tree) or in part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tree(Vec<(String, Tree)>);

impl Tree {
    fn insert(&mut self, path: &str) {
        let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
        match (self.0.iter_mut().find(|(known, _)| known == name), rest) {
            (Some((_, part)), None) => part.0.clear(),
            (Some((_, part)), Some(rest)) if !part.0.is_empty() => part.insert(rest),
            (Some(_), Some(_)) => {}
            (None, rest) => {
                let mut part = Self::default();
                if let Some(rest) = rest {
                    part.insert(rest);
                }
                self.0.push((name.to_owned(), part));
            }
        }
    }
}

impl FromStr for Fields {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let paths: Vec<String> = text.split(',').map(|path| path.trim().to_owned()).collect();
        if paths.len() > MAX_FIELDS {
            return Err(format!("more than {MAX_FIELDS} fields"));
        }
        let mut tree = Tree::default();
        for path in &paths {
            if !super::schema::has_field(path) {
                return Err(format!("events have no field `{path}`; `tlscribe schema` lists them"));
            }
            tree.insert(path);
        }
        Ok(Self { paths, tree })
    }
}

impl Fields {
    /// The paths as they were written, in order.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// An event with no other members than those of which something is wanted.
    ///
    /// # Errors
    /// As [`json::write`] has them.
    pub(super) fn read(&self, record: &impl Serialize) -> serde_json::Result<Value> {
        let names: Vec<&str> = self.tree.0.iter().map(|(name, _)| name.as_str()).collect();
        let mut text = Vec::new();
        json::write_members(record, &names, &mut text)?;
        serde_json::from_slice(&text)
    }

    /// The wanted part of an event, ready to be written as JSON.
    pub(super) fn of<'a>(&'a self, event: &'a Value) -> impl Serialize + 'a {
        Part { value: event, wanted: &self.tree }
    }

    /// Appends the wanted fields of an event as tab-separated cells.
    ///
    /// A field that is absent is an empty cell, a list is joined with commas, an object is its JSON.
    /// Tab, newline, carriage return and backslash are written `\t`, `\n`, `\r` and `\\`.
    pub(super) fn tsv(&self, event: &Value, line: &mut Vec<u8>) {
        for (index, path) in self.paths.iter().enumerate() {
            if index > 0 {
                line.push(b'\t');
            }
            let mut leaves = Vec::new();
            collect(event, path, &mut leaves);
            for (index, leaf) in leaves.into_iter().enumerate() {
                if index > 0 {
                    line.push(b',');
                }
                cell(leaf, line);
            }
        }
    }
}

/// What a path leads to; through a list it leads to several values.
fn collect<'a>(value: &'a Value, path: &str, leaves: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, leaves)),
        Value::Object(members) if !path.is_empty() => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(name) {
                collect(member, rest, leaves);
            }
        }
        leaf => leaves.push(leaf),
    }
}

fn cell(value: &Value, line: &mut Vec<u8>) {
    let Value::String(text) = value else {
        // Writing to memory cannot fail, and JSON escapes what would break a line.
        let _ = write!(line, "{value}");
        return;
    };
    for character in text.chars() {
        match character {
            '\t' => line.extend(b"\\t"),
            '\n' => line.extend(b"\\n"),
            '\r' => line.extend(b"\\r"),
            '\\' => line.extend(b"\\\\"),
            other => line.extend(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// A value and which part of it to write.
struct Part<'a> {
    value: &'a Value,
    wanted: &'a Tree,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) if !self.wanted.0.is_empty() => {
                let mut map = serializer.serialize_map(None)?;
                for (name, wanted) in &self.wanted.0 {
                    if let Some(value) = members.get(name) {
                        map.serialize_entry(name, &Part { value, wanted })?;
                    }
                }
                map.end()
            }
            Value::Array(items) if !self.wanted.0.is_empty() => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    seq.serialize_element(&Part { value, wanted: self.wanted })?;
                }
                seq.end()
            }
            whole => whole.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "outcome": "failed", "client": { "ip": "10.0.0.1", "port": 50122 }, "server": { "ip": "10.0.0.2", "port": 443 },
            "sni": "a\tb\\c", "vlan": [7, 8],
            "alerts": [ { "name": "close_notify", "code": 0 }, { "name": "bad_record_mac", "code": 20 } ]
        })
    }

    fn native(fields: &str) -> String {
        let fields: Fields = fields.parse().expect("known fields");
        serde_json::to_string(&fields.of(&event())).expect("it serializes")
    }

    fn tsv(fields: &str) -> String {
        let fields: Fields = fields.parse().expect("known fields");
        let mut line = Vec::new();
        fields.tsv(&event(), &mut line);
        String::from_utf8(line).expect("it is text")
    }

    #[test]
    fn json_has_only_what_was_asked_for_in_that_order() {
        assert_eq!(native("server.port,outcome"), r#"{"server":{"port":443},"outcome":"failed"}"#);
        assert_eq!(native("client.port, client.ip"), r#"{"client":{"port":50122,"ip":"10.0.0.1"}}"#);
        assert_eq!(native("client,client.ip"), r#"{"client":{"ip":"10.0.0.1","port":50122}}"#);
        assert_eq!(native("client.ip,client"), r#"{"client":{"ip":"10.0.0.1","port":50122}}"#);
        assert_eq!(native("vlan"), r#"{"vlan":[7,8]}"#);
        assert_eq!(native("alerts.code"), r#"{"alerts":[{"code":0},{"code":20}]}"#);
    }

    #[test]
    fn what_is_absent_stays_absent() {
        assert_eq!(native("alpn,outcome"), r#"{"outcome":"failed"}"#);
        assert_eq!(tsv("alpn,outcome,close.by"), "\tfailed\t");
    }

    #[test]
    fn a_cell_cannot_break_its_line() {
        assert_eq!(tsv("sni,client.port"), "a\\tb\\\\c\t50122");
        assert_eq!(tsv("alerts.name,vlan"), "close_notify,bad_record_mac\t7,8");
        assert_eq!(tsv("server"), "{\"ip\":\"10.0.0.2\",\"port\":443}");
    }

    #[test]
    fn a_misspelt_field_is_told() {
        for wrong in ["clinet.ip", "client.ipp", "", "outcome.x", "client.", "outcome,,sni"] {
            assert!(wrong.parse::<Fields>().is_err(), "{wrong:?}");
        }
        assert!("client_hello.cipher_suites,server_certificate.key,capture.missing".parse::<Fields>().is_ok());
    }
}
