//! The catalogue as the pipeline walks through it: names turned into places, and texts made once.
//!
//! Everything here follows from the definitions; none of it is a rule. Not here: the definitions, see `catalogue`.

use std::sync::Arc;

use apropos_condition::{AttributeId, Schema};
use apropos_context::{ChannelDefinition, Channels, Direction};
use apropos_event::{ActionId, ChannelId, draw};

use crate::SILENCE;
use crate::catalogue::float;
use crate::component::Component;
use crate::definition::{ActionDefinition, CatalogueDefinition, GroupDefinition, LimitDefinition};
use crate::names::{Fixed, Named, Names, Part, Run};
use crate::stage::Treatment;

/// What follows from the definitions.
#[derive(Clone, Debug)]
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
    /// The hash of each action's name, in order, with the action.
    by_hash: Vec<(u64, u32)>,
    /// What records call everything.
    pub(crate) names: Arc<Names>,
    /// `eligible[0]` and so on, for each of the first three rulesets.
    conditions: [Run; 3],
    limits: Run,
    /// Whether anything needs the customer's agreement before it is refused by none: a channel, or personal content.
    pub(crate) needs_consent: bool,
}

/// A channel that treatments name.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    /// What the inventory says of it.
    pub(crate) known: Option<ChannelDefinition>,
    pub(crate) part: Part,
    /// What an interruption by it costs a customer who has heard nothing else.
    pub(crate) price: f64,
}

/// One way to carry out one action.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// The place of the treatment among the names.
    pub(crate) treatment: u32,
    /// The place of its channel.
    pub(crate) channel: usize,
    /// What it costs on top of the action.
    pub(crate) cost: f64,
    /// The places of the limits that concern it.
    pub(crate) limits: Vec<usize>,
}

