//! Text out of certificates: distinguished names as in RFC 4514, alternative names, and the escaping that makes hostile
//! bytes harmless on a terminal and in a log.

use super::{AlternativeName, MAX_NAME_TEXT, algorithm};
use crate::hex::{hex, push_hex};
use std::borrow::Cow;
use std::net::IpAddr;
use x509_parser::asn1_rs::{Any, FromDer, Tag};

/// Ends a text that was cut at its bound.
const CUT: &str = "...";

/// A distinguished name, most specific part first. `None` where it is not a sequence of sets of typed values.
///
/// `content` is the content of the Name's SEQUENCE.
pub(super) fn distinguished_name(content: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let set = element(&mut rest)?;
        if set.tag() != Tag::Set {
            return None;
        }
        parts.push(relative_name(set.data)?);
    }
    parts.reverse();
    Some(bounded(parts.join(",")))
}

/// The last common name in a distinguished name, escaped but not as RFC 4514 does.
pub(super) fn common_name(content: &[u8]) -> Option<String> {
    let (mut rest, mut found) = (content, None);
    while let Some(set) = element(&mut rest) {
        let mut pairs = set.data;
        while let Some(pair) = element(&mut pairs) {
            let mut fields = pair.data;
            if let (Some(kind), Some(value)) = (element(&mut fields), element(&mut fields))
                && attribute(kind.data) == "CN"
            {
                found = Some(text(&value).unwrap_or_else(|| short_hex(value.data)));
            }
        }
    }
    found
}

/// One part of a name: nearly always one typed value, else several joined by `+`.
fn relative_name(mut content: &[u8]) -> Option<String> {
    let mut part = String::new();
    while !content.is_empty() {
        let pair = element(&mut content)?;
        if pair.tag() != Tag::Sequence {
            return None;
        }
        let mut fields = pair.data;
        let (kind, value) = (element(&mut fields)?, element(&mut fields)?);
        if kind.tag() != Tag::Oid {
            return None;
        }
        if !part.is_empty() {
            part.push('+');
        }
        part.push_str(&attribute(kind.data));
        part.push('=');
        push_value(&mut part, &value);
    }
    Some(part)
}

/// The short name of an attribute type: RFC 4514's, else the one in common use, else the dotted OID.
fn attribute(oid: &[u8]) -> Cow<'static, str> {
    let dotted = algorithm::dotted(oid);
    Cow::Borrowed(match dotted.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.13" => "description",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "2.5.4.46" => "dnQualifier",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.2.840.113549.1.9.2" => "unstructuredName",
        "1.3.6.1.4.1.311.60.2.1.1" => "jurisdictionL",
        "1.3.6.1.4.1.311.60.2.1.2" => "jurisdictionST",
        "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionC",
        _ => return Cow::Owned(dotted),
    })
}

/// Appends a value with RFC 4514 2.4's escapes; what is no text is appended as `#` and hexadecimal digits.
fn push_value(out: &mut String, value: &Any<'_>) {
    let Some(text) = text(value) else {
        out.push('#');
        out.push_str(&short_hex(value.data));
        return;
    };
    let last = text.chars().count().saturating_sub(1);
    for (index, character) in text.chars().enumerate() {
        let special = match character {
            ',' | '+' | '"' | ';' | '<' | '>' => true,
            '#' => index == 0,
            ' ' => index == 0 || index == last,
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(character);
    }
}

/// A string of any type, escaped; `None` where it is none.
fn text(value: &Any<'_>) -> Option<String> {
    Some(match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            escape(value.data)
        }
        // Teletex is in practice Latin-1.
        Tag::T61String | Tag::GeneralString => escape_chars(value.data.iter().map(|byte| char::from(*byte))),
        Tag::BmpString => escape_chars(char::decode_utf16(units::<2>(value.data).map(u16::from_be_bytes)).map(valid)),
        Tag::UniversalString => escape_chars(
            units::<4>(value.data)
                .map(|unit| char::from_u32(u32::from_be_bytes(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        ),
        _ => return None,
    })
}

fn valid(character: Result<char, std::char::DecodeUtf16Error>) -> char {
    character.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Whole units of `N` bytes; an odd rest is dropped.
fn units<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.chunks_exact(N).filter_map(|unit| unit.try_into().ok())
}

/// UTF-8 with what would be dangerous to show, backslashes, and bytes that are not UTF-8 written as `\` and two digits.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().min(MAX_NAME_TEXT));
    for chunk in bytes.utf8_chunks() {
        push_escaped(&mut out, chunk.valid().chars());
        for byte in chunk.invalid() {
            push_byte(&mut out, *byte);
        }
        if out.len() > MAX_NAME_TEXT {
            break;
        }
    }
    bounded(out)
}

fn escape_chars(characters: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    push_escaped(&mut out, characters);
    bounded(out)
}

fn push_escaped(out: &mut String, characters: impl Iterator<Item = char>) {
    for character in characters {
        if character == '\\' {
            out.push_str("\\\\");
        } else if is_harmless(character) {
            out.push(character);
        } else {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                push_byte(out, byte);
            }
        }
        if out.len() > MAX_NAME_TEXT {
            return;
        }
    }
}

fn push_byte(out: &mut String, byte: u8) {
    out.push('\\');
    push_hex(out, &[byte]);
}

/// Neither a control character nor one that changes the direction or the lines of the text around it.
fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// As many bytes as could be shown anyway.
fn short_hex(bytes: &[u8]) -> String {
    hex(bytes.get(..MAX_NAME_TEXT).unwrap_or(bytes))
}

/// Cut at [`MAX_NAME_TEXT`].
fn bounded(mut text: String) -> String {
    if text.len() > MAX_NAME_TEXT {
        let mut end = MAX_NAME_TEXT.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        text.truncate(end);
        text.push_str(CUT);
    }
    text
}

/// One GeneralName of a subject alternative name (RFC 5280 4.2.1.6): its context-specific tag and content.
pub(super) fn alternative_name(tag: u32, content: &[u8]) -> AlternativeName {
    match tag {
        1 => AlternativeName::Email(escape(content)),
        2 => AlternativeName::Dns(escape(content)),
        6 => AlternativeName::Uri(escape(content)),
        7 => match address(content) {
            Some(address) => AlternativeName::Ip(address),
            None => other("iPAddress", &short_hex(content)),
        },
        4 => {
            let mut rest = content;
            let name = element(&mut rest).and_then(|name| distinguished_name(name.data));
            other("directoryName", &name.unwrap_or_else(|| short_hex(content)))
        }
        8 => other("registeredID", &algorithm::dotted(content)),
        0 => {
            let mut rest = content;
            let kind = element(&mut rest).filter(|kind| kind.tag() == Tag::Oid);
            other("otherName", &kind.map_or_else(|| short_hex(content), |kind| algorithm::dotted(kind.data)))
        }
        3 => other("x400Address", &short_hex(content)),
        5 => other("ediPartyName", &short_hex(content)),
        tag => AlternativeName::Other(bounded(format!("[{tag}]:{}", short_hex(content)))),
    }
}

fn other(kind: &str, value: &str) -> AlternativeName {
    AlternativeName::Other(bounded(format!("{kind}:{value}")))
}

fn address(content: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(content).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(content).ok().map(IpAddr::from))
}

/// Takes the next DER element off the front of `input`.
pub(super) fn element<'a>(input: &mut &'a [u8]) -> Option<Any<'a>> {
    let (rest, element) = Any::from_der(input).ok()?;
    *input = rest;
    Some(element)
}
