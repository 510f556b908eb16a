//! Words for refusals about asks.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{AskRefusal, ProviderId, Trace};

use super::provider_failure::describe_failure;
use super::{Names, capitalized, describe_passed_over, either};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// The trouble that a refusal about an ask is.
pub fn describe_ask(names: Names<'_>, refusal: &AskRefusal) -> Trouble {
    match refusal {
        AskRefusal::NotAChatProvider { provider } => not_a_chat_provider(names, provider),
        AskRefusal::PicturesAlone { model } => pictures_alone(model),
        AskRefusal::UnknownModel { model, offered } => unknown_model(names, model, offered),
        AskRefusal::ProviderAsModel { provider, usual } => {
            provider_as_model(names, provider, usual.as_deref())
        }
        AskRefusal::NoModelsName { typed } => no_models_name(typed),
        AskRefusal::SpacesInModel { typed, meant } => spaces_in_model(typed, meant.as_deref()),
        AskRefusal::ModelMissing { provider } => model_missing(names, provider),
        AskRefusal::ModelOfAnother {
            provider,
            of,
            model,
        } => model_of_another(names, (provider, of), model),
        AskRefusal::NoDefaultModel { provider, offered } => {
            no_default_model(names, provider, offered)
        }
        AskRefusal::ModelNotAllowed { provider, model } => model_not_allowed(provider, model),
        AskRefusal::ModelRetired {
            provider,
            model,
            replacement,
        } => model_retired(names, provider, model, replacement),
        AskRefusal::NoSuchPersona { name } => choose(
            "There is no such persona",
            format!("Nothing here is called “{name}”. Choose another from the list."),
        ),
        AskRefusal::PersonaOfACommand { name } => choose(
            "That persona can’t be chosen",
            format!("A command of the bot’s own uses “{name}”. Choose another from the list."),
        ),
        AskRefusal::EmptyPrompt => Trouble::new(
            UNPROCESSABLE,
            "There is nothing to answer",
            "Type a question, and send it.",
        ),
        AskRefusal::NobodyPays { trace, in_server } => nobody_pays(names, trace, *in_server),
        AskRefusal::Provider { failure, payer } => describe_failure(names, failure, *payer),
        AskRefusal::OwnKeyOnly { what } => own_key_only(what),
        AskRefusal::MalformedField { what } => write(
            UNPROCESSABLE,
            "That can’t be asked",
            &format!("A part of it means nothing for sure: {what}. Nobody was asked. Correct it."),
        ),
        AskRefusal::Untranslatable { what } => choose(
            "That can’t be said to this provider",
            format!(
                "{what} has no words in this provider’s dialect, so nobody was asked. Leave it \
                 out, or choose another provider’s model."
            ),
        ),
        AskRefusal::Stopping => stopping(),
        AskRefusal::Stopped => write(
            StatusCode::CONFLICT,
            "It was stopped",
            "Somebody stopped it, so there is no answer. Ask again if you want one.",
        ),
    }
}

/// The model makes pictures: where it does, and that another answers.
fn pictures_alone(model: &str) -> Trouble {
    let named: String = url::form_urlencoded::byte_serialize(model.as_bytes()).collect();
    choose(
        "That model makes pictures",
        format!(
            "{model} makes pictures and answers no questions, so nobody was asked. Choose a model \
             that answers, or have it make a picture."
        ),
    )
    .way(
        format!("/playground?as=:picture&model={named}"),
        "Make a picture with it",
    )
}

/// Another model has to be chosen.
fn choose(title: &str, words: String) -> Trouble {
    Trouble::new(UNPROCESSABLE, title, words).way("/models", "Models that you can use")
}

/// It has to be asked once more, or in another way.
fn write(status: StatusCode, title: &str, words: &str) -> Trouble {
    Trouble::new(status, title, words).way("/playground", "Go to the playground")
}

/// No model is named, or nobody knows whose this one is.
fn unknown_model(names: Names<'_>, model: &str, offered: &[String]) -> Trouble {
    if model.is_empty() {
        return choose(
            "No model is named",
            "This provider has no default model here. Choose a model.".to_owned(),
        );
    }
    let such_as = match offered {
        [] => names.example(model),
        offered => either(offered),
    };
    let such_as = match such_as.as_str() {
        "" => String::new(),
        models => format!(", such as {models}"),
    };
    let words = format!(
        "No provider here is known for a model called “{model}”. Nobody was asked. Choose one from \
         the list, or write provider/model{such_as}."
    );
    choose("Nobody knows whose model that is", words)
}

