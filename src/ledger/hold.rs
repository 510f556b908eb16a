//! One attempt between its hold and its settlement.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::model::{
    Amounts, Attempt, AttemptId, FailureClass, KeyId, NanoDollars, Outcome, PersonId,
    ProviderFailure, ProviderId, ServerId, Settlement, Source, Usage,
};
use crate::store::{Booking, Finished};

use crate::ledger::CLOSED;
use crate::ledger::batch::Need;
use crate::ledger::meter::Applied;
use crate::ledger::metrics::{Till, Took, count_failure};
use crate::ledger::prices::{Prices, Quantity};
use crate::ledger::writer::{Operation, Settle};

/// Tokens that providers put around a prompt, at the most.
const WRAPPING_TOKENS: u64 = 1_024;
/// The shortest answer that is worth a call, where a limit shortens it.
const OUTPUT_TOKENS_MIN: u64 = 200;
/// Bytes in a token, where nobody counted: English has about four.
const TOKEN_BYTES: u64 = 4;
/// Longer names of models are cut: they are not ours.
const MODEL_CHARACTERS_MAX: usize = 100;
/// No call costs more, whatever a provider reports: 1,000 dollars.
const COST_MAX: NanoDollars = NanoDollars(1_000_000_000_000);

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub source: Source,
    pub key: Option<KeyId>,
    pub provider: &'a ProviderId,
    pub model: &'a str,
    /// Everything that the model is told, in bytes.
    pub prompt_bytes: u64,
    pub max_output_tokens: u64,
    pub images: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    Answered {
        /// None: the provider did not report it.
        usage: Option<Usage>,
    },
    /// Pictures were made; tokens and dollars as the provider reported them,
    /// if it did.
    Painted {
        pictures: u64,
        usage: Option<Usage>,
        machine_ms: u64,
    },
    Failed(&'a ProviderFailure),
    /// Nobody waits for it any more.
    Abandoned,
    /// Nothing came of it, and nothing is counted for it.
    Released,
}

/// What is reserved for a call. Dropped before it is settled, it is settled
/// as abandoned, at an estimate of what was heard; or released, if the call
/// was never made.
#[derive(Debug)]
pub struct Hold {
    booking: Arc<Booking>,
    limits: Vec<Applied>,
    prompt_bytes: u64,
    heard_bytes: u64,
    began: Instant,
    /// Whether the call was made at all.
    is_made: bool,
    first_byte: Option<Duration>,
    till: Arc<Till>,
    /// Says that the hold is safe on disk; none where nobody waits for it,
    /// or it is known.
    written: Option<oneshot::Receiver<anyhow::Result<()>>>,
    is_settled: bool,
}

impl Order<'_> {
    /// Its row.
    pub fn attempt(&self, now_ms: i64) -> anyhow::Result<Attempt> {
        let model = self.model.chars().filter(|c| !c.is_control());
        Ok(Attempt {
            id: new_id(now_ms)?,
            person: self.person,
            server: self.server,
            source: self.source,
            key: self.key,
            provider: self.provider.clone(),
            model: model.take(MODEL_CHARACTERS_MAX).collect(),
            held_at_ms: now_ms,
        })
    }

    /// What it may use at the most. A token has one byte or more. Its price
    /// is looked up where a limit may ask for it.
    pub fn need(&self, prices: &Prices, now_ms: i64, is_limited: bool) -> Need {
        let most = Quantity {
            input_tokens: self.prompt_bytes.saturating_add(WRAPPING_TOKENS),
            output_tokens: self.max_output_tokens,
            images: self.images,
            ..Quantity::default()
        };
        Need {
            input_tokens: most.input_tokens,
            output_tokens: most.output_tokens,
            // An answer can be shortened, pictures cannot.
            output_tokens_min: if most.images > 0 {
                most.output_tokens
            } else {
                most.output_tokens.min(OUTPUT_TOKENS_MIN)
            },
            images: most.images,
            price: is_limited
                .then(|| prices.price(self.provider, self.model, most, now_ms))
                .flatten(),
        }
    }
}

impl Hold {
    pub(super) fn new(
        booking: Arc<Booking>,
        limits: Vec<Applied>,
        written: Option<oneshot::Receiver<anyhow::Result<()>>>,
        prompt_bytes: u64,
        till: Arc<Till>,
    ) -> Self {
        Self {
            booking,
            limits,
            prompt_bytes,
            heard_bytes: 0,
            began: Instant::now(),
            is_made: false,
            first_byte: None,
            till,
            written,
            is_settled: false,
        }
    }

