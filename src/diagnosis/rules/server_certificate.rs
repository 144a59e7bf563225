//! The server's certificate: what is wrong with the chain that the client refused, as far as it can be seen.
//!
//! Up to TLS 1.2 the chain is in the clear. In TLS 1.3 it is not, and then the chain that the server showed to another
//! client stands in for it. What the chain shows comes before the alert's name, since stacks use the names differently;
//! but an alert that names something which the chain does show picks that among several objections. That the chosen roots
//! do not know the chain's root says little by itself: the client may have that root. So it counts last.

use super::super::scene::{How, Refused, Scene};
use super::super::{Cause, Confidence, Evidence, Finding, Party, words};
use super::offers;
use crate::handshake::{Outcome, Side};
use crate::time::{Mark, Timestamp};
use crate::tls::CertificateStatus;
use crate::tls::registry::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use crate::x509::{ChainProblem, Judgement, PublicKey};
use std::time::Duration;

/// A client that checks the certificate only after the handshake drops the connection within this time.
const PROMPT: Duration = Duration::from_millis(500);
/// And a client that minds it leaves within this time after the server's flight: it may have to fetch an issuer first.
const AT_ONCE: Duration = Duration::from_millis(200);

/// The code of an expired certificate above the end entity's.
const ABOVE: &str = "issuer_not_after";

/// True where something is wrong with the chain that a client with any roots would mind, weakness aside.
pub(super) fn has_objection(scene: &Scene<'_>) -> bool {
    chain(scene).is_some_and(|chain| {
        objections(scene, chain.judgement)
            .iter()
            .any(|objection| objection.holds && objection.cause != Cause::WeakParameters)
    })
}

/// What the client's end says of the certificate by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Alert 45.
    Expired,
    /// Alert 44.
    Revoked,
    /// Alert 48.
    UnknownAuthority,
    /// Alert 43.
    Unsupported,
    /// Alert 113.
    StatusResponse,
    /// Alerts 42 and 46, and one that cannot be read: the certificate is refused.
    Refused,
    /// Something else ended it, which stacks also send or do for a certificate.
    Nothing,
}

/// An objection to a chain.
struct Objection {
    cause: Cause,
    /// False where the client may see no objection in it: a root that it may have.
    holds: bool,
    code: &'static str,
    what: String,
}

/// A chain to judge, and where it was seen.
struct Chain<'a> {
    judgement: &'a Judgement,
    /// In this handshake; else in another of the same server.
    here: Option<Mark>,
    same_name: bool,
    last: Option<Timestamp>,
}

impl Chain<'_> {
    /// What may be concluded from it at best.
    fn at_most(&self, confidence: Confidence) -> Confidence {
        if self.here.is_some() { confidence } else { confidence.min(Confidence::Likely) }
    }
}

/// The client refused the server's flight, and its certificate is why.
pub(super) fn refused(scene: &Scene<'_>) -> Option<Finding> {
    let ending = scene.ending.filter(|ending| ending.by == Side::Client)?;
    let late = scene.refuses(Refused::Finish) && matches!(ending.how, How::Alert(..) | How::Encrypted(_));
    if !(scene.refuses(Refused::ServerFlight) || late) {
        return None;
    }
    let says = says(scene)?;
    // The key of the certificate is a parameter too.
    let illegal = scene.alert_from(Side::Client) == Some(AlertDescription::ILLEGAL_PARAMETER);
    if illegal && excluded_key(scene, scene.server_chain).is_none() {
        return None;
    }
    if scene.negotiated.resumed == Some(true) && says == Says::Nothing {
        return None;
    }
    // What never arrived was not refused.
    let lost = says == Says::Nothing && super::network::flight_lost(scene).is_some();
    if lost || says == Says::Nothing && accepted_at_other_times(scene) {
        return None;
    }
    let chain = chain(scene);
    let objections = chain.as_ref().map(|chain| objections(scene, chain.judgement)).unwrap_or_default();
    match pick(says, &objections) {
        Some(objection) => chain.as_ref().map(|chain| objected(scene, says, chain, objection, &objections)),
        None => without_objection(scene, says, chain.as_ref()),
    }
}

