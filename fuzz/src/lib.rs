//! What the fuzz targets call. The generator of conditions and the naive interpreter are those of the tests of
//! `apropos-condition`, and those tests call the functions of `conditions` in turn.

#![allow(dead_code, reason = "the tests use more of what is shared")]

mod conditions;
#[path = "../../crates/apropos-condition/tests/it/generator/mod.rs"]
mod generator;
#[path = "../../crates/apropos-condition/tests/it/reference.rs"]
mod reference;

/// Any bytes as the text of a condition.
pub fn text(bytes: &[u8]) {
    conditions::text(bytes);
}

/// Any bytes as the tree of a condition in JSON.
pub fn json(bytes: &[u8]) {
    conditions::json(bytes);
}

/// Any bytes as choices of the generator.
pub fn agreement(bytes: &[u8]) {
    conditions::agreement(bytes);
}
