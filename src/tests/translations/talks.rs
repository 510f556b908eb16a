//! Conversations, to be told in each dialect.

/// In whose dialect a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Chat,
    Responses,
    Messages,
    Google,
}

pub const CALLERS: [Caller; 4] = [
    Caller::Chat,
    Caller::Responses,
    Caller::Messages,
    Caller::Google,
];

/// Calls of a function, or what they gave back: each with the call's id and
/// one word.
pub type Words = &'static [(&'static str, &'static str)];

/// What is said in one turn.
#[derive(Clone, Copy)]
pub enum TurnContent {
    Person(&'static str),
    /// A picture, with these words, which may be none.
    Shown(&'static str),
    /// A picture at an address.
    ShownAt(&'static str),
    /// A PDF, with these words.
    Document(&'static str),
    Model(&'static str),
    /// An instruction in the middle.
    Instruction(&'static str),
    /// Calls of the function `weather`, by their ids and their cities.
    Calls(Words),
    /// What they gave back.
    Results(Words),
    /// What they gave back instead of a result.
    Failures(Words),
    /// What they gave back, with a picture.
    ShownResults(Words),
}

/// Which tool the model is to call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// No tool is offered.
    Nothing,
    Free,
    Weather,
    Any,
    No,
}

/// What the answer is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Words,
    /// JSON by a schema, in each of its fields.
    Schema,
    /// JSON by a schema that leaves something open.
    LooseSchema,
    Json,
}

/// A conversation.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a conversation may have"
)]
pub struct Talk {
    pub name: &'static str,
    pub system: &'static [&'static str],
    pub said: &'static [TurnContent],
    pub choice: Choice,
    /// Whether a second function, `clock`, is offered.
    pub has_clock: bool,
    pub is_one_at_a_time: bool,
    pub answer: Answer,
    pub thinks: bool,
    pub effort: Option<&'static str>,
    pub temperature: Option<f64>,
    pub stop: &'static [&'static str],
    pub user: Option<&'static str>,
    /// Whether the models end half-way, at the limit on their output.
    pub is_cut: bool,
    /// Who has words for it.
    pub callers: &'static [Caller],
    /// The beginnings of models' names that refuse it from everybody.
    pub refused_by: &'static [&'static str],
    /// The providers that refuse it in their own dialect, where a translation
    /// mends it.
    pub mended_for: &'static [&'static str],
}

const PLAIN: Talk = Talk {
    name: "",
    system: &[],
    said: &[TurnContent::Person("count")],
    choice: Choice::Nothing,
    has_clock: false,
    is_one_at_a_time: false,
    answer: Answer::Words,
    thinks: false,
    effort: None,
    temperature: None,
    stop: &[],
    user: None,
    is_cut: false,
    callers: &CALLERS,
    refused_by: &[],
    mended_for: &[],
};
const ASKED: TurnContent = TurnContent::Person("the weather in Rome?");
const ROME: Words = &[("call00001", "Rome")];
const SUN: Words = &[("call00001", "sun")];

