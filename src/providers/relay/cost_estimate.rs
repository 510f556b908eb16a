//! How much a call may use at the most, and what only one's own key may be
//! asked for.
//!
//! A key that is shared pays for what can be counted beforehand: words,
//! pictures and vectors, from what stands in the call itself. What a
//! provider keeps, looks up or runs on its own would be paid by somebody
//! else without a limit, or show them to each other.

use serde_json::{Value, json};

use crate::providers::catalogue::{Dialect, Provider};

use super::RelayRequest;
use crate::providers::dialect::raw_object::RawObject;
use crate::providers::dialect::surface::Surface;

/// What a picture weighs at the most, in tokens: vendors say 1,600 to 4,000
/// for the largest that they take.
const PICTURE_TOKENS: u64 = 4_000;
/// More answers to one question than anybody wants.
const ANSWERS_MAX: u64 = 16;

/// What a call may use at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CostEstimate {
    /// What it tells the model, in bytes; a token has one or more.
    pub prompt_bytes: u64,
    /// The longest answer that it asks for, in tokens, all answers together.
    pub output_tokens: Option<u64>,
    pub images: u64,
    /// How many answers it asks for.
    pub answers: u64,
}

/// Weighs a call; its pictures apart from its words only where it must be
/// exact, which takes a closer look.
pub fn estimate_cost(passage: &RelayRequest, exactly: bool) -> CostEstimate {
    let bytes = passage.body.bytes().len() as u64;
    let unread = CostEstimate {
        prompt_bytes: bytes,
        answers: 1,
        ..CostEstimate::default()
    };
    // Where nobody counts, only how many pictures there are is asked.
    if !exactly && passage.surface != Surface::Images {
        return unread;
    }
    let Some(fields) = passage.body.fields() else {
        return unread;
    };
    let config: Value = fields.get("generationConfig").unwrap_or_default();
    let first = ["max_completion_tokens", "max_tokens", "max_output_tokens"]
        .iter()
        .find_map(|name| fields.get::<u64>(name));
    let options: Value = fields.get("options").unwrap_or_default();
    let each = first
        .or_else(|| config["maxOutputTokens"].as_u64())
        .or_else(|| options["num_predict"].as_u64());
    let many = fields
        .get::<u64>("n")
        .or_else(|| config["candidateCount"].as_u64());
    let many = many.unwrap_or(1).clamp(1, ANSWERS_MAX);
    let is_picture = passage.surface == Surface::Images;
    let mut shown = Shown::default();
    if exactly {
        find_pictures(passage.body.value(), &mut shown);
    }
    CostEstimate {
        prompt_bytes: bytes.saturating_sub(shown.bytes) + shown.pictures * PICTURE_TOKENS,
        output_tokens: each
            .map(|each| each.saturating_mul(many))
            .filter(|_| !is_picture),
        images: if is_picture { many } else { 0 },
        answers: many,
    }
}

/// Pictures in a call, and how many bytes of it they are. A picture weighs
/// what a picture weighs, however long it or its address is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shown {
    pictures: u64,
    bytes: u64,
}

fn find_pictures(value: &Value, shown: &mut Shown) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| find_pictures(one, shown)),
        Value::Object(fields) => {
            let text = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str());
            let kind = text(&["media_type", "mimeType", "mime_type"]).unwrap_or_default();
            let data = text(&["data"]).filter(|_| kind.starts_with("image/"));
            let url = text(&["url", "image_url"]).filter(|url| url.starts_with("data:image/"));
            shown.bytes += data.or(url).map_or(0, |text| text.len() as u64);
            let typed = matches!(text(&["type"]), Some("image" | "image_url" | "input_image"));
            let named = ["inlineData", "inline_data"]
                .iter()
                .any(|name| fields.contains_key(*name));
            shown.pictures += u64::from(typed || named);
            fields.values().for_each(|one| find_pictures(one, shown));
        }
        _ => {}
    }
}

/// Whether something in a call is a file that its provider has kept.
fn names_a_file(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(names_a_file),
        Value::Object(fields) => {
            let kept = [
                "file_id",
                "fileData",
                "file_data",
                "file_ids",
                "vector_store_ids",
            ];
            kept.iter().any(|name| fields.contains_key(*name)) || fields.values().any(names_a_file)
        }
        _ => false,
    }
}

