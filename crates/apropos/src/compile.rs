//! From a playbook to an engine: every room checks its part, and all problems come at once.
//!
//! Not here: what the engine does once it stands (`engine`), and reading text (`load`).

use apropos_condition::{AttributeDefinition, AttributeId, AttributeType, Schema, SchemaBuilder};
use apropos_context::ContextRules;
use apropos_event::{ActionId, AttributeName, Path, Problem, Problems, Purpose, Value, did_you_mean};
use apropos_journey::JourneyRules;
use apropos_learn::{InputKind, ModelDefinition};
use apropos_nba::{Catalogue, Draft};
use apropos_profile::{Pepper, ProfileRules};

use crate::bindings::{Bindings, Rooms};
use crate::load::{self, Format};
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
    let (playbook, source) = load::decode::<Playbook>(text, format)?;
    match compile(&playbook, pepper) {
        Ok((engine, mut warnings)) => {
            source.relocate(&mut warnings);
            Ok((engine, warnings))
        }
        Err(mut problems) => {
            source.relocate(&mut problems);
            Err(problems)
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
    let context = ContextRules::compile(&playbook.context, &mut schema, &mut found);
    problems.absorb(&root.key("context"), std::mem::take(&mut found));
    let journeys = JourneyRules::compile(&playbook.journeys, &playbook.promises, &mut schema, &mut problems);
    let draft = Draft::new(&playbook.catalogue(), context.channels(), &mut schema, &mut problems);
    let schema = schema.build();
    profile.register(&schema, &mut problems);
    let inputs = inputs(&playbook.model, &schema, &mut problems);
    let catalogue = draft.finish(&schema);
    journeys.check_actions(&|action| never_allowed(action, &catalogue), &mut problems);
    if !problems.has_errors() {
        journeys.verify_all(&schema, &mut problems);
    }
    let model = match apropos_learn::Model::new(&model_definition(&playbook.model), &catalogue.learned()) {
        Ok(model) => model,
        Err(found) => {
            problems.absorb(&root.key("model"), found);
            return Err(problems);
        }
    };
    let rooms = Rooms { profile: &profile, context: &context, journeys: &journeys };
    let mut moving = context.stage_reads();
    moving.extend(journeys.reads());
    let mut deciding = catalogue.reads().clone();
    deciding.extend(inputs.iter().map(|(id, _)| *id));
    let engine = Engine {
        fingerprint,
        zone: playbook.zone.clone(),
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

/// Why an action that a journey or promise offers can never be taken.
fn never_allowed(action: &ActionId, catalogue: &Catalogue) -> Option<String> {
    let Some(definition) = catalogue.action(action) else {
        let known = catalogue.actions().iter().map(apropos_event::ActionId::as_str);
        let help = did_you_mean(action.as_str(), known).map(|help| format!("; {help}")).unwrap_or_default();
        return Some(format!("the playbook has no such action{help}"));
    };
    let over = definition.from.zip(definition.until).is_some_and(|(from, until)| until <= from);
    over.then(|| "it ends before it begins".to_owned())
}

/// Declares every room's attributes, the author's own, and those of resources.
fn declare(playbook: &Playbook, profile: &ProfileRules, schema: &mut SchemaBuilder, problems: &mut Problems) {
    let root = Path::root();
    for definition in profile.attributes() {
        schema.declare(&root.key("profile"), definition, problems);
    }
    for function in ProfileRules::functions() {
        schema.declare_function(&root.key("profile"), function, problems);
    }
    for definition in playbook.context.attributes() {
        schema.declare(&root.key("context"), definition, problems);
    }
    for definition in apropos_journey::attributes(&playbook.journeys, &playbook.promises) {
        schema.declare(&root.key("journeys"), definition, problems);
    }
    for (at, definition) in playbook.attributes.iter().enumerate() {
        schema.declare(&root.key("attributes").index(at), definition.clone(), problems);
    }
    for (name, left) in &playbook.resources {
        let path = root.key("resources").key(name.clone());
        let left = (format!("resource.{name}"), AttributeType::Int, Value::from(i64::from(*left)));
        let price = (format!("resource.{name}.price"), AttributeType::Double, Value::from(0_i64));
        for (attribute, kind, default) in [left, price] {
            match AttributeName::new(attribute) {
                Ok(attribute) => {
                    let definition = AttributeDefinition::new(attribute, kind).with_default(default);
                    schema.declare(&path, definition, problems);
                }
                Err(error) => {
                    problems.push(Problem::error("playbook/resource", path.clone(), error.to_string()));
                    break;
                }
            }
        }
    }
}

/// Finds the attributes that the model learns from.
fn inputs(
    definition: &ModelDefinition,
    schema: &Schema,
    problems: &mut Problems,
) -> Vec<(AttributeId, InputKind)> {
    let mut found = Vec::new();
    for (at, input) in definition.inputs.iter().enumerate() {
        let path = Path::root().key("model").key("inputs").index(at).key("name");
        let Some(id) = schema.id(&input.name) else {
            let problem =
                Problem::error("playbook/unknown-input", path, format!("`{}` is not declared", input.name));
            let names = schema.attributes().iter().map(|attribute| attribute.name.as_str());
            problems.push(match did_you_mean(&input.name, names) {
                Some(help) => problem.with_help(help),
                None => problem,
            });
            continue;
        };
        let learnable =
            schema.definition(id).is_some_and(|attribute| attribute.purposes.contains(Purpose::Learn));
        if !learnable {
            let message = format!("`{}` may not be used to learn from", input.name);
            problems.push(Problem::error("playbook/purpose", path, message));
        }
        found.push((id, input.kind));
    }
    found
}

/// The model's definition with at least one kind of reward.
fn model_definition(definition: &ModelDefinition) -> ModelDefinition {
    let mut definition = definition.clone();
    if definition.rewards.is_empty() {
        definition.rewards.push(apropos_learn::RewardDefinition::new("success"));
    }
    definition
}
