//! A key that comes with a call. It pays for that call alone, and is never
//! stored.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{Credential, KeyGoal, KeyRefusal, ProviderId, Refusal};
use crate::providers::{Catalogue, KeyTakers, Provider, whose_key};

use crate::app::keys::adding::credential::{KeyDestination, TypedKey};

/// A key that came with a call.
pub struct RequestKey {
    /// Whose key it is; none where the call itself must name its provider.
    pub provider: Option<ProviderId>,
    pub secret: SecretString,
}

impl RequestKey {
    /// Whose key it is, by the header that brought it or by its shape; none
    /// where neither tells.
    pub fn owner(&self, catalogue: &Catalogue) -> Option<ProviderId> {
        let of_shape = || match whose_key(catalogue, &self.secret) {
            KeyTakers::One(owner) => Some(owner),
            KeyTakers::OneOf(_) | KeyTakers::Nobodys(_) => None,
        };
        self.provider.clone().or_else(of_shape)
    }

    /// The credential for the provider that the call goes to. A key of no
    /// named provider goes nowhere unless the call names its provider.
    pub fn into_credential(
        self,
        catalogue: &Catalogue,
        provider: &Provider,
        names_provider: bool,
    ) -> Result<Credential, Refusal> {
        match self.provider {
            Some(of) if of != provider.id => {
                let wanted = provider.id.clone();
                return Err(Refusal::Key(KeyRefusal::KeyForAnother { of, wanted }));
            }
            None if !names_provider => return Err(Refusal::Key(KeyRefusal::OnceNeedsProvider)),
            _ => {}
        }
        let typed = TypedKey {
            secret: self.secret,
            extras: BTreeMap::new(),
        };
        let destination = KeyDestination {
            catalogue,
            provider,
            goal: KeyGoal::Once,
        };
        Ok(typed.into_credential(destination)?.credential)
    }
}
