//! One test for each defect of other systems that this room must not have: in the order of the list in the design notes.

use apropos_event::{Duration, Zone};
use apropos_journey::{Command, Input, JourneyState, StopReason};

use crate::support::{World, codes, compile, hour, with};

const CART: &str = r#"
    [[journeys]]
    id = "cart"
    start = "wait"
    human.queue = "desk"
    entry.on = [{ event = "cart" }]
    exits = [{ outcome = "bought", on = [{ event = "buy" }] }]
    [journeys.nodes.wait]
    kind = "wait_time"
    for = "1d"
    next = "remind"
    [journeys.nodes.remind]
    kind = "offer"
    actions = ["reminder"]
    within = "3d"
    on_timeout = "exit"
"#;

/// 1: re-entry is never again, always again, or both at once.
#[test]
fn d01_coming_in_again_does_what_the_definition_says() {
    let mut world = World::new(CART);
    let _ = world.event("cart");
    assert_eq!(world.event("cart").stops.last().unwrap().reason, StopReason::AlreadyIn);
    let _ = world.at(1).event("buy");
    assert_eq!(world.event("cart").stop(), StopReason::Waits);
}

/// 2: the same trigger lets the customer in several times.
#[test]
fn d02_one_trigger_lets_in_once_in_all_versions() {
    let mut world = World::new(&format!(
        "{}\nreentry = {{ concurrent = {{ max = 9 }} }}\n{}",
        "[[journeys]]\nid = 'cart'\nversion = 2\nstart = 'wait'\nhuman.queue = 'desk'\nentry.on = [{ event = 'cart' }]",
        "[journeys.nodes.wait]\nkind = 'wait_time'\nfor = '1d'\nnext = 'end'\n[journeys.nodes.end]\nkind = 'exit'\noutcome = 'x'"
    ));
    let event = world.fresh("cart");
    let _ = world.take(&event);
    assert_eq!(world.take(&event).stop(), StopReason::Duplicate);
    assert_eq!(world.state.instances().len(), 1);
}

/// 3: two workers take the same step and the customer hears it twice.
#[test]
fn d03_two_workers_give_the_same_keys() {
    let mut world = World::new(CART);
    let _ = world.event("cart");
    let (mut one, mut two) = (world.state.clone(), world.state.clone());
    let first = world.rules.advance(&mut one, Input::Tick, &world.facts, hour(24));
    let second = world.rules.advance(&mut two, Input::Tick, &world.facts, hour(25));
    assert_eq!(first.effects.len(), 1);
    assert_eq!(first.effects[0].key, second.effects[0].key);
}

/// 4: the exit acts only when the wait is over.
#[test]
fn d04_an_exit_acts_at_once_and_takes_the_timer_along() {
    let mut world = World::new(CART);
    let _ = world.event("cart");
    assert_eq!(world.at(1).event("buy").stop(), StopReason::Ended);
    assert_eq!(world.rules.next_due(&world.state), None);
    world.run_to(100);
    assert_eq!(world.told(), ["in cart", "out cart bought"]);
}

/// 5: waiting for an event cannot follow an entry by event, and keys are not told apart.
#[test]
fn d05_an_event_can_be_awaited_after_entry_by_event_and_by_key() {
    let mut world = World::new(
        r#"
        [[journeys]]
        id = "cart"
        start = "wait"
        reentry = { concurrent = { max = 9 } }
        human.queue = "desk"
        entry = { on = [{ event = "cart" }], key = "id" }
        [journeys.nodes.wait]
        kind = "wait_event"
        on = [{ event = "buy", to = "bought" }]
        within = "1h"
        on_timeout = "left"
        [journeys.nodes.bought]
        kind = "exit"
        outcome = "bought"
        [journeys.nodes.left]
        kind = "exit"
        outcome = "abandoned_cart"
        "#,
    );
    for id in ["a", "b"] {
        let event = with(world.fresh("cart"), "id", id);
        let _ = world.take(&event);
    }
    let buy = with(world.fresh("buy"), "id", "a");
    let _ = world.take(&buy);
    world.run_to(2);
    assert_eq!(world.told(), ["in cart", "in cart", "out cart bought", "out cart abandoned_cart"]);
}

