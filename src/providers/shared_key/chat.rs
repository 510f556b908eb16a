//! Chat in OpenAI's dialect: what a body may have at OpenAI, at those who
//! speak its dialect, and where it is translated.

use super::shape::Shape::{
    Answers, Any, Bool, Budget, CacheLifetime, Detail, Either, EmptyList, False, Kinds as OfKind,
    Limit, List, Null, Number, Object, PictureUrl, Schema, Text, Words,
};
use super::shape::{Field, Kind, Kinds, Shape, field, kind};

const CEREBRAS: &[&str] = &["cerebras"];
const DEEPSEEK: &[&str] = &["deepseek"];
const GROQ: &[&str] = &["groq"];
const MISTRAL: &[&str] = &["mistral"];
const OPENROUTER: &[&str] = &["openrouter"];
const OLLAMA: &[&str] = &["ollama"];
const OPENAI: &[&str] = &["openai"];
const XAI: &[&str] = &["xai"];

/// For how long OpenAI keeps a prompt, at the same price. To keep it longer has a
/// price that no list tells.
pub const CACHE_RETENTION: Shape = Words(&["in_memory", "in-memory"]);
/// Tiers of service at the price of the list.
pub const USUAL_TIERS: Shape = Words(&["auto", "default"]);
/// Whatever length of thinking is asked for is within the answer's limit.
pub const EFFORTS: Shape = Words(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("messages", List(&OfKind(&MESSAGES))),
    field("n", Answers),
    field("stream", Bool),
    field("stream_options", Object(STREAM_OPTIONS)),
    field("stop", Either(&[Text, List(&Text)])),
    field("temperature", Number),
    field("top_p", Number),
    field("presence_penalty", Number),
    field("frequency_penalty", Number),
    field("seed", Number),
    field("logit_bias", Any),
    field("logprobs", Bool),
    field("top_logprobs", Number),
    field("user", Text),
    field("safety_identifier", Text),
    field("prompt_cache_key", Text),
    field("prompt_cache_retention", CACHE_RETENTION),
    field("prompt_cache_options", Object(PROMPT_CACHE_OPTIONS)),
    field("metadata", Any),
    field("store", False),
    field("service_tier", Words(&["auto", "on_demand", "flex"])).at(GROQ),
    field("service_tier", USUAL_TIERS),
    field("modalities", List(&Words(&["text"]))),
    field("reasoning_effort", EFFORTS),
    field("verbosity", Words(&["low", "medium", "high"])),
    field("response_format", OfKind(&RESPONSE_FORMATS)),
    field("tools", List(&OfKind(&TOOLS))),
    field(
        "tool_choice",
        Either(&[
            Words(&["none", "auto", "required", "any"]),
            OfKind(&TOOL_CHOICES),
        ]),
    ),
    field("parallel_tool_calls", Bool),
    field("functions", List(&Object(FUNCTION))),
    field(
        "function_call",
        Either(&[Words(&["none", "auto"]), Object(NAMED)]),
    ),
    field("plugins", EmptyList),
    // What one provider reads, and what that is there.
    field("min_p", Number).at(OPENROUTER),
    field("top_a", Number).at(OPENROUTER),
    field("top_k", Number).at(&["openrouter", "mistral"]),
    field("repetition_penalty", Number).at(&["openrouter", "mistral"]),
    field("reasoning", Object(REASONING_OF_OPENROUTER)).at(OPENROUTER),
    field("cache_control", Object(CACHE_CONTROL)).at(OPENROUTER),
    field("session_id", Text).at(OPENROUTER),
    field("trace", Any).at(OPENROUTER),
    field("usage", Object(&[field("include", Bool)])).at(OPENROUTER),
    field("transforms", List(&Words(&["middle-out"]))).at(OPENROUTER),
    field("random_seed", Number).at(MISTRAL),
    field("prompt_mode", Text).at(MISTRAL),
    field("safe_prompt", Bool).at(MISTRAL),
    field("min_tokens", Number).at(&["mistral", "cerebras"]),
    field("prompt_logprobs", Any).at(MISTRAL),
    field("top_prompt_logprobs", Number).at(MISTRAL),
    field("deferred", False).at(XAI),
    field("thinking", Object(THINKING_OF_DEEPSEEK)).at(DEEPSEEK),
    field("enable_thinking", False).at(&["qwen"]),
    field("user_id", Text).at(DEEPSEEK),
    field("include_reasoning", Bool).at(GROQ),
    field("reasoning_format", Text).at(&["groq", "cerebras"]),
    field("disable_tool_validation", Bool).at(GROQ),
    field("citation_options", Text).at(GROQ),
    field("documents", List(&Object(DOCUMENT_OF_GROQ))).at(GROQ),
    field("clear_thinking", Bool).at(CEREBRAS),
    field("disable_reasoning", Bool).at(CEREBRAS),
    field("min_completion_tokens", Number).at(CEREBRAS),
    field("reasoning", Object(&[field("effort", EFFORTS)])).at(OLLAMA),
];

