//! Choices in, one answer out.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| apropos_fuzz::agreement(bytes));
