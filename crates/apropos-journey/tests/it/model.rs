//! A model beside the engine: random histories with duplicates, disorder, crashes between step and store, and jumps in
//! time are driven through both.
//!
//! The model is naive on purpose: it knows only, from the definition, what must be true of any history. No effect
//! twice under one key, and no key with two meanings; no timer lost: whatever is due is taken by the next input; nobody
//! stuck: whoever is inside waits for something that can still come; the same history gives the same state when every
//! crash is repeated from the stored bytes. For the parts that are simple enough (entries, exits, the set of nodes) it
//! predicts the outcome itself.
//!
//! `APROPOS_CASES` sets how many histories are run: 100,000 unless said otherwise.

use std::collections::{BTreeMap, BTreeSet};

use apropos_event::{Duration, Event, Timestamp};
use apropos_journey::{Advance, Command, EffectKind, Input, JourneyState, PromiseStatus, Status};

use crate::support::{Dice, World, event, hour, short, with};

const BOOK: &str = r#"
    [[journeys]]
    id = "shop"
    start = "look"
    within = "20d"
    reentry = { after_exit = { cooldown = "1d" } }
    entry.on = [{ event = "visit" }]
    exits = [{ outcome = "gone", on = [{ event = "bye" }] }, { outcome = "vip", when = "flag.vip" }]
    goals = [{ id = "bought", on = [{ event = "buy" }] }]
    human = { queue = "desk", on = [{ event = "help" }], closed_by = [{ event = "closed" }] }
    [journeys.nodes.look]
    kind = "offer"
    actions = ["tip"]
    on = [{ event = "read", to = "fork" }]
    within = "2d"
    on_timeout = "nap"
    [journeys.nodes.fork]
    kind = "split"
    branches = [{ when = "flag.a", to = "moment" }]
    otherwise = "nap"
    [journeys.nodes.moment]
    kind = "moment"
    promise = "answer"
    next = "sub"
    [journeys.nodes.sub]
    kind = "sub_journey"
    journey = "inner"
    next = "nap"
    outcomes = { fine = "look" }
    [journeys.nodes.nap]
    kind = "wait_time"
    for = "1d"
    next = "calm"
    [journeys.nodes.calm]
    kind = "wait_condition"
    when = "!flag.a"
    next = "look"
    within = "3d"
    on_timeout = "look"

    [[journeys]]
    id = "inner"
    start = "ask"
    human.queue = "desk"
    [journeys.nodes.ask]
    kind = "wait_event"
    on = [{ event = "read", to = "fine" }]
    within = "1d"
    on_timeout = "exit"
    by = "occurrence"
    lookback = "3h"
    grace = "2h"
    [journeys.nodes.fine]
    kind = "exit"
    outcome = "fine"

    [[journeys]]
    id = "cart"
    start = "wait"
    reentry = { concurrent = { max = 3 } }
    entry = { on = [{ event = "cart" }], key = "id" }
    human.queue = "desk"
    [journeys.nodes.wait]
    kind = "wait_event"
    on = [{ event = "buy", to = "done" }]
    within = "1d"
    on_timeout = "exit"
    [journeys.nodes.done]
    kind = "exit"
    outcome = "bought"

    [[journeys]]
    id = "welcome"
    start = "hello"
    reentry = "never"
    entry.on = [{ event = "visit" }]
    human.queue = "desk"
    [journeys.nodes.hello]
    kind = "wait_time"
    for = "12h"
    next = "done"
    [journeys.nodes.done]
    kind = "exit"
    outcome = "welcomed"

    [[promises]]
    id = "answer"
    what = "an answer"
    on = [{ event = "question" }]
    kept_by = [{ event = "answered" }]
    expectations = [{ source = "brand", within = "2d" }]
    repair = { actions = ["sorry"] }
"#;

/// What a naive reader of the definition knows of one customer.
#[derive(Default)]
struct Model {
    /// Every effect the host has done, by key.
    done: BTreeMap<String, String>,
    /// The carts inside, with the instant they time out.
    carts: BTreeMap<String, Timestamp>,
    welcomed: bool,
    /// Ids of events that were handled.
    seen: BTreeSet<String>,
}

impl Model {
    /// The host's outbox: an effect under a known key must say the same, and is not done again.
    fn outbox(&mut self, advance: &Advance) -> Vec<String> {
        let mut fresh = Vec::new();
        for effect in &advance.effects {
            let (key, text) = (effect.key.to_string(), format!("{:?}", effect.what));
            if let Some(before) = self.done.get(&key) {
                assert_eq!(*before, text, "one key, two meanings");
            } else {
                self.done.insert(key, text);
                fresh.push(short(&effect.what));
            }
        }
        fresh
    }

