//! The options of evidence captures: what `read` and `live` write with `-w`.

use crate::output::Rotation;
use crate::pipeline::EvidenceCapture;
use clap::{Args, ValueEnum};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// `-w` and what goes with it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence captures")]
pub(super) struct EvidenceArguments {
    /// Write the packets of handshakes that failed to this pcapng file, with comments that say why
    #[arg(short = 'w', long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Which handshakes: failed (also abandoned, or cut off by the capture's loss) or all
    #[arg(long, value_enum, value_name = "WHICH", default_value = "failed", requires = "evidence")]
    write: WhichName,
    /// Begin another file before one has more mebibytes than this: FILE_00001_20260301100000.pcapng and so on
    #[arg(long, value_name = "MIB", requires = "evidence")]
    rotate_size: Option<NonZeroU32>,
    /// Begin another file once so many seconds have gone by in the capture
    #[arg(long, value_name = "SECONDS", requires = "evidence")]
    rotate_time: Option<NonZeroU32>,
    /// Of the files of a rotation keep only the latest so many
    #[arg(long, value_name = "N", requires = "evidence")]
    keep: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WhichName {
    /// Those that failed
    Failed,
    /// All of them
    All,
}

impl EvidenceArguments {
    /// What is to be written, if anything.
    ///
    /// # Errors
    /// Options that make no sense together, in one line.
    pub(super) fn settings(self) -> Result<Option<EvidenceCapture>, String> {
        let Some(file) = self.evidence else { return Ok(None) };
        let rotation = Rotation {
            size: self.rotate_size.map(|mebibytes| u64::from(mebibytes.get()) << 20),
            time: self.rotate_time.map(|seconds| Duration::from_secs(seconds.get().into())),
            keep: self.keep.map(|files| files.get() as usize),
        };
        if file.file_name().is_none_or(|name| name == "-") {
            return Err(format!("-w {}: name a file", file.display()));
        }
        if rotation.keep.is_some() && rotation.size.is_none() && rotation.time.is_none() {
            return Err("--keep needs --rotate-size or --rotate-time: without them there is one file".into());
        }
        Ok(Some(EvidenceCapture { file, rotation, all: self.write == WhichName::All }))
    }
}
