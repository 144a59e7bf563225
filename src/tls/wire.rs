//! The few nom parsers that everything else is made of, and the error that they carry until the offset is known.

use super::error::{ParseError, Rule};
use super::list::List;
use nom::bytes::complete::take;
use nom::error::ErrorKind;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};
use nom::{Err, IResult, Parser};

/// What a parser of this module returns.
pub(super) type Parsed<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

/// A parser of this module, as an argument.
pub(super) trait Read<'a, T>: Parser<&'a [u8], Output = T, Error = Fault<'a>> {}
impl<'a, T, P: Parser<&'a [u8], Output = T, Error = Fault<'a>>> Read<'a, T> for P {}

/// A broken rule and the rest of the input at that place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault<'a> {
    at: &'a [u8],
    field: Option<&'static str>,
    rule: Rule,
}

impl<'a> Fault<'a> {
    /// The innermost field that has a name is the one that is told, from its beginning; left-over bytes are told where
    /// they are.
    fn named(self, field: &'static str, beginning: &'a [u8]) -> Self {
        match (self.field, self.rule) {
            (Some(_), _) => self,
            (None, Rule::Trailing) => Self { field: Some(field), ..self },
            (None, rule) => Self { at: beginning, field: Some(field), rule },
        }
    }
}

impl<'a> nom::error::ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(at: &'a [u8], kind: ErrorKind) -> Self {
        let rule = if kind == ErrorKind::Eof { Rule::Truncated } else { Rule::BadValue };
        Self { at, field: None, rule }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A broken rule at this place.
pub(super) fn broken<T>(at: &[u8], rule: Rule) -> Parsed<'_, T> {
    Err(Err::Error(Fault { at, field: None, rule }))
}

pub(super) fn u8(input: &[u8]) -> Parsed<'_, u8> {
    be_u8(input)
}

pub(super) fn u16(input: &[u8]) -> Parsed<'_, u16> {
    be_u16(input)
}

pub(super) fn u24(input: &[u8]) -> Parsed<'_, u32> {
    be_u24(input)
}

pub(super) fn u32(input: &[u8]) -> Parsed<'_, u32> {
    be_u32(input)
}

/// `opaque x[N]`.
pub(super) fn array<const N: usize>(input: &[u8]) -> Parsed<'_, &[u8; N]> {
    match input.split_first_chunk() {
        Some((array, rest)) => Ok((rest, array)),
        None => broken(input, Rule::Truncated),
    }
}

/// `opaque x[length]`, where the length was told before.
pub(super) fn bytes<'a>(length: u16) -> impl FnMut(&'a [u8]) -> Parsed<'a, &'a [u8]> {
    take(length)
}

/// All that is left.
pub(super) fn rest(input: &[u8]) -> Parsed<'_, &[u8]> {
    take(input.len())(input)
}

/// `opaque x<0..2^8-1>`.
pub(super) fn vec8(input: &[u8]) -> Parsed<'_, &[u8]> {
    length_data(u8).parse_complete(input)
}

/// `opaque x<0..2^16-1>`.
pub(super) fn vec16(input: &[u8]) -> Parsed<'_, &[u8]> {
    length_data(u16).parse_complete(input)
}

/// `opaque x<0..2^24-1>`.
pub(super) fn vec24(input: &[u8]) -> Parsed<'_, &[u8]> {
    length_data(u24).parse_complete(input)
}

/// Names the field that a parser reads.
pub(super) fn field<'a, T>(name: &'static str, mut parser: impl Read<'a, T>) -> impl FnMut(&'a [u8]) -> Parsed<'a, T> {
    move |input| parser.parse_complete(input).map_err(|error| error.map(|fault| fault.named(name, input)))
}

/// A vector that must not be empty (`<1..…>`).
pub(super) fn nonempty<'a>(mut vector: impl Read<'a, &'a [u8]>) -> impl FnMut(&'a [u8]) -> Parsed<'a, &'a [u8]> {
    move |input| match vector.parse_complete(input)? {
        (_, []) => broken(input, Rule::Empty),
        read => Ok(read),
    }
}

/// A parser that must use all of its input.
pub(super) fn filled<'a, T>(mut parser: impl Read<'a, T>) -> impl FnMut(&'a [u8]) -> Parsed<'a, T> {
    move |input| match parser.parse_complete(input)? {
        (rest @ [], value) => Ok((rest, value)),
        (rest, _) => broken(rest, Rule::Trailing),
    }
}

/// How far into `whole` its part `part` begins.
pub(super) fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr()).min(whole.len())
}

/// Parses all of a message's body.
pub(super) fn message<'a, T>(name: &'static str, body: &'a [u8], parser: impl Read<'a, T>) -> Result<T, ParseError> {
    part(name, 0, body, parser)
}

/// Parses all of `bytes`, which begin `base` bytes into the body of a message.
pub(super) fn part<'a, T>(
    message: &'static str,
    base: usize,
    bytes: &'a [u8],
    parser: impl Read<'a, T>,
) -> Result<T, ParseError> {
    match filled(parser)(bytes) {
        Ok((_, value)) => Ok(value),
        Err(error) => Err(locate(&error, message, base, bytes)),
    }
}

/// Gives an error its place in the message, `bytes` of which begin `base` bytes into its body.
pub(super) fn locate(error: &Err<Fault<'_>>, message: &'static str, base: usize, bytes: &[u8]) -> ParseError {
    let (at, field, rule) = match error {
        Err::Error(fault) | Err::Failure(fault) => (offset(bytes, fault.at), fault.field, fault.rule),
        Err::Incomplete(_) => (bytes.len(), None, Rule::Truncated),
    };
    ParseError { message, field: field.unwrap_or("end"), offset: base.saturating_add(at), rule }
}

/// The contents of a vector as a list of elements of `width` bytes.
pub(super) fn codes<'a, T>(
    width: usize,
    mut vector: impl Read<'a, &'a [u8]>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, List<'a, T>> {
    move |input| match vector.parse_complete(input)? {
        (_, bytes) if bytes.len().checked_rem(width) != Some(0) => broken(input, Rule::BadLength),
        (rest, bytes) => Ok((rest, List::new(bytes))),
    }
}

/// The contents of a vector as a list of what `element` parses.
pub(super) fn list<'a, T, E>(
    mut vector: impl Read<'a, &'a [u8]>,
    mut element: impl Read<'a, E>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, List<'a, T>> {
    move |input| {
        let (rest, bytes) = vector.parse_complete(input)?;
        let mut left = bytes;
        while !left.is_empty() {
            (left, _) = element.parse_complete(left)?;
        }
        Ok((rest, List::new(bytes)))
    }
}

/// The whole elements of a vector with a two-byte length that [`codes`] does not take.
pub(super) fn whole_codes<T>(width: usize, input: &[u8]) -> List<'_, T> {
    let bytes = there_is(input);
    let odd = bytes.len().checked_rem(width).unwrap_or(0);
    List::new(bytes.get(..bytes.len().saturating_sub(odd)).unwrap_or_default())
}

/// What there is of `opaque x<0..2^16-1>` that may be cut short.
pub(super) fn there_is(input: &[u8]) -> &[u8] {
    match u16(input) {
        Ok((bytes, length)) => bytes.get(..usize::from(length)).unwrap_or(bytes),
        Err(_) => &[],
    }
}
