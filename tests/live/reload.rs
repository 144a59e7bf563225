//! SIGHUP and the configuration file: what takes effect while a run goes on, and what does not.

use super::net::Namespace;
use super::program::{Live, live};
use super::traffic::{by_clients, established, failed};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A file in place of the one that was there, as editors write it.
fn write(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

/// Waits until it has said so once more.
#[track_caller]
fn reload(live: &mut Live, says: &str) -> String {
    let before = live.errors().len();
    live.signal("-HUP");
    live.wait(says, |live| live.errors()[before..].contains(says) && live.errors().ends_with('\n'));
    live.errors()[before..].to_owned()
}

#[test]
fn a_file_is_read_anew_and_what_can_change_does() {
    let Some(namespace) = Namespace::with_cable("reload", &["tcpreplay"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    // Whom root becomes has to find it.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let (file, list) = (folder.path().join("tlscribe.toml"), folder.path().join("assets.csv"));
    let text = |more: &str, sink: &str| {
        format!(
            "{more}\n[live]\ninterface = \"in\"\n[[sink]]\nto = \"-\"\nname = \"soc\"\nformat = \"native\"\n{sink}\n"
        )
    };
    write(&file, &text("no-summary = true", "only = [\"failed\"]"));
    let mut live = Live::of(live(&namespace, &format!("--hold 0 -C {}", file.display())));
    let sent = [by_clients(0..1, &established()), failed()].concat();
    namespace.send("out", &sent);
    let first = &live.wait_for(1, "handshake").event;
    assert_eq!((&first["outcome"], first["server"].get("name")), (&"failed".into(), None));

    // The sink wants others now, and the addresses have names.
    fs::write(&list, "10.0.0.0/8,office,inside\n").unwrap();
    let network = format!("[[network]]\nfile = {list:?}\n");
    write(&file, &text("no-summary = true", &format!("only = [\"established\"]\n{network}")));
    let said = reload(&mut live, "tlscribe.toml is read anew");
    assert!(!said.contains("restart"), "{said}");
    namespace.send("out", &by_clients(1..2, &established()));
    let second = &live.wait_for(2, "handshake").event;
    assert_eq!((&second["outcome"], &second["server"]["name"]), (&"established".into(), &"office".into()));

    // A mistake changes nothing.
    write(&file, &text("onyl = [\"failed\"]", ""));
    let said = reload(&mut live, "the settings stay as they were");
    assert!(said.contains("tlscribe.toml:1: there is no option onyl; did you mean only?"), "{said}");
    write(&file, &text("", "[[network]]\nfile = \"/no/assets.csv\""));
    reload(&mut live, "/no/assets.csv: cannot be read");
    namespace.send("out", &by_clients(2..3, &established()));
    let third = &live.wait_for(3, "handshake").event;
    assert_eq!((&third["outcome"], &third["server"]["name"]), (&"established".into(), &"office".into()));

    // What needs a restart is told; what does not takes effect. The run's own filter counts beside the sink's.
    let sink = "only = [\"failed\", \"established\"]\ndetail = \"brief\"";
    write(&file, &text("no-summary = true\nmax-flows = 77\nonly = [\"failed\"]", sink));
    let said = reload(&mut live, "tlscribe.toml is read anew");
    assert!(said.contains("; this needs a restart: max-flows, sink soc\n"), "{said}");
    namespace.send("out", &[by_clients(3..4, &established()), by_clients(4..5, &failed())].concat());
    let fourth = &live.wait_for(4, "handshake").event;
    assert_eq!((&fourth["outcome"], fourth["server"].get("name")), (&"failed".into(), None));
    let ended = live.stop();
    assert_eq!((ended.code, ended.handshakes().len()), (Some(0), 4), "{}", ended.errors);
}
