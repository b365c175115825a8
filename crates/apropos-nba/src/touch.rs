//! Reading a ledger through, layer by layer, so that it lies in the processor's cache when it is needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use crate::Ledger;

impl Ledger {
    /// Reads what lies `layer` pointers below the ledger. The number means nothing.
    pub fn touch(&self, layer: usize) -> usize {
        match layer {
            0 => self.contacts.len() ^ self.suppressions.len() ^ self.silences.len(),
            1 => {
                let contacts = self.contacts.iter().fold(0, |sum, contact| {
                    let (action, open) = (contact.action.as_str().len(), contact.lesson.is_some());
                    sum ^ contact.at.as_micros() as usize ^ action ^ usize::from(open)
                });
                self.silences.iter().fold(contacts, |sum, silence| sum ^ silence.at.as_micros() as usize)
            }
            _ => 0,
        }
    }
}
