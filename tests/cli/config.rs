//! The configuration file: what stands in it does what the command line would, and mistakes are told where they stand.

use super::{Folder, Made, Run};
use crate::support::mmdb;
use serde_json::{Value, json};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = r#"
# Everything is named as on the command line.
only = ["failed", "abandoned"]
detail = "brief"
no_summary = true
max-flows = 1000

[read]
read = ["CAPTURE"]
merge = true

[live]
interface = ["eth0"]
snaplen = 2000

[[sink]]
to = "OUT/ecs.jsonl"
format = "ecs"
name = "soc"

[[sink]]
to = "file:OUT/unfinished.jsonl?detail=full"
only = ["unfinished"]
fields = ["id", "sni"]
"#;

impl Folder {
    /// A configuration in which CAPTURE and OUT stand for a capture and this folder.
    fn configuration(&self, text: &str) -> PathBuf {
        let capture = self.file("a.pcap", &Made::refused(2).with_unanswered(3, "b.example.org").file());
        let (capture, folder) = (capture.to_str().unwrap(), self.path(""));
        let text = text.replace("CAPTURE", capture).replace("OUT/", folder.to_str().unwrap());
        self.file("tlscribe.toml", text.as_bytes())
    }

    fn lines(&self, name: &str) -> Vec<String> {
        std::fs::read_to_string(self.path(name)).unwrap().lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_file_says_what_the_command_line_could() {
    let folder = Folder::new();
    let file = folder.configuration(FILE);
    let run = Run::of(["read".as_ref(), "-C".as_ref(), file.as_os_str()]);
    run.ends(0, &[]);
    assert_eq!(run.output, "", "the file names where events go");
    let ecs = folder.lines("ecs.jsonl");
    assert_eq!(ecs.len(), 2, "the run wants only what failed");
    assert!(ecs[0].contains(r#""ecs":{"version""#), "{}", ecs[0]);
    assert!(folder.lines("unfinished.jsonl").is_empty(), "a sink gets nothing that the run does not want");
}

#[test]
fn the_command_line_goes_before_the_file() {
    let folder = Folder::new();
    let file = folder.configuration(FILE);
    let own = folder.path("own.jsonl");
    let run = Run::of([
        "read".as_ref(),
        "-C".as_ref(),
        file.as_os_str(),
        "--only=failed,unfinished".as_ref(),
        "-o".as_ref(),
        own.as_os_str(),
    ]);
    run.ends(0, &[]);
    assert_eq!(folder.lines("own.jsonl").len(), 3);
    assert_eq!(folder.lines("ecs.jsonl").len(), 3, "sinks of the file stay beside -o");
    let unfinished = folder.lines("unfinished.jsonl");
    assert_eq!(unfinished.len(), 1);
    assert!(unfinished[0].ends_with(r#""sni":"b.example.org"}"#), "{}", unfinished[0]);
    let other = folder.file("b.pcap", &Made::refused(1).file());
    let run = Run::of(["read".as_ref(), "-C".as_ref(), file.as_os_str(), other.as_os_str(), "-o-".as_ref()]);
    run.ends(0, &[]);
    assert_eq!(run.events().len(), 1, "another capture in place of the file's");
}

#[test]
fn a_file_without_a_command_reads_or_sniffs() {
    let folder = Folder::new();
    let file = folder.configuration("no-summary = true\n[read]\nread = [\"CAPTURE\"]\n");
    let run = Run::of(["-C".as_ref(), file.as_os_str()]);
    run.ends(0, &[]);
    assert_eq!(run.events().len(), 3);
    let file = folder.configuration("[live]\ninterface = \"no-such-one\"\n");
    let run = Run::of(["-C".as_ref(), file.as_os_str()]);
    assert_eq!(run.code, 2);
    assert!(run.errors.contains("no-such-one") || run.errors.contains("may not capture"), "{}", run.errors);
}

#[test]
fn mistakes_are_one_line_with_file_and_number() {
    let folder = Folder::new();
    let told = |text: &str| {
        let file = folder.configuration(text);
        let run = Run::of(["read".as_ref(), "-C".as_ref(), file.as_os_str()]);
        assert_eq!((run.code, run.errors.lines().count()), (2, 1), "{}", run.errors);
        let place = format!("tlscribe: {}:", file.display());
        let what = run.errors.strip_prefix(&place).map(str::trim_end).map(str::to_owned);
        what.unwrap_or_else(|| panic!("{} does not begin with {place}", run.errors))
    };
    let read = "[read]\nread = [\"CAPTURE\"]\n";
    assert_eq!(told("\nfromat = \"ecs\""), "2: there is no option fromat; did you mean format?");
    assert_eq!(told("only = [\"failed\""), "1: unclosed array, expected `]`");
    assert_eq!(told("hold = \"soon\""), "1: hold: invalid value 'soon': not a number of seconds");
    assert_eq!(told("[[sinks]]\nto = \"-\""), "1: there is no table sinks; did you mean sink?");
    let sink = told(&format!("{read}[[sink]]\nto = \"-\"\nfromat = \"ecs\""));
    assert_eq!(sink, "3: standard output: it has no option fromat; did you mean format?");
    let missing = Run::of(["read", "-C", "/no/such/file.toml", "a.pcap"]);
    missing.ends(2, &["-C /no/such/file.toml: cannot be read: No such file or directory"]);
}

#[test]
fn a_secret_is_never_printed() {
    let folder = Folder::new();
    let told = |sink: &str| {
        let file = folder.configuration(&format!("[read]\nread = [\"CAPTURE\"]\n[[sink]]\n{sink}\n"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        let run = program.arg("-C").arg(&file).env("TOKEN", "hush-hush").output().unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_tlscribe"));
        let check = check.args(["check", "-C"]).arg(&file).env("TOKEN", "hush-hush").output().unwrap();
        let text = [run.stdout, run.stderr, check.stdout, check.stderr].concat();
        String::from_utf8(text).unwrap()
    };
    for sink in [
        "to = \"https://me:hush-hush@127.0.0.1:1/\"",
        "to = \"splunk+https://127.0.0.1:1\"\ntoken = \"hush-hush\"",
        "to = \"splunk+http://127.0.0.1:1\"\ntoken_env = \"TOKEN\"\nfromat = 1",
        "to = \"splunk+http://127.0.0.1:1\"\ntoken_env = \"TOKEN\"",
        "to = \"-\"\npassword = \"hush-hush\n",
    ] {
        let text = told(sink);
        assert!(!text.is_empty() && !text.contains("hush"), "{text}");
    }
}

fn checked(file: &Path) -> Run {
    Run::of(["check".as_ref(), "-C".as_ref(), file.as_os_str()])
}

#[test]
fn check_says_what_would_happen_and_touches_nothing() {
    let folder = Folder::new();
    folder.file("ecs.jsonl", b"before\n");
    let text = FILE.replace("[live]\ninterface = [\"eth0\"]", "[live]");
    let file = folder.configuration(&format!("spool = \"OUT/a/spool\"\nevidence = \"OUT/failed.pcapng\"\n{text}"));
    let run = checked(&file);
    run.ends(0, &[]);
    let lines: Vec<(&str, &str)> = run
        .output
        .lines()
        .map(|line| line.split_once("  ").map(|(about, what)| (about, what.trim())).unwrap())
        .collect();
    let out = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let unfinished = out("unfinished.jsonl");
    let expected = [
        ("frames", format!("of {}", out("a.pcap"))),
        ("handshakes", "outcome failed, abandoned".into()),
        ("roots", "bundled".into()),
        ("soc", format!("{}; ecs, brief; can be written", out("ecs.jsonl"))),
        (unfinished.as_str(), "native, full; only outcome unfinished; can be written".into()),
        ("spool", format!("{}; up to 1024 MiB for each receiver", out("a/spool"))),
        ("packets", format!("{}; of those that failed", out("failed.pcapng"))),
    ];
    assert_eq!(lines, expected.each_ref().map(|(about, what)| (*about, what.as_str())), "{}", run.output);
    assert_eq!(folder.lines("ecs.jsonl"), ["before"]);
    for untouched in ["unfinished.jsonl", "failed.pcapng", "a"] {
        assert!(!folder.path(untouched).exists(), "{untouched}");
    }
}

#[test]
fn check_ends_with_two_where_something_is_wrong() {
    let folder = Folder::new();
    let unknown = checked(&folder.configuration("fromat = \"ecs\""));
    unknown.ends(2, &["tlscribe.toml:1: there is no option fromat; did you mean format?"]);
    let missing = checked(&folder.configuration("[read]\nread = \"OUT/missing.pcap\"\n"));
    missing.ends(2, &[]);
    assert!(missing.output.contains("missing.pcap: no such file"), "{}", missing.output);
    let nowhere = checked(&folder.configuration("output = \"OUT/no/events.jsonl\"\n"));
    nowhere.ends(2, &[]);
    assert!(nowhere.output.contains("no/events.jsonl"), "{}", nowhere.output);
    assert!(nowhere.output.contains("cannot be written: "), "{}", nowhere.output);
    assert!(nowhere.output.contains("frames") && nowhere.output.contains("of what the command line names"));
    let interface = checked(&folder.configuration("[live]\ninterface = \"no-such-one\"\n"));
    interface.ends(2, &[]);
    assert!(interface.output.contains("no-such-one"), "{}", interface.output);
    checked(&folder.configuration("filter = \"tcp prot 443\"")).ends(2, &["tcp prot 443"]);
}

const ENRICHMENT: &str = r#"
sensor = "tap-3"
format = "FORMAT"

[read]
read = ["CAPTURE"]

[[network]]
range = "10.0.0.0/8"
name = "office"
tags = ["inside"]

[[network]]
file = "OUT/assets.csv"

[maxmind]
city = "OUT/city.mmdb"
asn = "OUT/asn.mmdb"
"#;

/// The first event of a run with what ENRICHMENT says.
fn enriched(folder: &Folder, format: &str) -> String {
    folder.file("assets.csv", b"range,name,tags\n10.0.0.2,till 7,pci;inside\n");
    let city = json!({ "country": { "iso_code": "DE" }, "city": { "names": { "de": "Koeln", "en": "Cologne" } } });
    folder.file("city.mmdb", &mmdb::database("Test-City", &[("10.0.0.2/32", city)]));
    let asn = json!({ "autonomous_system_number": 64512, "autonomous_system_organization": "Example Networks" });
    folder.file("asn.mmdb", &mmdb::database("Test-ASN", &[("10.0.0.0/24", asn), ("192.0.2.0/24", json!({}))]));
    let run = Run::of([
        "-C".as_ref(),
        folder.configuration(&ENRICHMENT.replace("FORMAT", format)).as_os_str(),
        "-q".as_ref(),
    ]);
    run.ends(0, &[]);
    run.output.lines().next().unwrap().to_owned()
}

#[test]
fn what_is_known_of_addresses_stands_in_events() {
    let folder = Folder::new();
    let event: Value = serde_json::from_str(&enriched(&folder, "native")).unwrap();
    let client = json!({
        "ip": "10.0.0.1", "port": 50001, "name": "office", "tags": ["inside"], "asn": 64512, "as_org": "Example Networks"
    });
    let server = json!({
        "ip": "10.0.0.2", "port": 443, "name": "till 7", "tags": ["inside", "pci"], "country": "DE", "city": "Cologne",
        "asn": 64512, "as_org": "Example Networks"
    });
    assert_eq!((&event["client"], &event["server"]), (&client, &server));
    assert_eq!(event["observer"]["sensor"], "tap-3");
    let schema = jsonschema::validator_for(&serde_json::from_str(tlscribe::event::SCHEMA).unwrap()).unwrap();
    assert!(schema.is_valid(&event));
    let checked = checked(&folder.path("tlscribe.toml"));
    checked.ends(0, &[]);
    let said = "2 address ranges; Test-City of 2026-03-01; Test-ASN of 2026-03-01\n";
    assert!(checked.output.contains(said), "{}", checked.output);
}

#[test]
fn what_is_known_of_addresses_has_its_place_in_every_format() {
    let folder = Folder::new();
    let parsed = |format: &str| -> Value { serde_json::from_str(&enriched(&folder, format)).unwrap() };
    let ecs = parsed("ecs");
    assert_eq!(ecs["observer"]["name"], "tap-3");
    assert_eq!(ecs["server"]["geo"], json!({ "country_iso_code": "DE", "city_name": "Cologne" }));
    assert_eq!(ecs["destination"]["as"], json!({ "number": 64512, "organization": { "name": "Example Networks" } }));
    assert_eq!(ecs["tags"], json!(["inside", "pci"]));
    assert_eq!(ecs["tlscribe"]["server"], json!({ "name": "till 7", "tags": ["inside", "pci"] }));
    let ocsf = parsed("ocsf");
    assert_eq!(ocsf["metadata"]["reporter"], json!({ "name": "tap-3" }));
    let endpoint = &ocsf["dst_endpoint"];
    assert_eq!((&endpoint["name"], &endpoint["location"]["country"]), (&json!("till 7"), &json!("DE")));
    assert_eq!(endpoint["autonomous_system"], json!({ "number": 64512, "name": "Example Networks" }));
    let eve = parsed("eve");
    assert_eq!((&eve["host"], &eve["tlscribe"]["server"]["city"]), (&json!("tap-3"), &json!("Cologne")));
    for key in [
        "tlscribeServerName=till 7 ",
        "tlscribeServerTags=inside,pci ",
        "tlscribeClientAsn=64512 ",
        "tlscribeSensor=tap-3",
    ] {
        assert!(enriched(&folder, "cef").contains(key), "{key}");
    }
    for key in ["serverName=till 7\t", "serverTags=inside,pci\t", "clientAsn=64512\t", "sensor=tap-3\t"] {
        assert!(enriched(&folder, "leef").contains(key), "{key}");
    }
}

#[test]
fn check_contacts_each_sink() {
    let folder = Folder::new();
    let socket = folder.path("events.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let here = "[[sink]]\nto = \"unix:OUT/events.sock\"\nname = \"here\"\nonly = [\"failed\"]\n";
    let run = checked(&folder.configuration(here));
    run.ends(0, &[]);
    let line = run.output.lines().find(|line| line.starts_with("here ")).unwrap();
    assert!(line.contains("native, brief; only outcome failed; reached: "), "{line}");
    listener.set_nonblocking(true).unwrap();
    let mut sent = String::new();
    listener.accept().unwrap().0.read_to_string(&mut sent).unwrap();
    assert_eq!(sent, "", "no event is sent");
    // Nobody listens on a port that was given back.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = format!("[[sink]]\nto = \"syslog+tcp://{free}\"\nname = \"away\"\n");
    let run = checked(&folder.configuration(&format!("{here}{away}")));
    run.ends(1, &[]);
    assert!(run.output.lines().any(|line| line.starts_with("here ") && line.contains("reached: ")), "{}", run.output);
    let line = run.output.lines().find(|line| line.starts_with("away ")).unwrap();
    assert!(line.contains(&free.to_string()) && line.contains("cannot be reached"), "{line}");
    // What is wrong weighs more than who is away.
    checked(&folder.configuration(&format!("[read]\nread = \"OUT/missing.pcap\"\n{away}"))).ends(2, &[]);
}
