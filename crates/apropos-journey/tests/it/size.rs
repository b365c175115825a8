//! What is stored, and how large it is.

use apropos_journey::JourneyState;

use crate::support::World;

fn full() -> World {
    let mut world = World::new(
        r#"
        [[journeys]]
        id = "returning_a_purchase"
        start = "wait_for_the_parcel"
        within = "90d"
        reentry = { concurrent = { max = 9 } }
        human.queue = "desk"
        entry = { on = [{ event = "in" }], key = "order_id" }
        goals = [{ id = "kept", on = [{ event = "keep" }], ends = false }]
        [journeys.nodes.wait_for_the_parcel]
        kind = "wait_event"
        on = [{ event = "again", to = "wait_for_the_parcel" }]
        within = "14d"
        on_timeout = "exit"
        "#,
    );
    let event = crate::support::with(world.fresh("in"), "order_id", "2026-0000-1111-2222-3333");
    let _ = world.take(&event);
    let _ = world.event("keep");
    for _ in 0..100 {
        let _ = world.event("again");
    }
    world
}

#[test]
fn an_instance_takes_at_most_256_bytes() {
    let world = full();
    let bytes = postcard::to_allocvec(&world.state.instances()[0]).unwrap().len();
    assert!(bytes <= 256, "{bytes}");
}

#[test]
fn state_is_the_same_through_json_and_postcard() {
    let mut world = full();
    world.state.set_zone(Some(apropos_event::Zone::new("Europe/Berlin").unwrap()));
    let json = serde_json::to_string(&world.state).unwrap();
    assert_eq!(serde_json::from_str::<JourneyState>(&json).unwrap(), world.state);
    let bytes = postcard::to_allocvec(&world.state).unwrap();
    assert_eq!(postcard::from_bytes::<JourneyState>(&bytes).unwrap(), world.state);
}
