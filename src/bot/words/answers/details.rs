//! What the button Details shows of an answer.

use std::fmt::Display;

use crate::app::OwnAttempt;
use crate::bot::connection::wire::card::Card;
use crate::bot::words::answers::receipt::receipt_lines;
use crate::bot::words::keys::skip_reason::skip_reason;
use crate::bot::words::speech::formats::{cost, plain_model};
use crate::bot::words::speech::voice::Voice;
use crate::model::{AnswerRecord, NanoDollars, Step, Verdict};

/// Who could have paid, and what was used.
pub fn details(voice: Voice<'_>, answer: &AnswerRecord, used: Option<&OwnAttempt>) -> Card {
    let lang = voice.lang;
    let mut lines = Vec::new();
    if let Some(used) = used {
        let model = plain_model(&used.model);
        let price = cost(voice, used.cost_nano.map(NanoDollars));
        let estimated = if used.estimated {
            lang.words(" (estimated)")
        } else {
            ""
        };
        let values: &[(&str, &dyn Display)] = &[
            ("model", &model),
            ("input", &lang.number(used.input_tokens)),
            ("output", &lang.number(used.output_tokens)),
            ("estimated", &estimated),
            ("price", &price),
        ];
        lines.push(lang.say(
            "**{model}**: {input} tokens in, {output} out{estimated}, {price}.",
            values,
        ));
        lines.extend(foreseen(voice, used));
        if let Some(receipt) = &used.receipt {
            lines.extend(receipt_lines(voice, receipt, used));
        }
        if let (Some(first), Some(all)) = (used.first_byte_ms, used.duration_ms) {
            let values: &[(&str, &dyn Display)] = &[
                ("first", &seconds(voice, first)),
                ("all", &seconds(voice, all)),
            ];
            lines.push(lang.say(
                "First words after {first} s, all of it after {all} s.",
                values,
            ));
        }
    }
    lines.push(lang.words("**Who could pay, in this order**").to_owned());
    // Providers that nobody has a key for say nothing.
    let is_there = |step: &&Step| step.verdict != Verdict::Absent;
    let is_behind = |step: &&Step| step.verdict == Verdict::Behind;
    let steps = answer.trace.0.iter().filter(is_there);
    let (behind, judged): (Vec<&Step>, Vec<&Step>) = steps.partition(is_behind);
    lines.extend(judged.into_iter().map(|step| verdict(voice, step)));
    lines.extend(waiting(voice, &behind));
    let absent = answer.trace.0.iter().filter(|step| !is_there(step)).count();
    if absent > 0 && absent < answer.trace.0.len() {
        lines.push(
            lang.words("Nobody has another key; `/keys status` shows each provider.")
                .to_owned(),
        );
    }
    if answer.trace.0.is_empty() {
        lines.push(
            lang.words("- It was broken off before that was written down.")
                .to_owned(),
        );
    }
    Card::text(lines.join("\n"))
}

/// What was reserved for pictures before they were made.
fn foreseen(voice: Voice<'_>, used: &OwnAttempt) -> Option<String> {
    let most = used.held_cost_nano.filter(|nano| *nano > 0)?;
    let sentence = match used.held_images {
        0 => return None,
        1 => "Reserved before: {cost}.",
        _ => "Reserved before: {cost} for {count} pictures.",
    };
    let values: &[(&str, &dyn Display)] = &[
        ("cost", &cost(voice, Some(NanoDollars(most)))),
        ("count", &used.held_images),
    ];
    Some(voice.lang.say(sentence, values))
}

/// All that would pay next, on one line.
fn waiting(voice: Voice<'_>, steps: &[&Step]) -> Option<String> {
    let [first, others @ ..] = steps else {
        return None;
    };
    if others.is_empty() {
        return Some(verdict(voice, first));
    }
    let each = steps.iter().map(|step| {
        let (provider, source) = (voice.name(&step.provider), voice.source(step.source));
        format!("{provider} ({source})")
    });
    let sentence = "- {sources}: wait behind it";
    let sources = voice.lang.list(&each.collect::<Vec<String>>());
    Some(voice.lang.say(sentence, &[("sources", &sources)]))
}

fn verdict(voice: Voice<'_>, step: &Step) -> String {
    let why = match step.verdict {
        Verdict::Taken => voice.lang.words("pays").to_owned(),
        Verdict::Behind => voice.lang.words("waits behind it").to_owned(),
        Verdict::Absent => voice.lang.words("none").to_owned(),
        Verdict::Skipped(skip) => skip_reason(voice, step.source, skip),
    };
    let values: &[(&str, &dyn Display)] = &[
        ("provider", &voice.name(&step.provider)),
        ("source", &voice.source(step.source)),
        ("why", &why),
    ];
    voice.lang.say("- {provider}, {source}: {why}", values)
}

/// Seconds with one decimal.
fn seconds(voice: Voice<'_>, ms: i64) -> String {
    let written = format!("{}.{}", ms / 1_000, ms % 1_000 / 100);
    voice.lang.decimal(&written)
}
