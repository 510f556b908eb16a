//! What a language model answered, and what it used.

use super::turn::LeftOut;
use crate::model::calls::usage::Usage;
use crate::model::ids::ProviderId;
use crate::model::payment::money::NanoDollars;
use crate::model::payment::offer::{Skip, Source};
use crate::model::payment::receipt::Receipt;

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
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
    pub finish: FinishReason,
    pub usage: Usage,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    /// None when nobody knows the price.
    pub cost: Option<NanoDollars>,
    pub receipt: Receipt,
    /// Payers that came before this one and could not pay.
    pub fell_back_from: Vec<FellBack>,
    /// The model that was chosen beforehand, where nobody pays for it.
    pub unpaid_choice: Option<UnpaidChoice>,
    /// What the model was not told of the conversation.
    pub left_out: Vec<LeftOut>,
}

/// What an answer is charged that broke off, or was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenAnswer {
    pub provider: ProviderId,
    pub model: String,
    pub source: Source,
    pub usage: Usage,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    /// None when nobody knows the price.
    pub cost: Option<NanoDollars>,
}

/// A model that was chosen beforehand, and in whose place another answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpaidChoice {
    pub provider: ProviderId,
    pub model: String,
    pub why: WhyUnpaid,
}

/// Why a model that was chosen beforehand did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyUnpaid {
    NoKey,
    Skipped(Source, Skip),
    /// The operator does not allow it.
    NotAllowed,
}

/// A payer that could not pay, so that another one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FellBack {
    pub source: Source,
    pub provider: ProviderId,
    pub why: WhyFellBack,
}

/// Why a payer could not pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyFellBack {
    /// Its provider does not let it do this.
    Restricted,
    /// The provider turned the key down.
    TurnedDown,
    /// What is stored of the key does not open.
    Damaged,
    /// A limit left no room.
    Limit,
}
