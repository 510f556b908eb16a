//! The parts of a page about usage: figures, bars, and what each model, key
//! and server used. A person's page and a server's are made of the same.

use crate::app::{
    Grain, KeyName, KeyNames, KnownProviders, MonthEstimate, PayingKey, Total, UsageReport,
    UsageScope, number_of,
};
use crate::console::markup::{Markup, html};
use crate::console::pages::usage::filters::Figure;
use crate::console::parts::chart::{self, Chart, Pile, Series, Unit};
use crate::console::parts::{gauge, key, money, note, payer};
use crate::model::{NanoDollars, Source};

/// How many models, keys or servers a list has; the rest stand in one line.
pub const LISTED: usize = 12;

/// Something that was used, with its name and whose colour it has.
pub struct NamedTotal {
    pub name: Markup,
    pub class: &'static str,
    pub total: Total,
}

/// What the requests with a known price cost; none where no price is known.
pub fn cost(total: &Total) -> Option<NanoDollars> {
    let known = total.requests > total.unpriced || total.requests == 0;
    known.then_some(NanoDollars(total.cost_nano))
}

/// What is not in a cost: "and 3 without a price".
pub fn without_price(total: &Total) -> Option<String> {
    match total.unpriced {
        0 => None,
        _ if cost(total).is_none() => Some("nobody knows the price".to_owned()),
        unpriced => Some(format!("and {} without a price", money::grouped(unpriced))),
    }
}

/// The figures of a page that is brought up to date while one looks, by the
/// name of each place.
pub fn now(report: &UsageReport) -> Vec<(&'static str, String)> {
    let total = &report.total;
    vec![
        ("cost", money::cost(cost(total))),
        ("unpriced", without_price(total).unwrap_or_default()),
        ("requests", money::grouped(total.requests)),
        ("tokens", money::short(tokens(total))),
        ("cached", cached_words(total)),
        ("pictures", money::grouped(total.images)),
    ]
}

/// The figures at the head of a page.
pub fn show_figures(report: &UsageReport, estimate: &MonthEstimate) -> Markup {
    let figures = now(report);
    let figure = |name: &str| {
        let found = figures.iter().find(|(its_name, _)| *its_name == name);
        found.map_or("", |(_, text)| text.as_str())
    };
    html! {
        dl.stats {
            div {
                dt { "Cost" }
                dd data-now="cost" { (figure("cost")) }
                dd.sub data-now="unpriced" { (figure("unpriced")) }
            }
            div {
                dt { "Expected this month" }
                dd { (NanoDollars(estimate.total_nano())) }
                dd.sub { (estimate_words(estimate)) }
            }
            div {
                dt { "Requests" }
                dd data-now="requests" { (figure("requests")) }
                @if report.total.estimated > 0 {
                    dd.sub {
                        (money::grouped(report.total.estimated))
                        " estimated, since nobody said what they used"
                    }
                }
            }
            div {
                dt { "Tokens" }
                dd data-now="tokens" { (figure("tokens")) }
                dd.sub data-now="cached" { (figure("cached")) }
            }
            @if report.total.images > 0 {
                div {
                    dt { "Pictures" }
                    dd data-now="pictures" { (figure("pictures")) }
                }
            }
        }
    }
}

/// How the guess at the month comes about.
fn estimate_words(estimate: &MonthEstimate) -> String {
    let spent = NanoDollars(estimate.spent_nano);
    let daily = NanoDollars(estimate.daily_nano);
    let words = match (estimate.average_days, estimate.days_left) {
        (0, _) => format!("{spent} so far; it began today"),
        (_, 0) => format!("{spent} so far; the month ends today"),
        (days, left) => {
            let of = if days == 1 {
                "yesterday".to_owned()
            } else {
                format!("the last {days} days’ average")
            };
            let left = if left == 1 {
                "the day".to_owned()
            } else {
                format!("each of the {left} days")
            };
            format!("{spent} so far, and {daily} ({of}) for {left} left")
        }
    };
    if estimate.unpriced == 0 {
        return words;
    }
    let unpriced = money::grouped(estimate.unpriced);
    format!("{words}; {unpriced} without a price are not in it")
}

fn tokens(total: &Total) -> u64 {
    total.input_tokens.saturating_add(total.output_tokens)
}

