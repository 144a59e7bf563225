//! Every frame of other projects' captures, where they lie beside this project: nearly all decode, and every flow that
//! tshark saw in them, in whatever tunnel, is found with the same ends.

use super::super::*;
use pcap_parser::{Block, PcapBlockOwned, PcapError};
use std::collections::HashSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Transport, sender, receiver.
type Flow = (&'static str, SocketAddr, SocketAddr);

#[test]
fn other_projects_captures_decode_and_give_the_flows_that_tshark_saw() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(facts) = std::fs::read_to_string(corpus.join("tshark.jsonl")) else {
        // Written past the harness, which would swallow it.
        writeln!(std::io::stderr(), "skipped: no captures in {}", corpus.display()).unwrap();
        return;
    };
    let (mut frames, mut errors, mut flows) = (0, 0, HashSet::new());
    let mut files = Vec::new();
    find(&corpus, &mut files);
    for file in &files {
        let mut decoder = Decoder::new();
        let name = file.strip_prefix(&corpus).unwrap();
        for_each_frame(file, |frame| {
            frames += 1;
            match decoder.decode(frame) {
                Ok(Decoded::Packet(packet)) => flows.extend(flow(&packet).map(|flow| (name.to_owned(), flow))),
                Ok(_) => {}
                Err(_) => errors += 1,
            }
        });
    }
    assert!(frames > 40_000, "only {frames} frames");
    assert!(errors * 1_000 < frames, "{errors} errors in {frames} frames");

    let expected = facts.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut checked = 0;
    for fact in expected.filter(|fact| !fact["file"].as_str().unwrap().ends_with(".gz")) {
        let end = |side: &str| -> SocketAddr {
            let port = fact[side][1].as_str().unwrap().parse().unwrap();
            SocketAddr::new(fact[side][0].as_str().unwrap().parse().unwrap(), port)
        };
        let transport = if fact["transport"] == "tcp" { "tcp" } else { "udp" };
        let (file, client, server) = (PathBuf::from(fact["file"].as_str().unwrap()), end("client"), end("server"));
        let seen = [(client, server), (server, client)]
            .map(|(from, to)| flows.contains(&(file.clone(), (transport, from, to))));
        assert!(seen[0] || seen[1], "{fact}");
        checked += 1;
    }
    assert!(checked > 500, "only {checked} flows");
}

fn flow(packet: &Packet<'_>) -> Option<Flow> {
    let (transport, source, destination) = match packet.transport {
        Transport::Tcp(segment) => ("tcp", segment.source_port, segment.destination_port),
        Transport::Udp(datagram) => ("udp", datagram.source_port, datagram.destination_port),
        _ => return None,
    };
    Some((transport, SocketAddr::new(packet.source, source), SocketAddr::new(packet.destination, destination)))
}

/// The captures below `folder`, in order of their names.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            files.push(path);
        }
    }
}

/// Reads a capture to where it ends or breaks off.
fn for_each_frame(file: &Path, mut each: impl FnMut(&Frame<'_>)) {
    let mut reader = pcap_parser::create_reader(1 << 17, std::fs::File::open(file).unwrap()).unwrap();
    let (mut number, mut links) = (0, Vec::new());
    let mut frame = |link: i32, original_length, bytes: &[u8]| {
        number += 1;
        let time = crate::time::Timestamp::from_micros(number);
        let link = LinkType(u16::try_from(link).unwrap());
        each(&Frame { number, time, link, interface: 0, original_length, bytes });
    };
    loop {
        match reader.next() {
            Ok((length, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(header) => links = vec![header.network.0],
                    PcapBlockOwned::Legacy(packet) => frame(links[0], packet.origlen, packet.data),
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => links.clear(),
                    PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => links.push(interface.linktype.0),
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        let captured = usize::try_from(packet.caplen).unwrap().min(packet.data.len());
                        frame(links[usize::try_from(packet.if_id).unwrap()], packet.origlen, &packet.data[..captured]);
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(length);
            }
            Err(PcapError::Incomplete(_)) => {
                if reader.reader_exhausted() {
                    return;
                }
                reader.refill().unwrap();
            }
            Err(_) => return,
        }
    }
}
