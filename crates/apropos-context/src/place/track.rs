//! The last positions of a customer: where they stay, since when, and where they are heading.

use apropos_event::{Duration, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::named::{NamedPlaces, PlaceDefinition, PlaceKind};
use super::point::{Location, Plane};
use crate::reading::Reading;

/// A stay at a named place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// The place.
    pub place: PlaceId,
    /// What kind it is.
    pub kind: PlaceKind,
    /// Since when.
    pub since: Timestamp,
    /// When the customer was last seen there.
    pub seen: Timestamp,
}

impl Stay {
    /// How long the customer has been seen there.
    pub fn dwell(&self) -> Duration {
        self.seen.since(self.since)
    }
}

/// The customer is on the way to a named place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approach<'a> {
    /// The place.
    pub place: &'a PlaceDefinition,
    /// How far it still is, in metres.
    pub distance_m: f64,
    /// When they arrive if they go on like this.
    pub arrival: Timestamp,
    /// The share of their way that brought them nearer, 0 to 1: how sure it is.
    pub directness: f64,
    /// When they were there where it is worked out from.
    pub at: Timestamp,
}

/// The last positions of a customer. At most eight are kept, none older than an hour before the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Track {
    /// The positions, oldest first.
    pub fixes: Vec<Reading<Location>>,
    /// Where they stay, if it is a named place.
    pub stay: Option<Stay>,
}

/// Positions that are kept.
const MAX_FIXES: usize = 8;
/// Positions older than this before the last are dropped.
const KEPT: Duration = Duration::from_hours(1);
/// The least speed that counts as going somewhere, in metres a second.
const WALKING: f64 = 0.5;
/// The least share of a way that must bring them nearer.
const DIRECT: f64 = 0.6;
/// Positions between which a speed is told lie no further apart than this, and back.
const RECENT: Duration = Duration::from_mins(10);
/// A stay is interrupted when nothing was seen for this long.
const PAUSE: Duration = Duration::from_hours(6);

impl Track {
    /// Takes a position; one that is not newer than the last is left out, and false returned.
    pub(crate) fn observe(
        &mut self,
        fix: Reading<Location>,
        places: &NamedPlaces,
        own: &[PlaceDefinition],
    ) -> bool {
        if self.fixes.last().is_some_and(|last| fix.at <= last.at) {
            return false;
        }
        let now = fix.at;
        let surplus = (self.fixes.len() + 1).saturating_sub(MAX_FIXES);
        let stale = self.fixes.partition_point(|fix| KEPT < now.since(fix.at));
        self.fixes.drain(..surplus.max(stale));
        self.fixes.reserve_exact(MAX_FIXES.saturating_sub(self.fixes.len()));
        self.fixes.push(fix);
        self.update_stay(now, places, own);
        true
    }

    /// The last position.
    pub fn last(&self) -> Option<&Reading<Location>> {
        self.fixes.last()
    }

    /// How fast the customer was between the last two positions, in metres a second; `None` when they are too far
    /// apart, too old, or too inexact to tell.
    pub fn speed(&self, now: Timestamp) -> Option<f64> {
        let [.., before, last] = self.fixes.as_slice() else { return None };
        let seconds = last.at.since(before.at).as_secs_f64();
        let recent = now.since(last.at) <= RECENT && last.at.since(before.at) <= RECENT;
        let way = Plane::at(last.value.point).out_to_m(before.value.point);
        let noise = before.value.accuracy_m.max(last.value.accuracy_m);
        (recent && 0.0 < seconds).then(|| if way <= noise { 0.0 } else { way / seconds })
    }

    fn update_stay(&mut self, now: Timestamp, places: &NamedPlaces, own: &[PlaceDefinition]) {
        let found = self.fixes.last().and_then(|fix| places.at(fix.value, own));
        let here = found.filter(|found| 0.5 <= found.share).map(|found| found.place);
        self.stay = match (here, self.stay.take()) {
            (Some(place), Some(mut stay)) if stay.place == place.id && now.since(stay.seen) <= PAUSE => {
                stay.seen = now;
                Some(stay)
            }
            (Some(place), _) => {
                Some(Stay { place: place.id.clone(), kind: place.kind, since: now, seen: now })
            }
            (None, _) => None,
        };
    }

