//! tlscribe watches TLS handshakes without taking part in them and says, for each, what was negotiated, whether it
//! succeeded, why not, and what the capture lacked.
//!
//! The house, from the ground up; a module uses only those above it in this list:
//!
//! | module | what it is for |
//! |---|---|
//! | [`time`] | capture time |
//! | [`packet`] | one frame: link layer, tunnels, IP, fragments, TCP, UDP, ICMP errors |
//! | [`flow`] | who talks to whom: keys, the bounded table, TCP facts, reassembly |
//! | [`tls`] | the wire format: records, messages, extensions, alerts, registries; no state |
//! | [`starttls`] | what is said in the clear before TLS, or instead of it |
//! | [`handshake`] | the tracker: messages, records and transport facts of one flow become a [`handshake::Handshake`] |
//! | [`engine`] | frames in, handshakes out; no file, thread or clock |
//! | [`fingerprint`], [`x509`] | JA3, JA3S, JA4, community id; certificate facts |
//! | [`knowledge`] | what other handshakes have shown of a server, and of a client's other tries |
//! | [`enrichment`] | what the user knows of addresses: names, tags, databases |
//! | [`policy`] | findings: what is weak in what was negotiated |
//! | [`diagnosis`] | why a handshake failed, who has to act, how sure that is, and what to do |
//! | [`explain`] | what a suite, an alert, a version or a finding is, and what to do about it |
//! | [`event`] | the public record of a handshake, and its JSON Schema |
//! | [`report`], [`output`] | summaries and tables for people; where events go |
//! | [`capture`] | frames from files, streams and network interfaces |
//! | [`privileges`] | what a live capture may do: what it needs, and the rest given up |
//! | [`pipeline`] | threads, channels, counters, signals |
//! | [`config`], [`cli`] | settings and the command line |

/// From `packet` to `engine` input is hostile, and so are the certificates and hellos that are judged above: nothing may
/// panic, and arithmetic says what happens at its limits.
macro_rules! hostile_input {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[cfg_attr(not(test), deny(
            clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable,
            clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects
        ))]
        pub mod $name;
    )*};
}

hostile_input!(time, packet, flow, tls, starttls, handshake, engine, fingerprint, x509, knowledge, policy, diagnosis);

pub mod capture;
pub mod cli;
pub mod config;
pub mod enrichment;
pub mod event;
pub mod explain;
mod hex;
pub mod output;
mod paragraph;
pub mod pipeline;
pub mod privileges;
pub mod report;
