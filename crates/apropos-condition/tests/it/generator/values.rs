//! Trees that have a value of a given kind: attributes, literals, calls and arithmetic.

use apropos_condition::{MacroTree, Tree};

use super::conditions::{Generator, Kind, boxed};
use super::world::{DECIMALS, DOUBLES, INTS, TEXTS, WORDS};

impl Generator {
    pub(super) fn attribute(&mut self, kind: Kind) -> Tree {
        let local = self.locals.iter().filter(|(_, k)| *k == kind).map(|(name, _)| name.clone()).next_back();
        if let Some(name) = local.filter(|_| self.rng.below(2) == 0) {
            return Tree::Attribute(name);
        }
        let name = match kind {
            Kind::Int => self.rng.pick(&INTS),
            Kind::Double => self.rng.pick(&DOUBLES),
            Kind::Decimal => self.rng.pick(&DECIMALS),
            Kind::Text => self.rng.pick(&TEXTS),
            Kind::Instant => "p.since",
            Kind::Span => "c.wait",
            Kind::Ints => "p.marks",
            Kind::Texts => "p.tags",
        };
        Tree::Attribute(name.to_owned())
    }

    pub(super) fn literal(&mut self, kind: Kind) -> Tree {
        match kind {
            Kind::Int => Tree::Int(self.rng.below(12) as i64 - 2),
            Kind::Double => Tree::Double((self.rng.below(24) as f64 - 4.0) / 2.0),
            // Beside a decimal a plain number is a decimal.
            Kind::Decimal if self.rng.below(2) == 0 => Tree::Int(self.rng.below(20) as i64),
            Kind::Decimal => Tree::Double((self.rng.below(200) as f64 - 20.0) / 10.0),
            Kind::Text => Tree::Text(self.rng.pick(&WORDS).to_owned()),
            Kind::Span => {
                self.saw("duration");
                let days = self.rng.below(6);
                Tree::Call("duration".to_owned(), vec![Tree::Text(format!("{days}d"))])
            }
            Kind::Instant => Tree::Attribute("now".to_owned()),
            Kind::Ints => Tree::List((0..self.rng.below(3)).map(|n| Tree::Int(n as i64)).collect()),
            Kind::Texts => Tree::List(vec![Tree::Text("a".to_owned()), Tree::Text("ab".to_owned())]),
        }
    }

    pub(super) fn value(&mut self, kind: Kind, depth: u64) -> Tree {
        if depth == 0 || self.rng.below(3) == 0 {
            let literal = kind != Kind::Decimal && self.rng.below(3) == 0;
            return if literal { self.literal(kind) } else { self.attribute(kind) };
        }
        let depth = depth - 1;
        match kind {
            Kind::Int => match self.rng.below(12) {
                0 => self.call("size", Kind::Texts, depth),
                1 => self.call("size", Kind::Text, depth),
                2 => self.call("int", Kind::Double, depth),
                3 => self.call("days_since", Kind::Instant, depth),
                4 => self.call("abs", Kind::Int, depth),
                5 => {
                    self.saw("max");
                    Tree::Call(
                        "max".to_owned(),
                        vec![self.value(Kind::Int, depth), self.value(Kind::Int, depth)],
                    )
                }
                6 => {
                    self.saw("remainder");
                    Tree::Remainder(boxed(self.value(Kind::Int, depth)), boxed(self.value(Kind::Int, 0)))
                }
                7 => {
                    self.saw("index");
                    Tree::Index(boxed(self.value(Kind::Ints, depth)), boxed(self.literal(Kind::Int)))
                }
                8 => {
                    self.saw("negate");
                    Tree::Negate(boxed(self.value(Kind::Int, depth)))
                }
                _ => self.arithmetic(Kind::Int, depth),
            },
            Kind::Double if self.rng.below(4) == 0 => self.call("double", Kind::Int, depth),
            Kind::Double | Kind::Decimal => self.arithmetic(kind, depth),
            Kind::Text if self.rng.below(3) == 0 => self.call("string", Kind::Int, depth),
            Kind::Text => {
                self.saw("add");
                Tree::Add(boxed(self.value(Kind::Text, depth)), boxed(self.value(Kind::Text, depth)))
            }
            Kind::Instant => {
                self.saw("subtract");
                Tree::Subtract(boxed(self.value(Kind::Instant, depth)), boxed(self.value(Kind::Span, depth)))
            }
            Kind::Span => {
                self.saw("subtract");
                Tree::Subtract(boxed(self.attribute(Kind::Instant)), boxed(self.attribute(Kind::Instant)))
            }
            Kind::Ints => self.list(Kind::Ints, Kind::Int, depth),
            Kind::Texts => self.list(Kind::Texts, Kind::Text, depth),
        }
    }

    fn call(&mut self, name: &'static str, of: Kind, depth: u64) -> Tree {
        self.saw(name);
        Tree::Call(name.to_owned(), vec![self.value(of, depth)])
    }

    fn list(&mut self, list: Kind, element: Kind, depth: u64) -> Tree {
        let range = self.attribute(list);
        let variable = format!("e{}", self.locals.len());
        if 2 <= self.locals.len() {
            return range;
        }
        self.locals.push((variable.clone(), element));
        let made = if self.rng.below(2) == 0 {
            self.saw("filter");
            let (a, b) = (Tree::Attribute(variable.clone()), self.literal(element));
            let body = self.comparison(a, b);
            Tree::Filter(Box::new(MacroTree { range, variable, condition: None, body }))
        } else {
            self.saw("transform");
            let body = self.value(element, depth.min(1));
            Tree::Transform(Box::new(MacroTree { range, variable, condition: None, body }))
        };
        self.locals.pop();
        made
    }

    fn arithmetic(&mut self, kind: Kind, depth: u64) -> Tree {
        let (a, b) = (boxed(self.value(kind, depth)), boxed(self.value(kind, depth)));
        match self.rng.below(4) {
            0 => {
                self.saw("add");
                Tree::Add(a, b)
            }
            1 => {
                self.saw("subtract");
                Tree::Subtract(a, b)
            }
            2 => {
                self.saw("multiply");
                Tree::Multiply(a, b)
            }
            _ => {
                self.saw("divide");
                Tree::Divide(a, b)
            }
        }
    }
}
