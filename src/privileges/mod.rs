//! What a live capture may do: it takes what it needs, and gives up the rest before it looks at the first frame.
//!
//! To capture needs one right, `CAP_NET_RAW`; promiscuous mode, fanout and reopening an interface need no other. What
//! parses hostile frames for weeks keeps that one right and no more. The order, in one place:
//!
//! 1. [`may_capture`] says what to run where the right is missing, and [`Account::to_become`] whom root becomes.
//! 2. Interfaces and output files are opened, with the rights the process was started with. So `sudo tlscribe live -o
//!    events.jsonl` works in a folder that only its owner can write to. (tcpdump opens its files afterwards and fails
//!    there.) [`Account::own`] gives each file to the user, who can then open it again.
//! 3. [`confine`] changes the user, drops the rights and restricts the files.
//! 4. Threads are started: rights and restrictions belong to a thread and pass on to those that it starts, so [`confine`]
//!    refuses a process that has several.
//!
//! A new file (rotation, SIGHUP after logrotate has moved the old one) is made by the user and needs a folder in which
//! that user may create files: [`Confinement::may_create`] tells whether it is one, and what to do if not.

mod account;
mod error;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "other.rs")]
mod system;

pub use account::{Account, DEFAULT_USER};
pub use error::PrivilegeError;

use nix::unistd::{AccessFlags, access, geteuid};
use std::fmt;
use std::path::{Path, PathBuf};

/// What a confined process still needs.
#[derive(Debug, Default)]
pub struct Plan {
    /// Whom it becomes; `None`, and it stays who it is.
    pub account: Option<Account>,
    /// Files that it writes and may open again, and folders in which it does. Beside a file others may be created, and
    /// renamed and removed: that is rotation. In a folder there may be folders for each day and hour.
    pub writable: Vec<PathBuf>,
    /// Files and folders that it reads after this. What libpcap reads of interfaces, and the process of itself in
    /// `/proc/self`, needs no mention.
    pub readable: Vec<PathBuf>,
    /// It looks up the addresses of hosts by name.
    pub resolves: bool,
}

/// What is in force in a confined process.
#[derive(Debug)]
pub struct Confinement {
    user: Option<String>,
    lacking: Vec<String>,
}

impl Confinement {
    /// What this system could not give, a line for each; empty where everything asked for is in force.
    pub fn lacking(&self) -> &[String] {
        &self.lacking
    }

    /// Whether files can be created in a folder from now on, as rotation and a log that was moved away need it. What
    /// the plan does not name is refused all the same.
    ///
    /// # Errors
    /// They cannot; says what to do.
    pub fn may_create(&self, folder: &Path) -> Result<(), PrivilegeError> {
        access(folder, AccessFlags::W_OK | AccessFlags::X_OK).map_err(|error| PrivilegeError::Folder {
            folder: folder.to_owned(),
            user: self.user.clone(),
            error: error.into(),
        })
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "goes on as {user}, with the rights and files of a capture only")?,
            None => f.write_str("goes on with the rights and files of a capture only")?,
        }
        self.lacking.iter().try_for_each(|line| write!(f, "; {line}"))
    }
}

/// Whether this process may capture; `interface` is for the message. Systems other than Linux say so when the interface
/// is opened.
///
/// # Errors
/// It may not; says what to run.
pub fn may_capture(interface: &str) -> Result<(), PrivilegeError> {
    if system::may_capture() {
        return Ok(());
    }
    let interface = interface.to_owned();
    if geteuid().is_root() {
        return Err(PrivilegeError::RootMayNotCapture { interface });
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "tlscribe".into());
    Err(PrivilegeError::MayNotCapture { interface, program })
}

/// Gives up what the plan does not need, for good: the user changes, `CAP_NET_RAW` alone stays, nothing that is
/// executed gains rights, and files are out of reach except the plan's. Older kernels cannot do all of it; what they
/// lack is told in the [`Confinement`].
///
/// # Errors
/// The process has more than one thread, then nothing has changed; a path of the plan is not there; the user cannot be
/// changed, or a right not dropped. The process may be confined in part then, and has to end.
pub fn confine(plan: &Plan) -> Result<Confinement, PrivilegeError> {
    let rights = system::Rights::about_to_drop(plan)?;
    if let Some(account) = &plan.account {
        account.become_it()?;
    }
    let lacking = rights.drop()?;
    Ok(Confinement { user: plan.account.as_ref().map(|account| account.name().to_owned()), lacking })
}
