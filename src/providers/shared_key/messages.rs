//! Anthropic's Messages: what a body may have.

use super::chat::CACHE_CONTROL;
use super::shape::Shape::{
    Any, Bool, Budget, Either, EmptyList, Kinds as OfKind, List, MediaType, Number, Object,
    PictureBase64, PictureUrl, Schema, Text, Words,
};
use super::shape::{Field, Kind, Kinds, Shape, field, kind};

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("max_tokens", Shape::Limit),
    field("messages", List(&Object(MESSAGE))),
    field("system", Either(&[Text, List(&OfKind(&SYSTEM_BLOCKS))])),
    field("stop_sequences", List(&Text)),
    field("stream", Bool),
    field("temperature", Number),
    field("top_p", Number),
    field("top_k", Number),
    field("metadata", Object(&[field("user_id", Text)])),
    field("thinking", OfKind(&THINKING)),
    field("tool_choice", Object(TOOL_CHOICE)),
    field("tools", List(&OfKind(&TOOLS))),
    field("output_config", Object(OUTPUT_CONFIG)),
    field("output_format", Object(OUTPUT_FORMAT)),
    field("cache_control", Object(CACHE_CONTROL)),
    field("service_tier", Words(&["auto", "standard_only"])),
    field("inference_geo", Words(&["global"])),
    field("speed", Words(&["standard"])),
    field("context_management", Object(CONTEXT_MANAGEMENT)),
    field("mcp_servers", EmptyList),
];

/// The fields of a body whose tokens are counted.
pub static COUNT_BODY: &[Field] = &[
    field("model", Text),
    field("messages", List(&Object(MESSAGE))),
    field("system", Either(&[Text, List(&OfKind(&SYSTEM_BLOCKS))])),
    field("thinking", OfKind(&THINKING)),
    field("tool_choice", Object(TOOL_CHOICE)),
    field("tools", List(&OfKind(&TOOLS))),
    field("output_config", Object(OUTPUT_CONFIG)),
    field("output_format", Object(OUTPUT_FORMAT)),
    field("cache_control", Object(CACHE_CONTROL)),
    field("context_management", Object(CONTEXT_MANAGEMENT)),
    field("speed", Words(&["standard"])),
    field("mcp_servers", EmptyList),
];

static MESSAGE: &[Field] = &[
    field("role", Words(&["user", "assistant", "system"])),
    field("content", Either(&[Text, List(&OfKind(&BLOCKS))])),
    field("output_config", Object(OUTPUT_CONFIG)),
];

static THINKING: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["enabled"],
            &[
                field("type", Text),
                field("budget_tokens", Budget),
                field("display", Text),
            ],
        ),
        kind(
            &["disabled", "adaptive"],
            &[field("type", Text), field("display", Text)],
        ),
    ],
    untagged: None,
};

static TOOL_CHOICE: &[Field] = &[
    field("type", Words(&["auto", "any", "none", "tool"])),
    field("name", Text),
    field("disable_parallel_tool_use", Bool),
];

static OUTPUT_CONFIG: &[Field] = &[
    field("effort", Text),
    field("format", Object(OUTPUT_FORMAT)),
];
static OUTPUT_FORMAT: &[Field] = &[
    field("type", Words(&["json_schema"])),
    field("schema", Schema),
];

static CONTEXT_MANAGEMENT: &[Field] = &[field("edits", List(&OfKind(&EDITS)))];
/// Edits that leave something out of the prompt.
static EDITS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["clear_tool_uses_20250919"],
            &[
                field("type", Text),
                field("trigger", Any),
                field("keep", Any),
                field("clear_at_least", Any),
                field("exclude_tools", List(&Text)),
                field("clear_tool_inputs", Any),
            ],
        ),
        kind(
            &["clear_thinking_20251015"],
            &[field("type", Text), field("keep", Any)],
        ),
    ],
    untagged: None,
};

static TEXT_BLOCK: Kind = kind(
    &["text"],
    &[
        field("type", Text),
        field("text", Text),
        field("cache_control", Object(CACHE_CONTROL)),
        field("citations", Any),
    ],
);
static IMAGE_BLOCK: Kind = kind(
    &["image"],
    &[
        field("type", Text),
        field("source", OfKind(&IMAGE_SOURCES)),
        field("cache_control", Object(CACHE_CONTROL)),
    ],
);
static SYSTEM_BLOCKS: Kinds = Kinds {
    tag: "type",
    members: &[TEXT_BLOCK],
    untagged: None,
};
static IMAGE_SOURCES: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["base64"],
            &[
                field("type", Text),
                field(
                    "media_type",
                    MediaType(&["image/jpeg", "image/png", "image/gif", "image/webp"]),
                ),
                field("data", PictureBase64),
            ],
        ),
        kind(&["url"], &[field("type", Text), field("url", PictureUrl)]),
    ],
    untagged: None,
};
/// Documents that come with the call: a PDF, words, or blocks of words and
/// pictures.
static DOCUMENT_SOURCES: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["base64"],
            &[
                field("type", Text),
                field("media_type", MediaType(&["application/pdf"])),
                field("data", Shape::Pdf),
            ],
        ),
        kind(
            &["text"],
            &[
                field("type", Text),
                field("media_type", MediaType(&["text/plain"])),
                field("data", Text),
            ],
        ),
        kind(
            &["content"],
            &[
                field("type", Text),
                field("content", Either(&[Text, List(&OfKind(&PLAIN_BLOCKS))])),
            ],
        ),
    ],
    untagged: None,
};
static PLAIN_BLOCKS: Kinds = Kinds {
    tag: "type",
    members: &[TEXT_BLOCK, IMAGE_BLOCK],
    untagged: None,
};

