//! What was asked for of interfaces that are sniffed, and their opening: before anything else, since it needs a right that is
//! given up afterwards.

use crate::capture::live::{SniffOptions, Sniffer};
use crate::pipeline::{Live, seed};
use crate::privileges::{Account, may_capture};
use std::collections::HashSet;
use std::time::Duration;

/// What was asked for of a live run.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// The interfaces, by name.
    pub interfaces: Vec<String>,
    /// Bytes that are kept of a frame.
    pub snap_length: u32,
    /// The kernel's buffer for each interface, in mebibytes.
    pub buffer: u32,
    /// Also what is not meant for this machine.
    pub promiscuous: bool,
    /// Frames are handed on one by one.
    pub immediate: bool,
    /// Whom root becomes.
    pub user: Option<String>,
    /// So many threads share the traffic of one interface.
    pub threads: usize,
    /// End after so many frames.
    pub count: Option<u64>,
    /// End after so long.
    pub duration: Option<Duration>,
    /// At the end, wait no longer than this for what is behind.
    pub drain: Duration,
    /// How often a record of what was counted is written.
    pub stats_interval: Duration,
}

/// As much as libpcap can be asked for.
const MAX_BUFFER: u32 = i32::MAX as u32;

impl LiveSettings {
    /// Opens the interfaces.
    pub(super) fn open(self, filter: Option<String>) -> Result<Live, String> {
        let (mut interfaces, mut seen) = (self.interfaces, HashSet::new());
        interfaces.retain(|name| seen.insert(name.clone()));
        if self.threads > 1 && interfaces.len() > 1 {
            return Err(format!(
                "--capture-threads {} is for one interface, and there are {}; one thread reads several",
                self.threads,
                interfaces.len()
            ));
        }
        interfaces.iter().try_for_each(|name| may_capture(name)).map_err(|error| error.to_string())?;
        let account = Account::to_become(self.user.as_deref()).map_err(|error| error.to_string())?;
        let options = SniffOptions {
            snap_length: self.snap_length,
            buffer: self.buffer.saturating_mul(1 << 20).min(MAX_BUFFER),
            promiscuous: self.promiscuous,
            immediate: self.immediate,
            // Groups are the network's, and process numbers are not: two containers may have the same.
            fanout: (self.threads > 1).then(|| seed() as u32),
            filter,
        };
        let open = |name: &String| Sniffer::open(name, &options).map_err(|error| error.to_string());
        let sniffers = match interfaces.as_slice() {
            [name] => (0..self.threads.max(1)).map(|_| Ok(vec![open(name)?])).collect::<Result<_, String>>()?,
            all => vec![all.iter().map(open).collect::<Result<_, String>>()?],
        };
        Ok(Live {
            sniffers,
            account,
            count: self.count,
            duration: self.duration,
            drain: self.drain,
            stats_interval: self.stats_interval,
        })
    }
}
