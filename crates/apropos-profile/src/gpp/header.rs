//! The GPP string: a header that names sections, and the sections.
//!
//! Read are the header, the European section (a TC string), the US privacy string and the opt-outs of the US national
//! section. Source of the format: IAB Tech Lab, "Global Privacy Platform, consent string specification".

use super::bits::Bits;
use super::{ConsentStringError, TcString};

/// What a GPP string says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GppString {
    /// The sections in order: number and text.
    pub sections: Vec<(u16, String)>,
    /// The European section (number 2).
    pub tcf_eu: Option<TcString>,
    /// What sections 6 and 7 say about US privacy.
    pub us: Option<UsPrivacy>,
}

/// What a customer said under US privacy law; `None` where nothing was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsPrivacy {
    /// Whether they opted out of sale.
    pub sale_opt_out: Option<bool>,
    /// Whether they opted out of sharing.
    pub sharing_opt_out: Option<bool>,
    /// Whether they opted out of targeted advertising.
    pub targeted_advertising_opt_out: Option<bool>,
    /// Whether the browser sent Global Privacy Control.
    pub gpc: Option<bool>,
}

impl UsPrivacy {
    /// Whether this amounts to the signal `Sec-GPC: 1`: an opt-out of sale or sharing by any of its means.
    pub fn opts_out(&self) -> bool {
        [self.sale_opt_out, self.sharing_opt_out, self.gpc].contains(&Some(true))
    }
}

const TCF_EU: u16 = 2;
const US_PRIVACY: u16 = 6;
const US_NATIONAL: u16 = 7;

impl std::str::FromStr for GppString {
    type Err = ConsentStringError;

    fn from_str(text: &str) -> Result<Self, ConsentStringError> {
        if super::MAX_STRING_BYTES < text.len() {
            return Err(ConsentStringError::Long(super::MAX_STRING_BYTES));
        }
        let mut parts = text.trim().split('~');
        let numbers = header(&mut Bits::new(parts.next().unwrap_or_default())?)?;
        let texts: Vec<&str> = parts.collect();
        if texts.len() != numbers.len() {
            return Err(ConsentStringError::Malformed("the header names another number of sections"));
        }
        let sections: Vec<(u16, String)> =
            numbers.into_iter().zip(texts.into_iter().map(str::to_owned)).collect();
        let section = |number: u16| sections.iter().find(|(known, _)| *known == number).map(|(_, text)| text);
        let tcf_eu = section(TCF_EU).map(|text| text.parse()).transpose()?;
        let us = match (section(US_NATIONAL), section(US_PRIVACY)) {
            (Some(text), _) => Some(us_national(text)?),
            (None, Some(text)) => Some(us_privacy(text)?),
            (None, None) => None,
        };
        Ok(Self { sections, tcf_eu, us })
    }
}

/// The numbers of the sections, in order.
fn header(bits: &mut Bits) -> Result<Vec<u16>, ConsentStringError> {
    if bits.u8(6)? != 3 {
        return Err(ConsentStringError::Malformed("the header is not of type 3"));
    }
    let version = bits.u8(6)?;
    if version != 1 {
        return Err(ConsentStringError::Version(version));
    }
    let mut numbers: Vec<u16> = Vec::new();
    let mut last = 0_u32;
    for _ in 0..bits.number(12)? {
        let several = bits.bit()?;
        let first = last.saturating_add(bits.fibonacci()?);
        last = if several { first.saturating_add(bits.fibonacci()?) } else { first };
        if 1_024 < last {
            return Err(ConsentStringError::Malformed("a section has no such number"));
        }
        numbers.extend((first..=last).map(|number| number as u16));
    }
    Ok(numbers)
}

/// The US privacy string, such as `1YNN`: version, notice, opt-out of sale, agreement.
fn us_privacy(text: &str) -> Result<UsPrivacy, ConsentStringError> {
    let mut letters = text.chars();
    if letters.next() != Some('1') {
        return Err(ConsentStringError::Malformed("the US privacy string is not of version 1"));
    }
    let sale_opt_out = match letters.nth(1) {
        Some('Y' | 'y') => Some(true),
        Some('N' | 'n') => Some(false),
        Some('-') => None,
        _ => return Err(ConsentStringError::Malformed("the US privacy string is not four letters")),
    };
    Ok(UsPrivacy { sale_opt_out, ..UsPrivacy::default() })
}

/// The US national section: version, six notices, then the opt-outs, two bits each; a second part may carry GPC.
fn us_national(text: &str) -> Result<UsPrivacy, ConsentStringError> {
    let mut segments = text.split('.');
    let mut bits = Bits::new(segments.next().unwrap_or_default())?;
    bits.number(6)?;
    bits.number(12)?;
    let mut choice = || {
        Ok::<_, ConsentStringError>(match bits.u8(2)? {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        })
    };
    let (sale, sharing, targeted) = (choice()?, choice()?, choice()?);
    let mut gpc = None;
    for segment in segments {
        let mut bits = Bits::new(segment)?;
        if bits.u8(2)? == 1 {
            gpc = Some(bits.bit()?);
        }
    }
    Ok(UsPrivacy {
        sale_opt_out: sale,
        sharing_opt_out: sharing,
        targeted_advertising_opt_out: targeted,
        gpc,
    })
}
