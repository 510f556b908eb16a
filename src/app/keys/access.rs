//! Whose keys a caller may touch. Every verb about stored keys passes
//! through here, at the command and again at the submit.

use crate::model::{AccessRefusal, Caller, KeyRefusal, Owner, Place, Refusal, Scope};

use crate::app::{App, Error};

impl App {
    /// The owner that a scope names, if the caller may act for it now.
    pub(in crate::app) fn owner(caller: &Caller, scope: Scope) -> Result<Owner, Refusal> {
        match (scope, caller.place) {
            (Scope::User, _) => Ok(Owner::Person(caller.person)),
            (Scope::Guild, Place::Direct) => Err(Refusal::Access(AccessRefusal::NotInAServer)),
            (Scope::Guild, Place::VisitedServer(_)) => {
                Err(Refusal::Access(AccessRefusal::NotInstalledHere))
            }
            (Scope::Guild, Place::Server(_)) if !caller.manages_server => {
                Err(Refusal::Access(AccessRefusal::NotAManager))
            }
            (Scope::Guild, Place::Server(server)) => Ok(Owner::Server(server)),
        }
    }

    /// Refuses while no master key is configured.
    pub(in crate::app) fn require_byok(&self) -> Result<(), Refusal> {
        if self.byok_enabled() {
            Ok(())
        } else {
            Err(Refusal::Key(KeyRefusal::ByokDisabled))
        }
    }

    /// Refuses keys of one's own where the tier does not include them.
    pub(in crate::app) async fn require_own_keys(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> Result<(), Error> {
        let everybody_may = self.quota.tiers.iter().all(|tier| tier.byok);
        if scope == Scope::Guild || everybody_may {
            return Ok(());
        }
        let tier = self.caller_policy(caller.clone()).await?.tier().clone();
        if tier.byok {
            return Ok(());
        }
        Err(KeyRefusal::TierWithoutByok { tier: tier.name }.into())
    }
}
