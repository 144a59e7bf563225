//! The engine driven without files: scripted conversations, and the same ones out of order, doubled and with losses.

mod plain;
mod script;
mod silent;

use super::*;
use crate::handshake::{ClientAuth, EarlyData, Outcome, Side, What};
use crate::tls::registry::ProtocolVersion;
use proptest::prelude::*;
use script::*;

fn run(frames: &[Taped]) -> Vec<Box<Handshake>> {
    run_with(Limits::default(), frames)
}

fn run_with(limits: Limits, frames: &[Taped]) -> Vec<Box<Handshake>> {
    let mut engine = Engine::new(limits, 7);
    for (at, taped) in frames.iter().enumerate() {
        engine.frame(&taped.frame(at as u64 + 1));
    }
    engine.finish();
    std::iter::from_fn(|| engine.poll()).collect()
}

fn one(script: Script) -> Box<Handshake> {
    let mut handshakes = run(&script.frames);
    assert_eq!(handshakes.len(), 1, "one handshake");
    handshakes.remove(0)
}

fn closed_by(handshake: &Handshake) -> Option<(CloseKind, Option<Side>)> {
    handshake.close.map(|close| (close.by, close.side))
}

#[test]
fn tls_12_is_established_by_both_finished_and_data() {
    let handshake = one(tls12().data(Side::Client, 100).data(Side::Server, 500));
    assert_eq!(handshake.outcome, Outcome::Established);
    assert_eq!(handshake.version, Some(ProtocolVersion::TLS_1_2));
    let negotiated = handshake.negotiated();
    assert_eq!(negotiated.sni, Some(b"www.example.test".as_slice()));
    assert_eq!((negotiated.resumed, negotiated.client_auth), (Some(false), Some(ClientAuth::None)));
}

#[test]
fn finished_and_closed_without_data_is_unused() {
    let handshake = one(tls12().fin(Side::Client).fin(Side::Server));
    assert_eq!(
        (handshake.outcome, closed_by(&handshake)),
        (Outcome::Unused, Some((CloseKind::Fin, Some(Side::Client))))
    );
}

#[test]
fn a_change_cipher_spec_alone_establishes_nothing() {
    let script = Script::open().hello(&tls12_hello()).server(&tls12_flight()).client(&[change_cipher_spec()].concat());
    let handshake = one(script.fin(Side::Client).fin(Side::Server));
    assert_eq!(handshake.outcome, Outcome::Failed);
}

#[test]
fn a_finished_connection_that_stays_open_is_established() {
    let later = |seconds| Script::open_between(2).after(seconds).hello(&tls12_hello()).server(&tls12_flight());
    let finished = || tls12().ack(Side::Client);
    let open = [finished().frames, later(6).frames].concat();
    assert_eq!(run(&open)[0].outcome, Outcome::Established);
    let unheard = [tls12().frames, later(6).frames].concat();
    assert_eq!(run(&unheard)[0].outcome, Outcome::Unfinished, "the client has not acknowledged the server's Finished");
    let young = [finished().frames, later(3).frames].concat();
    assert_eq!(run(&young)[0].outcome, Outcome::Unfinished);
}

#[test]
fn a_resumed_session_goes_straight_to_change_cipher_spec() {
    let flight = [server_hello(0x0303, 0xc02f, &[]), change_cipher_spec(), encrypted(22, 40)].concat();
    let script = Script::open().hello(&tls12_hello()).server(&flight);
    let handshake = one(script.client(&[change_cipher_spec(), encrypted(22, 40)].concat()).data(Side::Client, 90));
    assert_eq!((handshake.outcome, handshake.negotiated().resumed), (Outcome::Established, Some(true)));
}

#[test]
fn a_plaintext_alert_fails_a_handshake_and_a_warning_does_not() {
    let refused =
        |level| Script::open().hello(&tls12_hello()).server(&alert(level, 40)).fin(Side::Server).fin(Side::Client);
    let handshake = one(refused(2));
    assert_eq!(closed_by(&handshake), Some((CloseKind::Alert, Some(Side::Server))));
    assert_eq!((handshake.outcome, handshake.alerts.len()), (Outcome::Failed, 1));
    assert_eq!(closed_by(&one(refused(1))), Some((CloseKind::Fin, Some(Side::Server))));
    let warned = Script::open().hello(&tls12_hello()).server(&alert(1, 112)).server(&tls12_flight());
    assert_eq!(
        one(warned.client(&tls12_finish()).server(&tls12_server_finish()).data(Side::Client, 50)).outcome,
        Outcome::Established
    );
}

