//! Dayparts: names for stretches of the day on the wall clock.

use apropos_event::{CivilTime, Path, Problem, Problems};
use serde::{Deserialize, Serialize};

/// One daypart: it begins at `from` and lasts until the next one begins; the last wraps past midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaypartDefinition {
    /// What people call it, such as `morning`. A name may be used more than once.
    pub name: String,
    /// When it begins on the wall clock.
    pub from: CivilTime,
}

/// The dayparts of a definition, in order of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dayparts {
    names: Vec<String>,
    /// When a part begins, and the place of its name.
    parts: Vec<(CivilTime, usize)>,
}

/// At most this many dayparts.
pub(crate) const MAX_DAYPARTS: usize = 48;

impl Dayparts {
    /// The dayparts used when a definition names none: morning from 06:00, afternoon from 12:00, evening from
    /// 18:00, night from 22:00.
    pub fn usual() -> Vec<DaypartDefinition> {
        [("morning", 6), ("afternoon", 12), ("evening", 18), ("night", 22)]
            .into_iter()
            .filter_map(|(name, hour)| {
                CivilTime::new(hour, 0).map(|from| DaypartDefinition { name: name.to_owned(), from })
            })
            .collect()
    }

    /// Checks and orders dayparts; an empty list gives the usual ones.
    pub fn compile(definitions: &[DaypartDefinition], path: &Path, problems: &mut Problems) -> Self {
        let mut ordered = if definitions.is_empty() { Self::usual() } else { definitions.to_vec() };
        if MAX_DAYPARTS < ordered.len() {
            let message =
                format!("there are {} dayparts, at most {MAX_DAYPARTS} are accepted", ordered.len());
            problems.push(Problem::error("context/too-many", path.clone(), message));
            ordered.truncate(MAX_DAYPARTS);
        }
        for (at, part) in ordered.iter().enumerate() {
            if part.name.is_empty() {
                let path = path.index(at).key("name");
                problems.push(Problem::error("context/empty-name", path, "a daypart needs a name"));
            }
        }
        ordered.sort_by_key(|part| part.from);
        for pair in ordered.windows(2) {
            if let [first, second] = pair
                && first.from == second.from
            {
                let message = format!("`{}` and `{}` both begin at {}", first.name, second.name, second.from);
                problems.push(Problem::error("context/same-start", path.clone(), message));
            }
        }
        Self::index(&ordered)
    }

    fn index(ordered: &[DaypartDefinition]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut parts = Vec::with_capacity(ordered.len());
        for part in ordered {
            let at = names.iter().position(|name| *name == part.name).unwrap_or_else(|| {
                names.push(part.name.clone());
                names.len() - 1
            });
            parts.push((part.from, at));
        }
        Self { names, parts }
    }

    /// The names in order of the clock, repeated ones once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The daypart at `time`. There is always one. O(log n).
    pub fn at(&self, time: CivilTime) -> &str {
        self.names.get(self.index_at(time)).map_or("", String::as_str)
    }

    /// The place of the daypart at `time` among [`Dayparts::names`].
    pub(crate) fn index_at(&self, time: CivilTime) -> usize {
        let after = self.parts.partition_point(|(from, _)| *from <= time);
        // Before the first beginning the last part of the evening before still lasts.
        let part = after.checked_sub(1).map_or(self.parts.last(), |at| self.parts.get(at));
        part.map_or(0, |(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_covered_without_a_gap() {
        let mut problems = Problems::new();
        let parts = Dayparts::compile(&[], &Path::root(), &mut problems);
        assert!(problems.is_empty());
        let at = |hour, minute| parts.at(CivilTime::new(hour, minute).unwrap());
        assert_eq!((at(5, 59), at(6, 0), at(11, 59)), ("night", "morning", "morning"));
        assert_eq!((at(17, 59), at(18, 0), at(22, 0), at(0, 0)), ("afternoon", "evening", "night", "night"));
    }

    #[test]
    fn two_dayparts_cannot_begin_together() {
        let part = |name: &str| DaypartDefinition { name: name.to_owned(), from: CivilTime::default() };
        let mut problems = Problems::new();
        let _ = Dayparts::compile(&[part("a"), part("b")], &Path::root(), &mut problems);
        assert!(problems.has_errors());
    }
}
