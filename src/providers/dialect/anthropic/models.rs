//! What Anthropic's models take, by their families; `docs/providers.md` §9.4.

use crate::providers::abilities::Abilities;
use crate::providers::dialect::translating::neutral::Effort::{
    self, High, Low, Max, Medium, XHigh,
};

/// A family of models.
#[derive(Clone, Copy, Debug)]
pub struct ModelFamily {
    /// What stands at the beginning of the models' names.
    names: &'static [&'static str],
    /// The longest answer, in tokens.
    pub output_tokens: u64,
    /// Which efforts may be asked for; none where none may.
    pub efforts: &'static [Effort],
    pub thinking: Thinking,
    /// Whether `temperature`, `top_p` and `top_k` are read.
    pub has_sampling: bool,
    pub forced_tools: ForcedTools,
    /// Whether an answer may follow a schema (`output_config.format`).
    pub has_schemas: bool,
    /// Whether `system` may stand among the messages.
    pub has_later_instructions: bool,
}

/// How a model's thinking is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// It always thinks.
    Always,
    /// It thinks unless it is told not to.
    Unless,
    /// It thinks where it is told to, as much as it finds right.
    Asked,
    /// It thinks where it is given a budget.
    Budget,
    Never,
}

/// Whether a model may be made to call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedTools {
    Yes,
    /// Where it does not think.
    Unthinking,
    No,
}

const ALL_EFFORTS: &[Effort] = &[Low, Medium, High, XHigh, Max];

/// What the newest models take: one that is not in the list is taken for as
/// new as they are.
const NEWEST: ModelFamily = ModelFamily {
    names: &[],
    output_tokens: 128_000,
    efforts: ALL_EFFORTS,
    thinking: Thinking::Always,
    has_sampling: false,
    forced_tools: ForcedTools::No,
    has_schemas: true,
    has_later_instructions: true,
};
const OF_4_6: ModelFamily = ModelFamily {
    names: &["claude-opus-4-6", "claude-sonnet-4-6"],
    efforts: &[Low, Medium, High, Max],
    thinking: Thinking::Asked,
    has_sampling: true,
    forced_tools: ForcedTools::Unthinking,
    has_later_instructions: false,
    ..NEWEST
};
const OF_4_5: ModelFamily = ModelFamily {
    names: &["claude-sonnet-4-5", "claude-haiku-4-5"],
    output_tokens: 64_000,
    efforts: &[],
    thinking: Thinking::Budget,
    ..OF_4_6
};
const OF_3: ModelFamily = ModelFamily {
    names: &["claude-3"],
    output_tokens: 4_096,
    thinking: Thinking::Never,
    forced_tools: ForcedTools::Yes,
    has_schemas: false,
    ..OF_4_5
};

/// The first whose name a model's begins with is its family.
const FAMILIES: &[ModelFamily] = &[
    ModelFamily {
        names: &["claude-haiku-5-5"],
        thinking: Thinking::Unless,
        forced_tools: ForcedTools::Yes,
        ..NEWEST
    },
    ModelFamily {
        names: &[
            "claude-opus-5-5",
            "claude-sonnet-5-5",
            "claude-fable-5-",
            "claude-mythos-5-",
        ],
        ..NEWEST
    },
    ModelFamily {
        names: &["claude-fable-5", "claude-mythos-5"],
        forced_tools: ForcedTools::Yes,
        ..NEWEST
    },
    ModelFamily {
        names: &["claude-opus-5"],
        thinking: Thinking::Unless,
        forced_tools: ForcedTools::Unthinking,
        ..NEWEST
    },
    ModelFamily {
        names: &["claude-sonnet-5"],
        thinking: Thinking::Unless,
        forced_tools: ForcedTools::Yes,
        has_later_instructions: false,
        ..NEWEST
    },
    ModelFamily {
        names: &["claude-opus-4-8"],
        has_sampling: false,
        efforts: ALL_EFFORTS,
        has_later_instructions: true,
        ..OF_4_6
    },
    ModelFamily {
        names: &["claude-opus-4-7"],
        has_sampling: false,
        efforts: ALL_EFFORTS,
        ..OF_4_6
    },
    OF_4_6,
    ModelFamily {
        names: &["claude-opus-4-5"],
        efforts: &[Low, Medium, High],
        ..OF_4_5
    },
    OF_4_5,
    ModelFamily {
        names: &["claude-opus-4"],
        output_tokens: 32_000,
        has_schemas: false,
        ..OF_4_5
    },
    ModelFamily {
        names: &["claude-sonnet-4"],
        has_schemas: false,
        ..OF_4_5
    },
    ModelFamily {
        names: &["claude-3-7"],
        output_tokens: 64_000,
        thinking: Thinking::Budget,
        forced_tools: ForcedTools::Unthinking,
        ..OF_3
    },
    ModelFamily {
        names: &["claude-3-5"],
        output_tokens: 8_192,
        ..OF_3
    },
    OF_3,
];

/// What a model takes.
pub fn family_of(model: &str) -> ModelFamily {
    known_family(model).unwrap_or(NEWEST)
}

fn known_family(model: &str) -> Option<ModelFamily> {
    let is_in = |family: &&ModelFamily| family.names.iter().any(|it| model.starts_with(it));
    FAMILIES.iter().find(is_in).copied()
}

/// The longest answer of a model, in tokens.
pub fn longest_answer(model: &str) -> u64 {
    family_of(model).output_tokens
}

/// What a model can do, where its family is known. Each of them calls tools.
pub fn abilities_of(model: &str) -> Abilities {
    let Some(family) = known_family(model) else {
        return Abilities::default();
    };
    Abilities {
        tools: true,
        thinks: family.thinking != Thinking::Never,
        json: family.has_schemas,
        output_tokens: Some(family.output_tokens),
        ..Abilities::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_family_is_told_by_its_name() {
        for (model, output, sampling, forced) in [
            ("claude-haiku-5-5", 128_000, false, ForcedTools::Yes),
            (
                "claude-haiku-5-5-20260922",
                128_000,
                false,
                ForcedTools::Yes,
            ),
            ("claude-opus-5-5", 128_000, false, ForcedTools::No),
            ("claude-fable-5-1", 128_000, false, ForcedTools::No),
            ("claude-fable-5", 128_000, false, ForcedTools::Yes),
            ("claude-opus-5", 128_000, false, ForcedTools::Unthinking),
            ("claude-opus-4-6", 128_000, true, ForcedTools::Unthinking),
            ("claude-sonnet-4-5", 64_000, true, ForcedTools::Unthinking),
            (
                "claude-opus-4-1-20250805",
                32_000,
                true,
                ForcedTools::Unthinking,
            ),
            ("claude-3-5-haiku-20241022", 8_192, true, ForcedTools::Yes),
            ("claude-next", 128_000, false, ForcedTools::No),
        ] {
            let family = family_of(model);
            assert_eq!(
                (
                    family.output_tokens,
                    family.has_sampling,
                    family.forced_tools
                ),
                (output, sampling, forced),
                "{model}"
            );
        }
    }
}
