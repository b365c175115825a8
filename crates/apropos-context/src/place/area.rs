//! Areas and the index that finds those around a point: a packed tree of boxes over banded polygons.

use std::borrow::Cow;

use apropos_event::{Path, Problem, Problems};

use super::fence::{Box2, Fence};
use super::geojson::{self, GeoJsonError};
use super::outline::{AreaDefinition, Geometry};
use super::point::{METRES_PER_DEGREE, Point};
use super::ring::{self, Planar, RingFault};

/// An area of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    size: f64,
}

/// Areas that can be asked which of them hold a point.
///
/// ```
/// use apropos_context::{Areas, Point};
///
/// let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"park","properties":{},
///     "geometry":{"type":"Polygon","coordinates":[
///         [[0,0],[10,0],[10,10],[0,10],[0,0]],
///         [[4,4],[6,4],[6,6],[4,6],[4,4]]]}}]}"#;
/// let areas = Areas::from_geojson(text)?;
/// assert_eq!(areas.containing(Point::new(1.0, 1.0).unwrap()).map(|area| &*area.id).collect::<Vec<_>>(), ["park"]);
/// // In the hole.
/// assert_eq!(areas.containing(Point::new(5.0, 5.0).unwrap()).count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Areas {
    list: Vec<Area>,
    fences: Vec<Fence>,
    /// The area of each fence.
    owner: Vec<u32>,
    tree: Tree,
}

/// At most this many corners in all areas together.
pub(crate) const MAX_CORNERS: usize = 8_000_000;

impl Areas {
    /// Reads a GeoJSON feature collection.
    ///
    /// # Errors
    /// When the text is not one, or an outline is not one; then all wrong outlines are told.
    pub fn from_geojson(text: &str) -> Result<Self, GeoJsonError> {
        let definitions = geojson::read(text)?;
        let mut problems = Problems::new();
        let areas = Self::compile(&definitions, &Path::root().key("features"), &mut problems);
        if problems.has_errors() { Err(GeoJsonError::Areas(problems)) } else { Ok(areas) }
    }

    /// Checks and indexes areas. O(corners).
    pub fn compile(definitions: &[AreaDefinition], path: &Path, problems: &mut Problems) -> Self {
        let corners: usize = definitions
            .iter()
            .flat_map(|area| area.outline.polygons())
            .flatten()
            .map(Vec::len)
            .fold(0, usize::saturating_add);
        if MAX_CORNERS < corners {
            let message = format!("the areas have {corners} corners, at most {MAX_CORNERS} are accepted");
            problems.push(Problem::error("context/too-many", path.clone(), message));
            return Self::default();
        }
        let mut found = Self::default();
        for (at, definition) in definitions.iter().enumerate() {
            let fences = fences(&definition.outline, &path.index(at).key("outline"), problems);
            let size = fences.iter().map(|fence| fence.size).sum();
            found.owner.extend(fences.iter().map(|_| at as u32));
            found.fences.extend(fences);
            let (id, name) = (definition.id.clone(), definition.name.clone());
            found.list.push(Area { id, name, size });
        }
        let boxes: Vec<Box2> = found.fences.iter().map(|fence| fence.bounds).collect();
        found.tree = Tree::new(&boxes);
        found
    }

    /// The areas that hold the point, smallest first. Expected O(log areas + edges of a band).
    pub fn containing(&self, point: Point) -> impl Iterator<Item = &Area> {
        let mut found: Vec<usize> = Vec::new();
        self.visit(point, |at| found.push(at));
        let size = |at: &usize| self.list.get(*at).map_or(0.0, |area| area.size);
        found.sort_by(|a, b| size(a).total_cmp(&size(b)).then(a.cmp(b)));
        found.dedup();
        found.into_iter().filter_map(|at| self.list.get(at))
    }

    /// Calls `found` with the place of each area that holds the point, in no meaningful order; an area whose own
    /// polygons overlap is told once for each of them.
    ///
    /// Allocates nothing; the same cost as [`Areas::containing`].
    pub fn visit(&self, point: Point, mut found: impl FnMut(usize)) {
        for x in turns(point.longitude()) {
            let at = (x, point.latitude());
            self.tree.visit(&Box2 { min: at, max: at }, &mut |fence| {
                if let (Some(shape), Some(owner)) = (self.fences.get(fence), self.owner.get(fence))
                    && shape.contains(at)
                {
                    found(*owner as usize);
                }
            });
        }
    }

    /// Calls `found` with each area near a point and how deep inside it the point is, in metres, negative outside; held to ±`reach_m`.
    pub(crate) fn depths_m(&self, point: Point, reach_m: f64, mut found: impl FnMut(usize, f64)) {
        let reach = reach_m / METRES_PER_DEGREE;
        let east = reach / libm::cos(point.latitude().to_radians()).max(1e-6);
        for x in turns(point.longitude()) {
            let at = (x, point.latitude());
            let around = Box2 { min: (x - east, at.1 - reach), max: (x + east, at.1 + reach) };
            self.tree.visit(&around, &mut |fence| {
                if let (Some(shape), Some(owner)) = (self.fences.get(fence), self.owner.get(fence)) {
                    found(*owner as usize, shape.depth_m(at, reach_m));
                }
            });
        }
    }

    /// The areas, in order of the definition.
    pub fn all(&self) -> &[Area] {
        &self.list
    }

