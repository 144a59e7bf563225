//! The small parts of a record: ends, alerts, the close, and what the capture lacked.

use super::name::Name;
use super::value::{Address, Shown};
use crate::enrichment::Known;
use crate::handshake::{Alert, Close, CloseKind, Fault, Missing, MissingWhy, Side};
use crate::packet::{TunnelKind, Tunnels};
use crate::tls::ParseError;
use crate::tls::registry::{AlertDescription, AlertLevel};
use serde::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;

/// One end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct End {
    /// Its address.
    pub ip: Address,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip.0, self.port).fmt(f)
    }
}

impl From<SocketAddr> for End {
    fn from(address: SocketAddr) -> Self {
        Self { ip: Address(address.ip()), port: address.port() }
    }
}

/// One end of a handshake, with what the user's enrichment knows of its address.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EndPart<'a> {
    /// Its address.
    pub ip: Address,
    /// Its port.
    pub port: u16,
    /// What the user calls it, or the range that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// What the user says of it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub tags: &'a [Box<str>],
    /// Its country, as ISO 3166 codes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<&'a str>,
    /// Its city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<&'a str>,
    /// Its autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Whose that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_org: Option<&'a str>,
}

impl<'a> EndPart<'a> {
    pub(super) fn new(address: SocketAddr, known: &'a Known) -> Self {
        let End { ip, port } = address.into();
        Self {
            ip,
            port,
            name: known.name.as_deref(),
            tags: &known.tags,
            country: known.country.as_deref(),
            city: known.city.as_deref(),
            asn: known.asn,
            as_org: known.as_org.as_deref(),
        }
    }

    /// The end alone.
    pub fn end(&self) -> End {
        End { ip: self.ip, port: self.port }
    }
}

impl fmt::Display for EndPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end().fmt(f)
    }
}

/// `close`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ClosePart {
    /// What ended the connection.
    pub by: &'static str,
    /// Who did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<&'static str>,
}

impl fmt::Display for ClosePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.side.unwrap_or("someone");
        match self.by {
            "alert" => write!(f, "{who} sent an alert"),
            "fin" => write!(f, "{who} closed the connection"),
            "rst" => write!(f, "{who} reset the connection"),
            "icmp" => f.write_str("the network sent an ICMP error"),
            "timeout" => f.write_str("nothing more was heard"),
            _ => f.write_str("the capture ends"),
        }
    }
}

impl From<&Close> for ClosePart {
    fn from(close: &Close) -> Self {
        let (by, side) = match close.by {
            CloseKind::Alert => ("alert", None),
            CloseKind::Fin => ("fin", None),
            CloseKind::Rst => ("rst", None),
            CloseKind::Icmp => ("icmp", Some("network")),
            CloseKind::Timeout => ("timeout", None),
            CloseKind::CaptureEnd => ("capture_end", None),
        };
        Self { by, side: side.or(close.side.map(Side::name)) }
    }
}

/// One of `alerts`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AlertPart {
    /// Who sent it.
    pub from: &'static str,
    pub(super) level: Name<AlertLevel>,
    pub(super) code: u8,
    /// Its registered name.
    pub name: Name<AlertDescription>,
    pub(super) visibility: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frame: Option<u64>,
}

impl AlertPart {
    /// Everything but the announcement that the connection is to be closed in order.
    pub(super) fn is_error(&self) -> bool {
        self.name.0 != AlertDescription::CLOSE_NOTIFY
    }
}

impl Part<'_, Alert> for AlertPart {
    fn of(alert: &Alert, numbered: bool) -> Self {
        Self {
            from: alert.from.name(),
            level: Name(alert.level),
            code: alert.description.0,
            name: Name(alert.description),
            visibility: "plaintext",
            frame: numbered.then_some(alert.mark.frame),
        }
    }
}

/// One of `malformed`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FaultPart {
    from: &'static str,
    what: Shown<ParseError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
}

impl Part<'_, Fault> for FaultPart {
    fn of(fault: &Fault, numbered: bool) -> Self {
        let frame = numbered.then_some(fault.mark.frame);
        Self { from: fault.from.name(), what: Shown(fault.error), frame }
    }
}

/// `bytes`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Bytes {
    pub(super) client: u64,
    pub(super) server: u64,
}

/// `capture`.
#[derive(Debug, Serialize)]
pub(super) struct CapturePart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frames: Option<[u64; 2]>,
    pub(super) complete: bool,
    #[serde(skip_serializing_if = "Each::is_empty")]
    pub(super) missing: Each<'a, Missing, Sentence<'a>>,
}

/// What is written of an item.
pub trait Part<'a, T> {
    /// The item as it is written; where frames are `numbered`, with its frame.
    fn of(item: &'a T, numbered: bool) -> Self;
}

