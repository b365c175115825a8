//! Input made to hurt: what must be refused, and what is accepted and must stay within its bounds.

#![expect(clippy::unwrap_used, reason = "a failing test is the report, also in its helpers")]

use apropos_condition::{AttributeDefinition, AttributeType, Facts, Schema, SchemaBuilder};
use apropos_event::{Path, Problems, Value};

/// A name for people, and the input.
pub(crate) type Case = (String, String);

/// The attributes that the corpus names.
pub(crate) fn names() -> SchemaBuilder {
    let mut names = SchemaBuilder::new();
    let mut problems = Problems::new();
    for (name, kind) in [
        ("a", AttributeType::Int),
        ("b", AttributeType::Bool),
        ("t", AttributeType::Text),
        ("l", AttributeType::list(AttributeType::Int)),
        ("s", AttributeType::set(AttributeType::Text)),
        ("m", AttributeType::map(AttributeType::Dynamic)),
        ("x", AttributeType::Dynamic),
    ] {
        names.declare(&Path::root(), AttributeDefinition::new(name.parse().unwrap(), kind), &mut problems);
    }
    assert!(problems.is_empty(), "{problems}");
    names
}

/// Facts as large as they may be.
pub(crate) fn large(schema: &Schema) -> Facts {
    let mut facts = Facts::new(schema);
    let list: Vec<Value> = (0..4_096).map(Value::Int).collect();
    let texts: Vec<Value> = (0..4_096).map(|n| Value::Text(format!("text {n}"))).collect();
    let map: Value = Value::Map((0..4_096).map(|n| (format!("key {n}"), Value::Int(n))).collect());
    for (name, value) in [
        ("a", Value::Int(7)),
        ("b", Value::Bool(true)),
        ("t", Value::Text("a".repeat(60_000))),
        ("l", Value::List(list)),
        ("s", Value::List(texts)),
        ("m", map.clone()),
        ("x", Value::List(vec![map; 3])),
    ] {
        facts.set_value(schema.id(name).unwrap(), &value).unwrap();
    }
    facts
}

fn named<const N: usize>(cases: [(&str, String); N]) -> Vec<Case> {
    cases.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// Repeated as often as fits a condition's text, so that it is not refused for its length alone.
fn filling(piece: &str) -> String {
    piece.repeat(32_000 / piece.len())
}

/// Texts that are refused.
pub(crate) fn refused() -> Vec<Case> {
    [nested(), chains(), odd(), patterns()].concat()
}

fn nested() -> Vec<Case> {
    let n = 100_000;
    let mut cases = Vec::new();
    for open in [
        "[",
        "(",
        "{",
        "!",
        "-",
        "a.",
        "a[",
        "f(",
        "a ? ",
        "{1:",
        "[{",
        "a.all(v, ",
        "'",
        "\"\\u",
        "/",
        "\0",
        "\u{feff}",
        "`",
        "b'",
        "r\"",
        "\\",
        "&&",
        "||",
        "😁",
    ] {
        cases.push((format!("100,000 of {open:?}"), open.repeat(n)));
        cases.push((format!("32 kB of {open:?}"), filling(open)));
    }
    for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}"), ("f(", ")"), ("a[", "]"), ("!(", ")")] {
        cases.push((
            format!("10,000 pairs of {open}{close}"),
            format!("{}1{}", open.repeat(10_000), close.repeat(10_000)),
        ));
        let deep = 30_000 / (open.len() + close.len());
        cases.push((
            format!("{deep} pairs of {open}{close}"),
            format!("{}1{}", open.repeat(deep), close.repeat(deep)),
        ));
    }
    cases
}

fn chains() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, chain) in [
        ("or", " || b"),
        ("and", " && b"),
        ("sum", " + 1"),
        ("difference", " - 1"),
        ("product", " * 2"),
        ("comparison", " == b"),
        ("ternary", " ? b : b"),
        ("field", ".y"),
        ("index", "[0]"),
        ("call", ".size()"),
        ("macro", ".map(v, v)"),
        ("in", " in l"),
    ] {
        cases.push((format!("a million terms of {name}"), format!("b{}", chain.repeat(1_000_000))));
        if !matches!(chain, " || b" | " && b") {
            cases.push((format!("32 kB of {name}"), format!("b{}", filling(chain))));
        }
    }
    cases
}

