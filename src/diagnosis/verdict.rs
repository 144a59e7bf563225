//! What a diagnosis says: the cause, who has to act, how sure it is, and on what evidence.

use super::Cause;
use crate::handshake::{Outcome, Side};
use crate::time::Mark;

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both, by agreement.
    Both,
    /// Whoever runs what lies in between.
    Network,
    /// Whoever runs the capture.
    Sensor,
    /// Nobody.
    None,
}

impl Party {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Client, Self::Server, Self::Both, Self::Network, Self::Sensor, Self::None];

    /// The name that events carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Both => "both",
            Self::Network => "network",
            Self::Sensor => "sensor",
            Self::None => "none",
        }
    }
}

impl From<Side> for Party {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// One explanation among several.
    Possible,
    /// One well-founded inference away from what was seen.
    Likely,
    /// The wire says it outright.
    Certain,
}

impl Confidence {
    /// The name that events carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody could not connect.
    Error,
}

impl Severity {
    /// The name that events carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How far a handshake had come: what was seen last of it before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// No hello was sent.
    Tcp,
    /// The client's hello, or a part of it.
    ClientHello,
    /// The server's hello or HelloRetryRequest.
    ServerHello,
    /// More of the server's flight.
    ServerFlight,
    /// A part of the client's second flight.
    ClientFlight,
    /// A side had finished.
    Finished,
}

impl Stage {
    /// The name that events carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::ClientHello => "client_hello",
            Self::ServerHello => "server_hello",
            Self::ServerFlight => "server_flight",
            Self::ClientFlight => "client_flight",
            Self::Finished => "finished",
        }
    }
}

/// One thing that speaks for a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of evidence: a short name in `snake_case`.
    pub code: &'static str,
    /// Whose doing it was, where it was one's.
    pub side: Option<Side>,
    /// The frame that shows it, where one does.
    pub mark: Option<Mark>,
    /// A sentence without a capital and a full stop, with the actual values.
    pub what: String,
}

/// What a rule finds; the stage is added by [`super::diagnose`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why.
    pub cause: Cause,
    /// Who has to act.
    pub party: Party,
    /// How sure it is.
    pub confidence: Confidence,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence with the actual values, with a capital and a full stop.
    pub summary: String,
    /// What speaks for it, the most telling first.
    pub evidence: Vec<Evidence>,
    /// What an operator can do, in sentences. Alternatives belong here.
    pub advice: String,
}

impl Finding {
    /// An error of this cause; evidence is added with [`Finding::because`].
    pub fn new(cause: Cause, party: impl Into<Party>, confidence: Confidence, summary: String) -> Self {
        let (party, severity) = (party.into(), Severity::Error);
        Self { cause, party, confidence, severity, summary, evidence: Vec::new(), advice: String::new() }
    }

    /// With one more piece of evidence.
    #[must_use]
    pub fn because(mut self, code: &'static str, side: Option<Side>, mark: Option<Mark>, what: String) -> Self {
        self.evidence.push(Evidence { code, side, mark, what });
        self
    }

    /// With another piece of evidence, where there is one.
    #[must_use]
    pub fn with(mut self, evidence: Option<Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// With another severity than error.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// With advice.
    #[must_use]
    pub fn advise(self, advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..self }
    }
}

/// A finding, and how far the handshake had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How far it had come.
    pub stage: Stage,
    /// Why it went no further.
    pub finding: Finding,
}

/// What a diagnosis says of one handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it went: what the tracker said, unless something else corroborates that it was abandoned.
    pub outcome: Outcome,
    /// Why it failed or was abandoned, or why nobody can tell; absent where nothing went wrong.
    pub failure: Option<Failure>,
}
