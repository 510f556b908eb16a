//! Messages to programs for refusals about asks.

use crate::gateway::messages::{Message, describe_remedy, describe_skip};
use crate::gateway::replies::failure_kind::FailureKind;
use crate::gateway::replies::problem::Problem;
use crate::gateway::routing::api_dialect::NO_THREAD;
use crate::model::{
    AskRefusal, FailureClass, NO_MODEL, ProviderFailure, ProviderId, Restriction, Skip, Source,
    Trace, Verdict,
};

const NO_MEMORY: &str = "answered, and the gateway had no memory left for it: too many large answers come at once. Try again in a minute.";
const OVERLOADED: &str = "is overloaded. Try again in a minute.";
/// What hosts of pictures lack, as programs read it.
const WORKFLOW_LACKS: &str = "could not run the workflow: it needs a model file or a node that is not installed there. Name another with `model`.";
const OUT_OF_MEMORY: &str = "has a machine with too little memory for this. Ask for fewer pictures (`n`) or a smaller `size`.";
const NO_IMAGE_OUTPUT: &str = "finished, and what it gave out is no picture: a video, a sound, a text, or nothing. Trying again costs again; the workflow must give out a PNG, JPEG, WebP or GIF.";
const RESULT_UNREACHABLE: &str = "made it, and it can't be fetched from where it is kept. It is paid for all the same, and so is each further one: first that address must be readable from here, and allowed by the operator (`providers.<id>.image_hosts`).";
const RESULT_LOST: &str = "made it, and lost it or does not pass on so much. Ask for fewer pictures (`n`) or a smaller `size`.";

/// The problem for a refusal about an ask.
pub fn about_ask(refusal: &AskRefusal) -> Problem {
    let text = |text: &str| text.to_owned();
    let message: Message = match refusal {
        AskRefusal::NotAChatProvider { provider } => (
            400,
            "no_chat",
            format!("{provider} makes images and answers no questions. Name another provider."),
        ),
        AskRefusal::PicturesAlone { model } => pictures_alone(model),
        AskRefusal::UnknownModel { model, .. } => unknown_model(model),
        AskRefusal::ProviderAsModel { provider, usual } => {
            provider_as_model(provider, usual.as_deref())
        }
        AskRefusal::NoModelsName { typed } => no_models_name(typed),
        AskRefusal::SpacesInModel { typed, meant } => spaces_in_model(typed, meant.as_deref()),
        AskRefusal::ModelMissing { provider } => model_missing(provider),
        AskRefusal::ModelOfAnother {
            provider,
            of,
            model,
        } => model_of_another((provider, of), model),
        AskRefusal::NoDefaultModel { provider, offered } => no_default_model(provider, offered),
        AskRefusal::ModelNotAllowed { provider, model } => {
            (403, "model_not_allowed", model_not_allowed(provider, model))
        }
        AskRefusal::ModelRetired {
            model, replacement, ..
        } => (
            404,
            "model_retired",
            format!("`{model}` is retired. Its place has taken `{replacement}`."),
        ),
        AskRefusal::NoSuchPersona { name } => (
            404,
            "unknown_persona",
            format!("There is no persona called `{name}`."),
        ),
        AskRefusal::PersonaOfACommand { name } => persona_of_a_command(name),
        AskRefusal::EmptyPrompt => prompt_missing(),
        AskRefusal::NobodyPays { trace, .. } => return nobody_pays(trace),
        AskRefusal::Provider { failure, payer } => return provider_failed(failure, *payer),
        AskRefusal::OwnKeyOnly { what } => (
            403,
            "own_key_only",
            format!(
                "{what} is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
            ),
        ),
        AskRefusal::MalformedField { what } => (
            400,
            "malformed_field",
            format!(
                "{what}. Nothing was sent to the provider: correct it, and send the call again."
            ),
        ),
        AskRefusal::Untranslatable { what } => (
            400,
            untranslatable_code(what),
            describe_untranslatable(what),
        ),
        AskRefusal::Stopping => return stopping(),
        AskRefusal::Stopped => (
            409,
            "stopped",
            text("Somebody stopped the call before it was answered."),
        ),
    };
    message.into()
}

/// The operator allows some models alone.
fn model_not_allowed(provider: &ProviderId, model: &str) -> String {
    let what = match model {
        NO_MODEL => format!("calls to `{provider}` that name no model"),
        model => format!("`{provider}/{model}`"),
    };
    format!(
        "The operator does not allow {what} here. `GET /v1/models` lists those that may be used."
    )
}

