//! The finished index: deciding, and saying why not.

use apropos_event::Span;

use super::formula::FormulaId;
use super::recall::{Recall, Remembered};
use super::regions::Regions;
use super::rows::Rows;
use super::table::{Probe, Table};
use crate::bitset::{BitSet, words_for};
use crate::evaluate::truth;
use crate::text::NodeId;
use crate::trace::Trace;
use crate::{Condition, Expression, Facts, OnUnknown, Schema, Truth};

/// A node of the graph, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Constant(Truth),
    Test { table: u32, probe: Probe },
    Not(FormulaId),
    And(Box<[FormulaId]>),
    Or(Box<[FormulaId]>),
    Opaque(u32),
}

/// A conjunct that asks about several attributes, and who needs it.
#[derive(Clone, Debug)]
pub(crate) struct Composite {
    pub(crate) formula: FormulaId,
    pub(crate) unknown: OnUnknown,
    /// A row of bits, or else the list.
    pub(crate) row: Option<u32>,
    pub(crate) subjects: Box<[u32]>,
}

/// One condition of one subject: where its text and its conjuncts end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) text_end: u32,
    pub(crate) conjuncts_end: u32,
    pub(crate) unknown: OnUnknown,
}

/// One conjunct of one condition: what it asks, and where it stands in the condition's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conjunct {
    pub(crate) formula: FormulaId,
    pub(crate) start: u16,
    pub(crate) end: u16,
}

/// One question asked of all subjects.
#[derive(Clone, Debug)]
pub(crate) struct Ruleset {
    pub(crate) subjects: usize,
    pub(crate) rows: Rows,
    pub(crate) composites: Vec<Composite>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) conjuncts: Vec<Conjunct>,
    pub(crate) texts: String,
    /// Where each subject's entries begin, and at last where they all end.
    pub(crate) starts: Vec<u32>,
}

/// All conditions, compiled. Immutable, `Send + Sync`.
#[derive(Clone, Debug)]
pub struct Index {
    schema: Schema,
    tables: Vec<Table>,
    regions: Regions,
    nodes: Vec<Node>,
    opaque: Vec<(Expression, NodeId)>,
    rulesets: Vec<Ruleset>,
    has_composites: bool,
}

/// The memory one decision works in. Made once, used for many decisions; deciding then allocates nothing.
#[derive(Clone, Debug)]
pub struct Scratch {
    regions: Vec<u32>,
    /// The truth of each node that was asked for, or [`UNASKED`].
    memo: Vec<u8>,
    failed: Vec<u64>,
    spare: Vec<u64>,
    holding: Vec<BitSet>,
    nothing: BitSet,
    recall: Recall,
}

/// The first conjunct that a subject fails, in the order its conditions were added and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Which of the subject's conditions in the ruleset, from zero.
    pub condition: usize,
    /// Which conjunct of it, from zero. Where it stands in the text says [`Index::span_of`].
    pub conjunct: usize,
    /// False, or unknown where unknown fails.
    pub truth: Truth,
}

const UNASKED: u8 = 3;

impl Scratch {
    /// Memory for decisions with `index`.
    pub fn new(index: &Index) -> Self {
        let words = index.rulesets.iter().map(|ruleset| words_for(ruleset.subjects)).max().unwrap_or(0);
        Self {
            regions: vec![0; index.tables.len()],
            memo: vec![UNASKED; if index.has_composites { index.nodes.len() } else { 0 }],
            failed: vec![0; words],
            spare: vec![0; words],
            holding: index.rulesets.iter().map(|ruleset| BitSet::new(ruleset.subjects)).collect(),
            nothing: BitSet::default(),
            // What is computed from texts or lists is not told by regions.
            recall: if index.opaque.is_empty() {
                Recall::new(index.tables.len(), &index.rulesets)
            } else {
                Recall::default()
            },
        }
    }

