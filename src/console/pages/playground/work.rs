//! The work on one answer: a task of its own, which ends early when its
//! reader leaves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::{AnswerEvent, Error, KeyTrial, Payer, PictureProgress, TrialOutcome};
use crate::console::Console;
use crate::console::parts::key::provider_name;
use crate::console::trouble::Trouble;
use crate::console::words::Names;
use crate::model::{
    Answer, Ask, AskRefusal, Credential, KeyId, MemoryPermit, Picture, PictureAnswer, PictureAsk,
    PriceEstimate, Refusal, Scope, Source, Stage, Steps, Trace,
};

use super::limits::{AnswerPermit, Asker};
use super::receipt::Receipt;

/// What is to be made.
pub enum Order {
    Ask(Box<Ask>),
    Picture(Box<PictureAsk>),
}

/// What is heard of an answer.
pub enum Report {
    Payer(Payer),
    Words(String),
    /// The words so far were the model's thinking.
    TakenBack,
    /// How far pictures are, and what they may cost.
    Stage(Stage, Option<PriceEstimate>),
    /// The answer broke off: what is charged for what came of it.
    Charged(Box<Receipt>),
    Steps(Steps),
    Ended(Box<Result<WorkOutcome, Trouble>>),
}

/// What the work on an answer came to.
pub struct WorkOutcome {
    pub receipt: Receipt,
    pub provider: String,
    pub model: String,
    pub pictures: Vec<Picture>,
}

/// An answer that is being made. Dropping it stops the work.
pub struct Work {
    reports: mpsc::UnboundedReceiver<Report>,
    _stop_when_dropped: DropGuard,
}

/// What the work holds until its end, and gives back when it is dropped.
pub struct WorkPermits {
    _permit: AnswerPermit,
    _memory: Option<Arc<MemoryPermit>>,
}

impl WorkPermits {
    /// Holds a place among the answers, and the memory of what came with the
    /// question.
    pub fn new(permit: AnswerPermit, memory: Option<Arc<MemoryPermit>>) -> Self {
        Self {
            _permit: permit,
            _memory: memory,
        }
    }
}

/// Starts the work on an answer. Reports wait without a limit of their own:
/// what an answer says is limited itself.
pub fn start(console: &Arc<Console>, asker: Asker, order: Order, held: WorkPermits) -> Work {
    let (sender, reports) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let stop_when_dropped = stop.clone().drop_guard();
    let console = Arc::clone(console);
    let tasks = &console.app.tasks;
    tasks.spawn({
        let console = Arc::clone(&console);
        async move {
            let worker = Worker {
                console: &console,
                asker: &asker,
                reports: &sender,
                stop: &stop,
                began: Instant::now(),
            };
            let names = Names::of(console.app.providers());
            let made = Box::pin(worker.make(order)).await;
            let made = made.map_err(|trouble| trouble.named(names));
            // Fails when the reader has left.
            let _ = sender.send(Report::Ended(Box::new(made)));
            drop(held);
        }
    });
    Work {
        reports,
        _stop_when_dropped: stop_when_dropped,
    }
}

impl Work {
    /// The next report; the last one is that it has ended.
    pub async fn next(&mut self) -> Report {
        let cut_off = || Report::Ended(Box::new(Err(Refusal::from(AskRefusal::Stopping).into())));
        self.reports.recv().await.unwrap_or_else(cut_off)
    }
}

struct Worker<'a> {
    console: &'a Console,
    asker: &'a Asker,
    reports: &'a mpsc::UnboundedSender<Report>,
    stop: &'a CancellationToken,
    began: Instant,
}

