//! The TC string of the Transparency and Consent Framework, version 2, all segments.
//!
//! Source of the format: IAB Europe and IAB Tech Lab, "Consent string and vendor list formats v2".

use apropos_event::Timestamp;

use super::ConsentStringError;
use super::bits::Bits;

/// What a TC string says. Purposes, features and vendors are their published numbers, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcString {
    /// The version of the format: 2.
    pub version: u8,
    /// When it was first made.
    pub created: Timestamp,
    /// When it was last changed.
    pub last_updated: Timestamp,
    /// The platform that asked.
    pub cmp_id: u16,
    /// Its version.
    pub cmp_version: u16,
    /// The screen on which consent was given.
    pub consent_screen: u8,
    /// The language in which it was asked, such as `EN`.
    pub consent_language: String,
    /// The vendor list it was asked with.
    pub vendor_list_version: u16,
    /// The policy it was asked under.
    pub policy_version: u8,
    /// Whether it holds for one service only.
    pub is_service_specific: bool,
    /// Whether other texts than the standard ones were shown.
    pub use_non_standard_texts: bool,
    /// Special features agreed to.
    pub special_feature_optins: Vec<u16>,
    /// Purposes agreed to.
    pub purpose_consents: Vec<u16>,
    /// Purposes for which legitimate interest was disclosed and not objected to.
    pub purpose_legitimate_interests: Vec<u16>,
    /// Whether purpose 1 was not asked for at all.
    pub purpose_one_treatment: bool,
    /// The publisher's country, such as `AT`.
    pub publisher_country_code: String,
    /// Vendors agreed to.
    pub vendor_consents: Vec<u16>,
    /// Vendors whose legitimate interest was not objected to.
    pub vendor_legitimate_interests: Vec<u16>,
    /// What the publisher restricts.
    pub publisher_restrictions: Vec<PublisherRestriction>,
    /// Vendors that were disclosed.
    pub vendors_disclosed: Vec<u16>,
    /// Vendors that the publisher allows.
    pub vendors_allowed: Vec<u16>,
    /// Purposes agreed to for the publisher itself.
    pub publisher_consents: Vec<u16>,
    /// Purposes of the publisher's legitimate interest.
    pub publisher_legitimate_interests: Vec<u16>,
    /// The publisher's own purposes agreed to.
    pub publisher_custom_consents: Vec<u16>,
    /// The publisher's own purposes of legitimate interest.
    pub publisher_custom_legitimate_interests: Vec<u16>,
}

/// How a publisher restricts a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RestrictionType {
    /// Not at all.
    NotAllowed,
    /// Only with consent.
    RequireConsent,
    /// Only on legitimate interest.
    RequireLegitimateInterest,
}

impl RestrictionType {
    /// The number in the format.
    pub fn number(self) -> u8 {
        match self {
            Self::NotAllowed => 0,
            Self::RequireConsent => 1,
            Self::RequireLegitimateInterest => 2,
        }
    }
}

/// A publisher's restriction of one purpose for some vendors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherRestriction {
    /// The purpose.
    pub purpose: u8,
    /// How it is restricted.
    pub restriction: RestrictionType,
    /// For which vendors.
    pub vendors: Vec<u16>,
}

impl std::str::FromStr for TcString {
    type Err = ConsentStringError;

    /// Reads a TC string, its segments in any order behind the core.
    fn from_str(text: &str) -> Result<Self, ConsentStringError> {
        if super::MAX_STRING_BYTES < text.len() {
            return Err(ConsentStringError::Long(super::MAX_STRING_BYTES));
        }
        let mut segments = text.trim().split('.');
        let mut tc = core(&mut Bits::new(segments.next().unwrap_or_default())?)?;
        for segment in segments {
            let mut bits = Bits::new(segment)?;
            match bits.u8(3)? {
                1 => tc.vendors_disclosed = vendors(&mut bits)?,
                2 => tc.vendors_allowed = vendors(&mut bits)?,
                3 => publisher(&mut tc, &mut bits)?,
                _ => return Err(ConsentStringError::Malformed("a segment is of no known type")),
            }
        }
        Ok(tc)
    }
}

