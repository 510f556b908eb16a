//! One attempt between its hold and its settlement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use crate::model::{
    Attempt, AttemptId, BYTES_IN_A_TOKEN, Departure, HeardBytes, LimitLeft, PromptTokens,
    SoundAmount, Usage, UsageDetails,
};
use crate::store::{Booking, FinishedAttempt, NotedUse};

use crate::ledger::calls::call_end::{CallEnd, result_of};
use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::metrics::{CallTiming, PayerLabels, count_failure};
use crate::ledger::traffic::RunningCall;
use crate::ledger::writing::writer::{Closing, Operation};
use crate::ledger::{CLOSED, Shared};

/// How often it is noted on disk how much of an answer without limits was
/// heard: if the process dies, that is what it is taken to have used.
const NOTED_EVERY: Duration = Duration::from_secs(5);

/// What is reserved for a call. A hold that is dropped before it is settled
/// is settled as abandoned, at an estimate of what the call has used so far;
/// or released, if the call was never made.
#[derive(Debug)]
pub struct Hold {
    pub(super) booking: Arc<Booking>,
    pub(in crate::ledger) limits: Vec<AppliedLimit>,
    /// What limits leave to the person beside it.
    left: Vec<LimitLeft>,
    pub(in crate::ledger) prompt: PromptTokens,
    /// What it was given to be written down.
    pub(in crate::ledger) sound: SoundAmount,
    /// The model that its provider names in the end, of a call that named none.
    pub(in crate::ledger) told_model: Option<String>,
    pub(super) heard: HeardBytes,
    /// For how many seconds the model was not heard, between the times when it
    /// was: it may have thought.
    pub(super) unheard_s: u64,
    /// What the provider has reported so far.
    pub(super) reported: Option<Usage>,
    /// The same, once that counts the whole answer.
    pub(super) counted: Option<Usage>,
    /// How many answers the call asks for.
    pub(super) answers: u64,
    /// How many of them came, of a call whose answer comes whole.
    pub(super) answers_told: u64,
    pub(super) began: Instant,
    /// Whether the call was made.
    pub(super) is_made: bool,
    /// Whether it has left, where whoever sends it notes that.
    pub(super) departure: Option<Departure>,
    /// Whether its answer comes piece by piece.
    pub(super) is_streamed: bool,
    /// When the call was made, or when more of its answer came last.
    pub(super) heard_at_ms: i64,
    pub(super) first_byte: Option<Duration>,
    /// Counts the call as running.
    running: RunningCall,
    pub(super) shared: Arc<Shared>,
    /// Receives that the hold is safe on disk. None where nobody waits for
    /// that, or it was received.
    pub(in crate::ledger) written: Option<oneshot::Receiver<anyhow::Result<()>>>,
    /// How long the caller waits for that.
    pub(in crate::ledger) held_by: tokio::time::Instant,
    /// How many pictures its provider was surely asked for.
    asked_images: u64,
    /// When it was noted last how much was heard.
    pub(in crate::ledger) noted: Instant,
    is_settled: bool,
}

impl Hold {
    /// How many tokens the prompt is likely to have.
    pub fn likely_prompt_tokens(&self) -> u64 {
        self.prompt.likely
    }

    /// A hold that is written and has no limits that anybody is warned of.
    pub(in crate::ledger) fn new(booking: Arc<Booking>, shared: Arc<Shared>) -> Self {
        Self {
            booking,
            limits: Vec::new(),
            left: Vec::new(),
            told_model: None,
            prompt: PromptTokens::default(),
            sound: SoundAmount::default(),
            heard: HeardBytes::default(),
            unheard_s: 0,
            reported: None,
            counted: None,
            answers: 1,
            answers_told: 0,
            began: Instant::now(),
            held_by: tokio::time::Instant::now(),
            asked_images: 0,
            noted: Instant::now(),
            is_made: false,
            departure: None,
            is_streamed: false,
            heard_at_ms: 0,
            first_byte: None,
            running: shared.traffic.begin(),
            shared,
            written: None,
            is_settled: false,
        }
    }

    /// The hold, with what limits leave beside it.
    pub(in crate::ledger) fn leaving(mut self, left: Vec<LimitLeft>) -> Self {
        self.left = left;
        self
    }

