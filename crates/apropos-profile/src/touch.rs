//! Reading a profile through, layer by layer, so that it lies in the processor's cache when it is needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use crate::Profile;
use crate::profile::Member;

impl Profile {
    /// Reads what lies `layer` pointers below the profile, of what events and facts need. The number means nothing.
    pub fn touch(&self, layer: usize) -> usize {
        match layer.checked_sub(1) {
            None => self.members.len() ^ self.links.len(),
            Some(layer) => {
                self.members.iter().map(|member| member.touch(layer)).fold(0, |read, more| read ^ more)
            }
        }
    }
}

impl Member {
    fn touch(&self, layer: usize) -> usize {
        let history = &self.history;
        match layer.checked_sub(1) {
            None => {
                self.stances.len()
                    ^ self.settings.len()
                    ^ self.dossiers.len()
                    ^ self.identifiers.len()
                    ^ history.lanes.len()
                    ^ history.common.touch(0)
                    ^ usize::from(history.latest.is_some())
                    ^ usize::from(self.plain.0.is_some())
            }
            Some(layer) => {
                let common = history.common.touch(layer + 1);
                history.lanes.iter().fold(common, |read, lane| read ^ lane.series.touch(layer))
            }
        }
    }
}
