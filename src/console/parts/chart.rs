//! Bars that stand on each other, one pile for each day or month: drawn on the
//! server as SVG, once for wide screens and once for narrow ones, with the same
//! figures as a table below.

use crate::console::markup::{Markup, html};
use crate::console::parts::money::short;
use crate::model::NanoDollars;

/// What the heights of a chart count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    NanoDollars,
    Pieces,
}

/// The bars of one colour.
pub struct Series {
    /// Whose colour: `own`, `server`, `bot` or `demo`.
    pub class: &'static str,
    pub words: String,
    /// One for each pile.
    pub heights: Vec<u64>,
}

/// A pile: what stands below it, and what it is called in full.
pub struct Pile {
    pub label: String,
    pub name: String,
}

/// A chart.
pub struct Chart {
    /// What it shows, such as "Cost by day".
    pub title: String,
    /// What the figures are, for the head of the table.
    pub caption: String,
    pub unit: Unit,
    pub piles: Vec<Pile>,
    pub series: Vec<Series>,
}

/// A drawing's measures, in pixels.
struct Drawing {
    class: &'static str,
    width: f64,
    height: f64,
    /// Where the bars begin: the figures of the axis stand left of it.
    left: f64,
    /// How many labels stand below the piles at the most.
    labels: usize,
}

const WIDE: Drawing = Drawing {
    class: "chart big-screens",
    width: 960.0,
    height: 250.0,
    left: 58.0,
    labels: 9,
};
const NARROW: Drawing = Drawing {
    class: "chart small-screens",
    width: 340.0,
    height: 210.0,
    left: 52.0,
    labels: 4,
};
/// The room above and below the bars.
const TOP: f64 = 8.0;
const BELOW: f64 = 26.0;
/// How many lines the axis has at the most, above the one at nothing.
const LINES: u64 = 4;

impl Unit {
    /// How high the axis goes where nothing was used.
    fn least_axis(self) -> u64 {
        match self {
            Self::NanoDollars => 40_000_000,
            Self::Pieces => LINES,
        }
    }

    /// An amount that was used.
    pub fn format(self, amount: u64) -> String {
        match self {
            Self::NanoDollars => NanoDollars(amount).to_string(),
            Self::Pieces => short(amount),
        }
    }

    /// A figure of the axis, which is round.
    fn mark(self, amount: u64) -> String {
        match self {
            Self::NanoDollars => NanoDollars(amount).in_full(),
            Self::Pieces => short(amount),
        }
    }
}

impl Chart {
    /// Whether no pile has any height.
    pub fn is_empty(&self) -> bool {
        (0..self.piles.len()).all(|at| self.pile(at) == 0)
    }

    /// The whole of a pile.
    fn pile(&self, at: usize) -> u64 {
        let heights = self
            .series
            .iter()
            .filter_map(|series| series.heights.get(at));
        heights.fold(0, |sum: u64, height| sum.saturating_add(*height))
    }

    fn highest(&self) -> u64 {
        let piles = (0..self.piles.len()).map(|at| self.pile(at));
        piles.max().unwrap_or(0)
    }

    /// How many lines the axis needs above the one at nothing, so that no part
    /// of the drawing is left over.
    fn lines(&self, step: u64) -> u64 {
        match self.highest() {
            0 => LINES,
            highest => highest.div_ceil(step).clamp(1, LINES),
        }
    }

    /// The distance between two lines of the axis: 1, 2 or 5 times a power of
    /// ten.
    fn step(&self) -> u64 {
        let highest = match self.highest() {
            0 => self.unit.least_axis(),
            highest => highest.max(LINES),
        };
        let least = highest.div_ceil(LINES);
        let mut unit: u64 = 1;
        loop {
            for times in [1, 2, 5] {
                let step = unit.saturating_mul(times);
                if step >= least {
                    return step;
                }
            }
            unit = unit.saturating_mul(10);
        }
    }
}

/// The colours of a chart, with what they mean.
pub fn legend(chart: &Chart) -> Markup {
    html! {
        ul.legend {
            @for series in &chart.series {
                li class=(series.class) { i {} (series.words) }
            }
        }
    }
}

/// Both drawings, and the table.
pub fn show(chart: &Chart) -> Markup {
    html! {
        (draw(chart, &WIDE))
        (draw(chart, &NARROW))
        // A table of nothing says nothing.
        @if !chart.is_empty() { (show_table(chart)) }
    }
}

