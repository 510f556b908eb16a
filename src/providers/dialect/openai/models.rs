//! What OpenAI's models, and those of others who speak its dialect, take in a
//! chat; `docs/providers.md` §7.6.

use crate::providers::abilities::Abilities;
use crate::providers::dialect::bodies::raw_object::RawObject;
use crate::providers::dialect::translating::neutral::Effort::{
    self, High, Low, Max, Medium, Minimal, None as NoEffort, XHigh,
};
use crate::providers::dialect::translating::neutral::NeutralRequest;

use super::longest_answers::longest_answer;

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
    /// Efforts that the Responses take beside those.
    pub efforts_in_responses: &'static [Effort],
    /// How functions go together with reasoning in a chat.
    tools: ToolsInChat,
    /// Whether the model thinks that nobody tells how hard.
    thinks_unasked: bool,
    /// Whether parts of a prompt may say up to where it is kept in the cache.
    pub takes_breakpoints: bool,
}

/// How functions go together with reasoning in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToolsInChat {
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
    efforts_in_responses: &[],
    tools: ToolsInChat::Yes,
    thinks_unasked: true,
    takes_breakpoints: false,
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
        efforts_in_responses: &[Max],
        tools: ToolsInChat::No,
        takes_breakpoints: true,
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-6", "gpt-5.6"],
        efforts: &[NoEffort, Low, Medium, High, XHigh, Max],
        tools: ToolsInChat::WithoutEffort,
        takes_breakpoints: true,
        ..REASONING
    },
    ModelFamily {
        names: &["gpt-5.4", "gpt-5.5"],
        efforts: &[NoEffort, Low, Medium, High, XHigh],
        tools: ToolsInChat::WithoutEffort,
        thinks_unasked: false,
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

/// Parts of the names of models that have no chat at all.
const WITHOUT_CHAT: [&str; 2] = ["-codex", "-pro"];

/// Whether a model of OpenAI's takes a request in the Responses alone, or
/// could not think about it in a chat, or search or see there what a tool shows
/// it.
pub fn needs_responses(model: &str, request: &NeutralRequest) -> bool {
    let family = family_of(model);
    // Only a few models search in a chat, and those do it before every answer.
    if request.search.is_some() || (family.reasons && request.has_shown_results()) {
        return true;
    }
    let may_think = request.reasoning.asked_effort() != Some(NoEffort);
    family.has_no_chat(model) || (!request.tools.is_empty() && family.refuses_tools(may_think))
}

/// Whether a model of OpenAI's refuses a chat as its caller wrote it, which
/// the Responses would take.
pub fn is_refused_in_chat(model: &str, chat: &RawObject) -> bool {
    let family = family_of(model);
    let tools = chat.raw("tools").unwrap_or_default();
    let has_functions = tools.contains("\"function\"");
    if !has_functions {
        return family.has_no_chat(model);
    }
    let effort: Option<String> = chat.get("reasoning_effort");
    let thinks = effort.map_or(family.thinks_unasked, |it| it != NoEffort.word());
    family.has_no_chat(model) || family.refuses_tools(thinks)
}

/// Whether a model of OpenAI's has no chat at all.
pub fn has_no_chat(model: &str) -> bool {
    family_of(model).has_no_chat(model)
}

impl ModelFamily {
    fn has_no_chat(&self, model: &str) -> bool {
        self.reasons && WITHOUT_CHAT.iter().any(|part| model.contains(part))
    }

    /// Whether functions are refused in a chat.
    fn refuses_tools(&self, thinks: bool) -> bool {
        match self.tools {
            ToolsInChat::Yes => false,
            ToolsInChat::WithoutEffort => thinks,
            ToolsInChat::No => true,
        }
    }
}

/// What a model takes.
pub fn family_of(model: &str) -> ModelFamily {
    known_family(model).unwrap_or(UNKNOWN)
}

fn known_family(model: &str) -> Option<ModelFamily> {
    let model = model.rsplit('/').next().unwrap_or(model);
    let is_in = |family: &&ModelFamily| family.names.iter().any(|it| model.starts_with(it));
    FAMILIES.iter().find(is_in).copied()
}

/// What a model can do, where its family is known. Each of them takes functions:
/// in a chat, or in the Responses.
pub fn abilities_of(model: &str) -> Abilities {
    let family = known_family(model);
    Abilities {
        tools: family.is_some(),
        thinks: family.is_some_and(|family| !family.efforts.is_empty()),
        output_tokens: longest_answer(model),
        ..Abilities::default()
    }
}
