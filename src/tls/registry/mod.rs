//! The numbers of TLS and their names: cipher suites, groups, signature schemes, extensions, alerts and the rest.
//!
//! Each registry is a newtype over its number on the wire, so that a value nobody has registered survives and prints
//! as `0x1a2b`. The constants and names come from `data/tls-registries.csv`, a transcript of IANA's registries with
//! the unregistered values that are met in practice marked as such; `scripts/refresh-registries` turns it into
//! [`generated`]. A name is printed only where IANA (or the RFC that IANA points to) gives one.

use std::fmt;

/// Declares the newtype of one registry: constants, names, [`fmt::Display`], and for 16-bit registries GREASE.
///
/// A line is `CONSTANT = value, "name", "reference"`; those after `unregistered` have a constant and a common name,
/// but print as numbers.
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
            $(#[doc = $about] pub const $const: Self = Self($value);)*
            $(#[doc = $unabout] pub const $unconst: Self = Self($unvalue);)*

            /// Every value that has a constant, in the order of their numbers within registered and unregistered.
            pub const ALL: &'static [Self] = &[$(Self::$const,)* $(Self::$unconst,)*];

            /// The registered name.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }

            /// What a value that is not registered is commonly called.
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
            /// One of the values reserved by RFC 8701, which a peer sends to see that unknown values are ignored.
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
    (@display $name:ident u8) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{:#04x}", self.0),
                }
            }
        }
    };
    (@display $name:ident u32) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => write!(f, "{:#08x}", self.0),
                }
            }
        }
    };
}

mod generated;
mod version;

pub use generated::*;
pub use version::ProtocolVersion;

/// Both bytes are the same and end in `a` (RFC 8701 section 2).
const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn fmt_u16(value: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_grease(value) { write!(f, "GREASE {value:#06x}") } else { write!(f, "{value:#06x}") }
}
