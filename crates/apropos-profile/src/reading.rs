//! What an event says: the built-in kinds, read into changes before anything is changed.
//!
//! Built-in kinds and their properties (`?` may be left out; `for_channel` may be written `channel` where the event's
//! format does not take that name for itself):
//!
//! | kind | properties |
//! |---|---|
//! | `consent.granted`, `consent.denied`, `consent.withdrawn` | `purpose` or `purposes`, `for_channel?`, `category?`, `basis?`, `evidence?`, `until?` |
//! | `objection.raised`, `objection.lifted` | `category?` (`marketing`) |
//! | `signal.gpc` | none: the browser sent `Sec-GPC: 1` |
//! | `channel.blocked`, `channel.unblocked` | `for_channel` |
//! | `snooze.started`, `snooze.ended` | `until` (when started), `for_channel?` |
//! | `less_like.set`, `less_like.cleared` | one of `action`, `group`, `topic`; `until?` |
//! | `personalisation.stopped`, `personalisation.resumed` | none |
//! | `protected.set`, `protected.cleared` | `state`, `until?` |
//! | `preference.set` | any of `for_channel`; `contacts` and `per`; `topic` and `interest?` (1); `quiet_from`, `quiet_to` and `quiet_days?` |
//! | `trait.set`, `trait.forgotten` | `trait`, `value`, `confidence?`, `purpose?` or `purposes?`, `until?` |
//! | `goal.declared`, `goal.reached`, `goal.dropped` | `goal`, `words?`, `until?` |
//! | `tie.formed`, `tie.ended` | `relation` (`follows`, `helps`, `refers`, `household`), `other` |
//! | `case.opened`, `case.closed` | `case`, `about?`, `complaint?`, `due?` |
//! | `promise.made`, `promise.kept`, `promise.broken` | `promise`, `about?`, `due?` |
//! | `action.tried` | `action`, `outcome?` |
//! | `identity.verified` | none: the identifiers of the event are proved |
//! | `benefit.recorded` | `company?`, `customer?`: what each side gained |
//!
//! Not here: putting the changes into a profile, see `observe`.

use apropos_event::{
    ChannelId, CivilTime, Duration, Event, PropertyName, Purpose, Timestamp, Value, Weekday,
};

use crate::error::Fingerprint;
use crate::ledger::{
    Declared, Dossier, DossierKind, Goal, GoalStatus, Opened, Preference, QuietTimes, Relation, Setting, Tie,
};
use crate::stance::{LegalBasis, Manner, Matter, Statement, Subject};
use crate::{Claim, ObserveError, Pepper};

/// One change that an event asks for.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Favour(Matter, Statement),
    Against(Matter, Statement),
    Setting(Setting),
    Claim(usize, Claim),
    ForgetTrait(PropertyName, Timestamp),
    Goal(Goal),
    Tie(Tie),
    Dossier(Dossier),
    Verified,
}

/// The kinds that say something by themselves.
pub(crate) fn is_built_in(kind: &str) -> bool {
    BUILT_IN.binary_search(&kind).is_ok()
}

/// Sorted.
pub(crate) const BUILT_IN: [&str; 32] = [
    "action.tried",
    "benefit.recorded",
    "case.closed",
    "case.opened",
    "channel.blocked",
    "channel.unblocked",
    "consent.denied",
    "consent.granted",
    "consent.withdrawn",
    "goal.declared",
    "goal.dropped",
    "goal.reached",
    "identity.verified",
    "less_like.cleared",
    "less_like.set",
    "objection.lifted",
    "objection.raised",
    "personalisation.resumed",
    "personalisation.stopped",
    "preference.set",
    "promise.broken",
    "promise.kept",
    "promise.made",
    "protected.cleared",
    "protected.set",
    "signal.gpc",
    "snooze.ended",
    "snooze.started",
    "tie.ended",
    "tie.formed",
    "trait.forgotten",
    "trait.set",
];

/// Reads one event.
pub(crate) struct Reader<'a> {
    pub(crate) event: &'a Event,
    pub(crate) receipt: u64,
    pub(crate) pepper: &'a Pepper,
}

type Read<T> = Result<T, ObserveError>;