/// A list that is written item by item, each as another type.
#[derive(Debug)]
pub struct Each<'a, T, P> {
    items: &'a [T],
    numbered: bool,
    part: PhantomData<fn() -> P>,
}

impl<'a, T, P> Each<'a, T, P> {
    pub(super) fn new(items: &'a [T], numbered: bool) -> Self {
        Self { items, numbered, part: PhantomData }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Nothing where there are no items.
    pub(super) fn filled(&self) -> Option<&Self> {
        (!self.is_empty()).then_some(self)
    }

    /// The items, each as it is written.
    pub fn iter(&self) -> impl Iterator<Item = P> + use<'a, T, P>
    where
        P: Part<'a, T>,
    {
        let numbered = self.numbered;
        self.items.iter().map(move |item| P::of(item, numbered))
    }
}

impl<'a, T, P: Part<'a, T> + Serialize> Serialize for Each<'a, T, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What the capture lacks, as a sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentence<'a>(&'a Missing);

impl<'a> Part<'a, Missing> for Sentence<'a> {
    fn of(missing: &'a Missing, _: bool) -> Self {
        Self(missing)
    }
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { from, range, why } = self.0;
        let (side, other) = (from.name(), from.other().name());
        match why {
            MissingWhy::Unseen => return write!(f, "no packet of the {side} was captured"),
            MissingWhy::BeforeCapture if range.is_empty() => {
                return write!(f, "what the {side} sent before the capture began");
            }
            _ => {}
        }
        match range.end.checked_sub(1) {
            Some(last) if last == range.start => write!(f, "{side} byte {last}"),
            Some(last) if last > range.start && range.end < u64::MAX => {
                write!(f, "{side} bytes {}-{last}", range.start)
            }
            _ => write!(f, "{side} bytes from {} on", range.start),
        }?;
        match why {
            MissingWhy::Lost | MissingWhy::Unseen => f.write_str(" lost"),
            MissingWhy::Snapped => f.write_str(" cut off by the capture's snapshot length"),
            MissingWhy::BeforeCapture => f.write_str(" sent before the capture began"),
            MissingWhy::Bound => f.write_str(" given up: the limit on buffered bytes was reached"),
            MissingWhy::Unacknowledged => write!(f, " never acknowledged by the {other}"),
        }
    }
}

impl Serialize for Sentence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `tunnel`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TunnelNames(pub(super) Tunnels);

impl Serialize for TunnelNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(kind, id)| Shown(TunnelName(kind, id))))
    }
}

struct TunnelName(TunnelKind, u32);

impl fmt::Display for TunnelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(kind, id) = self;
        f.write_str(kind.name())?;
        if kind.has_identifier() { write!(f, ":{id}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_its_first_and_last_byte() {
        let sentence = |range, why| Sentence(&Missing { from: Side::Client, range, why }).to_string();
        assert_eq!(sentence(0..1460, MissingWhy::Lost), "client bytes 0-1459 lost");
        assert_eq!(sentence(7..8, MissingWhy::Lost), "client byte 7 lost");
        assert_eq!(
            sentence(7..u64::MAX, MissingWhy::BeforeCapture),
            "client bytes from 7 on sent before the capture began"
        );
        assert_eq!(sentence(0..0, MissingWhy::BeforeCapture), "what the client sent before the capture began");
        assert_eq!(sentence(0..0, MissingWhy::Unseen), "no packet of the client was captured");
        assert_eq!(sentence(5..10, MissingWhy::Unacknowledged), "client bytes 5-9 never acknowledged by the server");
    }

    #[test]
    fn an_icmp_error_is_the_networks() {
        let close = |by, side| ClosePart::from(&Close { by, side, mark: Default::default() });
        let json = |part: ClosePart| serde_json::to_string(&part).expect("it serializes");
        assert_eq!(json(close(CloseKind::Icmp, None)), r#"{"by":"icmp","side":"network"}"#);
        assert_eq!(json(close(CloseKind::Fin, Some(Side::Server))), r#"{"by":"fin","side":"server"}"#);
        assert_eq!(json(close(CloseKind::CaptureEnd, None)), r#"{"by":"capture_end"}"#);
        assert_eq!(close(CloseKind::Rst, Some(Side::Client)).to_string(), "client reset the connection");
    }

    #[test]
    fn a_tunnel_without_an_identifier_is_its_kind() {
        assert_eq!(TunnelName(TunnelKind::Vxlan, 42).to_string(), "vxlan:42");
        assert_eq!(TunnelName(TunnelKind::IpIp, 0).to_string(), "ipip");
    }
}
