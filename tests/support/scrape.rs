//! What a running program serves over HTTP: pages, and the samples on them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long anything may take on a slow and busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The address that a program says it serves metrics on, in what it has said so far.
pub(crate) fn served_on(said: &str) -> Option<SocketAddr> {
    let after = said.split_once("metrics on http://")?.1;
    after.split_once("/metrics\n")?.0.parse().ok()
}

/// Sends something, and gives all that comes back.
pub(crate) fn exchange(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(sent).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// Asks for a page.
#[track_caller]
pub(crate) fn get(address: SocketAddr, path: &str, headers: &str) -> Page {
    let answer = exchange(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n").as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap());
    Page { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

/// All samples there are now: a name with its labels, and the value.
#[track_caller]
pub(crate) fn samples(address: SocketAddr) -> BTreeMap<String, f64> {
    let page = get(address, "/metrics", "");
    assert_eq!(page.status, 200, "{}", page.head);
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Asks until there is what is waited for.
#[track_caller]
pub(crate) fn wait_for(
    address: SocketAddr,
    mut there: impl FnMut(&BTreeMap<String, f64>) -> bool,
) -> BTreeMap<String, f64> {
    let start = Instant::now();
    loop {
        let samples = samples(address);
        if there(&samples) {
            return samples;
        }
        assert!(start.elapsed() < PATIENCE, "{samples:#?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