/// The model makes pictures and answers nothing.
fn pictures_alone(model: &str) -> Message {
    let message = format!(
        "`{model}` makes pictures and answers no questions. `POST /v1/images/generations` takes it; for words, name another model."
    );
    (400, "no_chat", message)
}

fn prompt_missing() -> Message {
    let text = "There is nothing to answer. Put `prompt` in.";
    (400, "prompt_missing", text.to_owned())
}

/// How long a restart takes, as a rule: ten seconds to stop, and a moment to
/// start again.
const RESTARTED_AFTER_S: u64 = 15;

fn stopping() -> Problem {
    let message = "The gateway is being restarted. Try again in a minute.";
    Problem {
        retry_after_s: Some(RESTARTED_AFTER_S),
        ..Problem::new(503, "stopping", message)
    }
}

/// No model is named, or it is not clear whose it is.
fn unknown_model(model: &str) -> Message {
    if model.is_empty() {
        return (
            400,
            "model_missing",
            String::from(
                "The call names no model. Put `model` in, as `provider/model`; `GET /v1/models` lists those that your keys can use.",
            ),
        );
    }
    (
        404,
        "model_not_found",
        format!(
            "It is not clear whose model `{model}` is. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
        ),
    )
}

/// A provider is named in the place of a model.
fn provider_as_model(provider: &ProviderId, usual: Option<&str>) -> Message {
    let such_as = usual.map_or_else(String::new, |usual| format!(", such as `{usual}`"));
    let message = format!(
        "`{provider}` is a provider, and no model. Write `provider/model`{such_as}; `GET /v1/models` lists those that your keys can use."
    );
    (400, "model_missing", message)
}

/// What can be no model's name stands in its place.
fn no_models_name(typed: &str) -> Message {
    let message = format!(
        "`{typed}` is no model’s name. Write `provider/model`; `GET /v1/models` lists those that your keys can use."
    );
    (400, "model_not_found", message)
}

/// A provider is named, and a model of another's.
fn model_of_another((provider, of): (&ProviderId, &ProviderId), model: &str) -> Message {
    let message = format!(
        "`{model}` is a model of {of}'s, and {provider} has none of others. Name a model of {provider}'s, or `{model}` alone."
    );
    (400, "model_of_another_provider", message)
}

/// A provider has no default model: which it has, as far as it says.
fn no_default_model(provider: &ProviderId, offered: &[String]) -> Message {
    let has = match offered {
        [] => "none of its that may be used is known".to_owned(),
        offered => format!("it has `{}`", offered.join("`, `")),
    };
    let message = format!(
        "{provider} has no default model here, and {has}. Put `model` in, as `{provider}/<model>`."
    );
    (400, "model_missing", message)
}

/// A provider's no. Whose key it was decides what is said of it: only its
/// owner can mend it.
fn provider_failed(failure: &ProviderFailure, payer: Source) -> Problem {
    let provider = &failure.provider;
    let own = payer.is_own();
    let is_theirs = failure.class.is_about_the_key() && !own;
    let (status, code, message) = if is_theirs {
        let message = format!(
            "The key that would pay for {provider} does not work right now, and its owner knows. Add a key of your own, or try again later."
        );
        (503, "payer_unavailable", message)
    } else if failure.class == FailureClass::AuthInvalid && payer == Source::Request {
        // It is stored nowhere.
        let message = format!(
            "Key is invalid: {provider} does not accept the key that came with the call. Send one that it accepts."
        );
        (401, "provider_key_refused", message)
    } else {
        failure_message(failure.class, provider)
    };
    let kept = failure.status.filter(|_| matches!(status, 400 | 502));
    let status = match kept {
        Some(kept @ 400..500) if status == 400 => kept,
        Some(kept @ 500..600) if status == 502 => kept,
        _ => status,
    };
    let wait_ms = failure.retry_after.map(|wait| wait.as_millis());
    let wait_ms = wait_ms.and_then(|wait| u64::try_from(wait).ok());
    Problem {
        retry_after_s: wait_ms.map(|wait| wait.div_ceil(1_000).max(1)),
        retry_after_ms: wait_ms,
        kind: FailureKind::from_failure(failure).filter(|_| !is_theirs),
        refuses_request_key: payer == Source::Request && failure.class.is_about_the_key(),
        ..Problem::new(status, code, message)
    }
}

