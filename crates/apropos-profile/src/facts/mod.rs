//! What a profile supplies to conditions: the attributes, and writing their values into a row of facts.
//!
//! Not here: the values themselves, which the other modules work out.

mod attributes;
mod plan;
mod write;

use std::collections::BTreeSet;

use apropos_condition::{AttributeId, Schema, SymbolId};
use apropos_event::{ChannelId, Purpose};

use crate::facts::plan::Plan;
use crate::rules::ProfileRules;
use crate::standing::ConsentState;

/// Where each attribute of a profile stands in one schema: made once, so that writing facts looks up no names.
///
/// Attributes that the schema does not declare are left out, and cost nothing.
#[derive(Clone, Debug, Default)]
pub struct ProfileBinding {
    /// Trait number and attribute.
    pub(crate) traits: Vec<(usize, AttributeId)>,
    pub(crate) consent: Vec<ConsentSlot>,
    pub(crate) states: Vec<(usize, AttributeId)>,
    pub(crate) plan: Plan,
    pub(crate) signs: Vec<(usize, AttributeId)>,
    pub(crate) fixed: Fixed,
    pub(crate) sections: Sections,
}

/// Which parts of a profile anybody reads, apart from what is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sections {
    pub(crate) traits: bool,
    pub(crate) consent: bool,
    pub(crate) rest: bool,
}

/// One permission that is written.
#[derive(Clone, Debug)]
pub(crate) struct ConsentSlot {
    pub(crate) purpose: Purpose,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) marketing: bool,
    pub(crate) allowed: Option<AttributeId>,
    pub(crate) state: Option<AttributeId>,
    /// The symbols of the states, in their order.
    pub(crate) symbols: [Option<SymbolId>; 4],
}

macro_rules! fixed {
    ($($field:ident = $name:literal),* $(,)?) => {
        /// The attributes that every profile has.
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct Fixed {
            $(pub(crate) $field: Option<AttributeId>,)*
        }

        impl Fixed {
            fn bind(schema: &Schema) -> Self {
                Self { $($field: schema.id($name),)* }
            }

            fn only(&mut self, wanted: &BTreeSet<AttributeId>) {
                $(self.$field = self.$field.filter(|id| wanted.contains(id));)*
            }
        }
    };
}

fixed! {
    told = "profile.told",
    known = "profile.known",
    members = "profile.members",
    goals = "profile.goals",
    likes = "profile.likes",
    dislikes = "profile.dislikes",
    preferred_channel = "profile.preferred_channel",
    open_cases = "profile.open_cases",
    open_promises = "profile.open_promises",
    spent = "profile.value.spent",
    margin = "profile.value.margin",
    purchases = "profile.value.purchases",
    recency = "profile.value.recency_days",
    frequency = "profile.value.frequency",
    monetary = "profile.value.monetary",
    gained_company = "profile.benefit.company",
    gained_customer = "profile.benefit.customer",
    protected = "consent.protected",
    resting = "consent.resting",
    blocked = "consent.blocked_channels",
    less_actions = "consent.less_actions",
    less_groups = "consent.less_groups",
    less_topics = "consent.less_topics",
    events = "history.events",
    days_since_last = "history.days_since_last",
    last_channel = "history.last_channel",
}

impl ProfileBinding {
    /// The same binding for readers of `wanted` only: every other attribute is passed over, with the work of finding it
    /// out.
    #[must_use]
    pub fn only(mut self, wanted: &BTreeSet<AttributeId>) -> Self {
        let wants = |id: &AttributeId| wanted.contains(id);
        for slots in [&mut self.traits, &mut self.states, &mut self.signs] {
            slots.retain(|(_, id)| wants(id));
        }
        for slot in &mut self.consent {
            slot.allowed = slot.allowed.filter(wants);
            slot.state = slot.state.filter(wants);
        }
        self.consent.retain(|slot| slot.allowed.is_some() || slot.state.is_some());
        self.fixed.only(wanted);
        self.plan = self.plan.only(wanted);
        self.sectioned()
    }

    /// The same, knowing which parts are wanted.
    fn sectioned(mut self) -> Self {
        let Fixed {
            told, known, protected, resting, blocked, less_actions, less_groups, less_topics, ..
        } = self.fixed;
        let Fixed { days_since_last, last_channel, members, goals, likes, dislikes, .. } = self.fixed;
        let Fixed { preferred_channel, open_cases, open_promises, .. } = self.fixed;
        let any = |facts: &[Option<AttributeId>]| facts.iter().any(Option::is_some);
        let said = [protected, resting, blocked, less_actions, less_groups, less_topics];
        let lists = [goals, likes, dislikes, preferred_channel, open_cases, open_promises];
        self.sections = Sections {
            traits: !self.traits.is_empty() || any(&[told, known]),
            consent: !self.consent.is_empty() || !self.states.is_empty() || any(&said),
            rest: any(&[days_since_last, last_channel, members]) || any(&lists),
        };
        self
    }
}

impl ProfileRules {
    /// Finds the attributes of [`ProfileRules::attributes`] and the registered counters in a schema.
    pub fn bind(&self, schema: &Schema) -> ProfileBinding {
        let names = self.traits.iter().map(|known| format!("profile.{}", known.name));
        let states = self.states.iter().map(|state| format!("consent.protected.{state}"));
        let signs = self.definition.advocacy.iter().map(|sign| attributes::sign_name(sign.signal));
        let fixed = Fixed::bind(schema);
        let binding = ProfileBinding {
            sections: Sections::default(),
            traits: find(names, schema),
            consent: self.consent_slots(schema),
            states: find(states, schema),
            plan: self.plan(schema, &fixed),
            signs: find(signs, schema),
            fixed,
        };
        binding.sectioned()
    }

    fn consent_slots(&self, schema: &Schema) -> Vec<ConsentSlot> {
        let symbols = ConsentState::ALL.map(|state| schema.symbol(state.as_str()));
        let mut slots = Vec::new();
        let mut add =
            |purpose: Purpose, channel: Option<&ChannelId>, marketing: bool, allowed: &str, state: &str| {
                let (allowed, state) = (schema.id(allowed), schema.id(state));
                if allowed.is_some() || state.is_some() {
                    slots.push(ConsentSlot {
                        purpose,
                        channel: channel.cloned(),
                        marketing,
                        allowed,
                        state,
                        symbols,
                    });
                }
            };
        for purpose in Purpose::ALL {
            add(purpose, None, false, &format!("consent.{purpose}"), &format!("consent.state.{purpose}"));
            for channel in &self.definition.consent.channels {
                let (allowed, state) = attributes::consent_names(purpose, channel);
                add(purpose, Some(channel), false, &allowed, &state);
            }
        }
        add(Purpose::Contact, None, true, "consent.marketing", "consent.state.marketing");
        slots
    }
}

fn find(names: impl Iterator<Item = String>, schema: &Schema) -> Vec<(usize, AttributeId)> {
    names.enumerate().filter_map(|(at, name)| schema.id(&name).map(|id| (at, id))).collect()
}