static DOCUMENT_BLOCK: Kind = kind(
    &["document"],
    &[
        field("type", Text),
        field("source", OfKind(&DOCUMENT_SOURCES)),
        field("title", Text),
        field("context", Text),
        field("citations", Object(&[field("enabled", Bool)])),
        field("cache_control", Object(CACHE_CONTROL)),
    ],
);
static SEARCH_RESULT_BLOCK: Kind = kind(
    &["search_result"],
    &[
        field("type", Text),
        field("source", Text),
        field("title", Text),
        field("content", List(&OfKind(&SYSTEM_BLOCKS))),
        field("citations", Any),
        field("cache_control", Object(CACHE_CONTROL)),
    ],
);
static BLOCKS: Kinds = Kinds {
    tag: "type",
    members: &[
        TEXT_BLOCK,
        IMAGE_BLOCK,
        DOCUMENT_BLOCK,
        SEARCH_RESULT_BLOCK,
        kind(
            &["thinking"],
            &[
                field("type", Text),
                field("thinking", Text),
                field("signature", Text),
            ],
        ),
        kind(
            &["redacted_thinking"],
            &[field("type", Text), field("data", Text)],
        ),
        kind(
            &["tool_use"],
            &[
                field("type", Text),
                field("id", Text),
                field("name", Text),
                field("input", Any),
                field("toolset_name", Text),
                field("cache_control", Object(CACHE_CONTROL)),
                field("caller", Object(&[field("type", Words(&["direct"]))])),
            ],
        ),
        kind(
            &["tool_result"],
            &[
                field("type", Text),
                field("tool_use_id", Text),
                field("is_error", Bool),
                field("content", Either(&[Text, List(&OfKind(&RESULT_BLOCKS))])),
                field("cache_control", Object(CACHE_CONTROL)),
            ],
        ),
        TOOL_REFERENCE,
    ],
    untagged: None,
};
static TOOL_REFERENCE: Kind = kind(
    &["tool_reference"],
    &[
        field("type", Text),
        field("tool_name", Text),
        field("cache_control", Object(CACHE_CONTROL)),
    ],
);
static RESULT_BLOCKS: Kinds = Kinds {
    tag: "type",
    members: &[
        TEXT_BLOCK,
        IMAGE_BLOCK,
        DOCUMENT_BLOCK,
        SEARCH_RESULT_BLOCK,
        TOOL_REFERENCE,
    ],
    untagged: None,
};

static CUSTOM_TOOL: &[Field] = &[
    field("type", Text),
    field("name", Text),
    field("description", Text),
    field("input_schema", Schema),
    field("cache_control", Object(CACHE_CONTROL)),
    field("strict", Bool),
    field("eager_input_streaming", Bool),
    field("defer_loading", Bool),
    field("input_examples", Any),
    field("allowed_callers", List(&Words(&["direct"]))),
];
/// Tokens that Anthropic says of a tool of its own that the caller runs, at
/// the most.
const TOOL_TOKENS: u64 = 1_500;
/// Tools: those that the caller runs.
static TOOLS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(&["custom"], CUSTOM_TOOL),
        Kind::wrapped(
            &[
                "bash_20241022",
                "bash_20250124",
                "text_editor_20241022",
                "text_editor_20250124",
                "text_editor_20250429",
                "text_editor_20250728",
                "memory_20250818",
                "computer_20241022",
                "computer_20250124",
                "computer_20251124",
            ],
            TOOL_TOKENS,
            &[
                field("type", Text),
                field("name", Text),
                field("max_characters", Number),
                field("display_width_px", Number),
                field("display_height_px", Number),
                field("display_number", Number),
                field("enable_zoom", Bool),
                field("cache_control", Object(CACHE_CONTROL)),
                field("strict", Bool),
                field("defer_loading", Bool),
                field("input_examples", Any),
                field("allowed_callers", List(&Words(&["direct"]))),
            ],
        ),
    ],
    untagged: Some(Object(CUSTOM_TOOL)),
};

/// Features that a caller may switch on with the header `anthropic-beta`, by
/// how their names begin: none of them costs anything of its own.
const FEATURES: &[&str] = &[
    "claude-code-",
    "computer-use-",
    "output-128k-",
    "dev-full-thinking-",
    "interleaved-thinking-",
    "context-management-",
    "model-context-window-exceeded-",
    "thinking-token-count-",
    "thinking-display-updates-",
    "structured-outputs-",
    "mid-conversation-output-config-",
    "prompt-caching-",
    "pdfs-",
    "token-counting-",
    "token-efficient-tools-",
    "extended-cache-ttl-",
    "fine-grained-tool-streaming-",
    "effort-",
    "advanced-tool-use-",
    "tool-examples-",
    "max-tokens-3-5-sonnet-",
];

/// Those of the features in a header that a shared key may switch on; none
/// where there are none. The others are left out: clients send their whole
/// list with every call.
pub fn allowed_features(header: &str) -> Option<String> {
    let named = header.split(',').map(str::trim);
    let allowed = named.filter(|name| FEATURES.iter().any(|feature| name.starts_with(feature)));
    let allowed: Vec<&str> = allowed.collect();
    (!allowed.is_empty()).then(|| allowed.join(","))
}