impl Reader<'_> {
    /// The changes that the event's kind asks for by itself, traits excepted.
    pub(crate) fn read(&self, out: &mut Vec<Change>) -> Read<()> {
        match self.event.kind.as_str() {
            "consent.granted" => self.consent(Manner::Granted, out),
            "consent.denied" => self.consent(Manner::Denied, out),
            "consent.withdrawn" => self.consent(Manner::Withdrawn, out),
            "objection.raised" => self.objection(true, out),
            "objection.lifted" => self.objection(false, out),
            "signal.gpc" => self.gpc(out),
            "channel.blocked" => self.stance(
                Matter::Channel(self.channel()?.ok_or_else(|| self.lacks("for_channel"))?),
                true,
                out,
            ),
            "channel.unblocked" => self.stance(
                Matter::Channel(self.channel()?.ok_or_else(|| self.lacks("for_channel"))?),
                false,
                out,
            ),
            "snooze.started" => {
                if self.instant("until")?.is_none() {
                    return Err(self.wrong("until", "the instant at which the snooze ends"));
                }
                self.stance(Matter::Rest(self.channel()?), true, out)
            }
            "snooze.ended" => self.stance(Matter::Rest(self.channel()?), false, out),
            "less_like.set" => self.stance(Matter::Shown(self.subject()?), true, out),
            "less_like.cleared" => self.stance(Matter::Shown(self.subject()?), false, out),
            "personalisation.stopped" => self.stance(anything(Purpose::Personalise), true, out),
            "personalisation.resumed" => self.stance(anything(Purpose::Personalise), false, out),
            "protected.set" => self.stance(Matter::Unprotected(self.name("state")?), true, out),
            "protected.cleared" => self.stance(Matter::Unprotected(self.name("state")?), false, out),
            "preference.set" => self.preferences(out),
            "goal.declared" => self.goal(None, out),
            "goal.reached" => self.goal(Some(GoalStatus::Reached), out),
            "goal.dropped" => self.goal(Some(GoalStatus::Dropped), out),
            "tie.formed" => self.tie(false, out),
            "tie.ended" => self.tie(true, out),
            "case.opened" => {
                let complaint = self.event.property("complaint").and_then(Value::as_bool) == Some(true);
                let kind = if complaint { DossierKind::Complaint } else { DossierKind::Case };
                self.dossier(kind, "case", None, out)
            }
            "case.closed" => self.dossier(DossierKind::Case, "case", Some("closed"), out),
            "promise.made" => self.dossier(DossierKind::Promise, "promise", None, out),
            "promise.kept" => self.dossier(DossierKind::Promise, "promise", Some("kept"), out),
            "promise.broken" => self.dossier(DossierKind::Promise, "promise", Some("broken"), out),
            "action.tried" => {
                let outcome = self.text("outcome")?;
                self.dossier(DossierKind::Attempt, "action", outcome, out)
            }
            "identity.verified" => {
                out.push(Change::Verified);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn statement(&self, manner: Manner) -> Read<Statement> {
        let basis = match self.text("basis")? {
            None => None,
            Some(text) => Some(LegalBasis::parse(text).ok_or_else(|| {
                self.wrong("basis", "one of the six legal grounds, such as `consent` or `contract`")
            })?),
        };
        Ok(Statement {
            at: self.event.occurred_at,
            received_at: self.event.received_at,
            until: self.instant("until")?,
            manner,
            basis,
            evidence: self.text("evidence")?.map(str::to_owned),
            receipt: self.receipt,
        })
    }

    fn stance(&self, matter: Matter, against: bool, out: &mut Vec<Change>) -> Read<()> {
        let statement = self.statement(Manner::Set)?;
        out.push(if against {
            Change::Against(matter, statement)
        } else {
            Change::Favour(matter, statement)
        });
        Ok(())
    }

    fn consent(&self, manner: Manner, out: &mut Vec<Change>) -> Read<()> {
        let statement = self.statement(manner)?;
        let (channel, category) = (self.channel()?, self.optional_name("category")?);
        for purpose in self.purposes()? {
            let matter = Matter::Consent { purpose, channel: channel.clone(), category: category.clone() };
            let statement = statement.clone();
            out.push(if manner == Manner::Granted {
                Change::Favour(matter, statement)
            } else {
                // A refusal does not run out by itself: only a new agreement ends it.
                Change::Against(matter, Statement { until: None, ..statement })
            });
        }
        Ok(())
    }

    pub(crate) fn purposes(&self) -> Read<Vec<Purpose>> {
        const EXPECTED: &str = "one or more of `contact`, `personalise` and `learn`";
        let parse = |value: &Value| {
            let text = value.as_str()?;
            Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text)
        };
        let purposes: Option<Vec<Purpose>> =
            match (self.event.property("purpose"), self.event.property("purposes")) {
                (Some(one), None) => parse(one).map(|purpose| vec![purpose]),
                (None, Some(Value::List(list))) => list.iter().map(parse).collect(),
                _ => None,
            };
        purposes.filter(|list| !list.is_empty()).ok_or_else(|| self.wrong("purpose", EXPECTED))
    }

    /// An objection stops contact, personalisation and learning for its category alike (GDPR article 21, 2 and 3).
    fn objection(&self, raised: bool, out: &mut Vec<Change>) -> Read<()> {
        let category = Some(self.optional_name("category")?.unwrap_or(PropertyName::MARKETING));
        for purpose in Purpose::ALL {
            let matter = Matter::Consent { purpose, channel: None, category: category.clone() };
            out.push(if raised {
                Change::Against(matter, Statement { until: None, ..self.statement(Manner::Objected)? })
            } else {
                Change::Favour(matter, self.statement(Manner::Granted)?)
            });
        }
        Ok(())
    }

    fn gpc(&self, out: &mut Vec<Change>) -> Read<()> {
        let category = Some(PropertyName::SALE_OR_SHARING);
        for purpose in Purpose::ALL {
            let matter = Matter::Consent { purpose, channel: None, category: category.clone() };
            out.push(Change::Against(
                matter,
                Statement { until: None, ..self.statement(Manner::Signalled)? },
            ));
        }
        Ok(())
    }

    fn subject(&self) -> Read<Subject> {
        let action = self.optional_name("action")?.map(Subject::Action);
        let group = self.optional_name("group")?.map(Subject::Group);
        let topic = self.optional_name("topic")?.map(Subject::Topic);
        action.or(group).or(topic).ok_or_else(|| self.wrong("action", "an action, a `group` or a `topic`"))
    }

    fn preferences(&self, out: &mut Vec<Change>) -> Read<()> {
        let before = out.len();
        let mut set = |preference| {
            out.push(Change::Setting(Setting {
                at: self.event.occurred_at,
                preference,
                receipt: self.receipt,
            }));
        };
        if let Some(channel) = self.channel()? {
            set(Preference::Channel(channel));
        }
        if let Some(contacts) = self.event.property("contacts") {
            let contacts = contacts.as_int().and_then(|n| u16::try_from(n).ok());
            let per = self.text("per")?.and_then(|text| text.parse::<Duration>().ok());
            match (contacts, per.filter(|per| per.is_positive())) {
                (Some(contacts), Some(per)) => set(Preference::Pace { contacts, per }),
                _ => {
                    return Err(
                        self.wrong("contacts", "a whole number, beside `per`, a duration such as `7d`")
                    );
                }
            }
        }
        if let Some(topic) = self.optional_name("topic")? {
            let interest = match self.event.property("interest") {
                None => 1,
                Some(value) => match value.as_int() {
                    Some(n @ -1..=1) => n as i8,
                    _ => return Err(self.wrong("interest", "1, 0 or -1")),
                },
            };
            set(Preference::Topic { topic, interest });
        }
        if let Some(quiet) = self.quiet()? {
            set(Preference::Quiet(quiet));
        }
        if out.len() == before {
            return Err(self.wrong("for_channel", "a channel, `contacts`, a `topic` or `quiet_from`"));
        }
        Ok(())
    }

    fn quiet(&self) -> Read<Option<QuietTimes>> {
        const EXPECTED: &str = "a time of day such as `21:30`, beside `quiet_to`";
        let time = |name: &'static str| {
            self.text(name)?.map(str::parse::<CivilTime>).transpose().map_err(|_| self.wrong(name, EXPECTED))
        };
        let (from, to) = match (time("quiet_from")?, time("quiet_to")?) {
            (None, None) => return Ok(None),
            (Some(from), Some(to)) => (from, to),
            _ => return Err(self.wrong("quiet_from", EXPECTED)),
        };
        let day = |value: &Value| {
            let text = value.as_str()?;
            Weekday::ALL.into_iter().find(|day| day.as_str() == text)
        };
        let mut days = match self.event.property("quiet_days") {
            None => Vec::new(),
            Some(Value::List(list)) => list
                .iter()
                .map(day)
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| self.wrong("quiet_days", "a list of days such as `monday`"))?,
            Some(_) => return Err(self.wrong("quiet_days", "a list of days such as `monday`")),
        };
        days.sort_unstable();
        days.dedup();
        Ok(Some(QuietTimes { from, to, days }))
    }

    fn goal(&self, ended: Option<GoalStatus>, out: &mut Vec<Change>) -> Read<()> {
        let goal = self.name("goal")?;
        let at = self.event.occurred_at;
        out.push(Change::Goal(if let Some(status) = ended {
            Goal { goal, declared: None, ended: Some((at, status)) }
        } else {
            let words = self.text("words")?.map(str::to_owned);
            Goal { goal, declared: Some(Declared { at, words, until: self.instant("until")? }), ended: None }
        }));
        Ok(())
    }

    fn tie(&self, ended: bool, out: &mut Vec<Change>) -> Read<()> {
        const EXPECTED: &str = "`follows`, `helps`, `refers` or `household`";
        let relation = self.text("relation")?.and_then(Relation::parse);
        let relation = relation.ok_or_else(|| self.wrong("relation", EXPECTED))?;
        let other = self.text("other")?.ok_or_else(|| self.wrong("other", "the other customer"))?;
        let other = self.pepper.key(crate::rules::CUSTOMER, other);
        out.push(Change::Tie(Tie { at: self.event.occurred_at, relation, other, ended }));
        Ok(())
    }

    fn dossier(
        &self,
        kind: DossierKind,
        property: &'static str,
        outcome: Option<&str>,
        out: &mut Vec<Change>,
    ) -> Read<()> {
        let id = self.text(property)?.ok_or_else(|| self.wrong(property, "its number or name"))?.to_owned();
        let at = self.event.occurred_at;
        let opened = Opened { at, about: self.text("about")?.map(str::to_owned), due: self.instant("due")? };
        let is_attempt = kind == DossierKind::Attempt;
        out.push(Change::Dossier(Dossier {
            kind,
            id,
            opened: (outcome.is_none() || is_attempt).then_some(opened),
            closed: outcome.map(|outcome| (at, outcome.to_owned())),
        }));
        Ok(())
    }

    // --- properties ------------------------------------------------------------------------------

    fn text(&self, name: &'static str) -> Read<Option<&str>> {
        match self.event.property(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) if text.len() <= MAX_TEXT => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a text of at most 1024 bytes")),
        }
    }

    pub(crate) fn instant(&self, name: &'static str) -> Read<Option<Timestamp>> {
        let text = self.text(name)?;
        text.map(str::parse)
            .transpose()
            .map_err(|_| self.wrong(name, "an instant such as `2026-03-01T10:00:00Z`"))
    }

    pub(crate) fn name(&self, name: &'static str) -> Read<PropertyName> {
        self.optional_name(name)?.ok_or_else(|| self.lacks(name))
    }

    fn optional_name(&self, name: &'static str) -> Read<Option<PropertyName>> {
        self.text(name)?.map(PropertyName::new).transpose().map_err(|_| self.wrong(name, "a name"))
    }

    fn channel(&self) -> Read<Option<ChannelId>> {
        let text = match self.text("for_channel")? {
            Some(text) => Some(text),
            None => self.text("channel")?,
        };
        text.map(ChannelId::new).transpose().map_err(|_| self.wrong("for_channel", "the name of a channel"))
    }

    fn lacks(&self, property: &'static str) -> ObserveError {
        self.wrong(property, "a name")
    }

    pub(crate) fn wrong(&self, property: &'static str, expected: &'static str) -> ObserveError {
        ObserveError::Property { event: Fingerprint(self.receipt), property, expected }
    }
}

/// The longest text that a profile keeps of one property.
pub(crate) const MAX_TEXT: usize = 1_024;

/// Every use for a purpose.
pub(crate) fn anything(purpose: Purpose) -> Matter {
    Matter::Consent { purpose, channel: None, category: None }
}

#[cfg(test)]
mod tests {
    #[test]
    fn built_in_kinds_are_sorted() {
        assert!(super::BUILT_IN.is_sorted());
        assert!(super::is_built_in("signal.gpc") && !super::is_built_in("purchase"));
    }

    #[test]
    fn every_built_in_kind_is_told_to_hosts() {
        let page = include_str!("../../../docs/events.md");
        let untold = super::BUILT_IN.iter().filter(|kind| !page.contains(&format!("`{kind}`")));
        assert_eq!(untold.collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
