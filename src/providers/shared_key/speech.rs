//! Words that are read aloud: what a body may have; `docs/providers.md` §14.14.

use super::shape::Shape::{Number, Text};
use super::shape::{Field, field};

const OPENAI: &[&str] = &["openai"];
const MISTRAL: &[&str] = &["mistral"];

/// The fields of a body. A voice that an account keeps, and sound to be copied,
/// are not among them.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("input", Text),
    field("voice", Text),
    field("voice_id", Text).at(MISTRAL),
    field("response_format", Text),
    field("speed", Number),
    field("instructions", Text).at(OPENAI),
];