#[test]
fn an_established_handshake_tells_that_another_of_its_client_was_just_refused() {
    let refused = Script::open().hello(&tls12_hello()).server(&alert(2, 40)).fin(Side::Server).fin(Side::Client);
    let established = |seconds| {
        let script = Script::open_between(2).after(seconds).hello(&tls12_hello()).server(&tls12_flight());
        script.client(&tls12_finish()).server(&tls12_server_finish()).data(Side::Client, 50)
    };
    let told = |frames: &[Taped]| -> Vec<_> {
        run(frames).iter().map(|handshake| (handshake.outcome, handshake.may_be_retry)).collect()
    };
    let both = [refused.frames.clone(), established(0).frames].concat();
    assert_eq!(told(&both), [(Outcome::Established, true), (Outcome::Failed, false)]);
    assert_eq!(told(&established(0).frames), [(Outcome::Established, false)]);
    let before = [established(0).frames, refused.frames].concat();
    assert_eq!(told(&before), [(Outcome::Established, false), (Outcome::Failed, false)]);
}

#[test]
fn tls_13_is_established_by_the_length_of_finished_and_data() {
    let handshake = one(tls13().client(&encrypted(23, 53)).data(Side::Client, 120));
    assert_eq!((handshake.outcome, handshake.version), (Outcome::Established, Some(ProtocolVersion::TLS_1_3)));
    let negotiated = handshake.negotiated();
    assert_eq!(negotiated.client_auth, Some(ClientAuth::None));
    assert_eq!(negotiated.inferred, ["client_auth"]);
}

#[test]
fn an_alert_sized_record_in_place_of_finished_is_a_refusal() {
    let handshake = one(tls13().client(&encrypted(23, 19)).fin(Side::Client).fin(Side::Server));
    assert_eq!((handshake.outcome, handshake.alerts.len()), (Outcome::Failed, 0));
}

#[test]
fn tickets_are_no_data_and_a_server_that_speaks_first_is() {
    let finished = || tls13().client(&encrypted(23, 53)).server(&encrypted(23, 255)).server(&encrypted(23, 256));
    let unused = one(finished().client(&encrypted(23, 19)).fin(Side::Client).fin(Side::Server));
    assert_eq!(unused.outcome, Outcome::Unused);
    assert!(unused.steps.iter().all(|step| step.what != What::ApplicationData), "a ticket is not told as data");
    assert_eq!(one(finished().server(&encrypted(23, 60))).outcome, Outcome::Established);
}

#[test]
fn a_finished_with_application_settings_is_known_and_another_large_record_fails_nothing() {
    let flight = |hello: &[u8]| Script::open().hello(hello).server(&tls13_flight());
    let settings = flight(&tls13_hello(&[(17513, vec![0, 3, 2, b'h', b'2'])])).client(&encrypted(23, 63));
    let closed = one(settings.fin(Side::Client).fin(Side::Server));
    assert_eq!((closed.outcome, closed.negotiated().client_auth), (Outcome::Unused, Some(ClientAuth::None)));
    let unknown = flight(&tls13_hello(&[])).client(&encrypted(23, 63));
    assert_eq!(one(unknown.fin(Side::Client).fin(Side::Server)).outcome, Outcome::Unfinished);
}

#[test]
fn a_missing_client_certificate_that_is_refused_is_abandoned() {
    let asked = || tls13().client(&[encrypted(23, 25), encrypted(23, 53)].concat());
    let refused =
        one(asked().client(&encrypted(23, 100)).server(&encrypted(23, 19)).fin(Side::Server).fin(Side::Client));
    assert_eq!((refused.outcome, refused.negotiated().client_auth), (Outcome::Abandoned, Some(ClientAuth::Empty)));
    let accepted = one(asked().client(&encrypted(23, 100)).server(&encrypted(23, 300)));
    assert_eq!(accepted.outcome, Outcome::Established);
    let closed = one(asked().client(&encrypted(23, 19)).server(&encrypted(23, 19)).fin(Side::Client).fin(Side::Server));
    assert_eq!(closed.outcome, Outcome::Unused, "the server answers the client's own close");
}