fn cached_words(total: &Total) -> String {
    let percent = total
        .cached_tokens
        .saturating_mul(100)
        .checked_div(total.input_tokens);
    match percent {
        Some(percent) if total.cached_tokens > 0 => {
            format!("{percent} % of the input from a cache")
        }
        _ => String::new(),
    }
}

/// The bars by day or month and payer, and what they say as a table.
pub fn show_chart(report: &UsageReport, figure: Figure) -> Markup {
    let by = match report.period.grain {
        Grain::Days => "day",
        Grain::Months => "month",
    };
    let chart = make_chart(report, figure, by);
    html! {
        section.card aria-labelledby="chart-h" {
            header { h2 #chart-h { (chart.title) } @if !chart.is_empty() { (chart::legend(&chart)) } }
            div.body {
                (chart::show(&chart))
                @if report.total.requests == 0 {
                    (note::empty(
                        "usage",
                        "Nothing yet. Ask something, and it shows here.",
                        html! { a.btn href="/playground" { "Ask a model" } },
                    ))
                } @else if chart.is_empty() {
                    (note::empty("usage", nothing_of(figure), html! {}))
                }
            }
        }
    }
}

/// What is said where there were requests, and none had what the bars show.
fn nothing_of(figure: Figure) -> &'static str {
    match figure {
        Figure::Cost => "Nothing with a known price in this time.",
        Figure::Requests => "No requests in this time.",
        Figure::Tokens => "No tokens in this time.",
        Figure::Pictures => "No pictures in this time.",
    }
}

/// Whose colour a line of a report has. Stored keys and those that were sent along
/// are both one's own.
fn payer_in_chart(source: &str) -> Option<Source> {
    match Source::parse(source)? {
        Source::Request => Some(Source::Personal),
        other => Some(other),
    }
}

fn make_chart(report: &UsageReport, figure: Figure, by: &str) -> Chart {
    let parts = report.period.parts();
    let place = |day: i64| parts.iter().position(|first| number_of(*first) == day);
    let mut series = Vec::new();
    for (source, words) in [
        (Source::Personal, "Own keys"),
        (Source::Server, "Server keys"),
        (Source::BotDefault, "Bot default"),
        (Source::Demo, "Demo"),
    ] {
        let mut heights = vec![0_u64; parts.len()];
        let theirs = report
            .lines
            .iter()
            .filter(|line| payer_in_chart(&line.source) == Some(source));
        let mut is_used = false;
        for line in theirs {
            is_used = true;
            if let Some(height) = place(line.day).and_then(|at| heights.get_mut(at)) {
                *height = height.saturating_add(height_of(&line.total, figure));
            }
        }
        if is_used {
            series.push(Series {
                class: payer::look(source).class,
                words: words.to_owned(),
                heights,
            });
        }
    }
    let format = if report.period.grain == Grain::Days {
        "%-d %b"
    } else {
        "%b %Y"
    };
    let pile = |first: &jiff::civil::Date| Pile {
        label: first.strftime(format).to_string(),
        name: first.strftime(format).to_string(),
    };
    let unit = match figure {
        Figure::Cost => Unit::NanoDollars,
        Figure::Requests | Figure::Tokens | Figure::Pictures => Unit::Pieces,
    };
    let zone = report.period.zone_name();
    Chart {
        title: format!("{} by {by}", figure.words()),
        caption: format!("{}, days in {zone}", figure.words()),
        unit,
        piles: parts.iter().map(pile).collect(),
        series,
    }
}

fn height_of(total: &Total, figure: Figure) -> u64 {
    match figure {
        Figure::Cost => total.cost_nano,
        Figure::Requests => total.requests,
        Figure::Tokens => tokens(total),
        Figure::Pictures => total.images,
    }
}

