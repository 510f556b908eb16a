//! Words for refusals about pictures.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{PICTURE_MB_MAX, PictureRefusal};

/// The trouble that a refusal about a picture is.
pub fn describe_picture(refusal: &PictureRefusal) -> Trouble {
    let (title, words) = describe_wish(refusal).unwrap_or_else(|| describe_making(refusal));
    Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words)
}

/// What is wrong with what was asked for; none where something else is.
fn describe_wish(refusal: &PictureRefusal) -> Option<(&'static str, String)> {
    Some(match refusal {
        PictureRefusal::NotAnImageProvider { provider } => (
            "It makes no pictures",
            format!("{provider} makes no pictures. Choose a model of the group Pictures."),
        ),
        PictureRefusal::CannotEdit => (
            "Nobody here can change a picture",
            "None of these models changes a picture. Take the picture out, or choose another \
             model."
                .to_owned(),
        ),
        PictureRefusal::UnknownImageModel { model } => (
            "No such model makes pictures",
            format!("No model or workflow for pictures is called “{model}”. Choose another."),
        ),
        PictureRefusal::WorkflowPicture {
            workflow,
            takes_one: true,
        } => (
            "It changes a picture",
            format!("The workflow “{workflow}” changes a picture. Attach one."),
        ),
        PictureRefusal::WorkflowPicture { workflow, .. } => (
            "It takes no picture",
            format!("The workflow “{workflow}” works from words alone. Take the picture out."),
        ),
        PictureRefusal::BadSize => (
            "That is no size",
            "A size is a width and a height in pixels, such as 1024x768: from 256 to 2048, in \
             steps of 8."
                .to_owned(),
        ),
        PictureRefusal::BadPicture => (
            "That file is no picture to work from",
            format!("Attach one PNG, JPEG, GIF or WebP picture of at most {PICTURE_MB_MAX} MB."),
        ),
        _ => return None,
    })
}

/// What kept a picture from being made.
fn describe_making(refusal: &PictureRefusal) -> (&'static str, String) {
    match refusal {
        PictureRefusal::AgeRestrictedOnly => (
            "Not here",
            "Pictures are made in age-restricted channels and direct messages only.".to_owned(),
        ),
        PictureRefusal::Flagged => (
            "Those words are not let through",
            "The moderation does not let these words through. Say it in other words.".to_owned(),
        ),
        PictureRefusal::NotModerated => (
            "The moderation does not answer",
            "It can’t be asked right now, so nothing is made. Try again in a minute.".to_owned(),
        ),
        PictureRefusal::TooManyPicturesAtOnce => (
            "Your last pictures are still being made",
            "Wait for one of them, or cancel it.".to_owned(),
        ),
        PictureRefusal::PictureNotKept => (
            "The picture is not kept",
            "Attach the picture that is to be changed once more.".to_owned(),
        ),
        PictureRefusal::PictureLost => (
            "The picture was lost",
            "A restart came before it was safe. Nothing was counted for it; begin anew.".to_owned(),
        ),
        _ => (
            "It was shown already",
            "The picture was shown already. Begin anew for another.".to_owned(),
        ),
    }
}
