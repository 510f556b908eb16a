//! Sound that is written down, as OpenAI, Groq and Mistral answer it, and what
//! they refuse: `docs/providers.md` §14.13.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::providers::call::Call;
use crate::providers::chat::events::{StreamedReply, named_event, unnamed_event};
use crate::providers::chat::stream::send_events;
use crate::providers::errors::refusals::{json_response, refuse_key};
use crate::providers::errors::vendor_errors::{openai, openai_of_kind, openai_unknown_model};
use crate::world::ProviderFault;

/// What is heard in every sound.
pub const HEARD: &str = "one two three";
const TRANSCRIPTIONS: &str = "/audio/transcriptions";
const TRANSLATIONS: &str = "/audio/translations";
/// The largest body that OpenAI reads, and Groq too.
const BYTES_MAX: u64 = 26_214_400;
const GROQS_PROMPT_MAX: usize = 896;
const FIELDS_OF_MISTRAL: [&str; 9] = [
    "model",
    "file",
    "file_url",
    "file_id",
    "language",
    "temperature",
    "stream",
    "diarize",
    "timestamp_granularities",
];

/// Answers a call with a sound; none where it is another call.
pub fn answer_transcript(call: &Call<'_>) -> Option<Response> {
    let is_translation = match call.path {
        TRANSCRIPTIONS => false,
        TRANSLATIONS => true,
        _ => return None,
    };
    let answer = match call.provider.id {
        "openai" => answer_openai,
        "groq" => answer_groq,
        "mistral" if !is_translation => answer_mistral,
        _ => return None,
    };
    let refusal = refuse_key(call.provider, call.standing);
    Some(refusal.unwrap_or_else(|| answer(call, is_translation)))
}

fn text<'a>(call: &Call<'a>, field: &str) -> &'a str {
    call.body[field].as_str().unwrap_or_default()
}

fn file_ending<'a>(call: &Call<'a>) -> &'a str {
    let name = call.body["file"]["name"].as_str().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn seconds(call: &Call<'_>) -> f64 {
    call.body["file"]["seconds"].as_f64().unwrap_or_default()
}

fn is_too_large(call: &Call<'_>) -> bool {
    let length = call.header("content-length").and_then(|it| it.parse().ok());
    length.is_some_and(|length: u64| length > BYTES_MAX)
}

fn is_streamed(call: &Call<'_>) -> bool {
    text(call, "stream") == "true"
}

