//! Words of refusals about asks.

use crate::bot::words::keys::advice::{bring_any_key, bring_own_key, mend_own_key, own_key_works};
use crate::bot::words::keys::skip_reason::{bare_reason, skip_reason};
use crate::bot::words::refusal::provider_failure::describe_failure;
use crate::bot::words::speech::formats::{duration, in_code};
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{
    AskRefusal, FailureClass, ProviderFailure, ProviderId, Restriction, Skip, Source, Trace,
    Verdict,
};

const EMPTY_PROMPT: &str = "There is nothing to answer. Write a prompt: `/ask prompt:…`.";

/// What a person reads when an ask was refused.
#[expect(clippy::too_many_lines, reason = "an arm for each refusal")]
pub fn about_ask(voice: Voice<'_>, refusal: &AskRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        AskRefusal::NotAChatProvider { provider } => not_a_chat_provider(voice, provider),
        AskRefusal::UnknownModel { model, offered } => unknown_model(voice, model, offered),
        AskRefusal::ProviderAsModel { provider, usual } => {
            provider_as_model(voice, provider, usual.as_deref())
        }
        AskRefusal::PicturesAlone { model } => lang.say(
            "`{model}` makes pictures and answers no questions: use it with `/imagine model:{model}`. Pick a model for \
             questions from the list that appears while you type `model:`.",
            &[("model", &in_code(model))],
        ),
        AskRefusal::NoModelsName { typed } => lang.say(
            "`{typed}` is no model's name. Pick one from the list that appears while you type `model:`, or write it as \
             `provider/model`.",
            &[("typed", &in_code(typed))],
        ),
        AskRefusal::SpacesInModel { typed, meant } => {
            spaces_in_model(voice, typed, meant.as_deref())
        }
        AskRefusal::ModelMissing { provider } => lang.say(
            "`{id}/` names a provider and no model. Write the model after the slash; the \
             list that appears while you type `model:` holds those that may be used.",
            &[("id", provider)],
        ),
        AskRefusal::ModelOfAnother {
            provider,
            of,
            model,
        } => model_of_another(voice, (provider, of), model),
        AskRefusal::NoDefaultModel { provider, offered } => {
            no_default_model(voice, provider, offered)
        }
        AskRefusal::ModelNotAllowed { provider, model } => lang.say(
            "The bot's operator does not allow `{subject}`. `/model show` says \
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
        AskRefusal::PersonaOfACommand { name } => persona_of_a_command(voice, name),
        AskRefusal::EmptyPrompt => lang.say(EMPTY_PROMPT, &[]),
        AskRefusal::NobodyPays { trace, in_server } => nobody_pays(voice, trace, *in_server),
        AskRefusal::Provider { failure, payer } => provider_failed(voice, failure, *payer),
        AskRefusal::OwnKeyOnly { what } => lang.say(
            "{subject} is for a key of your own, since what it costs can't be limited \
             beforehand. {advice}",
            &[("subject", what), ("advice", &bring_any_key(voice))],
        ),
        AskRefusal::MalformedField { what } => lang.say(
            "The call is malformed: {subject}. Nothing was asked: correct it, and call again.",
            &[("subject", what)],
        ),
        AskRefusal::Untranslatable { what } => untranslatable(voice, what),
        AskRefusal::Stopping => lang.say(
            "I am being restarted and could not finish. Please ask again in a minute.",
            &[],
        ),
        AskRefusal::Stopped => lang.say("Stopped.", &[]),
    }
}

/// What was asked has no words at the provider.
fn untranslatable(voice: Voice<'_>, what: &str) -> String {
    voice.lang.say(
        "{subject} can't be said to this provider, so nothing was asked. Leave it \
         out, or pick another provider with `provider:`.",
        &[("subject", &what)],
    )
}

/// A provider of pictures is to answer a question.
fn not_a_chat_provider(voice: Voice<'_>, provider: &ProviderId) -> String {
    let sentence = if voice.providers.get(provider).is_some() {
        "{provider} makes pictures and answers no questions: use it with `/imagine provider:{id}`. Questions are answered \
         by another provider's models, which the list holds that appears while you type `model:`."
    } else {
        "{provider} makes pictures and answers no questions, and is not set up here: the bot's operator can do that. \
         Questions are answered by the models in the list that appears while you type `model:`."
    };
    let values: &[(&str, &dyn std::fmt::Display)] =
        &[("provider", &voice.name(provider)), ("id", provider)];
    voice.lang.say(sentence, values)
}

/// A provider is named in the place of a model.
fn provider_as_model(voice: Voice<'_>, provider: &ProviderId, usual: Option<&str>) -> String {
    let sentence = if usual.is_some() {
        "`{id}` is a provider, and no model. Name one of its models, such as `{model}`; the list that appears while you \
         type `model:` holds those that can be used."
    } else {
        "`{id}` is a provider, and no model. Name one of its models, as `{id}/…`; the list that appears while you type \
         `model:` holds those that can be used."
    };
    let model = usual.map(in_code).unwrap_or_default();
    let values: &[(&str, &dyn std::fmt::Display)] = &[("id", provider), ("model", &model)];
    voice.lang.say(sentence, values)
}