/// The client left without a word as soon as it had the server's flight, whose chain ends in a root that it may not have.
pub(super) fn left(scene: &Scene<'_>) -> Option<Finding> {
    let ending =
        scene.ending.filter(|ending| ending.by == Side::Client && matches!(ending.how, How::Fin | How::Rst))?;
    // A client that is asked for a certificate may leave to ask its user.
    let asked = scene.mark_of(Side::Server, HandshakeType::CERTIFICATE_REQUEST).is_some();
    let reset = ending.how == How::Rst && !scene.handshake.missing.is_empty();
    // Whoever had more to say than the hello was here for something else.
    let said_more = scene.handshake.records.first().is_some_and(|records| !records.is_empty());
    if asked
        || reset
        || said_more
        || accepted_at_other_times(scene)
        || !scene.refuses(Refused::ServerFlight)
        || !left_at_once(scene)
    {
        return None;
    }
    let chain = chain(scene).filter(|chain| chain.here.is_some())?;
    let objections = objections(scene, chain.judgement);
    let objection = objections.iter().find(|objection| objection.cause != Cause::WeakParameters)?;
    let mut finding = objected(scene, Says::Nothing, &chain, objection, &objections);
    finding.confidence = Confidence::Possible;
    Some(finding)
}

/// The client finished the handshake with a certificate that it should not take, and then dropped the connection unused.
pub(super) fn abandoned(scene: &Scene<'_>) -> Option<Finding> {
    let (left, after) = scene.dropped_unused(Side::Client, PROMPT)?;
    if scene.negotiated.resumed == Some(true) {
        return None;
    }
    // A heartbeat that is answered is use of a kind.
    let heartbeat =
        scene.handshake.records.iter().flatten().any(|record| record.content_type == ContentType::HEARTBEAT);
    if heartbeat || accepted_at_other_times(scene) {
        return None;
    }
    let chain = chain(scene).filter(|chain| chain.here.is_some() || chain.same_name)?;
    let objections = objections(scene, chain.judgement);
    let objection = objections.iter().find(|objection| objection.holds && objection.cause != Cause::WeakParameters)?;
    let mut finding = objected(scene, Says::Nothing, &chain, objection, &objections);
    finding.confidence = Confidence::Possible;
    finding = finding.because(
        "unused",
        Some(Side::Client),
        Some(left),
        format!("the client finished, and left unused {} later", words::span(after)),
    );
    let again = scene
        .story
        .earlier
        .iter()
        .chain(&scene.story.later)
        .filter(|other| matches!(other.outcome, Outcome::Unused | Outcome::Abandoned))
        .count();
    if again > 0 {
        finding.confidence = Confidence::Likely;
        finding = finding.because(
            "again",
            Some(Side::Client),
            None,
            format!("it did the same {} within seconds", words::counted(again as u64, "other time")),
        );
    }
    Some(finding)
}

fn says(scene: &Scene<'_>) -> Option<Says> {
    use AlertDescription as A;
    Some(match scene.ending?.how {
        How::Alert(_, A::CERTIFICATE_EXPIRED) => Says::Expired,
        How::Alert(_, A::CERTIFICATE_REVOKED) => Says::Revoked,
        How::Alert(_, A::UNKNOWN_CA) => Says::UnknownAuthority,
        How::Alert(_, A::UNSUPPORTED_CERTIFICATE) => Says::Unsupported,
        How::Alert(_, A::BAD_CERTIFICATE_STATUS_RESPONSE) => Says::StatusResponse,
        How::Alert(_, A::BAD_CERTIFICATE | A::CERTIFICATE_UNKNOWN | A::NO_CERTIFICATE) => Says::Refused,
        How::Alert(
            _,
            A::HANDSHAKE_FAILURE | A::INTERNAL_ERROR | A::USER_CANCELED | A::ACCESS_DENIED | A::ILLEGAL_PARAMETER,
        ) => Says::Nothing,
        How::Alert(..) => return None,
        // In place of Finished a client refuses the server's certificate, if there was one.
        How::Encrypted(_) if scene.negotiated.resumed == Some(true) => return None,
        How::Encrypted(_) => Says::Refused,
        How::Fin | How::Rst | How::CloseNotify => Says::Nothing,
    })
}

