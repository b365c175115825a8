//! Named places: home, work, a store, a hotel, an airport. A place is a circle around a point, or an outline.

use std::fmt;

use apropos_event::{Duration, EventKind, Path, PlaceId, Problem, Problems, PropertyName, Zone};
use serde::{Deserialize, Serialize};

use super::area::Areas;
use super::nearest::{Few, Landmarks};
use super::outline::{AreaDefinition, Geometry};
use super::point::{Location, METRES_PER_DEGREE, Point};
use crate::time::WeeklyWindow;

/// What kind of place it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum PlaceKind {
    Home,
    Work,
    Store,
    Hotel,
    Airport,
    Station,
    Event,
    #[default]
    Other,
}

impl PlaceKind {
    /// All kinds, in order.
    pub const ALL: [Self; 8] = [
        Self::Home,
        Self::Work,
        Self::Store,
        Self::Hotel,
        Self::Airport,
        Self::Station,
        Self::Event,
        Self::Other,
    ];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Work => "work",
            Self::Store => "store",
            Self::Hotel => "hotel",
            Self::Airport => "airport",
            Self::Station => "station",
            Self::Event => "event",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for PlaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A named place of a definition, or a customer's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceDefinition {
    /// Its id.
    pub id: PlaceId,
    /// What kind it is.
    #[serde(default)]
    pub kind: PlaceKind,
    /// Where it is.
    pub at: Point,
    /// How far around that point it reaches, in metres, when it has no outline.
    #[serde(default = "usual_radius")]
    pub radius_m: f64,
    /// Its outline, if a circle will not do.
    #[serde(default)]
    pub outline: Option<Geometry>,
    /// The zone of its wall clocks, for its opening hours.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// When it is open, as weekly windows; always, as far as is known, when nothing is said.
    #[serde(default)]
    pub open: Vec<WeeklyWindow>,
    /// When it is open, in the syntax of OpenStreetMap (feature `business-hours`); counts before `open`.
    #[serde(default)]
    pub opening_hours: Option<String>,
    /// The ISO 3166 code of the country whose public holidays its opening hours mean, such as `FR`.
    #[serde(default)]
    pub country: Option<String>,
}

fn usual_radius() -> f64 {
    150.0
}

impl PlaceDefinition {
    /// A place of the usual radius of 150 metres.
    pub fn new(id: PlaceId, kind: PlaceKind, at: Point) -> Self {
        Self {
            id,
            kind,
            at,
            radius_m: usual_radius(),
            outline: None,
            zone: None,
            open: Vec::new(),
            opening_hours: None,
            country: None,
        }
    }
}

/// The place dimension of a definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaceDimension {
    /// The named places.
    pub places: Vec<PlaceDefinition>,
    /// After this long a position has lost half of its confidence.
    pub half_life: Duration,
    /// The confidence below which a position no longer counts.
    pub enough: f64,
    /// The kind of the events that carry a position.
    pub event: Option<EventKind>,
    /// The property with the degrees north.
    pub latitude: PropertyName,
    /// The property with the degrees east.
    pub longitude: PropertyName,
    /// The property with the accuracy in metres.
    pub accuracy: PropertyName,
    /// How far ahead an arrival is foreseen.
    pub foresight: Duration,
    /// The resolution of H3 cells told as `context.cell`, 0 to 15; none without it (feature `h3`).
    pub cell_resolution: Option<u8>,
}

impl Default for PlaceDimension {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "constant names of letters are valid")]
        let property = |text: &str| PropertyName::new(text).expect("a valid name");
        Self {
            places: Vec::new(),
            half_life: Duration::from_mins(10),
            enough: 0.25,
            event: None,
            latitude: property("latitude"),
            longitude: property("longitude"),
            accuracy: property("accuracy_m"),
            foresight: Duration::from_mins(30),
            cell_resolution: None,
        }
    }
}

/// The checked named places.
#[derive(Clone, Debug, Default)]
pub struct NamedPlaces {
    places: Vec<PlaceDefinition>,
    landmarks: Landmarks,
    /// Outlines, each with the number of its place.
    outlines: Areas,
    outlined: Vec<usize>,
    widest_m: f64,
}

/// At most this many named places in a definition.
pub(crate) const MAX_PLACES: usize = 100_000;

/// Places around the last position that are considered as a goal, beside the customer's own.
const CANDIDATES: usize = 3;

/// The largest radius of a place, in metres.
const MAX_RADIUS_M: f64 = 200_000.0;

/// A place that a position is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match<'a> {
    pub(crate) place: &'a PlaceDefinition,
    /// How sure it is that the position is in it, 0 to 1, from the accuracy alone.
    pub(crate) share: f64,
    pub(crate) distance_m: f64,
}

