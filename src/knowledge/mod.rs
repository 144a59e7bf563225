//! What handshakes have shown of servers and of clients' other tries: bounded memory, asked when a verdict is due.

mod view;

pub use view::{Attempt, NameView, Seen, ServerView, Shown, Story};
