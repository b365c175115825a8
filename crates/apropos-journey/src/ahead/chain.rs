//! A journey as an absorbing Markov chain over its nodes, learned from counts.
//!
//! Chances are Dirichlet-smoothed counts: with n of N departures along an arrow, P = (n + κ·P₀) / (N + κ), where P₀ is
//! even over the arrows that the definition draws.
//!
//! Not here: counting; what is reported of the chain.

use apropos_event::{ActionId, Duration};

use super::answer::{DropOff, Onward, OutlookOptions, ReachOutlook};
use super::counts::Cell;
use super::linear::Factored;
use super::process::{Choice, DecisionProcess, Transition};
use crate::compile::Plan;
use crate::compile::plan::{Act, END, Target};

/// One arrow with its chance.
pub(super) struct Arrow {
    pub(super) to: u16,
    pub(super) chance: f64,
    pub(super) count: u64,
    pub(super) seconds: f64,
}

/// The chain of one plan.
pub(super) struct Chain<'a> {
    plan: &'a Plan,
    pub(super) arrows: Vec<Vec<Arrow>>,
    /// How long customers stay at every node, on average, in seconds.
    pub(super) stay: Vec<f64>,
}

impl<'a> Chain<'a> {
    pub(super) fn learn(plan: &'a Plan, cells: &[Cell], prior: f64) -> Self {
        let mut arrows: Vec<Vec<Arrow>> = Vec::with_capacity(plan.nodes.len());
        let mut stay = Vec::with_capacity(plan.nodes.len());
        for at in 0..plan.nodes.len() as u16 {
            let mine: Vec<&Cell> = cells.iter().filter(|cell| cell.from == at).collect();
            let total: u64 = mine.iter().map(|cell| cell.count).sum();
            let stayed: f64 = mine.iter().map(|cell| cell.stayed as f64 / 1e6).sum();
            stay.push(if total == 0 { 0.0 } else { stayed / total as f64 });
            let smoothed = |to: u16, even: f64| {
                let seen = mine.iter().filter(|cell| cell.to == to);
                let (count, micros) =
                    seen.fold((0, 0.0), |(n, t), cell| (n + cell.count, t + cell.stayed as f64));
                let chance = (count as f64 + prior * even) / (total as f64 + prior).max(f64::MIN_POSITIVE);
                let seconds = if count == 0 { 0.0 } else { micros / 1e6 / count as f64 };
                Arrow { to, chance, count, seconds }
            };
            let drawn = drawn(plan, at);
            let even = 1.0 / drawn.len().max(1) as f64;
            let mut mine_arrows: Vec<Arrow> = drawn.iter().map(|to| smoothed(*to, even)).collect();
            for cell in &mine {
                if mine_arrows.iter().all(|arrow| arrow.to != cell.to) {
                    mine_arrows.push(smoothed(cell.to, 0.0));
                }
            }
            if prior == 0.0 && total == 0 {
                for arrow in &mut mine_arrows {
                    arrow.chance = even;
                }
            }
            arrows.push(mine_arrows);
        }
        Self { plan, arrows, stay }
    }

    /// I − Q, Q being the chances between nodes.
    pub(super) fn factored(&self) -> Option<Factored> {
        self.factored_without(None)
    }

    pub(super) fn factored_without(&self, removed: Option<usize>) -> Option<Factored> {
        let n = self.arrows.len();
        let mut cells = vec![0.0; n * n];
        for (from, arrows) in self.arrows.iter().enumerate() {
            cells[from * n + from] = 1.0;
            if removed == Some(from) {
                continue;
            }
            for arrow in arrows.iter().filter(|arrow| arrow.to & END == 0) {
                cells[from * n + usize::from(arrow.to)] -= arrow.chance;
            }
        }
        Factored::new(n, cells)
    }

