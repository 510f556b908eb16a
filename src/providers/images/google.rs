//! Gemini's image models; `docs/providers.md` §14.2.

use serde_json::{Value, json};

use crate::model::{FailureClass, MissingPicture};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer, encode_picture, google_chat_path};

use super::fetch::decode_picture;
use super::host::Host;
use super::job::{
    ImageRequest, PictureResult, Result, full_prompt, make_one_by_one, nearest_proportions,
};

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

/// Makes pictures, one a call.
pub async fn make_pictures(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    let path = google_chat_path(&request.model, false)
        .ok_or_else(|| host.failed(FailureClass::ModelNotFound))?;
    let body = write_request(request);
    let make_one = || async {
        let answer = host.post_and_wait(&path, &body).await?;
        Ok(read_answer(&answer))
    };
    make_one_by_one(request.spec.pictures(), make_one).await
}

fn write_request(request: &ImageRequest) -> Value {
    let spec = &request.spec;
    let mut parts = vec![json!({"text": full_prompt(spec)})];
    if let Some(picture) = &spec.picture {
        parts.push(json!({"inlineData": {
            "mimeType": picture.kind.media_type(), "data": encode_picture(picture),
        }}));
    }
    let mut config = json!({"responseModalities": ["TEXT", "IMAGE"]});
    if let Some(size) = spec.size {
        let (width, height) = nearest_proportions(&RATIOS, size);
        config["imageConfig"] = json!({"aspectRatio": format!("{width}:{height}")});
    }
    json!({"contents": [{"role": "user", "parts": parts}], "generationConfig": config})
}

fn read_answer(answer: &Value) -> PictureResult {
    let parts = answer.pointer("/candidates/0/content/parts");
    let parts = parts.and_then(Value::as_array).into_iter().flatten();
    let data = parts.filter_map(|part| part.pointer("/inlineData/data")?.as_str());
    let mut result = PictureResult::default();
    data.for_each(|text| result.keep(decode_picture(text)));
    if result.pictures.is_empty() && result.missing.is_empty() {
        result.missing.push(reason_without_pictures(answer));
    }
    let mut parsed = ParsedAnswer::default();
    AnswerFormat::Google.read_event(answer, &mut parsed);
    if let Some(usage) = &mut parsed.usage
        && usage.details.output_image == 0
    {
        // It is not said which tokens are the picture's: all but the thoughts.
        usage.details.output_image = usage.output_tokens.saturating_sub(usage.reasoning_tokens);
    }
    PictureResult {
        usage: parsed.usage,
        ..result
    }
}

/// Sorts an answer without pictures. A blocked prompt has no candidates; a
/// blocked picture has a reason to finish.
fn reason_without_pictures(answer: &Value) -> MissingPicture {
    let blocked = answer.pointer("/promptFeedback/blockReason").is_some();
    let reason = answer.pointer("/candidates/0/finishReason");
    let reason = reason.and_then(Value::as_str).unwrap_or_default();
    let refused = ["SAFETY", "BLOCKLIST", "PROHIBITED", "SPII", "RECITATION"];
    if blocked || refused.iter().any(|word| reason.contains(word)) {
        MissingPicture::Refused
    } else {
        MissingPicture::NotMade(FailureClass::NoPicture)
    }
}
