//! Invariants: what holds is found to hold, what fails comes with the way there.

use apropos_event::JourneyId;
use apropos_journey::Verdict;

use crate::support::World;

fn book(exit: &str, invariant: &str) -> String {
    format!(
        r#"
        [[journeys]]
        id = "j"
        start = "ask"
        entry.on = [{{ event = "in" }}]
        human.node = "desk"
        reentry = "never"
        {exit}
        invariants = [{invariant}]
        [journeys.nodes.ask]
        kind = "split"
        branches = [{{ when = "flag.complaint", to = "care" }}]
        otherwise = "sell"
        [journeys.nodes.sell]
        kind = "offer"
        actions = ["upgrade"]
        on = [{{ event = "no", to = "pause" }}]
        within = "2d"
        on_timeout = "pause"
        [journeys.nodes.pause]
        kind = "wait_time"
        for = "1d"
        next = "ask"
        [journeys.nodes.care]
        kind = "wait_condition"
        when = "!flag.complaint"
        next = "ask"
        within = "30d"
        on_timeout = "exit"
        [journeys.nodes.desk]
        kind = "hand_off"
        queue = "desk"
        next = "helped"
        [journeys.nodes.helped]
        kind = "exit"
        outcome = "helped"
        "#
    )
}

fn verdict(exit: &str, invariant: &str) -> Verdict {
    let world = World::new(&book(exit, invariant));
    world.rules.verify(&JourneyId::new("j").unwrap(), &world.schema).remove(0)
}

const NEVER_SELL: &str = "{ never = { offering = ['upgrade'], while = 'flag.complaint' } }";
const LEAVE: &str = "exits = [{ outcome = 'complains', when = 'flag.complaint' }]";

#[test]
fn never_sell_while_a_complaint_is_open_fails_when_the_offer_stays() {
    let Verdict::Fails { trace } = verdict("exits = []", NEVER_SELL) else { panic!("it holds") };
    // In, offered; then the complaint opens while the offer stands.
    assert_eq!(trace.len(), 2, "{trace:?}");
    assert_eq!(trace[0].at, "sell");
    assert!(trace[1].facts.contains("flag.complaint = true"), "{trace:?}");
}

#[test]
fn never_sell_while_a_complaint_is_open_holds_when_an_exit_pre_empts_the_offer() {
    assert!(matches!(verdict(LEAVE, NEVER_SELL), Verdict::Holds { .. }));
}

#[test]
fn a_person_is_always_near() {
    assert!(matches!(verdict(LEAVE, "{ human_within = { steps = 1 } }"), Verdict::Holds { .. }));
}

#[test]
fn a_person_who_is_too_far_away_is_found() {
    let world = World::new(
        r#"
        [[journeys]]
        id = "j"
        start = "one"
        entry.on = [{ event = "in" }]
        invariants = [{ human_within = { steps = 2 } }, { human_within = { steps = 1 } }]
        [journeys.nodes.one]
        kind = "wait_time"
        for = "1d"
        next = "two"
        [journeys.nodes.two]
        kind = "wait_time"
        for = "1d"
        next = "desk"
        [journeys.nodes.desk]
        kind = "hand_off"
        queue = "desk"
        next = "end"
        [journeys.nodes.end]
        kind = "exit"
        outcome = "x"
        "#,
    );
    let verdicts = world.rules.verify(&JourneyId::new("j").unwrap(), &world.schema);
    assert!(matches!(verdicts[0], Verdict::Holds { .. }), "{}", verdicts[0]);
    assert!(matches!(&verdicts[1], Verdict::Fails { trace } if trace[0].at == "one"), "{}", verdicts[1]);
}

#[test]
fn contacts_a_week_are_counted_in_the_worst_case() {
    // An offer that is refused at once comes again after a day: seven in a week, and no more.
    let at_most = |n: u32| format!("{{ at_most = {{ contacts = {n}, per = '7d', of = ['upgrade'] }} }}");
    let holds = verdict("exits = []", &at_most(7));
    assert!(holds.passes(), "{holds}");
    let Verdict::Fails { trace } = verdict("exits = []", &at_most(3)) else { panic!("it holds") };
    assert_eq!(trace.iter().filter(|step| step.at == "sell").count(), 4, "{trace:?}");
}

fn first(text: &str) -> Verdict {
    let world = World::new(text);
    world.rules.verify(&JourneyId::new("j").unwrap(), &world.schema).remove(0)
}

