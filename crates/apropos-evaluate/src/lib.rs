#![doc = include_str!("../README.md")]

pub mod budget;
pub mod experiment;
pub mod logs;
pub mod numeric;
pub mod offpolicy;
pub mod report;
pub mod uplift;
