//! The server's certificate: what the chain shows, before what the alert is called.

use super::super::Cause;
use super::certificates::{
    chain, chain_for_another_name, chain_of, day, expired, facts, missing_issuer, shown_before, unknown_root,
};
use super::flights::{asking12, closed, finished12, finished13, flight12, flight13, refused, reset};
use super::{Told, attempt, told};
use crate::handshake::sample::{HelloSample, server_hello};
use crate::handshake::{Outcome, Side};
use crate::knowledge::{Attempt, NameView, ServerView};
use crate::tls::registry::{AlertDescription, ContentType, HandshakeType};
use crate::tls::tests::build::Build;
use crate::x509::{ChainProblem, Judgement};
use std::time::Duration;

/// The client refuses the server's flight of TLS 1.2 with this alert, and the chain is this.
fn alerted(alert: AlertDescription, chain: Judgement) -> Told {
    told(refused(flight12(), Side::Client, alert)).shown(chain)
}

/// In TLS 1.3 an alert-sized record stands in place of the client's Finished.
fn refused13() -> Told {
    told(closed(flight13().encrypts13(Side::Client, 19), Side::Client))
}

fn having_shown(judgement: Judgement) -> ServerView {
    ServerView { chain: shown_before(judgement), clients: 2, ..ServerView::default() }
}

#[test]
fn an_expired_certificate_that_the_client_calls_expired_is_certain() {
    let told = alerted(AlertDescription::CERTIFICATE_EXPIRED, chain(&[expired()]));
    assert_eq!(told.line(), "certificate_expired server certain error server_flight: not_after@7 alert@10");
    let summary = "The client refuses the certificate of www.example.org: the certificate \"CN=www.example.org\" expired on 2026-01-30, 30 days before.";
    assert_eq!(told.summary(), summary);
}

#[test]
fn what_the_chain_shows_comes_before_what_the_alert_is_called() {
    use AlertDescription as A;
    for alert in [A::BAD_CERTIFICATE, A::CERTIFICATE_UNKNOWN, A::UNKNOWN_CA, A::HANDSHAKE_FAILURE, A::INTERNAL_ERROR] {
        let line = "certificate_expired server likely error server_flight: not_after@7 alert@10";
        assert_eq!(alerted(alert, chain(&[expired()])).line(), line, "{alert}");
        let line = "certificate_name_mismatch server likely error server_flight: name@7 alert@10";
        assert_eq!(alerted(alert, chain_for_another_name()).line(), line, "{alert}");
    }
}

#[test]
fn a_certificate_that_is_not_valid_yet_has_the_alert_of_an_expired_one() {
    let problem = ChainProblem::NotYetValid { at: 0, not_before: day(1) };
    let told = alerted(AlertDescription::CERTIFICATE_EXPIRED, chain(&[problem]));
    assert_eq!(told.line(), "certificate_not_yet_valid server certain error server_flight: not_before@7 alert@10");
}

#[test]
fn an_issuer_that_has_expired_is_told_from_the_certificate_itself() {
    let problem = ChainProblem::Expired { at: 1, not_after: day(-2) };
    let told = alerted(AlertDescription::UNKNOWN_CA, chain(&[problem]));
    assert_eq!(told.line(), "certificate_expired server likely error server_flight: issuer_not_after@7 alert@10");
}

#[test]
fn an_alert_that_names_what_the_chain_shows_picks_it() {
    let both = || chain(&[expired(), ChainProblem::SelfSigned]);
    let unknown = alerted(AlertDescription::UNKNOWN_CA, both());
    let line = "certificate_untrusted server certain error server_flight: self_signed@7 alert@10 not_after@7";
    assert_eq!(unknown.line(), line);
    let expired = alerted(AlertDescription::CERTIFICATE_EXPIRED, both());
    let line = "certificate_expired server certain error server_flight: not_after@7 alert@10 self_signed@7";
    assert_eq!(expired.line(), line);
}

#[test]
fn a_chain_that_leads_nowhere_is_untrusted() {
    use AlertDescription as A;
    let missing = alerted(A::UNKNOWN_CA, chain(&[missing_issuer()]));
    assert_eq!(missing.line(), "certificate_untrusted server likely error server_flight: missing_issuer@7 alert@10");
    assert!(missing.advice().contains("intermediate"), "{}", missing.advice());
    let root = alerted(A::UNKNOWN_CA, chain(&[unknown_root()]));
    assert_eq!(root.line(), "certificate_untrusted server likely error server_flight: unknown_root@7 alert@10");
    assert!(root.summary().contains("CN=Example Root"), "it says which: {}", root.summary());
    let said_less = alerted(A::BAD_CERTIFICATE, chain(&[unknown_root()]));
    assert_eq!(said_less.cause(), Some(Cause::CertificateUntrusted));
}