/// Nobody knows whose a model is, and others are offered.
fn unknown_model_among(voice: Voice<'_>, model: &str, offered: &[String]) -> String {
    let models: Vec<String> = offered
        .iter()
        .map(|it| format!("`{}`", in_code(it)))
        .collect();
    voice.lang.say(
        "I can't tell whose model `{subject}` is. Write it as `provider/model`, such as {models}; the list that appears \
         while you type `model:` holds those that can be used.",
        &[("subject", &in_code(model)), ("models", &voice.lang.list(&models))],
    )
}

/// Nobody chooses what a command of the bot's own uses.
fn persona_of_a_command(voice: Voice<'_>, name: &str) -> String {
    voice.lang.say(
        "One of my own commands uses `{subject}`, so nobody is answered as it all the time. Nothing was changed. \
         `/persona list` shows what can be chosen; `/ask persona:{subject}` asks as it once.",
        &[("subject", &in_code(name))],
    )
}

/// A model's name has spaces in it.
fn spaces_in_model(voice: Voice<'_>, typed: &str, meant: Option<&str>) -> String {
    let typed = in_code(typed);
    match meant {
        Some(meant) => voice.lang.say(
            "No model has a name with spaces, such as `{subject}`. Nothing was changed and \
             nobody was asked. Did you mean `{meant}`? Write that as `model:`.",
            &[("subject", &typed), ("meant", &in_code(meant))],
        ),
        None => voice.lang.say(
            "No model has a name with spaces, such as `{subject}`. Nothing was changed and nobody was asked. The list \
             that appears while you type `model:` holds those that can be used.",
            &[("subject", &typed)],
        ),
    }
}

/// No model is named, or nobody knows whose this one is.
fn unknown_model(voice: Voice<'_>, model: &str, offered: &[String]) -> String {
    if !offered.is_empty() && !model.contains('/') {
        return unknown_model_among(voice, model, offered);
    }
    let sentence = if model.is_empty() {
        "This provider has no default model here. Name one with `model:`; the list that appears while you type it \
         holds those that there are."
    } else if model.contains('/') {
        "I know no provider called `{vendor}`, and can't tell whose model `{subject}` is. The list that appears while \
         you type `model:` holds those that can be used. OpenRouter has models of many vendors: \
         `openrouter/{subject}`."
    } else {
        "I can't tell whose model `{subject}` is. Write it as `provider/model`, such as `openai/{subject}`; the list \
         that appears while you type `model:` holds those that can be used."
    };
    let vendor = model.split_once('/').map_or("", |(vendor, _)| vendor);
    let values: &[(&str, &dyn std::fmt::Display)] =
        &[("subject", &in_code(model)), ("vendor", &in_code(vendor))];
    voice.lang.say(sentence, values)
}

/// A provider is named, and a model of another's.
fn model_of_another(
    voice: Voice<'_>,
    (provider, of): (&ProviderId, &ProviderId),
    model: &str,
) -> String {
    voice.lang.say(
        "`{model}` is {owner}'s, and {provider} has no models of others, so nobody was asked. Name a model of \
         {provider}'s, or `{model}` alone.",
        &[
            ("model", &in_code(model)),
            ("owner", &voice.name(of)),
            ("provider", &voice.name(provider)),
        ],
    )
}

/// A provider has no default model: which it has, as far as it says.
fn no_default_model(voice: Voice<'_>, provider: &ProviderId, offered: &[String]) -> String {
    let lang = voice.lang;
    let names: Vec<String> = offered
        .iter()
        .map(|it| format!("`{}`", in_code(it)))
        .collect();
    let (models, first) = (lang.list(&names), offered.first());
    let first = first.map(|it| in_code(it)).unwrap_or_default();
    let sentence = if offered.is_empty() {
        "{provider} has no default model here, and I know of none of its that may be used. Name one with `model:`, as \
         `{id}/…`. The bot's operator can set `providers.{id}.default_model`."
    } else {
        "{provider} has no default model here. It has {models}: name one with `model:`, such as `{id}/{first}`, or \
         choose it for good with `/model set`. The bot's operator can set `providers.{id}.default_model`."
    };
    let values: &[(&str, &dyn std::fmt::Display)] = &[
        ("provider", &voice.name(provider)),
        ("id", provider),
        ("models", &models),
        ("first", &first),
    ];
    lang.say(sentence, values)
}

/// Whether the account behind somebody else's key has to be changed.
fn is_account_matter(source: Source, what: Restriction) -> bool {
    source.is_shared() && matches!(what, Restriction::Unverified | Restriction::FreeTier)
}

