//! Google's Gemini; `docs/providers.md` §10.
//!
//! - `models`: what each family of models takes.
//! - `request`: a request, written from the neutral form.
//! - `answer`: answers, read in the neutral form; `grounding`: their sources.
//! - `inward`, `spelling`, `outward`: the requests of callers who speak this
//!   dialect, and the answers for them.
//! - `seal`: thoughts of others in the field of Google's seals.

mod answer;
mod grounding;
mod interactions;
mod inward;
mod models;
mod outward;
mod request;
mod seal;
mod spelling;

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::model::{FinishReason, Role, Surface, Turn, Usage};

use super::bodies::raw_object::RawObject;
use super::chat_request::{ChatRequest, encode_picture};
use super::model_list;
use super::parsed_answer::ParsedAnswer;
use super::reported_usage::{Field, FieldPath, ReportedUsage, read_count};
use super::request_fields::{NO_PICTURE_FIELDS, PictureFields, RequestFields};
use super::surface::is_list;
use super::translating::settled_names::NameRule;

pub use answer::ContentReader;
pub use interactions::{
    is_usage as is_usage_of_interaction, take_usage as take_usage_of_interaction,
};
pub use inward::read_request;
pub use models::{abilities_of, least_thinking, longest_answer};
pub use outward::ContentWriter;
pub use request::{NO_SIGNATURE, write_request};

pub const MODELS_PAGE: &str = "/models?pageSize=200";
const MODELS_PATH: &str = "/models";
/// Versions that Google's libraries put before a path, beside the one of our
/// base address, which has all that the others have.
pub const OTHER_BASES: &[&str] = &["/v1", "/v1alpha"];

/// Which names of functions Google takes; `docs/providers.md` §10.6.
pub const NAME_RULE: NameRule = NameRule {
    characters_max: 128,
    more_letters: ".:",
    begins_with_letter: true,
};

pub const REQUEST_FIELDS: RequestFields = RequestFields {
    output_limits: &[&["generationConfig", "maxOutputTokens"]],
    answer_counts: &[&["generationConfig", "candidateCount"]],
    pictures: PictureFields {
        markers: &["inlineData", "inline_data"],
        media_types: &["mimeType", "mime_type"],
        ..NO_PICTURE_FIELDS
    },
};

/// What a call asks for, by its address.
pub fn surface_of(method: &Method, path: &str) -> Surface {
    let verb = path
        .strip_prefix("/models/")
        .and_then(|rest| rest.split_once(':'));
    match (method, verb) {
        (&Method::GET, _) if is_list(path, MODELS_PATH) => Surface::Free,
        (&Method::POST, Some((_, "generateContent" | "streamGenerateContent"))) => Surface::Chat,
        (&Method::POST, Some((_, "embedContent" | "batchEmbedContents"))) => Surface::Embeddings,
        (&Method::POST, Some((_, "countTokens"))) => Surface::Free,
        _ => Surface::Other,
    }
}

/// The base of a path at which files are uploaded: that of the API without
/// its version, which stands in such a path.
pub fn uploads_base(base: &Url, path: &str) -> Option<Url> {
    path.starts_with("/upload/").then(|| {
        let mut base = base.clone();
        let whole = base.path().trim_end_matches('/');
        let is_version = |name: &str| name.starts_with("v1");
        let above = match whole.rsplit_once('/') {
            Some((above, name)) if is_version(name) => above.to_owned(),
            _ => whole.to_owned(),
        };
        base.set_path(&above);
        base
    })
}

/// The address at which a model answers. The model is a segment of the path,
/// so only characters that can stand in one are let through.
pub fn chat_path(model: &str, stream: bool) -> Option<String> {
    let verb = if stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    path_of(model, verb)
}

/// The address at which a model does what the verb says.
pub fn path_of(model: &str, verb: &str) -> Option<String> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if model.is_empty() || !model.chars().all(allowed) {
        return None;
    }
    Some(format!("/models/{model}:{verb}"))
}

