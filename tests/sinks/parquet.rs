//! Parquet files: read back with the library, and queried as users do, with DuckDB.

use super::traffic::captured;
use crate::support::{files_below, name, root, say, tlscribe};
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// What a run has told as lines and as Parquet files at the same time. Its handshakes span more hours than files are open.
struct Told {
    folder: TempDir,
    events: Vec<Value>,
}

impl Told {
    fn new(options: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let families = ["outcomes", "failures-server-certificate", "failures-client-certificate", "alpn"];
        let capture = folder.path().join("a.pcap");
        std::fs::write(&capture, captured(&families, 300, Duration::from_secs(150))).unwrap();
        let parquet = format!("parquet:{}?{options}", folder.path().join("parquet").display());
        let words = ["read", "-q", "--incidents", "-o", "-", "-o", &parquet, capture.to_str().unwrap()];
        let run = tlscribe(words);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let events = std::str::from_utf8(&run.stdout).unwrap().lines();
        let events: Vec<Value> = events.map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(events.len() > 300, "{}", events.len());
        Self { folder, events }
    }

    fn of(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event_type"] == kind).collect()
    }

    /// How many events have each value of a field.
    fn counts(&self, pointer: &str) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let values = self.of("handshake").into_iter().filter_map(|event| event.pointer(pointer)?.as_str());
        values.for_each(|value| *counts.entry(value.to_owned()).or_default() += 1);
        counts
    }

    fn parquet(&self) -> PathBuf {
        self.folder.path().join("parquet")
    }

    /// `event_type=handshake/date=2026-03-01/hour=10/…` of all files.
    fn files(&self) -> Vec<PathBuf> {
        files_below(&self.parquet())
    }
}

