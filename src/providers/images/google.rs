//! Gemini's image models; `docs/providers.md` §14.2.

use serde_json::{Value, json};

use crate::model::{FailureClass, MissingPicture, Words};
use crate::providers::dialect::{AnswerFormat, ParsedAnswer, encode_picture, google_chat_path};

use super::fetch::decode_picture;
use super::host::Host;
use super::job::{ImageRequest, PictureResult, Result, full_prompt, make_one_by_one};
use super::sizes::{gemini_ratio, gemini_size};

/// What stands in the reason to finish of a picture that was refused.
const REFUSED: [&str; 5] = ["SAFETY", "BLOCKLIST", "PROHIBITED", "SPII", "RECITATION"];
/// How much is kept of what a model says in the place of a picture.
const SAID_CHARACTERS_MAX: usize = 500;

/// Makes pictures, one a call.
pub async fn make_pictures(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    let path = google_chat_path(&request.model, false)
        .ok_or_else(|| host.failed(FailureClass::ModelNotFound))?;
    let body = write_request(request);
    let make_one = || async {
        let answer = host.post_and_wait(&path, &body).await?;
        match host.hidden_error(&answer) {
            Some(failure) => read_answer(&answer).without_the_rest(failure),
            None => Ok(read_whole_answer(&answer)),
        }
    };
    make_one_by_one(request, make_one).await
}

fn write_request(request: &ImageRequest) -> Value {
    let spec = &request.spec;
    let mut parts = vec![json!({"text": full_prompt(spec)})];
    for picture in spec.shown_pictures() {
        parts.push(json!({"inlineData": {
            "mimeType": picture.kind.media_type(), "data": encode_picture(picture),
        }}));
    }
    let mut config = json!({"responseModalities": ["TEXT", "IMAGE"]});
    if let Some(size) = spec.size {
        config["imageConfig"] = json!({"aspectRatio": gemini_ratio(size)});
        if let Some(large) = gemini_size(&request.model, size) {
            config["imageConfig"]["imageSize"] = json!(large);
        }
    }
    json!({"contents": [{"role": "user", "parts": parts}], "generationConfig": config})
}

/// Reads an answer, and why there is no picture where there is none.
fn read_whole_answer(answer: &Value) -> PictureResult {
    let mut result = read_answer(answer);
    if result.pictures.is_empty() && result.missing.is_empty() {
        result.missing.push(reason_without_pictures(answer));
    }
    result
}

fn read_answer(answer: &Value) -> PictureResult {
    let mut result = PictureResult::default();
    for part in final_parts(answer) {
        // Both spellings of a field are one in Google's JSON.
        let places = ["/inlineData/data", "/inline_data/data"];
        let data = places.into_iter().find_map(|place| part.pointer(place));
        if let Some(text) = data.and_then(Value::as_str) {
            result.keep(decode_picture(text));
        }
    }
    let mut parsed = ParsedAnswer::default();
    AnswerFormat::Google.read_event(answer, &mut parsed);
    if let Some(usage) = &mut parsed.usage
        && usage.details.output_image == 0
        && !result.pictures.is_empty()
    {
        // It is not said which tokens are the picture's: all but the thoughts.
        usage.details.output_image = usage.output_tokens.saturating_sub(usage.reasoning_tokens);
    }
    PictureResult {
        usage: parsed.usage,
        ..result
    }
}

/// The parts of an answer that are no thoughts.
fn final_parts(answer: &Value) -> impl Iterator<Item = &Value> {
    let parts = answer.pointer("/candidates/0/content/parts");
    let parts = parts.and_then(Value::as_array).into_iter().flatten();
    parts.filter(|part| !is_thought(part))
}

/// Whether a part belongs to the model's thinking, in which it may draw
/// drafts.
fn is_thought(part: &Value) -> bool {
    part["thought"] == true
}

/// Sorts an answer without pictures. A blocked prompt has no candidates; a
/// blocked picture has a reason to finish; and a model that would rather talk
/// ends as if that were all.
fn reason_without_pictures(answer: &Value) -> MissingPicture {
    let blocked = answer.pointer("/promptFeedback/blockReason").is_some();
    let reason = answer.pointer("/candidates/0/finishReason");
    let reason = reason.and_then(Value::as_str).unwrap_or_default();
    if blocked || REFUSED.iter().any(|word| reason.contains(word)) {
        return MissingPicture::Refused;
    }
    let texts = final_parts(answer).filter_map(|part| part["text"].as_str());
    let words: Vec<&str> = texts.flat_map(str::split_whitespace).collect();
    if words.is_empty() {
        return MissingPicture::NotMade(FailureClass::NoPicture);
    }
    let said = words.join(" ").chars().take(SAID_CHARACTERS_MAX).collect();
    MissingPicture::InWords(Words(said))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn answer(parts: &Value, reason: &str) -> Value {
        json!({"candidates": [{"content": {"parts": parts}, "finishReason": reason}],
            "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 240}})
    }

    #[test]
    fn drafts_are_no_pictures_and_each_answer_without_one_has_its_reason() {
        let picture = |thought: bool| {
            let data = STANDARD.encode(b"\x89PNG\r\n\x1a\n....");
            json!({"inlineData": {"mimeType": "image/png", "data": data}, "thought": thought})
        };
        let (draft, last) = (picture(true), picture(false));
        let (thought, words) = (
            json!({"text": "Hm.", "thought": true}),
            json!({"text": "Which one?"}),
        );
        let mut seen = String::new();
        for answer in [
            answer(&json!([thought, draft, draft, last]), "STOP"),
            answer(&json!([words, last, last]), "STOP"),
            answer(&json!([thought, draft]), "IMAGE_SAFETY"),
            answer(&json!([thought, draft]), "STOP"),
            answer(&json!([words]), "STOP"),
            answer(&json!([words]), "NO_IMAGE"),
            answer(&json!([words]), "SAFETY"),
            answer(&json!([]), "NO_IMAGE"),
            answer(&json!(null), "IMAGE_PROHIBITED_CONTENT"),
            answer(&json!([]), "IMAGE_RECITATION"),
            answer(&json!([]), "IMAGE_OTHER"),
            json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
        ] {
            let read = read_whole_answer(&answer);
            let usage = read.usage.unwrap_or_default();
            writeln!(
                seen,
                "{} {:?} {} {}",
                read.pictures.len(),
                read.missing,
                usage.output_tokens,
                usage.details.output_image
            )
            .unwrap();
        }
        insta::assert_snapshot!(seen, @"
        1 [] 240 240
        2 [] 240 240
        0 [Refused] 240 0
        0 [NotMade(NoPicture)] 240 0
        0 [InWords([10 bytes of words])] 240 0
        0 [InWords([10 bytes of words])] 240 0
        0 [Refused] 240 0
        0 [NotMade(NoPicture)] 240 0
        0 [Refused] 240 0
        0 [Refused] 240 0
        0 [NotMade(NoPicture)] 240 0
        0 [Refused] 0 0
        ");
    }
}
