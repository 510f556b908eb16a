//! What a vendor reads of a body, and what it bills for that at the most.
//!
//! It is written from the vendors' documents alone and shares nothing with
//! the code that it judges: where the documents leave open which of two
//! things a vendor does, it does the dearer.

use serde_json::{Map, Value};

use super::costly::{COSTLY, COSTLY_TYPES, WORDS_ONLY};
use super::made::made_tokens;

/// What a vendor bills at the most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Tokens of input, at the price of reading them.
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub pictures: u64,
    /// What is billed without a bound that the call shows.
    pub without_bound: Option<String>,
}

/// Which of a vendor's addresses is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Address {
    #[default]
    Chat,
    Responses,
    Messages,
    GenerateContent,
    OllamaChat,
    Completions,
    Embeddings,
    Moderations,
    Images,
}

/// Words around a prompt that every vendor adds.
pub const WRAPPING: u64 = 1_024;

/// What a vendor bills for a body.
pub fn bill(vendor: &str, address: Address, model: &str, sent: &str) -> Bill {
    let Ok(Value::Object(body)) = serde_json::from_str(sent) else {
        return Bill::default();
    };
    let mut scan = Scan {
        vendor,
        address,
        ..Scan::default()
    };
    // https://developers.openai.com/api/docs/models/omni-moderation-latest
    if (vendor, address) == ("openai", Address::Moderations) {
        return Bill::default();
    }
    scan.object(&body, "");
    if let Some(what) = costly_model(vendor, model) {
        scan.blame(&what);
    }
    if !matches!(address, Address::Images | Address::Embeddings) && model.contains("-image") {
        scan.blame("an answer with pictures");
    }
    if scan.documents > 0 && model.starts_with("gpt-4o-mini") {
        scan.blame("pages that are billed at many times what is read");
    }
    let limit = output_limit(vendor, address, &body);
    let answers = answers(vendor, address, &body);
    let each_picture = picture_tokens(vendor, address, model, &scan);
    let words = (sent.len() as u64).saturating_sub(scan.picture_bytes);
    let documents = scan.documents_tokens(model);
    let prompt = words + scan.pictures * each_picture + scan.tool_tokens + documents;
    let makes_pictures = address == Address::Images;
    let prompts = if makes_pictures { answers } else { 1 };
    Bill {
        input_tokens: (prompt * cache_hundredths(vendor, address, &scan)).div_ceil(100) * prompts,
        output_tokens: match address {
            Address::Embeddings | Address::Moderations => 0,
            Address::Images => answers * made_tokens(vendor, model, &body),
            _ => limit.unwrap_or(u64::MAX).saturating_mul(answers),
        },
        pictures: if makes_pictures { answers } else { 0 },
        without_bound: scan.without_bound,
    }
}

#[derive(Default)]
struct Scan<'a> {
    vendor: &'a str,
    address: Address,
    pictures: u64,
    picture_bytes: u64,
    tool_tokens: u64,
    documents: u64,
    /// OpenAI: whether a picture is left to the model, or looked at closely.
    any_original: bool,
    any_hour: bool,
    any_cache: bool,
    without_bound: Option<String>,
}

