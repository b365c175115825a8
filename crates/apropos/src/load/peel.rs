//! Reading on after a mistake: note it, take it out of the tree, read again.
//!
//! Not here: the words for mistakes, and text.
//!
//! What is taken out must not cause mistakes of its own. So a required value is replaced by the first of a few
//! stand-ins that its type accepts; where none fits, what surrounds it is taken out; and what then fails only
//! because of us is not reported. What remains is kept only to be looked at (`mending`), never to be used.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::decode::{MAX_PROBLEMS, MAX_ROUNDS};
use super::mending::Mending;
use super::mistake::{Mistake, TABLE, TEXT};
use super::shape;
use super::source::Source;
use super::strict::Strict;
use crate::event::{Path, Problem, Problems, Segment};

/// A tree that loses its mistakes one by one.
#[derive(Debug)]
pub(super) struct Peeler<'a> {
    tree: Value,
    source: &'a Source,
    problems: Problems,
    mending: Mending,
    hole: Option<Hole>,
    /// How often shapes that may be meant can still be tried.
    trials: usize,
}

/// How many steps a shape that may be meant is away at most, such as a list around it or a field before it.
const MAX_STEPS: usize = 3;

/// How often shapes that may be meant are tried in one text.
const MAX_TRIALS: usize = 512;

/// A place where stand-ins are being tried.
#[derive(Debug)]
struct Hole {
    /// In the tree as it is now.
    at: Path,
    /// Stand-ins to try yet, the next one last.
    left: Vec<Value>,
    /// Whether the names that the type lists were added to the stand-ins.
    listed: bool,
    /// What to take out when nothing fits.
    otherwise: Path,
}

impl<'a> Peeler<'a> {
    /// A tree as it was read, with the problems found while reading it.
    pub(super) fn new(tree: Value, source: &'a Source, problems: Problems) -> Self {
        let touched = problems.iter().map(|problem| problem.path.clone()).collect();
        let mending = Mending { touched, ..Mending::default() };
        Self { tree, source, problems, mending, hole: None, trials: MAX_TRIALS }
    }

    /// Reads until nothing is wrong any more, or nothing can be taken out.
    pub(super) fn decode<T: DeserializeOwned>(&mut self) -> Option<T> {
        for _ in 0..MAX_ROUNDS {
            let (at, mistake) = match self.read::<T>() {
                Ok(definition) => return Some(definition),
                Err(first) => first,
            };
            if MAX_PROBLEMS <= self.problems.len() {
                break;
            }
            if !self.peel::<T>(at, &mistake) {
                return None;
            }
        }
        let message = format!("there may be more problems than these {}", self.problems.len());
        self.problems.push(Problem::error("playbook/too-many-problems", Path::root(), message));
        None
    }

    /// The definition, or the first mistake and its place.
    fn read<T: DeserializeOwned>(&self) -> Result<T, (Path, Mistake)> {
        serde_path_to_error::deserialize(Strict(&self.tree))
            .map_err(|error| (self.existing(error.path()), Mistake::read(&error.inner().to_string())))
    }

    /// The problems, each with its place in the text, and what was done to the tree.
    pub(super) fn finish(self) -> (Problems, Mending) {
        let source = self.source;
        let spanned = |problem: Problem| {
            let span = match problem.code {
                "playbook/unknown-field" => source.locate_key(&problem.path),
                _ => problem.span.clone(),
            };
            Problem { span: span.or_else(|| source.locate(&problem.path, None)), ..problem }
        };
        (self.problems.into_iter().map(spanned).collect(), self.mending)
    }