/// The provider does not accept the key.
fn key_is_invalid(provider: &ProviderId) -> Message {
    let message = format!(
        "Key is invalid: {provider} does not accept the key. Replace it with `POST /api/v1/api-keys`, or `/keys add` in Discord."
    );
    (401, "provider_key_refused", message)
}

fn key_is_damaged(provider: &ProviderId) -> Message {
    let message = format!(
        "What is stored of the key for {provider} can't be opened: it was changed or damaged in the database. Add it again with `POST /api/v1/api-keys`, or `/keys add` in Discord."
    );
    (409, "key_damaged", message)
}

fn failure_message(class: FailureClass, provider: &ProviderId) -> Message {
    let (status, code, words) = match class {
        FailureClass::DamagedKey => return key_is_damaged(provider),
        FailureClass::AuthInvalid => return key_is_invalid(provider),
        FailureClass::WrongOrigin => {
            let replace = "does not accept the key. Replace it with `POST /api/v1/api-keys`, or `/keys add` in Discord.";
            (401, "provider_key_refused", replace)
        }
        FailureClass::AuthForbidden(what) => {
            (403, "provider_key_restricted", describe_restriction(what))
        }
        FailureClass::Billing => (
            402,
            "provider_out_of_credit",
            "says that the account behind the key has no credit.",
        ),
        FailureClass::RateLimited => (
            429,
            "provider_rate_limited",
            "takes no more of these for now. Try again in a moment.",
        ),
        FailureClass::ModelNotFound => {
            let list = "has no such model for this key. `GET /v1/models` lists those that your keys can use.";
            (404, "model_not_found", list)
        }
        FailureClass::ContextTooLong => (
            400,
            "context_length_exceeded",
            "says that the call is longer than the model reads. Shorten it.",
        ),
        FailureClass::ContentBlocked => (400, "content_filter", "refuses the content."),
        FailureClass::PictureRefused => (400, "invalid_image", "can't read a picture of the call."),
        FailureClass::BadRequest => (400, "invalid_request", "says that the call is wrong."),
        FailureClass::TimedOut => (504, "provider_timeout", "took too long. Try again."),
        FailureClass::Unreachable => (
            502,
            "provider_unreachable",
            "does not answer at all. Try again in a minute.",
        ),
        FailureClass::CutOff => (
            502,
            "provider_cut_off",
            "broke off in the middle of its answer. Try again.",
        ),
        FailureClass::NoMemory => (503, "no_memory", NO_MEMORY),
        FailureClass::Overloaded => (503, "provider_overloaded", OVERLOADED),
        FailureClass::TooLarge => (502, "provider_too_large", "answers more than is read here."),
        FailureClass::ModelFileMissing | FailureClass::NodeMissing => {
            (502, "workflow_failed", WORKFLOW_LACKS)
        }
        FailureClass::OutOfMemory => (502, "out_of_memory", OUT_OF_MEMORY),
        FailureClass::ResultLost => (502, "result_lost", RESULT_LOST),
        FailureClass::NoImageOutput(_) => (502, "no_image_output", NO_IMAGE_OUTPUT),
        FailureClass::ResultUnreachable | FailureClass::UntrustedResult => {
            (502, "result_unreachable", RESULT_UNREACHABLE)
        }
        FailureClass::Upstream
        | FailureClass::NoPicture
        | FailureClass::WorkflowFailed
        | FailureClass::MachineFailed
        | FailureClass::Cancelled
        | FailureClass::Expired
        | FailureClass::NotSetUp => (
            502,
            "provider_error",
            "failed, or answered something that is no answer. Try again.",
        ),
    };
    (status, code, format!("{provider} {words}"))
}

/// Nobody can pay: each key that was looked at, and why it was passed over.
fn nobody_pays(trace: &Trace) -> Problem {
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(why) => Some(format!(
            "{} key for {}: {}",
            key_of(step.source),
            step.provider,
            describe_skip(why)
        )),
        _ => None,
    });
    let skipped: Vec<String> = skipped.collect();
    let provider = trace.0.first().map(|step| step.provider.to_string());
    let provider = provider.unwrap_or_else(|| "this".to_owned());
    let why = if skipped.is_empty() {
        String::new()
    } else {
        format!(" Passed over: {}.", skipped.join("; "))
    };
    let head = if skipped.is_empty() {
        format!("No API key configured: no key for {provider} can pay for this.")
    } else {
        format!("No key for {provider} can pay for this.")
    };
    let helps = mend_own_key(trace).unwrap_or_else(|| {
        "Add one with `POST /api/v1/api-keys` or `/keys add` in Discord, or send it with the call."
            .to_owned()
    });
    Problem::new(402, "nobody_pays", format!("{head}{why} {helps}"))
}