    /// The one of `candidates` that the last positions lead to, if they arrive within `foresight`: the one the way is most
    /// direct to. Worked out when asked, from the positions alone.
    pub fn approach<'a>(
        &self,
        candidates: impl IntoIterator<Item = &'a PlaceDefinition>,
        foresight: Duration,
    ) -> Option<Approach<'a>> {
        let (first, last) = (self.fixes.first()?, self.fixes.last()?);
        let now = last.at;
        let seconds = last.at.since(first.at).as_secs_f64();
        let plane = Plane::at(last.value.point);
        let points = || self.fixes.iter().map(|fix| fix.value.point);
        let way: f64 = points().zip(points().skip(1)).map(|(a, b)| plane.distance_m(a, b)).sum();
        let noise = first.value.accuracy_m.max(last.value.accuracy_m);
        if self.fixes.len() < 2 || seconds <= 0.0 || way <= noise || way / seconds < WALKING {
            return None;
        }
        candidates
            .into_iter()
            .filter_map(|place| {
                let distance_m = plane.out_to_m(place.at);
                let nearer = plane.distance_m(first.value.point, place.at) - distance_m;
                let (directness, left) = ((nearer / way).min(1.0), distance_m - place.radius_m);
                if directness < DIRECT || left <= 0.0 {
                    return None;
                }
                let arrival = now.plus(Duration::from_micros((left * seconds / nearer * 1e6) as i64));
                let soon = arrival.since(now) <= foresight;
                soon.then_some(Approach { place, distance_m, arrival, directness, at: now })
            })
            .max_by(|a, b| {
                a.directness
                    .total_cmp(&b.directness)
                    .then(b.arrival.cmp(&a.arrival))
                    .then_with(|| b.place.id.cmp(&a.place.id))
            })
    }
}

#[cfg(test)]
mod tests {
    use apropos_event::{Path, Problems};

    use super::super::point::Point;
    use super::*;
    use crate::reading::Source;

    fn fix(location: Location, at: Timestamp, half_life: Duration) -> Reading<Location> {
        Reading::new(location, Source::Event, at).fading(half_life)
    }

    fn place(id: &str, kind: PlaceKind, latitude: f64, longitude: f64) -> PlaceDefinition {
        PlaceDefinition::new(PlaceId::new(id).unwrap(), kind, Point::new(latitude, longitude).unwrap())
    }

    fn approach<'a>(track: &Track, places: &'a NamedPlaces) -> Option<Approach<'a>> {
        track.approach(places.all(), Duration::from_mins(30))
    }

    fn walk(track: &mut Track, places: &NamedPlaces, own: &[PlaceDefinition], way: &[(i64, f64)]) {
        for (minute, longitude) in way {
            let at = Timestamp::EPOCH.plus(Duration::from_mins(*minute));
            let location = Location::within(Point::new(0.0, *longitude).unwrap(), 10.0);
            track.observe(fix(location, at, Duration::from_mins(10)), places, own);
        }
    }

    #[test]
    fn who_comes_nearer_is_on_the_way_and_then_there() {
        let mut problems = Problems::new();
        let store = place("store", PlaceKind::Store, 0.0, 0.02);
        let places = NamedPlaces::compile(&[store], &Path::root(), &mut problems);
        let mut track = Track::default();
        walk(&mut track, &places, &[], &[(0, 0.0), (1, 0.001), (2, 0.002)]);
        let found = approach(&track, &places).unwrap();
        assert_eq!(found.place.id.as_str(), "store");
        // 111 m a minute, about 2 km and less the radius to go.
        let minutes = found.arrival.since(found.at).as_secs_f64() / 60.0;
        assert!((16.0..17.5).contains(&minutes), "{minutes}");
        walk(&mut track, &places, &[], &[(15, 0.0199), (45, 0.0199)]);
        assert_eq!(track.stay.as_ref().unwrap().dwell(), Duration::from_mins(30));
        assert_eq!(approach(&track, &places), None);
    }

    #[test]
    fn who_goes_away_or_stands_still_is_not_on_the_way() {
        let mut problems = Problems::new();
        let store = place("store", PlaceKind::Store, 0.0, 0.02);
        let places = NamedPlaces::compile(&[store], &Path::root(), &mut problems);
        let mut track = Track::default();
        walk(&mut track, &places, &[], &[(0, 0.002), (1, 0.001), (2, 0.0)]);
        assert_eq!(approach(&track, &places), None);
        let mut track = Track::default();
        walk(&mut track, &places, &[], &[(0, 0.0), (1, 0.00001), (2, 0.0)]);
        assert_eq!(approach(&track, &places), None);
    }

    #[test]
    fn the_customers_own_place_counts_before_a_larger_one() {
        let mut problems = Problems::new();
        let mall = PlaceDefinition { radius_m: 500.0, ..place("mall", PlaceKind::Store, 0.0, 0.0) };
        let places = NamedPlaces::compile(&[mall], &Path::root(), &mut problems);
        let own = [place("work", PlaceKind::Work, 0.0, 0.0005)];
        let mut track = Track::default();
        walk(&mut track, &places, &own, &[(0, 0.0004)]);
        assert_eq!(track.stay.as_ref().unwrap().kind, PlaceKind::Work);
        // An older position changes nothing.
        let late = fix(Location::exact(Point::new(1.0, 1.0).unwrap()), Timestamp::MIN, Duration::ZERO);
        assert!(!track.observe(late, &places, &own));
        assert_eq!(track.fixes.len(), 1);
    }
}