    /// The subjects of `ruleset` that hold, as of the last [`Index::evaluate`].
    pub fn holding(&self, ruleset: usize) -> &BitSet {
        self.holding.get(ruleset).unwrap_or(&self.nothing)
    }

    /// Where the answers of the last [`Index::evaluate`] are remembered, if they are: whoever works something out from
    /// them alone may keep it there too.
    pub fn remembered(&self) -> Option<Remembered> {
        self.recall.remembered()
    }
}

impl Index {
    pub(crate) fn new(
        schema: Schema,
        tables: Vec<Table>,
        nodes: Vec<Node>,
        opaque: Vec<(Expression, NodeId)>,
        rulesets: Vec<Ruleset>,
    ) -> Self {
        let has_composites = rulesets.iter().any(|ruleset| !ruleset.composites.is_empty());
        Self { regions: Regions::new(&tables), schema, tables, nodes, opaque, rulesets, has_composites }
    }

    /// The schema whose facts it decides.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How many subjects a ruleset has.
    pub fn subjects(&self, ruleset: usize) -> usize {
        self.rulesets.get(ruleset).map_or(0, |ruleset| ruleset.subjects)
    }

    /// How many distinct sub-expressions all conditions have.
    pub fn distinct(&self) -> usize {
        self.nodes.len()
    }

    /// Decides all conditions of all rulesets. `scratch` was made for this index, `facts` are of its schema.
    ///
    /// O(attributes × (log literals + subjects / 64)) for conjuncts about one attribute, plus one evaluation of
    /// each distinct other conjunct. Small indexes remember what they found: facts in the same regions as some before
    /// cost O(attributes × log literals) only. Allocates nothing unless a condition computes texts or lists.
    pub fn evaluate(&self, facts: &Facts, scratch: &mut Scratch) {
        self.prepare(facts, scratch);
        let Scratch { recall, regions, holding, .. } = &mut *scratch;
        if recall.find(regions, holding) {
            return;
        }
        for at in 0..self.rulesets.len() {
            self.decide(at, facts, scratch);
        }
        scratch.recall.keep(&scratch.regions, &scratch.holding);
    }

    /// Decides one ruleset only; the others keep what they had.
    pub fn evaluate_ruleset(&self, ruleset: usize, facts: &Facts, scratch: &mut Scratch) {
        self.prepare(facts, scratch);
        scratch.recall.pass();
        self.decide(ruleset, facts, scratch);
    }

    fn prepare(&self, facts: &Facts, scratch: &mut Scratch) {
        self.regions.find(&self.tables, facts.slots(), &mut scratch.regions);
        scratch.memo.fill(UNASKED);
    }

    fn decide(&self, at: usize, facts: &Facts, scratch: &mut Scratch) {
        let Scratch { regions, memo, failed, spare, holding, .. } = scratch;
        let (Some(ruleset), Some(holding)) = (self.rulesets.get(at), holding.get_mut(at)) else { return };
        let words = words_for(ruleset.subjects);
        let (failed, spare) =
            (failed.get_mut(..words).unwrap_or_default(), spare.get_mut(..words).unwrap_or_default());
        failed.fill(0);
        for group in &ruleset.rows.groups {
            let region = regions.get(group.table as usize).copied().unwrap_or_default();
            ruleset.rows.join(group, region, failed, spare);
        }
        for composite in &ruleset.composites {
            if self.truth(composite.formula, regions, memo, facts).holds(composite.unknown) {
                continue;
            }
            if let Some(row) = composite.row {
                ruleset.rows.join_row(row, failed);
            }
            for subject in &composite.subjects {
                if let Some(word) = failed.get_mut(*subject as usize / 64) {
                    *word |= 1 << (subject % 64);
                }
            }
        }
        holding.assign_complement(failed);
    }

