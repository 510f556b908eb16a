//! People: who they are, the tokens that speak for them, where they are
//! signed in, whom operators and
//! managers stop, and what is stored of them.

mod blocks;
mod directory;
mod greetings;
mod identity;
mod key_consents;
mod operators;
mod privacy;
mod search;
mod sessions;
mod tokens;

use std::sync::{Arc, OnceLock, Weak};

use crate::ledger::Ledger;
use crate::model::Clock;
use crate::store::Store;

use crate::app::foundation::Foundation;
use crate::app::models::Models;
use crate::app::pending::PendingActions;
use crate::app::policy::{Policies, QuotaSettings};
use crate::app::tasks::Tasks;

pub use blocks::OwnBlock;
pub use directory::{IdFacts, IdKind, MemberDirectory, Notifier, ServerRole, nobody_else};
pub use identity::{Consent, Identity, IdentityDesk, ReturnedCode, SignInTrouble};
pub use operators::{LimitSubject, OperatorsView};
pub use privacy::StoredSummary;
pub use search::{FoundPerson, FoundServer, SearchResult};
pub use sessions::{NewSession, OwnSession, form_owner, form_token};
pub(in crate::app) use tokens::TOKEN_DAYS_MAX;
use tokens::TokenCache;

/// Everybody whom the program knows.
pub struct People {
    store: Store,
    ledger: Arc<Ledger>,
    settings: Arc<QuotaSettings>,
    models: Arc<Models>,
    policies: Arc<Policies>,
    pending: PendingActions,
    tokens: TokenCache,
    /// None until Discord is there.
    directory: OnceLock<Weak<dyn MemberDirectory>>,
    notifier: OnceLock<Weak<dyn Notifier>>,
    /// None until Discord is there; then none where nobody can sign in.
    identity_desk: OnceLock<Option<Arc<dyn IdentityDesk>>>,
    tasks: Tasks,
    clock: Clock,
}

impl People {
    /// Takes the parts of the foundation that people need.
    pub fn new(foundation: &Foundation) -> Self {
        Self {
            store: foundation.store.clone(),
            ledger: Arc::clone(&foundation.ledger),
            settings: Arc::clone(&foundation.quota),
            models: Arc::clone(&foundation.models),
            policies: Arc::clone(&foundation.policies),
            pending: foundation.pending.clone(),
            tokens: TokenCache::default(),
            directory: OnceLock::new(),
            notifier: OnceLock::new(),
            identity_desk: OnceLock::new(),
            tasks: foundation.tasks.clone(),
            clock: foundation.clock.clone(),
        }
    }
}
