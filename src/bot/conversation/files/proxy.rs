//! Discord's media proxy, which hands out a smaller copy of a picture, in
//! another format if need be (`docs/discord.md` §6.1).

use serenity::all::Attachment;
use url::Url;

/// The longest side of a copy, in pixels: as fine as models look.
const SIDE_MAX: u32 = 2_048;

/// The address of a copy that is small enough, and in a format that every
/// model sees. None if Discord could not measure the picture: such files the
/// proxy does not hand out.
pub fn smaller_copy(file: &Attachment) -> Option<Url> {
    let (width, height) = (file.width?, file.height?);
    let longest = width.max(height);
    if width == 0 || height == 0 {
        return None;
    }
    let fit = |side: u32| {
        let fitted = u64::from(side) * u64::from(SIDE_MAX.min(longest)) / u64::from(longest);
        fitted.max(1).to_string()
    };
    let mut url = Url::parse(&file.proxy_url).ok()?;
    url.query_pairs_mut()
        .append_pair("format", "webp")
        .append_pair("width", &fit(width))
        .append_pair("height", &fit(height));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_copy_keeps_its_shape_and_the_signature_of_its_address() {
        let address = "https://media.discordapp.net/attachments/1/2/x.jpg?ex=1&is=2&hm=3&";
        for (width, height, sides) in [
            (Some(4032), Some(3024), Some("width=2048&height=1536")),
            (Some(3024), Some(4032), Some("width=1536&height=2048")),
            (Some(800), Some(600), Some("width=800&height=600")),
            (Some(u32::MAX), Some(1), Some("width=2048&height=1")),
            (Some(0), Some(9), None),
            (Some(800), None, None),
            (None, None, None),
        ] {
            let file = json!({
                "id": "1", "filename": "x.jpg", "size": 9, "url": "https://x",
                "proxy_url": address, "width": width, "height": height,
            });
            let file: Attachment = serde_json::from_value(file).unwrap();
            let copy = smaller_copy(&file).map(String::from);
            let expected = sides.map(|sides| {
                format!("https://media.discordapp.net/attachments/1/2/x.jpg?ex=1&is=2&hm=3&&format=webp&{sides}")
            });
            assert_eq!(copy, expected);
        }
    }
}