    /// Predicts what carts and the welcome do.
    fn predict(&mut self, event: Option<&Event>, now: Timestamp) -> Vec<String> {
        let mut told = Vec::new();
        if let Some(event) = event
            && !self.seen.insert(event.id.to_string())
        {
            return told;
        }
        let due: Vec<String> =
            self.carts.iter().filter(|(_, due)| **due <= now).map(|(id, _)| id.clone()).collect();
        for id in &due {
            self.carts.remove(id);
            told.push("out cart timed_out".to_owned());
        }
        let Some(event) = event else { return told };
        let id = event.property("id").and_then(|value| value.as_str()).map(str::to_owned);
        match event.kind.as_str() {
            "buy" => {
                let bought: Vec<String> = self
                    .carts
                    .keys()
                    .filter(|cart| id.as_ref().is_none_or(|id| id == *cart))
                    .cloned()
                    .collect();
                for cart in bought {
                    self.carts.remove(&cart);
                    told.push("out cart bought".to_owned());
                }
            }
            "cart" => {
                if let Some(id) = id.filter(|id| !self.carts.contains_key(id) && self.carts.len() < 3) {
                    self.carts.insert(id, now.plus(Duration::from_days(1)));
                    told.push("in cart".to_owned());
                }
            }
            "visit" if !self.welcomed => {
                self.welcomed = true;
                told.push("in welcome".to_owned());
            }
            _ => {}
        }
        told
    }
}

const KINDS: [&str; 10] =
    ["visit", "read", "buy", "bye", "help", "closed", "cart", "question", "answered", "nothing"];

fn history(world: &World, seed: u64) {
    let mut dice = Dice::new(seed, "history");
    let mut facts = world.facts.clone();
    let flags = ["flag.a", "flag.vip"].map(|flag| world.schema.id(flag).unwrap());
    let mut state = JourneyState::new(&"c-1".parse().unwrap());
    let mut model = Model::default();
    let mut now = hour(0);
    let mut sent: Vec<Event> = Vec::new();
    for _ in 0..5 + dice.roll(20) {
        facts.set_bool(flags[0], dice.roll(3) == 0);
        facts.set_bool(flags[1], dice.roll(40) == 0);
        // Time mostly creeps, sometimes stands, sometimes jumps, sometimes a clock is wrong.
        now = match dice.roll(10) {
            0 => now,
            1 => now.plus(Duration::from_days(dice.roll(30) as i64)),
            2 => now.minus(Duration::from_hours(1)).max(hour(0)),
            _ => now.plus(Duration::from_mins(dice.roll(600) as i64)),
        };
        let chosen = choose(&mut dice, &mut sent, &state, now);
        let input = match &chosen {
            Chosen::Event(event) => Input::Event(event),
            Chosen::Tick => Input::Tick,
            Chosen::Command(command) => Input::Command(command),
        };
        // A crash between step and store: the effects may be out, the state is the old one, and the step is repeated
        // from the stored bytes.
        let stored = (dice.roll(4) == 0).then(|| bytes(&state, &mut dice));
        let advance = world.rules.advance(&mut state, input, &facts, now);
        let fresh = model.outbox(&advance);
        if let Some(stored) = stored {
            let mut again = stored;
            let repeated = world.rules.advance(&mut again, input, &facts, now);
            assert_eq!(repeated, advance, "seed {seed}: a repeated step differs");
            assert_eq!(again, state, "seed {seed}: a repeated step ends elsewhere");
            assert!(model.outbox(&repeated).is_empty(), "seed {seed}: an effect happened twice");
        }
        let clock = state.clock().unwrap_or(now);
        // An event that nothing listens to is a tick.
        let event = match &chosen {
            Chosen::Event(event) if event.kind.as_str() != "nothing" => Some(event),
            _ => None,
        };
        let expected = model.predict(event, clock);
        let concerned =
            |told: &&String| told.ends_with("cart") || told.contains("out cart") || *told == "in welcome";
        let got: Vec<String> = fresh.iter().filter(concerned).cloned().collect();
        assert_eq!(sorted(got), sorted(expected), "seed {seed}: {chosen:?}");
        nobody_is_stuck(world, &state, clock, seed);
    }
    in_the_end_everybody_leaves(world, &mut state, &mut model, &mut facts, flags[0], seed);
}

