//! From many conditions to one index.

use std::collections::BTreeMap;

use apropos_event::Span;

use super::evaluate::{Composite, Conjunct, Entry, Index, Node, Ruleset};
use super::formula::{Formula, FormulaId, Graph, Scope};
use super::rows::{Changes, Rows, fits};
use super::table::{Probe, Table, Test};
use crate::bitset::words_for;
use crate::text;
use crate::{AttributeId, Condition, OnUnknown, Schema, Truth};

/// Collects conditions, each for one subject of one ruleset, until [`IndexBuilder::build`].
///
/// A subject is whatever the host numbers from zero: the actions of an engine, the edges of a journey. A ruleset is
/// one question asked of all subjects, such as eligibility. Several conditions for one subject must all hold; a
/// subject without any always holds.
///
/// ```
/// use apropos_condition::{
///     AttributeDefinition, AttributeType, Condition, Facts, IndexBuilder, OnUnknown, SchemaBuilder, Scratch,
/// };
/// use apropos_event::{Path, Problems};
///
/// let mut names = SchemaBuilder::new();
/// let age = AttributeDefinition::new("profile.age".parse()?, AttributeType::Int);
/// names.declare(&Path::root(), age, &mut Problems::new());
/// let (adult, _) = Condition::parse("profile.age >= 18", &mut names)?;
/// let (senior, _) = Condition::parse("profile.age >= 65", &mut names)?;
/// let schema = names.build();
///
/// let mut builder = IndexBuilder::new(&schema);
/// builder.add(0, 0, &adult, OnUnknown::Fails);
/// builder.add(0, 1, &senior, OnUnknown::Fails);
/// let index = builder.build();
///
/// let mut facts = Facts::new(&schema);
/// facts.set_int(schema.id("profile.age").ok_or("declared above")?, 42);
/// let mut scratch = Scratch::new(&index);
/// index.evaluate(&facts, &mut scratch);
/// assert_eq!(scratch.holding(0).iter().collect::<Vec<_>>(), [0]);
/// let failure = index.first_failure(0, 1, &mut scratch).ok_or("42 is below 65")?;
/// assert_eq!(index.span_of(0, 1, failure), Some(0..17));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct IndexBuilder {
    schema: Schema,
    graph: Graph,
    rulesets: Vec<Drafted>,
}

#[derive(Debug, Default)]
struct Drafted {
    subjects: usize,
    conditions: Vec<DraftedCondition>,
}

#[derive(Debug)]
struct DraftedCondition {
    subject: u32,
    unknown: OnUnknown,
    text: Box<str>,
    conjuncts: Vec<(FormulaId, Span)>,
}

impl IndexBuilder {
    /// A builder for conditions that were read against `schema` or its builder.
    pub fn new(schema: &Schema) -> Self {
        Self { schema: schema.clone(), graph: Graph::default(), rulesets: Vec::new() }
    }

    /// Makes room for `subjects` subjects in a ruleset, so that those without a condition are there too.
    pub fn reserve(&mut self, ruleset: usize, subjects: usize) {
        if self.rulesets.len() <= ruleset {
            self.rulesets.resize_with(ruleset + 1, Drafted::default);
        }
        if let Some(drafted) = self.rulesets.get_mut(ruleset) {
            drafted.subjects = drafted.subjects.max(subjects);
        }
    }

    /// Adds a condition that `subject` must meet in `ruleset`; `unknown` says what unknown means there.
    pub fn add(&mut self, ruleset: usize, subject: usize, condition: &Condition, unknown: OnUnknown) {
        self.reserve(ruleset, subject + 1);
        let expression = condition.expression();
        let mut conjuncts = Vec::new();
        let mut pending = vec![expression.root()];
        while let Some(id) = pending.pop() {
            if let text::Node::And(terms) = expression.ast().node(id) {
                pending.extend(terms.iter().rev());
            } else {
                conjuncts.push((self.graph.lower(expression, &self.schema, id), expression.span(id)));
            }
        }
        let drafted =
            DraftedCondition { subject: subject as u32, unknown, text: condition.text().into(), conjuncts };
        if let Some(rules) = self.rulesets.get_mut(ruleset) {
            rules.conditions.push(drafted);
        }
    }

    /// The finished index. O(conditions × log distinct sub-expressions).
    pub fn build(self) -> Index {
        let mut tests: BTreeMap<AttributeId, Vec<Test>> = BTreeMap::new();
        for formula in &self.graph.formulas {
            if let Formula::Test(attribute, test) = formula {
                tests.entry(*attribute).or_default().push(*test);
            }
        }
        let tables: Vec<Table> =
            tests.iter().map(|(attribute, tests)| Table::new(*attribute, tests)).collect();
        let graph = &self.graph;
        let nodes = graph.formulas.iter().map(|formula| compiled(formula, &tables)).collect();
        let rulesets = self.rulesets.into_iter().map(|drafted| ruleset(drafted, graph, &tables)).collect();
        let Graph { opaque, .. } = self.graph;
        Index::new(self.schema, tables, nodes, opaque, rulesets)
    }
}

