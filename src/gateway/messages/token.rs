//! Messages to programs for refusals about tokens and repeated calls.

use crate::gateway::messages::Message;
use crate::model::TokenRefusal;

const WITHOUT_SERVER: &str = "The token carries no server, so that it manages none. Make one with `/token create here:True` in the server, and with the scopes that it needs.";
const OF_ANOTHER_SERVER: &str = "The token carries another server, and manages that one only. Make one with `/token create here:True` in this server, and with the scopes that it needs.";
const FOR_ANOTHER_SERVER: &str = "A token can carry the server that it is made in, if that server has added the bot. No token was made.";
const TOO_MANY_BAD_TOKENS: &str = "This is no token that works here, and neither were 100 others from this address in the last minute, so that it has to wait for each answer. Check the token; one that works is let in at once.";

/// The message for a refusal about a token.
pub fn about_token(refusal: &TokenRefusal) -> Message {
    let text = |text: &str| text.to_owned();
    match refusal {
        TokenRefusal::BadToken => (
            401,
            "invalid_token",
            text(
                "This is no token that works here: it is unknown, ended, revoked or mistyped. Make one in Discord with `/token create`, and send it as `Authorization: Bearer …`.",
            ),
        ),
        TokenRefusal::TooManyBadTokens => (429, "too_many_bad_tokens", text(TOO_MANY_BAD_TOKENS)),
        TokenRefusal::BadScopes => (
            400,
            "malformed_scopes",
            text(
                "A token's scopes are one or more of `chat`, `keys:read`, `keys:write` and `usage:read`, with commas between. No token was made.",
            ),
        ),
        TokenRefusal::NoSuchToken => (404, "no_such_token", text("You have no such token.")),
        TokenRefusal::SeveralTokens => (
            409,
            "several_tokens",
            text(
                "Several of your tokens have that name, so none was revoked. Give the token's id.",
            ),
        ),
        TokenRefusal::TooManyTokens { max } => (
            409,
            "too_many_tokens",
            format!("You have {max} tokens, which is the most. End one first."),
        ),
        TokenRefusal::TokenTooLong { days } => (
            400,
            "token_too_long",
            format!("A token works for {days} days at the most. No token was made."),
        ),
        TokenRefusal::TokenForAnotherServer => {
            (403, "token_for_another_server", text(FOR_ANOTHER_SERVER))
        }
        TokenRefusal::TokenWithoutServer => (403, "token_without_server", text(WITHOUT_SERVER)),
        TokenRefusal::TokenOfAnotherServer => {
            (403, "token_of_another_server", text(OF_ANOTHER_SERVER))
        }
        TokenRefusal::BadIdempotencyKey => (
            400,
            "malformed_idempotency_key",
            text("`Idempotency-Key` must have 1 to 255 characters."),
        ),
        TokenRefusal::IdempotencyKeyReused => (
            422,
            "idempotency_key_reused",
            text(
                "Another call was made under this `Idempotency-Key` in the last day. Use a new one for each call.",
            ),
        ),
        TokenRefusal::CallInFlight => (
            409,
            "call_in_flight",
            text("The same call is being made right now. Wait for its answer."),
        ),
    }
}
