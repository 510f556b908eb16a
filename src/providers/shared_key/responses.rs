//! OpenAI's Responses: what a body may have.

use super::chat::{CACHE_BREAKPOINT, CACHE_RETENTION, EFFORTS, PROMPT_CACHE_OPTIONS, USUAL_TIERS};
use super::shape::Shape::{
    Any, Bool, Detail, Either, EmptyList, False, Kinds as OfKind, List, Null, Number, Object,
    PictureUrl, Schema, Text, Words,
};
use super::shape::{Field, Kind, Kinds, Shape, field, kind};

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("input", Either(&[Text, List(&OfKind(&ITEMS))])),
    field("instructions", Text),
    field("max_tool_calls", Number),
    field("store", False),
    field("background", False),
    field("truncation", Words(&["auto", "disabled"])),
    field(
        "include",
        List(&Words(&[
            "reasoning.encrypted_content",
            "message.output_text.logprobs",
            "message.input_image.image_url",
            "computer_call_output.output.image_url",
        ])),
    ),
    field("reasoning", Object(REASONING)),
    field("text", Object(TEXT)),
    field("tools", List(&OfKind(&TOOLS))),
    field(
        "tool_choice",
        Either(&[Words(&["none", "auto", "required"]), OfKind(&TOOL_CHOICES)]),
    ),
    field("parallel_tool_calls", Bool),
    field("service_tier", USUAL_TIERS),
    field("stream", Bool),
    field(
        "stream_options",
        Object(&[field("include_obfuscation", Bool)]),
    ),
    field("temperature", Number),
    field("top_p", Number),
    field("top_logprobs", Number),
    field("user", Text),
    field("safety_identifier", Text),
    field("prompt_cache_key", Text),
    field("prompt_cache_retention", CACHE_RETENTION),
    field("prompt_cache_options", Object(PROMPT_CACHE_OPTIONS)),
    field("metadata", Any),
    field("client_metadata", Any),
    field("plugins", EmptyList),
];

static REASONING: &[Field] = &[
    field("effort", EFFORTS),
    field("summary", Text),
    field("generate_summary", Text),
    field("context", Words(&["auto", "current_turn", "all_turns"])),
    field("mode", Words(&["standard"])),
];

static TEXT: &[Field] = &[
    field("verbosity", Words(&["low", "medium", "high"])),
    field(
        "format",
        OfKind(&Kinds {
            tag: "type",
            members: &[
                kind(&["text", "json_object"], &[field("type", Text)]),
                kind(
                    &["json_schema"],
                    &[
                        field("type", Text),
                        field("name", Text),
                        field("description", Text),
                        field("schema", Schema),
                        field("strict", Bool),
                    ],
                ),
            ],
            untagged: None,
        }),
    ),
];

/// A message, with or without its type.
static MESSAGE: &[Field] = &[
    field("type", Text),
    field("role", Words(&["user", "assistant", "system", "developer"])),
    field("content", Either(&[Null, Text, List(&OfKind(&PARTS))])),
    field("status", Text),
    field("phase", Text),
    field("id", Text),
];
/// A message without a type has a role: an object without either is a
/// reference to something that the provider has kept.
static UNTYPED: Kinds = Kinds {
    tag: "role",
    members: &[kind(&["user", "assistant", "system", "developer"], MESSAGE)],
    untagged: None,
};

static CALLER: &[Field] = &[field("type", Words(&["direct"]))];
const OUTPUT: Shape = Either(&[Text, List(&OfKind(&PARTS))]);

static ITEMS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(&["message"], MESSAGE),
        kind(
            &["function_call"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("name", Text),
                field("arguments", Text),
                field("status", Text),
                field("namespace", Text),
                field("caller", Object(CALLER)),
            ],
        ),
        kind(
            &["function_call_output"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("output", OUTPUT),
                field("status", Text),
                field("name", Text),
                field("namespace", Text),
                field("caller", Object(CALLER)),
            ],
        ),
        kind(
            &["custom_tool_call"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("name", Text),
                field("input", Text),
                field("namespace", Text),
                field("status", Text),
                field("caller", Object(CALLER)),
            ],
        ),
        kind(
            &["custom_tool_call_output"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("output", OUTPUT),
                field("status", Text),
                field("caller", Object(CALLER)),
            ],
        ),
        Kind {
            names: &["reasoning"],
            shape: Shape::SealedReasoning(REASONING_ITEM),
            at: &[],
        },
        kind(
            &["local_shell_call", "local_shell_call_output"],
            CALL_OF_CALLER,
        ),
        kind(&["shell_call", "shell_call_output"], SHELL_CALL),
        kind(
            &["apply_patch_call", "apply_patch_call_output"],
            CALL_OF_CALLER,
        ),
        kind(
            &["computer_call"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("action", Any),
                field("actions", Any),
                field("pending_safety_checks", List(&Any)),
                field("status", Text),
            ],
        ),
        kind(
            &["computer_call_output"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("output", OfKind(&SCREENSHOT)),
                field("acknowledged_safety_checks", List(&Any)),
                field("status", Text),
            ],
        ),
        kind(
            &["tool_search_call"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("execution", Words(&["client"])),
                field("arguments", Any),
                field("status", Text),
            ],
        ),
        kind(
            &["tool_search_output"],
            &[
                field("type", Text),
                field("id", Text),
                field("call_id", Text),
                field("execution", Words(&["client"])),
                field("tools", List(&OfKind(&TOOLS))),
                field("status", Text),
            ],
        ),
        kind(
            &["additional_tools"],
            &[
                field("type", Text),
                field("id", Text),
                field("role", Words(&["developer"])),
                field("tools", List(&OfKind(&TOOLS))),
            ],
        ),
    ],
    untagged: Some(OfKind(&UNTYPED)),
};

