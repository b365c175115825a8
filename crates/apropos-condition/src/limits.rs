//! The limits within which a condition is accepted, so that its cost is bounded before it is ever evaluated.
//!
//! Not here: the checks themselves, which stand where the thing that is limited is built.

/// The longest condition, in bytes of text.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;
/// The most tokens in one condition.
pub const MAX_TOKENS: usize = 16 * 1024;
/// The most nodes in the tree of one condition.
pub const MAX_NODES: usize = 8 * 1024;
/// The deepest nesting of one condition. Chains of `&&` and of `||` count once, other chains once a term.
pub const MAX_DEPTH: usize = 96;
/// The most elements of a list or entries of a map that is written in a condition.
pub const MAX_LIST: usize = 1024;
/// The longest regular expression, in bytes.
pub const MAX_PATTERN_BYTES: usize = 256;
/// The largest compiled regular expression, in bytes.
pub const MAX_PATTERN_PROGRAM: usize = 256 * 1024;
/// The deepest nesting of groups in a regular expression.
pub const MAX_PATTERN_NESTING: u32 = 24;
/// The most macros (`all`, `exists`, …) inside one another.
pub const MAX_MACRO_NESTING: usize = 4;
/// The most steps that evaluating one leaf may take, a leaf being what `&&`, `||` and `!` join. One that needs more is
/// unknown.
pub const MAX_STEPS: u32 = 200_000;
/// The most steps that evaluating one condition may take, whatever the facts; what could take more is refused.
pub const MAX_COST: u64 = 4_000_000;
/// The most patterns in one condition; one that is refused counts twice, because finding that out takes longest.
pub const MAX_PATTERNS: usize = 8;
/// The most bytes or elements a value may grow to while a condition is evaluated.
pub const MAX_VALUE_SIZE: usize = 64 * 1024;
/// The longest elapsed time a condition computes, in microseconds: 315,576,000,000 seconds, as in protobuf.
pub const MAX_DURATION_MICROS: u64 = 315_576_000_000_000_000;
/// The most attributes in a schema, derived ones included.
pub const MAX_ATTRIBUTES: usize = 16 * 1024;
/// The most distinct texts that the definitions of one schema may name.
pub const MAX_SYMBOLS: usize = 1 << 20;
/// The most elements one list, set or map in the facts may hold; what is beyond is refused.
pub const MAX_FACT_ITEMS: usize = 4096;
/// The longest text in the facts, in bytes; what is longer is refused.
pub const MAX_FACT_TEXT: usize = MAX_VALUE_SIZE;
/// The deepest nesting of a list or map in the facts.
pub const MAX_FACT_DEPTH: usize = 16;