/// A name as a vendor compares it: Google reads two spellings.
fn plain(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

impl Scan<'_> {
    fn blame(&mut self, what: &str) {
        self.without_bound.get_or_insert_with(|| what.to_owned());
    }

    fn value(&mut self, value: &Value, name: &str) {
        match value {
            Value::Array(list) => list.iter().for_each(|item| self.value(item, name)),
            Value::Object(fields) => self.object(fields, name),
            _ => {}
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, name: &str) {
        self.picture(fields);
        self.caching(fields);
        let kind = fields
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if COSTLY_TYPES.contains(&kind) && name != "source" {
            self.blame(kind);
        }
        match kind {
            "file" => self.document(&fields.get("file").unwrap_or(&Value::Null)["file_data"]),
            "input_file" => self.document(fields.get("file_data").unwrap_or(&Value::Null)),
            _ => {}
        }
        if kind.starts_with("bash_")
            || kind.starts_with("computer")
            || kind.starts_with("text_editor")
        {
            self.tool_tokens += 735;
        }
        let sealed = fields.get("encrypted_content").and_then(Value::as_str);
        if kind == "reasoning" && sealed.is_none_or(str::is_empty) && fields.contains_key("id") {
            self.blame("reasoning that is looked up");
        }
        for (field, value) in fields {
            self.field(field, value, kind);
        }
    }

    fn field(&mut self, field: &str, value: &Value, kind: &str) {
        let name = if self.address == Address::GenerateContent {
            plain(field)
        } else {
            field.replace('_', "")
        };
        if value.is_null() || (WORDS_ONLY.contains(&name.as_str()) && name != "format") {
            return;
        }
        if kind == "tool_use" && name == "input" {
            return;
        }
        let written = value.to_string();
        let costs =
            |(known, free): &&(&str, &[&str])| *known == name && !free.contains(&written.as_str());
        // In a wish for a picture these are what stands behind things, and how
        // strictly it is looked at.
        let is_wish =
            self.address == Address::Images && matches!(name.as_str(), "background" | "moderation");
        // They are what a completion has of its own, and are counted.
        let is_completions =
            self.address == Address::Completions && matches!(name.as_str(), "bestof" | "suffix");
        let clears = name == "contextmanagement" && !written.contains("compact");
        let is_pdf = name == "filedata" && data_of_pdf(self.vendor, value).is_some();
        if let Some((what, _)) = COSTLY.iter().find(costs)
            && !clears
            && !is_completions
            && !is_wish
            && !is_pdf
        {
            self.blame(what);
        }
        if name == "servicetier" && !is_usual_tier(self.vendor, value) {
            self.blame("a tier of service");
        }
        if (name == "modalities" || name == "responsemodalities")
            && !written.eq_ignore_ascii_case("[\"text\"]")
            && written != "[]"
        {
            let only_text = value.as_array().is_some_and(|all| {
                all.iter().all(|one| {
                    one.as_str()
                        .is_some_and(|it| it.eq_ignore_ascii_case("text"))
                })
            });
            if !only_text {
                self.blame("modalities");
            }
        }
        if name == "prompt" && self.address == Address::Responses {
            self.blame("a stored prompt");
        }
        if name == "image" && self.address == Address::Images {
            self.blame("a picture that is changed");
        }
        self.value(value, &name);
    }

    /// Counts a picture, in each vendor's way of writing one.
    fn picture(&mut self, fields: &Map<String, Value>) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let url = match (self.address, text("type")) {
            (Address::Chat | Address::Embeddings, Some("image_url")) => {
                let part = fields.get("image_url");
                part.and_then(|it| it.as_str().or_else(|| it["url"].as_str()))
            }
            (Address::Responses, Some("input_image" | "computer_screenshot")) => text("image_url"),
            (Address::Messages, Some("image")) => {
                let source = &fields["source"];
                if source["type"] == "base64" {
                    self.count(source["data"].as_str().map_or(0, str::len));
                    let kind = source["media_type"].as_str().unwrap_or_default();
                    if !kind.starts_with("image/") {
                        self.blame(kind);
                    }
                    return;
                }
                source["url"].as_str()
            }
            (Address::Messages, Some("document")) => {
                let source = &fields["source"];
                match source["type"].as_str() {
                    Some("text" | "content") => {}
                    Some("base64") if source["media_type"] == "application/pdf" => {
                        self.read(source["data"].as_str().map_or(0, str::len));
                    }
                    _ => self.blame("a document"),
                }
                return;
            }
            (Address::GenerateContent, _) => return self.inline(fields),
            (Address::OllamaChat, _) => {
                let images = fields.get("images").and_then(Value::as_array);
                for image in images.into_iter().flatten() {
                    self.count(image.as_str().map_or(0, str::len));
                }
                return;
            }
            _ => None,
        };
        let Some(url) = url else { return };
        let detail = text("detail").or_else(|| fields.get("image_url")?["detail"].as_str());
        self.any_original |= !matches!(detail, Some("low" | "high"));
        match url.strip_prefix("data:") {
            Some(data) if data.starts_with("image/") => {
                self.count(data.split_once(',').map_or(0, |(_, data)| data.len()));
            }
            Some(_) => self.blame("a document as a picture"),
            None => self.count(0),
        }
    }

    fn inline(&mut self, fields: &Map<String, Value>) {
        let inner = fields
            .iter()
            .filter(|(name, _)| plain(name) == "inlinedata");
        for (_, data) in inner {
            let Some(data) = data.as_object() else {
                continue;
            };
            let of = |wanted: &str| {
                let mut all = data.iter();
                let found = all.find(|(name, _)| plain(name) == wanted);
                found
                    .and_then(|(_, value)| value.as_str())
                    .unwrap_or_default()
            };
            match of("mimetype") {
                kind if kind.starts_with("image/") => self.count(of("data").len()),
                "application/pdf" => self.read(of("data").len()),
                kind if kind.starts_with("text/") || kind == "application/json" => {}
                kind => {
                    let kind = kind.to_owned();
                    self.blame(&kind);
                }
            }
        }
    }

    fn count(&mut self, bytes: usize) {
        self.pictures += 1;
        self.picture_bytes += bytes as u64;
    }

    /// A file of OpenAI's: one that comes with the call is read, any other is
    /// fetched or looked up.
    fn document(&mut self, data: &Value) {
        match data_of_pdf(self.vendor, data) {
            Some(data) => self.read(data.len()),
            None => self.blame("a file"),
        }
    }

    /// Reads a document of so many bytes.
    fn read(&mut self, bytes: usize) {
        self.documents += 1;
        self.picture_bytes += bytes as u64;
    }

    /// What all documents are together: so many pages, or all that the model
    /// reads.
    fn documents_tokens(&self, model: &str) -> u64 {
        match self.vendor {
            _ if self.documents == 0 => 0,
            // 600 pages of 3,000 tokens of text and a picture each would be more
            // than the model reads.
            "anthropic" => 1_000_000,
            // So would 1,000 pages at the highest resolution that pages have.
            "google" => 1_048_576,
            "openai" if model.starts_with("gpt-4o") => 128_000,
            _ => 1_050_000,
        }
    }

    fn caching(&mut self, fields: &Map<String, Value>) {
        let Some(mark) = fields.get("cache_control") else {
            return;
        };
        self.any_cache = true;
        self.any_hour |= mark["ttl"] == "1h";
    }
}

