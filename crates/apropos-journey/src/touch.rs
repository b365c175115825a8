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
                let instances = self.instances.iter().fold(0, |read, instance| {
                    let ends = (instance.id ^ instance.goals) as usize;
                    read ^ ends ^ instance.trail.len() ^ usize::from(instance.node)
                });
                let promises = self.promises.iter();
                promises.fold(instances, |read, promise| read ^ promise.due().as_micros() as usize)
            }
            _ => {
                let trails = self.instances.iter().filter_map(|instance| instance.trail.last());
                trails.fold(0, |read, node| read ^ usize::from(*node))
            }
        }
    }
}
