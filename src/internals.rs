//! What `crates/bench` and fuzz targets need of the inside of the program;
//! not an interface.

pub use crate::app::{App, KeyDraft, NewSession, TypedKey, nobody_else};
#[cfg(feature = "demo")]
pub use crate::cli::Scene;
pub use crate::cli::{Assembled, RunOptions, assemble};
pub use crate::config::{Config, Environment, Shards};
pub use crate::ledger::{
    AppliedLimit, CallEnd, CallOrder, LeaseTimes, Ledger, LedgerParts, Prices, add_up,
};
pub use crate::model::{
    Amounts, Attempt, AttemptId, Bound, CallDialect, Clock, Credential, DAY_MS, Health, Key, KeyId,
    Lifetime, Limit, Metric, NanoDollars, Outcome, Owner, Period, PersonId, Place, PromptTokens,
    ProviderId, Scope, Scopes, ServerId, Settlement, SoundAmount, Source, Span, Surface, Usage,
    Window,
};
pub use crate::providers::{
    Body, Catalogue, ForwardedHeaders, Override, RelayRequest, Timeouts, judge_request,
};
pub use crate::resolver::{Question, choose};
pub use crate::store::{
    Booking, DayStretch, FinishedAttempt, FoundAttempt, Journal, JournalEntries, JournalFindings,
    KnownTokens, LedgerChanges, NewKey, RulesKey, Store, TotalScope, UsageOwner,
};
pub use crate::vault::{MasterKey, Vault};
