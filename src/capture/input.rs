//! What the user named: files, folders, standard input; and which files of a folder are captures.

use super::classic::Classic;
use super::pcapng::Pcapng;
use super::stream::Stream;
use super::{CaptureError, Reason};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::{ffi::OsString, fmt};

/// One capture to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Standard input, written `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// An input that was opened.
pub(super) struct Opened {
    /// Its bytes.
    pub(super) reader: Box<dyn Read + Send>,
    /// How many there are, where that can be known. Such an input can be opened again.
    pub(super) total: Option<u64>,
}

impl Input {
    /// Opens it.
    pub(super) fn reader(&self) -> Result<Opened, Reason> {
        match self {
            Self::Stdin => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    return Err(Reason::Terminal);
                }
                Ok(Opened { reader: Box::new(stdin), total: None })
            }
            Self::File(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                let total = metadata.is_file().then_some(metadata.len());
                Ok(Opened { reader: Box::new(file), total })
            }
        }
    }

    /// This input's error.
    pub(super) fn error(&self, reason: Reason) -> CaptureError {
        CaptureError { input: self.clone(), reason }
    }
}

/// The captures that the user's words name: `-` is standard input, a folder is the captures in it and in the folders
/// below, sorted by name, and anything else is a file. Files of a folder that are no captures are passed over in
/// silence; a word that names nothing is an error in its place.
pub fn expand<P: AsRef<Path>>(words: impl IntoIterator<Item = P>) -> Vec<Result<Input, CaptureError>> {
    let mut inputs = Vec::new();
    for word in words {
        let path = word.as_ref();
        if path.as_os_str() == "-" {
            inputs.push(Ok(Input::Stdin));
            continue;
        }
        let input = Input::File(path.to_owned());
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = inputs.len();
                folder(path, &mut inputs);
                if inputs.len() == before {
                    inputs.push(Err(input.error(Reason::NoCaptures)));
                }
            }
            Ok(_) => inputs.push(Ok(input)),
            Err(error) => inputs.push(Err(input.error(error.into()))),
        }
    }
    inputs
}

/// Adds the captures of a folder. A link to a folder is not followed, so that no file comes twice and the walk ends.
fn folder(path: &Path, inputs: &mut Vec<Result<Input, CaptureError>>) {
    let names = match names(path) {
        Ok(names) => names,
        Err(error) => {
            inputs.push(Err(Input::File(path.to_owned()).error(error.into())));
            return;
        }
    };
    for name in names {
        let path = path.join(name);
        let is_link = path.is_symlink();
        // What vanished meanwhile, or a link to nowhere, is no capture.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() && !is_link {
            folder(&path, inputs);
        } else if metadata.is_file() {
            let input = Input::File(path);
            match is_capture(&input) {
                Ok(true) => inputs.push(Ok(input)),
                Ok(false) => {}
                Err(reason) => inputs.push(Err(input.error(reason))),
            }
        }
    }
}

/// What is in a folder, sorted.
fn names(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// True where the first bytes, decompressed, are those of a capture.
fn is_capture(input: &Input) -> Result<bool, Reason> {
    let mut stream = Stream::new(input.reader()?.reader)?;
    let mut first = Vec::new();
    match stream.by_ref().take(4).read_to_end(&mut first) {
        Ok(_) => Ok(Classic::recognise(&first) || Pcapng::recognise(&first)),
        Err(_) if stream.compression().is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