    /// For every outcome and node: the chance to end so, and that chance times the time it takes.
    pub(super) fn reach(&self, factored: &Factored) -> Vec<(Vec<f64>, Vec<f64>)> {
        (0..self.plan.outcomes.len() as u16)
            .map(|outcome| {
                let chances = factored.solve(&self.ending(&[outcome]));
                let weighted = |arrow: &Arrow| {
                    let onward = match arrow.to & END {
                        0 => chances[usize::from(arrow.to)],
                        _ => f64::from(u8::from(arrow.to == END | outcome)),
                    };
                    arrow.chance * arrow.seconds * onward
                };
                let right: Vec<f64> =
                    self.arrows.iter().map(|arrows| arrows.iter().map(weighted).sum()).collect();
                let times = factored.solve(&right);
                (chances, times)
            })
            .collect()
    }

    /// The chance, from every node, to end with one of these outcomes at the next move.
    fn ending(&self, outcomes: &[u16]) -> Vec<f64> {
        let ends = |arrow: &&Arrow| arrow.to & END != 0 && outcomes.contains(&(arrow.to & !END));
        self.arrows.iter().map(|arrows| arrows.iter().filter(ends).map(|arrow| arrow.chance).sum()).collect()
    }

    pub(super) fn reach_of(
        &self,
        at: usize,
        reach: &[(Vec<f64>, Vec<f64>)],
        goals: &[u16],
    ) -> Vec<ReachOutlook> {
        let one = |(outcome, (chances, times)): (usize, &(Vec<f64>, Vec<f64>))| {
            let chance = chances[at].clamp(0.0, 1.0);
            (TINY < chance).then(|| ReachOutlook {
                outcome: self.plan.outcomes[outcome].clone(),
                goal: goals.contains(&(outcome as u16)),
                chance,
                seconds: Some(times[at] / chance),
            })
        };
        reach.iter().enumerate().filter_map(one).collect()
    }

    pub(super) fn onward(&self, at: usize) -> Vec<Onward> {
        let mut next: Vec<Onward> = self.arrows[at]
            .iter()
            .map(|arrow| Onward {
                to: self.plan.place_name(arrow.to).to_owned(),
                chance: arrow.chance,
                count: arrow.count,
            })
            .collect();
        next.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.to.cmp(&b.to)));
        next
    }

    pub(super) fn goal_chance(&self, reach: &[(Vec<f64>, Vec<f64>)], goals: &[u16]) -> f64 {
        let start = usize::from(self.plan.start);
        let mut distinct = goals.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.iter().map(|goal| reach[usize::from(*goal)].0[start]).sum()
    }

    /// 1 − P(goal when everybody who comes here is lost) / P(goal).
    pub(super) fn removal_effect(&self, at: usize, whole: f64, goals: &[u16]) -> f64 {
        let start = usize::from(self.plan.start);
        if whole <= TINY {
            return 0.0;
        }
        let Some(factored) = self.factored_without(Some(at)) else { return 0.0 };
        let mut right = self.ending(goals);
        right[at] = 0.0;
        (1.0 - factored.solve(&right)[start] / whole).clamp(0.0, 1.0)
    }

    pub(super) fn drop_offs(&self, goals: &[u16]) -> Vec<DropOff> {
        let lost = |arrow: &&Arrow| arrow.to & END != 0 && !goals.contains(&(arrow.to & !END));
        let mut all: Vec<DropOff> = self
            .arrows
            .iter()
            .enumerate()
            .map(|(at, arrows)| DropOff {
                node: self.plan.names[at].to_string(),
                lost: arrows.iter().filter(lost).map(|arrow| arrow.count).sum(),
                of: arrows.iter().map(|arrow| arrow.count).sum(),
            })
            .filter(|drop| 0 < drop.lost)
            .collect();
        all.sort_by(|a, b| b.lost.cmp(&a.lost).then_with(|| a.node.cmp(&b.node)));
        all
    }

    /// The value of every node when the best action is taken, and what each action adds against none.
    pub(super) fn values(
        &self,
        cells: &[Cell],
        options: &OutlookOptions,
    ) -> (Vec<f64>, Vec<Vec<(ActionId, f64)>>) {
        let offered: Vec<Vec<ActionId>> = (0..self.arrows.len()).map(|at| actions_seen(cells, at)).collect();
        let states: Vec<Vec<Choice>> = (0..self.arrows.len())
            .map(|at| {
                let silent = self.choice(at, cells, None, options);
                let acting = offered[at].iter().map(|action| self.choice(at, cells, Some(action), options));
                std::iter::once(silent).chain(acting).collect()
            })
            .collect();
        let none = vec![Vec::new(); self.arrows.len()];
        let Ok(process) = DecisionProcess::new(states) else { return (vec![0.0; self.arrows.len()], none) };
        let values = process.value_iteration(1e-7).values;
        let uplift = |at: usize| {
            let worth = |choice: &Choice| process.worth(choice, &values);
            let choices = process.choices(at);
            let silence = choices.first().map_or(0.0, worth);
            let acting = choices.iter().skip(1).map(|choice| worth(choice) - silence);
            let mut uplifts: Vec<(ActionId, f64)> = offered[at].iter().cloned().zip(acting).collect();
            uplifts.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            uplifts
        };
        let actions = (0..self.arrows.len()).map(uplift).collect();
        (values, actions)
    }

    /// The choice of an action, or of none: its own counts, shrunk towards those of all departures from the node.
    fn choice(
        &self,
        at: usize,
        cells: &[Cell],
        action: Option<&ActionId>,
        options: &OutlookOptions,
    ) -> Choice {
        let mine = |cell: &&Cell| usize::from(cell.from) == at && cell.action.as_ref() == action;
        let total: u64 = cells.iter().filter(mine).map(|cell| cell.count).sum();
        let weight = total as f64 + options.prior.max(MIN_PRIOR);
        let mut choice = Choice::default();
        for arrow in &self.arrows[at] {
            let seen =
                cells.iter().filter(mine).find(|cell| cell.to == arrow.to).map_or(0, |cell| cell.count);
            let chance = (seen as f64 + options.prior.max(MIN_PRIOR) * arrow.chance) / weight;
            let discount = fading(arrow.seconds, options.half_life);
            if arrow.to & END == 0 {
                choice.next.push(Transition { to: usize::from(arrow.to), chance, discount });
            } else {
                choice.reward += chance * discount * self.goal_value(arrow.to & !END);
            }
        }
        choice
    }

    fn goal_value(&self, outcome: u16) -> f64 {
        let text = self.plan.outcomes.get(usize::from(outcome));
        let goal = self.plan.definition.goals.iter().find(|goal| Some(&goal.id) == text);
        goal.map_or(0.0, |goal| goal.value)
    }
}

