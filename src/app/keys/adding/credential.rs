//! Makes a credential of a key as it was typed or pasted, if it can be one.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::model::{Credential, KeyGoal, KeyRefusal, ProviderId, Refusal, Wrapping};
use crate::providers::{
    Catalogue, PasteProblem, PastedKey, Provider, read_pasted_key, trim_secret,
};

/// A key as it was typed, with what was typed beside it.
pub struct TypedKey {
    pub secret: SecretString,
    pub extras: BTreeMap<String, SecretString>,
}

/// A credential, and what was taken out around its key.
pub struct CleanedCredential {
    pub credential: Credential,
    pub removed: Vec<Wrapping>,
}

/// Where a typed key is to go, and what for.
#[derive(Clone, Copy)]
pub struct KeyDestination<'a> {
    pub catalogue: &'a Catalogue,
    pub provider: &'a Provider,
    pub goal: KeyGoal,
}

impl TypedKey {
    /// Takes the key out of what was pasted around it, and refuses what
    /// cannot be a key of this provider's. Nobody is asked.
    pub fn into_credential(
        self,
        destination: KeyDestination<'_>,
    ) -> Result<CleanedCredential, Refusal> {
        let KeyDestination {
            catalogue,
            provider,
            goal,
        } = destination;
        let pasted = read_pasted_key(catalogue, provider, &self.secret);
        let wanted = &provider.id;
        let PastedKey { secret, removed } =
            pasted.map_err(|problem| refuse_paste(problem, wanted, goal))?;
        let extras = accept_extras(provider, self.extras, goal)?;
        let origins = provider.origins(&extras);
        Ok(CleanedCredential {
            credential: Credential {
                secret,
                origins,
                extras,
            },
            removed,
        })
    }
}

/// Why what was pasted for a provider is refused.
pub fn refuse_paste(problem: PasteProblem, wanted: &ProviderId, goal: KeyGoal) -> Refusal {
    let malformed = |problem| KeyRefusal::MalformedKey { problem, goal };
    let wanted = wanted.clone();
    Refusal::Key(match problem {
        PasteProblem::Empty => malformed("it is empty"),
        PasteProblem::Malformed => malformed("it contains spaces or characters that no key has"),
        PasteProblem::Several => KeyRefusal::SeveralKeys { goal },
        PasteProblem::Other(what) => KeyRefusal::NotAKey { what, wanted, goal },
        PasteProblem::KeyOf(of) => KeyRefusal::LooksLikeAnothers { of, wanted, goal },
    })
}

/// Takes what was typed beside the key, as far as the provider asks for it.
fn accept_extras(
    provider: &Provider,
    mut typed: BTreeMap<String, SecretString>,
    goal: KeyGoal,
) -> Result<BTreeMap<String, SecretString>, Refusal> {
    let mut accepted = BTreeMap::new();
    for extra in provider.extras {
        match typed
            .remove(extra.field)
            .and_then(|typed| trim_secret(&typed))
        {
            Some(value) if Provider::accepts_extra(&value) => {
                accepted.insert(extra.field.to_owned(), value);
            }
            None if !extra.required => {}
            typed => {
                return Err(Refusal::Key(KeyRefusal::MalformedExtra {
                    field: extra.label,
                    is_missing: typed.is_none(),
                    goal,
                }));
            }
        }
    }
    Ok(accepted)
}
