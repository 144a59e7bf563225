//! Settings that take effect while a live run goes on, when SIGHUP asks for it.

use crate::enrichment::Enrichment;
use crate::event::Selection;
use std::sync::Arc;

/// Reads the settings once more.
///
/// # Errors
/// They make no sense, in one line: nothing changes.
pub type Reload = Box<dyn FnMut() -> Result<Reloaded, String>>;

/// What a run takes over.
#[derive(Debug)]
pub struct Reloaded {
    /// Which handshakes are wanted.
    pub selection: Selection,
    /// Which of them each sink gets, by its name.
    pub sinks: Vec<(String, Selection)>,
    /// What is known of addresses, where something is.
    pub enrichment: Option<Arc<Enrichment>>,
    /// What there is to say of it.
    pub says: String,
}
