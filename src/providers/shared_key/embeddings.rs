//! Embeddings and moderations: what a body may have.

use super::chat::OLLAMA_OPTIONS;
use super::shape::Shape::{
    Any, Bool, Either, Kinds as OfKind, List, Number, Object, PictureUrl, Text,
};
use super::shape::{Field, Kind, Kinds, field, kind};

const OPENAI: &[&str] = &["openai"];
const MISTRAL: &[&str] = &["mistral"];
const OPENROUTER: &[&str] = &["openrouter"];

/// The fields of a body in OpenAI's dialect. Words may come as numbers of
/// tokens, each of which is two bytes or more.
pub static BODY: &[Field] = &[
    field(
        "input",
        Either(&[
            Text,
            List(&Either(&[Text, Number, List(&Number), Object(PARTED)])),
        ]),
    ),
    field("model", Text),
    field("encoding_format", Text),
    field("dimensions", Number),
    field("user", Text),
    field("metadata", Any).at(MISTRAL),
    field("output_dimension", Number).at(MISTRAL),
    field("output_dtype", Text).at(MISTRAL),
    field("input_type", Text).at(OPENROUTER),
];
static PARTED: &[Field] = &[field("content", List(&OfKind(&PARTS))).at(OPENROUTER)];
static PARTS: Kinds = Kinds {
    tag: "type",
    members: &[TEXT_PART, PICTURE_PART],
    untagged: None,
};
const TEXT_PART: Kind = kind(&["text"], &[field("type", Text), field("text", Text)]);
const PICTURE_PART: Kind = kind(
    &["image_url"],
    &[
        field("type", Text),
        field("image_url", Object(&[field("url", PictureUrl)])),
    ],
);
/// What OpenAI moderates; Mistral takes texts alone.
static MODERATED: Kinds = Kinds {
    tag: "type",
    members: &[TEXT_PART.at(OPENAI), PICTURE_PART.at(OPENAI)],
    untagged: None,
};

/// The fields of a body at Ollama's own address, `/api/embed`.
pub static OLLAMA_BODY: &[Field] = &[
    field("model", Text),
    field("input", Either(&[Text, List(&Text)])),
    field("truncate", Bool),
    field("dimensions", Number),
    field("options", Object(OLLAMA_OPTIONS)),
];

/// The fields of a body that is moderated.
pub static MODERATION_BODY: &[Field] = &[
    field(
        "input",
        Either(&[Text, List(&Either(&[Text, OfKind(&MODERATED)]))]),
    ),
    field("model", Text),
];
