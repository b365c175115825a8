//! What the functions of the language compute.
//!
//! Not here: which arguments they take, see `check::builtin`.

use apropos_event::{Duration, LocalTime, Timestamp, Zone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::EvaluateError;
use crate::check::{Builtin, Part};
use crate::datum::{Datum, Text, decimal_of};
use crate::limits::MAX_DURATION_MICROS;

type Outcome<'a> = Result<Datum<'a>, EvaluateError>;

fn text<'d>(datum: &'d Datum<'_>) -> Result<&'d str, EvaluateError> {
    match datum {
        Datum::Text(text) => Ok(text.as_str()),
        _ => Err(EvaluateError::WrongType),
    }
}

fn instant(datum: &Datum<'_>) -> Result<Timestamp, EvaluateError> {
    match datum {
        Datum::Timestamp(at) => Ok(*at),
        _ => Err(EvaluateError::WrongType),
    }
}

/// A call whose arguments are evaluated. `now` is the instant of the decision.
pub(crate) fn call<'a>(
    builtin: Builtin,
    arguments: &[Datum<'a>],
    now: impl Fn() -> Result<Timestamp, EvaluateError>,
) -> Outcome<'a> {
    let first = arguments.first().ok_or(EvaluateError::WrongType)?;
    let second = || arguments.get(1).ok_or(EvaluateError::WrongType);
    Ok(match builtin {
        Builtin::Size => Datum::Int(size(first)? as i64),
        Builtin::Contains => Datum::Bool(text(first)?.contains(text(second()?)?)),
        Builtin::StartsWith => Datum::Bool(text(first)?.starts_with(text(second()?)?)),
        Builtin::EndsWith => Datum::Bool(text(first)?.ends_with(text(second()?)?)),
        Builtin::LowerAscii => Datum::Text(Text::owned(&text(first)?.to_ascii_lowercase())),
        Builtin::UpperAscii => Datum::Text(Text::owned(&text(first)?.to_ascii_uppercase())),
        Builtin::Trim => Datum::Text(Text::owned(text(first)?.trim())),
        Builtin::Dyn => first.clone(),
        Builtin::TypeOf => Datum::Type(first.type_name()),
        Builtin::Abs => absolute(first)?,
        Builtin::Min => extreme(arguments, true)?,
        Builtin::Max => extreme(arguments, false)?,
        Builtin::Within => {
            let Datum::Duration(span) = second()? else { return Err(EvaluateError::WrongType) };
            let (at, now) = (instant(first)?, now()?);
            Datum::Bool(at <= now && now.since(at) <= *span)
        }
        Builtin::DaysSince => Datum::Int(whole_units(now()?.since(instant(first)?), 86_400_000_000)),
        Builtin::HoursSince => Datum::Int(whole_units(now()?.since(instant(first)?), 3_600_000_000)),
        Builtin::Part(part) => part_of(part, first)?,
        _ => convert(builtin, first)?,
    })
}

/// Whole units that have passed, rounded down.
fn whole_units(passed: Duration, micros: i64) -> i64 {
    passed.as_micros().div_euclid(micros)
}

fn size(datum: &Datum<'_>) -> Result<usize, EvaluateError> {
    Ok(match datum {
        Datum::Text(text) => text.as_str().chars().count(),
        Datum::Bytes(bytes) => bytes.len(),
        Datum::List(items) => items.len(),
        Datum::Map(entries) => entries.len(),
        _ => return Err(EvaluateError::WrongType),
    })
}

fn absolute<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    Ok(match datum {
        Datum::Int(n) => Datum::Int(n.checked_abs().ok_or(EvaluateError::Overflow)?),
        Datum::UInt(n) => Datum::UInt(*n),
        Datum::Double(x) => Datum::Double(x.abs()),
        Datum::Decimal(x) => Datum::Decimal(x.abs()),
        _ => return Err(EvaluateError::WrongType),
    })
}

fn extreme<'a>(arguments: &[Datum<'a>], least: bool) -> Outcome<'a> {
    let mut best: Option<&Datum<'a>> = None;
    for datum in arguments {
        if !datum.is_number() {
            return Err(EvaluateError::WrongType);
        }
        let better = match best.map(|best| datum.compare(best)) {
            None => true,
            Some(None) => return Err(EvaluateError::WrongType),
            Some(Some(order)) => {
                if least {
                    order.is_lt()
                } else {
                    order.is_gt()
                }
            }
        };
        if better {
            best = Some(datum);
        }
    }
    best.cloned().ok_or(EvaluateError::WrongType)
}

