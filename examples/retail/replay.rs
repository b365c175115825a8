//! All customers through the year: epochs, threads, and the clock.
//!
//! Not here: one customer's steps, see `runner`; what is printed, see `summary`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::thread::ScopedJoinHandle;
use std::time::{Duration as Elapsed, Instant};

use apropos::event::{ChannelId, Duration, EventKind, SourceId, Timestamp};
use apropos::nba::{Decision, NotWritten, Reward, SILENCE, Stage};
use apropos::{Engine, Model, Workspace};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::invoices::Shop;
use crate::runner::{Desk, House, Runner};
use crate::showcase::{KINDS, Showcase};

/// How long the model stands still.
const EPOCH: Duration = Duration::from_days(28);
/// How long after the last invoice timers are still rung.
const AFTER: Duration = Duration::from_days(1);

/// What happened in the year.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) customers: usize,
    pub(crate) events: usize,
    pub(crate) timers: u64,
    pub(crate) decisions: u64,
    pub(crate) lessons: usize,
    pub(crate) threads: usize,
    pub(crate) elapsed: Elapsed,
    pub(crate) digest: String,
    pub(crate) by_action: BTreeMap<String, u64>,
    pub(crate) by_class: BTreeMap<String, u64>,
    /// Candidates dropped at each stage, in order of the stages.
    pub(crate) drops: [u64; Stage::ALL.len()],
    pub(crate) candidates: u64,
    /// Contacts of each customer, fewest first.
    pub(crate) contacts: Vec<u64>,
    pub(crate) explanations: Vec<Explained>,
    /// The record that was written last.
    bytes: Vec<u8>,
}

/// A decision in words.
pub(crate) struct Explained {
    pub(crate) kind: &'static str,
    pub(crate) heading: String,
    pub(crate) sentence: String,
    pub(crate) lines: Vec<(String, Option<String>)>,
}

/// What is counted of one customer.
#[derive(Default)]
struct Tally {
    digest: Sha256,
    contacts: u64,
}

/// Replays the year.
///
/// # Errors
/// When an event is refused.
pub(crate) fn run(engine: &Engine, shop: &Shop, threads: usize) -> Result<Outcome, Box<dyn Error>> {
    let house = House {
        engine,
        shop: ChannelId::new("shop")?,
        source: SourceId::new("care")?,
        closed: EventKind::new("handoff.closed")?,
    };
    let mut model = engine.model();
    let mut runners: Vec<Runner<'_>> =
        shop.customers.iter().map(|history| Runner::new(&house, history)).collect();
    let mut tallies: Vec<Tally> = runners.iter().map(|_| Tally::default()).collect();
    let mut outcome = Outcome { customers: runners.len(), threads, ..Outcome::default() };
    outcome.events = shop.customers.iter().map(|history| history.events.len()).sum();
    let desk =
        || Desk { workspace: Workspace::new(engine), showcase: Showcase::default(), decisions: Vec::new() };
    let mut desks: Vec<Desk> = (0..threads).map(|_| desk()).collect();
    let share = runners.len().div_ceil(threads).max(1);
    let mut best = Explanations::default();

    let last = shop.last.plus(AFTER);
    let epochs = (last.since(shop.first).as_micros() / EPOCH.as_micros()).unsigned_abs() + 1;
    let bar = ProgressBar::new(epochs)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} epochs {msg}")?);
    let mut end = shop.first;
    while end < last {
        end = end.plus(EPOCH).min(last);
        let started = now();
        epoch(&house, &model, runners.chunks_mut(share).zip(&mut desks), end)?;
        outcome.elapsed += started.elapsed();
        // Explained by the model that decided.
        let mut showcase = Showcase::default();
        desks.iter_mut().for_each(|desk| showcase.join(std::mem::take(&mut desk.showcase)));
        best.join(engine, &model, &showcase);
        let started = now();
        let rewards: Vec<Reward> = runners.iter_mut().flat_map(|runner| runner.rewards.drain(..)).collect();
        engine.learn(&mut model, &rewards);
        outcome.elapsed += started.elapsed();
        outcome.lessons += rewards.len();
        let parts = runners.chunks_mut(share).zip(tallies.chunks_mut(share)).zip(&mut desks);
        for ((runners, tallies), Desk { workspace, decisions, .. }) in parts {
            let mut decisions = decisions.drain(..);
            for (runner, tally) in runners.iter_mut().zip(tallies) {
                for decision in decisions.by_ref().take(std::mem::take(&mut runner.made)) {
                    outcome.count(&decision, tally)?;
                    workspace.recycle(decision);
                }
            }
        }
        bar.inc(1);
        bar.set_message(format!("{} decisions", outcome.decisions));
    }
    bar.finish_and_clear();
    outcome.timers = runners.iter().map(|runner| runner.timers).sum();
    outcome.finish(tallies);
    outcome.explanations = best.explained.into_values().map(|(_, explained)| explained).collect();
    Ok(outcome)
}

