//! Channel assessment: what each channel is worth to customers, and whether to open, improve, keep or leave it.
//!
//! For a channel the company is on, a score of the experience delivered; for one it is not on, the demand seen there.
//! Shares are drawn towards the mean of all channels as if that had been seen in [`PRIOR`] contacts, so that a few
//! contacts prove little. Not here: collecting the figures.

use apropos_event::{ChannelId, Duration};
use serde::{Deserialize, Serialize};

/// What was seen on one channel in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelFigures {
    /// The channel.
    pub channel: ChannelId,
    /// Whether the company is on it.
    pub present: bool,
    /// Contacts that customers began or took up.
    #[serde(default)]
    pub contacts: u64,
    /// Contacts after which the customer had what they came for.
    #[serde(default)]
    pub resolved: u64,
    /// Contacts that were given up half way.
    #[serde(default)]
    pub abandoned: u64,
    /// Contacts that ended here, without the customer having to come again elsewhere.
    #[serde(default)]
    pub contained: u64,
    /// The sum of what customers had to do, in steps.
    #[serde(default)]
    pub steps: u64,
    /// The sum of the time it took them.
    #[serde(default)]
    pub time: Duration,
    /// How many said how satisfied they were.
    #[serde(default)]
    pub ratings: u64,
    /// The sum of their ratings, each 0 to 1.
    #[serde(default)]
    pub rating_sum: f64,
    /// What the channel costs in the period, in the playbook's currency.
    #[serde(default)]
    pub cost: f64,
    /// Signs of demand: mentions, attempts and requests of customers on a channel the company may not be on.
    #[serde(default)]
    pub demand: u64,
}

impl ChannelFigures {
    /// A channel of which nothing was seen.
    pub fn new(channel: ChannelId, present: bool) -> Self {
        Self {
            channel,
            present,
            contacts: 0,
            resolved: 0,
            abandoned: 0,
            contained: 0,
            steps: 0,
            time: Duration::ZERO,
            ratings: 0,
            rating_sum: 0.0,
            cost: 0.0,
            demand: 0,
        }
    }
}

/// How channels are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssessmentDefinition {
    /// How much each part of the experience weighs: resolution, effort, time, containment, satisfaction and
    /// abandonment.
    pub weights: [f64; 6],
    /// The steps at which half of the score for effort is lost.
    pub half_steps: f64,
    /// The time at which half of the score for time is lost.
    pub half_time: Duration,
    /// The score from which a channel is good enough to keep as it is.
    pub good: f64,
    /// The share of all contacts and demand from which a channel matters.
    pub matters: f64,
    /// The number of signs of demand from which opening a channel is considered.
    pub open_from: u64,
}

impl Default for AssessmentDefinition {
    fn default() -> Self {
        Self {
            weights: [0.3, 0.15, 0.1, 0.15, 0.2, 0.1],
            half_steps: 6.0,
            half_time: Duration::from_mins(10),
            good: 0.65,
            matters: 0.03,
            open_from: 50,
        }
    }
}

/// A part of the experience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperiencePart {
    /// The customer got what they came for.
    Resolution,
    /// Few steps.
    Effort,
    /// Little time.
    Time,
    /// They did not have to go elsewhere.
    Containment,
    /// They said they were content.
    Satisfaction,
    /// They did not give up.
    Abandonment,
}

impl ExperiencePart {
    /// All parts, in the order of the weights.
    pub const ALL: [Self; 6] = [
        Self::Resolution,
        Self::Effort,
        Self::Time,
        Self::Containment,
        Self::Satisfaction,
        Self::Abandonment,
    ];
}

/// What to do about a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// Be there: customers are.
    Open,
    /// Do better there: it matters and is not good enough.
    Improve,
    /// Go on as it is.
    Keep,
    /// Be there no longer: it neither matters nor is good.
    Leave,
    /// Stay away: hardly anybody asks.
    StayAway,
}

/// The judgement of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelAssessment {
    /// The channel.
    pub channel: ChannelId,
    /// The experience delivered, 0 to 1, for a channel the company is on.
    pub experience: Option<f64>,
    /// The parts of it, in the order of [`ExperiencePart::ALL`].
    pub parts: Option<[f64; 6]>,
    /// The channel's share of all contacts and signs of demand.
    pub share: f64,
    /// Its cost for each contact that was resolved, if any was.
    pub cost_per_resolution: Option<f64>,
    /// What to do.
    pub recommendation: Recommendation,
    /// Why, weightiest first.
    pub reasons: Vec<String>,
}

/// Contacts' worth of the mean that shares are drawn towards it by.
pub const PRIOR: f64 = 20.0;

