//! What `OpenAI` counts for a picture that a model is shown
//! (<https://developers.openai.com/api/docs/guides/images-vision>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Models that count tiles of 512 pixels, by the beginnings of their names;
/// what a picture counts, and each of its tiles.
const BY_TILES: [(&str, u64, u64); 5] = [
    ("gpt-4o-mini", 2_833, 5_667),
    ("gpt-4o", 85, 170),
    ("gpt-4.1", 85, 170),
    ("o1", 75, 150),
    ("o3", 75, 150),
];
/// How many patches of 32 pixels are counted at the most, where the detail is
/// bounded, and where it is left to the model.
const PATCHES_MAX: (u64, u64) = (2_500, 30_000);

/// What stands at the end of a picture that no provider can read.
pub const UNREADABLE: &[u8] = b"[a picture that no provider can read.]";

/// Whether a chat, in any dialect, shows a picture that can't be read.
pub fn shows_unreadable(body: &Value) -> bool {
    match body {
        Value::String(text) => {
            let data = text.rsplit(',').next().unwrap_or_default();
            let bytes = STANDARD.decode(data).unwrap_or_default();
            bytes.ends_with(UNREADABLE)
        }
        Value::Array(all) => all.iter().any(shows_unreadable),
        Value::Object(all) => all.values().any(shows_unreadable),
        _ => false,
    }
}

/// How many pictures a chat shows, in any dialect.
pub fn count_pictures(body: &Value) -> usize {
    let is_picture = |it: &serde_json::Map<String, Value>| {
        let kind = it.get("type").and_then(Value::as_str);
        let media = ["mimeType", "mime_type"]
            .into_iter()
            .find_map(|name| it.get(name)?.as_str());
        matches!(kind, Some("image" | "image_url" | "input_image"))
            || media.is_some_and(|it| it.starts_with("image/"))
    };
    match body {
        Value::Array(all) => all.iter().map(count_pictures).sum(),
        Value::Object(it) if is_picture(it) => 1,
        Value::Object(it) => it.values().map(count_pictures).sum(),
        _ => 0,
    }
}

/// The tokens of all pictures in a chat. Only what says how large it is, as
/// `PNG` does, is counted.
pub fn count_shown(model: &str, messages: &Value) -> u64 {
    let all = messages.as_array().into_iter().flatten();
    let parts = all.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let shown = parts.filter(|part| part["type"] == "image_url");
    let tokens = shown.filter_map(|part| {
        let picture = &part["image_url"];
        let (width, height) = size_of(picture["url"].as_str()?)?;
        let is_bounded = matches!(picture["detail"].as_str(), Some("low" | "high"));
        Some(count(model, is_bounded, (width, height)))
    });
    tokens.sum()
}

fn count(model: &str, is_bounded: bool, (width, height): (u64, u64)) -> u64 {
    let tiled = BY_TILES.iter().find(|(begin, ..)| model.starts_with(begin));
    if let Some((_, picture, tile)) = tiled {
        return picture + tile * tiles(width, height);
    }
    let most = if is_bounded {
        PATCHES_MAX.0
    } else {
        PATCHES_MAX.1
    };
    let patches = (width.div_ceil(32) * height.div_ceil(32)).min(most);
    patches * 6 / 5
}

/// How many tiles a picture is once it fits into 2,048 pixels, and its shorter
/// side into 768.
fn tiles(width: u64, height: u64) -> u64 {
    let (long, short) = (width.max(height).max(1), width.min(height));
    let fitted = (long.min(2_048), short * long.min(2_048) / long);
    let (long, short) = if fitted.1 > 768 {
        (fitted.0 * 768 / fitted.1, 768)
    } else {
        fitted
    };
    long.div_ceil(512) * short.div_ceil(512)
}

/// The size of a `PNG` in a `data:` address, in pixels.
fn size_of(url: &str) -> Option<(u64, u64)> {
    let data = url.strip_prefix("data:image/png;base64,")?;
    let bytes = STANDARD.decode(data).ok()?;
    let head = bytes.get(12..24)?;
    let sides = head.strip_prefix(b"IHDR")?;
    let side = |at: usize| {
        Some(u64::from(u32::from_be_bytes(
            sides.get(at..at + 4)?.try_into().ok()?,
        )))
    };
    Some((side(0)?, side(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_counts_as_the_guide_says() {
        for (model, is_bounded, size, tokens) in [
            ("gpt-4o", true, (1_024, 1_024), 765),
            ("gpt-4o", true, (2_048, 4_096), 1_105),
            ("gpt-4o-mini", true, (1_024, 1_024), 25_501),
            ("gpt-4o-mini", true, (4_096, 1_536), 48_169),
            ("gpt-6-luna", true, (1_024, 1_024), 1_228),
            ("gpt-6-luna", true, (8_192, 8_192), 3_000),
            ("gpt-6-luna", false, (8_192, 8_192), 36_000),
        ] {
            assert_eq!(count(model, is_bounded, size), tokens, "{model} {size:?}");
        }
    }
}
