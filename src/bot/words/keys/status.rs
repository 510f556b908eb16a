//! The trace in words: which key pays for each provider here, and why not
//! the others.

use crate::app::{ProviderStatus, Status};
use crate::bot::connection::wire::card::Card;
use crate::model::{Source, Step, Verdict};

use crate::bot::words::keys::advice::mend_own_key;
use crate::bot::words::keys::skip_reason::skip_reason;
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// Who pays here: a line for each provider for which somebody has a key, or
/// everything about the one that was asked about.
pub fn status(voice: Voice<'_>, status: &Status) -> Card {
    let lang = voice.lang;
    let providers = status.providers.iter();
    let mut lines: Vec<String> = if status.is_of_one {
        let whole = providers.flat_map(|provider| one_provider(voice, provider));
        whole.collect()
    } else {
        providers
            .map(|provider| in_a_line(voice, provider))
            .collect()
    };
    if status.providers.is_empty() {
        lines.push(
            lang.words(if status.in_server {
                "Nobody has a key here: not you, not this server, not the bot."
            } else {
                "Nobody has a key here: not you, and not the bot."
            })
            .into(),
        );
    } else if !status.is_of_one && status.providers.len() < voice.providers.iter().count() {
        let others = "Nobody has a key for any other provider.";
        lines.push(lang.words(others).into());
    }
    if let Some(provider) = &status.unnamed {
        lines.push(lang.say(
            "Without `provider:`, `/ask` goes to {provider}.",
            &[("provider", &voice.name(provider))],
        ));
    }
    lines.push(if let Some(advice) = about_own_key(voice, status) {
        advice
    } else if status.byok_enabled {
        lang.words(match voice.own_keys {
            OwnKeys::No => {
                "Your tier includes no keys of your own; `/quota status` shows what you can use."
            }
            _ => "Add a key of your own with `/keys add`.",
        })
        .into()
    } else {
        lang.words(
            "BYOK is not enabled: keys can't be stored here, and stored ones stay locked. \
             The operator enables it with `BYOK_MASTER_KEY`.",
        )
        .into()
    });
    Card::text(lines.join("\n"))
}

/// What mends the reader's own key, where it is asked about one provider and that
/// key does not pay.
fn about_own_key(voice: Voice<'_>, status: &Status) -> Option<String> {
    let provider = status.providers.first().filter(|_| status.is_of_one)?;
    let is_own = |step: &&Step| step.source == Source::Personal;
    let own = provider.trace.0.iter().find(is_own)?;
    match own.verdict {
        Verdict::Skipped(skip) if voice.own_keys == OwnKeys::Stored => {
            Some(mend_own_key(voice, &provider.provider, skip))
        }
        _ => None,
    }
}

/// Who pays, and why not the keys that would have come before.
fn in_a_line(voice: Voice<'_>, status: &ProviderStatus) -> String {
    let reasons = status.trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(skip) => Some((step.source, skip)),
        Verdict::Taken | Verdict::Behind | Verdict::Absent => None,
    });
    let reasons: Vec<String> = reasons
        .map(|(source, skip)| {
            format!(
                "({}: {})",
                voice.source(source),
                skip_reason(voice, source, skip)
            )
        })
        .collect();
    let head = who_pays(voice, status);
    let parts = std::iter::once(head).chain(reasons);
    parts.collect::<Vec<_>>().join(" ")
}

fn one_provider(voice: Voice<'_>, status: &ProviderStatus) -> Vec<String> {
    let others = status
        .trace
        .0
        .iter()
        .filter_map(|step| why_not(voice, step));
    std::iter::once(who_pays(voice, status))
        .chain(others)
        .collect()
}

fn who_pays(voice: Voice<'_>, status: &ProviderStatus) -> String {
    let lang = voice.lang;
    let name = voice.name(&status.provider);
    match status.trace.taken() {
        Some(step) => lang.say(
            "**{provider}**: the {source} pays.",
            &[("provider", &name), ("source", &voice.source(step.source))],
        ),
        None => lang.say("**{provider}**: nobody pays.", &[("provider", &name)]),
    }
}

fn why_not(voice: Voice<'_>, step: &Step) -> Option<String> {
    let lang = voice.lang;
    let source = voice.source(step.source);
    match step.verdict {
        Verdict::Taken => None,
        Verdict::Behind => Some(lang.say("- {source}: waits behind it.", &[("source", &source)])),
        Verdict::Absent => Some(lang.say("- {source}: none.", &[("source", &source)])),
        Verdict::Skipped(skip) => Some(lang.say(
            "- {source}: {why}.",
            &[
                ("source", &source),
                ("why", &skip_reason(voice, step.source, skip)),
            ],
        )),
    }
}
