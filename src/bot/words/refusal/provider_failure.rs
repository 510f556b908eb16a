//! What a provider's failure is in words.

use crate::bot::words::speech::voice::OwnKeys;
use crate::model::{FailureClass, ForeignFile, Restriction};

const CUT_OFF: &str = "{provider} broke off in mid-answer. Ask again, or name another provider.";
const WORKFLOW_FAILED: &str = "{provider} could not run the workflow: a node of it failed. It may need a model or a node that \
             is not installed there. Name another workflow with `model:`.";
const UNTRUSTED_RESULT: &str = "{provider} made it, but keeps it at an address that I don't trust. It is paid for all the same, and so \
             is each further one: first the bot's operator has to allow that address (`image_hosts` in the settings).";
const RESULT_UNREACHABLE: &str = "{provider} made it, but I can't fetch it from where {provider} keeps it ({address}). It is paid for all \
             the same, and so is each further one: first whoever runs it has to let that address be read from outside.";
const NEEDS_IMAGE_OUTPUT: &str = "Other words don't help, and cost again: the workflow must give out a picture, as PNG, JPEG, WebP or GIF. \
             Name another with `model:`.";
const OVERLOADED: &str = "{provider} has more to do than it can right now. Ask again in a minute, or name another provider.";
const NOT_SET_UP: &str = "The {provider} key was stored without something that this needs, such as an endpoint or a queue.";
const DAMAGED_KEY: &str = "What I stored of the {provider} key that would have paid can't be opened: it was changed \
     or damaged in the database.";
const MODEL_FILE_MISSING: &str = "{provider} could not run the workflow: the model file `{subject}` is not there. Whoever runs it can install \
     it; or name another workflow with `model:`.";
const NODE_MISSING: &str = "{provider} could not run the workflow: the node `{subject}` is not installed there. Whoever runs it can \
     install it; or name another workflow with `model:`.";
const OUT_OF_MEMORY: &str = "The machine at {provider} has too little memory for this. Ask for fewer pictures (`count:`) or a smaller \
     `size:`, or name another provider.";
const RESULT_LOST: &str = "{provider} made it, and what came of it was lost there: it may be larger than {provider} passes on. Ask for \
     fewer pictures (`count:`) or a smaller `size:`.";

/// What happened and what to do next, as one sentence or as two.
pub fn describe_failure(class: FailureClass, own_keys: OwnKeys) -> Vec<&'static str> {
    let again = match (class, own_keys) {
        (FailureClass::NotSetUp, OwnKeys::Stored) => {
            "Add it again with `/keys add provider:{id} scope:user`, and fill in every field."
        }
        (
            FailureClass::DamagedKey | FailureClass::WrongOrigin | FailureClass::AuthInvalid,
            OwnKeys::Stored,
        ) => "Add it again with `/keys add provider:{id} scope:user`.",
        (FailureClass::Billing, OwnKeys::Stored) => {
            return vec![
                "The {provider} account behind the key is out of credit. Top it up at {page}, then run \
                 `/keys test provider:{id} scope:user`.",
            ];
        }
        (FailureClass::NoImageOutput(_), _) => NEEDS_IMAGE_OUTPUT,
        _ => return vec![describe_class(class)],
    };
    vec![describe_class(class), again]
}