/// 2^(−t/h).
fn fading(seconds: f64, half_life: Option<Duration>) -> f64 {
    half_life.map_or(1.0, |half| libm::exp2(-seconds / half.as_secs_f64().max(1e-6)))
}

fn actions_seen(cells: &[Cell], at: usize) -> Vec<ActionId> {
    let mut seen: Vec<ActionId> = cells
        .iter()
        .filter(|cell| usize::from(cell.from) == at)
        .filter_map(|cell| cell.action.clone())
        .collect();
    seen.sort();
    seen.dedup();
    seen
}

/// Where the definition lets a node lead: its own arrows, and for resting nodes what pre-empts them.
fn drawn(plan: &Plan, at: u16) -> Vec<u16> {
    let mut places: Vec<u16> = Vec::new();
    let mut add = |place: u16| {
        if !places.contains(&place) {
            places.push(place);
        }
    };
    for target in plan.targets(at) {
        match target {
            Target::Node(to) => add(to),
            Target::Exit(outcome) => add(END | outcome),
            Target::Return => {}
        }
    }
    if let Some(Act::Wait(_)) = plan.node(at).map(|node| &node.act) {
        plan.exits.iter().for_each(|exit| add(END | exit.outcome));
        plan.goals.iter().filter(|goal| goal.ends).for_each(|goal| add(END | goal.rule.outcome));
        match plan.limit {
            Some((_, Target::Exit(outcome))) => add(END | outcome),
            Some((_, Target::Node(to))) if to != at => add(to),
            _ => {}
        }
        if places.is_empty() {
            // A hand-off that leads back where it came from: in the end to the start.
            places.push(plan.start);
        }
    }
    places
}

pub(super) const TINY: f64 = 1e-12;
/// Even without a prior an action that was hardly tried is not taken at its word.
const MIN_PRIOR: f64 = 1.0;
