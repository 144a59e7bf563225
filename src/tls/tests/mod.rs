//! Rules that hold for every message and every extension: none is read from less than all of it, nothing left over is
//! overlooked, and no bytes whatever make a parser panic. What a single message means is tested beside its parser.

pub(crate) mod build;
mod extensions;
mod messages;
mod properties;

use super::registry::HandshakeType;
use super::{HandshakeMessage, MessageContext, ParseError, Rule};
use extensions::{DATA_AT, extensions};
use messages::{client_hello, messages};

/// An error about `length` bytes of a message points into them and names a field.
fn assert_sane(error: ParseError, length: usize, what: &str) {
    assert!(error.offset <= length, "{what}: {error} is beyond {length} bytes");
    assert!(!error.message.is_empty() && !error.field.is_empty(), "{what}: {error:?}");
}

#[test]
fn every_sample_is_whole() {
    for sample in messages() {
        assert!((sample.read)(&sample.bytes).is_ok(), "{}: {:?}", sample.what, (sample.read)(&sample.bytes));
    }
    for sample in extensions() {
        let read = sample.read.read(&sample.bytes);
        assert!(matches!(read, Some(Ok(_))), "{}: {read:?}", sample.what);
    }
}

#[test]
fn no_message_is_read_from_less_than_all_of_it() {
    for sample in messages() {
        for length in 0..sample.bytes.len() {
            let what = format!("{} cut to {length} bytes", sample.what);
            match (sample.read)(&sample.bytes[..length]) {
                Ok(read) => assert!((sample.whole_at)(length), "{what}: {read}"),
                Err(error) => {
                    assert!(!(sample.whole_at)(length), "{what}: {error}");
                    assert!(matches!(error.rule, Rule::Truncated | Rule::Empty), "{what}: {error}");
                    assert_sane(error, length, &what);
                }
            }
        }
    }
}

#[test]
fn no_extension_is_read_from_less_than_all_of_it() {
    for sample in extensions() {
        for length in 0..sample.bytes.len() {
            let what = format!("{} cut to {length} bytes", sample.what);
            match sample.read.read(&sample.bytes[..length]) {
                None | Some(Ok(_)) => assert!((sample.whole_at)(length), "{what}"),
                Some(Err(error)) => {
                    assert!(!(sample.whole_at)(length), "{what}: {error}");
                    assert_sane(error, DATA_AT + length, &what);
                    assert!(error.offset >= DATA_AT, "{what}: {error}");
                    let kind = sample.read.kind;
                    let name = kind.name().or(kind.unregistered_name()).unwrap();
                    assert!(error.field.split('.').next() == Some(name), "{what}: {error} does not name {name}");
                }
            }
        }
    }
}

#[test]
fn what_is_left_over_is_told_with_its_place() {
    for sample in messages().into_iter().filter(|sample| !sample.open_ended) {
        let more = [&sample.bytes[..], &[0]].concat();
        let error = (sample.read)(&more).unwrap_err();
        assert_eq!((error.field, error.offset), ("end", sample.bytes.len()), "{}: {error}", sample.what);
        assert_eq!(error.rule, Rule::Trailing, "{}", sample.what);
    }
    for sample in extensions().into_iter().filter(|sample| !sample.open_ended) {
        let more = [&sample.bytes[..], &[0]].concat();
        let error = sample.read.read(&more).unwrap().unwrap_err();
        assert_eq!(
            (error.offset, error.rule),
            (DATA_AT + sample.bytes.len(), Rule::Trailing),
            "{}: {error}",
            sample.what
        );
    }
}

#[test]
fn the_umbrella_reads_what_the_single_parsers_read() {
    let context = MessageContext::default();
    let hello = client_hello().0;
    let parsed = HandshakeMessage::parse(HandshakeType::CLIENT_HELLO, &hello, context).unwrap();
    assert!(matches!(parsed, HandshakeMessage::ClientHello(hello) if hello.random == &[7; 32]));
    let parsed = HandshakeMessage::parse(HandshakeType(99), &[1, 2], context).unwrap();
    assert_eq!(parsed, HandshakeMessage::Unknown(HandshakeType(99), &[1, 2]));
    for kind in [HandshakeType::HELLO_REQUEST, HandshakeType::SERVER_HELLO_DONE, HandshakeType::END_OF_EARLY_DATA] {
        assert!(HandshakeMessage::parse(kind, &[], context).is_ok(), "{kind}");
        assert_eq!(HandshakeMessage::parse(kind, &[0], context).unwrap_err().rule, Rule::Trailing, "{kind}");
    }
}
