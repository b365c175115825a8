//! Taking an event into a profile: checked whole before anything changes, applied once however often it comes.

use apropos_event::counter::{Amount, Cell, Column, ColumnKind, Entry, Series, SeriesLimits};
use apropos_event::{Event, PropertyName, Timestamp, Value};

use crate::error::Fingerprint;
use crate::fingerprint::Digest;
use crate::history::MAX_COLUMNS;
use crate::ledger::put;
use crate::names::Memo;
use crate::profile::{IdentifierFact, MAX_ENTRIES, Member};
use crate::reading::Change;
use crate::rules::{KindRule, ProfileRules};
use crate::{ObserveError, Profile};

/// Whether an event was new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It was, and its changes are made.
    #[default]
    Applied,
    /// The same event was observed before: nothing changed.
    Repeated,
}

/// What an event changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Whether the event was new.
    pub outcome: Outcome,
    /// Whether consent, objections, blocks or protection may have changed.
    pub consent: bool,
    /// Whether preferences may have changed.
    pub preferences: bool,
    /// Whether traits may have changed.
    pub traits: bool,
    /// Whether goals, ties or open matters may have changed.
    pub ledger: bool,
    /// Whether an identifier was seen for the first time or proved.
    pub identity: bool,
    /// Whether an identifier gave way because there were too many of its kind.
    pub identifier_dropped: bool,
    /// Whether two proved identifiers of a kind that one person has only once contradict each other now: a person must look
    /// at the case, see [`ProfileRules::cases`].
    pub identity_conflict: bool,
    /// Whether an amount was left out because it is in another currency than declared.
    pub foreign_currency: bool,
    /// The receipt the customer can be shown, when something they decide about was stated.
    pub receipt: Option<Fingerprint>,
}

impl ProfileRules {
    /// Observes one event.
    ///
    /// Idempotent by (source, id): a repeat changes nothing, whatever it was received at. O(1) in the length of the
    /// history for events that come in order; a late event costs moves within one bounded lane.
    ///
    /// # Errors
    /// When the event is malformed, another customer's, in conflict with one of the same id, too old to be told from a
    /// repeat, or lacks what its kind needs. Then nothing has changed.
    pub fn observe(&self, profile: &mut Profile, event: &Event) -> Result<Changes, ObserveError> {
        event.check().map_err(ObserveError::Event)?;
        let print = self.fingerprint(event);
        let kind = self.kind_hash(&event.kind);
        let check = self.event_digest(event, kind);
        for member in &mut profile.members {
            if let Some(known) = member.history.recall(print) {
                return repeated(print, known == check);
            }
        }
        let rule = self.kind(&event.kind, kind);
        let place = self.place(profile, event, print)?;
        let own = rule.and_then(|rule| rule.lane.as_ref()).map(|lane| &lane.columns);
        let mut lane = None;
        if let Some(member) = place.and_then(|at| profile.members.get(at)) {
            let history = &member.history;
            lane = own.and_then(|own| history.find_lane(event.kind.as_str(), own));
            let known = lane.and_then(|at| history.lanes.get(at)).map(|lane| &lane.series);
            let series = if own.is_some() { known } else { Some(&history.common) };
            if let Some(series) = series.filter(|series| series.too_late(event.occurred_at, print)) {
                let horizon = series.folded_until().map_or(Timestamp::MAX, |until| until.at);
                return Err(ObserveError::TooLate { event: Fingerprint(print), horizon });
            }
        }
        let mut read = Vec::new();
        if let Some(rule) = rule {
            self.read(rule, event, print, &mut read)?;
        }
        let step = rule.filter(|rule| rule.effort).map(|_| goal_of_step(event, print)).transpose()?;
        let member = match place {
            Some(at) => profile.members.get(at),
            None => None,
        };
        if let Some(member) = member {
            let matters = read.iter().filter_map(|change| match change {
                Change::Favour(matter, _) | Change::Against(matter, _) => Some(matter),
                _ => None,
            });
            if !read.is_empty() && !member.has_room(matters) {
                return Err(ObserveError::Full { what: "statements", limit: crate::profile::MAX_STANCES });
            }
        }
        // From here on nothing can fail.
        let Some(member) = self.member_mut(profile, place, event) else {
            return Err(ObserveError::OtherCustomer { event: Fingerprint(print) });
        };
        let mut changes = Changes::default();
        self.remember(member, (rule, lane), event, (print, check), &mut changes);
        if let Some(goal) = step.flatten() {
            member_step(member, event, (print, check), &goal);
        }
        let verified = read.iter().any(|change| matches!(change, Change::Verified));
        if !event.identifiers.is_empty() {
            self.identify(member, event, verified, &mut changes);
        }
        for change in read {
            self.apply(member, change, &mut changes);
        }
        if changes.consent || changes.preferences {
            changes.receipt = Some(Fingerprint(print));
        }
        Ok(changes)
    }

