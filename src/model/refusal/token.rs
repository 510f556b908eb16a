//! Refusals about the tokens of programs, and about repeated calls.

/// Why something about a token or a repeated call was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("the token is unknown, ended or mistyped")]
    BadToken,
    #[error("too many bad tokens came from one address")]
    TooManyBadTokens,
    #[error("these are no scopes")]
    BadScopes,
    #[error("there is no such token")]
    NoSuchToken,
    #[error("several tokens have this name")]
    SeveralTokens,
    #[error("the person has too many tokens")]
    TooManyTokens { max: u32 },
    #[error("the token would work for too long")]
    TokenTooLong { days: u64 },
    #[error("a token's server is the one that it is made in")]
    TokenForAnotherServer,
    #[error("the token carries no server")]
    TokenWithoutServer,
    #[error("the token carries another server")]
    TokenOfAnotherServer,
    #[error("the idempotency key is no key")]
    BadIdempotencyKey,
    #[error("another call was made under this idempotency key")]
    IdempotencyKeyReused,
    #[error("the same call is being made")]
    CallInFlight,
}