/// The name of a model in a list, if it generates content.
pub fn listed_model(entry: &Value) -> Option<&str> {
    let methods = entry["supportedGenerationMethods"].as_array();
    let generates = methods.is_none_or(|all| all.iter().any(|it| it == "generateContent"));
    model_list::name_of(entry).filter(|_| generates)
}

/// Writes the body of a chat request. No temperature: some models refuse it.
pub fn write_chat(request: &ChatRequest) -> Value {
    let mut body = json!({
        "contents": request.turns.iter().map(write_content).collect::<Vec<_>>(),
        "generationConfig": {"maxOutputTokens": request.max_output_tokens},
    });
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system}]});
    }
    body
}

fn write_content(turn: &Turn) -> Value {
    let role = match turn.role {
        Role::Person => "user",
        Role::Model => "model",
    };
    let pictures = turn.pictures.iter().map(|picture| {
        json!({"inlineData": {
            "mimeType": picture.kind.media_type(), "data": encode_picture(picture),
        }})
    });
    let parts: Vec<Value> = pictures.chain([json!({"text": turn.text.0})]).collect();
    json!({"role": role, "parts": parts})
}

/// Lowers the limit on the output of a chat; whether anything was changed.
pub fn limit_output(request: &mut RawObject, tokens: u64) -> bool {
    let mut config: Value = request.get("generationConfig").unwrap_or_else(|| json!({}));
    let asked = config["maxOutputTokens"].as_u64();
    if !config.is_object() || asked.is_some_and(|asked| asked <= tokens) {
        return false;
    }
    config["maxOutputTokens"] = json!(tokens);
    request.set("generationConfig", &config);
    true
}

/// Reads a chunk of a stream or a whole answer; both have one shape. Without
/// `alt=sse`, a stream is a list of its chunks.
pub fn read_event(event: &Value, answer: &mut ParsedAnswer) {
    if let Some(chunks) = event.as_array() {
        for chunk in chunks {
            read_event(chunk, answer);
        }
        return;
    }
    if event.get("error").is_some() {
        answer.failed = true;
        answer.failure_has_usage = event["usageMetadata"].is_object();
        take_usage(event, answer);
        return;
    }
    answer.set_model(event, "modelVersion");
    if event.pointer("/promptFeedback/blockReason").is_some() {
        answer.finish = Some(FinishReason::Blocked);
    }
    for others in event["candidates"].as_array().into_iter().flatten().skip(1) {
        answer.hear(&others["content"]["parts"]);
    }
    let candidate = &event["candidates"][0];
    for part in candidate["content"]["parts"]
        .as_array()
        .into_iter()
        .flatten()
    {
        answer.progressed = true;
        if part["thought"] == true {
            answer.hear_thought(&part["text"]);
        } else {
            answer.add_text(part.get("text").and_then(Value::as_str));
        }
        answer.hear(&part["functionCall"]["args"]);
    }
    if let Some(reason) = candidate["finishReason"].as_str() {
        answer.finish = Some(match reason {
            "MAX_TOKENS" => FinishReason::Length,
            "STOP" | "FINISH_REASON_UNSPECIFIED" | "OTHER" => FinishReason::Complete,
            _ => FinishReason::Blocked,
        });
    }
    take_usage(event, answer);
}

/// Where usage stands. The counts of each piece are cumulative.
const USAGE_PATHS: &[FieldPath] = &[
    (Field::Input, "/promptTokenCount"),
    (Field::Output, "/candidatesTokenCount"),
    (Field::Reasoning, "/thoughtsTokenCount"),
    (Field::Cached, "/cachedContentTokenCount"),
    (Field::ToolInput, "/toolUsePromptTokenCount"),
    (Field::Total, "/totalTokenCount"),
];

/// Lists of counts by modality, and the field of each modality that may have
/// a price of its own.
const MODALITIES: &[(&str, &[(&str, Field)])] = &[
    (
        "promptTokensDetails",
        &[
            ("AUDIO", Field::InputAudio),
            ("IMAGE", Field::InputImage),
            ("VIDEO", Field::InputVideo),
        ],
    ),
    (
        "cacheTokensDetails",
        &[("AUDIO", Field::CachedAudio), ("IMAGE", Field::CachedImage)],
    ),
    (
        "candidatesTokensDetails",
        &[("AUDIO", Field::OutputAudio), ("IMAGE", Field::OutputImage)],
    ),
];

