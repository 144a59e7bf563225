//! What the user names, and what is said where it is no capture.

use super::super::{Source, expand};
use super::writer::{Order, Pcap, Pcapng, Sample, gzip, zstd};
use super::*;
use crate::packet::LinkType;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The one line that is said of bytes which are no capture.
fn complaint(bytes: &[u8]) -> String {
    let line = input().error(open(bytes).err().unwrap()).to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[test]
fn what_is_no_capture_gets_one_line_that_says_what_it_is() {
    assert_eq!(
        complaint(b""),
        "test.pcap: empty; check that the program that was to write it had the right to, and saw traffic"
    );
    let text = "test.pcap: neither pcap nor pcapng, but a text file; give one of these";
    assert_eq!(complaint(b"Dear Sir,\n"), text);
    assert_eq!(complaint("naïve".as_bytes()), text);
    assert_eq!(complaint(&[&b"a".repeat(511)[..], "ï".as_bytes(), b"\0"].concat()), text);
    assert_eq!(
        complaint(b"MZ\x90\0\x03"),
        "test.pcap: neither pcap nor pcapng, but a file that begins with 4d 5a 90 00; give one of these"
    );
    assert_eq!(
        complaint(b"\xd4\xc3"),
        "test.pcap: neither pcap nor pcapng, but a file that begins with d4 c3; give one of these"
    );
    assert_eq!(
        complaint(b"BZh91AY&SY"),
        "test.pcap: neither pcap nor pcapng, but packed with bzip2; unpack it: bzip2 -dc FILE | tlscribe read -"
    );
    assert_eq!(
        complaint(b"snoop\0\0\0\0\0\0\x02"),
        "test.pcap: neither pcap nor pcapng, but a snoop file; convert it: editcap -F pcapng IN OUT"
    );
    for packed in [gzip(b"Dear Sir,\n", 100), zstd(b"Dear Sir,\n", 100)] {
        assert_eq!(
            complaint(&packed),
            "test.pcap: neither pcap nor pcapng, decompressed too, but a text file; give one of these"
        );
    }
    assert_eq!(
        input().error(io::Error::from(io::ErrorKind::PermissionDenied).into()).to_string(),
        "test.pcap: permission denied; change its permissions, or run as a user who may read it"
    );
    assert_eq!(
        complaint(&Pcap::Micros(Order::Little).write(&[])[..23]),
        "test.pcap: cut off within the file header, before the first packet; copy or capture it again"
    );
}

#[test]
fn what_was_wrong_with_a_capture_is_one_line_too() {
    let mut file = Pcapng::new(Order::Little);
    file.interface(1);
    file.simple(1, &[1]);
    file.enhanced(3, 0, 0, &[]);
    let mut source = open(&file.file[..file.file.len() - 1]).unwrap();
    read_all(&mut source);
    let lines: Vec<String> = source.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "test.pcap: cut off in the middle of a packet, at byte 119; everything before that was read",
            "test.pcap: 1 frame is without a time; durations and the order of events may be wrong",
        ]
    );
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// The paths and complaints of an expansion, below `folder`.
fn expanded(folder: &Path, words: &[&Path]) -> Vec<String> {
    let lines = expand(words).into_iter().map(|word| match word {
        Ok(input) => input.to_string(),
        Err(error) => error.to_string(),
    });
    lines.map(|line| line.replace(&format!("{}/", folder.display()), "")).collect()
}