    /// How many areas there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Area {
    /// Its size in square degrees at the equator's scale; only good for comparing.
    pub(crate) fn size(&self) -> f64 {
        self.size
    }
}

/// A longitude, and the same one a turn to either side: unwrapped polygons may lie there.
fn turns(x: f64) -> [f64; 3] {
    [x, x + 360.0, x - 360.0]
}

/// The polygons of an outline.
///
/// A ring without extent, as rounding leaves behind, encloses nothing: it is left out with a warning. A corner outside
/// the earth's degrees is an error, and so is an outline that encloses nothing at all.
fn fences(outline: &Geometry, path: &Path, problems: &mut Problems) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut refused = false;
    for (at, polygon) in outline.polygons().iter().enumerate() {
        let mut rings: Vec<Vec<Planar>> = Vec::with_capacity(polygon.len());
        for (number, corners) in polygon.iter().enumerate() {
            let path = || path.key("coordinates").index(at).index(number);
            match ring::unwrap(corners) {
                Ok(ring) => {
                    let ring = rings.first().map_or(ring.clone(), |outer| beside(&ring, outer).into_owned());
                    rings.push(ring);
                }
                Err(fault @ RingFault::TooShort) => {
                    problems.push(Problem::warning("context/empty-ring", path(), fault.message()));
                    if number == 0 {
                        break;
                    }
                }
                Err(fault @ RingFault::OutOfRange) => {
                    refused = true;
                    problems.push(Problem::error("context/outline", path(), fault.message()));
                    break;
                }
            }
        }
        if !rings.is_empty() {
            fences.push(Fence::new(&rings));
        }
    }
    if fences.is_empty() && !refused {
        problems.push(Problem::error("context/outline", path.clone(), "the outline encloses nothing"));
    }
    fences
}

/// A hole moved by a whole turn when that brings it inside the outer ring's box.
fn beside<'a>(hole: &'a [Planar], outer: &[Planar]) -> Cow<'a, [Planar]> {
    let bounds = |ring: &[Planar]| ring.iter().fold(Box2::EMPTY, |bounds, corner| bounds.with(*corner));
    let (hole_box, outer_box) = (bounds(hole), bounds(outer));
    if hole_box.meets(&outer_box) {
        return Cow::Borrowed(hole);
    }
    let turn = if hole_box.max.0 < outer_box.min.0 { 360.0 } else { -360.0 };
    Cow::Owned(hole.iter().map(|(x, y)| (x + turn, *y)).collect())
}

/// A tree over boxes, packed level by level (sort-tile-recursive, Leutenegger 1997).
#[derive(Clone, Debug, Default)]
struct Tree {
    /// All boxes, the leaves first, each level after the one below it, the root last.
    boxes: Vec<Box2>,
    /// For a leaf the number of the box it stands for, for others the place of their first child.
    first: Vec<u32>,
    /// How many leaves there are.
    leaves: usize,
    /// Where the level that holds a node's children ends.
    ends: Vec<u32>,
}

/// Children of a node.
const FAN: usize = 8;

impl Tree {
    fn new(boxes: &[Box2]) -> Self {
        let mut order: Vec<u32> = (0..boxes.len() as u32).collect();
        let centre = |at: &u32| boxes.get(*at as usize).map_or((0.0, 0.0), Box2::centre);
        order.sort_by(|a, b| centre(a).0.total_cmp(&centre(b).0).then(a.cmp(b)));
        let slices = ((boxes.len() as f64 / FAN as f64).sqrt().ceil() as usize).max(1);
        let per_slice = boxes.len().div_ceil(slices).max(1);
        for slice in order.chunks_mut(per_slice) {
            slice.sort_by(|a, b| centre(a).1.total_cmp(&centre(b).1).then(a.cmp(b)));
        }
        let mut tree = Self {
            boxes: order.iter().filter_map(|at| boxes.get(*at as usize).copied()).collect(),
            first: order,
            leaves: boxes.len(),
            ends: vec![0; boxes.len()],
        };
        let (mut start, mut end) = (0, tree.boxes.len());
        while 1 < end - start {
            for child in (start..end).step_by(FAN) {
                let until = (child + FAN).min(end);
                let joined = tree.boxes.get(child..until).unwrap_or_default().iter();
                let joined = joined.fold(Box2::EMPTY, |all, one| all.join(*one));
                tree.boxes.push(joined);
                tree.first.push(child as u32);
                tree.ends.push(until as u32);
            }
            (start, end) = (end, tree.boxes.len());
        }
        tree
    }

    /// Calls `found` with each box that meets `wanted`.
    fn visit(&self, wanted: &Box2, found: &mut impl FnMut(usize)) {
        if let Some(root) = self.boxes.len().checked_sub(1) {
            self.descend(root, wanted, found);
        }
    }

    fn descend(&self, node: usize, wanted: &Box2, found: &mut impl FnMut(usize)) {
        let (Some(bounds), Some(first)) = (self.boxes.get(node), self.first.get(node)) else { return };
        if !bounds.meets(wanted) {
            return;
        }
        if node < self.leaves {
            found(*first as usize);
            return;
        }
        let end = self.ends.get(node).copied().unwrap_or(0);
        for child in *first..end {
            // The depth is the logarithm of at most `MAX_CORNERS` to the base of `FAN`: 8.
            self.descend(child as usize, wanted, found);
        }
    }
}

#[cfg(test)]
#[path = "area_tests.rs"]
mod tests;
