//! Reading where a customer is in their journeys, layer by layer, so that it lies in the processor's cache when it is
//! needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use crate::JourneyState;

impl JourneyState {
    /// Reads what lies `layer` pointers below the state. The number means nothing.
    pub fn touch(&self, layer: usize) -> usize {
        match layer {
            0 => self.instances.len() ^ self.promises.len() ^ self.memories.len() ^ self.recent.len(),
            1 => {
                // One of each part of an instance: when it is due, what it is, where it stands, how it came there.
                let instances = self.instances.iter().fold(0, |read, instance| {
                    let due = instance.due.map_or(0, |due| due.as_micros() as usize);
                    let ends = (instance.id ^ instance.goals) as usize;
                    read ^ due ^ ends ^ instance.trail.nodes().len()
                });
                let memory = self.memories.first().map_or(0, |memory| memory.entries as usize);
                let seen = self.seen.ring.last().map_or(0, |hash| *hash as usize);
                let promises = self.promises.iter();
                promises.fold(instances ^ memory ^ seen, |read, promise| {
                    read ^ promise.due().as_micros() as usize
                })
            }
            _ => 0,
        }
    }
}
