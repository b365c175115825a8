//! The table of all attributes that conditions may name and facts may fill, interned to dense ids.
//!
//! Not here: single declarations, see [`crate::AttributeDefinition`] and [`crate::FunctionDefinition`].

use std::collections::BTreeMap;
use std::sync::Arc;

use apropos_event::{AttributeName, Path, Problem, Problems, Value, did_you_mean};

use crate::check::with_article;
use crate::facts::Row;
use crate::limits::MAX_ATTRIBUTES;
use crate::symbol::{SymbolId, SymbolSet, Symbols};
use crate::{AttributeDefinition, AttributeType, Condition, Derived, FunctionDefinition};

/// The number of an attribute in one schema: dense, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeId(pub(crate) u32);

impl AttributeId {
    /// The place of the attribute in a dense table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Collects declarations, and what the conditions ask for, until [`SchemaBuilder::build`].
///
/// The order of work: declare attributes and functions, parse every condition against the builder (which registers
/// derived attributes and interns literals), build, then bind whoever fills facts.
///
/// ```
/// use apropos_condition::{AttributeDefinition, AttributeType, Datum, Facts, SchemaBuilder};
/// use apropos_event::{Path, Problems};
///
/// let mut builder = SchemaBuilder::new();
/// let mut problems = Problems::new();
/// let age = AttributeDefinition::new("profile.age".parse()?, AttributeType::Int);
/// builder.declare(&Path::root(), age, &mut problems);
/// let schema = builder.build();
///
/// let age = schema.id("profile.age").ok_or("declared above")?;
/// let mut facts = Facts::new(&schema);
/// assert!(facts.get(age).is_none());
/// facts.set_int(age, 42);
/// assert!(matches!(facts.get(age), Some(Datum::Int(42))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SchemaBuilder {
    attributes: Vec<AttributeDefinition>,
    names: BTreeMap<String, u32>,
    functions: BTreeMap<String, FunctionDefinition>,
    derived: Vec<Derived>,
    symbols: SymbolSet,
    conditions: Vec<(Path, Condition)>,
}

/// The name of the attribute that holds the instant of the decision.
pub(crate) const NOW: &str = "now";

impl AttributeId {
    /// The attribute `now`, an instant that every schema declares: the moment of the decision. `within` and
    /// `days_since` read it; whoever fills facts sets it.
    pub const NOW: Self = Self(0);
}

impl Default for SchemaBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl SchemaBuilder {
    /// A schema with the one attribute every schema has, [`AttributeId::NOW`].
    pub fn new() -> Self {
        let mut new = Self {
            attributes: Vec::new(),
            names: BTreeMap::new(),
            functions: BTreeMap::new(),
            derived: Vec::new(),
            symbols: SymbolSet::default(),
            conditions: Vec::new(),
        };
        if let Ok(name) = AttributeName::new(NOW) {
            let now = AttributeDefinition::new(name, AttributeType::Timestamp);
            new.add(now.with_doc("the instant of the decision").with_source("the host"));
        }
        new
    }

    /// Declares one attribute. `None`, with the problem added, when the declaration is refused.
    pub fn declare(
        &mut self,
        path: &Path,
        definition: AttributeDefinition,
        problems: &mut Problems,
    ) -> Option<AttributeId> {
        let before = problems.len();
        self.check(path, &definition, problems);
        (problems.len() == before).then(|| self.add(definition))
    }

