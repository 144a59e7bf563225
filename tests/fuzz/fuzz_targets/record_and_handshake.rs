#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlscribe_fuzz::record_and_handshake(data));
