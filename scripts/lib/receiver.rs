//! A receiver that does as little as can be: it takes what `scripts/bench-sinks` sends and answers as the real one would.
//! `receiver http`, `receiver stream` or `receiver unix PATH`; it prints where it listens, and at the end of its standard
//! input how many lines came. Built with rustc alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

static LINES: AtomicU64 = AtomicU64::new(0);

/// Every request is answered with this: for a bulk request it means that everything was taken, and others do not look.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"took\":1,\"errors\":false,\"code\":0}";

fn count(bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    LINES.fetch_add(lines as u64, Ordering::Relaxed);
}

/// Answers requests with a body of a length that is told.
fn http(connection: impl Read + Write) -> Option<()> {
    let mut connection = BufReader::with_capacity(1 << 16, connection);
    let mut body = Vec::new();
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        body.resize(length, 0);
        connection.read_exact(&mut body).ok()?;
        count(&body);
        connection.get_mut().write_all(ANSWER).ok()?;
    }
}

/// Reads to the end, and closes.
fn stream(mut connection: impl Read) {
    let mut buffer = vec![0; 1 << 18];
    while let Ok(length @ 1..) = connection.read(&mut buffer) {
        count(&buffer[..length]);
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [kind @ ("http" | "stream")] => {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            println!("{}", listener.local_addr().expect("an address").port());
            let http_wanted = *kind == "http";
            thread::spawn(move || {
                for connection in listener.incoming().flatten() {
                    thread::spawn(move || if http_wanted { _ = http(connection) } else { stream(connection) });
                }
            });
        }
        ["unix", path] => {
            let listener = UnixListener::bind(path).expect("a path");
            println!("{path}");
            thread::spawn(move || listener.incoming().flatten().for_each(|connection| _ = thread::spawn(|| stream(connection))));
        }
        _ => panic!("receiver http | stream | unix PATH"),
    }
    std::io::stdin().read_to_end(&mut Vec::new()).expect("an end");
    println!("{}", LINES.load(Ordering::Relaxed));
}
