//! JSON in, no panic out.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apropos_fuzz::json(bytes));
