//! The columns of each kind of event, and how lines become rows.
//!
//! A column is called as its field, with `_` for the dots: `failure.cause` is `failure_cause`. There are no objects in a
//! row, only lists, so that every engine filters by every field and skips what it need not read. All columns can be null.

use super::super::batch::Kind;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray, new_null_array};
use arrow_json::ReaderBuilder;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// A field of the event, and what it is.
type Column = (&'static str, Type);

/// What a column holds.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Texts,
    Integer,
    Integers,
    Real,
    Boolean,
    /// In microseconds, UTC.
    Time,
    /// Numbers by name.
    Counts,
    /// Objects.
    Records(&'static [Column]),
}

use Type::{Boolean, Counts, Integer, Integers, Real, Records, Text, Texts, Time};

const HANDSHAKE: &[Column] = &[
    ("id", Text),
    ("start_time", Time),
    ("end_time", Time),
    ("duration_ms", Real),
    ("observer.sensor", Text),
    ("observer.file", Text),
    ("observer.interface", Text),
    ("observer.version", Text),
    ("protocol", Text),
    ("transport", Text),
    ("client.ip", Text),
    ("client.port", Integer),
    ("client.name", Text),
    ("client.tags", Texts),
    ("client.country", Text),
    ("client.city", Text),
    ("client.asn", Integer),
    ("client.as_org", Text),
    ("server.ip", Text),
    ("server.port", Integer),
    ("server.name", Text),
    ("server.tags", Texts),
    ("server.country", Text),
    ("server.city", Text),
    ("server.asn", Integer),
    ("server.as_org", Text),
    ("community_id", Text),
    ("vlan", Integers),
    ("tunnel", Texts),
    ("starttls", Text),
    ("via", Text),
    ("outcome", Text),
    ("version", Text),
    ("cipher_suite", Text),
    ("cipher_suite_code", Integer),
    ("named_group", Text),
    ("signature_scheme", Text),
    ("sni", Text),
    ("alpn", Text),
    ("resumed", Boolean),
    ("early_data", Text),
    ("hello_retry", Boolean),
    ("client_auth", Text),
    ("ech", Text),
    ("inferred", Texts),
    ("ja3", Text),
    ("ja3s", Text),
    ("ja4", Text),
    ("client_hello.versions", Texts),
    ("client_hello.cipher_suites", Texts),
    ("client_hello.named_groups", Texts),
    ("client_hello.key_shares", Texts),
    ("client_hello.signature_schemes", Texts),
    ("client_hello.alpn", Texts),
    ("client_hello.extensions", Texts),
    ("client_hello.random", Text),
    ("client_hello.bytes", Integer),
    ("client_hello.raw", Text),
    ("server_hello.extensions", Texts),
    ("server_hello.random", Text),
    ("server_hello.raw", Text),
    ("server_certificate.subject", Text),
    ("server_certificate.issuer", Text),
    ("server_certificate.serial", Text),
    ("server_certificate.not_before", Time),
    ("server_certificate.not_after", Time),
    ("server_certificate.san", Texts),
    ("server_certificate.san_count", Integer),
    ("server_certificate.key", Text),
    ("server_certificate.signature_algorithm", Text),
    ("server_certificate.sha256", Text),
    ("server_certificate.self_signed", Boolean),
    ("server_certificate.fault", Text),
    ("server_chain_sha256", Texts),
    ("chain_status", Text),
    ("name_matches", Boolean),
    ("client_certificate.subject", Text),
    ("client_certificate.issuer", Text),
    ("client_certificate.serial", Text),
    ("client_certificate.not_before", Time),
    ("client_certificate.not_after", Time),
    ("client_certificate.san", Texts),
    ("client_certificate.san_count", Integer),
    ("client_certificate.key", Text),
    ("client_certificate.signature_algorithm", Text),
    ("client_certificate.sha256", Text),
    ("client_certificate.self_signed", Boolean),
    ("client_certificate.fault", Text),
    ("client_chain_sha256", Texts),
    ("history", Texts),
    ("timeline", Records(&[("side", Text), ("message", Text), ("frame", Integer), ("time", Time)])),
    (
        "alerts",
        Records(&[
            ("from", Text),
            ("level", Text),
            ("code", Integer),
            ("name", Text),
            ("visibility", Text),
            ("frame", Integer),
        ]),
    ),
    ("close.by", Text),
    ("close.side", Text),
    ("malformed", Records(&[("from", Text), ("what", Text), ("frame", Integer)])),
    ("timing.tcp_ms", Real),
    ("timing.rtt_ms", Real),
    ("timing.server_hello_ms", Real),
    ("timing.finished_ms", Real),
    ("bytes.client", Integer),
    ("bytes.server", Integer),
    ("failure.cause", Text),
    ("failure.party", Text),
    ("failure.confidence", Text),
    ("failure.severity", Text),
    ("failure.stage", Text),
    ("failure.summary", Text),
    (
        "failure.evidence",
        Records(&[("code", Text), ("side", Text), ("frame", Integer), ("time", Time), ("what", Text)]),
    ),
    ("failure.advice", Text),
    ("retry_of", Text),
    ("findings", Texts),
    ("capture.frames", Integers),
    ("capture.complete", Boolean),
    ("capture.missing", Texts),
];

const INCIDENT: &[Column] = &[
    ("id", Text),
    ("start_time", Time),
    ("end_time", Time),
    ("observer.sensor", Text),
    ("observer.file", Text),
    ("observer.interface", Text),
    ("observer.version", Text),
    ("server.ip", Text),
    ("server.port", Integer),
    ("sni", Text),
    ("cause", Text),
    ("party", Text),
    ("severity", Text),
    ("confidence", Text),
    ("clients", Integer),
    ("servers", Integer),
    ("count", Integer),
    ("first_handshake", Text),
    ("last_handshake", Text),
    ("last_success", Text),
    ("summary", Text),
    ("advice", Text),
];

const STATS: &[Column] = &[
    ("id", Text),
    ("start_time", Time),
    ("end_time", Time),
    ("observer.file", Text),
    ("observer.interface", Text),
    ("observer.version", Text),
    ("frames", Integer),
    ("bytes", Integer),
    ("kernel_drops", Integer),
    ("interface_drops", Integer),
    ("undecoded", Counts),
    ("flows.now", Integer),
    ("flows.created", Integer),
    ("flows.reused", Integer),
    ("flows.evicted", Integer),
    ("flows.one_sided", Integer),
    ("buffered_bytes", Integer),
    ("handshakes.established", Integer),
    ("handshakes.unused", Integer),
    ("handshakes.abandoned", Integer),
    ("handshakes.failed", Integer),
    ("handshakes.unfinished", Integer),
    ("dropped.analysis", Integer),
    ("dropped.recording", Integer),
    ("dropped.output", Integer),
    ("sinks", Records(&[("name", Text), ("queued", Integer), ("written", Integer), ("lost", Integer)])),
    ("memory_bytes", Integer),
];

/// The column of the whole event.
const EVENT: &str = "event";
/// Times are read by this name for UTC, as reading them by another needs a time zone database.
const READ_UTC: &str = "+00:00";

impl Type {
    fn read(self) -> DataType {
        let list = |of| DataType::List(Arc::new(Field::new_list_field(of, true)));
        match self {
            Text => DataType::Utf8,
            Texts => list(DataType::Utf8),
            Integer => DataType::Int64,
            Integers => list(DataType::Int64),
            Real => DataType::Float64,
            Boolean => DataType::Boolean,
            Time => DataType::Timestamp(TimeUnit::Microsecond, Some(READ_UTC.into())),
            Counts => {
                let entry = Fields::from(vec![
                    Field::new("key", DataType::Utf8, false),
                    Field::new("value", DataType::Int64, true),
                ]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entry), false)), false)
            }
            Records(columns) => list(DataType::Struct(objects(columns))),
        }
    }
}

