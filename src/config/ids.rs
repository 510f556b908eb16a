//! Ids of Discord's in settings. People quote them, since a spreadsheet or JSON
//! would round them, and name one alone where a list may stand.

use std::fmt;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// What a text that holds no id is called: its words are not repeated.
const TEXT: Unexpected<'static> = Unexpected::Other("a text");

/// Reads one id, quoted or not.
pub fn one<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Id::deserialize(from).map(|id| id.0)
}

/// Reads a list of ids, or ids with commas between, or one id.
pub fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    from.deserialize_any(ListVisitor)
}

/// An id without quotation marks, which a variable may have around it.
fn unquoted(id: &str) -> &str {
    id.trim().trim_matches(['"', '\''])
}

/// One id.
struct Id(u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(IdVisitor).map(Self)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id of Discord's, such as 123456789012345678")
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<u64, E> {
        u64::try_from(id).map_err(|_| E::invalid_value(Unexpected::Signed(id), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let id = unquoted(text).parse::<u64>();
        id.map_err(|_| E::invalid_value(TEXT, &self))
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ids of Discord's, such as [123456789012345678]")
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<Vec<u64>, E> {
        let id = u64::try_from(id).map_err(|_| E::invalid_value(Unexpected::Signed(id), &self))?;
        Ok(vec![id])
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u64>, E> {
        let ids = text.split(',').map(unquoted).filter(|id| !id.is_empty());
        let ids: Result<Vec<u64>, _> = ids.map(str::parse::<u64>).collect();
        ids.map_err(|_| E::invalid_value(TEXT, &self))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Vec<u64>, S::Error> {
        let mut ids = Vec::new();
        while let Some(Id(id)) = sequence.next_element()? {
            ids.push(id);
        }
        Ok(ids)
    }
}
