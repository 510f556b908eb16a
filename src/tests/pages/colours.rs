//! The contrast of every pair of colours that pages put on each other, in
//! both looks, by the formula of
//! [WCAG 2.2](https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).

use std::collections::BTreeMap;

use regex::Regex;

const STYLE: &str = include_str!("../../../assets/console/console.css");
/// What text needs, and what borders and areas need.
const TEXT: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// A colour in light and in dark.
type Colour = [[u8; 3]; 2];

/// The colours that the style sheet names, by their names.
fn colours() -> BTreeMap<String, Colour> {
    let named = Regex::new(r"--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);");
    let read = |hex: &str| {
        let number = u32::from_str_radix(hex, 16).unwrap().to_be_bytes();
        [number[1], number[2], number[3]]
    };
    let named = named.unwrap();
    let found = named.captures_iter(STYLE);
    let pairs = found.map(|it| (it[1].to_owned(), [read(&it[2]), read(&it[3])]));
    pairs.collect()
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let [one, other] = [one, other].map(luminance);
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_pair_of_colours_can_be_told_apart() {
    let colours = colours();
    let mut pairs = Vec::new();
    for ground in ["paper", "card", "well"] {
        for text in ["ink", "ink-2", "ink-3", "danger"] {
            pairs.push((text.to_owned(), ground.to_owned(), TEXT));
        }
        pairs.push(("edge".to_owned(), ground.to_owned(), SHAPE));
    }
    pairs.push(("on-ink".to_owned(), "ink".to_owned(), TEXT));
    pairs.push(("danger".to_owned(), "danger-soft".to_owned(), TEXT));
    for payer in ["own", "server", "bot", "demo"] {
        pairs.push((payer.to_owned(), format!("{payer}-soft"), TEXT));
        pairs.push((payer.to_owned(), "card".to_owned(), TEXT));
        pairs.push(("card".to_owned(), payer.to_owned(), TEXT));
        pairs.push((format!("{payer}-fill"), "card".to_owned(), SHAPE));
    }
    for (over, under, least) in pairs {
        for look in [0, 1] {
            let found = contrast(colours[&over][look], colours[&under][look]);
            assert!(
                found >= least,
                "{over} on {under} in look {look}: {found:.2}"
            );
        }
    }
}

#[test]
fn the_formula_is_that_of_the_recommendation() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([0x77; 3], [255; 3]) - 4.478).abs() < 1e-3);
}