/// A part of an instant in UTC, or of an elapsed time.
fn part_of<'a>(part: Part, datum: &Datum<'_>) -> Outcome<'a> {
    match datum {
        Datum::Timestamp(at) => Ok(Datum::Int(local_part(part, *at, LocalTime::at_offset(*at, 0)))),
        Datum::Duration(duration) => {
            let micros = duration.as_micros();
            Ok(Datum::Int(match part {
                Part::Hours => micros / 3_600_000_000,
                Part::Minutes => micros / 60_000_000,
                Part::Seconds => micros / 1_000_000,
                Part::Milliseconds => micros / 1_000 % 1_000,
                _ => return Err(EvaluateError::WrongType),
            }))
        }
        _ => Err(EvaluateError::WrongType),
    }
}

/// A part of an instant in a zone.
pub(crate) fn part_in_zone<'a>(part: Part, datum: &Datum<'_>, zone: &Zone) -> Outcome<'a> {
    let at = instant(datum)?;
    Ok(Datum::Int(local_part(part, at, zone.local(at))))
}

fn local_part(part: Part, at: Timestamp, local: LocalTime) -> i64 {
    let (year, month, day) = local.date.ymd();
    match part {
        Part::FullYear => year.into(),
        Part::Month => i64::from(month) - 1,
        Part::Date => day.into(),
        Part::DayOfMonth => i64::from(day) - 1,
        Part::DayOfWeek => i64::from(local.date.days() + 4).rem_euclid(7),
        Part::DayOfYear => {
            let first = apropos_event::CivilDate::new(year, 1, 1)
                .map_or(local.date.days(), apropos_event::CivilDate::days);
            i64::from(local.date.days() - first)
        }
        Part::Hours => local.time.hour().into(),
        Part::Minutes => local.time.minute().into(),
        Part::Seconds => local.time.micros() / 1_000_000 % 60,
        Part::Milliseconds => at.as_micros().rem_euclid(1_000_000) / 1_000,
    }
}

/// A conversion to another type.
pub(crate) fn convert<'a>(builtin: Builtin, datum: &Datum<'a>) -> Outcome<'a> {
    match builtin {
        Builtin::ToBool => to_bool(datum),
        Builtin::ToBytes => match datum {
            Datum::Bytes(_) => Ok(datum.clone()),
            Datum::Text(text) => Ok(Datum::Bytes(text.as_str().as_bytes().into())),
            _ => Err(EvaluateError::WrongType),
        },
        Builtin::ToDecimal => to_decimal(datum),
        Builtin::ToDouble => to_double(datum),
        Builtin::ToDuration => match datum {
            Datum::Duration(_) => Ok(datum.clone()),
            Datum::Text(text) => {
                parse_duration(text.as_str()).map(Datum::Duration).ok_or(EvaluateError::Conversion)
            }
            _ => Err(EvaluateError::WrongType),
        },
        Builtin::ToInt => to_int(datum),
        Builtin::ToUInt => to_uint(datum),
        Builtin::ToText => to_text(datum),
        Builtin::ToTimestamp => match datum {
            Datum::Timestamp(_) => Ok(datum.clone()),
            Datum::Int(seconds) => {
                let micros = seconds.checked_mul(1_000_000).ok_or(EvaluateError::Overflow)?;
                Timestamp::from_micros(micros).map(Datum::Timestamp).map_err(|_| EvaluateError::Overflow)
            }
            Datum::Text(text) => {
                parse_timestamp(text.as_str()).map(Datum::Timestamp).ok_or(EvaluateError::Conversion)
            }
            _ => Err(EvaluateError::WrongType),
        },
        _ => Err(EvaluateError::WrongType),
    }
}

fn to_bool<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    match datum {
        Datum::Bool(b) => Ok(Datum::Bool(*b)),
        Datum::Text(text) => match text.as_str() {
            "1" | "t" | "true" | "TRUE" | "True" => Ok(Datum::Bool(true)),
            "0" | "f" | "false" | "FALSE" | "False" => Ok(Datum::Bool(false)),
            _ => Err(EvaluateError::Conversion),
        },
        _ => Err(EvaluateError::WrongType),
    }
}

fn to_decimal<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    let decimal = match datum {
        Datum::Int(n) => Some((*n).into()),
        Datum::UInt(n) => Some((*n).into()),
        Datum::Double(x) => decimal_of(*x),
        Datum::Decimal(x) => Some(*x),
        Datum::Text(text) => Decimal::from_str_exact(text.as_str()).ok(),
        _ => return Err(EvaluateError::WrongType),
    };
    decimal.map(Datum::Decimal).ok_or(EvaluateError::Conversion)
}

