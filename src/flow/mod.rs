//! Who talks to whom: flow keys, the bounded table of flows, what TCP did on each, and the reassembly of its two byte
//! streams. Nothing here knows TLS: the table is generic in the state it keeps, the assembler hands on bytes and gaps.

pub mod key;
pub mod reassembly;
pub mod table;
pub mod tcp;

pub use key::{Direction, FlowKey};
pub use reassembly::{Assembler, Delivery, Gate, Piece};
pub use table::{FlowId, FlowTable};
