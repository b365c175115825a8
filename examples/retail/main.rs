//! # A year of a real shop, decision by decision
//!
//! We will replay the invoices of a shop through a playbook of thirteen actions (`playbook.toml`): every purchase and
//! every return is an event, timers ring in the quiet in between, and at each of them the engine decides what to do,
//! if anything. What is worth doing is learned on the way. Then we count what happened.
//!
//! ```text
//! cargo run --release --example retail -- INVOICES.csv.gz [--threads N] [--json]
//! ```
//!
//! The file has the columns `customer_id`, `invoice`, `ts` (local time in the United Kingdom), `country`, `is_return`,
//! `lines`, `units`, `amount`; it may be gzip. Customers are independent of one another but for what is learned, and
//! that is learned in epochs of four weeks: within an epoch the model stands still and threads share the customers, at
//! its end the model learns in the order of the customers. So the result is the same for any number of threads.
//!
//! The last line with `--json` is one JSON object:
//!
//! - `events`: purchases and returns; `timers`: wake-ups in between; `decisions`: one for each event, and one for each
//!   wake-up at which something changed for the customer.
//! - `events_per_second`: events over the time that the replay took, timers, decisions and learning included, reading
//!   the file and counting excluded (each thread stops its watch while it counts; the one that took longest says how
//!   long an epoch took); `decisions_per_second` likewise; `threads`; `events_per_second_per_core`: the former over the
//!   latter.
//! - `digest`: SHA-256 over the bytes of all decision records. `by_action`, `by_class`: decisions; `drops`: candidates
//!   that were dropped, by stage; `silence_share`; `contacts_per_customer`: `p50`, `p99` and `max`.

mod batch;
mod clock;
mod counts;
mod invoices;
mod replay;
mod runner;
mod showcase;
mod summary;

use apropos::{Engine, Pepper};
use apropos_examples::args::Args;
use apropos_examples::failure::Failure;

/// The shop's secret. A host reads its own from where it keeps its secrets, as `text.parse::<Pepper>()`.
const PEPPER: Pepper = Pepper::new(*b"the secret of a shop of examples");

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &["threads"])?;
    let path = args.path(0, "INVOICES")?;
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.parsed("threads", available)?;
    if !(1..=1_024).contains(&threads) {
        return Err("`--threads` lies between 1 and 1024".into());
    }
    let (engine, warnings) =
        Engine::from_toml(include_str!("playbook.toml"), PEPPER).map_err(|problems| problems.to_string())?;
    if !warnings.is_empty() {
        eprintln!("{warnings}");
    }
    let shop = invoices::read(path)?;
    let outcome = replay::run(&engine, &shop, threads)?;
    if args.flag("json") {
        println!("{}", summary::json(&outcome));
    } else {
        print!("{}", summary::text(&outcome));
    }
    Ok(())
}
