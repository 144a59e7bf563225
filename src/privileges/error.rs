//! What can go wrong with privileges. Each is one line for a person: what, why, what to do.

use std::io;
use std::path::PathBuf;

/// Why a capture has not the rights it needs, or cannot give up those it does not.
#[derive(Debug, thiserror::Error)]
pub enum PrivilegeError {
    /// The right to capture is missing, and root has it.
    #[error(
        "no permission to capture on {interface}: run it as root (sudo {} live -i {interface}) or give it the right once: \
         sudo setcap cap_net_raw=ep {}", program.display(), program.display()
    )]
    MayNotCapture {
        /// What was to be captured on.
        interface: String,
        /// This program.
        program: PathBuf,
    },
    /// The right to capture was taken even from root, as it is in many containers.
    #[error(
        "no permission to capture on {interface}: root lacks CAP_NET_RAW here; start the container with --cap-add NET_RAW, \
         or the service with it in CapabilityBoundingSet"
    )]
    RootMayNotCapture {
        /// What was to be captured on.
        interface: String,
    },
    /// There is no such user.
    #[error("no user {0} on this system; name one that exists with --user")]
    UnknownUser(String),
    /// A user was asked for by somebody who cannot become another.
    #[error("only root can go on as {0}; leave --user away, or run it as root")]
    NotRoot(String),
    /// Rights belong to a thread: those of the others would stay.
    #[error("the rights of {0} threads cannot be dropped at once; this is an error in tlscribe, please report it")]
    Threads(usize),
    /// A path that is still needed cannot be opened.
    #[error("{}: {error}; check the path", path.display())]
    Path {
        /// Which path.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The user has no right to create files in a folder.
    #[error(
        "{}: {} may not create files there ({error}); choose a folder where that is possible{}", folder.display(),
        user.as_deref().unwrap_or("this user"),
        if user.is_some() { ", or the user with --user" } else { "" }
    )]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// The user that root has become.
        user: Option<String>,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The system refused a step.
    #[error("cannot {step}: {error}")]
    System {
        /// What was tried.
        step: &'static str,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl PrivilegeError {
    /// Of a step that the system refused.
    pub(super) fn of<E: Into<io::Error>>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::System { step, error: error.into() }
    }
}
