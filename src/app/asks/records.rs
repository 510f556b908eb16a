//! What is kept of answers, so that they can be given again, explained, and
//! closed when a crash broke them off.

use tokio::sync::{mpsc, oneshot};

use crate::model::{
    AccessRefusal, AnswerRecord, AttemptId, Caller, Choices, Clock, ConversationRefusal, PersonId,
    ServerId, Trace,
};
use crate::store::{OwnAttempt, Store};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::pending::random_id;

/// How many broken answers are closed at once.
const UNFINISHED_MAX: u32 = 500;

/// Where an answer begins, and what was chosen for it.
pub struct AnswerStart {
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub channel: u64,
    /// The message that stands there already, if one does.
    pub promised: Option<u64>,
    pub reply_to: Option<u64>,
    pub choices: Choices,
}

/// Writes down what becomes of one answer, in the background and in order,
/// so that nobody waits for the database.
pub struct AnswerLog {
    pub id: String,
    /// Closed once it is written that there is an answer.
    begun: oneshot::Receiver<()>,
    events: mpsc::UnboundedSender<LogEvent>,
}

/// One thing that became of an answer.
enum LogEvent {
    /// The answer goes on in one more message, whose id this is.
    Message(u64),
    /// The answer has ended, with this as its last attempt.
    End(Option<AttemptId>, Trace),
}

impl AnswerLog {
    /// Waits until it is written that there is an answer, or that can't be: a
    /// later process then knows of what is shown from now on.
    pub async fn begun(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.begun).await;
    }

    /// Notes that the answer fills one more message.
    pub fn note_message(&self, message: u64) {
        // Without the other end, shutdown has given up on it.
        let _ = self.events.send(LogEvent::Message(message));
    }

    /// Notes that the answer has ended.
    pub fn close(self, attempt: Option<AttemptId>, trace: &Trace) {
        let _ = self.events.send(LogEvent::End(attempt, trace.clone()));
    }
}

impl Asks {
    /// Begins the log of an answer.
    pub fn log_answer(&self, start: &AnswerStart) -> anyhow::Result<AnswerLog> {
        let answer = AnswerRecord {
            id: random_id()?,
            person: start.person,
            server: start.server,
            channel: start.channel,
            first: start.promised,
            last: start.promised,
            reply_to: start.reply_to,
            choices: start.choices.clone(),
            began_at_ms: self.clock.now_ms(),
            ended_at_ms: None,
            attempt: None,
            trace: Trace::default(),
        };
        let id = answer.id.clone();
        let (events, received) = mpsc::unbounded_channel();
        let (begins, begun) = oneshot::channel();
        let (store, clock) = (self.store.clone(), self.clock.clone());
        self.tasks.spawn(async move {
            let written = store.begin_answer(&answer).await;
            drop(begins);
            let written = match written {
                Ok(()) => write_down(&store, &clock, &answer.id, received).await,
                unwritten => unwritten,
            };
            if let Err(error) = written {
                tracing::warn!("could not note an answer: {error:#}");
            }
        });
        Ok(AnswerLog { id, begun, events })
    }

    /// Notes that an answer of an earlier process has ended.
    pub async fn close_answer(&self, id: &str) -> anyhow::Result<()> {
        let now_ms = self.clock.now_ms();
        self.store
            .end_answer(id, None, &Trace::default(), now_ms)
            .await
    }

    /// An answer by the id on its buttons.
    pub async fn answer_record(&self, id: &str) -> Result<AnswerRecord, Error> {
        let found = self.store.load_answer(id).await?;
        Ok(found
            .map(|found| found.0)
            .ok_or(ConversationRefusal::StaleAnswer)?)
    }

    /// Who could have paid for an answer, and what it used; for whoever
    /// asked, since it tells of their keys.
    pub async fn answer_details(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(AnswerRecord, Option<OwnAttempt>), Error> {
        let found = self
            .store
            .load_answer(id)
            .await?
            .ok_or(ConversationRefusal::StaleAnswer)?;
        if found.0.person != caller.person {
            return Err(AccessRefusal::NotYours.into());
        }
        Ok(found)
    }

    /// Answers that an earlier process left unfinished.
    pub async fn unfinished_answers(&self) -> anyhow::Result<Vec<AnswerRecord>> {
        let before_ms = self.started_at_ms;
        self.store
            .unfinished_answers(before_ms, UNFINISHED_MAX)
            .await
    }
}

async fn write_down(
    store: &Store,
    clock: &Clock,
    id: &str,
    mut events: mpsc::UnboundedReceiver<LogEvent>,
) -> anyhow::Result<()> {
    while let Some(event) = events.recv().await {
        match event {
            LogEvent::Message(message) => store.set_answer_message(id, message).await?,
            LogEvent::End(attempt, trace) => {
                let now_ms = clock.now_ms();
                store.end_answer(id, attempt, &trace, now_ms).await?;
            }
        }
    }
    Ok(())
}
