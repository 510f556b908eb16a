//! OpenAI's images, and those who speak like it: xAI and OpenRouter;
//! `docs/providers.md` §14.1.

use serde_json::{Value, json};

use crate::model::{FailureClass, ForeignFile, MissingPicture, Usage};
use crate::providers::catalogue::ImageWire;
use crate::providers::dialect::{AnswerFormat, MODERATION_MODEL, ParsedAnswer, picture_data_url};

use super::fetch::{decode_picture, fetch_stored};
use super::host::Host;
use super::job::{
    FetchedPicture, ImageRequest, PictureResult, Result, full_prompt, make_one_by_one,
};
use super::sizes::{asked_size, openrouter_ratio, xai_ratio, xai_resolution};
use super::strip::strip_picture;

const EDITS_PATH: &str = "/images/edits";

/// Makes pictures.
pub async fn make_pictures(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    // OpenRouter makes one at a time.
    if host.wire()? == ImageWire::OpenRouter {
        return make_one_by_one(request, || send_request(host, request)).await;
    }
    send_request(host, request).await
}

async fn send_request(host: &Host<'_>, request: &ImageRequest) -> Result<PictureResult> {
    let wire = host.wire()?;
    let path = match wire.openai_path() {
        Some(_) if takes_picture(request, wire) => EDITS_PATH,
        Some(path) => path,
        None => return Err(host.failed(FailureClass::BadRequest)),
    };
    let mut body = write_request(request, wire);
    let answer = match &request.previews {
        Some(_) if wire == ImageWire::OpenAi && request.spec.shown_previews() > 0 => {
            body["stream"] = json!(true);
            body["partial_images"] = json!(request.spec.shown_previews());
            watch_making(host, path, &body, request).await?
        }
        _ => host.post_and_wait(path, &body).await?,
    };
    let mut result = PictureResult {
        usage: read_usage(&answer),
        ..PictureResult::default()
    };
    let items = answer["data"].as_array().map_or(&[][..], Vec::as_slice);
    for item in items {
        result.keep(read_picture(host, item).await);
    }
    if let Some(failure) = host.hidden_error(&answer) {
        return result.without_the_rest(failure);
    }
    if items.is_empty() && wire == ImageWire::Xai {
        // It leaves all slots out where its moderation refuses all of them.
        result.keep(Err(MissingPicture::Refused));
    }
    Ok(result)
}

/// Has a picture made and hands on what it looks like on the way; the answer
/// as it comes where nobody watches.
async fn watch_making(
    host: &Host<'_>,
    path: &str,
    body: &Value,
    request: &ImageRequest,
) -> Result<Value> {
    let (mut items, mut usage) = (Vec::new(), Value::Null);
    let hear = |event: &Value| {
        let kind = event["type"].as_str().unwrap_or_default();
        let item = json!({"b64_json": event["b64_json"], "url": event["url"]});
        if kind.ends_with(".partial_image") {
            request.made.note_unfinished();
            let base64 = event["b64_json"].as_str().unwrap_or_default();
            // Whoever watched may have left.
            let preview = decode_picture(base64);
            let preview = preview.and_then(|preview| strip_picture(&preview));
            let sent = preview.ok().zip(request.previews.as_ref());
            let _ = sent.map(|(preview, to)| to.send(preview));
        } else if kind.ends_with(".completed") {
            items.push(item);
            usage.clone_from(&event["usage"]);
        }
    };
    let whole = host.post_for_events(path, body, hear).await?;
    Ok(whole.unwrap_or_else(|| json!({"data": items, "usage": usage})))
}

/// Whether a picture is sent that is to be changed.
fn takes_picture(request: &ImageRequest, wire: ImageWire) -> bool {
    wire == ImageWire::OpenAi && request.spec.picture.is_some()
}