/// Puts a limit on the output in, where it is lower than what was asked
/// for; whether anything was changed.
pub fn limit(fields: &mut RawObject, provider: &Provider, surface: Surface, limit: u64) -> bool {
    let many = fields.get::<u64>("n").unwrap_or(1).clamp(1, ANSWERS_MAX);
    let each = (limit / many).max(1);
    let lower = |asked: Option<u64>| asked.is_none_or(|asked| asked > each);
    match (surface, provider.dialect) {
        (Surface::Chat, Dialect::Google) => {
            let mut config: Value = fields.get("generationConfig").unwrap_or_else(|| json!({}));
            let changes = config.is_object() && lower(config["maxOutputTokens"].as_u64());
            if changes {
                config["maxOutputTokens"] = json!(each);
                fields.set("generationConfig", &config);
            }
            changes
        }
        (Surface::Chat, Dialect::Ollama)
            if fields.raw("options").is_some() || fields.raw("max_tokens").is_none() =>
        {
            let mut options: Value = fields.get("options").unwrap_or_else(|| json!({}));
            let changes = options.is_object() && lower(options["num_predict"].as_u64());
            if changes {
                options["num_predict"] = json!(each);
                fields.set("options", &options);
                fields.set("max_tokens", &json!(each));
            }
            changes
        }
        (Surface::Responses, _) => set_lower(fields, "max_output_tokens", each),
        (Surface::Chat, Dialect::OpenAi(quirks)) => {
            // Whichever name the caller used is the one that the model knows.
            let used = ["max_completion_tokens", "max_tokens"]
                .into_iter()
                .find(|name| fields.raw(name).is_some());
            set_lower(fields, used.unwrap_or(quirks.output_limit), each)
        }
        (Surface::Chat, _) => set_lower(fields, "max_tokens", each),
        _ => false,
    }
}

fn set_lower(fields: &mut RawObject, name: &'static str, limit: u64) -> bool {
    if fields.get::<u64>(name).is_some_and(|asked| asked <= limit) {
        return false;
    }
    fields.set(name, &json!(limit));
    true
}

/// What in a call only its caller's own key may pay for, if anything.
pub fn only_for_owners(passage: &RelayRequest) -> Option<String> {
    if passage.surface == Surface::Other {
        return Some(format!("`{} {}`", passage.method, passage.path));
    }
    if passage.body.bytes().is_empty() {
        return None;
    }
    let Some(fields) = passage.body.fields() else {
        return Some("a body that is no JSON object".to_owned());
    };
    // What a provider has kept from before, runs on its own, or sells apart.
    let kept = [
        "previous_response_id",
        "conversation",
        "background",
        "prompt_id",
        "web_search_options",
        "cachedContent",
        "cached_content",
        "container",
        "mcp_servers",
        "service_tier",
        "serviceTier",
        "plugins",
        "models",
        "route",
        "provider",
        "audio",
        "prediction",
        "inference_geo",
        "speed",
    ];
    let is_set = |name: &&&str| {
        !matches!(
            fields.raw(name),
            None | Some("false" | "\"auto\"" | "\"default\"")
        )
    };
    if let Some(name) = kept.iter().find(is_set) {
        return Some(format!("`{name}`"));
    }
    if passage.surface == Surface::Responses && fields.raw("prompt").is_some() {
        return Some("`prompt`".to_owned());
    }
    let all = passage.body.value();
    if ["messages", "input", "contents"]
        .iter()
        .any(|name| names_a_file(&all[*name]))
    {
        return Some("a file that the provider has kept".to_owned());
    }
    let tools: Vec<Value> = fields.get("tools").unwrap_or_default();
    let foreign = tools.iter().find(|tool| !is_callers(tool));
    foreign.map(|tool| {
        format!(
            "the tool `{}`",
            tool["type"].as_str().unwrap_or("of the provider's own")
        )
    })
}