/// The fields of objects as they are in the events.
fn objects(columns: &[Column]) -> Fields {
    let mut fields: Vec<Field> = Vec::new();
    for (path, kind) in columns {
        match path.split_once('.') {
            None => fields.push(Field::new(*path, kind.read(), true)),
            Some((object, _)) if fields.last().is_some_and(|last| last.name() == object) => {}
            Some((object, _)) => {
                let inside = |(path, kind): &Column| {
                    let (other, name) = path.split_once('.')?;
                    (other == object).then_some((name, *kind))
                };
                let inside: Vec<Column> = columns.iter().filter_map(inside).collect();
                fields.push(Field::new(object, DataType::Struct(objects(&inside)), true));
            }
        }
    }
    fields.into()
}

/// The table of one kind of events.
pub(super) struct Table {
    columns: &'static [Column],
    /// The objects that are read.
    read: SchemaRef,
    /// The rows that are written.
    written: SchemaRef,
    /// With the whole event in a column of its own.
    whole: bool,
}

impl Table {
    /// Of these events.
    pub(super) fn new(kind: Kind, whole: bool) -> Self {
        let columns = match kind {
            Kind::Handshake => HANDSHAKE,
            Kind::Incident => INCIDENT,
            Kind::Stats => STATS,
        };
        let column = |(path, kind): &Column| Field::new(path.replace('.', "_"), kind.read(), true);
        let whole_event = whole.then(|| Field::new(EVENT, DataType::Utf8, true));
        let fields: Vec<Field> = columns.iter().map(column).chain(whole_event).collect();
        Self { columns, read: Arc::new(Schema::new(objects(columns))), written: Arc::new(Schema::new(fields)), whole }
    }