fn to_double<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    let double = match datum {
        Datum::Int(n) => Some(*n as f64),
        Datum::UInt(n) => Some(*n as f64),
        Datum::Double(x) => Some(*x),
        Datum::Decimal(x) => x.to_f64(),
        Datum::Text(text) => text.as_str().parse().ok(),
        _ => return Err(EvaluateError::WrongType),
    };
    double.map(Datum::Double).ok_or(EvaluateError::Conversion)
}

const TWO_TO_63: f64 = (1_u64 << 63) as f64;

fn to_int<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    let int = match datum {
        Datum::Int(n) => Some(*n),
        Datum::UInt(n) => i64::try_from(*n).ok(),
        // Both ends are open: the double nearest to the greatest int is beyond it.
        Datum::Double(x) if x.abs() < TWO_TO_63 => Some(*x as i64),
        Datum::Double(_) => None,
        Datum::Decimal(x) => x.trunc().to_i64(),
        Datum::Timestamp(at) => Some(at.as_micros().div_euclid(1_000_000)),
        Datum::Text(text) => {
            return text.as_str().parse().map(Datum::Int).map_err(|_| EvaluateError::Conversion);
        }
        _ => return Err(EvaluateError::WrongType),
    };
    int.map(Datum::Int).ok_or(EvaluateError::Overflow)
}

fn to_uint<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    let uint = match datum {
        Datum::Int(n) => u64::try_from(*n).ok(),
        Datum::UInt(n) => Some(*n),
        Datum::Double(x) if 0.0 <= *x && *x < (2.0 * TWO_TO_63) => Some(*x as u64),
        Datum::Double(_) => None,
        Datum::Decimal(x) => x.trunc().to_u64(),
        Datum::Text(text) => {
            return text.as_str().parse().map(Datum::UInt).map_err(|_| EvaluateError::Conversion);
        }
        _ => return Err(EvaluateError::WrongType),
    };
    uint.map(Datum::UInt).ok_or(EvaluateError::Overflow)
}

fn to_text<'a>(datum: &Datum<'a>) -> Outcome<'a> {
    let text = match datum {
        Datum::Text(_) => return Ok(datum.clone()),
        Datum::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| EvaluateError::Conversion)?.to_owned(),
        Datum::Duration(duration) => seconds_text(*duration),
        Datum::Null | Datum::List(_) | Datum::Map(_) | Datum::Type(_) => {
            return Err(EvaluateError::WrongType);
        }
        Datum::Double(x) if x.is_infinite() => (if *x < 0.0 { "-Inf" } else { "+Inf" }).to_owned(),
        _ => datum.to_string(),
    };
    Ok(Datum::Text(Text::owned(&text)))
}

/// CEL writes a duration as seconds: `1.5s`.
fn seconds_text(duration: Duration) -> String {
    let micros = duration.as_micros();
    let (sign, rest) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
    let fraction = format!("{:06}", rest % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}s", rest / 1_000_000)
}

/// RFC 3339 with at most microseconds.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    let beyond = fraction.get(..digits)?.get(6..).unwrap_or_default();
    text.parse().ok().filter(|_| beyond.bytes().all(|digit| digit == b'0'))
}

/// CEL's units of time, in nanoseconds.
const UNITS: [(&str, i128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Our own spellings (`30d`, `P30D`, `1h30m`), and CEL's with fractions (`1.5h`, `-100ms`).
fn parse_duration(text: &str) -> Option<Duration> {
    if let Ok(duration) = text.parse() {
        return Some(duration);
    }
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest.is_empty() || 64 < rest.len() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number = Decimal::from_str_exact(rest.get(..end)?.trim_start_matches('.')).ok()?;
        let number = if rest.starts_with('.') {
            Decimal::from_str_exact(&format!("0{}", rest.get(..end)?)).ok()?
        } else {
            number
        };
        rest = rest.get(end..)?;
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = rest.get(..letters)?;
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let part = number.checked_mul(Decimal::try_from_i128_with_scale(*nanos, 0).ok()?)?;
        total = total.checked_add(part.trunc().to_i128()?)?;
        rest = rest.get(letters..)?;
    }
    // What is finer than a microsecond cannot be kept, and is not cut off in silence.
    let micros = (total % 1_000 == 0).then(|| i64::try_from(total / 1_000).ok())?;
    let micros = micros.filter(|n| n.unsigned_abs() <= MAX_DURATION_MICROS)?;
    Some(Duration::from_micros(if negative { -micros } else { micros }))
}
