#![doc = include_str!("../README.md")]

mod definition;
mod error;
mod few;
mod key;
mod names;
mod rare;

mod history;
mod ledger;
mod profile;
mod stance;
mod traits;

pub mod identity;
mod reading;
mod rules;

mod fingerprint;
mod observe;
mod stating;

mod consent;
mod receipt;
mod standing;
mod touch;
mod wishes;

mod counting;
mod facts;
mod known;
mod value;

mod brief;
mod kindred;

#[cfg(feature = "gpp")]
pub mod gpp;

mod merge;
mod portability;
mod retention;

pub use brief::{
    BRIEF_ENTRIES, Brief, BriefContact, BriefDossier, BriefEffort, BriefGoal, BriefTrait, Unsaid,
};
pub use consent::{Permission, Use, is_gpc_signal};
pub use counting::Count;
pub use definition::{
    AdvocacyDefinition, AdvocacySignal, Aggregate, ConsentDefinition, CounterDefinition, EventDefinition,
    HistoryDefinition, IdentifierDefinition, ProfileDefinition, ProtectedDefinition, SourceDefinition,
    TraitDefinition, TraitPolicy, ValueDefinition, WhenUnknown,
};
pub use error::{Fingerprint, ImportError, MergeError, ObserveError};
pub use facts::ProfileBinding;
pub use key::{Key, KeyError, Pepper, PepperError};
pub use kindred::{Interests, KindredIndex};
pub use known::{Capture, Known};
pub use ledger::{
    Declared, Dossier, DossierKind, Goal, GoalStatus, Opened, Preference, QuietTimes, Relation, Tie,
};
pub use observe::{Changes, Outcome};
pub use portability::{Certificate, EXPORT_VERSION, Refusal, Tombstone};
pub use profile::{IdentifierFact, MAX_MEMBERS, Profile};
pub use receipt::Receipt;
pub use retention::Removed;
pub use rules::ProfileRules;
pub use stance::{LegalBasis, Manner, Matter, Statement, Subject};
pub use standing::ConsentState;
pub use traits::Claim;
pub use value::{Effort, Value as CustomerValue};
