//! Fixtures that the benches share, all made from fixed seeds.
