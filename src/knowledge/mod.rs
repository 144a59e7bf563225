//! What handshakes have shown of servers and of clients' other tries: bounded memory, asked when a verdict is due.
//!
//! A handshake is learned when it is settled, and judged then or later. What others showed in the meantime counts, what it
//! showed itself does not: [`Knowledge::view`] takes it out again. Everything is forgotten an hour after it was last seen,
//! or when there is no more room and nothing else was longer out of use; all by capture time.

mod lru;
mod memory;
mod sighting;
mod stories;
mod tally;
mod tries;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use lru::Lru;
pub use memory::{EXPIRY, Knowledge, MAX_CHAINS, MAX_ISSUERS, MAX_NAMES, MAX_SERVERS, MAX_VALUES, Receipt};
pub use sighting::{MAX_NAME, Sighting};
pub use stories::{MAX_CLIENT_ADDRESSES, MAX_STORIES, MAX_STORIES_EACH, MAX_TRIES, MAX_TRIES_EACH};
pub use tally::MAX_CLIENTS;
pub use tries::{MAX_PARTNERS, WINDOW};
pub use view::{Attempt, NameView, Seen, ServerView, Shown, Story};
