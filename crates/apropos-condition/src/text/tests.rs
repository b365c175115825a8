//! The grammar, from text to tree and back.

use super::*;

fn tree(text: &str) -> Ast {
    parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

#[track_caller]
fn prints(text: &str, canonical: &str) {
    let ast = tree(text);
    let printed = print(&ast, ast.root());
    assert_eq!(printed, canonical);
    assert_eq!(tree(&printed), ast, "printing and reading again gives another tree");
    let again = from_tree(&to_tree(&ast, ast.root())).unwrap();
    assert_eq!(print(&again, again.root()), canonical, "the tree form says something else");
}

#[track_caller]
fn refused(text: &str, code: &str) {
    assert_eq!(
        parse(text).map(|_| ()).map_err(|problem| problem.code),
        Err(code),
        "{}",
        text.get(..80).unwrap_or(text)
    );
}

#[test]
fn one_spelling_is_canonical() {
    prints("a&&b||c", "a && b || c");
    prints("a&&(b||c)", "a && (b || c)");
    prints("(a && b) && c", "(a && b) && c");
    prints("!(a==1)", "!(a == 1)");
    prints("1+2*3-(4-5)", "1 + 2 * 3 - (4 - 5)");
    prints("-5 + -(5) - --x", "-5 + -(5) - --x");
    prints("(-5).abs() + (-x).abs()", "(-5).abs() + (-x).abs()");
    prints("a ? b : c ? d : e", "a ? b : c ? d : e");
    prints("(a ? b : c) ? d : e", "(a ? b : c) ? d : e");
    prints(r"'it\'s'", r#""it's""#);
    prints("x.exists( e , e>1 )", "x.exists(e, e > 1)");
    prints("x.map(e, e > 1, e * 2)", "x.map(e, e > 1, e * 2)");
    prints("has(a.b) && has(a)", "has(a.b) && has(a)");
    prints(r#"history.count("purchase","30d")>=3"#, r#"history.count("purchase", "30d") >= 3"#);
    prints("{'a':1,2:[3,]}[2] in [1,2.5,3u,1e300]", r#"{"a": 1, 2: [3]}[2] in [1, 2.5, 3u, 1e300]"#);
    prints("m.`content-type` == b'\\xff\"'", r#"m.`content-type` == b"\xff\"""#);
    prints("1 < 2 == true", "1 < 2 == true");
    prints("1 < (2 == true)", "1 < (2 == true)");
    prints("[1].exists(t, .t.size() > t)", "[1].exists(t, .t.size() > t)");
    prints(".a.b.size() > size( .a )", ".a.b.size() > size(.a)");
    prints("m.`a.b` == m.a.b || has(m.`a.b`)", "m.`a.b` == m.a.b || has(m.`a.b`)");
    prints("m.`a.b`.size() > 1", "m.`a.b`.size() > 1");
}

#[test]
fn spans_cover_what_was_written() {
    let text = "a.b == 1 && (c in [2, 3])";
    let ast = tree(text);
    let mut spans = Vec::new();
    ast.node(ast.root()).children(|id| spans.push(&text[ast.span(id)]));
    assert_eq!(spans, ["a.b == 1", "(c in [2, 3])"]);
}

#[test]
fn hostile_text_is_refused_at_the_limit() {
    let n = 100_000;
    for (text, code) in [
        ("[".repeat(n), "condition/too-long"),
        ("[".repeat(20_000), "condition/too-deep"),
        ("(".repeat(20_000), "condition/too-deep"),
        ("!".repeat(20_000), "condition/too-deep"),
        ("-".repeat(20_000), "condition/too-deep"),
        (format!("a{}", ".b".repeat(10_000)), "condition/too-deep"),
        (format!("a{}", "[0]".repeat(10_000)), "condition/too-deep"),
        (format!("a{}", " ? a : a".repeat(3_000)), "condition/too-deep"),
        (format!("1{}", "+1".repeat(10_000)), "condition/too-deep"),
        (format!("a{}", "||a".repeat(1_000_000)), "condition/too-long"),
        (format!("a{}", "||a".repeat(9_000)), "condition/too-large"),
        (format!("[{}]", "1,".repeat(2_000)), "condition/too-large"),
        (format!("f({})", "1,".repeat(2_000)), "condition/too-large"),
        ("{0:".repeat(8_000), "condition/too-deep"),
        ("a(".repeat(10_000), "condition/too-deep"),
        ("a.exists(x,".repeat(2_000), "condition/too-deep"),
    ] {
        refused(&text, code);
    }
}

/// The work is counted, not timed: what is too long is not read at all, what is too deep only as far as it may nest.
#[test]
fn hostile_text_is_refused_after_little_work() {
    use crate::limits::{MAX_DEPTH, MAX_NODES, MAX_TOKENS};
    let n = 100_000;
    for open in ["[", "(", "{", "!", "-", "a.", "a[", "f(", "a ? ", "a||"] {
        assert_eq!(work(&open.repeat(n)), (0, 0), "{open}");
    }
    for (open, words) in
        [("[", 1), ("(", 1), ("{1:", 3), ("!", 1), ("-", 1), ("a[", 2), ("f(", 2), ("a.all(v,", 6)]
    {
        let (tokens, nodes) = work(&open.repeat(32_000 / open.len()));
        assert!(tokens <= words * (MAX_DEPTH + 2), "{open}: {tokens} words");
        assert!(nodes <= 3 * MAX_DEPTH, "{open}: {nodes} nodes");
    }
    for chain in ["||a", "&&a", "+1", ".y", "[0]", "==b", "?a:a", ".m()"] {
        let (tokens, nodes) = work(&format!("a{}", chain.repeat(30_000 / chain.len())));
        assert!(tokens <= MAX_TOKENS + 1 && nodes <= MAX_NODES, "{chain}: {tokens} words, {nodes} nodes");
    }
}

#[test]
fn what_is_not_the_language_is_refused() {
    for text in [
        "",
        "a = 1",
        "a and b",
        "a &&",
        "'open",
        "\"a\nb\"",
        "1 2",
        "a.in",
        "self.true",
        "0x",
        "1.99e90000009",
        "9223372036854775808",
        "'\\q'",
        "'\\ud800'",
        "b'\\u0041'",
        "for",
        "a b",
        "[1",
        "{1}",
        "`a`",
        "a..b",
        "é",
        "has(1)",
        "f(1,)",
        "x.all(1, true)",
        "x.all(__r, true)",
        "1u2",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    refused("Message{a: 1}", "condition/outside-subset");
    refused("a.?b", "condition/outside-subset");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[ -~é\n]{0,60}") {
        if let Ok(ast) = parse(&text) {
            let printed = print(&ast, ast.root());
            let again = parse(&printed);
            proptest::prop_assert_eq!(again.map(|again| print(&again, again.root())), Ok(printed));
        }
    }
}