static STREAM_OPTIONS: &[Field] = &[
    field("include_usage", Bool),
    field("include_obfuscation", Bool),
];

/// How a prompt is cached at the usual price of writing it.
pub static PROMPT_CACHE_OPTIONS: &[Field] = &[
    field("ttl", Words(&["30m"])),
    field("mode", Words(&["implicit", "explicit"])),
];

/// The mark of Anthropic's up to which a prompt is cached.
pub static CACHE_CONTROL: &[Field] = &[
    field("type", Words(&["ephemeral"])),
    field("ttl", CacheLifetime),
];

/// The mark of OpenAI's up to which a prompt is cached.
pub static CACHE_BREAKPOINT: &[Field] = &[field("mode", Words(&["explicit"]))];

static REASONING_OF_OPENROUTER: &[Field] = &[
    field("effort", EFFORTS),
    field("summary", Text),
    field("max_tokens", Budget),
    field("enabled", Bool),
    field("exclude", Bool),
    field("context", Text),
];

static THINKING_OF_DEEPSEEK: &[Field] =
    &[field("type", Words(&["enabled", "disabled", "adaptive"]))];

static DOCUMENT_OF_GROQ: &[Field] = &[
    field("id", Text),
    field(
        "source",
        OfKind(&Kinds {
            tag: "type",
            members: &[
                kind(&["text"], &[field("type", Text), field("text", Text)]),
                kind(&["json"], &[field("type", Text), field("data", Any)]),
            ],
            untagged: None,
        }),
    ),
];

static MESSAGES: Kinds = Kinds {
    tag: "role",
    members: &[
        kind(&["developer", "system"], SYSTEM_MESSAGE),
        kind(&["user"], USER_MESSAGE),
        kind(&["assistant"], ASSISTANT_MESSAGE),
        kind(&["tool"], TOOL_MESSAGE),
        kind(&["function"], FUNCTION_MESSAGE),
    ],
    untagged: None,
};

const WORDS: Shape = Either(&[Null, Text, List(&OfKind(&WORD_PARTS))]);
const PARTS: Shape = Either(&[Null, Text, List(&OfKind(&USER_PARTS))]);

static SYSTEM_MESSAGE: &[Field] = &[
    field("role", Text),
    field("content", WORDS),
    field("name", Text),
];
static USER_MESSAGE: &[Field] = &[
    field("role", Text),
    field("content", PARTS),
    field("name", Text),
];
static TOOL_MESSAGE: &[Field] = &[
    field("role", Text),
    field("content", PARTS),
    field("tool_call_id", Text),
    field("name", Text),
];
static FUNCTION_MESSAGE: &[Field] = &[
    field("role", Text),
    field("content", WORDS),
    field("name", Text),
];
static ASSISTANT_MESSAGE: &[Field] = &[
    field("role", Text),
    field("content", WORDS),
    field("name", Text),
    field("refusal", Text),
    field("tool_calls", List(&OfKind(&TOOL_CALLS))),
    field("function_call", Object(CALL)),
    field("annotations", EmptyList),
    // What clients send back of an earlier answer.
    field("reasoning_content", Text),
    field("reasoning", Text),
    field("reasoning_details", List(&Any)),
    field("prefix", Bool),
    field("images", List(&OfKind(&USER_PARTS))).at(OPENROUTER),
    field("model", Text).at(OPENROUTER),
];

