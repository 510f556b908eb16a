//! Words of refusals about tokens and about repeated calls.

use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;
use crate::model::TokenRefusal;

const BAD_IDEMPOTENCY_KEY: &str = "An idempotency key has 1 to 255 characters. Nothing was done.";
const IDEMPOTENCY_KEY_REUSED: &str = "Another call was made under this idempotency key in the last day, so \
     nothing was done. Use a new one for each call.";
const CALL_IN_FLIGHT: &str = "The same call is being made right now. Wait for its answer.";

/// What a person reads when something about a token was refused.
pub fn about_token(voice: Voice<'_>, refusal: &TokenRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        TokenRefusal::BadToken => lang.say(
            "That token is unknown, ended or mistyped. `/token list` shows yours, and \
             `/token create` makes a new one.",
            &[],
        ),
        TokenRefusal::TooManyBadTokens => lang.say(
            "That token does not work, and too many others before it did not. Check the \
             token; one that works is taken at once.",
            &[],
        ),
        TokenRefusal::BadScopes => lang.say(
            "A token's scopes are one or more of `chat`, `keys:read`, `keys:write` and \
             `usage:read`, with commas between. No token was made.",
            &[],
        ),
        TokenRefusal::NoSuchToken => lang.say(
            "You have no such token. Pick one from the list that appears while you type \
             `token:`.",
            &[],
        ),
        TokenRefusal::SeveralTokens => lang.say(
            "Several of your tokens have that name, so none was revoked. Give the \
             token's id: `/token list` shows it.",
            &[],
        ),
        TokenRefusal::TooManyTokens { max } => lang.say_count(
            (*max).into(),
            Plural(
                "You have {n} token, which is the most. End it first with `/token revoke`.",
                "You have {n} tokens, which is the most. End one first with `/token revoke`.",
            ),
            &[],
        ),
        TokenRefusal::TokenTooLong { days } => lang.say_count(
            *days,
            Plural(
                "A token works for {n} day at the most. No token was made. Give a \
                 shorter time, such as `expires:90d`.",
                "A token works for {n} days at the most. No token was made. Give a \
                 shorter time, such as `expires:90d`.",
            ),
            &[],
        ),
        TokenRefusal::TokenForAnotherServer => lang.say(
            "A token can carry the server that it is made in, if that server has added \
             me. No token was made. Run `/token create here:True` in that server.",
            &[],
        ),
        TokenRefusal::TokenWithoutServer => lang.say(
            "That token carries no server, so that it manages none. Make one with \
             `/token create here:True` in the server.",
            &[],
        ),
        TokenRefusal::TokenOfAnotherServer => lang.say(
            "That token carries another server, and manages that one only. Make one with \
             `/token create here:True` in this server.",
            &[],
        ),
        TokenRefusal::BadIdempotencyKey => lang.words(BAD_IDEMPOTENCY_KEY).to_owned(),
        TokenRefusal::IdempotencyKeyReused => lang.words(IDEMPOTENCY_KEY_REUSED).to_owned(),
        TokenRefusal::CallInFlight => lang.words(CALL_IN_FLIGHT).to_owned(),
    }
}
