//! Whose keys a caller may touch. Every verb about stored keys passes
//! through here, at the command and again at the submit.

use crate::model::{AccessRefusal, Caller, KeyRefusal, Owner, Refusal, Scope};

use crate::app::Error;
use crate::app::keys::Keys;

impl Keys {
    /// The owner whose keys a scope names, if the caller may act for that
    /// owner now: whom the operator listed acts for the operator.
    pub(in crate::app) fn owner_for(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<Owner, AccessRefusal> {
        if scope != Scope::System {
            return caller.owner_for(scope);
        }
        self.settings.require_operator(caller)?;
        Ok(Owner::Operator)
    }

    /// Refuses while no master key is configured.
    pub(in crate::app) fn require_byok(&self) -> Result<(), Refusal> {
        if self.vault.is_enabled() {
            Ok(())
        } else {
            Err(Refusal::Key(KeyRefusal::ByokDisabled))
        }
    }

    /// Whether the tier includes keys of one's own, as far as the database
    /// can say.
    pub async fn may_use_own_keys(&self, caller: &Caller) -> bool {
        self.require_own_keys(caller, Scope::User).await.is_ok()
    }

    /// Refuses keys of one's own where the tier does not include them.
    pub(in crate::app) async fn require_own_keys(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<(), Error> {
        if scope != Scope::User || self.policies.everybody_may_use_own_keys() {
            return Ok(());
        }
        let tier = self
            .policies
            .read_policy(caller.clone())
            .await?
            .tier()
            .clone();
        if tier.byok {
            return Ok(());
        }
        Err(KeyRefusal::TierWithoutByok { tier: tier.name }.into())
    }
}