/// Judges channels, in the order given.
///
/// The experience is the weighted mean of the parts. A channel the company is on is kept when it is good; otherwise
/// it is improved when it matters and left when it does not. One it is not on is opened when enough customers ask.
///
/// ```
/// use apropos_context::{AssessmentDefinition, ChannelFigures, Recommendation, assess_channels};
/// use apropos_event::ChannelId;
///
/// let mut chat = ChannelFigures::new(ChannelId::new("chat")?, false);
/// chat.demand = 400;
/// let judged = assess_channels(&AssessmentDefinition::default(), &[chat]);
/// assert_eq!(judged[0].recommendation, Recommendation::Open);
/// # Ok::<(), apropos_event::IdError>(())
/// ```
pub fn assess_channels(
    definition: &AssessmentDefinition,
    figures: &[ChannelFigures],
) -> Vec<ChannelAssessment> {
    let all: f64 = figures.iter().map(volume).sum();
    let means = means(figures);
    figures.iter().map(|channel| judge(definition, channel, all, &means)).collect()
}

fn volume(channel: &ChannelFigures) -> f64 {
    channel.contacts as f64 + channel.demand as f64
}

/// The means over the channels the company is on, which stand in for what was not seen.
#[derive(Clone, Copy)]
struct Means {
    resolved: f64,
    contained: f64,
    kept: f64,
    rating: f64,
    steps: f64,
    seconds: f64,
}

fn means(figures: &[ChannelFigures]) -> Means {
    let sum = |part: &dyn Fn(&ChannelFigures) -> f64| -> f64 {
        figures.iter().filter(|channel| channel.present).map(part).sum()
    };
    let contacts = sum(&|channel| channel.contacts as f64);
    let share = |part: f64, of: f64, otherwise: f64| if 0.0 < of { part / of } else { otherwise };
    Means {
        resolved: share(sum(&|c| c.resolved as f64), contacts, 0.5),
        contained: share(sum(&|c| c.contained as f64), contacts, 0.5),
        kept: 1.0 - share(sum(&|c| c.abandoned as f64), contacts, 0.5),
        rating: share(sum(&|c| c.rating_sum), sum(&|c| c.ratings as f64), 0.5),
        steps: share(sum(&|c| c.steps as f64), contacts, 5.0),
        seconds: share(sum(&|c| c.time.as_secs_f64()), contacts, 300.0),
    }
}

/// A share or mean, drawn towards `mean` by the weight of the prior.
fn drawn(sum: f64, count: f64, mean: f64) -> f64 {
    (sum + PRIOR * mean) / (count + PRIOR)
}

fn parts(definition: &AssessmentDefinition, channel: &ChannelFigures, means: &Means) -> [f64; 6] {
    let contacts = channel.contacts as f64;
    let steps = drawn(channel.steps as f64, contacts, means.steps);
    let seconds = drawn(channel.time.as_secs_f64(), contacts, means.seconds);
    let half = |x: f64, half: f64| if 0.0 < half { half / (half + x.max(0.0)) } else { 0.0 };
    [
        drawn(channel.resolved as f64, contacts, means.resolved),
        half(steps, definition.half_steps),
        half(seconds, definition.half_time.as_secs_f64()),
        drawn(channel.contained as f64, contacts, means.contained),
        drawn(channel.rating_sum, channel.ratings as f64, means.rating),
        drawn(contacts - channel.abandoned as f64, contacts, means.kept),
    ]
    .map(|part| part.clamp(0.0, 1.0))
}

fn judge(
    definition: &AssessmentDefinition,
    channel: &ChannelFigures,
    all: f64,
    means: &Means,
) -> ChannelAssessment {
    let share = if 0.0 < all { volume(channel) / all } else { 0.0 };
    let id = channel.channel.clone();
    if !channel.present {
        return absent(definition, channel, share);
    }
    let parts = parts(definition, channel, means);
    let weight: f64 = definition.weights.iter().sum();
    let weighed: f64 = parts.iter().zip(&definition.weights).map(|(part, weight)| part * weight).sum();
    let experience = if 0.0 < weight { weighed / weight } else { 0.0 };
    let matters = definition.matters <= share;
    let recommendation = match (definition.good <= experience, matters) {
        (true, _) => Recommendation::Keep,
        (false, true) => Recommendation::Improve,
        (false, false) => Recommendation::Leave,
    };
    let percent = |x: f64| (x * 100.0).round();
    let mut reasons = vec![
        format!("the experience scores {} of 100, {} is good", percent(experience), percent(definition.good)),
        format!("it carries {} % of contacts and demand", (share * 1_000.0).round() / 10.0),
    ];
    reasons.extend(worst(definition, channel, &parts));
    ChannelAssessment {
        channel: id,
        experience: Some(experience),
        parts: Some(parts),
        share,
        cost_per_resolution: (0 < channel.resolved).then(|| channel.cost / channel.resolved as f64),
        recommendation,
        reasons,
    }
}

