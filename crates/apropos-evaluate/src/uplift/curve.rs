//! Qini, AUUC and uplift at k by their plain definitions, and as the field's most used library normalises them.
//!
//! Definitions, over rows in order of falling score: qini(n) = R_t − R_c N_t / N_c; gain(n) = (R_t/N_t − R_c/N_c) n.
//! Areas are trapezoids over n from (0, 0), divided by N; "minus random" takes off the triangle to the end point; both
//! are divided by N again. Not here: intervals; see `bootstrap`.

use serde::{Deserialize, Serialize};

/// One unit of a randomised trial with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The higher, the sooner it would be treated.
    pub score: f64,
    /// Whether it was treated.
    pub treated: bool,
    /// What came of it.
    pub outcome: f64,
}

/// A tenth of the units, by score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Treated units.
    pub n_t: u64,
    /// Untreated units.
    pub n_c: u64,
    /// Mean outcome of the treated.
    pub rate_t: Option<f64>,
    /// Mean outcome of the untreated.
    pub rate_c: Option<f64>,
}

/// All metrics of one score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Incremental outcomes among the treated when everybody is counted.
    pub qini_curve_end: f64,
    /// The area between the Qini curve and random targeting.
    pub qini_area_minus_random_per_row: f64,
    /// The area under the gain curve.
    pub auuc_area_per_row: f64,
    /// The area between the gain curve and random targeting.
    pub auuc_minus_random_per_row: f64,
    /// The Qini curve at each tenth.
    pub qini_curve_deciles: Vec<f64>,
    /// The tenths, best first.
    pub deciles_best_first: Vec<Band>,
    /// The value of treating the best 30 % and nobody else, by inverse propensity.
    pub policy_value_top30_ipw: f64,
    /// The Qini area over that of a perfect score.
    pub normalised_qini: f64,
    /// The gain area over that of a perfect score.
    pub normalised_auuc: f64,
    /// The uplift among the best 30 % of all units.
    pub uplift_at_30_overall: Option<f64>,
    /// The uplift among the best 30 % of each group.
    pub uplift_at_30_by_group: Option<f64>,
    /// Uplift by tenths, weighted with their treated units.
    pub weighted_average_uplift: Option<f64>,
    /// The mean score.
    pub mean_predicted: f64,
}

impl Metrics {
    /// The metrics of scored units; ties keep the order of the input. O(n log n).
    pub fn of(units: &[Scored]) -> Self {
        let ranked = rank(units, Ties::First);
        let n = ranked.len();
        let running = Running::over(&ranked);
        let qini: Vec<f64> = running.iter().map(Running::qini).collect();
        let gain: Vec<f64> = running.iter().map(Running::gain).collect();
        let (qini_end, gain_end) = (last(&qini), last(&gain));
        let size = n.max(1) as f64;
        let per_row = |area: f64| area / size;
        // The peer's library ranks ties the other way round and merges them in its curves.
        let reversed = rank(units, Ties::Last);
        Self {
            qini_curve_end: qini_end,
            qini_area_minus_random_per_row: per_row(area(&qini) - 0.5 * qini_end),
            auuc_area_per_row: per_row(area(&gain)),
            auuc_minus_random_per_row: per_row(area(&gain) - 0.5 * gain_end),
            qini_curve_deciles: (1..=10)
                .map(|tenth| qini.get((n * tenth / 10).max(1) - 1).copied().unwrap_or(0.0))
                .collect(),
            deciles_best_first: (0..10).map(|b| Band::of(&ranked[n * b / 10..n * (b + 1) / 10])).collect(),
            policy_value_top30_ipw: policy_value(&ranked, 0.3),
            normalised_qini: normalised(units, &reversed, Running::qini, perfect_qini),
            normalised_auuc: normalised(units, &reversed, Running::gain, perfect_gain),
            uplift_at_30_overall: Band::of(&reversed[..(n as f64 * 0.3) as usize]).uplift(),
            uplift_at_30_by_group: by_group(&reversed, 0.3),
            weighted_average_uplift: weighted_average(&reversed, 10),
            mean_predicted: units.iter().map(|unit| unit.score).sum::<f64>() / size,
        }
    }

