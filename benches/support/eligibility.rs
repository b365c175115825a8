//! One workload for all who decide eligibility: attributes, distinct leaves, actions that need three to five of them,
//! and customers. Whole numbers, texts and truth values only, so that every engine can be asked the same.

use std::fmt::Write as _;

/// A value of a customer.
#[derive(Clone, Debug)]
pub enum Given {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(&'static str),
}

/// A distinct predicate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    /// The attribute, by its place in [`Workload::attributes`].
    pub attribute: usize,
    /// What is asked of it.
    pub ask: Ask,
}

/// What a predicate asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// At least this number.
    AtLeast(i64),
    /// At most this number.
    AtMost(i64),
    /// This text.
    Is(&'static str),
    /// One of these texts.
    In(Vec<&'static str>),
    /// This truth value.
    Holds(bool),
}

/// The workload.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The attributes' names: twelve numbers, six texts, two truth values.
    pub attributes: Vec<String>,
    /// The distinct leaves.
    pub leaves: Vec<Leaf>,
    /// The leaves each action needs, all of them.
    pub actions: Vec<Vec<usize>>,
    /// The customers: one value an attribute.
    pub customers: Vec<Vec<Given>>,
}

const NUMBERS: usize = 12;
const TEXTS: usize = 6;
const ATTRIBUTES: usize = 20;
const WORDS: [&str; 16] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "joule", "karst",
    "larch", "maple", "north", "ocean", "pearl",
];

struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

impl Workload {
    /// `actions` actions over `leaves` distinct leaves, and 64 customers, from a fixed seed.
    pub fn new(actions: usize, leaves: usize) -> Self {
        let mut rng = Rng(20_261_122);
        let attributes: Vec<String> = (0..ATTRIBUTES).map(|at| format!("a{at:02}")).collect();
        let mut pool: Vec<Leaf> = Vec::new();
        while pool.len() < leaves {
            let leaf = leaf(&mut rng);
            if !pool.contains(&leaf) {
                pool.push(leaf);
            }
        }
        let actions = (0..actions)
            .map(|_| {
                let mut wanted = Vec::new();
                let count = 3 + rng.below(3);
                while wanted.len() < count {
                    let leaf = rng.below(pool.len());
                    if !wanted.contains(&leaf) {
                        wanted.push(leaf);
                    }
                }
                wanted
            })
            .collect();
        let customers = (0..64)
            .map(|_| {
                (0..ATTRIBUTES)
                    .map(|at| match at {
                        at if at < NUMBERS => Given::Int(rng.below(100) as i64),
                        at if at < NUMBERS + TEXTS => Given::Text(word(&mut rng)),
                        _ => Given::Bool(rng.below(2) == 0),
                    })
                    .collect()
            })
            .collect();
        Self { attributes, leaves: pool, actions, customers }
    }

    /// The condition of an action as CEL.
    pub fn cel(&self, action: usize) -> String {
        self.joined(action, " && ", "", |name, words| format!("{name} in [{words}]"))
    }

    /// The condition of an action, its leaves joined by `and`, attributes prefixed, membership as `within` writes it.
    pub fn joined(
        &self,
        action: usize,
        and: &str,
        prefix: &str,
        within: impl Fn(&str, &str) -> String,
    ) -> String {
        let mut out = String::new();
        for at in self.actions.get(action).into_iter().flatten() {
            let Some(leaf) = self.leaves.get(*at) else { continue };
            let name = format!("{prefix}{}", self.attributes.get(leaf.attribute).map_or("", |name| name));
            if !out.is_empty() {
                out.push_str(and);
            }
            let _ = match &leaf.ask {
                Ask::AtLeast(n) => write!(out, "{name} >= {n}"),
                Ask::AtMost(n) => write!(out, "{name} <= {n}"),
                Ask::Is(text) => write!(out, "{name} == \"{text}\""),
                Ask::Holds(b) => write!(out, "{name} == {b}"),
                Ask::In(words) => {
                    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                    out.write_str(&within(&name, &quoted.join(", ")))
                }
            };
        }
        out
    }

    /// How many actions a customer is eligible for, the plain way.
    pub fn eligible(&self, customer: usize) -> usize {
        let Some(given) = self.customers.get(customer) else { return 0 };
        let holds = |leaf: &Leaf| match (&leaf.ask, given.get(leaf.attribute)) {
            (Ask::AtLeast(n), Some(Given::Int(x))) => n <= x,
            (Ask::AtMost(n), Some(Given::Int(x))) => x <= n,
            (Ask::Is(text), Some(Given::Text(x))) => text == x,
            (Ask::In(words), Some(Given::Text(x))) => words.contains(x),
            (Ask::Holds(b), Some(Given::Bool(x))) => b == x,
            _ => false,
        };
        let all = |wanted: &&Vec<usize>| wanted.iter().all(|at| self.leaves.get(*at).is_some_and(holds));
        self.actions.iter().filter(all).count()
    }
}

fn word(rng: &mut Rng) -> &'static str {
    WORDS.get(rng.below(WORDS.len())).copied().unwrap_or("amber")
}

fn leaf(rng: &mut Rng) -> Leaf {
    let attribute = rng.below(ATTRIBUTES);
    let ask = match attribute {
        at if at < NUMBERS && rng.below(2) == 0 => Ask::AtLeast(1 + rng.below(70) as i64),
        at if at < NUMBERS => Ask::AtMost(30 + rng.below(69) as i64),
        at if at < NUMBERS + TEXTS && rng.below(4) == 0 => Ask::Is(word(rng)),
        at if at < NUMBERS + TEXTS => {
            let first = rng.below(WORDS.len());
            let count = 4 + rng.below(8);
            let mut words: Vec<&str> = WORDS.iter().cycle().skip(first).take(count).copied().collect();
            words.sort_unstable();
            Ask::In(words)
        }
        _ => Ask::Holds(rng.below(2) == 0),
    };
    Leaf { attribute, ask }
}
