//! Downloads a picture that a host has stored somewhere; `docs/providers.md`
//! §14.9.
//!
//! What can't be had is a reason of that one picture, and no failure of the
//! others. Pictures come only from the addresses at which the host stores them, only
//! over https (but for the operator's own addresses), never after a redirect,
//! and never larger than can be shown in a smaller copy. What comes must be a picture by its
//! first bytes.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::Method;
use tokio::time::Instant;
use url::Url;

use crate::model::{Credential, FailureClass, ForeignFile, MissingPicture, Picture, PictureKind};
use crate::providers::catalogue::origin;
use crate::providers::transport::http::address_of;
use crate::providers::transport::outbound::Call;

use super::host::{Host, TALKING};
use super::job::FetchedPicture;

/// The largest picture that is taken: a PNG of 4,096 × 4,096 pixels has up to
/// 30 MB. Discord takes smaller ones; of those that it does not take, it gets
/// smaller copies.
pub const PICTURE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How much of a text is looked at to tell what it is.
const HEAD_BYTES: usize = 512;
/// Some encoders leave the padding out.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Downloads a picture from an address that the host named. One that holds
/// the picture itself is decoded.
pub async fn fetch_stored(host: &Host<'_>, url: &str) -> FetchedPicture {
    if url.trim_start().starts_with("data:") {
        return decode_picture(url);
    }
    let url =
        Url::parse(url.trim()).map_err(|_| MissingPicture::NotAPicture(ForeignFile::Unknown))?;
    if !may_come_from(host, &url) {
        return Err(untrusted(&url));
    }
    let kept_at = url.host_str().map(ToOwned::to_owned);
    let fetched = download(host, url, None).await;
    fetched.map_err(|missing| match missing {
        MissingPicture::NotFetched(_) => MissingPicture::NotFetched(kept_at),
        missing => missing,
    })
}

/// Downloads a picture from the host's own interface.
pub async fn fetch_own(
    host: &Host<'_>,
    url: Url,
    credential: Option<&Credential>,
) -> FetchedPicture {
    download(host, url, credential).await
}

async fn download(host: &Host<'_>, url: Url, credential: Option<&Credential>) -> FetchedPicture {
    let deadline = Instant::now() + TALKING;
    let call = Call {
        provider: host.provider,
        method: Method::GET,
        to: address_of(&url),
        forwarded: &[],
        body: None,
        deadline,
        departure: None,
    };
    let incoming = host.outbound.send(call, credential).await;
    let mut incoming = incoming.map_err(|_| MissingPicture::NotFetched(None))?;
    match incoming.status {
        200 => {}
        404 | 410 => return Err(MissingPicture::Gone),
        // What it leads to is another address.
        300..=399 => return Err(MissingPicture::Untrusted(None)),
        _ => return Err(MissingPicture::NotFetched(None)),
    }
    let body = incoming.read_body(PICTURE_BYTES_MAX, deadline).await;
    check_picture(&body.map_err(|class| match class {
        FailureClass::TooLarge => MissingPicture::TooLarge,
        _ => MissingPicture::NotFetched(None),
    })?)
}

/// Decodes a picture that came as base64, with or without what a `data:`
/// address has before it, in lines or in one, padded or not: encoders of MIME
/// break lines (<https://www.rfc-editor.org/rfc/rfc2045#section-6.8>).
pub fn decode_picture(text: &str) -> FetchedPicture {
    let text = text.rsplit_once("base64,").map_or(text, |(_, rest)| rest);
    let bytes = if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let joined: Vec<u8> = text
            .bytes()
            .filter(|it| !it.is_ascii_whitespace())
            .collect();
        ANY_PADDING.decode(joined)
    } else {
        ANY_PADDING.decode(text)
    };
    check_picture(&bytes.map_err(|_| MissingPicture::NotAPicture(ForeignFile::Unknown))?)
}