pub const TALKS: &[Talk] = &[
    Talk {
        name: "words",
        ..PLAIN
    },
    Talk {
        name: "an instruction",
        system: &["Be brief."],
        ..PLAIN
    },
    Talk {
        name: "several turns",
        said: &[
            TurnContent::Person("hi"),
            TurnContent::Model("Hello."),
            TurnContent::Person("count"),
        ],
        ..PLAIN
    },
    Talk {
        name: "signs of other alphabets",
        said: &[TurnContent::Person(
            "héllo \u{1f600} \"quoted\" \\ back\nnew line",
        )],
        ..PLAIN
    },
    Talk {
        name: "a picture",
        said: &[TurnContent::Shown("count")],
        ..PLAIN
    },
    Talk {
        name: "a picture without words",
        said: &[
            TurnContent::Shown(""),
            TurnContent::Model("A square."),
            TurnContent::Person("count"),
        ],
        ..PLAIN
    },
    Talk {
        name: "a tool to be called",
        said: &[ASKED],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "a tool that must be called",
        said: &[TurnContent::Person("hello")],
        choice: Choice::Weather,
        ..PLAIN
    },
    Talk {
        name: "a tool that must not be called",
        said: &[ASKED],
        choice: Choice::No,
        ..PLAIN
    },
    Talk {
        name: "a tool's result",
        said: &[ASKED, TurnContent::Calls(ROME), TurnContent::Results(SUN)],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "two results in another order",
        said: &[
            TurnContent::Person("the weather in Rome and Oslo?"),
            TurnContent::Calls(&[("call00001", "Rome"), ("call00002", "Oslo")]),
            TurnContent::Results(&[("call00002", "rain"), ("call00001", "sun")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "ids that repeat",
        mended_for: &["anthropic"],
        said: &[
            ASKED,
            TurnContent::Calls(&[("functions.weather:0", "Rome")]),
            TurnContent::Results(&[("functions.weather:0", "sun")]),
            TurnContent::Calls(&[("functions.weather:0", "Oslo")]),
            TurnContent::Results(&[("functions.weather:0", "rain")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "words behind a result",
        said: &[
            ASKED,
            TurnContent::Calls(ROME),
            TurnContent::Results(SUN),
            TurnContent::Model("It is sunny."),
            TurnContent::Person("count"),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "JSON by a schema",
        said: &[TurnContent::Person("ten?")],
        answer: Answer::Schema,
        ..PLAIN
    },
    Talk {
        name: "thoughts",
        said: &[TurnContent::Person("think and count")],
        thinks: true,
        ..PLAIN
    },
    Talk {
        name: "thoughts before a tool",
        said: &[TurnContent::Person("think of the weather in Rome")],
        choice: Choice::Free,
        thinks: true,
        ..PLAIN
    },
    Talk {
        name: "two functions at once",
        said: &[TurnContent::Person("the weather and the clock in Rome?")],
        choice: Choice::Free,
        has_clock: true,
        ..PLAIN
    },
    Talk {
        name: "one function at a time",
        said: &[TurnContent::Person("the weather and the clock in Rome?")],
        choice: Choice::Free,
        has_clock: true,
        is_one_at_a_time: true,
        // Google has no word for it.
        callers: &[Caller::Chat, Caller::Responses, Caller::Messages],
        ..PLAIN
    },
    Talk {
        name: "any tool that must be called",
        said: &[TurnContent::Person("hello")],
        choice: Choice::Any,
        ..PLAIN
    },
    Talk {
        name: "words before a call",
        said: &[
            ASKED,
            TurnContent::Model("Let me see."),
            TurnContent::Calls(ROME),
            TurnContent::Results(SUN),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "two rounds of tools",
        said: &[
            ASKED,
            TurnContent::Calls(ROME),
            TurnContent::Results(SUN),
            TurnContent::Model("Sunny. And Oslo?"),
            TurnContent::Calls(&[("call00002", "Oslo")]),
            TurnContent::Results(&[("call00002", "rain")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "ids that are long",
        said: &[
            ASKED,
            TurnContent::Calls(&[("toolu_0123456789_0123456789_0123456789_0123456789", "Rome")]),
            TurnContent::Results(&[("toolu_0123456789_0123456789_0123456789_0123456789", "sun")]),
        ],
        choice: Choice::Free,
        mended_for: &["openai"],
        ..PLAIN
    },
    Talk {
        name: "signs of other alphabets in a result",
        said: &[
            ASKED,
            TurnContent::Calls(&[("call00001", "R\u{f6}m \"X\"")]),
            TurnContent::Results(&[("call00001", "\u{2600} \"sonnig\" \\ hei\u{df}\nund mehr")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "a tool that failed",
        said: &[
            ASKED,
            TurnContent::Calls(ROME),
            TurnContent::Failures(&[("call00001", "no such city")]),
        ],
        choice: Choice::Free,
        callers: &[Caller::Messages, Caller::Google],
        ..PLAIN
    },
    Talk {
        name: "a tool's result with a picture",
        said: &[
            ASKED,
            TurnContent::Calls(ROME),
            TurnContent::ShownResults(SUN),
        ],
        choice: Choice::Free,
        callers: &[Caller::Responses, Caller::Messages, Caller::Google],
        // In a chat the picture stands in a message behind the result, which
        // says other words.
        refused_by: &["cerebras", "mistral"],
        ..PLAIN
    },
    Talk {
        name: "a PDF",
        said: &[TurnContent::Document("count")],
        ..PLAIN
    },
    Talk {
        name: "a picture at an address",
        said: &[TurnContent::ShownAt("count")],
        ..PLAIN
    },
    Talk {
        name: "several instructions",
        system: &["Be brief.", "Be kind."],
        ..PLAIN
    },
    Talk {
        name: "an instruction in the middle",
        said: &[
            TurnContent::Person("hi"),
            TurnContent::Instruction("Now be brief."),
            TurnContent::Model("Hello."),
            TurnContent::Person("count"),
        ],
        callers: &[Caller::Chat, Caller::Responses, Caller::Messages],
        ..PLAIN
    },
    Talk {
        name: "an answer begun for the model",
        said: &[TurnContent::Person("count"), TurnContent::Model("one two")],
        refused_by: &["anthropic"],
        ..PLAIN
    },
    Talk {
        name: "the limit on the answer",
        is_cut: true,
        ..PLAIN
    },
    Talk {
        name: "texts to stop at",
        stop: &["zzz"],
        callers: &[Caller::Chat, Caller::Messages, Caller::Google],
        refused_by: &["openai"],
        ..PLAIN
    },
    Talk {
        name: "a temperature",
        temperature: Some(0.7),
        mended_for: &["anthropic", "openai"],
        ..PLAIN
    },
    Talk {
        name: "JSON by a loose schema",
        said: &[TurnContent::Person("ten?")],
        answer: Answer::LooseSchema,
        mended_for: &["anthropic"],
        ..PLAIN
    },
    Talk {
        name: "JSON of any kind",
        said: &[TurnContent::Person("ten, in JSON?")],
        answer: Answer::Json,
        callers: &[Caller::Chat, Caller::Responses, Caller::Google],
        ..PLAIN
    },
    Talk {
        name: "JSON that nobody names",
        said: &[TurnContent::Person("ten?")],
        answer: Answer::Json,
        callers: &[Caller::Google],
        ..PLAIN
    },
    Talk {
        name: "JSON that nobody names where a tool is offered",
        said: &[TurnContent::Person("ten?")],
        answer: Answer::Json,
        choice: Choice::Free,
        callers: &[Caller::Google],
        ..PLAIN
    },
    Talk {
        name: "JSON where a tool is offered",
        said: &[TurnContent::Person("ten?")],
        choice: Choice::Free,
        answer: Answer::Schema,
        ..PLAIN
    },
    Talk {
        name: "hard thinking",
        effort: Some("high"),
        ..PLAIN
    },
    Talk {
        name: "hard thinking beside a tool",
        said: &[ASKED],
        choice: Choice::Free,
        effort: Some("high"),
        ..PLAIN
    },
    Talk {
        name: "several calls at once over two rounds",
        said: &[
            TurnContent::Person("the weather in Rome, Oslo, Bern and Lima?"),
            TurnContent::Calls(&[("call00001", "Rome"), ("call00002", "Oslo")]),
            TurnContent::Results(&[("call00001", "sun"), ("call00002", "rain")]),
            TurnContent::Calls(&[("call00003", "Bern"), ("call00004", "Lima")]),
            TurnContent::Results(&[("call00003", "fog"), ("call00004", "wind")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "an answer without a word",
        said: &[
            TurnContent::Person("hi"),
            TurnContent::Model(""),
            TurnContent::Person("count"),
        ],
        mended_for: &["anthropic", "google"],
        ..PLAIN
    },
    Talk {
        name: "a PDF and a picture in one talk",
        said: &[
            TurnContent::Document("read"),
            TurnContent::Model("Read."),
            TurnContent::Shown("count"),
        ],
        ..PLAIN
    },
    Talk {
        name: "a result without a word",
        said: &[
            ASKED,
            TurnContent::Calls(ROME),
            TurnContent::Results(&[("call00001", "")]),
        ],
        choice: Choice::Free,
        ..PLAIN
    },
    Talk {
        name: "who asks",
        user: Some("user-1"),
        // Google has no word for it.
        callers: &[Caller::Chat, Caller::Responses, Caller::Messages],
        ..PLAIN
    },
];
