//! Words for all other refusals.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::Refusal;

/// The trouble that a refusal is.
pub fn describe_other(refusal: &Refusal) -> Trouble {
    let words = format!("Nothing was changed: {refusal}.");
    Trouble::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "That could not be done",
        words,
    )
}
