//! Looking for a text in bytes, in every spelling in which it might hide.
//!
//! A word is looked for plainly, in other cases, backwards, as hexadecimal digits, base64 in all three alignments, percent
//! coded, escaped as in JSON, and in UTF-16; whole texts also by their unkeyed digests. Not here: what is searched.

use std::collections::BTreeSet;

use sha2::Digest;

/// What to look for.
pub(super) struct Search {
    /// What hides and how, by first byte.
    patterns: Vec<Vec<Pattern>>,
    /// How digests of whole texts begin.
    digests: BTreeSet<[u8; RAW]>,
    /// How digests begin that are written in hexadecimal digits or base64.
    written: BTreeSet<[u8; WRITTEN]>,
    /// Whether a digest may begin with bytes of this slot: passes over nearly every place at once.
    likely: Vec<bool>,
}

struct Pattern {
    bytes: Vec<u8>,
    spelling: String,
}

/// How much of a digest is looked for: at least 64 bits, so that chance hits nothing.
const RAW: usize = 8;
/// The same in letters, of which a hexadecimal digit is worth four bits.
const WRITTEN: usize = 16;

impl Search {
    /// Looks for `word` in every spelling, and for the digests of all `texts`.
    pub(super) fn new(word: &str, texts: impl IntoIterator<Item = String>) -> Self {
        let mut patterns: Vec<Vec<Pattern>> = (0..256).map(|_| Vec::new()).collect();
        for (spelling, bytes) in spellings(word) {
            patterns[usize::from(bytes[0])].push(Pattern { bytes, spelling });
        }
        let mut digests: BTreeSet<[u8; RAW]> = BTreeSet::new();
        let mut written: BTreeSet<[u8; WRITTEN]> = BTreeSet::new();
        for text in texts {
            let sha = sha2::Sha256::digest(&text).to_vec();
            for digest in [sha, blake3::hash(text.as_bytes()).as_bytes().to_vec()] {
                digests.extend(digest.first_chunk::<RAW>());
                let (hex, capitals) = (hex(&digest), hex(&digest).to_uppercase());
                for text in [hex, capitals, base64(&digest, STANDARD), base64(&digest, URL_SAFE)] {
                    written.extend(text.as_bytes().first_chunk::<WRITTEN>());
                }
            }
        }
        let mut likely = vec![false; 1 << SLOT_BITS];
        let starts = digests.iter().map(|start| slot(start)).chain(written.iter().map(|start| slot(start)));
        starts.flatten().for_each(|slot| likely[slot] = true);
        Self { patterns, digests, written, likely }
    }

    /// How the first thing that is found is spelled.
    pub(super) fn find(&self, haystack: &[u8]) -> Option<String> {
        for at in 0..haystack.len() {
            let rest = &haystack[at..];
            let found =
                self.patterns[usize::from(rest[0])].iter().find(|pattern| rest.starts_with(&pattern.bytes));
            if let Some(pattern) = found {
                return Some(pattern.spelling.clone());
            }
            if !slot(rest).is_some_and(|slot| self.likely[slot]) {
                continue;
            }
            let raw = rest.first_chunk::<RAW>().is_some_and(|start| self.digests.contains(start));
            if raw || rest.first_chunk::<WRITTEN>().is_some_and(|start| self.written.contains(start)) {
                return Some("a digest".to_owned());
            }
        }
        None
    }
}

const SLOT_BITS: u32 = 22;

/// Where the first eight bytes belong.
fn slot(bytes: &[u8]) -> Option<usize> {
    let start = u64::from_le_bytes(*bytes.first_chunk::<RAW>()?);
    Some((start.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SLOT_BITS)) as usize)
}

