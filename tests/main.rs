//! The integration tests: one binary, a module for each subject. They run the built program, or the library where that
//! is all that is needed.

mod captures;
mod cli;
mod failures;
mod floods;
mod formats;
mod fuzz_corpus;
mod judged;
mod layers;
#[cfg(target_os = "linux")]
mod live;
mod manifest;
mod oracle;
mod registries;
mod robustness;
#[cfg(target_os = "linux")]
mod sinks;
mod support;
