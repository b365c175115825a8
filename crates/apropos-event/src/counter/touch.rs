//! Reading a series through, layer by layer, so that it lies in the processor's cache when it is needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use super::Series;

impl Series {
    /// Reads what lies `layer` pointers below the series: its own fields, its rows and what it folded. The number means
    /// nothing; it is there to be used, so that the reading is not left out.
    pub fn touch(&self, layer: usize) -> usize {
        match layer {
            0 => self.len(),
            1 => self.rows.touch() ^ self.folded() as usize,
            _ => self.before(0) as usize,
        }
    }
}
