//! One value of a flat format. Each format says in a table which part of a record becomes which cell, and writes cells
//! its own way.

use super::super::name::{Name, Registered};
use super::super::value::{Address, Alpn, Shown, Text, Time};
use std::borrow::Cow;
use std::fmt;

/// A value without a place yet.
#[derive(Clone, Debug)]
pub(super) enum Cell<'a> {
    /// Not known.
    Unset,
    /// Text.
    Text(Cow<'a, str>),
    /// Text from the wire, which ought to be UTF-8.
    Bytes(&'a [u8]),
    Bool(bool),
    Count(u64),
    /// Microseconds since 1970; negative before.
    Time(i64),
    /// A list of texts.
    Texts(Vec<Cow<'a, str>>),
}

impl Cell<'_> {
    /// The text of what is one text, bytes that are none written `\x9f`.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Unset => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => str::from_utf8(bytes).map_or_else(|_| Text(bytes).to_string().into(), Cow::Borrowed),
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Count(count) => Cow::Owned(count.to_string()),
            Self::Time(micros) => Cow::Owned(micros.div_euclid(1_000).to_string()),
            Self::Texts(texts) => Cow::Owned(texts.join(",")),
        }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Text<'a>> for Cell<'a> {
    fn from(text: Text<'a>) -> Self {
        Self::Bytes(text.0)
    }
}

impl<'a> From<Alpn<'a>> for Cell<'a> {
    fn from(protocol: Alpn<'a>) -> Self {
        Self::Bytes(protocol.0)
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Cell<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u16> for Cell<'_> {
    fn from(count: u16) -> Self {
        Self::Count(count.into())
    }
}

impl From<Time> for Cell<'_> {
    fn from(time: Time) -> Self {
        i64::try_from(time.0.as_micros()).map_or(Self::Unset, Self::Time)
    }
}

impl From<Address> for Cell<'_> {
    fn from(address: Address) -> Self {
        address.to_string().into()
    }
}

impl<T: Registered> From<Name<T>> for Cell<'_> {
    fn from(name: Name<T>) -> Self {
        name.0.registered_name().map_or_else(|| name.to_string().into(), Self::from)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unset, Into::into)
    }
}

impl From<u32> for Cell<'_> {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl<'a> From<&'a [Box<str>]> for Cell<'a> {
    fn from(list: &'a [Box<str>]) -> Self {
        if list.is_empty() {
            Self::Unset
        } else {
            Self::Texts(list.iter().map(|text| Cow::Borrowed(&**text)).collect())
        }
    }
}

impl<T: fmt::Display> From<&[Shown<T>]> for Cell<'_> {
    fn from(list: &[Shown<T>]) -> Self {
        if list.is_empty() {
            Self::Unset
        } else {
            Self::Texts(list.iter().map(|item| item.to_string().into()).collect())
        }
    }
}

/// Appends text to a line whose escape is the backslash. `special` knows the format's own escapes; any other control
/// character, which would steer a terminal or end a syslog message, is written as text: `\\x1b`.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str, special: impl Fn(u8) -> Option<&'static [u8]>) {
    // Nearly all text is one run that needs no escape.
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| byte.is_ascii_control() || special(*byte).is_some()) {
        let (run, escaped) = rest.split_at(at);
        out.extend_from_slice(run);
        match special(escaped[0]) {
            Some(escape) => out.extend_from_slice(escape),
            None => {
                out.extend_from_slice(b"\\\\x");
                out.extend_from_slice(&crate::hex::digits(escaped[0]));
            }
        }
        rest = &escaped[1..];
    }
    out.extend_from_slice(rest);
}
