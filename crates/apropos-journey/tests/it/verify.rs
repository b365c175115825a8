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
