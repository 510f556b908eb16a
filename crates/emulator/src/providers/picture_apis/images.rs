//! Picture calls that are answered at once: OpenAI, xAI, OpenRouter, Google.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::image_fields::refuse_image_fields;
use crate::providers::api::{Api, Surface};
use crate::providers::call::Call;
use crate::providers::errors::refusals::{json_response, refuse_rate_limited};
use crate::providers::moderation::answer_moderation;
use crate::world::{ProviderFault, World};

/// The side of an emulated picture, in pixels.
const SIDE: u32 = 96;
/// How a video begins.
const VIDEO: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
/// What hides in every picture's file: a piece of the graph that ComfyUI
/// writes there (<https://github.com/comfyanonymous/ComfyUI/blob/master/nodes.py>),
/// and others in their own ways.
pub const HIDDEN: &str = "{\"40\": {\"inputs\": {\"api_key\": \"sk-made-up-key-of-a-node\"}}}";

/// Whether a call asks for pictures that are answered with at once.
pub fn is_image_call(call: &Call<'_>) -> bool {
    let asks = match call.api() {
        Api::Pictures | Api::PictureEdits => true,
        Api::Chat(Surface::Generate) => {
            call.path.ends_with(":generateContent") && asks_for_picture(call.body)
        }
        _ => false,
    };
    *call.method == Method::POST && asks
}

/// Answers a call for pictures or moderation; none where it is another call.
pub fn answer_image_call(world: &World, call: &Call<'_>) -> Option<Response> {
    if let Some(answer) = answer_moderation(call) {
        return Some(answer);
    }
    if !is_image_call(call) {
        return None;
    }
    if let Some(refusal) = refuse_image_fields(call) {
        return Some(refusal);
    }
    let at = world.with(|state| {
        let calls = &mut state.providers.image_calls;
        let calls = calls.entry(call.provider.id.to_owned()).or_default();
        *calls += 1;
        *calls - 1
    });
    Some(match call.fault {
        Some(ProviderFault::LimitedAfter(taken)) if at >= *taken => {
            refuse_rate_limited(call.provider)
        }
        Some(ProviderFault::HangsAfter(taken)) if at >= *taken => never_answer(),
        Some(ProviderFault::Blocked) => refuse_content(call),
        _ if call.provider.id == "google" => answer_gemini(call, at),
        _ => answer_with_pictures(call),
    })
}

fn asks_for_picture(body: &Value) -> bool {
    let wanted = body.pointer("/generationConfig/responseModalities");
    wanted.is_some_and(|wanted| wanted.to_string().contains("IMAGE"))
}

/// An answer whose body never comes.
fn never_answer() -> Response {
    Response::new(Body::from_stream(stream::pending::<
        Result<Bytes, Infallible>,
    >()))
}

/// How each provider says that its moderation refuses a whole call.
fn refuse_content(call: &Call<'_>) -> Response {
    let (status, body) = match call.provider.id {
        "xai" => (
            400,
            json!({"code": "Client specified an invalid argument",
                "error": "Generated image rejected by content moderation."}),
        ),
        "openrouter" => (
            403,
            json!({"error": {"code": 403, "message": "Your input was flagged",
                "metadata": {"reasons": ["violence"], "provider_name": "made-up"}}}),
        ),
        "google" => (
            200,
            json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        ),
        _ => (
            400,
            json!({"error": {"message": "Your request was rejected by the safety system.",
                "type": "image_generation_user_error", "param": null, "code": "moderation_blocked"}}),
        ),
    };
    json_response(status, body)
}

