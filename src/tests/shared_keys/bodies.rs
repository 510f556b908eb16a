//! Bodies of calls: ordinary ones of each surface, changed at random places
//! by fields and values that some vendor reads.

use std::fmt::Write;

use serde_json::Value;

/// Chance, drawn from bytes; no chance is left where they are used up, so
/// that fewer bytes make simpler bodies.
pub struct Chance<'a>(pub &'a [u8]);

impl Chance<'_> {
    /// A number below another.
    pub fn below(&mut self, most: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % most.max(1)
    }

    /// One of several.
    pub fn one<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        let number = self.below(all.len());
        &all[number]
    }
}

/// A value that may have a field twice, and numbers as they are written.
#[derive(Clone, Debug)]
enum Node {
    Written(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Node {
    fn of(value: &Value) -> Self {
        match value {
            Value::Array(list) => Self::List(list.iter().map(Self::of).collect()),
            Value::Object(fields) => {
                let fields = fields.iter();
                Self::Object(
                    fields
                        .map(|(name, value)| (name.clone(), Self::of(value)))
                        .collect(),
                )
            }
            other => Self::Written(other.to_string()),
        }
    }

    fn write(&self, out: &mut String) {
        let between = |at: usize| if at > 0 { "," } else { "" };
        match self {
            Self::Written(text) => out.push_str(text),
            Self::List(list) => {
                out.push('[');
                for (at, item) in list.iter().enumerate() {
                    out.push_str(between(at));
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    write!(out, "{}\"{name}\":", between(at)).unwrap();
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Changes one place of it.
    fn change(&mut self, chance: &mut Chance<'_>) {
        match self {
            Self::List(list) if !list.is_empty() => {
                let at = chance.below(list.len());
                list[at].change(chance);
            }
            Self::Object(fields) => {
                let goes_deeper = !fields.is_empty() && chance.below(3) > 0;
                if goes_deeper {
                    let at = chance.below(fields.len());
                    match &mut fields[at].1 {
                        inner @ (Self::List(_) | Self::Object(_)) => return inner.change(chance),
                        Self::Written(_) => {}
                    }
                    match chance.below(3) {
                        0 => fields[at].1 = value(chance),
                        1 => {
                            let again = (fields[at].0.clone(), value(chance));
                            fields.push(again);
                        }
                        _ => fields[at].0 = respell(&fields[at].0, chance),
                    }
                    return;
                }
                let name = *chance.one(NAMES);
                let name = if chance.below(4) == 3 {
                    respell(name, chance)
                } else {
                    name.to_owned()
                };
                let value = value(chance);
                let at = chance.below(fields.len() + 1);
                fields.insert(at, (name, value));
            }
            other => *other = value(chance),
        }
    }
}

/// The same name in another spelling.
fn respell(name: &str, chance: &mut Chance<'_>) -> String {
    match chance.below(4) {
        0 => {
            let mut snake = String::new();
            for c in name.chars() {
                if c.is_ascii_uppercase() {
                    snake.push('_');
                }
                snake.push(c.to_ascii_lowercase());
            }
            snake
        }
        1 => {
            let (mut camel, mut raised) = (String::new(), false);
            for c in name.chars() {
                match c {
                    '_' => raised = true,
                    c if std::mem::take(&mut raised) => camel.push(c.to_ascii_uppercase()),
                    c => camel.push(c),
                }
            }
            camel
        }
        2 => name.to_ascii_uppercase(),
        _ => {
            let first = name.chars().next().unwrap_or('a');
            let rest: String = name.chars().skip(1).collect();
            format!("\\u{:04x}{rest}", first as u32)
        }
    }
}

fn value(chance: &mut Chance<'_>) -> Node {
    Node::Written((*chance.one(VALUES)).to_owned())
}

/// Ordinary bodies, which others are made from.
pub struct Bases(Vec<Node>);

impl Bases {
    pub fn of(bodies: &[Value]) -> Self {
        Self(bodies.iter().map(Node::of).collect())
    }

    /// One of them, changed at some places.
    pub fn body(&self, chance: &mut Chance<'_>) -> String {
        let mut body = chance.one(&self.0).clone();
        for _ in 0..chance.below(6) {
            body.change(chance);
        }
        let mut written = String::new();
        body.write(&mut written);
        written
    }
}

/// Names that some vendor reads somewhere.
const NAMES: &[&str] = &[
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "maxOutputTokens",
    "num_predict",
    "max_new_tokens",
    "n",
    "best_of",
    "candidateCount",
    "candidate_count",
    "generationConfig",
    "generation_config",
    "options",
    "model",
    "messages",
    "input",
    "contents",
    "content",
    "parts",
    "text",
    "type",
    "role",
    "name",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "functions",
    "googleSearch",
    "google_search",
    "codeExecution",
    "urlContext",
    "fileSearch",
    "functionDeclarations",
    "web_search_options",
    "search_parameters",
    "plugins",
    "models",
    "route",
    "preset",
    "provider",
    "transforms",
    "audio",
    "modalities",
    "responseModalities",
    "prediction",
    "store",
    "background",
    "service_tier",
    "serviceTier",
    "moderation",
    "previous_response_id",
    "conversation",
    "prompt",
    "context_management",
    "include",
    "reasoning",
    "thinking",
    "budget_tokens",
    "cachedContent",
    "cached_content",
    "fileData",
    "file_data",
    "file_id",
    "file_url",
    "file",
    "inlineData",
    "inline_data",
    "mimeType",
    "data",
    "image_url",
    "url",
    "detail",
    "images",
    "image",
    "source",
    "media_type",
    "container",
    "mcp_servers",
    "inference_geo",
    "speed",
    "fallbacks",
    "cache_control",
    "ttl",
    "compound_custom",
    "search_settings",
    "guardrails",
    "deferred",
    "debug",
    "suffix",
    "speechConfig",
    "systemInstruction",
    "system",
    "functionResponse",
    "response",
    "parameters",
    "encrypted_content",
    "id",
    "quality",
    "size",
    "partial_images",
    "frame_count",
    "mask",
    "num_ctx",
    "num_gpu",
    "metadata",
    "user",
    "temperature",
    "seed",
    "a",
];

/// Values, as they may be written.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "1",
    "5",
    "5.0",
    "5e0",
    "\"5\"",
    "8",
    "9",
    "128",
    "1500",
    "60000",
    "1e5",
    "100000.0",
    "-1",
    "-2",
    "1.5",
    "1e400",
    "9007199254740993",
    "\"60000\"",
    "\"\"",
    "\"x\"",
    "\"auto\"",
    "\"default\"",
    "\"priority\"",
    "\"flex\"",
    "\"standard\"",
    "\"global\"",
    "\"us\"",
    "\"fast\"",
    "\"high\"",
    "\"original\"",
    "\"1h\"",
    "\"user\"",
    "\"assistant\"",
    "\"text\"",
    "\"file\"",
    "\"image_url\"",
    "\"input_image\"",
    "\"input_file\"",
    "\"image\"",
    "\"document\"",
    "\"web_search\"",
    "\"web_search_20250305\"",
    "\"mcp\"",
    "\"item_reference\"",
    "\"reasoning\"",
    "\"application/pdf\"",
    "\"image/png\"",
    "\"https://x.example/a.png\"",
    "\"data:image/png;base64,AAAAAAAAAAAAAAAA\"",
    "\"data:application/pdf;base64,AAAA\"",
    "[]",
    "{}",
    "[\"text\"]",
    "[\"TEXT\",\"IMAGE\"]",
    "[\"text\",\"audio\"]",
    "[{}]",
    "[null]",
    "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}",
    "{\"type\":\"ephemeral\"}",
    "[\"a\",\"b\",\"c\"]",
    "[\"a\",1,[2]]",
    "[[1],[2,3]]",
    "{\"max_output_tokens\":60000,\"candidate_count\":4}",
    "{\"maxOutputTokens\":\"7\",\"candidateCount\":2.0}",
    "{\"num_predict\":-1}",
    "{\"num_predict\":60000}",
    "{\"include_usage\":false}",
    "{\"file_id\":\"f\"}",
    "{\"fileUri\":\"x\"}",
    "{\"type\":\"enabled\",\"budget_tokens\":50000}",
    "{\"effort\":\"high\",\"max_tokens\":50000}",
    "[{\"type\":\"web_search\"}]",
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
    "[{\"googleSearch\":{}}]",
    "[{\"name\":\"f\",\"input_schema\":{\"type\":\"file\"}}]",
    "[{\"functionDeclarations\":[{\"name\":\"f\"}]}]",
    "[{\"role\":\"user\",\"content\":\"hi\"}]",
    "[{\"type\":\"text\",\"text\":\"x\"}]",
    "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/a.png\"}}]",
    "[{\"type\":\"input_image\",\"image_url\":\"https://x.example/a.png\"}]",
    "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]",
    "[{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://x\"}}]",
    "[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAAAAAA\"}}]",
    "[{\"inline_data\":{\"mime_type\":\"application/pdf\",\"data\":\"AA\"}}]",
    "{\"mimeType\":\"image/png\",\"data\":\"AAAAAAAA\"}",
    "\"data:application/pdf;base64,AAAAAAAAAAAA\"",
    "{\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,AAAAAAAAAAAA\"}",
    "[{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,AAAA\"}}]",
    "[{\"type\":\"input_file\",\"file_data\":\"data:application/pdf;base64,AAAA\"}]",
    "[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"}}]",
];
