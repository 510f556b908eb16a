//! Pictures that a model is shown, as they stand in a body.

/// Media types that are pictures for every provider.
const TYPES: &[&str] = &["png", "jpeg", "jpg", "gif", "webp"];
/// Media types that are pictures for Google too.
const TYPES_OF_GOOGLE: &[&str] = &["heic", "heif", "avif", "bmp", "tiff"];

/// The base64 in a `data:` URL of a picture; none if it is another URL.
pub fn base64_in(url: &str, is_google: bool) -> Option<&str> {
    let (head, data) = url.strip_prefix("data:image/")?.split_once(',')?;
    let head = head.strip_suffix(";base64")?;
    let kind = head.split(';').next()?;
    let is_picture = TYPES.contains(&kind) || (is_google && TYPES_OF_GOOGLE.contains(&kind));
    is_picture.then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_taken_for_pictures() {
        for (url, google, data) in [
            ("data:image/png;base64,AAAA", false, Some("AAAA")),
            ("data:image/jpeg;name=a;base64,AA", false, Some("AA")),
            ("data:image/heic;base64,AA", false, None),
            ("data:image/heic;base64,AA", true, Some("AA")),
            ("data:image/svg+xml;base64,AA", true, None),
            ("data:image/png,AAAA", false, None),
            ("data:application/pdf;base64,AA", false, None),
            ("data:IMAGE/png;base64,AA", false, None),
            ("https://x.example/a.png", false, None),
        ] {
            assert_eq!(base64_in(url, google), data, "{url}");
        }
    }
}