    /// The truth of a node, computed at most once a decision. Recursion is bounded by the depth of conditions.
    fn truth(&self, id: FormulaId, regions: &[u32], memo: &mut [u8], facts: &Facts) -> Truth {
        if let Some(known) = memo.get(id as usize).copied().and_then(decoded) {
            return known;
        }
        let truth = match self.nodes.get(id as usize) {
            Some(Node::Constant(truth)) => *truth,
            Some(Node::Test { table, probe }) => self.test(*table, *probe, regions),
            Some(Node::Not(inner)) => !self.truth(*inner, regions, memo, facts),
            Some(Node::And(terms)) => {
                let mut truth = Truth::True;
                for term in terms {
                    truth = truth.and(self.truth(*term, regions, memo, facts));
                    if truth == Truth::False {
                        break;
                    }
                }
                truth
            }
            Some(Node::Or(terms)) => {
                let mut truth = Truth::False;
                for term in terms {
                    truth = truth.or(self.truth(*term, regions, memo, facts));
                    if truth == Truth::True {
                        break;
                    }
                }
                truth
            }
            Some(Node::Opaque(at)) => self
                .opaque
                .get(*at as usize)
                .map_or(Truth::Unknown, |(expression, node)| truth(expression, *node, facts)),
            None => Truth::Unknown,
        };
        if let Some(place) = memo.get_mut(id as usize) {
            *place = truth as u8;
        }
        truth
    }

    #[inline]
    fn test(&self, table: u32, probe: Probe, regions: &[u32]) -> Truth {
        match (self.tables.get(table as usize), regions.get(table as usize)) {
            (Some(table), Some(region)) => table.truth(probe, *region),
            _ => Truth::Unknown,
        }
    }

    /// The truth of a node after deciding: from the regions, or from what was remembered.
    fn decided(&self, id: FormulaId, scratch: &Scratch) -> Truth {
        if let Some(known) = scratch.memo.get(id as usize).copied().and_then(decoded) {
            return known;
        }
        match self.nodes.get(id as usize) {
            Some(Node::Constant(truth)) => *truth,
            Some(Node::Test { table, probe }) => self.test(*table, *probe, &scratch.regions),
            Some(Node::Not(inner)) => !self.decided(*inner, scratch),
            Some(Node::And(terms)) => {
                terms.iter().fold(Truth::True, |truth, term| truth.and(self.decided(*term, scratch)))
            }
            Some(Node::Or(terms)) => {
                terms.iter().fold(Truth::False, |truth, term| truth.or(self.decided(*term, scratch)))
            }
            Some(Node::Opaque(_)) | None => Truth::Unknown,
        }
    }

    /// Why `subject` does not hold, as of the last [`Self::evaluate`] with `scratch`; `None` when it does.
    ///
    /// O(conjuncts of the subject); O(1) where the same was asked for facts in the same regions.
    pub fn first_failure(&self, ruleset: usize, subject: usize, scratch: &mut Scratch) -> Option<Failure> {
        if let Some(known) = scratch.recall.failure(ruleset, subject) {
            return Some(known);
        }
        if scratch.holding(ruleset).contains(subject) {
            return None;
        }
        let found = self.find_failure(self.rulesets.get(ruleset)?, subject, scratch)?;
        scratch.recall.keep_failure(ruleset, subject, found);
        Some(found)
    }

    fn find_failure(&self, rules: &Ruleset, subject: usize, scratch: &Scratch) -> Option<Failure> {
        for (condition, entry) in rules.entries_of(subject).enumerate() {
            for (conjunct, place) in rules.conjuncts_of(entry).iter().enumerate() {
                let truth = self.decided(place.formula, scratch);
                if !truth.holds(rules.entries.get(entry)?.unknown) {
                    return Some(Failure { condition, conjunct, truth });
                }
            }
        }
        None
    }

