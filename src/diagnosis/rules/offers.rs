//! The lists of a hello: suites, groups, signature schemes that do not meet the server's.

use super::super::offer::{Offer, is_refused_today};
use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party, words};
use crate::handshake::Side;
use crate::tls::registry::{AlertDescription, Authentication, CipherSuite, KeyType, NamedGroup, SignatureScheme};
use crate::x509::PublicKey;
use std::fmt::Display;

/// A list of so few suites is narrow.
const FEW_SUITES: usize = 2;

/// A list that does not meet the server's, and how sure that is.
struct Narrow {
    cause: Cause,
    confidence: Confidence,
    /// What is narrow about it, as a sentence without a capital.
    why: String,
    /// What would have met, where that is known.
    wanted: Option<String>,
}

/// The server refused the hello, and one of its lists is what is narrow.
pub(super) fn refused(scene: &Scene<'_>) -> Option<Finding> {
    // rustls and JSSE choose a signature scheme after their ServerHello, and say that there is none in an encrypted alert.
    let own_flight = scene.refuses(Refused::OwnFlight) && matches!(scene.ending?.how, How::Encrypted(_));
    if !scene.refuses(Refused::Hello) && !own_flight {
        return None;
    }
    let offer = scene.offer.as_ref()?;
    use AlertDescription as A;
    let silent = match scene.ending?.how {
        How::Alert(
            _,
            A::HANDSHAKE_FAILURE
            | A::INSUFFICIENT_SECURITY
            | A::ILLEGAL_PARAMETER
            | A::UNSUPPORTED_CERTIFICATE
            | A::INTERNAL_ERROR
            | A::BAD_CERTIFICATE
            | A::UNEXPECTED_MESSAGE,
        ) => false,
        How::Encrypted(_) if own_flight => false,
        How::Alert(..) | How::Encrypted(_) => return None,
        How::Fin | How::Rst | How::CloseNotify => true,
    };
    let mut candidates: Vec<Narrow> =
        [suites(scene, offer), groups(scene, offer), schemes(scene, offer)].into_iter().flatten().collect();
    // The sort is stable: with equal confidence suites come before groups and these before schemes.
    candidates.sort_by_key(|narrow| std::cmp::Reverse(narrow.confidence));
    if own_flight {
        candidates.retain(|narrow| narrow.cause == Cause::SignatureSchemeMismatch);
    }
    if matches!(scene.alert_from(Side::Server), Some(A::ILLEGAL_PARAMETER | A::UNEXPECTED_MESSAGE)) {
        candidates.retain(|narrow| narrow.cause == Cause::GroupMismatch);
    }
    if scene.alert_from(Side::Server) == Some(A::INTERNAL_ERROR) || silent {
        candidates.retain(|narrow| narrow.confidence == Confidence::Likely && narrow.wanted.is_some());
    }
    if candidates.is_empty() && scene.alert_from(Side::Server) == Some(A::INSUFFICIENT_SECURITY) {
        let why = "the server says that none of the offered suites is strong enough for it".to_owned();
        candidates.push(Narrow {
            cause: Cause::CipherSuiteMismatch,
            confidence: Confidence::Likely,
            why,
            wanted: None,
        });
    }
    let narrow = candidates.first()?;
    let rest = candidates.get(1..).unwrap_or_default();
    Some(finding(scene, offer, narrow, rest))
}

fn finding(scene: &Scene<'_>, offer: &Offer, narrow: &Narrow, rest: &[Narrow]) -> Finding {
    let (what, offered, advice) = match narrow.cause {
        Cause::GroupMismatch => ("key exchange group", words::list(&offer.groups), GROUPS),
        Cause::SignatureSchemeMismatch => ("signature scheme", words::list(&offer.schemes), SCHEMES),
        _ => ("cipher suite", words::list(&offer.suites), SUITES),
    };
    let (code, known) = match narrow.cause {
        Cause::GroupMismatch => ("offered_groups", "server_groups"),
        Cause::SignatureSchemeMismatch => ("offered_signature_schemes", "server_key"),
        _ => ("offered_suites", "server_suites"),
    };
    let summary = format!("Client and {} have no {what} in common: {}.", scene.server_name(), narrow.why);
    let mut finding = Finding::new(narrow.cause, Party::Both, narrow.confidence, summary)
        .with(scene.ending_evidence())
        .because(code, Some(Side::Client), scene.hello_mark(), format!("the client offers {offered}"));
    if let Some(wanted) = &narrow.wanted {
        finding = finding.because(known, Some(Side::Server), None, wanted.clone());
    }
    for other in rest {
        finding = finding.because("also_narrow", Some(Side::Client), scene.hello_mark(), other.why.clone());
    }
    finding.advise(advice)
}

