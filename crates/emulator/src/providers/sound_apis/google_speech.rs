//! Words that Google's models read aloud, and what they refuse:
//! `docs/providers.md` §14.14.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::providers::call::Call;
use crate::providers::errors::refusals::{json_response, refuse_key};
use crate::providers::errors::vendor_errors::google;

/// Half a second of samples, 24,000 of them in a second.
const BYTES: usize = 24_000;
/// Some of the voices.
const VOICES: [&str; 4] = ["Kore", "Puck", "Zephyr", "Charon"];

/// Answers a chat with a model that speaks; none where it is another call.
pub fn answer_speech(call: &Call<'_>) -> Option<Response> {
    let model = call.path.strip_prefix("/models/")?;
    let model = model.strip_suffix(":generateContent")?;
    if call.provider.id != "google" || !model.contains("-tts") {
        return None;
    }
    let refusal = refuse_key(call.provider, call.standing).or_else(|| refuse(model, call.body));
    Some(refusal.unwrap_or_else(|| answer(model)))
}

fn answer(model: &str) -> Response {
    let data = STANDARD.encode(vec![1_u8; BYTES]);
    let sound = json!({"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data});
    let content = json!({"role": "model", "parts": [{"inlineData": sound}]});
    let details = json!([{"modality": "AUDIO", "tokenCount": 13}]);
    let usage = json!({"promptTokenCount": 7, "candidatesTokenCount": 13, "totalTokenCount": 20,
        "candidatesTokensDetails": details});
    let candidate = json!({"content": content, "finishReason": "STOP", "index": 0});
    Json(json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}))
        .into_response()
}

fn refuse(model: &str, body: &Value) -> Option<Response> {
    let config = &body["generationConfig"];
    let voice = config.pointer("/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName");
    let voice = voice.and_then(Value::as_str).unwrap_or(VOICES[0]);
    let words = if config["responseModalities"] != json!(["AUDIO"]) {
        format!(
            "The requested combination of response modalities (TEXT) is not supported by the model. models/{model} accepts the following combination of response modalities:\n* AUDIO\n"
        )
    } else if VOICES.iter().any(|it| it.eq_ignore_ascii_case(voice)) {
        return None;
    } else {
        format!("Voice name {voice} is not supported.")
    };
    Some(json_response(400, google(400, "INVALID_ARGUMENT", &words)))
}
