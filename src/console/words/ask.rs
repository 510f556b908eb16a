//! Words for refusals about asks.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{AskRefusal, ProviderId, Skip, Source, Trace, Verdict};

use super::provider_failure::describe_failure;
use super::{Names, add_address, describe_skip, name_payer};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// The trouble that a refusal about an ask is.
pub fn describe_ask(names: Names<'_>, refusal: &AskRefusal) -> Trouble {
    let choose = |title: &str, words: String| {
        Trouble::new(UNPROCESSABLE, title, words).way("/models", "Choose a model")
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
        AskRefusal::UnknownModel { model } => choose("No such model", unknown_model(model)),
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
        AskRefusal::NoSuchPersona { name } => write(
            UNPROCESSABLE,
            "No such persona",
            &format!("There is no persona called “{name}”. Choose one from the list."),
        ),
        AskRefusal::EmptyPrompt => write(
            UNPROCESSABLE,
            "There is nothing to answer",
            "Type a question first.",
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
    format!(
        "Nobody can tell whose model “{model}” is. Choose one from the list, or write it as \
         provider/model."
    )
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(names: Names<'_>, trace: &Trace) -> Trouble {
    let mut providers: Vec<&ProviderId> = trace.0.iter().map(|step| &step.provider).collect();
    providers.dedup();
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(skip) => Some((&step.provider, step.source, skip)),
        Verdict::Taken | Verdict::Behind | Verdict::Absent => None,
    });
    let skipped: Vec<(&ProviderId, Source, Skip)> = skipped.collect();
    if skipped.is_empty() {
        let what = match providers[..] {
            [one] => format!(" for {}", names.name(one)),
            _ => String::new(),
        };
        let words = format!(
            "There is no key that can pay{what}: none of yours, none of the server’s, none of \
             the bot’s. Add one of yours, and it pays first, everywhere."
        );
        let trouble = Trouble::new(StatusCode::PAYMENT_REQUIRED, "No API key configured", words);
        return match providers[..] {
            [one] => trouble.way(
                add_address(one),
                format!("Add a key for {}", names.name(one)),
            ),
            _ => trouble.way("/keys/new", "Add a key"),
        };
    }
    let whys = skipped.iter().map(|(provider, source, skip)| {
        let payer = name_payer(*source);
        let why = describe_skip(*skip);
        format!("For {}, {payer} {why}.", names.name(provider))
    });
    let whys: Vec<String> = whys.collect();
    let words = format!("No key can pay for this. {}", whys.join(" "));
    let trouble = Trouble::new(
        StatusCode::PAYMENT_REQUIRED,
        "Nobody can pay for this",
        words,
    );
    let has_own = skipped.iter().any(|(_, source, _)| source.is_own());
    match (has_own, &providers[..]) {
        (true, _) => trouble.way("/keys", "Go to your keys"),
        (false, [one]) => trouble.way(
            add_address(one),
            format!("Add a key for {}", names.name(one)),
        ),
        (false, _) => trouble.way("/keys/new", "Add a key"),
    }
}
