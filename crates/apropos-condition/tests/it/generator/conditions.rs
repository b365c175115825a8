//! Trees that are true or false: comparisons, tests and what joins them.

use std::collections::BTreeMap;

use apropos_condition::{MacroTree, Tree};

use super::Rng;
use super::world::{BOOLS, TIERS};

/// Makes conditions, counting the operators it uses.
pub(crate) struct Generator {
    pub(crate) rng: Rng,
    pub(crate) seen: BTreeMap<&'static str, u64>,
    pub(super) locals: Vec<(String, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Int,
    Double,
    Decimal,
    Text,
    Instant,
    Span,
    Ints,
    Texts,
}

pub(super) fn boxed(tree: Tree) -> Box<Tree> {
    Box::new(tree)
}

impl Generator {
    pub(crate) fn new(rng: Rng) -> Self {
        Self { rng, seen: BTreeMap::new(), locals: Vec::new() }
    }

    pub(super) fn saw(&mut self, operator: &'static str) {
        *self.seen.entry(operator).or_default() += 1;
    }

    /// A condition of at most this depth.
    pub(crate) fn condition(&mut self, depth: u64) -> Tree {
        let choice = if depth == 0 { 5 + self.rng.below(11) } else { self.rng.below(20) };
        match choice {
            0 | 1 => {
                self.saw("all");
                let n = 2 + self.rng.below(3);
                Tree::All((0..n).map(|_| self.condition(depth - 1)).collect())
            }
            2 | 3 => {
                self.saw("any");
                let n = 2 + self.rng.below(2);
                Tree::Any((0..n).map(|_| self.condition(depth - 1)).collect())
            }
            4 => {
                self.saw("not");
                Tree::Not(boxed(self.condition(depth - 1)))
            }
            5..=9 => self.simple(),
            10 => {
                self.saw("attribute");
                Tree::Attribute(self.rng.pick(&BOOLS).to_owned())
            }
            11 => {
                self.saw("has");
                let name = self.rng.pick(&["p.age", "p.tier", "b.value", "p.tags"]);
                Tree::Has(boxed(Tree::Attribute(name.to_owned())))
            }
            12 | 13 => self.member(),
            14 | 15 => self.text_test(),
            16 | 17 => self.compared(depth),
            18 => self.quantified(depth),
            _ => {
                self.saw("if");
                let [a, b, c] = [0, 0, 0].map(|_| self.condition(depth - 1));
                Tree::If(boxed(a), boxed(b), boxed(c))
            }
        }
    }

    pub(super) fn comparison(&mut self, a: Tree, b: Tree) -> Tree {
        let (a, b) = (boxed(a), boxed(b));
        match self.rng.below(6) {
            0 => {
                self.saw("equal");
                Tree::Equal(a, b)
            }
            1 => {
                self.saw("not_equal");
                Tree::NotEqual(a, b)
            }
            2 => {
                self.saw("less");
                Tree::Less(a, b)
            }
            3 => {
                self.saw("at_most");
                Tree::AtMost(a, b)
            }
            4 => {
                self.saw("greater");
                Tree::Greater(a, b)
            }
            _ => {
                self.saw("at_least");
                Tree::AtLeast(a, b)
            }
        }
    }

    /// An attribute against a literal: what the index groups.
    fn simple(&mut self) -> Tree {
        let kind =
            self.rng.pick(&[Kind::Int, Kind::Int, Kind::Double, Kind::Decimal, Kind::Span, Kind::Text]);
        if kind == Kind::Text && self.rng.below(2) == 0 {
            let tier = Tree::Text(self.rng.pick(&TIERS).to_owned());
            let attribute = boxed(Tree::Attribute("p.tier".to_owned()));
            self.saw("equal");
            return Tree::Equal(attribute, boxed(tier));
        }
        let (attribute, literal) = (self.attribute(kind), self.literal(kind));
        // Numbers of different types compare.
        let literal = match (kind, self.rng.below(4)) {
            (Kind::Int, 0) => self.literal(Kind::Double),
            (Kind::Double, 0) => self.literal(Kind::Int),
            _ => literal,
        };
        if self.rng.below(3) == 0 {
            self.comparison(literal, attribute)
        } else {
            self.comparison(attribute, literal)
        }
    }

    fn compared(&mut self, depth: u64) -> Tree {
        let kind = self.rng.pick(&[
            Kind::Int,
            Kind::Int,
            Kind::Double,
            Kind::Decimal,
            Kind::Text,
            Kind::Instant,
            Kind::Span,
        ]);
        let (a, b) = (self.value(kind, depth), self.value(kind, depth));
        self.comparison(a, b)
    }

    fn member(&mut self) -> Tree {
        self.saw("in");
        match self.rng.below(4) {
            0 => {
                let n = 1 + self.rng.below(3);
                let items = (0..n).map(|_| self.literal(Kind::Int)).collect();
                Tree::In(boxed(self.attribute(Kind::Int)), boxed(Tree::List(items)))
            }
            1 => {
                let items =
                    TIERS[self.rng.below(3) as usize..].iter().map(|t| Tree::Text((*t).to_owned())).collect();
                Tree::In(boxed(Tree::Attribute("p.tier".to_owned())), boxed(Tree::List(items)))
            }
            2 => Tree::In(boxed(self.literal(Kind::Text)), boxed(Tree::Attribute("p.tags".to_owned()))),
            _ => Tree::In(boxed(self.literal(Kind::Int)), boxed(Tree::Attribute("p.marks".to_owned()))),
        }
    }

    fn text_test(&mut self) -> Tree {
        let subject = boxed(self.attribute(Kind::Text));
        let (name, argument) = match self.rng.below(4) {
            0 => ("contains", self.literal(Kind::Text)),
            1 => ("startsWith", self.literal(Kind::Text)),
            2 => ("endsWith", self.literal(Kind::Text)),
            _ => ("matches", Tree::Text("a.*b".to_owned())),
        };
        self.saw(name);
        Tree::CallOn(subject, name.to_owned(), vec![argument])
    }

    fn quantified(&mut self, depth: u64) -> Tree {
        let (range, kind) =
            if self.rng.below(2) == 0 { (Kind::Ints, Kind::Int) } else { (Kind::Texts, Kind::Text) };
        let range = self.value(range, depth.min(1));
        let variable = format!("e{}", self.locals.len());
        self.locals.push((variable.clone(), kind));
        let element = Tree::Attribute(variable.clone());
        let other = self.value(kind, 0);
        let body = if self.locals.len() < 3 && self.rng.below(4) == 0 {
            self.condition(depth.min(1))
        } else {
            self.comparison(element, other)
        };
        self.locals.pop();
        let inner = Box::new(MacroTree { range, variable, condition: None, body });
        match self.rng.below(3) {
            0 => {
                self.saw("every");
                Tree::Every(inner)
            }
            1 => {
                self.saw("exists");
                Tree::Exists(inner)
            }
            _ => {
                self.saw("exists_one");
                Tree::ExistsOne(inner)
            }
        }
    }
}
