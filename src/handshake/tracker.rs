//! Follows the two streams of one flow: finds TLS in them, tells client from server by what they say, and gathers what
//! belongs to one handshake.

use super::building::null_cipher_mac;
use super::facts::{
    Alert, Close, EncryptedRecord, Handshake, MAX_FAULTS, MAX_RECORDS, Missing, MissingWhy, Obstacle, Plain, Side, What,
};
use super::plain::{End, obstacle};
use super::stream::{Event, Place, Stream};
use crate::flow::Direction;
use crate::flow::tcp::TcpFacts;
use crate::packet::{IcmpError, Tunnels, VlanTags};
use crate::starttls::{Dialog, Progress};
use crate::time::{Mark, Timestamp};
use crate::tls::registry::{ContentType, HandshakeType, ProtocolVersion};
use crate::tls::{ClientHello, Ssl2ServerHello};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

/// At most this many ICMP errors of one handshake are kept.
const MAX_ICMP: usize = 4;
/// Above this a port is one that a client took at random (RFC 6335 section 6); only used where nothing else tells.
const FIRST_EPHEMERAL_PORT: u16 = 32768;
/// Records that an SSL 2.0 side sends after its hello until it has finished (the draft, 1.3.1).
const SSL2_RECORDS_TO_FINISH: u32 = 2;

/// Where a flow runs, as a handshake will tell it.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The ends, by direction: who sends in it.
    pub ends: [SocketAddr; 2],
    /// Who opened the TCP connection, where that was seen.
    pub opener: Option<Direction>,
    /// VLAN tags.
    pub vlan: VlanTags,
    /// Tunnels.
    pub tunnels: Tunnels,
    /// The capture's number of the interface.
    pub interface: u32,
}

/// The tracker of one flow.
#[derive(Debug)]
pub struct Tracker {
    streams: [Stream; 2],
    core: Core,
}

/// What a stream's bytes came with.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Where they begin in their stream.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Their frame.
    pub mark: Mark,
    /// How much of the other stream their sender had acknowledged.
    pub acknowledged: Option<u64>,
}

#[derive(Debug)]
struct Core {
    surroundings: Surroundings,
    client: Option<Direction>,
    client_is_guessed: bool,
    current: Option<Box<Handshake>>,
    /// ChangeCipherSpec by side, in the current handshake.
    changed_cipher: [bool; 2],
    ssl2_records: [u32; 2],
    /// The first bytes that were lost before there was a handshake.
    missed: Option<(Direction, Range<u64>, MissingWhy)>,
    /// What each side said that is no TLS, by direction.
    plain: [Option<Box<Plain>>; 2],
    /// What they said to each other with it.
    dialog: Dialog,
    /// Handshakes that ended because another began.
    superseded: VecDeque<Box<Handshake>>,
}

impl Tracker {
    /// Of a flow in which nothing was seen yet.
    pub fn new(surroundings: Surroundings) -> Self {
        let core = Core {
            surroundings,
            client: None,
            client_is_guessed: false,
            current: None,
            changed_cipher: [false; 2],
            ssl2_records: [0; 2],
            missed: None,
            plain: Default::default(),
            dialog: Dialog::default(),
            superseded: VecDeque::new(),
        };
        Self { streams: Default::default(), core }
    }

    /// Takes the next bytes of a direction.
    pub fn bytes(&mut self, direction: Direction, chunk: Chunk<'_>) {
        let Chunk { offset, bytes, mark, acknowledged } = chunk;
        let peer_is_tls = direction.reverse().of(&self.streams).is_tls();
        let core = &mut self.core;
        direction.of_mut(&mut self.streams).bytes(
            bytes,
            Place { offset, mark, acknowledged },
            peer_is_tls,
            &mut |event, place| core.on(direction, &event, place),
        );
        if let Some(mac) = self.core.current.as_ref().and_then(|handshake| null_cipher_mac(handshake)) {
            self.streams.iter_mut().for_each(|stream| stream.expect_null_cipher(mac));
        }
        self.core.touch(mark);
    }

    /// Takes note of bytes of a direction that will not come.
    pub fn gap(&mut self, direction: Direction, offset: u64, length: u64, mark: Mark, why: MissingWhy) {
        let stream = direction.of_mut(&mut self.streams);
        let (core, place) = (&mut self.core, Place { offset, mark, acknowledged: None });
        stream.gap(length, place, &mut |event, place| core.on(direction, &event, place));
        core.missing(direction, offset, length, why);
    }

