//! Who was erased and comes again is still left alone.
//!
//! That nothing of an erased customer remains is tested in the facade, for all rooms together.

use apropos_event::{Identifier, Purpose};
use apropos_profile::Use;
use serde_json::json;

use crate::support::{compile, day, definition, event_of, seen};

#[test]
fn an_erased_customer_who_comes_again_is_still_left_alone() {
    let rules = compile(&definition());
    let mut first =
        event_of("somebody", "1", "consent.denied", 3, json!({"purpose": "learn", "for_channel": "letter"}));
    first.identifiers = vec![Identifier::new("cookie", "biscuit")];
    let blocked = event_of("somebody", "2", "channel.blocked", 4, json!({"for_channel": "fax"}));
    let mut profile = seen(&rules, &[first, blocked]);
    let (_, tombstone) = rules.erase(&mut profile, day(31));
    // The same cookie under another customer key.
    let mut again =
        event_of("somebody-new", "1", "consent.granted", 5, json!({"purposes": ["contact", "learn"]}));
    again.identifiers = vec![Identifier::new("cookie", "biscuit")];
    rules.observe(&mut profile, &again).unwrap();
    assert!(rules.permission(&profile, Use::of(Purpose::Contact), day(40)).allowed);
    assert!(rules.remind(&mut profile, &tombstone));
    for purpose in [Purpose::Contact, Purpose::Learn] {
        assert!(!rules.permission(&profile, Use::of(purpose), day(40)).allowed, "{purpose}");
    }
    // What they agree to from now on counts.
    let later = event_of("somebody-new", "2", "consent.granted", 41, json!({"purpose": "contact"}));
    rules.observe(&mut profile, &later).unwrap();
    assert!(rules.permission(&profile, Use::of(Purpose::Contact), day(42)).allowed);
    let mut stranger = seen(&rules, &[event_of("stranger", "1", "view", 40, json!({}))]);
    assert!(!rules.remind(&mut stranger, &tombstone));
}
