//! What is known of a model beside that it answers; `docs/providers.md` §13.

use jiff::civil::Date;
use serde_json::Value;

/// More tokens than any model has room for.
const TOKENS_MAX: u64 = 1_000_000_000;

/// What a list or its family says of a model, beside that it answers. What
/// neither says is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a model"
)]
pub struct Abilities {
    /// It calls tools.
    pub tools: bool,
    /// It thinks before it answers.
    pub thinks: bool,
    /// It answers in JSON where it is asked to.
    pub json: bool,
    /// It can be shown pictures.
    pub sees: bool,
    /// How much it can be told and say in all.
    pub context_tokens: Option<u64>,
    /// The longest answer.
    pub output_tokens: Option<u64>,
    /// The day on which it stops answering, where its provider has announced it.
    pub last_day: Option<Date>,
}

/// Where lists say how many tokens fit into a model.
const CONTEXT_TOKENS: [&str; 6] = [
    "/context_length",
    "/context_window",
    "/max_model_len",
    "/max_context_length",
    "/max_input_tokens",
    "/inputTokenLimit",
];
/// Where they say how long its longest answer is.
const OUTPUT_TOKENS: [&str; 4] = [
    "/max_completion_tokens",
    "/top_provider/max_completion_tokens",
    "/max_tokens",
    "/outputTokenLimit",
];
/// Where they say when a model stops answering: OpenAI's, and `OpenRouter`'s.
const LAST_DAYS: [&str; 2] = ["shutdown_date", "expiration_date"];

impl Abilities {
    /// Reads an entry of a list, whoever's it is.
    pub fn of(entry: &Value) -> Self {
        let has = |list: &Value, name: &str| {
            let names = list.as_array().into_iter().flatten();
            names.into_iter().any(|it| it == name)
        };
        let takes = |name: &str| has(&entry["supported_parameters"], name);
        let can = |name: &str| entry["capabilities"][name] == true;
        let number = |places: &[&str]| {
            let mut told = places.iter().filter_map(|it| entry.pointer(it)?.as_u64());
            told.find(|tokens| (1..=TOKENS_MAX).contains(tokens))
        };
        Self {
            tools: takes("tools") || can("function_calling"),
            thinks: takes("reasoning") || can("reasoning") || entry["thinking"] == true,
            json: takes("response_format") || takes("structured_outputs"),
            sees: can("vision") || has(&entry["architecture"]["input_modalities"], "image"),
            context_tokens: number(&CONTEXT_TOKENS),
            output_tokens: number(&OUTPUT_TOKENS),
            last_day: LAST_DAYS.iter().find_map(|name| read_day(&entry[*name])),
        }
    }

    /// What is known of a model by either of two sources: the numbers of the
    /// first count.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            tools: self.tools || other.tools,
            thinks: self.thinks || other.thinks,
            json: self.json || other.json,
            sees: self.sees || other.sees,
            context_tokens: self.context_tokens.or(other.context_tokens),
            output_tokens: self.output_tokens.or(other.output_tokens),
            last_day: self.last_day.or(other.last_day),
        }
    }
}

/// A day, whatever time stands behind it.
fn read_day(told: &Value) -> Option<Date> {
    let day = told.as_str()?.get(..10)?;
    day.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_list_says_of_a_model_is_known() {
        let tools = |tools, thinks, json| Abilities {
            tools,
            thinks,
            json,
            ..Abilities::default()
        };
        for (entry, abilities) in [
            (json!({"id": "a"}), tools(false, false, false)),
            // OpenRouter's.
            (
                json!({"supported_parameters": ["max_tokens", "tools", "reasoning"]}),
                tools(true, true, false),
            ),
            (
                json!({"supported_parameters": ["response_format"]}),
                tools(false, false, true),
            ),
            // Mistral's.
            (
                json!({"capabilities": {"function_calling": true, "vision": false}}),
                tools(true, false, false),
            ),
            // Google's.
            (json!({"thinking": true}), tools(false, true, false)),
            (
                json!({"supported_parameters": "tools", "capabilities": [], "thinking": "no"}),
                tools(false, false, false),
            ),
            (
                json!({"context_length": "1", "max_tokens": 0, "architecture": {"input_modalities": "image"}}),
                tools(false, false, false),
            ),
        ] {
            assert_eq!(Abilities::of(&entry), abilities, "{entry}");
        }
    }

    #[test]
    fn the_day_on_which_a_model_ends_is_read_where_it_is_announced() {
        for (entry, day) in [
            (json!({"shutdown_date": "2027-01-14"}), Some("2027-01-14")),
            (
                json!({"expiration_date": "2026-12-31T00:00:00Z"}),
                Some("2026-12-31"),
            ),
            (
                json!({"shutdown_date": null, "expiration_date": null}),
                None,
            ),
            (json!({"shutdown_date": "soon"}), None),
            (json!({"shutdown_date": "2027-13-01"}), None),
            (json!({"shutdown_date": 1_800_000_000}), None),
        ] {
            let read = Abilities::of(&entry).last_day.map(|day| day.to_string());
            assert_eq!(read.as_deref(), day, "{entry}");
        }
    }

    #[test]
    fn how_much_fits_into_a_model_is_read_where_each_vendor_says_it() {
        for (entry, context, output, sees) in [
            // OpenRouter's.
            (
                json!({"context_length": 131_072, "architecture": {"input_modalities": ["text", "image"]},
                    "top_provider": {"context_length": 65_536, "max_completion_tokens": 8_192}}),
                Some(131_072),
                Some(8_192),
                true,
            ),
            // Mistral's.
            (
                json!({"max_context_length": 32_768, "capabilities": {"vision": true}}),
                Some(32_768),
                None,
                true,
            ),
            // Groq's.
            (
                json!({"context_window": 131_072, "max_completion_tokens": 32_768}),
                Some(131_072),
                Some(32_768),
                false,
            ),
            // vLLM's.
            (json!({"max_model_len": 32_768}), Some(32_768), None, false),
            // Anthropic's.
            (
                json!({"max_input_tokens": 1_000_000, "max_tokens": 128_000}),
                Some(1_000_000),
                Some(128_000),
                false,
            ),
            // Google's.
            (
                json!({"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}),
                Some(1_048_576),
                Some(65_536),
                false,
            ),
            (json!({"context_length": u64::MAX}), None, None, false),
        ] {
            let read = Abilities::of(&entry);
            assert_eq!(
                (read.context_tokens, read.output_tokens, read.sees),
                (context, output, sees),
                "{entry}"
            );
        }
    }
}
