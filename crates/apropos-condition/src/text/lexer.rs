//! From text to tokens, one at a time.
//!
//! Not here: grammar.

use apropos_event::Span;

use super::literal::{Unescaped, unescape};
use crate::limits::MAX_TOKENS;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token<'t> {
    End,
    Word(&'t str),
    /// A name in backquotes.
    Quoted(&'t str),
    /// A whole number without its sign.
    Int(u64),
    UInt(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// An operator or bracket.
    Sign(&'static str),
}

/// What is wrong, and where.
#[derive(Debug)]
pub(crate) struct LexError {
    pub(crate) code: &'static str,
    pub(crate) span: Span,
    pub(crate) message: String,
}

pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: usize,
}

const SYNTAX: &str = "condition/syntax";

/// Longer signs before their beginnings.
const SIGNS: [&str; 23] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",", "(", ")",
    "[", "]", "{",
];

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, tokens: 0 }
    }

    /// How many tokens were asked for.
    #[cfg(test)]
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// The next token and where it stands.
    pub(crate) fn next(&mut self) -> Result<(Token<'t>, Span), LexError> {
        self.skip_blanks();
        let start = self.at;
        self.tokens += 1;
        if MAX_TOKENS < self.tokens {
            let message = format!("a condition has at most {MAX_TOKENS} words and signs");
            return Err(LexError { code: "condition/too-large", span: start..start, message });
        }
        let Some(first) = self.rest().bytes().next() else { return Ok((Token::End, start..start)) };
        let token = match first {
            b'"' | b'\'' => self.string(false, false)?,
            b'0'..=b'9' => self.number()?,
            b'.' if self.byte(1).is_some_and(|b| b.is_ascii_digit()) => self.number()?,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word_or_string()?,
            b'`' => self.quoted()?,
            _ => self.sign()?,
        };
        Ok((token, start..self.at))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.bytes().position(|b| !fits(b)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|b| b != b'\n');
        }
    }

    fn error<T>(&self, start: usize, message: impl Into<String>) -> Result<T, LexError> {
        Err(LexError {
            code: SYNTAX,
            span: start..self.at.max(start + 1).min(self.text.len().max(start)),
            message: message.into(),
        })
    }

    fn sign(&mut self) -> Result<Token<'t>, LexError> {
        let rest = self.rest();
        for sign in SIGNS.iter().chain(&["}"]) {
            if rest.starts_with(sign) {
                self.at += sign.len();
                return Ok(Token::Sign(sign));
            }
        }
        let start = self.at;
        let found = rest.chars().next().unwrap_or(' ');
        self.at += found.len_utf8();
        let help = match found {
            '=' => "; equality is written `==`",
            '&' => "; and is written `&&`",
            '|' => "; or is written `||`",
            _ => "",
        };
        self.error(start, format!("`{}` is not part of the language{help}", found.escape_debug()))
    }

    fn word_or_string(&mut self) -> Result<Token<'t>, LexError> {
        let quote = |byte: Option<u8>| matches!(byte, Some(b'"' | b'\''));
        match (self.byte(0), self.byte(1)) {
            (Some(b'r' | b'R'), next) if quote(next) => {
                self.at += 1;
                return self.string(true, false);
            }
            (Some(b'b' | b'B'), next) if quote(next) => {
                self.at += 1;
                return self.string(false, true);
            }
            (Some(b'b' | b'B'), Some(b'r' | b'R')) if quote(self.byte(2)) => {
                self.at += 2;
                return self.string(true, true);
            }
            _ => {}
        }
        Ok(Token::Word(self.take_while(|b| b.is_ascii_alphanumeric() || b == b'_')))
    }

    fn quoted(&mut self) -> Result<Token<'t>, LexError> {
        let start = self.at;
        self.at += 1;
        let name =
            self.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b' '));
        if name.is_empty() || self.byte(0) != Some(b'`') {
            return self.error(start, "a quoted name is letters, digits and `_.-/ ` between backquotes");
        }
        self.at += 1;
        Ok(Token::Quoted(name))
    }

    fn string(&mut self, raw: bool, bytes: bool) -> Result<Token<'t>, LexError> {
        let start = self.at;
        let quote = self.byte(0).unwrap_or(b'"');
        let triple = self.byte(1) == Some(quote) && self.byte(2) == Some(quote);
        let width = if triple { 3 } else { 1 };
        self.at += width;
        let body_start = self.at;
        let Some(len) = self.find_end(quote, triple, raw) else {
            return self.error(start, "this text does not end");
        };
        let body = self.text.get(body_start..body_start + len).unwrap_or_default();
        self.at = body_start + len + width;
        match unescape(body, raw, bytes) {
            Ok(Unescaped::Text(text)) => Ok(Token::Text(text)),
            Ok(Unescaped::Bytes(bytes)) => Ok(Token::Bytes(bytes)),
            Err((message, at)) => {
                let at = body_start + at;
                Err(LexError {
                    code: SYNTAX,
                    span: at..(at + 2).min(self.text.len()),
                    message: message.to_owned(),
                })
            }
        }
    }

    /// How long the body is.
    fn find_end(&self, quote: u8, triple: bool, raw: bool) -> Option<usize> {
        let body = self.rest().as_bytes();
        let mut at = 0;
        while let Some(byte) = body.get(at) {
            match byte {
                b'\\' if !raw => at += 2,
                b'\n' | b'\r' if !triple => return None,
                _ if *byte == quote
                    && (!triple
                        || (body.get(at + 1) == Some(&quote) && body.get(at + 2) == Some(&quote))) =>
                {
                    return Some(at);
                }
                _ => at += 1,
            }
        }
        None
    }

    fn number(&mut self) -> Result<Token<'t>, LexError> {
        let start = self.at;
        if self.byte(0) == Some(b'0') && matches!(self.byte(1), Some(b'x' | b'X')) {
            self.at += 2;
            let digits = self.take_while(|b| b.is_ascii_hexdigit());
            return self.whole(start, digits, 16);
        }
        let digits = self.take_while(|b| b.is_ascii_digit());
        let fraction = self.byte(0) == Some(b'.') && self.byte(1).is_some_and(|b| b.is_ascii_digit());
        if fraction {
            self.at += 1;
            self.take_while(|b| b.is_ascii_digit());
        }
        let exponent = matches!(self.byte(0), Some(b'e' | b'E')) && {
            let signed = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            self.byte(1 + signed).is_some_and(|b| b.is_ascii_digit())
        };
        if exponent {
            self.at += 2;
            self.take_while(|b| b.is_ascii_digit());
        }
        if !fraction && !exponent {
            return self.whole(start, digits, 10);
        }
        match self.text.get(start..self.at).unwrap_or_default().parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(Token::Double(x)),
            _ => self.error(start, "this number does not fit a double"),
        }
    }

    fn whole(&mut self, start: usize, digits: &str, radix: u32) -> Result<Token<'t>, LexError> {
        let number = u64::from_str_radix(digits, radix);
        if matches!(self.byte(0), Some(b'u' | b'U')) {
            self.at += 1;
            return match number {
                Ok(n) => Ok(Token::UInt(n)),
                Err(_) => self.error(start, "this number does not fit 64 bits"),
            };
        }
        match number {
            Ok(n) if n <= i64::MIN.unsigned_abs() => Ok(Token::Int(n)),
            _ => self.error(start, "this number does not fit 64 bits"),
        }
    }
}
