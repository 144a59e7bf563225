//! One network interface, opened through libpcap: its frames, what was lost of them, and what becomes of the interface
//! itself. One that goes down is waited for and opened again if need be; one that vanishes has ended.

use super::interfaces::{State, number, state};
use super::{BLOCK_TIMEOUT, LOOK};
use crate::capture::filter::link_type;
use crate::packet::{Frame, LinkType};
use crate::time::Timestamp;
use pcap::{Active, Capture, Error, Precision};
use std::fmt;
use std::iter::Sum;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Instant;

/// How an interface is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SniffOptions {
    /// Bytes that are kept of a frame.
    pub snap_length: u32,
    /// The kernel's ring for each interface, in bytes.
    pub buffer: u32,
    /// Also what is not meant for this machine.
    pub promiscuous: bool,
    /// Frames are handed on one by one.
    pub immediate: bool,
    /// The group of sockets that share the interface's frames.
    pub fanout: Option<u32>,
    /// A filter expression (pcap-filter(7)).
    pub filter: Option<String>,
}

/// Why an interface cannot be sniffed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SniffError {
    /// There is none of that name.
    #[error("there is no interface {name}; `tlscribe interfaces` lists those that there are")]
    Missing {
        /// Its name.
        name: String,
    },
    /// It is down.
    #[error("{name} is down; set it up first: ip link set {name} up")]
    Down {
        /// Its name.
        name: String,
    },
    /// This user may not.
    #[error("no permission to sniff on {name}")]
    Permission {
        /// Its name.
        name: String,
    },
    /// The expression cannot be used on it.
    #[error("the filter {expression:?} cannot be used on {name}: {reason}; pcap-filter(7) describes the syntax")]
    Filter {
        /// Its name.
        name: String,
        /// The expression.
        expression: String,
        /// libpcap's word.
        reason: String,
    },
    /// Its frames begin in a way for which libpcap has no number in files.
    #[error("{name} has link type {link}, which is not known")]
    LinkType {
        /// Its name.
        name: String,
        /// libpcap's number.
        link: i32,
    },
    /// Something else.
    #[error("{name} cannot be sniffed: {reason}")]
    Other {
        /// Its name.
        name: String,
        /// libpcap's word.
        reason: String,
    },
}

/// What became of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It went down; it is waited for.
    Down(String),
    /// It is up again.
    Up(String),
    /// It has vanished, and another one has its name.
    Replaced(String),
    /// It is there no more, or cannot be read any more.
    Gone(String, String),
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down(name) => write!(f, "{name} went down; waiting for it"),
            Self::Up(name) => write!(f, "{name} is up again"),
            Self::Replaced(name) => {
                write!(f, "{name} was replaced by another interface of that name, which is sniffed now")
            }
            Self::Gone(name, why) => write!(f, "{name}: {why}; nothing more is sniffed there"),
        }
    }
}

/// Frames that were lost before they could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// For want of room in the kernel's ring.
    pub kernel: u64,
    /// By the interface or its driver.
    pub interface: u64,
}

impl Sum for Drops {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, drops| Self {
            kernel: sum.kernel.saturating_add(drops.kernel),
            interface: sum.interface.saturating_add(drops.interface),
        })
    }
}

/// A counter of libpcap's, which has 32 bits and begins anew with every opening, as one that does neither.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: u32,
    sum: u64,
}

impl Counter {
    /// One that went back is another interface's of that name, and not one that has gone almost all the way round.
    fn read(&mut self, value: u32) {
        let more = value.wrapping_sub(self.last);
        if more <= u32::MAX / 2 {
            self.sum = self.sum.saturating_add(u64::from(more));
        }
        self.last = value;
    }
}

/// An interface that is read.
pub struct Sniffer {
    name: String,
    options: SniffOptions,
    link: LinkType,
    /// None while it cannot be read.
    capture: Option<Capture<Active>>,
    /// When it was opened.
    opened: Instant,
    /// The system's number for it. It knows nothing of `any`, nor of what is no interface of a network.
    number: Option<u32>,
    state: State,
    gone: bool,
    kernel: Counter,
    interface: Counter,
}