    /// Tells that a handshake's flow met an ICMP error.
    pub fn icmp(&mut self, mark: Mark, error: IcmpError) {
        if let Some(handshake) = self.core.current.as_mut().filter(|handshake| handshake.icmp.len() < MAX_ICMP) {
            handshake.icmp.push((mark, error));
        }
    }

    /// Tells that the flow had met an ICMP error before the handshake began.
    pub fn icmp_before(&mut self, mark: Mark, error: IcmpError) {
        if let Some(handshake) = &mut self.core.current {
            handshake.icmp.insert(0, (mark, error));
        }
    }

    /// The ICMP error that ended the handshake, if nothing else did: one that says that its packets do not arrive, and
    /// after which nothing more was heard of it.
    pub fn ending_icmp(&self) -> Option<Mark> {
        let handshake = self.core.current.as_ref()?;
        let last = handshake.steps.last().map_or(handshake.first, |step| step.mark);
        let ends = |(mark, error): &&(Mark, IcmpError)| error.is_unreachable() && *mark > last;
        handshake.icmp.iter().find(ends).map(|(mark, _)| *mark)
    }

    /// Takes note of a frame of the flow, whether or not it brought bytes.
    pub fn touch(&mut self, mark: Mark) {
        self.core.touch(mark);
    }

    /// True where neither direction is TLS, or can still become it.
    pub fn is_foreign(&self) -> bool {
        self.core.current.is_none() && self.streams.iter().any(Stream::is_foreign)
    }

    /// True while a handshake is being followed.
    pub fn is_tracking(&self) -> bool {
        self.core.current.is_some()
    }

    /// True where further handshakes can be read after the current one: its cipher encrypts nothing.
    pub fn stays_readable(&self) -> bool {
        self.core.current.as_ref().is_some_and(|handshake| null_cipher_mac(handshake).is_some())
    }

    /// When both sides had finished, where they have.
    pub fn finished_at(&self) -> Option<Timestamp> {
        Some(self.core.current.as_ref()?.finished_at()?.time)
    }

    /// What it holds on the heap, in bytes, as far as that can be much.
    pub fn bytes_held(&self) -> usize {
        let core = &self.core;
        let plain = core.plain.iter().flatten().map(|plain| plain.bytes_held());
        let handshakes = core.current.iter().chain(&core.superseded).map(|handshake| handshake.memory());
        self.streams.iter().map(Stream::bytes_held).chain(plain).chain(handshakes).fold(0, usize::saturating_add)
    }

    /// Takes stock: true where the current handshake is established.
    pub fn is_established(&mut self) -> bool {
        self.core.current.as_mut().is_some_and(|handshake| handshake.assess())
    }

    /// Takes the handshakes that others have followed on the same flow, in order.
    pub fn superseded(&mut self) -> impl Iterator<Item = Box<Handshake>> {
        self.core.superseded.drain(..)
    }

    /// The alert in the clear that ended the handshake.
    pub fn ending_alert(&self) -> Option<Alert> {
        self.core.current.as_ref()?.ending_alert().copied()
    }

    /// Reads what the streams still hold: no more bytes will come.
    pub fn end_streams(&mut self, mark: Mark) {
        for direction in Direction::BOTH {
            let (core, place) = (&mut self.core, Place { offset: 0, mark, acknowledged: None });
            direction.of_mut(&mut self.streams).end(place, &mut |event, place| core.on(direction, &event, place));
        }
    }

    /// True once a proxy or a server has refused what would have led to TLS.
    pub fn is_refused(&self) -> bool {
        matches!(self.core.dialog.progress(), Progress::Refused { .. })
    }

    /// Says who opened the TCP connection: that may have become known after the first bytes.
    pub fn opened_by(&mut self, opener: Option<Direction>) {
        self.core.surroundings.opener = opener.or(self.core.surroundings.opener);
    }

    /// The direction in which the client sends, told or guessed.
    pub fn presumed_client(&self) -> Direction {
        self.core.client.unwrap_or_else(|| self.core.guess_client())
    }