fn write_request(request: &ImageRequest, wire: ImageWire) -> Value {
    let spec = &request.spec;
    let mut body = json!({"model": request.model, "prompt": full_prompt(spec)});
    match wire {
        ImageWire::OpenRouter => {
            if let Some(size) = spec.size {
                body["aspect_ratio"] = json!(openrouter_ratio(size));
            }
        }
        ImageWire::Xai => {
            body["n"] = json!(spec.pictures());
            if let Some(size) = spec.size {
                body["aspect_ratio"] = json!(xai_ratio(size));
                body["resolution"] = json!(xai_resolution(size));
            }
        }
        _ => write_openai_fields(request, &mut body),
    }
    body
}

fn write_openai_fields(request: &ImageRequest, body: &mut Value) {
    let spec = &request.spec;
    body["n"] = json!(spec.pictures());
    if request.lenient {
        body["moderation"] = json!("low");
    }
    if let Some(size) = asked_size(&request.model, spec) {
        body["size"] = json!(size);
    }
    for wish in &spec.wishes {
        body[wish.name] = wish.value.clone();
    }
    let reference = |picture| json!({"image_url": picture_data_url(picture)});
    if let Some(picture) = &spec.picture {
        let all = std::iter::once(picture).chain(&spec.others);
        body["images"] = all.map(reference).collect();
    }
    if let Some(mask) = &spec.mask {
        body["mask"] = reference(mask);
    }
}

/// Whether `OpenAI`'s moderation, which is free, flags a text.
pub async fn is_flagged(host: &Host<'_>, text: &str) -> Result<bool> {
    let body = json!({"model": MODERATION_MODEL, "input": text});
    let answer = host.post("/moderations", &body).await?;
    let flagged = answer.pointer("/results/0/flagged");
    let flagged = flagged.and_then(Value::as_bool);
    flagged.ok_or_else(|| host.failed(FailureClass::Upstream))
}

/// Reads one picture in whatever form it came: base64, an address, or an
/// object with an address, as OpenRouter's chats have it. A slot that xAI's
/// moderation refused is empty.
async fn read_picture(host: &Host<'_>, item: &Value) -> FetchedPicture {
    if item["respect_moderation"] == false {
        return Err(MissingPicture::Refused);
    }
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    if let Some(base64) = text(&item["b64_json"]) {
        return decode_picture(&base64);
    }
    let places = [&item["url"], &item["image_url"]["url"], &item["image_url"]];
    match places.into_iter().find_map(text) {
        Some(url) => fetch_stored(host, &url).await,
        None => Err(MissingPicture::NotAPicture(ForeignFile::Unknown)),
    }
}

fn read_usage(answer: &Value) -> Option<Usage> {
    let mut parsed = ParsedAnswer::default();
    AnswerFormat::Images.read_event(&json!({"usage": answer["usage"]}), &mut parsed);
    parsed.known_usage()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_in_every_form_in_which_it_comes() {
        for (usage, expected) in [
            (
                json!({"input_tokens": 12, "output_tokens": 4160, "input_tokens_details": {"text_tokens": 12}}),
                Some((12, 4_160, 4_160, None)),
            ),
            (
                json!({"prompt_tokens": 20, "completion_tokens": 4175, "total_tokens": 4195, "cost": 0.04}),
                Some((20, 4_175, 4_175, Some(40_000_000))),
            ),
            (
                json!({"prompt_tokens": 20, "completion_tokens": 1500, "cost": 0.1, "is_byok": true,
                    "completion_tokens_details": {"reasoning_tokens": 300},
                    "cost_details": {"upstream_inference_cost": 0.2}}),
                Some((20, 1_500, 1_200, Some(300_000_000))),
            ),
            (
                json!({"cost_in_usd_ticks": 200_000_000}),
                Some((0, 0, 0, Some(20_000_000))),
            ),
            (json!({"cost_in_usd_ticks": "many"}), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            let read = read_usage(&json!({"usage": usage})).map(|read| {
                let cost = read.cost.map(|cost| cost.0);
                let image = read.details.output_image;
                (read.input_tokens, read.output_tokens, image, cost)
            });
            assert_eq!(read, expected, "{usage}");
        }
    }
}
