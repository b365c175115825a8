//! One number: running mean and variance (Welford 1962), and quantiles from a reservoir sample (Vitter's R).

use apropos_event::draw;
use serde::{Deserialize, Serialize};

use crate::digest::Outline;

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
    knots: Knots,
}

/// Knots in rising order, each with the hat that stands on it; kept together for one look through the cache.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Knots {
    /// Infinite after the last one.
    at: [f32; MAX_KNOTS],
    /// 1 / the distance to the next knot.
    slope: [f32; MAX_KNOTS],
    hat: [u8; MAX_KNOTS],
    count: u8,
}

/// The most knots of a number.
const MAX_KNOTS: usize = 16;

impl Default for Knots {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Knots {
    /// At most [`MAX_KNOTS`] knots, in rising order.
    fn new(knots: &[(f32, u8)]) -> Self {
        let mut new = Self {
            at: [f32::INFINITY; MAX_KNOTS],
            slope: [0.0; MAX_KNOTS],
            hat: [0; MAX_KNOTS],
            count: knots.len().min(MAX_KNOTS) as u8,
        };
        for (place, &(at, hat)) in knots.iter().take(MAX_KNOTS).enumerate() {
            (new.at[place], new.hat[place]) = (at, hat);
            new.slope[place] =
                knots.get(place + 1).map_or(0.0, |(next, _)| (1.0 / (next - at)).min(f32::MAX));
        }
        new
    }

    fn iter(&self) -> impl Iterator<Item = (f32, u8)> + '_ {
        self.at.iter().copied().zip(self.hat).take(usize::from(self.count))
    }

    /// The knot at or before `x`, and how far `x` is on the way to the next, 0 to 1; beyond the ends, at the ends.
    #[inline]
    fn place(&self, x: f32) -> Option<(usize, f32)> {
        let last = self.count.checked_sub(1)?;
        // All are compared, without a branch.
        let below = self.at.iter().fold(0_u32, |below, at| below.wrapping_add(u32::from(*at <= x)));
        let left = below.saturating_sub(1).min(u32::from(last)) as usize;
        let share = ((x - self.at[left]) * self.slope[left]).clamp(0.0, 1.0);
        Some((left, if below == 0 || left == usize::from(last) { 0.0 } else { share }))
    }

    /// Whether restored knots are what [`Knots::new`] makes of them.
    fn is_consistent(&self, hats: u8) -> bool {
        let knots: Vec<(f32, u8)> = self.iter().collect();
        *self == Self::new(&knots)
            && knots.iter().all(|(at, hat)| at.is_finite() && *hat < hats)
            && knots.windows(2).all(|pair| pair[0].0 < pair[1].0)
    }
}

impl Number {
    /// (x − mean) / standard deviation, cut at ±`clip`; 0 before two different values were seen.
    #[inline]
    pub(super) fn standardised(&self, x: f64, clip: f64) -> f64 {
        ((x - self.mean) * self.inverse_sd).clamp(-clip, clip)
    }

    /// The two hats over `x` with their shares, which sum to 1; nothing on both before a value was seen.
    #[inline]
    pub(super) fn hats(&self, x: f32) -> [(u8, f32); 2] {
        let Some((left, share)) = self.knots.place(x) else { return [(0, 0.0); 2] };
        // The last knot has no next one, and no share is left for it.
        let next = (left + 1).min(MAX_KNOTS - 1);
        [(self.knots.hat[left], 1.0 - share), (self.knots.hat[next], share)]
    }

    /// Whether restored state is finite and in order.
    pub(super) fn is_consistent(&self, hats: u8) -> bool {
        [self.mean, self.squares, self.inverse_sd].iter().all(|number| number.is_finite())
            && self.knots.is_consistent(hats)
    }

    /// Which quarter of its quantiles `x` falls into, 0 to 3.
    pub(super) fn quarter(&self, x: f32) -> u8 {
        let Some((left, share)) = self.knots.place(x) else { return 0 };
        let ranges = f32::from(self.knots.count.max(2) - 1);
        (((left as f32 + share) / ranges * 4.0) as u8).min(3)
    }

    /// Outlines everything seen.
    pub(super) fn outline(&self, outline: &mut Outline) {
        let Self { count, mean, squares, inverse_sd, reservoir, knots } = self;
        outline.part(&(count, mean, squares, inverse_sd, knots));
        outline.sequence(reservoir);
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
            // The upper half of the product is an even draw below `count`.
            let bits = draw::mix(key.wrapping_add(self.count));
            let place = ((u128::from(bits) * u128::from(self.count)) >> 64) as u64;
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
            let hat_of = |value: f32| self.knots.iter().find(|(knot, _)| *knot == value).map(|(_, hat)| hat);
            let mut free: Vec<u8> = (0..wanted as u8)
                .rev()
                .filter(|hat| self.knots.iter().all(|(_, used)| used != *hat))
                .collect();
            let fresh: Vec<(f32, u8)> = distinct
                .iter()
                .filter_map(|&value| hat_of(value).or_else(|| free.pop()).map(|hat| (value, hat)))
                .collect();
            self.knots = Knots::new(&fresh);
        } else {
            let last = sorted.len() - 1;
            let mut knots: Vec<(f32, u8)> =
                (0..wanted).map(|at| (sorted[at * last / (wanted - 1)], at as u8)).collect();
            knots.dedup_by(|next, kept| next.0 == kept.0);
            self.knots = Knots::new(&knots);
        }
    }
}
