//! Why a frame could not be decoded. Errors are counted by kind, never printed by frame: a capture may hold millions.

/// What was wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// No decoder for the capture's link type.
    #[error("unsupported link type")]
    UnsupportedLink,
    /// The frame ends within its link layer's headers.
    #[error("truncated link header")]
    TruncatedLink,
    /// The frame ends within an IP or extension header.
    #[error("truncated IP header")]
    TruncatedIp,
    /// Neither IPv4 nor IPv6 where one of them was announced.
    #[error("bad IP version")]
    BadIpVersion,
    /// A length in an IP header is smaller than that header.
    #[error("bad IP header length")]
    BadIpLength,
    /// The frame or its packet ends within the TCP or UDP header.
    #[error("truncated TCP or UDP header")]
    TruncatedTransport,
    /// TCP's data offset is smaller than its header or larger than the packet.
    #[error("bad TCP data offset")]
    BadTcpOffset,
    /// A fragment that contradicts another, is too long or one of too many.
    #[error("bad IP fragment")]
    BadFragment,
    /// More tunnels around a packet than [`MAX_TUNNELS`](super::MAX_TUNNELS).
    #[error("too many tunnels")]
    TooManyTunnels,
}

impl DecodeError {
    /// Every kind, in the order in which they are counted.
    pub const ALL: [Self; 9] = [
        Self::UnsupportedLink,
        Self::TruncatedLink,
        Self::TruncatedIp,
        Self::BadIpVersion,
        Self::BadIpLength,
        Self::TruncatedTransport,
        Self::BadTcpOffset,
        Self::BadFragment,
        Self::TooManyTunnels,
    ];
}