/// Every spelling of `word`, with its name.
pub(super) fn spellings(word: &str) -> Vec<(String, Vec<u8>)> {
    let backwards: String = word.chars().rev().collect();
    let swapped: String = word
        .chars()
        .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
        .collect();
    let forms = [
        ("plain", word.to_owned()),
        ("lower case", word.to_lowercase()),
        ("upper case", word.to_uppercase()),
        ("swapped case", swapped),
        ("backwards", backwards.clone()),
        ("backwards in lower case", backwards.to_lowercase()),
    ];
    let mut all = Vec::new();
    for (form, text) in forms {
        let mut add = |how: &str, bytes: Vec<u8>| all.push((format!("{form}, {how}"), bytes));
        let bytes = text.as_bytes();
        add("as it is", bytes.to_vec());
        add("hexadecimal", hex(bytes).into_bytes());
        add("hexadecimal in capitals", hex(bytes).to_uppercase().into_bytes());
        add("percent coded", coded(bytes, "%", "02x").into_bytes());
        add("percent coded in capitals", coded(bytes, "%", "02X").into_bytes());
        add("escaped", coded(bytes, "\\u", "04x").into_bytes());
        add("escaped in capitals", coded(bytes, "\\u", "04X").into_bytes());
        add("UTF-16, little end first", text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        add("UTF-16, big end first", text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        for (name, alphabet) in [("base64", STANDARD), ("URL-safe base64", URL_SAFE)] {
            for alignment in 0..3 {
                add(&format!("{name} at {alignment}"), inner_base64(bytes, alphabet, alignment).into_bytes());
            }
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all.dedup_by(|a, b| a.1 == b.1);
    all
}

fn hex(bytes: &[u8]) -> String {
    coded(bytes, "", "02x")
}

fn coded(bytes: &[u8], mark: &str, form: &str) -> String {
    let digits = |byte: &u8| match form {
        "02x" => format!("{byte:02x}"),
        "02X" => format!("{byte:02X}"),
        "04x" => format!("{byte:04x}"),
        _ => format!("{byte:04X}"),
    };
    bytes.iter().map(|byte| [mark.to_owned(), digits(byte)].concat()).collect()
}

pub(super) const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 without padding (RFC 4648).
pub(super) fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter =
        |at: usize| alphabet[(0..6).fold(0, |sum, n| sum * 2 + usize::from(bit(at * 6 + n)))] as char;
    (0..(bytes.len() * 8).div_ceil(6)).map(letter).collect()
}

/// The letters of base64 that depend on `bytes` alone when `alignment` bytes stand before them.
fn inner_base64(bytes: &[u8], alphabet: &[u8; 64], alignment: usize) -> String {
    let padded = [vec![0; alignment], bytes.to_vec()].concat();
    let letters = base64(&padded, alphabet);
    letters[(alignment * 8).div_ceil(6)..padded.len() * 8 / 6].to_owned()
}

#[test]
fn base64_is_that_of_the_standard() {
    for (text, expected) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(text.as_bytes(), STANDARD), expected);
    }
    assert_eq!(base64(&[0xfb, 0xff], URL_SAFE), "-_8");
}

#[test]
fn a_leak_is_found_in_every_spelling() {
    let word = "CanaryYranac";
    let secret = format!("{word}0042city");
    let search = Search::new(word, [secret.clone()]);
    let mut planted: Vec<Vec<u8>> = spellings(word).into_iter().map(|(_, bytes)| bytes).collect();
    // As others would write it: whole, with what stands around it, at any alignment.
    for before in ["", "x", "xy"] {
        let text = format!("{before}{secret}");
        planted.extend([STANDARD, URL_SAFE].map(|alphabet| base64(text.as_bytes(), alphabet).into_bytes()));
        planted.push(hex(text.as_bytes()).into_bytes());
        planted.push(text.chars().rev().collect::<String>().into_bytes());
        planted.push(serde_json::to_vec(&text).unwrap());
    }
    let (sha, blake) =
        (sha2::Sha256::digest(&secret).to_vec(), blake3::hash(secret.as_bytes()).as_bytes().to_vec());
    for digest in [sha, blake] {
        planted.extend([
            hex(&digest).into_bytes(),
            hex(&digest).to_uppercase().into_bytes(),
            base64(&digest, STANDARD).into_bytes(),
            digest,
        ]);
    }
    for leak in planted {
        let haystack = [b"what stands before ".to_vec(), leak.clone(), b" and after".to_vec()].concat();
        assert!(search.find(&haystack).is_some(), "{} is not found", String::from_utf8_lossy(&leak));
    }
    assert_eq!(search.find(b"what stands before and after, Canary, 0042, city, CanaryYrana"), None);
    assert_eq!(search.find(hex(blake3::hash(b"another").as_bytes()).as_bytes()), None);
}
