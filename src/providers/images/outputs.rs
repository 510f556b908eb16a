//! What workers give out, in each of the forms that somebody's worker has;
//! `docs/providers.md` §14.8. Nothing stands in the way of a picture there but
//! the name of its place.

use serde_json::Value;

use crate::model::{FailureClass, MissingPicture, ProviderFailure};

use super::complaint::sort_complaint;
use super::fetch::{decode_picture, fetch_stored};
use super::host::Host;
use super::job::{FailedPictures, FetchedPicture, PictureResult};

/// How deep pictures are looked for.
const DEPTH_MAX: u8 = 6;
/// The shortest text in a place of another name that may be a picture.
const BASE64_BYTES_MIN: usize = 64;
/// How much of a text is looked at: words have a blank before that, and what
/// goes on otherwise fails where it is decoded.
const LOOKED_AT_BYTES: usize = 1_024;
/// Where pictures stand, the surest places first.
const PLACES: [&str; 19] = [
    "images",
    "image",
    "image_url",
    "image_urls",
    "data",
    "b64_json",
    "base64",
    "image_base64",
    "url",
    "urls",
    "artifacts",
    "output_base64",
    "result",
    "results",
    "job_result",
    "output",
    "outputs",
    // Workers before 5.0 have one picture, in their message.
    "message",
    "data_url",
];

impl FailedPictures {
    /// The job of a worker that worked for so long has ended badly. One that was
    /// cancelled may have waited until then.
    pub fn after_end(failure: ProviderFailure, machine_ms: u64) -> Self {
        Self {
            has_run: machine_ms > 0 || failure.class != FailureClass::Cancelled,
            ..Self::after_work(failure, machine_ms)
        }
    }
}

/// Reads the pictures of an output, beside what is known of its costs. A failure
/// where it holds none, and says what went wrong.
pub async fn read_output(
    host: &Host<'_>,
    output: &Value,
    mut result: PictureResult,
) -> Result<PictureResult, Box<FailedPictures>> {
    let errors = errors_of(output);
    for item in items_of(output, errors.is_some()) {
        result.keep(read_item(host, item).await);
    }
    let Some(errors) = errors else {
        return Ok(result);
    };
    let failure = sort_complaint(host, errors);
    if result.pictures.is_empty() {
        return Err(Box::new(FailedPictures {
            usage: result.usage,
            ..FailedPictures::after_work(failure, result.machine_ms)
        }));
    }
    let missing = MissingPicture::NotMade(failure.class);
    let times = errors.as_array().map_or(1, Vec::len).max(1);
    result.missing.extend(vec![missing; times]);
    Ok(result)
}

/// What a worker says that went wrong.
fn errors_of(output: &Value) -> Option<&Value> {
    let is_said = |said: &&Value| match said {
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        Value::Object(all) => !all.is_empty(),
        _ => false,
    };
    let inner = ["output", "result"].map(|name| &output[name]);
    let mut all = std::iter::once(output).chain(inner);
    all.find_map(|said| {
        let is_error = said["status"] == "error";
        let message = is_error.then(|| &said["message"]);
        let named = ["errors", "error"].map(|name| &said[name]);
        named.into_iter().chain(message).find(is_said)
    })
}

/// Everything in an output that may be a picture.
fn items_of(output: &Value, has_errors: bool) -> Vec<&Value> {
    let mut items = collect(output, 0);
    // What stands beside an error is a picture or nothing.
    items.retain(|item| !has_errors || is_sure(item));
    items
}

