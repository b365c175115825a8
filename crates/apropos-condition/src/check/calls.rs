//! Calls: which function is meant, whether its arguments fit, and what can be done while authoring: patterns are
//! compiled, declared functions become attributes.
//!
//! Not here: everything else of the language, see `checker`.

use apropos_event::{Value, Zone, did_you_mean};
use regex::RegexBuilder;

use super::builtin::{self, Builtin};
use super::checked::Resolution;
use super::checker::Checker;
use super::types::{Type, with_article};
use crate::datum::{Datum, Text};
use crate::evaluate::functions;
use crate::limits::{MAX_PATTERN_BYTES, MAX_PATTERN_NESTING, MAX_PATTERN_PROGRAM, MAX_PATTERNS};
use crate::schema::Declarations;
use crate::text::{Literal, Node, NodeId, quote};
use crate::{AttributeId, ParameterType};

impl<D: Declarations> Checker<'_, D> {
    pub(super) fn call(
        &mut self,
        id: NodeId,
        function: &str,
        target: Option<NodeId>,
        arguments: &[NodeId],
    ) -> Type {
        let full_name = match target {
            None => Some(function.to_owned()),
            Some(target) => self.free_name(target).map(|prefix| format!("{prefix}.{function}")),
        };
        if let Some(name) = full_name.as_deref().filter(|name| self.names.function(name).is_some()) {
            return self.declared(id, name, arguments);
        }
        if function == "has" && target.is_none() {
            return self.has_name(id, arguments);
        }
        // A mistyped declared function should not be reported as an unknown attribute.
        if let (Some(name), Some(target)) = (&full_name, target)
            && !builtin::is_builtin(function)
            && self.attribute_in(target).is_none()
        {
            return self.unknown_function(id, name);
        }
        let given: Vec<NodeId> = target.into_iter().chain(arguments.iter().copied()).collect();
        if function == "matches" {
            return self.matches(id, &given);
        }
        match Builtin::find(function) {
            Some(builtin) if !(target.is_some() && builtin.is_plain_only()) => {
                self.builtin(id, builtin, function, &given)
            }
            _ => self.unknown_function(id, &full_name.unwrap_or_else(|| function.to_owned())),
        }
    }

    fn unknown_function(&mut self, id: NodeId, name: &str) -> Type {
        let shown: String = name.chars().take(128).collect();
        let help = if self.may_suggest() {
            let known = self.names.function_names();
            let last = shown.rsplit('.').next().unwrap_or_default();
            did_you_mean(&shown, known).or_else(|| did_you_mean(last, builtin::names()))
        } else {
            None
        };
        self.error_with("condition/unknown-function", id, format!("there is no function `{shown}`"), help);
        Type::Dynamic
    }

    fn has_name(&mut self, id: NodeId, arguments: &[NodeId]) -> Type {
        let name = match arguments {
            [argument] => self.free_name(*argument),
            _ => None,
        };
        match name {
            Some(name) => match self.names.find(&name) {
                Some(attribute) => {
                    self.resolve(id, Resolution::HasAttribute(attribute));
                    self.found.attributes.push(attribute);
                }
                None => {
                    self.unknown(id, &name);
                }
            },
            None => self.error("condition/has", id, "`has` asks for a field, as in `has(profile.tier)`"),
        }
        Type::Bool
    }

    fn builtin(&mut self, id: NodeId, builtin: Builtin, name: &str, given: &[NodeId]) -> Type {
        let mut types: Vec<Type> = given.iter().map(|argument| self.node(*argument)).collect();
        if builtin == Builtin::Within {
            self.duration_literal(given.get(1).copied(), types.get_mut(1));
        }
        let Some(result) = builtin.result(&types) else {
            let shown: Vec<String> = types.iter().map(Type::to_string).collect();
            let message = format!("`{name}` takes {}, not ({})", builtin.takes(), shown.join(", "));
            self.error("condition/argument-type", id, message);
            return Type::Dynamic;
        };
        if matches!(builtin, Builtin::Within | Builtin::DaysSince | Builtin::HoursSince) {
            self.found.attributes.push(AttributeId::NOW);
        }
        self.resolve(id, Resolution::Builtin(builtin));
        if let (Builtin::Part(part), [_, zone]) = (builtin, given) {
            self.zone(id, part, *zone);
        }
        if builtin.is_conversion()
            && let Some(value) = given.first().and_then(|argument| self.constant_of(*argument)).cloned()
        {
            match functions::convert(builtin, &value) {
                Ok(value) => self.constant(id, value.into_owned()),
                Err(error) if matches!(value, Datum::Text(_)) && is_written_value(builtin) => {
                    self.error("condition/literal", id, error.to_string());
                }
                // What fails for another reason fails when it is evaluated: the condition is unknown then.
                Err(_) => {}
            }
        }
        result
    }

    /// A text literal where a duration is wanted is the duration it spells.
    fn duration_literal(&mut self, id: Option<NodeId>, kind: Option<&mut Type>) {
        let (Some(id), Some(kind)) = (id, kind) else { return };
        let Some(text) = self.text_of(id) else { return };
        if let Ok(value) = functions::convert(Builtin::ToDuration, &Datum::Text(Text::owned(&text))) {
            self.constant(id, value.into_owned());
            *kind = Type::Duration;
        }
    }

    fn zone(&mut self, id: NodeId, part: builtin::Part, zone: NodeId) {
        let Some(name) = self.text_of(zone) else {
            self.error(
                "condition/zone",
                zone,
                "a time zone is written as a text, such as `\"Europe/Paris\"`",
            );
            return;
        };
        match Zone::new(&name) {
            Ok(found) => {
                let at = self.found.zones.len() as u32;
                self.found.zones.push(found);
                self.resolve(id, Resolution::LocalPart(part, at));
            }
            Err(error) => self.error("condition/zone", zone, error.to_string()),
        }
    }

    fn matches(&mut self, id: NodeId, given: &[NodeId]) -> Type {
        let [subject, pattern] = given else {
            self.error("condition/argument-type", id, "`matches` takes a text and a pattern");
            return Type::Bool;
        };
        let kind = self.node(*subject);
        if !matches!(kind, Type::Text | Type::Dynamic) {
            self.error(
                "condition/argument-type",
                *subject,
                format!("`matches` takes a text, not {}", with_article(&kind)),
            );
        }
        self.node(*pattern);
        let Some(text) = self.text_of(*pattern) else {
            let message = "a pattern is written as a text, so that it can be compiled while authoring";
            self.error("condition/pattern", *pattern, message);
            return Type::Bool;
        };
        if MAX_PATTERN_BYTES < text.len() {
            let message = format!("a pattern is at most {MAX_PATTERN_BYTES} bytes long");
            self.error("condition/pattern", *pattern, message);
            return Type::Bool;
        }
        if !self.may_compile() {
            let message = format!("a condition has at most {MAX_PATTERNS} patterns");
            self.error("condition/pattern", *pattern, message);
            return Type::Bool;
        }
        let built = RegexBuilder::new(&text)
            .size_limit(MAX_PATTERN_PROGRAM)
            .dfa_size_limit(MAX_PATTERN_PROGRAM)
            .nest_limit(MAX_PATTERN_NESTING)
            .build();
        match built {
            Ok(regex) => {
                let at = self.found.patterns.len() as u32;
                self.found.patterns.push(regex);
                self.resolve(id, Resolution::Matches(at));
            }
            Err(error) => {
                self.refused_pattern();
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.error("condition/pattern", *pattern, format!("the pattern is refused: {why}"));
            }
        }
        Type::Bool
    }

    /// A declared function: its arguments are literals, and the call is the name of an attribute.
    fn declared(&mut self, id: NodeId, name: &str, arguments: &[NodeId]) -> Type {
        let Some(definition) = self.names.function(name) else { return Type::Dynamic };
        let signature = definition.signature();
        let parameters: Vec<ParameterType> = definition.parameters.iter().map(|p| p.kind).collect();
        let required = definition.parameters.iter().filter(|p| !p.optional).count();
        let result = Type::of(&definition.result);
        if arguments.len() < required || parameters.len() < arguments.len() {
            let message = format!("`{name}` takes other arguments: {signature}");
            self.error("condition/argument-count", id, message);
            return result;
        }
        let mut values = Vec::with_capacity(arguments.len());
        for (argument, parameter) in arguments.iter().zip(parameters) {
            let Some(value) = self.argument(*argument) else {
                let help = Some(
                    "a declared function takes literals, because it is resolved while authoring".to_owned(),
                );
                self.error_with("condition/argument-constant", *argument, "this must be a literal", help);
                continue;
            };
            if let Some(value) = parameter.accept(&value) {
                values.push(value);
            } else {
                let message = format!("expected {} here: {signature}", with_article(&parameter.as_str()));
                self.error("condition/argument-type", *argument, message);
            }
        }
        if values.len() != arguments.len() {
            return result;
        }
        let call = canonical_call(name, &values);
        if let Some(attribute) = self.names.derive(name, &values, &call) {
            return self.attribute(id, attribute);
        }
        let message = format!("`{}` cannot be kept", call.chars().take(160).collect::<String>());
        let help = "the schema is finished or full, or the call is longer than 128 bytes".to_owned();
        self.error_with("condition/derived", id, message, Some(help));
        result
    }

    fn argument(&mut self, id: NodeId) -> Option<Value> {
        match self.ast.node(id) {
            Node::Literal(Literal::Bool(b)) => Some(Value::Bool(*b)),
            Node::Literal(Literal::Int(n)) => Some(Value::Int(*n)),
            Node::Literal(Literal::Double(x)) => Value::double(*x),
            Node::Literal(Literal::Text(text)) => Some(Value::Text(text.to_string())),
            Node::Call { function, target: None, .. } if **function == *"duration" => {
                self.node(id);
                self.constant_of(id).map(|duration| Value::Text(duration.to_string()))
            }
            _ => None,
        }
    }
}

/// Whether a text that cannot be converted is the author's slip rather than a question about values.
fn is_written_value(builtin: Builtin) -> bool {
    matches!(builtin, Builtin::ToTimestamp | Builtin::ToDuration | Builtin::ToDecimal)
}

/// The one spelling of a call of a declared function, which is the name of its attribute.
fn canonical_call(name: &str, arguments: &[Value]) -> String {
    let shown: Vec<String> = arguments
        .iter()
        .map(|value| match value {
            Value::Bool(b) => b.to_string(),
            Value::Int(n) => n.to_string(),
            Value::Double(x) => format!("{x:?}"),
            Value::Text(text) => quote(text),
            _ => String::new(),
        })
        .collect();
    format!("{name}({})", shown.join(", "))
}