    /// Declares a function. A second declaration of a name is refused, as is a name that no condition could write.
    pub fn declare_function(
        &mut self,
        path: &Path,
        definition: FunctionDefinition,
        problems: &mut Problems,
    ) -> bool {
        let before = problems.len();
        let name = &definition.name;
        if !is_dotted_name(name) {
            problems.push(bad_name(path.key("name"), name));
        }
        if self.functions.contains_key(name) || crate::check::builtin::is_builtin(name) {
            problems.push(Problem::error(
                "condition/duplicate-function",
                path.key("name"),
                format!("the function `{name}` is declared twice or is part of the language"),
            ));
        }
        let first_optional = definition.parameters.iter().position(|p| p.optional);
        let last_required = definition.parameters.iter().rposition(|p| !p.optional);
        if first_optional.zip(last_required).is_some_and(|(optional, required)| optional < required) {
            problems.push(Problem::error(
                "condition/optional-parameter",
                path.key("parameters"),
                "a parameter that must be given stands after one that may be left out",
            ));
        }
        check_default(path, &definition.result, &[], definition.default.as_ref(), problems);
        if problems.len() != before {
            return false;
        }
        self.functions.insert(definition.name.clone(), definition);
        true
    }

    /// Reads a condition that stands at `path` of a definition. What is wrong with it is added to `problems`, with its
    /// place; what an error keeps from being read is `None`.
    ///
    /// The builder remembers what it has read until [`SchemaBuilder::take_conditions`], so that all conditions of all
    /// rooms can be looked at together.
    pub fn condition(&mut self, text: &str, path: &Path, problems: &mut Problems) -> Option<Condition> {
        match Condition::parse(text, &mut *self) {
            Ok((condition, warnings)) => {
                problems.absorb(path, warnings);
                self.conditions.push((path.clone(), condition.clone()));
                Some(condition)
            }
            Err(found) => {
                problems.absorb(path, found);
                None
            }
        }
    }

    /// The conditions read by [`SchemaBuilder::condition`] since this was last asked, each with its place.
    pub fn take_conditions(&mut self) -> Vec<(Path, Condition)> {
        std::mem::take(&mut self.conditions)
    }

    /// The id of an attribute declared so far.
    pub fn id(&self, name: &str) -> Option<AttributeId> {
        self.names.get(name).copied().map(AttributeId)
    }

    /// The attributes declared so far, in the order of their ids.
    pub fn attributes(&self) -> &[AttributeDefinition] {
        &self.attributes
    }

    /// The schema, to be shared. Nothing can be declared any more.
    pub fn build(self) -> Schema {
        let symbols = self.symbols.freeze();
        let template = Row::template(&self.attributes, &symbols);
        let kinds = self.attributes.iter().map(|attribute| attribute.kind.clone()).collect();
        Schema(Arc::new(Tables {
            attributes: self.attributes,
            kinds,
            names: self.names,
            functions: self.functions,
            derived: self.derived,
            symbols,
            template,
        }))
    }

    fn add(&mut self, definition: AttributeDefinition) -> AttributeId {
        let id = self.attributes.len() as u32;
        for value in &definition.values {
            self.symbols.intern(value);
        }
        if let Some(Value::Text(text)) = &definition.default {
            self.symbols.intern(text);
        }
        self.names.insert(definition.name.as_str().to_owned(), id);
        self.attributes.push(definition);
        AttributeId(id)
    }

    fn check(&self, path: &Path, definition: &AttributeDefinition, problems: &mut Problems) {
        let name = definition.name.as_str();
        if !is_dotted_name(name) {
            problems.push(bad_name(path.key("name"), name));
        }
        if self.names.contains_key(name) {
            problems.push(Problem::error(
                "condition/duplicate-attribute",
                path.key("name"),
                format!("the attribute `{name}` is declared twice"),
            ));
        }
        if MAX_ATTRIBUTES <= self.attributes.len() {
            problems.push(Problem::error(
                "condition/too-many-attributes",
                path.clone(),
                format!("a schema has at most {MAX_ATTRIBUTES} attributes"),
            ));
        }
        if definition.kind == AttributeType::Symbol && definition.values.is_empty() {
            problems.push(
                Problem::error(
                    "condition/symbol-values",
                    path.key("values"),
                    format!("`{name}` has no values"),
                )
                .with_help("list the texts the symbol may be, or make it a text"),
            );
        }
        if crate::limits::MAX_FACT_DEPTH < definition.kind.depth() {
            problems.push(Problem::error(
                "condition/attribute-type",
                path.key("type"),
                format!("the type of `{name}` nests too deeply"),
            ));
        }
        let range = [definition.min, definition.max];
        let out_of_order = matches!(range, [Some(min), Some(max)] if max < min);
        if out_of_order || range.iter().flatten().any(|end| end.is_nan()) {
            problems.push(Problem::error(
                "condition/attribute-range",
                path.key("min"),
                format!("the range of `{name}` is empty"),
            ));
        }
        check_default(path, &definition.kind, &definition.values, definition.default.as_ref(), problems);
    }

