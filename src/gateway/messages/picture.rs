//! Messages to programs for refusals about pictures.

use crate::gateway::messages::Message;
use crate::model::{PICTURE_MB_MAX, PictureKind, PictureRefusal, ProviderId, Words};

/// The message for a refusal about a picture.
pub fn about_picture(refusal: &PictureRefusal) -> Message {
    let text = |text: &str| text.to_owned();
    match refusal {
        PictureRefusal::NotAnImageProvider { provider } => (
            400,
            "no_pictures",
            format!("{provider} makes no pictures. `GET /v1/models` lists what your keys can use."),
        ),
        PictureRefusal::CannotEdit => cannot_edit(),
        PictureRefusal::UnknownImageModel { model } => unknown_model(model),
        PictureRefusal::ModelMakesNone {
            provider,
            model,
            able,
        } => makes_none(provider, model, able),
        PictureRefusal::NoModelNamed { provider } => no_model_named(provider),
        PictureRefusal::NobodyMakesAny => nobody_makes_any(),
        PictureRefusal::UnknownLora { lora, known } => unknown_lora(lora, known),
        PictureRefusal::LoraNotTaken { provider } => lora_not_taken(provider),
        PictureRefusal::EmptyPrompt => prompt_missing(),
        PictureRefusal::NotEnhanced => not_enhanced(),
        PictureRefusal::WorkflowPicture {
            workflow,
            takes_one,
        } => workflow_picture(workflow, *takes_one),
        PictureRefusal::AgeRestrictedOnly => age_restricted_only(),
        PictureRefusal::Flagged => not_let_through(),
        PictureRefusal::NotModerated => moderation_away(),
        PictureRefusal::TooManyPicturesAtOnce => too_many_pictures_at_once(),
        PictureRefusal::PictureNotKept => picture_not_kept(),
        PictureRefusal::PictureLost => picture_lost(),
        PictureRefusal::PictureCutOff { provider } => cut_off(provider),
        PictureRefusal::KeptElsewhere { provider, address } => kept_elsewhere(provider, address),
        PictureRefusal::PictureShown => {
            (409, "picture_shown", text("The picture was shown already."))
        }
        PictureRefusal::BadSize => bad_size(),
        PictureRefusal::BadSeed => bad_seed(),
        PictureRefusal::BadPicture => (
            400,
            "malformed_picture",
            format!(
                "That file can't be used. Send a PNG, JPEG, GIF or WebP picture of at most {PICTURE_MB_MAX} MB."
            ),
        ),
        PictureRefusal::KindNotTaken { provider, kind } => kind_not_taken(provider, *kind),
        PictureRefusal::SeedNotTaken { provider } => seed_not_taken(provider),
        PictureRefusal::AnsweredInWords { provider, words } => answered_in_words(provider, words),
    }
}

fn cannot_edit() -> Message {
    (
        400,
        "no_edits",
        String::from(
            "None of these providers can change a picture. Name another, or send no picture.",
        ),
    )
}

fn age_restricted_only() -> Message {
    (
        403,
        "age_restricted",
        String::from(
            "The operator has pictures made in age-restricted channels and direct messages only. Ask for it there with `/imagine`.",
        ),
    )
}

fn too_many_pictures_at_once() -> Message {
    (
        429,
        "too_many_pictures",
        String::from("Your last pictures are still being made. Wait for one of them."),
    )
}

fn picture_not_kept() -> Message {
    (
        404,
        "picture_not_kept",
        String::from("No copy is kept of the picture that this was made from. Send it again."),
    )
}

fn bad_size() -> Message {
    (
        400,
        "malformed_size",
        String::from(
            "`size` must be such as `1024x1024`: sides between 256 and 2048, and multiples of 8.",
        ),
    )
}

fn bad_seed() -> Message {
    (
        400,
        "malformed_seed",
        String::from(
            "`seed` must be a whole number from 0 to 18446744073709551615. With -1, `\"random\"` or without it, any seed is taken.",
        ),
    )
}

/// The workflow takes a picture and got none, or the other way round.
fn workflow_picture(workflow: &str, takes_one: bool) -> Message {
    let message = if takes_one {
        format!(
            "The workflow `{workflow}` changes a picture. Send one to `/v1/images/edits`, or name one that makes one from words."
        )
    } else {
        format!(
            "The workflow `{workflow}` makes a picture from words alone. Name one that changes pictures, or send none."
        )
    };
    (400, "workflow_takes_picture", message)
}