#[test]
fn early_data_is_told_by_how_the_client_goes_on() {
    let offer = tls13_hello(&[(42, vec![]), (41, psk_offer())]);
    let flight = |psk: bool| {
        let extensions = [(43, vec![3, 4]), (41, vec![0, 0])];
        [server_hello(0x0303, 0x1301, &extensions[..1 + usize::from(psk)]), encrypted(23, 200)].concat()
    };
    let begun = |psk| Script::open().hello(&offer).client(&encrypted(23, 500)).server(&flight(psk));
    let accepted = one(begun(true).client(&[encrypted(23, 21), encrypted(23, 53)].concat()).data(Side::Client, 80));
    let negotiated = accepted.negotiated();
    assert_eq!((negotiated.early_data, negotiated.resumed), (Some(EarlyData::Accepted), Some(true)));
    assert_eq!(accepted.outcome, Outcome::Established);
    let rejected = one(begun(false).client(&encrypted(23, 53)).data(Side::Client, 80));
    assert_eq!(rejected.negotiated().early_data, Some(EarlyData::Rejected));
}

#[test]
fn a_hello_retry_request_and_its_answer_are_one_handshake() {
    let retry = hello_retry_request();
    let script = Script::open().hello(&tls13_hello(&[])).server(&[retry, change_cipher_spec()].concat());
    let again = [change_cipher_spec(), tls13_hello(&[])].concat();
    let handshake =
        one(script.client(&again).server(&tls13_flight()).client(&encrypted(23, 53)).data(Side::Client, 70));
    assert_eq!((handshake.outcome, handshake.negotiated().hello_retry), (Outcome::Established, Some(true)));
}

#[test]
fn another_hello_in_the_clear_is_another_handshake() {
    let mut other = tls12_hello();
    other[11] ^= 0xff;
    let script = Script::open().hello(&tls12_hello()).server(&alert(2, 40)).client(&other).server(&tls12_flight());
    let handshakes = run(&script.client(&tls12_finish()).server(&tls12_server_finish()).data(Side::Client, 60).frames);
    assert_eq!(handshakes.iter().map(|it| it.outcome).collect::<Vec<_>>(), [Outcome::Failed, Outcome::Established]);
}

#[test]
fn who_sends_a_hello_back_is_no_client() {
    let echo = [tls13_hello(&[]), alert(2, 10)].concat();
    let handshake = one(Script::open().hello(&tls13_hello(&[])).server(&echo).client(&alert(2, 10)));
    assert_eq!((handshake.outcome, handshake.server.port()), (Outcome::Failed, 443));
}

#[test]
fn tls_is_found_behind_another_protocol() {
    let script =
        Script::open().server(b"220 mail.example ESMTP\r\n").client(b"STARTTLS\r\n").server(b"220 go ahead\r\n");
    let script = script.client(&tls12_hello()).server(&tls12_flight()).client(&tls12_finish());
    assert_eq!(one(script.server(&tls12_server_finish()).data(Side::Client, 70)).outcome, Outcome::Established);
}