/// The base64 of a PDF that comes with a call to OpenAI.
fn data_of_pdf<'a>(vendor: &str, data: &'a Value) -> Option<&'a str> {
    let url = data.as_str().filter(|_| vendor == "openai")?;
    url.strip_prefix("data:application/pdf;base64,")
}

fn is_usual_tier(vendor: &str, tier: &Value) -> bool {
    match tier.as_str() {
        Some("auto") => vendor != "openai",
        Some("default" | "standard" | "STANDARD" | "standard_only" | "unspecified") => true,
        Some("SERVICE_TIER_UNSPECIFIED") => true,
        Some("on_demand" | "flex") => vendor == "groq",
        _ => false,
    }
}

/// Models that search, ask other models, or are billed by something else.
fn costly_model(vendor: &str, model: &str) -> Option<String> {
    let name = model.to_ascii_lowercase();
    let costs = match vendor {
        "openrouter" => {
            let variant = name.split_once(':').map(|(_, variant)| variant);
            variant.is_some_and(|it| it.contains("online") || it.contains("nitro"))
                || name.contains("@preset")
                || name.starts_with("openrouter/")
                || name.starts_with("perplexity/")
        }
        // These pass calls on to the vendors of models, and bill what those bill
        // (https://vercel.com/docs/ai-gateway/pricing,
        // https://huggingface.co/docs/inference-providers/pricing).
        "vercel" | "huggingface" => {
            name.starts_with("perplexity/")
                || name.contains("search-preview")
                || name.contains("deep-research")
                || name.contains("multi-agent")
                || name.contains("compound")
        }
        "groq" => name.contains("compound"),
        "xai" => name.contains("multi-agent"),
        _ => name.contains("search-preview") || name.contains("deep-research"),
    };
    costs.then(|| format!("the model {model}"))
}

/// A limit as a vendor reads it: whole, in any spelling of JSON's; none where
/// it is absent.
pub fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let number = value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as vendors do"
    )]
    let whole = number as u64;
    Some(if number < 0.0 { u64::MAX } else { whole })
}