    /// Begins a handshake that has no ClientHello, where what was said in place of one shows that there should have been
    /// TLS. `close` is how the connection ended, if it did; `silence` says that a client without a word is told too.
    pub fn begin_without_hello(&mut self, close: Option<Close>, tcp: &TcpFacts, silence: bool) {
        let core = &mut self.core;
        let [opening, answer] = &tcp.sides;
        let begins = opening.syn.is_some() || answer.syn.is_some();
        let tls = self.streams.iter().any(Stream::is_tls);
        if core.client.is_some() || core.plain.iter().all(Option::is_none) || tls {
            return;
        }
        let client = core.guess_client();
        let end = End {
            closed_by: close.and_then(|close| close.side),
            whole: begins && core.missed.is_none(),
            unanswered: answer.sent == 0,
            received: answer.acknowledged.is_some_and(|acknowledged| acknowledged >= opening.sent),
            at: close.map(|close| close.mark.time),
        };
        let port = client.reverse().of(&core.surroundings.ends).port();
        core.plain.swap(0, client.index());
        let obstacle = obstacle(&core.plain, &core.dialog, port, end)
            .filter(|obstacle| silence || *obstacle != Obstacle::NothingSaid);
        core.plain.swap(0, client.index());
        let Some(obstacle) = obstacle else { return };
        let first = core.plain.iter().flatten().map(|plain| plain.first).min().unwrap_or_default();
        let last = core.plain.iter().flatten().map(|plain| plain.last).max().unwrap_or_default();
        let mut handshake = Handshake::begun(&core.surroundings, client, first);
        (core.client, core.client_is_guessed) = (Some(client), core.surroundings.opener.is_none());
        core.hand_over(&mut handshake);
        handshake.obstacle = Some(obstacle);
        handshake.last = last;
        handshake.take_alert_out_of_plain();
        core.current = Some(Box::new(handshake));
    }

    /// Ends the current handshake at `now` and decides how it went; `open` where the capture ended before the connection
    /// did. There is none where nobody has sent a handshake message, although nothing is missing and the connection was
    /// closed.
    pub fn settle(
        &mut self,
        close: Option<Close>,
        open: bool,
        tcp: impl FnOnce(Direction) -> TcpFacts,
        now: Timestamp,
    ) -> Option<Box<Handshake>> {
        let mut handshake = self.core.current.take()?;
        let client = self.core.client?;
        handshake.roles_guessed = self.core.client_is_guessed;
        self.core.hand_over(&mut handshake);
        handshake.tcp = tcp(client);
        handshake.conclude(close, open, now);
        self.core.changed_cipher = [false; 2];
        handshake.is_one().then_some(handshake)
    }
}

impl Core {
    fn on(&mut self, direction: Direction, event: &Event<'_>, place: Place) {
        match *event {
            Event::Message { kind, body, whole } => self.on_message(direction, kind, body, whole, place),
            Event::Ssl2 { body, whole } => self.on_ssl2(direction, body, whole, place),
            Event::Ssl2Record => self.on_ssl2_record(direction, place),
            Event::ChangeCipherSpec => {
                if let Some((side, handshake)) = self.of(direction) {
                    handshake.step(side, What::ChangeCipherSpec, place, &[], true);
                    if let Some(changed) = self.changed_cipher.get_mut(side.index()) {
                        *changed = true;
                    }
                }
            }
            Event::Alert(level, description) => {
                if let Some((from, handshake)) = self.of(direction) {
                    handshake.alert(from, level, description, place);
                }
            }
            Event::Opaque(record) => self.on_opaque(direction, record, place),
            Event::Plain { bytes, peer_is_tls } => self.on_plain(direction, bytes, peer_is_tls, place),
        }
    }

    /// Keeps what is no TLS. A refusal stays the last of it: what comes after that is another conversation.
    fn on_plain(&mut self, direction: Direction, bytes: &[u8], peer_is_tls: bool, place: Place) {
        let from_client = self.client.unwrap_or_else(|| self.guess_client()) == direction;
        let begins = direction.reverse().of(&self.plain).as_ref().map_or(0, |plain| plain.length);
        let answers = peer_is_tls && place.acknowledged.is_none_or(|acknowledged| acknowledged > begins);
        let refused = matches!(self.dialog.progress(), Progress::Refused { .. });
        let plain = direction.of_mut(&mut self.plain).get_or_insert_with(|| Box::new(Plain::begun(place.mark)));
        plain.answers_hello |= answers;
        if !refused {
            plain.add(bytes, place.mark);
        }
        if !peer_is_tls {
            self.dialog.says(from_client, bytes);
        }
    }