fn answer_with_pictures(call: &Call<'_>) -> Response {
    let Call {
        provider,
        body,
        fault,
        ..
    } = *call;
    let count = match fault {
        Some(ProviderFault::NoPicture) => 0,
        _ => body["n"].as_u64().unwrap_or(1),
    };
    let items: Vec<Value> = (0..count).map(|at| item(call, at)).collect();
    if provider.id == "openai" && body["stream"] == true {
        return picture_events(call, &items);
    }
    let usage = match provider.id {
        "openrouter" => json!({"prompt_tokens": 20, "completion_tokens": 4175,
            "total_tokens": 4195, "cost": 0.0375}),
        "openai" => {
            json!({"input_tokens": 10, "output_tokens": 4160 * count, "total_tokens": 10 + 4160 * count,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
                "output_tokens_details": {"text_tokens": 0, "image_tokens": 4160 * count}})
        }
        // Two cents a picture, of which it also charges those that it refuses.
        _ => json!({"cost_in_usd_ticks": 200_000_000 * count}),
    };
    Json(json!({"created": 1_787_150_086, "data": items, "usage": usage})).into_response()
}

/// One picture of an answer, as its provider writes it.
fn item(call: &Call<'_>, at: u64) -> Value {
    let Call {
        provider,
        body,
        fault,
        base,
        ..
    } = *call;
    let prompt = body["prompt"].as_str().unwrap_or_default();
    let encoded = || STANDARD.encode(picture_or_fault(prompt, at, fault));
    match (provider.id, fault) {
        ("xai", Some(ProviderFault::BlockedFrom(first))) if at >= *first => {
            json!({"url": "", "respect_moderation": false})
        }
        ("xai", _) if body["response_format"] == "b64_json" => {
            json!({"b64_json": encoded(), "mime_type": "image/png", "respect_moderation": true})
        }
        ("xai", _) => json!({"url": format!("{base}/files/{at}.png"), "mime_type": "image/png",
            "respect_moderation": true}),
        (_, Some(ProviderFault::DataUrls)) => {
            json!({"url": format!("data:image/png;base64,{}", encoded())})
        }
        ("openrouter", _) => json!({"b64_json": encoded(), "media_type": "image/png"}),
        _ => json!({"b64_json": encoded()}),
    }
}

/// `OpenAI`'s stream of pictures, each after as many partial ones as were
/// asked for.
fn picture_events(call: &Call<'_>, items: &[Value]) -> Response {
    let kind = if call.api() == Api::PictureEdits {
        "image_edit"
    } else {
        "image_generation"
    };
    let event = |name: &str, more: Value| {
        let mut event = json!({"type": format!("{kind}.{name}"), "created_at": 1_787_150_086,
            "size": "1024x1024", "quality": "high", "background": "opaque", "output_format": "png"});
        if let (Some(fields), Some(more)) = (event.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        format!("event: {kind}.{name}\ndata: {event}\n\n")
    };
    let partial = call.body["partial_images"].as_u64().unwrap_or(0);
    let first = || {
        let more = json!({"b64_json": items[0]["b64_json"], "partial_image_index": 0});
        event("partial_image", more)
    };
    match call.fault {
        Some(ProviderFault::HangsAfterPreview) => return then(first(), stream::pending()),
        Some(ProviderFault::CutAfterPreview) => {
            let broken = async {
                // Lets what was sent so far leave the buffers first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("emulated cut"))
            };
            return then(first(), stream::once(broken));
        }
        Some(ProviderFault::BlockedAfterPreview) => {
            // `ErrorEvent` and `Error` of
            // <https://github.com/openai/openai-openapi>.
            let error = json!({"type": "image_generation_user_error", "code": "moderation_blocked",
                "message": "Your request was rejected by the safety system.", "param": null});
            let refused = format!("event: error\ndata: {error}\n\n");
            return then(first() + &refused, stream::empty());
        }
        _ => {}
    }
    let output = 4_160 + 100 * partial;
    let mut text = String::new();
    for item in items {
        for at in 0..partial {
            let more = json!({"b64_json": item["b64_json"], "partial_image_index": at});
            text.push_str(&event("partial_image", more));
        }
        let usage = json!({"input_tokens": 10, "output_tokens": output, "total_tokens": 10 + output,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 0}});
        let more = json!({"b64_json": item["b64_json"], "usage": usage});
        text.push_str(&event("completed", more));
    }
    ([(CONTENT_TYPE, "text/event-stream")], text).into_response()
}

