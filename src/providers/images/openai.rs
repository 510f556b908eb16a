//! OpenAI's images, and those who speak like it: xAI and OpenRouter;
//! `docs/providers.md` §14.1.

use serde_json::{Value, json};

use crate::model::{FailureClass, ImageSpec, Usage};
use crate::providers::catalogue::ImageWire;
use crate::providers::dialect::{AnswerFormat, ParsedAnswer, picture_data_url};

use super::fetch::{decode_picture, fetch_stored};
use super::host::Host;
use super::job::{
    Came, ImageRequest, PictureResult, Result, full_prompt, make_one_by_one, nearest_proportions,
};

const EDITS_PATH: &str = "/images/edits";
const MODERATION_MODEL: &str = "omni-moderation-latest";
/// The sizes that OpenAI makes.
const SIZES: [(u32, u32); 3] = [(1_024, 1_024), (1_536, 1_024), (1_024, 1_536)];

/// Makes pictures.
pub async fn make_pictures(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    // OpenRouter makes one at a time.
    let times = match host.wire()? {
        ImageWire::OpenRouter => request.spec.pictures(),
        _ => 1,
    };
    make_one_by_one(times, || send_request(host, request)).await
}

async fn send_request(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    let wire = host.wire()?;
    let path = match wire.openai_path() {
        Some(_) if takes_picture(request, wire) => EDITS_PATH,
        Some(path) => path,
        None => return Err(host.failed(FailureClass::BadRequest)),
    };
    let body = write_request(request, wire);
    let answer = host.post_and_wait(path, &body).await?;
    let mut result = PictureResult {
        usage: read_usage(&answer),
        ..PictureResult::default()
    };
    for item in answer["data"].as_array().into_iter().flatten() {
        result.keep(read_picture(host, item).await);
    }
    Ok(result)
}

/// Whether a picture is sent that is to be changed.
fn takes_picture(request: &ImageRequest, wire: ImageWire) -> bool {
    wire == ImageWire::OpenAi && request.spec.picture.is_some()
}

fn write_request(request: &ImageRequest, wire: ImageWire) -> Value {
    let spec = &request.spec;
    let mut body = json!({"model": request.model, "prompt": full_prompt(spec)});
    if wire == ImageWire::OpenRouter {
        return body;
    }
    body["n"] = json!(spec.pictures());
    if wire != ImageWire::OpenAi {
        return body;
    }
    if request.lenient {
        body["moderation"] = json!("low");
    }
    if let Some(size) = asked_size(spec) {
        body["size"] = json!(size);
    }
    if let Some(picture) = &spec.picture {
        body["images"] = json!([{"image_url": picture_data_url(picture)}]);
    }
    body
}

/// The size that `OpenAI` is asked for; none where it is left to the model.
pub fn asked_size(spec: &ImageSpec) -> Option<String> {
    let (width, height) = nearest_proportions(&SIZES, spec.size?);
    Some(format!("{width}x{height}"))
}

/// Whether `OpenAI`'s moderation, which is free, flags a text.
pub async fn is_flagged(host: &Host<'_>, text: &str) -> Result<bool> {
    let body = json!({"model": MODERATION_MODEL, "input": text});
    let answer = host.post("/moderations", &body).await?;
    let flagged = answer.pointer("/results/0/flagged");
    let flagged = flagged.and_then(Value::as_bool);
    flagged.ok_or_else(|| host.failed(FailureClass::Upstream))
}

async fn read_picture(host: &Host<'_>, item: &Value) -> Came {
    if let Some(text) = item["b64_json"].as_str() {
        return decode_picture(text);
    }
    let url = item["url"].as_str();
    fetch_stored(host, url.unwrap_or_default()).await
}

fn read_usage(answer: &Value) -> Option<Usage> {
    let mut parsed = ParsedAnswer::default();
    AnswerFormat::Images.read_event(&json!({"usage": answer["usage"]}), &mut parsed);
    parsed.usage
}
