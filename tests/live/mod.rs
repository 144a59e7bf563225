//! The built program on live interfaces: what needs root, or a tool that is not there, says so and is skipped.

mod capture;
mod evidence;
mod interfaces;
mod metrics;
mod net;
mod output;
mod privileges;
mod program;
mod reload;
mod replay;
mod stopping;
mod taps;
mod terminal;
mod traffic;
