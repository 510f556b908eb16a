//! Refusals about stored keys, and about keys that come with a call.

use crate::model::ids::ProviderId;
use crate::model::key::Scope;

/// Why something about a key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    #[error("no master key is configured")]
    ByokDisabled,
    #[error("no such provider")]
    UnknownProvider { name: String },
    #[error("there is no such key")]
    NoSuchKey { provider: ProviderId, scope: Scope },
    #[error("there is no key of this id")]
    UnknownKey,
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
