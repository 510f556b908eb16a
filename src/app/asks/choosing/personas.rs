//! Personas: system prompts with a name.
//!
//! Ours are files in `assets/personas/`, compiled in; the operator's stand
//! in a folder of theirs and win over ours of the same name.

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::app::asks::Asks;

const OURS: &[&str] = &[
    include_str!("../../../../assets/personas/code.toml"),
    include_str!("../../../../assets/personas/cofounder-engineering.toml"),
    include_str!("../../../../assets/personas/cofounder-finance.toml"),
    include_str!("../../../../assets/personas/cofounder-marketing.toml"),
    include_str!("../../../../assets/personas/cofounder-operations.toml"),
    include_str!("../../../../assets/personas/cofounder-product.toml"),
    include_str!("../../../../assets/personas/cofounder-strategy.toml"),
    include_str!("../../../../assets/personas/explain.toml"),
    include_str!("../../../../assets/personas/image-prompt.toml"),
    include_str!("../../../../assets/personas/picture-prompt.toml"),
    include_str!("../../../../assets/personas/prompt-crafter.toml"),
    include_str!("../../../../assets/personas/reply.toml"),
    include_str!("../../../../assets/personas/summarizer.toml"),
    include_str!("../../../../assets/personas/translator.toml"),
];
/// The longest name, so that it fits wherever Discord shows it.
const NAME_CHARACTERS_MAX: usize = 32;
const DESCRIPTION_CHARACTERS_MAX: usize = 100;
const PROMPT_BYTES_MAX: usize = 16_000;

/// A system prompt with a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    pub name: String,
    pub description: String,
    pub prompt: String,
    /// The model that answers best so, as `provider/model`, where nobody
    /// chose another.
    pub model: Option<String>,
    /// What is replied in its name where nobody can pay for a model, with
    /// `{prompt}` for what was asked.
    pub demo: Option<String>,
    /// Whether a command of the bot's own uses it, so that it is not offered
    /// where people choose as what they are answered.
    #[serde(default)]
    pub has_command: bool,
}

/// The most of a prompt that a demo reply repeats, in characters.
const REPEATED_CHARACTERS_MAX: usize = 400;

impl Persona {
    /// The personas that come with the program.
    pub fn built_in() -> anyhow::Result<Vec<Self>> {
        OURS.iter().map(|text| Self::parse(text)).collect()
    }

    /// Reads a file.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let persona: Self = toml::from_str(text)
            .map_err(|error| anyhow::anyhow!("{}", error.message()))
            .context("is no persona")?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let name = &persona.name;
        ensure!(
            !name.is_empty() && name.len() <= NAME_CHARACTERS_MAX && name.chars().all(allowed),
            "`name` must be up to {NAME_CHARACTERS_MAX} lower-case letters, digits and dashes"
        );
        ensure!(
            persona.description.chars().count() <= DESCRIPTION_CHARACTERS_MAX,
            "`description` must have at most {DESCRIPTION_CHARACTERS_MAX} characters"
        );
        ensure!(
            !persona.prompt.trim().is_empty() && persona.prompt.len() <= PROMPT_BYTES_MAX,
            "`prompt` must have 1 to {PROMPT_BYTES_MAX} bytes"
        );
        Ok(persona)
    }

    /// The reply in its name that no model gives; none where it has none.
    pub fn write_demo(&self, prompt: &str) -> Option<String> {
        let template = self.demo.as_deref()?.trim();
        let mut repeated: String = prompt.chars().take(REPEATED_CHARACTERS_MAX).collect();
        if repeated.len() < prompt.len() {
            repeated.push('…');
        }
        Some(template.replace("{prompt}", repeated.trim()))
    }

    /// Puts the operator's personas in the place of ours.
    pub fn merged(operators: Vec<Self>) -> anyhow::Result<Vec<Self>> {
        let mut all = Self::built_in()?;
        all.retain(|ours| operators.iter().all(|theirs| theirs.name != ours.name));
        all.extend(operators);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

impl Asks {
    /// Every persona, by name.
    pub fn personas(&self) -> &[Persona] {
        &self.settings.personas
    }

    /// Those that people choose from, by name: without what commands use, but
    /// with the one that is chosen already.
    pub fn offered_personas<'a>(
        &'a self,
        chosen: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Persona> {
        let is_offered = move |it: &&Persona| !it.has_command || chosen == Some(it.name.as_str());
        self.personas().iter().filter(is_offered)
    }

    /// A persona by what a person typed.
    pub fn find_persona(&self, typed: &str) -> Option<&Persona> {
        let mut all = self.personas().iter();
        all.find(|persona| persona.name.eq_ignore_ascii_case(typed.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_good_and_the_operators_win() {
        let ours = Persona::built_in().unwrap();
        assert_eq!(ours.len(), 14);
        let theirs = "name = \"code\"\ndescription = \"mine\"\nprompt = \"p\"";
        let merged = Persona::merged(vec![Persona::parse(theirs).unwrap()]).unwrap();
        assert_eq!(merged.len(), 14);
        assert!(merged.iter().any(|persona| persona.description == "mine"));
    }

    #[test]
    fn each_of_ours_has_a_reply_for_when_nobody_pays() {
        for persona in Persona::built_in().unwrap() {
            let demo = persona.write_demo("a made-up idea").unwrap();
            assert_eq!(
                demo.matches("a made-up idea").count(),
                1,
                "{}",
                persona.name
            );
            let long = persona.write_demo(&"ä".repeat(5_000)).unwrap();
            assert!(long.chars().count() < 1_500, "{}", persona.name);
        }
    }

    #[test]
    fn a_file_that_is_no_persona_is_refused() {
        for wrong in [
            "",
            "name = \"Bad Name\"\ndescription = \"\"\nprompt = \"p\"",
            "name = \"a\"\ndescription = \"\"\nprompt = \" \"",
            "name = \"a\"\ndescription = \"\"\nprompt = \"p\"\ntemperature = 1",
        ] {
            assert!(Persona::parse(wrong).is_err(), "{wrong}");
        }
    }
}