    /// The uplift among the best share `k` of all units; `None` when a group is empty there.
    pub fn uplift_at(units: &[Scored], k: f64) -> Option<f64> {
        let ranked = rank(units, Ties::First);
        Band::of(&ranked[..(ranked.len() as f64 * k.clamp(0.0, 1.0)) as usize]).uplift()
    }
}

/// The Qini curve after each unit, best first: incremental outcomes among the treated.
pub fn qini_curve(units: &[Scored]) -> Vec<f64> {
    Running::over(&rank(units, Ties::First)).iter().map(Running::qini).collect()
}

impl Band {
    fn of(units: &[Scored]) -> Self {
        let group = |treated: bool| {
            let members = units.iter().filter(|unit| unit.treated == treated);
            let (count, sum) = members.fold((0_u64, 0.0), |(n, sum), unit| (n + 1, sum + unit.outcome));
            (count, (count != 0).then(|| sum / count as f64))
        };
        let ((n_t, rate_t), (n_c, rate_c)) = (group(true), group(false));
        Self { n_t, n_c, rate_t, rate_c }
    }

    /// The difference of the two rates.
    pub fn uplift(&self) -> Option<f64> {
        Some(self.rate_t? - self.rate_c?)
    }
}

#[derive(Clone, Copy)]
enum Ties {
    First,
    Last,
}

fn rank(units: &[Scored], ties: Ties) -> Vec<Scored> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|a, b| {
        let by_place = match ties {
            Ties::First => a.cmp(b),
            Ties::Last => b.cmp(a),
        };
        units[*b].score.total_cmp(&units[*a].score).then(by_place)
    });
    order.into_iter().map(|at| units[at]).collect()
}

/// Counts and outcomes of both groups among the first n.
#[derive(Clone, Copy, Default)]
struct Running {
    n_t: f64,
    n_c: f64,
    r_t: f64,
    r_c: f64,
}

impl Running {
    fn over(ranked: &[Scored]) -> Vec<Self> {
        let step = |so_far: &mut Self, unit: &Scored| {
            if unit.treated {
                so_far.n_t += 1.0;
                so_far.r_t += unit.outcome;
            } else {
                so_far.n_c += 1.0;
                so_far.r_c += unit.outcome;
            }
            Some(*so_far)
        };
        ranked.iter().scan(Self::default(), step).collect()
    }

    fn qini(&self) -> f64 {
        self.r_t - if self.n_c == 0.0 { 0.0 } else { self.r_c * self.n_t / self.n_c }
    }

    fn gain(&self) -> f64 {
        (ratio(self.r_t, self.n_t) - ratio(self.r_c, self.n_c)) * (self.n_t + self.n_c)
    }
}

fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

fn last(curve: &[f64]) -> f64 {
    curve.last().copied().unwrap_or(0.0)
}

/// The trapezoid over one step a unit, divided by the number of units.
fn area(curve: &[f64]) -> f64 {
    let mut before = 0.0;
    let mut sum = 0.0;
    for value in curve {
        sum += 0.5 * (before + value);
        before = *value;
    }
    sum / curve.len().max(1) as f64
}

/// The area of a curve less that of its chord, over the same for a perfect ranking. Ties are one step.
fn normalised(
    units: &[Scored],
    ranked: &[Scored],
    curve: fn(&Running) -> f64,
    perfect: impl Fn(&[Scored]) -> Vec<f64>,
) -> f64 {
    let excess = |ranked: &[Scored]| {
        let end = Running::over(ranked).last().map_or(0.0, curve);
        tied_area(ranked, curve) - 0.5 * end * ranked.len() as f64
    };
    let ideal: Vec<Scored> =
        units.iter().zip(perfect(units)).map(|(unit, score)| Scored { score, ..*unit }).collect();
    ratio(excess(ranked), excess(&rank(&ideal, Ties::Last)))
}

