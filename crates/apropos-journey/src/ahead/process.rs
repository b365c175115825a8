//! Deciding with the future in view: a finite decision process, solved by value iteration and, exactly, by policy
//! iteration (Howard 1960; Puterman 1994, sections 6.3 and 6.4).
//!
//! Not here: where chances and rewards come from.

use super::linear::Factored;

/// A finite decision process: in every state some choices; every choice has a reward and leads on by chance.
///
/// A state without choices is an end and worth nothing more.
///
/// ```
/// use apropos_journey::{Choice, DecisionProcess, Transition};
///
/// let wait = Choice { reward: 0.0, next: vec![Transition { to: 0, chance: 1.0, discount: 0.9 }] };
/// let take = Choice { reward: 5.0, next: vec![] };
/// let solution = DecisionProcess::new(vec![vec![wait, take]])?.value_iteration(1e-9);
/// assert!((solution.values[0] - 5.0).abs() < 1e-9);
/// assert_eq!(solution.choices[0], Some(1));
/// # Ok::<(), apropos_journey::ProcessError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionProcess {
    states: Vec<Vec<Choice>>,
    /// The largest sum of chance times discount of any choice.
    contraction: f64,
}

/// One choice in one state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// What it brings at once.
    pub reward: f64,
    /// Where it leads. Chances that do not add up to one lead, with the rest, to an end.
    pub next: Vec<Transition>,
}

/// One way on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The state.
    pub to: usize,
    /// With what chance.
    pub chance: f64,
    /// What a unit of value there is worth here; between 0 and 1.
    pub discount: f64,
}

/// What every state is worth, and which choice to take there.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The value of every state.
    pub values: Vec<f64>,
    /// The best choice in every state, the first of equals; `None` for ends.
    pub choices: Vec<Option<usize>>,
    /// How many sweeps or improvements it took.
    pub rounds: usize,
}

/// Why something is not a decision process.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// A transition leads to no state.
    #[error("state {from} leads to state {to}, which does not exist")]
    NoSuchState {
        /// The state.
        from: usize,
        /// Where it leads.
        to: usize,
    },
    /// A number is not finite, negative, or chances add up to more than one.
    #[error("the numbers of state {from} are not rewards, chances and discounts")]
    BadNumber {
        /// The state.
        from: usize,
    },
    /// Value is never lost nor left behind, so that a value may be infinite.
    #[error("from state {from} one may go on for ever without discount")]
    Endless {
        /// The state.
        from: usize,
    },
}

