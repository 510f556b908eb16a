//! Words for refusals about tokens and about repeated calls.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::TokenRefusal;

const UNPROCESSABLE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A status, a title and sentences.
type TroubleWords = (StatusCode, &'static str, String);

/// The trouble that a refusal about a token is.
pub fn describe_token(refusal: &TokenRefusal) -> Trouble {
    let text = |text: &str| text.to_owned();
    let (status, title, words) = match refusal {
        TokenRefusal::BadToken => (
            StatusCode::FORBIDDEN,
            "That token does not work",
            text("It is unknown, has ended or is mistyped. Make a new one."),
        ),
        TokenRefusal::TooManyBadTokens => too_many_bad_tokens(),
        TokenRefusal::BadScopes => bad_scopes(),
        TokenRefusal::NoSuchToken => return Trouble::nothing_here(),
        TokenRefusal::SeveralTokens => (
            StatusCode::CONFLICT,
            "Several tokens have that name",
            text("None was revoked. Choose the one that is meant from the list."),
        ),
        TokenRefusal::TooManyTokens { max } => too_many_tokens(*max),
        TokenRefusal::TokenTooLong { days } => token_too_long(*days),
        TokenRefusal::TokenForAnotherServer => token_for_another_server(),
        TokenRefusal::TokenWithoutServer => (
            StatusCode::FORBIDDEN,
            "That token carries no server",
            text("So it manages none. Make one for the server."),
        ),
        TokenRefusal::TokenOfAnotherServer => (
            StatusCode::FORBIDDEN,
            "That token carries another server",
            text("It manages that one alone. Make one for this server."),
        ),
        TokenRefusal::BadIdempotencyKey => (
            UNPROCESSABLE,
            "Nothing was done",
            text(
                "An idempotency key has 1 to 255 characters. Open the page again and send it once more.",
            ),
        ),
        TokenRefusal::IdempotencyKeyReused => idempotency_key_reused(),
        TokenRefusal::CallInFlight => (
            StatusCode::CONFLICT,
            "It is being done already",
            text("The same was sent a moment ago. Wait for its answer, then open the page again."),
        ),
    };
    Trouble::new(status, title, words).way("/tokens", "Go to your tokens")
}

/// Too many tokens that do not work came from one address.
fn too_many_bad_tokens() -> TroubleWords {
    (
        StatusCode::TOO_MANY_REQUESTS,
        "Too many tokens that do not work",
        "That token does not work, and too many others before it did not. Check the \
         token; one that works is taken at once."
            .to_owned(),
    )
}

/// Nothing was ticked that the token may do.
fn bad_scopes() -> TroubleWords {
    (
        UNPROCESSABLE,
        "A token must be able to do something",
        "Nothing was ticked of what the token may do. No token was made; tick at least one."
            .to_owned(),
    )
}

/// Somebody has as many tokens as there can be.
fn too_many_tokens(max: u32) -> TroubleWords {
    (
        StatusCode::CONFLICT,
        "You have as many tokens as there can be",
        format!(
            "You have {max} tokens, which is the most, so none was made. Revoke one that no \
             program uses any more."
        ),
    )
}

/// The token would work for too long.
fn token_too_long(days: u64) -> TroubleWords {
    (
        UNPROCESSABLE,
        "That is too long",
        format!(
            "A token works for {days} days at the most. No token was made. Choose a shorter \
             time."
        ),
    )
}

/// The token was to carry a server that can't be carried.
fn token_for_another_server() -> TroubleWords {
    (
        UNPROCESSABLE,
        "That server has not added the bot",
        "A token can carry a server that you are in and that has added the bot. No token \
         was made."
            .to_owned(),
    )
}

/// Something else was sent under the same number.
fn idempotency_key_reused() -> TroubleWords {
    (
        StatusCode::CONFLICT,
        "It was sent before",
        "Something else was sent under the same number in the last day, so nothing was \
         done. Open the page again."
            .to_owned(),
    )
}
