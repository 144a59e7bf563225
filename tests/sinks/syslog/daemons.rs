//! rsyslogd and syslog-ng, run for a test on ports and in a folder of its own. Both write what they understood of each
//! message as a line of fields with tabs between them.

use super::authority::CLIENT;
use crate::support::{root, say};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer, on a busy machine either.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it holds.
#[track_caller]
pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20));
    }
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// rsyslog, with this library for TLS.
    Rsyslog(&'static str),
    SyslogNg,
}

/// A program, and what it needs to run.
struct Program {
    path: PathBuf,
    /// Where it was unpacked, and is not at home.
    unpacked: Option<PathBuf>,
}

impl Kind {
    /// Those that can be had here; the others are named on the terminal.
    pub(super) fn all_here(test: &str) -> Vec<Self> {
        let here = |kind: &Self| {
            let missing = kind.program().is_none() || matches!(kind, Self::Rsyslog(driver) if !has_driver(driver));
            if missing {
                say(&format!("{test}: SKIPPED with {kind:?}, it is not here"));
            }
            !missing
        };
        [Self::Rsyslog("gtls"), Self::Rsyslog("ossl"), Self::SyslogNg].into_iter().filter(here).collect()
    }

    fn program(self) -> Option<Program> {
        let name = if self == Self::SyslogNg { "syslog-ng" } else { "rsyslogd" };
        let installed = ["/usr/sbin", "/usr/bin", "/sbin"].iter().map(|folder| Path::new(folder).join(name));
        let installed = installed.map(|path| Program { path, unpacked: None });
        let unpacked = root().join("target/syslog-ng");
        let own = Program { path: unpacked.join("usr/sbin").join(name), unpacked: Some(unpacked) };
        installed.chain([own]).find(|program| program.path.exists())
    }
}

/// rsyslog's libraries for TLS are packages of their own.
fn has_driver(driver: &str) -> bool {
    let file = format!("rsyslog/lmnsd_{driver}.so");
    let folders = ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    folders.iter().any(|folder| Path::new(folder).join(&file).exists())
}

/// A receiver at work, until it is dropped.
pub(super) struct Daemon {
    kind: Kind,
    folder: PathBuf,
    child: Option<Child>,
    /// Syslog over UDP and, with octet counting, TCP; or over TLS.
    pub(super) port: u16,
    /// Syslog over TCP with line feeds.
    newline_port: u16,
    /// The certificate that it shows, where it speaks TLS.
    certificate: Option<String>,
}

impl Daemon {
    /// One without TLS.
    pub(super) fn plain(kind: Kind, folder: &Path) -> Self {
        Self::new(kind, folder, None)
    }

    /// One with TLS that shows this certificate, and lets in only [`CLIENT`].
    pub(super) fn tls(kind: Kind, folder: &Path, certificate: &str) -> Self {
        Self::new(kind, folder, Some(certificate.to_owned()))
    }

    fn new(kind: Kind, folder: &Path, certificate: Option<String>) -> Self {
        let [port, newline_port] = free_ports();
        let mut daemon = Self { kind, folder: folder.to_owned(), child: None, port, newline_port, certificate };
        daemon.start();
        daemon
    }

    /// Starts it, with another certificate from now on.
    pub(super) fn start_with(&mut self, certificate: &str) {
        self.certificate = Some(certificate.to_owned());
        self.start();
    }

