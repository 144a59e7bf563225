//! Capabilities and landlock: what Linux lets a process give up.

use super::{Plan, PrivilegeError};
use landlock::{
    ABI, Access as _, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, make_bitflags,
};
use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, remove_capability_from_bounding_set, set_capabilities,
    set_keep_capabilities, set_no_new_privs,
};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The last version of landlock that added a right to files which concerns us. Older kernels restrict what they can.
const LANDLOCK: ABI = ABI::V5;
/// What is read besides the plan: interfaces, their state and drops (links into `/sys/devices`); this process's resident
/// memory, and `/proc/net`, which leads there.
const SYSTEM: [&str; 3] = ["/sys/class/net", "/sys/devices", "/proc/self"];

/// What looking up a host's address reads, of which no system has all: glibc's configuration, modules of its own, and the
/// daemons that keep it.
const NAMES: [&str; 10] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/run/systemd/resolve",
    "/run/nscd",
    "/lib",
    "/lib64",
    "/usr/lib",
];

/// Whether this process may open packet sockets.
pub(super) fn may_capture() -> bool {
    holds(CapabilitySet::NET_RAW)
}

/// Whether this process may become another user: root, unless a container took that away.
pub(super) fn may_change_user() -> bool {
    holds(CapabilitySet::SETUID | CapabilitySet::SETGID)
}

fn holds(wanted: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(wanted))
}

/// What may be done at and below an open path.
type Reach = (PathFd, BitFlags<AccessFs>);

/// Rights that are about to be dropped. What needs them is done first, what the user can do after the change of user.
pub(super) struct Rights {
    reach: Vec<Reach>,
}

impl Rights {
    /// Opens the paths that stay in reach, which the user may not be able to find; empties the bounding set; and keeps
    /// rights over the change of user.
    pub(super) fn about_to_drop(plan: &Plan) -> Result<Self, PrivilegeError> {
        one_thread()?;
        let reach = reach(plan)?;
        match empty_bounding_set() {
            // Whose it is not to empty gains nothing by it: nothing that is executed gains rights.
            Ok(()) | Err(Errno::PERM) => {}
            Err(error) => return Err(PrivilegeError::of("empty the bounding set")(error)),
        }
        if plan.account.is_some() {
            set_keep_capabilities(true).map_err(PrivilegeError::of("keep the right to capture"))?;
        }
        Ok(Self { reach })
    }

    /// Drops all rights but that to capture, and restricts the files. Returns what could not be had.
    pub(super) fn drop(self) -> Result<Vec<String>, PrivilegeError> {
        let step = "drop its rights";
        let held = capabilities(None).map_err(PrivilegeError::of(step))?.permitted & CapabilitySet::NET_RAW;
        // The ambient set goes with the inheritable one.
        let kept = CapabilitySets { effective: held, permitted: held, inheritable: CapabilitySet::empty() };
        set_capabilities(None, kept).map_err(PrivilegeError::of(step))?;
        set_keep_capabilities(false).map_err(PrivilegeError::of(step))?;
        set_no_new_privs(true).map_err(PrivilegeError::of("refuse new rights"))?;
        Ok(match restrict(self.reach) {
            Ok(RulesetStatus::FullyEnforced) => Vec::new(),
            Ok(RulesetStatus::PartiallyEnforced) => {
                vec!["files are restricted in part: this kernel's landlock is an older one".into()]
            }
            Ok(RulesetStatus::NotEnforced) => {
                vec!["files are not restricted: this kernel has no landlock, or it is off".into()]
            }
            Err(error) => vec![format!("files are not restricted: {error}")],
        })
    }
}

/// Capabilities and landlock are a thread's own. Without `/proc` threads cannot be counted, and an error in tlscribe goes
/// unnoticed.
fn one_thread() -> Result<(), PrivilegeError> {
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(1) => Ok(()),
        Ok(threads) => Err(PrivilegeError::Threads(threads)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(PrivilegeError::of("count the threads")(error)),
    }
}

/// What is no longer in the bounding set is gained by no program that is executed. The kernel knows fewer than 64
/// capabilities, and says where they end.
fn empty_bounding_set() -> Result<(), Errno> {
    for bit in 0..64 {
        match remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit)) {
            Err(Errno::INVAL) => break,
            result => result?,
        }
    }
    Ok(())
}

/// All that stays in reach. What this system does not have of its own folders needs no reaching.
fn reach(plan: &Plan) -> Result<Vec<Reach>, PrivilegeError> {
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let write = read | make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | MakeDir | RemoveFile});
    let mut reach: Vec<Reach> = SYSTEM.iter().filter_map(|path| open(Path::new(path), read).ok()).collect();
    let names: &[&str] = if plan.resolves { &NAMES } else { &[] };
    reach.extend(names.iter().filter_map(|path| open(Path::new(path), read).ok()));
    for path in &plan.readable {
        reach.push(open(path, read)?);
    }
    for path in &plan.writable {
        reach.push(open(&place(path)?, write)?);
    }
    Ok(reach)
}

/// Only some of the access rights make sense for what is no folder.
fn open(path: &Path, access: BitFlags<AccessFs>) -> Result<Reach, PrivilegeError> {
    let failed = |error| PrivilegeError::Path { path: path.to_owned(), error };
    let folder = path.metadata().map_err(failed)?.is_dir();
    let opened = PathFd::new(path).map_err(|error| failed(io::Error::other(error)))?;
    Ok((opened, if folder { access } else { access & AccessFs::from_file(LANDLOCK) }))
}

/// Where a file is written: its folder, as others take its place; a folder, a device or a pipe itself.
fn place(path: &Path) -> Result<PathBuf, PrivilegeError> {
    let failed = |error| PrivilegeError::Path { path: path.to_owned(), error };
    let file = match path.metadata() {
        Ok(facts) if facts.is_file() => path.canonicalize().map_err(failed)?,
        Ok(_) => return Ok(path.to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    Ok(file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
}

/// Forbids everything else that has to do with paths, as far as the kernel can.
fn restrict(reach: Vec<Reach>) -> Result<RulesetStatus, RulesetError> {
    let ruleset = Ruleset::default().handle_access(AccessFs::from_all(LANDLOCK))?.create()?;
    let rules = reach.iter().map(|(path, access)| Ok::<_, RulesetError>(PathBeneath::new(path, *access)));
    let status = ruleset.add_rules(rules)?.restrict_self()?.ruleset;
    // They stay open: where the kernel forgets a folder of /proc for want of memory, and makes it anew when it is asked
    // for, it is another one that no rule names (seen with drop_caches on Linux 6.18).
    std::mem::forget(reach);
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_in_its_folder_and_a_device_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let (file, link) = (real.join("events.jsonl"), real.join("link"));
        assert_eq!(place(&file).unwrap(), real, "not there yet");
        std::fs::write(&file, "").unwrap();
        assert_eq!(place(&file).unwrap(), real);
        std::fs::create_dir(&link).unwrap();
        let link = link.join("elsewhere.jsonl");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(place(&link).unwrap(), real, "where a link leads to");
        assert_eq!(place(&real).unwrap(), real);
        assert_eq!(place(Path::new("/dev/null")).unwrap(), Path::new("/dev/null"));
        assert_eq!(place(Path::new("not-there.jsonl")).unwrap(), Path::new("."));
    }

    #[test]
    fn a_process_of_several_threads_is_refused() {
        // The test harness has its own thread beside that of the test.
        assert!(matches!(Rights::about_to_drop(&Plan::default()), Err(PrivilegeError::Threads(2..))));
    }
}