#[test]
fn a_root_that_the_client_may_have_counts_last() {
    let mut other = chain_for_another_name();
    other.problems.push(unknown_root());
    let told = alerted(AlertDescription::BAD_CERTIFICATE, other);
    let line = "certificate_name_mismatch server likely error server_flight: name@7 alert@10 unknown_root@7";
    assert_eq!(told.line(), line);
    let failure = alerted(AlertDescription::HANDSHAKE_FAILURE, chain(&[unknown_root()]));
    assert_eq!(failure.cause(), Some(Cause::HandshakeFailure), "handshake_failure does not point at it");
}

#[test]
fn an_expired_alert_to_a_chain_in_order_is_about_revocation() {
    let told = alerted(AlertDescription::CERTIFICATE_EXPIRED, chain(&[]));
    assert_eq!(told.line(), "revocation_unavailable server likely error server_flight: alert@10 certificate@7");
    let unknown = alerted(AlertDescription::UNKNOWN_CA, chain(&[]));
    assert_eq!(unknown.line(), "revocation_unavailable server possible error server_flight: alert@10 certificate@7");
}

#[test]
fn a_revoked_certificate_is_named_by_the_alert_or_by_the_staple() {
    let said = alerted(AlertDescription::CERTIFICATE_REVOKED, chain(&[]));
    assert_eq!(said.line(), "certificate_revoked server certain error server_flight: alert@10 certificate@7");
    let stapled = |response: &[u8]| {
        let status = Build::new().u8(1).vec24(response).0;
        let flight = flight12().says(Side::Server, HandshakeType::CERTIFICATE_STATUS, &status);
        told(refused(flight, Side::Client, AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE)).shown(chain(&[]))
    };
    let revoked = stapled(b"..\xa1\x11\x18\x0f20260101000000Z\x18\x0f20260201000000Z");
    assert_eq!(revoked.cause(), Some(Cause::CertificateRevoked));
    let good = stapled(b"..\x80\x00\x18\x0f20260201000000Z");
    assert_eq!(good.line(), "revocation_unavailable server likely error server_flight: alert@11 certificate@7");
}

#[test]
fn a_certificate_that_demands_a_staple_is_refused_without_one() {
    let mut leaf = facts("CN=www.example.org", "CN=Example CA");
    leaf.must_staple = true;
    let told = alerted(AlertDescription::BAD_CERTIFICATE, chain_of(leaf, &[]));
    let line = "revocation_unavailable server likely error server_flight: no_stapled_response@7 alert@10";
    assert_eq!(told.line(), line);
}

#[test]
fn a_certificate_for_another_use_is_unsupported() {
    let problem = ChainProblem::WrongPurpose { purposes: "clientAuth".to_owned() };
    let said = alerted(AlertDescription::UNSUPPORTED_CERTIFICATE, chain(std::slice::from_ref(&problem)));
    assert_eq!(said.line(), "certificate_unsupported server certain error server_flight: purpose@7 alert@10");
    let less = alerted(AlertDescription::BAD_CERTIFICATE, chain(&[problem]));
    assert_eq!(less.line(), "certificate_unsupported server likely error server_flight: purpose@7 alert@10");
    let order = alerted(AlertDescription::UNSUPPORTED_CERTIFICATE, chain(&[]));
    assert_eq!(order.line(), "certificate_unsupported server likely error server_flight: alert@10 certificate@7");
}

#[test]
fn an_unobjectionable_certificate_is_rejected_for_reasons_that_do_not_show() {
    let told = alerted(AlertDescription::BAD_CERTIFICATE, chain(&[]));
    assert_eq!(told.line(), "certificate_rejected server likely error server_flight: alert@10 certificate@7");
}

#[test]
fn an_alert_in_place_of_finished_refuses_a_certificate_that_nobody_sees() {
    let line = "certificate_rejected server likely error server_flight: encrypted_alert@10 not_visible";
    assert_eq!(refused13().line(), line);
    assert_eq!(refused13().outcome(), Outcome::Failed);
    let finished = told(closed(finished13(), Side::Client));
    assert_eq!(finished.line(), "none", "Finished is no refusal");
}

