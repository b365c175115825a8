//! Rings of positions made planar: closed, in range, unwrapped where they cross the antimeridian.

use super::outline::Position;

/// A planar point: x is the longitude, which may lie beyond ±180 in an unwrapped ring, y the latitude.
pub(crate) type Planar = (f64, f64);

/// Why a ring is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RingFault {
    /// Fewer than three different corners.
    TooShort,
    /// A corner outside the degrees there are, or no number.
    OutOfRange,
}

impl RingFault {
    /// The fault in words.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TooShort => "a ring needs at least three corners",
            Self::OutOfRange => "a corner lies outside -180 to 180 degrees east or -90 to 90 degrees north",
        }
    }
}

/// The corners of a ring, the first repeated at the end, each next to the one before it.
///
/// An edge that spans more than 180 but less than 360 degrees of longitude is taken the short way round, across the
/// antimeridian. A ring that then goes once around the earth encloses the pole it is nearer to.
pub(crate) fn unwrap(ring: &[Position]) -> Result<Vec<Planar>, RingFault> {
    let mut corners: Vec<Planar> = Vec::with_capacity(ring.len() + 3);
    for position in ring {
        let (x, y) = (position.longitude, position.latitude);
        if !((-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y)) {
            return Err(RingFault::OutOfRange);
        }
        let x = corners.last().map_or(x, |(before, _)| near(x, *before));
        corners.push((x, y));
    }
    if let (Some(first), Some(last)) = (corners.first().copied(), corners.last().copied()) {
        let back = near(normal(first.0), last.0);
        if (last.0, last.1) != (back, first.1) {
            corners.push((back, first.1));
        }
        let turn = back - first.0;
        if 180.0 < turn.abs() {
            enclose_pole(&mut corners, first, (back, first.1));
        }
    }
    let distinct = corners.windows(2).filter(|pair| matches!(pair, [a, b] if a != b)).count();
    if distinct < 3 { Err(RingFault::TooShort) } else { Ok(corners) }
}

/// `x` moved by whole turns so that the way from `before` is the short one.
fn near(x: f64, before: f64) -> f64 {
    let mut x = x + 360.0 * ((before - normal(before)) / 360.0).round();
    let step = x - before;
    if 180.0 < step.abs() && step.abs() < 360.0 {
        x -= 360.0_f64.copysign(step);
    }
    x
}

/// A longitude moved by whole turns into −180 to 180.
fn normal(x: f64) -> f64 {
    if 180.0 < x {
        x - 360.0 * ((x - 180.0) / 360.0).ceil()
    } else if x < -180.0 {
        x + 360.0 * ((-180.0 - x) / 360.0).ceil()
    } else {
        x
    }
}

/// Closes a ring that runs once around the earth along the pole that it is nearer to.
fn enclose_pole(corners: &mut Vec<Planar>, first: Planar, last: Planar) {
    let sum: f64 = corners.iter().map(|(_, y)| y).sum();
    let pole = if sum < 0.0 { -90.0 } else { 90.0 };
    corners.extend([(last.0, pole), (first.0, pole), first]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Position> {
        corners
            .iter()
            .map(|(longitude, latitude)| Position { longitude: *longitude, latitude: *latitude })
            .collect()
    }

    #[test]
    fn a_ring_across_the_antimeridian_stays_in_one_piece() {
        let fiji = ring(&[(177.0, -19.0), (-178.0, -19.0), (-178.0, -16.0), (177.0, -16.0), (177.0, -19.0)]);
        let xs: Vec<f64> = unwrap(&fiji).unwrap().iter().map(|(x, _)| *x).collect();
        assert_eq!(xs, [177.0, 182.0, 182.0, 177.0, 177.0]);
    }

    #[test]
    fn an_open_ring_is_closed_and_a_line_is_refused() {
        assert_eq!(unwrap(&ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])).unwrap().len(), 4);
        assert_eq!(unwrap(&ring(&[(0.0, 0.0), (1.0, 0.0)])), Err(RingFault::TooShort));
        assert_eq!(unwrap(&ring(&[(0.0, 91.0), (1.0, 0.0), (0.0, 1.0)])), Err(RingFault::OutOfRange));
        assert_eq!(unwrap(&[]), Err(RingFault::TooShort));
    }

    #[test]
    fn the_whole_world_is_not_taken_the_short_way_round() {
        let world = ring(&[(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)]);
        let xs: Vec<f64> = unwrap(&world).unwrap().iter().map(|(x, _)| *x).collect();
        assert_eq!(xs, [-180.0, 180.0, 180.0, -180.0, -180.0]);
    }
}
