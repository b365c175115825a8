//! Reading data files, plain or gzip. A file that is truncated or corrupt says at which line it broke.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

/// Why a file could not be read, and where.
#[derive(Debug)]
pub struct InputError {
    path: String,
    line: Option<u64>,
    message: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "`{}` broke at line {line}: {}", self.path, self.message),
            None => write!(f, "`{}`: {}", self.path, self.message),
        }
    }
}

impl std::error::Error for InputError {}

impl InputError {
    fn new(path: &str, line: Option<u64>, message: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), line, message: message.to_string() }
    }
}

/// Opens `path`; a gzip file is recognised by its first two bytes.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn open(path: &str) -> Result<Box<dyn BufRead>, InputError> {
    let fail = |error: io::Error| InputError::new(path, None, error);
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    let gzip = file.fill_buf().map_err(fail)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    })
}

/// The whole of `path` as text.
///
/// # Errors
/// When the file cannot be read or is not UTF-8.
pub fn text(path: &str) -> Result<String, InputError> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map_err(|error| {
        let line = text.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
        InputError::new(path, Some(line), error)
    })?;
    Ok(text)
}

/// The lines of `path`, each with its number, counted from 1. Empty lines are left out.
///
/// # Errors
/// When the file breaks off, is corrupt or is not UTF-8; the error names the line.
pub fn lines(path: &str) -> Result<Vec<(u64, String)>, InputError> {
    let mut found = Vec::new();
    for (at, line) in open(path)?.lines().enumerate() {
        let number = at as u64 + 1;
        let line = line.map_err(|error| InputError::new(path, Some(number), error))?;
        if !line.is_empty() {
            found.push((number, line));
        }
    }
    Ok(found)
}

/// One JSON value a line.
///
/// # Errors
/// When the file cannot be read, or a line is not such a value.
pub fn json_lines<T: DeserializeOwned>(path: &str) -> Result<Vec<T>, InputError> {
    lines(path)?
        .into_iter()
        .map(|(number, line)| {
            serde_json::from_str(&line).map_err(|error| InputError::new(path, Some(number), error))
        })
        .collect()
}

/// The rows of a CSV file with a header line.
///
/// # Errors
/// When the file cannot be read, or a row does not have the shape of `T`.
pub fn csv_rows<T: DeserializeOwned>(path: &str) -> Result<Vec<T>, InputError> {
    let mut reader = csv::Reader::from_reader(open(path)?);
    let mut rows = Vec::new();
    for (last, row) in (2..).zip(reader.deserialize()) {
        let row = row.map_err(|error| {
            let line = error.position().map_or(last, csv::Position::line);
            InputError::new(path, Some(line), error)
        })?;
        rows.push(row);
    }
    Ok(rows)
}
