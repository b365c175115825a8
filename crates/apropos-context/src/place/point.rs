//! Points on the earth and the distance between them.

use serde::{Deserialize, Serialize};

/// The mean radius of the earth in metres (IUGG, R₁).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Metres in one degree of latitude.
pub(crate) const METRES_PER_DEGREE: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

/// A point on the earth, in degrees (WGS 84).
///
/// Built by checking: latitude −90 to 90, longitude −180 to 180.
///
/// ```
/// use apropos_context::Point;
///
/// let berlin = Point::new(52.52, 13.405).unwrap();
/// let paris = Point::new(48.8566, 2.3522).unwrap();
/// assert_eq!((berlin.distance_m(paris) / 1_000.0).round(), 877.0);
/// assert!(Point::new(13.4, 200.0).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Degrees", into = "Degrees")]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

/// The written form of a point.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Degrees {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// The point at these degrees north and east; `None` outside −90 to 90 and −180 to 180.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        valid.then_some(Self { latitude, longitude })
    }

    /// Degrees north of the equator.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// The great-circle distance in metres on a sphere of [`EARTH_RADIUS_M`] (haversine formula, Sinnott 1984).
    ///
    /// The error against the ellipsoid is below 0.6 %.
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_dlat = libm::sin((b - a) / 2.0);
        let half_dlon = libm::sin((other.longitude - self.longitude).to_radians() / 2.0);
        let h = half_dlat * half_dlat + libm::cos(a) * libm::cos(b) * half_dlon * half_dlon;
        2.0 * EARTH_RADIUS_M * libm::asin(h.clamp(0.0, 1.0).sqrt())
    }
}

/// A point as a unit vector from the middle of the earth: distances without trigonometry for each pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction3([f64; 3]);

impl Direction3 {
    pub(crate) fn of(point: Point) -> Self {
        let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
        let out = libm::cos(latitude);
        Self([out * libm::cos(longitude), out * libm::sin(longitude), libm::sin(latitude)])
    }

    /// The square of the straight line between the two, on a sphere of radius 1: 0 to 4.
    pub(crate) fn chord2(self, other: Self) -> f64 {
        let ([a, b, c], [d, e, f]) = (self.0, other.0);
        (a - d) * (a - d) + (b - e) * (b - e) + (c - f) * (c - f)
    }
}

/// The great-circle distance in metres that a squared chord spans.
pub(crate) fn arc_m(chord2: f64) -> f64 {
    2.0 * EARTH_RADIUS_M * libm::asin((chord2.sqrt() / 2.0).min(1.0))
}

/// A plane that touches the earth at a point, for distances of walks and drives: within 1 % up to 300 km away in
/// moderate latitudes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    middle: Point,
    east: f64,
}

impl Plane {
    pub(crate) fn at(middle: Point) -> Self {
        Self { middle, east: libm::cos(middle.latitude.to_radians()) }
    }

    /// The distance in metres between two points near the middle.
    pub(crate) fn distance_m(self, a: Point, b: Point) -> f64 {
        let mut dlon = b.longitude - a.longitude;
        if 180.0 < dlon.abs() {
            dlon -= 360.0_f64.copysign(dlon);
        }
        let (x, y) = (dlon * self.east, b.latitude - a.latitude);
        (x * x + y * y).sqrt() * METRES_PER_DEGREE
    }

    /// The distance in metres from the middle.
    pub(crate) fn out_to_m(self, to: Point) -> f64 {
        self.distance_m(self.middle, to)
    }
}

impl TryFrom<Degrees> for Point {
    type Error = &'static str;
    fn try_from(degrees: Degrees) -> Result<Self, Self::Error> {
        Self::new(degrees.latitude, degrees.longitude)
            .ok_or("a point has a latitude of -90 to 90 and a longitude of -180 to 180 degrees")
    }
}

impl From<Point> for Degrees {
    fn from(point: Point) -> Self {
        Self { latitude: point.latitude, longitude: point.longitude }
    }
}

/// Where something is, and how exactly that is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The middle.
    pub point: Point,
    /// The radius in metres around it that holds the true position; zero when it is exact.
    pub accuracy_m: f64,
}

impl Location {
    /// An exact location.
    pub fn exact(point: Point) -> Self {
        Self { point, accuracy_m: 0.0 }
    }

    /// A location known to `accuracy_m` metres; less than zero or no number counts as exact.
    pub fn within(point: Point, accuracy_m: f64) -> Self {
        let accuracy_m = if accuracy_m.is_finite() { accuracy_m.max(0.0) } else { 0.0 };
        Self { point, accuracy_m }
    }

    /// How much of the uncertainty lies inside a border that is `depth_m` metres away, seen from inside
    /// (negative outside): 1 well inside, 0 well outside, linear in between.
    pub(crate) fn share_inside(self, depth_m: f64) -> f64 {
        if self.accuracy_m <= 0.0 {
            return if 0.0 <= depth_m { 1.0 } else { 0.0 };
        }
        ((depth_m + self.accuracy_m) / (2.0 * self.accuracy_m)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn antipodes_are_half_the_way_round() {
        let (a, b) = (Point::new(0.0, 0.0).unwrap(), Point::new(0.0, 180.0).unwrap());
        assert!((a.distance_m(b) - EARTH_RADIUS_M * std::f64::consts::PI).abs() < 1e-6);
        assert_eq!(a.distance_m(a), 0.0);
    }

    proptest::proptest! {
        #[test]
        fn chords_and_planes_agree_with_the_formula(
            a in (-89.0..89.0_f64, -180.0..180.0_f64),
            step in (-0.5..0.5_f64, -0.5..0.5_f64),
            far in (-90.0..90.0_f64, -180.0..180.0_f64),
        ) {
            let (from, far) = (Point::new(a.0, a.1).unwrap(), Point::new(far.0, far.1).unwrap());
            let exact = from.distance_m(far);
            let chord = arc_m(Direction3::of(from).chord2(Direction3::of(far)));
            // Both formulas lose digits for antipodes.
            proptest::prop_assume!(exact < 19_900_000.0);
            proptest::prop_assert!((chord - exact).abs() <= 1e-6 * exact + 1e-6, "{chord} {exact}");
            if let Some(near) = Point::new(a.0 + step.0, a.1 + step.1).filter(|_| a.0.abs() < 60.0) {
                let (exact, flat) = (from.distance_m(near), Plane::at(from).out_to_m(near));
                proptest::prop_assert!((flat - exact).abs() <= 0.02 * exact + 1e-6, "{flat} {exact}");
            }
        }

        #[test]
        fn distance_is_symmetric_and_obeys_the_triangle(
            a in (-90.0..90.0_f64, -180.0..180.0_f64),
            b in (-90.0..90.0_f64, -180.0..180.0_f64),
            c in (-90.0..90.0_f64, -180.0..180.0_f64),
        ) {
            let [a, b, c] = [a, b, c].map(|(lat, lon)| Point::new(lat, lon).unwrap());
            proptest::prop_assert!((a.distance_m(b) - b.distance_m(a)).abs() < 1e-6);
            proptest::prop_assert!(a.distance_m(c) <= a.distance_m(b) + b.distance_m(c) + 1e-3);
        }
    }
}
