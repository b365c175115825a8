//! A journey as a picture: Mermaid and DOT as text, SVG with the feature `svg`; learned counts on the arrows, a
//! customer's path highlighted.
//!
//! Not here: anything that a step depends on.

mod dot;
mod draw;
#[cfg(feature = "svg")]
mod layout;
mod mermaid;
#[cfg(feature = "svg")]
mod svg;

pub use draw::{Picture, PictureArrow, PictureNode, Shape};
