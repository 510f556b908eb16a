//! The picture that stands in for one where nobody can pay: the word *demo*,
//! drawn here.

use std::sync::{Arc, OnceLock};

use anyhow::Context;

use crate::model::{Picture, PictureKind};

/// The word, a letter's dot for each character.
const WORD: [&str; 7] = [
    "####.  #####  #...#  .###.",
    "#...#  #....  ##.##  #...#",
    "#...#  #....  #.#.#  #...#",
    "#...#  ####.  #...#  #...#",
    "#...#  #....  #...#  #...#",
    "#...#  #....  #...#  #...#",
    "####.  #####  #...#  .###.",
];
/// Its sides, and that of a dot, in pixels.
const SIDE: usize = 512;
const DOT: usize = 16;
/// Two greys, of which the word is the darker one.
const PAPER: u8 = 0xe6;
const INK: u8 = 0x5a;

/// The picture as PNG. It is drawn once.
pub fn demo_picture() -> anyhow::Result<Arc<[u8]>> {
    static DRAWN: OnceLock<Arc<[u8]>> = OnceLock::new();
    if let Some(drawn) = DRAWN.get() {
        return Ok(Arc::clone(drawn));
    }
    let drawn = encode(&draw()).context("could not write the demo's picture")?;
    Ok(Arc::clone(DRAWN.get_or_init(|| drawn.into())))
}

/// The demo's picture, as a host would have made it.
pub fn made_demo_picture() -> anyhow::Result<Picture> {
    Ok(Picture {
        kind: PictureKind::Png,
        bytes: demo_picture()?,
    })
}

/// Its pixels, in grey.
fn draw() -> Vec<u8> {
    let (width, height) = (
        WORD.map(str::len).into_iter().max().unwrap_or(0),
        WORD.len(),
    );
    let (left, top) = ((SIDE - width * DOT) / 2, (SIDE - height * DOT) / 2);
    let is_ink = |x: usize, y: usize| {
        let (column, row) = (x.checked_sub(left)? / DOT, y.checked_sub(top)? / DOT);
        let dots = WORD.get(row)?.as_bytes();
        Some(*dots.get(column)? == b'#')
    };
    let pixel = |at: usize| match is_ink(at % SIDE, at / SIDE) {
        Some(true) => INK,
        _ => PAPER,
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn encode(pixels: &[u8]) -> anyhow::Result<Vec<u8>> {
    let side = u32::try_from(SIDE)?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_drawn_in_the_middle() {
        let pixels = draw();
        let is_ink = |pixel: &u8| usize::from(*pixel == INK);
        let dark: usize = pixels.iter().map(is_ink).sum();
        let dots = WORD.iter().flat_map(|row| row.bytes());
        let dots = dots.filter(|byte| *byte == b'#');
        assert_eq!(dark, dots.count() * DOT * DOT);
        let picture = demo_picture().unwrap();
        assert_eq!(PictureKind::of(&picture), Some(PictureKind::Png));
        assert!(picture.len() < 20_000);
        crate::tests::keep_picture("demo-picture", &picture);
    }
}
