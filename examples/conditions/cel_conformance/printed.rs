//! A tree of ours in the notation of the suite's parser cases, so that what was read can be compared node for node.
//!
//! The suite prints macros as the loops they stand for and joins long chains of `&&` and `||` as balanced pairs. What its
//! notation adds to mark the kinds of nodes, and white space, is left out on both sides.

use apropos::condition::{MacroTree, Tree};

/// The suite's text without white space and marks.
pub(crate) fn bare(printed: &str) -> String {
    let mut bare = String::with_capacity(printed.len());
    let mut rest = printed;
    while let Some(at) = rest.find("^#") {
        bare.push_str(rest.get(..at).unwrap_or_default());
        let marked = rest.get(at + 2..).unwrap_or_default();
        rest = marked.split_once('#').map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let lines = bare.lines().filter(|line| !line.trim_start().starts_with("// "));
    lines.collect::<String>().chars().filter(|c| !c.is_whitespace()).collect()
}

/// The tree in the same notation.
pub(crate) fn printed(tree: &Tree) -> String {
    let written = write(tree);
    written.chars().filter(|c| !c.is_whitespace()).collect()
}

fn write(tree: &Tree) -> String {
    let pair = |name: &str, a: &Tree, b: &Tree| format!("{name}({},{})", write(a), write(b));
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(b) => b.to_string(),
        Tree::Int(n) => n.to_string(),
        Tree::Uint(n) => format!("{n}u"),
        Tree::Double(x) => double(*x),
        Tree::Text(text) => quoted(text.as_bytes()),
        Tree::Bytes(bytes) => format!("b{}", quoted(bytes)),
        Tree::Attribute(name) => name.clone(),
        Tree::Field(operand, field) => format!("{}.{field}", write(operand)),
        Tree::Has(inner) => format!("{}~test-only~", write(inner)),
        Tree::Index(a, b) => pair("_[_]", a, b),
        // The suite's parser takes signs in pairs away.
        Tree::Not(inner) => match &**inner {
            Tree::Not(twice) => write(twice),
            _ => format!("!_({})", write(inner)),
        },
        Tree::Negate(inner) => match &**inner {
            Tree::Negate(twice) => write(twice),
            _ => format!("-_({})", write(inner)),
        },
        Tree::All(terms) => balanced("_&&_", terms),
        Tree::Any(terms) => balanced("_||_", terms),
        Tree::Equal(a, b) => pair("_==_", a, b),
        Tree::NotEqual(a, b) => pair("_!=_", a, b),
        Tree::Less(a, b) => pair("_<_", a, b),
        Tree::AtMost(a, b) => pair("_<=_", a, b),
        Tree::Greater(a, b) => pair("_>_", a, b),
        Tree::AtLeast(a, b) => pair("_>=_", a, b),
        Tree::In(a, b) => pair("@in", a, b),
        Tree::Add(a, b) => pair("_+_", a, b),
        Tree::Subtract(a, b) => pair("_-_", a, b),
        Tree::Multiply(a, b) => pair("_*_", a, b),
        Tree::Divide(a, b) => pair("_/_", a, b),
        Tree::Remainder(a, b) => pair("_%_", a, b),
        Tree::If(condition, yes, no) => format!("_?_:_({},{},{})", write(condition), write(yes), write(no)),
        Tree::Call(name, arguments) => format!("{name}({})", joined(arguments)),
        Tree::CallOn(target, name, arguments) => format!("{}.{name}({})", write(target), joined(arguments)),
        Tree::List(items) => format!("[{}]", joined(items)),
        Tree::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}:{}", write(key), write(value))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Tree::Every(inner) => looped(
            inner,
            "true",
            "@not_strictly_false(@result)",
            &format!("_&&_(@result,{})", write(&inner.body)),
            "@result",
        ),
        Tree::Exists(inner) => looped(
            inner,
            "false",
            "@not_strictly_false(!_(@result))",
            &format!("_||_(@result,{})", write(&inner.body)),
            "@result",
        ),
        Tree::ExistsOne(inner) => {
            let step = format!("_?_:_({},_+_(@result,1),@result)", write(&inner.body));
            looped(inner, "0", "true", &step, "_==_(@result,1)")
        }
        Tree::Filter(inner) => {
            let step = format!("_?_:_({},_+_(@result,[{}]),@result)", write(&inner.body), inner.variable);
            looped(inner, "[]", "true", &step, "@result")
        }
        Tree::Transform(inner) => {
            let add = format!("_+_(@result,[{}])", write(&inner.body));
            let step = match &inner.condition {
                Some(condition) => format!("_?_:_({},{add},@result)", write(condition)),
                None => add,
            };
            looped(inner, "[]", "true", &step, "@result")
        }
        _ => String::new(),
    }
}

fn joined(trees: &[Tree]) -> String {
    trees.iter().map(write).collect::<Vec<_>>().join(",")
}

fn looped(inner: &MacroTree, start: &str, going: &str, step: &str, result: &str) -> String {
    format!(
        "__comprehension__({},{},@result,{start},{going},{step},{result})",
        inner.variable,
        write(&inner.range)
    )
}

/// A chain as pairs of pairs, cut in the middle.
fn balanced(name: &str, terms: &[Tree]) -> String {
    match terms {
        [] => String::new(),
        [one] => write(one),
        _ => {
            let (left, right) = terms.split_at(terms.len().div_ceil(2));
            format!("{name}({},{})", balanced(name, left), balanced(name, right))
        }
    }
}

/// As few digits as tell the number apart, with an exponent where it is very large or very small.
fn double(x: f64) -> String {
    let scientific = format!("{x:e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return x.to_string();
    }
    let (digits, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Text in double quotes, escaped as the suite does it.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                c if c < ' ' || c == '\x7f' => out.push_str(&hex('x', 2, u32::from(c))),
                c if c.is_control() => out.push_str(&hex('u', 4, u32::from(c))),
                c => out.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&hex('x', 2, u32::from(*byte))));
    }
    out.push('"');
    out
}

fn hex(letter: char, digits: usize, code: u32) -> String {
    format!("\\{letter}{code:0digits$x}")
}
