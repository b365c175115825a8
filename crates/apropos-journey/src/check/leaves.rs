//! What conditions ask: their leaves, and for every attribute the values that its leaves can tell apart.
//!
//! A leaf that compares one attribute with literals is *plain*: its truth depends on which side of the literals the
//! value lies on, so that one value for each literal and one between any two stand for all values. Any other leaf
//! (arithmetic, functions, two attributes) is *opaque*: it may come out any way, whatever the others do.
//!
//! Not here: putting the values together.

use apropos_condition::{AttributeId, AttributeType, Condition, Facts, Schema, Tree, Truth};
use apropos_event::{Duration, Timestamp, Value};

/// Of a set only subsets of this many named members are looked at.
const MAX_MEMBERS: usize = 6;
/// Beyond this whole numbers and doubles part ways.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Something that conditions depend on, and the ways it can be.
pub(super) struct Variable {
    /// The leaves that it decides.
    pub(super) leaves: Vec<usize>,
    /// Ways that make a difference: for every leaf of `leaves` its truth, and the way in words.
    pub(super) ways: Vec<(Vec<Truth>, String)>,
    /// Whether real facts stand behind every way, whatever the other variables are.
    pub(super) certain: bool,
}

/// The distinct leaves of some conditions.
#[derive(Default)]
pub(super) struct Leaves {
    trees: Vec<Tree>,
}

/// A condition as connectives over leaves.
pub(super) enum Shape {
    Constant(bool),
    Leaf(usize),
    Not(Box<Shape>),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    If(Box<[Shape; 3]>),
}

