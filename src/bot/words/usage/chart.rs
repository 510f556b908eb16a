//! Charts as PNG. They bring their own background, so that they read the
//! same on Discord's dark and light themes.

use std::sync::OnceLock;

use anyhow::{Context, anyhow, ensure};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// `DejaVu Sans`, Latin characters only; its licence stands beside it.
const FONT: &[u8] = include_bytes!("../../../../assets/fonts/DejaVuSans-subset.ttf");
const FONT_NAME: &str = "chart";
const SIZE: (u32, u32) = (880, 440);
const TITLE_SIZE: u32 = 20;
const TEXT_SIZE: u32 = 15;
/// How many dates stand under a chart.
const DATES_MAX: usize = 8;

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

/// Bars that stand on each other, one pile for each day.
pub struct Chart {
    pub title: String,
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
        let area = area.margin(8, 8, 8, 20);
        let text = |size: u32| (FONT_NAME, size).into_font().color(&TEXT);
        let days = self.days.len().max(1);
        // Room above the piles, so that the legend covers none of them.
        let legend = self.series.iter().fold(0.1, |room, _| room + 0.08);
        let top = self.highest().max(f64::MIN_POSITIVE) * (1.0 + legend);
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, text(TITLE_SIZE))
            .x_label_area_size(34)
            .y_label_area_size(74)
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
            .y_labels(6)
            .y_label_formatter(&|height| short(*height))
            .draw()?;
        let mut below = vec![0.0; days];
        for ((name, heights), colour) in self.series.iter().zip(COLOURS) {
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
            chart.draw_series(bars)?.label(name).legend(move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 12, y + 6)], colour.filled())
            });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(BACKGROUND.mix(0.85))
            .border_style(GRID)
            .label_font(text(TEXT_SIZE))
            .draw()?;
        area.present()?;
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
            title: "Estimated cost a day, in dollars".into(),
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
            days: Vec::new(),
            series: Vec::new(),
        };
        assert!(!chart.png().unwrap().is_empty());
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
