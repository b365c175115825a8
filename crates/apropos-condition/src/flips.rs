//! Minimal flips: the smallest sets of leaves whose change would make a condition true.
//!
//! Leaves are treated as independent, the way an explanation is read ("if the basket were 50 and consent were
//! there"). The search is bounded: at most [`MAX_FLIP_SETS`] sets of at most [`MAX_FLIP_SIZE`] leaves, and it says when
//! there may be more. Not here: the value nearest to the present one that turns a leaf, see `nearest`.

use std::collections::BTreeSet;

use apropos_event::{AttributeName, Span, Value};
use serde::Serialize;

use crate::check::Resolution;
use crate::evaluate::truth;
use crate::nearest::{comparison, nearest};
use crate::text::{Node, NodeId, UnaryOp};
use crate::{AttributeId, Expression, Facts, Truth};

/// At most this many smallest sets are given.
pub const MAX_FLIP_SETS: usize = 16;
/// Sets with more leaves than this are not looked for.
pub const MAX_FLIP_SIZE: usize = 8;

/// A leaf that would have to change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Flip {
    /// Where the leaf stands in the condition's text.
    pub span: Span,
    /// The leaf as it is written.
    pub text: String,
    /// What it would have to come to.
    pub wanted: Truth,
    /// The attribute it compares, if it compares one with a literal.
    pub attribute: Option<AttributeName>,
    /// The value of that attribute nearest to the present one for which the leaf comes to what is wanted.
    pub nearest: Option<Value>,
}

/// Leaves and what each would have to be.
type Set = BTreeSet<(NodeId, bool)>;

/// The smallest sets, fewest leaves first, then in the order they are written; and whether there may be more.
///
/// Each leaf is evaluated once. O(leaves × sets × leaves of a set) beside that.
pub(crate) fn minimal_flips(expression: &Expression, facts: &Facts) -> (Vec<Vec<Flip>>, bool) {
    let mut search = Search::new(expression, facts);
    if search.truth(expression.root()) == Truth::True {
        return (Vec::new(), false);
    }
    let sets = search.ways(expression.root(), true);
    let flips = sets
        .into_iter()
        .map(|set| set.into_iter().map(|(leaf, wanted)| flip(expression, facts, leaf, wanted)).collect())
        .filter(|set: &Vec<Flip>| is_borne_out(expression, facts, set))
        .collect();
    (flips, search.cut)
}

/// Where every change names a value, the values are tried: leaves on one attribute are not independent, and a change
/// that spoils another leaf is no way out.
fn is_borne_out(expression: &Expression, facts: &Facts, set: &[Flip]) -> bool {
    let schema = facts.schema();
    let Some(values): Option<Vec<(AttributeId, &Value)>> = set
        .iter()
        .map(|flip| Some((schema.id(flip.attribute.as_ref()?.as_str())?, flip.nearest.as_ref()?)))
        .collect()
    else {
        return true;
    };
    let holds = |values: &[&(AttributeId, &Value)]| {
        let mut tried = facts.clone();
        values.iter().all(|(id, value)| tried.set_value(*id, value).is_ok())
            && truth(expression, expression.root(), &tried) == Truth::True
    };
    holds(&values.iter().collect::<Vec<_>>()) || holds(&values.iter().rev().collect::<Vec<_>>())
}

struct Search<'a> {
    expression: &'a Expression,
    /// By node; only of what connectives join.
    truths: Vec<Truth>,
    cut: bool,
}

impl<'a> Search<'a> {
    fn new(expression: &'a Expression, facts: &Facts) -> Self {
        let truths = vec![Truth::Unknown; expression.ast().len()];
        let mut search = Self { expression, truths, cut: false };
        search.judge(expression.root(), facts);
        search
    }

    /// The connective a node is, with its terms.
    fn terms(&self, id: NodeId) -> Option<(&'a Node, &'a [NodeId])> {
        let node = self.expression.ast().node(id);
        match node {
            _ if self.expression.resolution(id) != Resolution::Structure => None,
            Node::And(terms) | Node::Or(terms) => Some((node, terms)),
            Node::Unary { op: UnaryOp::Not, operand } => Some((node, std::slice::from_ref(operand))),
            _ => None,
        }
    }

