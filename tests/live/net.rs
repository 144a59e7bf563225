//! Networks of a test's own: namespaces that nobody else sees, and the cables between them.
//!
//! A namespace has no name. A process that waits for the end of its standard input keeps it, so that it is gone once
//! this process is, however that ends. (`ip netns` would leave names behind.)

use crate::support::mutate::{Packet, pcap};
use crate::support::say;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::NamedTempFile;

/// The link type of Ethernet.
pub(super) const ETHERNET: u32 = 1;

/// A network namespace.
pub(super) struct Namespace {
    holder: Child,
}

impl Namespace {
    /// Makes one, where these tools are there too; `None`, said aloud, where that cannot be done.
    pub(super) fn new(test: &str, tools: &[&str]) -> Option<Self> {
        let no = |why: &str| say(&format!("{test}: SKIPPED, {why}"));
        if let Some(missing) = ["nsenter", "ip"].iter().chain(tools).find(|tool| !is_here(tool)) {
            no(&format!("there is no {missing} here"));
            return None;
        }
        if !may_be_made() {
            no("network namespaces cannot be made here; root can, as a rule");
            return None;
        }
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo; read _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        holder.stdout.take().unwrap().read_exact(&mut ready).unwrap();
        Some(Self { holder })
    }

    /// One with a cable from `out` to `in`, both up: what is sent on `out` arrives on `in`.
    pub(super) fn with_cable(test: &str, tools: &[&str]) -> Option<Self> {
        let namespace = Self::new(test, tools)?;
        namespace.cable("out", "in", &namespace);
        Some(namespace)
    }

    /// A command that will run in it.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.holder.id())).arg(program).stdin(Stdio::null());
        command
    }

    /// Runs `ip` in it.
    #[track_caller]
    pub(super) fn ip(&self, words: &str) {
        let run = self.command("ip").args(words.split(' ')).output().unwrap();
        assert!(run.status.success(), "ip {words}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// Runs `ip` in it, for several things in one go.
    #[track_caller]
    pub(super) fn ip_batch(&self, lines: &str) {
        let mut ip = self.command("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        ip.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(ip.wait().unwrap().success(), "ip: {lines}");
    }

    /// Lays a cable from an interface here to one there. Both are up and say nothing of their own accord.
    pub(super) fn cable(&self, here: &str, there: &str, other: &Self) {
        self.ip(&format!("link add {here} type veth peer name {there} netns {}", other.holder.id()));
        for (namespace, name) in [(self, here), (other, there)] {
            namespace.ip(&format!("link set {name} mtu 65535 addrgenmode none"));
            namespace.ip(&format!("link set {name} up"));
        }
    }

    /// A command that sends packets from an interface.
    pub(super) fn sends(&self, interface: &str, options: &[&str], capture: &Path) -> Command {
        let mut command = self.command("tcpreplay");
        command.args(["-q", "-i", interface]).args(options).arg(capture);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Sends packets from an interface, as fast as that goes.
    pub(super) fn send(&self, interface: &str, packets: &[Packet]) {
        let capture = saved(packets);
        // without --preload-pcap, or the first packet waits for the file
        let sent = self.sends(interface, &["--topspeed"], capture.path()).status().unwrap();
        assert!(sent.success(), "tcpreplay: {sent}");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Packets as a file for tcpreplay.
pub(super) fn saved(packets: &[Packet]) -> NamedTempFile {
    let file = NamedTempFile::with_suffix(".pcap").unwrap();
    std::fs::write(file.path(), pcap(ETHERNET, packets)).unwrap();
    file
}

fn is_here(tool: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // where Debian keeps `ip` for root
    std::env::split_paths(&folders)
        .chain([std::path::PathBuf::from("/usr/sbin")])
        .any(|folder| folder.join(tool).exists())
}

fn may_be_made() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| {
        let made = Command::new("unshare")
            .args(["--net", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"])
            .output();
        made.is_ok_and(|made| made.status.success())
    })
}
