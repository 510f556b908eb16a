//! Renews the connection of a shard after a form came over it.
//!
//! The WebSocket below serenity keeps what it has read: the last piece of up
//! to 4,096 bytes, and the longest message that no longer one has replaced.
//! What was typed into a form, such as a key, would stay there until Discord
//! sends as much again; its answers to heartbeats are 20 bytes. Both buffers
//! go with the connection, and what is freed is wiped. To resume a session
//! costs nothing, and Discord sends what came meanwhile again
//! (`docs/discord.md` §5.3).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serenity::all::{ConnectionStage, ShardId, ShardManager};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;

use crate::model::lock;

/// How long after a form its connection is renewed.
const AFTER_FORM: Duration = Duration::from_secs(5);
/// The shortest time between two renewals of one connection.
const BETWEEN: Duration = Duration::from_secs(20);
/// How many renewals may end in a new session, of which Discord allows 1,000
/// a day, before there are no more.
const LOST_MAX: u32 = 50;
/// The code that a connection is closed with that will be resumed. 1000 and
/// 1001 would end the session.
const RESUMING: u16 = 4_200;

/// The shards whose connections are renewed.
#[derive(Default)]
pub struct ShardRenewals {
    shards: Mutex<BTreeMap<ShardId, Renewal>>,
    form_came: Notify,
    /// How many renewals ended in a new session.
    lost: AtomicU32,
}

/// What is known of one shard's renewals.
#[derive(Default)]
struct Renewal {
    /// When the next one is due.
    due: Option<Instant>,
    /// When the last one was.
    last: Option<Instant>,
    /// Whether Discord has not said yet what became of the last one.
    is_open: bool,
}

impl ShardRenewals {
    /// Notes that a form came over a shard's connection.
    pub fn note_form(&self, shard: ShardId) {
        if self.lost.load(Ordering::Relaxed) >= LOST_MAX {
            return;
        }
        let mut shards = lock(&self.shards);
        let renewal = shards.entry(shard).or_default();
        if renewal.due.is_some() {
            return;
        }
        let soonest = Instant::now() + AFTER_FORM;
        let last = renewal.last.map(|last| last + BETWEEN);
        renewal.due = Some(last.map_or(soonest, |last| last.max(soonest)));
        self.form_came.notify_one();
    }

    /// Notes that Discord resumed a shard's session.
    pub fn note_resumed(&self, shard: ShardId) {
        if let Some(renewal) = lock(&self.shards).get_mut(&shard) {
            renewal.is_open = false;
        }
    }

    /// Notes that a shard began a new session. If that is what became of a
    /// renewal, a login was spent on it.
    pub fn note_new_session(&self, shard: ShardId) {
        let mut shards = lock(&self.shards);
        let Some(renewal) = shards.get_mut(&shard) else {
            return;
        };
        if std::mem::take(&mut renewal.is_open)
            && self.lost.fetch_add(1, Ordering::Relaxed) + 1 == LOST_MAX
        {
            tracing::warn!(
                "Discord does not resume sessions, so connections are no longer renewed after forms; what was typed into one stays in memory until Discord sends as much again"
            );
        }
    }

    /// Renews connections when they are due, for as long as it is polled.
    pub async fn renew_when_due(&self, manager: &ShardManager) -> Infallible {
        loop {
            let Some((shard, due)) = self.next_due() else {
                self.form_came.notified().await;
                continue;
            };
            tokio::select! {
                () = sleep_until(due) => self.renew(shard, manager).await,
                () = self.form_came.notified() => {}
            }
        }
    }

    fn next_due(&self) -> Option<(ShardId, Instant)> {
        let shards = lock(&self.shards);
        let due = shards
            .iter()
            .filter_map(|(shard, renewal)| Some((*shard, renewal.due?)));
        due.min_by_key(|(_, due)| *due)
    }

    /// Asks Discord to close a shard's connection, upon which serenity opens
    /// another and resumes the session. A shard that is not connected is
    /// about to do so anyway.
    ///
    /// The frame is sent as it is: after serenity's own way of closing, a
    /// Discord that hangs up without an answer would have it spin.
    async fn renew(&self, shard: ShardId, manager: &ShardManager) {
        let now = Instant::now();
        if let Some(renewal) = lock(&self.shards).get_mut(&shard) {
            *renewal = Renewal {
                due: None,
                last: Some(now),
                is_open: true,
            };
        }
        let runners = manager.runners.lock().await;
        let Some(runner) = runners.get(&shard) else {
            return;
        };
        if runner.stage != ConnectionStage::Connected {
            return;
        }
        let close = CloseFrame {
            code: RESUMING.into(),
            reason: Cow::Borrowed(""),
        };
        let frame = Message::Frame(Frame::close(Some(close)));
        runner.runner_tx.websocket_message(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn forms_of_a_while_share_a_renewal_and_none_waits_thirty_seconds() {
        let renewals = ShardRenewals::default();
        let (one, other) = (ShardId(0), ShardId(1));
        let due_in = |shard: ShardId| {
            let shards = lock(&renewals.shards);
            let due = shards.get(&shard).and_then(|it| it.due);
            due.map(|due| due.duration_since(Instant::now()).as_secs())
        };
        assert!(renewals.next_due().is_none());
        renewals.note_form(one);
        tokio::time::advance(Duration::from_secs(2)).await;
        renewals.note_form(one);
        renewals.note_form(other);
        assert_eq!((due_in(one), due_in(other)), (Some(3), Some(5)));
        assert_eq!(renewals.next_due().map(|(shard, _)| shard), Some(one));
        // Right after a renewal, the next form waits longer.
        lock(&renewals.shards).get_mut(&one).unwrap().due = None;
        lock(&renewals.shards).get_mut(&one).unwrap().last = Some(Instant::now());
        renewals.note_form(one);
        assert_eq!(due_in(one), Some(20));
    }

    /// Each new session is one of the 1,000 logins that Discord allows a day.
    #[tokio::test]
    async fn nothing_is_renewed_where_discord_resumes_nothing() {
        let renewals = ShardRenewals::default();
        let shard = ShardId(0);
        let renewed = |is_open| Renewal {
            is_open,
            ..Renewal::default()
        };
        for _ in 0..LOST_MAX + 5 {
            lock(&renewals.shards).insert(shard, renewed(true));
            renewals.note_resumed(shard);
            renewals.note_new_session(shard);
        }
        renewals.note_form(shard);
        assert!(renewals.next_due().is_some(), "they were resumed");
        for _ in 0..LOST_MAX {
            lock(&renewals.shards).insert(shard, renewed(true));
            renewals.note_new_session(shard);
        }
        lock(&renewals.shards).clear();
        renewals.note_form(shard);
        assert!(renewals.next_due().is_none());
    }
}
