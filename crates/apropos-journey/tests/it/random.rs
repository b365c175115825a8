//! Random definitions: compiling never panics, and what is accepted runs: no input panics, nobody is stuck.

use std::collections::BTreeMap;

use apropos_event::{Duration, NodeId};
use apropos_journey::{
    Arm, Branch, EntryDefinition, EventPattern, HumanDefinition, Input, JourneyDefinition, JourneyState,
    NodeDefinition, NodeKind, OnEvent, Reentry, Status,
};

use crate::support::{Book, Dice, compile_book, event, hour};

const NODES: u64 = 7;
const KINDS: [NodeKind; 12] = [
    NodeKind::Milestone,
    NodeKind::WaitEvent,
    NodeKind::WaitTime,
    NodeKind::WaitCondition,
    NodeKind::WaitLocal,
    NodeKind::Split,
    NodeKind::SplitHash,
    NodeKind::Experiment,
    NodeKind::Offer,
    NodeKind::HandOff,
    NodeKind::Goal,
    NodeKind::Exit,
];

/// Mostly a node that exists.
fn target(dice: &mut Dice) -> NodeId {
    let ghost = u64::from(dice.seed.is_multiple_of(7));
    NodeId::new(format!("n{}", dice.roll(NODES + ghost))).unwrap()
}

fn hours(dice: &mut Dice) -> Duration {
    Duration::from_hours(1 + dice.roll(48) as i64)
}

fn node(dice: &mut Dice) -> NodeDefinition {
    let kind = *dice.pick(&KINDS);
    let on = |dice: &mut Dice| OnEvent {
        event: dice.pick(&["a", "b", "c"]).parse().unwrap(),
        with: BTreeMap::default(),
        when: (dice.roll(3) == 0).then(|| "flag.a".to_owned()),
        to: target(dice),
    };
    let branch = |dice: &mut Dice| Branch {
        when: (*dice.pick(&["flag.a", "!flag.a", "num.x > 2"])).to_owned(),
        to: target(dice),
    };
    let arm =
        |dice: &mut Dice| Arm { name: Some("arm".into()), share: dice.roll(5) as u32, to: target(dice) };
    let waits = matches!(kind, NodeKind::WaitEvent | NodeKind::WaitCondition | NodeKind::Offer);
    let (next, otherwise) = (target(dice), target(dice));
    let (within, lasts) = (hours(dice), hours(dice));
    let on_timeout = (*dice.pick(&["exit", "continue", "n1"])).to_owned();
    NodeDefinition {
        next: dice.some(next),
        on: (0..dice.roll(3)).map(|_| on(dice)).collect(),
        within: if waits { dice.some(within) } else { None },
        on_timeout: dice.some(on_timeout),
        lasts: dice.some(lasts),
        when: dice.some("flag.a".to_owned()),
        at: dice.some("09:30".parse().unwrap()),
        zone: dice.some("Europe/Berlin".parse().unwrap()),
        branches: (0..dice.roll(3)).map(|_| branch(dice)).collect(),
        otherwise: dice.some(otherwise),
        arms: (0..=dice.roll(3)).map(|_| arm(dice)).collect(),
        salt: dice.some("salt".into()),
        experiment: dice.some("experiment".into()),
        actions: vec!["tip".parse().unwrap()],
        queue: dice.some("desk".into()),
        outcome: dice.some("over".into()),
        goal: None,
        ..NodeDefinition::of(kind)
    }
}

fn journey(seed: u64) -> JourneyDefinition {
    let mut dice = Dice::new(seed, "definition");
    JourneyDefinition {
        id: "j".parse().unwrap(),
        version: 1,
        doc: None,
        start: target(&mut dice),
        entry: EntryDefinition {
            on: vec![EventPattern::of("in".parse().unwrap())],
            ..EntryDefinition::default()
        },
        reentry: Reentry::Concurrent { max: 3 },
        exits: Vec::new(),
        goals: Vec::new(),
        within: dice.some(Duration::from_days(30)),
        on_timeout: None,
        human: dice.some(HumanDefinition { queue: Some("desk".into()), ..HumanDefinition::default() }),
        zone: None,
        stages: Vec::new(),
        owns: Vec::new(),
        invariants: Vec::new(),
        nodes: (0..NODES).map(|at| (NodeId::new(format!("n{at}")).unwrap(), node(&mut dice))).collect(),
    }
}

#[test]
fn what_is_accepted_runs_and_what_is_not_says_why() {
    let mut accepted = 0;
    for seed in 0..5_000 {
        let book = Book { journeys: vec![journey(seed)], promises: Vec::new() };
        let (rules, schema, problems) = compile_book(&book);
        if problems.has_errors() {
            assert!(problems.iter().all(|problem| !problem.message.is_empty()));
            continue;
        }
        accepted += 1;
        let mut dice = Dice::new(seed, "run");
        let mut facts = apropos_condition::Facts::new(&schema);
        let flag = schema.id("flag.a").unwrap();
        let mut state = JourneyState::new(&"c-1".parse().unwrap());
        let mut now = hour(0);
        for id in 0..60 {
            facts.set_bool(flag, dice.roll(2) == 0);
            now = now.plus(Duration::from_hours(dice.roll(30) as i64));
            let kind = *dice.pick(&["in", "a", "b", "c"]);
            let event = event(&id.to_string(), kind, now);
            let _ = rules.advance(&mut state, Input::Event(&event), &facts, now);
            for view in rules.view(&state) {
                let waits = view.due.is_some_and(|due| now < due) || view.status == Status::HandedOff;
                assert!(waits, "seed {seed}: {view:?}");
            }
        }
        let picture = rules.picture(&"j".parse().unwrap(), 1).unwrap();
        assert!(picture.arrows.iter().all(|arrow| arrow.to < picture.nodes.len()));
    }
    assert!(20 < accepted, "only {accepted} of 5,000 random journeys were accepted");
}
