//! Situations: the combinations that people recognise, declared as conditions over the context.
//!
//! They are **total**, since something always matches, and **ordered**: the first that holds is the one.

use apropos_condition::{AttributeId, Condition, Facts, SchemaBuilder};
use apropos_event::{Path, Problem, Problems, SituationId};
use serde::{Deserialize, Serialize};

use crate::when;

/// A situation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SituationDefinition {
    /// Its id, such as `walking_with_a_phone`.
    pub id: SituationId,
    /// When it is recognised. Without a condition it always is: such a one is the last.
    #[serde(default)]
    pub when: Option<String>,
    /// What people would say, for people.
    #[serde(default)]
    pub doc: String,
}

/// The checked situations.
#[derive(Clone, Debug)]
pub struct Situations {
    /// The last has no condition.
    situations: Vec<(SituationId, Option<Condition>)>,
}

/// The id of the situation that is left when nothing else is recognised and the definition names none.
pub const UNREMARKABLE: &str = "unremarkable";

/// At most this many situations.
pub(crate) const MAX_SITUATIONS: usize = 256;

/// The situations that most playbooks want.
pub fn usual_situations() -> Vec<SituationDefinition> {
    const TABLE: [(&str, &str, &str); 13] = [
        ("at_a_kiosk", r#"context.device.class == "kiosk""#, "at a screen that belongs to nobody"),
        (
            "driving",
            r#"context.device.class == "car" || context.motion == "riding" && context.channel == "car""#,
            "at the wheel: ears only",
        ),
        (
            "on_the_train_with_a_laptop",
            r#"context.motion == "riding" && context.device.class == "desktop""#,
            "on the way, with time and a keyboard",
        ),
        (
            "on_the_way_with_a_phone",
            r#"context.motion == "riding" && context.device.class == "phone""#,
            "on the way, with a small screen",
        ),
        (
            "walking_to_the_store",
            r#"context.motion == "walking" && context.approaching.kind == "store""#,
            "about to arrive",
        ),
        (
            "walking_with_a_phone",
            r#"context.motion == "walking" && context.device.class == "phone""#,
            "on foot: short and glanceable",
        ),
        ("in_the_store", r#"context.place.kind == "store""#, "among the shelves"),
        ("at_the_airport", r#"context.place.kind == "airport""#, "waiting, with a deadline"),
        ("at_the_hotel", r#"context.place.kind == "hotel""#, "away from home"),
        (
            "at_the_office_on_a_desktop",
            r#"context.place.kind == "work" && context.device.class == "desktop""#,
            "at work, with a large screen",
        ),
        (
            "on_the_couch_with_a_voice_assistant",
            r#"context.device.class == "voice_assistant" && context.place.kind != "work""#,
            "at home, hands free, others may listen",
        ),
        ("watching_television", r#"context.device.class == "television""#, "at home, others may watch"),
        (
            "at_home_in_the_evening",
            r#"context.place.kind == "home" && context.daypart == "evening""#,
            "at home, with time",
        ),
    ];
    let row = |(id, when, doc): &(&str, &str, &str)| {
        let (when, doc) = (Some((*when).to_owned()), (*doc).to_owned());
        Some(SituationDefinition { id: SituationId::new(id).ok()?, when, doc })
    };
    TABLE.iter().filter_map(row).collect()
}

/// The situations of a definition as they are used: the usual ones when there are none, and one without a condition
/// at the end.
pub(crate) fn complete(definitions: &[SituationDefinition]) -> Vec<SituationDefinition> {
    let mut all = if definitions.is_empty() { usual_situations() } else { definitions.to_vec() };
    if all.last().is_none_or(|last| last.when.is_some())
        && let Ok(id) = SituationId::new(UNREMARKABLE)
    {
        all.push(SituationDefinition { id, when: None, doc: "nothing in particular".to_owned() });
    }
    all
}

impl Situations {
    /// Checks situations; conditions are read against the builder.
    pub fn compile(
        definitions: &[SituationDefinition],
        schema: &mut SchemaBuilder,
        path: &Path,
        problems: &mut Problems,
    ) -> Self {
        if MAX_SITUATIONS < definitions.len() {
            let message =
                format!("there are {} situations, at most {MAX_SITUATIONS} are accepted", definitions.len());
            problems.push(Problem::error("context/too-many", path.clone(), message));
        }
        let all = complete(definitions);
        let mut situations = Vec::with_capacity(all.len());
        for (at, situation) in all.iter().enumerate() {
            let path = path.index(at);
            if all.iter().take(at).any(|other| other.id == situation.id) {
                let message = format!("situation `{}` is declared twice", situation.id);
                problems.push(Problem::error("context/duplicate", path.key("id"), message));
            }
            if situation.when.is_none() && at + 1 != all.len() {
                let message =
                    format!("`{}` always holds, so nothing after it is ever recognised", situation.id);
                problems.push(Problem::error("context/shadowed", path.key("when"), message));
            }
            let when = situation.when.as_ref();
            let condition = when.and_then(|text| schema.condition(text, &path.key("when"), problems));
            situations.push((situation.id.clone(), condition));
        }
        if let Some((_, condition)) = situations.last_mut() {
            *condition = None;
        }
        Self { situations }
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &SituationId> {
        self.situations.iter().map(|(id, _)| id)
    }

    /// The situation of a moment whose facts are written: the first that holds for certain. There always is one.
    pub fn of(&self, facts: &Facts) -> Option<&SituationId> {
        self.situations.get(self.recognise(facts)).map(|(id, _)| id)
    }

    /// The attributes that its conditions read.
    pub(crate) fn reads(&self) -> impl Iterator<Item = AttributeId> {
        self.situations
            .iter()
            .filter_map(|(_, condition)| condition.as_ref())
            .flat_map(Condition::attributes)
            .copied()
    }

    /// The number of the first situation that holds for certain.
    pub(crate) fn recognise(&self, facts: &Facts) -> usize {
        let holds = |condition: &Option<Condition>| {
            condition.as_ref().is_none_or(|condition| when::holds(condition, facts))
        };
        let found = self.situations.iter().position(|(_, condition)| holds(condition));
        found.unwrap_or(self.situations.len().saturating_sub(1))
    }
}
