//! Decisions in words, for a terminal: bold and dim where it understands them, plain text where not.
//!
//! Not here: the words of explanations, which the engine gives.

use std::fmt::Write;

use apropos::Explanation;
use apropos::context::Moment;
use apropos::event::{CustomerId, Event, Timestamp, Zone};
use apropos::journey::{Effect, EffectKind};
use apropos::nba::{Choice, Decision, SILENCE};

/// How text is set off.
pub(crate) struct Style {
    bold: &'static str,
    dim: &'static str,
    plain: &'static str,
}

/// Lines of text are broken before this column.
const WIDTH: usize = 108;

impl Style {
    /// With escapes for a terminal, without for anything else.
    pub(crate) fn new(terminal: bool) -> Self {
        if terminal {
            Self { bold: "\x1b[1m", dim: "\x1b[2m", plain: "\x1b[0m" }
        } else {
            Self { bold: "", dim: "", plain: "" }
        }
    }

    /// One line for an event.
    pub(crate) fn event(&self, event: &Event) -> String {
        let Self { dim, plain, .. } = self;
        let channel = event.channel.as_ref().map(|channel| format!(" on {channel}")).unwrap_or_default();
        format!(
            "{dim}{}  {}: {}{channel}{plain}\n",
            clock(event.occurred_at, None),
            event.customer,
            event.kind
        )
    }

    /// One line for what a journey or a promise did, if people care.
    pub(crate) fn effect(&self, customer: &CustomerId, effect: &Effect) -> String {
        let Self { dim, plain, .. } = self;
        let what = match &effect.what {
            EffectKind::Entered { journey, .. } => format!("enters the journey `{journey}`"),
            EffectKind::GoalReached { journey, goal } => format!("reaches `{goal}` of `{journey}`"),
            EffectKind::Left { journey, outcome, .. } => format!("leaves the journey `{journey}`: {outcome}"),
            EffectKind::PromiseMade { promise, due, .. } => {
                format!("was promised `{promise}` until {}", clock(*due, None))
            }
            EffectKind::PromiseAtRisk { promise, .. } => format!("may not get what `{promise}` promised"),
            EffectKind::PromiseBroken { promise, .. } => format!("was let down: `{promise}` is broken"),
            EffectKind::PromiseKept { promise } => format!("got what `{promise}` promised"),
            EffectKind::Repaired { promise } => format!("accepts how `{promise}` was made good"),
            _ => return String::new(),
        };
        format!("{dim}{}    {customer} {what}{plain}\n", clock(effect.at, None))
    }

    /// A decision: the choice, why, what lost, and what would have changed that.
    pub(crate) fn decision(&self, decision: &Decision, moment: &Moment, explanation: &Explanation) -> String {
        let Self { bold, dim, plain } = self;
        let mut text = String::new();
        let at = clock(decision.at, moment.zone.as_ref());
        let _ = writeln!(text, "\n{bold}{at}  {}{plain}, {}", decision.customer, place(moment));
        let _ = writeln!(text, "  {bold}→ {}{plain}", choice(&decision.choice));
        wrapped(&mut text, "    ", &explanation.sentence);
        for line in &explanation.lines {
            let lost = decision.candidate(line.action.as_str()).is_none_or(|one| one.dropped.is_some());
            if !lost || line.action.as_str() == SILENCE {
                continue;
            }
            let _ = write!(text, "{dim}");
            wrapped(&mut text, "    ✗ ", &format!("{}: {}", line.action, line.sentence));
            if let Some(change) = &line.change {
                wrapped(&mut text, "        ↻ ", change);
            }
            let _ = write!(text, "{plain}");
        }
        text.push('\n');
        text
    }
}

fn choice(choice: &Choice) -> String {
    match choice {
        Choice::Silence => "silence".to_owned(),
        Choice::Act { action, treatment } => format!("{action} on {}", treatment.channel),
        Choice::HandOff { action, packet, .. } => {
            format!("{action}: to the people of `{}` — {}", packet.queue, packet.ask)
        }
    }
}

fn place(moment: &Moment) -> String {
    let channel =
        moment.channel.as_ref().map_or("not here now".to_owned(), |channel| format!("on {channel}"));
    match &moment.device {
        Some(device) => format!("{channel}, {}", device.class.as_str().replace('_', " ")),
        None => channel,
    }
}

/// Day and minute on the wall, in UTC when no zone is known.
fn clock(at: Timestamp, zone: Option<&Zone>) -> String {
    let local = zone.map_or_else(|| Zone::utc().local(at), |zone| zone.local(at));
    format!("{} {:02}:{:02}", local.date, local.time.hour(), local.time.minute())
}

/// Writes `words` broken into lines, the first after `lead`, the others below its text.
fn wrapped(text: &mut String, lead: &str, words: &str) {
    let indent = " ".repeat(lead.chars().count());
    let mut line = lead.to_owned();
    let mut empty = true;
    for word in words.split_whitespace() {
        if !empty && WIDTH < line.chars().count() + 1 + word.chars().count() {
            let _ = writeln!(text, "{line}");
            line.clone_from(&indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{line}");
}
