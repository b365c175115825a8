//! One polygon, prepared for containment: its edges sorted into bands of latitude.
//!
//! A test reads the edges of one band only. Bands are as many as edges, within limits, so that a band holds a few
//! edges whatever the polygon. Not here: finding the polygons near a point, see `area`.

use super::point::METRES_PER_DEGREE;
use super::ring::Planar;

/// A box in degrees, borders included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Box2 {
    pub(crate) min: Planar,
    pub(crate) max: Planar,
}

impl Box2 {
    /// The box that holds nothing, and grows.
    pub(crate) const EMPTY: Self =
        Self { min: (f64::INFINITY, f64::INFINITY), max: (f64::NEG_INFINITY, f64::NEG_INFINITY) };

    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            min: (self.min.0.min(other.min.0), self.min.1.min(other.min.1)),
            max: (self.max.0.max(other.max.0), self.max.1.max(other.max.1)),
        }
    }

    pub(crate) fn with(self, (x, y): Planar) -> Self {
        self.join(Self { min: (x, y), max: (x, y) })
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.min.0 <= other.max.0
            && other.min.0 <= self.max.0
            && self.min.1 <= other.max.1
            && other.min.1 <= self.max.1
    }

    pub(crate) fn centre(&self) -> Planar {
        (f64::midpoint(self.min.0, self.max.0), f64::midpoint(self.min.1, self.max.1))
    }
}

/// An edge with its lower end first.
#[derive(Clone, Copy, Debug)]
struct Edge {
    low: Planar,
    high: Planar,
    /// Change of x a degree of y; zero for level edges, which no ray crosses.
    slope: f64,
}

impl Edge {
    fn new(a: Planar, b: Planar) -> Self {
        let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
        let rise = high.1 - low.1;
        let slope = if 0.0 < rise { (high.0 - low.0) / rise } else { 0.0 };
        Self { low, high, slope }
    }

    /// Whether a ray from the point towards the east crosses the edge; the lower end counts, the upper does not.
    #[expect(clippy::needless_bitwise_bool, reason = "three comparisons without a branch are faster here")]
    fn crosses(&self, (x, y): Planar) -> bool {
        (self.low.1 <= y) & (y < self.high.1) & (x < self.low.0 + (y - self.low.1) * self.slope)
    }

    /// The distance from the point in metres, on a plane that touches the earth there.
    fn distance_m(&self, (x, y): Planar, east: f64) -> f64 {
        let flat = |p: Planar| ((p.0 - x) * east, (p.1 - y) * METRES_PER_DEGREE);
        let ((ax, ay), (bx, by)) = (flat(self.low), flat(self.high));
        let (dx, dy) = (bx - ax, by - ay);
        let length = dx * dx + dy * dy;
        let t = if 0.0 < length { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
        let (px, py) = (ax + t * dx, ay + t * dy);
        (px * px + py * py).sqrt()
    }
}

/// A polygon with holes: inside by the even-odd rule over all its rings.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    pub(crate) bounds: Box2,
    /// Planar size in square degrees at the equator's scale, for telling small areas from large ones.
    pub(crate) size: f64,
    bands_per_degree: f64,
    /// Where each band's edges begin; one more than there are bands.
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

/// At most this many bands for one polygon.
const MAX_BANDS: usize = 1 << 16;

impl Fence {
    /// Prepares rings that were unwrapped; the first is the outer one. O(edges + edges in bands).
    pub(crate) fn new(rings: &[Vec<Planar>]) -> Self {
        let bounds = rings.iter().flatten().fold(Box2::EMPTY, |bounds, corner| bounds.with(*corner));
        let edges: Vec<Edge> = rings
            .iter()
            .flat_map(|ring| ring.iter().zip(ring.iter().skip(1)))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| Edge::new(*a, *b))
            .collect();
        let bands = edges.len().clamp(1, MAX_BANDS);
        let height = bounds.max.1 - bounds.min.1;
        let bands_per_degree = if 0.0 < height { bands as f64 / height } else { 0.0 };
        let mut fence =
            Self { bounds, size: size(rings), bands_per_degree, starts: Vec::new(), edges: Vec::new() };
        fence.fill(&edges, bands);
        fence
    }

    /// Sorts the edges into the bands they touch (a counting sort).
    fn fill(&mut self, edges: &[Edge], bands: usize) {
        let touched = |edge: &Edge| self.band(edge.low.1, bands)..=self.band(edge.high.1, bands);
        let mut counts = vec![0_u32; bands + 1];
        for edge in edges {
            for band in touched(edge) {
                if let Some(count) = counts.get_mut(band + 1) {
                    *count += 1;
                }
            }
        }
        let mut total = 0;
        for count in &mut counts {
            total += *count;
            *count = total;
        }
        let mut next = counts.clone();
        let mut sorted = vec![Edge::new((0.0, 0.0), (0.0, 0.0)); total as usize];
        for edge in edges {
            for band in touched(edge) {
                if let Some(at) = next.get_mut(band) {
                    if let Some(slot) = sorted.get_mut(*at as usize) {
                        *slot = *edge;
                    }
                    *at += 1;
                }
            }
        }
        self.starts = counts;
        self.edges = sorted;
    }

    fn band(&self, y: f64, bands: usize) -> usize {
        let at = (y - self.bounds.min.1) * self.bands_per_degree;
        // A negative or absent number becomes 0.
        (at as usize).min(bands - 1)
    }

    fn edges_in(&self, band: usize) -> &[Edge] {
        let start = self.starts.get(band).copied().unwrap_or(0) as usize;
        let end = self.starts.get(band + 1).copied().unwrap_or(0) as usize;
        self.edges.get(start..end).unwrap_or_default()
    }

    fn bands(&self) -> usize {
        (self.starts.len() - 1).max(1)
    }

    /// Whether the point is inside. A point on a border that two polygons share is in exactly one of them.
    pub(crate) fn contains(&self, point: Planar) -> bool {
        let crossings =
            self.edges_in(self.band(point.1, self.bands())).iter().filter(|edge| edge.crosses(point)).count();
        crossings % 2 == 1
    }

    /// How deep inside the point is, in metres, negative outside; held to ±`reach_m`.
    pub(crate) fn depth_m(&self, point: Planar, reach_m: f64) -> f64 {
        let east = METRES_PER_DEGREE * libm::cos(point.1.to_radians());
        let reach = reach_m / METRES_PER_DEGREE;
        let bands = self.bands();
        let (from, to) = (self.band(point.1 - reach, bands), self.band(point.1 + reach, bands));
        let nearest = (from..=to)
            .flat_map(|band| self.edges_in(band))
            .map(|edge| edge.distance_m(point, east))
            .fold(reach_m, f64::min);
        if self.contains(point) { nearest } else { -nearest }
    }
}

/// Square degrees, with longitudes shrunk by the latitude of each corner: enough to compare sizes.
fn size(rings: &[Vec<Planar>]) -> f64 {
    let ring_size = |ring: &Vec<Planar>| {
        let sum: f64 = ring
            .iter()
            .zip(ring.iter().skip(1))
            .map(|(a, b)| {
                (b.0 - a.0) * libm::cos(f64::midpoint(a.1, b.1).to_radians()) * f64::midpoint(a.1, b.1)
            })
            .sum();
        sum.abs()
    };
    let (outer, holes) = rings
        .split_first()
        .map_or((0.0, 0.0), |(outer, holes)| (ring_size(outer), holes.iter().map(ring_size).sum::<f64>()));
    (outer - holes).max(0.0)
}
