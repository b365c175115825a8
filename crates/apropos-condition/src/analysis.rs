//! What an author should look at: conditions that are always true or false, siblings that contradict or imply one
//! another, comparisons outside the declared range.
//!
//! The literals of one attribute cut its values into regions; what is said here about a node is said about its truth in
//! each of those regions, and where the attribute is missing. So it is exact for conditions on one attribute, and silent
//! on what relates two. Not here: errors; what is refused is refused by the checker.

use std::collections::BTreeMap;

use apropos_event::{Path, Problem, Problems, Span};

use crate::index::analysis::{Cut, Formula, FormulaId, Graph, Scope, Table, Test, table_for, truth_in};
use crate::limits::MAX_STEPS;
use crate::text::{Node, NodeId, UnaryOp};
use crate::{AttributeId, AttributeType, Condition, Expression, Facts, Schema, Truth};

impl Condition {
    /// Warnings for the author, with spans in [`Condition::text`]. `schema` is the one the condition was read against.
    ///
    /// O(leaves × literals) for each attribute, and O(siblings² × literals) for siblings on one attribute, up to a budget;
    /// where that ends a last warning says so, and nothing that was said before is less true.
    ///
    /// ```
    /// use apropos_condition::{AttributeDefinition, AttributeType, Condition, SchemaBuilder};
    /// use apropos_event::{Path, Problems};
    ///
    /// let mut names = SchemaBuilder::new();
    /// let age = AttributeDefinition::new("profile.age".parse()?, AttributeType::Int).with_range(0.0, 130.0);
    /// names.declare(&Path::root(), age, &mut Problems::new());
    /// let (condition, _) = Condition::parse("profile.age > 65 && profile.age < 18", &mut names)?;
    /// let warnings = condition.analyse(&names.build());
    /// assert_eq!(warnings.iter().map(|w| w.code).collect::<Vec<_>>(), ["condition/contradiction"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn analyse(&self, schema: &Schema) -> Problems {
        Self::analyse_all(&[self], schema).pop().unwrap_or_default()
    }

    /// The same for conditions that must all hold: beside what each says alone, where they contradict or imply one another.
    /// Gives the warnings of each condition, with spans in its own text.
    ///
    /// O as for one condition that joins them with `&&`.
    ///
    /// ```
    /// use apropos_condition::{AttributeDefinition, AttributeType, Condition, SchemaBuilder};
    /// use apropos_event::{Path, Problems};
    ///
    /// let mut names = SchemaBuilder::new();
    /// let age = AttributeDefinition::new("profile.age".parse()?, AttributeType::Int);
    /// names.declare(&Path::root(), age, &mut Problems::new());
    /// let (old, _) = Condition::parse("profile.age > 65", &mut names)?;
    /// let (young, _) = Condition::parse("profile.age < 18", &mut names)?;
    /// let warnings = Condition::analyse_all(&[&old, &young], &names.build());
    /// assert!(warnings[0].is_empty());
    /// assert_eq!(warnings[1].iter().map(|w| w.code).collect::<Vec<_>>(), ["condition/contradiction"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn analyse_all(conditions: &[&Self], schema: &Schema) -> Vec<Problems> {
        let mut graph = Graph::default();
        let mut lower = |condition: &&Self| {
            let expression = condition.expression();
            let nodes = 0..expression.ast().len() as NodeId;
            nodes.map(|id| graph.lower(expression, schema, id)).collect()
        };
        let formulas: Vec<Vec<FormulaId>> = conditions.iter().map(&mut lower).collect();
        let mut tests: BTreeMap<AttributeId, Vec<Test>> = BTreeMap::new();
        for formula in &graph.formulas {
            if let Formula::Test(attribute, test) = formula {
                tests.entry(*attribute).or_default().push(*test);
            }
        }
        let regions =
            tests.iter().map(|(attribute, tests)| (*attribute, Regions::new(schema, *attribute, tests)));
        let mut analyst = Analyst {
            conditions,
            schema,
            regions: regions.collect(),
            graph,
            formulas,
            budget: BUDGET,
            found: vec![Problems::new(); conditions.len()],
        };
        analyst.visit_all();
        analyst.found
    }
}