impl Worker<'_> {
    async fn make(&self, order: Order) -> Result<WorkOutcome, Trouble> {
        let key = match &order {
            Order::Ask(ask) => ask.request_key.as_ref(),
            Order::Picture(imagine) => imagine.request_key.as_ref(),
        };
        let mut trial = self.begin_trial(key).await?;
        let made = match order {
            Order::Ask(ask) => Box::pin(self.answer(*ask)).await,
            Order::Picture(imagine) => self.paint(*imagine).await,
        };
        if let Some(trial) = &mut trial {
            trial.note(outcome_of(&made));
        }
        Ok(made?)
    }

    /// Begins the trial of a key that came along; or refuses it, where too many
    /// were refused before.
    async fn begin_trial(&self, key: Option<&Credential>) -> Result<Option<KeyTrial>, Error> {
        let Some(key) = key else { return Ok(None) };
        let senders = self.asker.key_senders();
        let trials = &self.console.app.keys.trials;
        Ok(Some(trials.begin_in_page(senders, key).await?))
    }

    async fn answer(&self, ask: Ask) -> Result<WorkOutcome, Error> {
        let asks = &self.console.app.asks;
        let prepared = if self.asker.is_visitor() && ask.request_key.is_none() {
            asks.prepare_demo(ask).await
        } else {
            asks.prepare(ask).await
        };
        let ready = prepared.secure().await?;
        let mut key = None;
        let mut listener = |event: AnswerEvent<'_>| {
            self.report(match event {
                AnswerEvent::Payer(payer) => {
                    key = payer.key.filter(|_| payer.source == Source::Personal);
                    Report::Payer(payer.clone())
                }
                AnswerEvent::Words(words) => Report::Words(words.to_owned()),
                AnswerEvent::TakenBack => Report::TakenBack,
            });
        };
        let answering = asks.answer_in_page(ready, self.stop, &mut listener);
        let outcome = answering.await;
        let hint = self.find_hint(key).await;
        if let Some(broken) = &outcome.broken {
            let providers = self.console.app.providers();
            let charged = Receipt::of_broken(broken, &outcome.trace, self.took(), providers);
            self.report(Report::Charged(Box::new(Receipt {
                hint: hint.clone(),
                ..charged
            })));
        }
        let mut made = self.describe_answer(outcome.result?, &outcome.trace);
        made.receipt.hint = hint;
        Ok(made)
    }

    /// How one of the asker's own keys ends.
    async fn find_hint(&self, key: Option<KeyId>) -> Option<String> {
        let (keys, caller) = (&self.console.app.keys, &self.asker.caller);
        let found = keys.find(caller, Scope::User, &key?.to_string()).await;
        found.ok()?.hint
    }

    fn describe_answer(&self, answer: Answer, trace: &Trace) -> WorkOutcome {
        let providers = self.console.app.providers();
        WorkOutcome {
            receipt: Receipt::of_answer(&answer, trace, self.took(), providers),
            provider: provider_name(providers, &answer.provider),
            model: answer.model,
            pictures: Vec::new(),
        }
    }

    async fn paint(&self, imagine: PictureAsk) -> Result<WorkOutcome, Error> {
        let pictures = &self.console.app.pictures;
        let ready = pictures.prepare(imagine).await.secure().await?;
        let (mut last, mut counted, mut key, mut foreseen) = (None, None, None, None);
        let mut watch = |seen: PictureProgress| match seen {
            PictureProgress::Payer(payer, estimate) => {
                key = payer.key.filter(|_| payer.source == Source::Personal);
                foreseen = estimate.filter(|it| it.cost.0 > 0);
                self.report(Report::Payer(payer));
            }
            PictureProgress::Preview(_) => {}
            PictureProgress::Steps(steps) => {
                if counted.replace(steps) != Some(steps) {
                    self.report(Report::Steps(steps));
                }
            }
            PictureProgress::Stage(stage) => {
                if last.replace(stage) != Some(stage) {
                    self.report(Report::Stage(stage, foreseen));
                }
            }
        };
        let making = pictures.make_for_program(ready, self.stop, &mut watch);
        let (made, _) = making.await?;
        let mut made = self.describe_pictures(made);
        made.receipt.hint = self.find_hint(key).await;
        Ok(made)
    }

    fn describe_pictures(&self, made: PictureAnswer) -> WorkOutcome {
        let providers = self.console.app.providers();
        WorkOutcome {
            receipt: Receipt::of_pictures(&made, self.took(), providers),
            provider: provider_name(providers, &made.provider),
            model: made.model,
            pictures: made.pictures,
        }
    }

    fn report(&self, report: Report) {
        // Fails when the reader has left, which the token says too.
        let _ = self.reports.send(report);
    }

    fn took(&self) -> Duration {
        self.began.elapsed()
    }
}

/// What an answer says of the key that came along.
fn outcome_of(made: &Result<WorkOutcome, Error>) -> TrialOutcome {
    match made {
        Ok(_) => TrialOutcome::Worked,
        Err(Error::Refused(Refusal::Ask(AskRefusal::Provider { failure, .. })))
            if failure.class.is_about_the_key() =>
        {
            TrialOutcome::Refused
        }
        Err(_) => TrialOutcome::Unknown,
    }
}

/// What a visitor is told who brings no key.
pub fn refuse_visitor() -> Trouble {
    Trouble::new(
        StatusCode::PAYMENT_REQUIRED,
        "API key required",
        "Nobody pays for visitors. Type a key of your own for this question, or sign in: then your \
         stored keys pay, or your server’s.",
    )
    .way("/sign-in?next=/playground", "Sign in with Discord")
}