    /// Gives a handshake what was said before it.
    fn hand_over(&mut self, handshake: &mut Handshake) {
        let Some(client) = self.client else { return };
        let dialog = std::mem::take(&mut self.dialog);
        for (plain, direction) in handshake.plain.iter_mut().zip([client, client.reverse()]) {
            if let Some(said) = direction.of_mut(&mut self.plain).take() {
                *plain = Some(said);
            }
        }
        if dialog.progress() == Progress::Open {
            return;
        }
        (handshake.starttls, handshake.via) = (dialog.starttls(), dialog.via());
        if let Progress::Refused { went_on } = dialog.progress() {
            let proxy = handshake.via.is_some();
            handshake.obstacle =
                Some(if proxy { Obstacle::ProxyRefused } else { Obstacle::StarttlsRefused { went_on } });
        }
    }

    fn on_message(&mut self, direction: Direction, kind: HandshakeType, body: &[u8], whole: bool, place: Place) {
        if kind != HandshakeType::CLIENT_HELLO || !self.is_echo(direction, body) {
            self.take_roles(direction, kind);
        }
        if kind == HandshakeType::CLIENT_HELLO && self.begins_another(body) {
            self.supersede(place);
        }
        let Some((side, handshake)) = self.begin(direction, place) else { return };
        handshake.step(side, What::Message(kind), place, body, whole);
        let fault = match kind {
            _ if !whole => None,
            HandshakeType::CLIENT_HELLO => ClientHello::parse(body).err(),
            HandshakeType::SERVER_HELLO => handshake.on_server_hello(body).err(),
            HandshakeType::HELLO_RETRY_REQUEST => handshake.on_hello_retry_request(body).err(),
            HandshakeType::FINISHED => {
                // In the clear: a NULL cipher.
                handshake.finish(side, place.mark);
                None
            }
            _ => None,
        };
        if let Some(error) = fault {
            handshake.fault(side, place.mark, error);
        }
    }

    /// Tells the roles by the first message that only one of them sends. A hello overrules everything else.
    fn take_roles(&mut self, direction: Direction, kind: HandshakeType) {
        let hello = matches!(kind, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO);
        let client = match kind {
            HandshakeType::CLIENT_HELLO | HandshakeType::CLIENT_KEY_EXCHANGE => direction,
            HandshakeType::SERVER_HELLO
            | HandshakeType::HELLO_REQUEST
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_REQUEST
            | HandshakeType::SERVER_HELLO_DONE
            | HandshakeType::CERTIFICATE_STATUS => direction.reverse(),
            _ => return,
        };
        match self.client {
            None => (self.client, self.client_is_guessed) = (Some(client), false),
            Some(known) if known != client && (self.client_is_guessed || hello) => {
                (self.client, self.client_is_guessed) = (Some(client), false);
                if let Some(handshake) = &mut self.current {
                    handshake.swap_sides();
                }
            }
            Some(_) => self.client_is_guessed &= !hello,
        }
    }

    /// The client by who opened the connection, else by the ports.
    fn guess_client(&self) -> Direction {
        self.surroundings.opener.unwrap_or_else(|| {
            let [low, high] = self.surroundings.ends.map(|end| end.port());
            let low_is_client = if low == high { low >= FIRST_EPHEMERAL_PORT } else { low > high };
            if low_is_client { Direction::FromLow } else { Direction::FromHigh }
        })
    }

    /// True where the other side sends a client's hello back to it, as an echo server does: that makes it no client.
    fn is_echo(&self, direction: Direction, body: &[u8]) -> bool {
        let hello =
            self.current.as_ref().and_then(|current| current.message(Side::Client, HandshakeType::CLIENT_HELLO));
        self.client == Some(direction.reverse()) && hello.is_some_and(|hello| hello.body == body)
    }

    /// True where a ClientHello begins another handshake: the current one has had its own, and this is no answer to a
    /// HelloRetryRequest (which repeats the random, RFC 8446 section 4.1.2).
    fn begins_another(&self, body: &[u8]) -> bool {
        let Some(current) = &self.current else { return false };
        let Some(first) = current.message(Side::Client, HandshakeType::CLIENT_HELLO) else {
            return current.steps.iter().any(|step| step.from == Side::Client && step.what != What::Ssl2ClientHello)
                && current.finished.iter().any(Option::is_some);
        };
        let random = |body: &[u8]| body.get(2..34).map(<[u8]>::to_vec);
        random(first.body) != random(body)
    }

    fn supersede(&mut self, place: Place) {
        if let Some(mut current) = self.current.take() {
            self.hand_over(&mut current);
            current.conclude(None, false, place.mark.time);
            self.superseded.push_back(current);
        }
        self.changed_cipher = [false; 2];
    }

