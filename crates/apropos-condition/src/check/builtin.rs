//! The functions that are part of the language: their names and what they take.
//!
//! Not here: what they compute, see `evaluate::functions`.

use super::types::Type;

/// A function of the language. The receiver, if there is one, is the first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Builtin {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Trim,
    ToBool,
    ToBytes,
    ToDecimal,
    ToDouble,
    ToDuration,
    ToInt,
    ToText,
    ToTimestamp,
    ToUInt,
    Dyn,
    TypeOf,
    Abs,
    Min,
    Max,
    Within,
    DaysSince,
    HoursSince,
    Part(Part),
}

/// A part of an instant in a zone, or of an elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

const TABLE: [(&str, Builtin); 35] = [
    ("abs", Builtin::Abs),
    ("bool", Builtin::ToBool),
    ("bytes", Builtin::ToBytes),
    ("contains", Builtin::Contains),
    ("days_since", Builtin::DaysSince),
    ("decimal", Builtin::ToDecimal),
    ("double", Builtin::ToDouble),
    ("duration", Builtin::ToDuration),
    ("dyn", Builtin::Dyn),
    ("endsWith", Builtin::EndsWith),
    ("getDate", Builtin::Part(Part::Date)),
    ("getDayOfMonth", Builtin::Part(Part::DayOfMonth)),
    ("getDayOfWeek", Builtin::Part(Part::DayOfWeek)),
    ("getDayOfYear", Builtin::Part(Part::DayOfYear)),
    ("getFullYear", Builtin::Part(Part::FullYear)),
    ("getHours", Builtin::Part(Part::Hours)),
    ("getMilliseconds", Builtin::Part(Part::Milliseconds)),
    ("getMinutes", Builtin::Part(Part::Minutes)),
    ("getMonth", Builtin::Part(Part::Month)),
    ("getSeconds", Builtin::Part(Part::Seconds)),
    ("hours_since", Builtin::HoursSince),
    ("int", Builtin::ToInt),
    ("lowerAscii", Builtin::LowerAscii),
    ("max", Builtin::Max),
    ("min", Builtin::Min),
    ("size", Builtin::Size),
    ("startsWith", Builtin::StartsWith),
    ("string", Builtin::ToText),
    ("timestamp", Builtin::ToTimestamp),
    ("trim", Builtin::Trim),
    ("type", Builtin::TypeOf),
    ("uint", Builtin::ToUInt),
    ("upperAscii", Builtin::UpperAscii),
    ("within", Builtin::Within),
    // Resolved apart, because its pattern is compiled while authoring.
    ("matches", Builtin::Size),
];

/// Names that the parser or the checker treats apart.
const APART: [&str; 7] = ["all", "exists", "exists_one", "existsOne", "filter", "map", "has"];

/// Whether `name` is one of the language's own functions or macros.
pub(crate) fn is_builtin(name: &str) -> bool {
    APART.contains(&name) || TABLE.iter().any(|(known, _)| *known == name)
}

/// All names a call may have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name).chain(APART)
}

/// The types whose names are values.
pub(crate) fn type_value(name: &str) -> Option<&'static str> {
    const NAMES: [&str; 14] = [
        "bool",
        "bytes",
        "decimal",
        "double",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "type",
        "uint",
        "dyn",
    ];
    NAMES.into_iter().find(|known| *known == name && name != "dyn")
}

const NUMBERS: [Type; 4] = [Type::Int, Type::UInt, Type::Double, Type::Decimal];

impl Builtin {
    /// The function called `name`; `matches` is treated apart.
    pub(crate) fn find(name: &str) -> Option<Self> {
        if name == "matches" {
            return None;
        }
        TABLE.iter().find(|(known, _)| *known == name).map(|(_, builtin)| *builtin)
    }

    /// Whether it is written `f(x)` only, never `x.f()`.
    pub(crate) fn is_plain_only(self) -> bool {
        matches!(
            self,
            Self::ToBool
                | Self::ToBytes
                | Self::ToDecimal
                | Self::ToDouble
                | Self::ToDuration
                | Self::ToInt
                | Self::ToText
                | Self::ToTimestamp
                | Self::ToUInt
                | Self::Dyn
                | Self::TypeOf
        )
    }

    /// Whether calling it on a literal while authoring gives a literal.
    pub(crate) fn is_conversion(self) -> bool {
        self.is_plain_only() && !matches!(self, Self::Dyn | Self::TypeOf)
    }

