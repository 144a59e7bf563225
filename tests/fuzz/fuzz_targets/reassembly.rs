#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tlscribe_fuzz::reassembly(data));
