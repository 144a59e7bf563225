//! The network interfaces of this machine: what can be sniffed, and whether one is there and up.

use super::sniffer::reason;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use pcap::{Capture, Device};
use std::net::IpAddr;

/// Whether an interface brings frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Up,
    Down,
    Missing,
}

/// Looks at an interface. Where the system does not tell, reading is left to find out.
///
/// The system is asked, not its folder of interfaces: that may show those of another network namespace (nsenter(1)).
pub(super) fn state(name: &str) -> State {
    let Ok(mut all) = getifaddrs() else { return State::Up };
    match all.find(|interface| interface.interface_name == name) {
        Some(interface) if interface.flags.contains(InterfaceFlags::IFF_UP) => State::Up,
        Some(_) => State::Down,
        None => State::Missing,
    }
}

/// The system's number for an interface: another one of the same name has another number.
pub(super) fn number(name: &str) -> Option<u32> {
    if_nametoindex(name).ok()
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
    // What the system does not know is no interface of a network: `any`, D-Bus, Bluetooth.
    let known = number(&device.name).is_some();
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
