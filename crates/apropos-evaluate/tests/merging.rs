//! The law of merging: any split of a log, in any order, gives the figures of one pass, to 1e-12.

use apropos_evaluate::experiment::{Arm, Terms, compare, cuped_theta};
use apropos_evaluate::numeric::PairMoments;
use apropos_evaluate::offpolicy::{
    Calibration, Estimator, Evaluation, Interval, MergeError, Plan, PlugInSequence, Prediction, Row,
    Shrinkage, SlateEstimator, SlateEvaluation, SlateSlot, Support, TableModel,
};
use proptest::prelude::*;

/// A row and the shard that it goes to.
fn row() -> impl Strategy<Value = (Row, usize)> {
    let weight = prop_oneof![Just(0.0), Just(1.0), 0.01_f64..3.0, 3.0_f64..500.0];
    (weight, 0.01_f64..=1.0, -1.0_f64..=4.0, 0.0_f64..1.0, 0.0_f64..1.0, 0_usize..5).prop_map(
        |(weight, propensity, reward, expected, logged, shard)| {
            let row = Row { weight, matched: weight == 1.0, ..Row::new(1.0, propensity, reward) };
            (row.with_prediction(Prediction { expected, logged }), shard)
        },
    )
}

fn plan() -> Plan {
    let mut estimators = Estimator::standard();
    for shrinkage in [Shrinkage::Switch(2.0), Shrinkage::Optimistic(3.0), Shrinkage::Clip(1.0)] {
        estimators.extend([Estimator::Ips(shrinkage), Estimator::DoublyRobust(shrinkage)]);
    }
    Plan { estimators, reward_range: (-1.0, 4.0), max_weight: Some(500.0), ..Plan::default() }
}

/// Deals items out to five shards, folds those from the last to the first.
fn dealt<T: Clone, S: Clone>(
    items: &[(T, usize)],
    empty: &S,
    push: impl Fn(&mut S, &T),
    merge: impl Fn(&mut S, &S),
) -> (S, S) {
    let (mut whole, mut shards) = (empty.clone(), vec![empty.clone(); 5]);
    for (item, shard) in items {
        push(&mut whole, item);
        push(&mut shards[*shard], item);
    }
    let mut merged = empty.clone();
    shards.iter().rev().for_each(|shard| merge(&mut merged, shard));
    (whole, merged)
}

#[track_caller]
fn same(what: &str, found: f64, expected: f64) {
    let close = (found - expected).abs() <= 1e-12 * expected.abs().max(1e-3);
    assert!(close || (found.is_nan() && expected.is_nan()), "{what}: {found} is not {expected}");
}