/// What makes a personal key pay that is stored, if one is.
fn mend_own_key(trace: &Trace) -> Option<String> {
    let mut own = trace.0.iter().filter(|it| it.source == Source::Personal);
    own.find_map(|step| match step.verdict {
        Verdict::Skipped(Skip::Paused) => {
            let remedy = describe_remedy(&step.provider, Skip::Paused)?;
            Some(format!("{remedy} makes yours pay again."))
        }
        Verdict::Skipped(Skip::OutOfCredit) => {
            let remedy = describe_remedy(&step.provider, Skip::OutOfCredit)?;
            Some(format!(
                "Top yours up at its provider; {remedy} then tries it."
            ))
        }
        Verdict::Skipped(why) => {
            let remedy = describe_remedy(&step.provider, why)?;
            Some(format!("{remedy} mends yours."))
        }
        Verdict::Taken | Verdict::Behind | Verdict::Absent => None,
    })
}

/// Whose key it is, before the word "key".
fn key_of(source: Source) -> &'static str {
    match source {
        Source::Request => "the call's own",
        Source::Personal => "your",
        Source::Server => "the server's",
        Source::BotDefault => "the operator's",
        Source::Demo => "no",
    }
}

/// What a provider does not let a key do, and what helps.
fn describe_restriction(what: Restriction) -> &'static str {
    match what {
        Restriction::Model => {
            "does not let the key use this model. Allow it there, or name another model."
        }
        Restriction::Address => {
            "does not take the key from the address of this gateway. Lift that restriction there."
        }
        Restriction::Country => {
            "does not serve the country that this gateway runs in. Name another provider."
        }
        Restriction::Permission => {
            "says that the key lacks the permission for this. Give it the permission there."
        }
        Restriction::Spent => "says that the key's own spending limit is used up. Raise it there.",
        Restriction::Suspended => "has suspended the key, its project or its account.",
        Restriction::Unverified => {
            "lets verified organisations alone use this model. Verify the key's organisation there, and wait a quarter of an hour; or name another model."
        }
        Restriction::FreeTier => {
            "does not include this model in its free tier, which the key's account is on. Turn billing on there, or name another model. Waiting does not help."
        }
        Restriction::Unsaid => "does not let the key do this, or not from here.",
    }
}

/// Nobody chooses what a command of the bot's own uses.
fn persona_of_a_command(name: &str) -> Message {
    let message = format!("A command of the bot's own uses the persona `{name}`. Choose another.");
    (409, "persona_of_a_command", message)
}

/// A model's name has spaces.
fn spaces_in_model(typed: &str, meant: Option<&str>) -> Message {
    let helps = meant.map_or_else(
        || "`GET /v1/models` lists those that your keys can use.".to_owned(),
        |meant| format!("Did you mean `{meant}`?"),
    );
    let message = format!("No model has a name with spaces, such as `{typed}`. {helps}");
    (400, "malformed_model", message)
}

/// A provider is named before the slash, and no model after it.
fn model_missing(provider: &ProviderId) -> Message {
    let message = format!(
        "`{provider}/` names a provider and no model. Write the model after the slash; `GET /v1/models` lists those that your keys can use."
    );
    (400, "model_missing", message)
}

/// Says why something can't be passed on, where it does not say so itself behind
/// a comma.
fn describe_untranslatable(what: &str) -> String {
    let why = if what.ends_with(',') {
        ""
    } else {
        ": nothing in its API means the same"
    };
    format!(
        "{what} can't be passed on to this provider from here{why}. Leave it out, or call the provider's own API under `/<provider>/`."
    )
}

/// Anthropic's libraries go on without a thread where they are told with this
/// code that there is none.
fn untranslatable_code(what: &str) -> &'static str {
    if what == "`thread`" {
        NO_THREAD
    } else {
        "untranslatable"
    }
}
