//! Gemini's image models; `providers.md` §4.

use reqwest::Method;
use serde_json::{Value, json};

use crate::model::{FailureClass, Picture};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer, encode_picture, google_chat_path};
use crate::providers::http::join;

use super::host::{Host, PAINTING};
use super::openai::of_base64;
use super::{ImageRequest, Painted, Result, in_words, nearest, one_by_one};

/// The proportions that Gemini makes.
const RATIOS: [(u32, u32); 10] = [
    (1, 1),
    (2, 3),
    (3, 2),
    (3, 4),
    (4, 3),
    (4, 5),
    (5, 4),
    (9, 16),
    (16, 9),
    (21, 9),
];

/// Each call makes one.
pub async fn paint(host: &Host<'_>, request: &ImageRequest) -> Result<Painted> {
    let path = google_chat_path(&request.model, false)
        .ok_or_else(|| host.fail(FailureClass::ModelNotFound))?;
    let body = body(request);
    let once = || async {
        let url = join(host.base(), &path);
        let answer = host.call(Method::POST, url, Some(&body), PAINTING).await?;
        of_answer(host, &answer)
    };
    one_by_one(request.wish.pictures(), once).await
}

fn body(request: &ImageRequest) -> Value {
    let wish = &request.wish;
    let mut parts = vec![json!({"text": in_words(wish)})];
    if let Some(picture) = &wish.picture {
        parts.push(json!({"inlineData": {
            "mimeType": picture.kind.media_type(), "data": encode_picture(picture),
        }}));
    }
    let mut config = json!({"responseModalities": ["TEXT", "IMAGE"]});
    if let Some(size) = wish.size {
        let (width, height) = nearest(&RATIOS, size);
        config["imageConfig"] = json!({"aspectRatio": format!("{width}:{height}")});
    }
    json!({"contents": [{"role": "user", "parts": parts}], "generationConfig": config})
}

fn of_answer(host: &Host<'_>, answer: &Value) -> Result<Painted> {
    let parts = answer.pointer("/candidates/0/content/parts");
    let parts = parts.and_then(Value::as_array).into_iter().flatten();
    let data = parts.filter_map(|part| part.pointer("/inlineData/data")?.as_str());
    let pictures: Vec<Picture> = data
        .map(|text| of_base64(host, text))
        .collect::<Result<_>>()?;
    if pictures.is_empty() {
        return Err(host.fail(why_none(answer)));
    }
    let mut reading = ParsedAnswer::default();
    AnswerFormat::Google.read_event(answer, &mut reading);
    Ok(Painted {
        pictures,
        usage: reading.usage,
        machine_ms: 0,
    })
}

/// A blocked prompt has no candidates, a blocked picture says so as its
/// reason to finish.
fn why_none(answer: &Value) -> FailureClass {
    let blocked = answer.pointer("/promptFeedback/blockReason").is_some();
    let reason = answer.pointer("/candidates/0/finishReason");
    let reason = reason.and_then(Value::as_str).unwrap_or_default();
    let refused = ["SAFETY", "BLOCKLIST", "PROHIBITED", "SPII", "RECITATION"];
    if blocked || refused.iter().any(|word| reason.contains(word)) {
        FailureClass::ContentBlocked
    } else {
        FailureClass::NoPicture
    }
}