/// A provider is named, and a model of another's.
fn model_of_another(
    names: Names<'_>,
    (provider, of): (&ProviderId, &ProviderId),
    model: &str,
) -> Trouble {
    let (name, owner) = (names.name(provider), names.name(of));
    choose(
        "That model is another provider’s",
        format!(
            "“{model}” is {owner}’s, and {name} has no models of others, so nobody was asked. \
             Choose a model of {name}’s, or {model} alone."
        ),
    )
}

/// A provider has no default model: which it has, as far as it says.
fn no_default_model(names: Names<'_>, provider: &ProviderId, offered: &[String]) -> Trouble {
    let name = names.name(provider);
    let has = match offered {
        [] => "none of its that may be used is known".to_owned(),
        offered => format!("it has {}", offered.join(", ")),
    };
    choose(
        "No model is named",
        format!("{name} has no default model here, and {has}. Choose one."),
    )
}

/// The provider that was named makes pictures alone.
fn not_a_chat_provider(names: Names<'_>, provider: &ProviderId) -> Trouble {
    choose(
        "It answers no questions",
        format!(
            "{} makes pictures and answers no questions. Choose another provider’s model.",
            names.name(provider)
        ),
    )
    .way("/playground?as=:picture", "Make a picture")
}

/// A provider is named in the place of a model.
fn provider_as_model(names: Names<'_>, provider: &ProviderId, usual: Option<&str>) -> Trouble {
    let name = names.name(provider);
    let such_as = usual.map_or_else(String::new, |usual| format!(", such as {usual}"));
    let words = format!(
        "{name} is a provider, and no model. Nobody was asked. Write provider/model{such_as}."
    );
    choose("That is a provider", words)
}

/// What can be no model's name stands in its place.
fn no_models_name(typed: &str) -> Trouble {
    choose(
        "That is no model",
        format!(
            "“{typed}” is no model’s name. Nobody was asked. Choose one from the list, or write provider/model."
        ),
    )
}

/// The model's name was typed with spaces.
fn spaces_in_model(typed: &str, meant: Option<&str>) -> Trouble {
    let meant = meant.map_or_else(String::new, |meant| format!(" Did you mean “{meant}”?"));
    choose(
        "No such model",
        format!(
            "No model has a name with spaces, such as “{typed}”. Nobody was asked.{meant} Choose \
             one from the list."
        ),
    )
}

/// A provider was named, and none of its models.
fn model_missing(names: Names<'_>, provider: &ProviderId) -> Trouble {
    choose(
        "Choose a model",
        format!(
            "{} was named without a model. Nobody was asked. Choose one of its models.",
            names.name(provider)
        ),
    )
}

/// The operator keeps the model from being used.
fn model_not_allowed(provider: &ProviderId, model: &str) -> Trouble {
    choose(
        "That model is not allowed",
        format!(
            "The operator does not allow {provider}/{model}. Choose one from the list, which \
             holds those that may be used."
        ),
    )
}

/// The provider has retired the model, and another has taken its place.
fn model_retired(
    names: Names<'_>,
    provider: &ProviderId,
    model: &str,
    replacement: &str,
) -> Trouble {
    choose(
        "That model is retired",
        format!(
            "{} has retired {model}. {replacement} has taken its place: choose that.",
            names.name(provider)
        ),
    )
}

/// Only a key of one's own pays for a part of it.
fn own_key_only(what: &str) -> Trouble {
    Trouble::new(
        StatusCode::FORBIDDEN,
        "For a key of your own",
        format!(
            "{what} is for a key of your own, since what it costs can’t be limited \
             beforehand. Add one, or leave it out."
        ),
    )
    .way("/keys/new", "Add a key")
}

/// The service is being restarted.
fn stopping() -> Trouble {
    let mut trouble = write(
        StatusCode::SERVICE_UNAVAILABLE,
        "This service is being restarted",
        "The answer could not be finished. Ask again in a minute.",
    );
    trouble.retry_after_s = Some(60);
    trouble
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(names: Names<'_>, trace: &Trace, in_server: bool) -> Trouble {
    let reasons = describe_passed_over(trace, |provider| names.name(provider));
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let whom = match first {
        Some(provider) if only_one => format!(
            "There is no key for {} that can pay here.",
            names.name(provider)
        ),
        _ if !in_server => {
            "There is no key that can pay for this: not yours, and not the bot’s.".to_owned()
        }
        _ => "There is no key that can pay for this: not yours, not the server’s, not the bot’s."
            .to_owned(),
    };
    let why = if reasons.is_empty() {
        String::new()
    } else {
        let reasons = reasons.iter().map(|why| format!(" {}.", capitalized(why)));
        reasons.collect()
    };
    let words = format!("{whom}{why} Add a key, or type one for this question only.");
    Trouble::new(StatusCode::PAYMENT_REQUIRED, "No API key configured", words)
        .way("/keys/new", "Add a key")
        .way("/keys", "Go to your keys")
}
