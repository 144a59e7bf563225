//! The network interfaces of this machine: what can be sniffed, and whether one is there and up.

use super::sniffer::reason;
use pcap::{Capture, Device};
use std::fs;
use std::net::IpAddr;
use std::path::Path;

/// Where Linux tells of its interfaces.
const SYSTEM: &str = "/sys/class/net";
/// The interface is up (IFF_UP, netdevice(7)).
const UP: u32 = 1;

/// Whether an interface brings frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    Down,
    Missing,
}

/// Looks at an interface. Where the system does not tell, reading is left to find out.
pub(super) fn state(name: &str) -> State {
    let system = Path::new(SYSTEM);
    // `any` is no interface of the system's, and has no state.
    if name == "any" || !system.exists() {
        return State::Up;
    }
    let folder = system.join(name);
    let Ok(flags) = fs::read_to_string(folder.join("flags")) else {
        return if folder.exists() { State::Up } else { State::Missing };
    };
    let flags = flags.trim().strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if flags.is_none_or(|flags| flags & UP != 0) { State::Up } else { State::Down }
}

/// An interface that can be sniffed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Its name, as `-i` takes it.
    pub name: String,
    /// What it is, where libpcap knows.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// How its frames begin, as in "EN10MB"; absent where that needs a right that this user has not.
    pub link: Option<String>,
    /// `up`, `down`, or `up, no link`; absent where that makes no sense.
    pub state: Option<&'static str>,
}

/// All interfaces that libpcap finds.
///
/// # Errors
/// libpcap's word.
pub fn interfaces() -> Result<Vec<InterfaceInfo>, String> {
    Ok(Device::list().map_err(reason)?.into_iter().map(info).collect())
}

fn info(device: Device) -> InterfaceInfo {
    let link = Capture::from_device(device.name.as_str()).and_then(pcap::Capture::open).ok();
    // What the system has no folder for is no interface of a network: `any`, D-Bus, Bluetooth.
    let known = !Path::new(SYSTEM).exists() || Path::new(SYSTEM).join(&device.name).exists();
    let state = known.then(|| match (device.flags.is_up(), device.flags.is_running()) {
        (false, _) => "down",
        (true, false) => "up, no link",
        (true, true) => "up",
    });
    InterfaceInfo {
        description: device.desc,
        addresses: device.addresses.iter().map(|address| address.addr).collect(),
        link: link.and_then(|capture| capture.get_datalink().get_name().ok()),
        state,
        name: device.name,
    }
}