fn odd() -> Vec<Case> {
    let entries: Vec<String> = (0..3_000).map(|n| format!("{n}:1")).collect();
    named([
        ("32 kB of or without blanks", format!("b{}", "||b".repeat(10_000))),
        ("a list of 20,000", format!("a in [{}]", "1,".repeat(20_000))),
        ("a list of 5,000", format!("a in [{}]", "1,".repeat(5_000))),
        ("a map of 3,000", format!("m == {{{}}}", entries.join(","))),
        ("a call of 5,000", format!("min({}1) < 2", "1,".repeat(5_000))),
        ("macros ten deep", "s.exists(v, ".repeat(10) + "true" + &")".repeat(10)),
        ("a number of 30,000 digits", format!("a == {}", "9".repeat(30_000))),
        ("a fraction of 30,000 digits", format!("a == {}u", "0".repeat(30_000) + ".5")),
        ("a huge exponent", "a < 1e999999999".to_owned()),
        ("a hexadecimal number of 30,000 digits", format!("a == 0x{}", "f".repeat(30_000))),
        ("4,000 unknown names", (0..4_000).map(|n| format!("n{n}")).collect::<Vec<_>>().join("||")),
        ("2,500 unknown functions", (0..2_500).map(|n| format!("f{n}(a)")).collect::<Vec<_>>().join("||")),
        ("long unknown names", vec!["abcdefgh".repeat(100); 38].join("||")),
        ("4,000 slips of type", vec!["a==t"; 4_000].join("||")),
        ("a text without an end", format!("t == '{}", "a".repeat(30_000))),
        ("a million blanks", " ".repeat(1_000_000)),
        ("32 kB of blanks", " ".repeat(32_000)),
        ("a comment without an end", format!("//{}", "/".repeat(32_000))),
        ("surrogates", format!("t == '{}'", "\\ud800".repeat(5_000))),
        ("half an escape", "t == '\\u12'".to_owned()),
        ("bytes with code points", "x == b'\\u0041'".to_owned()),
        ("an escape past the end", "t == '\\".to_owned()),
        ("an escape in the middle of a letter", "t == '\\xé0'".to_owned()),
        ("costly macros", vec!["l.all(v,l.all(w,v<w))"; 500].join("&&")),
        ("costly texts", vec!["s.all(v,v.contains(t))"; 500].join("&&")),
    ])
}

fn patterns() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, pattern) in [
        ("repeated repetitions", "(a{1000}){1000}"),
        ("a huge repetition", "a{9999999}"),
        ("repeated letters of all scripts", r"(\w{50}){50}"),
        ("letters of all scripts", r"\pL{1000}\pL{1000}"),
        ("thirty groups in one another", "((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))"),
        ("an open group", "("),
        ("a look behind", "(?<=a)b"),
        ("a reference back", r"(a)\1"),
    ] {
        cases.push((format!("a pattern: {name}"), format!("t.matches(r'{pattern}')")));
        let many = format!("t.matches(r'{pattern}')||");
        cases.push((format!("many patterns: {name}"), filling(&many) + "b"));
    }
    cases.push(("a long pattern".to_owned(), format!("t.matches('{}')", "a".repeat(300))));
    cases.push(("many sound patterns".to_owned(), filling(r"t.matches(r'^\w+@\w+$')||") + "b"));
    cases
}

