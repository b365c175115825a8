//! The customer's right to take everything along and to be forgotten: export, import, erasure with a certificate, and
//! tombstones that keep "never again" true.
//!
//! Not here: erasing what models learned and what hosts stored elsewhere; the certificate says what went from here.

use apropos_event::{ChannelId, PropertyName, Purpose, Timestamp};
use serde::{Deserialize, Serialize};

use crate::profile::{MAX_MEMBERS, Member, Unchecked};
use crate::rules::ProfileRules;
use crate::stance::{Manner, Matter, Statement};
use crate::{ImportError, Key, Profile};

/// The version of the export format.
pub const EXPORT_VERSION: u16 = 1;

/// An exported profile, as it is written.
#[derive(Serialize)]
struct Exported<'a> {
    version: u16,
    profile: &'a Profile,
}

/// An exported profile, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Imported {
    version: u16,
    profile: Unchecked,
}

/// What was erased: to be kept as proof. Holds counts and hashes, nothing of the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The keys of the members that went, in order.
    pub subjects: Vec<Key>,
    /// When.
    pub erased_at: Timestamp,
    /// How many traits went.
    pub traits: usize,
    /// How many events, those in totals only included.
    pub events: u64,
    /// How many identifiers.
    pub identifiers: usize,
    /// How many statements of consent and restriction.
    pub statements: usize,
    /// How many preferences, goals, ties and dossiers.
    pub entries: usize,
    /// A keyed hash of what went, so that it can be shown later that a given document is the one that was erased.
    pub digest: String,
}

/// What stays of an erased customer so that "never again" remains true: keyed hashes to recognise them by, and what they
/// refused for good. No texts but channels and categories that the definition declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// When the customer was erased.
    pub erased_at: Timestamp,
    /// The keys of the members.
    pub customers: Vec<Key>,
    /// The keys of the identifiers.
    pub identifiers: Vec<Key>,
    /// What was refused, and when.
    pub refusals: Vec<Refusal>,
}

/// One thing refused for good.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    pub(crate) matter: Matter,
    pub(crate) at: Timestamp,
    pub(crate) manner: Manner,
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Refusal({:?} at {})", self.matter, self.at)
    }
}