    /// Notes the mistake and takes it out; `false` when there is nothing to take out.
    fn peel<T: DeserializeOwned>(&mut self, at: Path, mistake: &Mistake) -> bool {
        if let Some(hole) = self.hole.take()
            && at.segments().starts_with(hole.at.segments())
        {
            return self.refill(hole, mistake);
        }
        match mistake {
            Mistake::UnknownField { name, .. } => {
                let at = if last_key(&at) == Some(name) { at } else { at.key(name.clone()) };
                self.report::<T>(&at, mistake);
                // What the field was meant to be is then neither missing, nor is there nothing in it.
                if let (Some(meant), Some((_, before))) = (mistake.meant(), at.segments().split_last()) {
                    self.mending.touched.insert(self.original(&path_of(before).key(meant)));
                }
                self.take_out(&at)
            }
            Mistake::MissingField { name } => {
                let hole = at.key(name.clone());
                if !self.mending.touched.contains(&self.original(&hole)) {
                    self.report::<T>(&hole, mistake);
                }
                self.open(hole, at)
            }
            _ => {
                let original = self.original(&at);
                let ours = |path: &Path| path.segments().starts_with(original.segments());
                let ours = self.mending.touched.range(original.clone()..).next().is_some_and(ours);
                if !ours {
                    self.report::<T>(&at, mistake);
                }
                // An item is first replaced, so that the items after it keep their places.
                let item = matches!(at.segments().last(), Some(Segment::Index(_)));
                if item && !ours { self.open(at.clone(), at) } else { self.take_out(&at) }
            }
        }
    }

    fn report<T: DeserializeOwned>(&mut self, at: &Path, mistake: &Mistake) {
        let found = get(&mut self.tree, at.segments()).map_or(Value::Null, |value| value.clone());
        let path = self.original(at);
        self.mending.touched.insert(path.clone());
        let mut problem = Problem::error(mistake.code(), path, mistake.message(&found));
        problem.help = mistake
            .at(&problem.path)
            .or_else(|| {
                self.meant::<T>(at, mistake)
                    .map(|meant| shape::help(self.source, &problem.path, &found, &meant))
            })
            .or_else(|| self.told::<T>(at, &found, mistake))
            .or_else(|| mistake.help(&found));
        self.problems.push(problem);
    }

    /// What could be read in place of the value at `at`, if something of a near shape can.
    fn meant<T: DeserializeOwned>(&mut self, at: &Path, mistake: &Mistake) -> Option<Value> {
        let found = get(&mut self.tree, at.segments())?.clone();
        let fits = self.reshape::<T>(at, mistake, MAX_STEPS);
        let value = get(&mut self.tree, at.segments())?;
        let meant = std::mem::replace(value, found);
        fits.then_some(meant)
    }

    /// What an author would be told of the next try: of the names known where a field is missing, of the form that a text
    /// must have where a number stands.
    fn told<T: DeserializeOwned>(&mut self, at: &Path, found: &Value, mistake: &Mistake) -> Option<String> {
        let next = match (mistake, found) {
            (Mistake::MissingField { .. }, _) => String::new(),
            (Mistake::WrongType { expected, .. }, Value::Number(number)) if expected == TEXT => {
                number.to_string()
            }
            _ => return None,
        };
        let told = self.tried::<T>(at, json!(next));
        set(&mut self.tree, at, found.clone());
        match told?.1 {
            unknown @ Mistake::UnknownValue { .. } => unknown.help(found),
            Mistake::Invalid { message } if !next.is_empty() => Some(message),
            _ => None,
        }
    }

    /// Puts something of a near shape at `at` that can be read; `false` when nothing near can.
    fn reshape<T: DeserializeOwned>(&mut self, at: &Path, mistake: &Mistake, steps: usize) -> bool {
        let found = get(&mut self.tree, at.segments()).map(|value| value.clone());
        let (Some(found), Mistake::WrongType { expected, .. }) = (found, mistake) else { return false };
        let needed = match (expected == TABLE && !found.is_array()).then(|| self.tried::<T>(at, json!({}))) {
            Some(Some((_, Mistake::MissingField { name }))) => Some(name),
            _ => None,
        };
        for shape in shape::near(&found, mistake, needed.as_deref()) {
            match self.tried::<T>(at, shape) {
                None => return true,
                Some((inside, deeper)) if 1 < steps => {
                    if self.reshape::<T>(&inside, &deeper, steps - 1) {
                        return true;
                    }
                }
                Some(_) => {}
            }
        }
        set(&mut self.tree, at, found);
        false
    }

    /// What is still wrong at `at` or inside it with `value` there; everything, once there were too many trials.
    fn tried<T: DeserializeOwned>(&mut self, at: &Path, value: Value) -> Option<(Path, Mistake)> {
        set(&mut self.tree, at, value);
        if self.trials == 0 {
            return Some((at.clone(), Mistake::Invalid { message: String::new() }));
        }
        self.trials -= 1;
        self.read::<T>().err().filter(|(found, _)| found.segments().starts_with(at.segments()))
    }

