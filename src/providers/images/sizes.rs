//! The size that each model is asked for: as near as it can come to what was
//! wished; `docs/providers.md` §14.1 and §14.2.

use crate::model::{ImageSpec, Size};

/// The sizes that every model of OpenAI's makes.
const STANDARD: [(u32, u32); 3] = [(1_024, 1_024), (1_536, 1_024), (1_024, 1_536)];
/// The models that make other sizes too, by how their names begin.
const FREE_SIZES: &str = "gpt-image-2";
/// What the sides of such a size are multiples of.
const STEP: u32 = 16;
/// How many times the short side the long one is at the most.
const RATIO_MAX: u32 = 3;
/// The fewest pixels of such a size.
const PIXELS_MIN: u32 = 655_360;

/// From so many pixels on, a picture is nearer to 2,048 x 2,048 than to
/// 1,024 x 1,024.
const LARGE_PIXELS: u32 = 2_048 * 1_024;

/// The proportions that xAI makes, but for those of telephones, which are no
/// whole numbers.
const RATIOS_OF_XAI: [(u32, u32); 11] = [
    (1, 1),
    (3, 4),
    (4, 3),
    (2, 3),
    (3, 2),
    (9, 16),
    (16, 9),
    (1, 2),
    (2, 1),
    (9, 20),
    (20, 9),
];
/// The proportions that all of Gemini's image models make.
const RATIOS_OF_GEMINI: [(u32, u32); 10] = [
    (1, 1),
    (2, 3),
    (3, 2),
    (3, 4),
    (4, 3),
    (4, 5),
    (5, 4),
    (9, 16),
    (16, 9),
    (21, 9),
];
/// Gemini's models that make larger pictures, by how their names begin.
const LARGE_AT_GEMINI: [&str; 2] = ["gemini-3-pro-image", "gemini-3.1-flash-image"];

/// The size that a model of `OpenAI`'s is asked for; none where it is left to
/// the model.
pub fn asked_size(model: &str, spec: &ImageSpec) -> Option<String> {
    let size = spec.size?;
    // Where a picture is changed, JSON takes the standard sizes alone.
    let (width, height) = if model.starts_with(FREE_SIZES) && !spec.is_edit {
        free_size(size)
    } else {
        nearest_proportions(&STANDARD, size)
    };
    Some(format!("{width}x{height}"))
}

/// The proportions that `xAI` is asked for.
pub fn xai_ratio(size: Size) -> String {
    nearest_ratio(&RATIOS_OF_XAI, size)
}

/// The resolution that `xAI` is asked for.
pub fn xai_resolution(size: Size) -> &'static str {
    if is_large(size) { "2k" } else { "1k" }
}

/// The proportions that OpenRouter is asked for: those that most of its
/// models make.
pub fn openrouter_ratio(size: Size) -> String {
    nearest_ratio(&RATIOS_OF_GEMINI, size)
}

/// The proportions that Gemini is asked for.
pub fn gemini_ratio(size: Size) -> String {
    nearest_ratio(&RATIOS_OF_GEMINI, size)
}

/// The size that a model of Gemini's is asked for; none where it makes one
/// alone, or where that is the wished one.
pub fn gemini_size(model: &str, size: Size) -> Option<&'static str> {
    let makes_large = LARGE_AT_GEMINI.iter().any(|name| model.starts_with(name));
    (makes_large && is_large(size)).then_some("2K")
}

fn is_large(size: Size) -> bool {
    size.width * size.height >= LARGE_PIXELS
}

/// The known proportions that are the nearest to a size, as `16:9`.
fn nearest_ratio<const N: usize>(known: &[(u32, u32); N], size: Size) -> String {
    let (width, height) = nearest_proportions(known, size);
    format!("{width}:{height}")
}

/// The known proportions that are the nearest to a size.
fn nearest_proportions<const N: usize>(known: &[(u32, u32); N], size: Size) -> (u32, u32) {
    let ratio = |(width, height): (u32, u32)| f64::from(width) / f64::from(height);
    let wanted = ratio((size.width, size.height)).ln();
    let distance = |known: (u32, u32)| (ratio(known).ln() - wanted).abs();
    let nearest = known.iter().copied();
    let nearest = nearest.min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    nearest.unwrap_or((size.width, size.height))
}

