//! The online protocol that `bandit` runs: a labelled table becomes a stream of contexts; the learner sees the row,
//! picks one of K actions and learns only whether that one was the label.

use std::error::Error;
use std::time::Instant;

use apropos::event::{ActionId, draw};
use apropos::learn::{
    Features, Input, InputDefinition, InputKind, Model, ModelDefinition, Outcome, RewardDefinition, Scores,
    category_code, explore,
};
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
    /// The number of labels.
    pub(crate) actions: usize,
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
            actions: 0,
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

/// One run of the protocol.
#[derive(Debug)]
pub(crate) struct Run {
    /// Mean cost over all rows.
    pub(crate) mean_cost: f64,
    /// Seconds that encoding, scoring, choosing and learning took.
    pub(crate) seconds: f64,
    /// The row, the action taken, its exact probability and its cost, in order.
    pub(crate) log: Vec<(usize, usize, f64, f64)>,
}

/// Runs the protocol once over the rows in `order`.
#[expect(clippy::disallowed_methods, reason = "an example measures how long it takes")]
pub(crate) fn run(
    table: &Table,
    order: &[usize],
    definition: &ModelDefinition,
    seed: u64,
) -> Result<Run, Box<dyn Error>> {
    let definition = ModelDefinition {
        inputs: table.inputs(),
        rewards: vec![RewardDefinition::new("right")],
        seed,
        ..definition.clone()
    };
    let actions: Vec<ActionId> =
        (1..=table.actions).map(|k| ActionId::new(k.to_string())).collect::<Result<_, _>>()?;
    let candidates: Vec<u32> = (0..table.actions as u32).collect();
    let mut model = Model::new(&definition, &actions)?;
    let (mut features, mut scores) = (Features::new(), Scores::new());
    let (mut values, mut probabilities, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    let policy = definition.exploration.policy;
    let floor = definition.exploration.floor;
    let mut log = Vec::with_capacity(order.len());
    let mut cost = 0.0;
    let start = Instant::now();
    for (t, &row) in (1_u64..).zip(order) {
        inputs.clear();
        inputs.extend(table.row(row).iter().map(Cell::input));
        model.encode(&inputs, &mut features)?;
        model.score(&features, &candidates, 0, &mut scores)?;
        scores.optimistic(policy.optimism(), &mut values);
        explore::probabilities(&policy, &values, 1.0, t, floor, &mut probabilities);
        let draw = draw::unit(draw::mix(draw::mix(seed).wrapping_add(t)));
        let choice = explore::choose(&probabilities, draw).ok_or("there are no actions")?;
        let hit = choice.index == table.labels[row];
        model.learn(&features, choice.index as u32, &Outcome::new(0, f64::from(u8::from(hit))), 1.0)?;
        let paid = f64::from(u8::from(!hit));
        cost += paid;
        log.push((row, choice.index + 1, choice.probability, paid));
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Run { mean_cost: cost / order.len().max(1) as f64, seconds, log })
}

/// The rows in the order of shuffle `seed`; shuffle 0 is the file's own order.
pub(crate) fn order(rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    if seed != 0 {
        order.sort_by_key(|row| (draw::mix(draw::mix(seed).wrapping_add(*row as u64)), *row));
    }
    order
}
