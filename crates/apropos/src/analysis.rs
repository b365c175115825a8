//! What an author is told about a playbook as a whole: purposes that do not fit, conditions that say nothing or contradict one
//! another, attributes nobody asks about, journeys that offer what can never be, promises and invariants that fail.
//!
//! Not here: mistakes that one room finds by itself.

use std::collections::{BTreeMap, BTreeSet};

use apropos_condition::{AttributeId, Condition, Schema};
use apropos_context::{Channels, Direction};
use apropos_event::{Path, Problem, Problems, Purpose, Purposes, Segment, Span};
use apropos_nba::ActionDefinition;

use crate::Playbook;

/// A condition of a playbook, and where it stands.
pub(crate) type Placed = (Path, Condition);

/// Checks that every condition may use what it asks about.
///
/// An attribute declares its purposes. Where an action reaches out, its conditions choose whom to contact; where customers
/// come by themselves, or its content is personal, they fit what is shown. Conditions of rooms serve either.
pub(crate) fn purposes(
    playbook: &Playbook,
    channels: &Channels,
    schema: &Schema,
    conditions: &[Placed],
    problems: &mut Problems,
) {
    for (path, condition) in conditions {
        let needed = needed(playbook, channels, path);
        for attribute in condition.attributes().iter().filter_map(|id| schema.definition(*id)) {
            let allowed = attribute.purposes;
            let misused = match needed {
                Some(needed) => needed.iter().find(|purpose| !allowed.contains(*purpose)),
                None => (allowed.intersection(DECIDING) == Purposes::NONE).then_some(Purpose::Personalise),
            };
            let Some(misused) = misused else { continue };
            let name = attribute.name.as_str();
            let message = format!("`{name}` may not be used to {misused}");
            let mut problem = Problem::error("playbook/purpose", path.clone(), message);
            problem.span = mention(condition.text(), name);
            let allowed: Vec<&str> = allowed.iter().map(Purpose::as_str).collect();
            let help = if allowed.is_empty() {
                "it is declared without any purpose".to_owned()
            } else {
                format!("it is declared for `{}`", allowed.join("`, `"))
            };
            problems.push(problem.with_help(help));
        }
    }
}

/// The purposes for which a decision is made; the third, learning, is the model's.
const DECIDING: Purposes = Purposes::NONE.with(Purpose::Contact).with(Purpose::Personalise);

/// What the condition at `path` is used for: all of these purposes, or, without a set, any that decides.
fn needed(playbook: &Playbook, channels: &Channels, path: &Path) -> Option<Purposes> {
    let (list, at) = owner(path)?;
    let none = Purposes::NONE;
    let group = playbook.groups.get(at).filter(|_| list == "groups").map(|group| &group.id);
    let members = playbook.actions.iter().enumerate().filter(|(number, action)| match group {
        Some(group) => action.group.as_ref() == Some(group),
        None => list == "actions" && *number == at,
    });
    let all = members.flat_map(|(_, action)| serves(action, channels).iter()).fold(none, Purposes::with);
    (all != none).then_some(all)
}

fn serves(action: &ActionDefinition, channels: &Channels) -> Purposes {
    let directions = || {
        action.treatments.iter().filter_map(|one| channels.get(&one.channel)).map(|channel| channel.direction)
    };
    let mut served = Purposes::NONE;
    if directions().any(|direction| direction != Direction::Inbound) {
        served = served.with(Purpose::Contact);
    }
    if action.personal || directions().any(|direction| direction != Direction::Outbound) {
        served = served.with(Purpose::Personalise);
    }
    served
}

/// The action or group that a condition belongs to.
fn owner(path: &Path) -> Option<(&str, usize)> {
    match path.segments() {
        [Segment::Key(list), Segment::Index(at), ..] if list == "actions" || list == "groups" => {
            Some((list, *at))
        }
        _ => None,
    }
}

/// Where `name` stands in a condition as a whole word.
pub(crate) fn mention(text: &str, name: &str) -> Option<Span> {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    text.match_indices(name).map(|(at, _)| at..at + name.len()).find(|span| {
        let before = text.get(..span.start).and_then(|before| before.chars().next_back());
        let after = text.get(span.end..).and_then(|after| after.chars().next());
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

/// Warns of conditions that say nothing: alone, and together with their siblings, those of the action's group included.
///
/// O(conditions²) for each action, and each set of conditions is looked at once.
pub(crate) fn conditions(
    playbook: &Playbook,
    schema: &Schema,
    conditions: &[Placed],
    problems: &mut Problems,
) {
    // What a journey says about its own guards is not said twice.
    let told: BTreeSet<Path> = problems
        .iter()
        .filter(|problem| problem.code.starts_with("journey/"))
        .map(|problem| problem.path.clone())
        .collect();
    let mut lists: BTreeMap<(&str, usize), Vec<&Placed>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    for placed in conditions {
        match owner(&placed.0).filter(|_| !is_weight(&placed.0)) {
            Some(owner) => lists.entry(owner).or_default().push(placed),
            None if told.contains(&placed.0) => {}
            None => siblings(&[placed], schema, &mut known, problems),
        }
    }
    let places: BTreeMap<_, usize> = playbook.groups.iter().map(|group| &group.id).zip(0..).collect();
    for ((list, at), own) in &lists {
        let group =
            playbook.actions.get(*at).filter(|_| *list == "actions").and_then(|one| one.group.as_ref());
        let shared = group.and_then(|group| lists.get(&("groups", *places.get(group)?)));
        let all: Vec<&Placed> = shared.into_iter().flatten().chain(own).copied().collect();
        let mut found = Problems::new();
        siblings(&all, schema, &mut known, &mut found);
        // What is wrong with a group by itself is told at the group.
        problems.extend(found.into_iter().filter(|problem| owner(&problem.path) == Some((*list, *at))));
    }
}

fn is_weight(path: &Path) -> bool {
    matches!(path.segments().get(2), Some(Segment::Key(key)) if key == "weights")
}

/// What is said of conditions that stand together, as found once: by their texts, for each its warnings.
type Known = BTreeMap<Vec<String>, Vec<Problems>>;

/// Looks at conditions that must all hold.
fn siblings(all: &[&Placed], schema: &Schema, known: &mut Known, problems: &mut Problems) {
    let texts = all.iter().map(|(_, condition)| condition.text().to_owned()).collect();
    let found = known.entry(texts).or_insert_with(|| {
        let conditions: Vec<&Condition> = all.iter().map(|(_, condition)| condition).collect();
        Condition::analyse_all(&conditions, schema)
    });
    for ((path, _), found) in all.iter().zip(found.iter()) {
        problems.extend(found.iter().map(|problem| Problem { path: path.clone(), ..problem.clone() }));
    }
}

/// Warns of the author's attributes that no condition and no model asks about.
pub(crate) fn unused_attributes(
    playbook: &Playbook,
    schema: &Schema,
    conditions: &[Placed],
    inputs: impl Iterator<Item = AttributeId>,
    problems: &mut Problems,
) {
    let asked = conditions.iter().flat_map(|(_, condition)| condition.attributes().iter().copied());
    let used: BTreeSet<AttributeId> = asked.chain(inputs).collect();
    for (at, attribute) in playbook.attributes.iter().enumerate() {
        let id = schema.id(attribute.name.as_str());
        if id.is_some_and(|id| !used.contains(&id)) {
            let path = Path::root().key("attributes").index(at).key("name");
            let message = format!("nothing asks about `{}`", attribute.name);
            problems.push(
                Problem::warning("playbook/unused-attribute", path, message)
                    .with_help("use it in a condition or as an input of the model, or leave it out"),
            );
        }
    }
}
