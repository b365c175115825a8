//! JSON in, no panic out.
#![no_main]

#[path = "../src/conditions.rs"]
mod conditions;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conditions::json(bytes));
