//! The files of the project: every text in the tree, with its path as a person would write it.
//!
//! Not here: what the texts mean.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Folders that hold no work of ours: what cargo builds and what git keeps.
const NOT_OURS: [&str; 2] = ["target", ".git"];

/// One text file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path below the root, with `/` between the parts.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// The lines with their numbers, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// All text files of the project, in order of their paths.
#[derive(Clone, Debug)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    /// Reads the tree that this crate stands in.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn read() -> Result<Self, Error> {
        let root = root();
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name();
                if NOT_OURS.iter().any(|skipped| name == *skipped) {
                    continue;
                }
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                    let path = below(&root, &entry.path());
                    files.insert(path.clone(), File { path, text });
                }
            }
        }
        Ok(Self { files })
    }

    /// The files whose path ends in `ending`.
    pub fn ending(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.files.values().filter(move |file| file.path.ends_with(ending))
    }

    /// Every file.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// The text at `path`; empty when there is no such file, so that a rule fails for what the file should say.
    pub fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", |file| &file.text)
    }

    /// Whether a file or a folder stands at `path`.
    pub fn has(&self, path: &str) -> bool {
        root().join(path).exists()
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `path` below `root`, with `/` between the parts.
pub(crate) fn below(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
