//! Laws of merging, parting, replaying, counting, forgetting and carrying away, each tried on many drawn lives.
//!
//! `APROPOS_CASES` says on how many; in release a million of any law take a few minutes at most.

mod carrying;
mod counting;
mod draws;
mod forgetting;
mod merging;
mod permission;
