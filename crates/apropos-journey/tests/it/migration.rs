//! Moving to another version: total, dry first.

use apropos_event::{JourneyId, NodeId, Problems};
use apropos_journey::{Migration, MigrationDefinition};

use crate::support::{World, hour};

const TWO: &str = r#"
    [[journeys]]
    id = "j"
    version = 1
    start = "a"
    human.queue = "desk"
    entry.on = [{ event = "in" }]
    [journeys.nodes.a]
    kind = "wait_time"
    for = "2d"
    next = "b"
    [journeys.nodes.b]
    kind = "wait_time"
    for = "2d"
    next = "end"
    [journeys.nodes.end]
    kind = "exit"
    outcome = "x"
    [[journeys]]
    id = "j"
    version = 2
    start = "first"
    human.queue = "desk"
    entry.on = [{ event = "enter" }]
    [journeys.nodes.first]
    kind = "wait_time"
    for = "5d"
    timer = "remaining"
    next = "end"
    [journeys.nodes.end]
    kind = "exit"
    outcome = "x"
"#;

fn map(pairs: &[(&str, &str)]) -> MigrationDefinition {
    let id = |text: &str| NodeId::new(text).unwrap();
    let nodes = pairs.iter().map(|(from, to)| (id(from), id(to))).collect();
    MigrationDefinition { journey: JourneyId::new("j").unwrap(), from: 1, to: 2, nodes }
}

/// A customer who stands in version 1, in a playbook that holds both.
fn world() -> World {
    let one = TWO.split("[[journeys]]").nth(1).unwrap();
    let mut old = World::new(&format!("[[journeys]]{one}"));
    let _ = old.event("in");
    let mut world = World::new(TWO);
    world.state = old.state;
    world
}

#[test]
fn a_map_that_forgets_a_node_is_refused() {
    let world = world();
    let mut problems = Problems::new();
    assert!(
        Migration::compile(&map(&[("a", "first"), ("human", "human")]), &world.rules, &mut problems)
            .is_none()
    );
    assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), ["journey/migration-not-total"]);
    let mut problems = Problems::new();
    let wrong = map(&[("a", "frist"), ("b", "exit"), ("human", "human")]);
    assert!(Migration::compile(&wrong, &world.rules, &mut problems).is_none());
    assert_eq!(problems.iter().next().unwrap().help.as_deref(), Some("did you mean `first`?"));
}

#[test]
fn a_dry_run_says_how_many_land_where_and_changes_nothing() {
    let world = world();
    let mut problems = Problems::new();
    let map = map(&[("a", "first"), ("b", "exit"), ("human", "human")]);
    let migration = Migration::compile(&map, &world.rules, &mut problems).unwrap();
    let states = [world.state.clone(), world.state.clone()];
    let report = world.rules.migration_dry_run(&migration, &states);
    let arrow = (NodeId::new("a").unwrap(), NodeId::new("first").unwrap());
    assert_eq!(report.lands.get(&arrow), Some(&2));
    assert_eq!(report.untouched, 0);
    assert_eq!(states[0], world.state);
}

#[test]
fn an_instance_lands_and_keeps_its_deadline() {
    let mut world = world();
    let mut problems = Problems::new();
    let map = map(&[("a", "first"), ("b", "exit"), ("human", "human")]);
    let migration = Migration::compile(&map, &world.rules, &mut problems).unwrap();
    let advance = world.rules.migrate(&mut world.state, &migration, &world.facts, hour(1));
    assert_eq!(advance.effects.len(), 1);
    assert_eq!((world.node().as_str(), world.state.instances()[0].version()), ("first", 2));
    assert_eq!(world.rules.next_due(&world.state), Some(hour(48)));
    world.run_to(48);
    assert_eq!(world.told(), ["out j x"]);
}

#[test]
fn a_node_mapped_to_exit_ends_the_instance() {
    let mut world = world();
    let mut problems = Problems::new();
    let map = map(&[("a", "exit"), ("b", "exit"), ("human", "human")]);
    let migration = Migration::compile(&map, &world.rules, &mut problems).unwrap();
    let _ = world.rules.migrate(&mut world.state, &migration, &world.facts, hour(1));
    assert_eq!(world.node(), "");
}
