//! Removing a key, after asking once.

use crate::model::{Caller, Key, KeyRefusal, Refusal, Scope};
use crate::store::{PendingAction, PendingKind};

use crate::app::Error;
use crate::app::keys::Keys;

impl Keys {
    /// Looks the key up and hands out the button that removes it.
    pub async fn begin_remove(
        &self,
        caller: &Caller,
        provider: &str,
        scope: Scope,
    ) -> Result<(String, Key), Error> {
        let key = match self.own_key(caller, provider, scope).await {
            Ok((key, _)) => key,
            Err(Error::Refused(Refusal::Key(KeyRefusal::NoSuchKey { provider, scope }))) => {
                return Err(KeyRefusal::NothingToRemove { provider, scope }.into());
            }
            Err(error) => return Err(error),
        };
        let id = self
            .pending
            .hand_out(&PendingAction {
                kind: PendingKind::RemoveKey,
                person: caller.person,
                server: caller.place.server(),
                scope,
                provider: key.provider.clone(),
                name: None,
            })
            .await?;
        Ok((id, key))
    }

    /// Removes the key that a button was made for.
    pub async fn finish_remove(
        &self,
        caller: &Caller,
        button: &str,
    ) -> Result<(crate::model::ProviderId, Scope), Error> {
        let action = self
            .pending
            .take(caller, PendingKind::RemoveKey, button)
            .await?;
        let owner = self.owner_for(caller, action.scope)?;
        if !self.store.remove_key(owner, &action.provider).await? {
            let (provider, scope) = (action.provider, action.scope);
            return Err(KeyRefusal::NothingToRemove { provider, scope }.into());
        }
        tracing::info!(provider = %action.provider, scope = action.scope.as_str(), "removed a key");
        Ok((action.provider, action.scope))
    }
}
