//! What a running `tlscribe live` may do, seen from outside.

use crate::support::say;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tlscribe::privileges::may_capture;

/// `CAP_NET_RAW` alone, as `/proc` writes it.
const NET_RAW: &str = "0000000000002000";
const NONE: &str = "0000000000000000";
/// A user that need not have a name.
const SOMEBODY: u32 = 54_321;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running capture on the loopback interface, that writes to `kept/events.jsonl` in a folder of its own.
struct Live {
    folder: TempDir,
    child: Child,
}

impl Live {
    /// Starts it with a command that is given a copy of the program where everybody may run it; `None`, said aloud,
    /// where this is not root.
    fn start(test: &str, command: impl FnOnce(PathBuf) -> Command) -> Option<Self> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 || may_capture("lo").is_err() {
            say(&format!("{test}: SKIPPED, it has to be run by root"));
            return None;
        }
        let folder = TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(path("kept")).unwrap();
        fs::create_dir(path("open-to-all")).unwrap();
        fs::set_permissions(path("open-to-all"), Permissions::from_mode(0o777)).unwrap();
        // Copied by a process of its own: while one of ours has it open to write, or forks meanwhile, it cannot be run.
        let copied = Command::new("install")
            .arg("-m755")
            .arg(env!("CARGO_BIN_EXE_tlscribe"))
            .arg(path("tlscribe"))
            .status()
            .unwrap();
        assert!(copied.success());
        let child = command(path("tlscribe"))
            .args(["live", "-i", "lo", "-o"])
            .arg(path("kept/events.jsonl"))
            .stdin(Stdio::null())
            .stderr(File::create(path("errors")).unwrap())
            .spawn()
            .unwrap();
        Some(Self { folder, child })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.path("errors")).unwrap()
    }

    /// One line of each thread's `/proc/PID/task/TID/status`.
    fn status(&self, name: &str) -> Vec<String> {
        let value = |status: String| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
            line.unwrap().to_owned()
        };
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        threads.filter_map(|thread| fs::read_to_string(thread.unwrap().path().join("status")).ok()).map(value).collect()
    }

    /// Waits for something to become true.
    fn wait(&mut self, what: &str, mut true_now: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !true_now(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "{what}: {ended:?}\n{}", self.errors());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits until it looks at frames, with all its threads, and checks that none may do more than capture.
    fn assert_only_captures(&mut self) {
        self.wait("it captures", |live| live.status("NoNewPrivs").len() > 1);
        for (name, value) in [("CapEff", NET_RAW), ("CapPrm", NET_RAW), ("CapInh", NONE), ("CapAmb", NONE)] {
            assert!(self.status(name).iter().all(|of_thread| of_thread == value), "{name}: {:?}", self.status(name));
        }
        assert!(self.status("NoNewPrivs").iter().all(|of_thread| of_thread == "1"));
    }

    fn stop(mut self) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.errors());
    }
}

impl Drop for Live {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that runs a program as somebody without any right.
fn as_somebody(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={SOMEBODY}")).arg(format!("--regid={SOMEBODY}")).arg("--clear-groups").arg(program);
    command
}

#[test]
fn root_becomes_nobody_keeps_the_right_to_capture_and_reaches_its_output_only() {
    let started = Live::start("root becomes nobody", |program| {
        // With groups to lose.
        let mut command = Command::new("setpriv");
        command.arg("--groups=0,4").arg(program);
        command
    });
    let Some(mut live) = started else { return };
    live.assert_only_captures();
    let nobody = fs::metadata(live.path("kept/events.jsonl")).unwrap().uid();
    assert_ne!(nobody, 0, "the output belongs to the user");
    let ids = [nobody.to_string().as_str(); 4].join("\t");
    assert!(live.status("Uid").iter().all(|of_thread| *of_thread == ids), "{:?}", live.status("Uid"));
    assert!(live.status("Gid").iter().all(|of_thread| of_thread.split('\t').all(|id| id != "0")));
    assert!(live.status("Groups").iter().all(String::is_empty), "{:?}", live.status("Groups"));
    assert!(live.status("CapBnd").iter().all(|of_thread| of_thread == NONE));

    // The user may write there, the process may not: only landlock stands between.
    let (events, moved, elsewhere) =
        (live.path("kept/events.jsonl"), live.path("kept/events.1.jsonl"), live.path("open-to-all/events.jsonl"));
    chown(live.path("kept"), Some(nobody), None).unwrap();
    fs::rename(&events, &moved).unwrap();
    symlink(&elsewhere, &events).unwrap();
    let said = live.errors().len();
    live.signal("-HUP");
    live.wait("it says that it cannot open its output again", |live| live.errors().len() > said);
    assert!(!elsewhere.exists());

    // What logrotate does works.
    fs::remove_file(&events).unwrap();
    live.signal("-HUP");
    live.wait("it opens its output again", |_| events.is_file());
    assert_eq!(fs::metadata(&events).unwrap().uid(), nobody);
    live.stop();
}

#[test]
fn a_user_whose_program_has_the_right_to_capture_needs_no_root() {
    let started = Live::start("a user with the right", |program| {
        let set = Command::new("setcap").arg("cap_net_raw=ep").arg(&program).status().unwrap();
        assert!(set.success());
        chown(program.with_file_name("kept"), Some(SOMEBODY), None).unwrap();
        as_somebody(&program)
    });
    let Some(mut live) = started else { return };
    live.assert_only_captures();
    let ids = [SOMEBODY.to_string().as_str(); 4].join("\t");
    assert!(live.status("Uid").iter().all(|of_thread| *of_thread == ids));
    live.stop();
}

#[test]
fn a_user_without_the_right_to_capture_is_told_what_to_run() {
    let Some(mut live) = Live::start("a user without the right", |program| as_somebody(&program)) else { return };
    assert_eq!(live.child.wait().unwrap().code(), Some(2));
    let errors = live.errors();
    let program = live.path("tlscribe");
    assert!(errors.contains("no permission to capture on lo: run it as root"), "{errors}");
    assert!(errors.contains(&format!("sudo setcap cap_net_raw=ep {}\n", program.display())), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(!live.path("kept/events.jsonl").exists(), "nothing was begun");
}
