//! Types, functions and names: what a condition may say.

pub(crate) mod builtin;