#[test]
fn what_another_handshake_showed_explains_a_refusal_in_tls_13() {
    let known = refused13().knowing(having_shown(chain(&[expired()])));
    let line = "certificate_expired server likely error server_flight: not_after encrypted_alert@10 seen_elsewhere";
    assert_eq!(known.line(), line);
    let mut elsewhere = having_shown(Judgement { name_matches: Some(false), ..chain(&[expired()]) });
    elsewhere.chain.as_mut().expect("a chain").same_name = false;
    let other = refused13().knowing(elsewhere);
    assert_eq!(other.cause(), Some(Cause::CertificateRejected), "what it shows for another name says nothing");
}

#[test]
fn what_is_inferred_from_another_handshake_is_never_certain() {
    let handshake = refused(flight13(), Side::Client, AlertDescription::CERTIFICATE_EXPIRED);
    let told = told(handshake).knowing(having_shown(chain(&[expired()])));
    assert_eq!(told.line(), "certificate_expired server likely error server_flight: not_after alert@10 seen_elsewhere");
}

#[test]
fn an_alert_in_the_clear_is_all_that_is_known_of_a_certificate_in_tls_13() {
    for (alert, cause) in [
        (AlertDescription::CERTIFICATE_EXPIRED, Cause::CertificateExpired),
        (AlertDescription::UNKNOWN_CA, Cause::CertificateUntrusted),
        (AlertDescription::BAD_CERTIFICATE, Cause::CertificateRejected),
    ] {
        let told = told(refused(flight13(), Side::Client, alert));
        assert_eq!(told.line(), format!("{cause} server likely error server_flight: alert@10 not_visible"));
    }
}

#[test]
fn a_resumed_session_shows_no_certificate_to_refuse() {
    let mut offer = HelloSample::default();
    let identities = Build::new().vec16(&[5; 32]).u32(1_000).0;
    offer.extensions.push((41, Build::new().vec16(&identities).vec16(&Build::new().vec8(&[6; 32]).0).0));
    let share = Build::new().u16(29).vec16(&[7; 32]).0;
    let hello = server_hello(0x0303, 0x1301, &[(43, vec![3, 4]), (51, share), (41, vec![0, 0])]);
    let resumed = super::flights::hello(&offer)
        .says(Side::Server, HandshakeType::SERVER_HELLO, &hello)
        .encrypts13(Side::Server, 36)
        .encrypts13(Side::Server, 53)
        .encrypts13(Side::Client, 19);
    let told = told(closed(resumed, Side::Client));
    assert!(!told.cause().is_some_and(|cause| cause.code().starts_with("certificate")), "{}", told.line());
}

#[test]
fn an_issuer_that_others_do_not_see_intercepts() {
    let server =
        ServerView { others_see_another_issuer: true, names_under_issuer: 4, ..having_shown(chain(&[unknown_root()])) };
    let seen = alerted(AlertDescription::UNKNOWN_CA, chain(&[unknown_root()])).knowing(server.clone());
    let line = "tls_interception network likely error server_flight: unknown_root@7 other_issuer alert@10";
    assert_eq!(seen.line(), line);
    assert!(seen.what("other_issuer").contains("4 unrelated sites"), "{}", seen.what("other_issuer"));
    let expired = alerted(AlertDescription::CERTIFICATE_EXPIRED, chain(&[expired()])).knowing(server);
    assert_eq!(expired.cause(), Some(Cause::CertificateExpired), "the issuer is not what is wrong");
}

#[test]
fn a_client_that_leaves_at_once_upon_an_objectionable_chain_minds_it() {
    let expired_chain = told(closed(flight12(), Side::Client)).shown(chain(&[expired()]));
    assert_eq!(expired_chain.line(), "certificate_expired server likely error server_flight: not_after@7 close@10");
    let root = told(closed(flight12(), Side::Client)).shown(chain(&[unknown_root()]));
    assert_eq!(root.line(), "certificate_untrusted server possible error server_flight: unknown_root@7 close@10");
    let order = told(closed(flight12(), Side::Client)).shown(chain(&[]));
    assert_eq!(order.cause(), Some(Cause::ClientClosed));
}

#[test]
fn a_client_with_time_to_think_does_not_leave_for_an_unknown_root() {
    let later = flight12().waits(Duration::from_secs(1));
    assert_eq!(told(closed(later, Side::Client)).shown(chain(&[unknown_root()])).cause(), Some(Cause::ClientClosed));
    let asked = told(closed(asking12(), Side::Client)).shown(chain(&[unknown_root()]));
    assert_eq!(asked.cause(), Some(Cause::ClientClosed), "it may ask its user for a certificate");
}

