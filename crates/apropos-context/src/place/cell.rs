//! H3 cells: the privacy-friendly form of a position, joinable in any warehouse.

use std::fmt;
use std::str::FromStr;

use h3o::{CellIndex, LatLng, Resolution};
use serde::{Deserialize, Serialize};

use super::point::{Location, Point};

/// A cell of the H3 grid (Uber, <https://h3geo.org>).
///
/// ```
/// use apropos_context::{CellId, Point};
///
/// let cell = CellId::of(Point::new(48.8566, 2.3522).unwrap(), 7).unwrap();
/// assert_eq!(cell.to_string(), "871fb4662ffffff");
/// // About 1.2 km to a corner.
/// assert!(cell.location().unwrap().accuracy_m < 2_000.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct CellId(u64);

/// A text or number is not a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an H3 cell")]
pub struct CellError {
    text: String,
}

impl CellId {
    /// The cell of a resolution, 0 (coarse) to 15 (fine), that holds the point; `None` for other resolutions.
    pub fn of(point: Point, resolution: u8) -> Option<Self> {
        let resolution = Resolution::try_from(resolution).ok()?;
        let at = LatLng::new(point.latitude(), point.longitude()).ok()?;
        Some(Self(u64::from(at.to_cell(resolution))))
    }

    /// Its resolution, 0 to 15.
    pub fn resolution(self) -> u8 {
        self.index().map_or(0, |cell| u8::from(cell.resolution()))
    }

    /// The coarser cell that it lies in; `None` when `resolution` is not coarser.
    pub fn parent(self, resolution: u8) -> Option<Self> {
        let resolution = Resolution::try_from(resolution).ok()?;
        self.index()?.parent(resolution).map(|cell| Self(u64::from(cell)))
    }

    /// Its middle, with the distance to its farthest corner as accuracy. There always is one, since a
    /// cell is checked when it is built.
    pub fn location(self) -> Option<Location> {
        let point = |at: LatLng| Point::new(at.lat().clamp(-90.0, 90.0), at.lng().clamp(-180.0, 180.0));
        let cell = self.index()?;
        let centre = point(LatLng::from(cell))?;
        let corners = cell.boundary();
        let farthest =
            corners.iter().filter_map(|corner| point(*corner)).map(|corner| centre.distance_m(corner));
        Some(Location::within(centre, farthest.fold(0.0, f64::max)))
    }

    fn index(self) -> Option<CellIndex> {
        CellIndex::try_from(self.0).ok()
    }
}

impl TryFrom<u64> for CellId {
    type Error = CellError;
    fn try_from(bits: u64) -> Result<Self, CellError> {
        match CellIndex::try_from(bits) {
            Ok(_) => Ok(Self(bits)),
            Err(_) => Err(CellError { text: format!("{bits:x}") }),
        }
    }
}

impl From<CellId> for u64 {
    fn from(cell: CellId) -> Self {
        cell.0
    }
}

impl FromStr for CellId {
    type Err = CellError;
    fn from_str(text: &str) -> Result<Self, CellError> {
        let error =
            || CellError { text: text.chars().take(32).collect::<String>().escape_debug().to_string() };
        let bits = u64::from_str_radix(text, 16).map_err(|_| error())?;
        Self::try_from(bits).map_err(|_| error())
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:x}", self.0))
    }
}
