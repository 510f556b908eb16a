//! Calls that a task of their own works on, and how its reports become a
//! response. A client that leaves drops the [`CallTask`], and that stops the
//! work.

use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::{Error, Payer, Tasks};
use crate::gateway::calls::call::CallContext;
use crate::gateway::replies::problem::Problem;
use crate::gateway::replies::responses::event_stream_response;
use crate::gateway::replies::streaming::{LastWords, PieceSource, stream_pieces};
use crate::gateway::session::CallPermits;
use crate::model::AskRefusal;

/// A comment in a stream of events, which readers of events ignore.
const KEEP_ALIVE: Bytes = Bytes::from_static(b": still there\n\n");

/// A task that works on a call.
pub struct CallTask<P, T> {
    messages: mpsc::UnboundedReceiver<Message<P, T>>,
    /// Who was last asked to pay.
    payer: Option<Payer>,
    _stop_when_dropped: DropGuard,
}

/// What a task reports: progress `P` of its work, and its result `T`.
enum Report<P, T> {
    Progress(P),
    Ended(Result<T, Error>),
}

enum Message<P, T> {
    Payer(Payer),
    Report(Report<P, T>),
}

/// The task's side: sends what happens while it works.
pub struct Reporter<P, T>(mpsc::UnboundedSender<Message<P, T>>);

/// What a task's work came to.
pub struct Finished<T> {
    pub result: T,
    pub payer: Option<Payer>,
}

/// Why a task's work failed.
pub struct TaskFailure {
    pub error: Error,
    /// Who was to pay, if the work came that far.
    pub payer: Option<Payer>,
}

/// Writes the reports of a task as server-sent events.
pub trait EventWriter<P, T>: Send + 'static {
    /// How often a client is sent a comment while there is nothing to
    /// report; none where it is sent no comments.
    const KEEP_ALIVE_EVERY: Option<Duration>;

    fn write_progress(&mut self, progress: P) -> String;
    fn write_result(&mut self, result: T) -> String;
}

/// The events of a task, as a source of pieces.
struct EventSource<P, T, W> {
    /// The report that was waited for before the stream began.
    first: Option<Report<P, T>>,
    task: CallTask<P, T>,
    writer: W,
    has_ended: bool,
}

impl<P, T> Reporter<P, T> {
    /// Reports who is asked to pay now.
    pub fn report_payer(&self, payer: Payer) {
        self.send(Message::Payer(payer));
    }

    /// Reports how far the work is.
    pub fn report_progress(&self, progress: P) {
        self.send(Message::Report(Report::Progress(progress)));
    }

    fn send(&self, message: Message<P, T>) {
        // Fails when the client has left, which the stop token says too.
        let _ = self.0.send(message);
    }
}

impl<P: Send + 'static, T: Send + 'static> CallTask<P, T> {
    /// Starts the work, which holds the call's permits until its end. It
    /// should end soon after its token is cancelled.
    ///
    /// Messages wait without a limit of their own. What a call reports is
    /// limited: the length of an answer, the changes of a job's stage.
    pub fn spawn<F>(
        tasks: &Tasks,
        permits: CallPermits,
        work: impl FnOnce(Reporter<P, T>, CancellationToken) -> F,
    ) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (sender, messages) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let stop_when_dropped = stop.clone().drop_guard();
        let work = work(Reporter(sender.clone()), stop);
        tasks.spawn(async move {
            let result = work.await;
            Reporter(sender).send(Message::Report(Report::Ended(result)));
            drop(permits);
        });
        Self {
            messages,
            payer: None,
            _stop_when_dropped: stop_when_dropped,
        }
    }

    /// Waits until the work has ended.
    pub async fn finish(
        mut self,
        mut on_progress: impl FnMut(P) + Send,
    ) -> Result<Finished<T>, TaskFailure> {
        loop {
            match self.next_report().await {
                Report::Progress(progress) => on_progress(progress),
                Report::Ended(Ok(result)) => {
                    let payer = self.payer;
                    return Ok(Finished { result, payer });
                }
                Report::Ended(Err(error)) => return Err(self.fail(error)),
            }
        }
    }

    /// Responds with a stream of events. It begins with the first progress:
    /// until then another payer may be asked, and a failure has a status of
    /// its own.
    pub async fn stream_events(
        mut self,
        writer: impl EventWriter<P, T>,
        context: CallContext,
    ) -> Result<Response, TaskFailure> {
        let first = match self.next_report().await {
            Report::Ended(Err(error)) => return Err(self.fail(error)),
            first => first,
        };
        let payer = self.payer.take();
        let source = EventSource {
            first: Some(first),
            task: self,
            writer,
            has_ended: false,
        };
        let last_words = LastWords {
            dialect: context.dialect,
            request_id: context.request_id,
            is_list: false,
        };
        let events = stream_pieces(source, last_words);
        Ok(event_stream_response(events, payer.as_ref()))
    }

    async fn next_report(&mut self) -> Report<P, T> {
        loop {
            match self.messages.recv().await {
                Some(Message::Payer(payer)) => self.payer = Some(payer),
                Some(Message::Report(report)) => return report,
                // Shutdown cut the task off.
                None => return Report::Ended(Err(AskRefusal::Stopping.into())),
            }
        }
    }

    fn fail(self, error: Error) -> TaskFailure {
        TaskFailure {
            error,
            payer: self.payer,
        }
    }
}

impl<P, T, W> PieceSource for EventSource<P, T, W>
where
    P: Send + 'static,
    T: Send + 'static,
    W: EventWriter<P, T>,
{
    async fn next_piece(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.has_ended {
            return Ok(None);
        }
        let report = match (self.first.take(), W::KEEP_ALIVE_EVERY) {
            (Some(first), _) => first,
            (None, None) => self.task.next_report().await,
            (None, Some(every)) => match timeout(every, self.task.next_report()).await {
                Ok(report) => report,
                Err(_) => return Ok(Some(KEEP_ALIVE)),
            },
        };
        let event = match report {
            Report::Progress(progress) => self.writer.write_progress(progress),
            Report::Ended(result) => {
                self.has_ended = true;
                self.writer.write_result(result?)
            }
        };
        Ok(Some(event.into()))
    }
}

impl From<TaskFailure> for Problem {
    fn from(failure: TaskFailure) -> Self {
        Self {
            payer: failure.payer.map(Box::new),
            ..Self::from(failure.error)
        }
    }
}
