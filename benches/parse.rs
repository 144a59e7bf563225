//! Frames to packets, and the bytes of messages to typed messages.

mod captures;

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use tlscribe::handshake::Message;
use tlscribe::packet::Decoder;
use tlscribe::tls::{HandshakeMessage, MessageContext};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    packets(&mut criterion);
    messages(&mut criterion);
    criterion.final_summary();
}

/// Every frame of our captures through the decoder.
fn packets(criterion: &mut Criterion) {
    let captures = captures::all();
    let mut group = criterion.benchmark_group("packet");
    group.throughput(Throughput::Elements(captures.iter().map(|frames| frames.len() as u64).sum()));
    group.bench_function("decode", |bencher| {
        let mut decoder = Decoder::new();
        bencher.iter(|| {
            for (number, owned) in (1..).zip(captures.iter().flatten()) {
                let _ = black_box(decoder.decode(&owned.frame(number)));
            }
        });
    });
    group.finish();
}

/// Every handshake message that is in the clear in our captures.
fn messages(criterion: &mut Criterion) {
    let handshakes: Vec<_> = captures::all().iter().flat_map(|frames| captures::handshakes(frames)).collect();
    let messages: Vec<(MessageContext, Message<'_>)> = handshakes
        .iter()
        .flat_map(|handshake| {
            let negotiated = handshake.negotiated();
            let mut context = MessageContext::default();
            context.version = negotiated.version.unwrap_or(context.version);
            context.cipher_suite = negotiated.cipher_suite.unwrap_or(context.cipher_suite);
            handshake.messages().map(move |message| (context, message))
        })
        .collect();
    let mut group = criterion.benchmark_group("tls");
    group.throughput(Throughput::Elements(messages.len() as u64));
    group.bench_function("messages", |bencher| {
        bencher.iter(|| {
            for (context, message) in &messages {
                let _ = black_box(HandshakeMessage::parse(message.kind, message.body, *context));
            }
        });
    });
    group.finish();
}
