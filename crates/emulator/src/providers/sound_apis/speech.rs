//! Words that are read aloud, as OpenAI, Groq and Mistral do it, and what they
//! refuse: `docs/providers.md` §14.14.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::providers::call::Call;
use crate::providers::errors::refusals::{json_response, refuse_key};
use crate::providers::errors::vendor_errors::{openai, openai_unknown_model};
use crate::providers::json_fields::text;

/// The sound that all words make.
const SOUND: &[u8] = b"\xff\xfb\x90\x00made up";
/// The longest text, in characters.
const OPENAIS_MAX: usize = 4_096;
const GROQS_MAX: usize = 200;
const FORMATS: [(&str, &str); 6] = [
    ("mp3", "audio/mpeg"),
    ("opus", "audio/opus"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("wav", "audio/wav"),
    ("pcm", "audio/pcm"),
];

/// Answers a call that has words read aloud; none where it is another call.
pub fn answer_speech(call: &Call<'_>) -> Option<Response> {
    if call.path != "/audio/speech" {
        return None;
    }
    let answer = match call.provider.id {
        "openai" => answer_openai,
        "groq" => answer_groq,
        "mistral" => answer_mistral,
        _ => return None,
    };
    let refusal = refuse_key(call.provider, call.standing);
    Some(refusal.unwrap_or_else(|| answer(call.body)))
}

fn sound(media_type: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type)], SOUND).into_response()
}

fn characters(body: &Value) -> usize {
    text(body, "input").chars().count()
}

fn unknown_model(body: &Value) -> Response {
    json_response(404, openai_unknown_model(text(body, "model")))
}

fn answer_openai(body: &Value) -> Response {
    if !matches!(
        text(body, "model"),
        "tts-1" | "tts-1-hd" | "gpt-4o-mini-tts"
    ) {
        return unknown_model(body);
    }
    if characters(body) > OPENAIS_MAX {
        let message = "[{'type': 'string_too_long', 'loc': ('body', 'input'), 'msg': 'String should have at most 4096 characters'}]";
        return json_response(400, openai(message, Value::Null, Value::Null));
    }
    if body["voice"].is_null() || body["input"].is_null() {
        let message = "Missing required parameter: 'voice'.";
        return json_response(400, openai(message, "voice", "missing_required_parameter"));
    }
    let format = body["response_format"].as_str().unwrap_or("mp3");
    match FORMATS.iter().find(|(name, _)| *name == format) {
        Some((_, media_type)) => sound(media_type),
        None => json_response(
            400,
            openai(
                "Invalid value for 'response_format'.",
                "response_format",
                Value::Null,
            ),
        ),
    }
}

fn answer_groq(body: &Value) -> Response {
    let invalid = |message: &str| {
        let error = json!({"message": message, "type": "invalid_request_error"});
        json_response(400, json!({"error": error}))
    };
    if !text(body, "model").starts_with("canopylabs/orpheus-") {
        return unknown_model(body);
    }
    if text(body, "response_format") != "wav" {
        return invalid("response_format must be one of [wav]");
    }
    if characters(body) > GROQS_MAX {
        return invalid("input must be at most 200 characters");
    }
    sound("audio/wav")
}

fn answer_mistral(body: &Value) -> Response {
    let known = [
        "model",
        "input",
        "voice_id",
        "ref_audio",
        "response_format",
        "stream",
        "metadata",
        "prompt_cache_key",
    ];
    let mut names = body.as_object().into_iter().flatten().map(|(name, _)| name);
    // It takes any field (S); one that it has no meaning for is a mistake of ours.
    let stray = names.find(|name| !known.contains(&name.as_str()));
    if stray.is_some() || body["input"].is_null() {
        let detail =
            json!([{"type": "missing", "loc": ["body", "input"], "msg": "Field required"}]);
        return json_response(422, json!({"detail": detail}));
    }
    Json(json!({"audio_data": STANDARD.encode(SOUND)})).into_response()
}