    /// The schema of the rows.
    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.written
    }

    /// The rows of some lines, and how many of them fit into no row.
    pub(super) fn rows(&self, lines: &[u8]) -> (Vec<RecordBatch>, u64) {
        if let Ok(rows) = self.decoded(lines) {
            return (vec![rows], 0);
        }
        let each = lines.split_inclusive(|byte| *byte == b'\n').map(|line| self.decoded(line));
        let (rows, misfits): (Vec<_>, Vec<_>) = each.partition(Result::is_ok);
        (rows.into_iter().flatten().collect(), misfits.len() as u64)
    }

    fn decoded(&self, lines: &[u8]) -> Result<RecordBatch, ArrowError> {
        let count = lines.iter().filter(|byte| **byte == b'\n').count();
        let reader = ReaderBuilder::new(Arc::clone(&self.read)).with_batch_size(count).with_ignore_type_conflicts(true);
        let mut decoder = reader.build_decoder()?;
        decoder.decode(lines)?;
        let rows = decoder.flush()?.ok_or_else(|| ArrowError::JsonError("no event".into()))?;
        let objects = StructArray::from(rows);
        let mut columns: Vec<ArrayRef> =
            self.columns.iter().map(|(path, kind)| column(&objects, path, *kind)).collect();
        if self.whole {
            let text = std::str::from_utf8(lines).map_err(|error| ArrowError::JsonError(error.to_string()))?;
            columns.push(Arc::new(StringArray::from_iter_values(text.lines())));
        }
        RecordBatch::try_new(Arc::clone(&self.written), columns)
    }
}

/// The values of a field. Where there is no object, its fields are null as well.
fn column(objects: &StructArray, path: &str, kind: Type) -> ArrayRef {
    let (name, rest) = path.split_once('.').map_or((path, None), |(object, rest)| (object, Some(rest)));
    let Some(values) = objects.column_by_name(name) else { return new_null_array(&kind.read(), objects.len()) };
    match (rest, values.as_struct_opt()) {
        (Some(rest), Some(inner)) => column(inner, rest, kind),
        _ => Arc::clone(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::{Int64Type, TimestampMicrosecondType};

    #[test]
    fn fields_of_objects_are_columns_and_what_is_absent_is_null() {
        let lines = br#"{"id":"a","start_time":"2026-03-01T10:00:00.123456Z","server":{"ip":"10.0.0.2","port":443}}
{"id":"b","failure":{"cause":"server_closed"},"alerts":[{"code":40}],"resumed":false,"later":[{"x":null}]}
"#;
        let (rows, misfits) = Table::new(Kind::Handshake, true).rows(lines);
        let [rows] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((misfits, rows.num_rows()), (0, 2));
        let column = |name: &str| rows.column_by_name(name).expect("a column");
        let text = |name: &str| column(name).as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!(text("id"), [Some("a"), Some("b")]);
        assert_eq!(text("failure_cause"), [None, Some("server_closed")]);
        assert_eq!(text("server_ip"), [Some("10.0.0.2"), None]);
        assert_eq!(column("server_port").as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(443), None]);
        assert_eq!(column("resumed").as_boolean().iter().collect::<Vec<_>>(), [None, Some(false)]);
        let times = column("start_time").as_primitive::<TimestampMicrosecondType>();
        assert_eq!(times.iter().collect::<Vec<_>>(), [Some(1_772_359_200_123_456), None]);
        let alerts = column("alerts").as_list::<i32>();
        assert!(alerts.is_null(0) && alerts.value(1).as_struct().column(2).as_primitive::<Int64Type>().value(0) == 40);
        assert!(
            text("event").iter().flatten().all(|event| lines.windows(event.len()).any(|at| at == event.as_bytes()))
        );
    }

    #[test]
    fn what_fits_into_no_row_costs_no_other_event() {
        let (rows, misfits) =
            Table::new(Kind::Stats, false).rows(b"{\"id\":\"a\"}\n{\"id\":\n{\"id\":7,\"frames\":\"x\"}\n");
        assert_eq!((rows.iter().map(RecordBatch::num_rows).sum::<usize>(), misfits), (2, 1));
    }
}
