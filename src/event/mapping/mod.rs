//! The records in the shapes that others search by. One table for each: which part of a record goes where, and why.

#[macro_use]
mod object;

mod cell;
mod rest;
mod severity;

pub(super) mod cef;
pub(super) mod ecs;
pub(super) mod eve;
pub(super) mod leef;
pub(super) mod ocsf;
pub(super) mod zeek;
