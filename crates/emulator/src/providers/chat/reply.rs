//! What an emulated model replies: words, JSON by a schema, or calls of the
//! tools that it was offered.

use serde_json::{Value, json};

use super::ask::{Ask, Choice, Tool};
use super::schema::value_of;
use crate::providers::answers::answer_prompt;
use crate::providers::sound_apis::transcripts::HEARD;

/// What a call of a tool counts, in tokens.
const CALL_TOKENS: usize = 5;
/// What the model thinks, where it lets that be seen.
const THOUGHT: &str = "Made-up thoughts about it.";
/// The word in a prompt at which a model thinks that may.
const THINKING_WORD: &str = "think";
/// Words in a prompt at which a model tells how many pictures it is shown.
const SEEING_WORDS: &str = "how many pictures";
/// What a tool is given that takes a text: a program in JavaScript, which is what
/// Codex's `exec` takes.
const TEXT_INPUT: &str = "text('made up')";
/// A mark on what a model thought, which it wants back.
pub const SIGNATURE: &str = "bWFkZS11cA==";

/// A call of a tool.
pub struct ToolCall {
    /// How many calls came before it in the conversation.
    pub number: usize,
    pub name: String,
    /// What stands before its name in the Responses.
    pub namespace: Option<String>,
    /// An object, or a text for a tool that takes one.
    pub input: Value,
}

/// What the model replies.
pub struct Reply {
    pub thought: Option<String>,
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// Whether the limit on the output ended it.
    pub at_limit: bool,
}

impl Reply {
    /// Decides what a model replies. `said` stands for what it says of its
    /// own accord.
    pub fn to(ask: &Ask<'_>, said: Option<&str>) -> Self {
        let calls = called_tools(ask);
        let text = if !calls.is_empty() {
            String::new()
        } else if let Some(schema) = &ask.schema {
            filled(schema).to_string()
        } else if !ask.told.is_empty() {
            format!("The tool said: {}", ask.told.join("; "))
        } else if ask.sound > 0 && (ask.writes_down() || is_transcript(&ask.prompt)) {
            HEARD.to_owned()
        } else if ask.prompt.contains(SEEING_WORDS) {
            format!("I see {} of them.", ask.pictures)
        } else {
            // Programs that offer tools put pages of their own around it.
            let asked = if ask.tools.is_empty() {
                &ask.prompt
            } else {
                &ask.request
            };
            said.map_or_else(|| answer_prompt(asked), str::to_owned)
        };
        let thinks = ask.thinks && ask.prompt.contains(THINKING_WORD);
        Self {
            thought: thinks.then(|| THOUGHT.to_owned()),
            text,
            calls,
            at_limit: false,
        }
    }

    /// Ends the reply half-way, at the limit on its output.
    pub fn cut_at_limit(&mut self) {
        let words: Vec<&str> = self.text.split_inclusive(' ').collect();
        let half = words.len().div_ceil(2);
        self.text = words.into_iter().take(half).collect();
        self.at_limit = true;
    }

    /// The text in the pieces in which it is streamed.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.text.split_inclusive(' ')
    }

    /// How many tokens it has.
    pub fn tokens(&self) -> usize {
        let words = |text: &str| text.split_whitespace().count();
        let thought = self.thought.as_deref().map_or(0, words);
        thought + words(&self.text) + self.calls.len() * CALL_TOKENS
    }
}

impl ToolCall {
    /// Its input, as it is written.
    pub fn written_input(&self) -> String {
        let text = self.input.as_str().map(str::to_owned);
        text.unwrap_or_else(|| self.input.to_string())
    }

    /// Its input in the pieces in which it is streamed.
    pub fn input_pieces(&self) -> Vec<String> {
        let written: Vec<char> = self.written_input().chars().collect();
        written
            .chunks(6)
            .map(|piece| piece.iter().collect())
            .collect()
    }
}

/// Whether a prompt asks for what is said in a sound.
fn is_transcript(prompt: &str) -> bool {
    ["transcript", "translation"]
        .iter()
        .any(|word| prompt.contains(word))
}

/// The tools that the model calls: those that it has to, or else those that
/// somebody asks for, if it has not been told by them yet.
fn called_tools(ask: &Ask<'_>) -> Vec<ToolCall> {
    let is_named = |tool: &&Tool| {
        let mut words = ask
            .request
            .split(|c: char| !c.is_alphanumeric() && c != '_');
        // A program may say that it has read a picture, which is no wish for it to.
        let sees = ask.prompt.contains(SEEING_WORDS);
        ask.told.is_empty() && !sees && words.any(|word| word == tool.name)
    };
    let chosen: Vec<&Tool> = match &ask.choice {
        Choice::No => Vec::new(),
        Choice::Free => ask.tools.iter().filter(is_named).collect(),
        Choice::Any => {
            let named = ask.tools.iter().find(is_named);
            named.or(ask.tools.first()).into_iter().collect()
        }
        Choice::One(name) => ask.tools.iter().filter(|it| it.name == *name).collect(),
    };
    let numbered = chosen.into_iter().take(ask.calls_max).enumerate();
    numbered
        .map(|(at, tool)| ToolCall {
            number: ask.called + at,
            name: tool.name.clone(),
            namespace: tool.namespace.clone(),
            input: if tool.takes_text {
                json!(TEXT_INPUT)
            } else {
                filled(&tool.schema)
            },
        })
        .collect()
}

/// A value that fits a schema. Where it says nothing, the model makes up what
/// it likes.
fn filled(schema: &Value) -> Value {
    let is_open = ["properties", "$ref", "anyOf"]
        .iter()
        .all(|name| schema[*name].is_null());
    if is_open {
        return json!({"answer": 10});
    }
    value_of(schema)
}
