//! The engine as its host sees it: whole decisions, misuse, replay. Only the public interface is used.

mod decisions;
mod playbooks;
mod replay;
mod world;
