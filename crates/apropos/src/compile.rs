//! From a playbook to an engine: every room checks its part, and all problems come at once.
//!
//! Not here: what the engine does once it stands (`engine`), and reading text (`load`).

use apropos_condition::{AttributeDefinition, AttributeId, AttributeType, Schema, SchemaBuilder};
use apropos_context::{Channels, ContextDefinition, ContextRules};
use apropos_event::{AttributeName, Path, Problem, Problems, Purpose, Segment, Value, Zone, did_you_mean};
use apropos_journey::{JourneyDefinition, JourneyRules};
use apropos_learn::InputKind;
use apropos_nba::Draft;
use apropos_profile::{Pepper, ProfileDefinition, ProfileRules};

use crate::analysis::{self, Placed};
use crate::bindings::{Bindings, Rooms};
use crate::load::{self, Format};
use crate::section::{self, ModelSection};
use crate::{Engine, Playbook};

impl Engine {
    /// Checks and compiles a playbook. Gives the warnings beside the engine.
    ///
    /// `pepper` is the tenant's secret under which identifiers are hashed: the same one for as long as its customers are
    /// kept. It is no part of the playbook, which is no secret.
    ///
    /// # Errors
    /// All problems at once when at least one is an error.
    pub fn new(playbook: &Playbook, pepper: Pepper) -> Result<(Self, Problems), Problems> {
        compile(playbook, pepper)
    }

    /// Reads a playbook from TOML, checks and compiles it; problems carry their place in the text.
    ///
    /// # Errors
    /// All problems at once when at least one is an error.
    pub fn from_toml(text: &str, pepper: Pepper) -> Result<(Self, Problems), Problems> {
        from_text(text, Format::Toml, pepper)
    }

    /// The same for JSON.
    ///
    /// # Errors
    /// All problems at once when at least one is an error.
    pub fn from_json(text: &str, pepper: Pepper) -> Result<(Self, Problems), Problems> {
        from_text(text, Format::Json, pepper)
    }
}

fn from_text(text: &str, format: Format, pepper: Pepper) -> Result<(Engine, Problems), Problems> {
    match load::read::<Playbook>(text, format) {
        Ok((playbook, source)) => match compile(&playbook, pepper) {
            Ok((engine, warnings)) => Ok((engine, source.relocated(warnings))),
            Err(problems) => Err(source.relocated(problems)),
        },
        Err(broken) => {
            let mut problems = broken.problems;
            if let Some((playbook, source, mending)) = broken.mended
                && let Err(found) = compile(&playbook, pepper)
            {
                let certain = found.into_iter().filter_map(|problem| mending.certain(problem)).collect();
                problems.extend(source.relocated(certain));
            }
            Err(load::in_order(problems))
        }
    }
}

fn compile(playbook: &Playbook, pepper: Pepper) -> Result<(Engine, Problems), Problems> {
    let mut problems = Problems::new();
    let root = Path::root();
    if playbook.format != crate::playbook::FORMAT {
        let message = format!("`{}` is not a format that is read; 1 is", playbook.format);
        problems.push(Problem::error("playbook/format", root.key("format"), message));
    }
    let fingerprint = playbook.fingerprint().unwrap_or_else(|error| {
        problems.push(Problem::error("playbook/unwritable", root.clone(), error.to_string()));
        apropos_nba::Fingerprint::default()
    });
    let mut found = Problems::new();
    let mut profile = ProfileRules::compile(&playbook.profile, pepper, &mut found);
    problems.absorb(&root.key("profile"), std::mem::take(&mut found));
    let mut schema = SchemaBuilder::new();
    declare(playbook, &profile, &mut schema, &mut problems);
    let definition = context_definition(playbook, &mut problems);
    let context = ContextRules::compile(&definition, &mut schema, &mut found);
    problems.absorb(&root.key("context"), std::mem::take(&mut found));
    let inside = |(path, condition): Placed| (path.inside(&root.key("context")), condition);
    let mut conditions: Vec<Placed> = schema.take_conditions().into_iter().map(inside).collect();
    let journeys =
        JourneyRules::compile(&journey_definitions(playbook), &playbook.promises, &mut schema, &mut problems);
    let draft = Draft::new(&playbook.catalogue(), context.channels(), &mut schema, &mut problems);
    conditions.extend(schema.take_conditions());
    let schema = schema.build();
    profile.register(&schema, &mut found);
    problems.extend(at_their_conditions(std::mem::take(&mut found), &schema, &conditions));
    let inputs = inputs(&playbook.model, &schema, &mut problems);
    let catalogue = draft.finish(&schema);
    let model = apropos_learn::Model::new(&section::definition(playbook), &catalogue.learned());
    let model =
        model.map_err(|found| problems.absorb(&root.key("model"), section::at_their_places(found))).ok();

    analysis::purposes(playbook, context.channels(), &schema, &conditions, &mut problems);
    journeys.check_actions(&|action| catalogue.never_allows(action, context.channels()), &mut problems);
    analysis::conditions(playbook, &schema, &conditions, &mut problems);
    consent_channels(playbook, context.channels(), &mut problems);
    let Some(model) = model.filter(|_| !problems.has_errors()) else { return Err(problems) };
    // Only of what is sound can be said what nobody uses, and where it leads.
    catalogue.review(context.channels(), &mut problems);
    let asked = inputs.iter().map(|(id, _)| *id);
    analysis::unused_attributes(playbook, &schema, &conditions, asked, &mut problems);
    journeys.verify_all(&schema, &mut problems);

    let rooms = Rooms { profile: &profile, context: &context, journeys: &journeys };
    let mut moving = context.stage_reads();
    moving.extend(journeys.reads());
    let mut deciding = catalogue.reads().clone();
    deciding.extend(inputs.iter().map(|(id, _)| *id));
    let engine = Engine {
        fingerprint,
        utc: Zone::utc(),
        moving: Bindings::new(rooms, &schema, moving),
        deciding: Bindings::new(rooms, &schema, deciding),
        actions: journeys.bind_actions(catalogue.actions()),
        profile,
        context,
        journeys,
        catalogue,
        model,
        inputs,
        learns: playbook.actions.iter().any(|action| action.learn),
        schema,
    };
    problems.into_result(engine)
}

