//! Identities in one hand that praise one action: what it costs everybody, and whether it is noticed.

use apropos_event::draw;
use apropos_learn::{Model, ModelDefinition, Outcome, SafetyDefinition};

use crate::times;
use crate::world::{Decider, World, action, definition};

const ACTIONS: usize = 15;
const SUBJECTS: u64 = 5_000;
/// Decisions before the attack, and after it has begun; a subject is met once a day.
const QUIET: u64 = 30_000;
const ATTACK: u64 = 60_000;

/// What became of one stream.
#[derive(Debug, Default)]
struct Stream {
    /// Expected clicks of honest subjects after the attack began.
    clicks: f64,
    /// Each action's share of what was chosen.
    shares: [f64; ACTIONS],
    /// When the first alarm after that rang.
    alarm: Option<u64>,
}

/// `hundredths` of the subjects click on `target` whenever they see it and never on anything else.
fn stream(seed: u64, hundredths: u64, target: usize, safety: SafetyDefinition) -> Stream {
    let world = World::new(seed, ACTIONS);
    let definition = ModelDefinition { safety, ..definition(seed) };
    let mut model = Model::new(&definition, &(0..ACTIONS).map(action).collect::<Vec<_>>()).unwrap();
    let candidates: Vec<u32> = (0..ACTIONS as u32).collect();
    let mut decider = Decider::default();
    let mut done = Stream::default();
    let mut rung = 0;
    for t in 0..QUIET + ATTACK {
        let context = world.context(t);
        let subject = draw::bits(seed, "subject", t) % SUBJECTS;
        let chosen = decider.choose(&model, &context, &candidates, t);
        let mut hit = world.hit(chosen, &context, t);
        if t == QUIET {
            rung = model.alarms(0);
        }
        if QUIET <= t {
            let bought = subject * 100 < hundredths * SUBJECTS;
            done.clicks += if bought { 0.0 } else { world.rate(chosen, &context) };
            if bought {
                hit = f64::from(u8::from(chosen == target));
            }
            done.shares[chosen] += 1.0 / ATTACK as f64;
        }
        let day = (t / SUBJECTS) as i32;
        let outcome = Outcome { subject: Some(subject), day, ..Outcome::new(0, hit) };
        // What goes beyond a subject's say is refused.
        let _ = model.learn(&decider.features, chosen as u32, &outcome, 1.0);
        if QUIET <= t && done.alarm.is_none() && rung < model.alarms(0) {
            done.alarm = Some(t - QUIET);
        }
    }
    done
}

/// Clicks and shares of all seeds, added up.
#[derive(Debug, Default)]
struct Sums {
    clicks: f64,
    share: f64,
}

impl Sums {
    fn add(&mut self, stream: &Stream, target: usize) {
        self.clicks += stream.clicks;
        self.share += stream.shares[target];
    }
}

/// The action that comes third when nobody is bought: one that people see, and could see more of.
fn third(clean: &Stream) -> usize {
    let mut order: Vec<usize> = (0..ACTIONS).collect();
    order.sort_by(|a, b| clean.shares[*b].total_cmp(&clean.shares[*a]));
    order[2]
}

#[test]
fn bought_clicks_cost_little_and_ring_an_alarm() {
    let seeds = 2 * times();
    let unbound =
        || SafetyDefinition { subject_weight: 0.0, subject_excess: 0.0, ..SafetyDefinition::default() };
    for (hundredths, loss, growth) in [(1, 0.02, 1.5), (5, 0.10, 2.0)] {
        let [mut clean, mut attacked, mut open, mut free] = [(); 4].map(|()| Sums::default());
        let mut alarms = Vec::new();
        for seed in 1..=seeds {
            let quiet = stream(seed, 0, 0, SafetyDefinition::default());
            let target = third(&quiet);
            clean.add(&quiet, target);
            free.add(&stream(seed, 0, target, unbound()), target);
            open.add(&stream(seed, hundredths, target, unbound()), target);
            let bought = stream(seed, hundredths, target, SafetyDefinition::default());
            attacked.add(&bought, target);
            alarms.push(bought.alarm);
        }
        // The bought are not counted, so only the honest part of the clean clicks compares.
        let honest = clean.clicks * (1.0 - hundredths as f64 / 100.0);
        let lost = 1.0 - attacked.clicks / honest;
        let grown = attacked.share / clean.share;
        println!(
            "{hundredths} % bought: clicks lost {lost:.4}, share of the promoted {grown:.2} times; unbound {:.4} and {:.2}; \
             the bound itself costs {:.4}; alarms after {alarms:?}",
            1.0 - open.clicks / honest,
            open.share / clean.share,
            1.0 - clean.clicks / free.clicks,
        );
        assert!(lost <= loss, "{lost}");
        assert!(grown <= growth, "{grown}");
    }
}
