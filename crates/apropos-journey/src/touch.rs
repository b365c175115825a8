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
                let mark = |id: u64, goals: u64, trail: usize| (id ^ goals) as usize ^ trail;
                let instances = self.instances.iter().fold(0, |sum, instance| {
                    sum ^ mark(instance.id, instance.goals, instance.trail.len()) ^ usize::from(instance.node)
                });
                let promises = self.promises.iter();
                promises.fold(instances, |sum, promise| sum ^ promise.due().as_micros() as usize)
            }
            _ => self
                .instances
                .iter()
                .filter_map(|instance| instance.trail.last())
                .map(|at| usize::from(*at))
                .fold(0, |read, more| read ^ more),
        }
    }
}
