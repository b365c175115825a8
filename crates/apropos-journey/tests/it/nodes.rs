//! Each kind of node.

use apropos_event::{CustomerId, Duration};
use apropos_journey::{Input, JourneyState, StopReason};

use crate::support::{World, event, hour};

fn book(nodes: &str) -> World {
    let mut world = World::new(&format!(
        "[[journeys]]\nid = 'j'\nstart = 'a'\nhuman.queue = 'desk'\nentry.on = [{{ event = 'in' }}]\ngoals = [{{ id = 'won' }}]\n{nodes}\n\
         [journeys.nodes.yes]\nkind = 'exit'\noutcome = 'yes'\n[journeys.nodes.no]\nkind = 'exit'\noutcome = 'no'"
    ));
    world.told();
    world
}

#[test]
fn a_milestone_is_told_and_passed() {
    let mut world = book("[journeys.nodes.a]\nkind = 'milestone'\nnext = 'yes'");
    let _ = world.event("in");
    assert_eq!(world.told(), ["in j", "at a", "out j yes"]);
}

#[test]
fn a_goal_node_reaches_its_goal_and_ends() {
    let mut world = book("[journeys.nodes.a]\nkind = 'goal'\ngoal = 'won'");
    let _ = world.event("in");
    assert_eq!(world.told(), ["in j", "goal won", "out j won"]);
}

#[test]
fn a_split_takes_the_first_branch_that_holds() {
    let nodes =
        "[journeys.nodes.a]\nkind = 'split'\nbranches = [{ when = 'flag.a', to = 'yes' }]\notherwise = 'no'";
    let mut world = book(nodes);
    let _ = world.event("in");
    let _ = world.flag("flag.a", true).event("in");
    assert_eq!(world.told(), ["in j", "out j no", "in j", "out j yes"]);
}

#[test]
fn a_wait_for_a_condition_ends_when_it_holds_or_times_out() {
    let nodes = "[journeys.nodes.a]\nkind = 'wait_condition'\nwhen = 'flag.a'\nnext = 'yes'\nwithin = '1d'\non_timeout = 'no'";
    let mut world = book(nodes);
    let _ = world.event("in");
    let _ = world.flag("flag.a", true).at(3).tick();
    let _ = world.event("in");
    let _ = world.flag("flag.a", false).event("in");
    world.run_to(27);
    assert_eq!(world.told(), ["in j", "out j yes", "in j", "out j yes", "in j", "out j no"]);
}

#[test]
fn an_event_in_time_counts_by_occurrence_within_the_grace() {
    let nodes = "[journeys.nodes.a]\nkind = 'wait_event'\non = [{ event = 'e', to = 'yes' }]\nwithin = '1d'\non_timeout = 'no'\nby = 'occurrence'\ngrace = '2h'";
    let run = |received: i64, occurred: i64| {
        let mut world = book(nodes);
        let _ = world.event("in");
        world.run_to(received - 1).at(received);
        let mut late = event("late", "e", hour(received));
        late.occurred_at = hour(occurred);
        let _ = world.take(&late);
        world.told().last().unwrap().clone()
    };
    assert_eq!(run(25, 24), "out j yes");
    assert_eq!(run(26, 23), "out j yes");
    assert_eq!(run(26, 25), "out j no");
    assert_eq!(run(28, 20), "out j no");
}

#[test]
fn by_receipt_the_deadline_goes_first() {
    let nodes = "[journeys.nodes.a]\nkind = 'wait_event'\non = [{ event = 'e', to = 'yes' }]\nwithin = '1d'\non_timeout = 'no'";
    let mut world = book(nodes);
    let _ = world.event("in");
    let mut late = event("late", "e", hour(25));
    late.occurred_at = hour(3);
    world.at(25);
    let _ = world.take(&late);
    assert_eq!(world.told(), ["in j", "out j no"]);
}

