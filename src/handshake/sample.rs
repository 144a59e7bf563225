//! Handshakes made by hand, for the tests of what is judged above: no capture is needed for them.

use super::facts::{Alert, Close, CloseKind, EncryptedRecord, Handshake, Outcome, Plain, Side, Step, What};
use super::tracker::Surroundings;
use crate::flow::Direction;
use crate::flow::tcp::{Reset, Tally};
use crate::packet::{TcpFlags, Tunnels, VlanTags};
use crate::time::{Mark, Timestamp};
use crate::tls::RECORD_HEADER_LEN;
use crate::tls::registry::{AlertDescription, AlertLevel, ContentType, HandshakeType};
use crate::tls::tests::build::Build;
use std::time::Duration;

/// When samples begin: 2026-03-01 10:00:00 UTC.
pub(crate) const BEGIN: Timestamp = Timestamp::from_micros(1_772_359_200_000_000);

/// A segment carries at most this many bytes.
const MAX_SEGMENT: usize = 1448;

/// A ClientHello to be. The default is a modern, wide offer of TLS 1.3 and 1.2 to `www.example.org`.
#[derive(Clone, Debug)]
pub(crate) struct HelloSample {
    pub(crate) legacy_version: u16,
    /// `supported_versions`; none where empty.
    pub(crate) versions: Vec<u16>,
    pub(crate) suites: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) key_shares: Vec<u16>,
    pub(crate) schemes: Vec<u16>,
    pub(crate) alpn: Vec<&'static str>,
    pub(crate) sni: Option<&'static str>,
    /// Others: type and data.
    pub(crate) extensions: Vec<(u16, Vec<u8>)>,
}

impl Default for HelloSample {
    fn default() -> Self {
        Self {
            legacy_version: 0x0303,
            versions: vec![0x0304, 0x0303],
            suites: vec![0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
            groups: vec![29, 23, 24],
            key_shares: vec![29],
            schemes: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501],
            alpn: vec![],
            sni: Some("www.example.org"),
            extensions: vec![(0xff01, vec![0]), (23, vec![])],
        }
    }
}

impl HelloSample {
    /// An offer of TLS 1.2 alone.
    pub(crate) fn tls12() -> Self {
        let suites = vec![0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8];
        Self { versions: vec![], key_shares: vec![], suites, ..Self::default() }
    }

    /// The message's body.
    pub(crate) fn body(&self) -> Vec<u8> {
        let codes = |codes: &[u16]| Build::new().codes(codes).0;
        let mut extensions = Build::new();
        if let Some(name) = self.sni {
            let entry = Build::new().u8(0).vec16(name.as_bytes());
            extensions = extensions.extension(0, &Build::new().vec16(&entry.0).0);
        }
        if !self.groups.is_empty() {
            extensions = extensions.extension(10, &Build::new().vec16(&codes(&self.groups)).0);
        }
        if !self.schemes.is_empty() {
            extensions = extensions.extension(13, &Build::new().vec16(&codes(&self.schemes)).0);
        }
        if !self.alpn.is_empty() {
            let names = self.alpn.iter().fold(Build::new(), |list, name| list.vec8(name.as_bytes()));
            extensions = extensions.extension(16, &Build::new().vec16(&names.0).0);
        }
        if !self.versions.is_empty() {
            extensions = extensions.extension(43, &Build::new().vec8(&codes(&self.versions)).0);
        }
        if !self.key_shares.is_empty() {
            let shares = self.key_shares.iter().fold(Build::new(), |list, group| list.u16(*group).vec16(&[7; 32]));
            extensions = extensions.extension(51, &Build::new().vec16(&shares.0).0);
        }
        for (kind, data) in &self.extensions {
            extensions = extensions.extension(*kind, data);
        }
        let hello = Build::new().u16(self.legacy_version).raw(&[0xaa; 32]).vec8(&[]).vec16(&codes(&self.suites));
        hello.vec8(&[0]).vec16(&extensions.0).0
    }
}

/// A ServerHello's body; `extensions` by type and data.
pub(crate) fn server_hello(version: u16, suite: u16, extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let extensions = extensions.iter().fold(Build::new(), |all, (kind, data)| all.extension(*kind, data));
    Build::new().u16(version).raw(&[0xbb; 32]).vec8(&[]).u16(suite).u8(0).vec16(&extensions.0).0
}

