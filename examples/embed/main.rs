//! The host that the guide builds, page by page: a bike shop, some customers, a few weeks.
//!
//! Run with `cargo run --release --example embed`. The parts: `playbook.toml`, what may be done; `host`, the seam between a
//! host and the engine; `reasons`, explaining and replaying; `judge`, what the log can prove; `workshop`, what is scarce.

mod host;
mod judge;
mod reasons;
mod workshop;

use apropos::event::{CustomerId, Event, EventId, EventKind, PropertyName, SourceId, Timestamp, Value};
use apropos::{Moment, OutcomeKind, Pepper};
use host::{Fallible, Host};

/// What may be done; a real host reads it when it starts.
const PLAYBOOK: &str = include_str!("playbook.toml");

fn main() -> Fallible {
    if let Some(argument) = std::env::args().nth(1) {
        return Err(format!("`{argument}` is not known: there is nothing to choose here").into());
    }
    // A real host reads this from where it keeps its secrets: `std::env::var("PEPPER")?.parse()?`.
    let pepper: Pepper = "6f".repeat(32).parse()?;
    let mut host = Host::open(PLAYBOOK, pepper.clone())?;
    let ada: CustomerId = "ada".parse()?;

    println!("Ada agrees to letters, buys a bike, and opens the app.");
    host.take(&with(event("e1", "consent.granted", &ada, "2026-10-01T08:00:00Z")?, "purpose", "contact")?)?;
    let purchase = event("e2", "purchase", &ada, "2026-10-01T08:05:00Z")?;
    host.take(&with(with(purchase, "order", "a-1")?, "amount", 890)?)?;
    host.ask(&ada, in_the_app("2026-10-01T08:10:00Z")?, 1)?;

    println!("Nothing comes for three days: the promise is at risk, then broken.");
    host.ask(&ada, Moment::at("2026-10-03T16:00:00Z".parse()?), 2)?;
    host.ask(&ada, Moment::at("2026-10-05T08:00:00Z".parse()?), 3)?;
    let delivered = event("e3", "bike.delivered", &ada, "2026-10-05T12:00:00Z")?;
    host.take(&with(delivered, "order", "a-1")?)?;
    let accepted = event("e4", "repair.accepted", &ada, "2026-10-05T12:30:00Z")?;
    host.take(&with(accepted, "order", "a-1")?)?;

    println!("She asks for a person, and the workshop calls.");
    let request = event("e5", "person.requested", &ada, "2026-10-06T09:00:00Z")?;
    host.take(&request.on("app".parse()?))?;
    host.ask(&ada, in_the_app("2026-10-06T09:01:00Z")?, 4)?;
    println!("{}", reasons::page(&host, &ada, "2026-10-06T09:02:00Z".parse()?)?);
    host.take(&event("e6", "handoff.closed", &ada, "2026-10-06T10:00:00Z")?)?;

    println!("Weeks later the bike has seen some kilometres, and an offer is taken up.");
    let bike = Value::from(900);
    let moment = in_the_app("2026-10-20T17:00:00Z")?.with_attribute("bike.kilometres".parse()?, bike);
    let offer = host.ask(&ada, moment, 8)?;
    host.settle(&ada, &offer, OutcomeKind::Seen, "2026-10-20T17:01:00Z".parse()?)?;
    host.take(&event("e7", "booking", &ada, "2026-10-21T09:00:00Z")?)?;

    println!("She withdraws her agreement: letters stop, answers do not.");
    host.take(&with(event("e8", "consent.withdrawn", &ada, "2026-11-01T08:00:00Z")?, "purpose", "contact")?)?;
    let quiet = host.ask(&ada, Moment::at("2026-11-02T10:00:00Z".parse()?), 6)?;
    println!("  {}", quiet.choice.as_str());

    println!("Why so?");
    for logged in &host.log {
        reasons::explain(&host, logged)?;
    }
    println!("{} of {} answers are the same again, to the byte.", reasons::replay(&host)?, host.log.len());

    println!("Would the shop do better without lights?");
    let darker = PLAYBOOK.replace("id = \"offer_lights\"", "id = \"offer_lights\"\nenabled = false");
    let (other, _) = apropos::Engine::from_toml(&darker, pepper)?;
    match judge::judge(&host, &other)?.refused {
        Some(refusal) => println!("  nobody can say: {refusal}"),
        None => println!("  the log can say, but it is far too short to"),
    }
    println!("  {}", judge::lines(&host).join("\n  "));

    println!("Fifteen slots are left in the workshop, and every fifth of a hundred cyclists rode far.");
    let mut workshop = workshop::Workshop::new(15, 100.0)?;
    let (mut far, mut near) = (0, 0);
    for number in 0..100 {
        let kilometres = if number % 5 == 4 { 3_000 } else { 700 };
        let moment = in_the_app("2026-11-03T10:00:00Z")?;
        let moment = moment.with_attribute("bike.kilometres".parse()?, Value::from(kilometres));
        let cyclist = host.engine.customer(CustomerId::from_number(number));
        let decision = host.engine.decide(&cyclist, &workshop.tell(moment)?, &host.model, 7);
        let invited = if kilometres == 3_000 { &mut far } else { &mut near };
        *invited += u32::from(workshop.book(&decision)?);
    }
    let (left, price) = (workshop.left(), workshop.price());
    println!("  {far} of 20 who rode far are invited, {near} of 80 others; {left} left at {price:.2}");

    println!("She asks to be forgotten, and comes again.");
    println!("  {} events are gone", host.erase(&ada, "2026-11-10T08:00:00Z".parse()?)?);
    host.take(&event("e9", "visit", &ada, "2026-12-01T08:00:00Z")?)?;
    let again = host.load(&ada)?;
    let contact = apropos::profile::Use::of(apropos::event::Purpose::Contact);
    let allowed = host.engine.profile().permission(again.profile(), contact, "2026-12-01T08:01:00Z".parse()?);
    println!("  may we write to her? {}", allowed.allowed);
    Ok(())
}

fn in_the_app(now: &str) -> Fallible<Moment> {
    Ok(Moment::at(now.parse()?).on_channel("app".parse()?))
}

fn event(id: &str, kind: &str, customer: &CustomerId, at: &str) -> Fallible<Event> {
    let (id, source, kind) = (EventId::new(id)?, SourceId::new("shop")?, EventKind::new(kind)?);
    Ok(Event::new(id, source, kind, customer.clone(), at.parse::<Timestamp>()?))
}

fn with(event: Event, name: &str, value: impl Into<Value>) -> Fallible<Event> {
    Ok(event.with(PropertyName::new(name)?, value))
}
