//! Reads fields of a caller's body by their types: one of a wrong type is
//! refused by its name, and never dropped.

use crate::model::quotable;

use super::json::{Json, object};
use crate::providers::dialect::translating::neutral::{CacheMark, Effort, Ignored};
use crate::providers::dialect::translating::untranslatable::Untranslatable;

/// The longest part of a caller's name for a field that is said back.
const NAME_CHARACTERS_MAX: usize = 60;

/// Where arguments stand that are no object.
const BROKEN_ARGUMENTS: &str = "invalid_arguments";

/// An object of a caller's, with the words for where it stands.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub json: &'a Json,
    /// Before the names of its fields; empty at the top.
    pub place: &'a str,
}

impl<'a> Fields<'a> {
    /// The fields of a body.
    pub fn of_body(json: &'a Json) -> Self {
        Self { json, place: "" }
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&'a Json> {
        self.json.get(name)
    }

    fn wrong(&self, name: &str, must_be: &str) -> Untranslatable {
        Untranslatable::malformed(format!("`{}{name}` must be {must_be}", self.place))
    }

    fn typed<T>(
        &self,
        name: &str,
        must_be: &str,
        read: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, Untranslatable> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| self.wrong(name, must_be))
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Untranslatable> {
        self.typed(name, "a text", Json::as_str)
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Untranslatable> {
        self.typed(name, "true or false", Json::as_bool)
    }

    /// A whole number that is not negative.
    pub fn count(&self, name: &str) -> Result<Option<u64>, Untranslatable> {
        self.typed(name, "a whole number, and not below 0", Json::as_u64)
    }

    /// A number within these bounds, as it was written.
    pub fn number(
        &self,
        name: &str,
        least: f64,
        most: f64,
    ) -> Result<Option<Json>, Untranslatable> {
        let must_be = format!("a number from {least} to {most}");
        let is_in = |value: &Json| {
            value
                .as_f64()
                .is_some_and(|it| (least..=most).contains(&it))
        };
        self.typed(name, &must_be, |value| is_in(value).then(|| value.clone()))
    }

    /// A list; an empty one where the field is absent.
    pub fn list(&self, name: &str) -> Result<&'a [Json], Untranslatable> {
        let items = self.typed(name, "a list", |value| match value {
            Json::List(items) => Some(items.as_slice()),
            _ => None,
        })?;
        Ok(items.unwrap_or_default())
    }

    /// The messages of a conversation, of which there is at least one.
    pub fn messages(&self) -> Result<&'a [Json], Untranslatable> {
        let messages = self.list("messages")?;
        if messages.is_empty() {
            return Err(Untranslatable::malformed(
                "`messages` must have at least one message",
            ));
        }
        Ok(messages)
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Untranslatable> {
        let items = self.list(name)?.iter();
        items
            .map(|item| item.as_str().map(str::to_owned))
            .map(|text| text.ok_or_else(|| self.wrong(name, "a list of texts")))
            .collect()
    }

    /// An object.
    pub fn object(&self, name: &str) -> Result<Option<&'a Json>, Untranslatable> {
        self.typed(name, "an object", |value| {
            value.is_object().then_some(value)
        })
    }

    /// How hard a model is to think.
    pub fn effort(&self, name: &str) -> Result<Option<Effort>, Untranslatable> {
        let must_be = "one of none, minimal, low, medium, high, xhigh and max";
        self.typed(name, must_be, |value| Effort::of_word(value.as_str()?))
    }

    /// The mark for the cache, in Anthropic's words or in OpenAI's.
    pub fn cache_mark(&self) -> Option<CacheMark> {
        let mark = self.get("cache_control");
        let mark = mark.or(self.get("prompt_cache_breakpoint"));
        let mark = mark.filter(|it| it.is_object())?;
        Some(CacheMark {
            is_for_an_hour: mark["ttl"].is("1h"),
        })
    }

    /// Ignores whatever field has none of these names, and says what it is one
    /// of.
    pub fn ignore_others(&self, known: &[&str], of: &str, ignored: &mut Ignored) {
        for (name, value) in self.json.fields() {
            if !value.is_null() && !known.contains(&name.as_str()) {
                ignored.add(&format!("{} ({of})", shorten(name)));
            }
        }
    }

    /// Refuses whatever field has none of these names.
    pub fn refuse_others(&self, known: &[&[&str]]) -> Result<(), Untranslatable> {
        let is_known = |name: &str| known.iter().any(|names| names.contains(&name));
        for (name, value) in self.json.fields() {
            if !value.is_null() && !is_known(name) {
                return Err(Untranslatable::new(format!(
                    "`{}{}`",
                    self.place,
                    shorten(name)
                )));
            }
        }
        Ok(())
    }
}

/// A caller's word as it may be said back.
pub fn shorten(name: &str) -> String {
    quotable(name, NAME_CHARACTERS_MAX)
}

/// The arguments of a call as the object that they must be. A model may have
/// written anything else, or have been cut off: its call, and what came of it,
/// stand in every later one of the conversation, which goes on with what it
/// wrote inside an object.
pub fn whole_object(arguments: &Json, ignored: &mut Ignored) -> Json {
    match arguments {
        Json::Object(_) => arguments.clone(),
        Json::Null => Json::Object(Vec::new()),
        written => {
            ignored.add("arguments (that are no JSON object)");
            object([(BROKEN_ARGUMENTS, written.clone())])
        }
    }
}

/// The parameters of a function, as an object: a function without any takes
/// an empty one.
pub fn parameters_of(schema: Option<&Json>) -> Json {
    let mut schema = schema
        .filter(|it| it.is_object())
        .cloned()
        .unwrap_or_else(|| Json::Object(Vec::new()));
    if schema.get("type").is_none() {
        let mut typed = vec![("type".to_owned(), Json::from("object"))];
        typed.extend(schema.fields().iter().cloned());
        schema = Json::Object(typed);
    }
    if schema.get("properties").is_none() && schema["type"].is("object") {
        schema.set("properties", Json::Object(Vec::new()));
    }
    schema
}