    fn judge(&mut self, id: NodeId, facts: &Facts) -> Truth {
        let found = match self.terms(id) {
            Some((Node::And(_), terms)) => {
                terms.iter().fold(Truth::True, |all, term| all.and(self.judge(*term, facts)))
            }
            Some((Node::Or(_), terms)) => {
                terms.iter().fold(Truth::False, |any, term| any.or(self.judge(*term, facts)))
            }
            Some((_, terms)) => terms.iter().fold(Truth::Unknown, |_, term| !self.judge(*term, facts)),
            None => truth(self.expression, id, facts),
        };
        if let Some(place) = self.truths.get_mut(id as usize) {
            *place = found;
        }
        found
    }

    fn truth(&self, id: NodeId) -> Truth {
        self.truths.get(id as usize).copied().unwrap_or(Truth::Unknown)
    }

    /// The minimal sets of leaves to change so that the node comes to `wanted`. One empty set when it does already.
    fn ways(&mut self, id: NodeId, wanted: bool) -> Vec<Set> {
        if self.truth(id) == Truth::from(wanted) {
            return vec![Set::new()];
        }
        match self.terms(id) {
            Some((Node::And(_), terms)) if wanted => self.every(terms, wanted),
            Some((Node::And(_), terms)) => self.any(terms, wanted),
            Some((Node::Or(_), terms)) if wanted => self.any(terms, wanted),
            Some((Node::Or(_), terms)) => self.every(terms, wanted),
            Some((_, terms)) => terms.first().map_or_else(Vec::new, |operand| self.ways(*operand, !wanted)),
            None if matches!(self.expression.resolution(id), Resolution::Constant(_)) => Vec::new(),
            None => vec![Set::from([(id, wanted)])],
        }
    }

    /// One of the terms has to come to `wanted`.
    fn any(&mut self, terms: &[NodeId], wanted: bool) -> Vec<Set> {
        let any = terms.iter().flat_map(|term| self.ways(*term, wanted)).collect();
        self.smallest(any)
    }

    /// Every term has to come to `wanted`. Terms share no leaf, so the smallest sets of all are made of the smallest
    /// sets of each.
    fn every(&mut self, terms: &[NodeId], wanted: bool) -> Vec<Set> {
        let mut together = vec![Set::new()];
        for term in terms {
            let ways = self.ways(*term, wanted);
            let mut next = Vec::with_capacity(together.len() * ways.len());
            for set in &together {
                for way in &ways {
                    if set.len() + way.len() <= MAX_FLIP_SIZE {
                        next.push(set.union(way).copied().collect());
                    } else {
                        self.cut = true;
                    }
                }
            }
            together = self.smallest(next);
            if together.is_empty() {
                break;
            }
        }
        together
    }

    /// Sets that contain no other, fewest leaves first, at most [`MAX_FLIP_SETS`] of them.
    fn smallest(&mut self, mut sets: Vec<Set>) -> Vec<Set> {
        sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        sets.dedup();
        let mut kept: Vec<Set> = Vec::new();
        for set in sets {
            if kept.iter().any(|smaller| smaller.is_subset(&set)) {
                continue;
            }
            if MAX_FLIP_SETS <= kept.len() {
                self.cut = true;
                break;
            }
            kept.push(set);
        }
        kept
    }
}

fn flip(expression: &Expression, facts: &Facts, leaf: NodeId, wanted: bool) -> Flip {
    let span = expression.span(leaf);
    let text = expression.text().get(span.clone()).unwrap_or_default().to_owned();
    let compared = comparison(expression, leaf);
    let definition = compared.as_ref().and_then(|compared| facts.schema().definition(compared.attribute));
    let attribute = definition.map(|definition| definition.name.clone());
    let nearest = compared
        .zip(definition)
        .and_then(|(compared, definition)| nearest(definition, facts, &compared, wanted));
    Flip { span, text, wanted: wanted.into(), attribute, nearest }
}
