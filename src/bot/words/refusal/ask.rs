//! Words of refusals about asks.

use crate::bot::words::formats::{duration, in_code};
use crate::bot::words::keys::skip_reason::skip_reason;
use crate::bot::words::refusal::provider_failure::describe_failure;
use crate::bot::words::voice::Voice;
use crate::model::{AskRefusal, FailureClass, ProviderFailure, Source, Trace, Verdict};

const EMPTY_PROMPT: &str = "There is nothing to answer. Write a prompt: `/ask prompt:…`.";

/// What a person reads when an ask was refused.
pub fn about_ask(voice: Voice<'_>, refusal: &AskRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        AskRefusal::NotAChatProvider { provider } => lang.say(
            "{provider} makes images and answers no questions. Pick another provider for \
             `/ask`.",
            &[("provider", &voice.name(provider))],
        ),
        AskRefusal::UnknownModel { model } if model.is_empty() => lang.say(
            "This provider has no default model here. Name one: `/ask model:…`.",
            &[],
        ),
        AskRefusal::UnknownModel { model } => lang.say(
            "I can't tell whose model `{subject}` is. Name its provider too: `/ask \
             provider:… model:{subject}`.",
            &[("subject", &in_code(model))],
        ),
        AskRefusal::ModelMissing { provider } => lang.say(
            "`{id}/` names a provider and no model. Write the model after the slash; the \
             list that appears while you type `model:` holds those that may be used.",
            &[("id", provider)],
        ),
        AskRefusal::ModelNotAllowed { provider, model } => lang.say(
            "The bot's operator does not allow `{subject}` here. `/model show` says \
             which model answers, and the list that appears while you type `model:` \
             holds those that may.",
            &[("subject", &format!("{provider}/{}", in_code(model)))],
        ),
        AskRefusal::ModelRetired {
            provider,
            model,
            replacement,
        } => lang.say(
            "{provider} has retired `{subject}`. Its place has taken `{replacement}`: \
             `/model set model:{id}/{replacement}`, or name it in `/ask model:`.",
            &[
                ("provider", &voice.name(provider)),
                ("id", provider),
                ("replacement", replacement),
                ("subject", &in_code(model)),
            ],
        ),
        AskRefusal::NoSuchPersona { name } => lang.say(
            "There is no persona called `{subject}`. `/persona list` shows all.",
            &[("subject", &in_code(name))],
        ),
        AskRefusal::EmptyPrompt => lang.say(EMPTY_PROMPT, &[]),
        AskRefusal::NobodyPays { trace } => nobody_pays(voice, trace),
        AskRefusal::Provider { failure, payer } => provider_failed(voice, failure, *payer),
        AskRefusal::OwnKeyOnly { what } => lang.say(
            "{subject} is for a key of your own, since what it costs can't be limited \
             beforehand. Add yours with `/keys add scope:user`.",
            &[("subject", what)],
        ),
        AskRefusal::MalformedField { what } => lang.say(
            "The call is malformed: {subject}. Nothing was asked: correct it, and call again.",
            &[("subject", what)],
        ),
        AskRefusal::Untranslatable { what } => lang.say(
            "{subject} can't be said to this provider, so nothing was asked. Leave it \
             out, or pick another provider with `provider:`.",
            &[("subject", what)],
        ),
        AskRefusal::Stopping => lang.say(
            "I am being restarted and could not finish. Please ask again in a minute.",
            &[],
        ),
        AskRefusal::Stopped => lang.say("Stopped.", &[]),
    }
}

/// What a provider said, in our words.
fn provider_failed(voice: Voice<'_>, failure: &ProviderFailure, source: Source) -> String {
    let name = voice.name(&failure.provider);
    let sentence = match (source, failure.class) {
        // A key of somebody else's: they can mend it, this person cannot.
        (Source::Server, FailureClass::DamagedKey) => {
            "What I stored of this server's {provider} key can't be opened, and whoever added it is told. A \
             key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        (Source::Server, class) if class.is_about_the_key() => {
            "{provider} turned this server's key down, and whoever added it is told. A \
             key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        (Source::BotDefault, class) if class.is_about_the_key() => {
            "{provider} turned the bot's own key down, which its operator has to mend. A \
             key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        (Source::Request, class) if class.is_about_the_key() => {
            "{provider} turned down the key that you typed for this ask. It was not \
             stored, and no other key paid. Check it at {page} and ask again."
        }
        (_, class) => describe_failure(class),
    };
    let retry_after_s = failure.retry_after.map_or(60, |wait| wait.as_secs().max(1));
    voice.lang.say(
        sentence,
        &[
            ("provider", &name),
            ("id", &failure.provider),
            ("page", &voice.key_page(&failure.provider)),
            ("wait", &duration(voice, retry_after_s)),
        ],
    )
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(voice: Voice<'_>, trace: &Trace) -> String {
    let lang = voice.lang;
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(skip) => Some((step, skip)),
        _ => None,
    });
    let reasons: Vec<String> = skipped
        .map(|(step, skip)| {
            let values: &[(&str, &dyn std::fmt::Display)] = &[
                ("source", &voice.source(step.source)),
                ("provider", &voice.name(&step.provider)),
                ("why", &skip_reason(voice, skip)),
            ];
            lang.say("- The {source} for {provider} {why}.", values)
        })
        .collect();
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let head = match first {
        Some(provider) if only_one => lang.say(
            "There is no key for {provider} that can pay here.",
            &[("provider", &voice.name(provider))],
        ),
        _ => lang
            .words(
                "There is no key that can pay for this: not yours, not this server's, not \
             the bot's.",
            )
            .into(),
    };
    let next = match first {
        Some(provider) if only_one => lang.say(
            "Add yours with `/keys add provider:{id} scope:user`; you get one at {page}.",
            &[("id", provider), ("page", &voice.key_page(provider))],
        ),
        _ => lang
            .words("Add yours with `/keys add`; `/keys status` shows the details.")
            .into(),
    };
    let mut lines = vec![head];
    lines.extend(reasons);
    lines.push(next);
    lines.join("\n")
}