#[test]
fn a_hello_split_into_single_bytes_is_read() {
    let mut script = Script::open();
    for byte in tls12_hello() {
        script = script.client(&[byte]);
    }
    let script = script.server(&tls12_flight()).client(&tls12_finish()).server(&tls12_server_finish());
    assert_eq!(one(script.data(Side::Client, 70)).outcome, Outcome::Established);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_hello_has_failed() {
    let hello = tls12_hello();
    let half = |bytes: usize| Script::open().client(&hello[..bytes]);
    for ended in [half(60).fin(Side::Client).fin(Side::Server), half(60).rst(Side::Client)] {
        let handshake = one(ended);
        assert_eq!((handshake.outcome, handshake.complete()), (Outcome::Failed, true));
        assert_eq!(closed_by(&handshake).unwrap().1, Some(Side::Client));
    }
    // Without all of its random it is no hello yet, and a server that hangs up may know better what it was.
    for bytes in 1..43 {
        assert!(run(&half(bytes).fin(Side::Client).fin(Side::Server).frames).is_empty(), "{bytes} bytes");
    }
    assert!(run(&half(60).fin(Side::Server).fin(Side::Client).frames).is_empty());
}

#[test]
fn a_used_port_is_another_flow_and_a_syn_sent_again_is_not() {
    let mut first = tls12().data(Side::Client, 100).fin(Side::Client).fin(Side::Server).frames;
    first.insert(1, first[0].clone());
    let second = tls12_from(90_000).data(Side::Client, 100).frames;
    assert_eq!(run(&[first, second].concat()).len(), 2);
}

#[test]
fn a_lost_segment_that_was_acknowledged_makes_it_unfinished_not_failed() {
    let mut frames = tls12().fin(Side::Client).fin(Side::Server).frames;
    let lost = frames.iter().position(|frame| frame.payload == tls12_finish()).expect("the client's flight");
    frames.remove(lost);
    let handshake = run(&frames).remove(0);
    assert_eq!(handshake.outcome, Outcome::Unfinished);
    assert_eq!(handshake.missing[0].from, Side::Client);
    assert_eq!(handshake.missing[0].range.end - handshake.missing[0].range.start, tls12_finish().len() as u64);
}

#[test]
fn a_server_may_answer_long_after_the_client_has_closed_its_side() {
    let script = Script::open().hello(&tls12_hello()).fin(Side::Client).after(11);
    let mut frames = script.server(&tls12_flight()).fin(Side::Server).frames;
    // Others keep the capture's clock going in between.
    let others = (1..71).flat_map(|port| Script::open_between(port).after(9).frames);
    let late = frames.split_off(5);
    frames.extend(others.chain(late));
    let handshake = run(&frames).remove(0);
    assert_eq!((handshake.version, handshake.outcome), (Some(ProtocolVersion::TLS_1_2), Outcome::Failed));
    assert_eq!(closed_by(&handshake), Some((CloseKind::Fin, Some(Side::Client))));
}

#[test]
fn a_flood_of_half_hellos_is_bounded_and_real_handshakes_are_still_found() {
    let limits = Limits { flows: 200, total_bytes: 64 * 1024, ..Limits::default() };
    let mut frames = Vec::new();
    for port in 0..3000_u16 {
        let hello = tls12_hello();
        frames.extend(Script::open_between(port).client(&hello[..20]).frames);
        if port == 1500 {
            frames.extend(tls12().data(Side::Client, 100).frames);
        }
    }
    let mut engine = Engine::new(limits, 7);
    for (at, taped) in frames.iter().enumerate() {
        engine.frame(&taped.frame(at as u64 + 1));
        assert!(engine.stats().flows <= 200);
        assert!(engine.stats().buffered <= 64 * 1024);
    }
    engine.finish();
    let established = std::iter::from_fn(|| engine.poll()).filter(|it| it.outcome == Outcome::Established).count();
    assert_eq!((established, engine.stats().buffered), (1, 0));
}

#[test]
fn silence_is_waited_for_by_ticks_alone() {
    let mut engine = Engine::new(Limits::default(), 7);
    let frames = tls12().ack(Side::Client).frames;
    for (at, taped) in frames.iter().enumerate() {
        engine.frame(&taped.frame(at as u64 + 1));
    }
    assert!(engine.poll().is_none());
    engine.tick(frames.last().unwrap().time.plus(Duration::from_secs(6)));
    assert_eq!(engine.poll().unwrap().outcome, Outcome::Established);
}

/// Tells an engine that so many seconds go by, without a pause that would be forgiven.
fn pass(engine: &mut Engine, from: Timestamp, seconds: u64) {
    (0..=seconds).step_by(10).for_each(|second| engine.tick(from.plus(Duration::from_secs(second))));
}

#[test]
fn a_connection_that_falls_silent_is_given_up_in_time() {
    let mut engine = Engine::new(Limits::default(), 7);
    let frames = Script::open().hello(&tls12_hello()).frames;
    frames.iter().zip(1..).for_each(|(taped, number)| _ = engine.frame(&taped.frame(number)));
    let now = engine.now();
    pass(&mut engine, now, 290);
    assert!(engine.poll().is_none());
    pass(&mut engine, now.plus(Duration::from_secs(300)), 20);
    assert_eq!(closed_by(&engine.poll().expect("it is given up")), Some((CloseKind::Timeout, None)));
}

#[test]
fn after_a_clock_was_set_back_time_goes_on_from_there() {
    let hour = Duration::from_secs(3600);
    let hello = |flow| Script::open_between(flow).hello(&tls12_hello()).frames;
    let mut late = hello(1);
    late.iter_mut().for_each(|taped| taped.time = taped.time.plus(2 * hour));
    let mut engine = Engine::new(Limits::default(), 7);
    let see = |engine: &mut Engine, frames: &[Taped], first| {
        frames.iter().zip(first..).for_each(|(taped, number)| _ = engine.frame(&taped.frame(number)));
        engine.now()
    };
    let told = |engine: &mut Engine| std::iter::from_fn(|| engine.poll()).count();
    let before = see(&mut engine, &late, 1);
    engine.begin_anew();
    assert_eq!(told(&mut engine), 1, "what was open");
    let now = see(&mut engine, &hello(2), 10);
    assert!(now.plus(hour) < before);
    pass(&mut engine, now, 290);
    assert_eq!(told(&mut engine), 0, "it may yet be answered");
    pass(&mut engine, now.plus(Duration::from_secs(300)), 20);
    assert_eq!(told(&mut engine), 1, "long before the time that it was");
    assert_eq!(engine.stats().frames, 8, "all are counted");
}

#[test]
fn flows_of_which_one_side_is_not_seen_are_counted_once() {
    let count = |frames: &[Taped]| {
        let mut engine = Engine::new(Limits::default(), 7);
        for (at, taped) in frames.iter().enumerate() {
            engine.frame(&taped.frame(at as u64 + 1));
        }
        engine.finish();
        engine.stats().flows_one_sided
    };
    let both = tls12().data(Side::Client, 100).fin(Side::Client).fin(Side::Server).frames;
    let of = |source: u8| -> Vec<Taped> { both.iter().filter(|frame| frame.bytes[15] == source).cloned().collect() };
    assert_eq!([count(&both), count(&of(1)), count(&of(2))], [0, 1, 1]);
    let asked_for = Script::open().frames[..1].to_vec();
    assert_eq!(count(&asked_for), 0, "without payload it may be a scan");
    // Another protocol, which is given up before the connection ends.
    let foreign = (0..60).fold(Script::open(), |script, _| script.client(b"nothing like TLS\r\n"));
    let one_way = foreign.frames.into_iter().filter(|frame| frame.bytes[15] == 1).collect::<Vec<_>>();
    assert_eq!(count(&one_way), 1);
}

#[test]
fn where_too_much_is_held_the_connections_without_a_handshake_go_first() {
    let mut frames = tls12().frames;
    for port in 1..120 {
        frames.extend(Script::open_between(port).client(&tls12_hello()[..50]).frames);
    }
    let mut engine = Engine::new(Limits { total_bytes: 32 * 1024, ..Limits::default() }, 7);
    for (at, taped) in frames.iter().enumerate() {
        engine.frame(&taped.frame(at as u64 + 1));
        assert!(engine.stats().buffered <= 32 * 1024);
    }
    assert!(engine.stats().flows_evicted > 10);
    engine.finish();
    let handshakes: Vec<_> = std::iter::from_fn(|| engine.poll()).collect();
    let versions: Vec<_> = handshakes.iter().filter_map(|it| it.version).collect();
    assert_eq!(versions, [ProtocolVersion::TLS_1_2]);
    assert!(handshakes.last().unwrap().close.unwrap().by == CloseKind::CaptureEnd);
}

#[test]
fn a_flow_takes_no_more_than_it_may() {
    let [over, asked, open] = flows::Flows::SIZES;
    assert!(over <= 64 && asked <= 96 && open <= 192, "{over} over, {asked} with a SYN only, {open} without data");
}

#[test]
fn frames_and_handshakes_name_the_same_connection_also_where_a_port_is_used_again() {
    let refused = |sequence| {
        Script::open_with(40_000, sequence)
            .hello(&tls12_hello())
            .server(&alert(2, 40))
            .fin(Side::Server)
            .fin(Side::Client)
    };
    let scripts = [refused(1_000), refused(3_000_000), Script::open_between(9).hello(&tls12_hello()).rst(Side::Server)];
    let counts = scripts.each_ref().map(|script| script.frames.len());
    let mut engine = Engine::new(Limits::default(), 7);
    let mut number = 0;
    let flows = scripts.map(|script| {
        let taken: Vec<_> =
            script.frames.iter().map(|taped| (number += 1, engine.frame(&taped.frame(number))).1).collect();
        let [first, rest @ ..] = &taken[..] else { panic!("no frames") };
        assert!(first.is_some() && rest.iter().all(|flow| flow == first), "{taken:?}");
        first.unwrap()
    });
    assert_eq!(counts.iter().sum::<usize>() as u64, number);
    assert!(flows[0] != flows[1] && flows[1] != flows[2]);
    assert!(!engine.is_open(flows[0]) && engine.is_open(flows[1]));
    engine.finish();
    let mut told: Vec<_> = std::iter::from_fn(|| engine.poll()).map(|it| (it.first.frame, it.flow)).collect();
    told.sort();
    assert_eq!(told.iter().map(|(_, flow)| *flow).collect::<Vec<_>>(), flows);
    assert!(!engine.is_open(flows[1]));
}

#[test]
fn a_frame_of_a_connection_that_has_nothing_more_to_tell_is_nobodys() {
    let script = tls12().data(Side::Client, 100).data(Side::Server, 500).data(Side::Server, 500);
    let mut engine = Engine::new(Limits::default(), 7);
    let taken: Vec<_> =
        script.frames.iter().zip(1..).map(|(taped, number)| engine.frame(&taped.frame(number))).collect();
    let handshake = engine.poll().unwrap();
    assert_eq!(handshake.outcome, Outcome::Established);
    let [.., last_but_one, last] = taken[..] else { panic!("no frames") };
    assert_eq!((taken[0], last_but_one, last), (Some(handshake.flow), None, None));
}

/// What must not depend on the order of packets.
fn gist(handshakes: &[Box<Handshake>]) -> Vec<(String, Outcome, String)> {
    let mut gist: Vec<_> = handshakes
        .iter()
        .map(|it| {
            let negotiated = it.negotiated();
            let name = negotiated.sni.map(String::from_utf8_lossy);
            let agreed = format!(
                "{:?} {:?} {name:?} {:?} {:?} {:?}",
                it.version,
                it.cipher_suite,
                negotiated.resumed,
                negotiated.client_auth,
                closed_by(it)
            );
            (format!("{} {}", it.client, it.server), it.outcome, agreed)
        })
        .collect();
    gist.sort_by(|a, b| a.0.cmp(&b.0));
    gist
}

fn conversations() -> Vec<Taped> {
    let scripts = [
        tls12().data(Side::Client, 100).data(Side::Server, 900).fin(Side::Client).fin(Side::Server),
        tls13_on(1).client(&encrypted(23, 53)).data(Side::Client, 120).data(Side::Server, 400),
        tls13_on(2).client(&encrypted(23, 19)).fin(Side::Client).fin(Side::Server),
        tls13_on(3)
            .client(&[encrypted(23, 25), encrypted(23, 53)].concat())
            .server(&encrypted(23, 19))
            .fin(Side::Server)
            .fin(Side::Client),
        Script::open_between(4).hello(&tls12_hello()).server(&alert(2, 40)).fin(Side::Server).fin(Side::Client),
        Script::open_between(5).hello(&tls12_hello()).rst(Side::Server),
    ];
    scripts.into_iter().flat_map(|script| script.frames).collect()
}

/// Moves each frame by up to eight places; the times stay in order.
fn moved(frames: &[Taped], keys: &[u8]) -> Vec<Taped> {
    let mut order: Vec<_> = (0..frames.len()).collect();
    order.sort_by_key(|at| (at + usize::from(keys[at % keys.len()] % 9), *at));
    order.iter().zip(frames).map(|(from, place)| Taped { time: place.time, ..frames[*from].clone() }).collect()
}

proptest! {
    #[test]
    fn frames_out_of_order_or_doubled_give_the_same_handshakes(
        keys in proptest::collection::vec(any::<u8>(), 1..97),
        doubled in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let frames = conversations();
        let expected = gist(&run(&frames));
        let mut changed = moved(&frames, &keys);
        prop_assert_eq!(gist(&run(&changed)), expected.clone());
        for index in doubled {
            let at = index.index(changed.len());
            changed.insert(at, changed[at].clone());
        }
        prop_assert_eq!(gist(&run(&changed)), expected);
    }

    #[test]
    fn lost_frames_never_make_a_handshake_established_or_failed(
        lost in proptest::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let mut frames = conversations();
        let expected = gist(&run(&frames));
        for index in lost {
            frames.remove(index.index(frames.len()));
        }
        for handshake in run(&frames) {
            let ends = format!("{} {}", handshake.client, handshake.server);
            let truth = expected.iter().find(|it| it.0 == ends).map(|it| it.1);
            let claimed = matches!(handshake.outcome, Outcome::Established | Outcome::Failed);
            prop_assert!(!claimed || truth == Some(handshake.outcome), "was {:?}, not {:#?}", truth, handshake);
        }
    }
}
