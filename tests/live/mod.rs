//! The built program on live interfaces: those that need root say so and are skipped without it.

mod evidence;
mod privileges;