impl Sniffer {
    /// Opens an interface.
    ///
    /// # Errors
    /// Why it cannot be sniffed, in one line.
    pub fn open(name: &str, options: &SniffOptions) -> Result<Self, SniffError> {
        // Before it is opened, or it might be another one's.
        let number = number(name);
        let (capture, link) = open(name, options)?;
        let state = state(name);
        Ok(Self {
            name: name.to_owned(),
            options: options.clone(),
            link,
            capture: Some(capture),
            opened: Instant::now(),
            number,
            state: if state == State::Down { State::Down } else { State::Up },
            gone: false,
            kernel: Counter::default(),
            interface: Counter::default(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its frames begin.
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// True where it will bring no frames any more.
    pub const fn is_gone(&self) -> bool {
        self.gone
    }

    /// True where no frames can be expected of it now.
    pub(super) fn is_silent(&self) -> bool {
        self.capture.is_none() || self.state == State::Down
    }

    /// What to wait on for its frames.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.capture.as_ref().map(|capture| capture.as_fd())
    }

    /// Reads what is ready, at most so many frames.
    pub(super) fn read(&mut self, most: usize, interface: u32, mut take: impl FnMut(Frame<'_>)) -> Option<News> {
        let (capture, link) = (self.capture.as_mut()?, self.link);
        let read = capture.dispatch(Some(most), |packet| {
            let pcap::PacketHeader { ts, len, .. } = *packet.header;
            // Opened with nanoseconds, `tv_usec` has those.
            let seconds = u64::try_from(ts.tv_sec).unwrap_or_default();
            let nanos = u64::try_from(ts.tv_usec).unwrap_or_default();
            let time = Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos));
            take(Frame { number: 0, time, link, interface, original_length: len, bytes: packet.data });
        });
        match read {
            Ok(_) | Err(Error::TimeoutExpired) => None,
            Err(error) => self.failed(error),
        }
    }

    /// Reading failed: the interface went down, or is gone.
    fn failed(&mut self, error: Error) -> Option<News> {
        self.read_drops();
        self.capture = None;
        match self.state_now() {
            State::Missing => self.end("the interface is gone"),
            // It is opened when it is looked at.
            _ if self.is_replaced() => None,
            // One that fails as soon as it is open cannot be read. Another may have been down and up again since it was
            // looked at.
            State::Up if self.state == State::Up && self.opened.elapsed() < LOOK => self.end(&reason(error)),
            State::Up | State::Down => {
                let was = std::mem::replace(&mut self.state, State::Down);
                (was == State::Up).then(|| News::Down(self.name.clone()))
            }
        }
    }

    fn state_now(&self) -> State {
        if self.number.is_some() { state(&self.name) } else { State::Up }
    }

    /// True where its name is another one's now. libpcap asks by name and does not notice.
    fn is_replaced(&self) -> bool {
        self.number.is_some() && number(&self.name) != self.number
    }

    fn end(&mut self, why: &str) -> Option<News> {
        self.gone = true;
        self.capture = None;
        Some(News::Gone(self.name.clone(), why.to_owned()))
    }

    /// Looks at the interface's state, and opens it again where that is needed.
    pub(super) fn look(&mut self) -> Option<News> {
        if self.gone {
            return None;
        }
        self.read_drops();
        let now = self.state_now();
        if now == State::Missing {
            return self.end("the interface is gone");
        }
        let was = std::mem::replace(&mut self.state, now);
        let replaced = self.is_replaced();
        if replaced {
            self.capture = None;
        }
        if now == State::Up && self.capture.is_none() {
            if replaced {
                self.number = number(&self.name);
            }
            match open(&self.name, &self.options) {
                Ok((capture, link)) if link == self.link => {
                    (self.kernel.last, self.interface.last) = (0, 0);
                    (self.capture, self.opened) = (Some(capture), Instant::now());
                }
                Ok(_) => return self.end("it came back with another link type"),
                // Since it was looked at.
                Err(SniffError::Down { .. }) => {
                    self.state = was;
                    return None;
                }
                Err(error) => return self.end(&error.to_string()),
            }
        }
        match (was, now) {
            (_, State::Up) if replaced => Some(News::Replaced(self.name.clone())),
            (State::Up, State::Down) => Some(News::Down(self.name.clone())),
            (State::Down, State::Up) => Some(News::Up(self.name.clone())),
            _ => None,
        }
    }

    fn read_drops(&mut self) {
        if let Some(stats) = self.capture.as_mut().and_then(|capture| capture.stats().ok()) {
            self.kernel.read(stats.dropped);
            self.interface.read(stats.if_dropped);
        }
    }

    /// What was lost on it so far.
    pub(super) fn drops(&mut self) -> Drops {
        self.read_drops();
        Drops { kernel: self.kernel.sum, interface: self.interface.sum }
    }
}

fn open(name: &str, options: &SniffOptions) -> Result<(Capture<Active>, LinkType), SniffError> {
    let refused = |error: Error| refusal(name, error);
    let inactive = Capture::from_device(name)
        .map_err(refused)?
        .snaplen(i32::try_from(options.snap_length).unwrap_or(i32::MAX))
        .buffer_size(i32::try_from(options.buffer).unwrap_or(i32::MAX))
        .promisc(options.promiscuous)
        .immediate_mode(options.immediate)
        .precision(Precision::Nano)
        .timeout(i32::try_from(BLOCK_TIMEOUT.as_millis()).unwrap_or(1));
    let mut capture = inactive.open().and_then(Capture::setnonblock).map_err(refused)?;
    if let Some(expression) = &options.filter {
        let filtered = capture.filter(expression, true);
        filtered.map_err(|error| SniffError::Filter {
            name: name.to_owned(),
            expression: expression.clone(),
            reason: reason(error),
        })?;
    }
    if let Some(group) = options.fanout {
        super::fanout::join(capture.as_fd(), group).map_err(|error| SniffError::Other {
            name: name.to_owned(),
            reason: format!("its traffic cannot be shared: {error}"),
        })?;
    }
    let link = capture.get_datalink().0;
    match link_type(link) {
        Some(link) => Ok((capture, link)),
        None => Err(SniffError::LinkType { name: name.to_owned(), link }),
    }
}

/// libpcap's word without the name of its error.
pub(super) fn reason(error: Error) -> String {
    match error {
        Error::PcapError(reason) => reason,
        error => error.to_string(),
    }
}

/// libpcap tells errors apart by number, but its wrapper keeps only the text.
fn refusal(name: &str, error: Error) -> SniffError {
    let (name, reason) = (name.to_owned(), reason(error));
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["No such device", "SIOCGIFHWADDR", "doesn't exist"]) {
        SniffError::Missing { name }
    } else if says(&["device is not up"]) {
        SniffError::Down { name }
    } else if says(&["permission", "Permission", "not permitted"]) {
        SniffError::Permission { name }
    } else {
        SniffError::Other { name, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_goes_round_and_begins_anew() {
        let mut counter = Counter::default();
        [10, 25, u32::MAX / 2, u32::MAX - 5, 4].into_iter().for_each(|value| counter.read(value));
        assert_eq!(counter.sum, (1 << 32) + 4, "round once");
        [1, 3].into_iter().for_each(|value| counter.read(value));
        assert_eq!(counter.sum, (1 << 32) + 6, "anew");
    }
}
