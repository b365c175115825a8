//! The catalogue as the pipeline walks through it: names turned into places, and texts made once.
//!
//! Everything here follows from the definitions; none of it is a rule. Not here: the definitions, see `catalogue`.

use apropos_condition::{AttributeId, Schema};
use apropos_context::{ChannelDefinition, Channels, Direction};
use apropos_event::ChannelId;

use crate::component::Component;
use crate::definition::{ActionDefinition, CatalogueDefinition, LimitDefinition};
use crate::stage::Treatment;

/// What follows from the definitions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// The channels that treatments name, each once.
    pub(crate) channels: Vec<Channel>,
    /// For each action its treatments.
    pub(crate) ways: Vec<Vec<Way>>,
    /// For each action what it uses, if anything is scarce about it.
    pub(crate) uses: Vec<Option<Resource>>,
    /// For each action its place in the order of the names.
    pub(crate) ranks: Vec<u32>,
    /// For each rank its action.
    pub(crate) by_rank: Vec<u32>,
    /// `eligible[0]` and so on, for each of the first three rulesets.
    pub(crate) conditions: [Vec<Component>; 3],
    /// The names of the limits.
    pub(crate) limits: Vec<Component>,
    /// Whether anything needs the customer's agreement before it is refused by none: a channel, or personal content.
    pub(crate) needs_consent: bool,
}

/// A channel that treatments name.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    /// What the inventory says of it.
    pub(crate) known: Option<ChannelDefinition>,
    pub(crate) component: Component,
    /// What an interruption by it costs a customer who has heard nothing else.
    pub(crate) price: f64,
}

/// One way to carry out one action.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) treatment: Treatment,
    /// The place of its channel.
    pub(crate) channel: usize,
    /// The places of the limits that concern it.
    pub(crate) limits: Vec<usize>,
}

/// A resource of which an action uses one unit.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) name: Component,
    /// Where the moment says how many are left.
    pub(crate) left: Option<AttributeId>,
    /// Where the moment says what a unit is worth elsewhere.
    pub(crate) price: Option<AttributeId>,
    /// How many are left when the moment does not say.
    pub(crate) declared: i64,
}

impl Layout {
    pub(crate) fn new(
        definition: &CatalogueDefinition,
        channels: &Channels,
        interruption: f64,
        schema: &Schema,
    ) -> Self {
        let mut layout = Self { limits: names(definition.policy.limits.iter()), ..Self::default() };
        for action in &definition.actions {
            let ways = action.treatments.iter().map(|treatment| {
                let channel = layout.channel(&treatment.channel, channels, interruption);
                let limits = definition.policy.limits.iter().enumerate();
                let limits = limits.filter(|(_, limit)| concerns(limit, action, &treatment.channel));
                Way {
                    treatment: Treatment {
                        channel: treatment.channel.clone(),
                        placement: treatment.placement.clone(),
                    },
                    channel,
                    limits: limits.map(|(at, _)| at).collect(),
                }
            });
            let ways = ways.collect();
            layout.ways.push(ways);
            layout.uses.push(action.uses.as_ref().map(|name| Resource {
                name: Component::new(name),
                left: schema.id(&format!("resource.{name}")),
                price: schema.id(&format!("resource.{name}.price")),
                declared: definition.resources.get(name).map_or(0, |left| i64::from(*left)),
            }));
        }
        let asks = |channel: &Channel| channel.known.as_ref().is_some_and(|known| known.needs_consent);
        layout.needs_consent =
            layout.channels.iter().any(asks) || definition.actions.iter().any(|action| action.personal);
        layout.rank(definition);
        layout.number(definition);
        layout
    }

    fn channel(&mut self, id: &ChannelId, channels: &Channels, interruption: f64) -> usize {
        if let Some(at) = self.channels.iter().position(|channel| channel.id == *id) {
            return at;
        }
        let known = channels.get(id).cloned();
        let own = known.as_ref().map_or(0.0, |known| known.interruption);
        self.channels.push(Channel {
            id: id.clone(),
            known,
            component: Component::new(id.as_str()),
            price: if 0.0 < own { own } else { interruption },
        });
        self.channels.len() - 1
    }