static CALL: &[Field] = &[
    field("name", Text),
    field("arguments", Either(&[Text, Any])),
];
static CUSTOM_CALL: &[Field] = &[field("name", Text), field("input", Text)];
static TOOL_CALL: &[Field] = &[
    field("type", Text),
    field("id", Text),
    field("index", Number),
    field("function", Object(CALL)),
    field("extra_content", Any),
];
static TOOL_CALLS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(&["function"], TOOL_CALL),
        kind(
            &["custom"],
            &[
                field("type", Text),
                field("id", Text),
                field("index", Number),
                field("custom", Object(CUSTOM_CALL)),
            ],
        ),
    ],
    untagged: Some(Object(TOOL_CALL)),
};

static TEXT_PART: Kind = kind(
    &["text"],
    &[
        field("type", Text),
        field("text", Text),
        field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
        field("cache_control", Object(CACHE_CONTROL)),
    ],
);
static REFUSAL_PART: Kind = kind(&["refusal"], &[field("type", Text), field("refusal", Text)]);
static THINKING_PART: Kind = kind(
    &["thinking"],
    &[
        field("type", Text),
        field("thinking", Either(&[Text, List(&OfKind(&WORD_PARTS))])),
        field("signature", Text),
        field("closed", Bool),
    ],
)
.at(MISTRAL);
static REFERENCE_PART: Kind = kind(
    &["reference"],
    &[field("type", Text), field("reference_ids", List(&Any))],
)
.at(MISTRAL);

static WORD_PARTS: Kinds = Kinds {
    tag: "type",
    members: &[TEXT_PART, REFUSAL_PART, THINKING_PART, REFERENCE_PART],
    untagged: None,
};
static USER_PARTS: Kinds = Kinds {
    tag: "type",
    members: &[
        TEXT_PART,
        REFUSAL_PART,
        THINKING_PART,
        REFERENCE_PART,
        kind(
            &["image_url"],
            &[
                field("type", Text),
                field("image_url", Either(&[PictureUrl, Object(IMAGE_URL)])).at(MISTRAL),
                field("image_url", Object(IMAGE_URL)),
                field("index", Number),
                field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
                field("cache_control", Object(CACHE_CONTROL)),
            ],
        ),
        kind(
            &["file"],
            &[
                field("type", Text),
                field("file", Object(FILE)),
                field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
            ],
        )
        .at(OPENAI),
    ],
    untagged: None,
};
/// A file that comes with the call. One by its id, or by an address, is the
/// provider's to fetch.
static FILE: &[Field] = &[field("filename", Text), field("file_data", Shape::PdfUrl)];
static IMAGE_URL: &[Field] = &[field("url", PictureUrl), field("detail", Detail)];

static FUNCTION: &[Field] = &[
    field("name", Text),
    field("description", Text),
    field("parameters", Schema),
    field("strict", Bool),
];
static NAMED: &[Field] = &[field("name", Text)];
static TOOLS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["function"],
            &[
                field("type", Text),
                field("function", Object(FUNCTION)),
                field("cache_control", Object(CACHE_CONTROL)),
            ],
        ),
        kind(
            &["custom"],
            &[field("type", Text), field("custom", Object(CUSTOM_TOOL))],
        ),
    ],
    untagged: None,
};
static CUSTOM_TOOL: &[Field] = &[
    field("name", Text),
    field("description", Text),
    field(
        "format",
        OfKind(&Kinds {
            tag: "type",
            members: &[
                kind(&["text"], &[field("type", Text)]),
                kind(
                    &["grammar"],
                    &[field("type", Text), field("grammar", Object(GRAMMAR))],
                ),
            ],
            untagged: None,
        }),
    ),
];
static GRAMMAR: &[Field] = &[field("definition", Text), field("syntax", Text)];

