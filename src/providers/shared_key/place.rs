//! What a walk through a body knows beforehand, and what it finds.

use crate::model::quotable;

use super::shape::Field;

/// The longest part of a caller's name for a field that is said back.
const NAME_CHARACTERS_MAX: usize = 40;
/// What is known of a call before its body is walked through.
pub struct Place<'a> {
    pub provider: &'a str,
    /// The model that is paid for.
    pub model: &'a str,
    /// Fields may be written in camel case and in snake case, and numbers as
    /// texts: what Google's parser reads.
    pub is_google: bool,
}

/// What was found that costs something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub pictures: u64,
    /// Bytes of the body that are pictures or documents, and not words.
    pub media_bytes: u64,
    /// The most that all documents are together.
    pub document_tokens: u64,
    /// Tokens that a provider adds on its own.
    pub added_tokens: u64,
    /// The smallest limit of the output.
    pub limit: Option<u64>,
    pub answers: Option<u64>,
    /// How many texts are gone on with.
    pub prompts: u64,
    pub budget: Option<u64>,
    pub partial_pictures: u64,
    /// What is cached is kept for an hour, which costs more.
    pub caches_for_an_hour: bool,
    /// How many references schemas have.
    pub references: u64,
}

impl Place<'_> {
    /// Whether a field of a table is what a name means here.
    pub fn is_named(&self, field: &str, name: &str) -> bool {
        field == name || (self.is_google && is_snake_of(field, name))
    }

    /// The field of a table that a name means here, and its place in it.
    pub fn find(&self, fields: &'static [Field], name: &str) -> Option<(usize, &'static Field)> {
        let mut all = fields.iter().enumerate();
        all.find(|(_, field)| self.is_named(field.name, name) && self.has(field.at))
    }

    /// Whether a field or a kind with these providers may stand here.
    pub fn has(&self, providers: &[&str]) -> bool {
        providers.is_empty() || providers.contains(&self.provider)
    }
}

/// Whether a name is a field's in snake case: `maxOutputTokens` is
/// `max_output_tokens`.
fn is_snake_of(camel: &str, name: &str) -> bool {
    let mut rest = name.bytes();
    let same = camel.bytes().all(|byte| {
        if byte.is_ascii_uppercase() {
            rest.next() == Some(b'_') && rest.next() == Some(byte.to_ascii_lowercase())
        } else {
            rest.next() == Some(byte)
        }
    });
    same && rest.next().is_none()
}

/// A caller's word as it may be said back.
pub fn shorten(name: &str) -> String {
    quotable(name, NAME_CHARACTERS_MAX)
}
