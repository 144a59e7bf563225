//! Small databases in MaxMind's format, made on the spot: a tree of address bits, the data, and what describes the file
//! (the MaxMind DB file format, version 2.0).

use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// What stands before the metadata.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Between the tree and the data.
const SEPARATOR: [u8; 16] = [0; 16];

/// What a bit of an address leads to.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// A database of IPv4 with an entry for each of these ranges, none in another.
pub(crate) fn database(kind: &str, ranges: &[(&str, Value)]) -> Vec<u8> {
    let mut nodes = vec![[Record::Nothing; 2]];
    let mut data = Vec::new();
    for (range, value) in ranges {
        let (address, length) = range.split_once('/').unwrap();
        let (address, length) = (address.parse::<Ipv4Addr>().unwrap().to_bits(), length.parse::<u32>().unwrap());
        let mut node = 0;
        for depth in 0..length {
            let bit = (address >> (31 - depth) & 1) as usize;
            if depth == length - 1 {
                nodes[node][bit] = Record::Data(data.len());
            } else if let Record::Node(next) = nodes[node][bit] {
                node = next;
            } else {
                nodes.push([Record::Nothing; 2]);
                nodes[node][bit] = Record::Node(nodes.len() - 1);
                node = nodes.len() - 1;
            }
        }
        put(value, &mut data);
    }
    let number = |record: &Record| match *record {
        Record::Nothing => nodes.len(),
        Record::Node(node) => node,
        Record::Data(at) => nodes.len() + SEPARATOR.len() + at,
    };
    let tree = nodes.iter().flatten().flat_map(|record| u32::try_from(number(record)).unwrap().to_be_bytes());
    let mut file: Vec<u8> = tree.chain(SEPARATOR).chain(data).chain(MARKER.iter().copied()).collect();
    let metadata = json!({
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_772_359_200,
        "database_type": kind, "description": {}, "ip_version": 4, "languages": ["en"],
        "node_count": nodes.len(), "record_size": 32,
    });
    put(&metadata, &mut file);
    file
}

/// The type of a number, and its bytes.
fn number_type(key: &str) -> (u8, usize) {
    match key {
        "build_epoch" => (9, 8),
        "node_count" | "autonomous_system_number" => (6, 4),
        _ => (5, 2),
    }
}

/// Appends a value: three bits of its type, five of its size.
fn put(value: &Value, out: &mut Vec<u8>) {
    let control = |kind: u8, size: usize, out: &mut Vec<u8>| {
        // Types from 8 on stand in a byte of their own, sizes from 29 on too.
        let small = u8::try_from(size.min(29)).unwrap();
        out.push(if kind < 8 { kind << 5 | small } else { small });
        out.extend((kind >= 8).then(|| kind - 7));
        out.extend((small == 29).then(|| u8::try_from(size - 29).unwrap()));
    };
    match value {
        Value::String(text) => {
            control(2, text.len(), out);
            out.extend(text.bytes());
        }
        Value::Object(members) => {
            control(7, members.len(), out);
            for (key, value) in members {
                put(&Value::String(key.clone()), out);
                match value.as_u64() {
                    Some(number) => {
                        let (kind, bytes) = number_type(key);
                        control(kind, bytes, out);
                        out.extend(&number.to_be_bytes()[8 - bytes..]);
                    }
                    None => put(value, out),
                }
            }
        }
        Value::Array(items) => {
            control(11, items.len(), out);
            items.iter().for_each(|item| put(item, out));
        }
        other => panic!("{other} has no place in a database"),
    }
}
