//! A search of the web that a vendor does itself, from the words of one into
//! those of another; `docs/providers.md` §12.

use crate::providers::dialect::bodies::json::{Json, object};

use super::neutral::{Ignored, NeutralRequest};
use super::untranslatable::Untranslatable;

/// Anthropic's tool, by the name of its first version, which all models know.
const ANTHROPICS: &str = "web_search_20250305";
/// What it is called, and how its types begin, at Anthropic and at `OpenAI`.
pub const SEARCH_TOOL: &str = "web_search";
/// What a location is made of.
const OF_LOCATION: [&str; 4] = ["country", "region", "city", "timezone"];

/// A search that is asked for, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct WebSearch {
    /// The sites that alone are searched, and those that are not.
    allowed: Vec<Json>,
    blocked: Vec<Json>,
    /// How often at most.
    times: Option<u64>,
    /// How much of what is found the model reads, in OpenAI's word for it.
    context_size: Option<Json>,
    /// Where whoever asks is: a country, a region, a city and a time zone.
    location: Option<Json>,
}

impl WebSearch {
    /// Reads a tool of Anthropic's or of OpenAI's Responses; none where it is
    /// another one.
    pub fn of_tool(tool: &Json) -> Option<Self> {
        if !tool["type"].as_str()?.starts_with(SEARCH_TOOL) {
            return None;
        }
        let list = |it: &Json| it.items().to_vec();
        Some(Self {
            allowed: list(
                tool.get("allowed_domains")
                    .unwrap_or(&tool["filters"]["allowed_domains"]),
            ),
            blocked: list(&tool["blocked_domains"]),
            times: tool["max_uses"].as_u64(),
            context_size: told(&tool["search_context_size"]),
            location: read_location(&tool["user_location"]),
        })
    }

    /// Reads the options of a chat of OpenAI's.
    pub fn of_options(options: &Json) -> Self {
        Self {
            context_size: told(&options["search_context_size"]),
            location: read_location(&options["user_location"]["approximate"]),
            ..Self::plain()
        }
    }

    /// Google's, about which there is nothing to say in its API.
    pub fn plain() -> Self {
        Self {
            allowed: Vec::new(),
            blocked: Vec::new(),
            times: None,
            context_size: None,
            location: None,
        }
    }

    /// The tool of Anthropic's.
    pub fn for_anthropic(&self, ignored: &mut Ignored) -> Json {
        self.ignore_size(ignored);
        let mut tool = object([("type", ANTHROPICS.into()), ("name", SEARCH_TOOL.into())]);
        for (name, list) in [
            ("allowed_domains", &self.allowed),
            ("blocked_domains", &self.blocked),
        ] {
            if !list.is_empty() {
                tool.set(name, list.clone());
            }
        }
        tool.set_some("max_uses", self.times);
        tool.set_some("user_location", self.written_location());
        tool
    }

    /// The tool of OpenAI's Responses.
    pub fn for_responses(&self, ignored: &mut Ignored) -> Result<Json, Untranslatable> {
        if !self.blocked.is_empty() {
            return Err(unsayable("`blocked_domains`"));
        }
        self.ignore_times(ignored);
        let mut tool = object([("type", SEARCH_TOOL.into())]);
        if !self.allowed.is_empty() {
            let allowed = object([("allowed_domains", self.allowed.clone().into())]);
            tool.set("filters", allowed);
        }
        tool.set_some("search_context_size", self.context_size.clone());
        tool.set_some("user_location", self.written_location());
        Ok(tool)
    }

    /// The tool of Google's.
    pub fn for_google(&self, ignored: &mut Ignored) -> Result<Json, Untranslatable> {
        if !self.allowed.is_empty() {
            return Err(unsayable("`allowed_domains`"));
        }
        if !self.blocked.is_empty() {
            return Err(unsayable("`blocked_domains`"));
        }
        self.ignore_times(ignored);
        self.ignore_size(ignored);
        if self.location.is_some() {
            ignored.add("user_location");
        }
        Ok(object([("googleSearch", object([]))]))
    }

    fn written_location(&self) -> Option<Json> {
        let mut written = self.location.clone()?;
        written.set("type", "approximate");
        Some(written)
    }

    fn ignore_times(&self, ignored: &mut Ignored) {
        if self.times.is_some() {
            ignored.add("max_uses");
        }
    }

    fn ignore_size(&self, ignored: &mut Ignored) {
        if self.context_size.is_some() {
            ignored.add("search_context_size");
        }
    }
}

impl NeutralRequest {
    /// Refuses a search, where nobody searches.
    pub fn refuse_search(&self) -> Result<(), Untranslatable> {
        match self.search {
            Some(_) => Err(Untranslatable::new(
                "A search of the web, which this provider does not do here,",
            )),
            None => Ok(()),
        }
    }
}

fn unsayable(what: &str) -> Untranslatable {
    Untranslatable::new(format!(
        "{what} of a search, for which this provider has no words,"
    ))
}

fn told(value: &Json) -> Option<Json> {
    value.as_str().map(Json::from)
}

fn read_location(location: &Json) -> Option<Json> {
    let mut read = object([]);
    for name in OF_LOCATION {
        read.set_some(name, told(&location[name]));
    }
    (!read.fields().is_empty()).then_some(read)
}
