//! Messages to programs for refusals about pictures.

use crate::gateway::messages::Message;
use crate::model::{PICTURE_MB_MAX, PictureRefusal};

/// The message for a refusal about a picture.
pub fn about_picture(refusal: &PictureRefusal) -> Message {
    let text = |text: &str| text.to_owned();
    match refusal {
        PictureRefusal::NotAnImageProvider { provider } => (
            400,
            "no_pictures",
            format!("{provider} makes no pictures. `GET /v1/models` lists what your keys can use."),
        ),
        PictureRefusal::CannotEdit => (
            400,
            "no_edits",
            text("None of these providers can change a picture. Name another, or send no picture."),
        ),
        PictureRefusal::UnknownImageModel { model } => (
            404,
            "model_not_found",
            format!(
                "No model or workflow for pictures is called `{model}`. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
            ),
        ),
        PictureRefusal::WorkflowPicture {
            workflow,
            takes_one,
        } => (
            400,
            "workflow_takes_picture",
            if *takes_one {
                format!(
                    "The workflow `{workflow}` changes a picture. Name one that makes one from words."
                )
            } else {
                format!(
                    "The workflow `{workflow}` makes a picture from words alone. Name one that changes pictures, or send none."
                )
            },
        ),
        PictureRefusal::AgeRestrictedOnly => (
            403,
            "age_restricted",
            text(
                "The operator has pictures made in age-restricted channels and direct messages only. Ask for it there with `/imagine`.",
            ),
        ),
        PictureRefusal::Flagged => not_let_through(),
        PictureRefusal::NotModerated => moderation_away(),
        PictureRefusal::TooManyPicturesAtOnce => (
            429,
            "too_many_pictures",
            text("Your last pictures are still being made. Wait for one of them."),
        ),
        PictureRefusal::PictureNotKept => (
            404,
            "picture_not_kept",
            text("No copy is kept of the picture that this was made from. Send it again."),
        ),
        PictureRefusal::PictureLost => (
            503,
            "picture_lost",
            text(
                "A restart came before the picture was safe, and nothing was counted for it. Ask for it again.",
            ),
        ),
        PictureRefusal::PictureShown => {
            (409, "picture_shown", text("The picture was shown already."))
        }
        PictureRefusal::BadSize => (
            400,
            "malformed_size",
            text(
                "`size` must be such as `1024x1024`: sides between 256 and 2048, and multiples of 8.",
            ),
        ),
        PictureRefusal::BadSeed => (
            400,
            "malformed_seed",
            text(
                "`seed` must be a whole number from 0 to 18446744073709551615. With -1, `\"random\"` or without it, any seed is taken.",
            ),
        ),
        PictureRefusal::BadPicture => (
            400,
            "malformed_picture",
            format!(
                "That file can't be used. Send a PNG, JPEG, GIF or WebP picture of at most {PICTURE_MB_MAX} MB."
            ),
        ),
        PictureRefusal::KindNotTaken { provider, kind } => (
            400,
            "malformed_picture",
            format!(
                "{provider} changes no {}, so nobody was asked. Send a PNG, JPEG or WebP, or name another provider.",
                kind.name()
            ),
        ),
        PictureRefusal::AnsweredInWords { provider, words } => (
            502,
            "no_picture",
            format!(
                "{provider} made no picture and said: {} Answer it in the prompt, or name another model.",
                words.0
            ),
        ),
    }
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
