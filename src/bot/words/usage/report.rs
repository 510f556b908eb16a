//! Usage in words, in a chart and in a table.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::app::{Total, UsageReport, UsageScope, date_of};
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::words::usage::chart::{self, Chart, Unit};
use crate::model::{Metric, NanoDollars, ProviderId, Source};

use crate::bot::words::quotas::amount;
use crate::bot::words::speech::formats::{count_of, figures, in_code, plain_model};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::bot::words::usage::tables::{days_table, members_table, table};

/// How many models are listed in words; the table has all.
const LISTED: usize = 5;
/// How many models and members, where both are.
const LISTED_OF_EACH: usize = 3;
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
    lines.push(sum_line(voice, &report.total));
    let models = report.by_model();
    let most = if report.members.is_empty() {
        LISTED
    } else {
        LISTED_OF_EACH
    };
    let is_of_one = |model: &str| models.iter().filter(|((_, it), _)| it == model).count() == 1;
    let listed = models.iter().take(most).map(|((provider, model), total)| {
        let plain = plain_model(model);
        if is_of_one(model) {
            return (plain, total);
        }
        let provider = voice.name(&ProviderId::from(provider.as_str()));
        (format!("{provider} {plain}"), total)
    });
    lines.push(section(voice, lang.words("By model"), listed));
    if models.len() > most {
        let rest = count_of(models.len() - most);
        let words = Plural("and {n} more in the table", "and {n} more in the table");
        lines.push(lang.say_count(rest, words, &[]));
    }
    lines.extend(without_price(voice, &models));
    let sources = report.by_source();
    if sources.len() > 1 {
        let named = sources.iter().map(|(source, total)| {
            let name = Source::parse(source).map_or(source.as_str(), |s| voice.source(s));
            (name.to_owned(), total)
        });
        lines.push(section(voice, lang.words("By who paid"), named));
    }
    if !report.members.is_empty() {
        lines.push(format!("**{}**", lang.words("By member")));
    }
    for (member, total) in report.members.iter().take(most) {
        // What they used is one sum.
        let who = match member {
            0 => lang.words("members who erased themselves").to_owned(),
            member => format!("<@{member}>"),
        };
        lines.push(format!("- {}", lang.labelled(&who, &line(voice, total))));
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

/// Which models' prices nobody knows.
fn without_price(voice: Voice<'_>, models: &[((String, String), Total)]) -> Option<String> {
    let lang = voice.lang;
    let unpriced = models.iter().filter(|(_, total)| total.unpriced > 0);
    let mut names: Vec<String> = unpriced
        .map(|((_, model), _)| format!("`{}`", in_code(model)))
        .collect();
    let more = names.len().saturating_sub(LISTED_OF_EACH);
    names.truncate(LISTED_OF_EACH);
    if more > 0 {
        names.push(lang.say_count(count_of(more), Plural("and {n} more", "and {n} more"), &[]));
    }
    let values: &[(&str, &dyn Display)] = &[("models", &lang.list(&names))];
    (!names.is_empty()).then(|| lang.say("Nobody knows a price for {models}.", values))
}

/// `12 requests, $0.34` and what is not known of it.
fn line(voice: Voice<'_>, total: &Total) -> String {
    let lang = voice.lang;
    let mut parts = vec![amount(voice, Metric::Requests, total.requests)];
    if total.images > 0 {
        parts.push(amount(voice, Metric::Images, total.images));
    }
    if total.unpriced < total.requests {
        parts.push(voice.lang.money(NanoDollars(total.cost_nano)));
    }
    match total.unpriced {
        0 => {}
        n if n == total.requests => parts.push(lang.words("price unknown").to_owned()),
        n => parts.push(lang.say("price unknown for {n} of them", &[("n", &lang.number(n))])),
    }
    lang.list(&parts)
}

/// Everything that was used: requests, pictures, money and tokens.
fn sum_line(voice: Voice<'_>, total: &Total) -> String {
    let values: &[(&str, &dyn Display)] = &[
        ("input", &voice.lang.number(total.input_tokens)),
        ("cached", &voice.lang.number(total.cached_tokens)),
        ("output", &voice.lang.number(total.output_tokens)),
    ];
    let tokens = match total.cached_tokens {
        0 => "{input} tokens in, {output} out",
        _ => "{input} tokens in ({cached} from a cache), {output} out",
    };
    // Its parts hold commas of their own.
    let tokens = voice.lang.say(tokens, values);
    format!("{} · {tokens}", line(voice, total))
}

/// A heading, and a row of figures for each name: requests, and money as far as
/// its amount is known.
fn section<'a>(
    voice: Voice<'_>,
    heading: &str,
    named: impl Iterator<Item = (String, &'a Total)>,
) -> String {
    let rows: Vec<Vec<String>> = named
        .map(|(name, total)| vec![name, voice.lang.number(total.requests), spent(voice, total)])
        .collect();
    format!("**{heading}**\n{}", figures(&rows))
}

/// What a total cost; a question mark stands for what has no known price.
fn spent(voice: Voice<'_>, total: &Total) -> String {
    let cost = voice.lang.money(NanoDollars(total.cost_nano));
    match total.unpriced {
        0 => cost,
        n if n == total.requests => "?".to_owned(),
        _ => format!("{cost} + ?"),
    }
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
        unit: if by_cost { Unit::Dollars } else { Unit::Tokens },
        lang: voice.lang,
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
