//! The records in the shapes that others search by. One table for each: which part of a record goes where, and why.

#[macro_use]
mod object;

pub(super) mod ecs;
pub(super) mod ocsf;
mod rest;
