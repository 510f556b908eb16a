//! What a picture costs that a model makes, by the vendors' prices.

use serde_json::{Map, Value};

use super::vendor::number;

/// The most that a picture is which a model makes, by the vendors' prices.
pub fn made_tokens(vendor: &str, model: &str, body: &Map<String, Value>) -> u64 {
    if vendor == "xai" || model.starts_with("dall-e") {
        return 0;
    }
    let partial = number(body.get("partial_images")).unwrap_or(0) * 100;
    let size = body.get("size").and_then(Value::as_str);
    let quality = body.get("quality").and_then(Value::as_str);
    let stated = size.filter(|_| model == "gpt-image-2").and_then(sides);
    let stated = stated.map(|(short, long)| {
        let patches = match quality {
            Some("low") => 16,
            Some("medium") => 48,
            _ => 96,
        };
        let pixels = short * long;
        let grid = patches * (patches * short).div_ceil(long);
        (grid * (2_000_000 + pixels)).div_ceil(4_000_000)
    });
    let worst = if model.starts_with("gpt-image-1") {
        6_240
    } else {
        23_719
    };
    stated.unwrap_or(worst) + partial
}

/// The sides of a size that the guide says is made, the shorter first.
fn sides(size: &str) -> Option<(u64, u64)> {
    let (one, other) = size.split_once('x')?;
    let (one, other): (u64, u64) = (one.parse().ok()?, other.parse().ok()?);
    let (short, long) = (one.min(other), one.max(other));
    let is_made = short > 0
        && long <= 3_840
        && short % 16 == 0
        && long % 16 == 0
        && long <= 3 * short
        && (655_360..=8_294_400).contains(&(short * long));
    is_made.then_some((short, long))
}
