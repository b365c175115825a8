//! Reading a series through, layer by layer, so that it lies in the processor's cache when it is needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use super::Series;

impl Series {
    /// Reads what lies `layer` pointers below the series: its own fields, the ends of its entries and its columns, the ends
    /// of their cells. The number means nothing; it is there to be used, so that the reading is not left out.
    pub fn touch(&self, layer: usize) -> usize {
        match layer {
            0 => self.entries.len() ^ self.columns.len(),
            1 => {
                let ends = [self.entries.front(), self.entries.back()].into_iter().flatten();
                let ends = ends.fold(0, |read, entry| read ^ entry.key as usize);
                self.columns.iter().fold(ends, |read, column| read ^ column.len())
            }
            _ => self.columns.iter().fold(0, |sum, column| sum ^ column.sum(0, column.len()) as usize),
        }
    }
}
