//! The user that a capture started as root goes on as.

use super::{PrivilegeError, system};
use nix::unistd::{Gid, Uid, User, geteuid, setgid, setuid};
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown, fchown};
use std::path::Path;

/// Whom root becomes where nobody else is named.
pub const DEFAULT_USER: &str = "nobody";

/// A user of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
}

impl Account {
    /// Whom this process has to become: the user that is wanted, or [`DEFAULT_USER`]. `None` where it cannot change its
    /// user, and then has nothing to give up by doing so: somebody with the right to capture, or root in a container
    /// without `CAP_SETUID`. `--user root` keeps root, as it does for tcpdump.
    ///
    /// # Errors
    /// There is no such user, or it was asked for where it cannot be had.
    pub fn to_become(wanted: Option<&str>) -> Result<Option<Self>, PrivilegeError> {
        if wanted.is_none() && !system::may_change_user() {
            return Ok(None);
        }
        let name = wanted.unwrap_or(DEFAULT_USER);
        let user = User::from_name(name)
            .map_err(PrivilegeError::of("look up the user"))?
            .ok_or_else(|| PrivilegeError::UnknownUser(name.to_owned()))?;
        if system::may_change_user() {
            Ok(Some(Self { name: user.name, uid: user.uid, gid: user.gid }))
        } else if user.uid == geteuid() {
            Ok(None)
        } else {
            Err(PrivilegeError::NotRoot(user.name))
        }
    }

    /// The user's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives an output file that root has just opened to the user, who may then open it again. Devices and pipes stay
    /// whose they are, and so do files that were not root's, or that have another name elsewhere.
    ///
    /// # Errors
    /// The file system knows no owners, or not this one.
    pub fn own(&self, file: &File) -> io::Result<()> {
        let facts = file.metadata()?;
        if facts.is_file() && facts.uid() == 0 && facts.nlink() == 1 {
            fchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))?;
        }
        Ok(())
    }

    /// Gives a folder that root has just made to the user.
    ///
    /// # Errors
    /// The file system knows no owners, or not this one.
    pub fn own_folder(&self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Becomes the user: root's groups first, the user last, and with it the right to change any of them. Root's
    /// `setuid` and `setgid` set the real, the effective and the saved one.
    pub(super) fn become_it(&self) -> Result<(), PrivilegeError> {
        #[cfg(not(target_vendor = "apple"))]
        nix::unistd::setgroups(&[]).map_err(PrivilegeError::of("leave root's groups"))?;
        setgid(self.gid).map_err(PrivilegeError::of("change the group"))?;
        setuid(self.uid).map_err(PrivilegeError::of("change the user"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_is_told_by_name() {
        let error = Account::to_become(Some("nobody-of-this-name")).unwrap_err();
        assert_eq!(error.to_string(), "no user nobody-of-this-name on this system; name one that exists with --user");
    }
}