    /// Where a failed conjunct stands in the text of its condition, see [`Self::texts`].
    pub fn span_of(&self, ruleset: usize, subject: usize, failure: Failure) -> Option<Span> {
        let rules = self.rulesets.get(ruleset)?;
        let entry = rules.entries_of(subject).nth(failure.condition)?;
        let place = rules.conjuncts_of(entry).get(failure.conjunct)?;
        Some(usize::from(place.start)..usize::from(place.end))
    }

    /// The truth of a subject's conditions together, as of the last [`Self::evaluate`] with `scratch`.
    pub fn truth_of(&self, ruleset: usize, subject: usize, scratch: &Scratch) -> Truth {
        let Some(rules) = self.rulesets.get(ruleset) else { return Truth::Unknown };
        let mut truth = Truth::True;
        for entry in rules.entries_of(subject) {
            for conjunct in rules.conjuncts_of(entry) {
                truth = truth.and(self.decided(conjunct.formula, scratch));
            }
        }
        truth
    }

    /// The texts of a subject's conditions, to which [`Self::span_of`] and the spans of [`Trace`] refer.
    pub fn texts(&self, ruleset: usize, subject: usize) -> Vec<&str> {
        let Some(rules) = self.rulesets.get(ruleset) else { return Vec::new() };
        rules.entries_of(subject).map(|entry| rules.text_of(entry)).collect()
    }

    /// The full explanation of a subject's conditions for some facts: one trace a condition.
    ///
    /// Made on demand from the conditions' texts; not for the hot path.
    pub fn trace(&self, ruleset: usize, subject: usize, facts: &Facts) -> Vec<Trace> {
        self.texts(ruleset, subject)
            .into_iter()
            .filter_map(|text| Condition::parse(text, &self.schema).ok())
            .map(|(condition, _)| condition.trace(facts))
            .collect()
    }

    /// The bytes the index holds in all, the schema and itself left out.
    pub fn heap_bytes(&self) -> usize {
        let tables: usize = self.tables.iter().map(|table| size_of::<Table>() + table.heap_bytes()).sum();
        let nodes: usize = self
            .nodes
            .iter()
            .map(|node| {
                size_of::<Node>()
                    + match node {
                        Node::And(terms) | Node::Or(terms) => 4 * terms.len(),
                        _ => 0,
                    }
            })
            .sum();
        let rulesets: usize = self.rulesets.iter().map(Ruleset::heap_bytes).sum();
        tables + self.regions.heap_bytes() + nodes + rulesets
    }
}

impl Ruleset {
    fn entries_of(&self, subject: usize) -> impl Iterator<Item = usize> + use<> {
        let start = self.starts.get(subject).copied().unwrap_or_default();
        let end = self.starts.get(subject + 1).copied().unwrap_or(start);
        (start..end).map(|entry| entry as usize)
    }

    fn conjuncts_of(&self, entry: usize) -> &[Conjunct] {
        let end = |entry: usize| self.entries.get(entry).map_or(0, |entry| entry.conjuncts_end as usize);
        let start = entry.checked_sub(1).map_or(0, end);
        self.conjuncts.get(start..end(entry)).unwrap_or_default()
    }

    fn text_of(&self, entry: usize) -> &str {
        let end = |entry: usize| self.entries.get(entry).map_or(0, |entry| entry.text_end as usize);
        let start = entry.checked_sub(1).map_or(0, end);
        self.texts.get(start..end(entry)).unwrap_or_default()
    }

    fn heap_bytes(&self) -> usize {
        let composites: usize =
            self.composites.iter().map(|c| size_of::<Composite>() + 4 * c.subjects.len()).sum();
        self.rows.heap_bytes()
            + composites
            + size_of::<Entry>() * self.entries.capacity()
            + size_of::<Conjunct>() * self.conjuncts.capacity()
            + self.texts.capacity()
            + 4 * self.starts.capacity()
    }
}

fn decoded(byte: u8) -> Option<Truth> {
    match byte {
        0 => Some(Truth::False),
        1 => Some(Truth::Unknown),
        2 => Some(Truth::True),
        _ => None,
    }
}
