//! A no that a person can act on. This is the fact; the words for Discord
//! are in `bot/words`.

use super::check::ProviderFailure;
use super::ids::ProviderId;
use super::key::Scope;
use super::offer::{Source, Trace};
use super::quota::{Blocked, LimitHit};

/// What was refused, with what a person needs to know to go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no master key is configured")]
    ByokDisabled,
    #[error("no such provider")]
    UnknownProvider { name: String },
    #[error("this provider answers no questions")]
    NotAChatProvider { provider: ProviderId },
    #[error("this provider makes no pictures")]
    NotAnImageProvider { provider: ProviderId },
    #[error("nobody here can change a picture")]
    CannotEdit,
    #[error("no model or workflow has this name")]
    UnknownImageModel { model: String },
    #[error("the workflow takes a picture, or takes none")]
    WorkflowPicture { workflow: String, takes_one: bool },
    #[error("pictures are made in age-restricted channels alone")]
    AgeRestrictedOnly,
    #[error("moderation does not let this through")]
    Flagged,
    #[error("moderation could not be asked")]
    NotModerated,
    #[error("too many pictures are asked for at once")]
    TooManyPicturesAtOnce,
    #[error("the picture that was changed is not kept")]
    PictureNotKept,
    #[error("the picture was lost with the process that made it")]
    PictureLost,
    #[error("the picture was shown already")]
    PictureShown,
    #[error("the size is no size")]
    BadSize,
    #[error("the picture that came along cannot be used")]
    BadPicture,
    #[error("the operator does not allow this model")]
    ModelNotAllowed { provider: ProviderId, model: String },
    #[error("its provider has retired the model")]
    ModelRetired {
        provider: ProviderId,
        model: String,
        replacement: String,
    },
    #[error("there is no such persona")]
    NoSuchPersona { name: String },
    #[error("only who manages the server may do this")]
    OnlyManagers,
    #[error("only who manages the server chooses for everybody")]
    OnlyManagersChoose,
    #[error("the model's provider is not known")]
    UnknownModel { model: String },
    #[error("the person may not manage this server")]
    NotAManager,
    #[error("this needs a server")]
    NotInAServer,
    #[error("the bot is not installed in this server")]
    NotInstalledHere,
    #[error("the form was used, is too old, or is somebody else's")]
    StaleForm,
    #[error("there is no such key")]
    NoSuchKey { provider: ProviderId, scope: Scope },
    #[error("the key has no characters that a key can have")]
    MalformedKey { problem: &'static str },
    #[error("a field is missing or wrong")]
    MalformedExtra { field: &'static str },
    #[error("the provider does not accept the key")]
    KeyRefused {
        provider: ProviderId,
        kept_old: bool,
    },
    #[error("too many key checks")]
    TooManyChecks { retry_after_s: u64 },
    #[error("nobody can pay for this")]
    NobodyPays { trace: Trace },
    #[error("the prompt is empty")]
    EmptyPrompt,
    #[error("the key is locked")]
    Locked { kid: String },
    #[error("the provider failed")]
    Provider {
        failure: ProviderFailure,
        payer: Source,
    },
    #[error("the bot is stopping")]
    Stopping,
    #[error("somebody stopped it")]
    Stopped,
    #[error("too much is asked at once")]
    TooManyAtOnce,
    #[error("too much is asked at once here")]
    ChannelIsBusy,
    #[error("it is somebody else's")]
    NotYours,
    #[error("the answer is too old")]
    StaleAnswer,
    #[error("there is nothing in it to read")]
    NothingToRead,
    #[error("the bot is not in this server")]
    NotInThisServer,
    #[error("the person may not read this channel")]
    MayNotReadHere,
    #[error("the bot may not read this channel")]
    BotCannotRead,
    #[error("the question can no longer be read")]
    QuestionGone,
    #[error("a limit leaves no room")]
    LimitReached {
        hit: LimitHit,
        /// Whose key it limits.
        payer: Source,
        provider: ProviderId,
        /// Seconds until there is room again; none where there never is.
        retry_after_s: Option<u64>,
    },
    #[error("dollars are limited, and the price is not known")]
    UnknownPrice {
        provider: ProviderId,
        model: String,
        payer: Source,
    },
    #[error("this is blocked")]
    Blocked {
        whom: Blocked,
        /// None: until it is lifted.
        until_ms: Option<i64>,
    },
    #[error("the tier may not use keys of its own")]
    TierWithoutByok { tier: String },
    #[error("only the operator's people may do this")]
    NotAnOperator,
    #[error("a key for one ask needs a provider")]
    OnceNeedsProvider,
    #[error("the prompt does not fit into a form")]
    TooLongForAForm,
    #[error("what confirms it was not typed")]
    NotConfirmed,
    #[error("there is no such tier")]
    NoSuchTier { name: String },
    #[error("there is no such limit")]
    NoSuchLimit,
    #[error("there are too many limits")]
    TooManyLimits { max: usize },
    #[error("the amount is no amount")]
    BadAmount,
    #[error("one person, role or channel must be named")]
    NameOne,
    #[error("the id is no server's")]
    BadServer,
    #[error("the duration is no duration")]
    BadDuration,
    #[error("these are no scopes")]
    BadScopes,
    #[error("the token is unknown, ended or mistyped")]
    BadToken,
    #[error("too many bad tokens came from one address")]
    TooManyBadTokens,
    #[error("there is no such token")]
    NoSuchToken,
    #[error("several tokens have this name")]
    SeveralTokens,
    #[error("the person has too many tokens")]
    TooManyTokens { max: u32 },
    #[error("the token would work for too long")]
    TokenTooLong { days: u64 },
    #[error("Discord can't be asked")]
    DiscordAway,
    #[error("the person is no member of the server")]
    NotAMember,
    #[error("only one's own key pays for this")]
    OwnKeyOnly { what: String },
    #[error("it can't be said in the provider's dialect")]
    Untranslatable { what: String },
    #[error("the idempotency key is no key")]
    BadRepeatKey,
    #[error("another call was made under this idempotency key")]
    RepeatDiffers,
    #[error("the same call is being made")]
    RepeatInFlight,
    #[error("there is no key of this id")]
    UnknownKey,
    #[error("the key is another provider's")]
    KeyForAnother { of: ProviderId, wanted: ProviderId },
    #[error("a token's server is the one that it is made in")]
    TokenForAnotherServer,
}
