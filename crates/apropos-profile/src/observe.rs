//! Taking an event into a profile: checked whole before anything changes, applied once however often it comes.

use apropos_event::counter::{Amount, Cell, ColumnKind, Entry, SeriesLimits};
use apropos_event::draw::{mix, stable_hash};
use apropos_event::{Event, PropertyName, Value};

use crate::error::Fingerprint;
use crate::history::MAX_COLUMNS;
use crate::ledger::put;
use crate::names::Memo;
use crate::profile::{IdentifierFact, MAX_ENTRIES, Member};
use crate::reading::{Change, Reader};
use crate::rules::{KindRule, ProfileRules};
use crate::traits::fits;
use crate::{Claim, ObserveError, Profile};

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
        let check = self.digest(event);
        for member in &mut profile.members {
            if let Some(known) = member.history.recall(print) {
                return repeated(print, known == check);
            }
        }
        let rule = self.kind(event.kind.as_str());
        let place = self.place(profile, event, print)?;
        if let Some(member) = place.and_then(|at| profile.members.get(at)) {
            let counted = rule.is_some_and(|rule| rule.lane.is_some());
            let late = member.history.too_late(&event.kind, counted, event.occurred_at, print);
            if let Some(horizon) = late {
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
        self.remember(member, rule, event, (print, check), &mut changes);
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

    /// The fingerprint of an event: a seeded hash of its source and id, never zero.
    pub fn fingerprint_of(&self, event: &Event) -> Fingerprint {
        Fingerprint(self.fingerprint(event))
    }

    fn fingerprint(&self, event: &Event) -> u64 {
        let source = stable_hash(self.seed, event.source.as_str().as_bytes());
        mix(source ^ stable_hash(!self.seed, event.id.as_str().as_bytes())).max(1)
    }

    /// A digest of everything that makes the event what it is; not when it was received.
    fn digest(&self, event: &Event) -> u32 {
        let mut digest = Digest(self.seed);
        digest.text(event.kind.as_str());
        digest.text(event.customer.as_str());
        digest.number(event.occurred_at.as_micros().cast_unsigned());
        digest.text(event.channel.as_ref().map_or("", |channel| channel.as_str()));
        for identifier in &event.identifiers {
            digest.text(identifier.kind.as_str());
            digest.text(&identifier.value);
        }
        for (name, value) in &event.properties {
            digest.text(name.as_str());
            digest.value(value);
        }
        (digest.0 >> 32) as u32
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
            profile.members.push(member);
        }
        profile.members.get_mut(place.unwrap_or(0))
    }

    fn read(
        &self,
        rule: &KindRule,
        event: &Event,
        print: u64,
        out: &mut Vec<Change>,
    ) -> Result<(), ObserveError> {
        if rule.built_in {
            let reader = Reader { event, receipt: print, pepper: &self.pepper };
            reader.read(out)?;
            match event.kind.as_str() {
                "trait.set" => self.read_trait(&reader, out)?,
                "trait.forgotten" => {
                    let (_, known) = self.named_trait(&reader)?;
                    out.push(Change::ForgetTrait(known, event.occurred_at));
                }
                _ => {}
            }
        }
        for (at, property) in &rule.traits {
            match event.properties.get(property) {
                None | Some(Value::Null) => {}
                Some(value) => {
                    let claim = self.claim(*at, event, value, print)?;
                    out.push(Change::Claim(*at, claim));
                }
            }
        }
        Ok(())
    }

    fn named_trait(&self, reader: &Reader<'_>) -> Result<(usize, PropertyName), ObserveError> {
        let name = reader.name("trait")?;
        let unknown = ObserveError::UnknownTrait { event: Fingerprint(reader.receipt) };
        self.find_trait(name.as_str()).map(|(at, _)| (at, name)).ok_or(unknown)
    }

    fn read_trait(&self, reader: &Reader<'_>, out: &mut Vec<Change>) -> Result<(), ObserveError> {
        let (at, _) = self.named_trait(reader)?;
        let value =
            reader.event.property("value").ok_or_else(|| reader.wrong("value", "the trait's value"))?;
        let mut claim = self.claim(at, reader.event, value, reader.receipt)?;
        claim.until = reader.instant("until")?;
        if let Some(confidence) = reader.event.property("confidence") {
            let percent = confidence.as_int().filter(|n| (0..=100).contains(n));
            claim.confidence =
                percent.ok_or_else(|| reader.wrong("confidence", "a whole number from 0 to 100"))? as u8;
        }
        out.push(Change::Claim(at, claim));
        Ok(())
    }

    fn claim(&self, at: usize, event: &Event, value: &Value, print: u64) -> Result<Claim, ObserveError> {
        let known = self.traits.get(at);
        let fitting = known.is_some_and(|known| fits(value, &known.kind, &known.values) && fits_in(value));
        if !fitting {
            return Err(ObserveError::TraitType {
                event: Fingerprint(print),
                name: known.map_or_else(String::new, |known| known.name.to_string()),
                expected: known.map_or_else(String::new, |known| known.kind.to_string()),
            });
        }
        let source = self.source(&event.source);
        Ok(Claim {
            value: value.clone(),
            source: event.source.clone(),
            observed_at: event.occurred_at,
            confidence: source.map_or(100, |source| source.confidence),
            trust: source.map_or(50, |source| source.trust),
            told: source.is_some_and(|source| source.told),
            purposes: None,
            until: None,
        })
    }

    fn remember(
        &self,
        member: &mut Member,
        rule: Option<&KindRule>,
        event: &Event,
        (key, check): (u64, u32),
        changes: &mut Changes,
    ) {
        let lane = rule.and_then(|rule| rule.lane.as_ref());
        let history = &mut member.history;
        let channel = history.channel(event.channel.as_ref());
        let entry = Entry { at: event.occurred_at, key, check, labels: [0, channel] };
        let mut cells = [Cell::Absent; MAX_COLUMNS];
        let mut used = 0;
        if let Some(lane) = lane.filter(|lane| !lane.columns.is_empty()) {
            let money = rule.is_some_and(|rule| rule.money);
            let series = history.lane_mut(&event.kind, lane);
            for (at, (name, kind)) in lane.columns.iter().enumerate() {
                // The columns stand in the rule's order unless the definition changed since.
                let same =
                    series.columns().get(at).is_some_and(|mine| mine.name() == name && mine.kind() == *kind);
                let column = if same { at } else { series.ensure_column(name, *kind) };
                if let Some(cell) = cells.get_mut(column) {
                    *cell = self.cell(event, name, *kind, money, changes);
                    used = used.max(column + 1);
                }
            }
        }
        let horizon = rule.map_or(self.definition.history.horizon, |rule| rule.horizon);
        let latest = history.latest.unwrap_or(event.occurred_at).max(event.occurred_at);
        let entries = lane.map_or(self.definition.history.entries as usize, |lane| lane.entries);
        let limits = SeriesLimits { entries, since: latest.minus(horizon) };
        history.remember(&event.kind, lane, entry, cells.get(..used).unwrap_or_default(), limits);
    }

    fn cell(
        &self,
        event: &Event,
        name: &PropertyName,
        kind: ColumnKind,
        money: bool,
        changes: &mut Changes,
    ) -> Cell {
        let Some(value) = event.properties.get(name) else { return Cell::Absent };
        match kind {
            ColumnKind::Mark => {
                let mut digest = Digest(self.seed);
                digest.value(value);
                Cell::Mark(digest.0)
            }
            ColumnKind::Amount => {
                if money && self.is_foreign(event, value) {
                    changes.foreign_currency = true;
                    return Cell::Absent;
                }
                Amount::from_value(value).map_or(Cell::Absent, Cell::Amount)
            }
        }
    }

    /// Whether an amount states another currency than the declared one, by itself or in the property `currency`.
    fn is_foreign(&self, event: &Event, value: &Value) -> bool {
        let Some(declared) = self.definition.value.as_ref().map(|value| value.currency.code()) else {
            return false;
        };
        let stated = match value.as_str().and_then(|text| text.split_once(' ')) {
            Some((_, code)) => Some(code),
            None => event.property("currency").and_then(Value::as_str),
        };
        stated.is_some_and(|code| code != declared)
    }

    fn identify(&self, member: &mut Member, event: &Event, verified: bool, changes: &mut Changes) {
        for identifier in &event.identifiers {
            let Some(key) = self.identifier_key(identifier) else { continue };
            let limit = self.identifier(&identifier.kind).map_or(5, |known| known.limit);
            let at = event.occurred_at;
            let fact = IdentifierFact { kind: identifier.kind.clone(), key, verified, first: at, last: at };
            let (new, dropped) = member.identify(fact, usize::from(limit));
            changes.identity |= new;
            changes.identifier_dropped |= dropped;
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

/// Whether a value is small enough to be kept as a trait.
fn fits_in(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.len() <= crate::reading::MAX_TEXT,
        Value::List(list) => list.len() <= crate::traits::MAX_UNION && list.iter().all(fits_in),
        Value::Map(map) => map.len() <= crate::traits::MAX_UNION && map.values().all(fits_in),
        _ => true,
    }
}

/// A running hash of the parts of an event.
struct Digest(u64);

impl Digest {
    fn number(&mut self, n: u64) {
        self.0 = mix(self.0 ^ n).wrapping_add(n);
    }

    fn text(&mut self, text: &str) {
        self.number(stable_hash(self.0, text.as_bytes()));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.number(1),
            Value::Bool(b) => self.number(2 + u64::from(*b)),
            Value::Int(n) => {
                self.number(4);
                self.number(n.cast_unsigned());
            }
            Value::Double(x) => {
                self.number(5);
                self.number(x.to_bits());
            }
            Value::Text(text) => {
                self.number(6);
                self.text(text);
            }
            Value::List(list) => {
                self.number(7 + 16 * list.len() as u64);
                for value in list {
                    self.value(value);
                }
            }
            Value::Map(map) => {
                self.number(8 + 16 * map.len() as u64);
                for (name, value) in map {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }
}
