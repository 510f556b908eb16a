//! Words for refusals about tokens.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::TokenRefusal;

use super::others::describe_other;

/// The trouble that a refusal about tokens is.
pub fn describe_token(refusal: &TokenRefusal) -> Trouble {
    let new = |title: &str, words: &str| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Trouble::new(status, title, words).way("/tokens", "Go to your tokens")
    };
    match refusal {
        TokenRefusal::BadScopes => new(
            "A token must be able to do something",
            "Nothing was ticked of what the token may do. No token was made; tick at least one.",
        )
        .way("/tokens/new", "Try again"),
        TokenRefusal::TooManyTokens { max } => {
            let words = format!(
                "You have {max} tokens, which is the most, so none was made. Revoke one that no \
                 program uses any more."
            );
            new("You have as many tokens as there can be", &words)
        }
        TokenRefusal::NoSuchToken => Trouble::nothing_here(),
        TokenRefusal::TokenForAnotherServer => new(
            "That server has not added the bot",
            "A token can carry a server that you are in and that has added the bot. No token was \
             made.",
        ),
        TokenRefusal::BadToken
        | TokenRefusal::TooManyBadTokens
        | TokenRefusal::SeveralTokens
        | TokenRefusal::TokenTooLong { .. }
        | TokenRefusal::TokenWithoutServer
        | TokenRefusal::TokenOfAnotherServer
        | TokenRefusal::BadIdempotencyKey
        | TokenRefusal::IdempotencyKeyReused
        | TokenRefusal::CallInFlight => describe_other(&(*refusal).clone().into()),
    }
}
