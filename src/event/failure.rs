//! `failure`: why a handshake failed or was abandoned, as events tell it.

use super::parts::{Each, Part};
use super::value::Time;
use crate::diagnosis::{Evidence, Failure, Finding};
use crate::handshake::Side;
use serde::Serialize;

/// `failure`.
#[derive(Debug, Serialize)]
pub struct FailurePart<'a> {
    pub(super) cause: &'static str,
    pub(super) party: &'static str,
    pub(super) confidence: &'static str,
    pub(super) severity: &'static str,
    pub(super) stage: &'static str,
    pub(super) summary: &'a str,
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub(super) evidence: Each<'a, Evidence, EvidencePart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<&'a str>,
    /// What all of it was taken from.
    #[serde(skip)]
    pub finding: &'a Finding,
}

impl<'a> FailurePart<'a> {
    pub(super) fn new(failure: &'a Failure, with_advice: bool, numbered: bool) -> Self {
        let Failure { stage, finding } = failure;
        Self {
            cause: finding.cause.code(),
            party: finding.party.name(),
            confidence: finding.confidence.name(),
            severity: finding.severity.name(),
            stage: stage.name(),
            summary: &finding.summary,
            evidence: Each::new(&finding.evidence, numbered),
            advice: (with_advice && !finding.advice.is_empty()).then_some(&finding.advice),
            finding,
        }
    }
}

/// One of `failure.evidence`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct EvidencePart<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Time>,
    what: &'a str,
}

impl<'a> Part<'a, Evidence> for EvidencePart<'a> {
    fn of(evidence: &'a Evidence, numbered: bool) -> Self {
        Self {
            code: evidence.code,
            side: evidence.side.map(Side::name),
            frame: evidence.mark.filter(|_| numbered).map(|mark| mark.frame),
            time: evidence.mark.map(|mark| Time(mark.time)),
            what: &evidence.what,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{Cause, Confidence, Party, Severity, Stage};
    use crate::handshake::sample::BEGIN;
    use crate::time::Mark;

    #[test]
    fn a_failure_is_written_with_its_evidence_and_brief_events_do_without_advice() {
        let mark = Some(Mark { frame: 17, time: BEGIN });
        let summary = "The certificate expired on 2024-02-01.".to_owned();
        let finding = Finding::new(Cause::CertificateExpired, Side::Server, Confidence::Certain, summary)
            .because("not_after", Some(Side::Server), mark, "it expired on 2024-02-01".into())
            .because("known", None, None, "12 other clients say the same".into())
            .advise("Renew it.");
        let failure = Failure { stage: Stage::ServerFlight, finding };
        let json = |part: FailurePart<'_>| serde_json::to_value(part).expect("it serializes");
        let mut expected = serde_json::json!({
            "cause": "certificate_expired", "party": "server", "confidence": "certain", "severity": "error",
            "stage": "server_flight", "summary": "The certificate expired on 2024-02-01.",
            "evidence": [
                { "code": "not_after", "side": "server", "frame": 17, "time": "2026-03-01T10:00:00.000000Z",
                  "what": "it expired on 2024-02-01" },
                { "code": "known", "what": "12 other clients say the same" }
            ],
            "advice": "Renew it."
        });
        assert_eq!(json(FailurePart::new(&failure, true, true)), expected);
        expected.as_object_mut().expect("an object").remove("advice");
        assert_eq!(json(FailurePart::new(&failure, false, true)), expected);
        expected["evidence"][0].as_object_mut().expect("an object").remove("frame");
        assert_eq!(json(FailurePart::new(&failure, false, false)), expected, "frames have numbers in files only");
    }

    #[test]
    fn every_cause_is_what_the_schema_promises() {
        use super::super::{SCHEMA, sample::Told};
        let schema = serde_json::from_str(SCHEMA).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let parties = [Party::Client, Party::Server, Party::Both, Party::Network, Party::Sensor, Party::None];
        let severities = [Severity::Info, Severity::Warning, Severity::Error];
        let confidences = [Confidence::Possible, Confidence::Likely, Confidence::Certain];
        for (at, cause) in Cause::ALL.iter().enumerate() {
            let finding = Finding::new(*cause, parties[at % 6], confidences[at % 3], "It is so.".into())
                .because("seen", Some(Side::Client), Some(Mark { frame: 4, time: BEGIN }), "it was seen".into())
                .severity(severities[at / 3 % 3]);
            let event = Told::failed("10.0.0.1:50000", None, 0, &finding)
                .record(|record| serde_json::to_value(record).expect("it serializes"));
            assert!(validator.is_valid(&event), "{event}");
            assert_eq!(event["failure"]["cause"], cause.code());
        }
    }
}
