//! Records as JSON: what `serde_json::to_writer` writes, byte for byte, straight into the output buffer.
//!
//! Writing is what the analysis does most of. serde_json looks at each byte of each string, and of each key, whether it
//! has to be escaped; here keys and registered names are written as they are, and other strings are looked at many
//! bytes at a time. That halves what writing takes.

use crate::hex::digits;
use serde::Serializer;
use serde::ser::{Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple};
use serde_json::Error;
use std::fmt::{self, Display, Write as _};

/// Appends a record.
///
/// # Errors
/// A record that holds what no event has: bytes that are not text, or enums with content.
pub(super) fn write(record: &impl Serialize, out: &mut Vec<u8>) -> Result<(), Error> {
    record.serialize(Json(out, None))
}

/// Appends of a record only the members with these names: the others are not even looked at.
///
/// # Errors
/// As [`write()`] has them.
pub(super) fn write_members(record: &impl Serialize, names: &[&str], out: &mut Vec<u8>) -> Result<(), Error> {
    record.serialize(Json(out, Some(names)))
}

/// Writes one value; of a record perhaps only the members with these names.
struct Json<'a>(&'a mut Vec<u8>, Option<&'a [&'a str]>);

impl<'a> Json<'a> {
    fn open(self, bracket: u8, end: u8) -> Compound<'a> {
        self.0.push(bracket);
        Compound { out: self.0, end, is_empty: true, names: self.1 }
    }
}

fn not_in_events<T>() -> Result<T, Error> {
    Err(Error::custom("events have no such type"))
}

macro_rules! integers {
    ($($name:ident: $integer:ty),*) => {$(
        fn $name(self, value: $integer) -> Result<(), Error> {
            self.0.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    integers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);
    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.push(b'"');
        push_escaped(self.0, text);
        self.0.push(b'"');
        Ok(())
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), Error> {
        self.0.push(b'"');
        let written = write!(Escaped(self.0), "{value}");
        self.0.push(b'"');
        written.map_err(Error::custom)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        not_in_events()
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    /// A name that the program knows: there is nothing in it to escape.
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        push_known(self.0, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        not_in_events()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        not_in_events()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        not_in_events()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        not_in_events()
    }
}

/// A list or an object that is being written.
struct Compound<'a> {
    out: &'a mut Vec<u8>,
    end: u8,
    is_empty: bool,
    /// The members that are wanted, where not all are.
    names: Option<&'a [&'a str]>,
}

impl Compound<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Json(self.out, None))
    }

    fn close(self) -> Result<(), Error> {
        self.out.push(self.end);
        Ok(())
    }
}

impl SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeTuple for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        if self.names.is_some_and(|names| !names.contains(&key)) {
            return Ok(());
        }
        self.separate();
        push_known(self.out, key);
        self.out.push(b':');
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// Keys of maps are strings.
impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        self.separate();
        self.value(key)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

/// Escapes what is formatted.
struct Escaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text);
        Ok(())
    }
}

/// Appends a name that needs no escapes, in quotes.
fn push_known(out: &mut Vec<u8>, name: &'static str) {
    debug_assert!(!has_to_be_escaped(name.as_bytes()), "{name}");
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

/// Appends text between quotes (RFC 8259 section 7).
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    if !has_to_be_escaped(text.as_bytes()) {
        return out.extend_from_slice(text.as_bytes());
    }
    for byte in text.bytes() {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x00..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits(byte));
                continue;
            }
            other => {
                out.push(other);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

/// True where text has a quote, a backslash or a control character. All of it is looked at, many bytes at once: a way out
/// in the middle would mean one at a time.
fn has_to_be_escaped(text: &[u8]) -> bool {
    text.iter().fold(0, |found, &byte| found | u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\'))
        != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn written(value: &impl Serialize) -> String {
        let mut out = Vec::new();
        write(value, &mut out).expect("it can be written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_type_that_events_have_is_written_as_serde_json_does() {
        #[derive(serde::Serialize)]
        struct All<'a> {
            text: &'a str,
            numbers: (u8, u16, u32, u64, i64, f64),
            list: &'a [Option<bool>],
            map: Value,
            one: [char; 1],
            shown: super::super::value::Shown<&'a str>,
        }
        let map = json!({ "a\"b": [], "c": {}, "d": { "e": null, "f": [1, -2, 3.5] } });
        let all = All {
            text: "one \u{1f} two",
            numbers: (0, 65535, 7, u64::MAX, i64::MIN, 0.001),
            list: &[Some(true), Some(false), None],
            map,
            one: ['"'],
            shown: super::super::value::Shown("it said \"no\""),
        };
        assert_eq!(written(&all), serde_json::to_string(&all).expect("it serializes"));
    }

    #[test]
    fn each_byte_is_found_and_escaped_in_each_place() {
        for byte in 0..0x80 {
            for before in 0..20 {
                let text = format!("{}{}{}", "\u{e9}".repeat(before / 2), "x".repeat(before % 2), char::from(byte));
                for text in [format!("{text}\u{7f}~ !"), text] {
                    assert_eq!(written(&text), serde_json::to_string(&text).expect("it serializes"));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_json_does(text in any::<String>()) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).expect("it serializes"));
        }
    }
}
