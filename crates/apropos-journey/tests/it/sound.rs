//! Whatever a random customer of a random journey does wrong, the checker has found: an invariant that it says holds is
//! never violated by facts, events and instants drawn at random.

use apropos_condition::{Condition, Facts, Schema};
use apropos_event::{Duration, JourneyId, Timestamp};
use apropos_journey::{
    Command, EffectKind, Input, InvariantDefinition, JourneyRules, JourneyState, Situation, Status, Verdict,
};

use crate::support::{Book, Dice, compile_book, event, hour};

/// Conditions of every kind: truth values, ranges, texts, unknowns, arithmetic, two attributes.
const CONDITIONS: [&str; 12] = [
    "flag.a",
    "!flag.b",
    "num.x > 2",
    "num.x == 5 || flag.a",
    "num.x < 0 && !flag.a",
    "num.x % 3 == 1",
    "num.d > 2.5 && num.d < 2.6",
    "num.d < 2.5 || num.d >= 7.0",
    "word.s == 'gold'",
    "word.s in ['gold', 'silver'] && num.x >= 3",
    "word.s != 'gold' ? flag.a : flag.b",
    "double(num.x) < num.d",
];
const EVENTS: [&str; 3] = ["a", "b", "c"];

fn node(dice: &mut Dice, at: u64, nodes: u64) -> String {
    let to = |dice: &mut Dice| format!("n{}", dice.roll(nodes));
    let on = |dice: &mut Dice| {
        let arrow = |dice: &mut Dice| {
            let when = if dice.roll(3) == 0 {
                format!(", when = \"{}\"", dice.pick(&CONDITIONS))
            } else {
                String::new()
            };
            format!("{{ event = \"{}\", to = \"{}\"{when} }}", dice.pick(&EVENTS), to(dice))
        };
        let arrows: Vec<String> = (0..=dice.roll(2)).map(|_| arrow(dice)).collect();
        let by = ["", "by = \"occurrence\"\nlookback = \"3h\"\ngrace = \"2h\"", "lookback = \"5h\""];
        format!("on = [{}]\n{}", arrows.join(", "), dice.pick(&by))
    };
    let body = match dice.roll(8) {
        0 | 1 => format!("kind = \"wait_event\"\n{}", on(dice)),
        2 | 3 => format!("kind = \"offer\"\nactions = [\"tip\"]\n{}", on(dice)),
        4 => format!("kind = \"wait_time\"\nfor = \"{}h\"\nnext = \"{}\"", 1 + dice.roll(40), to(dice)),
        5 => format!(
            "kind = \"wait_condition\"\nwhen = \"{}\"\nnext = \"{}\"",
            dice.pick(&CONDITIONS),
            to(dice)
        ),
        6 => format!("kind = \"wait_local\"\nat = \"09:30\"\nnext = \"{}\"", to(dice)),
        _ => format!(
            "kind = \"split\"\nbranches = [{{ when = \"{}\", to = \"{}\" }}]\notherwise = \"{}\"",
            dice.pick(&CONDITIONS),
            to(dice),
            to(dice)
        ),
    };
    let waits = ["wait_event", "offer", "wait_condition"].iter().any(|kind| body.contains(kind));
    let timeout = if waits {
        let target = if dice.roll(3) == 0 { "exit".to_owned() } else { to(dice) };
        format!("within = \"{}h\"\non_timeout = \"{target}\"", 1 + dice.roll(40))
    } else {
        String::new()
    };
    format!("[journeys.nodes.n{at}]\n{body}\n{timeout}\n")
}