/// What has to be changed of the account behind somebody else's key.
fn account_matter(source: Source, what: Restriction) -> &'static str {
    match (what, source) {
        (Restriction::Unverified, Source::Server) => {
            "{provider} lets verified organisations alone use this model, and the one behind {this} server's key is not \
             verified. Whoever added the key is told. {advice}"
        }
        (Restriction::Unverified, _) => {
            "{provider} lets verified organisations alone use this model, and the one behind the bot's own key is not \
             verified. Its operator can verify it at \
             <https://platform.openai.com/settings/organization/general>. {advice}"
        }
        (_, Source::Server) => {
            "{provider}'s free tier does not include this model, and {this} server's key has no billing. Whoever added \
             the key is told. {advice}"
        }
        _ => {
            "{provider}'s free tier does not include this model, and the bot's own key has no billing, which its \
             operator can turn on. {advice}"
        }
    }
}

/// What a provider said, in our words.
fn provider_failed(voice: Voice<'_>, failure: &ProviderFailure, source: Source) -> String {
    let name = voice.name(&failure.provider);
    let sentences: Vec<&str> = match (source, failure.class) {
        // A key of somebody else's: they can mend it, this person cannot.
        (source, FailureClass::AuthForbidden(what)) if is_account_matter(source, what) => {
            vec![account_matter(source, what)]
        }
        (Source::Server, FailureClass::DamagedKey) => {
            vec![
                "What I stored of {this} server's {provider} key can't be opened, and whoever added it is told. {advice}",
            ]
        }
        (Source::Server, class) if class.is_about_the_key() => {
            vec![
                "{provider} turned {this} server's key down, and whoever added it is told. {advice}",
            ]
        }
        (Source::BotDefault, class) if class.is_about_the_key() => {
            vec![
                "{provider} turned the bot's own key down, which its operator has to mend. {advice}",
            ]
        }
        (Source::Request, class) if class.is_about_the_key() => {
            vec![
                "{provider} turned down the key that you typed for this ask. It was not \
                 stored, and no other key paid. Check it at {page} and ask again.",
            ]
        }
        (Source::Request, class) => describe_failure(class, OwnKeys::Once),
        (_, class) => describe_failure(class, voice.own_keys),
    };
    let retry_after_s = failure.retry_after.map_or(60, |wait| wait.as_secs().max(1));
    let subject = failure.subject.as_deref();
    let address = match subject {
        Some(address) => format!("`{}`", in_code(address)),
        None => voice.lang.words("its own address").to_owned(),
    };
    let page = match failure.class {
        FailureClass::Billing => voice.billing_page(&failure.provider),
        _ => voice.key_page(&failure.provider),
    };
    let values: &[(&str, &dyn std::fmt::Display)] = &[
        ("advice", &own_key_works(voice, &failure.provider)),
        ("provider", &name),
        ("id", &failure.provider),
        ("page", &page),
        (
            "subject",
            &subject.unwrap_or_else(|| voice.lang.words("that it names")),
        ),
        ("wait", &duration(voice, retry_after_s)),
        ("address", &address),
    ];
    let said: Vec<String> = sentences
        .into_iter()
        .map(|sentence| voice.say(sentence, values))
        .collect();
    voice.lang.sentences(&said)
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(voice: Voice<'_>, trace: &Trace, in_server: bool) -> String {
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
                ("why", &why_not(voice, step.source, skip)),
            ];
            lang.say("- The {source} for {provider} {why}.", values)
        })
        .collect();
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let sentence = match (only_one && first.is_some(), reasons.is_empty()) {
        (true, true) => {
            "No API key configured: there is no key for {provider} that can pay {here}."
        }
        (true, false) => "There is no key for {provider} that can pay {here}.",
        (false, true) if !in_server => {
            "No API key configured: there is no key that can pay for this: not yours, and not the bot's."
        }
        (false, false) if !in_server => {
            "There is no key that can pay for this: not yours, and not the bot's."
        }
        (false, true) => {
            "No API key configured: there is no key that can pay for this: not yours, not {this} server's, not the bot's."
        }
        (false, false) => {
            "There is no key that can pay for this: not yours, not {this} server's, not the bot's."
        }
    };
    let name = first
        .map(|provider| voice.name(provider))
        .unwrap_or_default();
    let head = voice.say(sentence, &[("provider", &name)]);
    let mut lines = vec![head];
    lines.extend(reasons);
    lines.push(way_out(voice, trace, first.filter(|_| only_one)));
    lines.join("\n")
}

/// Why a key does not pay. What helps with one's own is said at the end.
fn why_not(voice: Voice<'_>, source: Source, skip: Skip) -> String {
    match source {
        Source::Personal => bare_reason(voice, skip),
        _ => skip_reason(voice, source, skip),
    }
}

/// What the person can do: mend a key of theirs, or bring one.
fn way_out(voice: Voice<'_>, trace: &Trace, only: Option<&ProviderId>) -> String {
    let own = trace.0.iter().find_map(|step| match step.verdict {
        Verdict::Skipped(skip) if step.source == Source::Personal => Some((&step.provider, skip)),
        _ => None,
    });
    match (own, only) {
        (Some((provider, skip)), _) => mend_own_key(voice, provider, skip),
        (None, Some(provider)) => bring_own_key(voice, provider),
        (None, None) => {
            let details = voice.lang.words("`/keys status` shows the details.");
            voice.lang.sentences(&[bring_any_key(voice), details])
        }
    }
}
