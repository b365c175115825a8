//! Reading areas from GeoJSON (RFC 7946): features with polygons and multi-polygons.
//!
//! Not here: what is inside them, see [`crate::place::Areas`].

use serde::Deserialize;

use super::outline::{AreaDefinition, Geometry};

/// Why a text is not a set of areas.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeoJsonError {
    /// It is not JSON, or not of the shape of GeoJSON.
    #[error("the text is not a GeoJSON feature collection: {0}")]
    Malformed(#[source] serde_json::Error),
    /// The text is too long.
    #[error("the text is {bytes} bytes long, at most {MAX_BYTES} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A feature has neither an id nor a name.
    #[error("feature {index} has neither an `id` nor a property `name`")]
    Nameless {
        /// Its place in the collection, from 0.
        index: usize,
    },
    /// The areas themselves are wrong.
    #[error("{0}")]
    Areas(#[source] apropos_event::Problems),
}

/// The longest text that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 256 << 20;

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    id: Option<serde_json::Value>,
    #[serde(default)]
    properties: Option<Properties>,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(default)]
    name: Option<String>,
}

/// The areas of a feature collection: id from the feature's `id` or else its property `name`.
pub(crate) fn read(text: &str) -> Result<Vec<AreaDefinition>, GeoJsonError> {
    if MAX_BYTES < text.len() {
        return Err(GeoJsonError::TooLong { bytes: text.len() });
    }
    let collection: Collection = serde_json::from_str(text).map_err(GeoJsonError::Malformed)?;
    collection
        .features
        .into_iter()
        .enumerate()
        .map(|(index, feature)| {
            let name = feature.properties.and_then(|properties| properties.name);
            let id = match feature.id {
                Some(serde_json::Value::String(id)) => Some(id),
                Some(serde_json::Value::Number(id)) => Some(id.to_string()),
                _ => name.clone(),
            };
            let id = id.ok_or(GeoJsonError::Nameless { index })?;
            Ok(AreaDefinition { id, name: name.unwrap_or_default(), outline: feature.geometry })
        })
        .collect()
}
