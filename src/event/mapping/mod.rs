//! The records in the shapes that others search by. One table for each: which part of a record goes where, and why.

mod cell;
mod severity;

pub(super) mod cef;
pub(super) mod eve;
pub(super) mod leef;
pub(super) mod zeek;