    /// Starts it where it was stopped.
    pub(super) fn start(&mut self) {
        let program = self.kind.program().expect("it was looked for");
        let file = |name: &str| self.folder.join(name);
        let config = file("daemon.conf");
        let mut command = Command::new(&program.path);
        match self.kind {
            Kind::Rsyslog(driver) => {
                std::fs::write(&config, self.rsyslog(driver)).unwrap();
                command.args(["-n", "-iNONE", "-f"]).arg(&config);
            }
            Kind::SyslogNg => {
                std::fs::write(&config, self.syslog_ng()).unwrap();
                command.args(["-F", "--no-caps", "-f"]).arg(&config);
                for (option, name) in [("-R", "persist"), ("-p", "pid"), ("-c", "control")] {
                    command.arg(option).arg(file(name));
                }
                if let Some(unpacked) = &program.unpacked {
                    at_home(&mut command, unpacked);
                }
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let (port, tls) = (self.port, self.certificate.is_some());
        wait_until("it listens", || {
            let udp = tls || UdpSocket::bind(("127.0.0.1", port)).is_err();
            udp && TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }

    /// Ends it with this signal, and waits until it is gone.
    pub(super) fn stop(&mut self, signal: &str) {
        let Some(mut child) = self.child.take() else { return };
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
    }

    /// The socket of this machine on which it listens, where it does.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// The address for messages with line feeds.
    pub(super) fn newline_address(&self) -> String {
        format!("syslog+tcp://127.0.0.1:{}?framing=newline", self.newline_port)
    }

    /// What it has written so far.
    pub(super) fn written(&self) -> String {
        std::fs::read_to_string(self.folder.join("received")).unwrap_or_default()
    }

    fn rsyslog(&self, driver: &str) -> String {
        let Self { port, newline_port, .. } = self;
        let folder = self.folder.display();
        // Whoever closes has written: messages do not wait in a queue.
        let out = format!(
            "template(name=\"fields\" type=\"string\" string=\"%pri%\\t%timestamp:::date-rfc3339%\\t%hostname%\\t%app-name%\\t\
             %procid%\\t%msgid%\\t%structured-data%\\t%msg%\\n\")\n\
             ruleset(name=\"in\" queue.type=\"Direct\") {{ action(type=\"omfile\" file=\"{folder}/received\" \
             template=\"fields\") }}\n"
        );
        let tcp = format!("input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"in\")\n");
        let Some(certificate) = &self.certificate else {
            return format!(
                "global(workDirectory=\"{folder}\" maxMessageSize=\"64k\")\nmodule(load=\"imtcp\")\nmodule(load=\"imudp\")\n\
                 {out}{tcp}input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{newline_port}\" ruleset=\"in\")\n\
                 input(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\" ruleset=\"in\")\n"
            );
        };
        format!(
            "global(workDirectory=\"{folder}\" maxMessageSize=\"64k\" DefaultNetstreamDriver=\"{driver}\" \
             DefaultNetstreamDriverCAFile=\"{folder}/ca.pem\" DefaultNetstreamDriverCertFile=\"{folder}/{certificate}.pem\" \
             DefaultNetstreamDriverKeyFile=\"{folder}/{certificate}.key\")\n\
             module(load=\"imtcp\" StreamDriver.Name=\"{driver}\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"x509/name\" \
             PermittedPeer=[\"{CLIENT}\"])\n{out}{tcp}"
        )
    }

    fn syslog_ng(&self) -> String {
        let Self { port, newline_port, .. } = self;
        let folder = self.folder.display();
        let socket = self.socket();
        let sources = match &self.certificate {
            None => format!(
                "syslog(ip(\"127.0.0.1\") port({port}) transport(\"tcp\"));\n\
                 syslog(ip(\"127.0.0.1\") port({port}) transport(\"udp\") so-rcvbuf(212992));\n\
                 network(ip(\"127.0.0.1\") port({newline_port}) transport(\"tcp\") flags(syslog-protocol));\n"
            ),
            Some(certificate) => format!(
                "syslog(ip(\"127.0.0.1\") port({port}) transport(\"tls\") tls(ca-file(\"{folder}/ca.pem\") \
                 cert-file(\"{folder}/{certificate}.pem\") key-file(\"{folder}/{certificate}.key\") \
                 peer-verify(required-trusted)));\n"
            ),
        };
        format!(
            "@version: 3.38\noptions {{ keep-hostname(yes); stats-freq(0); frac-digits(6); time-zone(\"UTC\"); }};\n\
             source messages {{ {sources} }};\nsource lines {{ unix-stream(\"{}\" flags(no-parse)); }};\n\
             destination received {{ file(\"{folder}/received\" template(\"${{PRI}}\\t${{ISODATE}}\\t${{HOST}}\\t${{PROGRAM}}\
             \\t${{PID}}\\t${{MSGID}}\\t${{SDATA}}\\t${{MESSAGE}}\\n\")); }};\n\
             destination lines {{ file(\"{folder}/lines\" template(\"${{MESSAGE}}\\n\")); }};\n\
             log {{ source(messages); destination(received); flags(flow-control); }};\n\
             log {{ source(lines); destination(lines); flags(flow-control); }};\n",
            socket.display()
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Has a program find its libraries and modules where it was unpacked.
fn at_home(command: &mut Command, unpacked: &Path) {
    let folders = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let own = unpacked.join("usr/lib/syslog-ng");
    let mut libraries = vec![own.clone()];
    libraries.extend([unpacked.join("usr/lib"), unpacked.join("lib")].iter().flat_map(|folder| folders(folder)));
    command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap());
    command.arg("--module-path").arg(folders(&own).first().unwrap());
}

/// Ports on which nobody listens: TCP and UDP are free.
fn free_ports() -> [u16; 2] {
    loop {
        let tcp = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = tcp.each_ref().map(|listener| listener.local_addr().unwrap().port());
        if ports.iter().all(|port| UdpSocket::bind(("127.0.0.1", *port)).is_ok()) {
            return ports;
        }
    }
}
