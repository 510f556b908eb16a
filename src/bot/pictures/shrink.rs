//! Smaller copies of pictures that Discord does not take as they are.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Rgb, RgbImage};

use crate::model::{Picture, PictureKind};

/// What a copy has at the most: Discord took files of this size for as long
/// as it has had any limit (`docs/discord.md` §3.1).
const BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// The longer side of a copy, in pixels: the first that is small enough is
/// taken.
const SIDES: [u32; 6] = [2_048, 1_536, 1_024, 768, 512, 256];
/// How well a copy is kept, of 100.
const QUALITY: u8 = 85;
/// What shows where a picture is transparent.
const PAPER: u8 = 0xff;

/// Copies of pictures, each at most half as large; those of which there is no
/// smaller one stay as they are.
pub async fn smaller_copies(pictures: Vec<Picture>) -> Vec<Picture> {
    let kept = pictures.clone();
    let shrinking = move || pictures.into_iter().map(shrink_or_keep).collect();
    let copies = tokio::task::spawn_blocking(shrinking).await;
    copies.unwrap_or(kept)
}

fn shrink_or_keep(picture: Picture) -> Picture {
    shrink(&picture).unwrap_or(picture)
}

/// The largest JPEG of a picture that is small enough. Of one that moves it
/// shows the first frame.
fn shrink(picture: &Picture) -> Option<Picture> {
    let reader = ImageReader::new(Cursor::new(&picture.bytes)).with_guessed_format();
    let mut decoder = reader.ok()?.into_decoder().ok()?;
    let profile = decoder.icc_profile().ok().flatten();
    let orientation = decoder.orientation().ok()?;
    let mut whole = DynamicImage::from_decoder(decoder).ok()?;
    whole.apply_orientation(orientation);
    let bytes_max = BYTES_MAX.min(picture.bytes.len() / 2);
    let longer = whole.width().max(whole.height());
    for side in SIDES {
        let copy = if side < longer {
            on_paper(&whole.resize(side, side, FilterType::Triangle))
        } else {
            on_paper(&whole)
        };
        let bytes = encode(&copy, profile.clone())?;
        if bytes.len() <= bytes_max {
            return Some(Picture {
                kind: PictureKind::Jpeg,
                bytes: bytes.into(),
            });
        }
    }
    None
}

/// The picture without transparency, of which JPEG has none.
fn on_paper(picture: &DynamicImage) -> RgbImage {
    let pixels = picture.to_rgba8();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, opacity] = pixels.get_pixel(x, y).0;
        Rgb([red, green, blue].map(|colour| {
            let (colour, opacity) = (u32::from(colour), u32::from(opacity));
            let mixed = colour * opacity + u32::from(PAPER) * (255 - opacity);
            u8::try_from(mixed / 255).unwrap_or(PAPER)
        }))
    })
}

fn encode(picture: &RgbImage, profile: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    // Without its profile, a picture shows in slightly other colours.
    let _: Option<()> = profile.and_then(|profile| encoder.set_icc_profile(profile).ok());
    picture.write_with_encoder(encoder).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture that does not compress well, half transparent.
    fn noise(side: u32) -> Picture {
        let mut state = 1_u32;
        let pixels = image::RgbaImage::from_fn(side, side, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgba([(state >> 24).to_le_bytes()[0], 9, 9, 128])
        });
        let mut bytes = Cursor::new(Vec::new());
        let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
        pixels.write_with_encoder(encoder).unwrap();
        Picture {
            kind: PictureKind::Png,
            bytes: bytes.into_inner().into(),
        }
    }

    #[test]
    fn a_copy_is_at_most_half_as_large_and_looks_alike() {
        let picture = noise(300);
        let copy = shrink(&picture).unwrap();
        assert_eq!(PictureKind::of(&copy.bytes), Some(PictureKind::Jpeg));
        assert!(copy.bytes.len() <= picture.bytes.len() / 2);
        let shown = image::load_from_memory(&copy.bytes).unwrap().to_rgb8();
        assert_eq!(shown.width(), shown.height());
        // The paper shows through.
        assert!(shown.get_pixel(9, 9).0[1] > 100);
        let broken = Picture {
            kind: PictureKind::Png,
            bytes: b"\x89PNG\r\n\x1a\nmade up".as_slice().into(),
        };
        assert_eq!(shrink_or_keep(broken.clone()), broken);
    }
}
