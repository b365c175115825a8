//! Outlines of areas as GeoJSON (RFC 7946) writes them: positions, polygons with holes, several polygons.
//!
//! Not here: what is inside them, see [`crate::place::Areas`]; rings made planar, see `ring`.

use serde::{Deserialize, Serialize};

/// An area of a definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaDefinition {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Its outline.
    pub outline: Geometry,
}

/// A position: longitude first, then latitude, in degrees. What follows, such as a height, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<f64>", into = "Vec<f64>")]
pub struct Position {
    /// Degrees east.
    pub longitude: f64,
    /// Degrees north.
    pub latitude: f64,
}

impl From<Vec<f64>> for Position {
    fn from(numbers: Vec<f64>) -> Self {
        let number = |at: usize| numbers.get(at).copied().unwrap_or(f64::NAN);
        Self { longitude: number(0), latitude: number(1) }
    }
}

impl From<Position> for Vec<f64> {
    fn from(position: Position) -> Self {
        vec![position.longitude, position.latitude]
    }
}

/// The outline of an area: for each polygon its outer ring, then its holes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum Geometry {
    /// One polygon.
    Polygon(Vec<Vec<Position>>),
    /// Several polygons.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

impl Geometry {
    /// The polygons, each an outer ring and its holes.
    pub(crate) fn polygons(&self) -> &[Vec<Vec<Position>>] {
        match self {
            Self::Polygon(rings) => std::slice::from_ref(rings),
            Self::MultiPolygon(polygons) => polygons,
        }
    }
}
