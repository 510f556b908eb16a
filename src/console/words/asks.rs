//! Words for refusals about asks, and for what providers say.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{
    AskRefusal, FailureClass, ProviderFailure, ProviderId, Restriction, Source, Trace,
};

use super::skips::describe_passed_over;

const KEYS: (&str, &str) = ("/keys", "Go to your keys");
const MODELS: (&str, &str) = ("/models", "Models that you can use");

/// The trouble that a refusal about an ask is.
pub fn describe_ask(refusal: &AskRefusal) -> Trouble {
    if let Some((title, words)) = describe_choice(refusal) {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Trouble::new(status, title, words).way(MODELS.0, MODELS.1);
    }
    match refusal {
        AskRefusal::NobodyPays { trace } => describe_nobody(trace),
        AskRefusal::Provider { failure, payer } => describe_failure(failure, *payer),
        AskRefusal::OwnKeyOnly { what } => Trouble::new(
            StatusCode::FORBIDDEN,
            "This is for a key of your own",
            format!("What {what} costs can’t be limited beforehand. Use a key of your own for it."),
        )
        .way("/keys/new", "Add a key"),
        AskRefusal::MalformedField { what } | AskRefusal::Untranslatable { what } => Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "It can’t be said to this provider",
            format!("{what}. Nobody was asked. Choose another model."),
        ),
        AskRefusal::Stopping => {
            let mut trouble = Trouble::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Latchkey is being restarted",
                "The answer could not be finished. Ask again in a minute.",
            );
            trouble.retry_after_s = Some(15);
            trouble
        }
        AskRefusal::Stopped => Trouble::new(
            StatusCode::CONFLICT,
            "Stopped",
            "You stopped it. What came until then was paid for.",
        ),
        _ => Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is nothing to answer",
            "Type a question, and send it.",
        ),
    }
}

/// What is wrong with what was chosen; none where something else is.
fn describe_choice(refusal: &AskRefusal) -> Option<(&'static str, String)> {
    Some(match refusal {
        AskRefusal::NotAChatProvider { provider } => (
            "It answers no questions",
            format!("{provider} makes pictures and answers no questions. Choose another model."),
        ),
        AskRefusal::UnknownModel { model } if model.is_empty() => (
            "No model is named",
            "This provider has no default model here. Choose a model by its name.".to_owned(),
        ),
        AskRefusal::UnknownModel { model } => (
            "Nobody knows whose model that is",
            format!("Write “{model}” as provider/model, such as openai/{model}."),
        ),
        AskRefusal::SpacesInModel { typed, meant } => (
            "No model is called so",
            format!("No model has a name with spaces, such as “{typed}”. Write “{meant}”."),
        ),
        AskRefusal::ModelMissing { provider } => (
            "No model is named",
            format!("“{provider}/” names a provider and no model. Write the model after it."),
        ),
        AskRefusal::ModelNotAllowed { provider, model } => (
            "That model is not allowed here",
            format!("The operator does not allow “{provider}/{model}”. Choose another model."),
        ),
        AskRefusal::ModelRetired {
            model, replacement, ..
        } => (
            "That model is retired",
            format!("Its provider has retired “{model}”. Choose “{replacement}” in its place."),
        ),
        AskRefusal::NoSuchPersona { name } => (
            "There is no such persona",
            format!("Nothing here is called “{name}”. Choose another from the list."),
        ),
        _ => return None,
    })
}

