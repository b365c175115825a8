//! Export and import are each other's inverse, in JSON and in bytes; what is broken is refused and never panics.

use apropos_condition::{Facts, SchemaBuilder};
use apropos_event::{Problems, Zone};
use apropos_profile::{ImportError, Profile, ProfileBinding, ProfileRules};
use serde_json::json;

use super::draws::{Asked, DAYS, Draws, cases, copy, happening, lived};
use super::merging::{link, today};
use crate::support::{event_of, rules, seen};

#[test]
fn exporting_and_importing_is_the_identity() {
    let rules = rules();
    let mut members = 0;
    for case in 0..cases() {
        let mut draws = Draws::new("export", case);
        let mut profile = copy(&mut draws, &rules, case);
        if draws.once_in(4) {
            rules.join(&mut profile, &copy(&mut draws, &rules, case));
        }
        members += profile.keys().count() as u64;
        let imported = rules.import(&rules.export(&profile).unwrap()).unwrap();
        assert!(imported == profile, "case {case}");
        let bytes = postcard::to_stdvec(&profile).unwrap();
        let loaded: Profile = postcard::from_bytes(&bytes).unwrap();
        assert!(loaded == profile, "case {case}");
        assert_eq!(postcard::to_stdvec(&loaded).unwrap(), bytes, "case {case}");
        // What is read goes on living as what was written.
        let (mut lives, mut was) = (loaded, profile);
        let event = happening(&mut draws, "a", 5_000);
        assert_eq!(
            rules.observe(&mut lives, &event).unwrap(),
            rules.observe(&mut was, &event).unwrap(),
            "case {case}"
        );
        assert!(lives == was, "case {case}");
    }
    assert!(cases() * 5 / 4 < members, "many are of several members");
}

/// A row of facts to write profiles into.
fn row(rules: &ProfileRules) -> (Facts, ProfileBinding) {
    let (mut builder, mut problems) = (SchemaBuilder::new(), Problems::new());
    for attribute in rules.attributes() {
        builder.declare(&apropos_event::Path::root(), attribute, &mut problems);
    }
    let schema = builder.build();
    (Facts::new(&schema), rules.bind(&schema))
}

/// Asks a profile, whatever it holds, everything that can be asked, and changes it in every way.
fn use_up(
    rules: &ProfileRules,
    asked: &Asked,
    (facts, binding): &mut (Facts, ProfileBinding),
    mut profile: Profile,
    draws: &mut Draws,
) {
    let (now, zone) = (draws.instant(2 * DAYS), Zone::utc());
    facts.reset();
    rules.write_facts(&profile, now, &zone, binding, facts);
    asked.permitted(rules, &profile, now);
    let _page = (rules.brief(&profile, now), rules.receipts(&profile, now), rules.interests(&profile, now));
    let _refused = rules.observe(&mut profile, &happening(draws, "a", 7_000));
    rules.retain(&mut profile, now);
    let other = seen(rules, &[event_of("z", "1", "born", 0, json!({}))]);
    if !profile.is_empty() {
        let link = link(&profile, &other);
        let _refused = rules.merge(&mut profile, &other, &link, today());
        rules.join(&mut profile, &other);
        let _refused = rules.unmerge(&mut profile, link.id);
    }
    let (certificate, tombstone) = rules.erase(&mut profile, now);
    assert!(profile.is_empty() && certificate.erased_at == tombstone.erased_at);
}

/// The same with a few bytes changed, left out, doubled, or cut off.
fn damaged(draws: &mut Draws, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=draws.below(3) {
        let at = draws.below(bytes.len().max(1) as u64) as usize;
        let byte = if draws.once_in(2) {
            draws.pick(&[0, 1, 0x7f, 0x80, 0xff, b'"', b'9'])
        } else {
            draws.below(256) as u8
        };
        match draws.below(5) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => {
                bytes.remove(at);
            }
            2 => bytes.insert(at.min(bytes.len()), byte),
            _ => {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
        }
    }
    bytes
}

#[test]
fn broken_bytes_are_refused_or_make_a_sound_profile_and_never_panic() {
    let (rules, asked) = (rules(), Asked::new());
    let mut row = row(&rules);
    let (mut refused, mut read) = (0, 0);
    for case in 0..cases() {
        let mut draws = Draws::new("broken", case);
        let profile = lived(&mut draws, &rules, "a", 10);
        let bytes = damaged(&mut draws, &postcard::to_stdvec(&profile).unwrap());
        match postcard::from_bytes::<Profile>(&bytes) {
            Ok(profile) => {
                read += 1;
                // What was read keeps the rules: it can be written and read again.
                let again = postcard::from_bytes::<Profile>(&postcard::to_stdvec(&profile).unwrap());
                assert!(again.unwrap() == profile, "case {case}");
                use_up(&rules, &asked, &mut row, profile, &mut draws);
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(cases() / 10 < refused && cases() / 10 < read, "both occur: {refused} refused, {read} read");
}

#[test]
fn broken_exports_are_refused_with_a_typed_error() {
    let (rules, asked) = (rules(), Asked::new());
    let mut row = row(&rules);
    let (mut refused, mut read) = (0, 0);
    for case in 0..cases() {
        let mut draws = Draws::new("broken export", case);
        let profile = lived(&mut draws, &rules, "a", 6);
        let text = rules.export(&profile).unwrap();
        let text = String::from_utf8_lossy(&damaged(&mut draws, text.as_bytes())).into_owned();
        match rules.import(&text) {
            Ok(profile) => {
                read += 1;
                use_up(&rules, &asked, &mut row, profile, &mut draws);
            }
            Err(ImportError::Malformed { .. } | ImportError::Unsound(_) | ImportError::Version(_)) => {
                refused += 1;
            }
            Err(other) => panic!("case {case}: {other}"),
        }
    }
    assert!(cases() / 10 < refused && cases() / 100 < read, "both occur: {refused} refused, {read} read");
}

#[test]
fn what_is_no_export_is_refused_without_being_repeated() {
    let rules = rules();
    for (text, says) in [
        ("secret words", "the document is not an exported profile (line 1, column 1)"),
        (
            r#"{"version": 9, "profile": {"members": [], "links": []}}"#,
            "version 9 of the export format is not read; 1 is",
        ),
    ] {
        assert_eq!(rules.import(text).unwrap_err().to_string(), says);
    }
    let one = seen(&rules, &[event_of("a", "1", "view", 0, json!({}))]);
    let mut json: serde_json::Value = serde_json::from_str(&rules.export(&one).unwrap()).unwrap();
    let member = json["profile"]["members"][0].clone();
    json["profile"]["members"].as_array_mut().unwrap().push(member);
    let error = rules.import(&json.to_string()).unwrap_err();
    assert_eq!(error.to_string(), "the document breaks a rule of profiles: members are not in order");
    // Reading it by itself refuses it as well.
    assert!(serde_json::from_value::<Profile>(json["profile"].clone()).is_err());
}
