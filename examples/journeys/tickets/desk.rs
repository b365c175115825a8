//! The compiled journey, and one case driven through it: the host's loop and what is counted.
//!
//! Not here: the log, and comparisons.

use std::error::Error;

use apropos::condition::{AttributeDefinition, AttributeId, AttributeType, Facts, Schema, SchemaBuilder};
use apropos::event::{Duration, Path, Problems, Timestamp};
use apropos::journey::{
    Advance, EffectKind, Expectation, ExpectationSource, Input, JourneyBinding, JourneyCounts,
    JourneyDefinition, JourneyRules, JourneyState, PromiseDefinition, PromiseStatus, attributes,
};
use serde::Deserialize;

use crate::log::Case;

#[derive(Deserialize)]
struct Book {
    journeys: Vec<JourneyDefinition>,
    promises: Vec<PromiseDefinition>,
}

/// Everything that stays the same for all cases.
pub(crate) struct Desk {
    pub(crate) rules: JourneyRules,
    schema: Schema,
    binding: JourneyBinding,
    priority: AttributeId,
}

/// What was counted over all cases.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    pub(crate) events: u64,
    pub(crate) finished: u64,
    pub(crate) in_flight: u64,
    pub(crate) stuck: u64,
    pub(crate) kept: u64,
    pub(crate) broken: u64,
    pub(crate) at_risk: u64,
    /// Cases of which the log says whether the agreement was kept.
    pub(crate) told: u64,
    pub(crate) made_sla: u64,
    pub(crate) agrees: u64,
    pub(crate) counts: JourneyCounts,
}

/// One case on its way.
struct Visit<'a> {
    desk: &'a Desk,
    case: &'a Case,
    state: JourneyState,
    facts: Facts,
    advance: Advance,
}

impl Desk {
    /// Compiles the playbook; with `deadlines` these, by priority, instead of the declared ones.
    ///
    /// # Errors
    /// When the playbook is refused.
    pub(crate) fn open(deadlines: Option<&[(String, Duration)]>) -> Result<Self, Box<dyn Error>> {
        let mut book: Book = toml::from_str(include_str!("../tickets.toml"))?;
        if let (Some(deadlines), Some(promise)) = (deadlines, book.promises.first_mut()) {
            promise.expectations = deadlines.iter().map(expectation).collect();
        }
        let (mut schema, mut problems) = (SchemaBuilder::new(), Problems::new());
        let priority = AttributeDefinition::new("ticket.priority".parse()?, AttributeType::Symbol)
            .with_values(["1 - Critical", "2 - High", "3 - Moderate", "4 - Low"]);
        schema.declare(&Path::root(), priority, &mut problems);
        for attribute in attributes(&book.journeys, &book.promises) {
            schema.declare(&Path::root(), attribute, &mut problems);
        }
        let rules = JourneyRules::compile(&book.journeys, &book.promises, &mut schema, &mut problems);
        let schema = schema.build();
        rules.verify_all(&schema, &mut problems);
        let ((), warnings) = problems.into_result(())?;
        for warning in &warnings {
            eprintln!("{warning}");
        }
        let binding = rules.bind(&schema);
        let priority = schema.id("ticket.priority").ok_or("it was declared above")?;
        Ok(Self { rules, schema, binding, priority })
    }

    fn visit<'a>(&'a self, case: &'a Case) -> Visit<'a> {
        Visit {
            desk: self,
            case,
            state: JourneyState::new(&case.events[0].customer),
            facts: Facts::new(&self.schema),
            advance: Advance::default(),
        }
    }

    /// The state of a case after its last event.
    pub(crate) fn story(&self, case: &Case) -> JourneyState {
        let mut visit = self.visit(case);
        visit.events(&mut |_, _| {});
        visit.state
    }

    /// Drives a case to the end: its events, then time alone until nothing is due any more. The log ends at `end`.
    pub(crate) fn drive(&self, case: &Case, end: Timestamp, tally: &mut Tally) {
        let mut visit = self.visit(case);
        let mut flagged = false;
        let at_risk = |advance: &Advance| {
            advance.effects.iter().any(|effect| matches!(effect.what, EffectKind::PromiseAtRisk { .. }))
        };
        visit.events(&mut |desk, advance| {
            tally.counts.record(&desk.rules, advance);
            flagged |= at_risk(advance);
        });
        let mut counted = false;
        loop {
            let due = self.rules.next_due(&visit.state);
            if !counted && due.is_none_or(|due| end < due) {
                counted = true;
                tally.in_flight += u64::from(!visit.state.instances().is_empty());
            }
            let Some(due) = due else { break };
            visit.step(Input::Tick, due);
            tally.counts.record(&self.rules, &visit.advance);
            flagged |= at_risk(&visit.advance);
        }
        let status = |wanted| visit.state.promises().iter().any(|owed| owed.status() == wanted);
        let kept = status(PromiseStatus::Kept);
        let inside = !visit.state.instances().is_empty();
        tally.cases += 1;
        tally.events += case.events.len() as u64 - 1;
        // Time alone has run out: whoever is still inside waits for nothing.
        tally.finished += u64::from(!inside);
        tally.stuck += u64::from(inside);
        tally.kept += u64::from(kept);
        tally.broken += u64::from(status(PromiseStatus::Broken));
        tally.at_risk += u64::from(flagged);
        tally.told += u64::from(case.made_sla.is_some());
        tally.made_sla += u64::from(case.made_sla == Some(true));
        tally.agrees += u64::from(case.made_sla == Some(kept));
    }
}

impl Visit<'_> {
    fn events(&mut self, seen: &mut dyn FnMut(&Desk, &Advance)) {
        for event in &self.case.events {
            // The host's timer: whatever is due before the event is taken first.
            while let Some(due) = self.desk.rules.next_due(&self.state).filter(|due| *due < event.occurred_at)
            {
                self.step(Input::Tick, due);
                seen(self.desk, &self.advance);
            }
            self.step(Input::Event(event), event.occurred_at);
            seen(self.desk, &self.advance);
        }
    }

    fn step(&mut self, input: Input<'_>, now: Timestamp) {
        self.facts.reset();
        if let Some(priority) = &self.case.priority {
            self.facts.set_symbol(self.desk.priority, priority);
        }
        self.desk.rules.write_facts(&self.state, &self.desk.binding, &mut self.facts);
        self.desk.rules.advance_into(&mut self.state, input, &self.facts, now, &mut self.advance);
    }
}

fn expectation((priority, within): &(String, Duration)) -> Expectation {
    Expectation {
        source: ExpectationSource::Product,
        when: Some(format!("ticket.priority == '{priority}'")),
        within: *within,
    }
}