    fn rank(&mut self, definition: &CatalogueDefinition) {
        let actions = &definition.actions;
        self.by_rank = (0..actions.len() as u32).collect();
        let id = |at: &u32| actions.get(*at as usize).map(|action| &action.id);
        self.by_rank.sort_by(|a, b| id(a).cmp(&id(b)));
        self.ranks = vec![0; actions.len()];
        for (rank, action) in self.by_rank.iter().enumerate() {
            if let Some(place) = self.ranks.get_mut(*action as usize) {
                *place = rank as u32;
            }
        }
    }

    /// Names as many conditions as any action can have, its group's included.
    fn number(&mut self, definition: &CatalogueDefinition) {
        let (actions, groups) = (&definition.actions, &definition.groups);
        let names = |name: &str, own: usize, shared: usize| -> Vec<Component> {
            (0..own + shared).map(|number| Component::new(&format!("{name}[{number}]"))).collect()
        };
        self.conditions = [
            names(
                "eligible",
                most(actions.iter().map(|action| action.eligible.len())),
                most(groups.iter().map(|group| group.eligible.len())),
            ),
            names(
                "applicable",
                most(actions.iter().map(|action| action.applicable.len())),
                most(groups.iter().map(|group| group.applicable.len())),
            ),
            names(
                "suitable",
                most(actions.iter().map(|action| action.suitable.len())),
                most(groups.iter().map(|group| group.suitable.len())),
            ),
        ];
    }

    /// The treatments of an action.
    pub(crate) fn ways(&self, action: usize) -> &[Way] {
        self.ways.get(action).map_or(&[], Vec::as_slice)
    }

    /// Whether the customer may be reached on a channel without that costing anything: a contact then counts as an
    /// interruption, since its score cannot tell it from an answer.
    pub(crate) fn reaches_out_for_nothing(&self, id: &ChannelId) -> bool {
        self.channels
            .iter()
            .filter(|channel| channel.id == *id && channel.price == 0.0)
            .any(|channel| channel.known.as_ref().is_some_and(|known| known.direction != Direction::Inbound))
    }

    /// The name of a condition.
    pub(crate) fn condition(&self, ruleset: usize, number: usize) -> Component {
        // INVARIANT: as many are named as any action has.
        let known = self.conditions.get(ruleset).and_then(|names| names.get(number));
        known.cloned().unwrap_or(Component::fixed("conditions"))
    }

    /// The name of a channel.
    pub(crate) fn channel_name(&self, at: usize) -> Component {
        self.channels.get(at).map_or(Component::fixed("treatments"), |channel| channel.component.clone())
    }

    /// The name of the resource that an action uses.
    pub(crate) fn resource_name(&self, action: usize) -> Component {
        let resource = self.uses.get(action).and_then(Option::as_ref);
        resource.map_or(Component::fixed("resources"), |resource| resource.name.clone())
    }

    /// The name of a limit.
    pub(crate) fn limit(&self, at: usize) -> Component {
        self.limits.get(at).cloned().unwrap_or(Component::fixed("limits"))
    }
}

fn most(counts: impl Iterator<Item = usize>) -> usize {
    counts.max().unwrap_or(0)
}

fn names<'a>(limits: impl Iterator<Item = &'a LimitDefinition>) -> Vec<Component> {
    limits.map(|limit| Component::new(&limit.name)).collect()
}

/// Whether a limit speaks of an action on a channel.
pub(crate) fn concerns(limit: &LimitDefinition, action: &ActionDefinition, channel: &ChannelId) -> bool {
    limit.channel.as_ref().is_none_or(|known| known == channel)
        && limit.class.is_none_or(|class| class == action.class)
        && (limit.group.is_none() || limit.group == action.group)
}
