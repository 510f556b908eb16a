//! Documents that are ranked: what a body may have; `docs/providers.md` §8.3.

use super::shape::Shape::{Bool, List, Number, Text};
use super::shape::{Field, field};

const COHERE: &[&str] = &["cohere"];

/// The fields of a body. Documents are texts alone.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("query", Text),
    field("documents", List(&Text)),
    field("top_n", Number),
    field("return_documents", Bool),
    field("max_tokens_per_doc", Number).at(COHERE),
    field("priority", Number).at(COHERE),
];