fn take_usage(event: &Value, answer: &mut ParsedAnswer) {
    let usage = &event["usageMetadata"];
    answer.reported.take_piece(usage, USAGE_PATHS);
    for tier in ["trafficType", "serviceTier"] {
        answer.reported.set_tier(usage[tier].as_str());
    }
    for (list, fields) in MODALITIES {
        for part in usage[*list].as_array().into_iter().flatten() {
            let modality = part["modality"].as_str();
            let field = fields.iter().find(|(name, _)| modality == Some(*name));
            if let Some((_, field)) = field {
                answer.reported.set(*field, read_count(part, "/tokenCount"));
            }
        }
    }
    take_searches(event, answer);
    answer.reported.set(Field::MapSearches, count_maps(event));
    answer.usage = usage_of(&answer.reported);
}

/// Whether an answer was looked up on a map: one that names a place of Google
/// Maps is billed, once
/// (<https://ai.google.dev/gemini-api/docs/maps-grounding>).
fn count_maps(event: &Value) -> Option<u64> {
    event["candidates"].as_array()?;
    Some(u64::from(is_grounded_in(event, "maps")))
}

/// Whether an answer names something that it was found in.
fn is_grounded_in(event: &Value, kind: &str) -> bool {
    let mut candidates = event["candidates"].as_array().into_iter().flatten();
    candidates.any(|candidate| {
        let chunks = candidate.pointer("/groundingMetadata/groundingChunks");
        let mut chunks = chunks.and_then(Value::as_array).into_iter().flatten();
        chunks.any(|chunk| chunk.get(kind).is_some())
    })
}

/// Takes over how many searches are billed: each query, but before Gemini 3 one
/// for all of a call's: `docs/providers.md` §10. Where an answer names what was
/// found and no query, nobody knows how many there were.
fn take_searches(event: &Value, answer: &mut ParsedAnswer) {
    let model = answer.model.as_deref().unwrap_or_default();
    let is_billed_once = ["gemini-1", "gemini-2"]
        .iter()
        .any(|old| model.starts_with(old));
    let most = if is_billed_once { 1 } else { u64::MAX };
    let queries = count_queries(event).map(|queries| queries.min(most));
    let reported = &mut answer.reported;
    reported.set(Field::WebSearches, queries);
    let is_told = reported.count(Field::WebSearches) > 0;
    if !is_told && is_grounded_in(event, "web") {
        let field = if is_billed_once {
            Field::WebSearches
        } else {
            Field::ToolCalls
        };
        reported.set(field, Some(1));
    } else if is_told && reported.count(Field::ToolCalls) > 0 {
        reported.replace(Field::ToolCalls, 0);
    }
}

fn count_queries(event: &Value) -> Option<u64> {
    let candidates = event["candidates"].as_array()?.iter();
    let queries = candidates
        .filter_map(|candidate| candidate.pointer("/groundingMetadata/webSearchQueries"))
        .filter_map(Value::as_array)
        .map(|queries| queries.len() as u64);
    Some(queries.sum())
}

/// What a tool of Google's read is billed as input and thoughts are billed as
/// output; neither is counted in the prompt and the candidates. All of it is in
/// the total.
fn usage_of(reported: &ReportedUsage) -> Option<Usage> {
    let input = reported.get(Field::Input)? + reported.count(Field::ToolInput);
    let output = reported.count(Field::Output) + reported.count(Field::Reasoning);
    let by_total = reported.count(Field::Total).saturating_sub(input);
    Some(reported.usage(input, output.max(by_total)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            chat_path("models/gemini-x", false).as_deref(),
            Some("/models/gemini-x:generateContent")
        );
        for wrong in ["", "../x", "a/b", "a?key=1", "a:b", "a%2f"] {
            assert_eq!(chat_path(wrong, true), None, "{wrong}");
        }
    }
}
