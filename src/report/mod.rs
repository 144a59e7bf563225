//! What people read: tables and a summary of the handshakes, messages and progress while a capture is read.

mod console;
mod failures;
mod screen;
mod summary;
mod table;
mod tally;
mod totals;

pub use console::{Aside, Console, to_standard_error};
pub use screen::{Parts, report, summary};
pub use summary::{MAX_ROWS, Row, Summary};
pub use table::Look;
pub use tally::{MAX_DISTINCT, Tally};
pub use totals::{Totals, Written};
