//! What a provider's failure is, in the words of pages.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{FailureClass, ForeignFile, ProviderFailure, ProviderId, Restriction, Source};

use super::{Names, add_address, describe_wait};

/// How long to wait where the provider does not say, in seconds.
const WAIT_S: u64 = 60;

/// The trouble that a provider's failure is.
pub fn describe_failure(names: Names<'_>, failure: &ProviderFailure, payer: Source) -> Trouble {
    let (provider, class) = (&failure.provider, failure.class);
    let name = names.name(provider);
    let wait_s = failure
        .retry_after
        .map_or(WAIT_S, |wait| wait.as_secs().max(1));
    let is_limited = class == FailureClass::RateLimited;
    let title = if class.is_about_the_key() && payer.is_own() {
        "Key is invalid".to_owned()
    } else if is_limited {
        format!("{name} is limiting this key")
    } else {
        format!("{name} did not answer")
    };
    let words = match (payer, class.is_about_the_key()) {
        // A key of somebody else's: they can mend it, this person cannot.
        (Source::Server, true) => format!(
            "{name} turned the server’s key down, and whoever added it is told. A key of your \
             own works without it."
        ),
        (Source::BotDefault, true) => format!(
            "{name} turned the bot’s own key down, which the operator has to mend. A key of your \
             own works without it."
        ),
        (Source::Request, true) => format!(
            "{name} turned down the key that you typed for this question: it is mistyped, was \
             revoked, or its account has no credit. It was not stored, and nobody else paid. \
             Check it where you got it, and ask again."
        ),
        _ => describe_class(class)
            .replace("{provider}", &name)
            .replace(
                "{subject}",
                failure.subject.as_deref().unwrap_or("that it names"),
            )
            .replace("{wait}", &describe_wait(wait_s)),
    };
    let status = if is_limited {
        StatusCode::TOO_MANY_REQUESTS
    } else if class.is_about_the_key() {
        StatusCode::PAYMENT_REQUIRED
    } else {
        StatusCode::BAD_GATEWAY
    };
    let mut trouble = Trouble::new(status, title, words);
    trouble.retry_after_s = is_limited.then_some(wait_s);
    lead_on(trouble, names, failure, payer)
}

/// Where it can be mended, by whoever reads it.
fn lead_on(
    trouble: Trouble,
    names: Names<'_>,
    failure: &ProviderFailure,
    payer: Source,
) -> Trouble {
    let (provider, name) = (&failure.provider, names.name(&failure.provider));
    let at_provider = |trouble: Trouble| match failure.class {
        FailureClass::Billing => top_up(trouble, names, provider),
        _ => match names.key_page(provider) {
            Some(page) => trouble.way(page, format!("Keys at {name}")),
            None => trouble,
        },
    };
    match (payer, failure.class.is_about_the_key()) {
        // It is asked again from where it was typed.
        (Source::Request, true) => trouble,
        (Source::Personal, true) => at_provider(trouble).way("/keys", "Go to your keys"),
        (_, true) => trouble.way(add_address(provider), format!("Add a key for {name}")),
        (_, false) => trouble.way("/models", "Choose another model"),
    }
}

/// Leads to where an account is topped up.
pub fn top_up(trouble: Trouble, names: Names<'_>, provider: &ProviderId) -> Trouble {
    match names.billing_page(provider) {
        Some(page) => trouble.way(page, format!("Top up at {}", names.name(provider))),
        None => trouble,
    }
}

fn describe_class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::AuthInvalid => {
            "{provider} refused your key, so it is set aside. Check it, or replace it."
        }
        FailureClass::AuthForbidden(what) => describe_restriction(what),
        FailureClass::Billing => {
            "The {provider} account behind your key is out of credit. Top it up there, then \
             check the key."
        }
        FailureClass::RateLimited => {
            "{provider} takes no more from this key right now. Ask again in {wait}, or choose \
             another model."
        }
        FailureClass::ModelNotFound => "{provider} has no such model for this key. Choose another.",
        FailureClass::ContextTooLong => {
            "The question is too long for this model. Shorten it, or choose another model."
        }
        FailureClass::ContentBlocked => {
            "{provider} declined that. Say it in other words, or choose another model."
        }
        FailureClass::PictureRefused => {
            "{provider} can’t read the picture that came along: it may be animated, damaged, or \
             larger or smaller than it takes. Send it as a plain PNG or JPEG."
        }
        FailureClass::BadRequest => {
            "{provider} did not understand the request. That is a fault of this service or of \
             the model’s name; choose another model."
        }
        FailureClass::Upstream => {
            "{provider} is having trouble. Ask again in a minute, or choose another model."
        }
        FailureClass::Overloaded => {
            "{provider} has more to do than it can right now. Ask again in a minute, or choose \
             another model."
        }
        FailureClass::Unreachable => {
            "{provider} can’t be reached from here. Ask again in a minute, or choose another \
             model."
        }
        FailureClass::TimedOut => "{provider} took too long. Ask again, or choose another model.",
        FailureClass::CutOff => {
            "{provider} broke off in the middle of its answer. Ask again, or choose another model."
        }
        FailureClass::NoMemory => describe_no_memory(),
        FailureClass::TooLarge => {
            "{provider} sent more than can be read here. Ask for less, or choose another model."
        }
        FailureClass::NoPicture => {
            "{provider} finished without a picture that can be used. Say it in other words, or \
             choose another model."
        }
        FailureClass::NoImageOutput(file) => describe_foreign(file),
        FailureClass::UntrustedResult => describe_untrusted_result(),
        FailureClass::ResultUnreachable => describe_result_unreachable(),
        FailureClass::WorkflowFailed => describe_workflow_failed(),
        FailureClass::ModelFileMissing => describe_model_file_missing(),
        FailureClass::NodeMissing => describe_node_missing(),
        FailureClass::OutOfMemory => describe_out_of_memory(),
        FailureClass::ResultLost => describe_result_lost(),
        FailureClass::MachineFailed => {
            "The machine at {provider} failed, or never started. Try it again, or choose another \
             model."
        }
        FailureClass::Cancelled => "It was cancelled at {provider}. Begin anew.",
        FailureClass::Expired => "{provider} no longer has the result. Begin anew.",
        FailureClass::NotSetUp => describe_not_set_up(),
        FailureClass::DamagedKey => describe_damaged_key(),
        FailureClass::WrongOrigin => describe_wrong_origin(),
    }
}

