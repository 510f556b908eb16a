//! OpenAI's older completions: what a body may have.

use super::shape::Shape::{Any, Bool, Choices, Either, Limit, List, Number, Object, Prompts, Text};
use super::shape::{Field, field};

/// The fields of a body.
pub static BODY: &[Field] = &[
    field("model", Text),
    field("prompt", Prompts),
    field("max_tokens", Limit),
    field("n", Choices),
    field("best_of", Choices),
    field("stream", Bool),
    field("stream_options", Object(STREAM_OPTIONS)),
    field("echo", Bool),
    field("suffix", Text),
    field("logprobs", Number),
    field("stop", Either(&[Text, List(&Text)])),
    field("temperature", Number),
    field("top_p", Number),
    field("presence_penalty", Number),
    field("frequency_penalty", Number),
    field("seed", Number),
    field("logit_bias", Any),
    field("user", Text),
];
static STREAM_OPTIONS: &[Field] = &[
    field("include_usage", Bool),
    field("include_obfuscation", Bool),
];
