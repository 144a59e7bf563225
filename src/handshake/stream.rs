//! One side's byte stream becomes handshake messages, alerts, ChangeCipherSpec and opaque records.
//!
//! Nothing is buffered but the head of a record (its header and the few bytes that tell whether its content is in the
//! clear) and a handshake message that is not whole yet. Content that cannot be read is passed over by its length, so a gap
//! inside one record costs that record only; a gap that takes a record header away costs as much as it takes to find the
//! next record.

use super::facts::EncryptedRecord;
use super::sniff::{Sniff, plausible_message, sniff};
use crate::starttls::proxy_protocol::header_length;
use crate::time::Mark;
use crate::tls::registry::{AlertDescription, AlertLevel, ContentType, HandshakeType, ProtocolVersion};
use crate::tls::{RECORD_HEADER_LEN, RecordError, RecordHeader, record_header};

/// A handshake message longer than this is kept up to here; the rest of it is passed over.
pub(super) const MAX_MESSAGE: usize = 128 * 1024;
/// A message over several segments gets room for so much at once; longer ones grow into theirs.
const USUAL_MESSAGE: usize = 4096;
/// A stream that has not begun a TLS record after this many bytes is not TLS.
pub(super) const MAX_PRELUDE_BYTES: u64 = 32 * 1024;
/// A stream that has not begun a TLS record after this many segments is not TLS.
pub(super) const MAX_PRELUDE_SEGMENTS: u16 = 48;

/// How much of a record's fragment it takes to tell content in the clear from encrypted content.
const PEEK: usize = 6;
/// The bytes of a handshake message's header (RFC 8446 section 4).
const MESSAGE_HEADER: usize = 4;

/// Where and when a delivery was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The offset in the stream.
    pub(super) offset: u64,
    /// The frame.
    pub(super) mark: Mark,
    /// How much of the other stream was acknowledged with it.
    pub(super) acknowledged: Option<u64>,
}