    /// Who pays, for which provider and model.
    pub fn attempt(&self) -> &Attempt {
        &self.booking.attempt
    }

    /// Its row.
    pub fn id(&self) -> AttemptId {
        self.booking.attempt.id
    }

    /// The longest answer that its limits leave room for.
    pub fn max_output_tokens(&self) -> u64 {
        self.booking.held.output_tokens
    }

    /// The call begins when this returns: what is reserved for it is safe
    /// on disk.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        if let Some(written) = self.written.take() {
            written.await.context(CLOSED)??;
        }
        self.began = Instant::now();
        self.is_made = true;
        Ok(())
    }

    /// Whether no limit binds it, so that nobody is warned of one.
    pub fn is_exempt(&self) -> bool {
        self.booking.counted.is_empty()
    }

    /// Whether nobody waits for its settlement: where nothing was limited
    /// there is nothing to hear. But a picture that is over must be settled,
    /// whatever happens next.
    pub(super) fn may_be_late(&self) -> bool {
        self.is_exempt() && self.booking.held.images == 0
    }

    /// Whether any of the answer came.
    pub fn has_heard(&self) -> bool {
        self.heard_bytes > 0
    }

    /// A part of the answer came.
    pub fn hear(&mut self, text: &str) {
        self.hear_bytes(text.len() as u64);
    }

    /// So many bytes of the answer came.
    pub fn hear_bytes(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let began = self.began;
        self.first_byte.get_or_insert_with(|| began.elapsed());
        self.heard_bytes = self.heard_bytes.saturating_add(bytes);
    }

    /// What it would cost to settle it so.
    pub fn cost_if(&self, ended: Ended<'_>) -> Option<NanoDollars> {
        self.settlement(ended).cost
    }

    /// Leaves it as it is, for a later process to settle.
    pub fn leave(mut self) {
        self.is_settled = true;
    }

    /// What to write.
    pub(super) fn end(mut self, ended: Ended<'_>) -> Settle {
        self.is_settled = true;
        self.settle(ended)
    }

    fn settle(&mut self, ended: Ended<'_>) -> Settle {
        self.count(&ended);
        Settle {
            ended: Finished {
                booking: Arc::clone(&self.booking),
                settlement: self.settlement(ended),
            },
            limits: std::mem::take(&mut self.limits),
        }
    }

    /// Counts how it ended, for whoever watches the process.
    fn count(&self, ended: &Ended<'_>) {
        let Attempt {
            source, provider, ..
        } = &self.booking.attempt;
        let payer = (provider, *source);
        let took = Took {
            all: self.began.elapsed(),
            first_byte: self.first_byte,
        };
        let outcome = match ended {
            Ended::Answered { .. } | Ended::Painted { .. } => {
                return self.till.count_answer(payer, took);
            }
            Ended::Failed(failure) => {
                count_failure(failure);
                "failed"
            }
            Ended::Abandoned => "abandoned",
            Ended::Released => "released",
        };
        self.till.count_other(payer, outcome, took);
    }

    fn settlement(&self, ended: Ended<'_>) -> Settlement {
        let estimate = self.estimate();
        let (outcome, reported) = match ended {
            Ended::Answered { usage } => (Outcome::Answered, usage),
            Ended::Painted {
                pictures,
                usage,
                machine_ms,
            } => return self.painted(pictures, usage.unwrap_or_default(), machine_ms),
            Ended::Released => return Settlement::released(),
            Ended::Abandoned if !self.is_made => return Settlement::released(),
            Ended::Abandoned => (Outcome::Abandoned, None),
            Ended::Failed(failure) if self.did_nothing(failure) => {
                return Settlement {
                    duration_ms: Some(millis(self.began.elapsed())),
                    ..Settlement::released()
                };
            }
            Ended::Failed(_) => (Outcome::CutOff, None),
        };
        let usage = reported.map_or(estimate, |usage| self.clamp(usage));
        let ours = self.cost_of(usage, self.booking.held.images, 0);
        let paid = usage.cost.or(ours);
        Settlement {
            outcome,
            usage,
            images: self.booking.held.images,
            cost: paid,
            estimated: reported.is_none(),
            cost_reported: usage.cost.is_some(),
            clamped: reported.is_some_and(|reported| reported != usage),
            first_byte_ms: self.first_byte.map(millis),
            duration_ms: Some(millis(self.began.elapsed())),
        }
    }

    /// Pictures are counted by us, so that nothing of them is an estimate.
    fn painted(&self, pictures: u64, usage: Usage, machine_ms: u64) -> Settlement {
        let reported = usage;
        let usage = self.clamp(reported);
        let images = pictures.min(self.booking.held.images);
        let ours = self.cost_of(usage, images, machine_ms);
        Settlement {
            outcome: Outcome::Answered,
            usage,
            images,
            cost: usage.cost.or(ours),
            estimated: false,
            cost_reported: usage.cost.is_some(),
            clamped: reported != usage,
            first_byte_ms: None,
            duration_ms: Some(millis(self.began.elapsed())),
        }
    }

    /// Whether the provider did nothing that it would be paid for.
    fn did_nothing(&self, failure: &ProviderFailure) -> bool {
        let may_have_worked = matches!(
            failure.class,
            FailureClass::TimedOut | FailureClass::CutOff | FailureClass::TooLarge
        );
        self.heard_bytes == 0 && !may_have_worked
    }

    /// What is possible of what a provider reports.
    fn clamp(&self, usage: Usage) -> Usage {
        let Amounts {
            input_tokens: input_max,
            output_tokens: output_max,
            cost: cost_max,
            ..
        } = self.booking.held;
        let cost_max = cost_max.unwrap_or(COST_MAX);
        let input_tokens = usage.input_tokens.min(input_max);
        let output_tokens = usage.output_tokens.min(output_max);
        Usage {
            input_tokens,
            output_tokens,
            cached_tokens: usage.cached_tokens.min(input_tokens),
            reasoning_tokens: usage.reasoning_tokens.min(output_tokens),
            cost: usage.cost.map(|cost| cost.min(cost_max)),
        }
    }

    fn estimate(&self) -> Usage {
        self.clamp(Usage {
            input_tokens: self.prompt_bytes.div_ceil(TOKEN_BYTES),
            output_tokens: self.heard_bytes.div_ceil(TOKEN_BYTES),
            ..Usage::default()
        })
    }

    fn cost_of(&self, usage: Usage, images: u64, machine_ms: u64) -> Option<NanoDollars> {
        let Attempt {
            provider,
            model,
            held_at_ms,
            ..
        } = &self.booking.attempt;
        let used = Quantity {
            input_tokens: usage.input_tokens,
            cached_tokens: usage.cached_tokens,
            output_tokens: usage.output_tokens,
            images,
            machine_ms,
        };
        self.till.prices.cost(provider, model, used, *held_at_ms)
    }
}