fn book(seed: u64) -> String {
    let mut dice = Dice::new(seed, "journey");
    let nodes = 3 + dice.roll(3);
    let within = if dice.roll(2) == 0 {
        format!("within = \"{}h\"\non_timeout = \"n{}\"", 20 + dice.roll(80), dice.roll(nodes))
    } else {
        String::new()
    };
    let exit = if dice.roll(2) == 0 {
        format!("exits = [{{ outcome = \"out\", when = \"{}\" }}]", dice.pick(&CONDITIONS))
    } else {
        "exits = [{ outcome = \"out\", on = [{ event = \"c\" }] }]".to_owned()
    };
    let reentry =
        dice.pick(&["\"never\"", "{ after_exit = { cooldown = \"9h\" } }", "{ concurrent = { max = 2 } }"]);
    let at = |dice: &mut Dice| dice.roll(nodes);
    let condition = |dice: &mut Dice| *dice.pick(&CONDITIONS);
    let invariants = [
        format!("{{ never = {{ at = [\"n{}\"], while = \"{}\" }} }}", at(&mut dice), condition(&mut dice)),
        format!("{{ never = {{ offering = [\"tip\"], while = \"{}\" }} }}", condition(&mut dice)),
        format!("{{ never = {{ at = [\"n{}\"] }} }}", at(&mut dice)),
        format!("{{ at_most = {{ contacts = {}, per = \"{}h\" }} }}", 1 + dice.roll(4), 5 + dice.roll(60)),
    ];
    let mut text = format!(
        "[[journeys]]\nid = \"j\"\nstart = \"n0\"\nzone = \"Europe/Berlin\"\nreentry = {reentry}\n{exit}\n{within}\n\
         human = {{ queue = \"desk\", on = [{{ event = \"help\" }}], closed_by = [{{ event = \"a\" }}] }}\n\
         entry.on = [{{ event = \"in\" }}]\ninvariants = [{}]\n",
        invariants.join(", ")
    );
    (0..nodes).for_each(|at| text.push_str(&node(&mut dice, at, nodes)));
    text
}

fn draw_facts(schema: &Schema, facts: &mut Facts, dice: &mut Dice) {
    facts.reset();
    let id = |name: &str| schema.id(name).unwrap();
    for flag in ["flag.a", "flag.b"] {
        facts.set_bool(id(flag), dice.roll(2) == 0);
    }
    facts.set_int(id("num.x"), dice.roll(14) as i64 - 3);
    if dice.roll(5) != 0 {
        facts.set_double(id("num.d"), *dice.pick(&[-1.0, 2.4, 2.5, 2.55, 2.6, 5.0, 7.0, 11.5]));
    }
    if dice.roll(5) != 0 {
        let word: &&str = dice.pick(&["gold", "silver", "bronze"]);
        facts.set_text(id("word.s"), word);
    }
}

/// One customer, and what they did wrong.
struct Walk<'a> {
    rules: &'a JourneyRules,
    schema: &'a Schema,
    invariants: &'a [InvariantDefinition],
    conditions: Vec<Option<Condition>>,
    state: JourneyState,
    facts: Facts,
    contacts: Vec<Timestamp>,
    violated: Vec<bool>,
}

