//! Receipts: what a customer stated, as they can be shown it.
//!
//! Not here: what a statement permits or restricts, see `standing`.

use apropos_event::Timestamp;

use crate::Profile;
use crate::error::Fingerprint;
use crate::rules::ProfileRules;
use crate::stance::{Manner, Matter, Stance, Statement, Subject};

/// What a customer can be shown about something they stated.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The number.
    pub number: Fingerprint,
    /// When it was stated.
    pub at: Timestamp,
    /// What about, in words.
    pub what: String,
    /// Whether it permits something or restricts it; `None` for a plain preference.
    pub permits: Option<bool>,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Whether it still has its effect.
    pub stands: bool,
}

impl std::fmt::Debug for Receipt {
    /// Never what it is about: a customer may have named it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receipt({} at {})", self.number, self.at)
    }
}

impl ProfileRules {
    /// What the customer stated, each with its receipt, newest first.
    pub fn receipts(&self, profile: &Profile, now: Timestamp) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for member in &profile.members {
            for stance in &member.stances {
                let decided = |statement: &Statement, permits: bool| Receipt {
                    number: Fingerprint(statement.receipt),
                    at: statement.at,
                    what: describe(&stance.matter),
                    permits: Some(permits),
                    until: statement.until,
                    stands: stands(stance, statement, permits, now),
                };
                receipts.extend(stance.favour.iter().map(|statement| decided(statement, true)));
                receipts.extend(stance.against.iter().map(|statement| decided(statement, false)));
            }
            receipts.extend(member.settings.iter().map(|setting| Receipt {
                number: Fingerprint(setting.receipt),
                at: setting.at,
                what: format!("preference {}", setting.preference.name()),
                permits: None,
                until: None,
                stands: true,
            }));
        }
        receipts.sort_by(|a, b| (b.at, b.number, &b.what).cmp(&(a.at, a.number, &a.what)));
        receipts
    }
}

/// Whether a statement still has its effect: it lives, and no later one that lives says otherwise.
fn stands(stance: &Stance, statement: &Statement, permits: bool, now: Timestamp) -> bool {
    let lives = |other: &&Statement| other.lives(now);
    statement.lives(now)
        && if permits {
            stance.against.iter().filter(lives).all(|other| other.at < statement.at)
        } else {
            stance.favour.iter().filter(lives).all(|other| other.at <= statement.at)
        }
}

fn describe(matter: &Matter) -> String {
    match matter {
        Matter::Consent { purpose, channel, category } => {
            let mut text = format!("consent to {purpose}");
            if let Some(channel) = channel {
                text.push_str(" by ");
                text.push_str(channel.as_str());
            }
            if let Some(category) = category {
                text.push_str(" for ");
                text.push_str(category.as_str());
            }
            text
        }
        Matter::Channel(channel) => format!("use of {channel}"),
        Matter::Rest(None) => "contact at this time".to_owned(),
        Matter::Rest(Some(channel)) => format!("contact by {channel} at this time"),
        Matter::Shown(Subject::Action(name)) => format!("the action {name}"),
        Matter::Shown(Subject::Group(name)) => format!("actions of {name}"),
        Matter::Shown(Subject::Topic(name)) => format!("the topic {name}"),
        Matter::Unprotected(state) => format!("ordinary treatment in spite of {state}"),
    }
}

impl std::fmt::Display for Manner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Objected => "objected",
            Self::Signalled => "signalled",
            Self::Set => "set",
        })
    }
}
