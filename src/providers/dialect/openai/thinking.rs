//! Thoughts and efforts in the words of each vendor of OpenAI's dialect;
//! `docs/providers.md` §7.7.

use crate::providers::dialect::bodies::json::{Json, object};
use crate::providers::dialect::translating::neutral::{
    Content, Effort, NeutralRequest, SealMaker, Thought, Turn,
};

use super::models::ModelFamily;
use super::thought_details::ThoughtDetails;

/// What a vendor calls how hard a model is to think, and what it thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingWords {
    /// `reasoning_effort`; thoughts are not given back.
    Effort,
    /// `thinking` and `reasoning_effort`; `reasoning_content` is given back.
    DeepSeek,
    /// `thinking`, which some models take; `reasoning_content` is given back.
    Kimi,
    /// `reasoning`; `reasoning_details` are given back.
    OpenRouter,
    /// Some models think and some do not; no word that all of them take.
    Mistral,
    /// `enable_thinking`; thoughts are not given back, and the limit on the
    /// output does not count them.
    Qwen,
    /// A vendor of whom nothing is known: who says `reasoning_content` gets it
    /// back.
    Unknown,
}

/// What a model thought, in its message.
pub const THOUGHT: &str = "reasoning_content";
/// Whether a model is to think, at those who have a word for it.
pub const THINKING: &str = "thinking";
/// Whether one of Qwen's models is to think.
pub const OF_QWEN: &str = "enable_thinking";
/// Moonshot's models that may be told not to think; others always do, or never.
const OBEDIENT_KIMIS: [&str; 2] = ["kimi-k2.5", "kimi-k2.6"];
/// How OpenRouter's names of Anthropic's models begin.
const CLAUDE: &str = "anthropic/";
const OF_DEEPSEEK: [Effort; 3] = [Effort::Low, Effort::High, Effort::Max];
const OF_OPENROUTER: [Effort; 6] = [
    Effort::None,
    Effort::Minimal,
    Effort::Low,
    Effort::Medium,
    Effort::High,
    Effort::XHigh,
];

impl ThinkingWords {
    /// Writes how hard the model is to think.
    pub fn write_effort(self, request: &mut NeutralRequest, family: ModelFamily, body: &mut Json) {
        let Some(asked) = request.reasoning.asked_effort() else {
            return;
        };
        match self {
            Self::DeepSeek if asked == Effort::None => body.set(THINKING, do_not_think()),
            Self::DeepSeek => set_nearest(asked, &OF_DEEPSEEK, body),
            Self::Kimi if asked == Effort::None && is_obedient(body) => {
                body.set(THINKING, do_not_think());
            }
            Self::Kimi => request.ignored.add("reasoning_effort"),
            Self::Qwen => body.set(OF_QWEN, asked != Effort::None),
            Self::Mistral => request.ignored.add("reasoning_effort"),
            Self::OpenRouter => {
                let effort = asked.nearest(&OF_OPENROUTER).map(Effort::word);
                let budget = request.reasoning.budget.filter(|_| asked != Effort::None);
                let told = match budget {
                    Some(budget) => object([("max_tokens", budget.into())]),
                    None => object([("effort", effort.into())]),
                };
                body.set("reasoning", told);
            }
            Self::Effort | Self::Unknown if family.efforts.is_empty() => {
                if asked != Effort::None {
                    request.ignored.add("reasoning_effort");
                }
            }
            Self::Effort | Self::Unknown => set_nearest(asked, family.efforts, body),
        }
    }

    /// Ignores what a model thought that this vendor is not given back.
    pub fn ignore_lost_thoughts(self, request: &mut NeutralRequest) {
        request.ignore_thoughts(|thought| match self {
            Self::Effort | Self::Mistral | Self::Qwen => false,
            Self::DeepSeek | Self::Kimi | Self::OpenRouter => true,
            Self::Unknown => thought.is_made_by(SealMaker::Unsigned),
        });
    }

    /// Writes what a model thought into a message of its own.
    pub fn write_thoughts(self, turn: &Turn, message: &mut Json) {
        let thoughts = turn.parts.iter().filter_map(|part| match &part.what {
            Content::Thought(thought) => Some(thought),
            _ => None,
        });
        let has_calls = message.get("tool_calls").is_some();
        match self {
            Self::Effort | Self::Mistral | Self::Qwen => {}
            Self::DeepSeek | Self::Kimi => {
                let text: String = thoughts.map(|it| it.text.as_str()).collect();
                let missing = self.missing_thought(has_calls).map(str::to_owned);
                let told = Some(text).filter(|it| !it.is_empty()).or(missing);
                message.set_some(THOUGHT, told);
            }
            Self::Unknown => {
                let text: String = thoughts
                    .filter(|it| it.is_made_by(SealMaker::Unsigned))
                    .map(|it| it.text.as_str())
                    .collect();
                if !text.is_empty() {
                    message.set(THOUGHT, text);
                }
            }
            Self::OpenRouter => write_details(thoughts, message),
        }
    }

    /// What stands in an answer of the model's, with calls or without, of which
    /// nobody knows what was thought; none where the vendor does not miss it.
    pub fn missing_thought(self, has_calls: bool) -> Option<&'static str> {
        match self {
            Self::DeepSeek => Some(""),
            Self::Kimi if has_calls => Some(" "),
            _ => None,
        }
    }

    /// Whether a message of the vendor's may mark up to where a prompt is
    /// cached: OpenRouter passes the marks on to these makers.
    fn takes_cache_marks(self, model: &str) -> bool {
        let is_read = [CLAUDE, "google/"];
        self == Self::OpenRouter && is_read.iter().any(|maker| model.starts_with(maker))
    }

    /// Ignores marks for the cache that the vendor has no place for, and leaves
    /// the rest to the provider.
    pub fn settle_cache_marks(self, request: &mut NeutralRequest, model: &str) {
        if !self.takes_cache_marks(model) {
            return request.ignore_cache_marks();
        }
        if request.tools.iter().any(|tool| tool.cache.is_some()) {
            request.ignored.add("cache_control (of tools)");
        }
        request.ignore_marks_but_of_texts();
        if !model.starts_with(CLAUDE) && request.cache.take().is_some() {
            request.ignored.add("cache_control");
        }
    }
}

fn do_not_think() -> Json {
    object([("type", "disabled".into())])
}

fn is_obedient(body: &Json) -> bool {
    let model = body["model"].as_str().unwrap_or_default();
    OBEDIENT_KIMIS.iter().any(|name| model.starts_with(name))
}

fn set_nearest(asked: Effort, known: &[Effort], body: &mut Json) {
    body.set_some("reasoning_effort", asked.nearest(known).map(Effort::word));
}

/// Details as they came; a thought without any is a text.
fn write_details<'a>(thoughts: impl Iterator<Item = &'a Thought>, message: &mut Json) {
    let (mut details, mut text) = (ThoughtDetails::default(), String::new());
    for thought in thoughts {
        match &thought.seal {
            Some(seal) if seal.maker == SealMaker::OpenRouter => details.add_sealed(seal),
            Some(seal) if seal.maker != SealMaker::Unsigned => {}
            _ => text.push_str(&thought.text),
        }
    }
    let details = details.take();
    if !details.is_empty() {
        message.set("reasoning_details", details);
    } else if !text.is_empty() {
        message.set("reasoning", text);
    }
}