const SUITES: &str = "Let one side take what the other has: enable current suites on the client (ECDHE with AES-GCM or ChaCha20, for RSA and for ECDSA \
                      certificates), or give the server a certificate of the other key type or the missing suites. Lists set by hand (cipher strings, \
                      policies, FIPS mode) are the usual reason.";
const GROUPS: &str = "Let both sides take x25519 or secp256r1: a list of groups set by hand on the client (`-groups`, `jdk.tls.namedGroups`) or on the server \
                      (nginx `ssl_ecdh_curve`) is the usual reason.";
const SCHEMES: &str = "Let the client offer signature schemes for the key that the server has (rsa_pss_rsae_sha256 for RSA, ecdsa_secp256r1_sha256 for ECDSA), \
                       or give the server a certificate with a key of the other type.";

/// What other handshakes showed of a list, as evidence.
fn known<T: Display>(values: &[T]) -> Option<String> {
    (!values.is_empty()).then(|| format!("in other handshakes this server chose {}", words::list(values)))
}

/// The kind of key that the server has, as far as other handshakes show it.
fn server_keys(scene: &Scene<'_>) -> Vec<KeyType> {
    let shown = scene.server.chain.as_ref().and_then(|shown| shown.judgement.leaf()).and_then(|leaf| leaf.key.clone());
    let mut keys: Vec<KeyType> = shown.as_ref().and_then(key_type).into_iter().collect();
    for seen in &scene.server.cipher_suites {
        let Some(key) = seen.value.authentication().and_then(key_for) else { continue };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The kind of key that a suite wants.
const fn key_for(authentication: Authentication) -> Option<KeyType> {
    match authentication {
        Authentication::Rsa => Some(KeyType::Rsa),
        Authentication::Ecdsa => Some(KeyType::Ecdsa),
        _ => None,
    }
}

pub(super) fn key_type(key: &PublicKey) -> Option<KeyType> {
    Some(match key {
        PublicKey::Rsa(_) => KeyType::Rsa,
        PublicKey::RsaPss(_) => KeyType::RsaPss,
        PublicKey::Dsa(_) => KeyType::Dsa,
        PublicKey::Ec(_) => KeyType::Ecdsa,
        PublicKey::Other(name) if name == "Ed25519" => KeyType::Ed25519,
        PublicKey::Other(name) if name == "Ed448" => KeyType::Ed448,
        PublicKey::Other(_) => return None,
    })
}

fn suites(scene: &Scene<'_>, offer: &Offer) -> Option<Narrow> {
    // Suites of TLS 1.3 and those before it are two lists.
    let new = offer.only_tls13() || offer.offers_tls13() && server_is_new(scene);
    let seen: Vec<CipherSuite> =
        scene.server.cipher_suites.iter().map(|seen| seen.value).filter(|suite| suite.is_tls13() == new).collect();
    let met = seen.iter().any(|suite| offer.suites.contains(suite));
    let narrow =
        |confidence, why: String, wanted| Some(Narrow { cause: Cause::CipherSuiteMismatch, confidence, why, wanted });
    let chosen = || known(&seen);
    if new {
        let offered = offer.new_suites().count();
        let disjoint = !seen.is_empty() && !met;
        return match (disjoint, offered) {
            (true, _) => narrow(
                Confidence::Likely,
                "none of the offered suites of TLS 1.3 is one that this server was seen to choose".into(),
                chosen(),
            ),
            (false, 0..=1) if !met => narrow(
                Confidence::Likely,
                format!("the client offers {} for TLS 1.3", words::counted(offered as u64, "suite")),
                None,
            ),
            _ => None,
        };
    }
    if offer.offers_tls13() && offer.new_suites().next().is_some() && offer.is_wide() && (seen.is_empty() || met) {
        return None;
    }
    let authentications = offer.authentications();
    let keys = server_keys(scene);
    let wanted: Vec<KeyType> = authentications.iter().copied().filter_map(key_for).collect();
    let needs_other_key = !keys.is_empty()
        && wanted.len() == authentications.len()
        && !wanted.iter().any(|key| keys.contains(key) || may_sign_as(*key, &keys));
    let offered = offer.old_suites().count();
    let only = || words::list(authentications.iter().map(|authentication| authentication.name()));
    if needs_other_key {
        let why = format!("the client offers suites for {} certificates only, and the server has another key", only());
        return narrow(Confidence::Likely, why, chosen());
    }
    if offer.suites_are_refused_today() {
        return narrow(Confidence::Likely, "the client offers only suites that servers refuse today".into(), chosen());
    }
    if met {
        return None;
    }
    let usable = offer.old_suites().filter(|suite| !is_refused_today(*suite)).count();
    match (offered, seen.is_empty()) {
        (0..=FEW_SUITES, _) => narrow(
            Confidence::Likely,
            format!("the client offers {}, where others offer many", words::counted(offered as u64, "suite")),
            chosen(),
        ),
        (_, false) => narrow(
            Confidence::Possible,
            "none of the offered suites is one that this server was seen to choose".into(),
            chosen(),
        ),
        _ if usable <= FEW_SUITES => {
            let why = format!("the client offers {} that servers accept today", words::counted(usable as u64, "suite"));
            narrow(Confidence::Likely, why, None)
        }
        _ if one_cipher(offer) => narrow(Confidence::Possible, "all offered suites have one cipher".into(), None),
        _ if authentications.len() == 1 && offer.extensions => {
            narrow(Confidence::Possible, format!("the client offers suites for {} certificates only", only()), None)
        }
        _ => None,
    }
}

/// The server was never seen to choose anything but TLS 1.3.
fn server_is_new(scene: &Scene<'_>) -> bool {
    let versions = &scene.server.versions;
    !versions.is_empty() && versions.iter().all(|seen| seen.value.is_tls13())
}

/// All suites for TLS 1.2 and before have the same cipher.
fn one_cipher(offer: &Offer) -> bool {
    let mut ciphers: Vec<_> = offer.old_suites().filter_map(CipherSuite::cipher).collect();
    ciphers.dedup();
    ciphers.len() == 1
}

/// EdDSA keys are used with the suites for ECDSA (RFC 8422 section 2).
fn may_sign_as(key: KeyType, keys: &[KeyType]) -> bool {
    match key {
        KeyType::Ecdsa => keys.iter().any(|key| matches!(key, KeyType::Ed25519 | KeyType::Ed448)),
        KeyType::Rsa => keys.contains(&KeyType::RsaPss),
        _ => false,
    }
}

fn groups(scene: &Scene<'_>, offer: &Offer) -> Option<Narrow> {
    if offer.groups.is_empty() || !offer.needs_group() {
        return None;
    }
    let seen: Vec<NamedGroup> = scene.server.groups.iter().map(|seen| seen.value).collect();
    let met = seen.iter().any(|group| offer.groups.contains(group));
    let narrow =
        |confidence, why: String, wanted| Some(Narrow { cause: Cause::GroupMismatch, confidence, why, wanted });
    if met {
        return None;
    }
    if !seen.is_empty() {
        return narrow(
            Confidence::Likely,
            "none of the offered groups is one that this server was seen to choose or ask for".into(),
            known(&seen),
        );
    }
    if offer.groups_are_unusual() {
        return narrow(
            Confidence::Likely,
            format!("the client offers only {}, which few servers have", words::list(&offer.groups)),
            None,
        );
    }
    // A server that lacks the one group, though nearly all have it, is rarer than a parameter that is illegal.
    let illegal = scene.alert_from(Side::Server) == Some(AlertDescription::ILLEGAL_PARAMETER);
    let alone = || format!("the client offers {} alone", words::list(&offer.groups));
    if offer.groups.len() == 1 && !illegal { narrow(Confidence::Possible, alone(), None) } else { None }
}

fn schemes(scene: &Scene<'_>, offer: &Offer) -> Option<Narrow> {
    if offer.schemes.is_empty() {
        return None;
    }
    let narrow = |confidence, why: String, wanted| {
        Some(Narrow { cause: Cause::SignatureSchemeMismatch, confidence, why, wanted })
    };
    let keys = server_keys(scene);
    let signing = offer.signing_keys();
    if !keys.is_empty() && !keys.iter().any(|key| signing.contains(key)) {
        let why = format!("the client takes signatures of {} keys only, and the server has none", key_names(&signing));
        return narrow(
            Confidence::Likely,
            why,
            Some(format!("in other handshakes this server had a key for {}", key_names(&keys))),
        );
    }
    if keys.iter().any(|key| signing.contains(key)) && offer.schemes.len() > 1 {
        return None;
    }
    let outdated = |scheme: &SignatureScheme| scheme.uses_sha1() || scheme.uses_md5();
    if offer.schemes.iter().all(outdated) {
        return narrow(Confidence::Likely, "the client takes only signatures over SHA-1 or MD5".into(), None);
    }
    let rare = |key: &KeyType| !matches!(key, KeyType::Rsa | KeyType::Ecdsa);
    if signing.iter().all(rare) {
        return narrow(
            Confidence::Likely,
            format!("the client takes signatures of {} keys only", key_names(&signing)),
            None,
        );
    }
    // In TLS 1.3 a handshake is not signed with PKCS #1 v1.5 (RFC 8446 section 4.2.3).
    let pkcs1 = |scheme: &SignatureScheme| matches!(scheme.0.to_be_bytes(), [1..=6, 1]);
    if offer.only_tls13() && offer.schemes.iter().all(pkcs1) {
        return narrow(Confidence::Likely, "none of the offered schemes may sign a handshake of TLS 1.3".into(), None);
    }
    match (signing.as_slice(), offer.schemes.len()) {
        (_, 1) => narrow(
            Confidence::Likely,
            format!("the client takes {} and no other scheme", words::list(&offer.schemes)),
            None,
        ),
        ([one], _) => narrow(
            Confidence::Possible,
            format!("the client takes signatures of {} keys only", key_names(&[*one])),
            None,
        ),
        _ => None,
    }
}

fn key_names(keys: &[KeyType]) -> String {
    words::list(keys.iter().map(|key| match key {
        KeyType::Rsa => "RSA",
        KeyType::RsaPss => "RSA-PSS",
        KeyType::Dsa => "DSA",
        KeyType::Ecdsa => "ECDSA",
        KeyType::Ed25519 => "Ed25519",
        KeyType::Ed448 => "Ed448",
        KeyType::MlDsa => "ML-DSA",
        KeyType::SlhDsa => "SLH-DSA",
        KeyType::Sm2 => "SM2",
        KeyType::Gost => "GOST",
        KeyType::IdentityBased => "identity-based",
    }))
}

/// What else of the lists may be to blame, for a refusal that says nothing.
pub(super) fn what_remains(scene: &Scene<'_>) -> Vec<Evidence> {
    let Some(offer) = &scene.offer else { return Vec::new() };
    let say = |code, what: String| Evidence { code, side: Some(Side::Client), mark: scene.hello_mark(), what };
    let mut remains = Vec::new();
    if let Some(name) = &offer.sni {
        remains.push(say("name", format!("the client asks for {name}: the server may not serve it")));
    } else {
        remains.push(say("no_name", "the client names no server".to_owned()));
    }
    if scene.server.asked_for_certificate > 0 {
        remains.push(say("certificate", "this server asks for client certificates".to_owned()));
    }
    remains.push(say(
        "offered_suites",
        format!(
            "the client offers {}: {}",
            words::counted(offer.suites.len() as u64, "suite"),
            words::list(&offer.suites)
        ),
    ));
    if !offer.groups.is_empty() {
        remains.push(say("offered_groups", format!("the client offers the groups {}", words::list(&offer.groups))));
    }
    if !offer.schemes.is_empty() {
        remains.push(say(
            "offered_signature_schemes",
            format!("the client takes signatures of {} keys", key_names(&offer.signing_keys())),
        ));
    }
    remains
}
