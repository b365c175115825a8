//! The customer: one document with everything that is kept about one person. The unit of storage, locking, erasure.
//!
//! Not here: changing it, see `engine`.

use apropos_context::ContextState;
use apropos_event::CustomerId;
use apropos_journey::JourneyState;
use apropos_nba::Ledger;
use apropos_profile::Profile;
use serde::{Deserialize, Serialize};

/// Everything that is kept about one customer. Plain data: store it as JSON or in any binary format of serde.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub(crate) id: CustomerId,
    pub(crate) revision: u64,
    pub(crate) profile: Profile,
    pub(crate) context: ContextState,
    pub(crate) journeys: JourneyState,
    pub(crate) ledger: Ledger,
}

impl std::fmt::Debug for Customer {
    /// Sizes, never anything personal, the host's key included.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Customer")
            .field("revision", &self.revision)
            .field("profile", &self.profile)
            .field("journeys", &self.journeys.instances().len())
            .field("contacts", &self.ledger.contacts().len())
            .finish_non_exhaustive()
    }
}

impl Customer {
    /// A customer of whom nothing is known.
    pub fn new(id: CustomerId) -> Self {
        Self {
            revision: 0,
            profile: Profile::new(),
            context: ContextState::new(),
            journeys: JourneyState::new(&id),
            ledger: Ledger::default(),
            id,
        }
    }

    /// How many layers [`Customer::touch`] knows.
    pub const LAYERS: usize = 5;

    /// Reads one layer of the document, so that it lies in the processor's cache when it is needed. Changes nothing.
    ///
    /// For hosts that go through many customers: memory answers many requests at a time, but a document is a tree, and who
    /// walks through one waits at every branch. Touch all customers of a batch layer by layer, from 0 up to
    /// [`Customer::LAYERS`], then work on one after the other. A batch of some dozens fits the cache.
    pub fn touch(&self, layer: usize) {
        let read = self.profile.touch(layer)
            ^ self.context.touch(layer)
            ^ self.journeys.touch(layer)
            ^ self.ledger.touch(layer);
        std::hint::black_box(read);
    }

    /// The host's key.
    pub fn id(&self) -> &CustomerId {
        &self.id
    }

    /// How often the document has changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Who they are.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What is remembered of their context.
    pub fn context(&self) -> &ContextState {
        &self.context
    }

    /// Where they are going.
    pub fn journeys(&self) -> &JourneyState {
        &self.journeys
    }

    /// What was done, and what is still open.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