impl TcString {
    /// Whether `vendor` may process for `purpose` on the ground of consent, the publisher's restrictions included.
    pub fn allows(&self, purpose: u8, vendor: u16) -> bool {
        let restricted = |kind: RestrictionType| {
            self.publisher_restrictions.iter().any(|restriction| {
                restriction.purpose == purpose
                    && restriction.restriction == kind
                    && restriction.vendors.binary_search(&vendor).is_ok()
            })
        };
        self.purpose_consents.binary_search(&u16::from(purpose)).is_ok()
            && self.vendor_consents.binary_search(&vendor).is_ok()
            && !restricted(RestrictionType::NotAllowed)
            && !restricted(RestrictionType::RequireLegitimateInterest)
    }
}

fn core(bits: &mut Bits) -> Result<TcString, ConsentStringError> {
    let version = bits.u8(6)?;
    if version != 2 {
        return Err(ConsentStringError::Version(version));
    }
    Ok(TcString {
        version,
        created: instant(bits)?,
        last_updated: instant(bits)?,
        cmp_id: bits.u16(12)?,
        cmp_version: bits.u16(12)?,
        consent_screen: bits.u8(6)?,
        consent_language: bits.letters()?,
        vendor_list_version: bits.u16(12)?,
        policy_version: bits.u8(6)?,
        is_service_specific: bits.bit()?,
        use_non_standard_texts: bits.bit()?,
        special_feature_optins: bits.set(12)?,
        purpose_consents: bits.set(24)?,
        purpose_legitimate_interests: bits.set(24)?,
        purpose_one_treatment: bits.bit()?,
        publisher_country_code: bits.letters()?,
        vendor_consents: vendors(bits)?,
        vendor_legitimate_interests: vendors(bits)?,
        publisher_restrictions: restrictions(bits)?,
        vendors_disclosed: Vec::new(),
        vendors_allowed: Vec::new(),
        publisher_consents: Vec::new(),
        publisher_legitimate_interests: Vec::new(),
        publisher_custom_consents: Vec::new(),
        publisher_custom_legitimate_interests: Vec::new(),
    })
}

fn publisher(tc: &mut TcString, bits: &mut Bits) -> Result<(), ConsentStringError> {
    tc.publisher_consents = bits.set(24)?;
    tc.publisher_legitimate_interests = bits.set(24)?;
    let custom = bits.u16(6)?;
    tc.publisher_custom_consents = bits.set(custom)?;
    tc.publisher_custom_legitimate_interests = bits.set(custom)?;
    Ok(())
}

/// An instant in tenths of a second since 1970.
fn instant(bits: &mut Bits) -> Result<Timestamp, ConsentStringError> {
    let tenths = bits.number(36)?;
    Timestamp::from_micros(tenths as i64 * 100_000)
        .map_err(|_| ConsentStringError::Malformed("an instant lies outside the years 1 to 9999"))
}

/// A set of vendors: a bit each, or ranges.
fn vendors(bits: &mut Bits) -> Result<Vec<u16>, ConsentStringError> {
    let most = bits.u16(16)?;
    if bits.bit()? { ranges(bits) } else { bits.set(most) }
}

fn ranges(bits: &mut Bits) -> Result<Vec<u16>, ConsentStringError> {
    let mut set = Vec::new();
    for _ in 0..bits.number(12)? {
        let several = bits.bit()?;
        let first = bits.u16(16)?;
        let last = if several { bits.u16(16)? } else { first };
        if last < first || first == 0 {
            return Err(ConsentStringError::Malformed("a range ends before it starts"));
        }
        if 2 * usize::from(u16::MAX) < set.len() {
            return Err(ConsentStringError::Malformed("ranges overlap again and again"));
        }
        set.extend(first..=last);
    }
    set.sort_unstable();
    set.dedup();
    Ok(set)
}

fn restrictions(bits: &mut Bits) -> Result<Vec<PublisherRestriction>, ConsentStringError> {
    let mut all = Vec::new();
    for _ in 0..bits.number(12)? {
        let purpose = bits.u8(6)?;
        let restriction = match bits.u8(2)? {
            0 => RestrictionType::NotAllowed,
            1 => RestrictionType::RequireConsent,
            2 => RestrictionType::RequireLegitimateInterest,
            _ => return Err(ConsentStringError::Malformed("a restriction is of no known type")),
        };
        all.push(PublisherRestriction { purpose, restriction, vendors: ranges(bits)? });
    }
    Ok(all)
}
