//! What conditions may know of journeys and promises.

use apropos_condition::{Condition, Datum};

use crate::support::World;

const BOOK: &str = r#"
    [[journeys]]
    id = "j"
    start = "a"
    stages = ["try", "use"]
    human.queue = "desk"
    entry.on = [{ event = "in" }]
    owns = ["tip"]
    [journeys.nodes.a]
    kind = "offer"
    stage = "use"
    actions = ["tip"]
    demanded = true
    on = [{ event = "done", to = "end" }]
    within = "1d"
    on_timeout = "exit"
    [journeys.nodes.end]
    kind = "exit"
    outcome = "fine"
    [[promises]]
    id = "p"
    what = "x"
    on = [{ event = "in" }]
    kept_by = [{ event = "done" }]
    expectations = [{ source = "law", within = "1d" }]
"#;

#[track_caller]
fn holds(world: &mut World, text: &str) {
    let binding = world.rules.bind(&world.schema);
    let mut facts = world.facts.clone();
    facts.reset();
    world.rules.write_facts(&world.state, &binding, &mut facts);
    let condition = Condition::parse(text, &world.schema).unwrap().0;
    assert!(condition.evaluate(&facts).is_true(), "{text}");
}

#[test]
fn conditions_see_where_the_customer_stands() {
    let mut world = World::new(BOOK);
    holds(&mut world, "!journey.j.active && journey.j.entries == 0 && promise.p.status == 'none'");
    let _ = world.event("in");
    holds(&mut world, "journey.j.active && journey.j.node == 'a' && journey.j.stage == 'use'");
    holds(&mut world, "promise.p.status == 'open' && promise.p.source == 'law' && !promise.repairing");
    let _ = world.event("done");
    holds(&mut world, "!journey.j.active && journey.j.entries == 1 && journey.j.outcome == 'fine'");
    holds(&mut world, "promise.p.status == 'kept'");
    let _ = world.event("in");
    let instance = world.state.instances()[0].id();
    let _ = world.command(&apropos_journey::Command::HandOff { instance });
    holds(&mut world, "journey.handed_off && journey.j.node == 'human'");
}

#[test]
fn what_is_no_longer_so_is_not_written() {
    let mut world = World::new(BOOK);
    let _ = world.event("in");
    let _ = world.at(3).event("done");
    holds(&mut world, "!journey.j.active && journey.j.left == timestamp('2026-03-02T03:00:00Z')");
    let _ = world.at(5).event("in");
    world.run_to(40);
    // The latest leaving counts, and all entries do.
    holds(&mut world, "journey.j.outcome == 'timed_out' && journey.j.entries == 2");
    let binding = world.rules.bind(&world.schema);
    let mut facts = world.facts.clone();
    world.rules.write_facts(&world.state, &binding, &mut facts);
    assert!(facts.get(world.schema.id("journey.j.node").unwrap()).is_none());
    assert!(matches!(facts.get(world.schema.id("journey.j.active").unwrap()), Some(Datum::Bool(false))));
}

#[test]
fn owned_actions_may_be_offered_only_where_the_journey_does() {
    use apropos_event::ActionId;
    use apropos_journey::Standing;

    let mut world = World::new(BOOK);
    let actions = [ActionId::new("other").unwrap(), ActionId::new("tip").unwrap()];
    let binding = world.rules.bind_actions(&actions);
    let mut standings = Vec::new();
    world.rules.standings(&world.state, &binding, &mut standings);
    assert_eq!(standings, [Standing::Free, Standing::NotNow]);
    let _ = world.event("in");
    world.rules.standings(&world.state, &binding, &mut standings);
    assert_eq!(standings, [Standing::Free, Standing::Demanded]);
}
