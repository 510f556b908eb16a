//! Charts as PNG. They bring their own background, so that they read the
//! same on Discord's dark and light themes.

use std::sync::OnceLock;

use anyhow::{Context, anyhow, ensure};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::bot::words::speech::lang::Lang;
use crate::model::NanoDollars;

/// `DejaVu Sans`, Latin characters only; its licence stands beside it.
const FONT: &[u8] = include_bytes!("../../../../assets/fonts/DejaVuSans-subset.ttf");
const FONT_NAME: &str = "chart";
const SIZE: (u32, u32) = (880, 620);
/// On a telephone the picture is 390 points wide, less than half of its size, so
/// that letters are more than twice as large as they should look.
const TITLE_SIZE: u32 = 34;
const TEXT_SIZE: u32 = 27;
/// How many dates stand under a chart, and figures beside it.
const DATES_MAX: usize = 5;
const FIGURES: usize = 5;
/// A digit of those figures is so wide.
const FIGURE_WIDTH: u32 = 17;
/// A line of the legend, two names of which stand beside each other.
const LEGEND_LINE: u32 = 38;
const LEGEND_COLUMNS: u32 = 2;
const LEGEND_CHARACTERS_MAX: usize = 24;

/// The card that a chart is drawn on.
pub const BACKGROUND: RGBColor = RGBColor(0x23, 0x26, 0x2d);
pub const TEXT: RGBColor = RGBColor(0xe8, 0xea, 0xee);
pub const GRID: RGBColor = RGBColor(0x3d, 0x42, 0x4d);
/// Apart for people who see no red or green too (Okabe and Ito).
pub const COLOURS: [RGBColor; 6] = [
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0xb8, 0x8a),
    RGBColor(0xf0, 0xe4, 0x42),
    RGBColor(0xe2, 0x8a, 0xbb),
    RGBColor(0xa8, 0xae, 0xb8),
];

/// What the heights of piles count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Dollars,
    Tokens,
}

/// Bars that stand on each other, one pile for each day.
pub struct Chart {
    pub title: String,
    pub unit: Unit,
    /// Which writes the figures beside the piles.
    pub lang: Lang,
    /// What stands under each pile.
    pub days: Vec<String>,
    /// A name, and a height for each day; six at the most.
    pub series: Vec<(String, Vec<f64>)>,
}

impl Chart {
    /// Draws it. Takes some milliseconds of computing.
    pub fn png(&self) -> anyhow::Result<Vec<u8>> {
        ensure!(has_font(), "the font of charts can't be read");
        let mut pixels = vec![0; (SIZE.0 * SIZE.1 * 3) as usize];
        self.draw(&mut pixels)
            .map_err(|error| anyhow!("could not draw a chart: {error}"))?;
        encode(&pixels).context("could not write a chart")
    }

    fn draw(&self, pixels: &mut [u8]) -> Result<(), Box<dyn std::error::Error + '_>> {
        let area = BitMapBackend::with_buffer(pixels, SIZE).into_drawing_area();
        area.fill(&BACKGROUND)?;
        let legend = self.legend_height();
        let (piles, names) = area.split_vertically(SIZE.1 - legend);
        self.draw_legend(&names)?;
        let piles = piles.margin(12, 4, 10, 24);
        let text = |size: u32| (FONT_NAME, size).into_font().color(&TEXT);
        let days = self.days.len().max(1);
        let top = self.highest().max(f64::MIN_POSITIVE) * 1.05;
        let mut chart = ChartBuilder::on(&piles)
            .caption(&self.title, text(TITLE_SIZE))
            .x_label_area_size(48)
            .y_label_area_size(self.axis_width(top))
            .build_cartesian_2d(0..days, 0.0..top)?;
        let label = |at: &usize| self.days.get(*at).cloned().unwrap_or_default();
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(BACKGROUND)
            .axis_style(GRID)
            .label_style(text(TEXT_SIZE))
            .x_labels(days.min(DATES_MAX))
            .x_label_formatter(&label)
            .y_labels(FIGURES)
            .y_label_formatter(&|height| self.figure(*height))
            .draw()?;
        let mut below = vec![0.0; days];
        for ((_, heights), colour) in self.series.iter().zip(COLOURS) {
            let bars = heights
                .iter()
                .zip(&mut below)
                .enumerate()
                .map(|(day, (height, below))| {
                    let from = *below;
                    *below += height;
                    let mut bar = Rectangle::new([(day, from), (day + 1, *below)], colour.filled());
                    let gap = u32::from(days <= 60);
                    bar.set_margin(0, 0, gap, gap);
                    bar
                });
            let bars: Vec<_> = bars.collect();
            chart.draw_series(bars)?;
        }
        area.present()?;
        Ok(())
    }

    /// The room that the longest figure beside the piles takes.
    fn axis_width(&self, top: f64) -> u32 {
        let heights = RangedCoordf64::from(0.0..top).key_points(FIGURES);
        let figures = heights.iter().map(|height| self.figure(*height));
        let longest = figures.map(|figure| figure.chars().count()).max();
        let longest = u32::try_from(longest.unwrap_or(0)).unwrap_or(0);
        longest * FIGURE_WIDTH + 26
    }

    /// A figure beside the piles, which is round.
    fn figure(&self, height: f64) -> String {
        match self.unit {
            Unit::Dollars => {
                let amount = NanoDollars::nearest_to_dollars(height).unwrap_or_default();
                self.lang.money_in_full(amount)
            }
            Unit::Tokens => self.lang.decimal(&short(height)),
        }
    }

    fn legend_height(&self) -> u32 {
        let names = u32::try_from(self.series.len().min(COLOURS.len())).unwrap_or(0);
        names.div_ceil(LEGEND_COLUMNS) * LEGEND_LINE + 10
    }

    /// Names the colours, below the piles, so that none is covered.
    fn draw_legend(
        &self,
        area: &DrawingArea<BitMapBackend<'_>, Shift>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let style = (FONT_NAME, TEXT_SIZE).into_font().color(&TEXT);
        let column = SIZE.0 / LEGEND_COLUMNS;
        for (at, ((name, _), colour)) in (0_u32..).zip(self.series.iter().zip(COLOURS)) {
            let left = 20 + at % LEGEND_COLUMNS * column;
            let top = at / LEGEND_COLUMNS * LEGEND_LINE;
            let (left, top) = (left.cast_signed(), top.cast_signed());
            let swatch = [(left, top + 4), (left + 22, top + 26)];
            area.draw(&Rectangle::new(swatch, colour.filled()))?;
            area.draw_text(&clip(name), &style, (left + 32, top + 1))?;
        }
        Ok(())
    }

    fn highest(&self) -> f64 {
        let piles = (0..self.days.len()).map(|day| {
            let heights = self
                .series
                .iter()
                .filter_map(|(_, heights)| heights.get(day));
            heights.sum::<f64>()
        });
        piles.fold(0.0, f64::max)
    }
}