fn draw(chart: &Chart, drawing: &Drawing) -> Markup {
    let label = if chart.is_empty() {
        format!("{}: nothing", chart.title)
    } else {
        format!("{}. The table below has every figure.", chart.title)
    };
    let step = chart.step();
    let bottom = drawing.height - BELOW;
    let lines = chart.lines(step);
    let scale = (bottom - TOP) / float(step.saturating_mul(lines));
    let height_of = |amount: u64| float(amount) * scale;
    let pitch = (drawing.width - drawing.left) / float(chart.piles.len().max(1) as u64);
    let every = chart.piles.len().div_ceil(drawing.labels).max(1);
    html! {
        svg class=(drawing.class) viewBox={ "0 0 " (drawing.width) " " (drawing.height) }
            role="img" aria-label=(label) {
            @for line in 0..=lines {
                @let amount = step.saturating_mul(line);
                @let y = bottom - height_of(amount);
                path.rule d={ "M" (drawing.left) " " (tenths(y)) "H" (drawing.width) } {}
                text x=(tenths(drawing.left - 8.0)) y=(tenths(y + 4.0)) text-anchor="end" {
                    (chart.unit.mark(amount))
                }
            }
            @for (at, pile) in chart.piles.iter().enumerate() {
                @let x = drawing.left + pitch * float(at as u64);
                @if chart.pile(at) > 0 {
                    g.day {
                        title { (describe(chart, at)) }
                        (draw_pile(chart, at, &PileRoom { x: x + pitch * 0.15, width: pitch * 0.7, bottom, scale }))
                    }
                }
                @if at % every == every / 2 {
                    text x=(tenths(x + pitch / 2.0)) y=(tenths(drawing.height - 6.0))
                        text-anchor="middle" { (pile.label) }
                }
            }
        }
    }
}

/// Where a pile stands.
struct PileRoom {
    x: f64,
    width: f64,
    bottom: f64,
    scale: f64,
}

fn draw_pile(chart: &Chart, at: usize, room: &PileRoom) -> Markup {
    let mut below = 0_u64;
    let bars = chart.series.iter().filter_map(|series| {
        let height = *series.heights.get(at).filter(|height| **height > 0)?;
        below = below.saturating_add(height);
        let y = room.bottom - float(below) * room.scale;
        Some((series.class, y, float(height) * room.scale))
    });
    let bars: Vec<_> = bars.collect();
    html! {
        @for (class, y, height) in bars {
            rect class={ "f-" (class) } x=(tenths(room.x)) y=(tenths(y))
                width=(tenths(room.width)) height=(tenths(height)) {}
        }
    }
}

/// A pile in words, for whoever points at it.
fn describe(chart: &Chart, at: usize) -> String {
    let parts = chart.series.iter().filter_map(|series| {
        let height = *series.heights.get(at).filter(|height| **height > 0)?;
        Some(format!("{} {}", series.words, chart.unit.format(height)))
    });
    let parts: Vec<String> = parts.collect();
    let name = chart.piles.get(at).map_or("", |pile| pile.name.as_str());
    format!("{name}: {}", parts.join(", "))
}

fn show_table(chart: &Chart) -> Markup {
    html! {
        details.twin {
            summary { "The same as a table" }
            div.scrolls tabindex="0" role="region" aria-label={ (chart.title) ", table" } {
                table.table.tight {
                    caption { (chart.caption) }
                    thead {
                        tr {
                            th scope="col" { "When" }
                            @for series in &chart.series { th.num scope="col" { (series.words) } }
                            th.num scope="col" { "Together" }
                        }
                    }
                    tbody {
                        @for (at, pile) in chart.piles.iter().enumerate() {
                            tr {
                                th scope="row" { (pile.name) }
                                @for series in &chart.series {
                                    td.num data-label=(series.words) {
                                        (chart.unit.format(series.heights.get(at).copied().unwrap_or(0)))
                                    }
                                }
                                td.num data-label="Together" { (chart.unit.format(chart.pile(at))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a pixel is far coarser")]
fn float(amount: u64) -> f64 {
    amount as f64
}

/// A length with one digit after the point.
fn tenths(length: f64) -> String {
    format!("{length:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(heights: &[u64]) -> Chart {
        let pile = |at: usize| Pile {
            label: format!("{at}"),
            name: format!("day {at}"),
        };
        Chart {
            title: "Cost by day".to_owned(),
            caption: "Dollars".to_owned(),
            unit: Unit::NanoDollars,
            piles: (0..heights.len()).map(pile).collect(),
            series: vec![Series {
                class: "own",
                words: "Own keys".to_owned(),
                heights: heights.to_vec(),
            }],
        }
    }

    #[test]
    fn the_axis_has_round_figures_and_room_for_the_highest() {
        for (heights, step) in [
            (&[][..], 10_000_000),
            (&[0, 0], 10_000_000),
            (&[4], 1),
            (&[5], 2),
            (&[950_000_000, 10], 500_000_000),
            (&[u64::MAX], 5_000_000_000_000_000_000),
        ] {
            let chart = chart(heights);
            assert_eq!(chart.step(), step, "{heights:?}");
            let top = step.saturating_mul(chart.lines(step));
            assert!(chart.highest() <= top, "{heights:?}");
        }
    }

    #[test]
    fn no_bar_leaves_its_drawing_and_the_table_has_every_figure() {
        let chart = chart(&[0, 250_000_000, 1_000_000_000]);
        let drawn = show(&chart).0;
        assert_eq!(drawn.matches("<rect").count(), 4);
        assert!(drawn.contains("<td class=\"num\" data-label=\"Own keys\">$0.25</td>"));
        assert!(drawn.contains("<title>day 2: Own keys $1.00</title>"));
        assert!(!drawn.contains("NaN") && !drawn.contains("inf") && !drawn.contains("=\"-"));
        assert!(!drawn.contains("style="));
    }

    #[test]
    fn an_axis_stands_where_nothing_was_used() {
        let drawn = show(&chart(&[0])).0;
        assert_eq!(drawn.matches("<rect").count(), 0);
        assert!(drawn.contains("$0.00"));
    }
}
