//! Taking named fields out of a JSON object, with an error that names the field.

use std::collections::BTreeMap;

use crate::{EventError, LIMITS, Properties, PropertyName, Timestamp, Value};

/// The fields of a JSON object that have not been taken yet.
pub(super) struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// Reads one JSON object.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, EventError> {
        if LIMITS.text_bytes < bytes.len() {
            return Err(EventError::TooLarge { what: "bytes", limit: LIMITS.text_bytes });
        }
        match serde_json::from_slice(bytes).map_err(EventError::Json)? {
            Value::Map(map) => Ok(Self(map)),
            _ => Err(EventError::Shape { field: "the event".to_owned(), expected: "an object" }),
        }
    }

    /// Takes a field; null counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| *value != Value::Null)
    }

    /// Takes a field that must be text, if it is there.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, EventError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(EventError::Shape { field: name.to_owned(), expected: "text" }),
        }
    }

    /// Takes a field that must be there and be text.
    pub(super) fn required(&mut self, name: &'static str) -> Result<String, EventError> {
        self.text(name)?.ok_or(EventError::Missing(name))
    }

    /// Takes a field that must be an instant, if it is there.
    pub(super) fn time(&mut self, name: &'static str) -> Result<Option<Timestamp>, EventError> {
        self.text(name)?
            .map(|text| text.parse().map_err(|source| EventError::Time { field: name, source }))
            .transpose()
    }

    /// Takes a field that must be an object, if it is there.
    pub(super) fn object(&mut self, name: &'static str) -> Result<Option<Self>, EventError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(Self(map))),
            Some(_) => Err(EventError::Shape { field: name.to_owned(), expected: "an object" }),
        }
    }

    /// What is left, with its names.
    pub(super) fn rest(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// What is left, as properties. A property whose name starts with `prefix` keeps it.
    pub(super) fn into_properties(self, prefix: &str, out: &mut Properties) -> Result<(), EventError> {
        for (name, value) in self.0 {
            let name = if prefix.is_empty() { name } else { format!("{prefix}{name}") };
            let name =
                PropertyName::new(name).map_err(|source| EventError::Id { field: "properties", source })?;
            out.insert(name, value);
        }
        Ok(())
    }
}

/// Makes an id of a field's text.
pub(super) fn id<T: std::str::FromStr<Err = crate::IdError>>(
    field: &'static str,
    text: &str,
) -> Result<T, EventError> {
    text.parse().map_err(|source| EventError::Id { field, source })
}
