//! Listing keys: one's own in full, a server's as far as one may see them.

use crate::model::{Caller, Key, LimitUse, Owner, Place, ProviderId, Scope, ServerId};

use crate::app::Error;
use crate::app::keys::Keys;
use crate::app::quotas::limits_of_whole;

/// What a caller sees of the stored keys.
pub struct Listing {
    /// None when only the server's were asked for.
    pub personal: Option<Vec<Key>>,
    /// None outside servers, and when only one's own were asked for.
    pub server: Option<ServerKeys>,
    /// The limit that lets a server's keys pay for nobody right now, for whoever
    /// sees them.
    pub used_up: Option<LimitUse>,
    /// Where a key is made for whoever agrees to it, in a browser: for those who
    /// have none of its maker's.
    pub consent_page: Option<String>,
    /// When that was.
    pub now_ms: i64,
}

/// A server's keys.
pub enum ServerKeys {
    /// For whoever manages the server.
    Full(Vec<Key>),
    /// For its members: that there are keys, no more.
    Providers(Vec<ProviderId>),
}

impl Keys {
    /// The keys of one scope, or of both.
    pub async fn list(&self, caller: &Caller, scope: Option<Scope>) -> Result<Listing, Error> {
        self.require_byok()?;
        let personal = match scope {
            None | Some(Scope::User) => {
                Some(self.store.keys_of(Owner::Person(caller.person)).await?)
            }
            Some(Scope::Guild | Scope::System) => None,
        };
        let server = match (scope, caller.place) {
            (Some(Scope::User), _) => None,
            // `list_system` lists those, with what the environment has.
            (Some(scope @ Scope::System), _) => {
                self.owner_for(caller, scope)?;
                None
            }
            (_, Place::Server(server)) => {
                Some(self.server_keys(caller, Owner::Server(server)).await?)
            }
            (Some(Scope::Guild), _) => {
                self.owner_for(caller, Scope::Guild)?;
                None
            }
            (None, _) => None,
        };
        let used_up = match (&server, caller.place) {
            (Some(ServerKeys::Full(_)), Place::Server(server)) => {
                self.used_up_budget(caller, server).await?
            }
            _ => None,
        };
        let now_ms = self.clock.now_ms();
        let maker = self.key_maker();
        let is_of_maker = |key: &Key| maker.is_some_and(|it| *it.id() == key.provider);
        let lacks_one = personal
            .as_ref()
            .is_some_and(|all| !all.iter().any(is_of_maker));
        Ok(Listing {
            personal,
            server,
            used_up,
            consent_page: self.key_consent_page().filter(|_| lacks_one),
            now_ms,
        })
    }

    /// The limit on a whole server's keys that leaves nothing, and renews last.
    async fn used_up_budget(
        &self,
        caller: &Caller,
        server: ServerId,
    ) -> anyhow::Result<Option<LimitUse>> {
        let rules = self.store.rules(caller.person, Some(server), None).await?;
        let whole = limits_of_whole(&rules.limits, server);
        let uses = self.ledger.load_uses(&whole).await?;
        let used_up = uses.into_iter().filter(|used| used.left() == 0);
        Ok(used_up.max_by_key(|used| used.renews_at_ms))
    }

    async fn server_keys(&self, caller: &Caller, owner: Owner) -> anyhow::Result<ServerKeys> {
        let keys = self.store.keys_of(owner).await?;
        Ok(if caller.manages_server {
            ServerKeys::Full(keys)
        } else {
            ServerKeys::Providers(keys.into_iter().map(|key| key.provider).collect())
        })
    }

    /// The providers that an owner has keys for, for completion. Empty
    /// where the caller may not see them.
    pub async fn list_providers(
        &self,
        caller: &Caller,
        scope: Scope,
    ) -> anyhow::Result<Vec<ProviderId>> {
        let Ok(owner) = self.owner_for(caller, scope) else {
            return Ok(Vec::new());
        };
        let keys = self.store.keys_of(owner).await?;
        Ok(keys.into_iter().map(|key| key.provider).collect())
    }
}