/// A name in the legend, with points where some of it is left out.
fn clip(name: &str) -> String {
    if name.chars().count() <= LEGEND_CHARACTERS_MAX {
        return name.to_owned();
    }
    let begun: String = name.chars().take(LEGEND_CHARACTERS_MAX - 3).collect();
    format!("{begun}...")
}

/// Whether the font has every character of a text: those of Latin-1.
pub fn can_draw(text: &str) -> bool {
    text.chars().all(|c| u32::from(c) <= 0xff)
}

/// Registers the font, once for the process.
fn has_font() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| register_font(FONT_NAME, FontStyle::Normal, FONT).is_ok())
}

/// A height in few characters: `1.5M`, `20k`, `0.004`.
fn short(height: f64) -> String {
    let (height, unit) = match height {
        h if h >= 1e6 => (h / 1e6, "M"),
        h if h >= 1e4 => (h / 1e3, "k"),
        h => (h, ""),
    };
    // Three digits that count, however small it is.
    let digits = match height {
        h if h >= 10.0 || h <= 0.0 => 0,
        h => (1..=9)
            .find(|digits| h * 10_f64.powi(*digits) >= 100.0)
            .unwrap_or(9),
    };
    let digits = usize::try_from(digits).unwrap_or_default();
    let text = format!("{height:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let light = |c: RGBColor| 0.2126 * part(c.0) + 0.7152 * part(c.1) + 0.0722 * part(c.2);
        let (a, b) = (light(one) + 0.05, light(other) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn a_chart_reads_well_on_its_own_background() {
        assert!(contrast(TEXT, BACKGROUND) >= 7.0);
        for colour in COLOURS {
            assert!(contrast(colour, BACKGROUND) >= 3.0, "{colour:?}");
        }
    }

    #[test]
    fn a_chart_is_a_png_with_every_colour_that_it_uses() {
        let chart = Chart {
            title: "Estimated cost by day".into(),
            unit: Unit::Dollars,
            lang: Lang::default(),
            days: (1..=30).map(|day| format!("Nov {day}")).collect(),
            series: vec![
                (
                    "OpenAI gpt-6-luna".into(),
                    (0..30).map(|d| f64::from(d % 7) * 0.1).collect(),
                ),
                (
                    "Anthropic claude-haiku-5-5".into(),
                    (0..30).map(|d| f64::from(d % 5) * 0.07).collect(),
                ),
                ("others".into(), vec![0.05; 30]),
            ],
        };
        let bytes = chart.png().unwrap();
        crate::tests::keep_picture("chart", &bytes);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let has = |colour: &RGBColor| {
            pixels
                .chunks(3)
                .any(|p| p == [colour.0, colour.1, colour.2])
        };
        assert!(COLOURS.iter().take(3).all(has));
        assert!(has(&TEXT) && has(&BACKGROUND));
    }

    #[test]
    fn nothing_at_all_makes_a_chart_too() {
        let chart = Chart {
            title: String::new(),
            unit: Unit::Tokens,
            lang: Lang::default(),
            days: Vec::new(),
            series: Vec::new(),
        };
        assert!(!chart.png().unwrap().is_empty());
    }

    #[test]
    fn a_name_that_is_clipped_says_so() {
        for (name, shown) in [
            ("mistral-small-latest", "mistral-small-latest"),
            ("gemini-3.1-flash-lite-image", "gemini-3.1-flash-lite..."),
        ] {
            assert_eq!(clip(name), shown);
        }
    }

    #[test]
    fn heights_are_short() {
        for (height, text) in [
            (0.0, "0"),
            (0.000_000_39, "0.00000039"),
            (0.004, "0.004"),
            (0.5, "0.5"),
            (2.25, "2.25"),
            (20.0, "20"),
            (20_000.0, "20k"),
            (1_500_000.0, "1.5M"),
        ] {
            assert_eq!(short(height), text);
        }
    }
}
