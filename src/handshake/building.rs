//! How the tracker puts together a handshake: it begins empty, and every message, alert and fault is added with its bounds.

use super::facts::{
    Alert, Fault, Handshake, MAX_ALERTS, MAX_FAULTS, MAX_MESSAGE_BYTES, MAX_STEPS, Outcome, Side, Step, What,
};
use super::stream::Place;
use super::tracker::Surroundings;
use crate::flow::tcp::TcpFacts;
use crate::flow::{Direction, FlowSerial};
use crate::time::Mark;
use crate::tls::registry::{AlertDescription, AlertLevel, CipherSuite};
use crate::tls::{HelloRetryRequest, ParseError, ServerHello};

impl Handshake {
    pub(super) fn begun(surroundings: &Surroundings, client: Direction, mark: Mark) -> Self {
        Self {
            client: *client.of(&surroundings.ends),
            server: *client.reverse().of(&surroundings.ends),
            roles_guessed: false,
            vlan: surroundings.vlan,
            tunnels: surroundings.tunnels,
            interface: surroundings.interface,
            first: mark,
            last: mark,
            version: None,
            cipher_suite: None,
            outcome: Outcome::Unfinished,
            close: None,
            steps: Vec::with_capacity(16),
            bytes: Vec::with_capacity(4096),
            alerts: Vec::new(),
            records: Default::default(),
            finished: [None; 2],
            application_data: [None; 2],
            tcp: TcpFacts::default(),
            icmp: Vec::new(),
            missing: Vec::new(),
            faults: Vec::new(),
            plain: Default::default(),
            starttls: None,
            via: None,
            obstacle: None,
            settled: mark.time,
            may_be_retry: false,
            flow: FlowSerial::default(),
        }
    }

    pub(super) fn step(&mut self, from: Side, what: What, place: Place, body: &[u8], whole: bool) {
        if self.steps.len() >= MAX_STEPS {
            return;
        }
        self.first = self.first.min(place.mark);
        let begin = self.bytes.len();
        if begin.saturating_add(body.len()) <= MAX_MESSAGE_BYTES {
            self.bytes.extend_from_slice(body);
        }
        self.steps.push(Step { from, what, mark: place.mark, end: place.offset, whole, body: begin..self.bytes.len() });
    }

    pub(super) fn alert(&mut self, from: Side, level: AlertLevel, description: AlertDescription, place: Place) {
        self.step(from, What::Alert(level, description), place, &[], true);
        if self.alerts.len() < MAX_ALERTS {
            let Place { mark, offset: end, acknowledged } = place;
            self.alerts.push(Alert { from, level, description, mark, end, acknowledged });
        }
    }

    pub(super) fn fault(&mut self, from: Side, mark: Mark, error: ParseError) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { from, mark, error });
        }
    }

    pub(super) fn finish(&mut self, side: Side, mark: Mark) {
        if let Some(finished) = self.finished.get_mut(side.index()) {
            finished.get_or_insert(mark);
        }
    }

    pub(super) fn on_server_hello(&mut self, body: &[u8]) -> Result<(), ParseError> {
        let hello = ServerHello::parse(body)?;
        self.version = Some(hello.negotiated_version());
        self.cipher_suite = Some(hello.cipher_suite);
        Ok(())
    }

    pub(super) fn on_hello_retry_request(&mut self, body: &[u8]) -> Result<(), ParseError> {
        let retry = HelloRetryRequest::parse(body)?;
        self.version = Some(retry.version);
        self.cipher_suite = retry.cipher_suite;
        Ok(())
    }

    /// The roles were the other way round.
    pub(super) fn swap_sides(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        self.steps.iter_mut().for_each(|step| step.from = step.from.other());
        self.alerts.iter_mut().for_each(|alert| alert.from = alert.from.other());
        self.missing.iter_mut().for_each(|missing| missing.from = missing.from.other());
        self.faults.iter_mut().for_each(|fault| fault.from = fault.from.other());
        self.records.reverse();
        self.finished.reverse();
        self.application_data.reverse();
    }
}

/// The length of the MAC behind each fragment where the suite agreed on encrypts nothing.
pub(super) fn null_cipher_mac(handshake: &Handshake) -> Option<usize> {
    let suite = handshake.cipher_suite.filter(|suite| suite.is_null_encryption() && *suite != CipherSuite(0))?;
    Some(usize::from(suite.hash()?.length()))
}
