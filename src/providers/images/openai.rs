//! OpenAI's images, and those who speak like it: xAI and OpenRouter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::model::{Credential, FailureClass, NanoDollars, Picture, Usage};
use crate::providers::Providers;
use crate::providers::catalogue::{ImageWire, Provider};
use crate::providers::dialect::{picture_data_url, read_count};
use crate::providers::http::join;

use super::host::{Host, PAINTING};
use super::{ImageRequest, Painted, Result, fetch, in_words, nearest, one_by_one};

const MODERATION_MODEL: &str = "omni-moderation-latest";
/// The sizes that OpenAI makes.
const SIZES: [(u32, u32); 3] = [(1_024, 1_024), (1_536, 1_024), (1_024, 1_536)];

pub async fn paint(host: &Host<'_>, request: &ImageRequest) -> Result<Painted> {
    let wire = host.provider.images.wire;
    // OpenRouter makes one at a time.
    let times = match wire {
        Some(ImageWire::OpenRouter) => request.wish.pictures(),
        _ => 1,
    };
    one_by_one(times, || once(host, request, wire)).await
}

async fn once(host: &Host<'_>, request: &ImageRequest, wire: Option<ImageWire>) -> Result<Painted> {
    let (path, body) = body(request, wire);
    let url = join(host.base(), path);
    let answer = host.call(Method::POST, url, Some(&body), PAINTING).await?;
    let mut painted = Painted {
        usage: usage(&answer),
        ..Painted::default()
    };
    for item in answer["data"].as_array().into_iter().flatten() {
        painted.pictures.push(picture(host, item).await?);
    }
    if painted.pictures.is_empty() {
        return Err(host.fail(FailureClass::NoPicture));
    }
    Ok(painted)
}

fn body(request: &ImageRequest, wire: Option<ImageWire>) -> (&'static str, Value) {
    let wish = &request.wish;
    let mut body = json!({"model": request.model, "prompt": in_words(wish)});
    if wire == Some(ImageWire::OpenRouter) {
        return ("/images", body);
    }
    body["n"] = json!(wish.pictures());
    if wire != Some(ImageWire::OpenAi) {
        return ("/images/generations", body);
    }
    if request.lenient {
        body["moderation"] = json!("low");
    }
    if let Some(size) = wish.size {
        let (width, height) = nearest(&SIZES, size);
        body["size"] = json!(format!("{width}x{height}"));
    }
    match &wish.picture {
        Some(picture) => {
            body["images"] = json!([{"image_url": picture_data_url(picture)}]);
            ("/images/edits", body)
        }
        None => ("/images/generations", body),
    }
}

impl Providers {
    /// Whether `OpenAI`'s moderation, which is free, flags a text.
    pub async fn is_flagged(
        &self,
        provider: &Provider,
        text: &str,
        credential: Option<&Credential>,
    ) -> Result<bool> {
        let host = self.host(provider, credential);
        let body = json!({"model": MODERATION_MODEL, "input": text});
        let answer = host.post("/moderations", &body).await?;
        let flagged = answer.pointer("/results/0/flagged");
        let flagged = flagged.and_then(Value::as_bool);
        flagged.ok_or_else(|| host.fail(FailureClass::Upstream))
    }
}

async fn picture(host: &Host<'_>, item: &Value) -> Result<Picture> {
    if let Some(text) = item["b64_json"].as_str() {
        return of_base64(host, text);
    }
    let url = item["url"].as_str();
    fetch::picture(host, url.unwrap_or_default()).await
}

/// A picture that came as text.
pub fn of_base64(host: &Host<'_>, text: &str) -> Result<Picture> {
    // A data URI, where that is what the host sends.
    let text = text.rsplit_once("base64,").map_or(text, |(_, rest)| rest);
    let bytes = STANDARD.decode(text.trim());
    let bytes = bytes.map_err(|_| host.fail(FailureClass::NoPicture))?;
    fetch::checked(host, &bytes)
}

fn usage(answer: &Value) -> Option<Usage> {
    let usage = answer.get("usage")?;
    let tokens = |path: &str| read_count(usage, path).unwrap_or(0);
    Some(Usage {
        input_tokens: tokens("/input_tokens"),
        output_tokens: tokens("/output_tokens"),
        cost: usage["cost"].as_f64().and_then(NanoDollars::from_dollars),
        ..Usage::default()
    })
}
