//! What comes with the program: alert rules, a dashboard, the service, the package and the container file. They are valid,
//! and name only what there is.

use crate::support::{promtool, root, say};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn contrib(name: &str) -> PathBuf {
    root().join("contrib").join(name)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All names of metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("tlscribe_")).map(str::to_owned).collect()
}

/// The families that a run serves, by the names of their samples.
fn served() -> BTreeSet<String> {
    let page = crate::metrics::page();
    page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).map(str::to_owned).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&text(&contrib("grafana/tlscribe.json"))).unwrap()
}

/// All expressions of the dashboard, with Grafana's variables replaced.
fn expressions() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let annotations = dashboard["annotations"]["list"].as_array().unwrap().iter();
    let expressions = targets.chain(annotations).map(|has| has["expr"].as_str().unwrap().to_owned());
    let variables = [("$__rate_interval", "5m"), ("$__range", "1h"), ("$instance", ".*")];
    expressions.map(|text| variables.iter().fold(text, |text, (name, value)| text.replace(name, value))).collect()
}

#[test]
fn rules_and_dashboard_name_metrics_that_there_are_and_all_of_them() {
    let served = served();
    assert!(served.len() > 25, "{served:?}");
    let rules = metrics_in(&text(&contrib("prometheus/tlscribe.rules.yml")));
    let shown = metrics_in(&expressions().join("\n"));
    let tested = metrics_in(&text(&contrib("prometheus/tlscribe.rules.test.yml")));
    for (what, named) in [("rules", &rules), ("dashboard", &shown), ("tests of the rules", &tested)] {
        let unknown: Vec<_> = named.difference(&served).collect();
        assert!(named.len() > 5 && unknown.is_empty(), "{what}: {unknown:?}");
    }
    let hidden: Vec<_> = served.difference(&shown).collect();
    assert!(hidden.is_empty(), "the dashboard does not have {hidden:?}");
}

#[test]
fn the_dashboard_is_one() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36 && dashboard["title"] == "tlscribe");
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource"));
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    let mut places = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is too wide");
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(places.insert(place), "{title} lies on another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        let references: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert!(!targets.is_empty() && references.len() == targets.len(), "{title}");
    }
}

#[track_caller]
fn succeeds(run: &Output) {
    let said = [run.stdout.as_slice(), run.stderr.as_slice()].concat();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn promtool_takes_the_rules_and_they_do_what_they_should() {
    let Some(promtool) = promtool("rules") else { return };
    let run = |words: &[&str]| Command::new(&promtool).args(words).current_dir(contrib("prometheus")).output().unwrap();
    succeeds(&run(&["check", "rules", "tlscribe.rules.yml"]));
    succeeds(&run(&["test", "rules", "tlscribe.rules.test.yml"]));
    // The dashboard's expressions, as rules.
    let recorded = |(at, expression): (usize, String)| {
        format!("  - record: panel:{at}\n    expr: {}\n", serde_json::to_string(&expression).unwrap())
    };
    let rules: String = expressions().into_iter().enumerate().map(recorded).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("groups:\n- name: dashboard\n  rules:\n{rules}")).unwrap();
    succeeds(&run(&["check", "rules", file.path().to_str().unwrap()]));
}

const SERVICE: &str = "systemd/tlscribe.service";

#[test]
fn the_service_is_rated_under_two() {
    let is_here = |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|run| run.status.success());
    if !is_here("systemd-analyze") {
        say("rating of the service: SKIPPED, there is no systemd-analyze here");
        return;
    }
    let run = Command::new("systemd-analyze")
        .args(["security", "--no-pager", "--offline=true", "--threshold=19"])
        .arg(contrib(SERVICE))
        .output()
        .unwrap();
    succeeds(&run);
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("Overall exposure level for tlscribe.service: 1."), "{said}");
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(!complaints.contains("ignoring"), "{complaints}");
}

#[test]
fn the_service_starts_what_the_package_has_and_may_only_capture() {
    let unit = text(&contrib(SERVICE));
    let value = |key: &str| {
        let values: Vec<&str> = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect();
        assert_eq!(values.len(), 1, "{key}: {values:?}");
        values[0]
    };
    for key in ["AmbientCapabilities", "CapabilityBoundingSet"] {
        assert_eq!(value(key), "CAP_NET_RAW");
    }
    let words: Vec<&str> = value("ExecStart").split(' ').collect();
    let [program, rest @ ..] = words.as_slice() else { panic!("{words:?}") };
    let packaged = packaged();
    assert!(packaged.iter().any(|(_, to)| to == program), "{program}: {packaged:?}");
    let configuration = rest.last().unwrap();
    assert_eq!(value("ConditionPathExists"), *configuration);
    assert!(packaged.iter().any(|(_, to)| to == configuration), "{configuration}: {packaged:?}");
    assert_eq!((value("User"), value("StateDirectory"), value("LogsDirectory")), ("tlscribe", "tlscribe", "tlscribe"));
}

/// The files of the Debian package: from where, to where.
fn packaged() -> Vec<(String, String)> {
    let manifest = text(&root().join("Cargo.toml"));
    let manifest: toml::Table = manifest.parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap().iter();
    assets
        .map(|asset| {
            let [from, to] = [0, 1].map(|at| asset[at].as_str().unwrap());
            let name = if to.ends_with('/') { Path::new(from).file_name().unwrap().to_str().unwrap() } else { "" };
            (from.to_owned(), format!("/{to}{name}"))
        })
        .collect()
}

#[test]
fn the_package_has_files_that_there_are() {
    let manifest: toml::Table = text(&root().join("Cargo.toml")).parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let packaged = packaged();
    for (from, _) in packaged.iter().filter(|(from, _)| !from.starts_with("target/release/")) {
        assert!(root().join(from).is_file(), "{from}");
    }
    for conffile in deb["conf-files"].as_array().unwrap() {
        assert!(packaged.iter().any(|(_, to)| to == conffile.as_str().unwrap()), "{conffile:?}");
    }
    let scripts = root().join(deb["maintainer-scripts"].as_str().unwrap());
    for script in ["postinst", "postrm"] {
        let script = scripts.join(script);
        assert!(text(&script).contains("#DEBHELPER#"), "where the service's own lines go");
        succeeds(&Command::new("sh").arg("-n").arg(&script).output().unwrap());
    }
    let units = &deb["systemd-units"];
    assert!(root().join(units["unit-scripts"].as_str().unwrap()).join("tlscribe.service").is_file());
    assert_eq!((units["enable"].as_bool(), units["start"].as_bool()), (Some(false), Some(false)));
}

#[test]
fn the_container_file_copies_what_there_is() {
    let file = text(&contrib("Containerfile"));
    let copied: Vec<&str> = file
        .lines()
        .filter_map(|line| line.strip_prefix("COPY ")?.rsplit_once(' ').map(|(from, _)| from))
        .filter(|from| !from.starts_with("--from="))
        .flat_map(|from| from.split(' '))
        .collect();
    assert!(copied.contains(&"src"), "{copied:?}");
    copied.iter().for_each(|from| assert!(root().join(from).exists(), "{from}"));
    // Cargo refuses a manifest whose targets are not there.
    let manifest: toml::Table = text(&root().join("Cargo.toml")).parse().unwrap();
    let tests = manifest["test"].as_array().unwrap().iter().map(|test| test["path"].as_str().unwrap());
    assert!(tests.into_iter().all(|path| copied.contains(&path)), "{copied:?}");
    assert!(file.lines().any(|line| line == "USER tlscribe"), "not root");
}