    /// Where the member of this event's customer stands; `None` when the profile holds nobody yet.
    fn place(&self, profile: &mut Profile, event: &Event, print: u64) -> Result<Option<usize>, ObserveError> {
        if profile.members.is_empty() {
            return Ok(None);
        }
        let plain = |member: &Member| member.plain.0.as_ref() == Some(&event.customer);
        if let Some(at) = profile.members.iter().position(plain) {
            return Ok(Some(at));
        }
        let key = self.customer_key(&event.customer);
        let at = profile.members.binary_search_by(|member| member.key.cmp(&key));
        let at = at.map_err(|_| ObserveError::OtherCustomer { event: Fingerprint(print) })?;
        if let Some(member) = profile.members.get_mut(at) {
            member.plain = Memo(Some(event.customer.clone()));
        }
        Ok(Some(at))
    }

    fn member_mut<'p>(
        &self,
        profile: &'p mut Profile,
        place: Option<usize>,
        event: &Event,
    ) -> Option<&'p mut Member> {
        if place.is_none() {
            let mut member = Member::new(self.customer_key(&event.customer));
            member.plain = Memo(Some(event.customer.clone()));
            // Most profiles never have a second.
            profile.members.reserve_exact(1);
            profile.members.push(member);
        }
        profile.members.get_mut(place.unwrap_or(0))
    }

    /// Adds the event to the history, in the lane of its kind if it has one, which may be known already.
    fn remember(
        &self,
        member: &mut Member,
        (rule, found): (Option<&KindRule>, Option<usize>),
        event: &Event,
        (key, check): (u64, u32),
        changes: &mut Changes,
    ) {
        let lane = rule.and_then(|rule| rule.lane.as_ref());
        let history = &mut member.history;
        let channel = history.channel(event.channel.as_ref());
        let entry = Entry { at: event.occurred_at, key, check, labels: [0, channel] };
        let money = rule.filter(|rule| rule.money).and(self.definition.value.as_ref());
        let currency = money.map(|value| Stated::of(event, value.currency.code()));
        let cells = |series: &mut Series| {
            let mut cells = [Cell::Absent; MAX_COLUMNS];
            let mut used = 0;
            let columns = lane.map_or(&[][..], |lane| &lane.columns);
            // The columns are the rule's unless the definition changed since.
            let same = lane.is_none_or(|lane| series.share_columns(&lane.columns));
            for (at, wanted) in columns.iter().enumerate() {
                let column = if same { at } else { series.ensure_column(wanted.name(), wanted.kind()) };
                if let Some(cell) = cells.get_mut(column) {
                    *cell = self.cell(event, wanted, currency, changes);
                    used = used.max(column + 1);
                }
            }
            (cells, used)
        };
        let horizon = rule.map_or(self.definition.history.horizon, |rule| rule.horizon);
        let latest = history.latest.unwrap_or(event.occurred_at).max(event.occurred_at);
        let entries = lane.map_or(self.definition.history.entries as usize, |lane| lane.entries);
        let limits = SeriesLimits { entries, since: latest.minus(horizon) };
        history.remember(&event.kind, lane.map(|lane| (lane, found)), entry, limits, cells);
    }

    fn cell(
        &self,
        event: &Event,
        column: &Column,
        currency: Option<Stated<'_>>,
        changes: &mut Changes,
    ) -> Cell {
        let Some(value) = event.properties.get(column.name()) else { return Cell::Absent };
        match column.kind() {
            ColumnKind::Mark => {
                let mut digest = Digest(self.seed);
                digest.value(value);
                Cell::Mark(digest.0)
            }
            ColumnKind::Amount => {
                if currency.is_some_and(|currency| currency.is_foreign(value)) {
                    changes.foreign_currency = true;
                    return Cell::Absent;
                }
                Amount::from_value(value).map_or(Cell::Absent, Cell::Amount)
            }
        }
    }

    fn identify(&self, member: &mut Member, event: &Event, verified: bool, changes: &mut Changes) {
        for identifier in &event.identifiers {
            let Some(key) = self.identifier_key(identifier) else { continue };
            let limit = self.identifier(&identifier.kind).map_or(5, |known| known.limit);
            let at = event.occurred_at;
            let fact = IdentifierFact { kind: identifier.kind.clone(), key, verified, first: at, last: at };
            let identified = member.identify(fact, usize::from(limit));
            changes.identity |= identified.new;
            changes.identifier_dropped |= identified.dropped;
            changes.identity_conflict |= identified.conflict;
        }
    }

    fn apply(&self, member: &mut Member, change: Change, changes: &mut Changes) {
        match change {
            Change::Favour(matter, statement) => {
                changes.consent = true;
                if let Some(stance) = member.stance(&matter) {
                    stance.favour(statement);
                }
            }
            Change::Against(matter, statement) => {
                changes.consent = true;
                if let Some(stance) = member.stance(&matter) {
                    stance.against(statement);
                }
            }
            Change::Setting(setting) => {
                changes.preferences = true;
                put(&mut member.settings, setting, MAX_ENTRIES);
            }
            Change::Claim(at, claim) => {
                changes.traits = true;
                if let Some(known) = self.traits.get(at) {
                    member.claims.put(&known.name, claim, known.policy);
                }
            }
            Change::ForgetTrait(name, at) => {
                changes.traits = true;
                member.claims.forget(&name, at);
            }
            Change::Goal(goal) => {
                changes.ledger = true;
                put(&mut member.goals, goal, MAX_ENTRIES);
            }
            Change::Tie(tie) => {
                changes.ledger = true;
                put(&mut member.ties, tie, MAX_ENTRIES);
            }
            Change::Dossier(dossier) => {
                changes.ledger = true;
                put(&mut member.dossiers, dossier, MAX_ENTRIES);
            }
            Change::Verified => {}
        }
    }
}