/// True where most connections to the same server under the same name are used: what is shown there is taken, and only a
/// word of this client says otherwise.
fn accepted_at_other_times(scene: &Scene<'_>) -> bool {
    let name = scene.server.name;
    name.used > name.failed
}

/// True where the client left so soon after the server's flight that it must have been for what was in it.
fn left_at_once(scene: &Scene<'_>) -> bool {
    let flight = scene.handshake.steps.iter().rfind(|step| step.from == Side::Server).map(|step| step.mark);
    let left = scene.ending.map(|ending| ending.mark);
    flight.zip(left).is_some_and(|(flight, left)| left > flight && left.time.since(flight.time) <= AT_ONCE)
}

/// The chain of this handshake where it is in the clear, else one that the server showed elsewhere.
fn chain<'a>(scene: &'a Scene<'_>) -> Option<Chain<'a>> {
    if scene.server_chain.leaf().is_some() {
        let here = scene.mark_of(Side::Server, HandshakeType::CERTIFICATE).unwrap_or(scene.handshake.first);
        return Some(Chain { judgement: scene.server_chain, here: Some(here), same_name: true, last: None });
    }
    // What a server shows for another name says nothing, unless it would show the same for this one.
    let shown = scene.server.chain.as_ref()?;
    let covers = shown.judgement.name_matches == Some(true);
    let last = Some(shown.last);
    (shown.same_name || covers).then(|| Chain {
        judgement: &shown.judgement,
        here: None,
        same_name: shown.same_name,
        last,
    })
}

