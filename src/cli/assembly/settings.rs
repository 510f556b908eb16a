//! Reads how the program is to work: models, pictures, quotas, prices, and the
//! operator's files that the settings name.

use std::path::Path;

use crate::app::{AskSettings, ModelSettings, Persona, QuotaSettings, Settings};
use crate::config::{Config, ConfigError, ConfigErrors};
use crate::ledger::Prices;
use crate::model::{PersonId, ProviderId, ProviderKind};
use crate::providers::{Catalogue, Delivery, Provider, Workflows};

use super::storage::images;

/// The longest name of a provider that an error quotes, in characters.
const QUOTED_CHARACTERS_MAX: usize = 30;

/// How asks are answered and pictures made. Everything that is wrong goes into
/// `errors`.
pub fn settings(
    config: &Config,
    catalogue: &Catalogue,
    errors: &mut ConfigErrors,
) -> Option<Settings> {
    let chat_order = errors.keep(chat_order(config, catalogue));
    let picture_order = errors.keep(picture_order(config, catalogue));
    let workflows = errors.keep(workflows(config));
    let personas = errors.keep(personas(&config.ask.personas));
    let images = images(config, errors);
    errors.keep(check_spool_folder(&config.store.spool_folder));
    for pattern in &config.ask.models {
        errors.keep(check_pattern(catalogue, pattern));
    }
    let models = ModelSettings {
        chat_order: chat_order?,
        picture_order: picture_order?,
        workflows: workflows?,
        allowed: config.ask.models.clone(),
    };
    let find_owner = |model: &str| models.find_owner(catalogue, model);
    errors.keep(refuse_models_of_others(personas.as_ref()?, find_owner))?;
    Some(Settings {
        models,
        asks: AskSettings {
            system_prompt: config.ask.system_prompt.clone(),
            personas: personas?,
            demo_replies: config.ask.demo_replies,
            max_output_tokens: config.ask.max_output_tokens,
            context_tokens: config.ask.context_tokens,
            delivery: if config.ask.stream {
                Delivery::Streamed
            } else {
                Delivery::Whole
            },
        },
        images: images?,
        gateway_url: None,
        console_url: None,
    })
}

/// Who is asked, best first. Providers that the setting leaves out come last.
fn chat_order(config: &Config, catalogue: &Catalogue) -> Result<Vec<ProviderId>, ConfigError> {
    let mut order = Vec::new();
    for name in &config.ask.provider_order {
        let known = catalogue
            .find(name)
            .filter(|provider| provider.kind == ProviderKind::Chat);
        let known = known
            .ok_or_else(|| unknown_in("ask.provider_order", name, "provider of language models"))?;
        order.push(known.id.clone());
    }
    let left_out = |id: &ProviderId| !order.contains(id);
    let rest: Vec<ProviderId> = catalogue
        .iter()
        .filter(|p| p.kind == ProviderKind::Chat && left_out(&p.id))
        .map(|p| p.id.clone())
        .collect();
    order.extend(rest);
    Ok(order)
}

/// Refuses a pattern that no `provider/model` can be like.
fn check_pattern(catalogue: &Catalogue, pattern: &str) -> Result<(), ConfigError> {
    const SETTING: &str = "ask.models";
    let wild = pattern.split(['*', '/']).next().unwrap_or_default();
    let is_whole = pattern
        .get(wild.len()..)
        .is_some_and(|it| it.starts_with('/'));
    let built_in = Catalogue::new(&[]).unwrap_or_else(|_| catalogue.clone());
    let mut ids = catalogue
        .iter()
        .chain(built_in.iter())
        .map(|it| it.id.as_str());
    if wild.len() == pattern.len() {
        let owner = catalogue.provider_of_model(pattern);
        let full = owner.map_or_else(|| "openai/gpt-6-*".to_owned(), |it| it.full_name(pattern));
        let problem = format!(
            "holds a model without its provider; write `provider/model`, such as \"{full}\""
        );
        return Err(ConfigError::new(SETTING, problem));
    }
    let fits = |id: &str| {
        if is_whole {
            id == wild
        } else {
            id.starts_with(wild)
        }
    };
    if ids.any(fits) {
        return Ok(());
    }
    Err(unknown_in(SETTING, wild, "provider"))
}

/// A list names what is not there. What cannot be a name is not quoted: it may
/// be a secret that went astray.
fn unknown_in(setting: &str, name: &str, kind: &str) -> ConfigError {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    let is_name = name.chars().all(is_plain) && name.chars().count() <= QUOTED_CHARACTERS_MAX;
    let problem = if is_name && !name.is_empty() {
        format!("names {name:?}, which is no {kind}")
    } else {
        format!("names something that is no {kind}")
    };
    ConfigError::new(setting, problem)
}

/// The operator's settings of quotas.
pub fn quota(config: &Config, catalogue: &Catalogue) -> Result<QuotaSettings, ConfigError> {
    let operators = config.discord.operators.iter();
    let own_servers = catalogue.iter().filter(|it| it.may_check_no_keys());
    Ok(QuotaSettings {
        tiers: config.quota.tiers()?,
        applies_to: config.quota.sources()?,
        operators: operators.map(|id| PersonId(*id)).collect(),
        keep_days: config.quota.keep_days,
        own_servers: own_servers.map(|it| it.id.clone()).collect(),
    })
}

/// Whether the folder of the spool is there, if there is to be one.
fn check_spool_folder(folder: &str) -> Result<(), ConfigError> {
    if folder.is_empty() || Path::new(folder).is_dir() {
        return Ok(());
    }
    let problem = format!("names {folder}, which is no folder; make it, or name another");
    Err(ConfigError::new("store.spool_folder", problem))
}

