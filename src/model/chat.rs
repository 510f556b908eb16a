//! What a language model answered, and what it used.

use super::ids::ProviderId;
use super::offer::Source;

/// Tokens that a call used, as the provider counted them.
#[expect(clippy::struct_field_names, reason = "the unit stands last in a name")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input, cached or not.
    pub input_tokens: u64,
    /// All output that is billed, reasoning included.
    pub output_tokens: u64,
    /// The part of the input that was read from a cache.
    pub cached_tokens: u64,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: u64,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It had said everything.
    Complete,
    /// It reached the limit on its output.
    Length,
    /// The provider held back the rest.
    Blocked,
}

/// The end of an ask that was answered. Its text has been streamed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub provider: ProviderId,
    pub model: String,
    pub source: Source,
    pub finish: Finish,
    /// None when the provider did not report it.
    pub usage: Option<Usage>,
    /// Payers that the provider turned down before this one answered.
    pub fell_back_from: Vec<(Source, ProviderId)>,
}