/// All that speaks against a chain, the most telling first: in the order in which most stacks check.
fn objections(scene: &Scene<'_>, chain: &Judgement) -> Vec<Objection> {
    let at = scene.handshake.first.time;
    let mut objections = Vec::new();
    let mut object = |cause, holds, code, what| objections.push(Objection { cause, holds, code, what });
    let mut problems = chain.problems.iter().collect::<Vec<_>>();
    problems.sort_by_key(|problem| rank(problem));
    for problem in problems {
        let sentence = problem.sentence(chain, at);
        match problem {
            ChainProblem::Expired { at: 0, .. } => object(Cause::CertificateExpired, true, "not_after", sentence),
            ChainProblem::Expired { .. } | ChainProblem::RootExpired { .. } => {
                object(Cause::CertificateExpired, true, ABOVE, sentence);
            }
            ChainProblem::NotYetValid { .. } => object(Cause::CertificateNotYetValid, true, "not_before", sentence),
            ChainProblem::OnlyCommonName { .. } => {
                object(Cause::CertificateNameMismatch, true, "only_common_name", sentence);
            }
            ChainProblem::SelfSigned => object(Cause::CertificateUntrusted, true, "self_signed", sentence),
            ChainProblem::WrongPurpose { .. } => object(Cause::CertificateUnsupported, true, "purpose", sentence),
            ChainProblem::BadSignature { .. }
            | ChainProblem::NotAnAuthority { .. }
            | ChainProblem::PathTooLong { .. } => {
                object(Cause::CertificateUntrusted, true, "issuer", sentence);
            }
            ChainProblem::MissingIssuer { .. } => object(Cause::CertificateUntrusted, true, "missing_issuer", sentence),
            ChainProblem::UnknownRoot { .. } => object(Cause::CertificateUntrusted, false, "unknown_root", sentence),
            ChainProblem::Weak { .. } => object(Cause::WeakParameters, true, "weak", sentence),
            ChainProblem::NotVerified { .. } => {}
        }
    }
    if let Some(what) = excluded_key(scene, chain) {
        let place = objections
            .iter()
            .position(|objection| objection.code == "purpose" || !objection.holds)
            .unwrap_or(objections.len());
        objections.insert(place, Objection { cause: Cause::CertificateUnsupported, holds: true, code: "key", what });
    }
    let leaf = chain.leaf();
    let visible = scene.server_chain.leaf().is_some();
    match staple(scene) {
        Some(Staple::Revoked) => objections.insert(
            0,
            Objection {
                cause: Cause::CertificateRevoked,
                holds: true,
                code: "stapled_response",
                what: "the OCSP response that the server stapled says that its certificate is revoked".to_owned(),
            },
        ),
        None if visible && leaf.is_some_and(|leaf| leaf.must_staple) => {
            let place = objections.iter().position(|objection| !objection.holds).unwrap_or(objections.len());
            let what =
                "the certificate demands a stapled OCSP response (must-staple), and the server sent none".to_owned();
            let cause = Cause::RevocationUnavailable;
            objections.insert(place, Objection { cause, holds: false, code: "no_stapled_response", what });
        }
        _ => {}
    }
    let only_common_name = chain.problems.iter().any(|problem| matches!(problem, ChainProblem::OnlyCommonName { .. }));
    if chain.name_matches == Some(false) && !only_common_name {
        let name = scene.sni().unwrap_or_default();
        let names = chain.leaf().map(|leaf| words::list(&leaf.san)).unwrap_or_default();
        let what = format!("the certificate is for {names}, not for {name}");
        let place = objections.iter().position(|objection| {
            !matches!(objection.cause, Cause::CertificateExpired | Cause::CertificateNotYetValid)
        });
        let objection = Objection { cause: Cause::CertificateNameMismatch, holds: true, code: "name", what };
        objections.insert(place.unwrap_or(objections.len()), objection);
    }
    objections
}

/// A key that the client's offer excludes: a kind of which it takes no signature, or before TLS 1.3 a curve that is not
/// among its groups (RFC 8422 section 5.1).
fn excluded_key(scene: &Scene<'_>, chain: &Judgement) -> Option<String> {
    let offer = scene.offer.as_ref()?;
    let key = chain.leaf()?.key.as_ref()?;
    let kind = offers::key_type(key)?;
    let signs_not = !offer.schemes.is_empty() && !offer.signing_keys().contains(&kind);
    let curve_not = match key {
        PublicKey::Ec(Some(curve)) if !scene.handshake.version.is_some_and(ProtocolVersion::is_tls13) => {
            !offer.groups.is_empty() && !offer.groups.iter().any(|group| group.to_string() == *curve)
        }
        _ => false,
    };
    (signs_not || curve_not).then(|| format!("its key ({key}) is of a kind that the client does not offer to take"))
}

/// The order in which problems count.
fn rank(problem: &ChainProblem) -> u8 {
    match problem {
        ChainProblem::Expired { .. } | ChainProblem::RootExpired { .. } => 0,
        ChainProblem::NotYetValid { .. } => 1,
        ChainProblem::OnlyCommonName { .. } => 2,
        ChainProblem::SelfSigned => 3,
        ChainProblem::WrongPurpose { .. } => 4,
        ChainProblem::BadSignature { .. } | ChainProblem::NotAnAuthority { .. } | ChainProblem::PathTooLong { .. } => 5,
        ChainProblem::MissingIssuer { .. } => 6,
        ChainProblem::Weak { .. } => 7,
        ChainProblem::UnknownRoot { .. } | ChainProblem::NotVerified { .. } => 8,
    }
}

