//! Picture calls that are answered at once: OpenAI, xAI, OpenRouter, Google.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Call;
use crate::world::ProviderFault;

/// The side of an emulated picture, in pixels.
const SIDE: u32 = 96;
/// How a video begins.
const VIDEO: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
/// A text with this word is flagged by the emulated moderation.
const FLAGGED: &str = "forbidden";

/// Answers a call for pictures or moderation; none where it is another call.
pub fn answer_image_call(call: &Call<'_>) -> Option<Response> {
    let Call {
        provider,
        path,
        body,
        fault,
        ..
    } = *call;
    Some(match (provider.id, path) {
        ("openai", "/moderations") => {
            let input = body["input"].as_str().unwrap_or_default();
            let flagged = input.contains(FLAGGED);
            Json(json!({"id": "modr-0", "results": [{"flagged": flagged}]})).into_response()
        }
        ("openai" | "xai", "/images/generations") | ("openai", "/images/edits") => {
            answer_with_pictures(call)
        }
        ("openrouter", "/images") => answer_with_pictures(call),
        ("google", path) if asks_for_picture(body) && path.ends_with(":generateContent") => {
            answer_gemini(body, fault)
        }
        _ => return None,
    })
}

fn asks_for_picture(body: &Value) -> bool {
    let wanted = body.pointer("/generationConfig/responseModalities");
    wanted.is_some_and(|wanted| wanted.to_string().contains("IMAGE"))
}

fn answer_with_pictures(call: &Call<'_>) -> Response {
    let Call {
        provider,
        body,
        fault,
        base,
        ..
    } = *call;
    let prompt = body["prompt"].as_str().unwrap_or_default();
    if matches!(fault, Some(ProviderFault::Blocked)) {
        let error = json!({"error": {"message": "Your request was rejected by the safety system.",
            "type": "image_generation_user_error", "code": "moderation_blocked"}});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let count = body["n"].as_u64().unwrap_or(1);
    let count = if matches!(fault, Some(ProviderFault::NoPicture)) {
        0
    } else {
        count
    };
    let item = |at: u64| match provider.id {
        "xai" => json!({"url": format!("{base}/files/{at}.png")}),
        _ => {
            json!({"b64_json": STANDARD.encode(picture_or_fault(prompt, at, fault)), "media_type": "image/png"})
        }
    };
    let items: Vec<Value> = (0..count).map(item).collect();
    if provider.id == "openai" && body["stream"] == true {
        return picture_events(&items);
    }
    let usage = match provider.id {
        "openrouter" => json!({"cost": 0.0375}),
        "openai" => {
            json!({"input_tokens": 10, "output_tokens": 4160 * count, "total_tokens": 10 + 4160 * count,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
                "output_tokens_details": {"text_tokens": 0, "image_tokens": 4160 * count}})
        }
        _ => Value::Null,
    };
    Json(json!({"created": 1_787_150_086, "data": items, "usage": usage})).into_response()
}

/// `OpenAI`'s stream of pictures, without partial ones.
fn picture_events(items: &[Value]) -> Response {
    let event = |item: &Value| {
        let event = json!({"type": "image_generation.completed", "b64_json": item["b64_json"],
            "created_at": 1_787_150_086, "size": "1024x1024", "quality": "high",
            "background": "opaque", "output_format": "png",
            "usage": {"input_tokens": 10, "output_tokens": 4160, "total_tokens": 4170}});
        format!("event: image_generation.completed\ndata: {event}\n\n")
    };
    let kind = [(CONTENT_TYPE, "text/event-stream")];
    (kind, items.iter().map(event).collect::<String>()).into_response()
}

fn answer_gemini(body: &Value, fault: Option<&ProviderFault>) -> Response {
    let prompt = body.pointer("/contents/0/parts/0/text");
    let prompt = prompt.and_then(Value::as_str).unwrap_or_default();
    Json(match fault {
        Some(ProviderFault::Blocked) => json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        Some(ProviderFault::NoPicture) => json!({"candidates": [{"content": {"parts": [{"text": "No."}]},
            "finishReason": "NO_IMAGE"}]}),
        _ => json!({
            "candidates": [{"content": {"role": "model", "parts": [{"inlineData": {
                "mimeType": "image/png", "data": STANDARD.encode(picture_or_fault(prompt, 0, fault))}}]},
                "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 1120, "totalTokenCount": 1124,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}]},
        }),
    })
    .into_response()
}

/// Returns a picture, or the bytes that a fault puts in its place.
pub fn picture_or_fault(prompt: &str, at: u64, fault: Option<&ProviderFault>) -> Vec<u8> {
    match fault {
        Some(ProviderFault::OneBad) if at == 1 => VIDEO.to_vec(),
        Some(ProviderFault::WrongType) => b"<html>not a picture</html>".to_vec(),
        Some(ProviderFault::HugePicture) => {
            let mut bytes = picture(prompt, at);
            bytes.resize(11 * 1024 * 1024, 0);
            bytes
        }
        _ => picture(prompt, at),
    }
}

/// Draws a picture that differs by its prompt: a gradient of two colours
/// around a disc.
pub fn picture(prompt: &str, at: u64) -> Vec<u8> {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = prompt.bytes().fold(0xcbf2_9ce4_8422_2325 ^ at, mix);
    let channel = |shift: u32| u8::try_from(hash >> shift & 0xff).unwrap_or(0);
    let (from, to) = (
        [channel(0), channel(8), channel(16)],
        [channel(24), channel(32), channel(40)],
    );
    let mut pixels = Vec::new();
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (dx, dy) = (x.abs_diff(SIDE / 2), y.abs_diff(SIDE / 2));
            let inside = dx * dx + dy * dy < (SIDE / 4) * (SIDE / 4);
            let share = if inside { SIDE - y } else { y };
            for (from, to) in from.iter().zip(to) {
                let mixed = u32::from(*from) * (SIDE - share) + u32::from(to) * share;
                pixels.push(u8::try_from(mixed / SIDE).unwrap_or(u8::MAX));
            }
        }
    }
    encode(&pixels).unwrap_or_default()
}

fn encode(pixels: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}
