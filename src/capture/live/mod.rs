//! Frames from network interfaces while they pass, through libpcap: one interface, or several whose frames are put into
//! the order of their times.
//!
//! An interface is read in bursts, as many frames as the kernel has ready, out of the kernel's own ring where there is
//! only one. Reading never waits for more than it is allowed to, so that whoever reads can look at the time.

mod fanout;
mod interfaces;
mod lanes;
mod sniffer;

pub use interfaces::{InterfaceInfo, interfaces};
pub use sniffer::{Drops, News, SniffError, SniffOptions, Sniffer};

use super::Interface;
use crate::packet::Frame;
use lanes::Lane;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::time::{Duration, Instant};

/// At most so many frames are taken from one interface before the others, the clock and the signals are looked at.
const BURST: usize = 4096;

/// The kernel hands frames on in blocks, and one that does not fill up no later than this.
const BLOCK_TIMEOUT: Duration = Duration::from_millis(20);

/// A frame of one interface waits so long for earlier ones of the others: until the kernel must have handed those on.
const LATENESS: Duration = Duration::from_millis(50);

/// Where the frames of an interface have to wait in the kernel, they do so for little longer than they must.
const SOON: Duration = Duration::from_millis(1);

/// How often an interface that cannot be read is looked at, and how often its state is.
const LOOK: Duration = Duration::from_secs(1);

/// The interfaces of one run, read by one thread.
pub struct Sniffers {
    lanes: Vec<Lane>,
    interfaces: Vec<Interface>,
    frames: u64,
    looked: Instant,
}

impl Sniffers {
    /// Reads these interfaces, which are open.
    pub fn new(sniffers: Vec<Sniffer>) -> Self {
        let named = |sniffer: &Sniffer| Interface { name: Some(sniffer.name().to_owned()), link: sniffer.link() };
        Self {
            interfaces: sniffers.iter().map(named).collect(),
            lanes: sniffers.into_iter().map(Lane::new).collect(),
            frames: 0,
            looked: Instant::now(),
        }
    }

    /// The interfaces, at the index that frames name.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// True while there is an interface that may still bring frames.
    pub fn is_open(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.sniffer.is_gone())
    }

    /// Their names, and whether frames can be expected of each now.
    pub fn states(&self) -> Vec<(String, bool)> {
        let sniffers = self.lanes.iter().map(|lane| &lane.sniffer);
        sniffers.map(|sniffer| (sniffer.name().to_owned(), !sniffer.is_gone() && !sniffer.is_silent())).collect()
    }

    /// Waits for frames, for `patience` at most, and gives out what is there: at most `limit` frames. What happened to an
    /// interface is said to `news`.
    pub fn burst(
        &mut self,
        patience: Duration,
        limit: u64,
        mut take: impl FnMut(&Frame<'_>),
        mut news: impl FnMut(News),
    ) {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.lanes.iter_mut().filter_map(|lane| lane.sniffer.look()).for_each(&mut news);
        }
        self.wait(patience);
        let (frames, most) = (&mut self.frames, usize::try_from(limit).unwrap_or(BURST).min(BURST));
        if let [lane] = self.lanes.as_mut_slice() {
            let read = lane.sniffer.read(most, 0, |mut frame| {
                *frames = frames.saturating_add(1);
                frame.number = *frames;
                take(&frame);
            });
            read.into_iter().for_each(news);
            return;
        }
        self.lanes.iter_mut().zip(0..).filter_map(|(lane, index)| lane.fill(index)).for_each(news);
        for _ in 0..most {
            if !lanes::next(&mut self.lanes, |mut frame| {
                *frames = frames.saturating_add(1);
                frame.number = *frames;
                take(&frame);
            }) {
                return;
            }
        }
    }

    /// Waits until an interface has frames.
    fn wait(&mut self, patience: Duration) {
        let held = self.lanes.iter().any(Lane::is_holding);
        // What is held back goes out once it has waited long enough; where no more can be, that should be soon.
        let full = self.lanes.iter().any(Lane::is_full);
        let patience = match held {
            _ if full => SOON,
            true => patience.min(BLOCK_TIMEOUT),
            false => patience,
        };
        let mut descriptors: Vec<PollFd<'_>> = self
            .lanes
            .iter()
            .filter(|lane| !lane.is_full())
            .filter_map(|lane| lane.sniffer.descriptor())
            .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        if descriptors.is_empty() {
            std::thread::sleep(patience);
            return;
        }
        // A signal interrupts it, and then there is something else to look at anyway.
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        poll(&mut descriptors, timeout).ok();
    }

    /// What each interface has lost so far.
    pub fn drops(&mut self) -> Drops {
        self.lanes.iter_mut().map(|lane| lane.sniffer.drops()).sum()
    }
}
