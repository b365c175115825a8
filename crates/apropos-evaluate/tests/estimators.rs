//! Every estimator beside a naive twin: the formula as its paper has it, over the whole log at once.

use apropos_evaluate::offpolicy::{
    Candidate, Estimator, Evaluation, Plan, Prediction, RewardModel, Row, Shrinkage, SlateEstimator,
    SlateEvaluation, SlateSlot, TableModel, marginal_weight, mrdr_weight, slope,
};
use proptest::prelude::*;

/// A decision with everything in sight.
#[derive(Clone, Debug)]
struct Decision {
    policy: Vec<f64>,
    logging: Vec<f64>,
    q: Vec<f64>,
    action: usize,
    reward: f64,
}

impl Decision {
    fn w(&self) -> f64 {
        self.policy[self.action] / self.logging[self.action]
    }

    /// Σ_a π_e(a) q(a).
    fn expected(&self) -> f64 {
        self.policy.iter().zip(&self.q).map(|(p, q)| p * q).sum()
    }

    fn surprise(&self) -> f64 {
        self.reward - self.q[self.action]
    }

    fn row(&self) -> Row {
        let row = Row::new(self.policy[self.action], self.logging[self.action], self.reward);
        row.with_prediction(Prediction::under(&self.policy, &self.q, self.action))
    }
}