impl Walk<'_> {
    fn step(&mut self, input: Input<'_>, now: Timestamp, dice: &mut Dice) {
        draw_facts(self.schema, &mut self.facts, dice);
        let advance = self.rules.advance(&mut self.state, input, &self.facts, now);
        let offers = advance.effects.iter().filter(|one| matches!(one.what, EffectKind::Offered { .. }));
        self.contacts.extend(offers.map(|_| now));
        for at in 0..self.invariants.len() {
            let violated = self.is_violated(at, now);
            self.violated[at] |= violated;
        }
    }

    fn is_violated(&self, at: usize, now: Timestamp) -> bool {
        match &self.invariants[at] {
            InvariantDefinition::Never(Situation { offering, at: nodes, .. }) => {
                let views = self.rules.view(&self.state);
                let there = views.iter().any(|view| view.node.is_some_and(|node| nodes.contains(node)));
                let offered = self.rules.offers(&self.state).any(|offer| offering.contains(offer.action));
                let holds =
                    self.conditions[at].as_ref().is_none_or(|when| when.evaluate(&self.facts).is_true());
                !views.is_empty() && holds && (nodes.is_empty() || there) && (offering.is_empty() || offered)
            }
            InvariantDefinition::AtMost { contacts, per, .. } => {
                let recent = self.contacts.iter().filter(|contact| now.since(**contact) < *per);
                (*contacts as usize) < recent.count()
            }
            InvariantDefinition::HumanWithin { .. } => false,
        }
    }

    fn run(&mut self, dice: &mut Dice) {
        let mut now = hour(0).plus(Duration::from_mins(dice.roll(3_000) as i64));
        for nth in 0..40 {
            now = match dice.roll(5) {
                0 => now,
                1 => self.rules.next_due(&self.state).unwrap_or(now).max(now),
                2 => now.plus(Duration::from_hours(dice.roll(70) as i64)),
                _ => now.plus(Duration::from_mins(dice.roll(400) as i64)),
            };
            // The host rings in time; what is due together with an event may come after it.
            let due_first = dice.roll(2) == 0;
            while let Some(due) =
                self.rules.next_due(&self.state).filter(|due| *due < now || (due_first && *due == now))
            {
                self.step(Input::Tick, due, dice);
            }
            let first = self.state.instances().first().map(|one| (one.id(), one.status()));
            match (dice.roll(12), first) {
                (0, Some((instance, _))) => {
                    self.step(Input::Command(&Command::HandOff { instance }), now, dice);
                }
                (1 | 2, Some((instance, Status::HandedOff))) => {
                    let command = Command::Close { instance, outcome: None };
                    self.step(Input::Command(&command), now, dice);
                }
                (3, _) => self.step(Input::Tick, now, dice),
                (_, inside) => {
                    let kind =
                        if inside.is_none() { "in" } else { *dice.pick(&["a", "b", "c", "help", "in"]) };
                    let mut event = event(&format!("e-{nth}"), kind, now);
                    event.occurred_at =
                        now.minus(Duration::from_mins(dice.roll(200) as i64 * dice.roll(2) as i64));
                    self.step(Input::Event(&event), now, dice);
                }
            }
        }
    }
}

#[test]
fn what_a_random_customer_violates_the_checker_has_found() {
    let (mut held, mut failed, mut open) = (0, 0, 0);
    for seed in 0..SEEDS {
        let book: Book = toml::from_str(&book(seed)).unwrap();
        let (rules, schema, problems) = compile_book(&book);
        if problems.has_errors() {
            continue;
        }
        let invariants = &book.journeys[0].invariants;
        let verdicts = rules.verify(&JourneyId::new("j").unwrap(), &schema);
        let condition = |invariant: &InvariantDefinition| match invariant {
            InvariantDefinition::Never(Situation { holds: Some(text), .. }) => {
                Some(Condition::parse(text, &schema).unwrap().0)
            }
            _ => None,
        };
        for walk in 0..WALKS {
            let mut walker = Walk {
                rules: &rules,
                schema: &schema,
                invariants,
                conditions: invariants.iter().map(condition).collect(),
                state: JourneyState::new(&"c-1".parse().unwrap()),
                facts: Facts::new(&schema),
                contacts: Vec::new(),
                violated: vec![false; invariants.len()],
            };
            walker.run(&mut Dice::new(seed * WALKS + walk, "walk"));
            for (at, verdict) in verdicts.iter().enumerate().filter(|(at, _)| walker.violated[*at]) {
                assert!(
                    !matches!(verdict, Verdict::Holds { .. }),
                    "seed {seed}, walk {walk}: {:?} is violated, and {verdict}",
                    invariants[at]
                );
            }
        }
        for verdict in &verdicts {
            match verdict {
                Verdict::Holds { .. } => held += 1,
                Verdict::Fails { trace } => {
                    assert!(!trace.is_empty());
                    failed += 1;
                }
                _ => open += 1,
            }
        }
    }
    // The checker decides: it neither refuses everything nor lets everything pass.
    assert!(40 < held && 40 < failed && 10 * open < held + failed, "{held} hold, {failed} fail, {open} open");
}

const SEEDS: u64 = 80;
const WALKS: u64 = 40;