fn table_of(tables: &[Table], attribute: AttributeId) -> usize {
    tables.binary_search_by_key(&attribute, |table| table.attribute).unwrap_or_default()
}

fn compiled(formula: &Formula, tables: &[Table]) -> Node {
    match formula {
        Formula::Constant(truth) => Node::Constant(*truth),
        Formula::Test(attribute, test) => {
            let table = table_of(tables, *attribute);
            let probe = tables.get(table).map_or(Probe::Known, |found| found.probe(*test));
            Node::Test { table: table as u32, probe }
        }
        Formula::Not(inner) => Node::Not(*inner),
        Formula::And(terms) => Node::And(terms.clone()),
        Formula::Or(terms) => Node::Or(terms.clone()),
        Formula::Opaque(at) => Node::Opaque(*at),
    }
}

/// Formulas that ask about one attribute, with the subjects that need them.
type ByTable = BTreeMap<usize, BTreeMap<(FormulaId, OnUnknown), Vec<u32>>>;

fn ruleset(mut drafted: Drafted, graph: &Graph, tables: &[Table]) -> Ruleset {
    drafted.conditions.sort_by_key(|condition| condition.subject);
    let mut grouped = ByTable::new();
    let mut composites: BTreeMap<(FormulaId, OnUnknown), Vec<u32>> = BTreeMap::new();
    for condition in &drafted.conditions {
        for (formula, _) in &condition.conjuncts {
            let key = (*formula, condition.unknown);
            let subjects = match (graph.scope(*formula), graph.formula(*formula)) {
                (Scope::Nothing, Formula::Constant(truth)) if truth.holds(condition.unknown) => continue,
                (Scope::One(attribute), _) => {
                    grouped.entry(table_of(tables, attribute)).or_default().entry(key).or_default()
                }
                _ => composites.entry(key).or_default(),
            };
            if subjects.last() != Some(&condition.subject) {
                subjects.push(condition.subject);
            }
        }
    }
    let mut rows = Rows::new(drafted.subjects);
    let regions: usize = grouped.keys().filter_map(|at| tables.get(*at)).map(Table::regions).sum();
    let whole = fits(regions, drafted.subjects);
    for (at, formulas) in &grouped {
        if let Some(table) = tables.get(*at) {
            rows.push(*at as u32, table, changes(graph, table, formulas), whole);
        }
    }
    let composites = composites
        .into_iter()
        .map(|((formula, unknown), subjects)| {
            composite(&mut rows, formula, unknown, subjects, drafted.subjects)
        })
        .collect();
    rows.shrink();
    let (entries, conjuncts, texts, starts) = sources(drafted.subjects, drafted.conditions);
    Ruleset { subjects: drafted.subjects, rows, composites, entries, conjuncts, texts, starts }
}

/// Who fails in which region.
///
/// A subject may need several formulas on the attribute: it fails where any of them does, so failures are counted.
fn changes(graph: &Graph, table: &Table, formulas: &BTreeMap<(FormulaId, OnUnknown), Vec<u32>>) -> Changes {
    let first = if table.is_ordered() { 0 } else { table.missing() - 1 };
    let mut changes = Changes::default();
    // Subject, region, and how many of its formulas begin (+1) or cease (-1) to fail there.
    let mut steps: Vec<(u32, u32, i32)> = Vec::new();
    for ((formula, unknown), subjects) in formulas {
        let fails = |region: u32| !truth_in(graph, table, *formula, region).holds(*unknown);
        if fails(table.missing()) {
            changes.missing.extend(subjects);
        }
        let at_first = fails(first);
        let mut turns: Vec<(u32, i32)> = Vec::new();
        let mut before = at_first;
        for region in breakpoints(graph, table, *formula) {
            let now = fails(region);
            if table.is_ordered() {
                if now != before {
                    turns.push((region, if now { 1 } else { -1 }));
                }
                before = now;
            } else if now != at_first {
                turns.push((region, if now { 1 } else { -1 }));
            }
        }
        for subject in subjects {
            if at_first {
                steps.push((*subject, u32::MAX, 1));
            }
            steps.extend(turns.iter().map(|(region, step)| (*subject, *region, *step)));
        }
    }
    changes.missing.sort_unstable();
    changes.missing.dedup();
    // The beginning sorts before every region.
    steps.sort_unstable_by_key(|(subject, region, _)| (*subject, region.wrapping_add(1)));
    for of_subject in steps.chunk_by(|a, b| a.0 == b.0) {
        count(of_subject, table.is_ordered(), &mut changes);
    }
    changes
}