/// No key can pay: each that was looked at, and why not.
fn describe_nobody(trace: &Trace) -> Trouble {
    let reasons = describe_passed_over(trace, ToString::to_string);
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let whom = match first {
        Some(provider) if only_one => format!("There is no key for {provider} that can pay here."),
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
        .way(KEYS.0, KEYS.1)
}

/// A provider’s no. Whose key it was decides what is said of it: only its
/// owner can mend it.
fn describe_failure(failure: &ProviderFailure, payer: Source) -> Trouble {
    let provider = &failure.provider;
    let is_about_the_key = failure.class.is_about_the_key();
    let title = if is_about_the_key && payer.is_own() {
        "Key is invalid"
    } else {
        "The provider did not answer it"
    };
    let status = if is_about_the_key {
        StatusCode::PAYMENT_REQUIRED
    } else {
        StatusCode::BAD_GATEWAY
    };
    let words = match (payer, is_about_the_key) {
        (Source::Request, true) => format!(
            "{provider} turned down the key that you typed for this question: it is mistyped, was \
             revoked, or its account has no credit. It was not stored, and nobody else paid. Check \
             it where you got it, and ask again."
        ),
        (Source::Server, true) => format!(
            "{provider} turned the server’s key down, and whoever added it is told. A key of your \
             own works meanwhile."
        ),
        (Source::BotDefault, true) => format!(
            "{provider} turned the bot’s own key down, which the operator has to mend. A key of \
             your own works meanwhile."
        ),
        _ => describe_class(failure.class, provider),
    };
    let mut trouble = Trouble::new(status, title, words);
    trouble.retry_after_s = failure.retry_after.map(|wait| wait.as_secs().max(1));
    if is_about_the_key && payer == Source::Personal {
        trouble = trouble.way(KEYS.0, KEYS.1);
    }
    trouble
}

fn describe_class(class: FailureClass, provider: &ProviderId) -> String {
    let what = match class {
        FailureClass::DamagedKey => {
            return format!(
                "What is stored of the key for {provider} can’t be opened: it was changed or \
                 damaged in the database. Add it again."
            );
        }
        FailureClass::ContextTooLong => {
            return "The conversation is too long for this model. Begin a new one, or choose \
                    another model."
                .to_owned();
        }
        FailureClass::AuthForbidden(what) => describe_restriction(what),
        FailureClass::AuthInvalid => "refused the key that would have paid. Replace it.",
        FailureClass::WrongOrigin => "has moved since this key was stored. Add the key again.",
        FailureClass::NotSetUp => "needs more than the key that is stored. Add it again in full.",
        FailureClass::Billing => "says that the account behind the key has no credit. Top it up.",
        FailureClass::RateLimited => {
            "takes no more of these for now. Ask again in a minute, or choose another model."
        }
        FailureClass::ModelNotFound => "has no such model for this key. Choose another model.",
        FailureClass::ContentBlocked => "declined that. Say it in other words.",
        FailureClass::PictureRefused => {
            "can’t read the picture: it may be animated, damaged, too large or too small. Send it \
             as a plain PNG or JPEG."
        }
        FailureClass::BadRequest => "did not understand the request. Choose another model.",
        FailureClass::Upstream => "is having trouble. Ask again in a minute.",
        FailureClass::Unreachable => "can’t be reached from here. Ask again in a minute.",
        FailureClass::TimedOut => "took too long. Ask again, or choose another model.",
        FailureClass::CutOff => "broke off in the middle. Ask again.",
        FailureClass::NoMemory => "answered, and there was no memory left for it. Ask for less.",
        FailureClass::TooLarge => "sent more than is read here. Ask for less.",
        FailureClass::NoPicture => "finished without a picture. Say it in other words.",
        FailureClass::UntrustedResult => {
            "keeps the picture at an address that is not trusted here. The operator can allow it \
             (image_hosts in the settings)."
        }
        FailureClass::WorkflowFailed => {
            "could not run the workflow: a node of it failed. Choose another workflow."
        }
        FailureClass::MachineFailed => "could not start its machine. Try it again.",
        FailureClass::Cancelled => "cancelled it. Begin anew.",
        FailureClass::Expired => "no longer has the result. Begin anew.",
    };
    format!("{provider} {what}")
}

/// What a provider does not let a key do, and what to do about it.
fn describe_restriction(what: Restriction) -> &'static str {
    match what {
        Restriction::Model => "does not let this key use the model. Allow it there.",
        Restriction::Address => "takes this key from certain addresses only. Lift that there.",
        Restriction::Country => "does not serve the country that this runs in. Choose another.",
        Restriction::Permission => "says that this key may call no models. Allow it there.",
        Restriction::Spent => "says that the key’s own spending limit is used up. Raise it there.",
        Restriction::Suspended => "has suspended the key, its project or its account.",
        Restriction::Unsaid => "does not let this key do that, or not from here.",
    }
}