static CHOSEN_FUNCTION: Kind = kind(
    &["function"],
    &[field("type", Text), field("function", Object(NAMED))],
);
static CHOSEN_CUSTOM: Kind = kind(
    &["custom"],
    &[field("type", Text), field("custom", Object(NAMED))],
);
static CHOSEN: Kinds = Kinds {
    tag: "type",
    members: &[CHOSEN_FUNCTION, CHOSEN_CUSTOM],
    untagged: None,
};
static ALLOWED_TOOLS: &[Field] = &[
    field("mode", Words(&["auto", "required"])),
    field("tools", List(&OfKind(&CHOSEN))),
];
static TOOL_CHOICES: Kinds = Kinds {
    tag: "type",
    members: &[
        CHOSEN_FUNCTION,
        CHOSEN_CUSTOM,
        kind(
            &["allowed_tools"],
            &[
                field("type", Text),
                field("allowed_tools", Object(ALLOWED_TOOLS)),
            ],
        ),
    ],
    untagged: None,
};

static RESPONSE_FORMATS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(&["text", "json_object"], &[field("type", Text)]),
        kind(
            &["json_schema"],
            &[
                field("type", Text),
                field("json_schema", Object(JSON_SCHEMA)),
            ],
        ),
    ],
    untagged: None,
};
static JSON_SCHEMA: &[Field] = &[
    field("name", Text),
    field("description", Text),
    field("schema", Schema),
    field("strict", Bool),
];

/// Every name under which some reader of the dialect takes the greatest
/// length of an answer.
pub static LIMITS: &[Field] = &[
    field("max_completion_tokens", Limit),
    field("max_tokens", Limit),
    field("max_output_tokens", Limit),
    field("maxOutputTokens", Limit),
    field("maxTokens", Limit),
    field("max_new_tokens", Limit),
    field("max_length", Limit),
    field("num_predict", Limit),
    field("n_predict", Limit),
];

/// The fields of a body at Ollama's own address, `/api/chat`.
pub static OLLAMA_BODY: &[Field] = &[
    field("model", Text),
    field("messages", List(&Object(OLLAMA_MESSAGE))),
    field("tools", List(&OfKind(&TOOLS))),
    field("format", Schema),
    field("think", Either(&[Bool, Text])),
    field("stream", Bool),
    field("logprobs", Bool),
    field("top_logprobs", Number),
    field("options", Object(OLLAMA_OPTIONS)),
];
static OLLAMA_MESSAGE: &[Field] = &[
    field("role", Words(&["system", "user", "assistant", "tool"])),
    field("content", Text),
    field("thinking", Text),
    field("images", List(&Shape::PictureBase64)),
    field("tool_calls", List(&Any)),
    field("tool_name", Text),
];
/// What a model of Ollama's may be told of how to answer.
pub static OLLAMA_OPTIONS: &[Field] = &[
    field("num_predict", Limit),
    field("num_ctx", Shape::ContextWindow),
    field("num_keep", Number),
    field("seed", Number),
    field("temperature", Number),
    field("top_k", Number),
    field("top_p", Number),
    field("min_p", Number),
    field("typical_p", Number),
    field("stop", Either(&[Text, List(&Text)])),
    field("repeat_penalty", Number),
    field("repeat_last_n", Number),
    field("presence_penalty", Number),
    field("frequency_penalty", Number),
    field("mirostat", Number),
    field("mirostat_eta", Number),
    field("mirostat_tau", Number),
    field("penalize_newline", Bool),
];
