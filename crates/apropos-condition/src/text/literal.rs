//! The insides of string and bytes literals: escapes.
//!
//! Not here: finding where a literal ends; the lexer does that.

/// What a literal's text stands for.
pub(crate) enum Unescaped {
    Text(String),
    Bytes(Vec<u8>),
}

/// Reads the body of a literal. The error says what is wrong and at which byte of the body.
pub(crate) fn unescape(body: &str, raw: bool, bytes: bool) -> Result<Unescaped, (&'static str, usize)> {
    if raw || !body.contains('\\') {
        return Ok(if bytes { Unescaped::Bytes(body.into()) } else { Unescaped::Text(body.to_owned()) });
    }
    let mut out = Out { text: String::new(), bytes: Vec::new(), is_bytes: bytes };
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.plain(rest.get(..at).unwrap_or_default());
        let escape = rest.get(at + 1..).unwrap_or_default();
        let used = out.escape(escape).map_err(|why| (why, body.len() - rest.len() + at))?;
        rest = escape.get(used..).unwrap_or_default();
    }
    out.plain(rest);
    Ok(if bytes { Unescaped::Bytes(out.bytes) } else { Unescaped::Text(out.text) })
}

struct Out {
    text: String,
    bytes: Vec<u8>,
    is_bytes: bool,
}

const UNKNOWN: &str = "this escape is not one of the language";

impl Out {
    fn plain(&mut self, text: &str) {
        if self.is_bytes {
            self.bytes.extend_from_slice(text.as_bytes());
        } else {
            self.text.push_str(text);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.is_bytes {
            self.bytes.push(byte);
        } else {
            self.text.push(char::from(byte));
        }
    }

    /// Reads one escape, without its backslash; gives how many bytes it took.
    fn escape(&mut self, escape: &str) -> Result<usize, &'static str> {
        let kind = escape.bytes().next().ok_or(UNKNOWN)?;
        let simple = match kind {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'?' | b'"' | b'\'' | b'`' => kind,
            b'x' | b'X' => {
                self.byte(number(escape, 1, 2, 16)? as u8);
                return Ok(3);
            }
            b'0'..=b'3' => {
                self.byte(number(escape, 0, 3, 8)? as u8);
                return Ok(3);
            }
            b'u' => return self.unicode(escape, 4),
            b'U' => return self.unicode(escape, 8),
            _ => return Err(UNKNOWN),
        };
        self.byte(simple);
        Ok(1)
    }

    fn unicode(&mut self, escape: &str, digits: usize) -> Result<usize, &'static str> {
        if self.is_bytes {
            return Err("bytes have no code points, write them as `\\x`");
        }
        let code = number(escape, 1, digits, 16)?;
        self.text.push(char::from_u32(code).ok_or("this is not a code point")?);
        Ok(1 + digits)
    }
}

fn number(escape: &str, from: usize, digits: usize, radix: u32) -> Result<u32, &'static str> {
    let digits = escape.get(from..from + digits).ok_or("this escape is too short")?;
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err("this escape has a wrong digit");
    }
    u32::from_str_radix(digits, radix).map_err(|_| UNKNOWN)
}