/// The regions where one subject's failing turns, from the steps of its single formulas.
fn count(steps: &[(u32, u32, i32)], ordered: bool, changes: &mut Changes) {
    let mut failing = 0;
    for at_region in steps.chunk_by(|a, b| a.1 == b.1) {
        let Some((subject, region, _)) = at_region.first().copied() else { continue };
        let step: i32 = at_region.iter().map(|(_, _, step)| step).sum();
        let (before, after) = (failing, failing + step);
        if region == u32::MAX {
            failing = after;
            if 0 < after {
                changes.base.push(subject);
            }
            continue;
        }
        if (0 < before) != (0 < after) {
            changes.flips.push((region, subject));
        }
        // Without an order every region is seen from the beginning.
        if ordered {
            failing = after;
        }
    }
}

/// The regions where the formula's truth may turn, ascending.
fn breakpoints(graph: &Graph, table: &Table, formula: FormulaId) -> Vec<u32> {
    let mut found = Vec::new();
    let mut pending = vec![formula];
    while let Some(id) = pending.pop() {
        match graph.formula(id) {
            Formula::Constant(_) | Formula::Opaque(_) => {}
            Formula::Not(inner) => pending.push(*inner),
            Formula::And(terms) | Formula::Or(terms) => pending.extend(terms.iter()),
            Formula::Test(_, test) => match test.key() {
                Some(key) if table.is_ordered() => {
                    let at = 2 * table.position(key) + 1;
                    found.extend([at, at + 1]);
                }
                Some(key) => found.push(table.position(key)),
                // False and true are regions 0 and 1; that a value is known is true in all.
                None if *test == Test::IsTrue => found.push(1),
                None => {}
            },
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What a formula on one attribute says in a region of it.
pub(crate) fn truth_in(graph: &Graph, table: &Table, formula: FormulaId, region: u32) -> Truth {
    match graph.formula(formula) {
        Formula::Constant(truth) => *truth,
        Formula::Test(_, test) => table.truth(table.probe(*test), region),
        Formula::Not(inner) => !truth_in(graph, table, *inner, region),
        Formula::And(terms) => {
            terms.iter().fold(Truth::True, |truth, term| truth.and(truth_in(graph, table, *term, region)))
        }
        Formula::Or(terms) => {
            terms.iter().fold(Truth::False, |truth, term| truth.or(truth_in(graph, table, *term, region)))
        }
        Formula::Opaque(_) => Truth::Unknown,
    }
}

fn composite(
    rows: &mut Rows,
    formula: FormulaId,
    unknown: OnUnknown,
    subjects: Vec<u32>,
    capacity: usize,
) -> Composite {
    // A whole row is two subjects' worth of words; below that a list is smaller and faster.
    if subjects.len() <= 2 * words_for(capacity) {
        return Composite { formula, unknown, row: None, subjects: subjects.into() };
    }
    let mut row = vec![0_u64; words_for(capacity)];
    for subject in subjects {
        if let Some(word) = row.get_mut(subject as usize / 64) {
            *word |= 1 << (subject % 64);
        }
    }
    Composite { formula, unknown, row: Some(rows.keep(&row)), subjects: Box::default() }
}

type Sources = (Vec<Entry>, Vec<Conjunct>, String, Vec<u32>);

/// What is needed to explain: each subject's conditions as text, and where its conjuncts stand in them.
fn sources(subjects: usize, conditions: Vec<DraftedCondition>) -> Sources {
    let mut entries = Vec::with_capacity(conditions.len());
    let mut conjuncts =
        Vec::with_capacity(conditions.iter().map(|condition| condition.conjuncts.len()).sum());
    let mut texts = String::with_capacity(conditions.iter().map(|condition| condition.text.len()).sum());
    let mut starts = vec![0; subjects + 1];
    for condition in conditions {
        texts.push_str(&condition.text);
        // INVARIANT: spans fit sixteen bits, because no condition is longer than `MAX_TEXT_BYTES`.
        conjuncts.extend(condition.conjuncts.into_iter().map(|(formula, span)| Conjunct {
            formula,
            start: span.start as u16,
            end: span.end as u16,
        }));
        entries.push(Entry {
            text_end: texts.len() as u32,
            conjuncts_end: conjuncts.len() as u32,
            unknown: condition.unknown,
        });
        if let Some(end) = starts.get_mut(condition.subject as usize + 1) {
            *end = entries.len() as u32;
        }
    }
    let mut last = 0;
    for start in &mut starts {
        last = last.max(*start);
        *start = last;
    }
    (entries, conjuncts, texts, starts)
}
