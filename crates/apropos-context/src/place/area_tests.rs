//! The index against a naive twin: every polygon of every area by the even-odd rule.

use apropos_event::draw;

use super::*;
use crate::place::Position;

fn area(id: &str, rings: &[&[(f64, f64)]]) -> AreaDefinition {
    let ring = |corners: &&[(f64, f64)]| {
        corners.iter().map(|(x, y)| Position { longitude: *x, latitude: *y }).collect()
    };
    AreaDefinition {
        id: id.to_owned(),
        name: String::new(),
        outline: Geometry::Polygon(rings.iter().map(ring).collect()),
    }
}

fn compile(definitions: &[AreaDefinition]) -> Areas {
    let mut problems = Problems::new();
    let areas = Areas::compile(definitions, &Path::root(), &mut problems);
    assert!(problems.is_empty(), "{problems}");
    areas
}

fn ids(areas: &Areas, latitude: f64, longitude: f64) -> Vec<String> {
    let point = Point::new(latitude, longitude).unwrap();
    areas.containing(point).map(|area| area.id.clone()).collect()
}

/// Even-odd over one ring, as the textbook writes it.
fn inside(ring: &[Planar], x: f64, y: f64) -> bool {
    let mut odd = false;
    for pair in ring.windows(2) {
        let [(x1, y1), (x2, y2)] = pair else { continue };
        if (*y1 > y) != (*y2 > y) && x < x1 + (y - y1) * (x2 - x1) / (y2 - y1) {
            odd = !odd;
        }
    }
    odd
}

#[test]
fn an_area_across_the_antimeridian_holds_points_on_both_sides() {
    let fiji = area("fiji", &[&[(177.0, -19.0), (-178.0, -19.0), (-178.0, -16.0), (177.0, -16.0)]]);
    let areas = compile(&[fiji]);
    assert_eq!(ids(&areas, -17.0, 179.0), ["fiji"]);
    assert_eq!(ids(&areas, -17.0, -179.0), ["fiji"]);
    assert_eq!(ids(&areas, -17.0, 180.0), ["fiji"]);
    assert_eq!(ids(&areas, -17.0, -180.0), ["fiji"]);
    assert!(ids(&areas, -17.0, 0.0).is_empty());
    assert!(ids(&areas, -17.0, -177.0).is_empty());
}

#[test]
fn a_hole_beyond_the_antimeridian_belongs_to_its_ring() {
    let outer: &[(f64, f64)] = &[(170.0, -10.0), (-170.0, -10.0), (-170.0, 10.0), (170.0, 10.0)];
    let hole: &[(f64, f64)] = &[(-176.0, -1.0), (-174.0, -1.0), (-174.0, 1.0), (-176.0, 1.0)];
    let areas = compile(&[area("ring", &[outer, hole])]);
    assert!(ids(&areas, 0.0, -175.0).is_empty());
    assert_eq!(ids(&areas, 0.0, -172.0), ["ring"]);
    assert_eq!(ids(&areas, 0.0, 175.0), ["ring"]);
}

#[test]
fn a_ring_around_the_earth_encloses_its_pole() {
    let south: Vec<(f64, f64)> = (0..12).map(|n| (f64::from(n) * 30.0 - 180.0, -60.0)).collect();
    let areas = compile(&[area("antarctica", &[&south])]);
    assert_eq!(ids(&areas, -89.0, 12.0), ["antarctica"]);
    assert_eq!(ids(&areas, -61.0, 179.5), ["antarctica"]);
    assert!(ids(&areas, -59.0, 12.0).is_empty());
    assert!(ids(&areas, 80.0, 12.0).is_empty());
}

#[test]
fn the_smallest_area_comes_first() {
    let square =
        |id: &str, half: f64| area(id, &[&[(-half, -half), (half, -half), (half, half), (-half, half)]]);
    let areas = compile(&[square("country", 20.0), square("shop", 0.01), square("town", 1.0)]);
    assert_eq!(ids(&areas, 0.0, 0.0), ["shop", "town", "country"]);
    assert_eq!(ids(&areas, 0.0, 0.5), ["town", "country"]);
}

