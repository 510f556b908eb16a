//! The keys of the environment that the operator pays with. One that belongs to
//! another provider than its variable says is refused before anybody sees it.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::app::BotDefault;
use crate::config::{Config, ConfigError, ConfigErrors, Environment};
use crate::model::{Credential, OtherSecret, ProviderId};
use crate::providers::{Catalogue, PasteProblem, Provider, read_pasted_key};

/// The bot default keys: those that the operator pays with, without those that
/// are wrong.
pub fn bot_defaults(
    catalogue: &Catalogue,
    config: &Config,
    environment: &Environment,
    errors: &mut ConfigErrors,
) -> Vec<BotDefault> {
    let mut defaults = Vec::new();
    for provider in catalogue.iter() {
        let names: Vec<&str> = provider.env.iter().map(String::as_str).collect();
        let provider_id = provider.id.clone();
        let Some(found) = errors.keep(environment.named_secret(&names)) else {
            continue;
        };
        if let Some((variable, secret)) = found {
            let refused = refuse_others_key(catalogue, provider, (variable, &secret));
            if errors.keep(refused).is_none() {
                continue;
            }
            let credential = Some(credential(provider, secret, environment));
            defaults.push(BotDefault {
                provider: provider_id,
                variable: Some(variable.to_owned()),
                credential,
            });
        } else if provider.keyless && is_set_up(provider, config, environment) {
            defaults.push(BotDefault {
                provider: provider_id,
                variable: None,
                credential: None,
            });
        }
    }
    defaults
}

/// Refuses what is plainly no key of the provider that a variable is for: it
/// would be sent to whom it does not belong.
fn refuse_others_key(
    catalogue: &Catalogue,
    provider: &Provider,
    (variable, secret): (&str, &SecretString),
) -> Result<(), ConfigError> {
    let (name, id) = (&provider.name, &provider.id);
    let problem = match read_pasted_key(catalogue, provider, secret) {
        // A server of the operator's takes whatever key its owner gave it.
        Err(PasteProblem::KeyOf(owners)) if provider.may_check_no_keys() && owners.len() > 1 => {
            return Ok(());
        }
        Err(PasteProblem::KeyOf(owners)) => {
            let way = owners_way(catalogue, &owners);
            format!(
                "is for {name}, and begins as {way}; it was sent to nobody. If {name} takes it here, put its \
                 beginning into `providers.{id}.key_prefixes`"
            )
        }
        Err(PasteProblem::Other(OtherSecret::Masked | OtherSecret::Placeholder)) => {
            format!(
                "holds no whole key; copy it again from {}",
                provider.key_page
            )
        }
        Err(PasteProblem::Other(_)) => format!(
            "is for {name}, and holds another kind of secret; it was sent to nobody. Copy an API key from {}",
            provider.key_page
        ),
        Ok(_) | Err(PasteProblem::Empty | PasteProblem::Malformed | PasteProblem::Several) => {
            return Ok(());
        }
    };
    Err(ConfigError::new(variable, problem))
}

/// Whose keys begin so, and which variable is theirs where only one is meant.
fn owners_way(catalogue: &Catalogue, owners: &[ProviderId]) -> String {
    let known: Vec<&Provider> = owners.iter().filter_map(|it| catalogue.get(it)).collect();
    let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
    let theirs = match known.as_slice() {
        [one] => one.env.first().map(|it| format!(" (`{it}`)")),
        _ => None,
    };
    format!(
        "keys of {} do{}",
        names.join(", "),
        theirs.unwrap_or_default()
    )
}

fn credential(provider: &Provider, secret: SecretString, environment: &Environment) -> Credential {
    let extras: BTreeMap<String, SecretString> = provider
        .extras
        .iter()
        .filter_map(|extra| Some((extra.field.to_owned(), environment.plain(extra.env)?)))
        .collect();
    Credential {
        secret,
        origins: provider.origins(&extras),
        extras,
    }
}

/// Whether the operator has set up a provider that needs no key. Otherwise it
/// is not offered.
pub fn is_set_up(provider: &Provider, config: &Config, environment: &Environment) -> bool {
    config.providers.contains_key(provider.id.as_str())
        || provider
            .url_env
            .is_some_and(|name| environment.plain(name).is_some())
}
