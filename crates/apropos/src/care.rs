//! Care for what is kept of a customer: one page about them, taking everything along, and being forgotten.
//!
//! Each covers the whole document: profile, context, journeys and ledger. Not here: what hosts keep elsewhere, such as
//! decisions in a log; [`redact`] takes the customer out of those.

use apropos_event::{ActionId, ChannelId, CustomerId, DecisionId, JourneyId, NodeId, PromiseId, Timestamp};
use apropos_journey::{PromiseStatus, Status};
use apropos_nba::{Choice, Class, Decision, OpenCase, OutcomeKind};
use apropos_profile::{BRIEF_ENTRIES, Brief, Key, Tombstone};
use serde::{Deserialize, Serialize};

use crate::{Customer, Engine};

/// The version of an exported document.
const EXPORT_VERSION: u16 = 1;

/// One page about a customer, for staff and machines: plain data, at most [`BRIEF_ENTRIES`] entries a part.
///
/// It is personal data, so [`std::fmt::Debug`] prints sizes only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Who this is, what happened last on every channel, what is open and promised, what must not be said.
    pub profile: Brief,
    /// Where they are under way, latest first.
    pub journeys: Vec<PageJourney>,
    /// What the journeys promised and have not settled yet, soonest due first.
    pub promises: Vec<PagePromise>,
    /// What we tried with them, newest first.
    pub tried: Vec<PageContact>,
    /// The case that a person has taken over.
    pub with_person: Option<OpenCase>,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page({:?}, {} journeys, {} tried)", self.profile, self.journeys.len(), self.tried.len())
    }
}

/// A journey in a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PageJourney {
    pub journey: JourneyId,
    pub node: Option<NodeId>,
    pub stage: Option<String>,
    pub status: Status,
    pub since: Timestamp,
    pub due: Option<Timestamp>,
}

/// A promise of a journey in a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PagePromise {
    pub promise: PromiseId,
    pub status: PromiseStatus,
    pub due: Timestamp,
    pub overdue: bool,
    pub repairing: bool,
}

/// Something that was done for the customer, in a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PageContact {
    pub action: ActionId,
    pub class: Class,
    pub channel: ChannelId,
    pub at: Timestamp,
    pub outcome: Option<OutcomeKind>,
}

/// Proof of what was erased: counts and keyed hashes, nothing of the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What went from the profile.
    pub profile: apropos_profile::Certificate,
    /// How many journeys.
    pub journeys: usize,
    /// How many promises.
    pub promises: usize,
    /// How many contacts of the ledger.
    pub contacts: usize,
    /// How many places, signals, stages and happenings of the context.
    pub context: usize,
    /// A keyed hash of the whole document, so that it can be shown later that a given one is the one that was erased.
    pub digest: String,
}

/// An exported document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported<C> {
    version: u16,
    customer: C,
}

/// Why a document is not taken in. What the document says is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text is not an exported customer, or breaks a rule that every customer keeps.
    #[error("the document is not an exported customer (line {line}, column {column})")]
    Malformed {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The document is of a version that is not read.
    #[error("version {0} of the export format is not read; 1 is")]
    Version(u16),
}

impl Engine {
    /// The page about a customer at `now`. O(document).
    pub fn page(&self, customer: &Customer, now: Timestamp) -> Page {
        Page {
            profile: self.profile().brief(&customer.profile, now),
            journeys: self.page_journeys(customer),
            promises: promises(customer, now),
            tried: tried(customer),
            with_person: customer.ledger.case().cloned(),
        }
    }

    fn page_journeys(&self, customer: &Customer) -> Vec<PageJourney> {
        let views = self.journeys().view(&customer.journeys);
        let mut journeys: Vec<PageJourney> = views
            .into_iter()
            .map(|view| PageJourney {
                journey: view.journey.clone(),
                node: view.node.cloned(),
                stage: view.stage.map(str::to_owned),
                status: view.status,
                since: view.since,
                due: view.due,
            })
            .collect();
        journeys.sort_by(|a, b| (b.since, &a.journey).cmp(&(a.since, &b.journey)));
        journeys.truncate(BRIEF_ENTRIES);
        journeys
    }