/// A ServerHello of TLS 1.3 with x25519.
pub(crate) fn server_hello13(suite: u16) -> Vec<u8> {
    let share = Build::new().u16(29).vec16(&[7; 32]).0;
    server_hello(0x0303, suite, &[(43, vec![3, 4]), (51, share)])
}

/// The body of a Certificate before TLS 1.3.
pub(crate) fn certificate(chain: &[&[u8]]) -> Vec<u8> {
    let list = chain.iter().fold(Build::new(), |list, der| list.vec24(der));
    Build::new().vec24(&list.0).0
}

impl Handshake {
    /// Between 10.0.0.1:50000 and 10.0.0.2:443, nothing said yet; whatever is added takes the next frame, 10 ms later.
    pub(crate) fn sample() -> Self {
        let ends = ["10.0.0.1:50000", "10.0.0.2:443"].map(|end| end.parse().expect("an address"));
        let (vlan, tunnels) = (VlanTags::default(), Tunnels::default());
        let surroundings = Surroundings { ends, opener: Some(Direction::FromLow), vlan, tunnels, interface: 0 };
        let mut sample = Self::begun(&surroundings, Direction::FromLow, Mark { frame: 4, time: BEGIN });
        sample.tcp.sides[0].syn = Some(Mark { frame: 1, time: BEGIN });
        sample.tcp.sides[1].syn = Some(Mark { frame: 2, time: BEGIN });
        for side in &mut sample.tcp.sides {
            side.ttl = Some(64);
            side.acknowledged = Some(0);
        }
        sample
    }

    /// The next frame.
    fn next(&mut self) -> Mark {
        self.last = Mark { frame: self.last.frame + 1, time: self.last.time.plus(Duration::from_millis(10)) };
        self.settled = self.last.time;
        self.last
    }

    /// The bytes go into the sender's stream, and the other side acknowledges them at once.
    fn sent(&mut self, from: Side, bytes: usize) -> u64 {
        let side = &mut self.tcp.sides[from.index()];
        side.sent += bytes as u64;
        side.longest = side.longest.max(bytes.min(MAX_SEGMENT) as u16);
        side.first_data.get_or_insert(self.last);
        let end = side.sent;
        self.tcp.sides[from.other().index()].acknowledged = Some(end);
        end
    }

    /// With a handshake message, in a record of its own.
    pub(crate) fn says(mut self, from: Side, kind: HandshakeType, body: &[u8]) -> Self {
        let mark = self.next();
        let end = self.sent(from, body.len() + 4 + RECORD_HEADER_LEN);
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(body);
        self.steps.push(Step {
            from,
            what: What::Message(kind),
            mark,
            end,
            whole: true,
            body: begin..self.bytes.len(),
        });
        let read = match kind {
            HandshakeType::SERVER_HELLO => self.on_server_hello(body),
            HandshakeType::HELLO_RETRY_REQUEST => self.on_hello_retry_request(body),
            _ => Ok(()),
        };
        read.expect("a message that keeps to the grammar");
        self
    }

    /// With a ClientHello.
    pub(crate) fn hello(self, hello: &HelloSample) -> Self {
        self.says(Side::Client, HandshakeType::CLIENT_HELLO, &hello.body())
    }

    /// With an alert in the clear.
    pub(crate) fn alerts(mut self, from: Side, level: AlertLevel, description: AlertDescription) -> Self {
        let mark = self.next();
        let acknowledged = self.tcp.sides[from.index()].acknowledged;
        let end = self.sent(from, 2 + RECORD_HEADER_LEN);
        self.steps.push(Step { from, what: What::Alert(level, description), mark, end, whole: true, body: 0..0 });
        self.alerts.push(Alert { from, level, description, mark, end, acknowledged });
        self
    }

    /// With an encrypted record; its sender has acknowledged all that came before.
    pub(crate) fn encrypts(mut self, from: Side, content_type: ContentType, length: u16) -> Self {
        let mark = self.next();
        let acknowledged = self.tcp.sides[from.index()].acknowledged;
        let offset = self.tcp.sides[from.index()].sent;
        let end = self.sent(from, usize::from(length) + RECORD_HEADER_LEN);
        self.steps.push(Step { from, what: What::Encrypted(content_type), mark, end, whole: true, body: 0..0 });
        self.records[from.index()].push(EncryptedRecord { content_type, length, offset, acknowledged, mark });
        self
    }

