//! What names and chains of names stand for: variables of macros, attributes, their fields, types.
//!
//! A name that is declared wins over a field of a shorter one. Not here: names of functions, see `calls`.

use apropos_event::did_you_mean;

use super::builtin;
use super::checked::Resolution;
use super::checker::Checker;
use super::types::{Type, with_article};
use crate::AttributeId;
use crate::datum::Datum;
use crate::schema::Declarations;
use crate::text::{Node, NodeId};

impl<D: Declarations> Checker<'_, D> {
    pub(super) fn attribute(&mut self, id: NodeId, attribute: AttributeId) -> Type {
        self.resolve(id, Resolution::Attribute(attribute));
        self.found.attributes.push(attribute);
        self.names.attribute(attribute).map_or(Type::Dynamic, |definition| Type::of(&definition.kind))
    }

    fn local(&self, name: &str) -> Option<(u8, Type)> {
        let at = self.locals.iter().rposition(|(known, _)| **known == *name)?;
        self.locals.get(at).map(|(_, kind)| (at as u8, kind.clone()))
    }

    pub(super) fn name(&mut self, id: NodeId, name: &str) -> Type {
        if let Some((slot, kind)) = self.local(name) {
            self.resolve(id, Resolution::Local(slot));
            return kind;
        }
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(attribute) = self.names.find(name) {
            return self.attribute(id, attribute);
        }
        if let Some(name) = builtin::type_value(name) {
            self.constant(id, Datum::Type(name));
            return Type::Kind;
        }
        self.unknown(id, name)
    }

    pub(super) fn unknown(&mut self, id: NodeId, name: &str) -> Type {
        let shown: String = name.chars().take(128).collect();
        let help = self
            .may_suggest()
            .then(|| did_you_mean(&shown, self.names.all_attributes().iter().map(|a| a.name.as_str())))
            .flatten();
        self.error_with("condition/unknown-attribute", id, format!("`{shown}` is not declared"), help);
        Type::Dynamic
    }

    /// The dotted name of a chain that does not begin with a variable.
    pub(super) fn free_name(&self, id: NodeId) -> Option<String> {
        let mut at = id;
        while let Node::Select { operand, .. } = self.ast.node(at) {
            at = *operand;
        }
        match self.ast.node(at) {
            Node::Name(name) if self.local(name).is_none() => self.ast.dotted(id),
            _ => None,
        }
    }

    pub(super) fn select(&mut self, id: NodeId, operand: NodeId, field: &str) -> Type {
        let Some(name) = self.free_name(id) else {
            let kind = self.node(operand);
            return self.field(id, &kind, field);
        };
        if let Some((node, attribute)) = self.attribute_in(id) {
            return self.fields(id, node, attribute);
        }
        if let Some(name) = builtin::type_value(&name) {
            self.constant(id, Datum::Type(name));
            return Type::Kind;
        }
        self.unknown(id, &name)
    }

    /// The attribute that the longest beginning of a chain is, and the node where that beginning ends.
    pub(super) fn attribute_in(&self, id: NodeId) -> Option<(NodeId, AttributeId)> {
        let name = self.free_name(id)?;
        let (mut at, mut beginning) = (id, name.as_str());
        loop {
            if let Some(attribute) = self.names.find(beginning) {
                return Some((at, attribute));
            }
            let Node::Select { operand, field } = self.ast.node(at) else { return None };
            beginning = beginning.get(..beginning.len().checked_sub(field.len() + 1)?)?;
            at = *operand;
        }
    }

    /// The chain's end, as fields of the attribute that its beginning is.
    fn fields(&mut self, id: NodeId, beginning: NodeId, attribute: AttributeId) -> Type {
        let mut chain = Vec::new();
        let mut at = id;
        while at != beginning
            && let Node::Select { operand, field } = self.ast.node(at)
        {
            chain.push((at, field));
            at = *operand;
        }
        let mut kind = self.attribute(beginning, attribute);
        for (id, field) in chain.into_iter().rev() {
            kind = self.field(id, &kind, field);
        }
        kind
    }

    fn field(&mut self, id: NodeId, kind: &Type, field: &str) -> Type {
        match kind {
            Type::Dynamic => Type::Dynamic,
            Type::Map(key, value) if key.may_equal(&Type::Text) => (**value).clone(),
            _ => {
                let message = format!("{} has no field `{field}`", with_article(&kind));
                self.error("condition/no-field", id, message);
                Type::Dynamic
            }
        }
    }

    pub(super) fn has(&mut self, id: NodeId, operand: NodeId, field: &str) -> Type {
        if let Some(prefix) = self.free_name(operand) {
            let name = format!("{prefix}.{field}");
            if let Some(attribute) = self.names.find(&name) {
                self.resolve(id, Resolution::HasAttribute(attribute));
                self.found.attributes.push(attribute);
                return Type::Bool;
            }
            if self.attribute_in(operand).is_none() {
                self.unknown(id, &name);
                return Type::Bool;
            }
        }
        let kind = self.node(operand);
        self.field(id, &kind, field);
        Type::Bool
    }
}
