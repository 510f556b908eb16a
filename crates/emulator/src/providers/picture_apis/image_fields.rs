//! What providers refuse in calls for pictures that they answer at once; the
//! sources of the rules stand in `docs/providers.md` §14.1 and §14.2.

use std::ops::RangeInclusive;

use axum::response::Response;
use serde_json::{Value, json};

use crate::providers::api::Api;
use crate::providers::call::Call;
use crate::providers::errors::refusals::json_response;
use crate::providers::errors::vendor_errors;
use crate::providers::json_fields::list;

/// The fields that OpenAI takes where a picture is made.
const OPENAI: [&str; 13] = [
    "prompt",
    "model",
    "n",
    "quality",
    "output_format",
    "output_compression",
    "stream",
    "partial_images",
    "size",
    "moderation",
    "background",
    "user",
    "safety_identifier",
];
/// The further fields that it takes where one is changed.
const OPENAI_EDITS: [&str; 3] = ["images", "mask", "input_fidelity"];
const XAI: [&str; 8] = [
    "prompt",
    "model",
    "n",
    "aspect_ratio",
    "resolution",
    "response_format",
    "user",
    "image_format",
];
/// The models that OpenAI takes where pictures are made or changed.
const OPENAI_MODELS: [&str; 10] = [
    "gpt-image-1",
    "gpt-image-1-mini",
    "gpt-image-1.5",
    "gpt-image-2",
    "gpt-image-2-2026-04-21",
    "gpt-image-2.5",
    "chatgpt-image-latest",
    "dall-e-2",
    "dall-e-3",
    "",
];
const OPENAI_SIZES: [&str; 4] = ["1024x1024", "1536x1024", "1024x1536", "auto"];
const XAI_RATIOS: [&str; 14] = [
    "auto", "1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9",
    "1:2", "2:1",
];
const GEMINI_RATIOS: [&str; 10] = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
];
/// The most partial pictures that OpenAI sends of one.
const PARTIAL_PICTURES_MAX: u64 = 3;
/// How many pictures OpenAI makes at once, from words and from others
/// (`minimum` and `maximum` of `n` in `openai-openapi.json`).
const PICTURES: RangeInclusive<u64> = 1..=10;

/// Refuses a call for pictures by its fields; none where all are taken.
pub fn refuse_image_fields(call: &Call<'_>) -> Option<Response> {
    let body = call.body;
    if let Some(refusal) = refuse_model(call).or_else(|| refuse_empty_prompt(call)) {
        return Some(refusal);
    }
    match (call.provider.id, call.api()) {
        ("openai", Api::Pictures) => refuse_at_openai(body, &OPENAI),
        ("openai", Api::PictureEdits) => {
            let known = [&OPENAI[..], &OPENAI_EDITS[..]].concat();
            refuse_at_openai(body, &known)
                .or_else(|| refuse_openai_sources(body))
                .or_else(|| refuse_openai_input(body))
        }
        ("xai", _) => refuse_at_xai(body),
        ("openrouter", _) => {
            let ratio = &body["aspect_ratio"];
            let message = format!("Invalid option for aspect_ratio: {ratio}");
            (!is_one_of(ratio, &GEMINI_RATIOS))
                .then(|| json_response(400, json!({"error": {"message": message, "code": 400}})))
        }
        ("google", _) => refuse_at_google(call),
        _ => None,
    }
}

/// Refuses a model that makes no pictures, or that does not exist.
fn refuse_model(call: &Call<'_>) -> Option<Response> {
    let model = call.body["model"].as_str().unwrap_or_default();
    let (status, body) = match call.provider.id {
        "openai" if !OPENAI_MODELS.contains(&model) => {
            let known: Vec<String> = OPENAI_MODELS[..9]
                .iter()
                .map(|name| format!("'{name}'"))
                .collect();
            let message = format!(
                "Invalid value: '{model}'. Supported values are: {}.",
                known.join(", ")
            );
            (
                400,
                vendor_errors::openai(&message, "model", "invalid_value"),
            )
        }
        "xai" if !model.contains("image") => (
            404,
            json!({"code": "Some requested entity was not found",
                "error": format!("The model {model} does not exist or your team made-up does not have access to it.")}),
        ),
        "openrouter" if !model.contains("image") && !model.ends_with("painter") => (
            404,
            json!({"error": {"code": 404,
                "message": "No endpoints found that support the requested output modalities: image"}}),
        ),
        "google" if !call.path.contains("image") => (
            400,
            vendor_errors::google(
                400,
                "INVALID_ARGUMENT",
                "Model does not support the requested response modalities: image,text",
            ),
        ),
        _ => return None,
    };
    Some(json_response(status, body))
}

