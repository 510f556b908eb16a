//! A JSON object whose fields keep the bytes and the order in which they
//! came, so that one can be changed without touching the others.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::json_size::JsonSize;
use crate::model::BadBody;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 64;

/// The fields of an object, in their order. They share the memory of the
/// body that they were parsed from.
#[derive(Clone)]
pub struct RawObject(Vec<(Bytes, Bytes)>);

impl RawObject {
    /// Parses an object.
    pub fn parse(body: &Bytes) -> Result<Self, BadBody> {
        Self::parse_measured(body, JsonSize::measure(body))
    }

    /// Parses an object whose size is known.
    pub fn parse_measured(body: &Bytes, size: JsonSize) -> Result<Self, BadBody> {
        if size.depth > DEPTH_MAX {
            return Err(BadBody::TooDeep);
        }
        if size.is_too_large_for_a_body() {
            return Err(BadBody::TooManyValues);
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let fields = json.deserialize_map(FieldVisitor(body));
        let fields = fields.and_then(|fields| json.end().map(|()| fields));
        let fields = fields.map_err(|_| BadBody::NotAnObject)?;
        let mut names: Vec<&Bytes> = fields.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
        if twice {
            Err(BadBody::Twice)
        } else {
            Ok(Self(fields))
        }
    }

    /// Puts fields together, none of which has the name of another.
    pub fn from_fields(fields: Vec<(Bytes, Bytes)>) -> Self {
        Self(fields)
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The fields: their names without escapes, and the bytes of their values.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The bytes of a field's value; none where it is absent or null.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(field, _)| field == name)?;
        let text = std::str::from_utf8(value).ok()?;
        Some(text).filter(|text| *text != "null")
    }

    /// The value of a field, if it is there and of this type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    /// Whether a field holds this text.
    pub fn is(&self, name: &str, text: &str) -> bool {
        let read = |raw| serde_json::from_str::<Name<'_>>(raw).ok();
        self.raw(name)
            .and_then(read)
            .is_some_and(|Name(it)| it == text)
    }

    /// Sets a field where it stands, or else at the end.
    pub fn set(&mut self, name: &'static str, value: &Value) {
        self.set_raw(name, Bytes::from(value.to_string()));
    }

    /// Gives a field another name, or leaves it out where there is one of that
    /// name; whether it was there.
    pub fn rename(&mut self, from: &str, to: &'static str) -> bool {
        if self.raw(from).is_none() {
            return false;
        }
        let is_taken = self.raw(to).is_some();
        // One that is null is none.
        self.0.retain(|(name, _)| name != to || is_taken);
        let Some(at) = self.0.iter().position(|(name, _)| name == from) else {
            return false;
        };
        if is_taken {
            self.0.remove(at);
        } else if let Some((name, _)) = self.0.get_mut(at) {
            *name = Bytes::from_static(to.as_bytes());
        }
        true
    }

    /// Leaves a field out; whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let count = self.0.len();
        self.0.retain(|(field, _)| field != name);
        self.0.len() < count
    }

    /// Sets a field to JSON that is written already.
    pub fn set_raw(&mut self, name: &'static str, value: Bytes) {
        match self.0.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((Bytes::from_static(name.as_bytes()), value)),
        }
    }

    /// Sets a limit where none or a higher one is set; whether it did.
    pub fn set_at_most(&mut self, name: &'static str, limit: u64) -> bool {
        if self.get::<u64>(name).is_some_and(|asked| asked <= limit) {
            return false;
        }
        self.set(name, &json!(limit));
        true
    }

    /// Writes the object.
    pub fn write(&self) -> Vec<u8> {
        let size: usize = self
            .0
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut body = Vec::with_capacity(size + 2);
        body.push(b'{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            // A text always writes itself, into memory.
            let _ = serde_json::to_writer(&mut body, &String::from_utf8_lossy(name));
            body.push(b':');
            body.extend_from_slice(value);
        }
        body.push(b'}');
        body
    }
}

/// Collects the fields of the object in these bytes.
struct FieldVisitor<'a>(&'a Bytes);

impl<'de> Visitor<'de> for FieldVisitor<'de> {
    type Value = Vec<(Bytes, Bytes)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Name(name)) = map.next_key()? {
            let name = match name {
                Cow::Borrowed(name) => self.0.slice_ref(name.as_bytes()),
                Cow::Owned(name) => Bytes::from(name),
            };
            let value: &'de RawValue = map.next_value()?;
            fields.push((name, self.0.slice_ref(value.get().as_bytes())));
        }
        Ok(fields)
    }
}

/// A string of JSON, borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_changed_leaves_as_it_came() {
        let body = Bytes::from_static(
            br#"{ "b": 1.50, "model":"x" , "a":{"z":1,"y":[ 1 ]}, "\u0063": "\u00e9" }"#,
        );
        let mut fields = RawObject::parse(&body).unwrap();
        fields.set("model", &json!("y"));
        fields.set("stream", &json!(true));
        let written = String::from_utf8(fields.write()).unwrap();
        assert_eq!(
            written,
            r#"{"b":1.50,"model":"y","a":{"z":1,"y":[ 1 ]},"c":"\u00e9","stream":true}"#
        );
        assert_eq!(fields.get::<String>("c").as_deref(), Some("é"));
        assert_eq!(fields.get::<u64>("model"), None);
    }

    #[test]
    fn what_nobody_can_read_for_sure_is_turned_away() {
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        let lists = |n: usize| format!("{{\"a\":[{}1]}}", "[],".repeat(n));
        let many = |n: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(n));
        for (body, wrong) in [
            ("", BadBody::NotAnObject),
            ("[]", BadBody::NotAnObject),
            ("\"x\"", BadBody::NotAnObject),
            ("{\"a\":1", BadBody::NotAnObject),
            ("{\"a\":1} {}", BadBody::NotAnObject),
            ("<html>", BadBody::NotAnObject),
            ("{\"model\":1,\"mode\\u006c\":2}", BadBody::Twice),
            (&deep(64), BadBody::TooDeep),
            (&deep(1_000_000), BadBody::TooDeep),
            (&many(500_000), BadBody::TooManyValues),
            (&lists(16_000), BadBody::TooManyValues),
        ] {
            let body = Bytes::copy_from_slice(body.as_bytes());
            assert_eq!(RawObject::parse(&body).err(), Some(wrong));
        }
        assert!(RawObject::parse(&Bytes::from(deep(63))).is_ok());
        assert!(RawObject::parse(&Bytes::from(many(499_000))).is_ok());
        assert!(RawObject::parse(&Bytes::from_static(br#"{"a":"[[[[\"[[{"}"#)).is_ok());
    }

    proptest! {
        #[test]
        fn an_object_reads_back_what_it_writes(
            fields in prop::collection::btree_map("[a-z\"\\\\é]{0,6}", "[ -~]{0,12}", 0..8),
        ) {
            let body = Bytes::from(serde_json::to_vec(&fields).unwrap());
            let written = RawObject::parse(&body).unwrap().write();
            let again: std::collections::BTreeMap<String, String> =
                serde_json::from_slice(&written).unwrap();
            prop_assert_eq!(again, fields);
        }
    }
}
