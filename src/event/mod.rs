//! The public records, of a handshake, of an incident and of a run's counters: what goes into them, how they are written,
//! which ones are wanted, and their JSON Schema.
//!
//! [`Record`] is the contract with everybody who consumes events. It borrows from the handshake and is written straight
//! into the output buffer; [`Rendering`] knows the formats.

mod agreed;
mod certificate;
mod comment;
mod failure;
mod fields;
mod hello;
mod history;
mod incident;
mod json;
mod mapping;
mod name;
mod outcome;
mod parts;
mod record;
mod render;
#[cfg(test)]
pub(crate) mod sample;
mod schema;
mod selection;
mod stats;
mod text;
mod timing;
pub mod value;

pub use comment::Comment;
pub use failure::FailurePart;
pub use fields::{Fields, MAX_FIELDS};
pub use incident::{Incident, IncidentRecord, Incidents, MAX_ADDRESSES, MAX_INCIDENTS, Successes};
pub use name::{Name, Registered};
pub use outcome::OutcomeName;
pub use parts::{AlertPart, ClosePart, Each, End, EndPart};
pub use record::{Detail, Facts, Observer, Record};
pub use render::{Format, Rendering};
pub use schema::SCHEMA;
pub use selection::{Glob, Selection, Server, cause};
pub use stats::{Counts, SinkCounts, StatsRecord};
