//! Types, functions and names: what a condition may say, and what each node of it stands for.
//!
//! Not here: grammar, see `text`, and values, see `evaluate`.

pub(crate) mod builtin;
mod calls;
mod checked;
mod checker;
mod cost;
mod names;
mod operators;
mod types;

pub(crate) use builtin::{Builtin, Part};
pub(crate) use checked::{Checked, Resolution};
pub(crate) use checker::check;
pub(crate) use types::{Type, with_article};
