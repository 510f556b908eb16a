//! What the playground can be used as: the personas by what they are for, and
//! pictures.

use crate::app::Persona;
use crate::console::parts::persona::{CO_FOUNDER, write_name, write_words};

/// Stands in the field where a picture is to be made. No persona is called
/// so.
pub const PICTURE: &str = ":picture";

/// The personas that stand first, in this order.
const FIRST: &[&str] = &["prompt-crafter", "code", "summarizer", "image-prompt"];

/// What a question is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tool {
    Chat,
    Persona(String),
    Picture,
}

/// Tools that stand together.
pub struct ToolGroup {
    pub label: &'static str,
    pub tools: Vec<ToolChoice>,
}

/// One tool to choose.
pub struct ToolChoice {
    pub value: String,
    pub words: String,
}

impl Tool {
    /// Reads the field. A persona that is not there is refused where it is
    /// asked.
    pub fn parse(field: &str) -> Self {
        match field.trim() {
            "" => Self::Chat,
            PICTURE => Self::Picture,
            name => Self::Persona(name.to_owned()),
        }
    }

    /// What the field says.
    pub fn value(&self) -> &str {
        match self {
            Self::Chat => "",
            Self::Persona(name) => name,
            Self::Picture => PICTURE,
        }
    }

    /// The persona, if it is one.
    pub fn persona(&self) -> Option<String> {
        match self {
            Self::Persona(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// Three questions to begin with.
    pub fn starters(&self) -> [&'static str; 3] {
        match self.value() {
            "code" => [
                "Write a function that tells whether two time spans overlap, with tests.",
                "What is wrong with this code? Attach the file, or paste it here.",
                "Explain the difference between a mutex and a channel with one example.",
            ],
            "prompt-crafter" => [
                "A prompt that turns meeting notes into tasks with owners and dates.",
                "A prompt that checks a text for claims without a source.",
                "A prompt that explains an error message to somebody new.",
            ],
            "summarizer" => [
                "Sum up the attached text in five sentences.",
                "What was decided in these notes, and what is open?",
                "Sum this up for somebody who has one minute.",
            ],
            "image-prompt" | "picture-prompt" => [
                "A harbour at dawn, seen from the deck of a ferry.",
                "A poster for a small town’s library.",
                "An icon of a key that is also a wave.",
            ],
            PICTURE => [
                "A harbour at dawn in watercolour, ferries at the quay, gulls above.",
                "A paper model of a lighthouse on a desk, soft light from the left.",
                "A map of an island that does not exist, in ink.",
            ],
            name if name.starts_with(CO_FOUNDER) => [
                "We sell ferry tickets online. What should we do in the next three months?",
                "Which three numbers should we look at each week, and why?",
                "What would you stop doing first?",
            ],
            _ => [
                "What should a landing page for a ferry timetable say first?",
                "Explain what a hash is to a child of ten.",
                "Plan a day in a town by the sea, without a car.",
            ],
        }
    }
}

/// Every tool, by group.
pub fn all_groups(personas: &[Persona]) -> Vec<ToolGroup> {
    let choice = |value: &str, words: String| ToolChoice {
        value: value.to_owned(),
        words,
    };
    let mut tools = vec![choice("", "Chat".to_owned())];
    let first = FIRST
        .iter()
        .filter(|name| personas.iter().any(|it| it.name == **name));
    tools.extend(first.map(|name| choice(name, write_name(name))));
    let others = personas.iter().map(|persona| persona.name.as_str());
    let others = others.filter(|name| !FIRST.contains(name) && !name.starts_with(CO_FOUNDER));
    tools.extend(others.map(|name| choice(name, write_name(name))));
    let founders = personas.iter().filter_map(|persona| {
        let role = persona.name.strip_prefix(CO_FOUNDER)?;
        Some(choice(&persona.name, write_words(role)))
    });
    let groups = [
        ("Tools", tools),
        ("Co-founders", founders.collect()),
        (
            "Pictures",
            vec![choice(PICTURE, "Make a picture".to_owned())],
        ),
    ];
    let groups = groups.into_iter().filter(|(_, tools)| !tools.is_empty());
    groups
        .map(|(label, tools)| ToolGroup { label, tools })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_persona_stands_in_one_group() {
        let personas = Persona::built_in().unwrap();
        let groups = all_groups(&personas);
        let written = groups.iter().map(|group| {
            let words: Vec<&str> = group.tools.iter().map(|it| it.words.as_str()).collect();
            format!("{}: {}", group.label, words.join(", "))
        });
        insta::assert_snapshot!(written.collect::<Vec<_>>().join("\n"), @r"
        Tools: Chat, Prompt crafter, Code, Summarizer, Image prompt, Explain, Picture prompt, Reply, Translator
        Co-founders: Engineering, Finance, Marketing, Operations, Product, Strategy
        Pictures: Make a picture
        ");
        let values = groups.iter().flat_map(|group| &group.tools);
        for choice in values {
            assert_eq!(Tool::parse(&choice.value).value(), choice.value);
        }
    }
}
