//! What the fuzz targets call, on many mutations of a corpus of conditions, so that every ordinary run of the tests does
//! some of what a fuzzer does: words are exchanged, doubled, dropped and moved between conditions, literals become
//! extreme, and only then single bytes are changed. Most mutations are still worth reading.

use std::path::Path;

use crate::fuzzed;
use crate::generator::Rng;

/// The seeds of a fuzz target: one for each thing the language has.
fn seeds(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap().trim_end().to_owned()).collect()
}

/// What words are exchanged for: each for one of its kind.
struct Language {
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    operators: &'static [&'static str],
}

const TEXT: Language = Language {
    numbers: &[
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615u",
        "1e308",
        "-0.0",
        "5e-324",
        "a",
        "f",
        "d",
        "size(l)",
        "decimal('79228162514264337593543950335')",
    ],
    texts: &["''", "'😁'", "'\\u0000'", "'gold'", "t", "'a' + t", "string(a)", "'30d'"],
    operators: &["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"],
};

const JSON: Language = Language {
    numbers: &["0", "1", "-1", "1.5", "9223372036854775807", "1e308", "255"],
    texts: &[
        r#""a""#,
        r#""b""#,
        r#""t""#,
        r#""e""#,
        r#""x.y""#,
        r#""all""#,
        r#""any""#,
        r#""not""#,
        r#""equal""#,
        r#""less""#,
        r#""at_most""#,
        r#""add""#,
        r#""int""#,
        r#""text""#,
        r#""exists""#,
        r#""filter""#,
    ],
    operators: &[",", ":"],
};

const BYTES: &[u8] = b"()[]{}.,&|!<>=-'\"?:\\`0e\n";

/// Words, signs, literals and blanks, as they follow one another.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut kind, mut quote) = (' ', None);
    for c in text.chars() {
        let next = match c {
            _ if quote.is_some() => 'q',
            '\'' | '"' => 'q',
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => 'w',
            '&' | '|' | '=' | '<' | '>' | '!' => 'o',
            _ => c,
        };
        let opens = next == 'q' && quote.is_none();
        match words.last_mut() {
            Some(word) if next == kind && "wqo".contains(next) && !opens => word.push(c),
            _ => words.push(c.to_string()),
        }
        quote = match quote {
            None if opens => Some(c),
            Some(open) if open == c => None,
            other => other,
        };
        kind = next;
    }
    words
}

/// A word of this kind gives way to another of its kind, if there is one.
fn exchange(rng: &mut Rng, words: &mut [String], is_kind: impl Fn(&str) -> bool, others: &[&str]) {
    let places: Vec<usize> = (0..words.len()).filter(|at| is_kind(&words[*at])).collect();
    if !places.is_empty() {
        words[rng.pick(&places)] = rng.pick(others).into();
    }
}

fn mutated(rng: &mut Rng, text: &str, corpus: &[String], language: &Language) -> Vec<u8> {
    let mut all = words(text);
    for _ in 0..=rng.below(2) {
        if all.is_empty() {
            break;
        }
        let at = rng.below(all.len() as u64) as usize;
        let end = (at + 1 + rng.below(6) as usize).min(all.len());
        match rng.below(12) {
            0 => drop(all.drain(at..end)),
            1 => {
                let again = all[at..end].to_vec();
                all.splice(at..at, again);
            }
            2 => {
                let other = words(&rng.pick(corpus));
                let from = rng.below(other.len() as u64) as usize;
                let to = (from + 1 + rng.below(8) as usize).min(other.len());
                all.splice(at..end, other[from..to].iter().cloned());
            }
            3 => {
                all.insert(end, ")".to_owned());
                all.insert(at, "(".to_owned());
            }
            4 => all.push(format!(" && ({}\n)", rng.pick(corpus))),
            5 | 6 => exchange(rng, &mut all, |word| word.starts_with(['"', '\'']), language.texts),
            7 | 8 => exchange(rng, &mut all, |word| language.operators.contains(&word), language.operators),
            _ => exchange(
                rng,
                &mut all,
                |word| word.starts_with(|c: char| c.is_ascii_digit()),
                language.numbers,
            ),
        }
    }
    let mut bytes = all.concat().into_bytes();
    if rng.below(4) == 0 && !bytes.is_empty() {
        let at = rng.below(bytes.len() as u64) as usize;
        match rng.below(3) {
            0 => bytes[at] = rng.below(256) as u8,
            1 => bytes.insert(at, rng.pick(BYTES)),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}

fn accepted(
    rng: &mut Rng,
    corpus: &[String],
    language: &Language,
    rounds: usize,
    read: impl Fn(&[u8]) -> bool,
) -> usize {
    let mut accepted = 0;
    for text in corpus {
        assert!(read(text.as_bytes()), "{text}");
        for _ in 0..rounds {
            accepted += usize::from(read(&mutated(rng, text, corpus, language)));
        }
    }
    accepted
}

#[test]
fn mutated_conditions_keep_every_promise() {
    let mut rng = Rng::new(42);
    let (texts, trees) = (seeds("text_to_condition"), seeds("json_to_condition"));
    assert_eq!((texts.len(), trees.len()), (41, 6));
    let texts = accepted(&mut rng, &texts, &TEXT, 250, fuzzed::text);
    let trees = accepted(&mut rng, &trees, &JSON, 500, fuzzed::json);
    println!("of 10,000 mutated texts {texts} are conditions, of 3,000 trees {trees}");
    assert!(1_000 < texts, "only {texts} mutations are conditions: they test the lexer and little else");
    assert!(100 < trees, "only {trees} mutations are conditions");
}

#[test]
fn well_typed_choices_agree() {
    let mut rng = Rng::new(43);
    for _ in 0..1_000 {
        let tape: Vec<u8> = (0..rng.below(200)).map(|_| rng.below(256) as u8).collect();
        assert!(fuzzed::agreement(&tape));
    }
}