/// The objection that the client had, by what it says.
fn pick(says: Says, objections: &[Objection]) -> Option<&Objection> {
    let of = |causes: &[Cause]| objections.iter().find(|objection| causes.contains(&objection.cause));
    let first = objections.iter().find(|objection| objection.holds);
    match says {
        Says::Expired => of(&[Cause::CertificateExpired, Cause::CertificateNotYetValid]),
        Says::Revoked | Says::StatusResponse => None,
        // NSS finds no path to a root where an intermediate certificate has expired.
        Says::UnknownAuthority => {
            let holds =
                objections.iter().find(|objection| objection.holds && objection.cause == Cause::CertificateUntrusted);
            let above = || objections.iter().find(|objection| objection.code == ABOVE);
            holds.or_else(above).or(of(&[Cause::CertificateUntrusted])).or(first)
        }
        Says::Unsupported => of(&[Cause::CertificateUnsupported, Cause::WeakParameters]).or(first),
        Says::Refused => first.or_else(|| objections.first()),
        // A weak signature alone makes nobody leave without a word.
        Says::Nothing => first.filter(|objection| objection.cause != Cause::WeakParameters),
    }
}

fn objected(scene: &Scene<'_>, says: Says, chain: &Chain<'_>, objection: &Objection, all: &[Objection]) -> Finding {
    let named = match (says, objection.cause, objection.holds) {
        (Says::Expired, Cause::CertificateExpired | Cause::CertificateNotYetValid, true)
        | (Says::Unsupported, Cause::CertificateUnsupported, true) => Confidence::Certain,
        // A missing CRL has this alert too.
        (Says::UnknownAuthority, Cause::CertificateUntrusted, true) if objection.code == "self_signed" => {
            Confidence::Certain
        }
        _ => Confidence::Likely,
    };
    let confidence = chain.at_most(named);
    let (cause, party) = match objection.cause {
        Cause::CertificateUntrusted if scene.server.others_see_another_issuer => {
            (Cause::TlsInterception, Party::Network)
        }
        cause => (cause, Party::Server),
    };
    let name = scene.server_name();
    let summary = match cause {
        Cause::TlsInterception => format!(
            "Something in between shows the client a certificate of its own for {name}: others see one from a public issuer, this client one from {}.",
            issuer(chain.judgement)
        ),
        _ => format!("The client refuses the certificate of {name}: {}.", objection.what),
    };
    let mut finding = Finding::new(cause, party, confidence, summary).because(
        objection.code,
        Some(Side::Server),
        chain.here,
        objection.what.clone(),
    );
    if cause == Cause::TlsInterception {
        let unrelated = words::counted(scene.server.names_under_issuer, "unrelated site");
        let what = format!(
            "other clients see a trusted issuer for {name}; the issuer seen here signs {unrelated} in this capture"
        );
        finding = finding.because("other_issuer", Some(Side::Server), None, what);
    }
    finding = finding.with(scene.ending_evidence()).with(seen_elsewhere(scene, chain));
    for other in all.iter().filter(|other| other.code != objection.code) {
        finding = finding.because(other.code, Some(Side::Server), chain.here, other.what.clone());
    }
    finding.advise(advice(cause, objection.code, scene))
}

fn issuer(chain: &Judgement) -> String {
    chain.leaf().and_then(|leaf| leaf.issuer.clone()).unwrap_or_else(|| "an unknown issuer".to_owned())
}

/// Says where the chain comes from that stands in for the one that cannot be seen.
fn seen_elsewhere(scene: &Scene<'_>, chain: &Chain<'_>) -> Option<Evidence> {
    let last = chain.last?;
    let begun = scene.handshake.first.time;
    let apart = if last <= begun {
        format!("{} before", words::span(begun.since(last)))
    } else {
        format!("{} after", words::span(last.since(begun)))
    };
    let whose = if chain.same_name { "for the same name" } else { "for another name" };
    let what = format!(
        "in TLS 1.3 the certificate is encrypted; this is the one that the server showed {whose} in another handshake, {apart}"
    );
    Some(Evidence { code: "seen_elsewhere", side: Some(Side::Server), mark: None, what })
}