impl Leaves {
    /// The shape of a condition, its leaves noted.
    pub(super) fn shape(&mut self, tree: &Tree) -> Shape {
        match tree {
            Tree::Bool(constant) => Shape::Constant(*constant),
            Tree::Not(inner) => Shape::Not(Box::new(self.shape(inner))),
            Tree::All(terms) => Shape::All(terms.iter().map(|term| self.shape(term)).collect()),
            Tree::Any(terms) => Shape::Any(terms.iter().map(|term| self.shape(term)).collect()),
            Tree::If(when, yes, no) => {
                Shape::If(Box::new([self.shape(when), self.shape(yes), self.shape(no)]))
            }
            leaf => {
                let known = self.trees.iter().position(|known| known == leaf);
                Shape::Leaf(known.unwrap_or_else(|| {
                    self.trees.push(leaf.clone());
                    self.trees.len() - 1
                }))
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.trees.len()
    }

    /// The variables that decide the leaves: one for each attribute of plain leaves, one for each opaque leaf.
    pub(super) fn variables(&self, schema: &Schema) -> Vec<Variable> {
        let mut attributes: Vec<(AttributeId, Vec<(usize, Condition)>)> = Vec::new();
        let mut opaque: Vec<usize> = Vec::new();
        let mut fixed: Vec<Variable> = Vec::new();
        for (at, tree) in self.trees.iter().enumerate() {
            let parsed = Condition::from_tree(tree, schema).ok().map(|(condition, _)| condition);
            match parsed.as_ref().map(Condition::attributes) {
                Some([]) => fixed.extend(parsed.map(|condition| {
                    let truth = condition.evaluate(&Facts::new(schema));
                    Variable { leaves: vec![at], ways: vec![(vec![truth], String::new())], certain: true }
                })),
                Some([one]) if *one != AttributeId::NOW && is_plain(tree, schema) => {
                    let one = *one;
                    let Some(condition) = parsed else { continue };
                    match attributes.iter_mut().find(|(known, _)| *known == one) {
                        Some((_, leaves)) => leaves.push((at, condition)),
                        None => attributes.push((one, vec![(at, condition)])),
                    }
                }
                _ => opaque.push(at),
            }
        }
        let mut variables = fixed;
        for (attribute, leaves) in attributes {
            match self.told_apart(schema, attribute, &leaves) {
                Some(variable) => variables.push(variable),
                None => opaque.extend(leaves.iter().map(|(at, _)| *at)),
            }
        }
        let free = |at: usize| {
            let text = Condition::from_tree(&self.trees[at], schema)
                .map_or_else(|_| "a condition".to_owned(), |(condition, _)| condition.canonical());
            let ways = [
                (Truth::True, format!("{text} holds")),
                (Truth::False, format!("{text} does not hold")),
                (Truth::Unknown, format!("{text} is unknown")),
            ];
            let ways = ways.into_iter().map(|(truth, told)| (vec![truth], told)).collect();
            Variable { leaves: vec![at], ways, certain: false }
        };
        variables.extend(opaque.into_iter().map(free));
        variables
    }

    /// The ways of one attribute that its leaves can tell apart; `None` when its values cannot be listed.
    fn told_apart(
        &self,
        schema: &Schema,
        attribute: AttributeId,
        leaves: &[(usize, Condition)],
    ) -> Option<Variable> {
        let definition = schema.definition(attribute)?;
        let mut literals = Vec::new();
        for (at, _) in leaves {
            literals_of(&self.trees[*at], &mut literals);
        }
        let mut values: Vec<Option<Value>> =
            values(&definition.kind, &literals)?.into_iter().map(Some).collect();
        if definition.default.is_none() {
            values.push(None);
        }
        let mut ways: Vec<(Vec<Truth>, String)> = Vec::new();
        for value in values {
            let mut facts = Facts::new(schema);
            let told = if let Some(value) = &value {
                if facts.set_value(attribute, value).is_err() {
                    continue;
                }
                format!("{} = {}", definition.name, serde_json::to_string(value).unwrap_or_default())
            } else {
                facts.set_missing(attribute);
                format!("{} unknown", definition.name)
            };
            let truths: Vec<Truth> = leaves.iter().map(|(_, condition)| condition.evaluate(&facts)).collect();
            if ways.iter().all(|(known, _)| *known != truths) {
                ways.push((truths, told));
            }
        }
        Some(Variable { leaves: leaves.iter().map(|(at, _)| *at).collect(), ways, certain: true })
    }
}

impl Shape {
    /// Shows every leaf.
    pub(super) fn leaves(&self, see: &mut dyn FnMut(usize)) {
        match self {
            Self::Constant(_) => {}
            Self::Leaf(at) => see(*at),
            Self::Not(inner) => inner.leaves(see),
            Self::All(terms) | Self::Any(terms) => terms.iter().for_each(|term| term.leaves(see)),
            Self::If(parts) => parts.iter().for_each(|part| part.leaves(see)),
        }
    }

    /// How it comes out when its leaves come out so.
    pub(super) fn truth(&self, leaves: &[Truth]) -> Truth {
        match self {
            Self::Constant(constant) => Truth::from(*constant),
            Self::Leaf(at) => leaves.get(*at).copied().unwrap_or(Truth::Unknown),
            Self::Not(inner) => !inner.truth(leaves),
            Self::All(terms) => terms.iter().fold(Truth::True, |all, term| all.and(term.truth(leaves))),
            Self::Any(terms) => terms.iter().fold(Truth::False, |any, term| any.or(term.truth(leaves))),
            Self::If(parts) => match parts[0].truth(leaves) {
                Truth::True => parts[1].truth(leaves),
                Truth::False => parts[2].truth(leaves),
                Truth::Unknown => Truth::Unknown,
            },
        }
    }
}

/// Whether a leaf is a bare truth value, asks whether something is known, or compares it with literals only.
fn is_plain(leaf: &Tree, schema: &Schema) -> bool {
    let subject = |tree: &Tree| match tree {
        Tree::Attribute(_) => true,
        // `history.count("purchase", "7d")` is one attribute, named by a call.
        Tree::Call(name, _) => schema.derived().iter().any(|derived| derived.function == *name),
        _ => false,
    };
    match leaf {
        Tree::Attribute(_) => true,
        Tree::Call(..) => subject(leaf),
        Tree::Has(inner) => subject(inner),
        Tree::Equal(a, b) | Tree::NotEqual(a, b) => {
            (subject(a) && is_literal(b)) || (is_literal(a) && subject(b))
        }
        Tree::Less(a, b) | Tree::AtMost(a, b) | Tree::Greater(a, b) | Tree::AtLeast(a, b) => {
            let ordered = |tree: &Tree| is_literal(tree) && !matches!(tree, Tree::Text(_) | Tree::Bytes(_));
            (subject(a) && ordered(b)) || (ordered(a) && subject(b))
        }
        Tree::In(a, b) => match &**b {
            Tree::List(items) => subject(a) && items.iter().all(is_literal),
            set => subject(set) && is_literal(a),
        },
        _ => false,
    }
}

fn is_literal(tree: &Tree) -> bool {
    match tree {
        Tree::Bool(_) | Tree::Int(_) | Tree::Uint(_) | Tree::Double(_) | Tree::Text(_) => true,
        Tree::Negate(inner) => matches!(**inner, Tree::Int(_) | Tree::Double(_)),
        Tree::Call(name, arguments) => {
            ["timestamp", "duration"].contains(&name.as_str())
                && matches!(arguments.as_slice(), [Tree::Text(_)])
        }
        _ => false,
    }
}

/// The literals of a plain leaf.
fn literals_of(leaf: &Tree, found: &mut Vec<Tree>) {
    let mut add = |tree: &Tree| {
        if is_literal(tree) && !found.contains(tree) {
            found.push(tree.clone());
        }
    };
    match leaf {
        Tree::Equal(a, b)
        | Tree::NotEqual(a, b)
        | Tree::Less(a, b)
        | Tree::AtMost(a, b)
        | Tree::Greater(a, b)
        | Tree::AtLeast(a, b)
        | Tree::In(a, b) => {
            add(a);
            match &**b {
                Tree::List(items) => items.iter().for_each(add),
                other => add(other),
            }
        }
        _ => {}
    }
}

/// Values of a type that stand for all its values, as far as comparisons with `literals` can tell; `None` when they
/// cannot be listed.
fn values(kind: &AttributeType, literals: &[Tree]) -> Option<Vec<Value>> {
    match kind {
        AttributeType::Bool => Some(vec![Value::Bool(false), Value::Bool(true)]),
        AttributeType::Int | AttributeType::UInt => {
            let around = |n: f64| [-1.0, 0.0, 1.0, 2.0].map(|step| Value::Int((n.floor() + step) as i64));
            Some(or_zero(numbers(literals)?).into_iter().flat_map(around).collect())
        }
        AttributeType::Double => {
            Some(between(numbers(literals)?).into_iter().filter_map(Value::double).collect())
        }
        AttributeType::Decimal => {
            Some(between(numbers(literals)?).into_iter().map(|n| Value::Text(n.to_string())).collect())
        }
        AttributeType::Text | AttributeType::Symbol => {
            let mut texts = texts(literals)?;
            texts.push("\u{2026}".to_owned());
            Some(texts.into_iter().map(Value::Text).collect())
        }
        AttributeType::Timestamp => {
            let instants = texts(literals)?
                .iter()
                .map(|text| text.parse::<Timestamp>().ok())
                .collect::<Option<Vec<_>>>()?;
            let near = instants.iter().flat_map(|at| [-1, 0, 1].map(|by| at.plus(Duration::from_micros(by))));
            Some(near.chain([Timestamp::EPOCH]).map(|at| Value::Text(at.to_string())).collect())
        }
        AttributeType::Duration => {
            let times = texts(literals)?
                .iter()
                .map(|text| text.parse::<Duration>().ok())
                .collect::<Option<Vec<_>>>()?;
            let near = times.iter().flat_map(|time| {
                [-1, 0, 1].map(|by| Duration::from_micros(time.as_micros().saturating_add(by)))
            });
            Some(near.chain([Duration::ZERO]).map(|time| Value::Text(time.to_string())).collect())
        }
        AttributeType::List(element) | AttributeType::Set(element) => subsets(element, literals),
        _ => None,
    }
}

fn subsets(element: &AttributeType, literals: &[Tree]) -> Option<Vec<Value>> {
    let member = |literal: &Tree| match (element, literal) {
        (AttributeType::Text | AttributeType::Symbol, Tree::Text(text)) => Some(Value::Text(text.clone())),
        (AttributeType::Int, Tree::Int(n)) => Some(Value::Int(*n)),
        _ => None,
    };
    let members = literals.iter().map(member).collect::<Option<Vec<_>>>()?;
    if MAX_MEMBERS < members.len() {
        return None;
    }
    let subset = |bits: usize| {
        let chosen = members.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        Value::List(chosen.map(|(_, member)| member.clone()).collect())
    };
    Some((0..1_usize << members.len()).map(subset).collect())
}

/// The numbers among literals, ascending; `None` when one is none, or too large to be exact.
fn numbers(literals: &[Tree]) -> Option<Vec<f64>> {
    let number = |literal: &Tree| match literal {
        Tree::Int(n) => Some(*n as f64),
        Tree::Uint(n) => Some(*n as f64),
        Tree::Double(x) => Some(*x),
        Tree::Negate(inner) => match **inner {
            Tree::Int(n) => Some(-(n as f64)),
            Tree::Double(x) => Some(-x),
            _ => None,
        },
        _ => None,
    };
    let mut numbers = literals.iter().map(number).collect::<Option<Vec<f64>>>()?;
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers.iter().all(|n| n.abs() < MAX_EXACT).then_some(numbers)
}

/// Comparisons with nothing tell nothing apart: any value will do.
fn or_zero(mut numbers: Vec<f64>) -> Vec<f64> {
    if numbers.is_empty() {
        numbers.push(0.0);
    }
    numbers
}

/// Every number, one between any two, one below and one above all.
fn between(numbers: Vec<f64>) -> Vec<f64> {
    let numbers = or_zero(numbers);
    let middles = numbers.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    let mut all: Vec<f64> = numbers.iter().copied().chain(middles).collect();
    all.extend(numbers.first().map(|first| first - 1.0));
    all.extend(numbers.last().map(|last| last + 1.0));
    all.sort_by(f64::total_cmp);
    all
}

/// The texts among literals, those of instants and times included; `None` when one is no text.
fn texts(literals: &[Tree]) -> Option<Vec<String>> {
    let text = |literal: &Tree| match literal {
        Tree::Text(text) => Some(text.clone()),
        Tree::Call(_, arguments) => match arguments.as_slice() {
            [Tree::Text(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    literals.iter().map(text).collect()
}
