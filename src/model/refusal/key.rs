//! Refusals about stored keys, and about keys that come with a call.

use crate::model::access::key::{Key, KeyGoal, Scope};
use crate::model::access::pasted::{OtherSecret, Wrapping};
use crate::model::calls::check::Check;
use crate::model::ids::ProviderId;

/// What a key is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckGoal {
    /// It is to be stored if its provider accepts it.
    Store,
    /// It is kept already, and its owner wants to know.
    Test,
}

/// A key that works, and stays in the place of one that can't pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    pub kept: Key,
    /// What the provider said of the other.
    pub found: Check,
    /// What was taken out around the other.
    pub removed: Vec<Wrapping>,
    /// Under what the other waits, where it can take the place all the same.
    pub waits: Option<String>,
}

/// Why something about a key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    #[error("no master key is configured")]
    ByokDisabled,
    #[error("no such provider")]
    UnknownProvider {
        name: String,
        /// The one whose name is nearest.
        meant: Option<ProviderId>,
    },
    #[error("there is no such key")]
    NoSuchKey { provider: ProviderId, scope: Scope },
    #[error("there is no such key, so none was removed")]
    NothingToRemove { provider: ProviderId, scope: Scope },
    #[error("there is no key of this id")]
    UnknownKey,
    #[error("there is no system key of this id")]
    UnknownSystemKey,
    #[error("the key stands in the environment")]
    OfEnvironment {
        provider: ProviderId,
        /// The variable that it stands in; none where no key is needed.
        variable: Option<String>,
    },
    #[error("the key has no characters that a key can have")]
    MalformedKey {
        problem: &'static str,
        goal: KeyGoal,
    },
    #[error("there are several keys in it, and one is wanted")]
    SeveralKeys { goal: KeyGoal },
    #[error("it is no key of a provider")]
    NotAKey {
        what: OtherSecret,
        wanted: ProviderId,
        goal: KeyGoal,
    },
    #[error("the key begins as another provider's do")]
    LooksLikeAnothers {
        of: Vec<ProviderId>,
        wanted: ProviderId,
        goal: KeyGoal,
    },
    #[error("the key does not tell whose it is")]
    WhoseKey {
        /// It could be any of these; none where nothing tells.
        of: Vec<ProviderId>,
    },
    #[error("the name looks like a secret")]
    SecretAsName,
    #[error("what stands in the place of a model or provider looks like a secret")]
    SecretAsModel,
    #[error("the name is too long")]
    NameTooLong { characters: usize, max: usize },
    #[error("no key can be used for so long")]
    UnknownLifetime,
    #[error("a field is missing or wrong")]
    MalformedExtra {
        field: &'static str,
        /// Nothing was typed, and the provider needs it.
        is_missing: bool,
        goal: KeyGoal,
    },
    #[error("the provider does not accept the key")]
    KeyRefused {
        provider: ProviderId,
        scope: Scope,
        kept_old: bool,
        /// What was taken out around it before the provider was asked.
        removed: Vec<Wrapping>,
    },
    #[error("the key can't pay, and one that works would make way for it")]
    KeptWorking(Box<KeptKey>),
    #[error("too many key checks")]
    TooManyChecks { retry_after_s: u64, goal: CheckGoal },
    #[error("too many refused keys")]
    TooManyRefused { retry_after_s: u64 },
    #[error("the key is locked")]
    Locked { kid: String },
    #[error("what is stored of the key does not open")]
    Damaged { provider: ProviderId, scope: Scope },
    #[error("a key for one ask needs a provider")]
    OnceNeedsProvider,
    #[error("the key is another provider's")]
    KeyForAnother { of: ProviderId, wanted: ProviderId },
    #[error("the tier may not use keys of its own")]
    TierWithoutByok { tier: String },
    #[error("the prompt does not fit into a form")]
    TooLongForAForm,
    #[error("a file does not fit into a form")]
    FileForAForm,
}