/// The answer found no memory here.
fn describe_no_memory() -> &'static str {
    "{provider} answered, and there was no memory left for it here. Ask again in a \
     minute, or ask for less."
}

/// The picture is kept at an address that is not trusted.
fn describe_untrusted_result() -> &'static str {
    "{provider} made it, but keeps it at an address that is not trusted here. It is paid for \
     all the same, and so is each further one: first the operator has to allow that address \
     (image_hosts in the settings)."
}

/// The picture can't be had from where it is kept.
fn describe_result_unreachable() -> &'static str {
    "{provider} made it, but it can’t be fetched from where {provider} keeps it. It is paid for \
     all the same, and so is each further one: first whoever runs it has to let that address be \
     read from outside."
}

/// What came in the place of a picture, and what to do about it.
fn describe_foreign(file: ForeignFile) -> &'static str {
    match file {
        ForeignFile::FilmOrSound => {
            "What {provider} made is a video or a sound, and no picture. Other words don’t help, \
             and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF."
        }
        ForeignFile::Drawing => {
            "What {provider} made is an SVG drawing, which can’t be shown here. Other words don’t \
             help, and cost again: the workflow must give out a PNG, JPEG, WebP or GIF."
        }
        ForeignFile::Text => {
            "{provider} gave out a text or a web page in the place of a picture. Other words don’t \
             help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF."
        }
        ForeignFile::Nothing => {
            "{provider} finished, and gave out no picture. Other words don’t help, and cost again: \
             the workflow must give out a picture, as PNG, JPEG, WebP or GIF."
        }
        ForeignFile::Unknown => {
            "{provider} gave out a file that can’t be read as a picture. Other words don’t help, \
             and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF."
        }
    }
}

/// A node of the workflow failed.
fn describe_workflow_failed() -> &'static str {
    "{provider} could not run the workflow: a node of it failed. It may need a model or \
     a node that is not installed there. Choose another workflow."
}

/// The workflow needs a file that is not there.
fn describe_model_file_missing() -> &'static str {
    "{provider} could not run the workflow: the model file {subject} is not there. \
     Whoever runs it can install it; or choose another workflow."
}

/// The workflow needs a node that is not there.
fn describe_node_missing() -> &'static str {
    "{provider} could not run the workflow: the node {subject} is not installed there. \
     Whoever runs it can install it; or choose another workflow."
}

/// The card of the machine is full.
fn describe_out_of_memory() -> &'static str {
    "The machine at {provider} has too little memory for this. Ask for fewer pictures, or \
     choose another model."
}

/// What was made was lost at the provider.
fn describe_result_lost() -> &'static str {
    "{provider} made it, and what came of it was lost there: it may be larger than \
     {provider} passes on. Ask for fewer pictures."
}

/// The key was stored without a field that this needs.
fn describe_not_set_up() -> &'static str {
    "Your {provider} key was stored without something that this needs, such as an \
     endpoint or a queue. Replace it, and fill in every field."
}

/// What is stored of the key does not open.
fn describe_damaged_key() -> &'static str {
    "What is stored of your {provider} key can’t be opened: it was changed or damaged in \
     the database. Replace it."
}

/// The provider has moved since the key was stored.
fn describe_wrong_origin() -> &'static str {
    "{provider} has moved to another address since your key was stored, and keys don’t \
     follow. Replace it."
}

/// What a provider does not let a key do, and what to do about it.
fn describe_restriction(what: Restriction) -> &'static str {
    match what {
        Restriction::Model => {
            "{provider} does not let your key use the model. Allow the model there, or choose \
             another."
        }
        Restriction::Address => {
            "{provider} takes your key from certain addresses alone, and this service’s is none \
             of them. Lift that there, or choose another model."
        }
        Restriction::Country => {
            "{provider} does not serve the country that this service runs in. Choose another \
             provider’s model."
        }
        Restriction::Permission => {
            "{provider} says that your key lacks the permission to call models. Give it that \
             there."
        }
        Restriction::Spent => {
            "{provider} says that your key’s own spending limit is used up. Raise it there."
        }
        Restriction::Suspended => {
            "{provider} has suspended your key, its project or its account. Its pages say more; \
             meanwhile choose another provider’s model."
        }
        Restriction::Unverified => {
            "{provider} lets verified organisations alone use this model. Verify yours in the \
             settings of your organisation there, and wait a quarter of an hour; or choose \
             another model."
        }
        Restriction::FreeTier => {
            "{provider}’s free tier does not include this model, and your key’s account is on \
             it, so waiting does not help. Turn billing on there, or choose another model."
        }
        Restriction::Unsaid => {
            "{provider} does not let your key do that, or not from here. Check the key’s \
             permissions there."
        }
    }
}
