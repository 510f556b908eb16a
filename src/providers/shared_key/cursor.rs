//! Steps through JSON text value by value, without a tree.
//!
//! The text was read once as JSON when the body came in, so that what is
//! found here is well formed. Where it is not, the walk ends.

use std::borrow::Cow;

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

/// The text is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJson;

impl<'a> Cursor<'a> {
    /// The beginning of a text.
    pub fn new(text: &'a [u8]) -> Self {
        let mut cursor = Self { text, at: 0 };
        cursor.skip_blanks();
        cursor
    }

    /// How many bytes are before it.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What stands between it and a later place.
    pub fn until(&self, later: &Self) -> &'a [u8] {
        self.text.get(self.at..later.at).unwrap_or_default()
    }

    /// The byte that comes next.
    pub fn peek(&self) -> Result<u8, NoJson> {
        self.text.get(self.at).copied().ok_or(NoJson)
    }

    /// Steps over a byte, if that is what comes next, and blanks behind it.
    pub fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.text.get(self.at) == Some(&byte);
        if is_next {
            self.at += 1;
            self.skip_blanks();
        }
        is_next
    }

    /// Steps over a byte that must come next, and blanks behind it.
    pub fn expect(&mut self, byte: u8) -> Result<(), NoJson> {
        if self.eat(byte) { Ok(()) } else { Err(NoJson) }
    }

    /// Steps over the bracket that ends a list or an object, and no further.
    pub fn skip_closing(&mut self) -> Result<(), NoJson> {
        if !matches!(self.peek()?, b']' | b'}') {
            return Err(NoJson);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over blanks.
    pub fn skip_blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Steps over a text, and returns what stands between its quotes.
    pub fn text(&mut self) -> Result<&'a [u8], NoJson> {
        if self.peek()? != b'"' {
            return Err(NoJson);
        }
        let start = self.at + 1;
        let mut end = start;
        loop {
            let rest = self.text.get(end..).ok_or(NoJson)?;
            let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            end += stop.ok_or(NoJson)?;
            if self.text.get(end) == Some(&b'"') {
                break;
            }
            end += 2;
        }
        self.at = end + 1;
        self.text.get(start..end).ok_or(NoJson)
    }

    /// Steps over a number or a word such as `true`, and returns it.
    pub fn scalar(&mut self) -> Result<&'a [u8], NoJson> {
        let rest = self.text.get(self.at..).ok_or(NoJson)?;
        let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = rest.iter().take_while(|byte| belongs(byte)).count();
        if length == 0 {
            return Err(NoJson);
        }
        self.at += length;
        rest.get(..length).ok_or(NoJson)
    }

    /// Steps over a whole value.
    pub fn skip_value(&mut self) -> Result<(), NoJson> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.text()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or(NoJson)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                _ => {
                    self.scalar()?;
                }
            }
            if depth == 0 {
                return Ok(());
            }
            self.skip_blanks();
        }
    }

    /// The text in a field of the object that begins here, if it has such a
    /// field and that is a text. The cursor stays where it is.
    pub fn text_of_field(
        &self,
        is_field: impl Fn(&str) -> bool,
    ) -> Result<Option<Cow<'a, str>>, NoJson> {
        let mut ahead = self.clone();
        ahead.expect(b'{')?;
        while ahead.peek()? == b'"' {
            let name = decode(ahead.text()?)?;
            ahead.skip_blanks();
            ahead.expect(b':')?;
            if is_field(&name) {
                return match ahead.peek()? {
                    b'"' => Ok(Some(decode(ahead.text()?)?)),
                    _ => Ok(None),
                };
            }
            ahead.skip_value()?;
            ahead.skip_blanks();
            if !ahead.eat(b',') {
                break;
            }
        }
        Ok(None)
    }
}

/// What a text says, without its escapes.
pub fn decode(inside: &[u8]) -> Result<Cow<'_, str>, NoJson> {
    if !inside.contains(&b'\\') {
        let plain = std::str::from_utf8(inside).map_err(|_| NoJson)?;
        return Ok(Cow::Borrowed(plain));
    }
    let quoted = [b"\"", inside, b"\""].concat();
    let text: String = serde_json::from_slice(&quoted).map_err(|_| NoJson)?;
    Ok(Cow::Owned(text))
}