/// What is said of a condition whose answer is always the same.
fn constant(truth: Truth, text: &str) -> Problem {
    let (code, says) = match truth {
        Truth::True => ("condition/always-true", "always true"),
        Truth::False => ("condition/always-false", "never true"),
        Truth::Unknown => ("condition/always-unknown", "never known"),
    };
    Problem::warning(code, Path::root(), format!("`{text}` is {says}"))
}

/// The regions of one attribute that a value can lie in.
struct Regions {
    table: Table,
    possible: Vec<u32>,
}

impl Regions {
    fn new(schema: &Schema, attribute: AttributeId, tests: &[Test]) -> Self {
        let table = table_for(attribute, tests);
        let definition = schema.definition(attribute);
        let kind = definition.map(|definition| &definition.kind);
        let (min, max) = definition.map_or((None, None), |definition| (definition.min, definition.max));
        let whole = matches!(kind, Some(AttributeType::Int));
        let possible = match &table.cut {
            Cut::Numbers(keys) if matches!(kind, Some(AttributeType::Int | AttributeType::Double)) => {
                let value = |key: i64| if whole { key as f64 } else { Table::double_of(key) };
                let inside = |region: u32| {
                    let at = region as usize / 2;
                    let here = keys.get(at).copied();
                    let before = at.checked_sub(1).and_then(|at| keys.get(at)).copied();
                    if region % 2 == 1 {
                        let here = here.map_or(0.0, value);
                        return min.is_none_or(|min| min <= here) && max.is_none_or(|max| here <= max);
                    }
                    // Between two whole numbers that follow one another there is none.
                    let empty = whole
                        && before.zip(here).is_some_and(|(before, here)| before.checked_add(1) == Some(here));
                    let above_max = before.zip(max).is_some_and(|(before, max)| max <= value(before));
                    let below_min = here.zip(min).is_some_and(|(here, min)| value(here) <= min);
                    !empty && !above_max && !below_min
                };
                (0..table.missing()).filter(|region| inside(*region)).collect()
            }
            Cut::Symbols(symbols) => {
                let declared = definition.map_or(0, |definition| definition.values.len());
                let others = kind != Some(&AttributeType::Symbol) || symbols.len() < declared;
                let last = table.missing() - u32::from(!others);
                (0..last).collect()
            }
            _ => (0..table.missing()).collect(),
        };
        Self { table, possible }
    }
}

/// How many regions of how many nodes are looked at.
const BUDGET: usize = 4_000_000;

struct Analyst<'a> {
    conditions: &'a [&'a Condition],
    schema: &'a Schema,
    graph: Graph,
    /// For each condition those of its nodes.
    formulas: Vec<Vec<FormulaId>>,
    regions: BTreeMap<AttributeId, Regions>,
    budget: usize,
    found: Vec<Problems>,
}

/// A node of one of the conditions.
#[derive(Clone, Copy)]
struct Spot<'a> {
    /// The place of its condition.
    condition: usize,
    expression: &'a Expression,
    node: NodeId,
}

impl<'a> Spot<'a> {
    fn at(self, node: NodeId) -> Self {
        Self { node, ..self }
    }

    fn span(self) -> Span {
        self.expression.span(self.node)
    }

    fn text(self) -> &'a str {
        self.expression.text().get(self.span()).unwrap_or_default()
    }

    fn shape(self) -> &'a Node {
        self.expression.ast().node(self.node)
    }

    /// The parts of a junction; those of a junction of its own kind inside it are its parts as well.
    fn parts(self, is_or: bool, parts: &mut Vec<Self>) {
        match (self.shape(), is_or) {
            (Node::And(terms), false) | (Node::Or(terms), true) => {
                terms.iter().for_each(|term| self.at(*term).parts(is_or, parts));
            }
            _ => parts.push(self),
        }
    }
}

/// Where a node is true, by the possible regions of its attribute, and what it is where the attribute is missing.
struct Extent<'a> {
    spot: Spot<'a>,
    attribute: AttributeId,
    holds: Vec<bool>,
    missing: Truth,
}