/// What a stream has to say.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A handshake message in the clear, without its header; not whole where a gap or a bound cut it.
    Message { kind: HandshakeType, body: &'a [u8], whole: bool },
    /// An SSL 2.0 record that begins a conversation, without its header.
    Ssl2 { body: &'a [u8], whole: bool },
    /// An SSL 2.0 record after the first; it may be encrypted.
    Ssl2Record,
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// An alert in the clear.
    Alert(AlertLevel, AlertDescription),
    /// A record that cannot be read: it has only just begun.
    Opaque(EncryptedRecord),
    /// Bytes before TLS, or in place of it; they begin where the place says.
    Plain { bytes: &'a [u8], peer_is_tls: bool },
}

/// What became of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sync {
    /// No record seen yet: something may come before TLS.
    #[default]
    Prelude,
    /// The next byte begins a record, or lies in one.
    Records,
    /// The next byte begins an SSL 2.0 record, or lies in one.
    Ssl2,
    /// Somewhere in a record: a gap took a header away.
    Lost,
    /// Not TLS.
    Foreign,
}

/// One direction's reader.
#[derive(Debug, Default)]
pub(super) struct Stream {
    sync: Sync,
    /// A record's first bytes, while there are too few to tell what it is.
    head: Vec<u8>,
    head_place: Option<Place>,
    /// The record being read.
    record: Option<Reading>,
    messages: Messages,
    /// ChangeCipherSpec was seen: what follows is encrypted, unless it looks otherwise.
    changed_cipher: bool,
    /// Records are found by looking for them, so content must look like what it claims.
    doubtful: bool,
    /// With a NULL cipher, the bytes of MAC behind each fragment.
    null_mac: Option<usize>,
    version: Option<ProtocolVersion>,
    /// Segments and bytes seen before TLS.
    prelude: (u16, u64),
    ssl2_begun: bool,
    ssl2_hello: Vec<u8>,
}

/// A record in the middle of which the stream stands.
#[derive(Clone, Copy, Debug)]
struct Reading {
    content: Content,
    /// Bytes of its fragment still to come.
    left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Handshake,
    /// Handshake under a NULL cipher: a MAC of so many bytes stands at the end.
    HandshakeAndMac(usize),
    Alert,
    /// The hello of an SSL 2.0 conversation.
    Ssl2Hello,
    /// Not to be read.
    Opaque,
}

impl Stream {
    /// True once TLS was seen in it.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.sync, Sync::Records | Sync::Ssl2 | Sync::Lost)
    }

    /// True once it is clear that it is not TLS.
    pub(super) fn is_foreign(&self) -> bool {
        self.sync == Sync::Foreign
    }

    /// What it buffers, in bytes.
    pub(super) const fn bytes_held(&self) -> usize {
        let begun = self.head.capacity().saturating_add(self.messages.buffer.capacity());
        begun.saturating_add(self.ssl2_hello.capacity())
    }

    /// Says that the cipher agreed on encrypts nothing and appends a MAC of so many bytes.
    pub(super) fn expect_null_cipher(&mut self, mac: usize) {
        self.null_mac = Some(mac);
    }

    /// Takes the next bytes. `peer_is_tls` where the other direction has been seen to be TLS.
    pub(super) fn bytes(
        &mut self,
        bytes: &[u8],
        place: Place,
        peer_is_tls: bool,
        out: &mut impl FnMut(Event<'_>, Place),
    ) {
        let (bytes, place) = self.pass_proxy_header(bytes, place, out);
        if bytes.is_empty()
            || self.sync == Sync::Foreign
            || self.sync == Sync::Prelude && !self.begin(bytes, place, peer_is_tls, out)
        {
            return;
        }
        let mut joined = std::mem::take(&mut self.head);
        if joined.is_empty() {
            self.read(bytes, place, out);
        } else {
            // The head of a record is split over segments. The record began where its first byte came.
            let place = self.head_place.take().map_or(place, |head| Place { mark: place.mark, ..head });
            joined.extend_from_slice(bytes);
            self.read(&joined, place, out);
        }
    }

    /// Takes note of bytes that will not come.
    pub(super) fn gap(&mut self, mut length: u64, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        if matches!(self.sync, Sync::Foreign | Sync::Prelude) {
            return self.leave_head(out);
        }
        if !self.head.is_empty() {
            self.head.clear();
            self.head_place = None;
            return self.lose(place, out);
        }
        if let Some(reading) = &mut self.record {
            let lost = usize::try_from(length).unwrap_or(usize::MAX).min(reading.left);
            length = length.saturating_sub(lost as u64);
            reading.left = reading.left.saturating_sub(lost);
            let reading = *reading;
            match reading.content {
                Content::Handshake | Content::HandshakeAndMac(_) => self.messages.gap(lost, place, out),
                Content::Ssl2Hello => self.end_ssl2_hello(false, place, out),
                Content::Alert | Content::Opaque => {}
            }
            if reading.left == 0 {
                self.record = None;
            }
        }
        if length > 0 {
            self.lose(place, out);
        }
    }

    /// Tells bytes that might have begun a record for what they are.
    fn leave_head(&mut self, out: &mut impl FnMut(Event<'_>, Place)) {
        let head = std::mem::take(&mut self.head);
        if let Some(place) = self.head_place.take() {
            out(Event::Plain { bytes: &head, peer_is_tls: false }, place);
        }
    }

    /// A PROXY header stands before everything else, often in the segment of the ClientHello.
    fn pass_proxy_header<'a>(
        &mut self,
        bytes: &'a [u8],
        place: Place,
        out: &mut impl FnMut(Event<'_>, Place),
    ) -> (&'a [u8], Place) {
        if self.sync != Sync::Prelude || place.offset > 0 || !self.head.is_empty() {
            return (bytes, place);
        }
        let Some((header, _)) = header_length(bytes).and_then(|length| bytes.split_at_checked(length)) else {
            return (bytes, place);
        };
        out(Event::Plain { bytes: header, peer_is_tls: false }, place);
        advance(bytes, place, header.len())
    }

    /// Ends the stream: what is begun is told as far as it goes.
    pub(super) fn end(&mut self, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        if self.sync == Sync::Prelude {
            self.leave_head(out);
        }
        self.messages.cut(place, out);
        self.end_ssl2_hello(false, place, out);
    }

    fn lose(&mut self, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        self.end(place, out);
        self.messages = Messages::default();
        self.record = None;
        self.doubtful = true;
        self.sync = if self.sync == Sync::Ssl2 { Sync::Foreign } else { Sync::Lost };
    }

    /// Decides whether the first bytes of a segment begin TLS. What may still do so is kept.
    fn begin(&mut self, bytes: &[u8], place: Place, peer_is_tls: bool, out: &mut impl FnMut(Event<'_>, Place)) -> bool {
        let joined;
        let candidate = if self.head.is_empty() {
            bytes
        } else {
            joined = [self.head.as_slice(), bytes].concat();
            joined.as_slice()
        };
        match sniff(candidate, peer_is_tls) {
            Sniff::Tls => self.sync = Sync::Records,
            Sniff::Ssl2 => self.sync = Sync::Ssl2,
            Sniff::TooShort => {
                self.head_place.get_or_insert(place);
                self.head.extend_from_slice(bytes);
                return false;
            }
            Sniff::Other => {
                let begins = self.head_place.take().map_or(place, |head| Place { offset: head.offset, ..place });
                out(Event::Plain { bytes: candidate, peer_is_tls }, begins);
                self.head.clear();
                let (segments, seen) = &mut self.prelude;
                *segments = segments.saturating_add(1);
                *seen = seen.saturating_add(bytes.len() as u64);
                if *segments >= MAX_PRELUDE_SEGMENTS || *seen >= MAX_PRELUDE_BYTES {
                    self.sync = Sync::Foreign;
                }
                return false;
            }
        }
        true
    }

    /// Looks for a record after a gap: a plausible header of the version seen before, whose record ends with these bytes
    /// or is followed by another plausible header, or that begins a segment.
    fn find_record(&self, bytes: &[u8]) -> Option<usize> {
        (0..bytes.len()).find(|&at| {
            let Some(Ok((rest, header))) = bytes.get(at..).map(record_header) else { return false };
            if self.version.is_some_and(|version| version != header.version) {
                return false;
            }
            match rest.get(usize::from(header.length)..) {
                Some([]) => true,
                Some(next) => record_header(next) != Err(RecordError::NotTls),
                None => at == 0,
            }
        })
    }

    fn read(&mut self, mut bytes: &[u8], mut place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        while !bytes.is_empty() {
            if self.sync == Sync::Lost {
                let Some(at) = self.find_record(bytes) else { return };
                (bytes, place) = advance(bytes, place, at);
                self.sync = Sync::Records;
            }
            if self.record.is_none() {
                match self.head(bytes, place, out) {
                    Head::Read(length) => (bytes, place) = advance(bytes, place, length),
                    Head::TooShort => {
                        self.head = bytes.to_vec();
                        self.head_place = Some(place);
                        return;
                    }
                    Head::None if self.sync == Sync::Lost => continue,
                    Head::None => return,
                }
            }
            let Some(reading) = &mut self.record else { continue };
            let count = reading.left.min(bytes.len());
            reading.left = reading.left.saturating_sub(count);
            let reading = *reading;
            let (fragment, _) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
            (bytes, place) = advance(bytes, place, count);
            self.content(reading, fragment, place, out);
            if reading.left == 0 {
                self.record = None;
            }
        }
    }

    /// Reads the head of a record and decides what to do with its content.
    fn head(&mut self, bytes: &[u8], place: Place, out: &mut impl FnMut(Event<'_>, Place)) -> Head {
        let (rest, header) = match record_header(bytes) {
            Ok(found) => found,
            Err(RecordError::Incomplete) if self.sync != Sync::Ssl2 => return Head::TooShort,
            Err(_) if self.sync == Sync::Ssl2 => return self.ssl2_head(bytes, place, out),
            Err(_) => {
                self.lose(place, out);
                return Head::None;
            }
        };
        let length = usize::from(header.length);
        let needed = match header.content_type {
            ContentType::HANDSHAKE => length.min(PEEK),
            ContentType::ALERT | ContentType::CHANGE_CIPHER_SPEC => length.min(2),
            _ => 0,
        };
        let Some(peek) = rest.get(..needed) else { return Head::TooShort };
        self.sync = Sync::Records;
        self.version = Some(header.version);
        let content = self.classify(header, peek);
        self.announce(content, header, peek, place, out);
        self.record = (length > 0).then_some(Reading { content, left: length });
        Head::Read(RECORD_HEADER_LEN)
    }

    /// Tells of a record whose head says all there is to say.
    fn announce(
        &mut self,
        content: Content,
        header: RecordHeader,
        peek: &[u8],
        place: Place,
        out: &mut impl FnMut(Event<'_>, Place),
    ) {
        let record_length = (RECORD_HEADER_LEN as u64).saturating_add(u64::from(header.length));
        let end = Place { offset: place.offset.saturating_add(record_length), ..place };
        match (content, peek) {
            (Content::Opaque, [1]) if header.content_type == ContentType::CHANGE_CIPHER_SPEC => {
                self.changed_cipher = true;
                out(Event::ChangeCipherSpec, end);
            }
            (Content::Opaque, _) => {
                let Place { offset, mark, acknowledged } = place;
                let (content_type, length) = (header.content_type, header.length);
                out(Event::Opaque(EncryptedRecord { content_type, length, offset, acknowledged, mark }), end);
            }
            (Content::Alert, &[level, description]) => {
                out(Event::Alert(AlertLevel(level), AlertDescription(description)), end);
            }
            _ => {}
        }
    }

    fn classify(&mut self, header: RecordHeader, peek: &[u8]) -> Content {
        let length = usize::from(header.length);
        match header.content_type {
            ContentType::HANDSHAKE => {
                let continued = self.messages.is_inside();
                let doubtful = self.doubtful || self.messages.end_of_record();
                match (self.changed_cipher, self.null_mac) {
                    (true, Some(mac)) if continued || plausible_message(peek, length, false) => {
                        Content::HandshakeAndMac(mac)
                    }
                    (true, _) if !plausible_message(peek, length, true) => Content::Opaque,
                    (false, _) if doubtful && !continued && !plausible_message(peek, length, false) => Content::Opaque,
                    _ => Content::Handshake,
                }
            }
            // Two bytes cannot be an encrypted alert: it has a MAC or a tag at least.
            ContentType::ALERT if length == 2 && matches!(peek, [1 | 2, _]) => Content::Alert,
            ContentType::ALERT if self.null_mac.is_some_and(|mac| length == mac.saturating_add(2)) => Content::Alert,
            _ => Content::Opaque,
        }
    }

    /// The header of an SSL 2.0 record: two bytes, or three where there is padding. The first record is a hello and is
    /// read; those after it are counted.
    fn ssl2_head(&mut self, bytes: &[u8], place: Place, out: &mut impl FnMut(Event<'_>, Place)) -> Head {
        let Some((&[high, low], _)) = bytes.split_first_chunk() else { return Head::TooShort };
        let short = high & 0x80 != 0;
        let head = if short { 2 } else { 3 };
        if bytes.len() < head {
            return Head::TooShort;
        }
        let left = usize::from(u16::from_be_bytes([high & if short { 0x7f } else { 0x3f }, low]));
        let content = if std::mem::replace(&mut self.ssl2_begun, true) { Content::Opaque } else { Content::Ssl2Hello };
        if content == Content::Opaque {
            out(Event::Ssl2Record, place);
        }
        self.record = (left > 0).then_some(Reading { content, left });
        Head::Read(head)
    }

    fn content(&mut self, reading: Reading, fragment: &[u8], after: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        match reading.content {
            Content::Handshake => self.messages.bytes(fragment, after, out),
            Content::HandshakeAndMac(mac) => {
                let keep = fragment.len().saturating_sub(mac.saturating_sub(reading.left));
                self.messages.bytes(fragment.get(..keep).unwrap_or_default(), after, out);
            }
            Content::Ssl2Hello => {
                self.ssl2_hello.extend_from_slice(fragment);
                if reading.left == 0 {
                    self.end_ssl2_hello(true, after, out);
                }
            }
            Content::Alert | Content::Opaque => {}
        }
    }

    fn end_ssl2_hello(&mut self, whole: bool, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        let body = std::mem::take(&mut self.ssl2_hello);
        if !body.is_empty() {
            out(Event::Ssl2 { body: &body, whole }, place);
        }
    }
}

/// What the head of a record came to.
enum Head {
    /// So many bytes of it are read.
    Read(usize),
    /// More bytes are needed.
    TooShort,
    /// No record begins here.
    None,
}

fn advance(bytes: &[u8], place: Place, count: usize) -> (&[u8], Place) {
    let place = Place { offset: place.offset.saturating_add(count as u64), ..place };
    (bytes.get(count..).unwrap_or_default(), place)
}

/// Joins the fragments of handshake messages (RFC 8446 section 5.1): several in a record, one over several records.
#[derive(Debug, Default)]
struct Messages {
    /// A message that is not whole yet, its header included.
    buffer: Vec<u8>,
    /// Bytes to come of a message that is told already.
    passing: usize,
    /// A gap took the beginning of a message away: nothing can be read until a record begins.
    adrift: bool,
}

impl Messages {
    /// True where the next record continues a message.
    fn is_inside(&self) -> bool {
        !self.buffer.is_empty() || self.passing > 0
    }

    /// Says that a record begins; true where it may begin in the middle of a message.
    fn end_of_record(&mut self) -> bool {
        std::mem::take(&mut self.adrift)
    }

    fn bytes(&mut self, mut bytes: &[u8], place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        while !bytes.is_empty() && !self.adrift {
            if self.passing > 0 {
                let count = self.passing.min(bytes.len());
                self.passing = self.passing.saturating_sub(count);
                bytes = bytes.get(count..).unwrap_or_default();
            } else if let (true, Some((kind, body, rest))) = (self.buffer.is_empty(), whole_message(bytes)) {
                out(Event::Message { kind, body, whole: true }, place);
                bytes = rest;
            } else {
                let goal = self.goal().min(MAX_MESSAGE);
                let count = goal.saturating_sub(self.buffer.len()).min(bytes.len());
                self.buffer.reserve(goal.min(USUAL_MESSAGE).saturating_sub(self.buffer.len()));
                self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
                bytes = bytes.get(count..).unwrap_or_default();
                if self.buffer.len() >= self.goal().min(MAX_MESSAGE) {
                    self.cut(place, out);
                }
            }
        }
    }

    /// How many bytes the buffer needs: a header, or with a header the message.
    fn goal(&self) -> usize {
        message_header(&self.buffer).map_or(MESSAGE_HEADER, |(_, length)| MESSAGE_HEADER.saturating_add(length))
    }

    /// Tells the message that is begun, whole or as far as it goes; what is missing of it is passed over.
    fn cut(&mut self, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        let buffer = std::mem::take(&mut self.buffer);
        let Some((kind, length)) = message_header(&buffer) else { return };
        let body = buffer.get(MESSAGE_HEADER..).unwrap_or_default();
        self.passing = length.saturating_sub(body.len());
        out(Event::Message { kind, body, whole: self.passing == 0 }, place);
    }

    /// Bytes inside a record will not come.
    fn gap(&mut self, lost: usize, place: Place, out: &mut impl FnMut(Event<'_>, Place)) {
        self.cut(place, out);
        self.adrift = lost > self.passing || self.passing == 0;
        self.passing = self.passing.saturating_sub(lost);
    }
}

fn message_header(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    let (&[kind, a, b, c], _) = bytes.split_first_chunk()?;
    Some((HandshakeType(kind), u32::from_be_bytes([0, a, b, c]) as usize))
}

fn whole_message(bytes: &[u8]) -> Option<(HandshakeType, &[u8], &[u8])> {
    let (kind, length) = message_header(bytes)?;
    let (body, rest) = bytes.get(MESSAGE_HEADER..)?.split_at_checked(length)?;
    Some((kind, body, rest))
}

#[cfg(test)]
mod tests;