/// Refuses a call that says nothing of what is to be made.
fn refuse_empty_prompt(call: &Call<'_>) -> Option<Response> {
    let prompt = call.body["prompt"].as_str();
    if prompt.is_some_and(|prompt| !prompt.is_empty()) {
        return None;
    }
    let (status, body) = match call.provider.id {
        "openai" => {
            let (message, code) = match prompt {
                None => (
                    "Missing required parameter: 'prompt'.",
                    "missing_required_parameter",
                ),
                Some(_) => (
                    "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty string instead.",
                    "empty_string",
                ),
            };
            (400, vendor_errors::openai(message, "prompt", code))
        }
        "xai" if prompt.is_none() => (
            422,
            json!(
                "Failed to deserialize the JSON body into the target type: missing field `prompt`"
            ),
        ),
        "openrouter" if prompt.is_none() => (
            400,
            json!({"error": {"code": 400, "message": "Invalid input: expected string, received undefined"}}),
        ),
        _ => return None,
    };
    Some(json_response(status, body))
}

fn refuse_at_openai(body: &Value, known: &[&str]) -> Option<Response> {
    let refuse = |message: String, param: &str, code: &str| {
        Some(json_response(
            400,
            vendor_errors::openai(&message, param, code),
        ))
    };
    let model = body["model"].as_str().unwrap_or_default();
    // The models before them took more, and are retired.
    let is_current = model.starts_with("gpt-image");
    if let Some(name) = unknown_field(body, known).filter(|_| is_current) {
        let message = format!("Unknown parameter: '{name}'.");
        return refuse(message, name, "unknown_parameter");
    }
    let count = &body["n"];
    if !count.is_null() && count.as_u64().is_none_or(|it| !PICTURES.contains(&it)) {
        let (end, code) = match count.as_i64() {
            Some(..1) => ("below minimum", "integer_below_min_value"),
            _ => ("above maximum", "integer_above_max_value"),
        };
        return refuse(format!("Invalid 'n': integer {end} value."), "n", code);
    }
    if body["partial_images"].as_u64() > Some(PARTIAL_PICTURES_MAX) {
        let message = "Invalid 'partial_images': integer above maximum value.";
        return refuse(
            message.to_owned(),
            "partial_images",
            "integer_above_max_value",
        );
    }
    if let Some((name, value)) = wrong_word(body).filter(|_| is_current) {
        let message = format!("Invalid value: {value} for '{name}'.");
        return refuse(message, name, "invalid_value");
    }
    let compression = body["output_compression"].as_u64();
    let is_png = matches!(body["output_format"].as_str(), None | Some("png"));
    if compression.is_some_and(|percent| percent < 100) && is_png {
        let message = "Compression less than 100 is not supported for PNG output format.";
        return refuse(message.to_owned(), "output_compression", "invalid_value");
    }
    if body["background"] == "transparent" && body["output_format"] == "jpeg" {
        let message = "Transparent background is not supported for JPEG output format.";
        return refuse(message.to_owned(), "background", "invalid_value");
    }
    let size = body["size"].as_str().filter(|_| is_current)?;
    if OPENAI_SIZES.contains(&size) {
        return None;
    }
    let why = if model.starts_with("gpt-image-2") && body["images"].is_null() {
        wrong_size(size)?
    } else {
        "Supported sizes are 1024x1024, 1024x1536, 1536x1024, and auto."
    };
    refuse(
        format!("Invalid size '{size}'. {why}"),
        "size",
        "invalid_value",
    )
}

/// A field of OpenAI's whose value is none of its words.
fn wrong_word(body: &Value) -> Option<(&'static str, &Value)> {
    const WORDS: [(&str, &[&str]); 5] = [
        (
            "quality",
            &["auto", "low", "medium", "high", "xhigh", "max"],
        ),
        ("background", &["auto", "transparent", "opaque"]),
        ("output_format", &["png", "jpeg", "webp"]),
        ("moderation", &["auto", "low"]),
        ("input_fidelity", &["high", "low"]),
    ];
    let mut fields = WORDS.into_iter();
    let (name, _) = fields.find(|(name, words)| !is_one_of(&body[*name], words))?;
    Some((name, &body[name]))
}

/// Refuses pictures that are missing, or too many, and a mask that is no PNG.
fn refuse_openai_sources(body: &Value) -> Option<Response> {
    let refuse = |message: &str, param: &str, code: &str| {
        Some(json_response(
            400,
            vendor_errors::openai(message, param, code),
        ))
    };
    let count = body["images"].as_array().map_or(0, Vec::len);
    if count == 0 {
        let message = "Missing required parameter: 'images'.";
        return refuse(message, "images", "missing_required_parameter");
    }
    if count > 16 {
        let message = "Invalid 'images': array too long. Expected an array with maximum length 16.";
        return refuse(message, "images", "array_above_max_length");
    }
    let mask = body["mask"]["image_url"].as_str()?;
    if mask.starts_with("data:image/png;") {
        return None;
    }
    refuse("Invalid mask: it must be a PNG.", "mask", "invalid_value")
}