#[test]
fn a_client_that_finishes_and_leaves_unused_may_mind_the_certificate_after_all() {
    let left = || closed(finished12(), Side::Client);
    let minded = told(left()).shown(chain(&[expired()]));
    assert_eq!(minded.outcome(), Outcome::Abandoned);
    assert_eq!(minded.line(), "certificate_expired server possible error finished: not_after@7 close@13 unused@13");
    let again = Attempt { outcome: Outcome::Unused, ..attempt(1_000) };
    let twice = told(left()).shown(chain(&[expired()])).then(again);
    assert_eq!(twice.line(), "certificate_expired server likely error finished: not_after@7 close@13 unused@13 again");
}

/// A server whose connections under the name asked for are used.
fn used() -> ServerView {
    ServerView { name: NameView { finished: 5, used: 5, failed: 1 }, ..ServerView::default() }
}

#[test]
fn a_certificate_that_others_take_is_no_reason_to_leave_without_a_word() {
    let left = || told(closed(flight12(), Side::Client)).shown(chain(&[expired()]));
    assert_eq!(left().knowing(used()).cause(), Some(Cause::ClientClosed));
    let unused = ServerView { name: NameView { finished: 5, used: 1, failed: 3 }, ..ServerView::default() };
    assert_eq!(left().knowing(unused).cause(), Some(Cause::CertificateExpired), "others do the same");
    let root = told(closed(flight12(), Side::Client)).shown(chain(&[unknown_root()])).knowing(used());
    assert_eq!(root.cause(), Some(Cause::ClientClosed));
    let finished = told(closed(finished12(), Side::Client)).shown(chain(&[expired()])).knowing(used());
    assert_eq!(finished.line(), "none");
    let said = alerted(AlertDescription::CERTIFICATE_EXPIRED, chain(&[expired()])).knowing(used());
    assert_eq!(said.cause(), Some(Cause::CertificateExpired), "this client says that it minds");
}

#[test]
fn weakness_alone_makes_nobody_leave_without_a_word() {
    let weak = || chain(&[ChainProblem::Weak { at: 0, what: "a key of RSA 1024".to_owned() }]);
    assert_eq!(told(closed(flight12(), Side::Client)).shown(weak()).cause(), Some(Cause::ClientClosed));
    let said = alerted(AlertDescription::UNSUPPORTED_CERTIFICATE, weak());
    assert_eq!(said.cause(), Some(Cause::WeakParameters));
}

#[test]
fn a_heartbeat_that_is_answered_is_use_of_a_kind() {
    let beating = finished12().encrypts(Side::Client, ContentType::HEARTBEAT, 60).encrypts(
        Side::Server,
        ContentType::HEARTBEAT,
        60,
    );
    assert_eq!(told(closed(beating, Side::Client)).shown(chain(&[expired()])).line(), "none");
}

#[test]
fn preconnects_and_probes_are_no_failures() {
    let left = |chain: Judgement| told(closed(finished12(), Side::Client)).shown(chain);
    assert_eq!(left(chain(&[])).line(), "none");
    assert_eq!(left(chain(&[unknown_root()])).line(), "none", "the client may have that root");
    let late = closed(finished12().waits(Duration::from_secs(3)), Side::Client);
    assert_eq!(told(late).shown(chain(&[expired()])).line(), "none", "it stayed a while");
    let by_server = told(closed(finished12(), Side::Server)).shown(chain(&[expired()]));
    assert_eq!(by_server.line(), "none", "the server closed it");
    let used = closed(finished12().uses(Side::Client), Side::Client);
    assert_eq!(told(used).shown(chain(&[expired()])).line(), "none", "it was used");
}

#[test]
fn a_reset_of_the_client_upon_the_servers_flight_is_judged_like_a_close() {
    let told = told(reset(flight12(), Side::Client)).shown(chain(&[expired()]));
    assert_eq!(told.line(), "certificate_expired server likely error server_flight: not_after@7 close@10");
}

#[test]
fn an_alert_of_the_server_is_not_about_its_own_certificate() {
    let flight = flight12().says(Side::Client, HandshakeType::CLIENT_KEY_EXCHANGE, &[32; 33]);
    let told = told(refused(flight, Side::Server, AlertDescription::DECRYPT_ERROR)).shown(chain(&[expired()]));
    assert_eq!(told.cause(), Some(Cause::CryptographicFailure));
}