impl NamedPlaces {
    /// Checks and indexes places.
    pub fn compile(definitions: &[PlaceDefinition], path: &Path, problems: &mut Problems) -> Self {
        if MAX_PLACES < definitions.len() {
            let message =
                format!("there are {} places, at most {MAX_PLACES} are accepted", definitions.len());
            problems.push(Problem::error("context/too-many", path.clone(), message));
            return Self::default();
        }
        let mut seen: Vec<&PlaceId> = definitions.iter().map(|place| &place.id).collect();
        seen.sort_unstable();
        for pair in seen.windows(2) {
            if let [a, b] = pair
                && a == b
            {
                let message = format!("place `{a}` is declared twice");
                problems.push(Problem::error("context/duplicate", path.clone(), message));
            }
        }
        let mut outlines = Vec::new();
        let mut outlined = Vec::new();
        let mut widest_m = 0.0_f64;
        for (at, place) in definitions.iter().enumerate() {
            place.check(&path.index(at), problems);
            if let Some(outline) = &place.outline {
                let (id, name) = (place.id.to_string(), String::new());
                outlines.push(AreaDefinition { id, name, outline: outline.clone() });
                outlined.push(at);
            } else {
                widest_m = widest_m.max(place.radius_m.clamp(0.0, MAX_RADIUS_M));
            }
        }
        let points: Vec<Point> = definitions.iter().map(|place| place.at).collect();
        Self {
            places: definitions.to_vec(),
            landmarks: Landmarks::new(&points),
            outlines: Areas::compile(&outlines, path, problems),
            outlined,
            widest_m,
        }
    }

    /// The place with this number.
    pub(crate) fn get(&self, at: usize) -> Option<&PlaceDefinition> {
        self.places.get(at)
    }

    /// All places, in order of the definition.
    pub fn all(&self) -> &[PlaceDefinition] {
        &self.places
    }

    /// The few places nearest to a point, each with its number and squared chord.
    pub(crate) fn near(&self, point: Point) -> Few {
        self.landmarks.nearest_chords::<CANDIDATES>(point)
    }

    /// The place that a position is in: the surest, then the smallest, then the first; `own` places first.
    pub(crate) fn at<'a>(&'a self, location: Location, own: &'a [PlaceDefinition]) -> Option<Match<'a>> {
        let mut best: Option<(Match<'a>, f64)> = None;
        let mut offer = |found: Match<'a>, size: f64| {
            let better = best.as_ref().is_none_or(|(other, other_size)| {
                other.share < found.share || (other.share == found.share && size < *other_size)
            });
            if 0.0 < found.share && better {
                best = Some((found, size));
            }
        };
        for place in own {
            let distance_m = place.at.distance_m(location.point);
            offer(circle(place, location, distance_m), 0.0);
        }
        if !self.places.is_empty() {
            let reach = self.widest_m + location.accuracy_m;
            self.landmarks.within(location.point, reach, |at, distance_m| {
                if let Some(place) = self.places.get(at).filter(|place| place.outline.is_none()) {
                    offer(circle(place, location, distance_m), place.radius_m * place.radius_m);
                }
            });
            self.outlined_at(location, &mut offer);
        }
        best.map(|(found, _)| found)
    }

    fn outlined_at<'a>(&'a self, location: Location, offer: &mut impl FnMut(Match<'a>, f64)) {
        // Square metres of a square degree at the equator.
        const AREA: f64 = METRES_PER_DEGREE * METRES_PER_DEGREE;
        let mut found = |at: usize, share: f64| {
            let place = self.outlined.get(at).and_then(|at| self.places.get(*at));
            if let (Some(place), Some(area)) = (place, self.outlines.all().get(at)) {
                let distance_m = place.at.distance_m(location.point);
                offer(Match { place, share, distance_m }, area.size() * AREA);
            }
        };
        if location.accuracy_m <= 0.0 {
            self.outlines.visit(location.point, |at| found(at, 1.0));
        } else {
            self.outlines.depths_m(location.point, location.accuracy_m, |at, depth_m| {
                found(at, location.share_inside(depth_m));
            });
        }
    }
}

fn circle(place: &PlaceDefinition, location: Location, distance_m: f64) -> Match<'_> {
    Match { place, share: location.share_inside(place.radius_m - distance_m), distance_m }
}

impl PlaceDefinition {
    fn check(&self, path: &Path, problems: &mut Problems) {
        if !(0.0..=MAX_RADIUS_M).contains(&self.radius_m) {
            let message = format!("the radius of `{}` must lie between 0 and 200 km", self.id);
            problems.push(Problem::error("context/range", path.key("radius_m"), message));
        }
        for (at, window) in self.open.iter().enumerate() {
            window.check(&path.key("open").index(at), problems);
        }
        if self.opening_hours.is_some() && !cfg!(feature = "business-hours") {
            let message = format!("`{}` has opening hours that this build cannot read", self.id);
            problems.push(
                Problem::error("context/feature", path.key("opening_hours"), message)
                    .with_help("build with the feature `business-hours`, or write weekly windows in `open`"),
            );
        }
        let timed = !self.open.is_empty() || self.opening_hours.is_some();
        if timed && self.zone.is_none() {
            let message = format!("`{}` has opening hours but no zone", self.id);
            problems.push(Problem::error("context/zone", path.key("zone"), message));
        }
    }
}

/// The hours of the places that tell them in the syntax of OpenStreetMap, in order of the ids.
#[cfg(feature = "business-hours")]
pub(crate) fn business_hours(
    definitions: &[PlaceDefinition],
    path: &Path,
    problems: &mut Problems,
) -> Vec<(PlaceId, crate::time::BusinessHours)> {
    let mut found = Vec::new();
    for (at, place) in definitions.iter().enumerate() {
        let Some((text, zone)) = place.opening_hours.as_ref().zip(place.zone.clone()) else { continue };
        match crate::time::BusinessHours::new(text, zone, place.country.as_deref()) {
            Ok(hours) => found.push((place.id.clone(), hours)),
            Err(error) => {
                let path = path.index(at).key("opening_hours");
                problems.push(Problem::error("context/opening-hours", path, error.to_string()));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}
