//! A labelled table of numbers and names, read whole, as the learning examples take it.

use std::error::Error;

use apropos::learn::{Input, InputDefinition, InputKind, category_code};
use apropos_examples::input;

/// One cell of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell {
    /// Empty.
    Missing,
    /// A number.
    Number(f64),
    /// A name, by its code.
    Code(u64),
}

impl Cell {
    /// The value as the model takes it.
    pub(crate) fn input(&self) -> Input<'static> {
        match *self {
            Self::Missing => Input::Missing,
            Self::Number(x) => Input::Number(x),
            Self::Code(code) => Input::Code(code),
        }
    }
}

/// A labelled table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Names of the columns.
    pub(crate) columns: Vec<String>,
    /// What their values are.
    pub(crate) kinds: Vec<InputKind>,
    /// Cells, row by row.
    pub(crate) cells: Vec<Cell>,
    /// Label of each row, from 0.
    pub(crate) labels: Vec<usize>,
}

impl Table {
    /// Reads a CSV file whose column `label` holds 1..K. Without `kinds` a column is a number when all its cells are.
    pub(crate) fn read(
        path: &str,
        label: &str,
        kinds: Option<Vec<InputKind>>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_reader(input::open(path)?);
        let header = reader.headers()?.clone();
        let at = header.iter().position(|name| name == label);
        let at = at.ok_or_else(|| format!("`{path}` has no column `{label}`"))?;
        let mut texts: Vec<csv::StringRecord> = Vec::new();
        for row in reader.records() {
            texts.push(row.map_err(|error| format!("`{path}` broke: {error}"))?);
        }
        let others: Vec<usize> = (0..header.len()).filter(|column| *column != at).collect();
        let kinds = kinds.unwrap_or_else(|| {
            let number = |column: usize| {
                texts
                    .iter()
                    .filter_map(|row| row.get(column))
                    .all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok())
            };
            let kind = |column: &usize| if number(*column) { InputKind::Number } else { InputKind::Category };
            others.iter().map(kind).collect()
        });
        let mut table = Self {
            columns: others.iter().filter_map(|column| header.get(*column)).map(str::to_owned).collect(),
            kinds,
            cells: Vec::with_capacity(texts.len() * others.len()),
            labels: Vec::with_capacity(texts.len()),
        };
        for (line, row) in (2..).zip(&texts) {
            for (column, kind) in others.iter().zip(&table.kinds) {
                let text = row.get(*column).unwrap_or("");
                table.cells.push(match kind {
                    _ if text.is_empty() => Cell::Missing,
                    InputKind::Number => Cell::Number(
                        text.parse()
                            .map_err(|_| format!("`{path}` line {line}: `{text}` is not a number"))?,
                    ),
                    _ => Cell::Code(category_code(text)),
                });
            }
            let text = row.get(at).unwrap_or("");
            let value: usize =
                text.parse().map_err(|_| format!("`{path}` line {line}: `{text}` is not a label"))?;
            table.labels.push(value);
        }
        Ok(table)
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The cells of one row.
    pub(crate) fn row(&self, at: usize) -> &[Cell] {
        let width = self.kinds.len();
        &self.cells[at * width..(at + 1) * width]
    }

    /// The inputs of a model over this table.
    pub(crate) fn inputs(&self) -> Vec<InputDefinition> {
        let pairs = self.columns.iter().zip(&self.kinds);
        pairs.map(|(name, kind)| InputDefinition { name: name.clone(), kind: *kind }).collect()
    }
}