#[test]
fn a_folder_is_the_captures_in_it_sorted_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let pcap = Pcap::Micros(Order::Little).write(&[]);
    write(root, "c/2.pcap.gz", &gzip(&pcap, 1_000));
    write(root, "c/10.pcap", &pcap);
    write(root, "c/b/deep.pcapng", &Pcapng::new(Order::Big).file);
    write(root, "c/README", b"Dear Sir,\n");
    write(root, "c/empty", b"");
    write(root, "c/notes.gz", &gzip(b"Dear Sir,\n", 1_000));
    write(root, "c/cut.gz", &[0x1f, 0x8b, 8]);
    write(root, "nothing/README", b"Dear Sir,\n");
    let single = write(root, "a.zst", &zstd(&pcap, 1_000));
    #[cfg(unix)]
    {
        // A loop, a link to nowhere and a link to a capture.
        std::os::unix::fs::symlink(root.join("c"), root.join("c/b/loop")).unwrap();
        std::os::unix::fs::symlink(root.join("gone"), root.join("c/dangling")).unwrap();
        std::os::unix::fs::symlink(&single, root.join("c/z")).unwrap();
    }
    let words = [&*single, &root.join("c"), &root.join("nothing"), &root.join("absent"), Path::new("-")];
    let mut expected = vec![
        "a.zst",
        "c/10.pcap",
        "c/2.pcap.gz",
        "c/b/deep.pcapng",
        "c/z",
        "nothing: no captures in this folder; name one that holds pcap or pcapng files (they may be compressed)",
        "absent: no such file or folder; check the path",
        "standard input",
    ];
    expected.retain(|line| cfg!(unix) || *line != "c/z");
    assert_eq!(expanded(root, &words), expected);
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_told_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let pcap = Pcap::Micros(Order::Little).write(&[Sample::new(1_000, &[1])]);
    let locked = write(root, "a.pcap", &pcap);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::File::open(&locked).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    write(root, "b.pcap", &pcap);
    let denied = "a.pcap: permission denied; change its permissions, or run as a user who may read it";
    assert_eq!(expanded(root, &[root]), [denied, "b.pcap"]);
    let error = Source::open(&Input::File(locked)).err().unwrap().to_string();
    assert!(error.ends_with(denied), "{error}");
}

#[test]
fn a_file_knows_how_far_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let frames: Vec<Sample> = (0..2_000).map(|i| Sample::new(i * 1_000, &[i as u8; 1_500])).collect();
    let plain = Pcap::Micros(Order::Little).write(&frames);
    for (name, bytes) in [("a.pcap", plain.clone()), ("a.gz", gzip(&plain, 1_000_000))] {
        let mut source = Source::open(&Input::File(write(folder.path(), name, &bytes))).unwrap();
        assert_eq!(source.total(), Some(bytes.len() as u64));
        let mut before = 0;
        while source.next_frame().unwrap().is_some() {
            assert!(source.position() >= before);
            before = source.position();
        }
        assert_eq!(source.position(), bytes.len() as u64);
        assert_eq!(source.interfaces()[0].link, LinkType(1));
        assert_eq!(source.interface_name(0), None);
    }
}

/// The number of packets that Wireshark's capinfos finds in each capture that it can read to its end, in order; `None`
/// where it is not installed.
fn capinfos(paths: &[PathBuf]) -> Option<Vec<(PathBuf, u64)>> {
    let output = Command::new("capinfos").args(["-c", "-T", "-M", "-r"]).args(paths).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows = text.lines().map(|line| {
        let (path, count) = line.rsplit_once('\t').unwrap();
        (PathBuf::from(path), count.parse().unwrap())
    });
    Some(rows.collect())
}

#[test]
fn captures_of_others_have_as_many_frames_as_capinfos_finds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: ../shared/corpus is not there");
        return;
    }
    let (mut sound, mut damaged) = (Vec::new(), Vec::new());
    for input in expand([&corpus]) {
        let Input::File(path) = input.unwrap() else { panic!("not a file") };
        let mut source = FileSource::open(&Input::File(path.clone())).unwrap_or_else(|error| panic!("{error}"));
        let (frames, _, error) = read_all(&mut source);
        match error {
            None => sound.push((path, frames.len() as u64)),
            Some(error) => damaged.push(error.to_string()),
        }
    }
    assert!(sound.len() > 100, "{} captures", sound.len());
    assert!(damaged.len() < 5, "{damaged:#?}");
    let paths: Vec<PathBuf> = sound.iter().map(|(path, _)| path.clone()).collect();
    match capinfos(&paths) {
        Some(expected) => assert_eq!(sound, expected),
        None => eprintln!("not compared: capinfos is not installed"),
    }
}
