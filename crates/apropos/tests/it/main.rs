//! The engine as its host sees it: whole decisions, misuse, replay. Only the public interface is used.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests: a failing one is the report"
)]

mod authors;
mod budgets;
mod canary;
mod care;
mod decisions;
mod limits;
mod pace;
mod playbooks;
mod quiet;
mod replay;
mod silence;
mod slips;
mod structure;
mod world;
mod zones;
