//! Which crate needs which: the manifests and ARCHITECTURE.md must draw the same picture.

use std::collections::{BTreeMap, BTreeSet};

use crate::{arrow, block, library, none, rooms, tree};

#[test]
fn arrows_between_crates_are_the_drawn_ones() {
    let drawn: BTreeMap<String, Vec<String>> =
        block(tree().text("ARCHITECTURE.md"), "text arrows").into_iter().map(arrow).collect();
    let names: BTreeSet<String> = rooms().iter().map(|room| room.name.clone()).collect();
    let real: BTreeMap<String, Vec<String>> = rooms()
        .iter()
        .map(|room| {
            let needs = room.needs().into_iter().filter(|name| names.contains(*name));
            (room.name.clone(), needs.map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(
        drawn, real,
        "left: the block `text arrows` of ARCHITECTURE.md; right: the manifests. A new arrow is a design decision: \
         draw it and say why, or do without it"
    );
}

#[test]
fn confined_crates_stay_in_their_rooms() {
    let tree = tree();
    let confined = block(tree.text("ARCHITECTURE.md"), "text confined");
    assert!(!confined.is_empty(), "ARCHITECTURE.md has lost its block `text confined`");
    let mut findings = Vec::new();
    for (leaf, allowed) in confined.into_iter().map(arrow) {
        for room in rooms() {
            if room.needs().contains(&leaf.as_str()) && !allowed.contains(&room.name) {
                findings.push(format!("{} needs {leaf}", room.name));
            }
        }
    }
    none(
        &findings,
        "These crates are confined to the rooms that ARCHITECTURE.md names in its block `text confined`.",
    );
}

#[test]
fn public_signatures_speak_only_the_shared_vocabulary() {
    let tree = tree();
    let vocabulary: BTreeSet<String> = block(tree.text("ARCHITECTURE.md"), "text vocabulary")
        .into_iter()
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect();
    assert!(vocabulary.contains("serde"), "ARCHITECTURE.md has lost its block `text vocabulary`");
    let mut findings = Vec::new();
    for room in rooms() {
        let private: BTreeSet<String> = room
            .needs()
            .into_iter()
            .filter(|name| !name.starts_with("apropos") && !vocabulary.contains(*name))
            .map(|name| name.replace('-', "_"))
            .collect();
        for (path, source) in library(&tree, &room.name) {
            findings.extend(source.exposed(&private).into_iter().map(|name| format!("{path}: {name}")));
        }
    }
    none(
        &findings,
        "These public items name a type of a crate that must stay private. Wrap it in a type of ours, or widen the \
         block `text vocabulary` of ARCHITECTURE.md and say why.",
    );
}

#[test]
fn the_facade_passes_on_every_feature_of_every_room() {
    let rooms = rooms();
    let facade = rooms.iter().find(|room| room.name == "apropos").unwrap();
    let readme = tree();
    let readme = readme.text("README.md");
    let mut findings = Vec::new();
    for room in rooms.iter().filter(|room| room.name != facade.name) {
        for feature in room.features.keys().filter(|feature| *feature != "default") {
            let wanted = format!("{}/{feature}", room.name);
            if !facade.features.get(feature).is_some_and(|on| on.contains(&wanted)) {
                findings.push(format!("crates/apropos/Cargo.toml lacks `{feature} = [\"{wanted}\"]`"));
            }
            if !readme.contains(&format!("`{feature}`")) {
                findings.push(format!("the README does not say what `{feature}` adds"));
            }
        }
    }
    none(&findings, "Who uses the facade must reach every ability of the rooms, and know of it.");
}

#[test]
fn every_member_obeys_the_shared_lints() {
    let findings: Vec<String> = tree()
        .ending("Cargo.toml")
        .filter(|file| file.text.contains("[package]") && !file.text.contains("[workspace]"))
        .filter(|file| !file.text.contains("[lints]\nworkspace = true"))
        .map(|file| file.path.clone())
        .collect();
    none(&findings, "These manifests need the two lines `[lints]` and `workspace = true`.");
}

#[test]
fn every_outside_crate_comes_from_the_public_registry() {
    let tree = tree();
    let expected = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let findings: Vec<String> = tree
        .text("Cargo.lock")
        .lines()
        .filter(|line| line.starts_with("source = ") && *line != expected)
        .map(str::to_owned)
        .collect();
    none(&findings, "Cargo.lock must name one source only, or the project builds on one machine only.");
}
