//! Random conditions that are well typed, and random facts to decide them on.

use std::collections::BTreeMap;

use apropos_condition::{AttributeDefinition, AttributeType, MacroTree, SchemaBuilder, Tree};
use apropos_event::{Path, Problems, Value};
use rust_decimal::Decimal;

use crate::reference::{Facts, V};

/// A small generator of numbers: the bytes of a tape while there are any, then SplitMix64.
pub(crate) struct Rng {
    tape: Vec<u8>,
    at: usize,
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self { tape: Vec::new(), at: 0, state: seed }
    }

    /// Whoever writes the tape decides: one byte a choice.
    pub(crate) fn of(tape: &[u8]) -> Self {
        Self { tape: tape.to_vec(), at: 0, state: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        if let Some(byte) = self.tape.get(self.at) {
            self.at += 1;
            return u64::from(*byte);
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

const INTS: [&str; 4] = ["p.age", "p.visits", "c.hour", "loose"];
const DOUBLES: [&str; 2] = ["p.score", "c.load"];
const DECIMALS: [&str; 2] = ["b.value", "b.fee"];
const TEXTS: [&str; 2] = ["p.name", "p.city"];
const TIERS: [&str; 3] = ["bronze", "silver", "gold"];
const BOOLS: [&str; 2] = ["p.consent", "c.open"];
const WORDS: [&str; 6] = ["ab", "a", "xaxb", "paris", "", "naïve"];
const DAY: i64 = 86_400_000_000;
const NOW: i64 = 1_780_000_000_000_000;

/// The schema of the generated conditions.
pub(crate) fn schema() -> SchemaBuilder {
    let mut builder = SchemaBuilder::new();
    let mut problems = Problems::new();
    let mut declare = |name: &str, kind: AttributeType| {
        let mut definition = AttributeDefinition::new(name.parse().unwrap(), kind);
        if name == "p.tier" {
            definition = definition.with_values(TIERS);
        }
        if name == "c.hour" {
            definition = definition.with_default(3_i64);
        }
        builder.declare(&Path::root(), definition, &mut problems);
    };
    let lists: [(&[&str], AttributeType); 5] = [
        (&INTS, AttributeType::Int),
        (&DOUBLES, AttributeType::Double),
        (&DECIMALS, AttributeType::Decimal),
        (&TEXTS, AttributeType::Text),
        (&BOOLS, AttributeType::Bool),
    ];
    for (names, kind) in lists {
        for name in names {
            declare(name, kind.clone());
        }
    }
    declare("p.tier", AttributeType::Symbol);
    declare("p.since", AttributeType::Timestamp);
    declare("c.wait", AttributeType::Duration);
    declare("p.marks", AttributeType::list(AttributeType::Int));
    declare("p.tags", AttributeType::set(AttributeType::Text));
    assert!(problems.is_empty(), "{problems}");
    builder
}

/// Facts, as the reference sees them and as plain data for the engine.
pub(crate) fn facts(rng: &mut Rng) -> (Facts, BTreeMap<String, Value>) {
    let mut seen = Facts::new();
    let mut given = BTreeMap::new();
    let mut put = |rng: &mut Rng, name: &str, v: V, value: Value| {
        // One in twenty is missing.
        if rng.below(20) != 0 {
            seen.insert(name.to_owned(), v);
            given.insert(name.to_owned(), value);
        }
    };
    for name in INTS {
        let n = rng.below(12) as i64 - 2;
        put(rng, name, V::Int(n), Value::Int(n));
    }
    for name in DOUBLES {
        let x = (rng.below(24) as f64 - 4.0) / 2.0;
        put(rng, name, V::Double(x), Value::Double(x));
    }
    for name in DECIMALS {
        let x = Decimal::new(rng.below(240) as i64 - 40, 1);
        put(rng, name, V::Decimal(x), Value::Text(x.to_string()));
    }
    for name in TEXTS {
        let text = rng.pick(&WORDS);
        put(rng, name, V::Text(text.to_owned()), Value::from(text));
    }
    for name in BOOLS {
        let b = rng.below(2) == 0;
        put(rng, name, V::Bool(b), Value::Bool(b));
    }
    let tier = rng.pick(&TIERS);
    put(rng, "p.tier", V::Text(tier.to_owned()), Value::from(tier));
    let at = NOW - rng.below(12) as i64 * DAY;
    put(rng, "p.since", V::Instant(at), Value::Text(micros_text(at)));
    let wait = rng.below(6) as i64;
    put(rng, "c.wait", V::Span(wait * DAY), Value::Text(format!("{wait}d")));
    put(rng, "now", V::Instant(NOW), Value::Text(micros_text(NOW)));
    let marks: Vec<i64> = (0..rng.below(4)).map(|_| rng.below(6) as i64).collect();
    put(
        rng,
        "p.marks",
        V::List(marks.iter().map(|n| V::Int(*n)).collect()),
        Value::List(marks.iter().map(|n| Value::Int(*n)).collect()),
    );
    let mut tags: Vec<&str> = (0..rng.below(4)).map(|_| rng.pick(&WORDS)).collect();
    tags.sort_unstable();
    tags.dedup();
    put(
        rng,
        "p.tags",
        V::List(tags.iter().map(|t| V::Text((*t).to_owned())).collect()),
        Value::List(tags.iter().map(|t| Value::from(*t)).collect()),
    );
    // The schema's default.
    seen.entry("c.hour".to_owned()).or_insert(V::Int(3));
    (seen, given)
}

fn micros_text(micros: i64) -> String {
    apropos_event::Timestamp::from_micros(micros).unwrap().to_string()
}

/// Makes conditions, counting the operators it uses.
pub(crate) struct Generator {
    pub(crate) rng: Rng,
    pub(crate) seen: BTreeMap<&'static str, u64>,
    locals: Vec<(String, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Int,
    Double,
    Decimal,
    Text,
    Instant,
    Span,
    Ints,
    Texts,
}

fn boxed(tree: Tree) -> Box<Tree> {
    Box::new(tree)
}

impl Generator {
    pub(crate) fn new(rng: Rng) -> Self {
        Self { rng, seen: BTreeMap::new(), locals: Vec::new() }
    }

    fn saw(&mut self, operator: &'static str) {
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

    fn comparison(&mut self, a: Tree, b: Tree) -> Tree {
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

    fn attribute(&mut self, kind: Kind) -> Tree {
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

    fn literal(&mut self, kind: Kind) -> Tree {
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

    fn value(&mut self, kind: Kind, depth: u64) -> Tree {
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
