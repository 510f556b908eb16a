//! The trace in words: which key pays for each provider here, and why not
//! the others.

use crate::app::{ProviderStatus, Status, Unnamed};
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card, ROW_BUTTONS_MAX};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_target::{KeyDeed, KeyTarget};
use crate::model::{ProviderId, Scope, Skip, Source, Step, Verdict};

use crate::bot::words::keys::advice::mend_own_key;
use crate::bot::words::keys::skip_reason::skip_reason;
use crate::bot::words::refusal::refusal;
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// Who pays here: a line for each provider for which somebody has a key, or
/// everything about the one that was asked about.
pub fn status(voice: Voice<'_>, status: &Status) -> Card {
    let lang = voice.lang;
    if let Some(why) = &status.blocked {
        let stopped = refusal(voice, why).text;
        let nobody = "No key pays for you while that holds, nor would one that you add.";
        return Card::text(format!("{stopped}\n{}", lang.words(nobody)));
    }
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
    lines.extend(status.unnamed.as_ref().map(|it| unnamed(voice, it)));
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
    Card {
        buttons: mending_buttons(voice, status),
        ..Card::text(lines.join("\n"))
    }
}

/// What mends the reader's own keys that do not pay, with room for one button
/// more. Where one provider was asked about, the advice names it.
fn mending_buttons(voice: Voice<'_>, status: &Status) -> Vec<Button> {
    if status.is_of_one || !status.byok_enabled || voice.own_keys != OwnKeys::Stored {
        return Vec::new();
    }
    let own = status.providers.iter().flat_map(|of| {
        let steps = of.trace.0.iter();
        steps.filter(|step| step.source == Source::Personal)
    });
    let buttons = own.flat_map(|step| match step.verdict {
        Verdict::Skipped(skip) => mend_buttons(voice, &step.provider, skip),
        _ => Vec::new(),
    });
    buttons.take(ROW_BUTTONS_MAX - 1).collect()
}

/// What mends one key, the best first.
fn mend_buttons(voice: Voice<'_>, provider: &ProviderId, skip: Skip) -> Vec<Button> {
    let (lang, name) = (voice.lang, voice.name(provider));
    let target = KeyTarget::in_reply(Scope::User, provider);
    let deed = |label: &str, deed| Button {
        label: format!("{} · {name}", lang.words(label)),
        custom_id: CustomId::KeyDeed(deed, target.clone()).write(),
        style: ButtonStyle::Secondary,
    };
    let replace = || Button {
        label: lang.say("Replace the {provider} key", &[("provider", &name)]),
        custom_id: CustomId::KeyForm(target.clone()).write(),
        style: ButtonStyle::Secondary,
    };
    match skip {
        Skip::Paused => vec![deed("Resume", KeyDeed::Resume)],
        Skip::Refused => vec![replace(), deed("Test again", KeyDeed::Test)],
        Skip::OutOfCredit | Skip::Restricted => vec![deed("Test again", KeyDeed::Test)],
        Skip::Expired | Skip::OtherAddress | Skip::NotSetUp | Skip::Damaged | Skip::Locked => {
            vec![replace()]
        }
        _ => Vec::new(),
    }
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
        Some(step) if step.is_partial => lang.say(
            "**{provider}**: the {source} pays, but works only in part: {provider} does not let it do everything.",
            &[("provider", &name), ("source", &voice.source(step.source))],
        ),
        Some(step) => lang.say(
            "**{provider}**: the {source} pays.",
            &[("provider", &name), ("source", &voice.source(step.source))],
        ),
        None => lang.say("**{provider}**: nobody pays.", &[("provider", &name)]),
    }
}

/// Where an ask goes that names no provider.
fn unnamed(voice: Voice<'_>, unnamed: &Unnamed) -> String {
    let lang = voice.lang;
    let provider = voice.name(&unnamed.provider);
    match &unnamed.next {
        _ if !unnamed.is_partial => lang.say(
            "Without `provider:`, `/ask` goes to {provider}.",
            &[("provider", &provider)],
        ),
        None => lang.say(
            "Without `provider:`, `/ask` tries {provider}, whose key works only in part.",
            &[("provider", &provider)],
        ),
        Some(next) => lang.say(
            "Without `provider:`, `/ask` tries {provider} first; what that key may not do goes to {next}.",
            &[("provider", &provider), ("next", &voice.name(next))],
        ),
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
