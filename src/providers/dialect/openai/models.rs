//! What OpenAI's models, and those of others who speak its dialect, take in a
//! chat; `docs/providers.md` §7.6.

use crate::providers::dialect::neutral::Effort::{
    self, High, Low, Max, Medium, Minimal, None as NoEffort, XHigh,
};

/// A family of models.
#[derive(Clone, Copy, Debug)]
pub struct ModelFamily {
    /// What stands at the beginning of the models' names, behind the name of
    /// their maker.
    names: &'static [&'static str],
    /// Which efforts may be asked for; none where none may.
    pub efforts: &'static [Effort],
    /// Whether the model reasons: it then reads no sampling and no `stop`.
    pub reasons: bool,
    /// How functions go together with reasoning in a chat.
    pub tools: ToolsInChat,
}

/// How functions go together with reasoning in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolsInChat {
    Yes,
    /// Where the model is told not to reason.
    WithoutEffort,
    /// In OpenAI's Responses alone.
    No,
}

/// A model of which nothing is known: what every one takes.
const UNKNOWN: ModelFamily = ModelFamily {
    names: &[],
    efforts: &[],
    reasons: false,
    tools: ToolsInChat::Yes,
};
const REASONING: ModelFamily = ModelFamily {
    reasons: true,
    ..UNKNOWN
};

/// The first whose name a model's begins with is its family.
const FAMILIES: &[ModelFamily] = &[
    ModelFamily {
        names: &["gpt-6.2", "gpt-6.1-sol", "gpt-6-astra"],
        efforts: &[Low, Medium, High, XHigh],
        tools: ToolsInChat::No,
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-6", "gpt-5.6"],
        efforts: &[NoEffort, Low, Medium, High, XHigh, Max],
        tools: ToolsInChat::WithoutEffort,
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-5.4", "gpt-5.5"],
        efforts: &[NoEffort, Low, Medium, High, XHigh],
        tools: ToolsInChat::WithoutEffort,
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-5.2", "gpt-5.3"],
        efforts: &[NoEffort, Low, Medium, High, XHigh],
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-5.1"],
        efforts: &[NoEffort, Low, Medium, High],
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-5"],
        efforts: &[Minimal, Low, Medium, High],
        ..REASONING
    },
    ModelFamily {
        names: &["o1", "o3", "o4"],
        efforts: &[Low, Medium, High],
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-oss"],
        efforts: &[Low, Medium, High],
        ..UNKNOWN
    },
    ModelFamily {
        names: &["grok-4.7"],
        efforts: &[Low, Medium, High, XHigh],
        ..UNKNOWN
    },
    ModelFamily {
        names: &["grok-4.3"],
        efforts: &[NoEffort, Low, Medium, High, XHigh],
        ..UNKNOWN
    },
];

/// What a model takes.
pub fn family_of(model: &str) -> ModelFamily {
    let model = model.rsplit('/').next().unwrap_or(model);
    let is_in = |family: &&ModelFamily| family.names.iter().any(|it| model.starts_with(it));
    FAMILIES.iter().find(is_in).copied().unwrap_or(UNKNOWN)
}