    /// What it takes, for people.
    pub(crate) fn takes(self) -> &'static str {
        match self {
            Self::Size => "a text, bytes, a list or a map",
            Self::Contains | Self::StartsWith | Self::EndsWith => "two texts",
            Self::LowerAscii | Self::UpperAscii | Self::Trim => "a text",
            Self::ToBool => "a bool or a text",
            Self::ToBytes => "a text or bytes",
            Self::ToDecimal | Self::ToDouble => "a number or a text",
            Self::ToDuration => "a duration or a text such as `30d`",
            Self::ToInt | Self::ToUInt => "a number, a text or an instant",
            Self::ToText => "a single value",
            Self::ToTimestamp => "an instant, a text or seconds since 1970",
            Self::Dyn | Self::TypeOf => "one value",
            Self::Abs => "a number",
            Self::Min | Self::Max => "two or more numbers of one type",
            Self::Within => "an instant and a duration",
            Self::DaysSince | Self::HoursSince => "an instant",
            Self::Part(_) => "an instant and perhaps a time zone, or a duration",
        }
    }

    /// The type of the result for arguments of these types; `None` when it does not take them.
    pub(crate) fn result(self, arguments: &[Type]) -> Option<Type> {
        let fits = |at: usize, types: &[Type]| {
            arguments.get(at).is_some_and(|given| given.is_dynamic() || types.contains(given))
        };
        let one = |types: &[Type]| arguments.len() == 1 && fits(0, types);
        let number_or = |extra: &[Type]| arguments.len() == 1 && (fits(0, &NUMBERS) || fits(0, extra));
        let ok = |fits: bool, result: Type| fits.then_some(result);
        match self {
            Self::Size => {
                let sized = matches!(arguments, [Type::List(_) | Type::Map(..)]);
                ok(sized || one(&[Type::Text, Type::Bytes]), Type::Int)
            }
            Self::Contains | Self::StartsWith | Self::EndsWith => {
                ok(arguments.len() == 2 && fits(0, &[Type::Text]) && fits(1, &[Type::Text]), Type::Bool)
            }
            Self::LowerAscii | Self::UpperAscii | Self::Trim => ok(one(&[Type::Text]), Type::Text),
            Self::ToBool => ok(one(&[Type::Bool, Type::Text]), Type::Bool),
            Self::ToBytes => ok(one(&[Type::Bytes, Type::Text]), Type::Bytes),
            Self::ToDecimal => ok(number_or(&[Type::Text]), Type::Decimal),
            Self::ToDouble => ok(number_or(&[Type::Text]), Type::Double),
            Self::ToDuration => ok(one(&[Type::Duration, Type::Text]), Type::Duration),
            Self::ToInt => ok(number_or(&[Type::Text, Type::Timestamp]), Type::Int),
            Self::ToUInt => ok(number_or(&[Type::Text]), Type::UInt),
            Self::ToText => {
                let single = [Type::Text, Type::Bool, Type::Bytes, Type::Timestamp, Type::Duration];
                ok(number_or(&single), Type::Text)
            }
            Self::ToTimestamp => ok(one(&[Type::Timestamp, Type::Text, Type::Int]), Type::Timestamp),
            Self::Dyn => ok(arguments.len() == 1, Type::Dynamic),
            Self::TypeOf => ok(arguments.len() == 1, Type::Kind),
            Self::Abs => arguments.first().filter(|_| number_or(&[])).cloned(),
            Self::Min | Self::Max => {
                let known = arguments.iter().find(|t| !t.is_dynamic());
                let same = arguments.iter().all(|t| t.is_dynamic() || (t.is_number() && Some(t) == known));
                ok(2 <= arguments.len() && same, known.cloned().unwrap_or(Type::Dynamic))
            }
            Self::Within => ok(
                arguments.len() == 2 && fits(0, &[Type::Timestamp]) && fits(1, &[Type::Duration]),
                Type::Bool,
            ),
            Self::DaysSince | Self::HoursSince => ok(one(&[Type::Timestamp]), Type::Int),
            Self::Part(part) => {
                let clock = matches!(part, Part::Hours | Part::Minutes | Part::Seconds | Part::Milliseconds);
                let fits = match arguments.len() {
                    1 => fits(0, &[Type::Timestamp]) || (clock && fits(0, &[Type::Duration])),
                    2 => fits(0, &[Type::Timestamp]) && fits(1, &[Type::Text]),
                    _ => false,
                };
                ok(fits, Type::Int)
            }
        }
    }
}