    /// The attribute that a call of a declared function stands for, registered if it is new. The name is the
    /// call's canonical text.
    fn derive(&mut self, function: &str, arguments: &[Value], name: &str) -> Option<AttributeId> {
        if let Some(id) = self.id(name) {
            return Some(id);
        }
        if MAX_ATTRIBUTES <= self.attributes.len() {
            return None;
        }
        let definition = self.functions.get(function)?;
        let attribute = AttributeDefinition {
            name: AttributeName::new(name).ok()?,
            kind: definition.result.clone(),
            unit: definition.unit.clone(),
            default: definition.default.clone(),
            values: Vec::new(),
            min: None,
            max: None,
            purposes: definition.purposes,
            sensitivity: definition.sensitivity,
            source: definition.source.clone(),
            doc: definition.doc.clone(),
        };
        let function = function.to_owned();
        let id = self.add(attribute);
        self.derived.push(Derived { id, function, arguments: arguments.to_vec() });
        Some(id)
    }
}

fn bad_name(path: Path, name: &str) -> Problem {
    Problem::error("condition/attribute-name", path, format!("`{name}` cannot be written in a condition"))
        .with_help("use words of letters, digits and `_`, joined by dots, that are not words of the language")
}

fn check_default(
    path: &Path,
    kind: &AttributeType,
    values: &[String],
    default: Option<&Value>,
    problems: &mut Problems,
) {
    let Some(default) = default else { return };
    if Row::accepts(kind, default).is_err() {
        problems.push(Problem::error(
            "condition/default-type",
            path.key("default"),
            format!("the default is not {}, it is {}", with_article(kind), with_article(&default.kind())),
        ));
    }
    if let (AttributeType::Symbol, Value::Text(text)) = (kind, default)
        && !values.is_empty()
        && !values.contains(text)
    {
        let mut problem = Problem::error(
            "condition/default-value",
            path.key("default"),
            format!("the default `{text}` is not one of the values"),
        );
        problem.help = did_you_mean(text, values.iter().map(String::as_str));
        problems.push(problem);
    }
}

/// Whether `name` is words of letters, digits and `_` joined by dots, none of them a word of the language.
pub(crate) fn is_dotted_name(name: &str) -> bool {
    name.split('.').all(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !matches!(word, "true" | "false" | "null" | "in")
    }) && name.split('.').next().is_some_and(|word| !crate::text::is_reserved(word))
}

/// A finished schema. Immutable and cheap to clone: clones share one table.
#[derive(Clone, Debug)]
pub struct Schema(Arc<Tables>);

#[derive(Debug)]
struct Tables {
    attributes: Vec<AttributeDefinition>,
    kinds: Vec<AttributeType>,
    names: BTreeMap<String, u32>,
    functions: BTreeMap<String, FunctionDefinition>,
    derived: Vec<Derived>,
    symbols: Symbols,
    template: Row,
}

impl Schema {
    /// The id of the attribute `name`. O(log attributes); bind ids once, not per decision.
    pub fn id(&self, name: &str) -> Option<AttributeId> {
        self.0.names.get(name).copied().map(AttributeId)
    }

    /// The declaration of an attribute of this schema.
    pub fn definition(&self, id: AttributeId) -> Option<&AttributeDefinition> {
        self.0.attributes.get(id.index())
    }

    /// All declarations, in the order of their ids.
    pub fn attributes(&self) -> &[AttributeDefinition] {
        &self.0.attributes
    }

