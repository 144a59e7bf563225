//! Sinks that send events elsewhere: the built program beside receivers that misbehave.

mod http;