/// Checks that bytes are a picture, and not too many.
pub fn check_picture(bytes: &[u8]) -> FetchedPicture {
    let Some(kind) = PictureKind::of(bytes) else {
        return Err(MissingPicture::NotAPicture(kind_of_foreign(bytes)));
    };
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(MissingPicture::TooLarge);
    }
    Ok(Picture {
        kind,
        bytes: bytes.into(),
    })
}

/// What bytes are that are no picture.
fn kind_of_foreign(bytes: &[u8]) -> ForeignFile {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]).to_lowercase();
    let head = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if head.is_empty() {
        ForeignFile::Nothing
    } else if head.starts_with('<') && head.contains("<svg") {
        ForeignFile::Drawing
    } else if head.starts_with(['<', '{', '[']) {
        ForeignFile::Text
    } else if is_film_or_sound(bytes) {
        ForeignFile::FilmOrSound
    } else {
        ForeignFile::Unknown
    }
}

/// Whether bytes are a video or a sound, by their first ones.
fn is_film_or_sound(bytes: &[u8]) -> bool {
    // Pictures of phones have the same frame as MP4.
    let of_phones = [b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"];
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            !of_phones.iter().any(|kind| brand.starts_with(*kind))
        }
        [0x1a, 0x45, 0xdf, 0xa3, ..]
        | [b'I', b'D', b'3', ..]
        | [0xff, 0xf2..=0xfb, ..]
        | [b'R', b'I', b'F', b'F', _, _, _, _, b'A' | b'W', ..] => true,
        _ => bytes.starts_with(b"OggS") || bytes.starts_with(b"fLaC"),
    }
}

fn untrusted(url: &Url) -> MissingPicture {
    MissingPicture::Untrusted(url.host_str().map(ToOwned::to_owned))
}

