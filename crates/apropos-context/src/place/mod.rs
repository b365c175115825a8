//! Place: points and distances, geofences, named places, dwell and approach.
//!
//! Not here: how a position is obtained, or who may know it; both are the host's, consent is the profile's.

mod area;
#[cfg(feature = "h3")]
mod cell;
mod fence;
mod geojson;
mod named;
mod nearest;
mod outline;
mod point;
mod ring;
mod track;

pub use area::{Area, Areas};
#[cfg(feature = "h3")]
pub use cell::{CellError, CellId};
pub use geojson::GeoJsonError;
pub use named::{NamedPlaces, PlaceDefinition, PlaceDimension, PlaceKind};
pub use nearest::Landmarks;
pub use outline::{AreaDefinition, Geometry, Position};
pub use point::{EARTH_RADIUS_M, Location, Point};
pub use track::{Approach, Stay, Track};

#[cfg(feature = "business-hours")]
pub(crate) use named::business_hours;

pub(crate) use nearest::Few;
pub(crate) use point::arc_m;
