//! How severe an event is on the scale from 0 to 10 that CEF and LEEF share.

use super::super::record::Record;
use crate::diagnosis::Severity;

/// Nothing is wrong.
pub(super) const LEAST: u8 = 1;

/// In CEF's words: high, medium and low.
pub(super) fn of_failure(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 8,
        Severity::Warning => 5,
        Severity::Info => 3,
    }
}

/// Of a failure, or else of what is weak in what was negotiated.
pub(super) fn of_handshake(record: &Record<'_>) -> u8 {
    match &record.failure {
        Some(failure) => of_failure(failure.finding.severity),
        None if record.findings.is_empty() => LEAST,
        None => of_failure(Severity::Info),
    }
}
