//! The examples: the README lists exactly those that exist.

use std::collections::BTreeSet;

use crate::tree;

#[test]
fn the_readme_lists_every_example_and_no_other() {
    let packages = apropos_house::packages().unwrap();
    let real: BTreeSet<&str> = packages.iter().flat_map(|package| package.targets("example")).collect();
    let tree = tree();
    let listed: BTreeSet<&str> = tree
        .text("README.md")
        .split("\n## ")
        .find(|section| section.starts_with("Examples\n"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed, real, "left: the README; right: examples/Cargo.toml");
}
