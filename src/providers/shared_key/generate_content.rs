//! Google's generateContent, countTokens and embedContent: what a body may
//! have. Every name may be written in snake case too.

use super::shape::Shape::{
    Answers, Any, Bool, False, Kinds as OfKind, Limit, List, Number, Object, Pdf, PictureBase64,
    SameModel, Schema, Text, Words,
};
use super::shape::{Field, Kind, Kinds, field, kind};

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("contents", List(&Object(CONTENT))),
    field("systemInstruction", Object(CONTENT)),
    field("generationConfig", Object(CONFIG)),
    field("tools", List(&Object(TOOL))),
    field("toolConfig", Object(TOOL_CONFIG)),
    field("safetySettings", List(&Object(SAFETY))),
    field("model", SameModel),
    field("labels", Any),
    field(
        "serviceTier",
        Words(&[
            "standard",
            "STANDARD",
            "unspecified",
            "SERVICE_TIER_UNSPECIFIED",
        ]),
    ),
    field("store", False),
];

/// The fields of a body whose tokens are counted.
pub static COUNT_BODY: &[Field] = &[
    field("contents", List(&Object(CONTENT))),
    field("systemInstruction", Object(CONTENT)),
    field("tools", List(&Object(TOOL))),
    field("model", SameModel),
    field("generateContentRequest", Object(BODY)),
];

/// The fields of a body that is made a vector of.
pub static EMBED_BODY: &[Field] = &[
    field("content", Object(EMBEDDED)),
    field("model", SameModel),
    field("taskType", Text),
    field("title", Text),
    field("outputDimensionality", Number),
    field("mimeType", Text),
    field("autoTruncate", Bool),
    field("embedContentConfig", Object(EMBED_CONFIG)),
];
/// The fields of a body that many vectors are made of.
pub static EMBED_MANY_BODY: &[Field] = &[
    field("requests", List(&Object(EMBED_BODY))),
    field("model", SameModel),
];
static EMBED_CONFIG: &[Field] = &[
    field("taskType", Text),
    field("title", Text),
    field("outputDimensionality", Number),
    field("autoTruncate", Bool),
];
static EMBEDDED: &[Field] = &[
    field("role", Text),
    field("parts", List(&Object(EMBEDDED_PART))),
];
static EMBEDDED_PART: &[Field] = &[
    field("text", Text),
    field("inlineData", OfKind(&EMBEDDED_DATA)),
];

static CONFIG: &[Field] = &[
    field("maxOutputTokens", Limit),
    field("candidateCount", Answers),
    field("temperature", Number),
    field("topP", Number),
    field("topK", Number),
    field("presencePenalty", Number),
    field("frequencyPenalty", Number),
    field("seed", Number),
    field("stopSequences", List(&Text)),
    field("responseLogprobs", Bool),
    field("logprobs", Number),
    field("responseMimeType", Text),
    field("responseSchema", Schema),
    field("responseJsonSchema", Schema),
    field("_responseJsonSchema", Schema),
    field(
        "responseModalities",
        List(&Words(&["TEXT", "Text", "text"])),
    ),
    field("thinkingConfig", Object(THINKING)),
    field(
        "mediaResolution",
        Words(&[
            "MEDIA_RESOLUTION_UNSPECIFIED",
            "MEDIA_RESOLUTION_LOW",
            "MEDIA_RESOLUTION_MEDIUM",
            "MEDIA_RESOLUTION_HIGH",
        ]),
    ),
    field("enableEnhancedCivicAnswers", Bool),
];
static THINKING: &[Field] = &[
    field("includeThoughts", Bool),
    field("thinkingBudget", Number),
    field("thinkingLevel", Text),
];

static CONTENT: &[Field] = &[field("role", Text), field("parts", List(&Object(PART)))];
static PART: &[Field] = &[
    field("text", Text),
    field("thought", Bool),
    field("thoughtSignature", Text),
    field("inlineData", OfKind(&INLINE_DATA)),
    field("functionCall", Object(FUNCTION_CALL)),
    field("functionResponse", Object(FUNCTION_RESPONSE)),
    field("executableCode", Object(EXECUTABLE_CODE)),
    field("codeExecutionResult", Object(CODE_RESULT)),
    field("mediaResolution", Object(MEDIA_RESOLUTION)),
    field("partMetadata", Any),
];
static MEDIA_RESOLUTION: &[Field] = &[field("level", Text)];
static FUNCTION_CALL: &[Field] = &[field("id", Text), field("name", Text), field("args", Any)];
static FUNCTION_RESPONSE: &[Field] = &[
    field("id", Text),
    field("name", Text),
    field("response", Any),
    field("willContinue", Bool),
    field("scheduling", Text),
    field("parts", List(&Object(RESPONSE_PART))),
];
static RESPONSE_PART: &[Field] = &[field("inlineData", OfKind(&INLINE_DATA))];
static EXECUTABLE_CODE: &[Field] = &[
    field("language", Text),
    field("code", Text),
    field("id", Text),
];
static CODE_RESULT: &[Field] = &[
    field("outcome", Text),
    field("output", Text),
    field("id", Text),
];
/// Pictures, files that are words, and documents.
static INLINE_DATA: Kinds = Kinds {
    tag: "mimeType",
    members: &[
        PICTURE_DATA,
        WORDS_DATA,
        kind(
            &["application/pdf"],
            &[
                field("mimeType", Text),
                field("data", Pdf),
                field("displayName", Text),
            ],
        ),
    ],
    untagged: None,
};
/// What a vector is made of: no documents, since each of many is billed.
static EMBEDDED_DATA: Kinds = Kinds {
    tag: "mimeType",
    members: &[PICTURE_DATA, WORDS_DATA],
    untagged: None,
};
static PICTURE_DATA: Kind = kind(
    &[
        "image/png",
        "image/jpeg",
        "image/jpg",
        "image/gif",
        "image/webp",
        "image/heic",
        "image/heif",
        "image/avif",
        "image/bmp",
        "image/tiff",
    ],
    &[
        field("mimeType", Text),
        field("data", PictureBase64),
        field("displayName", Text),
    ],
);
static WORDS_DATA: Kind = kind(
    &[
        "text/plain",
        "text/markdown",
        "text/md",
        "text/html",
        "text/css",
        "text/csv",
        "text/xml",
        "text/javascript",
        "text/x-python",
        "application/json",
    ],
    &[
        field("mimeType", Text),
        field("data", Text),
        field("displayName", Text),
    ],
);

/// A tool has functions of the caller's and nothing beside them.
static TOOL: &[Field] = &[field("functionDeclarations", List(&Object(DECLARATION)))];
static DECLARATION: &[Field] = &[
    field("name", Text),
    field("description", Text),
    field("parameters", Schema),
    field("parametersJsonSchema", Schema),
    field("response", Schema),
    field("responseJsonSchema", Schema),
    field("behavior", Text),
];
static TOOL_CONFIG: &[Field] = &[field("functionCallingConfig", Object(CALLING))];
static CALLING: &[Field] = &[
    field("mode", Text),
    field("allowedFunctionNames", List(&Text)),
    field("streamFunctionCallArguments", Bool),
];
static SAFETY: &[Field] = &[field("category", Text), field("threshold", Text)];