    /// With an encrypted record of TLS 1.3.
    pub(crate) fn encrypts13(self, from: Side, length: u16) -> Self {
        self.encrypts(from, ContentType::APPLICATION_DATA, length)
    }

    /// With a side's Finished, in a version before TLS 1.3.
    pub(crate) fn finishes(self, from: Side) -> Self {
        let mut sample = self.encrypts(from, ContentType::HANDSHAKE, 40);
        sample.finished[from.index()] = Some(sample.last);
        sample
    }

    /// With application data, in a version before TLS 1.3.
    pub(crate) fn uses(self, from: Side) -> Self {
        let mut sample = self.encrypts(from, ContentType::APPLICATION_DATA, 200);
        sample.application_data[from.index()] = Some(sample.last);
        sample
    }

    /// With something in the clear that is no TLS.
    pub(crate) fn says_plainly(mut self, from: Side, text: &[u8]) -> Self {
        let mark = self.next();
        self.sent(from, text.len());
        let answers_hello = self.has_client_hello();
        let plain = self.plain[from.index()].get_or_insert_with(|| Box::new(Plain::begun(mark)));
        plain.answers_hello = answers_hello;
        plain.add(text, mark);
        self
    }

    /// Nothing happens for so long.
    pub(crate) fn waits(mut self, span: Duration) -> Self {
        self.last.time = self.last.time.plus(span);
        self
    }

    /// All that a side sent is sent again so often and over so long, and never acknowledged.
    pub(crate) fn sends_again_in_vain(mut self, from: Side, times: u32, over: Duration) -> Self {
        let first = self.next();
        self.last = Mark { frame: first.frame + u64::from(times) - 1, time: first.time.plus(over) };
        let side = &mut self.tcp.sides[from.index()];
        side.anomalies.retransmissions = Tally { count: times, first, last: self.last };
        side.anomalies.resent = Some((side.longest, side.longest));
        self.tcp.sides[from.other().index()].acknowledged = Some(0);
        self
    }

    /// With something changed.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Over now, by this; the outcome is what the tracker makes of it. A reset is like the others of its host.
    pub(crate) fn ends(mut self, by: CloseKind, side: Option<Side>) -> Self {
        let mark = self.next();
        if let Some(side) = side {
            let tcp = &mut self.tcp.sides[side.index()];
            match by {
                CloseKind::Fin => tcp.fin = Some(mark),
                CloseKind::Rst => {
                    let (flags, ttl) = (TcpFlags::RST | TcpFlags::ACK, tcp.ttl.unwrap_or_default());
                    let reset = Reset { mark, sequence: 1, acknowledgment: 1, flags, ttl, ip_id: Some(0) };
                    tcp.anomalies.resets = Tally { count: 1, first: mark, last: mark };
                    tcp.anomalies.first_reset = Some(reset);
                    tcp.anomalies.last_reset = Some(reset);
                }
                _ => {}
            }
        }
        self.conclude(Some(Close { by, side, mark }), false, mark.time);
        self
    }

    /// With this outcome, whatever the tracker says.
    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::registry::ProtocolVersion;

    #[test]
    fn a_sample_is_read_like_a_handshake_off_the_wire() {
        let sample = Handshake::sample()
            .hello(&HelloSample::default())
            .says(Side::Server, HandshakeType::SERVER_HELLO, &server_hello13(0x1301))
            .encrypts13(Side::Server, 900)
            .encrypts13(Side::Client, 19)
            .ends(CloseKind::Fin, Some(Side::Client));
        assert_eq!(sample.outcome, Outcome::Failed, "an alert in place of Finished");
        let negotiated = sample.negotiated();
        assert_eq!(negotiated.version, Some(ProtocolVersion::TLS_1_3));
        assert_eq!(negotiated.sni, Some(b"www.example.org".as_slice()));
    }

    #[test]
    fn an_alert_in_the_clear_ends_a_sample() {
        let sample = Handshake::sample()
            .hello(&HelloSample::tls12())
            .alerts(Side::Server, AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE)
            .ends(CloseKind::Alert, Some(Side::Server));
        assert_eq!(sample.outcome, Outcome::Failed);
        let chain = certificate(&[b"not a certificate"]);
        let sample = sample.says(Side::Server, HandshakeType::CERTIFICATE, &chain);
        assert_eq!(sample.server_certificates().count(), 1);
    }
}
