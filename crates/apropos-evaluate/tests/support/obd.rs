//! The Open Bandit logs, and the policies that its published estimates are about.

use std::path::Path;

use apropos_evaluate::logs::open_bandit::{Columns, Shown};
use apropos_evaluate::offpolicy::{PolicyTable, TableModel};

use super::{csv, text};

/// The policies by the names of the published table.
pub(crate) const POLICIES: [&str; 4] = ["uniform", "bts", "affinity_softmax", "top_ctr_other"];

pub(crate) const ACTIONS: usize = 34;
pub(crate) const POSITIONS: usize = 3;

pub(crate) fn shown(folder: &Path, log: &str) -> Vec<Shown> {
    let text = text(&folder.join(format!("obd_men/{log}.csv.gz")));
    let mut lines = text.lines();
    let columns = Columns::find(lines.next().unwrap()).unwrap();
    lines.map(|line| columns.read(line).unwrap()).collect()
}

pub(crate) fn table(rows: &[Shown]) -> Vec<f64> {
    let mut table = TableModel::new(ACTIONS, POSITIONS, 100.0);
    for row in rows {
        table.push(row.item, row.position, row.click, 1.0);
    }
    table.predictions()
}

pub(crate) fn bts(folder: &Path) -> PolicyTable {
    let (_, rows) = csv(&folder.join("obd_men/policy_bts.csv"));
    let position = |p: usize| rows.iter().map(|row| row[p + 1].parse().unwrap()).collect();
    PolicyTable::new((0..POSITIONS).map(position).collect()).unwrap()
}

pub(crate) fn top(q: &[f64]) -> PolicyTable {
    let position = |p: usize| {
        let q = &q[p * ACTIONS..(p + 1) * ACTIONS];
        let best = (0..ACTIONS).fold(0, |best, at| if q[best] < q[at] { at } else { best });
        (0..ACTIONS).map(|at| f64::from(u8::from(at == best))).collect()
    };
    PolicyTable::new((0..POSITIONS).map(position).collect()).unwrap()
}

fn affinity(row: &Shown) -> Vec<f64> {
    let mut policy = vec![1.0; ACTIONS];
    for (item, value) in &row.affinity {
        if let Some(p) = policy.get_mut(*item as usize) {
            *p = libm::exp(value.min(3.0));
        }
    }
    let sum: f64 = policy.iter().sum();
    policy.iter().map(|p| p / sum).collect()
}

/// The probabilities of a policy for one logged decision.
pub(crate) fn evaluated(name: &str, row: &Shown, bts: &PolicyTable, other_top: &PolicyTable) -> Vec<f64> {
    match name {
        "uniform" => vec![1.0 / ACTIONS as f64; ACTIONS],
        "bts" => bts.at(row.position).unwrap().to_vec(),
        "affinity_softmax" => affinity(row),
        _ => other_top.at(row.position).unwrap().to_vec(),
    }
}
