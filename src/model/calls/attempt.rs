//! One attempt to have a provider answer, as the ledger keeps it.

use std::fmt;

use super::usage::Usage;
use crate::model::ids::{KeyId, PersonId, ProviderId, ServerId};
use crate::model::payment::money::NanoDollars;
use crate::model::payment::offer::Source;
use crate::model::payment::quota::Metric;
use crate::model::payment::receipt::Receipt;

/// An attempt's row: six bytes of time in milliseconds, then random ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub [u8; 16]);

impl AttemptId {
    /// The lowest id of a moment; random bytes may follow the time.
    pub fn first_at(at_ms: i64) -> Self {
        let mut id = [0; 16];
        let [_, _, time @ ..] = at_ms.max(0).to_be_bytes();
        let (start, _) = id.split_at_mut(time.len());
        start.copy_from_slice(&time);
        Self(id)
    }
}

impl AttemptId {
    /// Parses an id as it is written: 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who asks whom, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub id: AttemptId,
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub source: Source,
    pub key: Option<KeyId>,
    pub provider: ProviderId,
    pub model: String,
    pub held_at_ms: i64,
}

/// What is reserved for an attempt, and counted by limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// No limit counts these; they are part of the cost.
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub images: u64,
    /// None: nobody knows the price.
    pub cost: Option<NanoDollars>,
}

impl Amounts {
    /// How much of a metric it is. Every attempt is one request.
    pub fn of(&self, metric: Metric) -> u64 {
        match metric {
            Metric::Requests => 1,
            Metric::OutputTokens => self.output_tokens,
            Metric::Images => self.images,
            Metric::Cost => self.cost.map_or(0, |cost| cost.0),
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// The provider broke off in mid-answer or took too long.
    CutOff,
    /// Nobody waited for the answer any more, or the program stopped.
    Abandoned,
    /// The provider turned it down, so that nothing was used.
    Failed,
    /// The process died, so that nobody knows.
    Lost,
    /// The provider works on it, and has not said yet what it uses.
    Ongoing,
}

impl Outcome {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::CutOff => "cut_off",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Ongoing => "ongoing",
        }
    }

    /// Parses what [`Self::as_str`] writes.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Answered,
            Self::CutOff,
            Self::Abandoned,
            Self::Failed,
            Self::Lost,
            Self::Ongoing,
        ];
        all.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// What an attempt used in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something of its own, and is a column"
)]
pub struct Settlement {
    pub outcome: Outcome,
    pub usage: Usage,
    pub images: u64,
    pub cost: Option<NanoDollars>,
    /// The usage is ours, since the provider did not report it.
    pub estimated: bool,
    /// The cost is the provider's, not ours from a price table.
    pub cost_reported: bool,
    /// The provider reported more than is possible.
    pub clamped: bool,
    /// More was used than was held, of what others than the caller pay.
    pub overshoot: bool,
    /// How the cost comes about by the lists of prices.
    pub receipt: Receipt,
    pub first_byte_ms: Option<u64>,
    pub duration_ms: Option<u64>,
}

impl Settlement {
    /// Nothing was used.
    pub fn released() -> Self {
        Self {
            outcome: Outcome::Failed,
            usage: Usage::default(),
            images: 0,
            cost: Some(NanoDollars(0)),
            estimated: false,
            cost_reported: false,
            clamped: false,
            overshoot: false,
            receipt: Receipt::default(),
            first_byte_ms: None,
            duration_ms: None,
        }
    }

    /// Whether nothing was used, so that nothing is counted.
    pub fn is_released(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    /// What was used, in the amounts that holds have.
    pub fn amounts(&self) -> Amounts {
        Amounts {
            input_tokens: self.usage.input_tokens,
            output_tokens: self.usage.output_tokens,
            images: self.images,
            cost: self.cost,
        }
    }

    /// What limits count of it.
    pub fn amount(&self, metric: Metric) -> u64 {
        if self.is_released() {
            return 0;
        }
        self.amounts().of(metric)
    }

    /// Its name in the database.
    pub fn state(&self) -> &'static str {
        match self.outcome {
            Outcome::Failed => "released",
            Outcome::Lost | Outcome::Ongoing => "expired",
            Outcome::Answered | Outcome::CutOff | Outcome::Abandoned => "settled",
        }
    }
}
