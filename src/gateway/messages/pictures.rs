//! Refusals of pictures in words for programs.

use crate::model::Refusal;

use crate::gateway::messages::Said;

/// What is said of a picture that was refused; none where the refusal is
/// about something else.
pub fn of_picture(refusal: &Refusal) -> Option<Said> {
    let text = |text: &str| text.to_owned();
    Some(match refusal {
        Refusal::NotAnImageProvider { provider } => (
            400,
            "no_pictures",
            format!("{provider} makes no pictures. `GET /v1/models` lists what your keys can use."),
        ),
        Refusal::UnknownImageModel { model } => (
            404,
            "model_not_found",
            format!(
                "No model or workflow for pictures is called `{model}`. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
            ),
        ),
        Refusal::WorkflowPicture { workflow, .. } => (
            400,
            "workflow_takes_picture",
            format!(
                "The workflow `{workflow}` changes a picture, which can't be sent here. Name one that makes one from words."
            ),
        ),
        Refusal::BadSize => (
            400,
            "malformed_size",
            text(
                "`size` must be such as `1024x1024`: sides between 256 and 2048, and multiples of 8.",
            ),
        ),
        Refusal::Flagged => (
            400,
            "content_filter",
            text(
                "The operator has prompts looked at first, and this one is not let through. Say it in other words.",
            ),
        ),
        Refusal::NotModerated => (
            503,
            "moderation_unavailable",
            text(
                "The operator has prompts looked at first, and whoever looks at them does not answer. Try again in a minute.",
            ),
        ),
        _ => return None,
    })
}
