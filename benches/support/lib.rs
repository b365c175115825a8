//! Fixtures that the benches share, all made from fixed seeds.

pub mod eligibility;