/// Nothing that can be seen is wrong with the chain, or no chain can be seen: then the alert's name is all there is.
fn without_objection(scene: &Scene<'_>, says: Says, chain: Option<&Chain<'_>>) -> Option<Finding> {
    let name = scene.server_name();
    let (cause, confidence, what) = match (says, chain) {
        (Says::Nothing, _) => return None,
        (Says::Expired, Some(_)) => (
            Cause::RevocationUnavailable,
            Confidence::Likely,
            "its dates are in order, so an expired list of revoked certificates (CRL) is the likeliest",
        ),
        (Says::Expired, None) => (Cause::CertificateExpired, Confidence::Likely, "the client says that it has expired"),
        (Says::Revoked, _) => (Cause::CertificateRevoked, Confidence::Certain, "the client says that it is revoked"),
        (Says::StatusResponse, _) if staple(scene) == Some(Staple::Revoked) => {
            (Cause::CertificateRevoked, Confidence::Certain, "the stapled OCSP response says that it is revoked")
        }
        (Says::StatusResponse, _) => {
            (Cause::RevocationUnavailable, Confidence::Likely, "its stapled OCSP response is missing, stale or invalid")
        }
        (Says::UnknownAuthority, Some(_)) => (
            Cause::RevocationUnavailable,
            Confidence::Possible,
            "its chain leads to a well-known root; a list of revoked certificates (CRL) that the client wants is missing, or the client's store of roots is old",
        ),
        (Says::UnknownAuthority, None) => {
            (Cause::CertificateUntrusted, Confidence::Likely, "the client says that it does not know the issuer")
        }
        (Says::Unsupported, _) => (
            Cause::CertificateUnsupported,
            Confidence::Likely,
            "the client says that it is of a kind that it does not take",
        ),
        (Says::Refused, Some(_)) => {
            (Cause::CertificateRejected, Confidence::Likely, "nothing that can be seen is wrong with it")
        }
        (Says::Refused, None) => {
            (Cause::CertificateRejected, Confidence::Likely, "it is encrypted, so nothing shows what is wrong with it")
        }
    };
    let summary = format!("The client refuses the certificate of {name}: {what}.");
    let mut finding = Finding::new(cause, Party::Server, confidence, summary).with(scene.ending_evidence());
    if let Some(chain) = chain {
        let subject = chain.judgement.leaf().and_then(|leaf| leaf.subject.clone()).unwrap_or_default();
        finding = finding.because(
            "certificate",
            Some(Side::Server),
            chain.here,
            format!("the certificate is {subject}, issued by {}", issuer(chain.judgement)),
        );
        finding = finding.with(seen_elsewhere(scene, chain));
    } else {
        let what = "no other handshake in this capture shows the server's certificate in the clear".to_owned();
        finding = finding.because("not_visible", Some(Side::Server), None, what);
    }
    Some(finding.with(others_accept(scene)).advise(advice(cause, "", scene)))
}

/// That other clients take the certificate points at this client's own store or policy.
fn others_accept(scene: &Scene<'_>) -> Option<Evidence> {
    let clients = scene.server.clients;
    (clients > 0).then(|| Evidence {
        code: "others_accept",
        side: Some(Side::Server),
        mark: None,
        what: format!("{} finished handshakes with this server", words::counted(clients, "other client")),
    })
}

/// What a stapled response says of the certificate (RFC 6960 section 4.2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Staple {
    Good,
    Revoked,
}

