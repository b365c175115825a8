//! The members of the workspace, as `cargo metadata` tells them.
//!
//! Not here: dependencies of dependencies. A house is judged by its own walls.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

use crate::{Error, tree};

/// One member of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name, such as `apropos-event`.
    pub name: String,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// What cargo builds from it.
    pub targets: Vec<Target>,
    /// Its features, each with what it turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// Where it may be published; an empty list is nowhere.
    pub publish: Option<Vec<String>>,
}

/// One line of a dependency table.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The crate that is needed.
    pub name: String,
    /// `None` in the library itself, `dev` in its tests, `build` while building.
    pub kind: Option<String>,
}

/// One thing that cargo builds.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is: `lib`, `example`, `bench`, `test`.
    pub kind: Vec<String>,
}

impl Package {
    /// Whether it is one of the crates: a room of the house, and not what stands around it.
    pub fn is_room(&self) -> bool {
        self.publish.is_none()
    }

    /// The crates that its library needs, in order.
    pub fn needs(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
            .map(|dependency| dependency.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of its targets of one kind, in order.
    pub fn targets(&self, kind: &str) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .targets
            .iter()
            .filter(|target| target.kind.iter().any(|is| is == kind))
            .map(|target| target.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// All members of the workspace, in order of their names.
///
/// # Errors
/// When cargo cannot be run, or does not understand the manifests.
pub fn packages() -> Result<Vec<Package>, Error> {
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(tree::root())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let mut packages = serde_json::from_slice::<Metadata>(&output.stdout)?.packages;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}