/// 6: timers are lost or stuck after a restart.
#[test]
fn d06_a_timer_survives_a_restart_and_fires_once_however_late() {
    let mut world = World::new(CART);
    let _ = world.event("cart");
    let stored = serde_json::to_string(&world.state).unwrap();
    world.state = serde_json::from_str::<JourneyState>(&stored).unwrap();
    assert_eq!(world.rules.next_due(&world.state), Some(hour(24)));
    // The host was down for a month: one timer, not a burst.
    let _ = world.at(24 * 30).tick();
    assert_eq!(world.told(), ["in cart", "offer reminder"]);
    assert_eq!(world.rules.next_due(&world.state), Some(hour(24 * 33)));
}

/// 6b: what becomes of a timer when a pause ends is a choice.
#[test]
fn d06_the_three_restores_differ() {
    let due = |timer: &str| {
        let mut world =
            World::new(&CART.replace("for = \"1d\"", &format!("for = \"1d\"\ntimer = \"{timer}\"")));
        let _ = world.event("cart");
        let instance = world.state.instances()[0].id();
        let _ = world.at(10).command(&Command::Pause { instance });
        assert_eq!(world.rules.next_due(&world.state), None);
        let _ = world.at(20).command(&Command::Resume { instance });
        world.rules.next_due(&world.state).unwrap()
    };
    assert_eq!(due("absolute"), hour(24));
    assert_eq!(due("remaining"), hour(34));
    assert_eq!(due("restart"), hour(44));
}

/// 7: time zones and changes of the clock.
#[test]
fn d07_local_time_follows_the_customers_clock_through_its_changes() {
    let mut world = World::new(
        r#"
        [[journeys]]
        id = "j"
        start = "nine"
        zone = "Europe/Berlin"
        human.queue = "desk"
        entry.on = [{ event = "in" }]
        [journeys.nodes.nine]
        kind = "wait_local"
        at = "09:00"
        weekdays = ["sunday", "monday"]
        next = "end"
        [journeys.nodes.end]
        kind = "exit"
        outcome = "x"
        "#,
    );
    // Saturday, the 28th of March 2026; the clocks in Berlin jump in the night to Sunday.
    world.now = "2026-03-28T12:00:00Z".parse().unwrap();
    let mut elsewhere = world.state.clone();
    let _ = world.event("in");
    assert_eq!(world.rules.next_due(&world.state), Some("2026-03-29T07:00:00Z".parse().unwrap()));
    elsewhere.set_zone(Some(Zone::new("America/New_York").unwrap()));
    world.state = elsewhere;
    world.keys.clear();
    let _ = world.event("in");
    assert_eq!(world.rules.next_due(&world.state), Some("2026-03-29T13:00:00Z".parse().unwrap()));
}

/// 7b: nothing says what an unknown zone means.
#[test]
fn d07_an_unknown_zone_must_be_provided_for() {
    let text = r#"
        [[journeys]]
        id = "j"
        start = "nine"
        human.queue = "desk"
        [journeys.nodes.nine]
        kind = "wait_local"
        at = "09:00"
        next = "end"
        [journeys.nodes.end]
        kind = "exit"
        outcome = "x"
    "#;
    assert!(codes(text).contains(&"journey/no-zone"));
}

/// 8 (14 of the list): the trigger overtakes the update of the attribute that its guard reads.
#[test]
fn d08_an_event_out_of_order_counts_by_look_back() {
    let mut world = World::new(
        r#"
        [[journeys]]
        id = "j"
        start = "wait"
        human.queue = "desk"
        entry.on = [{ event = "in" }]
        [journeys.nodes.wait]
        kind = "wait_event"
        on = [{ event = "paid", to = "end" }]
        within = "1d"
        on_timeout = "exit"
        by = "occurrence"
        lookback = "1h"
        [journeys.nodes.end]
        kind = "exit"
        outcome = "paid"
        "#,
    );
    // Paid is received before the event that lets the customer in.
    let _ = world.event("paid");
    let mut late = world.fresh("in");
    late.occurred_at = hour(0).minus(Duration::from_mins(5));
    let advance = world.take(&late);
    assert_eq!(advance.stop(), StopReason::Ended);
    assert_eq!(world.told(), ["in j", "out j paid"]);
    // It counted once: coming in again waits.
    assert_eq!(world.event("in").stop(), StopReason::Waits);
}

