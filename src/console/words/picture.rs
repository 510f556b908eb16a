//! Words for refusals about pictures.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{PICTURE_MB_MAX, PictureKind, PictureRefusal, ProviderId, Words};

use super::{Names, either};

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A status, a title and sentences.
type TroubleWords = (StatusCode, &'static str, String);

/// The trouble that a refusal about a picture is.
pub fn describe_picture(names: Names<'_>, refusal: &PictureRefusal) -> Trouble {
    let (status, title, words) = match refusal {
        PictureRefusal::NotAnImageProvider { provider } => not_an_image_provider(names, provider),
        PictureRefusal::CannotEdit => cannot_edit(),
        PictureRefusal::UnknownImageModel { model } => {
            (UNPROCESSABLE, "No such model", unknown_model(model))
        }
        PictureRefusal::ModelMakesNone {
            provider,
            model,
            able,
        } => (
            UNPROCESSABLE,
            "It makes no pictures",
            makes_none(&names.name(provider), model, able),
        ),
        PictureRefusal::NoModelNamed { provider } => no_model_named(&names.name(provider)),
        PictureRefusal::NobodyMakesAny => nobody_makes_any(),
        PictureRefusal::UnknownLora { lora, .. } => (
            UNPROCESSABLE,
            "No such LoRA",
            format!("No host here has a LoRA called “{lora}”, so nobody was asked. Leave it out."),
        ),
        PictureRefusal::LoraNotTaken { provider } => lora_not_taken(&names.name(provider)),
        PictureRefusal::EmptyPrompt => empty_prompt(),
        PictureRefusal::NotEnhanced => not_enhanced(),
        PictureRefusal::WorkflowPicture {
            workflow,
            takes_one,
        } => (
            UNPROCESSABLE,
            "Look at the picture",
            workflow_picture(workflow, *takes_one),
        ),
        PictureRefusal::AgeRestrictedOnly => age_restricted_only(),
        PictureRefusal::Flagged => flagged(),
        PictureRefusal::NotModerated => not_moderated(),
        PictureRefusal::TooManyPicturesAtOnce => too_many_pictures_at_once(),
        PictureRefusal::PictureNotKept => picture_not_kept(),
        PictureRefusal::PictureLost => picture_lost(),
        PictureRefusal::PictureCutOff { provider } => cut_off(&names.name(provider)),
        PictureRefusal::KeptElsewhere { provider, address } => {
            kept_elsewhere(&names.name(provider), provider, address)
        }
        PictureRefusal::PictureShown => picture_shown(),
        PictureRefusal::BadSize => bad_size(),
        PictureRefusal::BadSeed => bad_seed(),
        PictureRefusal::BadPicture => bad_picture(),
        PictureRefusal::KindNotTaken { provider, kind } => {
            kind_not_taken(&names.name(provider), *kind)
        }
        PictureRefusal::SeedNotTaken { provider } => seed_not_taken(&names.name(provider)),
        PictureRefusal::AnsweredInWords { provider, words } => {
            answered_in_words(&names.name(provider), words)
        }
    };
    Trouble::new(status, title, words).way("/playground", "Go to the playground")
}

/// What would make it takes no LoRA.
fn lora_not_taken(name: &str) -> TroubleWords {
    (
        UNPROCESSABLE,
        "No LoRA is taken",
        format!(
            "What {name} would make this with takes no LoRA, so nobody was asked. Leave it out."
        ),
    )
}

/// No model is chosen, and the provider has no usual one.
fn no_model_named(name: &str) -> TroubleWords {
    (
        UNPROCESSABLE,
        "No model is chosen",
        format!("{name} has no usual model for this here. Choose one."),
    )
}

fn nobody_makes_any() -> TroubleWords {
    (
        UNPROCESSABLE,
        "Nobody makes pictures unasked",
        "Nobody makes pictures here unless a model is chosen. Choose one.".to_owned(),
    )
}

fn empty_prompt() -> TroubleWords {
    (
        UNPROCESSABLE,
        "There is nothing to make",
        "Type what the picture should show.".to_owned(),
    )
}

fn not_enhanced() -> TroubleWords {
    (
        StatusCode::BAD_GATEWAY,
        "The prompt was not rewritten",
        "The language model made nothing of it. Write more, and try again.".to_owned(),
    )
}

fn too_many_pictures_at_once() -> TroubleWords {
    (
        StatusCode::TOO_MANY_REQUESTS,
        "Your last pictures are still being made",
        "Wait for one of them, or cancel it.".to_owned(),
    )
}

fn picture_not_kept() -> TroubleWords {
    (
        StatusCode::GONE,
        "The picture is not kept",
        "No copy is kept of the picture that this was made from. Choose it once more.".to_owned(),
    )
}

fn picture_lost() -> TroubleWords {
    (
        StatusCode::GONE,
        "The picture was lost",
        "A restart came before the picture was safe. Nothing was counted for it; begin anew."
            .to_owned(),
    )
}

fn picture_shown() -> TroubleWords {
    (
        StatusCode::GONE,
        "The picture was shown already",
        "It is shown once and not kept. Make it again if you need it.".to_owned(),
    )
}

fn bad_seed() -> TroubleWords {
    (
        UNPROCESSABLE,
        "That is no seed",
        "Type a whole number from 0 to 18446744073709551615, or nothing for any.".to_owned(),
    )
}

fn bad_picture() -> TroubleWords {
    (
        UNPROCESSABLE,
        "That file can’t be used",
        format!("Choose a PNG, JPEG, GIF or WebP picture of at most {PICTURE_MB_MAX} MB."),
    )
}

/// The provider that was named makes no pictures.
fn not_an_image_provider(names: Names<'_>, provider: &ProviderId) -> TroubleWords {
    (
        UNPROCESSABLE,
        "It makes no pictures",
        format!(
            "{} makes no pictures. Choose another provider, or none.",
            names.name(provider)
        ),
    )
}

/// A picture came along, and nobody here can change one.
fn cut_off(name: &str) -> TroubleWords {
    (
        StatusCode::GONE,
        "The picture was lost",
        format!(
            "A restart came while {name} was making it. {name} may count it all the same, so it is booked at an estimate; begin anew."
        ),
    )
}

fn kept_elsewhere(name: &str, provider: &ProviderId, address: &str) -> TroubleWords {
    (
        StatusCode::CONFLICT,
        "Its pictures can’t be taken from where they are",
        format!(
            "{name} keeps the pictures of this key and model at {address}, from which none are taken here, so it was not asked. The operator can add that name to providers.{provider}.image_hosts; or let it keep pictures elsewhere, and try again in an hour."
        ),
    )
}

fn cannot_edit() -> TroubleWords {
    (
        UNPROCESSABLE,
        "Nobody here can change a picture",
        "None of these can change a picture. Leave the picture out, or choose another \
         provider, such as OpenAI."
            .to_owned(),
    )
}

/// The channel is one where no pictures are made.
fn age_restricted_only() -> TroubleWords {
    (
        StatusCode::FORBIDDEN,
        "Not in that channel",
        "Pictures are made in age-restricted channels and direct messages alone. Make it \
         here without a server."
            .to_owned(),
    )
}

/// Who pays changes no pictures of this kind.
fn kind_not_taken(name: &str, kind: PictureKind) -> TroubleWords {
    (
        UNPROCESSABLE,
        "That kind is not taken",
        format!(
            "{name} changes no {}, so nobody was asked. Choose a PNG, JPEG or WebP, or another \
             provider.",
            kind.name()
        ),
    )
}

/// Who pays takes no seed.
fn seed_not_taken(name: &str) -> TroubleWords {
    (
        UNPROCESSABLE,
        "No seed is taken",
        format!("{name} takes no seed, so nobody was asked. Leave it out, or choose a workflow."),
    )
}

/// The model said something in the place of a picture.
fn answered_in_words(name: &str, words: &Words) -> TroubleWords {
    (
        StatusCode::BAD_GATEWAY,
        "It answered in words",
        format!(
            "{name} made no picture and said: “{}” Answer it in the prompt, or choose another \
             model.",
            words.0
        ),
    )
}

/// Moderation does not let the words through.
fn flagged() -> TroubleWords {
    (
        UNPROCESSABLE,
        "Moderation stopped it",
        "The moderation of this service does not let these words through. Say it in other \
         words."
            .to_owned(),
    )
}

/// Moderation can't be asked, so nothing is made.
fn not_moderated() -> TroubleWords {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Moderation does not answer",
        "The moderation of this service can’t be asked right now, so nothing is made. Try \
         it again in a minute."
            .to_owned(),
    )
}

/// What was typed as a size is none.
fn bad_size() -> TroubleWords {
    (
        UNPROCESSABLE,
        "That is no size",
        "Type a width and a height in pixels, such as 1024x768: from 256 to 2048, in steps \
         of 8."
            .to_owned(),
    )
}

/// The model writes, and makes no pictures.
fn makes_none(name: &str, model: &str, able: &[String]) -> String {
    let next = if able.is_empty() {
        "Choose another.".to_owned()
    } else {
        format!("Choose another, such as {}.", either(able))
    };
    format!("{model} of {name} makes no pictures, so nobody was asked. {next}")
}

/// No model or workflow has this name.
fn unknown_model(model: &str) -> String {
    format!(
        "No model or workflow is called “{model}”. Choose one from the list, or write it as \
         provider/model."
    )
}

/// A workflow takes a picture and got none, or the other way round.
fn workflow_picture(workflow: &str, takes_one: bool) -> String {
    if takes_one {
        format!("The workflow “{workflow}” changes a picture. Choose one, or another model.")
    } else {
        format!(
            "The workflow “{workflow}” makes a picture from words alone. Leave the picture out, \
             or choose another model."
        )
    }
}
