//! JSON that keeps the order of its fields, and its numbers as they were
//! written: what passes from one dialect into another is said with the same
//! words. Models write their answers in the order of a schema's fields.

use std::fmt;
use std::ops::Index;

use serde_json::Value;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 128;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// A number, with the digits that it was written with.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

static NULL: Json = Json::Null;

/// Puts an object together, in this order.
pub fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    let fields = fields.into_iter();
    Json::Object(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

impl Json {
    /// Parses a text; none where it is no JSON.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            text: std::str::from_utf8(text).ok()?,
            at: 0,
        };
        let value = reader.read_value(0)?;
        reader.skip_spaces();
        (reader.at == text.len()).then_some(value)
    }

    /// The value of a field; none where it is absent or null.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let found = self.fields().iter().find(|(field, _)| field == name);
        found
            .map(|(_, value)| value)
            .filter(|it| **it != Self::Null)
    }

    /// The value of a field, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let found = fields.iter_mut().find(|(field, _)| field == name);
        found.map(|(_, value)| value)
    }

    /// The fields of an object; none of anything else.
    pub fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(it) => Some(*it),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// A whole number that is not negative, however it is written: 100.0 is
    /// 100 (RFC 8259, section 6).
    pub fn as_u64(&self) -> Option<u64> {
        let Self::Number(digits) = self else {
            return None;
        };
        if let Ok(whole) = digits.parse() {
            return Some(whole);
        }
        let float = digits.parse().ok().filter(|it: &f64| it.fract() == 0.0)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and no limit is as large"
        )]
        (float >= 0.0).then_some(float as u64)
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Whether it is this text.
    pub fn is(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }

    /// Sets a field of an object where it stands, or else at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Self>) {
        let value = value.into();
        if let Some(old) = self.get_mut(name) {
            *old = value;
        } else if let Self::Object(fields) = self {
            fields.push((name.to_owned(), value));
        }
    }

    /// Sets a field where there is a value for it.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<Self>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Takes a field out of an object.
    pub fn remove(&mut self, name: &str) -> Option<Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let at = fields.iter().position(|(field, _)| field == name)?;
        Some(fields.remove(at).1)
    }

    /// Writes it behind what is there.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(digits) => out.extend_from_slice(digits.as_bytes()),
            Self::Text(text) => write_text(text, out),
            Self::List(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write_to(out);
                }
                out.push(b']');
            }
            Self::Object(fields) => {
                out.push(b'{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write_text(name, out);
                    out.push(b':');
                    value.write_to(out);
                }
                out.push(b'}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // A text always writes itself, into memory.
    let _ = serde_json::to_writer(out, text);
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write_to(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Index<&str> for Json {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

impl Index<usize> for Json {
    type Output = Self;

    fn index(&self, at: usize) -> &Self {
        self.items().get(at).unwrap_or(&NULL)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<Vec<Self>> for Json {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(it) => Self::Bool(*it),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(fields) => {
                let fields = fields.iter();
                Self::Object(fields.map(|(name, it)| (name.clone(), it.into())).collect())
            }
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Reads a text of JSON from its beginning to its end.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Steps over a sign that must stand here.
    fn take(&mut self, sign: u8) -> Option<()> {
        self.skip_spaces();
        (self.peek() == Some(sign)).then(|| self.at += 1)
    }

    fn take_word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn read_value(&mut self, depth: usize) -> Option<Json> {
        self.skip_spaces();
        match self.peek()? {
            _ if depth > DEPTH_MAX => None,
            b'{' => self.read_object(depth),
            b'[' => self.read_list(depth),
            b'"' => self.read_text().map(Json::Text),
            b't' => self.take_word("true", Json::Bool(true)),
            b'f' => self.take_word("false", Json::Bool(false)),
            b'n' => self.take_word("null", Json::Null),
            _ => self.read_number(),
        }
    }

    fn read_object(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip_spaces();
            let name = self.read_text()?;
            self.take(b':')?;
            fields.push((name, self.read_value(depth + 1)?));
            if self.take(b'}').is_some() {
                return Some(Json::Object(fields));
            }
            self.take(b',')?;
        }
    }

    fn read_list(&mut self, depth: usize) -> Option<Json> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.read_value(depth + 1)?);
            if self.take(b']').is_some() {
                return Some(Json::List(items));
            }
            self.take(b',')?;
        }
    }

    fn read_text(&mut self) -> Option<String> {
        let rest = self.text.get(self.at..)?;
        let inner = rest.strip_prefix('"')?;
        let (mut length, mut escaped, mut has_escapes) = (0, false, false);
        for byte in inner.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => (escaped, has_escapes) = (true, true),
                b'"' => break,
                0..0x20 => return None,
                _ => {}
            }
            length += 1;
        }
        let written = rest.get(..length + 2)?;
        self.at += written.len();
        if has_escapes {
            return serde_json::from_str(written).ok();
        }
        inner.get(..length).map(str::to_owned)
    }

    fn read_number(&mut self) -> Option<Json> {
        let rest = self.text.get(self.at..)?;
        let is_sign = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(|byte| is_sign(*byte)).count();
        let digits = rest.get(..length)?;
        // Only JSON's own way to write a number is one.
        serde_json::from_str::<serde_json::Number>(digits)
            .map(drop)
            .or_else(|wrong| if is_huge(digits) { Ok(()) } else { Err(wrong) })
            .ok()?;
        self.at += length;
        Some(Json::Number(digits.to_owned()))
    }
}

/// Whether it is a number that has too many digits to be counted with.
fn is_huge(digits: &str) -> bool {
    digits.parse().is_ok_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_and_numbers_are_as_they_were_written() {
        let written = r#"{"b":25227143063332189585438,"a":[1.50,-0,1e3,1E400],"é\"\n":{"z":null,"y":[true,false,{}]}}"#;
        let parsed = Json::parse(written.as_bytes()).unwrap();
        assert_eq!(parsed.to_string(), written);
        assert_eq!(parsed["a"][0].as_f64(), Some(1.5));
        assert_eq!(Json::parse(b"100.0").unwrap().as_u64(), Some(100));
        assert_eq!(Json::parse(b"-1.0").unwrap().as_u64(), None);
        assert_eq!(Json::parse(b"1.5").unwrap().as_u64(), None);
        assert!(parsed["c"]["d"].is_null());
    }

    #[test]
    fn what_is_no_json_is_none() {
        for wrong in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "tru",
            "1 2",
            "01",
            "+1",
            ".5",
            "1.",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "nul",
            "-",
            "{a:1}",
        ] {
            assert_eq!(Json::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Json::parse("[".repeat(100_000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn it_reads_what_others_write(
            texts in prop::collection::vec("[ -~é\u{1f600}\"\\\\\n]{0,20}", 0..10),
            numbers in prop::collection::vec(any::<i64>(), 0..10),
        ) {
            let value = serde_json::json!({"texts": texts, "numbers": numbers, "in": [{"texts": texts}]});
            let parsed = Json::parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(parsed.to_string(), value.to_string());
            prop_assert_eq!(&parsed, &Json::from(&value));
        }
    }
}
