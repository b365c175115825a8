//! Why this, why not that, what would change it; and the same again next year.
//!
//! Not here: making decisions, see `host`.

use apropos::event::{CustomerId, Timestamp};

use crate::host::{Fallible, Host, Logged};

/// Explains a logged decision from what was logged with it.
pub(crate) fn explain(host: &Host, logged: &Logged) -> Fallible {
    let (customer, model) = host.as_it_was(logged)?;
    let explanation = host.engine.explain(&logged.decision, &customer, &logged.moment, &model);
    println!("{}: {}", logged.decision.at, explanation.sentence);
    for line in &explanation.lines {
        println!("  not `{}`: {}", line.action, line.sentence);
        if let Some(change) = &line.change {
            println!("    {change}");
        }
    }
    Ok(())
}

/// Decides every logged question again; says how many answers are the same to the byte.
pub(crate) fn replay(host: &Host) -> Fallible<usize> {
    let mut same = 0;
    for logged in &host.log {
        let (customer, model) = host.as_it_was(logged)?;
        same += usize::from(host.engine.replay(&logged.decision, &customer, &logged.moment, &model));
    }
    Ok(same)
}

/// What the person needs to know who takes over.
pub(crate) fn page(host: &Host, id: &CustomerId, now: Timestamp) -> Fallible<String> {
    let customer = host.load(id)?;
    Ok(serde_json::to_string_pretty(&host.engine.page(&customer, now))?)
}
