//! Certificates of a test's own, made with openssl.

use std::path::Path;
use std::process::Command;

/// The names in a certificate for a receiver of this machine.
pub(super) const THIS_MACHINE: &str = "IP:127.0.0.1,DNS:localhost";
/// The client that receivers let in.
pub(super) const CLIENT: &str = "client.example";

const CONFIG: &str = "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nrand_serial=yes\nnew_certs_dir=.\n\
    default_md=sha256\npolicy=any\nunique_subject=no\ncopy_extensions=copy\n[any]\ncommonName=supplied\n";

/// Makes what the tests need in this folder, each as NAME.pem and NAME.key: the authority `ca` and, by it, `server` and
/// `client`, `wrong` for another name and `expired`; `strange` is a server by another authority. False without openssl.
pub(super) fn make(folder: &Path) -> bool {
    if Command::new("openssl").arg("version").output().is_err() {
        return false;
    }
    std::fs::write(folder.join("ca.cnf"), CONFIG).unwrap();
    std::fs::write(folder.join("index.txt"), "").unwrap();
    for name in ["ca", "other"] {
        openssl(folder, &["req", "-x509", "-keyout", &key(name), "-out", &pem(name), "-subj", &subject(name)]);
    }
    let client = format!("DNS:{CLIENT}");
    for (name, authority, names, end) in [
        ("server", "ca", THIS_MACHINE, "20400101000000Z"),
        ("client", "ca", client.as_str(), "20400101000000Z"),
        ("wrong", "ca", "DNS:wrong.example", "20400101000000Z"),
        ("expired", "ca", THIS_MACHINE, "20210101000000Z"),
        ("strange", "other", THIS_MACHINE, "20400101000000Z"),
    ] {
        let (names, request) = (format!("subjectAltName={names}"), format!("{name}.csr"));
        let leaf = "basicConstraints=critical,CA:FALSE";
        let subject = subject(name);
        let request_it = ["req", "-new", "-keyout", &key(name), "-out", &request, "-subj", &subject];
        openssl(folder, &[&request_it[..], &["-addext", &names, "-addext", leaf]].concat());
        let by =
            ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", &pem(authority), "-keyfile", &key(authority)];
        let dates = ["-in", &request, "-out", &pem(name), "-startdate", "20200101000000Z", "-enddate", end];
        openssl(folder, &[&by[..], &dates].concat());
    }
    true
}

#[track_caller]
fn openssl(folder: &Path, arguments: &[&str]) {
    let new_key: &[&str] = match arguments.first() {
        Some(&"req") => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        _ => &[],
    };
    let made = Command::new("openssl").args(arguments).args(new_key).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&made.stderr));
}

fn pem(name: &str) -> String {
    format!("{name}.pem")
}

fn key(name: &str) -> String {
    format!("{name}.key")
}

fn subject(name: &str) -> String {
    format!("/CN={name}")
}