    /// A hold of an earlier process, which made its call.
    pub(in crate::ledger) fn take_up(booking: Arc<Booking>, shared: Arc<Shared>) -> Self {
        let mut hold = Self::new(booking, shared);
        hold.is_made = true;
        hold.heard_at_ms = hold.booking.attempt.held_at_ms;
        hold
    }

    /// The attempt that it is for.
    pub fn attempt(&self) -> &Attempt {
        &self.booking.attempt
    }

    /// The id of the attempt.
    pub fn id(&self) -> AttemptId {
        self.booking.attempt.id
    }

    /// How many pictures are held for.
    pub fn held_pictures(&self) -> u64 {
        self.booking.held.images
    }

    /// The longest answer that limits leave room for, in tokens.
    pub fn max_output_tokens(&self) -> u64 {
        self.booking.held.output_tokens
    }

    /// What limits left to the person, of which nobody else uses anything,
    /// when it was decided.
    pub fn left(&self) -> &[LimitLeft] {
        &self.left
    }

    /// Waits until the hold is safe on disk. The caller then makes the call.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        if let Some(written) = self.written.take() {
            let Ok(written) = timeout_at(self.held_by, written).await else {
                return Err(self.shared.outage.error());
            };
            written.context(CLOSED)??;
        }
        self.began = Instant::now();
        self.noted = self.began;
        self.heard_at_ms = self.shared.clock.now_ms();
        self.is_made = true;
        Ok(())
    }

    /// Notes that the answer comes piece by piece, so that what was heard says
    /// how much of it was made.
    pub fn expect_stream(&mut self) {
        self.is_streamed = true;
        self.running.set_streamed(true);
    }

    /// Notes that the answer comes whole, or that nobody can tell how much of
    /// it has come: it is taken to be as long as it may be.
    pub fn expect_whole(&mut self) {
        self.is_streamed = false;
        self.running.set_streamed(false);
    }

    /// Something for whoever sends the call to note in that it has left. Until
    /// then nothing of it is made.
    pub fn watch_departure(&mut self) -> Departure {
        self.departure.get_or_insert_default().clone()
    }

    /// Whether no limit bounds the attempt, so that nobody is warned of one.
    pub fn is_exempt(&self) -> bool {
        self.booking.counted.is_empty()
    }

    /// Whether the caller must wait until the settlement is written: to hear
    /// of limits, or because a picture is settled before it is shown.
    pub(in crate::ledger) fn must_wait_for_settlement(&self) -> bool {
        !self.is_exempt() || self.booking.held.images > 0
    }

    /// Whether any of the answer has come.
    pub fn has_heard(&self) -> bool {
        self.heard.all() > 0
    }

    /// Counts a part of the answer that has come. Of thinking, providers show as
    /// much as they like, so that it ends no silence.
    pub fn hear(&mut self, more: HeardBytes) {
        if more.all() == 0 {
            return;
        }
        let (began, now) = (self.began, Instant::now());
        self.first_byte.get_or_insert_with(|| now - began);
        if more.written > 0 {
            self.unheard_s = self.unheard_s.saturating_add(self.silence().as_secs());
            self.heard_at_ms = self.shared.clock.now_ms();
        }
        self.heard.add(more);
        if now - self.noted >= NOTED_EVERY && self.is_exempt() {
            self.noted = now;
            self.note_use();
        }
    }

    /// Notes unfinished pictures that have come, by their tokens.
    pub fn hear_pictures(&mut self, tokens: u64) {
        if tokens == 0 {
            return;
        }
        let usage = Usage {
            output_tokens: tokens,
            details: UsageDetails {
                output_image: tokens,
                ..UsageDetails::default()
            },
            ..Usage::default()
        };
        self.note_report(Some(usage), false);
        self.hear(HeardBytes {
            written: tokens.saturating_mul(BYTES_IN_A_TOKEN),
            thought: 0,
        });
    }

    /// Notes what the provider has reported so far: the prompt at the start of
    /// an answer, say, and the rest at its end. It is counted once that is the
    /// whole.
    pub fn note_report(&mut self, reported: Option<Usage>, is_counted: bool) {
        let reported = reported.map(|usage| self.sound.as_paid(usage));
        self.reported = reported.or(self.reported);
        self.counted = reported.filter(|_| is_counted).or(self.counted);
    }

    /// Notes how many answers the call asks for.
    pub fn expect_answers(&mut self, answers: u64) {
        self.answers = answers;
    }

    /// Notes how many answers came of a call whose answer comes whole: the best of
    /// more, maybe.
    pub fn note_answers_told(&mut self, told: u64) {
        self.answers_told = told;
    }

    /// For how long nothing of the answer has come.
    pub(super) fn silence(&self) -> Duration {
        let silence_ms = self.shared.clock.now_ms() - self.heard_at_ms;
        Duration::from_millis(silence_ms.max(0).cast_unsigned())
    }

    /// Notes on disk that the provider of a call that is passed on is asked
    /// for its pictures. Others are known by the rows of their pictures.
    pub fn note_asked(&mut self) {
        self.asked_images = self.booking.held.images;
        if self.asked_images > 0 {
            self.note_use();
        }
    }

    fn note_use(&self) {
        let noting = Operation::Note(NotedUse {
            attempt: self.id(),
            heard: self.heard.all().div_ceil(BYTES_IN_A_TOKEN),
            images: self.asked_images,
        });
        // Where the queue is full, the next one is noted.
        drop(self.shared.queue.try_send(noting));
    }

    /// Leaves the hold unsettled, for a later process to take up.
    pub fn leave(mut self) {
        self.is_settled = true;
    }

    /// Ends the hold; the caller sends the closing to the writer.
    pub(in crate::ledger) fn close(mut self, ended: &CallEnd<'_>) -> Closing {
        self.is_settled = true;
        self.make_closing(ended)
    }

    fn make_closing(&mut self, ended: &CallEnd<'_>) -> Closing {
        self.count_call(ended);
        let settlement = self.settlement_if(ended);
        if settlement.overshoot {
            self.shared.overshoots.note(&self.booking, &settlement);
        }
        Closing {
            finished: FinishedAttempt {
                booking: Arc::clone(&self.booking),
                settlement,
            },
            limits: std::mem::take(&mut self.limits),
        }
    }

    /// Counts in the metrics how the call ended.
    fn count_call(&self, ended: &CallEnd<'_>) {
        let attempt = &self.booking.attempt;
        let payer = PayerLabels {
            provider: attempt.provider.clone(),
            source: attempt.source,
        };
        let timing = CallTiming {
            whole: self.began.elapsed(),
            first_byte: self.first_byte,
        };
        let metrics = &self.shared.metrics;
        if let Some(result) = result_of(ended) {
            let now_ms = self.shared.clock.now_ms();
            self.shared.traffic.count(&payer.provider, result, now_ms);
        }
        let outcome = match ended {
            CallEnd::Answered { .. } | CallEnd::Painted { .. } => {
                return metrics.count_answered(payer, timing);
            }
            CallEnd::Failed(failure) => {
                count_failure(failure);
                "failed"
            }
            CallEnd::Broken(_) => "failed",
            CallEnd::Abandoned | CallEnd::Stopped { .. } => "abandoned",
            CallEnd::Released => "released",
        };
        metrics.count_unanswered(payer, outcome, timing);
    }
}

impl Hold {
    /// Has the hold settled, and does not wait for that: for attempts without
    /// limits, where nobody is warned.
    pub fn settle_soon(mut self, ended: &CallEnd<'_>) {
        self.send_closing(ended);
    }

    fn send_closing(&mut self, ended: &CallEnd<'_>) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let closing = Closing {
            limits: Vec::new(),
            ..self.make_closing(ended)
        };
        let queue = &self.shared.queue;
        let sent = queue.try_send(Operation::Settle(closing, None));
        let Err(mpsc::error::TrySendError::Full(unsent)) = sent else {
            return;
        };
        // The queue has room again soon; nobody can wait for it here.
        let queue = queue.clone();
        let sending = async move { queue.send(unsent).await };
        self.shared.runtime.spawn(sending);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.send_closing(&CallEnd::Abandoned);
    }
}
