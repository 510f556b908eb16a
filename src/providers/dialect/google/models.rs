//! What Google's models take, by their families; `docs/providers.md` §10.5.

use serde_json::{Value, json};

use crate::providers::abilities::Abilities;
use crate::providers::dialect::translating::neutral::Effort::{
    self, High, Low, Max, Medium, Minimal, XHigh,
};

/// A family of models.
#[derive(Clone, Copy, Debug)]
pub struct ModelFamily {
    /// What stands at the beginning of the models' names.
    names: &'static [&'static str],
    /// The longest answer, in tokens.
    pub output_tokens: u64,
    pub thinking: Thinking,
    /// Whether it is of Gemini 3 or later: the first call of each step must be
    /// signed, JSON may be asked for beside functions, and the result of a
    /// function may hold pictures.
    pub is_since_3: bool,
    /// Whether instructions stand apart from the conversation.
    pub has_instructions: bool,
}

/// How a model's thinking is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// By a level: the efforts that it has.
    Level(&'static [Effort]),
    /// By a budget: the least, and the most.
    Budget(u64, u64),
    None,
}

/// The longest answer of models before Gemini 2.5, and of Gemma, in tokens.
const OLDER_OUTPUT_TOKENS: u64 = 8_192;
/// The longest answer of models that draw, in tokens.
const PAINTER_OUTPUT_TOKENS: u64 = 32_768;

/// What the newest models take: one that is not in the list is taken for as
/// new as they are.
const NEWEST: ModelFamily = ModelFamily {
    names: &[],
    output_tokens: 65_536,
    thinking: Thinking::Level(&[Low, Medium, High]),
    is_since_3: true,
    has_instructions: true,
};
const OF_2_5: ModelFamily = ModelFamily {
    names: &["gemini-2.5-flash"],
    thinking: Thinking::Budget(0, 24_576),
    is_since_3: false,
    ..NEWEST
};

/// The first whose name a model's begins with is its family.
const FAMILIES: &[ModelFamily] = &[
    ModelFamily {
        names: &["gemini-4-hydrogen"],
        thinking: Thinking::Level(&[Low, Medium, High, XHigh, Max]),
        ..NEWEST
    },
    ModelFamily {
        names: &[
            "gemini-3.5-flash",
            "gemini-3.6-flash",
            "gemini-3.1-flash-lite",
            "gemini-3-flash",
        ],
        thinking: Thinking::Level(&[Minimal, Low, Medium, High]),
        ..NEWEST
    },
    ModelFamily {
        names: &["gemini-3-pro"],
        thinking: Thinking::Level(&[Low, High]),
        ..NEWEST
    },
    ModelFamily {
        names: &["gemini-2.5-pro"],
        thinking: Thinking::Budget(128, 32_768),
        ..OF_2_5
    },
    ModelFamily {
        names: &["gemini-2.5-flash-lite"],
        thinking: Thinking::Budget(0, 24_576),
        ..OF_2_5
    },
    OF_2_5,
    ModelFamily {
        names: &["gemini-2", "gemini-1"],
        output_tokens: OLDER_OUTPUT_TOKENS,
        thinking: Thinking::None,
        ..OF_2_5
    },
    ModelFamily {
        names: &["gemma"],
        output_tokens: OLDER_OUTPUT_TOKENS,
        thinking: Thinking::None,
        has_instructions: false,
        ..OF_2_5
    },
];

/// What a model takes.
pub fn family_of(model: &str) -> ModelFamily {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let mut family = known_family(model).unwrap_or(NEWEST);
    if model.contains("-image") {
        family.thinking = Thinking::None;
        family.output_tokens = family.output_tokens.min(PAINTER_OUTPUT_TOKENS);
    }
    family
}

fn known_family(model: &str) -> Option<ModelFamily> {
    let is_in = |family: &&ModelFamily| family.names.iter().any(|it| model.starts_with(it));
    FAMILIES.iter().find(is_in).copied()
}

/// What a model can do, where its family is known. Each of them answers in JSON,
/// and calls functions.
pub fn abilities_of(model: &str) -> Abilities {
    if known_family(model).is_none() || model.contains("-image") {
        return Abilities::default();
    }
    Abilities {
        tools: true,
        thinks: family_of(model).thinking != Thinking::None,
        json: true,
        output_tokens: Some(family_of(model).output_tokens),
        ..Abilities::default()
    }
}

/// How a model is told to think as little as it can, where it thinks at all.
pub fn least_thinking(model: &str) -> Option<Value> {
    match family_of(model).thinking {
        Thinking::Level(levels) => {
            let level = level_word(*levels.first()?);
            Some(json!({"thinkingLevel": level}))
        }
        Thinking::Budget(least, _) => Some(json!({"thinkingBudget": least})),
        Thinking::None => None,
    }
}

/// The longest answer of a model, in tokens.
pub fn longest_answer(model: &str) -> u64 {
    family_of(model).output_tokens
}

/// Google's word for a level of thinking.
pub fn level_word(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Minimal => "minimal",
        Low => "low",
        Medium => "medium",
        High => "high",
        XHigh | Max => "xhigh",
    }
}
