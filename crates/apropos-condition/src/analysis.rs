//! What an author should look at: conditions that are always true or false, siblings that contradict or imply one
//! another, comparisons outside the declared range.
//!
//! The literals of one attribute cut its values into regions; what is said here about a node is said about its truth in
//! each of those regions, and where the attribute is missing. So it is exact for conditions on one attribute, and silent
//! on what relates two. Not here: errors; what is refused is refused by the checker.

use std::collections::BTreeMap;

use apropos_event::{Path, Problem, Problems};

use crate::index::analysis::{Cut, Formula, FormulaId, Graph, Scope, Table, Test, table_for, truth_in};
use crate::limits::MAX_STEPS;
use crate::text::{Node, NodeId, UnaryOp};
use crate::{AttributeId, AttributeType, Condition, Facts, Schema, Truth};

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
        if self.attributes().is_empty() {
            return Problems::from_iter([
                constant(self.evaluate(&Facts::new(schema)), self.text()).with_span(0..self.text().len())
            ]);
        }
        let mut graph = Graph::default();
        let expression = self.expression();
        let formulas: Vec<FormulaId> =
            (0..expression.ast().len()).map(|id| graph.lower(expression, schema, id as NodeId)).collect();
        let mut tests: BTreeMap<AttributeId, Vec<Test>> = BTreeMap::new();
        for formula in &graph.formulas {
            if let Formula::Test(attribute, test) = formula {
                tests.entry(*attribute).or_default().push(*test);
            }
        }
        let regions =
            tests.iter().map(|(attribute, tests)| (*attribute, Regions::new(schema, *attribute, tests)));
        let mut analyst = Analyst {
            condition: self,
            schema,
            graph,
            formulas,
            regions: regions.collect(),
            budget: BUDGET,
            found: Problems::new(),
        };
        analyst.visit(expression.root());
        if let Some(leaf) = expression.costly() {
            let message =
                format!("over long lists this takes more than {MAX_STEPS} steps, and is unknown then");
            analyst.warn("condition/costly", leaf, message);
        }
        if analyst.budget == 0 {
            let message = "this is too long to look at all of it";
            analyst.warn("condition/not-analysed", expression.root(), message);
        }
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
    condition: &'a Condition,
    schema: &'a Schema,
    graph: Graph,
    formulas: Vec<FormulaId>,
    regions: BTreeMap<AttributeId, Regions>,
    budget: usize,
    found: Problems,
}

/// Where a node is true, by the possible regions of its attribute, and what it is where the attribute is missing.
struct Extent {
    node: NodeId,
    attribute: AttributeId,
    holds: Vec<bool>,
    missing: Truth,
}

impl Extent {
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
    fn warn(&mut self, code: &'static str, node: NodeId, message: impl Into<String>) {
        let span = self.condition.expression().span(node);
        self.found.push(Problem::warning(code, Path::root(), message).with_span(span));
    }

    fn text(&self, node: NodeId) -> &str {
        let span = self.condition.expression().span(node);
        self.condition.text().get(span).unwrap_or_default()
    }

    fn formula(&self, node: NodeId) -> FormulaId {
        self.formulas.get(node as usize).copied().unwrap_or_default()
    }

    /// Takes work from the budget; `None` once it is used up.
    fn spend(&mut self, work: usize) -> Option<()> {
        let rest = self.budget.checked_sub(work);
        self.budget = rest.unwrap_or(0);
        rest.map(|_| ())
    }

    fn extent(&mut self, node: NodeId) -> Option<Extent> {
        let formula = self.formula(node);
        let Scope::One(attribute) = self.graph.scope(formula) else { return None };
        // A formula has no more tests than its text has words.
        let words = 1 + self.condition.expression().span(node).len() / 4;
        let regions = self.regions.get(&attribute)?.possible.len();
        self.spend(regions.saturating_mul(words))?;
        let Regions { table, possible } = self.regions.get(&attribute)?;
        let truth = |region: u32| truth_in(&self.graph, table, formula, region);
        let holds = possible.iter().map(|region| truth(*region) == Truth::True).collect();
        Some(Extent { node, attribute, holds, missing: truth(table.missing()) })
    }

    /// Looks at a node; below one that is always or never true there is nothing more to say.
    fn visit(&mut self, node: NodeId) {
        if let Formula::Constant(truth) = self.graph.formula(self.formula(node)) {
            let span = self.condition.expression().span(node);
            return self.found.push(constant(*truth, self.text(node)).with_span(span));
        }
        let is_or = match self.node(node) {
            Node::And(_) => false,
            Node::Or(_) => true,
            Node::Unary { op: UnaryOp::Not, operand } => return self.visit_inner(*operand, node),
            _ => return self.visit_leaf(node),
        };
        let mut terms = Vec::new();
        self.parts(node, is_or, &mut terms);
        if self.siblings(&terms, is_or) {
            return;
        }
        if let Some(extent) = self.extent(node)
            && self.constant(&extent)
        {
            return;
        }
        for term in terms {
            self.visit(term);
        }
    }

    fn node(&self, node: NodeId) -> &'a Node {
        self.condition.expression().ast().node(node)
    }

    /// The parts of a junction; those of a junction of its own kind inside it are its parts as well.
    fn parts(&self, node: NodeId, is_or: bool, parts: &mut Vec<NodeId>) {
        match (self.node(node), is_or) {
            (Node::And(terms), false) | (Node::Or(terms), true) => {
                terms.iter().for_each(|term| self.parts(*term, is_or, parts));
            }
            _ => parts.push(node),
        }
    }

    fn visit_inner(&mut self, operand: NodeId, node: NodeId) {
        match self.extent(node) {
            Some(extent) if self.constant(&extent) => {}
            _ => self.visit(operand),
        }
    }

    fn visit_leaf(&mut self, node: NodeId) {
        if let Some(extent) = self.extent(node) {
            self.constant(&extent);
        }
    }

    /// Says so when the node is true for every value the attribute may have, or for none.
    fn constant(&mut self, extent: &Extent) -> bool {
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
        let message = format!("`{}` is {says} that `{name}` may have", self.text(extent.node));
        self.warn(code, extent.node, message);
        true
    }

    /// Compares siblings on one attribute; gives whether they decide the whole junction.
    fn siblings(&mut self, terms: &[NodeId], is_or: bool) -> bool {
        let extents: Vec<Extent> = terms
            .iter()
            .filter_map(|term| self.extent(*term))
            .filter(|extent| !extent.always() && !extent.never())
            .collect();
        let mut decided = false;
        for (at, later) in extents.iter().enumerate() {
            let mut idle: Option<(&Extent, &Extent)> = None;
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
                let message =
                    format!("`{}` adds nothing beside `{}`", self.text(idle.node), self.text(beside.node));
                self.warn("condition/subsumed", idle.node, message);
            }
        }
        decided
    }

    fn decisive(&mut self, earlier: &Extent, later: &Extent, is_or: bool) {
        let (a, b) = (self.text(earlier.node), self.text(later.node));
        let (code, message) = if is_or {
            ("condition/tautology", format!("one of `{a}` and `{b}` is always true"))
        } else {
            ("condition/contradiction", format!("`{b}` contradicts `{a}`"))
        };
        self.warn(code, later.node, message);
    }
}
