//! What people see on a terminal while interfaces are sniffed.

use super::net::Namespace;
use super::program::{PATIENCE, captures, live};
use super::traffic::{by_clients, established, failed};
use nix::pty::{OpenptyResult, openpty};
use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