/// The trapezoid over the points where the score changes.
fn tied_area(ranked: &[Scored], curve: fn(&Running) -> f64) -> f64 {
    let running = Running::over(ranked);
    let (mut sum, mut before) = (0.0, (0.0, 0.0));
    for (at, so_far) in running.iter().enumerate() {
        if ranked.get(at + 1).is_none_or(|next| next.score != ranked[at].score) {
            let point = ((at + 1) as f64, curve(so_far));
            sum += 0.5 * (point.0 - before.0) * (point.1 + before.1);
            before = point;
        }
    }
    sum
}

fn perfect_qini(units: &[Scored]) -> Vec<f64> {
    units.iter().map(|unit| if unit.treated { unit.outcome } else { -unit.outcome }).collect()
}

fn perfect_gain(units: &[Scored]) -> Vec<f64> {
    let count = |treated: bool, outcome: f64| {
        units.iter().filter(|unit| unit.treated == treated && unit.outcome == outcome).count()
    };
    let by_outcome = count(true, 0.0) < count(false, 1.0);
    units
        .iter()
        .map(|unit| {
            let treated = f64::from(u8::from(unit.treated));
            let agree = f64::from(u8::from(unit.outcome == treated));
            2.0 * agree + if by_outcome { unit.outcome } else { treated }
        })
        .collect()
}

fn policy_value(ranked: &[Scored], share: f64) -> f64 {
    let n = ranked.len();
    let treated = ranked.iter().filter(|unit| unit.treated).count() as f64 / n.max(1) as f64;
    let top = (n as f64 * share) as usize;
    let value = |(at, unit): (usize, &Scored)| {
        if (at < top) != unit.treated {
            return 0.0;
        }
        ratio(unit.outcome, if unit.treated { treated } else { 1.0 - treated })
    };
    ranked.iter().enumerate().map(value).sum::<f64>() / n.max(1) as f64
}

fn by_group(ranked: &[Scored], share: f64) -> Option<f64> {
    let rate = |treated: bool| {
        let outcomes: Vec<f64> =
            ranked.iter().filter(|unit| unit.treated == treated).map(|unit| unit.outcome).collect();
        let size = (outcomes.len() as f64 * share) as usize;
        (size != 0).then(|| outcomes[..size].iter().sum::<f64>() / size as f64)
    };
    Some(rate(true)? - rate(false)?)
}

/// Parts of equal size, the first ones one larger when they do not come out even.
fn weighted_average(ranked: &[Scored], parts: usize) -> Option<f64> {
    let (size, larger) = (ranked.len() / parts, ranked.len() % parts);
    let (mut sum, mut weight, mut start) = (0.0, 0.0, 0);
    for part in 0..parts {
        let end = start + size + usize::from(part < larger);
        let band = Band::of(&ranked[start..end]);
        sum += band.n_t as f64 * band.uplift()?;
        weight += band.n_t as f64;
        start = end;
    }
    (weight != 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(score: f64, treated: bool, outcome: f64) -> Scored {
        Scored { score, treated, outcome }
    }

    #[test]
    fn four_units_by_hand() {
        let units =
            [unit(0.9, true, 1.0), unit(0.8, false, 0.0), unit(0.2, true, 0.0), unit(0.1, false, 1.0)];
        assert_eq!(qini_curve(&units), vec![1.0, 1.0, 1.0, 0.0]);
        let found = Metrics::of(&units);
        assert_eq!(found.qini_curve_end, 0.0);
        assert_eq!(found.qini_area_minus_random_per_row, (0.5 + 1.0 + 1.0 + 0.5) / 16.0);
        assert_eq!(found.normalised_qini, 1.0);
        assert_eq!(Metrics::uplift_at(&units, 0.5), Some(1.0));
        assert_eq!(Metrics::uplift_at(&units, 0.0), None);
    }

    #[test]
    fn nobody_is_no_reason_to_fail() {
        let found = Metrics::of(&[]);
        assert_eq!((found.qini_curve_end, found.uplift_at_30_overall), (0.0, None));
    }
}