/// The context's definition with the playbook's zone: there is one zone for customers whose own is not known.
fn context_definition(playbook: &Playbook, problems: &mut Problems) -> ContextDefinition {
    let mut definition = playbook.context.clone();
    definition.time.assumed_zone = definition.time.assumed_zone.take().or_else(|| playbook.zone.clone());
    if let (Some(zone), Some(other)) = (&playbook.zone, &definition.time.assumed_zone)
        && zone != other
    {
        let path = Path::root().key("context").key("time").key("assumed_zone");
        let message = format!("`{other}` is assumed here, `{zone}` by `zone` of the playbook");
        problems.push(Problem::error("playbook/two-zones", path, message).with_help(
            "leave it out: `zone` counts for everything where a customer's own zone is not known",
        ));
    }
    definition
}

/// Warns of channels that consent names and nobody can be met on: their facts would never say anything.
fn consent_channels(playbook: &Playbook, channels: &Channels, problems: &mut Problems) {
    for (at, channel) in playbook.profile.consent.channels.iter().enumerate() {
        if channels.get(channel).is_some() {
            continue;
        }
        let path = Path::root().key("profile").key("consent").key("channels").index(at);
        let problem = Problem::warning(
            "playbook/unknown-channel",
            path,
            format!("there is no channel named `{channel}`"),
        );
        let names = playbook.context.channels.iter().map(|known| known.id.as_str());
        problems.push(match did_you_mean(channel.as_str(), names) {
            Some(help) => problem.with_help(help),
            None => problem.with_help("declare it in `[[context.channels]]`, or leave it out"),
        });
    }
}

/// The journeys, with the playbook's zone where they name none.
fn journey_definitions(playbook: &Playbook) -> Vec<JourneyDefinition> {
    let mut definitions = playbook.journeys.clone();
    for definition in &mut definitions {
        definition.zone = definition.zone.take().or_else(|| playbook.zone.clone());
    }
    definitions
}

