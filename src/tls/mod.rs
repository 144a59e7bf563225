//! The wire format of TLS: records, messages, extensions, alerts and the registries. No state.

pub mod registry;