/// A journey whose nodes and invariant are these.
fn small(head: &str, nodes: &str) -> String {
    format!(
        "[[journeys]]\nid = 'j'\nstart = 'a'\nhuman.node = 'desk'\nentry.on = [{{ event = 'in' }}]\n{head}\n{nodes}\n\
         [journeys.nodes.end]\nkind = 'exit'\noutcome = 'x'\n\
         [journeys.nodes.desk]\nkind = 'hand_off'\nqueue = 'desk'\nnext = 'end'\n\
         [journeys.nodes.trap]\nkind = 'wait_time'\nfor = '1d'\nnext = 'end'\n"
    )
}

const NO_TRAP: &str = "invariants = [{ never = { at = ['trap'] } }]";

#[test]
fn every_arm_of_a_draw_is_walked_and_one_salt_draws_once() {
    let draw = |at: &str, salt: &str, small: &str, large: &str| {
        format!(
            "[journeys.nodes.{at}]\nkind = 'split_hash'\nsalt = '{salt}'\n\
             arms = [{{ share = 1, to = '{small}' }}, {{ share = 9999, to = '{large}' }}]\n"
        )
    };
    let trap = small(NO_TRAP, &draw("a", "s", "trap", "end"));
    assert!(matches!(first(&trap), Verdict::Fails { .. }));
    // The rare arm leads to a second draw; under the same salt it comes out the same way.
    let twice = |salt: &str| {
        small(NO_TRAP, &format!("{}{}", draw("a", "s", "b", "end"), draw("b", salt, "end", "trap")))
    };
    assert!(matches!(first(&twice("s")), Verdict::Holds { .. }));
    assert!(matches!(first(&twice("t")), Verdict::Fails { .. }));
}

#[test]
fn values_between_literals_are_looked_at() {
    let split = |when: &str| {
        let node = format!(
            "[journeys.nodes.a]\nkind = 'split'\nbranches = [{{ when = \"{when}\", to = 'trap' }}]\notherwise = 'end'"
        );
        first(&small(NO_TRAP, &node))
    };
    assert!(matches!(split("num.d > 2.5 && num.d < 2.6"), Verdict::Fails { .. }));
    assert!(matches!(split("num.x > 2 && num.x < 3"), Verdict::Holds { .. }));
    assert!(matches!(split("word.s != 'gold' && word.s != 'silver'"), Verdict::Fails { .. }));
    assert!(matches!(split("!(num.d > 1.0) && !(num.d <= 1.0)"), Verdict::Holds { .. }));
    // What cannot be listed may come out any way.
    assert!(matches!(split("num.x % 3 == 1 && double(num.x) < num.d"), Verdict::Fails { .. }));
}

#[test]
fn an_unknown_value_is_a_case() {
    let node = "[journeys.nodes.a]\nkind = 'split'\n\
                branches = [{ when = 'num.d > 1.0', to = 'end' }, { when = 'num.d <= 1.0', to = 'end' }]\notherwise = 'trap'";
    let Verdict::Fails { trace } = first(&small(NO_TRAP, node)) else { panic!("it holds") };
    assert!(trace[0].facts.contains("num.d unknown"), "{trace:?}");
}

#[test]
fn instants_between_timers_are_looked_at() {
    // Without a person the trap is only reached when the event comes after more than three and less than five days.
    let nodes = "[journeys.nodes.a]\nkind = 'wait_event'\non = [{ event = 'e', to = 'b' }]\nwithin = '5d'\non_timeout = 'end'\n\
                 [journeys.nodes.b]\nkind = 'wait_time'\nfor = '3d'\nnext = 'end'";
    let trace = |within: &str| {
        let head = format!(
            "invariants = [{{ never = {{ at = ['trap'], while = '!flag.a' }} }}]\n\
             exits = [{{ outcome = 'x', when = 'flag.a' }}]\nwithin = '{within}'\non_timeout = 'trap'"
        );
        let Verdict::Fails { trace } = first(&small(&head, nodes)) else { panic!("it holds") };
        trace.into_iter().map(|step| step.input).collect::<Vec<_>>()
    };
    assert_eq!(trace("6d").len(), 3);
    // A limit beyond every way is only passed while a person has the case.
    assert!(trace("9d").contains(&"asks for a person".to_owned()));
}

#[test]
fn contacts_of_instances_side_by_side_add_up() {
    let offer = "[journeys.nodes.a]\nkind = 'offer'\nactions = ['tip']\nwithin = '9d'\non_timeout = 'end'";
    let verdict = |reentry: &str, most: u32| {
        let head = format!(
            "invariants = [{{ at_most = {{ contacts = {most}, per = '1d' }} }}]\nreentry = {reentry}"
        );
        first(&small(&head, offer)).passes()
    };
    assert!(verdict("{ after_exit = { cooldown = '2d' } }", 1));
    assert!(!verdict("{ concurrent = { max = 3 } }", 2));
    assert!(verdict("'never'", 1));
}