/// A resource of which an action uses one unit.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) part: Part,
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
        let mut names = Names::default();
        let limits = definition.policy.limits.iter().map(|limit| Component::new(&limit.name));
        let limits = names.add_all(limits, Fixed::Limits);
        let conditions = conditions(definition, &mut names);
        let mut layout = Self {
            channels: Vec::new(),
            ways: Vec::new(),
            uses: Vec::new(),
            ranks: Vec::new(),
            by_rank: Vec::new(),
            by_hash: Vec::new(),
            names: Arc::default(),
            conditions,
            limits,
            needs_consent: false,
        };
        for action in &definition.actions {
            let ways = action.treatments.iter();
            let ways = ways.map(|treatment| {
                let channel = layout.channel(&treatment.channel, channels, interruption, &mut names);
                let limits = definition.policy.limits.iter().enumerate();
                let limits = limits.filter(|(_, limit)| concerns(limit, action, &treatment.channel));
                let limits = limits.map(|(at, _)| at).collect();
                names.treatments.push(Treatment {
                    channel: treatment.channel.clone(),
                    placement: treatment.placement.clone(),
                });
                let treatment_at = names.treatments.len() as u32 - 1;
                Way { treatment: treatment_at, channel, cost: float(treatment.cost), limits }
            });
            let ways = ways.collect();
            layout.ways.push(ways);
            layout.uses.push(action.uses.as_ref().map(|name| Resource {
                part: names.add(Component::new(name)),
                left: schema.id(&format!("resource.{name}")),
                price: schema.id(&format!("resource.{name}.price")),
                declared: definition.resources.get(name).map_or(0, |left| i64::from(*left)),
            }));
            names.actions.push(Named { id: action.id.clone(), class: Some(action.class) });
        }
        names.actions.push(Named { id: silence(), class: None });
        layout.names = Arc::new(names);
        let asks = |channel: &Channel| channel.known.as_ref().is_some_and(|known| known.needs_consent);
        layout.needs_consent =
            layout.channels.iter().any(asks) || definition.actions.iter().any(|action| action.personal);
        layout.rank(definition);
        layout
    }

    fn channel(
        &mut self,
        id: &ChannelId,
        channels: &Channels,
        interruption: f64,
        names: &mut Names,
    ) -> usize {
        if let Some(at) = self.channels.iter().position(|channel| channel.id == *id) {
            return at;
        }
        let known = channels.get(id).cloned();
        let own = known.as_ref().map_or(0.0, |known| known.interruption);
        self.channels.push(Channel {
            id: id.clone(),
            known,
            part: names.add(Component::new(id.as_str())),
            price: if 0.0 < own { own } else { interruption },
        });
        self.channels.len() - 1
    }

    fn rank(&mut self, definition: &CatalogueDefinition) {
        let actions = &definition.actions;
        self.by_rank = (0..actions.len() as u32).collect();
        let id = |at: &u32| actions.get(*at as usize).map(|action| &action.id);
        self.by_rank.sort_by(|a, b| id(a).cmp(&id(b)));
        self.by_hash = (0_u32..).zip(actions).map(|(at, action)| (hash_of(&action.id), at)).collect();
        self.by_hash.sort_unstable();
        self.ranks = vec![0; actions.len()];
        for (rank, action) in self.by_rank.iter().enumerate() {
            if let Some(place) = self.ranks.get_mut(*action as usize) {
                *place = rank as u32;
            }
        }
    }

    /// The place of an action in the author's order. O(log actions).
    pub(crate) fn position(&self, id: &ActionId) -> Option<usize> {
        let hash = hash_of(id);
        let first = self.by_hash.partition_point(|(known, _)| *known < hash);
        let same = self.by_hash.get(first..)?.iter().take_while(|(known, _)| *known == hash);
        let mut same = same.map(|(_, action)| *action as usize);
        same.find(|action| self.names.actions.get(*action).is_some_and(|named| named.id == *id))
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

    /// The part that a condition is.
    pub(crate) fn condition(&self, ruleset: usize, number: usize) -> Part {
        self.conditions.get(ruleset).map_or(Fixed::Conditions.into(), |run| run.part(number))
    }

    /// The part that a limit is.
    pub(crate) fn limit(&self, at: usize) -> Part {
        self.limits.part(at)
    }

    /// The part that a channel is.
    pub(crate) fn channel_part(&self, at: usize) -> Part {
        self.channels.get(at).map_or(Fixed::Treatments.into(), |channel| channel.part)
    }
}

/// Names as many conditions as any action can have, its group's included.
fn conditions(definition: &CatalogueDefinition, names: &mut Names) -> [Run; 3] {
    let (actions, groups) = (&definition.actions, &definition.groups);
    let most = |own: fn(&ActionDefinition) -> usize, shared: fn(&GroupDefinition) -> usize| {
        actions.iter().map(own).max().unwrap_or(0) + groups.iter().map(shared).max().unwrap_or(0)
    };
    let mut add = |name: &str, most: usize| {
        let all = (0..most).map(|number| Component::new(&format!("{name}[{number}]")));
        names.add_all(all, Fixed::Conditions)
    };
    [
        add("eligible", most(|action| action.eligible.len(), |group| group.eligible.len())),
        add("applicable", most(|action| action.applicable.len(), |group| group.applicable.len())),
        add("suitable", most(|action| action.suitable.len(), |group| group.suitable.len())),
    ]
}

fn hash_of(id: &ActionId) -> u64 {
    draw::stable_hash(0, id.as_str().as_bytes())
}

/// The name of silence among the actions.
fn silence() -> ActionId {
    // INVARIANT: `silence` is a name; the number only spares the library a panic.
    ActionId::new(SILENCE).unwrap_or_else(|_| ActionId::from_number(0))
}

/// Whether a limit speaks of an action on a channel.
pub(crate) fn concerns(limit: &LimitDefinition, action: &ActionDefinition, channel: &ChannelId) -> bool {
    limit.channel.as_ref().is_none_or(|known| known == channel)
        && limit.class.is_none_or(|class| class == action.class)
        && (limit.group.is_none() || limit.group == action.group)
}
