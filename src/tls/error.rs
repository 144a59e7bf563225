//! What is wrong with a message, and where: every parser of this module answers with a [`ParseError`].

/// A message that breaks the grammar: `ClientHello.cipher_suites at byte 34: its length does not fit its elements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{message}.{field} at byte {offset}: {rule}")]
pub struct ParseError {
    /// The message as its RFC names it: `ClientHello`.
    pub message: &'static str,
    /// The field as its RFC names it, with the extension's name before it where it lies in one: `key_share.group`.
    /// `end` where all fields are read and bytes are left.
    pub field: &'static str,
    /// Where the field (or what is left over) begins, in bytes from the beginning of the message's body.
    pub offset: usize,
    /// The rule that is broken.
    pub rule: Rule,
}

/// The rules of the presentation language (RFC 8446 section 3) that a message can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rule {
    /// The field is longer than what contains it.
    #[error("it does not fit in what contains it")]
    Truncated,
    /// A vector's length is no multiple of its elements' size, or above the field's maximum.
    #[error("its length is not allowed")]
    BadLength,
    /// All fields are read, and bytes are left.
    #[error("bytes are left over")]
    Trailing,
    /// A vector that must have at least one element has none.
    #[error("it is empty")]
    Empty,
    /// A value on which the layout of what follows depends, or of which only one is allowed.
    #[error("its value is not allowed")]
    BadValue,
}
