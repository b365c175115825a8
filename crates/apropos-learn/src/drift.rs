//! Noticing that an action no longer works as it did: a two-sided cumulative sum of residuals (Page 1954), one an action.
//!
//! Not here: what is done about it.

use serde::{Deserialize, Serialize};

/// Standard deviations of a residual that count as nothing.
const SLACK: f32 = 0.1;
/// Standardised residuals beyond the slack that must add up before the alarm rings.
const LIMIT: f32 = 50.0;

/// Cumulative sums, by action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alarms {
    /// Above and below what was predicted.
    sums: Vec<(f32, f32)>,
    rung: u64,
}

impl Alarms {
    pub(crate) fn new(actions: usize) -> Self {
        Self { sums: vec![(0.0, 0.0); actions], rung: 0 }
    }

    pub(crate) fn add_action(&mut self) {
        self.sums.push((0.0, 0.0));
    }

    pub(crate) fn len(&self) -> usize {
        self.sums.len()
    }

    /// How often an alarm rang.
    pub(crate) fn rung(&self) -> u64 {
        self.rung
    }

    /// Adds a residual with this variance; true when the alarm rings, which also starts it anew.
    pub(crate) fn residual(&mut self, action: usize, residual: f32, variance: f32) -> bool {
        let Some((above, below)) = self.sums.get_mut(action) else { return false };
        let z = (residual / variance.max(1e-4).sqrt()).clamp(-10.0, 10.0);
        *above = (*above + z - SLACK).max(0.0);
        *below = (*below - z - SLACK).max(0.0);
        let rings = LIMIT < above.max(*below);
        if rings {
            (*above, *below) = (0.0, 0.0);
            self.rung += 1;
        }
        rings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apropos_event::draw::uniform;

    #[test]
    fn a_halved_rate_rings_and_a_steady_one_does_not() {
        let (p, n) = (0.1_f32, 20_000_u64);
        let mut alarms = Alarms::new(2);
        for at in 0..n {
            let y = f32::from(u8::from(uniform(1, "y", at) < 0.1));
            assert!(!alarms.residual(0, y - p, p * (1.0 - p)), "false alarm at {at}");
        }
        let rang = (0..n).position(|at| {
            let y = f32::from(u8::from(uniform(2, "y", at) < 0.03));
            alarms.residual(1, y - p, p * (1.0 - p))
        });
        assert!(rang.is_some_and(|at| at < 1_500), "{rang:?}");
    }
}