    /// The attributes that conditions asked for by calling declared functions, in the order they were met.
    pub fn derived(&self) -> &[Derived] {
        &self.0.derived
    }

    /// The number of a text that some definition names, for [`crate::Facts::set_symbol_id`].
    pub fn symbol(&self, text: &str) -> Option<SymbolId> {
        self.0.symbols.find(text)
    }

    /// The text of a symbol of this schema.
    pub fn symbol_text(&self, id: SymbolId) -> &str {
        self.0.symbols.text(id)
    }

    /// How many attributes there are.
    pub fn len(&self) -> usize {
        self.0.attributes.len()
    }

    /// Never: there is always `now`.
    pub fn is_empty(&self) -> bool {
        self.0.attributes.is_empty()
    }

    /// Whether both are the same schema, not merely equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn kind(&self, id: AttributeId) -> Option<&AttributeType> {
        self.0.kinds.get(id.index())
    }

    pub(crate) fn template(&self) -> &Row {
        &self.0.template
    }

    pub(crate) fn symbols(&self) -> &Symbols {
        &self.0.symbols
    }
}

/// What a condition is read against: a builder, which it may extend, or a finished schema.
///
/// Implemented for `&mut SchemaBuilder` and `&Schema` only.
pub trait Declarations: sealed::Sealed {
    #[doc(hidden)]
    fn find(&self, name: &str) -> Option<AttributeId>;
    #[doc(hidden)]
    fn attribute(&self, id: AttributeId) -> Option<&AttributeDefinition>;
    #[doc(hidden)]
    fn all_attributes(&self) -> &[AttributeDefinition];
    #[doc(hidden)]
    fn function(&self, name: &str) -> Option<&FunctionDefinition>;
    #[doc(hidden)]
    fn function_names(&self) -> Vec<&str>;
    #[doc(hidden)]
    fn derive(&mut self, function: &str, arguments: &[Value], name: &str) -> Option<AttributeId>;
    #[doc(hidden)]
    fn intern(&mut self, text: &str) -> Option<SymbolId>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &mut super::SchemaBuilder {}
    impl Sealed for &super::Schema {}
}

impl Declarations for &mut SchemaBuilder {
    fn find(&self, name: &str) -> Option<AttributeId> {
        self.id(name)
    }
    fn attribute(&self, id: AttributeId) -> Option<&AttributeDefinition> {
        self.attributes.get(id.index())
    }
    fn all_attributes(&self) -> &[AttributeDefinition] {
        &self.attributes
    }
    fn function(&self, name: &str) -> Option<&FunctionDefinition> {
        self.functions.get(name)
    }
    fn function_names(&self) -> Vec<&str> {
        self.functions.keys().map(String::as_str).collect()
    }
    fn derive(&mut self, function: &str, arguments: &[Value], name: &str) -> Option<AttributeId> {
        SchemaBuilder::derive(self, function, arguments, name)
    }
    fn intern(&mut self, text: &str) -> Option<SymbolId> {
        self.symbols.intern(text)
    }
}

impl Declarations for &Schema {
    fn find(&self, name: &str) -> Option<AttributeId> {
        self.id(name)
    }
    fn attribute(&self, id: AttributeId) -> Option<&AttributeDefinition> {
        self.definition(id)
    }
    fn all_attributes(&self) -> &[AttributeDefinition] {
        self.attributes()
    }
    fn function(&self, name: &str) -> Option<&FunctionDefinition> {
        self.0.functions.get(name)
    }
    fn function_names(&self) -> Vec<&str> {
        self.0.functions.keys().map(String::as_str).collect()
    }
    fn derive(&mut self, _: &str, _: &[Value], name: &str) -> Option<AttributeId> {
        // Nothing can be registered any more: only what some condition asked for before is there.
        self.id(name)
    }
    fn intern(&mut self, text: &str) -> Option<SymbolId> {
        self.symbol(text)
    }
}