    /// Everything that is kept about one customer, as JSON.
    ///
    /// # Errors
    /// Never in practice: a customer holds nothing that JSON cannot.
    pub fn export(&self, customer: &Customer) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&Exported { version: EXPORT_VERSION, customer })
    }

    /// Reads what [`Engine::export`] wrote.
    ///
    /// # Errors
    /// When the text is not an export, or breaks a rule that every customer keeps.
    pub fn import(&self, json: &str) -> Result<Customer, ImportError> {
        let exported: Exported<Customer> = serde_json::from_str(json)
            .map_err(|error| ImportError::Malformed { line: error.line(), column: error.column() })?;
        if exported.version != EXPORT_VERSION {
            return Err(ImportError::Version(exported.version));
        }
        Ok(exported.customer)
    }

    /// Erases a customer. The certificate is proof for the host's records; the tombstone is to be kept for
    /// [`Engine::remind`], so that what the customer refused for good stays refused when they come again.
    ///
    /// The document is gone with the call. What the host wrote elsewhere is the host's to erase: stored copies, and
    /// decisions in logs, see [`redact`].
    ///
    /// # Errors
    /// When the document cannot be written as JSON, of which the certificate's digest is taken. Never in practice: a
    /// customer holds nothing that JSON cannot. Nothing is certified then, and what the host stored is still to be erased.
    pub fn erase(
        &self,
        mut customer: Customer,
        now: Timestamp,
    ) -> Result<(Certificate, Tombstone), serde_json::Error> {
        let document = serde_json::to_vec(&customer)?;
        let context = &customer.context;
        let context =
            context.places.len() + context.stages.len() + context.signals.len() + context.upcoming.len();
        let (profile, tombstone) = self.profile().erase(&mut customer.profile, now);
        let certificate = Certificate {
            profile,
            journeys: customer.journeys.instances().len(),
            promises: customer.journeys.promises().len(),
            contacts: customer.ledger.contacts().len(),
            context,
            digest: self.profile().digest(&document),
        };
        Ok((certificate, tombstone))
    }

    /// Puts what an erased customer refused into the new document of the same person. Says whether it was theirs.
    pub fn remind(&self, customer: &mut Customer, tombstone: &Tombstone) -> bool {
        let theirs = self.profile().remind(&mut customer.profile, tombstone);
        customer.revision += u64::from(theirs);
        theirs
    }

    /// Forgets every tie to a customer who was erased. Says how many there were.
    pub fn forget_ties(&self, customer: &mut Customer, erased: Key) -> usize {
        let forgotten = self.profile().forget_ties(&mut customer.profile, erased);
        customer.revision += u64::from(0 < forgotten);
        forgotten
    }

    /// Lets go of everything whose time is over at `now`, see [`apropos_profile::ProfileRules::retain`].
    pub fn retain(&self, customer: &mut Customer, now: Timestamp) -> apropos_profile::Removed {
        let removed = self.profile().retain(&mut customer.profile, now);
        customer.revision += u64::from(removed != apropos_profile::Removed::default());
        removed
    }
}

fn promises(customer: &Customer, now: Timestamp) -> Vec<PagePromise> {
    let all = customer.journeys.promises().iter();
    let open = all.filter(|promise| promise.status().is_pending() || promise.is_repairing());
    let mut promises: Vec<PagePromise> = open
        .map(|promise| PagePromise {
            promise: promise.promise().clone(),
            status: promise.status(),
            due: promise.due(),
            overdue: promise.due() < now,
            repairing: promise.is_repairing(),
        })
        .collect();
    promises.sort_by(|a, b| (a.due, &a.promise).cmp(&(b.due, &b.promise)));
    promises.truncate(BRIEF_ENTRIES);
    promises
}

fn tried(customer: &Customer) -> Vec<PageContact> {
    let newest = customer.ledger.contacts().iter().rev().take(BRIEF_ENTRIES);
    let contacts = newest.map(|contact| PageContact {
        action: contact.action.clone(),
        class: contact.class,
        channel: contact.channel.clone(),
        at: contact.at,
        outcome: contact.outcomes.last().map(|(kind, _)| kind),
    });
    contacts.collect()
}

/// Takes an erased customer out of a decision that a log keeps: the customer's key and what was known of them go, the
/// action, its probability and what became of the others stay, so that counts over the log remain true.
///
/// It can no longer be replayed, and nothing more can be learned from it.
pub fn redact(decision: &mut Decision) {
    decision.customer = CustomerId::from_number(0);
    decision.id = DecisionId::from_number(0);
    decision.revision = 0;
    decision.features = apropos_learn::Features::default();
    if let Choice::HandOff { packet, .. } = &mut decision.choice {
        packet.goal = None;
        packet.tried.clear();
        packet.promises.clear();
        packet.must_not.clear();
    }
}
