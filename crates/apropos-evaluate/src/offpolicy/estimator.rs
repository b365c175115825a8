//! The estimators by name, and what each adds up per row.
//!
//! Not here: the sums themselves; see `evaluation`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Shrinkage;

/// An off-policy estimator. Its text form is the name that tables and reports use, such as `switch_dr_t5`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Estimator {
    /// Mean reward of the rows on which a deterministic policy agrees with the log (`replay`; Li et al. 2011).
    Replay,
    /// mean(shrink(w) r): `ipw`, `ipw_clip20`, `sgipw_l0.1`.
    Ips(Shrinkage),
    /// Σ w r / Σ w: `snipw`.
    SelfNormalised,
    /// mean Σ_a π_e q: `dm`.
    Direct,
    /// mean(Σ_a π_e q + shrink(w) (r − q)): `dr`, `switch_dr_t5`, `dros_l10`, `sgdr_l0.1`, `dr_clip20`.
    DoublyRobust(Shrinkage),
    /// mean(Σ_a π_e q) + Σ w (r − q) / Σ w: `sndr`.
    SelfNormalisedDoublyRobust,
    /// Empirical likelihood of the Cressie–Read family with power −2: `cr`.
    CressieRead,
}

impl Estimator {
    /// Whether it needs a reward model.
    pub fn needs_model(self) -> bool {
        matches!(self, Self::Direct | Self::DoublyRobust(_) | Self::SelfNormalisedDoublyRobust)
    }

    /// Its name when predictions come from the reward model called `model`, such as `dr[table]`.
    pub fn name(self, model: &str) -> String {
        if self.needs_model() { format!("{self}[{model}]") } else { self.to_string() }
    }

    /// The estimators of the published reference tables, weight-only ones first.
    pub fn standard() -> Vec<Self> {
        use Shrinkage::{Clip, Optimistic, Plain, SubGaussian, Switch};
        vec![
            Self::Replay,
            Self::Ips(Plain),
            Self::Ips(Clip(5.0)),
            Self::Ips(Clip(20.0)),
            Self::SelfNormalised,
            Self::Ips(SubGaussian(0.1)),
            Self::CressieRead,
            Self::Direct,
            Self::DoublyRobust(Plain),
            Self::SelfNormalisedDoublyRobust,
            Self::DoublyRobust(Switch(2.0)),
            Self::DoublyRobust(Switch(5.0)),
            Self::DoublyRobust(Optimistic(10.0)),
            Self::DoublyRobust(Optimistic(500.0)),
            Self::DoublyRobust(SubGaussian(0.1)),
        ]
    }

    /// Those of [`Self::standard`] that need no reward model.
    pub fn weight_only() -> Vec<Self> {
        Self::standard().into_iter().filter(|estimator| !estimator.needs_model()).collect()
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replay => f.write_str("replay"),
            Self::SelfNormalised => f.write_str("snipw"),
            Self::Direct => f.write_str("dm"),
            Self::SelfNormalisedDoublyRobust => f.write_str("sndr"),
            Self::CressieRead => f.write_str("cr"),
            Self::Ips(Shrinkage::Plain) => f.write_str("ipw"),
            Self::Ips(Shrinkage::Clip(l)) => write!(f, "ipw_clip{l}"),
            Self::Ips(Shrinkage::Switch(l)) => write!(f, "ipw_t{l}"),
            Self::Ips(Shrinkage::Optimistic(l)) => write!(f, "ipwos_l{l}"),
            Self::Ips(Shrinkage::SubGaussian(l)) => write!(f, "sgipw_l{l}"),
            Self::DoublyRobust(Shrinkage::Plain) => f.write_str("dr"),
            Self::DoublyRobust(Shrinkage::Clip(l)) => write!(f, "dr_clip{l}"),
            Self::DoublyRobust(Shrinkage::Switch(l)) => write!(f, "switch_dr_t{l}"),
            Self::DoublyRobust(Shrinkage::Optimistic(l)) => write!(f, "dros_l{l}"),
            Self::DoublyRobust(Shrinkage::SubGaussian(l)) => write!(f, "sgdr_l{l}"),
        }
    }
}

/// The text names no estimator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an estimator; known are replay, ipw, ipw_clip5, snipw, sgipw_l0.1, cr, dm, dr, sndr, dr_clip5, switch_dr_t5, dros_l10, sgdr_l0.1"
)]
pub struct ParseEstimatorError(String);

impl FromStr for Estimator {
    type Err = ParseEstimatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || ParseEstimatorError(text.to_owned());
        let plain = match text {
            "replay" => Some(Self::Replay),
            "ipw" => Some(Self::Ips(Shrinkage::Plain)),
            "snipw" => Some(Self::SelfNormalised),
            "cr" => Some(Self::CressieRead),
            "dm" => Some(Self::Direct),
            "dr" => Some(Self::DoublyRobust(Shrinkage::Plain)),
            "sndr" => Some(Self::SelfNormalisedDoublyRobust),
            _ => None,
        };
        if let Some(estimator) = plain {
            return Ok(estimator);
        }
        for (prefix, make) in FAMILIES {
            if let Some(lambda) = text.strip_prefix(prefix) {
                let lambda: f64 = lambda.parse().map_err(|_| fail())?;
                let upper = if prefix.starts_with("sg") { 1.0 } else { f64::MAX };
                if !(0.0..=upper).contains(&lambda) {
                    return Err(fail());
                }
                return Ok(make(lambda));
            }
        }
        Err(fail())
    }
}

/// The prefix of a name and what it makes of the parameter.
type Family = (&'static str, fn(f64) -> Estimator);

/// The families with a parameter, each by the prefix of its name.
const FAMILIES: [Family; 8] = [
    ("ipw_clip", |l| Estimator::Ips(Shrinkage::Clip(l))),
    ("ipw_t", |l| Estimator::Ips(Shrinkage::Switch(l))),
    ("ipwos_l", |l| Estimator::Ips(Shrinkage::Optimistic(l))),
    ("sgipw_l", |l| Estimator::Ips(Shrinkage::SubGaussian(l))),
    ("dr_clip", |l| Estimator::DoublyRobust(Shrinkage::Clip(l))),
    ("switch_dr_t", |l| Estimator::DoublyRobust(Shrinkage::Switch(l))),
    ("dros_l", |l| Estimator::DoublyRobust(Shrinkage::Optimistic(l))),
    ("sgdr_l", |l| Estimator::DoublyRobust(Shrinkage::SubGaussian(l))),
];

impl TryFrom<String> for Estimator {
    type Error = ParseEstimatorError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Estimator> for String {
    fn from(estimator: Estimator) -> Self {
        estimator.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for estimator in Estimator::standard() {
            assert_eq!(estimator.to_string().parse(), Ok(estimator));
        }
        assert_eq!(Estimator::DoublyRobust(Shrinkage::Switch(5.0)).name("table"), "switch_dr_t5[table]");
        assert!("sgipw_l2".parse::<Estimator>().is_err());
        assert!("ipw_clip-1".parse::<Estimator>().is_err());
        assert!("magic".parse::<Estimator>().is_err());
    }
}