fn plain(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Whether the answer says what was used.
fn tells_usage(call: &Call<'_>) -> bool {
    call.fault != Some(&ProviderFault::NoUsage)
}

/// The same answer, without its usage where a fault leaves that out.
fn with_fault(mut answer: Value, call: &Call<'_>) -> Value {
    if !tells_usage(call)
        && let Some(fields) = answer.as_object_mut()
    {
        fields.remove("usage");
    }
    answer
}

fn refuse(body: Value) -> Response {
    json_response(400, body)
}

fn refuse_at_openai(call: &Call<'_>, is_translation: bool) -> Option<Response> {
    if is_too_large(call) {
        let message = "Maximum content size limit (26214400) exceeded (26228340 bytes read)";
        let body = openai_of_kind("server_error", message, Value::Null, Value::Null);
        return Some(json_response(413, body));
    }
    let model = text(call, "model");
    let is_known = match model {
        "whisper-1" => true,
        "gpt-transcribe"
        | "gpt-4o-transcribe"
        | "gpt-4o-mini-transcribe"
        | "gpt-4o-transcribe-diarize" => !is_translation,
        _ => false,
    };
    if !is_known {
        return Some(json_response(404, openai_unknown_model(model)));
    }
    let ending = file_ending(call);
    let endings = [
        "flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm",
    ];
    if !endings.contains(&ending) {
        let message = format!("Unsupported file format {ending}");
        return Some(refuse(openai(&message, "file", "unsupported_value")));
    }
    let Some(seconds) = call.body["file"]["seconds"].as_f64() else {
        let message = "Audio file might be corrupted or unsupported";
        return Some(refuse(openai(message, "file", "invalid_value")));
    };
    if seconds < 0.1 {
        let message = format!(
            "audio duration {seconds} seconds is shorter than 0.1 seconds which is the minimum for this model"
        );
        return Some(refuse(openai(&message, Value::Null, "invalid_value")));
    }
    let format = text(call, "response_format");
    if !matches!(format, "" | "json" | "text") && model != "whisper-1" {
        let message = format!(
            "response_format '{format}' is not compatible with model '{model}'. Use 'json' or 'text' instead."
        );
        return Some(refuse(openai(
            &message,
            "response_format",
            "unsupported_value",
        )));
    }
    None
}

fn answer_openai(call: &Call<'_>, is_translation: bool) -> Response {
    if let Some(refusal) = refuse_at_openai(call, is_translation) {
        return refusal;
    }
    let model = text(call, "model");
    let usage = if model.starts_with("gpt-4o") {
        json!({"type": "tokens", "input_tokens": 1_000, "input_token_details":
            {"text_tokens": 10, "audio_tokens": 990}, "output_tokens": 50, "total_tokens": 1_050})
    } else {
        json!({"type": "duration", "seconds": seconds(call).ceil()})
    };
    match text(call, "response_format") {
        "text" => return plain(format!("{HEARD}\n")),
        "srt" => return plain(format!("1\n00:00:00,000 --> 00:00:03,000\n{HEARD}\n\n")),
        "vtt" => {
            return plain(format!(
                "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n{HEARD}\n\n"
            ));
        }
        "verbose_json" => {
            return Json(
                json!({"task": "transcribe", "language": "english", "duration": seconds(call),
                "text": HEARD, "segments": [], "usage": usage}),
            )
            .into_response();
        }
        _ => {}
    }
    if is_streamed(call) && model != "whisper-1" {
        let delta = |delta: &str| json!({"type": "transcript.text.delta", "delta": delta});
        let done = json!({"type": "transcript.text.done", "text": HEARD, "usage": usage});
        let reply = StreamedReply {
            head: String::new(),
            pieces: ["one", " two three"]
                .map(|it| unnamed_event(&delta(it)))
                .into(),
            tail: unnamed_event(&with_fault(done, call)),
        };
        return send_events(reply, call);
    }
    if is_translation {
        return Json(json!({"text": HEARD})).into_response();
    }
    Json(with_fault(json!({"text": HEARD, "usage": usage}), call)).into_response()
}

fn answer_groq(call: &Call<'_>, is_translation: bool) -> Response {
    let invalid = |message: &str| {
        refuse(json!({"error": {"message": message, "type": "invalid_request_error"}}))
    };
    if is_too_large(call) {
        let body = json!({"error": {"message": "Request Entity Too Large", "type": "invalid_request_error",
            "code": "request_too_large"}});
        return json_response(413, body);
    }
    let model = text(call, "model");
    if !matches!(model, "whisper-large-v3" | "whisper-large-v3-turbo") {
        return json_response(404, openai_unknown_model(model));
    }
    if is_translation && model.ends_with("-turbo") {
        return invalid("the model `whisper-large-v3-turbo` does not support translations");
    }
    let endings = [
        "flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm",
    ];
    if !endings.contains(&file_ending(call)) {
        let message = format!(
            "file must be one of the following types: [{}]",
            endings.join(" ")
        );
        return refuse(
            json!({"error": {"message": message, "type": "invalid_request_error",
            "code": "unsupported_audio_format"}}),
        );
    }
    let length = text(call, "prompt").chars().count();
    if length > GROQS_PROMPT_MAX {
        return invalid(&format!(
            "prompt length must be 896 characters or fewer, but provided prompt contains {length} characters"
        ));
    }
    match text(call, "response_format") {
        "" | "json" => {
            Json(json!({"text": HEARD, "x_groq": {"id": "req_emulated"}})).into_response()
        }
        "text" => plain(format!(" {HEARD}")),
        "verbose_json" => Json(json!({"task": "transcribe", "language": "English",
            "duration": seconds(call), "text": HEARD, "segments": [], "x_groq": {"id": "req_emulated"}}))
        .into_response(),
        _ => invalid("response_format must be one of [json text verbose_json]"),
    }
}

fn answer_mistral(call: &Call<'_>, _: bool) -> Response {
    let fields = call.body.as_object();
    let names = fields.into_iter().flatten().map(|(name, _)| name.as_str());
    let wrong = names
        .filter(|name| !FIELDS_OF_MISTRAL.contains(name))
        .map(|name| ("extra_forbidden", name))
        .chain(call.body["model"].is_null().then_some(("missing", "model")))
        .next();
    if let Some((kind, place)) = wrong {
        let detail = json!([{"type": kind, "loc": ["body", place], "msg": kind}]);
        return json_response(422, json!({"detail": detail}));
    }
    let usage = json!({"prompt_audio_seconds": seconds(call).ceil(), "prompt_tokens": 13,
        "completion_tokens": 151, "total_tokens": 640});
    let model = text(call, "model");
    let whole =
        json!({"model": model, "text": HEARD, "language": "en", "segments": [], "usage": usage});
    let whole = with_fault(whole, call);
    if !is_streamed(call) {
        return Json(whole).into_response();
    }
    let mut done = whole;
    done["type"] = json!("transcription.done");
    let delta = |text: &str| json!({"type": "transcription.text.delta", "text": text});
    let language = json!({"type": "transcription.language", "audio_language": "en"});
    let reply = StreamedReply {
        head: named_event(&language),
        pieces: ["one", " two three"]
            .map(|it| named_event(&delta(it)))
            .into(),
        tail: named_event(&done),
    };
    send_events(reply, call)
}
