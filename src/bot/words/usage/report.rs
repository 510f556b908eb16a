//! Usage in words, in a chart and in a table.

use std::collections::BTreeMap;

use crate::app::{Total, UsageReport, UsageScope, date_of};
use crate::bot::connection::card::{Card, File};
use crate::bot::words::usage::chart::{self, Chart};
use crate::model::{Metric, NanoDollars, ProviderId, Source};

use crate::bot::words::formats::{count_of, grouped, plain_model};
use crate::bot::words::lang::Plural;
use crate::bot::words::quotas::amount;
use crate::bot::words::usage::tables::{days_table, members_table, table};
use crate::bot::words::voice::Voice;

/// How many models and members are listed in words; the table has all.
const LISTED: usize = 10;
/// How many models have a colour of their own in the chart.
const COLOURED: usize = 5;

/// A report: words, the chart as a picture, and tables to download.
pub async fn report(voice: Voice<'_>, report: UsageReport) -> anyhow::Result<Card> {
    let mut card = Card::text(words(voice, &report));
    if report.lines.is_empty() {
        return Ok(card);
    }
    let chart = draw_days(voice, &report);
    let description = voice.lang.words(chart_title(&report)).to_owned();
    let bytes = tokio::task::spawn_blocking(move || chart.png()).await??;
    card.files.push(File {
        name: "usage.png".to_owned(),
        kind: "image/png",
        description,
        bytes,
    });
    card.files
        .push(table(voice, "usage.csv", days_table(&report)));
    if !report.members.is_empty() {
        let members = members_table(&report);
        card.files.push(table(voice, "members.csv", members));
    }
    Ok(card)
}

fn words(voice: Voice<'_>, report: &UsageReport) -> String {
    let lang = voice.lang;
    let whose = lang.words(match report.scope {
        UsageScope::User => "Your usage, whoever paid",
        UsageScope::Guild => "What this server's key paid",
        UsageScope::Bot => "What the whole bot used, whoever paid",
    });
    let mut lines = vec![lang.say(
        "**{whose}**, {first} to {last} ({zone})",
        &[
            ("whose", &whose),
            ("first", &report.period.first),
            ("last", &report.period.last),
            ("zone", &report.period.zone_name()),
        ],
    )];
    if report.lines.is_empty() {
        lines.push(lang.words("Nothing was used. `/ask` something.").into());
        return lines.join("\n");
    }
    lines.push(format!(
        "{}, {}",
        line(voice, &report.total),
        tokens(voice, &report.total)
    ));
    let models = report.by_model();
    for ((provider, model), total) in models.iter().take(LISTED) {
        let provider = voice.name(&ProviderId::from(provider.as_str()));
        lines.push(format!(
            "- {provider} {}: {}",
            plain_model(model),
            line(voice, total)
        ));
    }
    if models.len() > LISTED {
        let rest = count_of(models.len() - LISTED);
        let words = Plural("- and {n} more in the table", "- and {n} more in the table");
        lines.push(lang.say_count(rest, words, &[]));
    }
    let sources = report.by_source();
    if sources.len() > 1 {
        for (source, total) in &sources {
            let source = Source::parse(source).map_or(source.as_str(), |s| voice.source(s));
            lines.push(format!("- {source}: {}", line(voice, total)));
        }
    }
    for (member, total) in report.members.iter().take(LISTED) {
        // What they used is one sum.
        let who = match member {
            0 => lang.words("members who erased themselves").to_owned(),
            member => format!("<@{member}>"),
        };
        lines.push(format!("- {who}: {}", line(voice, total)));
    }
    if report.total.estimated > 0 {
        let words = Plural(
            "Of these, {n} is an estimate, since the provider did not say or the answer broke off.",
            "Of these, {n} are estimates, since the provider did not say or the answer broke off.",
        );
        lines.push(lang.say_count(report.total.estimated, words, &[]));
    }
    lines.join("\n")
}

/// `12 requests, $0.34` and what is not known of it.
fn line(voice: Voice<'_>, total: &Total) -> String {
    let lang = voice.lang;
    let mut parts = vec![amount(voice, Metric::Requests, total.requests)];
    if total.images > 0 {
        parts.push(amount(voice, Metric::Images, total.images));
    }
    if total.unpriced < total.requests {
        parts.push(NanoDollars(total.cost_nano).to_string());
    }
    match total.unpriced {
        0 => {}
        n if n == total.requests => parts.push(lang.words("price unknown").to_owned()),
        n => parts.push(lang.say("price unknown for {n}", &[("n", &grouped(n))])),
    }
    parts.join(", ")
}

fn tokens(voice: Voice<'_>, total: &Total) -> String {
    voice.lang.say(
        "{input} tokens in ({cached} from a cache), {output} out",
        &[
            ("input", &grouped(total.input_tokens)),
            ("cached", &grouped(total.cached_tokens)),
            ("output", &grouped(total.output_tokens)),
        ],
    )
}

/// Dollars a day, by model; tokens where nothing has a price.
fn draw_days(voice: Voice<'_>, report: &UsageReport) -> Chart {
    let by_cost = report.total.cost_nano > 0;
    let (first, last) = report.day_numbers();
    let days = usize::try_from(last - first + 1).unwrap_or(1);
    let models = report.by_model();
    let name = |provider: &str, model: &str| {
        let at = models
            .iter()
            .take(COLOURED)
            .position(|((p, m), _)| p == provider && m == model);
        at.unwrap_or(COLOURED)
    };
    let mut heights: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for line in &report.lines {
        let series = heights
            .entry(name(&line.provider, &line.model))
            .or_insert_with(|| vec![0.0; days]);
        let day = usize::try_from(line.day - first).unwrap_or_default();
        if let Some(height) = series.get_mut(day) {
            *height += if by_cost {
                float(line.total.cost_nano) / 1e9
            } else {
                float(line.total.input_tokens + line.total.output_tokens)
            };
        }
    }
    let series = heights.into_iter().map(|(at, heights)| {
        let name = models.get(at).filter(|_| at < COLOURED).map_or_else(
            || drawn(voice, "others").to_owned(),
            |((_, model), _)| plain_model(model),
        );
        (name, heights)
    });
    Chart {
        title: drawn(voice, chart_title(report)).to_owned(),
        days: (first..=last).map(|day| short_date(voice, day)).collect(),
        series: series.collect(),
    }
}

fn chart_title(report: &UsageReport) -> &'static str {
    if report.total.cost_nano > 0 {
        "Estimated cost by day, in US dollars"
    } else {
        "Tokens by day"
    }
}

#[expect(clippy::cast_precision_loss, reason = "a pixel is far coarser")]
fn float(number: u64) -> f64 {
    number as f64
}

/// A day under the chart, in figures alone where months have other names.
fn short_date(voice: Voice<'_>, day: i64) -> String {
    let shape = if voice.lang.is_english() {
        "%b %-d"
    } else {
        "%m-%d"
    };
    date_of(day).strftime(shape).to_string()
}

/// Words that stand in the chart: in English where its font has not every
/// character of theirs.
fn drawn<'a>(voice: Voice<'a>, english: &'a str) -> &'a str {
    let theirs = voice.lang.words(english);
    if chart::can_draw(theirs) {
        theirs
    } else {
        english
    }
}
