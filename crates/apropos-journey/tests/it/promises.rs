//! Promises: kept, at risk, broken, repaired.

use apropos_event::{ActionId, Duration, PromiseId};
use apropos_journey::{Command, Lateness, PromiseStatus, Standing};

use crate::support::{World, with};

const BOOK: &str = r#"
    [[promises]]
    id = "delivery"
    what = "the parcel arrives"
    on = [{ event = "ordered" }]
    key = "order"
    kept_by = [{ event = "delivered" }]
    void_by = [{ event = "cancelled" }]
    at_risk = 0.5
    raises = ["tell_status"]
    repair = { actions = ["apologise"], closed_by = [{ event = "apology_accepted" }] }
    [[promises.expectations]]
    source = "brand"
    within = "4d"
    [[promises.expectations]]
    source = "product"
    when = "flag.vip"
    within = "2d"
    [[promises.expectations]]
    source = "law"
    within = "30d"
"#;

fn order(world: &mut World, kind: &str, order: &str) {
    let event = with(world.fresh(kind), "order", order);
    let _ = world.take(&event);
}

fn status(world: &World) -> Vec<PromiseStatus> {
    world.state.promises().iter().map(apropos_journey::PromiseState::status).collect()
}

#[test]
fn a_promise_is_kept_by_its_evidence() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    order(world.at(24), "delivered", "2");
    assert_eq!(status(&world), [PromiseStatus::Open]);
    order(world.at(24), "delivered", "1");
    assert_eq!(world.told(), ["made delivery", "kept delivery"]);
    assert_eq!(world.rules.next_due(&world.state), None);
}

#[test]
fn candidates_are_raised_before_the_break() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    assert_eq!(world.rules.offers(&world.state).count(), 0);
    world.run_to(48);
    assert_eq!(world.told(), ["made delivery", "risk delivery"]);
    let raised: Vec<String> =
        world.rules.offers(&world.state).map(|offer| offer.action.to_string()).collect();
    assert_eq!(raised, ["tell_status"]);
}

#[test]
fn a_broken_promise_opens_a_repair_until_it_is_closed() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    world.run_to(97);
    assert_eq!(world.told(), ["made delivery", "risk delivery", "broken delivery"]);
    assert!(world.rules.is_repairing(&world.state));
    let actions: Vec<ActionId> = ["apologise", "sell"].iter().map(|id| ActionId::new(id).unwrap()).collect();
    let mut standings = Vec::new();
    world.rules.standings(&world.state, &world.rules.bind_actions(&actions), &mut standings);
    assert_eq!(standings, [Standing::Repairs, Standing::Free]);
    // Late evidence does not close a repair that says what does.
    order(&mut world, "delivered", "1");
    assert!(world.rules.is_repairing(&world.state));
    order(&mut world, "apology_accepted", "1");
    assert!(!world.rules.is_repairing(&world.state));
    assert_eq!(world.told(), ["repaired delivery"]);
}

#[test]
fn a_command_closes_a_repair() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    world.run_to(97);
    let promise = PromiseId::new("delivery").unwrap();
    let _ = world.command(&Command::CloseRepair { promise, key: Some("1".into()) });
    assert!(!world.rules.is_repairing(&world.state));
}

#[test]
fn the_tightest_expectation_of_the_segment_counts() {
    let mut world = World::new(BOOK);
    world.flag("flag.vip", true);
    order(&mut world, "ordered", "1");
    assert_eq!(world.state.promises()[0].due(), crate::support::hour(48));
    assert_eq!(world.state.promises()[0].source(), apropos_journey::ExpectationSource::Product);
}

#[test]
fn evidence_that_arrives_late_but_occurred_in_time_keeps_the_promise() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    world.run_to(100);
    let mut event = with(world.fresh("delivered"), "order", "1");
    event.occurred_at = crate::support::hour(90);
    let _ = world.take(&event);
    assert_eq!(
        world.told(),
        ["made delivery", "risk delivery", "broken delivery", "kept delivery", "repaired delivery"]
    );
}

#[test]
fn a_cancelled_order_is_no_longer_owed() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    order(&mut world, "cancelled", "1");
    world.run_to(500);
    assert_eq!(world.told(), ["made delivery", "void delivery"]);
}

#[test]
fn a_cancellation_counts_by_when_it_occurred() {
    let mut world = World::new(BOOK);
    order(&mut world, "ordered", "1");
    world.run_to(100);
    world.told();
    let mut event = with(world.fresh("cancelled"), "order", "1");
    event.occurred_at = crate::support::hour(90);
    let _ = world.take(&event);
    assert_eq!(world.told(), ["void delivery", "repaired delivery"]);
    // After the deadline it is too late to make void what was broken.
    order(&mut world, "ordered", "2");
    world.run_to(200);
    order(&mut world, "cancelled", "2");
    assert_eq!(status(&world), [PromiseStatus::Broken]);
}

#[test]
fn learned_lateness_says_when_a_promise_is_at_risk() {
    let mut world = World::new(BOOK);
    let mut lateness = Lateness::default();
    (0..95).for_each(|_| lateness.record(Duration::from_hours(5)));
    (0..5).for_each(|_| lateness.record(Duration::from_hours(200)));
    world.rules = world.rules.clone().with_lateness(&PromiseId::new("delivery").unwrap(), lateness);
    order(&mut world, "ordered", "1");
    let due = world.rules.next_due(&world.state).unwrap();
    assert!(due <= crate::support::hour(8), "{due}");
}

#[test]
fn a_moment_of_truth_in_a_journey_makes_the_promise() {
    let mut world = World::new(&format!(
        r#"
        [[journeys]]
        id = "j"
        start = "moment"
        human.queue = "desk"
        entry = {{ on = [{{ event = "in" }}], key = "order" }}
        [journeys.nodes.moment]
        kind = "moment"
        promise = "delivery"
        next = "wait"
        [journeys.nodes.wait]
        kind = "wait_time"
        for = "9d"
        next = "end"
        [journeys.nodes.end]
        kind = "exit"
        outcome = "x"
        {BOOK}
        "#
    ));
    order(&mut world, "in", "7");
    order(&mut world, "delivered", "7");
    assert_eq!(world.told(), ["in j", "made delivery", "kept delivery"]);
}
