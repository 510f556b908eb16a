//! Stops the work on what was deleted: when the question is gone, or the
//! answer while it grows, nobody reads what somebody pays for. The same holds
//! where the channel is deleted, or the bot is removed from the server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::model::{BoundedMap, ServerId, lock};

/// How soon after a message a program that speaks for people, such as
/// `PluralKit`, deletes it and posts it again by a webhook.
/// <https://github.com/PluralKit/PluralKit>
const PROXIED_WITHIN: Duration = Duration::from_secs(5);
/// How long such a copy is waited for once the message is gone.
const COPY_WITHIN: Duration = Duration::from_secs(1);
/// How many copies are remembered.
const COPIES_MAX: usize = 1_000;

/// The messages that work in this process depends on.
#[derive(Clone)]
pub struct Deletions(Arc<Mutex<Watches>>);

struct Watches {
    next: u64,
    all: HashMap<u64, Watch>,
    /// The message that stands in the place of a question now.
    copies: BoundedMap<u64, u64>,
}

/// What one piece of work depends on.
struct Watch {
    channel: u64,
    /// The server that the channel is in, once that is known.
    server: Option<ServerId>,
    question: Option<u64>,
    /// The text of the question, where a copy of it may come.
    text: String,
    /// The messages that the answer fills.
    answer: Vec<u64>,
    began: Instant,
    gone: CancellationToken,
}

/// One piece of work that is watched until this is dropped.
pub struct WatchedWork {
    id: u64,
    question: Option<u64>,
    gone: CancellationToken,
    all: Deletions,
}

impl Default for Deletions {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Watches {
            next: 0,
            all: HashMap::new(),
            copies: BoundedMap::new(COPIES_MAX),
        })))
    }
}

impl Deletions {
    /// Watches work in a channel, which answers a message if it is a question.
    pub fn watch(&self, channel: u64, question: Option<u64>) -> WatchedWork {
        self.watch_text(channel, question, "")
    }

    /// Watches work on a question with this text, of which a copy may come.
    pub fn watch_text(&self, channel: u64, question: Option<u64>, text: &str) -> WatchedWork {
        let gone = CancellationToken::new();
        let mut watches = lock(&self.0);
        watches.next += 1;
        let id = watches.next;
        let watch = Watch {
            channel,
            server: None,
            question,
            text: text.to_owned(),
            answer: Vec::new(),
            began: Instant::now(),
            gone: gone.clone(),
        };
        watches.all.insert(id, watch);
        WatchedWork {
            id,
            question,
            gone,
            all: self.clone(),
        }
    }

    /// Stops the work that depends on messages which were deleted. A question
    /// that has just been asked may come again under another name.
    pub async fn stop_for_messages(&self, deleted: &[u64]) {
        let must_wait = self.stop_matching(|watch| {
            let of_answer = watch.answer.iter().any(|id| deleted.contains(id));
            let of_question = watch.question.is_some_and(|id| deleted.contains(&id));
            let may_come_again = watch.began.elapsed() < PROXIED_WITHIN;
            (of_answer || (of_question && !may_come_again), of_question)
        });
        if !must_wait {
            return;
        }
        sleep(COPY_WITHIN).await;
        let is_copied = |id: u64| lock(&self.0).copies.get(&id).is_some();
        let uncopied: Vec<u64> = deleted
            .iter()
            .copied()
            .filter(|id| !is_copied(*id))
            .collect();
        self.stop_matching(|watch| {
            let of_question = watch.question.is_some_and(|id| uncopied.contains(&id));
            (of_question, false)
        });
    }

    /// Stops the work in a channel or thread that was deleted.
    pub fn stop_for_channel(&self, channel: u64) {
        self.stop_matching(|watch| (watch.channel == channel, false));
    }

    /// Stops the work in a server that removed the bot.
    pub fn stop_for_server(&self, server: ServerId) {
        self.stop_matching(|watch| (watch.server == Some(server), false));
    }

