//! What a person may still use here.

use crate::app::QuotaStatus;
use crate::bot::connection::wire::card::Card;
use crate::model::Source;

use crate::bot::words::keys::advice::bring_any_key;
use crate::bot::words::quotas::limits::{heading, uses_in_a_line};
use crate::bot::words::refusal::refusal;
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// Every limit that applies here, and who would pay.
pub fn status(voice: Voice<'_>, status: &QuotaStatus) -> Card {
    let lang = voice.lang;
    let mut lines = Vec::new();
    if let Some(why) = &status.blocked {
        lines.push(refusal(voice, why).text);
    }
    lines.extend(limits_shown(voice, status));
    if status.blocked.is_some() {
        return Card::text(lines.join("\n"));
    }
    lines.push(match &status.payer {
        Some((provider, source)) => lang.say(
            "An `/ask` now would go to {provider}, paid by the {source}.",
            &[
                ("provider", &voice.name(provider)),
                ("source", &voice.source(*source)),
            ],
        ),
        None if status.limits.is_empty() => lang.say(
            "Nobody can pay for an `/ask` here; `/keys status` shows why. {advice}",
            &[("advice", &bring_any_key(voice))],
        ),
        // A key of one's own has the same limits.
        None if status.limits_own_keys => lang
            .words("Nobody can pay for an `/ask` now: every limit is reached.")
            .to_owned(),
        None => lang.say(
            "Nobody can pay for an `/ask` now: every limit is reached. {advice}",
            &[("advice", &bring_any_key(voice))],
        ),
    });
    let has_own = status
        .limits
        .iter()
        .any(|(source, _)| *source == Source::Personal);
    if !status.byok {
        lines.push(lang.say(
            "Your tier, {tier}, does not include keys of your own.",
            &[("tier", &status.tier)],
        ));
    } else if voice.own_keys == OwnKeys::Stored
        && !has_own
        && !status.limits_own_keys
        && status.payer.is_some()
    {
        lines.push(
            lang.words("A key of your own (`/keys add`) has no limits here.")
                .into(),
        );
    }
    Card::text(lines.join("\n"))
}

/// The limits of each payer, in a line for each heading.
fn limits_shown(voice: Voice<'_>, status: &QuotaStatus) -> Vec<String> {
    let lang = voice.lang;
    let mut lines = Vec::new();
    for (source, limits) in &status.limits {
        let source = capital(voice.source(*source));
        if limits.is_empty() {
            lines.push(lang.say("**{source}**: no limits.", &[("source", &source)]));
        }
        // What bounds the same stands together.
        let mut limits = Vec::from_iter(limits);
        limits.sort_by_key(|used| used.bound);
        for under in limits.chunk_by(|one, other| one.bound == other.bound) {
            let bound = under.first().map(|used| used.bound);
            let heading = bound.map(|bound| heading(voice, bound, &status.tier));
            let heading = format!("**{source}** · {}", heading.unwrap_or_default());
            lines.push(lang.labelled(&heading, &uses_in_a_line(voice, under)));
        }
    }
    lines
}

fn capital(words: &str) -> String {
    let mut characters = words.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
