//! What the operator keeps in files of their own beside the settings: personas,
//! workflows and prices.

use crate::app::Persona;
use crate::config::{Config, ConfigError};
use crate::ledger::Prices;
use crate::model::{AskRefusal, Refusal};
use crate::providers::Workflows;

/// Our personas, and those in the operator's folder.
pub fn personas(folder: &str) -> Result<Vec<Persona>, ConfigError> {
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
pub fn refuse_models_of_others(
    personas: &[Persona],
    check: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<(), ConfigError> {
    for persona in personas {
        let Some(typed) = &persona.model else {
            continue;
        };
        let refused = check(typed).err();
        if let Some(Refusal::Ask(AskRefusal::ModelOfAnother { of, model, .. })) = refused {
            let name = &persona.name;
            let problem = format!(
                "holds `{name}`, whose model `{typed}` is one of {of}'s: name it `{model}`, or another"
            );
            return Err(ConfigError::new("ask.personas", problem));
        }
    }
    Ok(())
}

/// Our workflows, and the operator's in a folder.
pub fn workflows(config: &Config) -> Result<Workflows, ConfigError> {
    let operators = files_in("images.workflows", &config.images.workflows, "workflow")?;
    Workflows::new(&operators).map_err(|error| {
        ConfigError::new("images.workflows", format!("holds a wrong one: {error:#}"))
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
                .map_err(|error| wrong(format!("cannot be read: {error}")))?,
        ),
    };
    Prices::new(text.as_deref()).map_err(|error| wrong(format!("is no table of prices: {error:#}")))
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
        .map_err(|error| wrong(format!("must be a folder that can be read: {error}")))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ModelSettings;
    use crate::providers::Catalogue;

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
            let check = |typed: &str| models.refuse_anothers(&catalogue, typed);
            refuse_models_of_others(&personas, check).map_err(|error| error.to_string())
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
