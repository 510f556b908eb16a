//! Settles what processes left held that are gone.
//!
//! Nobody knows what such a call has used. Where limits bind it, it is taken
//! to have used what was held, so that no limit is exceeded. Where none does,
//! it is taken to have used its prompt and what was heard of its answer, and
//! never what the model could have said. A process that was only taken for dead
//! puts the truth in its place when it settles (`settle_all` in `writer`).

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::oneshot;

use crate::model::{Outcome, Settlement, Usage, UsageClass};
use crate::store::{Booking, FinishedAttempt, Store};

use crate::ledger::calls::overshoot::priced_model;
use crate::ledger::calls::settlement::at_dearest;
use crate::ledger::writing::writer::{Closing, Operation};
use crate::ledger::{CLOSED, Shared};

/// How often what was left is read and settled in one go. A statement reads
/// some hundred attempts.
const ROUNDS_MAX: usize = 64;

/// Settles attempts of processes that are gone.
#[derive(Clone)]
pub struct LostAttempts {
    pub store: Store,
    pub shared: Arc<Shared>,
}

/// Which attempts belong to processes that have died.
#[derive(Clone, Copy)]
pub enum LostSelection {
    /// Those whose process has no lease any more.
    WithoutLease,
    /// Those that were held before a moment, whoever they belong to: no call
    /// takes that long.
    HeldBefore(i64),
}

impl LostAttempts {
    /// Ends the leases of dead processes, and settles and forgets what those
    /// left.
    pub async fn settle_left(&self) -> anyhow::Result<()> {
        self.store.end_leases().await?;
        let calls = self.store.forget_left_calls().await?;
        if calls > 0 {
            tracing::info!("{calls} calls of a process that died may be made again");
        }
        self.settle(LostSelection::WithoutLease).await
    }

    /// Settles what is left held.
    pub async fn settle(&self, gone: LostSelection) -> anyhow::Result<()> {
        // No provider was asked for these, so that they are released.
        let unbegun = self.read_unbegun(gone).await?;
        let released = unbegun
            .into_iter()
            .map(|booking| closing_of(booking, Settlement::released()));
        self.close(released.collect()).await?;
        for _ in 0..ROUNDS_MAX {
            let lost = self.read_lost(gone).await?;
            if lost.is_empty() {
                break;
            }
            tracing::warn!(
                "settling {} attempts of a process that died at their estimate",
                lost.len()
            );
            let closings = lost.into_iter().map(|booking| self.close_as_lost(booking));
            self.close(closings.collect()).await?;
            // They are kept until they can be written, and read again then.
            if self.shared.outage.waits().is_some() {
                break;
            }
        }
        Ok(())
    }

    async fn read_unbegun(&self, gone: LostSelection) -> anyhow::Result<Vec<Booking>> {
        match gone {
            LostSelection::WithoutLease => self.store.left_unbegun().await,
            LostSelection::HeldBefore(moment_ms) => self.store.unbegun_before(moment_ms).await,
        }
    }

    async fn read_lost(&self, gone: LostSelection) -> anyhow::Result<Vec<Booking>> {
        match gone {
            LostSelection::WithoutLease => self.store.left_held().await,
            LostSelection::HeldBefore(moment_ms) => self.store.held_before(moment_ms).await,
        }
    }

    /// Has attempts closed, and waits until they are, or are kept.
    async fn close(&self, closings: Vec<Closing>) -> anyhow::Result<()> {
        let mut replies = Vec::with_capacity(closings.len());
        for closing in closings {
            let (reply, written) = oneshot::channel();
            self.shared
                .send(Operation::Settle(closing, Some(reply)))
                .await?;
            replies.push(written);
        }
        for written in replies {
            written.await.context(CLOSED)??;
        }
        Ok(())
    }

    /// Closes an attempt at the best estimate of what it can have used.
    pub(super) fn close_as_lost(&self, booking: Booking) -> Closing {
        let (held, known) = (booking.held, booking.known);
        let is_limited = !booking.counted.is_empty();
        let usage_of = |input_tokens, output_tokens| Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        };
        let usage = if is_limited {
            let held = usage_of(held.input_tokens, held.output_tokens);
            at_dearest(&self.shared.prices, &booking, held)
        } else {
            usage_of(known.prompt, known.heard)
        };
        let used = usage.counts().with(UsageClass::Picture, held.images);
        let model = priced_model(&booking.attempt);
        let receipt = self.shared.prices.receipt(model, &used);
        let settlement = Settlement {
            outcome: Outcome::Lost,
            usage,
            images: held.images,
            // What no limit binds costs what is known to be used of it.
            cost: held.cost.filter(|_| is_limited).or_else(|| receipt.sum()),
            receipt,
            estimated: true,
            ..Settlement::released()
        };
        closing_of(booking, settlement)
    }
}

fn closing_of(booking: Booking, settlement: Settlement) -> Closing {
    Closing {
        finished: FinishedAttempt {
            booking: Arc::new(booking),
            settlement,
        },
        limits: Vec::new(),
    }
}
