//! All customers through the year: epochs, threads, and the clock.
//!
//! Not here: customers side by side, see `batch`; what is printed, see `summary`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::thread::ScopedJoinHandle;
use std::time::Duration as Elapsed;

use apropos::event::{ChannelId, Duration, EventKind, SourceId, Timestamp};
use apropos::nba::Reward;
use apropos::{Engine, Model};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::batch::{Batch, Desk};
use crate::clock::Clock;
use crate::counts::{Counts, Tally};
use crate::invoices::Shop;
use crate::runner::{House, Runner};
use crate::showcase::{KINDS, Showcase};

/// How long the model stands still.
const EPOCH: Duration = Duration::from_days(28);
/// So many customers go side by side. Their decisions are counted while they are still at hand.
const BATCH: usize = 96;
/// How long after the last invoice timers are still rung.
const AFTER: Duration = Duration::from_days(1);

/// What happened in the year.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) customers: usize,
    pub(crate) events: usize,
    pub(crate) timers: u64,
    pub(crate) lessons: usize,
    pub(crate) threads: usize,
    pub(crate) elapsed: Elapsed,
    pub(crate) digest: String,
    pub(crate) counts: Counts,
    /// Contacts of each customer, fewest first.
    pub(crate) contacts: Vec<u64>,
    pub(crate) explanations: Vec<Explained>,
}

/// A decision in words.
pub(crate) struct Explained {
    pub(crate) kind: &'static str,
    pub(crate) heading: String,
    pub(crate) sentence: String,
    pub(crate) lines: Vec<(String, Option<String>)>,
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
    // Apart from the runners, so that who sleeps is not touched.
    let mut wakes: Vec<Option<Timestamp>> = runners.iter().map(|_| Some(Timestamp::MIN)).collect();
    let mut tallies: Vec<Tally> = runners.iter().map(|_| Tally::default()).collect();
    let mut outcome = Outcome { customers: runners.len(), threads, ..Outcome::default() };
    outcome.events = shop.customers.iter().map(|history| history.events.len()).sum();
    let mut desks: Vec<Desk> = (0..threads).map(|_| Desk::new(engine)).collect();
    let share = runners.len().div_ceil(threads).max(1);
    let (mut best, mut clock) = (Explanations::default(), Clock::default());

    let last = shop.last.plus(AFTER);
    let epochs = (last.since(shop.first).as_micros() / EPOCH.as_micros()).unsigned_abs() + 1;
    let bar = ProgressBar::new(epochs)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} epochs {msg}")?);
    let mut end = shop.first;
    while end < last {
        end = end.plus(EPOCH).min(last);
        let customers = runners.chunks_mut(share).zip(wakes.chunks_mut(share)).zip(tallies.chunks_mut(share));
        let parts = customers.zip(&mut desks);
        let parts = parts.map(|(((runners, wakes), tallies), desk)| Part { runners, wakes, tallies, desk });
        outcome.elapsed += epoch(&house, &model, parts.collect(), end)?;
        // Explained by the model that decided.
        let mut showcase = Showcase::default();
        for desk in &mut desks {
            showcase.join(std::mem::take(&mut desk.showcase));
        }
        best.join(engine, &model, &showcase);
        for desk in &mut desks {
            desk.showcase.least = best.least();
        }
        outcome.lessons += clock.time(|| {
            let lessons = desks.iter_mut().flat_map(|desk| desk.lessons.drain(..));
            let rewards: Vec<Reward> = lessons.map(|(_, reward)| reward).collect();
            engine.learn(&mut model, &rewards);
            rewards.len()
        });
        outcome.elapsed += clock.take();
        bar.inc(1);
        let decisions: u64 = desks.iter().map(|desk| desk.counts.decisions).sum();
        bar.set_message(format!("{decisions} decisions"));
    }
    bar.finish_and_clear();
    outcome.timers = runners.iter().map(|runner| runner.timers).sum();
    for desk in &desks {
        outcome.counts.add(&desk.counts);
    }
    outcome.finish(tallies);
    outcome.explanations = best.explained.into_values().map(|(_, explained)| explained).collect();
    Ok(outcome)
}

/// One thread's share of the customers.
struct Part<'a, 'b> {
    runners: &'a mut [Runner<'b>],
    /// For each the next instant at which anything happens; nothing when nothing ever will.
    wakes: &'a mut [Option<Timestamp>],
    tallies: &'a mut [Tally],
    desk: &'a mut Desk,
}

/// All customers up to `end`, shared among threads; the model stands still. Gives how long the thread took that took
/// longest, counting excluded.
fn epoch(
    house: &House<'_>,
    model: &Model,
    mut parts: Vec<Part<'_, '_>>,
    end: Timestamp,
) -> Result<Elapsed, Box<dyn Error>> {
    // This thread works too, so that one thread needs no other.
    let first = parts.pop();
    let done: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> =
            parts.into_iter().map(|part| scope.spawn(move || part.work(house, model, end))).collect();
        let mine = first.map(|part| Ok(part.work(house, model, end)));
        mine.into_iter().chain(others.into_iter().map(ScopedJoinHandle::join)).collect()
    });
    let mut longest = Elapsed::ZERO;
    for part in done {
        let busy = part.map_err(|_| "a thread of the replay panicked")?.map_err(|error| error.to_string())?;
        longest = longest.max(busy);
    }
    Ok(longest)
}

impl Part<'_, '_> {
    /// Goes on until `end`, batch by batch. Gives how long that took, counting excluded.
    fn work(
        self,
        house: &House<'_>,
        model: &Model,
        end: Timestamp,
    ) -> Result<Elapsed, Box<dyn Error + Send + Sync>> {
        let Self { runners, wakes, tallies, desk } = self;
        let batches = runners.chunks_mut(BATCH).zip(wakes.chunks_mut(BATCH)).zip(tallies.chunks_mut(BATCH));
        for ((runners, wakes), tallies) in batches {
            let mut batch = Batch { runners, wakes, tallies };
            batch.run(house, model, desk, end)?;
            batch.count(desk)?;
        }
        Ok(desk.clock.take())
    }
}

/// The best explanations so far, by kind.
#[derive(Default)]
struct Explanations {
    explained: BTreeMap<usize, (usize, Explained)>,
}

impl Explanations {
    /// How many stages an exhibit of each kind must have to be better.
    fn least(&self) -> [usize; KINDS.len()] {
        std::array::from_fn(|kind| self.explained.get(&kind).map_or(0, |(stages, _)| stages + 1))
    }

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