    /// Begins to try stand-ins at `at`.
    fn open(&mut self, at: Path, otherwise: Path) -> bool {
        let left = vec![
            json!({}),
            json!([]),
            json!("UTC"),
            json!("08:00"),
            json!("2000-01-01"),
            json!("2000-01-01T00:00:00Z"),
            json!("EUR"),
            json!("1d"),
            json!(true),
            json!(1),
            json!("true"),
            json!("x"),
        ];
        self.fill(Hole { at, left, listed: false, otherwise })
    }

    /// The last stand-in did not fit: the next one.
    fn refill(&mut self, mut hole: Hole, mistake: &Mistake) -> bool {
        if let Mistake::UnknownValue { known, .. } = mistake
            && !hole.listed
        {
            hole.listed = true;
            hole.left.extend(known.first().map(|name| json!({ name: {} })));
            hole.left.extend(known.iter().rev().map(|name| json!(name)));
        }
        self.fill(hole)
    }

    fn fill(&mut self, mut hole: Hole) -> bool {
        let original = self.original(&hole.at);
        self.mending.touched.insert(original);
        match hole.left.pop() {
            Some(stand_in) => {
                let placed = set(&mut self.tree, &hole.at, stand_in);
                self.hole = Some(hole);
                placed
            }
            None => self.take_out(&hole.otherwise),
        }
    }

    /// Removes a field or an item; `false` when there is none at `at`.
    fn take_out(&mut self, at: &Path) -> bool {
        let original = self.original(at);
        let Some((last, before)) = at.segments().split_last() else {
            return false;
        };
        let list = self.original(&path_of(before));
        let removed = match (get(&mut self.tree, before), last) {
            (Some(Value::Object(table)), Segment::Key(key)) => table.remove(key).is_some(),
            (Some(Value::Array(items)), Segment::Index(index)) if *index < items.len() => {
                let kept = self.mending.kept.entry(list).or_insert_with(|| (0..items.len()).collect());
                items.remove(*index);
                if *index < kept.len() {
                    kept.remove(*index);
                }
                true
            }
            _ => false,
        };
        self.mending.touched.insert(original);
        removed
    }

    fn original(&self, path: &Path) -> Path {
        self.mending.original(path)
    }

    /// The part of the reader's path that exists in the tree.
    fn existing(&self, path: &serde_path_to_error::Path) -> Path {
        let mut value = &self.tree;
        let mut existing = Path::root();
        for segment in path {
            let next = match segment {
                serde_path_to_error::Segment::Seq { index } => {
                    value.get(index).map(|value| (value, existing.index(*index)))
                }
                serde_path_to_error::Segment::Map { key }
                | serde_path_to_error::Segment::Enum { variant: key } => {
                    value.get(key).map(|value| (value, existing.key(key.clone())))
                }
                serde_path_to_error::Segment::Unknown => None,
            };
            let Some(next) = next else { break };
            (value, existing) = next;
        }
        existing
    }
}

fn last_key(path: &Path) -> Option<&String> {
    match path.segments().last() {
        Some(Segment::Key(key)) => Some(key),
        _ => None,
    }
}

fn path_of(segments: &[Segment]) -> Path {
    segments.iter().fold(Path::root(), |path, segment| match segment {
        Segment::Key(key) => path.key(key.clone()),
        Segment::Index(index) => path.index(*index),
    })
}

fn get<'a>(tree: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(tree, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
    })
}

/// Puts `value` at `path`, which may be a new field of a table; `false` when nothing can stand there.
fn set(tree: &mut Value, path: &Path, value: Value) -> bool {
    let Some((last, before)) = path.segments().split_last() else {
        return false;
    };
    match (get(tree, before), last) {
        (Some(Value::Object(table)), Segment::Key(key)) => {
            table.insert(key.clone(), value);
            true
        }
        (Some(Value::Array(items)), Segment::Index(index)) => {
            items.get_mut(*index).map(|item| *item = value).is_some()
        }
        _ => false,
    }
}
