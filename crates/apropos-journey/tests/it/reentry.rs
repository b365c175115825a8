//! One test for each way of coming in again.

use apropos_journey::StopReason;

use crate::support::{World, hour, with};

fn journey(reentry: &str, more: &str) -> World {
    World::new(&format!(
        r#"
        [[journeys]]
        id = "cart"
        start = "wait"
        reentry = {reentry}
        human.queue = "desk"
        entry.on = [{{ event = "cart" }}]
        {more}
        [journeys.nodes.wait]
        kind = "wait_event"
        on = [{{ event = "buy", to = "done" }}]
        within = "1d"
        on_timeout = "exit"
        [journeys.nodes.done]
        kind = "exit"
        outcome = "bought"
        "#
    ))
}

#[test]
fn never_means_never_however_long_ago() {
    let mut world = journey(r#""never""#, "");
    assert_eq!(world.event("cart").stop(), StopReason::Waits);
    assert_eq!(world.event("cart").stops.last().unwrap().reason, StopReason::NeverAgain);
    world.run_to(30);
    assert_eq!(world.node(), "");
    world.at(24 * 400);
    assert_eq!(world.event("cart").stop(), StopReason::NeverAgain);
}

#[test]
fn never_survives_erasure() {
    let mut world = journey(r#""never""#, "");
    let _ = world.event("cart");
    world.state.erase();
    assert_eq!(world.node(), "");
    assert_eq!(world.event("cart").stop(), StopReason::NeverAgain);
}

#[test]
fn after_exit_means_once_at_a_time_and_after_the_cooldown() {
    let mut world = journey("{ after_exit = { cooldown = '2d' } }", "");
    let _ = world.event("cart");
    assert_eq!(world.event("cart").stops.last().unwrap().reason, StopReason::AlreadyIn);
    let _ = world.at(1).event("buy");
    assert_eq!(world.at(48).event("cart").stop(), StopReason::CoolingDown);
    assert_eq!(world.at(49).event("cart").stop(), StopReason::Waits);
}

#[test]
fn concurrent_means_at_most_so_many() {
    let mut world = journey("{ concurrent = { max = 2 } }", "");
    let _ = world.event("cart");
    let _ = world.event("cart");
    assert_eq!(world.event("cart").stops.last().unwrap().reason, StopReason::Full);
    assert_eq!(world.node(), "wait,wait");
    let _ = world.event("buy");
    assert_eq!(world.node(), "");
}

#[test]
fn keyed_instances_live_side_by_side_and_hear_only_their_own_events() {
    let mut world = journey("{ concurrent = { max = 5 } }", "entry.key = 'cart_id'");
    for cart in ["a", "b", "a"] {
        let event = with(world.fresh("cart"), "cart_id", cart);
        let _ = world.take(&event);
    }
    assert_eq!(world.node(), "wait,wait");
    let buy = with(world.fresh("buy"), "cart_id", "b");
    let _ = world.take(&buy);
    assert_eq!(world.state.instances().iter().map(|i| i.key().unwrap()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(world.event("cart").stops.last().unwrap().reason, StopReason::NoKey);
}

#[test]
fn one_trigger_lets_in_once_even_after_the_exit() {
    let mut world = journey("{ after_exit = {} }", "");
    let event = world.fresh("cart");
    let _ = world.take(&event);
    let _ = world.at(1).event("buy");
    assert_eq!(world.take(&event).stop(), StopReason::Duplicate);
    // Even when the event is no longer remembered among the last ones.
    for _ in 0..200 {
        let _ = world.event("buy");
    }
    assert_eq!(world.take(&event).stop(), StopReason::SameTrigger);
}

#[test]
fn too_old_events_let_nobody_in() {
    let mut world = journey("{ after_exit = {} }", "entry.max_age = '1h'");
    let event = world.fresh("cart");
    world.at(2);
    assert_eq!(world.take(&event).stop(), StopReason::TooOld);
    assert_eq!(world.state.clock(), Some(hour(2)));
}

#[test]
fn keyed_instances_are_at_most_so_many_too() {
    let mut world = journey("{ concurrent = { max = 2 } }", "entry.key = 'cart_id'");
    for cart in ["a", "b"] {
        let event = with(world.fresh("cart"), "cart_id", cart);
        assert_eq!(world.take(&event).stops.last().unwrap().reason, StopReason::Waits);
    }
    let third = with(world.fresh("cart"), "cart_id", "c");
    assert_eq!(world.take(&third).stops.last().unwrap().reason, StopReason::Full);
    let bought = with(world.fresh("buy"), "cart_id", "a");
    let _ = world.take(&bought);
    let third = with(world.fresh("cart"), "cart_id", "c");
    assert_eq!(world.take(&third).stops.last().unwrap().reason, StopReason::Waits);
}

#[test]
fn an_instance_of_an_older_version_counts() {
    let version = |number: u32| {
        format!(
            "[[journeys]]\nid = 'j'\nversion = {number}\nstart = 'w'\nhuman.queue = 'desk'\nentry.on = [{{ event = 'in' }}]\n\
             [journeys.nodes.w]\nkind = 'wait_time'\nfor = '9d'\nnext = 'end'\n[journeys.nodes.end]\nkind = 'exit'\noutcome = 'x'\n"
        )
    };
    let state = World::inside(&version(1)).state;
    let mut world = World::new(&format!("{}{}", version(1), version(2)));
    world.state = state;
    world.events = 9;
    assert_eq!(world.event("in").stops.last().unwrap().reason, StopReason::AlreadyIn);
    assert_eq!(world.state.instances().len(), 1);
}