impl DecisionProcess {
    /// Checks the process.
    ///
    /// # Errors
    /// When a transition leads nowhere, a number is out of range, or some way of choosing goes on for ever without
    /// discount.
    pub fn new(states: Vec<Vec<Choice>>) -> Result<Self, ProcessError> {
        let mut contraction = 0.0_f64;
        for (from, choice) in
            states.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |one| (from, one)))
        {
            let mut chance = 0.0;
            let mut kept = 0.0;
            for next in &choice.next {
                if states.len() <= next.to {
                    return Err(ProcessError::NoSuchState { from, to: next.to });
                }
                if !(0.0..=1.0 + SLACK).contains(&next.chance) || !(0.0..=1.0).contains(&next.discount) {
                    return Err(ProcessError::BadNumber { from });
                }
                chance += next.chance;
                kept += next.chance * next.discount;
            }
            if !choice.reward.is_finite() || 1.0 + SLACK < chance {
                return Err(ProcessError::BadNumber { from });
            }
            contraction = contraction.max(kept);
        }
        let process = Self { states, contraction };
        match process.endless() {
            Some(from) => Err(ProcessError::Endless { from }),
            None => Ok(process),
        }
    }

    /// A state from which some choices keep everything for ever: grown from states that may lose value.
    fn endless(&self) -> Option<usize> {
        let loses = |choice: &Choice| {
            choice.next.iter().map(|next| next.chance * next.discount).sum::<f64>() < 1.0 - SLACK
        };
        let mut safe: Vec<bool> = self.states.iter().map(Vec::is_empty).collect();
        loop {
            let mut grew = false;
            for (at, choices) in self.states.iter().enumerate() {
                let all = || {
                    choices.iter().all(|choice| {
                        loses(choice) || choice.next.iter().any(|next| 0.0 < next.chance && safe[next.to])
                    })
                };
                if !safe[at] && all() {
                    safe[at] = true;
                    grew = true;
                }
            }
            if !grew {
                return safe.iter().position(|safe| !safe);
            }
        }
    }

    /// What a choice is worth, given what states are worth.
    pub fn worth(&self, choice: &Choice, values: &[f64]) -> f64 {
        let onward = |next: &Transition| next.chance * next.discount * values[next.to];
        choice.reward + choice.next.iter().map(onward).sum::<f64>()
    }

    /// The choices of a state.
    pub fn choices(&self, state: usize) -> &[Choice] {
        self.states.get(state).map(Vec::as_slice).unwrap_or_default()
    }

    fn best(&self, state: usize, values: &[f64]) -> Option<(usize, f64)> {
        let worths = self.states[state].iter().map(|choice| self.worth(choice, values)).enumerate();
        worths.fold(None, |best: Option<(usize, f64)>, (at, worth)| match best {
            Some((_, known)) if worth <= known => best,
            _ => Some((at, worth)),
        })
    }

    /// Value iteration, each state updated in place, until every value is within `tolerance` of the truth.
    ///
    /// Stops when a sweep changes nothing by more than ε(1−γ)/(2γ), γ being the contraction of the process; where that
    /// bound is too weak to help (γ close to 1) the rest is solved exactly. O(sweeps × transitions).
    pub fn value_iteration(&self, tolerance: f64) -> Solution {
        let gamma = self.contraction;
        let small = if gamma < 1.0 { tolerance * (1.0 - gamma) / (2.0 * gamma.max(TINY)) } else { 0.0 };
        let mut values = vec![0.0; self.states.len()];
        for sweep in 1..=MAX_SWEEPS {
            let mut largest = 0.0_f64;
            // Backwards, since journeys mostly lead forwards.
            for state in (0..self.states.len()).rev() {
                let worth = self.best(state, &values).map_or(0.0, |(_, worth)| worth);
                largest = largest.max((worth - values[state]).abs());
                values[state] = worth;
            }
            if largest <= small {
                let choices = self.greedy(&values);
                return Solution { values, choices, rounds: sweep };
            }
        }
        let start = self.greedy(&values);
        self.improve(start)
    }

    fn greedy(&self, values: &[f64]) -> Vec<Option<usize>> {
        (0..self.states.len()).map(|state| self.best(state, values).map(|(at, _)| at)).collect()
    }

    /// Policy iteration: solves each policy exactly and improves it until nothing improves. O(rounds × states³).
    pub fn policy_iteration(&self) -> Solution {
        let first = self.states.iter().map(|choices| (!choices.is_empty()).then_some(0)).collect();
        self.improve(first)
    }

    fn improve(&self, mut choices: Vec<Option<usize>>) -> Solution {
        let mut values = self.evaluate(&choices);
        for round in 1..=MAX_ROUNDS {
            let mut stable = true;
            for state in 0..self.states.len() {
                let Some((best, worth)) = self.best(state, &values) else { continue };
                let scale = values[state].abs().max(1.0);
                if values[state] + 1e-11 * scale < worth && choices[state] != Some(best) {
                    choices[state] = Some(best);
                    stable = false;
                }
            }
            if stable {
                return Solution { values, choices, rounds: round };
            }
            values = self.evaluate(&choices);
        }
        Solution { values, choices, rounds: MAX_ROUNDS }
    }

    /// The exact values of a policy: (I − γP) v = r.
    fn evaluate(&self, choices: &[Option<usize>]) -> Vec<f64> {
        let n = self.states.len();
        let mut cells = vec![0.0; n * n];
        let mut right = vec![0.0; n];
        for (state, choice) in choices.iter().enumerate() {
            cells[state * n + state] = 1.0;
            let Some(choice) = choice.and_then(|at| self.states[state].get(at)) else { continue };
            right[state] = choice.reward;
            for next in &choice.next {
                cells[state * n + next.to] -= next.chance * next.discount;
            }
        }
        // INVARIANT: `new` refused processes that keep everything for ever, so the matrix has an inverse.
        Factored::new(n, cells).map_or(right.clone(), |factored| factored.solve(&right))
    }
}

const SLACK: f64 = 1e-9;
const TINY: f64 = 1e-300;
const MAX_SWEEPS: usize = 2_000;
const MAX_ROUNDS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use apropos_event::draw;

    /// A random process: up to 50 states, up to 4 choices, up to 5 ways on; some undiscounted.
    fn random(seed: u64) -> DecisionProcess {
        let mut slot = 0;
        let mut next = |upto: u64| {
            slot += 1;
            draw::bits(seed, "process", slot) % upto
        };
        let n = 1 + next(50) as usize;
        let states = (0..n).map(|_| {
            (0..next(5))
                .map(|_| {
                    let ways = next(6) as usize;
                    let weights: Vec<f64> = (0..ways).map(|_| 1.0 + next(100) as f64).collect();
                    let total: f64 = weights.iter().sum::<f64>() * (1.0 + next(3) as f64 / 20.0);
                    let discount = [0.5, 0.9, 0.99, 0.999][next(4) as usize];
                    let reward = next(2_001) as f64 / 100.0 - 10.0;
                    let way = |weight: f64| Transition { to: 0, chance: weight / total, discount };
                    let mut ways: Vec<Transition> = weights.into_iter().map(way).collect();
                    for way in &mut ways {
                        way.to = next(n as u64) as usize;
                    }
                    Choice { reward, next: ways }
                })
                .collect()
        });
        DecisionProcess::new(states.collect()).unwrap()
    }

    #[test]
    fn value_iteration_equals_policy_iteration_on_a_thousand_random_graphs() {
        for seed in 0..1_000 {
            let process = random(seed);
            let (fast, exact) = (process.value_iteration(1e-7), process.policy_iteration());
            for (state, (a, b)) in fast.values.iter().zip(&exact.values).enumerate() {
                assert!((a - b).abs() < 1e-6, "seed {seed}, state {state}: {a} and {b}");
            }
        }
    }

    #[test]
    fn a_process_that_may_go_on_for_ever_is_refused() {
        let stay = Choice { reward: 1.0, next: vec![Transition { to: 0, chance: 1.0, discount: 1.0 }] };
        assert_eq!(DecisionProcess::new(vec![vec![stay]]), Err(ProcessError::Endless { from: 0 }));
    }
}
