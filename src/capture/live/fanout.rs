//! Several sockets that share the frames of one interface: the one thing for which libpcap has no call.

use std::io;
use std::os::fd::BorrowedFd;

/// Lets a packet socket share its interface's frames with all others of the same group, each flow whole and both of its
/// directions together (packet(7), PACKET_FANOUT). IP fragments are put together first, so that they are not parted from
/// their flow.
///
/// # Errors
/// The system's word.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn join(socket: BorrowedFd<'_>, group: u32) -> io::Result<()> {
    use nix::libc;
    use std::os::fd::AsRawFd as _;

    let kind = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
    let option: u32 = (kind << 16) | (group & 0xffff);
    // SAFETY: the descriptor is open for as long as it is borrowed, and the kernel reads the four bytes of `option`, which
    // live beyond the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_FANOUT,
            (&raw const option).cast(),
            size_of_val(&option) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Elsewhere there is no such thing.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(super) fn join(_: BorrowedFd<'_>, _: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
