//! What a request has and its provider has no word for.

use crate::providers::dialect::bodies::raw_object::RawObject;

/// Something in a request that the provider's dialect cannot express, or that
/// means nothing for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untranslatable {
    /// What it is, for the caller to read.
    pub what: String,
    /// Whether no dialect could express it: `what` then says what it must be.
    pub is_malformed: bool,
}

impl Untranslatable {
    /// Names what cannot be expressed.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            is_malformed: false,
        }
    }

    /// Names a file that only its provider can open.
    pub fn file_id() -> Self {
        Self::new("A file by its id, which is its provider's to know,")
    }

    /// Says what a field must be.
    pub fn malformed(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            is_malformed: true,
        }
    }
}

/// Refuses a body with a field that its provider has no word for.
pub fn refuse_fields(fields: &RawObject, unknown: &[&str]) -> Result<(), Untranslatable> {
    let mut unknown = unknown.iter();
    match unknown.find(|name| fields.raw(name).is_some()) {
        Some(name) => Err(Untranslatable::new(format!("`{name}`"))),
        None => Ok(()),
    }
}
