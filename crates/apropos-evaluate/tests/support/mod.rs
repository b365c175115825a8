//! What the tests share: real data from the folder that `APROPOS_DATA` names, and near-equality.
//!
//! Without the variable, the tests on real data say so and pass; everything else runs always.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a file that cannot be read is a failing test")]

pub(crate) mod obd;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder with the real data, or a line that says what is left out.
#[expect(clippy::disallowed_methods, reason = "tests on real data are asked for by the environment")]
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var("APROPOS_DATA").ok().map(PathBuf::from);
    if folder.is_none() {
        println!("{test}: APROPOS_DATA is not set, the comparison with published results is left out");
    }
    folder
}

pub(crate) fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

/// A CSV file without quotes: header and rows.
pub(crate) fn csv(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = text(path);
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    (lines.next().unwrap(), lines.collect())
}

pub(crate) fn column(header: &[String], name: &str) -> usize {
    header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
}

#[track_caller]
pub(crate) fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    let scale = expected.abs().max(1e-12);
    assert!((found - expected).abs() <= tolerance * scale, "{what}: {found} is not {expected}");
}
