//! Noticing that an action no longer works as it did: a two-sided cumulative sum of residuals (Page 1954), one an action.
//!
//! Not here: what is done about it.

use serde::{Deserialize, Serialize};

/// Standard deviations of a residual that count as nothing.
const SLACK: f32 = 0.15;
/// Standardised residuals beyond the slack that must add up before the alarm rings. With this slack a false alarm comes less
/// than once in ten million outcomes, from rates of one in a hundred on; a rate that doubles from three in a hundred
/// is noticed after about 2,000 outcomes of that action.
const LIMIT: f32 = 75.0;

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
    fn a_rate_that_falls_or_rises_rings() {
        for (before, after, within) in [(0.1, 0.03, 2_000), (0.03, 0.08, 2_000), (0.5, 0.3, 1_000)] {
            let p = before as f32;
            let mut alarms = Alarms::new(1);
            let rang = (0..20_000_u64).position(|at| {
                let y = f32::from(u8::from(uniform(2, "y", at) < after));
                alarms.residual(0, y - p, p * (1.0 - p))
            });
            assert!(rang.is_some_and(|at| at < within), "{before} to {after}: {rang:?}");
        }
    }

    #[test]
    fn ten_million_steady_outcomes_ring_at_most_once() {
        for p in [0.02_f32, 0.1] {
            let mut alarms = Alarms::new(1);
            for at in 0..10_000_000_u64 {
                let hit = apropos_event::draw::unit(apropos_event::draw::mix(at << 8)) < f64::from(p);
                alarms.residual(0, f32::from(u8::from(hit)) - p, p * (1.0 - p));
            }
            assert!(alarms.rung() <= 1, "{p}: {}", alarms.rung());
        }
    }
}
