//! From a sink's name and options to a sink that can be started: what is wrong with them is told before anything is read.

use super::delivery::{Keeping, MEMORY_BYTES};
use super::file::{Before, FileOptions, LineFile};
use super::machine::{folder_of, may_create};
use super::options::Options;
#[cfg(feature = "parquet")]
use super::parquet::{Parquet, ParquetOptions};
use super::sink::{Work, Writing};
use super::standard_output::StandardOutput;
use super::target::Place;
use super::transport::{self, Transport};
use crate::event::Rendering;
use crate::hex::hex;
use crate::report::Aside;
use nix::unistd::{AccessFlags, access};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};

/// A sink whose options are understood, and that is not open.
#[derive(Debug)]
pub enum Prepared {
    /// Standard output.
    StandardOutput,
    /// A file.
    File(FileOptions),
    /// A folder of Parquet files.
    #[cfg(feature = "parquet")]
    Parquet(ParquetOptions),
    /// A receiver elsewhere, to which nobody has connected yet.
    Receiver(Box<dyn Transport>),
}

impl Prepared {
    /// Takes what concerns the place out of the options.
    ///
    /// # Errors
    /// A mistake of the user, in one line.
    pub fn new(place: Place, options: &mut Options) -> Result<Self, String> {
        Ok(match place {
            Place::StandardOutput => Self::StandardOutput,
            Place::File(path) => Self::File(FileOptions::take(path, options)?),
            #[cfg(feature = "parquet")]
            Place::Parquet(folder) => Self::Parquet(ParquetOptions::take(folder, options)?),
            #[cfg(not(feature = "parquet"))]
            Place::Parquet(_) => return Err("this build writes no Parquet; build it with --features parquet".into()),
            Place::Receiver(scheme, rest) => Self::Receiver(transport::prepare(scheme, &rest, options)?),
        })
    }

    /// True where events are not lines of one stream: each has to be marked.
    pub const fn wants_marks(&self) -> bool {
        !matches!(self, Self::StandardOutput | Self::File(_))
    }

    /// The one file that it writes, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(options) if !options.rotation.rotates() => Some(&options.path),
            _ => None,
        }
    }

    /// Looks whether it can be used, without writing anything: whether a receiver is there and takes what it is sent, and
    /// a file can be written. Says what was found, in a few words.
    ///
    /// # Errors
    /// It cannot; in one line without its name.
    pub fn contact(&mut self) -> Result<String, String> {
        match self {
            Self::StandardOutput => Ok("is open".into()),
            Self::File(options) => writable(&options.path).map(|()| "can be written".into()),
            #[cfg(feature = "parquet")]
            Self::Parquet(options) => may_hold_files(&options.folder).map(|()| "can be written".into()),
            Self::Receiver(transport) => {
                transport.contact().map(|found| format!("reached: {found}")).map_err(|setback| setback.to_string())
            }
        }
    }

    /// True where only JSON is of use.
    pub fn wants_json(&self) -> bool {
        matches!(self, Self::Receiver(transport) if transport.wants_json())
    }

    /// Opens it.
    ///
    /// # Errors
    /// A file that cannot be created or written.
    pub fn open(self, rendering: &Rendering, before: Before, aside: Aside) -> io::Result<OpenSink> {
        Ok(match self {
            Self::StandardOutput => OpenSink::Local(Box::new(StandardOutput::begin(&rendering.header(), aside)?)),
            Self::File(options) => OpenSink::Local(Box::new(LineFile::open(options, rendering.clone(), before)?)),
            #[cfg(feature = "parquet")]
            Self::Parquet(options) => OpenSink::Local(Box::new(Parquet::open(options)?)),
            Self::Receiver(transport) => OpenSink::Receiver(transport),
        })
    }
}

/// Looks whether a file can be written, or made where there is none, and leaves it as it is.
///
/// # Errors
/// What the system says, in one line.
pub fn writable(path: &Path) -> Result<(), String> {
    if path.exists() {
        return access(path, AccessFlags::W_OK)
            .map_err(|error| format!("cannot be written: {}", io::Error::from(error)));
    }
    holds_files(folder_of(path))
}

/// Looks whether files can be made in a folder, which may have to be made itself with those above it, and makes none.
///
/// # Errors
/// What the system says, in one line.
pub fn may_hold_files(folder: &Path) -> Result<(), String> {
    holds_files(folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new(".")))
}

fn holds_files(folder: &Path) -> Result<(), String> {
    may_create(folder).map_err(|error| format!("cannot be written: {}: {error}", folder.display()))
}

/// An open sink, without threads.
pub enum OpenSink {
    /// It writes on this machine.
    Local(Box<dyn Writing>),
    /// It sends to a receiver elsewhere.
    Receiver(Box<dyn Transport>),
}

impl OpenSink {
    /// What is opened on this machine.
    pub fn writing(&self) -> Option<&dyn Writing> {
        match self {
            Self::Local(writing) => Some(writing.as_ref()),
            Self::Receiver(_) => None,
        }
    }

    /// With what its thread needs besides.
    pub fn work(self, name: &str, spooling: Option<&Spooling>, live: bool) -> Work {
        match self {
            Self::Local(writing) => Work::Write(writing),
            Self::Receiver(transport) => {
                let keeping = Keeping {
                    name: name.to_owned(),
                    spool: spooling.map(|spooling| spooling.file(name)),
                    spool_bytes: spooling.map_or(0, |spooling| spooling.bytes),
                    memory_bytes: MEMORY_BYTES,
                    live,
                };
                Work::Send(transport, keeping)
            }
        }
    }
}

/// Where receivers' events wait that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spooling {
    /// A folder, in which each sink has a file of its own.
    pub folder: PathBuf,
    /// Bytes of lines that each may hold.
    pub bytes: u64,
}

/// So many letters of a sink's name are in that of its spool.
const MAX_NAME: usize = 48;

impl Spooling {
    /// The spool of the sink of this name: the same in every run.
    fn file(&self, name: &str) -> PathBuf {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let readable: String = name.chars().map(plain).take(MAX_NAME).collect();
        let digest = Sha256::digest(name);
        let distinct = hex(digest.get(..4).unwrap_or_default());
        self.folder.join(format!("{}-{distinct}.spool", readable.trim_matches('-')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_looked_at_and_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.jsonl");
        assert_eq!((writable(&path), path.exists()), (Ok(()), false));
        std::fs::write(&path, "before").expect("a file");
        assert_eq!((writable(&path), std::fs::read_to_string(&path).ok()), (Ok(()), Some("before".into())));
        let lost = writable(&folder.path().join("no/events.jsonl")).expect_err("no folder");
        assert!(lost.starts_with("cannot be written: ") && lost.contains("/no: No such file"), "{lost}");
    }

    #[test]
    fn each_sink_has_a_spool_of_its_own_in_every_run() {
        let spooling = Spooling { folder: "/var/lib".into(), bytes: 1 };
        let [one, other] = ["https://a.example/x", "https://a.example:x"].map(|name| spooling.file(name));
        assert_ne!(one, other);
        assert!(one.to_str().is_some_and(|path| path.starts_with("/var/lib/https---a-example-x-")), "{one:?}");
        assert_eq!(one, spooling.file("https://a.example/x"));
    }
}
