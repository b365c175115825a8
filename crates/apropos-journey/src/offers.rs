//! What may be offered now: the actions of the nodes where a customer stands, of promises at risk, of open repairs.
//!
//! Not here: whether an offer is worth making, or allowed by other policies.

use apropos_event::{ActionId, JourneyId, NodeId, PromiseId, Timestamp};

use crate::effect::EffectKey;
use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState, PromiseStatus, Status};

/// One action that may be offered now, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// The action.
    pub action: &'a ActionId,
    /// Where it comes from.
    pub source: OfferSource<'a>,
    /// Until when, if known.
    pub until: Option<Timestamp>,
    /// Names the occasion: offering the same action twice under one key is offering it twice on one occasion.
    pub key: EffectKey,
}

/// Where an offer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfferSource<'a> {
    /// A node of a journey.
    Journey {
        /// The journey.
        journey: &'a JourneyId,
        /// The node.
        node: &'a NodeId,
        /// Whether the node demands the action.
        demanded: bool,
    },
    /// A promise at risk, before it breaks.
    AtRisk {
        /// The promise.
        promise: &'a PromiseId,
    },
    /// The repair of a broken promise.
    Repair {
        /// The promise.
        promise: &'a PromiseId,
    },
}

/// What the journeys say about one action now. Later variants outrank earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// No journey has a say: it may be offered.
    #[default]
    Free,
    /// A journey owns the action and does not offer it now.
    NotNow,
    /// A journey offers it now.
    Offered,
    /// A promise at risk raises it.
    Raised,
    /// It repairs a broken promise.
    Repairs,
    /// A journey demands it now.
    Demanded,
}

impl Standing {
    /// Whether the action may be offered now.
    pub fn allows(self) -> bool {
        self != Self::NotNow
    }
}

/// The host's actions as the rules see them: bound once for each engine.
#[derive(Clone, Debug, Default)]
pub struct ActionBinding {
    base: Vec<Standing>,
    /// For each plan and node: the places of its actions.
    nodes: Vec<Vec<Vec<u32>>>,
    /// For each promise: the places of what it raises and what repairs it.
    promises: Vec<(Vec<u32>, Vec<u32>)>,
}

impl JourneyRules {
    /// Everything that may be offered to this customer now because of a journey or promise, in order of entry.
    pub fn offers<'a>(&'a self, state: &'a JourneyState) -> impl Iterator<Item = Offer<'a>> {
        let journeys = state.instances.iter().flat_map(move |instance| self.offers_of(state, instance));
        let promises = state.promises.iter().flat_map(move |owed| {
            let promise = self.promise(&owed.promise).map(|(_, promise)| promise);
            let raised = promise.filter(|_| owed.status == PromiseStatus::AtRisk);
            let raised = raised.map(|promise| (promise.raises.as_slice(), false));
            let repair = promise.filter(|_| owed.repairing).and_then(|promise| promise.repair.as_ref());
            let repair = repair.map(|repair| (repair.actions.as_slice(), true));
            raised.into_iter().chain(repair).flat_map(move |(actions, repairs)| {
                actions.iter().enumerate().map(move |(slot, action)| Offer {
                    action,
                    source: if repairs {
                        OfferSource::Repair { promise: &owed.promise }
                    } else {
                        OfferSource::AtRisk { promise: &owed.promise }
                    },
                    until: (!repairs).then_some(owed.due),
                    key: EffectKey {
                        subject: state.subject,
                        instance: owed.id,
                        visit: u32::from(repairs),
                        slot: slot as u16,
                    },
                })
            })
        });
        journeys.chain(promises)
    }

    fn offers_of<'a>(
        &'a self,
        state: &'a JourneyState,
        instance: &'a Instance,
    ) -> impl Iterator<Item = Offer<'a>> {
        let active = instance.status == Status::Active && instance.parked.is_none();
        let plan = self.plan_of(instance).filter(|_| active).map(|(_, plan)| plan);
        let wait = plan.and_then(|plan| plan.wait(instance.node));
        plan.zip(wait).into_iter().flat_map(move |(plan, wait)| {
            wait.actions.iter().enumerate().map(move |(slot, action)| Offer {
                action,
                source: OfferSource::Journey {
                    journey: &plan.id,
                    node: &plan.names[usize::from(instance.node)],
                    demanded: wait.demanded,
                },
                until: instance.due(),
                key: EffectKey {
                    subject: state.subject,
                    instance: instance.id,
                    visit: instance.visit,
                    slot: slot as u16,
                },
            })
        })
    }

    /// Finds the rules' actions among the host's.
    pub fn bind_actions(&self, actions: &[ActionId]) -> ActionBinding {
        let mut sorted: Vec<(&ActionId, u32)> = actions.iter().zip(0..).collect();
        sorted.sort();
        let places = |wanted: &[ActionId]| -> Vec<u32> {
            let place = |action: &ActionId| {
                sorted.binary_search_by(|(known, _)| (*known).cmp(action)).ok().map(|at| sorted[at].1)
            };
            wanted.iter().filter_map(place).collect()
        };
        let owned = |action: &ActionId| self.owned.binary_search(action).is_ok();
        ActionBinding {
            base: actions
                .iter()
                .map(|action| if owned(action) { Standing::NotNow } else { Standing::Free })
                .collect(),
            nodes: self
                .plans
                .iter()
                .map(|plan| {
                    let actions = |at| plan.wait(at).map(|wait| places(&wait.actions)).unwrap_or_default();
                    (0..plan.nodes.len() as u16).map(actions).collect()
                })
                .collect(),
            promises: self
                .promises
                .iter()
                .map(|promise| {
                    let repair =
                        promise.repair.as_ref().map(|repair| places(&repair.actions)).unwrap_or_default();
                    (places(&promise.raises), repair)
                })
                .collect(),
        }
    }

    /// Writes the standing of every bound action into `standings`, in the order they were bound. No look-up by text,
    /// no allocation once `standings` is large enough.
    pub fn standings(&self, state: &JourneyState, binding: &ActionBinding, standings: &mut Vec<Standing>) {
        standings.clear();
        standings.extend_from_slice(&binding.base);
        let mut raise = |places: &[u32], standing: Standing| {
            for place in places {
                if let Some(known) = standings.get_mut(*place as usize) {
                    *known = (*known).max(standing);
                }
            }
        };
        for instance in &state.instances {
            if instance.status != Status::Active || instance.parked.is_some() {
                continue;
            }
            let Some((at, plan)) = self.plan_of(instance) else { continue };
            let places =
                binding.nodes.get(usize::from(at)).and_then(|nodes| nodes.get(usize::from(instance.node)));
            let demanded = plan.wait(instance.node).is_some_and(|wait| wait.demanded);
            let standing = if demanded { Standing::Demanded } else { Standing::Offered };
            raise(places.map(Vec::as_slice).unwrap_or_default(), standing);
        }
        for owed in &state.promises {
            let at_risk = owed.status == PromiseStatus::AtRisk;
            if !at_risk && !owed.repairing {
                continue;
            }
            let Some((at, _)) = self.promise(&owed.promise) else { continue };
            let Some((raises, repairs)) = binding.promises.get(usize::from(at)) else { continue };
            if at_risk {
                raise(raises, Standing::Raised);
            }
            if owed.repairing {
                raise(repairs, Standing::Repairs);
            }
        }
    }
}