/// Our personas, and those in the operator's folder.
fn personas(folder: &str) -> Result<Vec<Persona>, ConfigError> {
    let wrong = |problem: String| ConfigError::new("ask.personas", problem);
    let mut operators = Vec::new();
    for (name, text) in files_in("ask.personas", folder, "toml")? {
        let persona = Persona::parse(&text)
            .map_err(|error| wrong(format!("holds {name}.toml, which is wrong: {error:#}")))?;
        operators.push(persona);
    }
    Persona::merged(operators).map_err(|error| wrong(format!("{error:#}")))
}

/// Refuses personas whose model is not that of the provider before it.
fn refuse_models_of_others(
    personas: &[Persona],
    find_owner: impl Fn(&str) -> Option<(ProviderId, String)>,
) -> Result<(), ConfigError> {
    for persona in personas {
        let Some(typed) = &persona.model else {
            continue;
        };
        if let Some((of, model)) = find_owner(typed) {
            let name = &persona.name;
            let problem = format!(
                "holds `{name}`, whose model `{typed}` is one of {of}'s: name it `{model}`, or another"
            );
            return Err(ConfigError::new("ask.personas", problem));
        }
    }
    Ok(())
}

/// Who is asked for pictures, best first.
fn picture_order(config: &Config, catalogue: &Catalogue) -> Result<Vec<ProviderId>, ConfigError> {
    let mut order = Vec::new();
    // One that is not set up here is passed over.
    let built_in = Catalogue::new(&[]).unwrap_or_else(|_| catalogue.clone());
    let is_left_out = |name: &String| {
        let is_known = built_in.find(name).is_some_and(Provider::is_on_own_machine);
        is_known && catalogue.find(name).is_none()
    };
    let order_there = config.images.provider_order.iter();
    for name in order_there.filter(|name| !is_left_out(name)) {
        let known = catalogue.find(name).filter(|it| it.images.wire.is_some());
        let known = known
            .ok_or_else(|| unknown_in("images.provider_order", name, "provider of pictures"))?;
        order.push(known.id.clone());
    }
    Ok(order)
}

/// Our workflows, and the operator's in a folder.
fn workflows(config: &Config) -> Result<Workflows, ConfigError> {
    let operators = files_in("images.workflows", &config.images.workflows, "workflow")?;
    Workflows::new(&operators).map_err(|error| {
        ConfigError::new("images.workflows", format!("holds a wrong one: {error:#}"))
    })
}

/// The files with an extension in a folder of the operator's: their names
/// without it, and their texts, sorted.
fn files_in(
    setting: &str,
    folder: &str,
    extension: &str,
) -> Result<Vec<(String, String)>, ConfigError> {
    let wrong = |problem: String| ConfigError::new(setting, problem);
    if folder.is_empty() {
        return Ok(Vec::new());
    }
    let files = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(|error| {
            wrong(format!(
                "must be a folder that can be read: {folder}: {error}"
            ))
        })?;
    let mut found = Vec::new();
    for path in files.into_iter().map(|file| file.path()) {
        if path.extension().is_some_and(|it| it == extension) {
            let name = path.file_stem().unwrap_or_default().display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| {
                wrong(format!(
                    "holds {name}.{extension}, which cannot be read: {error}"
                ))
            })?;
            found.push((name, text));
        }
    }
    found.sort();
    Ok(found)
}

/// The time zone in which calendar days begin.
pub fn time_zone(config: &Config) -> Result<jiff::tz::TimeZone, ConfigError> {
    jiff::tz::TimeZone::get(&config.quota.time_zone).map_err(|_| {
        ConfigError::new(
            "quota.time_zone",
            "must be a name of the IANA time zone database, such as `Europe/Berlin`, or `UTC`",
        )
    })
}

/// What calls cost, with the operator's own prices.
pub fn prices(config: &Config) -> Result<Prices, ConfigError> {
    let path = &config.quota.prices_file;
    let wrong = |problem: String| ConfigError::new("quota.prices_file", problem);
    let text = match path.as_str() {
        "" => None,
        path => Some(
            std::fs::read_to_string(path)
                .map_err(|error| wrong(format!("names {path}, which cannot be read: {error}")))?,
        ),
    };
    Prices::new(text.as_deref()).map_err(|error| wrong(format!("is no table of prices: {error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personas_model_is_its_providers() {
        let catalogue = Catalogue::new(&[]).unwrap();
        let models = ModelSettings {
            chat_order: Vec::new(),
            picture_order: Vec::new(),
            workflows: Workflows::default(),
            allowed: Vec::new(),
        };
        let read = |model: &str| {
            let text = format!(
                "name = \"pirate\"\ndescription = \"Arr\"\nprompt = \"Arr.\"\nmodel = \"{model}\""
            );
            let personas = [Persona::parse(&text).unwrap()];
            let find_owner = |typed: &str| models.find_owner(&catalogue, typed);
            refuse_models_of_others(&personas, find_owner).map_err(|error| error.to_string())
        };
        for model in [
            "openai/gpt-6-luna",
            "openrouter/openai/gpt-6-luna",
            "unheard-of",
        ] {
            assert_eq!(read(model), Ok(()), "{model}");
        }
        insta::assert_snapshot!(read("anthropic/gpt-6-luna").unwrap_err(), @"`ask.personas` holds `pirate`, whose model `anthropic/gpt-6-luna` is one of openai's: name it `openai/gpt-6-luna`, or another");
    }
}
