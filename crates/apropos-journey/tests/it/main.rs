//! The public behaviour of the journey room, one topic a file.

mod defects;
mod reentry;
mod support;
