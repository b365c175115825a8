#![doc = include_str!("../README.md")]

pub mod experiment;
pub mod logs;
pub mod numeric;
pub mod offpolicy;