/// The currency that amounts of an event must be in, and the one that they are in unless they say so themselves.
#[derive(Clone, Copy)]
struct Stated<'a> {
    declared: &'a str,
    stated: Option<&'a str>,
}

impl<'a> Stated<'a> {
    fn of(event: &'a Event, declared: &'a str) -> Self {
        Self { declared, stated: event.property("currency").and_then(Value::as_str) }
    }

    fn is_foreign(self, amount: &Value) -> bool {
        let own = amount.as_str().and_then(|text| text.split_once(' ')).map(|(_, code)| code);
        own.or(self.stated).is_some_and(|code| code != self.declared)
    }
}

fn repeated(print: u64, same: bool) -> Result<Changes, ObserveError> {
    if same {
        Ok(Changes { outcome: Outcome::Repeated, ..Changes::default() })
    } else {
        Err(ObserveError::Conflict { event: Fingerprint(print) })
    }
}

fn goal_of_step(event: &Event, print: u64) -> Result<Option<PropertyName>, ObserveError> {
    match event.property("goal") {
        Some(Value::Text(text)) => PropertyName::new(text).map(Some).map_err(|_| ObserveError::Property {
            event: Fingerprint(print),
            property: "goal",
            expected: "the name of a goal",
        }),
        _ => Ok(None),
    }
}

fn member_step(member: &mut Member, event: &Event, (key, check): (u64, u32), goal: &PropertyName) {
    let channel = member.history.channel(event.channel.as_ref());
    let waited = event.property("waited_seconds").and_then(Amount::from_value);
    let entry = Entry { at: event.occurred_at, key, check, labels: [0, channel] };
    member.history.step(goal, &event.kind, entry, waited.map_or(Cell::Absent, Cell::Amount));
}