impl ProfileRules {
    /// Everything known of one customer, as JSON.
    ///
    /// # Errors
    /// Never in practice: a profile holds nothing that JSON cannot.
    pub fn export(&self, profile: &Profile) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&Exported { version: EXPORT_VERSION, profile })
    }

    /// Reads what [`ProfileRules::export`] wrote. To take it into a profile that is there, see [`ProfileRules::join`],
    /// which never widens what is permitted.
    ///
    /// # Errors
    /// When the text is not an export, or breaks a rule that every profile keeps. What it says is not repeated.
    pub fn import(&self, json: &str) -> Result<Profile, ImportError> {
        let imported: Imported = serde_json::from_str(json)
            .map_err(|error| ImportError::Malformed { line: error.line(), column: error.column() })?;
        if imported.version != EXPORT_VERSION {
            return Err(ImportError::Version(imported.version));
        }
        Profile::try_from(imported.profile)
    }

    /// A keyed hash of a document, as certificates hold it: whoever has the pepper can show that a document is that one.
    pub fn digest(&self, document: &[u8]) -> String {
        self.pepper.digest(document)
    }

    /// Erases everything: `profile` is empty afterwards. The certificate is proof for the host's records, the tombstone
    /// is to be kept for when the same person comes again.
    pub fn erase(&self, profile: &mut Profile, now: Timestamp) -> (Certificate, Tombstone) {
        let gone = std::mem::take(profile);
        let members = || gone.members.iter();
        let written = serde_json::to_vec(&gone).unwrap_or_default();
        let statements = members()
            .flat_map(|member| &member.stances)
            .map(|s| s.against.len() + usize::from(s.favour.is_some()));
        let certificate = Certificate {
            subjects: gone.keys().collect(),
            erased_at: now,
            traits: members().map(|member| member.claims.traits()).sum(),
            events: members()
                .flat_map(|member| member.history.all())
                .map(|s| s.len() as u64 + s.folded())
                .sum(),
            identifiers: gone.identifiers().count(),
            statements: statements.sum(),
            entries: members()
                .map(|m| m.settings.len() + m.goals.len() + m.ties.len() + m.dossiers.len())
                .sum(),
            digest: self.pepper.digest(&written),
        };
        let mut identifiers: Vec<Key> = gone.identifiers().map(|fact| fact.key).collect();
        identifiers.sort_unstable();
        identifiers.dedup();
        let tombstone = Tombstone {
            erased_at: now,
            customers: gone.keys().collect(),
            identifiers,
            refusals: self.refusals(&gone),
        };
        (certificate, tombstone)
    }

    /// What the customer refused for good, without names that the definition does not declare: a refusal that names such
    /// a channel or category becomes one of all, because remembering the name would be remembering the customer.
    fn refusals(&self, profile: &Profile) -> Vec<Refusal> {
        let consent = &self.definition.consent;
        let declared_channel = |channel: &ChannelId| consent.channels.contains(channel);
        let declared_category = |category: &PropertyName| {
            [PropertyName::MARKETING, PropertyName::SALE_OR_SHARING].contains(category)
                || consent.categories.contains(category)
        };
        let mut refusals = Vec::new();
        for stance in profile.members.iter().flat_map(|member| &member.stances) {
            let lasting = stance.against.iter().filter(|statement| statement.until.is_none());
            let standing = lasting.filter(|s| stance.favour.as_ref().is_none_or(|favour| favour.at <= s.at));
            let Some(last) = standing.max_by_key(|statement| statement.at) else { continue };
            let matter = match &stance.matter {
                Matter::Consent { purpose, channel, category } => Matter::Consent {
                    purpose: *purpose,
                    channel: channel.clone().filter(declared_channel),
                    category: category.clone().filter(declared_category),
                },
                Matter::Channel(channel) if declared_channel(channel) => Matter::Channel(channel.clone()),
                Matter::Channel(_) | Matter::Rest(_) => {
                    Matter::Consent { purpose: Purpose::Contact, channel: None, category: None }
                }
                // What was shown and who was protected is gone with the customer.
                Matter::Shown(_) | Matter::Unprotected(_) => continue,
            };
            refusals.push(Refusal { matter, at: last.at, manner: last.manner });
        }
        refusals.sort();
        refusals.dedup_by(|next, kept| {
            next.matter == kept.matter && {
                kept.at = kept.at.max(next.at);
                true
            }
        });
        refusals
    }

    /// Whether a profile is the person of a tombstone come again: by customer key or by any identifier.
    pub fn is_revenant(&self, profile: &Profile, tombstone: &Tombstone) -> bool {
        profile.keys().any(|key| tombstone.customers.binary_search(&key).is_ok())
            || profile.identifiers().any(|fact| tombstone.identifiers.binary_search(&fact.key).is_ok())
    }

    /// Puts what an erased customer refused into their new profile, if it is theirs. Says whether it was.
    ///
    /// A refusal counts from the erasure on, so that no agreement from before it can come back; what the customer agrees
    /// to afterwards counts.
    pub fn remind(&self, profile: &mut Profile, tombstone: &Tombstone) -> bool {
        if !self.is_revenant(profile, tombstone) {
            return false;
        }
        for member in &mut profile.members {
            for refusal in &tombstone.refusals {
                let statement = Statement {
                    at: tombstone.erased_at,
                    received_at: tombstone.erased_at,
                    until: None,
                    manner: refusal.manner,
                    basis: None,
                    evidence: None,
                    receipt: 0,
                };
                remind_member(member, &refusal.matter, statement);
            }
        }
        true
    }

    /// Forgets every tie to a customer who was erased elsewhere. Says how many there were.
    pub fn forget_ties(&self, profile: &mut Profile, erased: Key) -> usize {
        let mut forgotten = 0;
        for member in &mut profile.members {
            let before = member.ties.len();
            member.ties.retain(|tie| tie.other != erased);
            forgotten += before - member.ties.len();
        }
        forgotten
    }
}

fn remind_member(member: &mut Member, matter: &Matter, statement: Statement) {
    // When there is no room for the exact matter, all contact is refused instead.
    let whole = Matter::Consent { purpose: Purpose::Contact, channel: None, category: None };
    let exact = member.stance(matter).is_some();
    if let Some(stance) = member.stance(if exact { matter } else { &whole }) {
        stance.against(statement);
    }
}

/// The rules that every profile keeps and that reading its parts does not ensure.
pub(crate) fn sound(profile: &Profile) -> Result<(), &'static str> {
    let ordered = |ok: bool, what: &'static str| if ok { Ok(()) } else { Err(what) };
    if MAX_MEMBERS < profile.members.len() {
        return Err("there are too many members");
    }
    ordered(profile.members.is_sorted_by(|a, b| a.key < b.key), "members are not in order")?;
    ordered(profile.links.is_sorted_by(|a, b| a.link.id < b.link.id), "links are not in order")?;
    for member in &profile.members {
        let identifiers = member.identifiers.is_sorted_by(|a, b| (&a.kind, a.key) < (&b.kind, b.key));
        ordered(identifiers, "identifiers are not in order")?;
        ordered(member.stances.is_sorted_by(|a, b| a.matter < b.matter), "stances are not in order")?;
        ordered(member.history.lanes.is_sorted_by(|a, b| a.kind < b.kind), "lanes are not in order")?;
        ordered(member.history.efforts.is_sorted_by(|a, b| a.goal < b.goal), "efforts are not in order")?;
        ordered(
            member.history.kinds.is_sorted() && member.history.channels.is_sorted(),
            "names are not in order",
        )?;
        ordered(sorted(&member.settings) && sorted(&member.goals), "entries are not in order")?;
        ordered(sorted(&member.ties) && sorted(&member.dossiers), "entries are not in order")?;
    }
    Ok(())
}

fn sorted<T: crate::ledger::Entry>(list: &[T]) -> bool {
    list.is_sorted_by(|a, b| a.about() < b.about())
}
