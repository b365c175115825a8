//! Problems that no line of a playbook shows: too much of something, and definitions that programs make.

use std::collections::BTreeMap;

use apropos::condition::{
    AttributeDefinition, AttributeType, Condition, FunctionDefinition, ParameterType, SchemaBuilder,
};
use apropos::evaluate::experiment::{ArmDefinition, Assignment, AssignmentDefinition};
use apropos::event::{ActionId, Duration, Path, Problems};
use apropos::journey::{JourneyRules, Migration, MigrationDefinition, OnEvent};
use apropos::learn::scorecard::{Bins, Scorecard};
use apropos::learn::{CrossDefinition, Model, ModelDefinition, RewardDefinition};
use apropos::{Engine, Playbook};

use crate::world::{PEPPER, PLAYBOOK};

#[track_caller]
fn expect(problems: &Problems, codes: &[&str]) {
    for code in codes {
        assert!(problems.iter().any(|problem| problem.code == *code), "{code} is not among {problems}");
    }
}

/// What is said of the playbook of the corner shop with this changed.
fn compiled(change: impl FnOnce(&mut Playbook)) -> Problems {
    let mut playbook = Playbook::from_toml(PLAYBOOK).unwrap();
    change(&mut playbook);
    Engine::new(&playbook, PEPPER).unwrap_err()
}

#[test]
fn more_actions_than_are_accepted_are_refused() {
    let problems = compiled(|playbook| {
        let action = playbook.actions[3].clone();
        playbook.actions.extend((0..16_384).map(|number| {
            let id = ActionId::new(format!("more_{number}")).unwrap();
            apropos::nba::ActionDefinition { id, ..action.clone() }
        }));
    });
    expect(&problems, &["nba/too-many"]);
}

#[test]
fn more_windows_than_quiet_hours_take_are_refused() {
    let problems = compiled(|playbook| {
        let windows = vec![apropos::context::WeeklyWindow { all_day: true, ..Default::default() }; 65];
        let hours = apropos::context::QuietHoursDefinition { windows, ..Default::default() };
        playbook.context.time.quiet_hours.push(hours);
    });
    expect(&problems, &["context/too-many"]);
}

const JOURNEY: &str = r#"
[[journeys]]
id = "j"
start = "a"
entry.on = [{ event = "begin" }]
human.queue = "desk"
goals = [{ id = "won", on = [{ event = "won" }], value = 1.0 }]

[journeys.nodes.a]
kind = "offer"
actions = ["thank"]
on = [{ event = "go", to = "b" }]
within = "1d"
on_timeout = "exit"

[journeys.nodes.b]
kind = "exit"
outcome = "b"
"#;

#[test]
fn journeys_that_are_too_much_are_refused() {
    let text = PLAYBOOK.replacen("[[actions]]", &format!("{JOURNEY}\n[[actions]]"), 1);
    let book = Playbook::from_toml(&text).unwrap();
    let journey = &book.journeys[0];
    let check = |code: &str, change: &dyn Fn(&mut Playbook)| {
        let mut book = book.clone();
        change(&mut book);
        expect(&Engine::new(&book, PEPPER).unwrap_err(), &[code]);
    };
    assert!(Engine::new(&book, PEPPER).is_ok());
    check("journey/too-many", &|book| book.journeys = vec![journey.clone(); 4_097]);
    check("journey/too-many-goals", &|book| book.journeys[0].goals = vec![journey.goals[0].clone(); 65]);
    check("journey/not-finite", &|book| book.journeys[0].goals[0].value = f64::INFINITY);
    check("journey/too-many-nodes", &|book| {
        let exit = journey.nodes["b"].clone();
        book.journeys[0].nodes.extend((0..1_024).map(|at| (format!("n{at}").parse().unwrap(), exit.clone())));
    });
    check("journey/too-many-arrows", &|book| {
        let node = book.journeys[0].nodes.get_mut("a").unwrap();
        let arrow: OnEvent = node.on[0].clone();
        node.on = vec![arrow; 257];
    });
    check("journey/missing-field", &|book| {
        book.journeys[0].nodes.get_mut("a").unwrap().on_timeout = Some("continue".to_owned());
    });
    let rules = JourneyRules::compile(&book.journeys, &[], &mut SchemaBuilder::new(), &mut Problems::new());
    let migration =
        MigrationDefinition { journey: journey.id.clone(), from: 1, to: 9, nodes: BTreeMap::new() };
    let mut problems = Problems::new();
    assert!(Migration::compile(&migration, &rules, &mut problems).is_none());
    expect(&problems, &["journey/unknown-version"]);
}

#[test]
fn an_invariant_with_too_many_worlds_is_not_called_proven() {
    let many: Vec<String> = (0..13).map(|at| format!("x.n{at} > 3")).collect();
    let attribute = |at: usize| format!("[[attributes]]\nname = \"x.n{at}\"\ntype = \"int\"\n");
    let attributes = (0..13).map(attribute).collect::<Vec<String>>().concat();
    let journey = JOURNEY.replacen(
        "goals = [",
        &format!("invariants = [{{ never = {{ while = \"{}\" }} }}]\ngoals = [", many.join(" && ")),
        1,
    );
    let text = PLAYBOOK.replacen("[[actions]]", &format!("{attributes}{journey}\n[[actions]]"), 1);
    let (_, warnings) = Engine::from_toml(&text, PEPPER).unwrap();
    expect(&warnings, &["journey/invariant-unchecked"]);
}

