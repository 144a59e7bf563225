//! Numbers of the registries, written as their names. An event has some eighty of them, so a registered name is written
//! as it is, without the detour over formatting.

use crate::tls::registry::{
    AlertDescription, AlertLevel, CipherSuite, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion,
    SignatureScheme, Ssl2CipherSpec,
};
use serde::{Serialize, Serializer};
use std::fmt;

/// What has a registered name.
pub trait Registered: fmt::Display {
    /// The name.
    fn registered_name(&self) -> Option<&'static str>;
}

macro_rules! registered {
    ($($registry:ty),+ $(,)?) => {$(
        impl Registered for $registry {
            fn registered_name(&self) -> Option<&'static str> {
                self.name()
            }
        }
    )+};
}

registered!(
    AlertDescription,
    AlertLevel,
    CipherSuite,
    ExtensionType,
    HandshakeType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
    Ssl2CipherSpec,
);

/// A number of a registry: its name, else `0x1a2b` or `GREASE 0x1a1a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<T>(pub T);

impl<T: Registered> fmt::Display for Name<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Registered> Serialize for Name<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.registered_name() {
            // To serde it is a variant's name. That it is the program's own text spares looking for what to escape.
            Some(name) => serializer.serialize_unit_variant("", 0, name),
            None => serializer.collect_str(&self.0),
        }
    }
}

/// What a word stands for in a list of names.
///
/// # Errors
/// Nothing, in one line with what there is.
pub(super) fn named<T: Copy>(all: &[(&str, T, &str)], word: &str) -> Result<T, String> {
    let found = all.iter().find(|(name, _, _)| *name == word).map(|(_, meaning, _)| *meaning);
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(name, _, _)| *name).collect();
        format!("it is one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_name_stays_a_number() {
        let json = |value: Name<CipherSuite>| serde_json::to_string(&value).expect("it serializes");
        assert_eq!(json(Name(CipherSuite(0x1301))), r#""TLS_AES_128_GCM_SHA256""#);
        assert_eq!(json(Name(CipherSuite(0x1a2b))), r#""0x1a2b""#);
        assert_eq!(json(Name(CipherSuite(0x1a1a))), r#""GREASE 0x1a1a""#);
        assert_eq!(Name(ProtocolVersion(0x7f1c)).to_string(), "TLS 1.3 draft-28");
    }
}
