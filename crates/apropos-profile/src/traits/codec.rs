//! How claims are written: by trait for people, one compact block for machines.
//!
//! The block names each source once, and writes instants as differences, so that a profile is small and loads without an
//! allocation a claim. It is read with everything checked; bytes that break a rule are refused.

use std::borrow::Cow;
use std::fmt;

use apropos_event::compact::{Reader, Ticks, Unit, Writer};
use apropos_event::{PropertyName, Purpose, Purposes, SourceId, Timestamp};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Claims, Held};
use crate::Claim;

/// One trait, for people.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trait<'a> {
    name: Cow<'a, PropertyName>,
    claims: Vec<Cow<'a, Claim>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten: Option<Timestamp>,
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&write(self));
        }
        let held = self.held.iter().map(|held| &held.name);
        let mut names: Vec<&PropertyName> = held.chain(self.forgotten.iter().map(|(name, _)| name)).collect();
        names.sort_unstable();
        names.dedup();
        serializer.collect_seq(names.into_iter().map(|name| Trait {
            name: Cow::Borrowed(name),
            claims: self.about(name).iter().map(|held| Cow::Borrowed(&held.claim)).collect(),
            forgotten: self.forgotten(name),
        }))
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let claims = if deserializer.is_human_readable() {
            let mut all = Self::default();
            for Trait { name, claims, forgotten } in Vec::<Trait<'_>>::deserialize(deserializer)? {
                let name = name.into_owned();
                all.forgotten.extend(forgotten.map(|at| (name.clone(), at)));
                let held = |claim: Cow<'_, Claim>| Held { name: name.clone(), claim: claim.into_owned() };
                all.held.extend(claims.into_iter().map(held));
            }
            all
        } else {
            deserializer.deserialize_bytes(Block)?
        };
        claims.flaw().map_or(Ok(claims), |flaw| Err(de::Error::custom(flaw)))
    }
}

struct Block;

impl Visitor<'_> for Block {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Claims, E> {
        read(bytes).ok_or_else(|| E::custom("the claims are broken"))
    }
}

const SAME_TRAIT: u8 = 1;
const TOLD: u8 = 2;
const PURPOSES: u8 = 4;
const UNTIL: u8 = 8;
const CONFIDENCE: u8 = 16;
const TRUST: u8 = 32;
const ALL: u8 = 63;

/// What is sure and what is trusted where a claim does not say: the confidence, and the trust of the claim before it.
const SURE: u8 = 100;
const HALF: u8 = 50;

fn write(Claims { held: claims, forgotten }: &Claims) -> Vec<u8> {
    let mut out = Writer::with_capacity(16 + claims.len() * 32);
    let mut sources: Vec<&SourceId> = claims.iter().map(|held| &held.claim.source).collect();
    sources.sort_unstable();
    sources.dedup();
    out.number(sources.len() as u64);
    for source in &sources {
        out.text(source.as_str());
    }
    let unit = Unit::of(claims.iter().map(|held| held.claim.observed_at));
    out.byte(unit.code());
    out.number(claims.len() as u64);
    let mut ticks = Ticks::new(unit);
    let (mut name, mut trust) = (None, HALF);
    for Held { name: about, claim } in claims {
        let same = name.replace(about) == Some(about);
        let flags = [
            (SAME_TRAIT, same),
            (TOLD, claim.told),
            (PURPOSES, claim.purposes.is_some()),
            (UNTIL, claim.until.is_some()),
            (CONFIDENCE, claim.confidence != SURE),
            (TRUST, claim.trust != trust),
        ];
        out.byte(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| flag).sum());
        if !same {
            out.text(about.as_str());
        }
        out.number(sources.binary_search(&&claim.source).unwrap_or_default() as u64);
        ticks.write(&mut out, claim.observed_at);
        if let Some(purposes) = claim.purposes {
            out.byte(purposes.iter().map(|purpose| 1 << purpose as u8).sum());
        }
        if let Some(until) = claim.until {
            out.instant(until);
        }
        if claim.confidence != SURE {
            out.byte(claim.confidence);
        }
        if claim.trust != trust {
            out.byte(claim.trust);
            trust = claim.trust;
        }
        out.value(&claim.value);
    }
    out.number(forgotten.len() as u64);
    for (name, at) in forgotten {
        out.text(name.as_str());
        out.instant(*at);
    }
    out.finish()
}

fn read(bytes: &[u8]) -> Option<Claims> {
    let mut input = Reader::new(bytes);
    let sources = input.length(2)?;
    let sources: Option<Vec<SourceId>> = (0..sources).map(|_| SourceId::new(input.text()?).ok()).collect();
    let sources = sources?;
    let mut ticks = Ticks::new(Unit::from_code(input.byte()?)?);
    let count = input.length(4)?;
    let mut claims: Vec<Held> = Vec::with_capacity(count);
    let mut trust = HALF;
    for _ in 0..count {
        let flags = input.byte().filter(|flags| flags & !ALL == 0)?;
        let name = if flags & SAME_TRAIT == 0 {
            PropertyName::new(input.text()?).ok()?
        } else {
            claims.last()?.name.clone()
        };
        let source = sources.get(usize::try_from(input.number()?).ok()?)?.clone();
        let observed_at = ticks.read(&mut input)?;
        let purposes = if flags & PURPOSES == 0 { None } else { Some(purposes(input.byte()?)?) };
        let until: Option<Timestamp> = if flags & UNTIL == 0 { None } else { Some(input.instant()?) };
        let confidence = if flags & CONFIDENCE == 0 { SURE } else { input.byte()? };
        if flags & TRUST != 0 {
            trust = input.byte()?;
        }
        let value = input.value()?;
        let told = flags & TOLD != 0;
        let claim = Claim { value, source, observed_at, confidence, trust, told, purposes, until };
        claims.push(Held { name, claim });
    }
    let forgotten = input.length(2)?;
    let forgotten: Option<Vec<(PropertyName, Timestamp)>> =
        (0..forgotten).map(|_| Some((PropertyName::new(input.text()?).ok()?, input.instant()?))).collect();
    let claims = Claims { held: claims.into(), forgotten: forgotten?.into() };
    input.is_empty().then_some(claims)
}

fn purposes(bits: u8) -> Option<Purposes> {
    let picked = Purpose::ALL.into_iter().filter(|purpose| bits & (1 << *purpose as u8) != 0);
    (bits < 8).then(|| picked.collect())
}