fn absent(definition: &AssessmentDefinition, channel: &ChannelFigures, share: f64) -> ChannelAssessment {
    let asked = definition.open_from <= channel.demand;
    let reason = if asked {
        format!("{} signs of demand, {} are enough", channel.demand, definition.open_from)
    } else {
        format!("only {} signs of demand, {} would be enough", channel.demand, definition.open_from)
    };
    ChannelAssessment {
        channel: channel.channel.clone(),
        experience: None,
        parts: None,
        share,
        cost_per_resolution: None,
        recommendation: if asked { Recommendation::Open } else { Recommendation::StayAway },
        reasons: vec![reason],
    }
}

/// The two parts that cost the experience most, in words with figures.
fn worst(definition: &AssessmentDefinition, channel: &ChannelFigures, parts: &[f64; 6]) -> Vec<String> {
    let mut losses: Vec<(f64, ExperiencePart)> = ExperiencePart::ALL
        .into_iter()
        .zip(parts.iter().zip(&definition.weights))
        .map(|(which, (part, weight))| ((1.0 - part) * weight, which))
        .collect();
    losses.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    losses.iter().take(2).map(|(_, part)| tell(*part, channel)).collect()
}

fn tell(part: ExperiencePart, channel: &ChannelFigures) -> String {
    let contacts = channel.contacts;
    let each = |sum: f64| if contacts == 0 { 0.0 } else { (sum / contacts as f64 * 10.0).round() / 10.0 };
    match part {
        ExperiencePart::Resolution => format!("{} of {contacts} contacts were resolved", channel.resolved),
        ExperiencePart::Effort => format!("a contact took {} steps", each(channel.steps as f64)),
        ExperiencePart::Time => format!("a contact took {} seconds", each(channel.time.as_secs_f64())),
        ExperiencePart::Containment => {
            format!("{} of {contacts} contacts ended there", channel.contained)
        }
        ExperiencePart::Satisfaction => {
            let mean = if channel.ratings == 0 { 0.0 } else { channel.rating_sum / channel.ratings as f64 };
            format!("{} customers rated it {} of 100", channel.ratings, (mean * 100.0).round())
        }
        ExperiencePart::Abandonment => format!("{} of {contacts} contacts were given up", channel.abandoned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, contacts: u64, good: f64) -> ChannelFigures {
        let share = |of: f64| (contacts as f64 * of) as u64;
        ChannelFigures {
            contacts,
            resolved: share(good),
            abandoned: share(1.0 - good),
            contained: share(good),
            steps: share(2.0 + 20.0 * (1.0 - good)),
            time: Duration::from_mins((contacts as f64 * (1.0 + 30.0 * (1.0 - good))) as i64),
            ratings: contacts,
            rating_sum: contacts as f64 * good,
            ..ChannelFigures::new(ChannelId::new(id).unwrap(), true)
        }
    }

    #[test]
    fn each_recommendation_has_its_case() {
        use Recommendation::{Improve, Keep, Leave, Open, StayAway};
        let absent = |id: &str, demand| ChannelFigures {
            demand,
            ..ChannelFigures::new(ChannelId::new(id).unwrap(), false)
        };
        let figures = [
            channel("app", 5_000, 0.95),
            channel("phone", 3_000, 0.4),
            channel("fax", 100, 0.2),
            absent("chat", 600),
            absent("telex", 3),
        ];
        let judged = assess_channels(&AssessmentDefinition::default(), &figures);
        let what: Vec<_> = judged.iter().map(|one| one.recommendation).collect();
        assert_eq!(what, [Keep, Improve, Leave, Open, StayAway], "{judged:#?}");
        assert!(judged.iter().all(|one| !one.reasons.is_empty()));
        assert!((judged.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_few_contacts_prove_little() {
        let figures = [channel("web", 10_000, 0.8), channel("new", 2, 0.0)];
        let judged = assess_channels(&AssessmentDefinition::default(), &figures);
        let (web, new) = (judged[0].experience.unwrap(), judged[1].experience.unwrap());
        assert!(new < web && web - new < 0.12, "{web} {new}");
    }

    proptest::proptest! {
        #[test]
        fn better_figures_never_score_worse(contacts in 1_u64..5_000, good in 0.0_f64..0.9, gain in 0.0_f64..0.1) {
            let score = |good| {
                let figures = [channel("a", contacts, good), channel("b", 1_000, 0.5)];
                assess_channels(&AssessmentDefinition::default(), &figures)[0].experience.unwrap()
            };
            let (low, high) = (score(good), score(good + gain));
            proptest::prop_assert!((0.0..=1.0).contains(&low));
            // Whole contacts round by at most one each.
            proptest::prop_assert!(low <= high + 3.0 / (contacts as f64 + PRIOR), "{low} {high}");
        }
    }
}
