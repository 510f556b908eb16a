//! Makes a credential of a key as it was typed, if it can be one.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{Credential, KeyRefusal, Refusal};
use crate::providers::Provider;
use crate::vault;

/// Tidies a key and what goes with it, and refuses what no key looks like.
pub fn credential(
    provider: &Provider,
    secret: SecretString,
    extras: BTreeMap<String, SecretString>,
) -> Result<Credential, Refusal> {
    let empty = Refusal::Key(KeyRefusal::MalformedKey {
        problem: "it is empty",
    });
    let secret = vault::trim_secret(secret).ok_or(empty)?;
    if let Some(problem) = vault::malformed(&secret) {
        return Err(Refusal::Key(KeyRefusal::MalformedKey { problem }));
    }
    let extras = accepted_extras(provider, extras)?;
    let origins = provider.origins(&extras);
    Ok(Credential {
        secret,
        origins,
        extras,
    })
}

/// What was typed beside the key, as far as the provider asks for it.
fn accepted_extras(
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
