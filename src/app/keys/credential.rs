//! Makes a credential of a key as it was typed, if it can be one.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{Credential, KeyRefusal, Refusal};
use crate::providers::Provider;
use crate::vault;

/// A key as it was typed, with what was typed beside it.
pub struct TypedKey {
    pub secret: SecretString,
    pub extras: BTreeMap<String, SecretString>,
}

impl TypedKey {
    /// Tidies the key and what goes with it, and refuses what cannot be a
    /// key.
    pub fn into_credential(self, provider: &Provider) -> Result<Credential, Refusal> {
        let empty = Refusal::Key(KeyRefusal::MalformedKey {
            problem: "it is empty",
        });
        let secret = vault::trim_secret(self.secret).ok_or(empty)?;
        if let Some(problem) = vault::malformed(&secret) {
            return Err(Refusal::Key(KeyRefusal::MalformedKey { problem }));
        }
        let extras = accept_extras(provider, self.extras)?;
        let origins = provider.origins(&extras);
        Ok(Credential {
            secret,
            origins,
            extras,
        })
    }
}

/// Takes what was typed beside the key, as far as the provider asks for it.
fn accept_extras(
    provider: &Provider,
    mut typed: BTreeMap<String, SecretString>,
) -> Result<BTreeMap<String, SecretString>, Refusal> {
    let mut accepted = BTreeMap::new();
    for extra in provider.extras {
        match typed.remove(extra.field).and_then(vault::trim_secret) {
            Some(value) if Provider::accepts_extra(&value) => {
                accepted.insert(extra.field.to_owned(), value);
            }
            None if !extra.required => {}
            _ => {
                return Err(Refusal::Key(KeyRefusal::MalformedExtra {
                    field: extra.label,
                }));
            }
        }
    }
    Ok(accepted)
}
