//! What no schema has a place for, under the names of the event itself.

use super::super::failure::FailurePart;
use super::super::hello::ClientHelloPart;
use super::super::parts::EndPart;
use super::object::{Object, Rows, filled};
use serde::Serialize;

/// What the user's enrichment knows of an end, where it knows something.
pub(super) fn known<'a>(end: &EndPart<'a>) -> Object<impl Rows + use<'a>> {
    object! {
        "name"?: end.name,
        "tags"?: filled(end.tags),
        "country"?: end.country,
        "city"?: end.city,
        "asn"?: end.asn,
        "as_org"?: end.as_org,
    }
}

/// `failure` without cause and summary.
pub(super) fn failure<'a>(failure: &'a FailurePart<'_>) -> impl Serialize + 'a {
    object! {
        "party": failure.party,
        "confidence": failure.confidence,
        "severity": failure.severity,
        "stage": failure.stage,
        "evidence"?: failure.evidence.filled(),
        "advice"?: failure.advice,
    }
}

/// `client_hello` without the suites.
pub(super) fn client_hello<'a>(hello: &'a ClientHelloPart<'_>) -> impl Serialize + 'a {
    object! {
        "versions": &hello.versions,
        "named_groups"?: hello.named_groups.as_ref(),
        "key_shares"?: hello.key_shares.as_ref(),
        "signature_schemes"?: hello.signature_schemes.as_ref(),
        "alpn"?: hello.alpn.as_ref(),
        "extensions"?: hello.extensions.as_ref(),
        "random": &hello.random,
        "bytes"?: hello.bytes,
        "raw"?: hello.raw,
    }
}
