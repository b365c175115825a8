//! Amounts of money: a decimal and a currency of ISO 4217, with checked arithmetic.
//!
//! Not here: exchange rates. Adding two currencies is an error, never a guess.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency of ISO 4217, by its alphabetic code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// An amount in one currency.
///
/// Ordered only within one currency. Written as `12.30 GBP` in text and as `{"amount": "12.30", "currency":
/// "GBP"}` in data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// What can go wrong with money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Two currencies met.
    #[error("`{0}` and `{1}` cannot be added without an exchange rate")]
    CurrencyMismatch(Currency, Currency),
    /// The result does not fit a decimal.
    #[error("the amount does not fit")]
    Overflow,
    /// The code is not one of ISO 4217.
    #[error("`{0}` is not a currency code of ISO 4217, such as `EUR`")]
    UnknownCurrency(String),
    /// The text is not an amount with its currency.
    #[error("`{0}` is not an amount of money, such as `12.30 EUR`")]
    Malformed(String),
}

impl Currency {
    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point that the currency uses: 2 for EUR, 0 for JPY.
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code).map(Self).ok_or_else(|| {
            MoneyError::UnknownCurrency(code.chars().take(16).collect::<String>().escape_debug().to_string())
        })
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    /// By code.
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        code.parse().map_err(de::Error::custom)
    }
}

impl Money {
    /// `amount` in `currency`.
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// The amount.
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// When the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The difference.
    ///
    /// # Errors
    /// When the currencies differ or the difference does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount = self.amount.checked_sub(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The amount times `factor`, not rounded.
    ///
    /// # Errors
    /// When the product does not fit.
    pub fn checked_mul(self, factor: Decimal) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    /// The amount rounded to the currency's own digits, half to even.
    #[must_use]
    pub fn rounded(self) -> Self {
        let digits = self.currency.digits();
        Self {
            amount: self.amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointNearestEven),
            ..self
        }
    }

    /// Compares two amounts of one currency; `None` when the currencies differ.
    pub fn compare(self, other: Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.amount.cmp(&other.amount))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let error =
            || MoneyError::Malformed(text.chars().take(64).collect::<String>().escape_debug().to_string());
        let (amount, code) = text.split_once(' ').ok_or_else(error)?;
        let amount = Decimal::from_str_exact(amount).map_err(|_| error())?;
        Ok(Self { amount, currency: code.parse()? })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.amount, self.currency))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn sums_are_exact_and_checked() {
        assert_eq!(money("0.10 EUR").checked_add(money("0.20 EUR")), Ok(money("0.30 EUR")));
        assert!(matches!(
            money("1 EUR").checked_add(money("1 GBP")),
            Err(MoneyError::CurrencyMismatch(_, _))
        ));
        let huge = Money::new(Decimal::MAX, "EUR".parse().unwrap());
        assert_eq!(huge.checked_add(huge), Err(MoneyError::Overflow));
    }

    #[test]
    fn rounding_follows_the_currency() {
        assert_eq!(money("1.005 EUR").rounded(), money("1.00 EUR"));
        assert_eq!(money("1.5 JPY").rounded(), money("2 JPY"));
    }

    #[test]
    fn what_is_not_money_is_refused() {
        for text in ["", "12", "12 XXQ", "EUR 12", "1,5 EUR", "NaN EUR"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }
}
