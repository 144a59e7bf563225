//! The numbers of TLS and their names: cipher suites, groups, signature schemes, extensions, alerts and the rest.
//!
//! Each registry is a newtype over its number on the wire, so that a value which nobody has registered survives, and
//! prints as `0x1a2b`. Constants and names come from `data/tls-registries.csv`, which follows IANA's registries and
//! adds, marked as such, the unregistered values that are met in practice; `scripts/refresh-registries` turns it into
//! `generated/`. A value prints as a name only where IANA lists it, or keeps it from use because of the protocol that
//! names it (the TLS 1.2 pairs among the signature schemes).
//!
//! What follows from a name is here too, because many ask for it: what a cipher suite is made of ([`Facts`]), the kind
//! and size of a group, the key behind a signature scheme.

use std::fmt;

/// Declares the newtype of one registry: its constants, names and [`fmt::Display`], and GREASE where it has 16 bits.
///
/// An entry is `CONSTANT = value, "name", "(where it is specified)";`.
macro_rules! registry {
    (
        $(#[$doc:meta])*
        $name:ident($repr:ident)
        registered { $($const:ident = $value:literal, $text:literal, $about:literal;)* }
        unregistered { $($unconst:ident = $unvalue:literal, $untext:literal, $unabout:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $repr);

        impl $name {
            $(#[doc = concat!("`", $text, "`")] #[doc = $about] pub const $const: Self = Self($value);)*
            $(#[doc = concat!("`", $untext, "`")] #[doc = $unabout] pub const $unconst: Self = Self($unvalue);)*

            /// Every value that has a constant: the registered ones in their order, then the others in theirs.
            pub const ALL: &'static [Self] = &[$(Self::$const,)* $(Self::$unconst,)*];

            /// The registered name.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }

            /// What an unregistered value is commonly called; it still prints as a number.
            pub const fn unregistered_name(self) -> Option<&'static str> {
                match self.0 {
                    $($unvalue => Some($untext),)*
                    _ => None,
                }
            }
        }

        registry!(@display $name $repr);
    };
    (@display $name:ident u16) => {
        impl $name {
            /// One of the values that RFC 8701 reserves, sent to see that the peer ignores what it does not know.
            pub const fn is_grease(self) -> bool {
                $crate::tls::registry::is_grease(self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => $crate::tls::registry::fmt_u16(self.0, f),
                }
            }
        }
    };
    (@display $name:ident u8) => { registry!(@number $name "{:#04x}"); };
    (@display $name:ident u32) => { registry!(@number $name "{:#08x}"); };
    (@number $name:ident $format:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, $format, self.0),
                }
            }
        }
    };
}

/// Declares the registered ALPN identifiers; an entry is
/// `CONSTANT = "identifier", "name", "(where it is specified)";`.
macro_rules! alpn {
    ($($const:ident = $id:literal, $text:literal, $about:literal;)*) => {
        use crate::tls::registry::AlpnProtocol;

        impl AlpnProtocol<'static> {
            $(#[doc = concat!("`", $id, "`: ", $text)] #[doc = $about] pub const $const: Self = Self($id.as_bytes());)*

            /// Every registered identifier, in the order of registration.
            pub const ALL: &'static [Self] = &[$(Self::$const,)*];
        }

        /// The registered name of an identifier.
        pub(in crate::tls::registry) fn name(id: &[u8]) -> Option<&'static str> {
            std::str::from_utf8(id).ok().and_then(|id| match id {
                $($id => Some($text),)*
                _ => None,
            })
        }
    };
}

mod alpn;
mod generated;
mod group;
mod scheme;
mod suite;
#[cfg(test)]
mod tests;
mod version;

pub use alpn::AlpnProtocol;
pub use generated::*;
pub use scheme::KeyType;
pub use suite::{Authentication, Cipher, Facts, Hash, KeyExchange};
pub use version::ProtocolVersion;

/// Both bytes are the same and end in `a` (RFC 8701 section 2).
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// A 16-bit value without a name.
fn fmt_u16(value: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_grease(value) { write!(f, "GREASE {value:#06x}") } else { write!(f, "{value:#06x}") }
}
