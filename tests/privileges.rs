//! A process gives up its rights, looked at from outside and from inside. It is a program of its own: rights are given
//! up before there is a second thread, and the test harness always has one. It starts itself again for each scene; the
//! child confines itself, tries what it still can do, and then stands still for its parent to look at.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [_, "child", scene, folder] => linux::child(scene, folder.as_ref()),
        _ => linux::scenes(),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs::{self, File, OpenOptions};
    use std::io::{ErrorKind, Read as _, Write as _};
    use std::net::UdpSocket;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::path::Path;
    use std::process::{Command, Stdio};
    use tlscribe::privileges::{Account, Plan, confine, may_capture};

    /// `CAP_NET_RAW` alone, as `/proc` writes it.
    const NET_RAW: &str = "0000000000002000";
    const NONE: &str = "0000000000000000";
    /// The user of the scenes that are not root's. Nobody needs to have that number.
    const SOMEBODY: u32 = 54_321;

    /// Plays all scenes, where this is root.
    pub(crate) fn scenes() {
        if fs::metadata("/proc/self").unwrap().uid() != 0 || may_capture("lo").is_err() {
            eprintln!("privileges: SKIPPED, they can only be given up by root");
            return;
        }
        root_becomes_nobody();
        a_user_with_the_right_to_capture_keeps_that_only();
        a_user_without_it_is_told_what_to_run();
        println!("privileges: ok");
    }

    fn root_becomes_nobody() {
        let status = play("root", None);
        let nobody = Account::to_become(None).unwrap().unwrap();
        assert_eq!(nobody.name(), "nobody");
        let [uid, gid] = ["-u", "-g"].map(|what| {
            let told = Command::new("id").args([what, "nobody"]).output().unwrap();
            String::from_utf8(told.stdout).unwrap().trim().to_owned()
        });
        assert_eq!(status["Uid"], [uid.as_str(); 4].join("\t"), "real, effective, saved, file system");
        assert_eq!(status["Gid"], [gid.as_str(); 4].join("\t"));
        assert_eq!(status["Groups"], "");
        assert_eq!(status["CapBnd"], NONE);
        assert_only_net_raw(&status);
    }

    fn a_user_with_the_right_to_capture_keeps_that_only() {
        let status = play("somebody", Some("+net_raw,+net_admin"));
        assert_eq!(status["Uid"], [SOMEBODY.to_string().as_str(); 4].join("\t"));
        assert_only_net_raw(&status);
    }

    fn assert_only_net_raw(status: &BTreeMap<String, String>) {
        assert_eq!(status["CapEff"], NET_RAW);
        assert_eq!(status["CapPrm"], NET_RAW);
        assert_eq!(status["CapInh"], NONE);
        assert_eq!(status["CapAmb"], NONE);
        assert_eq!(status["NoNewPrivs"], "1");
    }

    fn a_user_without_it_is_told_what_to_run() {
        play("without", Some("-net_raw"));
    }

    /// The command that runs a program as root, or as somebody with no other rights than these.
    fn started(program: &Path, rights: Option<&str>) -> Command {
        let mut command = Command::new("setpriv");
        let Some(rights) = rights else {
            command.arg("--groups=0,4").arg(program);
            return command;
        };
        command.arg(format!("--reuid={SOMEBODY}")).arg(format!("--regid={SOMEBODY}")).arg("--clear-groups");
        command.arg(format!("--inh-caps={rights}")).arg(format!("--ambient-caps={rights}")).arg(program);
        command
    }

    /// Starts the child of a scene in folders of its own, and returns its `/proc/PID/status` once it stands still.
    fn play(scene: &str, rights: Option<&str>) -> BTreeMap<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        // A copy, where everybody may run it.
        let program = path.join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["kept", "open-to-all"] {
            fs::create_dir(path.join(name)).unwrap();
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o777)).unwrap();
        }
        fs::create_dir(path.join("roots")).unwrap();
        fs::set_permissions(path.join("roots"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = started(&program, rights)
            .args(["child".as_ref(), scene.as_ref(), path.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut stdout = child.stdout.take().unwrap();
        let mut byte = [0];
        while !ready.ends_with('\n') && stdout.read(&mut byte).unwrap() == 1 {
            ready.push(byte[0].into());
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success(), "the child of scene {scene} failed");
        assert_eq!(ready, "ready\n");
        status
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect()
    }

    /// What the child of a scene does.
    pub(crate) fn child(scene: &str, folder: &Path) {
        match scene {
            "without" => says_what_to_run(),
            _ => confined(folder),
        }
        println!("ready");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }

    fn says_what_to_run() {
        let program = std::env::current_exe().unwrap();
        let program = program.display();
        assert_eq!(
            may_capture("lo").unwrap_err().to_string(),
            format!(
                "no permission to capture on lo: run it as root (sudo {program} live -i lo) or give it the right once: \
                 sudo setcap cap_net_raw=ep {program}"
            )
        );
        let error = Account::to_become(Some("root")).unwrap_err();
        assert_eq!(error.to_string(), "only root can go on as root; leave --user away, or run it as root");
        assert_eq!(Account::to_become(None).unwrap(), None);
    }

    fn confined(folder: &Path) {
        may_capture("lo").unwrap();
        let account = Account::to_become(None).unwrap();
        let root = account.is_some();
        let events = folder.join("kept/events.jsonl");
        let mut file = File::create(&events).unwrap();
        let (mut plan, roots) = (Plan::default(), folder.join("roots"));
        if let Some(account) = &account {
            let foreign = File::create(folder.join("kept/foreign")).unwrap();
            chown(folder.join("kept/foreign"), Some(SOMEBODY), None).unwrap();
            account.own(&foreign).unwrap();
            assert_eq!(foreign.metadata().unwrap().uid(), SOMEBODY, "not root's to give");
            account.own(&file).unwrap();
            account.own(&OpenOptions::new().write(true).open("/dev/null").unwrap()).unwrap();
            assert_eq!(fs::metadata("/dev/null").unwrap().uid(), 0, "no file");
        }
        plan.account = account;
        plan.writable = vec![events.clone(), roots.join("events.jsonl")];
        let confinement = confine(&plan).unwrap();
        assert!(confinement.lacking().is_empty(), "{confinement}");

        file.write_all(b"as before\n").unwrap();
        OpenOptions::new().append(true).open(&events).unwrap().write_all(b"opened again\n").unwrap();
        let rotated = folder.join("kept/events.1.jsonl");
        fs::rename(&events, &rotated).unwrap();
        File::create(&events).unwrap();
        fs::remove_file(&rotated).unwrap();
        confinement.may_create(&folder.join("kept")).unwrap();
        let error = confinement.may_create(&roots).unwrap_err().to_string();
        let (who, other) = if root { ("nobody", ", or the user with --user") } else { ("this user", "") };
        let reason = "Permission denied (os error 13)";
        assert_eq!(
            error,
            format!(
                "{}: {who} may not create files there ({reason}); choose a folder where that is possible{other}",
                roots.display()
            )
        );

        // Open to every user of the system, and out of reach for this process.
        denied(File::create(folder.join("open-to-all/file")));
        denied(fs::rename(&events, folder.join("open-to-all/file")));
        denied(File::open("/etc/passwd"));
        denied(fs::read_dir("/"));
        denied(Command::new("/bin/true").status());
        denied(chown(&events, Some(0), None));

        assert!(fs::read_to_string("/proc/self/statm").unwrap().contains(' '));
        assert!(fs::read_to_string("/proc/net/dev").unwrap().contains("lo:"));
        fs::read_to_string("/sys/class/net/lo/statistics/rx_dropped").unwrap();
        fs::read_to_string("/sys/class/net/lo/operstate").unwrap();
        captures_on_loopback();
    }

    /// What a capture asks of libpcap after its interface was gone.
    fn captures_on_loopback() {
        let listed = pcap::Device::list().unwrap();
        assert!(listed.iter().any(|device| device.name == "lo" && !device.addresses.is_empty()));
        let capture = pcap::Capture::from_device("lo").unwrap().promisc(true).immediate_mode(true).timeout(5000);
        let mut capture = capture.open().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        capture.filter(&format!("udp and dst port {}", to.port()), true).unwrap();
        socket.send_to(b"a datagram", to).unwrap();
        assert!(capture.next_packet().unwrap().data.ends_with(b"a datagram"));
        assert_eq!(capture.stats().unwrap().dropped, 0);
        pcap::Capture::from_device("any").unwrap().open().unwrap();
    }

    fn denied<T: std::fmt::Debug>(result: std::io::Result<T>) {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
