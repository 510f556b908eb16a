//! What goes on: figures, requests a minute as a drawing with its table, and
//! errors by provider.

use serde_json::json;

use crate::app::{CallCounts, KnownProviders, Traffic, TrafficView};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::operator::operator;
use crate::console::parts::{key, money, note};
use crate::console::reply::{Page, Reply};
use crate::console::visit::{HandlerResult, SignedIn, Visit};

/// The drawing: its width and height, where the lines begin, and how high the
/// highest is.
const WIDTH: u64 = 420;
const LEFT: u64 = 40;
const TOP: u64 = 12;
const BOTTOM: u64 = 212;

/// How many minutes each row of the table has.
const MINUTES_A_ROW: usize = 10;

/// What is counted of each provider.
const COUNTED: [&str; 5] = ["Calls", "Busy", "Down", "Key refused", "Refused"];

/// Traffic in full.
pub async fn show(visit: Visit, person: SignedIn) -> HandlerResult {
    let seen = visit.app().watch_traffic(&operator(&person)).await?;
    let body = html! {
        div.head {
            div {
                h1 { "Traffic" }
                p { "Calls to providers that this process made. Others that share its database have pages of their own." }
            }
            div.acts { a.btn href="/operator" { "Back to Operator" } }
        }
        (show_figures(&seen))
        (show_chart(&seen.traffic))
        (show_errors(&seen.traffic, visit.app().providers()))
    };
    Ok(Page::new(Section::Operator, "Traffic", body).into())
}

/// The figures as they are now, for pages that are open.
pub async fn show_now(visit: Visit, person: SignedIn) -> HandlerResult {
    let seen = visit.app().watch_traffic(&operator(&person)).await?;
    let figures = figures(&seen).map(|figure| (figure.name, figure.value, figure.below));
    let mut now = serde_json::Map::new();
    for (name, value, below) in figures {
        now.insert(name.to_owned(), json!(value));
        now.insert(format!("{name}-below"), json!(below));
    }
    Ok(Reply::Now(now.into()))
}

/// One figure: what it is, its value, and a line below.
struct Figure {
    name: &'static str,
    title: &'static str,
    value: String,
    below: String,
}

fn figures(seen: &TrafficView) -> [Figure; 4] {
    let traffic = &seen.traffic;
    let lately = traffic.minutes.iter().rev().take(2).max();
    let (held, below) = match &seen.held {
        Some(held) => (
            held.cost.to_string(),
            format!("for {}, all processes", money::count(held.holds, "call")),
        ),
        None => ("unknown".to_owned(), "no answer for 3 s".to_owned()),
    };
    let counts = sum(traffic);
    [
        Figure {
            name: "calls",
            title: "Calls a minute",
            value: money::grouped(lately.copied().unwrap_or_default()),
            below: format!("{} in the last hour", money::grouped(counts.all())),
        },
        Figure {
            name: "running",
            title: "Being answered",
            value: money::grouped(traffic.running),
            below: format!("{} piece by piece", money::grouped(traffic.streams)),
        },
        Figure {
            name: "held",
            title: "Reserved now",
            value: held,
            below,
        },
        Figure {
            name: "errors",
            title: "Errors, last hour",
            value: share(counts.failed(), counts.all()),
            below: format!(
                "{} of {}",
                money::grouped(counts.failed()),
                money::grouped(counts.all())
            ),
        },
    ]
}

fn sum(traffic: &Traffic) -> CallCounts {
    let mut sum = CallCounts::default();
    for (_, counts) in &traffic.providers {
        sum.add(counts);
    }
    sum
}

/// A share in percent, with one digit behind the point.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let thousandths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// The figures, which are brought up to date while somebody looks.
pub fn show_figures(seen: &TrafficView) -> Markup {
    html! {
        dl.stats data-poll="/operator/now" data-every="5" {
            @for figure in figures(seen) {
                div {
                    dt { (figure.title) }
                    dd data-now=(figure.name) { (figure.value) }
                    dd.sub data-now={ (figure.name) "-below" } { (figure.below) }
                }
            }
        }
    }
}