#[test]
fn a_schema_refuses_what_cannot_be_declared() {
    let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
    let count = || FunctionDefinition::new("shop.count", AttributeType::Int);
    let odd =
        count().with_optional("window", ParameterType::Text).with_parameter("event", ParameterType::Text);
    assert!(!schema.declare_function(&Path::root(), odd, &mut problems));
    let count = || count().with_parameter("event", ParameterType::Text);
    assert!(schema.declare_function(&Path::root(), count(), &mut problems));
    assert!(!schema.declare_function(&Path::root(), count(), &mut problems));
    for number in 0..16_384 {
        let name = format!("a.n{number}").parse().unwrap();
        schema.declare(&Path::root(), AttributeDefinition::new(name, AttributeType::Int), &mut problems);
    }
    expect(
        &problems,
        &["condition/optional-parameter", "condition/duplicate-function", "condition/too-many-attributes"],
    );
    let schema = schema.build();
    expect(&Condition::parse("shop.count('visit') > 1", &schema).unwrap_err(), &["condition/derived"]);
    expect(&Condition::from_json("{", &schema).unwrap_err(), &["condition/json"]);
    let (never, _) = Condition::parse("1 / 0 == 1", &schema).unwrap();
    expect(&never.analyse(&schema), &["condition/always-unknown"]);
}

#[test]
fn a_model_refuses_what_it_cannot_learn() {
    let actions = [ActionId::new("a").unwrap(), ActionId::new("a").unwrap()];
    expect(
        &Model::new(&ModelDefinition::default(), &actions).unwrap_err(),
        &["learn/no-reward", "learn/duplicate-action"],
    );
    let inputs = (0..1_025).map(|number| apropos::learn::InputDefinition {
        name: format!("i{number}"),
        kind: apropos::learn::InputKind::Number,
    });
    let rewards = (0..17).map(|number| RewardDefinition::new(format!("r{number}")));
    let cross = CrossDefinition { left: "i0".to_owned(), right: "i1".to_owned() };
    let definition = ModelDefinition {
        inputs: inputs.collect(),
        crosses: vec![cross; 1_000],
        rewards: rewards.collect(),
        ..ModelDefinition::default()
    };
    let actions: Vec<ActionId> = (0..65_537).map(ActionId::from_number).collect();
    expect(
        &Model::new(&definition, &actions).unwrap_err(),
        &[
            "learn/too-many-inputs",
            "learn/too-many-crosses",
            "learn/too-many-rewards",
            "learn/too-many-actions",
        ],
    );
    let late = RewardDefinition {
        window: Duration::from_days(1),
        looks: vec![Duration::from_days(2)],
        ..RewardDefinition::new("late")
    };
    let never = RewardDefinition { window: Duration::ZERO, ..RewardDefinition::new("never") };
    let definition = ModelDefinition { rewards: vec![late, never], ..ModelDefinition::default() };
    expect(&Model::new(&definition, &[]).unwrap_err(), &["learn/looks", "learn/window"]);
    expect(&Scorecard::new(vec![Bins::Number(vec![2.0, 1.0])], 1).unwrap_err(), &["learn/bins"]);
}

#[test]
fn an_experiment_refuses_ranges_that_cannot_be() {
    let arm = |name: &str, ranges| ArmDefinition { name: name.to_owned(), ranges };
    let definition = AssignmentDefinition {
        arms: vec![
            arm("a", vec![(5, 5), (0, 10)]),
            arm("a", vec![(9, 20)]),
            arm("b", (0..10_000).map(|at| (at, at + 1)).collect()),
        ],
        holdout_buckets: u32::MAX,
        ..AssignmentDefinition::default()
    };
    expect(
        &Assignment::compile(&definition).unwrap_err(),
        &[
            "experiment/range",
            "experiment/arm-twice",
            "experiment/overlap",
            "experiment/too-many-ranges",
            "experiment/holdout",
        ],
    );
    let arms = (0..300).map(|at| arm(&at.to_string(), Vec::new())).collect();
    let problems = Assignment::compile(&AssignmentDefinition { arms, ..AssignmentDefinition::default() });
    expect(&problems.unwrap_err(), &["experiment/too-many-arms"]);
}

#[cfg(feature = "business-hours")]
#[test]
fn opening_hours_that_cannot_be_read_are_refused() {
    let text = format!(
        "{PLAYBOOK}\n[[context.place.places]]\nid = \"store\"\nzone = \"Europe/London\"\n\
         at = {{ latitude = 51.5, longitude = 0.0 }}\nopening_hours = \"whenever we like\"\n"
    );
    expect(&Engine::from_toml(&text, PEPPER).unwrap_err(), &["context/opening-hours"]);
}