impl Extent<'_> {
    /// True for every value, and not false without one.
    fn always(&self) -> bool {
        self.missing != Truth::False && self.holds.iter().all(|holds| *holds)
    }

    /// True for no value, nor without one.
    fn never(&self) -> bool {
        self.missing != Truth::True && !self.holds.contains(&true)
    }

    /// Wherever this holds the other does, so that beside this the other adds nothing to an `&&`.
    fn within(&self, other: &Self) -> bool {
        self.missing <= other.missing && self.pairs(other).all(|(mine, theirs)| !mine || theirs)
    }

    /// They never hold together.
    fn apart(&self, other: &Self) -> bool {
        self.missing.and(other.missing) != Truth::True
            && self.pairs(other).all(|(mine, theirs)| !(mine && theirs))
    }

    /// One of them always holds.
    fn covers(&self, other: &Self) -> bool {
        self.missing.or(other.missing) != Truth::False
            && self.pairs(other).all(|(mine, theirs)| mine || theirs)
    }

    fn pairs(&self, other: &Self) -> impl Iterator<Item = (bool, bool)> {
        self.holds.iter().copied().zip(other.holds.iter().copied())
    }
}

impl<'a> Analyst<'a> {
    /// Looks at all conditions as the terms of one junction.
    fn visit_all(&mut self) {
        let conditions = self.conditions;
        let mut together = Vec::with_capacity(conditions.len());
        for (at, condition) in conditions.iter().enumerate() {
            let expression = condition.expression();
            let root = Spot { condition: at, expression, node: expression.root() };
            // What asks about nothing, or always says the same, has nothing to be compared with.
            if condition.attributes().is_empty() {
                self.say(root, constant(condition.evaluate(&Facts::new(self.schema)), condition.text()));
            } else if matches!(self.graph.formula(self.formula(root)), Formula::Constant(_)) {
                self.visit(root);
            } else {
                together.push(root);
            }
        }
        match together.as_slice() {
            [] => return,
            [one] => self.visit(*one),
            _ => self.visit_together(&together),
        }
        for root in &together {
            let Some(leaf) = root.expression.costly() else { continue };
            let message =
                format!("over long lists this takes more than {MAX_STEPS} steps, and is unknown then");
            self.warn("condition/costly", root.at(leaf), message);
        }
        if let (0, Some(first)) = (self.budget, together.first()) {
            self.warn("condition/not-analysed", *first, "this is too long to look at all of it");
        }
    }