/// The status in a stapled OCSP response. CertStatus stands right before thisUpdate, a GeneralizedTime: `good` is an
/// empty `[0]`, `revoked` a `[1]` that begins with a GeneralizedTime.
fn staple(scene: &Scene<'_>) -> Option<Staple> {
    const GOOD: [u8; 4] = [0x80, 0x00, 0x18, 0x0f];
    const REVOKED: [u8; 3] = [0xa1, 0x18, 0x0f];
    let message = scene.handshake.message(Side::Server, HandshakeType::CERTIFICATE_STATUS)?;
    CertificateStatus::parse(message.body).ok()?;
    if message.body.windows(GOOD.len()).any(|bytes| bytes == GOOD) {
        return Some(Staple::Good);
    }
    let revoked = message
        .body
        .windows(4)
        .any(|bytes| matches!(bytes, [tag, _, time, length] if [*tag, *time, *length] == REVOKED));
    revoked.then_some(Staple::Revoked)
}

fn advice(cause: Cause, code: &str, scene: &Scene<'_>) -> String {
    let (name, server) = (scene.server_name(), scene.handshake.server);
    match (cause, code) {
        (Cause::CertificateExpired, _) => format!(
            "Renew the certificate that has expired and reload the server; if {name} has several servers, check each. Then find out why the renewal did not \
             run. If the dates are right, look at the client's clock."
        ),
        (Cause::CertificateNotYetValid, _) => {
            "Wait until the certificate is valid or put the previous one back, and check the clocks: of the authority that issued it, and of the client.".to_owned()
        }
        (Cause::CertificateNameMismatch, "only_common_name") => {
            format!("Issue the certificate again with {name} as a subject alternative name: today's clients ignore the common name.")
        }
        (Cause::CertificateNameMismatch, _) => format!(
            "Give the server a certificate that covers {name}, or let the client use a name that the certificate has. If another certificate should have been \
             chosen, check the server's virtual hosts and its default."
        ),
        (Cause::CertificateUntrusted, "missing_issuer") => {
            "Let the server send the intermediate certificates with its own (the full chain file). If the issuer is a private authority, install its root on the client.".to_owned()
        }
        (Cause::CertificateUntrusted, "self_signed") => {
            "Replace the self-signed certificate by one from an authority that the client trusts, or add this certificate to the client's trusted ones.".to_owned()
        }
        (Cause::CertificateUntrusted, "issuer") => {
            "Replace the chain: a certificate in it was not signed, or must not have been signed, by the one above it. Often an intermediate certificate of another generation was installed.".to_owned()
        }
        (Cause::CertificateUntrusted, _) => {
            "If the authority is a private one, install its root certificate in the client's store (its own, where it does not use the system's). Otherwise \
             give the server a certificate from a public authority. If neither server nor authority is known, something in between may be intercepting."
                .to_owned()
        }
        (Cause::CertificateRevoked, _) => "Replace the certificate, with a new key, and find out why it was revoked.".to_owned(),
        (Cause::RevocationUnavailable, _) => {
            "See that the client can get what it checks revocation with: a current CRL (its nextUpdate), the OCSP responder, or a fresh staple from the server \
             (`ssl_stapling`). Check the client's clock, and how old its store of root certificates is."
                .to_owned()
        }
        (Cause::CertificateUnsupported, _) => {
            "Issue the certificate again for this use: extended key usage serverAuth, key usage digitalSignature, a key type and signature algorithm that the client offers.".to_owned()
        }
        (Cause::WeakParameters, _) => "Issue the certificate again with a key of at least RSA 2048 or ECDSA P-256, signed with SHA-256 or better.".to_owned(),
        (Cause::TlsInterception, _) => {
            "Ask who runs the proxy or firewall that issued this certificate. Install its root on the client if the inspection is wanted, or exempt this client or name from it.".to_owned()
        }
        _ => format!(
            "Look at the certificate as the client sees it: `openssl s_client -connect {server} -servername {name} -showcerts`, for dates, names, missing \
             intermediates and the root. The client's log says what it dislikes; its store of roots, its clock and pinned certificates are next."
        ),
    }
}