/// Whether the host keeps pictures there: at its own address, which is the
/// operator's to choose, or on one of the names that are known for it.
pub fn may_come_from(host: &Host<'_>, url: &Url) -> bool {
    if origin(url) == origin(host.base()) {
        return true;
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let Some(url::Host::Domain(name)) = url.host() else {
        return false;
    };
    let mut known = host.provider.images.hosts.iter();
    url.scheme() == "https" && plain && known.any(|known| is_named(known, name))
}

/// Whether a name is the known one. A star at its beginning stands for any
/// names below it, and one further on for one label, such as a region.
fn is_named(known: &str, name: &str) -> bool {
    let (rest, is_below) = match known.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (known, false),
    };
    let (wanted, labels) = (rest.split('.').count(), name.split('.').count());
    let mut pairs = rest.rsplit('.').zip(name.rsplit('.'));
    let long_enough = labels == wanted || is_below;
    labels >= wanted + usize::from(is_below)
        && long_enough
        && pairs.all(|(known, label)| known == "*" || known == label)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use std::sync::Arc;

    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

    use super::*;
    use crate::model::MemoryBudget;
    use crate::providers::transport::outbound::Outbound;
    use crate::providers::{Catalogue, Clients, Timeouts};

    #[test]
    fn what_is_no_picture_is_told_apart() {
        let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 64]].concat();
        let huge = [png.clone(), vec![0; PICTURE_BYTES_MAX]].concat();
        for (bytes, came) in [
            (png.as_slice(), None),
            (&huge, Some(MissingPicture::TooLarge)),
            (
                b"\0\0\0\x20ftypisom\0\0\x02\0",
                Some(MissingPicture::NotAPicture(ForeignFile::FilmOrSound)),
            ),
            (
                b"\x1a\x45\xdf\xa3webm",
                Some(MissingPicture::NotAPicture(ForeignFile::FilmOrSound)),
            ),
            (
                b"RIFF\0\0\0\0WAVEfmt ",
                Some(MissingPicture::NotAPicture(ForeignFile::FilmOrSound)),
            ),
            (
                b"fLaC\0",
                Some(MissingPicture::NotAPicture(ForeignFile::FilmOrSound)),
            ),
            (
                b"ID3\x04",
                Some(MissingPicture::NotAPicture(ForeignFile::FilmOrSound)),
            ),
            (
                b"\0\0\0\x20ftypavif\0\0\0\0",
                Some(MissingPicture::NotAPicture(ForeignFile::Unknown)),
            ),
            (
                b"<html>",
                Some(MissingPicture::NotAPicture(ForeignFile::Text)),
            ),
            (
                b" <?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
                Some(MissingPicture::NotAPicture(ForeignFile::Drawing)),
            ),
            (
                b"{\"error\": 1}",
                Some(MissingPicture::NotAPicture(ForeignFile::Text)),
            ),
            (b"", Some(MissingPicture::NotAPicture(ForeignFile::Nothing))),
            (
                b"MZ",
                Some(MissingPicture::NotAPicture(ForeignFile::Unknown)),
            ),
        ] {
            let encoded = STANDARD.encode(bytes);
            for text in [
                encoded.clone(),
                format!("data:image/png;base64,{encoded}"),
                format!(" {encoded}\n"),
                STANDARD_NO_PAD.encode(bytes),
                in_lines(&encoded, "\n"),
                format!("data:image/png;base64,{}", in_lines(&encoded, "\r\n")),
            ] {
                assert_eq!(decode_picture(&text).err(), came);
            }
        }
        assert_eq!(
            decode_picture("%").err(),
            Some(MissingPicture::NotAPicture(ForeignFile::Unknown))
        );
    }

    fn in_lines(text: &str, end: &str) -> String {
        let lines = text.as_bytes().chunks(76);
        let lines = lines.map(|line| String::from_utf8_lossy(line) + end);
        lines.collect()
    }

    #[test]
    fn a_star_stands_for_names_below_or_for_one_label() {
        for (known, name, is) in [
            ("a.example", "a.example", true),
            ("a.example", "b.a.example", false),
            ("*.a.example", "b.a.example", true),
            ("*.a.example", "c.b.a.example", true),
            ("*.a.example", "a.example", false),
            ("*.a.example", "evila.example", false),
            ("*.a.example", "a.example.evil", false),
            ("*.s3.*.a.example", "mine.s3.eu.a.example", true),
            ("*.s3.*.a.example", "s3.eu.a.example", false),
            ("*.s3.*.a.example", "mine.s3.eu.west.a.example", false),
            ("*.s3.*.a.example", "mine.ec2.eu.a.example", false),
        ] {
            assert_eq!(is_named(known, name), is, "{known} {name}");
        }
    }

    #[test]
    fn pictures_come_from_known_names_over_https_alone() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let clients = Clients::new(Duration::from_secs(1)).unwrap();
        let memory = Arc::new(MemoryBudget::new(0));
        let outbound = Outbound::new(clients, Timeouts::default(), memory);
        let host = Host {
            outbound: &outbound,
            provider: catalogue.find("runcomfy-serverless").unwrap(),
            credential: None,
        };
        for (url, may) in [
            (
                "https://serverless-api-storage.runcomfy.net/output/a.png",
                true,
            ),
            ("https://api.runcomfy.net/view", true),
            (
                "http://serverless-api-storage.runcomfy.net/output/a.png",
                false,
            ),
            ("https://runcomfy.net.evil.example/a.png", false),
            ("https://evilruncomfy.net/a.png", false),
            ("https://runcomfy.net/a.png", false),
            ("https://x@serverless-api-storage.runcomfy.net/a.png", false),
            (
                "https://serverless-api-storage.runcomfy.net:8443/a.png",
                false,
            ),
            ("https://127.0.0.1/a.png", false),
            ("https://[::1]/a.png", false),
            ("https://169.254.169.254/latest", false),
            ("https://2130706433/a.png", false),
            ("file:///etc/passwd", false),
            ("data:image/png;base64,AA", false),
        ] {
            assert_eq!(
                may_come_from(&host, &Url::parse(url).unwrap()),
                may,
                "{url}"
            );
        }
    }
}