static REASONING_ITEM: &[Field] = &[
    field("type", Text),
    field("id", Text),
    field("summary", List(&Object(WORDS))),
    field("content", List(&Object(WORDS))),
    field("encrypted_content", Text),
    field("status", Text),
];
static WORDS: &[Field] = &[
    field("type", Words(&["summary_text", "reasoning_text", "text"])),
    field("text", Text),
];
/// A call that the caller runs, and what came of it.
static CALL_OF_CALLER: &[Field] = &[
    field("type", Text),
    field("id", Text),
    field("call_id", Text),
    field("action", Any),
    field("operation", Any),
    field("output", Any),
    field("status", Text),
];
static SHELL_CALL: &[Field] = &[
    field("type", Text),
    field("id", Text),
    field("call_id", Text),
    field("action", Any),
    field("output", Any),
    field("max_output_length", Number),
    field("environment", Object(&[field("type", Words(&["local"]))])),
    field("status", Text),
];
static SCREENSHOT: Kinds = Kinds {
    tag: "type",
    members: &[kind(
        &["computer_screenshot", "input_image"],
        &[
            field("type", Text),
            field("image_url", PictureUrl),
            field("detail", Detail),
        ],
    )],
    untagged: None,
};

static PARTS: Kinds = Kinds {
    tag: "type",
    members: &[
        kind(
            &["input_text", "text"],
            &[
                field("type", Text),
                field("text", Text),
                field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
            ],
        ),
        kind(
            &["output_text"],
            &[
                field("type", Text),
                field("text", Text),
                field("annotations", List(&Any)),
                field("logprobs", List(&Any)),
            ],
        ),
        kind(&["refusal"], &[field("type", Text), field("refusal", Text)]),
        kind(
            &["reasoning_text", "summary_text"],
            &[field("type", Text), field("text", Text)],
        ),
        kind(
            &["input_image"],
            &[
                field("type", Text),
                field("image_url", PictureUrl),
                field("detail", Detail),
                field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
            ],
        ),
        kind(
            &["input_file"],
            &[
                field("type", Text),
                field("filename", Text),
                field("file_data", Shape::PdfUrl),
                field("detail", Words(&["auto", "low", "high"])),
                field("prompt_cache_breakpoint", Object(CACHE_BREAKPOINT)),
            ],
        )
        .at(&["openai"]),
    ],
    untagged: None,
};

static FUNCTION: &[Field] = &[
    field("type", Text),
    field("name", Text),
    field("description", Text),
    field("parameters", Schema),
    field("output_schema", Schema),
    field("strict", Bool),
    field("defer_loading", Bool),
    field("allowed_callers", List(&Words(&["direct"]))),
];
static CUSTOM: &[Field] = &[
    field("type", Text),
    field("name", Text),
    field("description", Text),
    field("defer_loading", Bool),
    field("allowed_callers", List(&Words(&["direct"]))),
    field(
        "format",
        Object(&[
            field("type", Words(&["text", "grammar"])),
            field("syntax", Text),
            field("definition", Text),
        ]),
    ),
];
static TOOL_FUNCTION: Kind = kind(&["function"], FUNCTION);
static TOOL_CUSTOM: Kind = kind(&["custom"], CUSTOM);
static TOOLS_OF_NAMESPACE: Kinds = Kinds {
    tag: "type",
    members: &[TOOL_FUNCTION, TOOL_CUSTOM],
    untagged: None,
};
/// Tokens that a provider says of its own tools at the most.
const TOOL_TOKENS: u64 = 1_500;
/// Tools: those that the caller runs.
static TOOLS: Kinds = Kinds {
    tag: "type",
    members: &[
        TOOL_FUNCTION,
        TOOL_CUSTOM,
        kind(
            &["namespace"],
            &[
                field("type", Text),
                field("name", Text),
                field("description", Text),
                field("tools", List(&OfKind(&TOOLS_OF_NAMESPACE))),
            ],
        ),
        Kind::wrapped(
            &["apply_patch", "local_shell", "computer"],
            TOOL_TOKENS,
            &[field("type", Text)],
        ),
        Kind::wrapped(
            &["computer_use_preview"],
            TOOL_TOKENS,
            &[
                field("type", Text),
                field("environment", Text),
                field("display_width", Number),
                field("display_height", Number),
            ],
        ),
        Kind::wrapped(
            &["shell"],
            TOOL_TOKENS,
            &[field("type", Text), field("environment", Object(LOCAL))],
        ),
    ],
    untagged: None,
};
static LOCAL: &[Field] = &[
    field("type", Words(&["local"])),
    field(
        "skills",
        List(&Object(&[
            field("name", Text),
            field("description", Text),
            field("path", Text),
        ])),
    ),
];

static CHOSEN: Kind = kind(
    &["function", "custom"],
    &[field("type", Text), field("name", Text)],
);
static CHOSEN_OWN: Kind = kind(
    &[
        "apply_patch",
        "shell",
        "local_shell",
        "computer",
        "computer_use",
        "computer_use_preview",
    ],
    &[field("type", Text)],
);
static CHOICES: Kinds = Kinds {
    tag: "type",
    members: &[CHOSEN, CHOSEN_OWN],
    untagged: None,
};
static TOOL_CHOICES: Kinds = Kinds {
    tag: "type",
    members: &[
        CHOSEN,
        CHOSEN_OWN,
        kind(
            &["allowed_tools"],
            &[
                field("type", Text),
                field("mode", Words(&["auto", "required"])),
                field("tools", List(&OfKind(&CHOICES))),
            ],
        ),
    ],
    untagged: None,
};