#[track_caller]
fn same_interval(what: &str, found: Option<Interval>, expected: Option<Interval>) {
    assert_eq!(found.is_some(), expected.is_some(), "{what}");
    if let (Some(found), Some(expected)) = (found, expected) {
        same(what, found.low, expected.low);
        same(what, found.high, expected.high);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn evaluations_merge(rows in prop::collection::vec(row(), 2..120)) {
        let (whole, merged) = dealt(
            &rows,
            &Evaluation::new(plan()),
            |evaluation, row| evaluation.push(row).unwrap(),
            |mine, theirs| mine.merge(theirs).unwrap(),
        );
        // Shards travel between machines as text.
        let merged: Evaluation = serde_json::from_str(&serde_json::to_string(&merged).unwrap()).unwrap();
        for (found, expected) in merged.ungated().iter().zip(whole.ungated()) {
            let name = &found.estimator;
            same(name, found.value, expected.value);
            same(name, found.se.unwrap_or(0.0), expected.se.unwrap_or(0.0));
            same_interval(name, found.ci95, expected.ci95);
            same_interval(name, found.confidence_sequence, expected.confidence_sequence);
        }
        let (found, expected) = (merged.gain(), whole.gain());
        same("gain", found.value, expected.value);
        same_interval("gain", Some(found.ci95), Some(expected.ci95));
        same_interval("gain", Some(found.confidence_sequence), Some(expected.confidence_sequence));
        let (found, expected) = (merged.sums().diagnostics(), whole.sums().diagnostics());
        same("effective sample", found.ess, expected.ess);
        same("mean weight", found.mean_weight, expected.mean_weight);
        same("mean weight's error", found.mean_weight_se, expected.mean_weight_se);
        prop_assert_eq!(found.max_weight, expected.max_weight);
        prop_assert_eq!(merged.histogram(), whole.histogram());
        prop_assert_eq!(merged.report(None).refused.is_some(), whole.report(None).refused.is_some());
    }

    #[test]
    fn slates_merge(log in prop::collection::vec((prop::collection::vec((0.0_f64..5.0, 0.0_f64..1.0), 1..5), 0_usize..5), 2..60)) {
        let (whole, merged) = dealt(
            &log,
            &SlateEvaluation::new(),
            |evaluation, slots| {
                let slot = |(weight, reward): &(f64, f64)| SlateSlot {
                    weight: *weight, reward: *reward, logged: 0.5 * reward, expected: 0.4,
                };
                evaluation.push(&slots.iter().map(slot).collect::<Vec<_>>()).unwrap();
            },
            SlateEvaluation::merge,
        );
        for estimator in SlateEstimator::ALL {
            let (found, expected) = (merged.estimate(estimator), whole.estimate(estimator));
            same(estimator.name(), found.value, expected.value);
            same(estimator.name(), found.se.unwrap_or(0.0), expected.se.unwrap_or(0.0));
        }
    }

    #[test]
    fn arms_merge(units in prop::collection::vec((((-5.0_f64..5.0), (0.0_f64..9.0)), 0_usize..5), 8..80)) {
        let (whole, merged) =
            dealt(&units, &Arm::default(), |arm, (metric, covariate)| arm.push_with(*metric, *covariate), Arm::merge);
        let mut other = Arm::default();
        (0..50).for_each(|i| other.push_with(f64::from(i % 7), f64::from(i % 3)));
        let thetas = (cuped_theta(&[&other, &merged]), cuped_theta(&[&other, &whole]));
        same("theta", thetas.0, thetas.1);
        let read = |arm: &Arm| compare(&other, arm, &Terms { theta: 0.5, ..Terms::default() }).unwrap();
        let (found, expected) = (read(&merged), read(&whole));
        same("effect", found.effect, expected.effect);
        same("p", found.p, expected.p);
        same_interval("one look", Some(found.ci95), Some(expected.ci95));
        same_interval("watched", Some(found.sequential_ci95), Some(expected.sequential_ci95));
    }

    #[test]
    fn what_stands_beside_the_estimates_merges(rows in prop::collection::vec((((0.0_f64..1.0), (0.0_f64..1.0), 0_usize..3), 0_usize..5), 2..80)) {
        let (whole, merged) =
            dealt(&rows, &Calibration::default(), |c, (predicted, observed, _)| c.push(*predicted, *observed), Calibration::merge);
        same("calibration", merged.error(), whole.error());
        let support = |support: &mut Support, (p, q, _): &(f64, f64, usize)| {
            support.push(&[*p, 1.0 - p], &[if *q < 0.2 { 0.0 } else { 1.0 }, 0.0], 0.01);
        };
        let (whole, merged) = dealt(&rows, &Support::default(), support, Support::merge);
        same("uncovered mass", merged.uncovered_mass(), whole.uncovered_mass());
        same("uncovered rows", merged.uncovered_rows(), whole.uncovered_rows());
        same("share at floor", merged.share_at_floor(), whole.share_at_floor());
        let (whole, merged) = dealt(
            &rows,
            &TableModel::new(3, 1, 2.0),
            |table, (reward, weight, action)| table.push(*action, 0, *reward, *weight),
            |mine, theirs| mine.merge(theirs).unwrap(),
        );
        for (found, expected) in merged.predictions().iter().zip(whole.predictions()) {
            same("table", *found, expected);
        }
        let (whole, merged) =
            dealt(&rows, &PairMoments::default(), |pair, (x, y, _)| pair.push(*x, *y), PairMoments::merge);
        same("covariance", merged.covariance(), whole.covariance());
    }

    #[test]
    fn running_bets_merge_to_a_sequence_that_still_holds(rows in prop::collection::vec(row(), 10..60)) {
        // This one follows the order: two parts keep both their bets, and the figure is another than that of one pass.
        let (whole, merged) =
            dealt(&rows, &PlugInSequence::new((-1.0, 4.0), 0.05), PlugInSequence::push, PlugInSequence::merge);
        for found in [whole.interval(), merged.interval()] {
            prop_assert!(-1.0 <= found.low && found.low <= found.high && found.high <= 4.0);
        }
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let mut evaluation = Evaluation::new(plan());
    let other = Evaluation::new(Plan::default());
    assert_eq!(evaluation.merge(&other), Err(MergeError));
    assert_eq!(evaluation, Evaluation::new(plan()));
    assert_eq!(TableModel::new(3, 1, 2.0).merge(&TableModel::new(3, 2, 2.0)), Err(MergeError));
}
