//! Stands between serenity and Discord's gateway, on this machine.
//!
//! serenity 0.12 never learns from some ways in which a connection ends, and
//! begins new sessions where it could go on with the old one (`docs/discord.md`
//! §8.3). So it connects to here, and every connection is passed on to
//! Discord as it is. What is added: connecting is tried until it works, so
//! that serenity resumes; a connection that is dead is given up; a code that
//! Discord closes with has the consequence that Discord names; new sessions
//! are spaced out; and who watches the process is told what is connected.

mod close_code;
mod frame;
mod logins;
mod passage;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::app::random_id;
use crate::bot::Bot;
use crate::model::lock;
use close_code::EndReason;
pub use frame::FORM_SENT;
use logins::{Logins, ask_allowance};

/// How long Discord, and then serenity, gets to answer a goodbye.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// How long it takes until what serenity has read last is being handled.
const HANDED_OVER: Duration = Duration::from_millis(50);
/// How many connections of a shard there may be at once: a new one begins
/// while an old one ends.
const PASSAGES_PER_SHARD: usize = 4;

/// The listener that serenity connects to.
pub struct GoBetween {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all connections share.
struct Shared {
    bot: Arc<Bot>,
    /// Discord's gateway, with the version that we speak.
    discord: Url,
    /// The path that serenity asks for; nobody else knows it.
    path: String,
    logins: Logins,
    /// The newest session of each shard.
    sessions: Mutex<BTreeMap<u32, String>>,
    /// The connection over which each shard was connected last, by number: one
    /// that ends later than the next one began says nothing of its shard.
    connected_by: Mutex<BTreeMap<u32, u64>>,
    passages: AtomicU64,
    /// Why Discord lets nobody in any more, once that is known.
    end: watch::Sender<Option<EndReason>>,
    /// Cancelled when it is time to say goodbye.
    closing: CancellationToken,
}

impl GoBetween {
    /// Opens the listener. Nothing is taken from it before
    /// [`GoBetween::pass_on`].
    pub async fn open(bot: Arc<Bot>, gateway: &str) -> anyhow::Result<Self> {
        let mut discord = Url::parse(gateway).context("Discord named no address of a gateway")?;
        discord
            .query_pairs_mut()
            .clear()
            .extend_pairs([("v", "10"), ("encoding", "json")]);
        let secret = random_id().context("the system gave no random bytes")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("could not listen on this machine, for the connection to Discord")?;
        let address = listener.local_addr()?;
        let shared = Shared {
            bot,
            discord,
            path: format!("/{secret}"),
            logins: Logins::default(),
            sessions: Mutex::default(),
            connected_by: Mutex::default(),
            passages: AtomicU64::new(0),
            end: watch::Sender::new(None),
            closing: CancellationToken::new(),
        };
        Ok(Self {
            listener,
            address,
            shared: Arc::new(shared),
        })
    }

    /// What serenity takes for the address of Discord's gateway.
    pub fn address(&self) -> String {
        format!("ws://{}{}", self.address, self.shared.path)
    }

    /// Waits until Discord lets the bot in no more: by what it closes
    /// connections with, or since it refuses the token of calls.
    pub async fn ended(&self) -> EndReason {
        let mut end = self.shared.end.subscribe();
        let closed = async {
            match end.wait_for(Option::is_some).await.map(|reason| *reason) {
                Ok(Some(reason)) => reason,
                _ => std::future::pending().await,
            }
        };
        let rest = &self.shared.bot.rest;
        let refused = async {
            loop {
                rest.wait_for_refused_token().await;
                if let Err(reason) = ask_allowance(rest).await {
                    return reason;
                }
            }
        };
        tokio::select! {
            reason = closed => reason,
            reason = refused => reason,
        }
    }

    /// Has the connections say goodbye, so that Discord shows the bot as
    /// offline at once. [`GoBetween::pass_on`] returns when they have.
    pub fn close(&self) {
        self.shared.closing.cancel();
    }

    /// Passes connections on until [`GoBetween::close`].
    pub async fn pass_on(&self) {
        let mut passages = JoinSet::new();
        let shards = self.shared.bot.shards;
        let shards = usize::try_from(shards.last - shards.first + 1).unwrap_or(1);
        let most = PASSAGES_PER_SHARD.saturating_mul(shards);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((socket, _)) if passages.len() < most => {
                        passages.spawn(passage::pass(Arc::clone(&self.shared), socket));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!("could not take serenity's connection: {error}");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = passages.join_next(), if !passages.is_empty() => {}
                () = self.shared.closing.cancelled() => break,
            }
        }
        let ending = async { while passages.join_next().await.is_some() {} };
        // Discord finds out by itself.
        let _ = timeout(CLOSE_WITHIN * 2, ending).await;
        tokio::time::sleep(HANDED_OVER).await;
    }
}

impl Shared {
    /// Notes that Discord lets nobody in any more.
    fn end(&self, reason: EndReason) {
        self.end.send_if_modified(|end| {
            let is_first = end.is_none();
            end.get_or_insert(reason);
            is_first
        });
    }

    /// Notes that a shard is connected, over the connection of this number.
    fn note_connected(&self, shard: u32, passage: u64) {
        lock(&self.connected_by).insert(shard, passage);
        self.bot.app.shards.note(shard, true);
    }

    /// Notes that the connection of this number is gone.
    fn note_gone(&self, shard: u32, passage: u64) {
        let connected_by = lock(&self.connected_by).get(&shard).copied();
        if connected_by == Some(passage) {
            self.bot.app.shards.note(shard, false);
        }
    }

    /// Notes the session that a shard began.
    fn note_session(&self, shard: u32, session: String) {
        lock(&self.sessions).insert(shard, session);
    }

    /// The shard that began a session.
    fn shard_of(&self, session: &str) -> Option<u32> {
        let sessions = lock(&self.sessions);
        let mut found = sessions.iter().filter(|(_, known)| *known == session);
        found.next().map(|(shard, _)| *shard)
    }
}