    /// Stops the work for which `judge` says so; whether it said of other work
    /// that it must wait.
    fn stop_matching(&self, judge: impl Fn(&Watch) -> (bool, bool)) -> bool {
        let mut must_wait = false;
        for watch in lock(&self.0).all.values() {
            let (stops, waits) = judge(watch);
            if stops {
                watch.gone.cancel();
            }
            must_wait |= waits && !stops;
        }
        must_wait
    }

    /// Notes that a message came by a webhook, which may be the copy of a
    /// question: the same words, perhaps without what told the program whose
    /// name to use.
    pub fn note_copy(&self, channel: u64, copy: u64, text: &str) {
        let text = text.trim();
        let mut watches = lock(&self.0);
        let is_original = |watch: &&Watch| {
            watch.channel == channel && !text.is_empty() && watch.text.contains(text)
        };
        let original = watches.all.values().find(is_original);
        if let Some(question) = original.and_then(|watch| watch.question) {
            watches.copies.put(question, copy);
        }
    }
}

impl WatchedWork {
    /// Fires when the work is for nobody any more.
    pub fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    /// Says in which server the work is done.
    pub fn set_server(&self, server: Option<ServerId>) {
        if let Some(watch) = lock(&self.all.0).all.get_mut(&self.id) {
            watch.server = server;
        }
    }

    /// Adds a message that the answer fills.
    pub fn add_message(&self, message: u64) {
        if let Some(watch) = lock(&self.all.0).all.get_mut(&self.id) {
            watch.answer.push(message);
        }
    }

    /// Leaves out a message that the bot itself takes away.
    pub fn remove_message(&self, message: u64) {
        if let Some(watch) = lock(&self.all.0).all.get_mut(&self.id) {
            watch.answer.retain(|id| *id != message);
        }
    }

    /// The copy that stands in the place of the question, if one came.
    pub fn copy_of_question(&self) -> Option<u64> {
        let question = self.question?;
        lock(&self.all.0).copies.get(&question).copied()
    }
}

impl Drop for WatchedWork {
    fn drop(&mut self) {
        lock(&self.all.0).all.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_stops_when_what_it_depends_on_is_deleted() {
        let all = Deletions::default();
        let (work, other) = (all.watch(1, Some(10)), all.watch(1, Some(11)));
        work.add_message(20);
        all.stop_for_messages(&[20, 99]).await;
        assert!(work.gone().is_cancelled() && !other.gone().is_cancelled());
        all.stop_for_messages(&[11]).await;
        assert!(other.gone().is_cancelled());
        let (here, there) = (all.watch(1, None), all.watch(2, None));
        all.stop_for_channel(1);
        assert!(here.gone().is_cancelled() && !there.gone().is_cancelled());
        let (mine, another) = (all.watch(3, None), all.watch(4, None));
        mine.set_server(Some(ServerId(1)));
        another.set_server(Some(ServerId(2)));
        all.stop_for_server(ServerId(1));
        assert!(mine.gone().is_cancelled() && !another.gone().is_cancelled());
        assert!(!there.gone().is_cancelled());
        drop((work, other, here, there, mine, another));
        assert!(lock(&all.0).all.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_comes_again_under_another_name_goes_on() {
        for copy_first in [true, false] {
            let all = Deletions::default();
            let work = all.watch_text(1, Some(10), "e:hello there");
            let copied = async {
                if !copy_first {
                    sleep(COPY_WITHIN / 2).await;
                }
                all.note_copy(2, 31, "hello there");
                all.note_copy(1, 32, "other words");
                all.note_copy(1, 30, "hello there");
            };
            if copy_first {
                copied.await;
                all.stop_for_messages(&[10]).await;
            } else {
                tokio::join!(all.stop_for_messages(&[10]), copied);
            }
            assert!(!work.gone().is_cancelled());
            assert_eq!(work.copy_of_question(), Some(30));
        }
        // Much later it was deleted, and not posted again.
        let all = Deletions::default();
        let work = all.watch(1, Some(10));
        tokio::time::advance(PROXIED_WITHIN).await;
        let began = Instant::now();
        all.stop_for_messages(&[10]).await;
        assert!(work.gone().is_cancelled() && began.elapsed() < COPY_WITHIN);
    }
}
