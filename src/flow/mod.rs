//! Who talks to whom: flow keys, the bounded table of flows, what TCP did on each, and the reassembly of its two byte
//! streams. Nothing here knows TLS: the table is generic in the state it keeps, the assembler hands on bytes and gaps.

mod chunks;
mod index;
pub mod key;
pub mod reassembly;
pub mod slab;
pub mod table;
pub mod tcp;

pub use key::{Direction, FlowKey};
pub use reassembly::{Assembler, Delivery, Gate, Piece};
pub use slab::Slab;
pub use table::{FlowId, FlowSerial, FlowTable, Gone};

/// What a table hashes by: those who do not know the seed cannot fill one place of it on purpose.
pub(crate) fn hasher(seed: u64) -> ahash::RandomState {
    ahash::RandomState::with_seeds(seed, !seed, seed.rotate_left(17), seed.rotate_right(29))
}