/// Declares every room's attributes, the author's own, and those of resources.
fn declare(playbook: &Playbook, profile: &ProfileRules, schema: &mut SchemaBuilder, problems: &mut Problems) {
    let root = Path::root();
    for definition in profile.attributes() {
        let path = origin(&playbook.profile, definition.name.as_str());
        schema.declare(&path.inside(&root.key("profile")), definition, problems);
    }
    for function in ProfileRules::functions() {
        schema.declare_function(&root.key("profile"), function, problems);
    }
    let context = playbook.context.attributes();
    let journeys = apropos_journey::attributes(&playbook.journeys, &playbook.promises);
    let mut found = Problems::new();
    for definition in context.into_iter().chain(journeys) {
        schema.declare(&root, definition, &mut found);
    }
    // What else may be wrong with an attribute of a room comes of a mistake that the room itself tells, at its place.
    problems.extend(found.into_iter().filter(|problem| problem.code == "condition/too-many-attributes"));
    for (at, definition) in playbook.attributes.iter().enumerate() {
        schema.declare(&root.key("attributes").index(at), definition.clone(), problems);
    }
    for (name, left) in &playbook.resources {
        let path = root.key("resources").key(name.clone());
        let left = (format!("resource.{name}"), AttributeType::Int, Value::from(i64::from(*left)));
        let price = (format!("resource.{name}.price"), AttributeType::Double, Value::from(0_i64));
        for (attribute, kind, default) in [left, price] {
            let attribute = AttributeName::new(attribute).ok();
            let attribute =
                attribute.map(|attribute| AttributeDefinition::new(attribute, kind).with_default(default));
            let mut found = Problems::new();
            if attribute.and_then(|attribute| schema.declare(&path, attribute, &mut found)).is_none() {
                let message = format!("`{name}` cannot be written in a condition");
                problems.push(
                    Problem::error("playbook/resource", path, message)
                        .with_help("use letters, digits and `_`, beginning with a letter"),
                );
                break;
            }
        }
    }
}

/// Where the author wrote what became the attribute `name` of the profile.
fn origin(profile: &ProfileDefinition, name: &str) -> Path {
    let root = Path::root();
    let (room, own) = name.split_once('.').unwrap_or((name, ""));
    let place = match room {
        "profile" => {
            profile.traits.iter().position(|known| known.name.as_str() == own).map(|at| ("traits", at))
        }
        "history" => {
            profile.counters.iter().position(|known| known.name.as_str() == own).map(|at| ("counters", at))
        }
        _ => None,
    };
    place.map_or_else(Path::root, |(list, at)| root.key(list).index(at))
}

/// Moves what the profile says of a windowed count to the first condition that asks for it.
fn at_their_conditions(found: Problems, schema: &Schema, conditions: &[Placed]) -> Problems {
    let moved = |problem: Problem| {
        let Some(Segment::Key(call)) = problem.path.segments().first() else { return problem };
        let asks =
            |(_, condition): &&Placed| schema.id(call).is_some_and(|id| condition.attributes().contains(&id));
        match conditions.iter().find(asks) {
            Some((path, condition)) => {
                let span = analysis::mention(condition.text(), call);
                Problem { path: path.clone(), span, ..problem }
            }
            None => problem,
        }
    };
    found.into_iter().map(moved).collect()
}

/// As what the values of an attribute are learned from, and how an author writes that; see `engine` for how they are read.
fn learned_as(kind: &AttributeType) -> Option<(InputKind, &'static str)> {
    match kind {
        AttributeType::Int | AttributeType::Double => Some((InputKind::Number, "number")),
        AttributeType::Text | AttributeType::Symbol => Some((InputKind::Category, "category")),
        AttributeType::Bool => Some((InputKind::Flag, "flag")),
        _ => None,
    }
}

/// Finds the attributes that the model learns from.
fn inputs(
    definition: &ModelSection,
    schema: &Schema,
    problems: &mut Problems,
) -> Vec<(AttributeId, InputKind)> {
    let mut found = Vec::new();
    for (at, input) in definition.inputs.iter().enumerate() {
        let path = Path::root().key("model").key("inputs").index(at).key("name");
        let Some(id) = schema.id(&input.name) else {
            let problem =
                Problem::error("playbook/unknown-input", path, format!("`{}` is not declared", input.name));
            let names = || schema.attributes().iter().map(|attribute| attribute.name.as_str());
            let within = |name: &&str| {
                name.strip_prefix(input.name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            };
            let longer = || names().find(within).map(|name| format!("did you mean `{name}`?"));
            problems.push(match did_you_mean(&input.name, names()).or_else(longer) {
                Some(help) => problem.with_help(help),
                None => problem,
            });
            continue;
        };
        let Some(attribute) = schema.definition(id) else { continue };
        if !attribute.purposes.contains(Purpose::Learn) {
            let message = format!("`{}` may not be used to learn from", input.name);
            problems.push(Problem::error("playbook/purpose", path.clone(), message));
        }
        let learned = learned_as(&attribute.kind);
        if learned.is_none_or(|(kind, _)| kind != input.kind) {
            let kind = &attribute.kind;
            let message = format!("nothing is learned from `{}` in this way: its type is {kind}", input.name);
            let help = match learned {
                Some((_, name)) => format!("its kind is `{name}`"),
                None => "numbers, texts, symbols and what is true or false can be learned from".to_owned(),
            };
            problems.push(Problem::warning("playbook/input-kind", path, message).with_help(help));
        }
        found.push((id, input.kind));
    }
    found
}