#[test]
fn wrong_outlines_are_all_told() {
    let mut problems = Problems::new();
    let wrong =
        [area("line", &[&[(0.0, 0.0), (1.0, 1.0)]]), area("far", &[&[(0.0, 0.0), (200.0, 0.0), (0.0, 1.0)]])];
    let _ = Areas::compile(&wrong, &Path::root(), &mut problems);
    let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["context/empty-ring", "context/outline", "context/outline"]);
    assert!(Areas::from_geojson("{}").is_err());
    assert!(Areas::from_geojson(r#"{"features":[{"geometry":null}]}"#).is_err());
}

#[test]
fn neighbours_share_their_border_without_gap_or_overlap() {
    // A board of squares: every point of it, corners and borders included, is in exactly one.
    let mut squares = Vec::new();
    for (x, y) in (0..8).flat_map(|x| (0..8).map(move |y| (f64::from(x), f64::from(y)))) {
        squares.push(area(&format!("{x},{y}"), &[&[(x, y), (x + 1.0, y), (x + 1.0, y + 1.0), (x, y + 1.0)]]));
    }
    let areas = compile(&squares);
    for step in 0..=79 {
        for other in 0..=79 {
            let (x, y) = (f64::from(step) / 10.0, f64::from(other) / 10.0);
            assert_eq!(ids(&areas, y, x).len(), 1, "{x} {y}");
        }
    }
}

#[test]
fn the_index_agrees_with_the_textbook() {
    // Random stars, some with a hole, scattered over the earth.
    let mut definitions = Vec::new();
    let mut rings = Vec::new();
    for n in 0..60_u64 {
        let u = |slot| draw::uniform(n, "star", slot);
        let (cx, cy) = (u(0) * 300.0 - 150.0, u(1) * 120.0 - 60.0);
        let size = 0.5 + 20.0 * u(2) * u(2);
        let corners = 3 + (u(3) * 40.0) as u64;
        let star = |scale: f64| -> Vec<(f64, f64)> {
            (0..corners)
                .map(|k| {
                    let angle = k as f64 / corners as f64 * std::f64::consts::TAU;
                    let radius = size * scale * (0.4 + 0.6 * u(10 + k));
                    (cx + radius * angle.cos(), cy + radius * angle.sin())
                })
                .collect()
        };
        let (outer, hole) = (star(1.0), star(0.3));
        let list: Vec<&[(f64, f64)]> = if n % 3 == 0 { vec![&outer, &hole] } else { vec![&outer] };
        definitions.push(area(&n.to_string(), &list));
        let closed = list.iter().map(|ring| {
            let mut ring = ring.to_vec();
            ring.push(ring[0]);
            ring
        });
        rings.push(closed.collect::<Vec<_>>());
    }
    let areas = compile(&definitions);
    for probe in 0..20_000_u64 {
        let (x, y) =
            (draw::uniform(7, "x", probe) * 360.0 - 180.0, draw::uniform(7, "y", probe) * 180.0 - 90.0);
        let mut expected: Vec<String> = (0..rings.len())
            .filter(|n| rings[*n].iter().filter(|ring| inside(ring, x, y)).count() % 2 == 1)
            .map(|n| n.to_string())
            .collect();
        let mut got = ids(&areas, y, x);
        expected.sort();
        got.sort();
        assert_eq!(got, expected, "{x} {y}");
    }
}

#[test]
fn depth_is_the_distance_to_the_border() {
    let areas = compile(&[area("box", &[&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]])]);
    let depth = |latitude, longitude| {
        let mut found = Vec::new();
        areas.depths_m(Point::new(latitude, longitude).unwrap(), 5_000.0, |_, depth| found.push(depth));
        found
    };
    let inside = depth(0.01, 0.5);
    assert!((inside[0] - 1_111.95).abs() < 1.0, "{inside:?}");
    let outside = depth(-0.01, 0.5);
    assert!((outside[0] + 1_111.95).abs() < 1.0, "{outside:?}");
    assert_eq!(depth(0.5, 0.5), [5_000.0]);
    assert!(depth(-1.0, 0.5).is_empty());
}
