//! Fields and parameters that stand once: of one that stands twice, programs on
//! the way may read one and the gateway the other.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::gateway::replies::problem::Problem;
use crate::model::quotable;

/// How much of a name is repeated, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// A parameter of an address.
pub type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Refuses an object in JSON that has a field twice. What is no object is for
/// others to refuse.
pub fn refuse_twice(body: &[u8]) -> Result<(), Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let twice = json.deserialize_map(FieldTwice).unwrap_or_default();
    twice.map_or(Ok(()), |name| Err(field_twice(&name)))
}

/// Says that a field stands in a body twice.
pub fn field_twice(name: &str) -> Problem {
    let message = format!(
        "The field `{}` stands in the body twice. Send it once.",
        shorten(name)
    );
    Problem::new(400, "field_twice", message)
}

/// The parameters of an address, each of which stands in it once.
pub fn read_parameters(query: &str) -> Result<Vec<Parameter<'_>>, Problem> {
    let mut names = HashSet::new();
    let mut read = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if !names.insert(name.clone()) {
            let message = format!(
                "`{}` stands in the address twice. Write it once.",
                shorten(&name)
            );
            return Err(Problem::new(400, "malformed_query", message));
        }
        read.push((name, value));
    }
    Ok(read)
}

fn shorten(name: &str) -> String {
    quotable(name, NAME_CHARACTERS_MAX)
}

/// Finds the first field of an object whose name came before.
struct FieldTwice;

impl<'de> Visitor<'de> for FieldTwice {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut names, mut twice) = (HashSet::new(), None);
        while let Some(name) = fields.next_key::<String>()? {
            fields.next_value::<IgnoredAny>()?;
            if twice.is_none() && names.contains(&name) {
                twice = Some(name);
            } else {
                names.insert(name);
            }
        }
        Ok(twice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_named() {
        for (body, is_fine) in [
            (r#"{"a":1,"b":{"a":2}}"#, true),
            (r#"{"a":1,"b":2,"a":1}"#, false),
            (r#"{"a":1,"\u0061":2}"#, false),
            ("[1,1]", true),
            ("no JSON", true),
        ] {
            assert_eq!(refuse_twice(body.as_bytes()).is_ok(), is_fine, "{body}");
        }
    }

    #[test]
    fn a_parameter_that_stands_twice_is_refused() {
        assert_eq!(read_parameters("days=1&period=7d").unwrap().len(), 2);
        assert!(read_parameters("days=1&d%61ys=2").is_err());
    }
}
