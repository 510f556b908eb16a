//! Pictures in OpenAI's words: what a body may have.

use super::shape::Shape::{Answers, Any, Bool, Number, PartialPictures, Text, Words};
use super::shape::{Field, field};

const OPENROUTER: &[&str] = &["openrouter"];
const DRAWING: &[&str] = &["openrouter", "xai"];

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("prompt", Text),
    field("model", Text),
    field("n", Answers),
    field("quality", Text),
    field("size", Text),
    field("partial_images", PartialPictures),
    field("stream", Bool),
    field("output_format", Words(&["png", "jpeg", "webp", "gif"])),
    field("output_compression", Number),
    field("response_format", Text),
    field("background", Text),
    field("moderation", Text),
    field("style", Text),
    field("user", Text),
    field("safety_identifier", Text),
    field("aspect_ratio", Text).at(DRAWING),
    field("resolution", Text).at(DRAWING),
    field("seed", Number).at(OPENROUTER),
    field("session_id", Text).at(OPENROUTER),
    field("trace", Any).at(OPENROUTER),
];