fn distribution(actions: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01_f64..1.0, actions).prop_map(|raw| {
        let sum: f64 = raw.iter().sum();
        raw.iter().map(|p| p / sum).collect()
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    (2_usize..6).prop_flat_map(|actions| {
        let q = prop::collection::vec(0.0_f64..1.0, actions);
        (distribution(actions), distribution(actions), q, 0..actions, 0.0_f64..1.0, any::<bool>()).prop_map(
            |(policy, logging, q, action, reward, sure)| {
                // Some policies are deterministic, so that replay has something to match.
                let one = |at: usize| f64::from(u8::from(at == 0));
                let policy = if sure { (0..policy.len()).map(one).collect() } else { policy };
                Decision { policy, logging, q, action, reward }
            },
        )
    })
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// The value of an estimator, written down from its definition.
fn naive(estimator: Estimator, log: &[Decision]) -> f64 {
    let sum = |f: &dyn Fn(&Decision) -> f64| -> f64 { log.iter().map(f).sum() };
    let shrunk = |shrinkage: Shrinkage, w: f64| match shrinkage {
        _ if w == 0.0 => 0.0,
        Shrinkage::Plain => w,
        Shrinkage::Clip(l) => w.min(l),
        Shrinkage::Switch(l) => w * f64::from(u8::from(w <= l)),
        Shrinkage::Optimistic(l) => l * w / (w * w + l),
        Shrinkage::SubGaussian(l) => w / (1.0 - l + l * w),
    };
    match estimator {
        Estimator::Replay => {
            let matched = || log.iter().filter(|d| d.policy[d.action] == 1.0);
            if matched().count() == 0 { 0.0 } else { mean(matched().map(|d| d.reward)) }
        }
        Estimator::Ips(shrinkage) => mean(log.iter().map(|d| shrunk(shrinkage, d.w()) * d.reward)),
        Estimator::SelfNormalised => sum(&|d| d.w() * d.reward) / sum(&Decision::w),
        Estimator::Direct => mean(log.iter().map(Decision::expected)),
        Estimator::DoublyRobust(shrinkage) => {
            mean(log.iter().map(|d| d.expected() + shrunk(shrinkage, d.w()) * d.surprise()))
        }
        Estimator::SelfNormalisedDoublyRobust => {
            let mean_weight = mean(log.iter().map(Decision::w));
            mean(log.iter().map(|d| d.expected() + d.w() * d.surprise() / mean_weight))
        }
        Estimator::CressieRead => {
            let (n, w) = (log.len() as f64, sum(&Decision::w));
            let largest = log.iter().map(Decision::w).fold(1.0, f64::max);
            let imagined = if w < n { largest } else { 0.0 };
            let a = (imagined + w) / (1.0 + n);
            let b = (imagined * imagined + sum(&|d| d.w() * d.w())) / (1.0 + n);
            // When all weights are alike, every row counts alike.
            let spread = a * a - b;
            let even = (-(1.0 + n) / n, 0.0);
            let (gamma, beta) = if spread == 0.0 { even } else { ((b - a) / spread, (1.0 - a) / spread) };
            let weighted =
                |f: &dyn Fn(&Decision) -> f64| sum(&|d| (-gamma - beta * d.w()) * d.w() * f(d)) / (1.0 + n);
            let missing = (1.0 - weighted(&|_| 1.0)).max(0.0);
            weighted(&|d| d.reward) + missing * mean(log.iter().map(|d| d.reward))
        }
        _ => f64::NAN,
    }
}

fn all_estimators() -> Vec<Estimator> {
    let mut all = Estimator::standard();
    let shrinkages = [0.0, 0.5, 3.0].into_iter().flat_map(|l| {
        [
            Shrinkage::Clip(l),
            Shrinkage::Switch(l),
            Shrinkage::Optimistic(l + 0.1),
            Shrinkage::SubGaussian(l / 3.0),
        ]
    });
    all.extend(
        shrinkages.flat_map(|shrinkage| [Estimator::Ips(shrinkage), Estimator::DoublyRobust(shrinkage)]),
    );
    all
}

/// Beyond the shrinkage of a weight, an estimate may be off by as much as cancellation costs the naive twin.
#[track_caller]
fn near(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

fn slate() -> impl Strategy<Value = Vec<SlateSlot>> {
    let slot = (0.01_f64..4.0, 0.0_f64..1.0, 0.0_f64..2.0, 0.0_f64..2.0);
    let slot =
        slot.prop_map(|(weight, reward, logged, expected)| SlateSlot { weight, reward, logged, expected });
    prop::collection::vec(slot, 3)
}

/// The value of a slate estimator, written down from its definition.
fn naive_slate(estimator: SlateEstimator, log: &[Vec<SlateSlot>]) -> f64 {
    let upto = |slate: &[SlateSlot], l: usize| slate[..l].iter().map(|slot| slot.weight).product::<f64>();
    let total = |slate: &[SlateSlot]| slate.iter().map(|slot| slot.reward).sum::<f64>();
    let over = |weight: &dyn Fn(&[SlateSlot], usize) -> f64| {
        mean(log.iter().map(|slate| (0..3).map(|l| weight(slate, l) * slate[l].reward).sum()))
    };
    let normalised = |weight: &dyn Fn(&[SlateSlot], usize) -> f64| -> f64 {
        let at = |l: usize| {
            mean(log.iter().map(|slate| weight(slate, l) * slate[l].reward))
                / mean(log.iter().map(|slate| weight(slate, l)))
        };
        (0..3).map(at).sum()
    };
    match estimator {
        SlateEstimator::Standard => over(&|slate, _| upto(slate, 3)),
        SlateEstimator::Independent => over(&|slate, l| slate[l].weight),
        SlateEstimator::Cascade => over(&|slate, l| upto(slate, l + 1)),
        SlateEstimator::CascadeDoublyRobust => {
            // From the last slot up: V_l = Σ_a π_e Q + w_l (r_l + V_{l+1} − Q), with V after the last slot 0.
            let value = |slate: &Vec<SlateSlot>| {
                slate.iter().rev().fold(0.0, |after, slot| {
                    slot.expected + slot.weight * (slot.reward + after - slot.logged)
                })
            };
            mean(log.iter().map(value))
        }
        SlateEstimator::PseudoInverse => mean(
            log.iter()
                .map(|slate| total(slate) * (1.0 - 3.0 + slate.iter().map(|slot| slot.weight).sum::<f64>())),
        ),
        SlateEstimator::StandardNormalised => {
            over(&|slate, _| upto(slate, 3)) / mean(log.iter().map(|slate| upto(slate, 3)))
        }
        SlateEstimator::IndependentNormalised => normalised(&|slate, l| slate[l].weight),
        SlateEstimator::CascadeNormalised => normalised(&|slate, l| upto(slate, l + 1)),
        _ => f64::NAN,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_estimator_is_its_definition(log in prop::collection::vec(decision(), 2..60)) {
        // Without any weight there is nothing to divide by, and the gate refuses.
        prop_assume!(log.iter().any(|decision| 0.0 < decision.w()));
        let mut evaluation = Evaluation::new(Plan { estimators: all_estimators(), ..Plan::default() });
        for decision in &log {
            evaluation.push(&decision.row()).unwrap();
        }
        for (estimator, found) in all_estimators().into_iter().zip(evaluation.ungated()) {
            near(&found.estimator, found.value, naive(estimator, &log));
        }
        near("gain", evaluation.gain().value, mean(log.iter().map(|d| (d.w() - 1.0) * d.reward)));
    }

    #[test]
    fn every_slate_estimator_is_its_definition(log in prop::collection::vec(slate(), 2..40)) {
        let mut evaluation = SlateEvaluation::new();
        for slate in &log {
            evaluation.push(slate).unwrap();
        }
        for estimator in SlateEstimator::ALL {
            near(estimator.name(), evaluation.estimate(estimator).value, naive_slate(estimator, &log));
        }
    }

    #[test]
    fn slope_walks_until_the_first_contradiction(all in prop::collection::vec((0.0_f64..3.0, 0.01_f64..2.0), 1..12)) {
        let candidates: Vec<Candidate> =
            all.iter().map(|(value, radius)| Candidate { value: *value, radius: *radius }).collect();
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|a, b| all[*b].1.total_cmp(&all[*a].1));
        let agrees = |i: usize, j: usize| {
            let ((v_i, r_i), (v_j, r_j)) = (all[order[i]], all[order[j]]);
            (v_i - v_j).abs() <= r_i + (6.0_f64.sqrt() - 1.0) * r_j
        };
        let last = (0..all.len()).take_while(|i| (0..*i).all(|j| agrees(*i, j))).last();
        prop_assert_eq!(slope(&candidates), last.map(|at| order[at]));
    }

    #[test]
    fn adaptive_blending_is_its_definition(log in prop::collection::vec(decision(), 2..40), limit in 0.0_f64..5.0) {
        let estimators = vec![Estimator::DoublyRobust(Shrinkage::Clip(limit))];
        let mut evaluation = Evaluation::new(Plan { estimators, ..Plan::default() });
        for decision in &log {
            let blended = Prediction::adaptive(&decision.policy, &decision.logging, &decision.q, limit);
            evaluation.push(&decision.row().with_prediction(blended)).unwrap();
        }
        let blend = |d: &Decision| -> f64 {
            let part = |a: usize| {
                let w = d.policy[a] / d.logging[a];
                // Of an action that the policy never takes nothing is left to predict.
                if w == 0.0 { 0.0 } else { d.policy[a] * (1.0 - (limit / w).min(1.0)) * d.q[a] }
            };
            (0..d.q.len()).map(part).sum::<f64>() + d.w().min(limit) * d.reward
        };
        near("cab", evaluation.ungated()[0].value, mean(log.iter().map(blend)));
    }

    #[test]
    fn a_thinned_log_counts_for_what_was_thrown_away(log in prop::collection::vec((decision(), 0.1_f64..1.0), 2..40)) {
        prop_assume!(log.iter().any(|(decision, _)| 0.0 < decision.w()));
        let average = log.len() as f64 / log.iter().map(|(_, kept)| 1.0 / kept).sum::<f64>();
        let estimators: Vec<Estimator> = ["ipw", "snipw", "dm", "dr"].map(|name| name.parse().unwrap()).to_vec();
        let mut evaluation = Evaluation::new(Plan { estimators, ..Plan::default() });
        for (decision, kept) in &log {
            evaluation.push(&decision.row().thinned(*kept, average)).unwrap();
        }
        // The twin counts each row as often as it stands for.
        let stands: f64 = log.iter().map(|(_, kept)| 1.0 / kept).sum();
        let counted = |f: &dyn Fn(&Decision) -> f64| log.iter().map(|(d, kept)| f(d) / kept).sum::<f64>() / stands;
        let found = evaluation.ungated();
        near("ipw", found[0].value, counted(&|d| d.w() * d.reward));
        near("snipw", found[1].value, counted(&|d| d.w() * d.reward) / counted(&Decision::w));
        near("dm", found[2].value, counted(&Decision::expected));
        near("dr", found[3].value, counted(&|d| d.expected() + d.w() * d.surprise()));
    }
}

/// A log of many actions of which only the group matters: 60 actions in six groups.
fn grouped(at: u64) -> (Vec<f64>, Vec<f64>, Vec<u32>, usize, f64) {
    let draw = |slot: u64| apropos_event::draw::uniform(3, "grouped", 4 * at + slot);
    let groups: Vec<u32> = (0..60).map(|action| action % 6).collect();
    // The policy prefers one action of each group; the log shows them all alike.
    let policy: Vec<f64> = (0..60).map(|action| if action < 6 { 0.15 } else { 0.1 / 54.0 }).collect();
    let logging = vec![1.0 / 60.0; 60];
    let action = ((draw(0) * 60.0) as usize).min(59);
    let chance = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6][action % 6];
    (policy, logging, groups, action, f64::from(u8::from(draw(1) < chance)))
}

#[test]
fn weights_of_groups_are_as_true_and_far_less_noisy() {
    let plan = || Plan { estimators: vec!["ipw".parse().unwrap()], ..Plan::default() };
    let (mut plain, mut marginal) = (Evaluation::new(plan()), Evaluation::new(plan()));
    for at in 0..20_000 {
        let (policy, logging, groups, action, reward) = grouped(at);
        let row = Row::new(policy[action], logging[action], reward);
        let weight = marginal_weight(&policy, &logging, &groups, action);
        plain.push(&row).unwrap();
        marginal.push(&Row { weight, ..row }).unwrap();
    }
    let (plain, marginal) = (&plain.ungated()[0], &marginal.ungated()[0]);
    assert!((marginal.value - 0.35).abs() < 4.0 * marginal.se.unwrap(), "{marginal:?}");
    assert!(marginal.se.unwrap() < 0.5 * plain.se.unwrap(), "{plain:?} {marginal:?}");
    assert!(5.0 * plain.ess < marginal.ess);
}

#[test]
fn a_model_fitted_for_robustness_leaves_less_noise() {
    // One cell mixes two kinds of customers whom the policy tells apart and the table does not.
    let decision = |at: u64| {
        let draw = |slot: u64| apropos_event::draw::uniform(9, "mrdr", 4 * at + slot);
        let kind = usize::from(draw(0) < 0.5);
        let logging = [[0.9, 0.1], [0.1, 0.9]][kind];
        let policy = [[0.1, 0.9], [0.5, 0.5]][kind];
        let action = usize::from(logging[0] <= draw(1));
        let chance: f64 = [[0.2, 0.8], [0.7, 0.1]][kind][action];
        (policy, logging[action], action, f64::from(u8::from(draw(2) < chance)))
    };
    let mut errors = Vec::new();
    for robust in [false, true] {
        let mut table = TableModel::new(2, 1, 0.0);
        let log: Vec<_> = (0..20_000).map(decision).collect();
        for (policy, propensity, action, reward) in &log {
            let weight = if robust { mrdr_weight(policy[*action], *propensity) } else { 1.0 };
            table.push(*action, 0, *reward, weight);
        }
        let mut q = [0.0; 2];
        table.predict(&0, &mut q);
        let mut evaluation =
            Evaluation::new(Plan { estimators: vec!["dr".parse().unwrap()], ..Plan::default() });
        for (policy, propensity, action, reward) in &log {
            let row = Row::new(policy[*action], *propensity, *reward);
            evaluation.push(&row.with_prediction(Prediction::under(policy, &q, *action))).unwrap();
        }
        let found = &evaluation.ungated()[0];
        let truth = 0.5 * (0.1 * 0.2 + 0.9 * 0.8) + 0.5 * (0.5 * 0.7 + 0.5 * 0.1);
        assert!((found.value - truth).abs() < 4.0 * found.se.unwrap(), "{found:?} {truth}");
        errors.push(found.se.unwrap());
    }
    println!("standard error of dr: {:.5} with a plain fit, {:.5} with the robust one", errors[0], errors[1]);
    assert!(errors[1] < errors[0]);
}