/// Calls a minute in the last hour: a drawing, and its table.
pub fn show_chart(traffic: &Traffic) -> Markup {
    let most = traffic.minutes.iter().copied().max().unwrap_or_default();
    let now = traffic.minutes.last().copied().unwrap_or_default();
    let label = format!("Calls a minute in the last hour: {most} at the most, now {now}");
    html! {
        section.card aria-labelledby="traffic-h" {
            header { h2 #traffic-h { "Traffic" } p { "Calls a minute" } }
            @if most == 0 {
                (note::empty(
                    "gauge",
                    "No traffic yet. Calls show here as they end.",
                    html! { a.btn href="/playground" { "Make one" } },
                ))
            } @else {
                div.body { (draw(traffic, most, &label)) (show_minutes(traffic)) }
            }
        }
    }
}

fn draw(traffic: &Traffic, most: u64, label: &str) -> Markup {
    let steps = u64::try_from(traffic.minutes.len().saturating_sub(1)).unwrap_or(1);
    let height = |value: u64| BOTTOM - value * (BOTTOM - TOP) / most.max(1);
    let points = (0_u64..).zip(&traffic.minutes).map(|(at, value)| {
        let x = LEFT + at * (WIDTH - LEFT) / steps.max(1);
        format!("{x} {}", height(*value))
    });
    let path = format!("M{}", points.collect::<Vec<_>>().join(" L"));
    html! {
        svg.chart viewBox="0 0 420 236" role="img" aria-label=(label) {
            @for value in [0, most] {
                path.rule d={ "M" (LEFT) " " (height(value)) "H" (WIDTH) } {}
                text x="30" y=(height(value) + 4) text-anchor="end" { (value) }
            }
            path.line d=(path) {}
            text x=(LEFT) y="232" { "an hour ago" }
            text x=(WIDTH) y="232" text-anchor="end" { "now" }
        }
    }
}

/// The same as a table, ten minutes a row.
fn show_minutes(traffic: &Traffic) -> Markup {
    let rows = traffic.minutes.chunks(MINUTES_A_ROW);
    let count = rows.len();
    html! {
        details {
            summary { "As a table" }
            table.table.tight {
                caption.hidden { "Calls in the last hour" }
                thead { tr { th scope="col" { "When" } th.num scope="col" { "Calls" } } }
                tbody {
                    @for (at, row) in rows.enumerate() {
                        tr {
                            th scope="row" {
                                ((count - at) * MINUTES_A_ROW) " to "
                                ((count - at - 1) * MINUTES_A_ROW) " minutes ago"
                            }
                            td.num { (money::grouped(row.iter().sum())) }
                        }
                    }
                }
            }
        }
    }
}

/// How calls of the last hour ended, by provider.
pub fn show_errors(traffic: &Traffic, providers: KnownProviders<'_>) -> Markup {
    html! {
        section.card aria-labelledby="errors-h" {
            header { h2 #errors-h { "Errors by provider" } p { "Last hour" } }
            @if traffic.providers.is_empty() {
                (note::empty("check", "No provider was asked in the last hour.", html! {}))
            } @else {
                table.table.tight.folds {
                    caption.hidden { "Errors by provider" }
                    thead {
                        tr {
                            th scope="col" { "Provider" }
                            @for title in COUNTED { th.num scope="col" { (title) } }
                        }
                    }
                    tbody {
                        @for (provider, counts) in &traffic.providers {
                            tr {
                                th scope="row" { (key::provider_name(providers, provider)) }
                                @for (title, count) in COUNTED.iter().zip([counts.all(), counts.busy, counts.down, counts.keys_refused, counts.refused]) {
                                    td.num data-label=(title) { (money::grouped(count)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
