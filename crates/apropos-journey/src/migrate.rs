//! Moving instances from one version to another: an explicit map of every node, checked, with a dry run.
//!
//! Not here: editing a version. Versions are immutable.

use std::collections::BTreeMap;

use apropos_condition::Facts;
use apropos_event::{NodeId, Path, Problem, Problems, Timestamp, did_you_mean};

use crate::compile::plan::Target;
use crate::compile::{LEFT, Plan};
use crate::definition::MigrationDefinition;
use crate::effect::Advance;
use crate::rules::JourneyRules;
use crate::state::{Instance, JourneyState};
use crate::step::Run;

/// A checked migration.
#[derive(Clone, Debug)]
pub struct Migration {
    from: u16,
    to: u16,
    /// For every node of the old version where its instances go.
    map: Vec<Target>,
}

/// How many instances would land where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// For every old and new node (`exit` for leaving): how many instances.
    pub lands: BTreeMap<(NodeId, NodeId), u64>,
    /// How many instances of other journeys and versions would stay as they are.
    pub untouched: u64,
}

impl Migration {
    /// Checks that both versions exist and that every node on which an instance can stand has a place to go.
    /// `None`, with problems added, when it is refused.
    pub fn compile(
        definition: &MigrationDefinition,
        rules: &JourneyRules,
        problems: &mut Problems,
    ) -> Option<Self> {
        let path = Path::root().key("nodes");
        let before = problems.len();
        let mut version = |number: u32, field: &str| {
            let at = rules.find(&definition.journey, number);
            if at.is_none() {
                let message = format!("journey `{}` has no version {number}", definition.journey);
                problems.push(Problem::error("journey/unknown-version", Path::root().key(field), message));
            }
            at
        };
        let (from, to) = version(definition.from, "from").zip(version(definition.to, "to"))?;
        let (old, new) = (rules.plan(from)?, rules.plan(to)?);
        let mut map = Vec::with_capacity(old.nodes.len());
        for (at, name) in old.names.iter().enumerate() {
            map.push(place(definition, old, new, at, name, &path, problems));
        }
        for name in definition.nodes.keys().filter(|name| !old.names.contains(name)) {
            let message = format!("version {} has no node `{name}`", definition.from);
            let mut problem = Problem::error("journey/unknown-node", path.key(name.as_str()), message);
            problem.help = did_you_mean(name.as_str(), old.names.iter().map(NodeId::as_str));
            problems.push(problem);
        }
        (problems.len() == before).then_some(Self { from, to, map })
    }
}

fn place(
    definition: &MigrationDefinition,
    old: &Plan,
    new: &Plan,
    at: usize,
    name: &NodeId,
    path: &Path,
    problems: &mut Problems,
) -> Target {
    let exit = Target::Exit(new.outcome(LEFT).unwrap_or(0));
    match definition.nodes.get(name) {
        Some(to) if to.as_str() == "exit" => exit,
        Some(to) => {
            if let Some(at) = new.names.iter().position(|known| known == to) {
                return Target::Node(at as u16);
            }

            let message = format!("version {} has no node `{to}`", definition.to);
            let mut problem = Problem::error("journey/unknown-node", path.key(name.as_str()), message);
            problem.help = did_you_mean(to.as_str(), new.names.iter().map(NodeId::as_str));
            problems.push(problem);
            exit
        }
        None => {
            if old.wait(at as u16).is_some() {
                let message = format!("nothing says where instances at `{name}` go");
                problems.push(
                    Problem::error("journey/migration-not-total", path.clone(), message)
                        .with_help("name a node of the new version, or `exit`"),
                );
            }
            exit
        }
    }
}

impl JourneyRules {
    /// Says how many instances of `states` would land where, and changes nothing. O(instances).
    pub fn migration_dry_run<'a>(
        &self,
        migration: &Migration,
        states: impl IntoIterator<Item = &'a JourneyState>,
    ) -> MigrationReport {
        let mut report = MigrationReport::default();
        let (Some(old), Some(new)) = (self.plan(migration.from), self.plan(migration.to)) else {
            return report;
        };
        for instance in states.into_iter().flat_map(|state| &state.instances) {
            let from =
                old.names.get(usize::from(instance.node)).filter(|_| self.concerns(migration, instance));
            let to = match migration.map.get(usize::from(instance.node)) {
                Some(Target::Node(to)) => new.names.get(usize::from(*to)).cloned(),
                _ => NodeId::new("exit").ok(),
            };
            match from.cloned().zip(to) {
                Some(arrow) => *report.lands.entry(arrow).or_default() += 1,
                None => report.untouched += 1,
            }
        }
        report
    }

    /// Moves the instances of one customer. An instance that lands on a wait keeps what its node's `timer` says of its
    /// deadline; nothing that was offered before is offered again. Time never runs back.
    pub fn migrate(
        &self,
        state: &mut JourneyState,
        migration: &Migration,
        facts: &Facts,
        now: Timestamp,
    ) -> Advance {
        let mut advance = Advance::default();
        let now = state.clock.map_or(now, |clock| clock.max(now));
        state.clock = Some(now);
        let mut run = Run::new(self, facts, now, state, None, &mut advance);
        run.migrate_all(state, migration);
        run.give_back(state);
        advance
    }

    fn concerns(&self, migration: &Migration, instance: &Instance) -> bool {
        self.plan_of(instance).is_some_and(|(at, _)| at == migration.from)
    }
}

impl Migration {
    pub(crate) fn from(&self) -> u16 {
        self.from
    }

    pub(crate) fn to(&self) -> u16 {
        self.to
    }

    pub(crate) fn target(&self, node: u16) -> Option<Target> {
        self.map.get(usize::from(node)).copied()
    }
}