fn kind_not_taken(provider: &ProviderId, kind: PictureKind) -> Message {
    let message = format!(
        "{provider} changes no {}, so nobody was asked. Send a PNG, JPEG or WebP, or name another provider.",
        kind.name()
    );
    (400, "malformed_picture", message)
}

fn seed_not_taken(provider: &ProviderId) -> Message {
    let message = format!(
        "{provider} takes no `seed`, so nobody was asked. Leave it out, or name a workflow."
    );
    (400, "seed_not_taken", message)
}

fn answered_in_words(provider: &ProviderId, words: &Words) -> Message {
    let message = format!(
        "{provider} made no picture and said: {} Answer it in the prompt, or name another model.",
        words.0
    );
    (502, "no_picture", message)
}

/// The model writes, and makes no pictures.
fn makes_none(provider: &ProviderId, model: &str, able: &[String]) -> Message {
    let able: Vec<String> = able.iter().map(|name| format!("`{name}`")).collect();
    let next = if able.is_empty() {
        "`GET /v1/models` lists what your keys can use.".to_owned()
    } else {
        format!("These do: {}.", able.join(", "))
    };
    let message = format!("`{model}` of {provider} makes no pictures, so nobody was asked. {next}");
    (400, "no_pictures", message)
}

fn no_model_named(provider: &ProviderId) -> Message {
    let message = format!(
        "{provider} has no usual model for this. Name one in `model`; `GET /v1/models` lists those that your keys can use."
    );
    (400, "model_missing", message)
}

fn nobody_makes_any() -> Message {
    let message = "The operator lets nobody make pictures without being named. Name a provider and a model in `model`, such as `openai/gpt-image-2`.";
    (400, "no_pictures", message.to_owned())
}

fn prompt_missing() -> Message {
    let message = "There is nothing to make a picture of. Put words into `prompt`.";
    (400, "prompt_missing", message.to_owned())
}

fn unknown_lora(lora: &str, known: &[String]) -> Message {
    let next = if known.is_empty() {
        "Leave `lora` out.".to_owned()
    } else {
        format!("There are, among others: {}.", known.join(", "))
    };
    let message = format!("No host here has a LoRA called `{lora}`, so nobody was asked. {next}");
    (404, "lora_not_found", message)
}

fn lora_not_taken(provider: &ProviderId) -> Message {
    let message = format!(
        "What {provider} would make this with takes no LoRA, so nobody was asked. Leave `lora` out, or name a workflow that loads a model."
    );
    (400, "lora_not_taken", message)
}

fn not_enhanced() -> Message {
    let message = "A language model was asked to make more of the prompt, and said nothing. Try again, or send the prompt as it should be.";
    (502, "no_picture", message.to_owned())
}

/// No model or workflow has this name.
fn unknown_model(model: &str) -> Message {
    let message = format!(
        "No model or workflow for pictures is called `{model}`. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
    );
    (404, "model_not_found", message)
}

fn kept_elsewhere(provider: &ProviderId, address: &str) -> Message {
    let message = format!(
        "{provider} keeps the pictures of this key and model at `{address}`, from which none are taken here, so it was not asked. The operator can add that name to `providers.{provider}.image_hosts`; or let it keep pictures elsewhere, and try again in an hour."
    );
    (409, "pictures_kept_elsewhere", message)
}

fn cut_off(provider: &ProviderId) -> Message {
    let message = format!(
        "A restart came while {provider} was making it, and it is booked at an estimate, since {provider} may count it. Ask for it again."
    );
    (503, "picture_cut_off", message)
}

fn picture_lost() -> Message {
    let message = "A restart came before the picture was safe, and nothing was counted for it. Ask for it again.";
    (503, "picture_lost", message.to_owned())
}

fn not_let_through() -> Message {
    (
        400,
        "content_filter",
        String::from(
            "The operator has prompts looked at first, and this one is not let through. Say it in other words.",
        ),
    )
}

fn moderation_away() -> Message {
    (
        503,
        "moderation_unavailable",
        String::from(
            "The operator has prompts looked at first, and whoever looks at them does not answer. Try again in a minute.",
        ),
    )
}
