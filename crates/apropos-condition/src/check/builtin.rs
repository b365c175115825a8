//! The functions that are part of the language.

/// Whether `name` is one of the language's own functions or macros.
pub(crate) fn is_builtin(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The names, in alphabetical order.
pub(crate) const NAMES: [&str; 43] = [
    "abs",
    "all",
    "bool",
    "bytes",
    "contains",
    "days_since",
    "decimal",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "has",
    "hours_since",
    "int",
    "lowerAscii",
    "map",
    "matches",
    "max",
    "min",
    "now",
    "optional",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "trim",
    "type",
    "uint",
    "upperAscii",
    "within",
];
