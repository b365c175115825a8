//! Landmarks: points that can be asked which of them is nearest.

use smallvec::SmallVec;

use super::point::{Direction3, METRES_PER_DEGREE, Point, arc_m};

/// Points, indexed by latitude.
///
/// ```
/// use apropos_context::{Landmarks, Point};
///
/// let places = [(52.52, 13.405), (48.8566, 2.3522)].map(|(lat, lon)| Point::new(lat, lon).unwrap());
/// let landmarks = Landmarks::new(&places);
/// let (nearest, metres) = landmarks.nearest(Point::new(50.0, 3.0).unwrap()).unwrap();
/// assert_eq!(nearest, 1);
/// assert!(metres < 140_000.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Landmarks {
    /// Points in order of latitude.
    points: Vec<Landmark>,
}

/// A point and its place in the list it came from.
#[derive(Clone, Copy, Debug)]
struct Landmark {
    latitude: f64,
    direction: Direction3,
    number: u32,
}

/// A few points by number, each with its squared chord.
pub(crate) type Few = SmallVec<[(usize, f64); 4]>;

impl Landmarks {
    /// Indexes points. O(n log n).
    pub fn new(points: &[Point]) -> Self {
        let landmark = |(point, number): (&Point, u32)| Landmark {
            latitude: point.latitude(),
            direction: Direction3::of(*point),
            number,
        };
        let mut points: Vec<Landmark> = points.iter().zip(0..).map(landmark).collect();
        points.sort_by(|a, b| a.latitude.total_cmp(&b.latitude).then(a.number.cmp(&b.number)));
        Self { points }
    }

    /// The nearest point and its distance in metres; the first of the list among equals.
    pub fn nearest(&self, from: Point) -> Option<(usize, f64)> {
        self.nearest_chords::<1>(from).first().map(|(at, chord2)| (*at, arc_m(*chord2)))
    }

    /// The `N` nearest points with their distances in metres, nearest first. Costs as [`Landmarks::nearest`] does.
    pub fn nearest_few<const N: usize>(&self, from: Point) -> Vec<(usize, f64)> {
        let chords = self.nearest_chords::<N>(from);
        chords.into_iter().map(|(at, chord2)| (at, arc_m(chord2))).collect()
    }

    /// The `N` nearest points with their squared chords, nearest first.
    ///
    /// Walks away from the point's latitude in both directions until the latitude alone is farther than the
    /// worst of those found. O(log n + points of that belt).
    pub(crate) fn nearest_chords<const N: usize>(&self, from: Point) -> Few {
        let direction = Direction3::of(from);
        let mut best = Few::new();
        let middle = self.points.partition_point(|point| point.latitude < from.latitude());
        let (mut below, mut above) = (middle, middle);
        loop {
            let south = below.checked_sub(1).and_then(|at| self.points.get(at));
            let north = self.points.get(above);
            let gap = |point: Option<&Landmark>| point.map(|point| (point.latitude - from.latitude()).abs());
            let (go_south, step) = match (gap(south), gap(north)) {
                (None, None) => break,
                (Some(s), Some(n)) if s <= n => (true, s),
                (Some(s), None) => (true, s),
                (_, Some(n)) => (false, n),
            };
            // No point that far north or south has a shorter chord than the arc of latitude alone; a hair of slack
            // keeps rounding from hiding a point of equal distance.
            let worst = if best.len() < N { f64::INFINITY } else { best.last().map_or(0.0, |(_, c)| *c) };
            if worst + 1e-12 < least_chord2(step) {
                break;
            }
            let point = if go_south { south } else { north };
            if go_south {
                below -= 1;
            } else {
                above += 1;
            }
            if let Some(point) = point {
                insert::<N>(&mut best, point.number as usize, direction.chord2(point.direction));
            }
        }
        best
    }

    /// Calls `found` with each point that is at most `radius_m` away, and its distance.
    pub fn within(&self, from: Point, radius_m: f64, mut found: impl FnMut(usize, f64)) {
        let reach = radius_m / METRES_PER_DEGREE + 1e-9;
        let start = self.points.partition_point(|point| point.latitude < from.latitude() - reach);
        let belt = self.points.get(start..).unwrap_or_default();
        let belt = belt.iter().take_while(|point| point.latitude <= from.latitude() + reach);
        let mut direction = None;
        for point in belt {
            let direction = *direction.get_or_insert_with(|| Direction3::of(from));
            let distance = arc_m(direction.chord2(point.direction));
            if distance <= radius_m {
                found(point.number as usize, distance);
            }
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// A bound from below on the squared chord between points whose latitudes differ by `degrees`, without trigonometry:
/// `2 sin(x/2) ≥ x (1 − x²/24)`, and nothing more is claimed beyond two radians.
fn least_chord2(degrees: f64) -> f64 {
    let x = degrees.to_radians().min(2.0);
    let chord = x * (1.0 - x * x / 24.0);
    chord * chord
}

fn insert<const N: usize>(best: &mut Few, at: usize, distance: f64) {
    let place = best.partition_point(|(other, d)| d.total_cmp(&distance).then(other.cmp(&at)).is_lt());
    if place < N {
        best.insert(place, (at, distance));
        best.truncate(N);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_nearest_is_the_nearest(
            places in proptest::collection::vec((-90.0..90.0_f64, -180.0..180.0_f64), 1..60),
            from in (-90.0..90.0_f64, -180.0..180.0_f64),
        ) {
            let points: Vec<Point> = places.iter().map(|(lat, lon)| Point::new(*lat, *lon).unwrap()).collect();
            let from = Point::new(from.0, from.1).unwrap();
            let mut all: Vec<(usize, f64)> = points.iter().map(|point| from.distance_m(*point)).enumerate().collect();
            all.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            all.truncate(3);
            let landmarks = Landmarks::new(&points);
            let few = landmarks.nearest_few::<3>(from);
            proptest::prop_assert_eq!(few.len(), all.len());
            for ((_, found), (_, expected)) in few.iter().zip(&all) {
                proptest::prop_assert!((found - expected).abs() < 0.1, "{found} {expected}");
            }
            proptest::prop_assert_eq!(landmarks.nearest(from).map(|(at, _)| at), all.first().map(|(at, _)| *at));
            let radius = 3_000_000.0;
            let mut near = Vec::new();
            landmarks.within(from, radius, |at, _| near.push(at));
            near.sort_unstable();
            let expected: Vec<usize> =
                (0..points.len()).filter(|at| from.distance_m(points[*at]) <= radius).collect();
            proptest::prop_assert_eq!(near, expected);
        }
    }
}
