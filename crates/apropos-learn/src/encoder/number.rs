//! One number: running mean and variance (Welford 1962), and quantiles from a reservoir sample (Vitter's R).

use apropos_event::draw;
use serde::{Deserialize, Serialize};

/// What is known about the values of one number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Number {
    count: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
    /// 1 / standard deviation, kept so that encoding does not divide.
    inverse_sd: f64,
    reservoir: Vec<f32>,
    /// Knots in rising order, each with the hat that stands on it.
    knots: Vec<(f32, u8)>,
}

impl Number {
    /// (x − mean) / standard deviation, cut at ±`clip`; 0 before two different values were seen.
    pub(super) fn standardised(&self, x: f64, clip: f64) -> f64 {
        ((x - self.mean) * self.inverse_sd).clamp(-clip, clip)
    }

    /// Calls `activate` with the one or two hats over `x` and their shares, which sum to 1.
    pub(super) fn hats(&self, x: f32, mut activate: impl FnMut(u8, f32)) {
        let above = self.knots.iter().take_while(|(knot, _)| *knot <= x).count();
        match (above.checked_sub(1).map(|at| self.knots[at]), self.knots.get(above)) {
            (None, None) => {}
            (None, Some(&(_, hat))) | (Some((_, hat)), None) => activate(hat, 1.0),
            (Some((low, left)), Some(&(high, right))) => {
                let share = (x - low) / (high - low);
                activate(left, 1.0 - share);
                activate(right, share);
            }
        }
    }

    /// Whether restored state is finite and in order.
    pub(super) fn is_consistent(&self, hats: u8) -> bool {
        [self.mean, self.squares, self.inverse_sd].iter().all(|number| number.is_finite())
            && self.knots.iter().all(|(knot, hat)| knot.is_finite() && *hat < hats)
            && self.knots.windows(2).all(|pair| pair[0].0 < pair[1].0)
    }

    /// Which quarter of the knots `x` falls into, 0 to 3.
    pub(super) fn quarter(&self, x: f32) -> u8 {
        let above = self.knots.iter().take_while(|(knot, _)| *knot <= x).count();
        (above * 4 / (self.knots.len() + 1)) as u8
    }

    /// Takes note of `x`.
    pub(super) fn observe(&mut self, x: f64, capacity: u32, knots: u8, key: u64) {
        self.count += 1;
        let delta = x - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (x - self.mean);
        if self.count < 1_024 || self.count.is_multiple_of(64) {
            let variance = self.squares / self.count as f64;
            self.inverse_sd = if 1e-20 < variance { 1.0 / variance.sqrt() } else { 0.0 };
        }
        if self.reservoir.len() < capacity as usize {
            self.reservoir.push(x as f32);
        } else {
            let place = draw::mix(key.wrapping_add(self.count)) % self.count;
            if let Some(kept) = self.reservoir.get_mut(place as usize) {
                *kept = x as f32;
            }
        }
        if 2 <= self.count && self.count.is_power_of_two() {
            self.refresh(knots as usize);
        }
    }

    /// Adds up counts, means and squares (Chan and others 1979) less the base's, which both contain; the sample and the
    /// knots come from whoever saw more.
    pub(super) fn merge(&mut self, other: &Self, base: &Self) {
        let sums = |number: &Self| {
            let n = number.count as f64;
            [n, n * number.mean, number.squares + n * number.mean * number.mean]
        };
        let (a, b, zero) = (sums(self), sums(other), sums(base));
        let [n, sum, squares] = [0, 1, 2].map(|at| a[at] + b[at] - zero[at]);
        if self.count < other.count {
            self.reservoir.clone_from(&other.reservoir);
            self.knots.clone_from(&other.knots);
        }
        self.count = (self.count + other.count).saturating_sub(base.count);
        if 0.0 < n {
            self.mean = sum / n;
            self.squares = (squares - sum * self.mean).max(0.0);
            let variance = self.squares / n;
            self.inverse_sd = if 1e-20 < variance { 1.0 / variance.sqrt() } else { 0.0 };
        }
    }

    /// Places the knots anew.
    fn refresh(&mut self, wanted: usize) {
        let mut sorted = self.reservoir.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        if distinct.len() <= wanted {
            // Few values: a hat each. A value keeps its hat while new ones arrive.
            let hat_of = |value: f32| self.knots.iter().find(|(knot, _)| *knot == value).map(|(_, hat)| *hat);
            let mut free: Vec<u8> = (0..wanted as u8)
                .rev()
                .filter(|hat| self.knots.iter().all(|(_, used)| used != hat))
                .collect();
            let fresh: Vec<(f32, u8)> = distinct
                .iter()
                .filter_map(|&value| hat_of(value).or_else(|| free.pop()).map(|hat| (value, hat)))
                .collect();
            self.knots = fresh;
        } else {
            let last = sorted.len() - 1;
            self.knots = (0..wanted).map(|at| (sorted[at * last / (wanted - 1)], at as u8)).collect();
            self.knots.dedup_by(|next, kept| next.0 == kept.0);
        }
    }
}
