//! The names of outcomes.

use crate::handshake::Outcome;
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// An outcome by its name in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OutcomeName(pub Outcome);

impl OutcomeName {
    /// All of them, from what everybody hopes for to what nobody can tell.
    pub const ALL: [Self; 5] = [
        Self(Outcome::Established),
        Self(Outcome::Unused),
        Self(Outcome::Abandoned),
        Self(Outcome::Failed),
        Self(Outcome::Unfinished),
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            Outcome::Established => "established",
            Outcome::Unused => "unused",
            Outcome::Abandoned => "abandoned",
            Outcome::Failed => "failed",
            Outcome::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for OutcomeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for OutcomeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for OutcomeName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("outcomes are {names}")
        })
    }
}