    fn visit_together(&mut self, roots: &[Spot<'a>]) {
        let mut terms = Vec::new();
        for root in roots {
            root.parts(false, &mut terms);
        }
        if self.siblings(&terms, false) {
            return;
        }
        let formulas = roots.iter().map(|root| self.formula(*root)).collect();
        let joint = self.graph.junction(formulas, false);
        let texts = || roots.iter().map(|root| root.text()).collect::<Vec<_>>().join(" && ");
        let length = roots.iter().map(|root| root.text().len()).sum();
        if let Some(first) = roots.first()
            && let text = texts()
            && let Some(extent) = self.extent_of(*first, joint, length)
            && self.constant(&extent, &text)
        {
            return;
        }
        for term in terms {
            self.visit(term);
        }
    }

    fn say(&mut self, spot: Spot<'a>, problem: Problem) {
        let span = spot.span();
        if let Some(found) = self.found.get_mut(spot.condition) {
            found.push(problem.with_span(span));
        }
    }

    fn warn(&mut self, code: &'static str, spot: Spot<'a>, message: impl Into<String>) {
        self.say(spot, Problem::warning(code, Path::root(), message));
    }

    fn formula(&self, spot: Spot<'a>) -> FormulaId {
        let nodes = self.formulas.get(spot.condition);
        nodes.and_then(|nodes| nodes.get(spot.node as usize)).copied().unwrap_or_default()
    }

    /// Takes work from the budget; `None` once it is used up.
    fn spend(&mut self, work: usize) -> Option<()> {
        let rest = self.budget.checked_sub(work);
        self.budget = rest.unwrap_or(0);
        rest.map(|_| ())
    }

    fn extent(&mut self, spot: Spot<'a>) -> Option<Extent<'a>> {
        self.extent_of(spot, self.formula(spot), spot.span().len())
    }

    /// The extent of a formula whose text has this length, told of at `spot`.
    fn extent_of(&mut self, spot: Spot<'a>, formula: FormulaId, length: usize) -> Option<Extent<'a>> {
        let Scope::One(attribute) = self.graph.scope(formula) else { return None };
        // A formula has no more tests than its text has words.
        let words = 1 + length / 4;
        let regions = self.regions.get(&attribute)?.possible.len();
        self.spend(regions.saturating_mul(words))?;
        let Regions { table, possible } = self.regions.get(&attribute)?;
        let truth = |region: u32| truth_in(&self.graph, table, formula, region);
        let holds = possible.iter().map(|region| truth(*region) == Truth::True).collect();
        Some(Extent { spot, attribute, holds, missing: truth(table.missing()) })
    }

    /// Looks at a node; below one that is always or never true there is nothing more to say.
    fn visit(&mut self, spot: Spot<'a>) {
        if let Formula::Constant(truth) = self.graph.formula(self.formula(spot)) {
            return self.say(spot, constant(*truth, spot.text()));
        }
        let is_or = match spot.shape() {
            Node::And(_) => false,
            Node::Or(_) => true,
            Node::Unary { op: UnaryOp::Not, operand } => {
                if !self.is_constant(spot) {
                    self.visit(spot.at(*operand));
                }
                return;
            }
            _ => {
                self.is_constant(spot);
                return;
            }
        };
        let mut terms = Vec::new();
        spot.parts(is_or, &mut terms);
        if self.siblings(&terms, is_or) || self.is_constant(spot) {
            return;
        }
        for term in terms {
            self.visit(term);
        }
    }

    /// Says so when the node is always or never true; gives whether it is.
    fn is_constant(&mut self, spot: Spot<'a>) -> bool {
        let text = spot.text();
        self.extent(spot).is_some_and(|extent| self.constant(&extent, text))
    }

    /// Says so when the node is true for every value the attribute may have, or for none.
    fn constant(&mut self, extent: &Extent<'a>, text: &str) -> bool {
        if !extent.always() && !extent.never() {
            return false;
        }
        let definition = self.schema.definition(extent.attribute);
        let name = definition.map_or_else(String::new, |definition| definition.name.to_string());
        let ranged =
            definition.is_some_and(|definition| definition.min.is_some() || definition.max.is_some());
        let says = if extent.always() { "true for every value" } else { "true for no value" };
        let code = match (ranged, extent.always()) {
            (true, _) => "condition/outside-range",
            (false, true) => "condition/always-true",
            (false, false) => "condition/always-false",
        };
        let message = format!("`{text}` is {says} that `{name}` may have");
        self.warn(code, extent.spot, message);
        true
    }

    /// Compares siblings on one attribute; gives whether they decide the whole junction.
    fn siblings(&mut self, terms: &[Spot<'a>], is_or: bool) -> bool {
        let extents: Vec<Extent<'a>> = terms
            .iter()
            .filter_map(|term| self.extent(*term))
            .filter(|extent| !extent.always() && !extent.never())
            .collect();
        let mut decided = false;
        for (at, later) in extents.iter().enumerate() {
            let mut idle: Option<(&Extent<'a>, &Extent<'a>)> = None;
            for earlier in extents.iter().take(at).filter(|earlier| earlier.attribute == later.attribute) {
                if self.spend(3 * later.holds.len()).is_none() {
                    return decided;
                }
                let decides = if is_or { earlier.covers(later) } else { earlier.apart(later) };
                if decides {
                    self.decisive(earlier, later, is_or);
                    decided = true;
                    break;
                }
                // And: the wider one adds nothing. Or: the narrower one adds nothing.
                let found = match (later.within(earlier), earlier.within(later)) {
                    (true, _) => Some(if is_or { (later, earlier) } else { (earlier, later) }),
                    (_, true) => Some(if is_or { (earlier, later) } else { (later, earlier) }),
                    _ => None,
                };
                idle = idle.or(found);
            }
            if let (Some((idle, beside)), false) = (idle, decided) {
                let message = format!("`{}` adds nothing beside `{}`", idle.spot.text(), beside.spot.text());
                self.warn("condition/subsumed", idle.spot, message);
            }
        }
        decided
    }

    fn decisive(&mut self, earlier: &Extent<'a>, later: &Extent<'a>, is_or: bool) {
        let (a, b) = (earlier.spot.text(), later.spot.text());
        let (code, message) = if is_or {
            ("condition/tautology", format!("one of `{a}` and `{b}` is always true"))
        } else {
            ("condition/contradiction", format!("`{b}` contradicts `{a}`"))
        };
        self.warn(code, later.spot, message);
    }
}
