//! Geofences against a reference.
//!
//! We will read areas (GeoJSON), points with the areas they lie in and the nearest place, and the places, then
//! compare containment and distances, and time containment.
//!
//! `cargo run --release --example geofence -- AREAS POINTS PLACES [--json]`
//!
//! Points are CSV with `lon`, `lat`, `area_ids` (joined by `|`), `nearest_place`, `distance_m`, `within_50km`;
//! places are CSV with `name`, `lon`, `lat`. Files may be gzip. One containment test finds, for one point, every
//! area that holds it.

use std::hint::black_box;

use apropos::context::{Areas, Landmarks, Point};
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct PointRow {
    lon: f64,
    lat: f64,
    area_ids: String,
    nearest_place: String,
    distance_m: f64,
    within_50km: String,
}

#[derive(Deserialize)]
struct PlaceRow {
    name: String,
    lon: f64,
    lat: f64,
}

#[derive(Serialize)]
struct Report {
    points: usize,
    containment_agree: usize,
    distance_agree: usize,
    tests_per_second: f64,
}

/// How far a distance may lie from the file's.
const TOLERANCE: f64 = 0.001;

/// How many containment tests are timed at least.
const TIMED_TESTS: usize = 4_000_000;

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let areas = Areas::from_geojson(&input::text(args.path(0, "AREAS")?)?)?;
    let rows: Vec<PointRow> = input::csv_rows(args.path(1, "POINTS")?)?;
    let places: Vec<PlaceRow> = input::csv_rows(args.path(2, "PLACES")?)?;
    let points = rows
        .iter()
        .map(|row| Point::new(row.lat, row.lon).ok_or("a point lies outside the earth's degrees"))
        .collect::<Result<Vec<_>, _>>()?;
    let spots = places
        .iter()
        .map(|place| Point::new(place.lat, place.lon).ok_or("a place lies outside the earth's degrees"))
        .collect::<Result<Vec<_>, _>>()?;
    let landmarks = Landmarks::new(&spots);
    let mut report =
        Report { points: rows.len(), containment_agree: 0, distance_agree: 0, tests_per_second: 0.0 };
    for (row, point) in rows.iter().zip(&points) {
        let contained = same_areas(&areas, *point, row);
        let distant = same_distances(&landmarks, &places, *point, row);
        report.containment_agree += usize::from(contained);
        report.distance_agree += usize::from(distant);
        if !(contained && distant) {
            eprintln!("differs at {} {}", row.lat, row.lon);
        }
    }
    report.tests_per_second = tests_per_second(&areas, &points);
    if args.flag("json") {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    println!("{} points in {} areas:", report.points, areas.len());
    println!("  containment agrees on {}", report.containment_agree);
    println!("  nearest place, distance and 50 km circle agree on {}", report.distance_agree);
    println!("  {:.2} million containment tests a second on one core", report.tests_per_second / 1e6);
    Ok(())
}

fn same_areas(areas: &Areas, point: Point, row: &PointRow) -> bool {
    let mut found: Vec<&str> = areas.containing(point).map(|area| area.id.as_str()).collect();
    let mut expected: Vec<&str> = row.area_ids.split('|').filter(|id| !id.is_empty()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    found == expected
}

fn same_distances(landmarks: &Landmarks, places: &[PlaceRow], point: Point, row: &PointRow) -> bool {
    let Some((nearest, metres)) = landmarks.nearest(point) else { return false };
    let same_place = places.get(nearest).is_some_and(|place| place.name == row.nearest_place);
    let same_distance = (metres - row.distance_m).abs() <= TOLERANCE * row.distance_m.max(1.0);
    let mut near = Vec::new();
    landmarks.within(point, 50_000.0, |at, _| near.extend(places.get(at).map(|place| place.name.as_str())));
    let mut expected: Vec<&str> = row.within_50km.split('|').filter(|name| !name.is_empty()).collect();
    near.sort_unstable();
    expected.sort_unstable();
    same_place && same_distance && near == expected
}

#[expect(clippy::disallowed_methods, reason = "an example may measure; the clock reaches no decision")]
fn tests_per_second(areas: &Areas, points: &[Point]) -> f64 {
    if points.is_empty() {
        return 0.0;
    }
    let rounds = TIMED_TESTS.div_ceil(points.len());
    let start = std::time::Instant::now();
    let mut held = 0_usize;
    for _ in 0..rounds {
        for point in points {
            areas.visit(black_box(*point), |_| held += 1);
        }
    }
    black_box(held);
    (rounds * points.len()) as f64 / start.elapsed().as_secs_f64()
}