/// Whether a tool is run by the caller and not by the provider.
fn is_callers(tool: &Value) -> bool {
    match tool["type"].as_str() {
        Some(kind) => matches!(kind, "function" | "custom"),
        None => match tool.as_object() {
            Some(fields) if fields.contains_key("name") => true,
            Some(fields) => fields
                .keys()
                .all(|name| name == "functionDeclarations" || name == "function_declarations"),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;
    use crate::providers::Catalogue;
    use crate::providers::relay::{Body, ForwardedHeaders};

    fn passage(surface: Surface, body: &Value) -> RelayRequest {
        RelayRequest {
            surface,
            as_openai: false,
            method: Method::POST,
            path: "/x".into(),
            query: None,
            headers: ForwardedHeaders::default(),
            body: Body::object(body.to_string().into()).unwrap(),
            stream: false,
            at_s: 0,
        }
    }

    #[test]
    fn a_call_weighs_its_words_its_pictures_and_what_it_asks_for() {
        let long = "A".repeat(100_000);
        for (body, pictures) in [
            (
                json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{long}")}}]}]}),
                1,
            ),
            (
                json!({"messages": [{"content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": long}}]}]}),
                1,
            ),
            (
                json!({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": long}}]}]}),
                1,
            ),
            (
                json!({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]}),
                1,
            ),
        ] {
            let weight = estimate_cost(&passage(Surface::Chat, &body), true).prompt_bytes;
            assert!((4_000..4_400).contains(&weight), "{weight} for {pictures}");
        }
        // What only claims to be a picture is words.
        for body in [
            json!({"contents": [{"parts": [{"inlineData": {"mimeType": "text/plain", "data": long}}]}]}),
            json!({"messages": [{"content": format!("data:image/png;base64,{long}")}]}),
        ] {
            assert!(estimate_cost(&passage(Surface::Chat, &body), true).prompt_bytes > 100_000);
        }
        let asked = json!({"max_tokens": 10, "n": 3, "messages": []});
        let weight = estimate_cost(&passage(Surface::Chat, &asked), true);
        assert_eq!(
            (weight.output_tokens, weight.answers, weight.images),
            (Some(30), 3, 0)
        );
        let drawn = estimate_cost(&passage(Surface::Images, &json!({"n": 2})), true);
        assert_eq!((drawn.output_tokens, drawn.images), (None, 2));
        let google = json!({"generationConfig": {"maxOutputTokens": 7}});
        assert_eq!(
            estimate_cost(&passage(Surface::Chat, &google), true).output_tokens,
            Some(7)
        );
    }

    #[test]
    fn a_limit_is_put_where_each_dialect_has_it() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (provider, surface, body, expected) in [
            (
                "openai",
                Surface::Chat,
                json!({}),
                json!({"max_completion_tokens": 100}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"max_tokens": 900}),
                json!({"max_tokens": 100}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"max_tokens": 9}),
                json!({"max_tokens": 9}),
            ),
            (
                "openai",
                Surface::Chat,
                json!({"n": 4}),
                json!({"max_completion_tokens": 25, "n": 4}),
            ),
            (
                "mistral",
                Surface::Chat,
                json!({}),
                json!({"max_tokens": 100}),
            ),
            (
                "openai",
                Surface::Responses,
                json!({}),
                json!({"max_output_tokens": 100}),
            ),
            (
                "anthropic",
                Surface::Chat,
                json!({"max_tokens": 5_000}),
                json!({"max_tokens": 100}),
            ),
            (
                "google",
                Surface::Chat,
                json!({"generationConfig": {"topK": 1}}),
                json!({"generationConfig": {"topK": 1, "maxOutputTokens": 100}}),
            ),
            ("openai", Surface::Embeddings, json!({}), json!({})),
        ] {
            let text = body.to_string();
            let mut fields = RawObject::read(&text.clone().into()).unwrap();
            let changed = limit(&mut fields, catalogue.find(provider).unwrap(), surface, 100);
            let written: Value = serde_json::from_slice(&fields.write()).unwrap();
            assert_eq!(written, expected, "{provider}");
            assert_eq!(changed, body != expected, "{provider}");
        }
    }

    #[test]
    fn what_nobody_can_count_beforehand_is_for_ones_own_key() {
        for (surface, body) in [
            (Surface::Other, json!({})),
            (
                Surface::Responses,
                json!({"previous_response_id": "resp_1"}),
            ),
            (Surface::Responses, json!({"prompt": {"id": "pmpt_1"}})),
            (
                Surface::Responses,
                json!({"tools": [{"type": "web_search"}]}),
            ),
            (
                Surface::Responses,
                json!({"input": [{"content": [{"type": "input_file", "file_id": "file-1"}]}]}),
            ),
            (Surface::Chat, json!({"service_tier": "priority"})),
            (
                Surface::Chat,
                json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
            ),
            (Surface::Chat, json!({"tools": [{"googleSearch": {}}]})),
            (Surface::Chat, json!({"cachedContent": "cachedContents/1"})),
            (
                Surface::Chat,
                json!({"contents": [{"parts": [{"fileData": {"fileUri": "x"}}]}]}),
            ),
        ] {
            assert!(
                only_for_owners(&passage(surface, &body)).is_some(),
                "{body}"
            );
        }
        for body in [
            json!({"messages": [], "service_tier": "auto", "background": false}),
            json!({"tools": [{"type": "function", "function": {"name": "f"}}]}),
            json!({"tools": [{"name": "f", "input_schema": {}}]}),
            json!({"tools": [{"functionDeclarations": []}]}),
        ] {
            assert_eq!(
                only_for_owners(&passage(Surface::Chat, &body)),
                None,
                "{body}"
            );
        }
    }
}
