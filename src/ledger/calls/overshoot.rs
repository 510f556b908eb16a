//! What is believed of a provider's report where it is above the hold, and
//! what the operator is told of it.

use std::sync::Mutex;

use crate::model::{
    Amounts, Attempt, ClassCounts, NanoDollars, ProviderId, Settlement, Source, Usage, UsageClass,
    lock,
};
use crate::store::Booking;

use crate::ledger::pricing::prices::{PricedModel, Prices};

/// The longest prompt that any model takes, in tokens: for models whose
/// context window no list knows, and for calls that have no such window.
const INPUT_TOKENS_MAX: u64 = 10_000_000;
/// The most that is believed of the answers to one call where no list knows
/// the model's context window, in tokens.
const OUTPUT_TOKENS_MAX: u64 = 1_000_000;
/// The most that is believed of one picture, in tokens: several times what
/// the dearest picture has.
const PICTURE_TOKENS_MAX: u64 = 100_000;
/// The most that is believed of one call where no list knows the model's
/// price: 1,000 dollars.
const COST_MAX: NanoDollars = NanoDollars(1_000_000_000_000);
/// The most searches and calls of other tools that are believed of one call, of each.
const FEES_MAX: u64 = 1_000;
/// The most seconds of sound that are believed of one call: two days.
const SECONDS_MAX: u64 = 172_800;
/// How long the operator is told nothing after a notice.
const QUIET_MS: i64 = 3_600_000;

/// The most that is believed of what a provider reports of one call,
/// whatever was held for it. It depends on the model and on what was asked
/// for, and is never below the hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HardMaximum {
    input_tokens: u64,
    output_tokens: u64,
    cost: NanoDollars,
}

impl HardMaximum {
    /// The most for a call that is held.
    pub fn of(booking: &Booking, prices: &Prices) -> Self {
        let Booking { attempt, held, .. } = booking;
        let model = priced_model(attempt);
        let window = prices.context_tokens(model);
        let (input_tokens, output_tokens) = match (held.images, window) {
            // Vectors are made of many texts at once.
            (0, _) if held.output_tokens == 0 => (INPUT_TOKENS_MAX, 0),
            (0, Some(window)) => (window, window),
            (0, None) => (INPUT_TOKENS_MAX, OUTPUT_TOKENS_MAX),
            (images, _) => (INPUT_TOKENS_MAX, images.saturating_mul(PICTURE_TOKENS_MAX)),
        };
        let input_tokens = input_tokens.max(held.input_tokens);
        let output_tokens = output_tokens.max(held.output_tokens);
        let most = ClassCounts::default()
            .with(UsageClass::Input, input_tokens)
            .with(UsageClass::Output, output_tokens)
            .with(UsageClass::Picture, held.images);
        let cost = prices.cost(model, &most).filter(|cost| cost.0 > 0);
        Self {
            input_tokens,
            output_tokens,
            cost: cost.unwrap_or(COST_MAX).max(held.cost.unwrap_or_default()),
        }
    }

    /// Cuts a report to it.
    pub fn cut(self, reported: Usage) -> Usage {
        let mut usage = reported;
        usage.input_tokens = usage.input_tokens.min(self.input_tokens);
        usage.output_tokens = usage.output_tokens.min(self.output_tokens);
        let most = usage.input_tokens.saturating_add(self.output_tokens);
        usage.total_tokens = usage.total_tokens.min(most);
        usage.cached_tokens = usage.cached_tokens.min(usage.input_tokens);
        usage.reasoning_tokens = usage.reasoning_tokens.min(usage.output_tokens);
        let details = &mut usage.details;
        for count in [
            &mut details.web_searches,
            &mut details.file_searches,
            &mut details.map_searches,
            &mut details.tool_calls,
            &mut details.containers,
            &mut details.searches,
        ] {
            *count = (*count).min(FEES_MAX);
        }
        details.audio_seconds = details.audio_seconds.min(SECONDS_MAX);
        usage.cost = usage.cost.map(|cost| cost.min(self.cost));
        usage
    }
}

/// The model of an attempt, and when it was called.
pub fn priced_model(attempt: &Attempt) -> PricedModel<'_> {
    PricedModel {
        provider: &attempt.provider,
        model: &attempt.model,
        at_ms: attempt.held_at_ms,
    }
}

/// Whether more of anything was used than was held.
pub fn exceeds(used: &Amounts, held: &Amounts) -> bool {
    let costs_more = used.cost.zip(held.cost);
    used.input_tokens > held.input_tokens
        || used.output_tokens > held.output_tokens
        || used.images > held.images
        || costs_more.is_some_and(|(used, held)| used > held)
}

/// A call that somebody else than its caller pays for, and that used more
/// than was held for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overshoot {
    pub provider: ProviderId,
    pub model: String,
    pub source: Source,
    pub held: Amounts,
    pub used: Amounts,
}

/// What the operator is told: how many calls used more than was held since
/// the last notice, and the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OvershootNotice {
    pub calls: u64,
    pub last: Overshoot,
}

/// Collects overshoots until the operator is told.
#[derive(Debug, Default)]
pub struct OvershootWatch(Mutex<SeenOvershoots>);

#[derive(Debug, Default)]
struct SeenOvershoots {
    calls: u64,
    last: Option<Overshoot>,
    quiet_until_ms: i64,
}

impl OvershootWatch {
    /// Notes a call whose settlement exceeds its hold, and counts it.
    pub fn note(&self, booking: &Booking, settlement: &Settlement) {
        let Booking { attempt, held, .. } = booking;
        crate::ledger::metrics::count_overshoot(attempt);
        let mut watched = lock(&self.0);
        watched.calls += 1;
        watched.last = Some(Overshoot {
            provider: attempt.provider.clone(),
            model: attempt.model.clone(),
            source: attempt.source,
            held: *held,
            used: settlement.amounts(),
        });
    }

    /// Takes what the operator is to be told now: nothing within an hour of
    /// the last time.
    pub fn take_due(&self, now_ms: i64) -> Option<OvershootNotice> {
        let mut watched = lock(&self.0);
        if now_ms < watched.quiet_until_ms {
            return None;
        }
        let last = watched.last.take()?;
        watched.quiet_until_ms = now_ms.saturating_add(QUIET_MS);
        Some(OvershootNotice {
            calls: std::mem::take(&mut watched.calls),
            last,
        })
    }
}