/// Tokens by class.
pub fn show_classes(total: &Total) -> Markup {
    let fresh = total.input_tokens.saturating_sub(total.cached_tokens);
    let written = total.output_tokens.saturating_sub(total.reasoning_tokens);
    html! {
        section.card aria-labelledby="classes-h" {
            header { h2 #classes-h { "Tokens by class" } }
            div.body {
                dl.pairs {
                    dt { "Input" } dd.num { (money::grouped(fresh)) }
                    dt { "Input from a cache" } dd.num { (money::grouped(total.cached_tokens)) }
                    dt { "Output" } dd.num { (money::grouped(written)) }
                    dt { "Output that was thinking" } dd.num { (money::grouped(total.reasoning_tokens)) }
                    dt { strong { "Together" } } dd.num { strong { (money::grouped(tokens(total))) } }
                }
            }
        }
    }
}

/// A list with a bar for each, the most expensive first.
pub fn show_list(id: &str, title: &str, listed: &[NamedTotal]) -> Markup {
    let most = listed
        .iter()
        .map(|it| it.total.cost_nano)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut rest = Total::default();
    for it in listed.iter().skip(LISTED) {
        rest.add(&it.total);
    }
    html! {
        section.card aria-labelledby=(id) {
            header { h2 id=(id) { (title) } }
            div.body {
                @if listed.is_empty() { p.dim { "Nothing in this time." } }
                ul.stack {
                    @for it in listed.iter().take(LISTED) {
                        (show_listed(&it.name, it.class, &it.total, most))
                    }
                    @if listed.len() > LISTED {
                        (show_listed(&html! { (listed.len() - LISTED) " more" }, "", &rest, most))
                    }
                }
            }
        }
    }
}

fn show_listed(name: &Markup, class: &str, total: &Total, most: u64) -> Markup {
    let permille = u128::from(total.cost_nano) * 1_000 / u128::from(most);
    let share = f64::from(u32::try_from(permille).unwrap_or(1_000)) / 1_000.0;
    html! {
        li class={ "budget " (class) } {
            b { (name) }
            span.right {
                (money::cost(cost(total)))
                @if cost(total).is_some() {
                    @if let Some(words) = without_price(total) { " " span.dim { (words) } }
                }
            }
            (gauge::bar(share.min(0.999)))
            span.dim { (requests(total.requests)) }
            span.dim.right {
                @if total.images > 0 { (money::count(total.images, "picture")) ", " }
                (key::count_tokens(total))
            }
        }
    }
}

/// How many requests, in words.
pub fn requests(count: u64) -> String {
    money::count(count, "request")
}

/// Each model.
pub fn list_models(report: &UsageReport, providers: KnownProviders<'_>) -> Vec<NamedTotal> {
    let models = report.by_model().into_iter();
    let listed = |((provider, model), total): ((String, String), Total)| NamedTotal {
        name: html! { (model) span.sub { (key::provider_of(providers, &provider)) } },
        class: "",
        total,
    };
    models.map(listed).collect()
}

/// Each provider.
pub fn list_providers(report: &UsageReport, providers: KnownProviders<'_>) -> Vec<NamedTotal> {
    let sums = report.by_provider().into_iter();
    let listed = |(provider, total): (String, Total)| NamedTotal {
        name: html! { (key::provider_of(providers, &provider)) },
        class: "",
        total,
    };
    sums.map(listed).collect()
}

/// Each key, by its name and its last characters.
pub fn list_keys(
    report: &UsageReport,
    names: &KeyNames,
    providers: KnownProviders<'_>,
) -> Vec<NamedTotal> {
    let keys = report.by_key().into_iter();
    let listed = |(paying, total): (PayingKey, Total)| NamedTotal {
        name: html! { (key::provider_of(providers, &paying.provider)) span.sub { (key_words(&names.name(&paying), report.scope)) } },
        class: Source::parse(&paying.source).map_or("", |source| payer::look(source).class),
        total,
    };
    keys.map(listed).collect()
}

/// What a key is called.
pub fn key_words(name: &KeyName<'_>, scope: UsageScope) -> String {
    match name {
        KeyName::Stored { name, hint } => {
            let hint = hint.map(|hint| format!("ends in {hint}"));
            let words = [name.map(str::to_owned), hint];
            let words: Vec<String> = words.into_iter().flatten().collect();
            if words.is_empty() {
                "key".to_owned()
            } else {
                words.join(", ")
            }
        }
        KeyName::Removed => "a key that was removed".to_owned(),
        // Of a server's own report, every key is the server's.
        KeyName::Unstored(Source::Server) if scope == UsageScope::Guild => {
            "a key that was removed".to_owned()
        }
        KeyName::Unstored(source) => payer::look(*source).words.to_owned(),
    }
}
