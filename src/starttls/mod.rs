//! What is said in the clear before TLS, or instead of it: STARTTLS in the protocols that have it, proxies that are asked
//! for a way, PROXY headers, and what HTTP servers say to those who forgot the `s`.
//!
//! Nothing is kept of it here but where the conversation stands, and the line that is not whole yet. Whether TLS follows
//! is not decided here either: the record layer sees that.

mod binary;
pub mod http;
mod lines;
pub mod ports;
mod proxies;
pub mod proxy_protocol;

use lines::{Language, Lines};
use proxies::{Connect, Socks};

/// How far a conversation before TLS has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nobody asked for TLS or for a way through, or it is another conversation.
    #[default]
    Open,
    /// The server does not offer TLS, and the client has said nothing since but that it leaves.
    NotOffered,
    /// The client asked.
    Asked,
    /// The server agreed.
    Accepted,
    /// The server refused.
    Refused {
        /// True where the client went on in the clear.
        went_on: bool,
    },
}

/// A conversation before TLS.
#[derive(Debug, Default)]
pub struct Dialog {
    talk: Talk,
    progress: Progress,
}

/// Its protocol, by its first words.
#[derive(Debug, Default)]
enum Talk {
    /// Nothing was said.
    #[default]
    Silence,
    /// None of these.
    Other,
    Lines(Box<Lines>),
    Xmpp,
    Postgresql,
    Mysql,
    Ldap,
    Connect(Connect),
    Socks(Socks),
}

impl Dialog {
    /// Takes the next bytes of one side, in the order in which they were said.
    pub fn says(&mut self, from_client: bool, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Talk::Silence = self.talk {
            self.talk = Talk::begun(from_client, bytes);
        }
        let before = self.progress;
        if let Progress::Refused { .. } = before
            && !self.talk.asks_anew(from_client, bytes)
        {
            let went_on = from_client && !self.talk.leaves(bytes);
            if went_on {
                self.progress = Progress::Refused { went_on };
            }
            return;
        }
        self.progress = match &mut self.talk {
            Talk::Silence | Talk::Other => return,
            Talk::Lines(lines) => lines.says(before, from_client, bytes),
            Talk::Xmpp => lines::xmpp(before, from_client, bytes),
            Talk::Postgresql => binary::postgresql(before, from_client, bytes),
            Talk::Mysql => binary::mysql(before, from_client, bytes),
            Talk::Ldap => binary::ldap(before, from_client, bytes),
            Talk::Connect(connect) => connect.says(before, from_client, bytes),
            Talk::Socks(socks) => socks.says(before, from_client, bytes),
        };
    }

    /// Says that bytes of it are missing: what follows may mean something else.
    pub fn lose(&mut self) {
        if !matches!(self.progress, Progress::Refused { .. }) {
            *self = Self { talk: Talk::Other, progress: Progress::Open };
        }
    }

    /// How far it has come.
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// The protocol that has STARTTLS, where it is one.
    pub fn starttls(&self) -> Option<&'static str> {
        match &self.talk {
            Talk::Lines(lines) => Some(lines.language().name()),
            Talk::Xmpp => Some("xmpp"),
            Talk::Postgresql => Some("postgresql"),
            Talk::Mysql => Some("mysql"),
            Talk::Ldap => Some("ldap"),
            Talk::Silence | Talk::Other | Talk::Connect(_) | Talk::Socks(_) => None,
        }
    }

    /// The proxy's kind and where it was asked to lead, as in `connect www.example.org:443`.
    pub fn via(&self) -> Option<String> {
        match &self.talk {
            Talk::Connect(connect) => Some(connect.to_string()),
            Talk::Socks(socks) => Some(socks.to_string()),
            _ => None,
        }
    }
}

impl Talk {
    fn begun(from_client: bool, bytes: &[u8]) -> Self {
        if let Some(language) = Language::of(from_client, bytes) {
            return Self::Lines(Box::new(Lines::new(language)));
        }
        if !from_client {
            return if binary::is_mysql_greeting(bytes) { Self::Mysql } else { Self::Other };
        }
        if let Some(connect) = Connect::of(bytes) {
            return Self::Connect(connect);
        }
        if let Some(socks) = Socks::of(bytes) {
            return Self::Socks(socks);
        }
        match bytes {
            _ if lines::is_xmpp(bytes) => Self::Xmpp,
            _ if binary::is_postgresql(bytes) => Self::Postgresql,
            _ if binary::is_ldap(bytes) => Self::Ldap,
            _ => Self::Other,
        }
    }

    /// True where a client that was refused asks once more: a proxy may want credentials first, and PostgreSQL has two
    /// kinds of encryption to refuse.
    fn asks_anew(&self, from_client: bool, bytes: &[u8]) -> bool {
        match self {
            Self::Connect(_) => from_client && Connect::of(bytes).is_some(),
            Self::Postgresql => from_client && binary::is_postgresql(bytes),
            _ => false,
        }
    }

    /// True where these words of a client only say that it leaves.
    fn leaves(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Lines(lines) => lines.language().leaves(bytes),
            Self::Xmpp => bytes.starts_with(b"</stream:stream"),
            Self::Ldap => binary::is_ldap_unbind(bytes),
            _ => false,
        }
    }
}

/// True where `bytes` contain `part`, whatever the case of its letters.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len().max(1)).any(|window| window.eq_ignore_ascii_case(part))
}

/// What can be shown of a name that a client sent: printable ASCII, cut short.
fn printable(bytes: &[u8]) -> String {
    /// A DNS name with a port has at most this many characters.
    const LONGEST: usize = 262;
    bytes.iter().take(LONGEST).map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '?' }).collect()
}

#[cfg(test)]
mod tests;