/// The longest that one answer can be.
fn output_limit(vendor: &str, address: Address, body: &Map<String, Value>) -> Option<u64> {
    let read = |names: &[&str]| {
        let all = names.iter().filter_map(|name| number(body.get(*name)));
        // Which one counts is not documented: the greatest.
        all.max()
    };
    match address {
        Address::Chat => match vendor {
            "openai" => read(&["max_completion_tokens"]),
            // One limit under either name, at Fireworks too
            // (https://docs.fireworks.ai/api-reference/post-chatcompletions).
            "openrouter" | "xai" | "groq" | "cerebras" | "moonshot" | "fireworks" => {
                read(&["max_completion_tokens", "max_tokens"])
            }
            // https://platform.minimax.io/docs/api-reference/text-openai-api
            "minimax" => read(&["max_completion_tokens"]),
            // Nothing but this limits what it thinks (`assets/providers.toml`).
            "qwen" if body.get("enable_thinking") != Some(&Value::Bool(false)) => None,
            "anthropic" | "google" => read(&["max_completion_tokens", "max_tokens"]),
            // These read the older name alone.
            _ => read(&["max_tokens"]),
        },
        Address::Responses => read(&["max_output_tokens"]),
        Address::Messages | Address::Completions => read(&["max_tokens"]),
        Address::GenerateContent => {
            let configs = body
                .iter()
                .filter(|(name, _)| plain(name) == "generationconfig");
            let limits = configs.filter_map(|(_, config)| {
                let fields = config.as_object()?.iter();
                let limits = fields.filter(|(name, _)| plain(name) == "maxoutputtokens");
                limits.filter_map(|(_, limit)| number(Some(limit))).max()
            });
            limits.max()
        }
        Address::OllamaChat => {
            let limit = number(body.get("options").and_then(|it| it.get("num_predict")));
            limit.filter(|limit| *limit > 0)
        }
        Address::Embeddings | Address::Moderations | Address::Images => Some(0),
    }
}

fn answers(vendor: &str, address: Address, body: &Map<String, Value>) -> u64 {
    let count = match address {
        Address::Chat if vendor == "deepseek" || vendor == "ollama" => None,
        Address::Chat | Address::Images => number(body.get("n")),
        // Each prompt is answered, and the best are chosen of so many answers.
        Address::Completions => {
            let counts = ["n", "best_of"]
                .iter()
                .filter_map(|it| number(body.get(*it)));
            let each = counts.max().unwrap_or(1).max(1);
            let list = body.get("prompt").and_then(Value::as_array);
            let prompts = list.map_or(1, |list| {
                let are_tokens = list.iter().all(Value::is_number);
                if are_tokens { 1 } else { list.len() as u64 }
            });
            Some(each * prompts)
        }
        Address::GenerateContent => {
            let configs = body
                .iter()
                .filter(|(name, _)| plain(name) == "generationconfig");
            let counts = configs.filter_map(|(_, config)| {
                let fields = config.as_object()?.iter();
                let counts = fields.filter(|(name, _)| plain(name) == "candidatecount");
                counts.filter_map(|(_, count)| number(Some(count))).max()
            });
            counts.max()
        }
        _ => None,
    };
    count.unwrap_or(1)
}

/// Writing into a cache costs more than reading.
fn cache_hundredths(vendor: &str, address: Address, scan: &Scan<'_>) -> u64 {
    let marks_count = matches!(address, Address::Messages) || vendor == "openrouter";
    match vendor {
        _ if marks_count && scan.any_hour => 200,
        "openai" => 125,
        // These bill what the vendors of models do, what is written into a cache
        // too (https://docs.perplexity.ai/getting-started/pricing,
        // https://vercel.com/docs/ai-gateway/pricing).
        "openrouter" | "vercel" | "perplexity" => 125,
        _ if marks_count && scan.any_cache => 125,
        _ => 100,
    }
}

/// The most that a picture is, by the vendors' guides to pictures.
fn picture_tokens(vendor: &str, address: Address, model: &str, scan: &Scan<'_>) -> u64 {
    match vendor {
        "anthropic" => 4_784,
        "google" if address == Address::GenerateContent => 2_240,
        "google" => 2_240,
        "openai" if model.starts_with("gpt-4o-mini") => 48_169,
        "openai" if scan.any_original => 36_000,
        "openai" if model.starts_with("gpt-4") => 1_445,
        "openai" => 3_000,
        // The dearest of the models that these pass calls on to.
        "openrouter" | "vercel" | "huggingface" | "perplexity" => 48_169,
        _ => 384,
    }
}