/// Events, and what comes after them.
fn then(
    events: String,
    rest: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Response {
    let first = stream::once(async move { Ok(Bytes::from(events)) });
    (
        [(CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(first.chain(rest)),
    )
        .into_response()
}

/// Gemini's answer to one of the calls of an ask. Models that think draw
/// drafts first.
fn answer_gemini(call: &Call<'_>, at: u64) -> Response {
    let fault = call.fault;
    let prompt = call.body.pointer("/contents/0/parts/0/text");
    let prompt = prompt.and_then(Value::as_str).unwrap_or_default();
    let inline = |at: u64| {
        json!({"inlineData": {
            "mimeType": "image/png", "data": STANDARD.encode(picture_or_fault(prompt, at, fault))}})
    };
    let mut parts = Vec::new();
    if call.path.contains("pro-image") {
        let thought = |mut part: Value| {
            part["thought"] = json!(true);
            part
        };
        parts.push(thought(json!({"text": "I try two of them."})));
        parts.extend([1, 2].map(|at| thought(inline(at))));
    }
    let (finish, tokens) = match fault {
        Some(ProviderFault::BlockedFrom(first)) if at >= *first => ("IMAGE_SAFETY", 0),
        Some(ProviderFault::NoPicture) => ("NO_IMAGE", 0),
        Some(ProviderFault::AnswersInWords) => {
            parts.push(json!({"text": "Which lighthouse do you mean?"}));
            ("STOP", 240)
        }
        _ => {
            let mut last = inline(0);
            last["thoughtSignature"] = json!("bWFkZS11cA==");
            parts.push(last);
            ("STOP", 1_120)
        }
    };
    let modality = if tokens == 240 { "TEXT" } else { "IMAGE" };
    Json(json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": tokens, "totalTokenCount": 4 + tokens,
            "candidatesTokensDetails": [{"modality": modality, "tokenCount": tokens}]},
    }))
    .into_response()
}

/// Returns a picture, or the bytes that a fault puts in its place.
pub fn picture_or_fault(prompt: &str, at: u64, fault: Option<&ProviderFault>) -> Vec<u8> {
    match fault {
        Some(ProviderFault::OneBad) if at == 1 => VIDEO.to_vec(),
        Some(ProviderFault::Instead(bytes)) => bytes.clone(),
        Some(ProviderFault::WrongType) => b"<html>not a picture</html>".to_vec(),
        Some(ProviderFault::GrainyPicture) => grainy_picture(),
        Some(ProviderFault::LargePicture) if at == 0 => large_picture(),
        Some(ProviderFault::HugePicture) => {
            let mut bytes = picture(prompt, at);
            bytes.resize(33 * 1024 * 1024, 0);
            bytes
        }
        _ => picture(prompt, at),
    }
}

/// Draws noise of 16 bits a colour, which no file gets smaller than Discord
/// takes.
fn large_picture() -> Vec<u8> {
    const LARGE_SIDE: u32 = 1_200;
    let mut state = 1_u32;
    let samples = LARGE_SIDE * LARGE_SIDE * 2;
    let mut pixels = Vec::with_capacity(samples as usize * 4);
    for _ in 0..samples {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        pixels.extend(state.to_be_bytes());
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, LARGE_SIDE, LARGE_SIDE);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    encoder.set_compression(png::Compression::NoCompression);
    let mut writer = encoder.write_header().expect("a header fits into memory");
    writer
        .write_image_data(&pixels)
        .expect("pixels fit into memory");
    writer.finish().expect("an end fits into memory");
    bytes
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
    encode(&pixels, SIDE).unwrap_or_default()
}

/// A picture that hardly gets smaller by compressing it.
fn grainy_picture() -> Vec<u8> {
    let mut state = 1_u32;
    let mut grain = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap_or(0)
    };
    let pixels: Vec<u8> = (0..512 * 512 * 3).map(|_| grain()).collect();
    encode(&pixels, 512).unwrap_or_default()
}

fn encode(pixels: &[u8], side: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    for name in ["prompt", "workflow"] {
        encoder
            .add_text_chunk(name.to_owned(), HIDDEN.to_owned())
            .ok()?;
    }
    encoder
        .add_itxt_chunk("XML:com.adobe.xmp".to_owned(), HIDDEN.to_owned())
        .ok()?;
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}
