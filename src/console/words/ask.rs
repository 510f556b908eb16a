//! Words for refusals about asks.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{AskRefusal, Trace};

use super::provider_failure::describe_failure;
use super::{Names, describe_passed_over};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// The trouble that a refusal about an ask is.
#[expect(
    clippy::too_many_lines,
    reason = "one arm of words for each refusal, so that none is forgotten"
)]
pub fn describe_ask(names: Names<'_>, refusal: &AskRefusal) -> Trouble {
    let choose = |title: &str, words: String| {
        Trouble::new(UNPROCESSABLE, title, words).way("/models", "Models that you can use")
    };
    let write = |status, title: &str, words: &str| {
        Trouble::new(status, title, words).way("/playground", "Go to the playground")
    };
    match refusal {
        AskRefusal::NotAChatProvider { provider } => choose(
            "It answers no questions",
            format!(
                "{} makes pictures and answers no questions. Choose another provider’s model.",
                names.name(provider)
            ),
        ),
        AskRefusal::UnknownModel { model } => {
            let title = if model.is_empty() {
                "No model is named"
            } else {
                "Nobody knows whose model that is"
            };
            choose(title, unknown_model(model))
        }
        AskRefusal::SpacesInModel { typed, meant } => choose(
            "No such model",
            format!(
                "No model has a name with spaces, such as “{typed}”. Nobody was asked. Did you \
                 mean “{meant}”? Choose it from the list."
            ),
        ),
        AskRefusal::ModelMissing { provider } => choose(
            "Choose a model",
            format!(
                "{} was named without a model. Nobody was asked. Choose one of its models.",
                names.name(provider)
            ),
        ),
        AskRefusal::ModelNotAllowed { provider, model } => choose(
            "That model is not allowed",
            format!(
                "The operator does not allow {provider}/{model}. Choose one from the list, which \
                 holds those that may be used."
            ),
        ),
        AskRefusal::ModelRetired {
            provider,
            model,
            replacement,
        } => choose(
            "That model is retired",
            format!(
                "{} has retired {model}. {replacement} has taken its place: choose that.",
                names.name(provider)
            ),
        ),
        AskRefusal::NoSuchPersona { name } => choose(
            "There is no such persona",
            format!("Nothing here is called “{name}”. Choose another from the list."),
        ),
        AskRefusal::EmptyPrompt => Trouble::new(
            UNPROCESSABLE,
            "There is nothing to answer",
            "Type a question, and send it.",
        ),
        AskRefusal::NobodyPays { trace } => nobody_pays(names, trace),
        AskRefusal::Provider { failure, payer } => describe_failure(names, failure, *payer),
        AskRefusal::OwnKeyOnly { what } => Trouble::new(
            StatusCode::FORBIDDEN,
            "For a key of your own",
            format!(
                "{what} is for a key of your own, since what it costs can’t be limited \
                 beforehand. Add one, or leave it out."
            ),
        )
        .way("/keys/new", "Add a key"),
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
        AskRefusal::Stopping => {
            let mut trouble = write(
                StatusCode::SERVICE_UNAVAILABLE,
                "This service is being restarted",
                "The answer could not be finished. Ask again in a minute.",
            );
            trouble.retry_after_s = Some(60);
            trouble
        }
        AskRefusal::Stopped => write(
            StatusCode::CONFLICT,
            "It was stopped",
            "Somebody stopped it, so there is no answer. Ask again if you want one.",
        ),
    }
}

/// No model is named, or nobody knows whose this one is.
fn unknown_model(model: &str) -> String {
    if model.is_empty() {
        return "This provider has no default model here. Choose a model.".to_owned();
    }
    format!("Write “{model}” as provider/model, such as openai/{model}.")
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(names: Names<'_>, trace: &Trace) -> Trouble {
    let reasons = describe_passed_over(trace, |provider| names.name(provider));
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let whom = match first {
        Some(provider) if only_one => format!(
            "There is no key for {} that can pay here.",
            names.name(provider)
        ),
        _ => "There is no key that can pay for this: not yours, not the server’s, not the bot’s."
            .to_owned(),
    };
    let why = if reasons.is_empty() {
        String::new()
    } else {
        format!(" Passed over: {}.", reasons.join("; "))
    };
    let words = format!("{whom}{why} Add a key, or type one for this question only.");
    Trouble::new(StatusCode::PAYMENT_REQUIRED, "No API key configured", words)
        .way("/keys/new", "Add a key")
        .way("/keys", "Go to your keys")
}