impl Hold {
    /// Has it settled, and does not wait for that: for what no limit binds,
    /// so that nobody is to be told.
    pub fn settle_soon(mut self, ended: Ended<'_>) {
        self.send_off(ended);
    }

    fn send_off(&mut self, ended: Ended<'_>) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let settle = Settle {
            limits: Vec::new(),
            ..self.settle(ended)
        };
        let settle = Operation::Settle(settle, None);
        let Err(mpsc::error::TrySendError::Full(full)) = self.till.queue.try_send(settle) else {
            return;
        };
        // A full queue is being worked on.
        if let Ok(runtime) = Handle::try_current() {
            let queue = self.till.queue.clone();
            runtime.spawn(async move { queue.send(full).await });
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.send_off(Ended::Abandoned);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Time first, so that new rows stand beside each other.
fn new_id(now_ms: i64) -> anyhow::Result<AttemptId> {
    let AttemptId(mut id) = AttemptId::first_at(now_ms);
    let (_, rest) = id.split_at_mut(6);
    rest.copy_from_slice(&random()?);
    Ok(AttemptId(id))
}

/// Random bytes, drawn for a hundred at once: the system takes as long to
/// be asked as to draw them.
fn random() -> anyhow::Result<[u8; 10]> {
    static DRAWN: Mutex<Vec<[u8; 10]>> = Mutex::new(Vec::new());
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if drawn.is_empty() {
        let mut new = [[0; 10]; 100];
        getrandom::fill(new.as_flattened_mut())?;
        drawn.extend(new);
    }
    drawn.pop().context("nothing was drawn")
}