/// Texts that are accepted, and are as heavy as a condition may be.
pub(crate) fn accepted() -> Vec<Case> {
    let shared = (0..40).fold("[1]".to_owned(), |text, _| format!("{text}.map(v, [v, v])"));
    let equalities: Vec<String> = (0..2_000).map(|n| format!("a == {n}")).collect();
    let mixed: Vec<String> = (0..800).map(|n| format!("a == {n} && !b && t != 'text {n}'")).collect();
    named([
        ("2,000 equalities", equalities.join(" || ")),
        ("800 triples", mixed.join(" || ")),
        ("90 signs", format!("{}b", "!".repeat(90))),
        ("90 parentheses", format!("{}b{}", "(".repeat(90), ")".repeat(90))),
        ("lists 80 deep", format!("x == {}1{}", "[".repeat(80), "]".repeat(80))),
        (
            "a list of 1,024",
            format!("a in [{}]", (0..1_024).map(|n| n.to_string()).collect::<Vec<_>>().join(",")),
        ),
        ("90 fields, 30 times", vec![format!("x{} == 1", ".y".repeat(90)); 30].join("||")),
        ("macros four deep", "l.all(v1, l.all(v2, l.all(v3, l.all(v4, v1 + v2 + v3 + v4 >= 0))))".to_owned()),
        (
            "macros in a row",
            "size(l.map(v, v + 1).filter(v, v > 3).map(v, [v, v]).map(v, v[0])) > 3".to_owned(),
        ),
        ("a value shared with itself", format!("{shared} == {shared}")),
        ("maps compared", "m == m || x == x || [m, m] == [m, m] || m in x".to_owned()),
        (
            "a long text searched",
            "t.contains('aaaaaaaaaaaaab') || t.matches('(a+)+$') || t.endsWith('b')".to_owned(),
        ),
        (
            "texts joined",
            (0..30).fold("t".to_owned(), |text, _| format!("[{text}].map(v, v + v)[0]")) + " == t",
        ),
        ("eight patterns", [r"t.matches(r'^\w+@\w+\.\w+$')"; 8].join("||")),
        ("text of control characters", format!("t == '{}'", "\u{1}".repeat(5_000))),
    ])
}

/// Trees in JSON that are refused.
pub(crate) fn refused_json() -> Vec<Case> {
    let n = 100_000;
    let wrapped =
        |open: &str, inner: &str, close: &str, deep: usize| open.repeat(deep) + inner + &close.repeat(deep);
    let mut cases = named([
        ("not 100,000 deep", wrapped("{\"not\":", "{\"bool\":true}", "}", n)),
        ("not 120 deep", wrapped("{\"not\":", "{\"bool\":true}", "}", 120)),
        ("all 20,000 deep, no end", "{\"all\":[".repeat(20_000)),
        ("lists 120 deep", wrapped("{\"list\":[", "{\"int\":1}", "]}", 120)),
        ("15,000 terms", format!("{{\"any\":[{}{{\"bool\":true}}]}}", "{\"bool\":true},".repeat(15_000))),
        ("37,000 nulls", format!("{{\"list\":[{}\"null\"]}}", "\"null\",".repeat(36_000))),
        ("a list of 1,100 maps", format!("{{\"list\":[{}{{\"map\":[]}}]}}", "{\"map\":[]},".repeat(1_100))),
        ("100,000 bytes", format!("{{\"bytes\":[{}1]}}", "1,".repeat(100_000))),
        ("a text of 200 kB", format!("{{\"text\":\"{}\"}}", "a".repeat(200_000))),
        ("a name of 200 kB", format!("{{\"attribute\":\"{}\"}}", "a.".repeat(100_000))),
        ("a name of 1,000 words", format!("{{\"attribute\":\"a{}\"}}", ".b".repeat(1_000))),
        ("a number beyond", "{\"equal\":[{\"attribute\":\"a\"},{\"int\":99999999999999999999}]}".to_owned()),
        ("a double beyond", "{\"equal\":[{\"attribute\":\"a\"},{\"double\":1e999}]}".to_owned()),
        ("a surrogate", "{\"text\":\"\\ud800\"}".to_owned()),
        ("a name that is none", "{\"attribute\":\"a b\"}".to_owned()),
        ("a word of the language", "{\"call\":[\"while\",[]]}".to_owned()),
        ("an operator that is none", "{\"unheard\":1}".to_owned()),
        ("two operators", "{\"not\":{\"bool\":true},\"all\":[]}".to_owned()),
        ("a field of a macro that is none", "{\"every\":{\"range\":{\"attribute\":\"l\"},\"variable\":\"v\",\"body\":{\"bool\":true},\"more\":1}}".to_owned()),
        ("a variable with code", "{\"every\":{\"range\":{\"attribute\":\"l\"},\"variable\":\"v, true) || l.all(v\",\"body\":{\"bool\":true}}}".to_owned()),
        ("a field with code", "{\"field\":[{\"attribute\":\"m\"},\"k` == 1 || m.`k\"]}".to_owned()),
        ("megabytes", " ".repeat(3_000_000)),
    ]);
    for json in ["", "null", "{", "[]", "0", "\"null", "{}"] {
        cases.push((format!("{json:?}"), json.to_owned()));
    }
    cases
}