#[derive(Debug)]
enum Chosen {
    Event(Event),
    Tick,
    Command(Command),
}

fn choose(dice: &mut Dice, sent: &mut Vec<Event>, state: &JourneyState, now: Timestamp) -> Chosen {
    // The model knows nothing of people, so it keeps them out of the journeys that it predicts.
    let shop = |one: &&apropos_journey::Instance| !["cart", "welcome"].contains(&one.journey().as_str());
    let instance = state.instances().iter().find(shop).map(apropos_journey::Instance::id);
    match (dice.roll(12), instance) {
        (0, _) => Chosen::Tick,
        (1, _) if !sent.is_empty() => Chosen::Event(dice.pick(sent).clone()),
        (2, Some(instance)) => Chosen::Command(Command::HandOff { instance }),
        (3, Some(instance)) => Chosen::Command(Command::Close { instance, outcome: None }),
        _ => {
            let kind = *dice.pick(&KINDS);
            let mut event = event(&format!("e-{}", sent.len()), kind, now);
            // Disorder: it occurred up to six hours earlier than it is received.
            event.occurred_at = now.minus(Duration::from_mins(dice.roll(360) as i64 * dice.roll(2) as i64));
            if dice.roll(3) != 0 {
                let id = *dice.pick(&["x", "y", "z", "w"]);
                event = with(event, "id", id);
            }
            sent.push(event.clone());
            Chosen::Event(event)
        }
    }
}

/// The state as a host stores it, and back.
fn bytes(state: &JourneyState, dice: &mut Dice) -> JourneyState {
    if dice.roll(2) == 0 {
        postcard::from_bytes(&postcard::to_allocvec(state).unwrap()).unwrap()
    } else {
        serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
    }
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

/// Whoever is inside has a timer, an inner journey that has one, or a person.
fn nobody_is_stuck(world: &World, state: &JourneyState, now: Timestamp, seed: u64) {
    for view in world.rules.view(state) {
        let waits = view.due.is_some() || view.status == Status::HandedOff;
        assert!(waits, "seed {seed}: {view:?} waits for nothing");
        assert!(view.due.is_none_or(|due| now < due), "seed {seed}: the timer of {view:?} was lost at {now}");
    }
    for owed in state.promises() {
        assert!(
            owed.next_due().is_none_or(|due| now < due),
            "seed {seed}: the deadline of {owed:?} was lost at {now}"
        );
        assert!(owed.status() != PromiseStatus::Open || now < owed.due());
    }
}

/// When nothing happens any more but time, every instance leaves: no person keeps a case for ever.
fn in_the_end_everybody_leaves(
    world: &World,
    state: &mut JourneyState,
    model: &mut Model,
    facts: &mut apropos_condition::Facts,
    flag: apropos_condition::AttributeId,
    seed: u64,
) {
    facts.set_bool(flag, true);
    let mut now = state.clock().unwrap_or(hour(0));
    for round in 0.. {
        assert!(round < 1_000, "seed {seed}: {:?} never leave", world.rules.view(state));
        let handed = state
            .instances()
            .iter()
            .find(|one| one.status() == Status::HandedOff)
            .map(apropos_journey::Instance::id);
        let advance = if let Some(instance) = handed {
            let command = Command::Close { instance, outcome: None };
            world.rules.advance(state, Input::Command(&command), facts, now)
        } else if let Some(due) = world.rules.next_due(state) {
            assert!(now < due || round == 0, "seed {seed}: time does not move on");
            now = now.max(due);
            world.rules.advance(state, Input::Tick, facts, now)
        } else {
            break;
        };
        let duplicates = advance.effects.len() - model.outbox(&advance).len();
        assert_eq!(duplicates, 0, "seed {seed}: an effect happened twice");
        assert!(advance.effects.iter().all(|effect| !matches!(effect.what, EffectKind::Entered { ref journey, .. } if journey.as_str() == "welcome")));
    }
    assert!(state.instances().is_empty(), "seed {seed}: {:?}", world.rules.view(state));
}

#[test]
fn random_histories_lose_nothing_and_do_nothing_twice() {
    #[expect(clippy::disallowed_methods, reason = "the number of cases is the tester's choice")]
    let cases = std::env::var("APROPOS_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let world = World::new(BOOK);
    (0..cases).for_each(|seed| history(&world, seed));
}