/// 8b: guards see the facts of the event itself, since the facts are an argument.
#[test]
fn d08_guards_read_the_facts_that_come_with_the_trigger() {
    let mut world = World::new(&CART.replace(
        "entry.on = [{ event = \"cart\" }]",
        "entry = { on = [{ event = \"cart\" }], when = \"flag.a\" }",
    ));
    assert_eq!(world.event("cart").stop(), StopReason::NotConcerned);
    assert_eq!(world.flag("flag.a", true).event("cart").stop(), StopReason::Waits);
}

/// 9 (20 of the list): editing a live journey changes what happens to those who are in it.
#[test]
fn d09_instances_stay_with_the_version_they_entered() {
    let two = CART.replace("[[journeys]]", "[[journeys]]\nversion = 2").replace("reminder", "other");
    let mut world = World::new(CART);
    let _ = world.event("cart");
    let state = world.state.clone();
    let mut world = World::new(&format!("{CART}{two}"));
    world.state = state;
    world.events = 100;
    world.run_to(24);
    assert_eq!(world.told(), ["offer reminder"]);
    let _ = world.event("buy");
    let _ = world.event("cart");
    assert_eq!(world.state.instances()[0].version(), 2);
}

/// 9b: the definition is changed under its number.
#[test]
fn d09_a_changed_version_strands_its_instances_visibly() {
    let mut world = World::new(CART);
    let _ = world.event("cart");
    world.rules = compile(&CART.replace("1d", "2d")).0;
    assert_eq!(world.at(48).tick().stop(), StopReason::Stranded);
    // With the right definition it goes on.
    world.rules = compile(CART).0;
    assert_eq!(world.tick().stop(), StopReason::Waits);
    assert_eq!(world.node(), "remind");
}

/// 10 (2.12): a timeout without a branch turns into a wait that an event can cut short.
#[test]
fn d10_a_wait_for_an_event_says_what_happens_at_its_timeout() {
    let text = CART.replace("on_timeout = \"exit\"", "");
    assert!(codes(&text).contains(&"journey/wait-without-timeout"));
}

/// 11 (2.12): an event that ends the journey is judged at the end of the wait, when its condition no longer holds.
#[test]
fn d11_an_exit_is_judged_when_its_event_is_handled() {
    let mut world = World::new(
        &CART.replace("on = [{ event = \"buy\" }]", "on = [{ event = \"buy\", when = \"flag.a\" }]"),
    );
    let _ = world.event("cart");
    assert_eq!(world.flag("flag.a", true).at(3).event("buy").stop(), StopReason::Ended);
    assert_eq!(world.state.clock(), Some(hour(3)));
}

/// 12 (2.12): a journey turns in circles for ever.
#[test]
fn d12_a_walk_is_bounded_and_says_so() {
    let text = r#"
        [[journeys]]
        id = "j"
        start = "a"
        human.queue = "desk"
        within = "1h"
        entry.on = [{ event = "in" }]
        [journeys.nodes.a]
        kind = "wait_condition"
        when = "flag.a"
        within = "1h"
        on_timeout = "exit"
        next = "b"
        [journeys.nodes.b]
        kind = "milestone"
        next = "a"
    "#;
    let mut world = World::new(text);
    world.flag("flag.a", true);
    assert_eq!(world.event("in").stop(), StopReason::WalkLimit);
    let due = world.rules.next_due(&world.state).unwrap();
    assert_eq!(due, hour(0).plus(Duration::from_secs(1)));
    // It can still leave, and the time limit still holds.
    world.flag("flag.a", false).at(1);
    assert_eq!(world.tick().stop(), StopReason::Ended);
}

/// "Never" silently becomes 91 days elsewhere; see the re-entry tests for the tombstone.
#[test]
fn d13_never_is_not_a_number_of_days() {
    let mut world = World::new(&CART.replace("human.queue", "reentry = \"never\"\nhuman.queue"));
    let _ = world.event("cart");
    let _ = world.event("buy");
    world.at(24 * 3650);
    assert_eq!(world.event("cart").stop(), StopReason::NeverAgain);
}
