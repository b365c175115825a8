//! Amounts as counters add them: fixed point with nine decimals, so that sums are exact in any order.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{Currency, Value};

/// An amount with nine decimals, at most 10¹⁸ either way.
///
/// A decimal with a floating scale rounds when sums grow, and then the order of events would show. Fixed point does
/// not: 2¹²⁷ / 10²⁷ leaves room for 10¹¹ of the largest amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

/// Decimals kept.
const SCALE: u32 = 9;
/// The largest amount, in billionths.
const LARGEST: i128 = 1_000_000_000_000_000_000_000_000_000;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount nearest to `decimal`, half to even at the ninth decimal; `None` beyond 10¹⁸.
    pub fn from_decimal(decimal: Decimal) -> Option<Self> {
        let mut rounded = decimal.round_dp_with_strategy(SCALE, RoundingStrategy::MidpointNearestEven);
        rounded.rescale(SCALE);
        // Rescaling stops short where the digits do not fit: such an amount is too large anyway.
        (rounded.scale() == SCALE).then(|| rounded.mantissa()).and_then(Self::from_billionths)
    }

    /// The amount that a value states: a number, or text such as `19.90` or `19.90 EUR`.
    pub fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(n) => Self::from_billionths(i128::from(*n) * 1_000_000_000),
            Value::Double(x) => match hundredths(*x) {
                Some(amount) => Some(amount),
                None => Self::from_decimal(Decimal::try_from(*x).ok()?),
            },
            Value::Text(text) => {
                let number = match text.split_once(' ') {
                    Some((number, code)) => code.parse::<Currency>().is_ok().then_some(number)?,
                    None => text.as_str(),
                };
                Self::parse_plain(number)
                    .or_else(|| Self::from_decimal(Decimal::from_str_exact(number).ok()?))
            }
            _ => None,
        }
    }

    /// Short plain numbers, the common case, without the general parser.
    fn parse_plain(text: &str) -> Option<Self> {
        if 17 < text.len() {
            return None;
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || SCALE as usize <= part.len() {
            return None;
        }
        let mut digits = 0_i64;
        for byte in whole.bytes().chain(part.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            digits = digits * 10 + i64::from(byte - b'0');
        }
        Some(Self(i128::from(digits) * i128::from(10_i64.pow(SCALE - part.len() as u32))))
    }

    /// The amount of `n` billionths; `None` beyond 10¹⁸.
    pub fn from_billionths(n: i128) -> Option<Self> {
        (n.unsigned_abs() <= LARGEST.unsigned_abs()).then_some(Self(n))
    }

    /// The amount in billionths.
    pub fn billionths(self) -> i128 {
        self.0
    }

    /// The amount as a decimal without trailing zeros, held at the ends of its range.
    pub fn to_decimal(self) -> Decimal {
        decimal(self.0)
    }
}

/// The amount that a double stands for when it has at most two decimals, the common case, without decimal arithmetic.
fn hundredths(x: f64) -> Option<Amount> {
    let n = (x * 100.0).round();
    // Up to fifteen digits a decimal survives the way to the nearest double and back.
    let same = n.abs() < 1e13 && n / 100.0 == x;
    same.then(|| Amount(i128::from(n as i64) * i128::from(HUNDREDTH)))
}

/// A sum of billionths as a decimal without trailing zeros, held at the ends of a decimal's range.
pub(super) fn decimal(billionths: i128) -> Decimal {
    if let Ok(small) = i64::try_from(billionths) {
        return short(small);
    }
    Decimal::try_from_i128_with_scale(billionths, SCALE).map_or_else(
        |_| if billionths < 0 { Decimal::MIN } else { Decimal::MAX },
        |decimal| decimal.normalize(),
    )
}

/// The same for what fits a machine word, nearly always.
fn short(billionths: i64) -> Decimal {
    if billionths == 0 {
        return Decimal::ZERO;
    }
    // Most sums are of hundredths.
    let (mut digits, mut scale) = match billionths % HUNDREDTH {
        0 => (billionths / HUNDREDTH, 2),
        _ => (billionths, SCALE),
    };
    while 0 < scale && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    Decimal::new(digits, scale)
}

/// A hundredth, in billionths.
const HUNDREDTH: i64 = 10_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The amount of the shortest text that stands for a double, where that has two decimals at most; the decimal library's
    /// otherwise, whose last digit may be off.
    fn slow(x: f64) -> Option<Amount> {
        let text = x.to_string();
        let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
        let short = decimals <= 2 && x.abs() < 1e11;
        let decimal = if short { text.parse().ok()? } else { Decimal::try_from(x).ok()? };
        Amount::from_decimal(decimal)
    }

    fn slow_decimal(billionths: i128) -> Decimal {
        Decimal::try_from_i128_with_scale(billionths, SCALE).unwrap().normalize()
    }

    proptest! {
        #[test]
        fn a_short_double_is_the_amount_its_decimal_is(n in -20_000_000_000_000_i64..20_000_000_000_000, digits in 0..5_i32) {
            for n in [n, n / 1_000, n / 1_000_000, n / 1_000_000_000] {
                let x = n as f64 / 10_f64.powi(digits);
                prop_assert_eq!(Amount::from_value(&Value::double(x).unwrap()), slow(x), "{}", x);
            }
        }

        #[test]
        fn any_double_is_the_amount_its_decimal_is(x in proptest::num::f64::NORMAL) {
            prop_assert_eq!(Amount::from_value(&Value::double(x).unwrap()), slow(x), "{}", x);
        }

        #[test]
        fn a_sum_is_the_decimal_without_trailing_zeros(n: i64, zeros in 0..18_u32) {
            let billionths = i128::from(n / 10_i64.pow(zeros) * 10_i64.pow(zeros));
            let (fast, slow) = (decimal(billionths), slow_decimal(billionths));
            prop_assert_eq!((fast, fast.scale()), (slow, slow.scale()));
        }
    }
}