/// The leaves of a JSON Schema's objects, with `_` for the dots.
fn leaves(schema: &Value, object: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, field) in object["properties"].as_object().unwrap() {
        let path = format!("{prefix}{name}");
        let field = match field["$ref"].as_str() {
            Some(name) => &schema["$defs"][name.rsplit('/').next().unwrap()],
            None => field,
        };
        if field["properties"].is_object() {
            leaves(schema, field, &format!("{path}_"), found);
        } else if let Some(names) = field["propertyNames"]["enum"].as_array() {
            found.extend(names.iter().map(|name| format!("{path}_{}", name.as_str().unwrap())));
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn every_field_of_the_events_has_a_column() {
    let told = Told::new("event=false");
    let schema: Value = serde_json::from_slice(&tlscribe(["schema"]).stdout).unwrap();
    for kind in ["handshake", "incident"] {
        let mut fields = BTreeSet::new();
        leaves(&schema, &schema["$defs"][kind], "", &mut fields);
        ["schema", "event_type"].iter().for_each(|name| assert!(fields.remove(*name), "{name}: the folder tells it"));
        let files = told.files();
        let file = files.iter().find(|file| file.to_str().unwrap().contains(&format!("event_type={kind}/"))).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
        let columns: BTreeSet<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(columns, fields);
    }
}

#[test]
fn each_event_is_in_the_folder_of_its_hour_and_reads_back() {
    let told = Told::new("event=true");
    let mut read: BTreeMap<String, Value> = BTreeMap::new();
    let mut hours = BTreeSet::new();
    for file in told.files() {
        assert!(name(&file).starts_with("part-") && name(&file).ends_with(".parquet"), "{}", name(&file));
        let folder = file.strip_prefix(told.parquet()).unwrap().parent().unwrap().to_str().unwrap().to_owned();
        hours.insert(folder.clone());
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap()).unwrap().build().unwrap();
        for rows in reader.map(Result::unwrap) {
            let (ids, events) = (&rows["id"], &rows["event"]);
            let times = rows["start_time"].as_primitive::<TimestampMicrosecondType>();
            for row in 0..rows.num_rows() {
                let event: Value = serde_json::from_str(events.as_string::<i32>().value(row)).unwrap();
                assert_eq!(event["id"], ids.as_string::<i32>().value(row));
                let time = event["start_time"].as_str().unwrap();
                let expected = format!(
                    "event_type={}/date={}/hour={}",
                    event["event_type"].as_str().unwrap(),
                    &time[..10],
                    &time[11..13]
                );
                assert_eq!(folder, expected);
                let micros = time.parse::<jiff::Timestamp>().unwrap().as_microsecond();
                assert_eq!(times.value(row), micros);
                assert!(read.insert(ids.as_string::<i32>().value(row).to_owned(), event).is_none(), "twice");
            }
        }
    }
    assert!(hours.len() > 10, "{hours:?}");
    let expected: BTreeMap<String, Value> =
        told.events.iter().map(|event| (event["id"].as_str().unwrap().to_owned(), event.clone())).collect();
    assert_eq!(read, expected);
}

#[test]
fn columns_are_not_chosen_by_formats() {
    for (option, says) in [("format=ecs", "columns of its own"), ("fields=sni", "no option fields")] {
        let run = tlscribe(["read", "-o", &format!("parquet:/tmp/x?{option}"), "-"]);
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!((run.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(says), "{said}");
    }
}

/// Answers a query, rows as lists; run by Python, which has DuckDB as a module.
const ASK: &str = "
import duckdb, json, sys
duckdb.sql(\"SET TimeZone = 'UTC'\")
for query in sys.argv[1:]:
    print(json.dumps(duckdb.sql(query).fetchall(), default=str))
";

/// DuckDB's answers; `None`, said aloud, where there is no DuckDB.
fn duckdb(test: &str, queries: &[String]) -> Option<Vec<Value>> {
    let own = root().join("target/duckdb/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let is_there = Command::new(&python).args(["-c", "import duckdb"]).output().is_ok_and(|run| run.status.success());
    if !is_there {
        say(&format!("{test}: SKIPPED, there is no DuckDB here; scripts/test installs it"));
        return None;
    }
    let run = Command::new(python).args(["-c", ASK]).args(queries).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(std::str::from_utf8(&run.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Rows of a name and a number.
fn by_name(rows: &Value) -> BTreeMap<String, u64> {
    let row = |row: &Value| (row[0].as_str().unwrap().to_owned(), row[1].as_u64().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn duckdb_finds_what_the_lines_say() {
    let told = Told::new("");
    let from = |kind: &str| {
        let folder = told.parquet().join(format!("event_type={kind}"));
        format!("FROM read_parquet('{}/*/*/*.parquet', hive_partitioning = true)", folder.display())
    };
    let handshakes = from("handshake") + " WHERE event_type = 'handshake'";
    let queries = [
        format!("SELECT outcome, count(*) {handshakes} GROUP BY ALL"),
        format!("SELECT failure_cause, count(*) {handshakes} AND failure_cause IS NOT NULL GROUP BY ALL"),
        format!("SELECT failure_party, count(*) {handshakes} AND failure_party IS NOT NULL GROUP BY ALL"),
        format!("SELECT alert.name, count(*) FROM (SELECT unnest(alerts) AS alert {handshakes}) GROUP BY ALL"),
        format!(
            "SELECT id, server_certificate_not_after, server_certificate_san, failure_evidence[1].code {handshakes}
             AND failure_cause = 'certificate_expired' ORDER BY id"
        ),
        format!("SELECT count(*) {handshakes} AND date = '2026-03-01' AND hour = 11"),
        format!("EXPLAIN ANALYZE SELECT count(*) {handshakes} AND date = '2026-03-01' AND hour = 11"),
        format!("SELECT min(start_time), max(duration_ms), sum(bytes_client) {handshakes}"),
        format!("SELECT count(*) {}", from("incident")),
    ];
    let Some(answers) = duckdb("duckdb", &queries) else { return };
    let [outcomes, causes, parties, alerts, expired, hour, plan, sums, incidents] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(by_name(outcomes), told.counts("/outcome"));
    assert_eq!(by_name(causes), told.counts("/failure/cause"));
    assert!(by_name(causes).len() > 10, "{causes}");
    assert_eq!(by_name(parties), told.counts("/failure/party"));
    let named: Vec<String> = told
        .of("handshake")
        .iter()
        .flat_map(|event| event["alerts"].as_array().into_iter().flatten())
        .map(|alert| alert["name"].as_str().unwrap().to_owned())
        .collect();
    let mut counted = BTreeMap::<String, u64>::new();
    named.into_iter().for_each(|name| *counted.entry(name).or_default() += 1);
    assert_eq!(by_name(alerts), counted);
    let mut expected: Vec<Value> = told
        .of("handshake")
        .into_iter()
        .filter(|event| event["failure"]["cause"] == "certificate_expired")
        .map(|event| {
            let date = event["server_certificate"]["not_after"]
                .as_str()
                .map(|date| date.replace('T', " ").replace('Z', "+00:00"));
            let san = &event["server_certificate"]["san"];
            json!([event["id"], date, san, event["failure"]["evidence"][0]["code"]])
        })
        .collect();
    expected.sort_by_key(|row| row[0].to_string());
    assert!(!expected.is_empty());
    assert_eq!(expected, *expired.as_array().unwrap());
    let at_eleven = |event: &&&Value| event["start_time"].as_str().unwrap().starts_with("2026-03-01T11");
    let at_eleven = told.of("handshake").iter().filter(at_eleven).count();
    assert!(at_eleven > 0 && hour[0][0] == at_eleven);
    // Of all files, those of one folder.
    let files = files_below(&told.parquet().join("event_type=handshake")).len();
    assert!(files > 10 && plan.to_string().contains(&format!("1/{files}")), "{plan}");
    let times: Vec<&str> = told.of("handshake").iter().map(|event| event["start_time"].as_str().unwrap()).collect();
    let first = times.iter().min().unwrap().replace('T', " ").replace('Z', "+00:00");
    assert_eq!(sums[0][0], first);
    let bytes = |event: &&Value| event["bytes"]["client"].as_u64().unwrap_or(0);
    assert_eq!(
        sums[0][2].to_string().trim_matches('"'),
        told.of("handshake").iter().map(bytes).sum::<u64>().to_string()
    );
    assert_eq!(incidents[0][0], told.of("incident").len());
}
