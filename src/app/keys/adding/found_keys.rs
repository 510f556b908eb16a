//! What an import found: keys that wait for their person to choose, lines that
//! hold none, and what became of those that were chosen.

use crate::model::{Health, Key, KeyId, ProviderId, Refusal, Scope};

/// An import that waits for its person to choose.
#[derive(Debug)]
pub struct KeyImport {
    /// Names it in `show_import` and `finish_import`.
    pub id: String,
    /// Whose they become.
    pub scope: Scope,
    pub keys: Vec<PendingKey>,
    /// In how many seconds those may be checked that could not be now; they
    /// wait so much longer. None where all were, or where it is shown again.
    pub checkable_in_s: Option<u64>,
    /// Lines that hold no key which could be stored. Nothing of them is kept,
    /// so that an import that is shown again has none.
    pub skipped: Vec<SkippedLine>,
}

/// A key of an import, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingKey {
    /// None for a key that cannot be chosen: it was refused, or it is stored.
    pub id: Option<KeyId>,
    pub provider: ProviderId,
    /// What the file called it.
    pub variable: Option<String>,
    /// The last four characters, for keys long enough to spare them.
    pub hint: Option<String>,
    /// What its provider says; none while nobody asked, because too many keys
    /// were checked a moment ago that are not accepted.
    pub health: Option<Health>,
    /// The stored key whose place it would take.
    pub replaces: Option<Key>,
    /// Whether it is the very key that is stored.
    pub is_stored: bool,
    /// Whether a key before it would be stored for its provider, who has one.
    pub is_second: bool,
}

/// A line that holds no key which could be stored.
#[derive(Debug, PartialEq, Eq)]
pub struct SkippedLine {
    /// Its number in the file; the first is 1.
    pub line: usize,
    /// None where there is none, or it looks like a secret itself.
    pub variable: Option<String>,
    pub why: WhySkipped,
}

/// Why a line was not taken for a key.
#[derive(Debug, PartialEq, Eq)]
pub enum WhySkipped {
    /// It is neither `NAME=value` nor a key.
    Unread,
    /// It has no value.
    Empty,
    /// It is the name of a variable, and nothing else.
    NameAlone,
    /// It has the key of this provider that an earlier line has.
    Repeats(ProviderId, usize),
    /// Neither its name nor its value is known: another setting.
    AnotherSetting,
    /// Keys of these providers begin so, and its name tells of none.
    OneOfSeveral(Vec<ProviderId>),
    /// What stands there can be no key of the provider that it is for.
    NoKey(Refusal),
    /// It is for this provider, who needs this variable beside it.
    Lacks(ProviderId, &'static str),
    /// It has a zero byte in it, which no text has.
    Binary,
    /// It is for this provider, and tells of another variable instead of
    /// holding a key.
    Reference(ProviderId),
    /// It holds a key of this provider, and as many were read already as one
    /// import takes.
    TooMany(ProviderId),
}

/// The keys of an import that its person wants.
#[derive(Debug, Default)]
pub struct ChosenKeys {
    pub ids: Vec<KeyId>,
    /// Whether those that were not checked are stored as they are, where none
    /// that works makes way for them. Else they are checked first.
    pub without_check: bool,
}

impl ChosenKeys {
    /// These keys, each checked before it is stored.
    pub fn checked(ids: &[KeyId]) -> Self {
        Self {
            ids: ids.to_vec(),
            without_check: false,
        }
    }
}

/// What became of a key that was chosen.
#[derive(Debug)]
pub enum ImportOutcome {
    Stored {
        key: Key,
        replaced: bool,
    },
    /// It is the very key of this provider that is stored.
    StoredBefore(ProviderId),
    /// Its provider refused it.
    Refused(ProviderId),
    /// It can't pay, which its person did not know, and the key that works
    /// stays.
    KeptWorking(ProviderId),
    /// Its provider could not be asked about it, and one that works is stored.
    KeptUnasked(ProviderId),
    /// It must be checked first, and may be in so many seconds. It waits until
    /// then.
    Later {
        provider: ProviderId,
        retry_after_s: u64,
    },
    /// Another key of the same provider was chosen before it, and there is one
    /// for each.
    OneOfTwo(ProviderId),
    /// It was stored or has expired.
    Gone,
}