/// What is wrong with a size that only later models make.
fn wrong_size(size: &str) -> Option<&'static str> {
    let sides = size.split_once('x');
    let sides = sides.and_then(|(wide, high)| Some((wide.parse().ok()?, high.parse().ok()?)));
    let Some((wide, high)): Option<(u64, u64)> = sides else {
        return Some("Write it as WIDTHxHEIGHT.");
    };
    let (long, short) = (wide.max(high), wide.min(high));
    if wide % 16 != 0 || high % 16 != 0 {
        Some("Width and height must both be divisible by 16.")
    } else if long > 3_840 {
        Some("The longest edge must be at most 3840.")
    } else if long > 3 * short {
        Some("The aspect ratio must be between 1:3 and 3:1.")
    } else if !(655_360..=8_294_400).contains(&(wide * high)) {
        Some("The total pixels must be between 655360 and 8294400.")
    } else {
        None
    }
}

/// Refuses a picture of a kind that OpenAI does not change.
fn refuse_openai_input(body: &Value) -> Option<Response> {
    let urls = list(&body["images"]).filter_map(|image| image["image_url"].as_str());
    let mut kinds = urls.enumerate().filter_map(|(at, url)| {
        let (kind, _) = url.strip_prefix("data:")?.split_once(';')?;
        let taken = ["image/jpeg", "image/png", "image/webp"];
        (!taken.contains(&kind)).then(|| (at, kind.to_owned()))
    });
    let (at, kind) = kinds.next()?;
    let message = format!(
        "Invalid file 'image[{at}]': unsupported mimetype ('{kind}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
    );
    let place = format!("image[{at}]");
    let body = vendor_errors::openai(&message, place, "unsupported_file_mimetype");
    Some(json_response(400, body))
}

fn refuse_at_xai(body: &Value) -> Option<Response> {
    let refuse = |why: String| {
        let refusal = json!({"code": "Client specified an invalid argument", "error": why});
        Some(json_response(400, refusal))
    };
    if let Some(name) = unknown_field(body, &XAI) {
        return refuse(format!("Argument not supported: {name}"));
    }
    if !is_one_of(&body["aspect_ratio"], &XAI_RATIOS) {
        return refuse(format!("Invalid aspect_ratio: {}", body["aspect_ratio"]));
    }
    if !is_one_of(&body["resolution"], &["1k", "2k"]) {
        return refuse(format!("Invalid resolution: {}", body["resolution"]));
    }
    let count = body["n"].as_u64().unwrap_or(1);
    (!(1..=10).contains(&count)).then(|| refuse(format!("Invalid n: {count}")))?
}

fn refuse_at_google(call: &Call<'_>) -> Option<Response> {
    let body = call.body;
    let refuse = |message: String| {
        let body = vendor_errors::google(400, "INVALID_ARGUMENT", &message);
        Some(json_response(400, body))
    };
    let config = &body["generationConfig"]["imageConfig"];
    if !is_one_of(&config["aspectRatio"], &GEMINI_RATIOS) {
        return refuse(format!("Invalid aspect ratio: {}", config["aspectRatio"]));
    }
    let makes_large = !call.path.contains("lite-image") && !call.path.contains("gemini-2.5");
    let sizes: &[&str] = if makes_large {
        &["1K", "2K", "4K"]
    } else {
        &[]
    };
    if !is_one_of(&config["imageSize"], sizes) {
        return refuse("Image size is not supported by this model.".to_owned());
    }
    let parts = list(&body["contents"]).flat_map(|turn| list(&turn["parts"]));
    let mut kinds = parts.filter_map(|part| part["inlineData"]["mimeType"].as_str());
    kinds
        .any(|kind| kind == "image/gif")
        .then(|| refuse("Unsupported MIME type: image/gif".to_owned()))?
}

fn unknown_field<'a>(body: &'a Value, known: &[&str]) -> Option<&'a str> {
    let mut fields = body.as_object()?.keys();
    fields
        .find(|name| !known.contains(&name.as_str()))
        .map(String::as_str)
}

/// Whether a value is one of these, or left out.
fn is_one_of(value: &Value, known: &[&str]) -> bool {
    value.is_null() || value.as_str().is_some_and(|value| known.contains(&value))
}
