//! Landmarks: points that can be asked which of them is nearest.

use super::fence::METRES_PER_DEGREE;
use super::point::Point;

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
    /// Points in order of latitude, each with its place in the list it came from.
    points: Vec<(Point, u32)>,
}

impl Landmarks {
    /// Indexes points. O(n log n).
    pub fn new(points: &[Point]) -> Self {
        let mut points: Vec<(Point, u32)> = points.iter().copied().zip(0..).collect();
        points.sort_by(|a, b| a.0.latitude().total_cmp(&b.0.latitude()).then(a.1.cmp(&b.1)));
        Self { points }
    }

    /// The nearest point and its distance in metres; the first of the list among equals.
    pub fn nearest(&self, from: Point) -> Option<(usize, f64)> {
        self.nearest_few::<1>(from).into_iter().next()
    }

    /// The `N` nearest points with their distances in metres, nearest first.
    ///
    /// Walks away from the point's latitude in both directions until the latitude alone is farther than the
    /// worst of those found. O(log n + points of that belt).
    pub fn nearest_few<const N: usize>(&self, from: Point) -> Vec<(usize, f64)> {
        let mut best: Vec<(usize, f64)> = Vec::with_capacity(N + 1);
        let middle = self.points.partition_point(|(point, _)| point.latitude() < from.latitude());
        let (mut below, mut above) = (middle, middle);
        loop {
            let south = below.checked_sub(1).and_then(|at| self.points.get(at));
            let north = self.points.get(above);
            let gap = |entry: Option<&(Point, u32)>| {
                entry.map(|(point, _)| (point.latitude() - from.latitude()).abs())
            };
            let (go_south, step) = match (gap(south), gap(north)) {
                (None, None) => return best,
                (Some(s), Some(n)) if s <= n => (true, s),
                (Some(s), None) => (true, s),
                (_, Some(n)) => (false, n),
            };
            // A hair of slack keeps rounding from hiding a point of equal distance.
            let bound = if best.len() < N { f64::INFINITY } else { best.last().map_or(0.0, |(_, d)| *d) };
            if bound + 1e-3 < step * METRES_PER_DEGREE {
                return best;
            }
            let entry = if go_south { south } else { north };
            if go_south {
                below -= 1;
            } else {
                above += 1;
            }
            if let Some((point, at)) = entry {
                insert::<N>(&mut best, *at as usize, from.distance_m(*point));
            }
        }
    }

    /// Calls `found` with each point that is at most `radius_m` away, and its distance.
    pub fn within(&self, from: Point, radius_m: f64, mut found: impl FnMut(usize, f64)) {
        let reach = radius_m / METRES_PER_DEGREE + 1e-9;
        let start = self.points.partition_point(|(point, _)| point.latitude() < from.latitude() - reach);
        let belt = self.points.iter().skip(start);
        for (point, at) in belt.take_while(|(point, _)| point.latitude() <= from.latitude() + reach) {
            let distance = from.distance_m(*point);
            if distance <= radius_m {
                found(*at as usize, distance);
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

fn insert<const N: usize>(best: &mut Vec<(usize, f64)>, at: usize, distance: f64) {
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
            proptest::prop_assert_eq!(landmarks.nearest_few::<3>(from), all.clone());
            proptest::prop_assert_eq!(landmarks.nearest(from), all.first().copied());
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
