//! # Quickstart: five customers, four weeks, every decision explained
//!
//! We will run a playbook (`playbook.toml`) over a file of events (`events.jsonl`) and look at each moment at which the
//! shop could have done something: what was chosen, why, what lost and why, and what would have changed that.
//!
//! ```text
//! cargo run --release --example quickstart [-- --json]
//! ```
//!
//! Events are CloudEvents. A line of type `decide` is no event but a question: what to do now? A line of type `outcome`
//! says what came of the customer's last decision. With `--json` every decision is one record on one line.

mod run;
mod show;

use std::io::{self, IsTerminal, Write};

use apropos_examples::args::Args;
use apropos_examples::failure::Failure;

const PLAYBOOK: &str = include_str!("playbook.toml");
const EVENTS: &str = include_str!("events.jsonl");

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let json = args.flag("json");
    let style = show::Style::new(io::stdout().is_terminal());
    let mut text = String::new();
    run::replay(PLAYBOOK, EVENTS, |news| {
        match news {
            run::News::Decided { decision, .. } if json => {
                text += &serde_json::to_string(decision)?;
                text.push('\n');
            }
            _ if json => {}
            run::News::Decided { decision, moment, explanation } => {
                text += &style.decision(decision, moment, explanation);
            }
            run::News::Happened { event } => text += &style.event(event),
            run::News::Noted { customer, effect } => text += &style.effect(customer, effect),
        }
        Ok(())
    })?;
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