#[test]
fn a_stable_split_is_sticky_and_keeps_its_shares() {
    let nodes = "[journeys.nodes.a]\nkind = 'experiment'\nexperiment = 'x'\narms = [{ name = 'left', share = 1, to = 'yes' }, { name = 'right', share = 3, to = 'no' }]";
    let world = book(nodes);
    let mut left = 0;
    for customer in 0..4_000 {
        let id = CustomerId::new(format!("c-{customer}")).unwrap();
        let arm = |event_id: &str| {
            let mut state = JourneyState::new(&id);
            let event = event(event_id, "in", hour(0));
            let advance = world.rules.advance(&mut state, Input::Event(&event), &world.facts, hour(0));
            format!("{:?}", advance.effects[1].what)
        };
        assert_eq!(arm("e-1"), arm("e-2"));
        left += u32::from(arm("e-1").contains("left"));
    }
    assert!((920..1_080).contains(&left), "{left}");
}

#[test]
fn a_sub_journey_runs_inside_and_its_outcome_chooses_the_way() {
    let nodes = "[journeys.nodes.a]\nkind = 'sub_journey'\njourney = 'k'\nnext = 'no'\noutcomes = { fine = 'yes' }\n\
                 within = '9d'\non_timeout = 'no'";
    let inner = "\n[[journeys]]\nid = 'k'\nstart = 'w'\nhuman.queue = 'desk'\n[journeys.nodes.w]\nkind = 'wait_event'\n\
                 on = [{ event = 'good', to = 'fine' }]\nwithin = '30d'\non_timeout = 'exit'\n[journeys.nodes.fine]\nkind = 'exit'\noutcome = 'fine'";
    let mut world = World::new(&format!(
        "[[journeys]]\nid = 'j'\nstart = 'a'\nhuman.queue = 'desk'\nentry.on = [{{ event = 'in' }}]\n{nodes}\n\
         [journeys.nodes.yes]\nkind = 'exit'\noutcome = 'yes'\n[journeys.nodes.no]\nkind = 'exit'\noutcome = 'no'{inner}"
    ));
    let _ = world.event("in");
    assert_eq!(world.node(), "a,w");
    let _ = world.event("good");
    assert_eq!(world.told(), ["in j", "in k", "out k fine", "out j yes"]);
    let _ = world.event("in");
    world.run_to(24 * 9);
    assert_eq!(world.told(), ["in j", "in k", "out j no", "out k abandoned"]);
    assert_eq!(world.node(), "");
}

#[test]
fn time_never_runs_back() {
    let mut world = book("[journeys.nodes.a]\nkind = 'wait_time'\nfor = '1d'\nnext = 'yes'");
    let _ = world.at(10).event("in");
    let _ = world.at(2).tick();
    assert_eq!(world.state.clock(), Some(hour(10)));
    assert_eq!(world.rules.next_due(&world.state), Some(hour(10).plus(Duration::from_days(1))));
    assert_eq!(world.tick().stop(), StopReason::Waits);
}

#[test]
fn entry_by_a_condition_happens_when_it_becomes_true() {
    let mut world = World::new(
        "[[journeys]]\nid = 'j'\nstart = 'yes'\nhuman.queue = 'desk'\nentry.when = 'flag.a'\n[journeys.nodes.yes]\nkind = 'exit'\noutcome = 'yes'",
    );
    let _ = world.tick();
    let _ = world.flag("flag.a", true).tick();
    let _ = world.tick();
    assert_eq!(world.told(), ["in j", "out j yes"]);
    let _ = world.flag("flag.a", false).tick();
    let _ = world.flag("flag.a", true).tick();
    assert_eq!(world.told(), ["in j", "out j yes"]);
}

#[test]
fn splits_by_hash_with_one_salt_send_a_customer_the_same_way() {
    let split = |salt: &str| {
        format!(
            "[journeys.nodes.a]\nkind = 'split_hash'\nsalt = '{salt}'\n\
             arms = [{{ share = 1, to = 'yes' }}, {{ share = 1, to = 'no' }}]"
        )
    };
    let ways = |salt: &str| {
        let world = book(&split(salt));
        let way = |customer: u32| {
            let mut state = JourneyState::new(&CustomerId::new(format!("c-{customer}")).unwrap());
            let event = event("e", "in", hour(0));
            let advance = world.rules.advance(&mut state, Input::Event(&event), &world.facts, hour(0));
            format!("{:?}", advance.effects.last().unwrap().what)
        };
        (0..200).map(way).collect::<Vec<_>>()
    };
    assert_eq!(ways("summer"), ways("summer"));
    let differ = ways("summer").iter().zip(ways("winter")).filter(|(a, b)| *a != b).count();
    assert!((60..140).contains(&differ), "{differ}");
}
