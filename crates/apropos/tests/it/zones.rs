//! One clock on the wall: facts, counts, limits, quiet hours, quiet times and journeys go by the same zone, whichever way it
//! is known, assumed or unknown.

use apropos::event::{CustomerId, Duration, Timestamp, Zone};
use apropos::nba::Reason;
use apropos::{Customer, Decision, Engine, Moment, Outcome, OutcomeKind};

use crate::world::{PEPPER, at, book, compiled, happened, with};

const LETTERS: &str = r#"
[profile.consent]
contact = "allow"

[context]
zone_property = "zone"

[[context.channels]]
id = "letter"
direction = "outbound"

[[context.time.quiet_hours]]
windows = [{ start = "21:00", end = "08:00" }]

[[policy.limits]]
name = "one letter a day"
at_most = 1
per = "day"

[[actions]]
id = "write"
class = "sell"
applicable = ['context.hour < 22', 'history.count("asked", "day") == 0']
treatments = [{ channel = "letter" }]
value = 2
benefit = 2

[[journeys]]
id = "reminder"
start = "until_nine"
entry.on = [{ event = "asked" }]
human.queue = "desk"

[journeys.nodes.until_nine]
kind = "wait_local"
at = "09:00"
next = "done"

[journeys.nodes.done]
kind = "exit"
outcome = "done"
"#;

/// Where the customer's zone comes from.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    playbook: Option<&'static str>,
    event: Option<&'static str>,
    moment: Option<&'static str>,
}

struct Host {
    told: Told,
    engine: Engine,
    customer: Customer,
}

impl Host {
    fn new(told: Told) -> Self {
        let zone = told.playbook.map_or_else(String::new, |zone| format!("zone = \"{zone}\"\n"));
        let letters = if told.playbook.is_some() {
            LETTERS.to_owned()
        } else {
            LETTERS.replace("id = \"reminder\"", "id = \"reminder\"\nzone = \"UTC\"")
        };
        let engine = compiled(&book("letters", &format!("{zone}{letters}")));
        let id = CustomerId::from_number(1);
        let mut host = Self { told, customer: engine.customer(id), engine };
        host.happened("visit", "v", "2026-02-01T12:00:00Z");
        host
    }

    fn happened(&mut self, kind: &str, id: &str, when: &str) {
        let mut event = happened(self.customer.id(), kind, id, at(when));
        if let Some(zone) = self.told.event {
            event = with(event, "zone", zone);
        }
        if kind == "preference.set" {
            event = with(with(event, "quiet_from", "10:00"), "quiet_to", "11:00");
        }
        assert!(self.engine.observe(&mut self.customer, &event).unwrap().new);
    }

    /// Decides, and carries out what was decided.
    fn ask(&mut self, now: Timestamp) -> Decision {
        let mut moment = Moment::at(now);
        moment.zone = self.told.moment.map(|zone| Zone::new(zone).unwrap());
        let decision = self.engine.decide(&self.customer, &moment, &self.engine.model(), 1);
        if self.engine.accept(&mut self.customer, &decision) {
            let (decision, at) = (decision.id.clone(), now);
            let outcome = Outcome { decision, kind: OutcomeKind::Delivered, at };
            self.engine.settle(&mut self.customer, &outcome).unwrap();
        }
        decision
    }

    /// Why no letter was written, or nothing when one was.
    fn refused(&mut self, now: Timestamp) -> Option<Reason> {
        let decision = self.ask(now);
        decision.candidate("write").unwrap().dropped.as_ref().map(|dropped| dropped.reason)
    }
}

/// Walks through a day that begins at `midnight` and expects everything to go by its clock.
#[track_caller]
fn check(told: Told, midnight: &str) {
    let clock = |hours: i64, minutes: i64| {
        at(midnight).plus(Duration::from_hours(hours)).plus(Duration::from_mins(minutes))
    };
    let mut host = Host::new(told);
    host.happened("preference.set", "p", "2026-02-01T12:05:00Z");
    assert_eq!(host.refused(clock(7, 59)), Some(Reason::Quiet(Some(clock(8, 0)))), "quiet hours: {told:?}");
    assert_eq!(host.refused(clock(10, 30)), Some(Reason::Quiet(Some(clock(11, 0)))), "quiet times: {told:?}");
    assert_eq!(host.refused(clock(11, 0)), None, "{told:?}");
    assert_eq!(host.refused(clock(20, 59)), Some(Reason::LimitReached(Some(clock(24, 0)))), "{told:?}");
    assert_eq!(host.refused(clock(22, 0)), Some(Reason::ConditionFalse), "facts: {told:?}");
    assert_eq!(host.refused(clock(32, 0)), None, "the next day: {told:?}");
    // What was asked this evening counts until midnight.
    host.happened("asked", "a", &clock(44, 0).to_string());
    assert_eq!(host.refused(clock(47, 59)), Some(Reason::ConditionFalse), "counts: {told:?}");
    assert_eq!(host.refused(clock(56, 0)), None, "counts: {told:?}");
    if told.moment.is_none() {
        assert_eq!(host.engine.next_due(&host.customer), Some(clock(57, 0)), "journeys: {told:?}");
    }
}

const TOKYO: Option<&str> = Some("Asia/Tokyo");
const NEW_YORK: Option<&str> = Some("America/New_York");

#[test]
fn the_playbooks_zone_counts_where_the_customers_own_is_not_known() {
    check(Told { playbook: TOKYO, ..Told::default() }, "2026-03-02T15:00:00Z");
    check(Told { playbook: NEW_YORK, ..Told::default() }, "2026-03-02T05:00:00Z");
}

#[test]
fn a_zone_that_an_event_told_counts_before_the_playbooks() {
    check(Told { playbook: TOKYO, event: NEW_YORK, ..Told::default() }, "2026-03-02T05:00:00Z");
    check(Told { event: NEW_YORK, ..Told::default() }, "2026-03-02T05:00:00Z");
}

#[test]
fn a_zone_that_the_moment_tells_counts_before_all() {
    let told = Told { playbook: TOKYO, event: TOKYO, moment: NEW_YORK };
    check(told, "2026-03-02T05:00:00Z");
}

#[test]
fn where_no_zone_is_known_or_assumed_it_is_quiet_and_local_facts_are_unknown() {
    let mut host = Host::new(Told::default());
    for hour in [3, 12, 23] {
        let now = at("2026-03-02T00:00:00Z").plus(Duration::from_hours(hour));
        assert_eq!(host.refused(now), Some(Reason::ConditionUnknown));
        let letter = "letter".parse().unwrap();
        let quiet = host.engine.context().quiet(host.customer.context(), &Moment::at(now), &letter);
        assert_eq!((quiet.quiet, quiet.next_allowed), (true, None));
    }
}

#[test]
fn two_zones_for_one_thing_are_refused() {
    let text =
        book("two", &format!("zone = \"Asia/Tokyo\"\n[context.time]\nassumed_zone = \"UTC\"\n{LETTERS}"));
    let text = text.replace("[context]\nzone_property = \"zone\"\n", "");
    let problems = Engine::from_toml(&text, PEPPER).unwrap_err();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["playbook/two-zones"], "{problems}");
}
