//! Where there are no capabilities and no landlock, changing the user is all that can be done.

use super::{Plan, PrivilegeError};
use nix::unistd::geteuid;

/// The device files of the system decide, when one is opened.
pub(super) fn may_capture() -> bool {
    true
}

/// Whether this process may become another user.
pub(super) fn may_change_user() -> bool {
    geteuid().is_root()
}

/// Rights that go with the user.
pub(super) struct Rights;

impl Rights {
    /// Nothing is to be done before the user changes.
    pub(super) fn about_to_drop(_: &Plan) -> Result<Self, PrivilegeError> {
        Ok(Self)
    }

    /// Says what is not done here.
    pub(super) fn drop(self) -> Result<Vec<String>, PrivilegeError> {
        let mut lacking = vec!["files are not restricted: that is done on Linux only".to_owned()];
        if cfg!(target_vendor = "apple") {
            lacking.push("the groups of whoever started it stay".to_owned());
        }
        Ok(lacking)
    }
}