/// All customers up to `end`, shared among threads, each with a desk of its own; the model stands still.
fn epoch<'a, 'b: 'a>(
    house: &House<'_>,
    model: &Model,
    parts: impl Iterator<Item = (&'a mut [Runner<'b>], &'a mut Desk)>,
    end: Timestamp,
) -> Result<(), Box<dyn Error>> {
    let work = |runners: &mut [Runner<'b>], desk: &mut Desk| {
        runners.iter_mut().try_for_each(|runner| runner.run(house, model, desk, end))
    };
    let mut parts: Vec<_> = parts.collect();
    let first = parts.pop();
    let done: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> =
            parts.into_iter().map(|(runners, desk)| scope.spawn(move || work(runners, desk))).collect();
        // This thread works too, so that one thread needs no other.
        let mine = first.map(|(runners, desk)| Ok(work(runners, desk)));
        mine.into_iter().chain(others.into_iter().map(ScopedJoinHandle::join)).collect()
    });
    for part in done {
        part.map_err(|_| "a thread of the replay panicked")?.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The best explanations so far, by kind.
#[derive(Default)]
struct Explanations {
    explained: BTreeMap<usize, (usize, Explained)>,
}

impl Explanations {
    fn join(&mut self, engine: &Engine, model: &Model, showcase: &Showcase) {
        for (kind, exhibit) in showcase.iter() {
            if self.explained.get(&kind).is_some_and(|(stages, _)| exhibit.stages <= *stages) {
                continue;
            }
            let decision = &exhibit.decision;
            let explanation = engine.explain(decision, &exhibit.customer, &exhibit.moment, model);
            let lost = |action: &str| decision.candidate(action).is_some_and(|one| one.dropped.is_some());
            let lines = explanation.lines.into_iter().filter(|line| lost(line.action.as_str()));
            let explained = Explained {
                kind: KINDS.get(kind).copied().unwrap_or_default(),
                heading: format!(
                    "customer {}, {}: {}",
                    decision.customer,
                    decision.at,
                    decision.choice.as_str()
                ),
                sentence: explanation.sentence,
                lines: lines
                    .map(|line| (format!("{}: {}", line.action, line.sentence), line.change))
                    .collect(),
            };
            self.explained.insert(kind, (exhibit.stages, explained));
        }
    }
}

impl Outcome {
    fn count(&mut self, decision: &Decision, tally: &mut Tally) -> Result<(), NotWritten> {
        self.decisions += 1;
        self.bytes.clear();
        self.bytes = decision.write_to(std::mem::take(&mut self.bytes))?;
        tally.digest.update(&self.bytes);
        tally.contacts += u64::from(decision.choice.action().is_some());
        let class = decision.chosen().and_then(|candidate| candidate.class);
        let class = class.map_or(SILENCE, |class| class.as_str());
        *entry(&mut self.by_class, class) += 1;
        *entry(&mut self.by_action, decision.choice.action().map_or(SILENCE, |action| action.as_str())) += 1;
        self.candidates += decision.candidates.len() as u64;
        for dropped in decision.candidates.iter().filter_map(|candidate| candidate.dropped.as_ref()) {
            if let Some(count) = self.drops.get_mut(dropped.stage as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    fn finish(&mut self, tallies: Vec<Tally>) {
        let mut all = Sha256::new();
        for tally in tallies {
            self.contacts.push(tally.contacts);
            all.update(tally.digest.finalize());
        }
        self.contacts.sort_unstable();
        for byte in all.finalize() {
            let _ = write!(self.digest, "{byte:02x}");
        }
    }

    /// The contacts of the customer at the quantile `q`, 0 to 1 (nearest rank).
    pub(crate) fn contacts_at(&self, q: f64) -> u64 {
        let rank = (q * self.contacts.len() as f64).ceil() as usize;
        self.contacts.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many of `count` there were in a second.
    pub(crate) fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

fn entry<'a>(counts: &'a mut BTreeMap<String, u64>, name: &str) -> &'a mut u64 {
    counts.entry(name.to_owned()).or_default()
}

#[expect(clippy::disallowed_methods, reason = "the replay is measured")]
fn now() -> Instant {
    Instant::now()
}