/// The texts in a value that may be pictures: those in the surest place that
/// holds any.
fn collect(value: &Value, depth: u8) -> Vec<&Value> {
    if depth > DEPTH_MAX {
        return Vec::new();
    }
    match value {
        Value::String(_) => vec![value],
        Value::Array(all) => all.iter().flat_map(|it| collect(it, depth + 1)).collect(),
        Value::Object(all) => {
            let known = PLACES.iter().filter_map(|name| all.get(*name));
            let known = known.map(|place| collect(place, depth + 1));
            let mut found: Vec<Vec<&Value>> = known.filter(|items| !items.is_empty()).collect();
            let surest = found
                .iter()
                .position(|items| items.iter().any(|it| is_sure(it)));
            if !found.is_empty() {
                return found.swap_remove(surest.unwrap_or(0));
            }
            let others = all.iter().filter(|(name, place)| may_hold(name, place));
            others
                .flat_map(|(_, place)| collect(place, depth + 1))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a place of another name may hold pictures: those of a node, by its
/// number, or what calls itself a picture.
fn may_hold(name: &str, place: &Value) -> bool {
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    let is_picture = name.to_ascii_lowercase().contains("image");
    match place {
        Value::String(_) => (is_number || is_picture) && is_sure(place),
        _ => is_number || is_picture,
    }
}

fn is_sure(item: &Value) -> bool {
    text_of(item).is_some_and(may_be_picture)
}

fn text_of(item: &Value) -> Option<&str> {
    item.as_str().map(str::trim)
}

/// Whether a text is an address or base64, and no word.
fn may_be_picture(text: &str) -> bool {
    let is_address = ["https://", "http://", "data:"]
        .iter()
        .any(|begin| text.starts_with(begin));
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=' | b'\n' | b'\r');
    is_address || (text.len() >= BASE64_BYTES_MIN && text.bytes().take(LOOKED_AT_BYTES).all(fits))
}

/// Reads a picture: an address or base64.
async fn read_item(host: &Host<'_>, item: &Value) -> FetchedPicture {
    let text = text_of(item).unwrap_or_default();
    if text.starts_with("http://") || text.starts_with("https://") {
        fetch_stored(host, text).await
    } else {
        decode_picture(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pictures_are_found_wherever_workers_put_them() {
        let a = "A".repeat(64);
        let url = "https://files.example/a.png";
        for (output, found) in [
            (json!(a), 1),
            (json!([a, a]), 2),
            // <https://github.com/runpod-workers/worker-comfyui>
            (
                json!({"images": [{"filename": "a.png", "type": "base64", "data": a}]}),
                1,
            ),
            (json!({"status": "success", "message": a}), 1),
            // <https://github.com/Titovilal/worker-template/blob/main/handler.py>
            (json!({"images": {"9": [a, a], "12": [a]}}), 3),
            (json!({"images": {"0": a}}), 1),
            // <https://github.com/JPJPKIMJP/runpod-flux-serverless/blob/main/handler.py>
            (json!({"output": {"output_base64": a}}), 1),
            (json!({"output": {"image_base64": a}}), 1),
            // <https://github.com/runpod-workers/public-ep/blob/main/sd3/src/handler.py>
            (
                json!({"status": "success", "message": "Image generated successfully",
                "image": a, "data_url": format!("data:image/png;base64,{a}")}),
                1,
            ),
            // <https://github.com/runpod/ai-sdk-provider/blob/main/src/runpod-image-model.ts>
            (json!({"result": url, "cost": 0.1}), 1),
            // <https://github.com/davefojtik/RunPod-Fooocus-API>
            (
                json!([{"base64": a, "url": "", "seed": "5", "finish_reason": "SUCCESS"}]),
                1,
            ),
            (
                json!({"job_result": [{"base64": null, "url": url}], "job_step_preview": null}),
                1,
            ),
            (json!({"result": {"images": [a]}}), 1),
            (json!({"data": [{"b64_json": a}, {"b64_json": a}]}), 2),
            (
                json!({"artifacts": [{"base64": a, "seed": 5, "finishReason": "SUCCESS"}]}),
                1,
            ),
            (json!({"generated_images": [url], "image_format": "png"}), 1),
            (json!({"images": ["!", a]}), 2),
            (json!({"images": [], "status": "done"}), 0),
            (json!({"seed": 5, "image_format": "png", "text": a}), 0),
            (json!({"images": null}), 0),
        ] {
            assert_eq!(items_of(&output, false).len(), found, "{output}");
        }
    }

    #[test]
    fn what_went_wrong_is_found_wherever_workers_say_it() {
        for (output, is_said) in [
            (json!({"error": "CUDA out of memory"}), true),
            (json!({"errors": ["a", "b"], "images": []}), true),
            (json!({"status": "error", "message": "no"}), true),
            (json!({"result": {"error": "no"}}), true),
            (json!({"error": "", "errors": []}), false),
            (json!({"status": "success", "message": "yes"}), false),
            (json!("text"), false),
            (Value::Null, false),
        ] {
            assert_eq!(errors_of(&output).is_some(), is_said, "{output}");
        }
        let said = json!({"status": "error", "message": "no"});
        assert!(items_of(&said, true).is_empty());
    }
}
