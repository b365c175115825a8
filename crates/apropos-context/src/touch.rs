//! Reading what is remembered of a context, layer by layer, so that it lies in the processor's cache when it is needed.
//!
//! Not here: when that pays, which the owner of the document knows.

use crate::ContextState;

impl ContextState {
    /// Reads what lies `layer` pointers below the state, of what events and facts need. The number means nothing.
    pub fn touch(&self, layer: usize) -> usize {
        let steps = &self.goal.steps;
        match layer {
            0 => {
                self.places.len()
                    ^ self.stages.len()
                    ^ self.signals.len()
                    ^ self.upcoming.len()
                    ^ self.subjects.len()
                    ^ steps.len()
            }
            1 => {
                let stages = self
                    .stages
                    .iter()
                    .map(|stage| stage.cycle.as_str().len())
                    .fold(0, |read, more| read ^ more);
                let signals = self
                    .signals
                    .iter()
                    .map(|signal| signal.strength.to_bits() as usize)
                    .fold(0, |read, more| read ^ more);
                let ends = [steps.front(), steps.back()].into_iter().flatten();
                stages ^ signals ^ ends.fold(0, |sum, step| sum ^ step.at.as_micros() as usize)
            }
            _ => 0,
        }
    }
}