fn describe_class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::AuthInvalid => {
            "Key is invalid: {provider} refused the key that would have paid. `/keys status` shows which."
        }
        FailureClass::AuthForbidden(what) => describe_restriction(what),
        FailureClass::Billing => {
            "The {provider} account behind the key is out of credit. Top it up at {page}."
        }
        FailureClass::RateLimited => {
            "{provider} is limiting this key right now. Ask again in {wait}, or name another provider."
        }
        FailureClass::ModelNotFound => {
            "{provider} has no such model for this key. Choose another: with `model:` in a command, or for all that \
             you ask with `/model set`."
        }
        FailureClass::ContextTooLong => {
            "The prompt is too long for this model. Shorten it, or name another model."
        }
        FailureClass::ContentBlocked => {
            "{provider} declined that. Rephrase it, or name another provider."
        }
        FailureClass::PictureRefused => {
            "{provider} can't read the picture that came with your question: it may be animated, damaged, or larger \
             or smaller than it takes. Send it as a plain PNG or JPEG, or name another provider."
        }
        FailureClass::BadRequest => {
            "{provider} did not understand the request. That is a fault of mine or of the model's name; \
             choose another, with `model:` in a command or with `/model set`."
        }
        FailureClass::Upstream => {
            "{provider} is having trouble. Ask again in a minute, or name another provider."
        }
        FailureClass::Overloaded => OVERLOADED,
        FailureClass::Unreachable => {
            "{provider} can't be reached from here. Ask again in a minute, or name another provider."
        }
        FailureClass::TimedOut => "{provider} took too long. Ask again, or name another provider.",
        FailureClass::CutOff => CUT_OFF,
        FailureClass::NoMemory => {
            "{provider} answered, and I had no memory left for it. Ask again in a minute, or ask for less."
        }
        FailureClass::TooLarge => {
            "{provider} sent more than I can read. Ask for less, or name another provider."
        }
        FailureClass::NoPicture => {
            "{provider} finished without a picture that I can use. Say it in other words, or name another provider or model."
        }
        FailureClass::NoImageOutput(file) => describe_foreign(file),
        FailureClass::UntrustedResult => UNTRUSTED_RESULT,
        FailureClass::ResultUnreachable => RESULT_UNREACHABLE,
        FailureClass::WorkflowFailed => WORKFLOW_FAILED,
        FailureClass::ModelFileMissing => MODEL_FILE_MISSING,
        FailureClass::NodeMissing => NODE_MISSING,
        FailureClass::OutOfMemory => OUT_OF_MEMORY,
        FailureClass::ResultLost => RESULT_LOST,
        FailureClass::MachineFailed => {
            "The machine at {provider} failed, or never started. Try it again, or name another provider."
        }
        FailureClass::Cancelled => "It was cancelled at {provider}. `/imagine` begins anew.",
        FailureClass::Expired => "{provider} no longer has the result. `/imagine` begins anew.",
        FailureClass::NotSetUp => NOT_SET_UP,
        FailureClass::DamagedKey => DAMAGED_KEY,
        FailureClass::WrongOrigin => {
            "{provider} has moved to another address since this key was stored, and keys don't follow."
        }
    }
}

/// What came in the place of a picture.
fn describe_foreign(file: ForeignFile) -> &'static str {
    match file {
        ForeignFile::FilmOrSound => "What {provider} made is a video or a sound, and no picture.",
        ForeignFile::Drawing => "What {provider} made is an SVG drawing, which I can't show.",
        ForeignFile::Text => "{provider} gave out a text or a web page in the place of a picture.",
        ForeignFile::Nothing => "{provider} finished, and gave out no picture.",
        ForeignFile::Unknown => "{provider} gave out a file that can't be read as a picture.",
    }
}

/// What a provider does not let a key do, and what to do about it.
fn describe_restriction(what: Restriction) -> &'static str {
    match what {
        Restriction::Model => {
            "{provider} does not let this key use the model. Allow the model at {page}, or name another with `model:`."
        }
        Restriction::Address => {
            "{provider} takes this key from certain addresses only, and mine is none of them. Lift that at {page}, \
             or name another provider."
        }
        Restriction::Country => {
            "{provider} does not serve the country that I run in. Name another provider."
        }
        Restriction::Permission => {
            "{provider} says that this key lacks the permission to call models. Give it that at {page}, or name \
             another provider."
        }
        Restriction::Spent => {
            "{provider} says that this key's own spending limit is used up. Raise it at {page}, or name another \
             provider."
        }
        Restriction::Suspended => {
            "{provider} has suspended this key, its project or its account. {page} says more; meanwhile name another \
             provider."
        }
        Restriction::Unverified => {
            "{provider} lets verified organisations alone use this model. Verify yours at \
             <https://platform.openai.com/settings/organization/general>, wait a quarter of an hour and ask again, or \
             name another model."
        }
        Restriction::FreeTier => {
            "{provider}'s free tier does not include this model, and this key's account is on it, so waiting does not \
             help. Turn billing on at {page}, or name another model or provider."
        }
        Restriction::Unsaid => {
            "{provider} does not let this key do that, or not from here. Check the key's permissions at {page}, \
             or name another provider."
        }
    }
}