/// The nearest size with sides in steps of [`STEP`], neither too small nor too
/// narrow.
fn free_size(size: Size) -> (u32, u32) {
    let is_wide = size.width >= size.height;
    let sides = (size.width.max(size.height), size.width.min(size.height));
    let (mut long, mut short) = (f64::from(sides.0), f64::from(sides.1));
    let pixels = long * short;
    if long > short * f64::from(RATIO_MAX) {
        // As many pixels as were wished, in the narrowest form.
        short = (pixels / f64::from(RATIO_MAX)).sqrt();
        long = pixels / short;
    }
    let scale = (f64::from(PIXELS_MIN) / pixels).sqrt().max(1.0);
    let mut short = to_step(short * scale);
    let mut long = to_step(long * scale).min(short * RATIO_MAX);
    while long * short < PIXELS_MIN {
        if long < short * RATIO_MAX {
            long += STEP;
        } else {
            short += STEP;
        }
    }
    if is_wide {
        (long, short)
    } else {
        (short, long)
    }
}

/// The nearest multiple of [`STEP`] that is no nothing.
fn to_step(side: f64) -> u32 {
    let steps = (side / f64::from(STEP)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides are from 256 to a few thousand"
    )]
    let steps = steps as u32;
    steps.max(1) * STEP
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(typed: &str) -> ImageSpec {
        ImageSpec {
            size: Size::parse(typed),
            ..ImageSpec::default()
        }
    }

    #[test]
    fn each_model_is_asked_for_what_is_the_nearest_that_it_makes() {
        let mut table = String::new();
        for typed in [
            "1024x1024",
            "1536x1024",
            "1920x1080",
            "512x512",
            "2048x2048",
            "256x2048",
            "768x1368",
        ] {
            let (spec, size) = (spec(typed), Size::parse(typed).unwrap());
            let edit = ImageSpec {
                is_edit: true,
                ..spec.clone()
            };
            let asked = |model: &str, spec: &ImageSpec| asked_size(model, spec).unwrap();
            let columns = [
                typed.to_owned(),
                asked("gpt-image-2", &spec),
                asked("gpt-image-2", &edit),
                asked("gpt-image-1.5", &spec),
                format!("{} {}", xai_ratio(size), xai_resolution(size)),
                openrouter_ratio(size),
                gemini_ratio(size),
                format!("{:?}", gemini_size("gemini-3-pro-image", size)),
                format!("{:?}", gemini_size("gemini-3.1-flash-lite-image", size)),
            ];
            table.push_str(&columns.join(" | "));
            table.push('\n');
        }
        insta::assert_snapshot!(table, @r#"
        1024x1024 | 1024x1024 | 1024x1024 | 1024x1024 | 1:1 1k | 1:1 | 1:1 | None | None
        1536x1024 | 1536x1024 | 1536x1024 | 1536x1024 | 3:2 1k | 3:2 | 3:2 | None | None
        1920x1080 | 1920x1088 | 1536x1024 | 1536x1024 | 16:9 1k | 16:9 | 16:9 | None | None
        512x512 | 816x816 | 1024x1024 | 1024x1024 | 1:1 1k | 1:1 | 1:1 | None | None
        2048x2048 | 2048x2048 | 1024x1024 | 1024x1024 | 1:1 2k | 1:1 | 1:1 | Some("2K") | None
        256x2048 | 480x1392 | 1024x1536 | 1024x1536 | 9:20 1k | 9:16 | 9:16 | None | None
        768x1368 | 768x1376 | 1024x1536 | 1024x1536 | 9:16 1k | 9:16 | 9:16 | None | None
        "#);
        assert_eq!(asked_size("gpt-image-2", &ImageSpec::default()), None);
    }

    proptest! {
        #[test]
        fn any_size_becomes_one_that_openai_takes(width in 32..=256_u32, height in 32..=256_u32) {
            let wished = Size { width: width * 8, height: height * 8 };
            let (wide, high) = free_size(wished);
            prop_assert!(wide % STEP == 0 && high % STEP == 0);
            prop_assert!(wide.max(high) <= RATIO_MAX * wide.min(high));
            prop_assert!(wide.max(high) <= 3_840);
            prop_assert!((PIXELS_MIN..=8_294_400).contains(&(wide * high)));
            prop_assert_eq!(wide >= high, wished.width >= wished.height || wide == high);
        }
    }
    #[test]
    fn the_nearest_proportions_are_made() {
        let known = [(1_024, 1_024), (1_536, 1_024), (1_024, 1_536)];
        for (typed, made) in [
            ("512x512", known[0]),
            ("1920x1080", known[1]),
            ("768x1024", known[2]),
            ("1024x1000", known[0]),
        ] {
            let size = Size::parse(typed).unwrap();
            assert_eq!(nearest_proportions(&known, size), made, "{typed}");
        }
    }
}