    /// The current handshake, begun if there is none, and the side that sends in `direction`.
    fn begin(&mut self, direction: Direction, place: Place) -> Option<(Side, &mut Handshake)> {
        if self.client.is_none() {
            (self.client, self.client_is_guessed) = (Some(self.guess_client()), true);
        }
        let client = self.client?;
        let side = if client == direction { Side::Client } else { Side::Server };
        let surroundings = &self.surroundings;
        let handshake = self.current.get_or_insert_with(|| {
            let mut handshake = Box::new(Handshake::begun(surroundings, client, place.mark));
            if let Some((lost, range, why)) = self.missed.take() {
                let from = if lost == client { Side::Client } else { Side::Server };
                handshake.missing.push(Missing { from, range, why });
            }
            handshake
        });
        Some((side, handshake))
    }

    fn of(&mut self, direction: Direction) -> Option<(Side, &mut Handshake)> {
        let side = if self.client? == direction { Side::Client } else { Side::Server };
        Some((side, self.current.as_deref_mut()?))
    }

    fn on_opaque(&mut self, direction: Direction, record: EncryptedRecord, place: Place) {
        let changed = self.changed_cipher;
        let Some((side, handshake)) = self.of(direction) else { return };
        if let Some(records) = handshake.records.get_mut(side.index()) {
            if records.len() >= MAX_RECORDS {
                records.remove(MAX_RECORDS / 2);
            }
            records.push(record);
        }
        let changed = changed.get(side.index()).copied().unwrap_or_default();
        let finished = handshake.finished.get(side.index()).is_some_and(Option::is_some);
        let what = match record.content_type {
            // In TLS 1.3 all records look so, and before the version is known this may be one of its.
            ContentType::APPLICATION_DATA
                if !handshake.is_tls13() && (finished || changed && handshake.version.is_some()) =>
            {
                if let Some(data) = handshake.application_data.get_mut(side.index()) {
                    data.get_or_insert(record.mark);
                }
                What::ApplicationData
            }
            ContentType::HANDSHAKE if !handshake.is_tls13() && changed => {
                handshake.finish(side, record.mark);
                What::Encrypted(record.content_type)
            }
            other => What::Encrypted(other),
        };
        handshake.step(side, what, place, &[], true);
    }

    fn on_ssl2(&mut self, direction: Direction, body: &[u8], whole: bool, place: Place) {
        let (kind, what) = match body.first() {
            Some(1) => (HandshakeType::CLIENT_HELLO, What::Ssl2ClientHello),
            _ => (HandshakeType::SERVER_HELLO, What::Ssl2ServerHello),
        };
        self.take_roles(direction, kind);
        let Some((side, handshake)) = self.begin(direction, place) else { return };
        handshake.step(side, what, place, body, whole);
        if what == What::Ssl2ServerHello && Ssl2ServerHello::parse(body).is_ok() {
            handshake.version = Some(ProtocolVersion::SSL_2_0);
        }
    }

    fn on_ssl2_record(&mut self, direction: Direction, place: Place) {
        let mut counts = self.ssl2_records;
        let Some((side, handshake)) = self.of(direction) else { return };
        let Some(count) = counts.get_mut(side.index()) else { return };
        *count = count.saturating_add(1);
        if *count == SSL2_RECORDS_TO_FINISH {
            handshake.finish(side, place.mark);
        } else if *count > SSL2_RECORDS_TO_FINISH
            && let Some(data) = handshake.application_data.get_mut(side.index())
        {
            data.get_or_insert(place.mark);
        }
        self.ssl2_records = counts;
    }

    fn missing(&mut self, direction: Direction, offset: u64, length: u64, why: MissingWhy) {
        let Some((from, handshake)) = self.of(direction) else {
            // It may have been the beginning of the handshake to come.
            self.dialog.lose();
            self.missed.get_or_insert((direction, offset..offset.saturating_add(length), why));
            return;
        };
        let range = offset..offset.saturating_add(length);
        let continued = |last: &&mut Missing| last.from == from && last.range.end == offset && last.why == why;
        if let Some(last) = handshake.missing.iter_mut().find(continued) {
            last.range.end = range.end;
        } else if handshake.missing.len() < MAX_FAULTS {
            handshake.missing.push(Missing { from, range, why });
        }
    }

    fn touch(&mut self, mark: Mark) {
        if let Some(handshake) = &mut self.current {
            handshake.last = handshake.last.max(mark);
        }
    }
}
