//! One connection of serenity's, and the one to Discord that it is passed
//! on to.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use metrics::counter;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_async_with_config, connect_async_with_config,
};

use super::close_code::{Consequence, consequence};
use super::frame::{
    FromBot, FromDiscord, named_as_form, read_from_bot, read_from_discord, without_compression,
};
use super::logins::ask_allowance;
use super::{CLOSE_WITHIN, Shared};

/// How long one try to reach Discord may take, up to its first words.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The first wait before Discord is tried again; it doubles.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// The longest wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);
/// How long serenity may take for its part of a handshake.
const SERENITY_WITHIN: Duration = Duration::from_secs(5);
/// How long a frame may take to be sent.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How long Discord may take to begin or resume a session.
const SESSION_WITHIN: Duration = Duration::from_mins(1);
/// The largest message; Discord's largest are those about large servers.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// How much is read at once.
const READ_BYTES: usize = 16 << 10;
/// How often it is looked at a request that is not there yet.
const PEEK_EVERY: Duration = Duration::from_millis(5);

/// Ends a session, so that Discord shows the bot as offline.
const GOODBYE: u16 = 1_000;
/// Leaves a session to be resumed.
const RESUMING: u16 = 4_200;
/// What serenity resumes after, if it has a session.
const SERENITY_RESUMES: u16 = 4_000;
/// What serenity begins a new session after.
const SERENITY_BEGINS_ANEW: u16 = 4_009;

type ToDiscord = WebSocketStream<MaybeTlsStream<TcpStream>>;
type ToSerenity = WebSocketStream<TcpStream>;

/// How a connection ends.
enum Ending {
    /// Discord closed it with this code.
    Closed(Option<u16>),
    /// It broke off, or is dead.
    Lost,
    /// serenity left, with this code.
    Left(Option<u16>),
    /// Discord lets nobody in any more, or the process stops.
    Over,
}

/// What is known of a connection.
struct Passage {
    shared: Arc<Shared>,
    number: u64,
    shard: Option<u32>,
    is_connected: bool,
    heartbeat_interval: Duration,
    /// Until when Discord must have answered a heartbeat, and a session must
    /// have begun or been resumed.
    heartbeat_by: Option<Instant>,
    session_by: Option<Instant>,
}

/// Passes a connection of serenity's on until it ends.
pub async fn pass(shared: Arc<Shared>, socket: TcpStream) {
    // Nobody else on this machine reaches Discord this way.
    if !matches!(
        timeout(SERENITY_WITHIN, asks_for(&socket, &shared.path)).await,
        Ok(true)
    ) {
        return;
    }
    let _ = socket.set_nodelay(true);
    // serenity waits for its handshake until Discord is there.
    let Some((mut discord, hello)) = shared.reach_discord().await else {
        return;
    };
    let accepted = accept_async_with_config(socket, Some(limits()));
    let Ok(Ok(mut serenity)) = timeout(SERENITY_WITHIN, accepted).await else {
        return;
    };
    let mut passage = Passage {
        number: shared.passages.fetch_add(1, Ordering::Relaxed),
        shared,
        shard: None,
        is_connected: false,
        heartbeat_interval: hello.interval,
        heartbeat_by: None,
        session_by: None,
    };
    let ending = match send(&mut serenity, Message::Text(hello.text)).await {
        Ok(()) => passage.run(&mut discord, &mut serenity).await,
        Err(()) => Ending::Left(None),
    };
    passage.end(ending, discord, serenity).await;
}

/// Whether a request on this socket is for a path. Nothing is taken from it.
async fn asks_for(socket: &TcpStream, path: &str) -> bool {
    let wanted = format!("GET {path}");
    let mut seen = vec![0; wanted.len()];
    loop {
        match socket.peek(&mut seen).await {
            Ok(length) if length == wanted.len() => return seen == wanted.as_bytes(),
            Ok(0) | Err(_) => return false,
            Ok(_) => sleep(PEEK_EVERY).await,
        }
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX))
}

/// Discord's first words on a connection.
struct Hello {
    text: tungstenite::Utf8Bytes,
    interval: Duration,
}

impl Shared {
    /// Connects to Discord, as often as it takes; none if the process stops,
    /// or Discord lets nobody in.
    async fn reach_discord(&self) -> Option<(ToDiscord, Hello)> {
        let reaching = async {
            let mut wait = RETRY_AFTER;
            loop {
                let tried = timeout(CONNECT_WITHIN, self.try_discord()).await;
                let why = match tried {
                    Ok(Ok(reached)) => return Some(reached),
                    Ok(Err(Consequence::End(reason))) => {
                        self.end(reason);
                        return None;
                    }
                    Ok(Err(_)) => "it refuses connections",
                    Err(_) => "it does not answer",
                };
                if wait == RETRY_AFTER {
                    tracing::warn!("could not reach Discord's gateway, trying again: {why}");
                }
                sleep(wait).await;
                wait = (wait * 2).min(RETRY_AFTER_MAX);
            }
        };
        self.closing.run_until_cancelled(reaching).await.flatten()
    }

    /// Connects once, and waits for the first words.
    async fn try_discord(&self) -> Result<(ToDiscord, Hello), Consequence> {
        let connected = connect_async_with_config(self.discord.as_str(), Some(limits()), true);
        let (mut discord, _) = connected.await.map_err(|_| Consequence::Resume)?;
        match discord.next().await {
            Some(Ok(Message::Text(text))) => match read_from_discord(&text) {
                Some(FromDiscord::Hello { interval_ms }) => {
                    let interval = Duration::from_millis(interval_ms);
                    Ok((discord, Hello { text, interval }))
                }
                _ => Err(Consequence::Resume),
            },
            Some(Ok(Message::Close(frame))) => Err(consequence(code_of(frame.as_ref()))),
            _ => Err(Consequence::Resume),
        }
    }
}

impl Passage {
    /// Passes frames on until the connection ends.
    async fn run(&mut self, discord: &mut ToDiscord, serenity: &mut ToSerenity) -> Ending {
        loop {
            let dead_at = self.heartbeat_by.into_iter().chain(self.session_by).min();
            let dead = async {
                match dead_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let passed = tokio::select! {
                heard = discord.next() => self.pass_to_serenity(heard, serenity).await,
                said = serenity.next() => self.pass_to_discord(said, discord, serenity).await,
                () = dead => Err(Ending::Lost),
                () = self.shared.closing.cancelled() => Err(Ending::Over),
            };
            if let Err(ending) = passed {
                return ending;
            }
        }
    }

    /// Passes on what Discord says.
    async fn pass_to_serenity(
        &mut self,
        heard: Option<Result<Message, tungstenite::Error>>,
        serenity: &mut ToSerenity,
    ) -> Result<(), Ending> {
        let mut text = match heard {
            Some(Ok(Message::Text(text))) => text,
            // We asked for nothing compressed, so nothing comes as bytes.
            Some(Ok(Message::Binary(_))) => {
                count_unread();
                return Ok(());
            }
            Some(Ok(Message::Close(frame))) => {
                return Err(Ending::Closed(code_of(frame.as_ref())));
            }
            Some(Ok(_)) => return Ok(()),
            // A text that is no UTF-8, or a frame that is none, ends it.
            Some(Err(_)) | None => return Err(Ending::Lost),
        };
        match read_from_discord(&text) {
            Some(FromDiscord::HeartbeatAnswered) => self.heartbeat_by = None,
            Some(FromDiscord::Ready { session }) => {
                if let Some(shard) = self.shard {
                    self.shared.note_session(shard, session);
                }
                self.note_connected();
            }
            Some(FromDiscord::Resumed) => self.note_connected(),
            Some(FromDiscord::Leaves) => self.note_gone(),
            Some(FromDiscord::Form) => text = named_as_form(&text).map_or(text, Into::into),
            Some(FromDiscord::Other) => {}
            // serenity was told hello when the connection began.
            Some(FromDiscord::Hello { .. }) => return Ok(()),
            None => {
                count_unread();
                return Ok(());
            }
        }
        let sent = send(serenity, Message::Text(text)).await;
        sent.map_err(|()| Ending::Left(None))
    }

    /// Passes on what serenity says.
    async fn pass_to_discord(
        &mut self,
        said: Option<Result<Message, tungstenite::Error>>,
        discord: &mut ToDiscord,
        serenity: &mut ToSerenity,
    ) -> Result<(), Ending> {
        let mut text = match said {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => return Err(Ending::Left(code_of(frame.as_ref()))),
            Some(Ok(_)) => return Ok(()),
            Some(Err(_)) | None => return Err(Ending::Left(None)),
        };
        match read_from_bot(&text) {
            FromBot::Heartbeat => {
                self.heartbeat_by = Some(Instant::now() + self.heartbeat_interval / 2);
            }
            FromBot::Identify { shard } => {
                self.shard = Some(shard);
                self.wait_for_login(shard, discord, serenity).await?;
                self.session_by = Some(Instant::now() + SESSION_WITHIN);
                text = without_compression(&text).into();
            }
            FromBot::Resume { session } => {
                self.shard = self.shared.shard_of(&session);
                self.session_by = Some(Instant::now() + SESSION_WITHIN);
            }
            FromBot::Other => {}
        }
        let sent = send(discord, Message::Text(text)).await;
        sent.map_err(|()| Ending::Lost)
    }

    /// Waits until a shard may begin a new session. Meanwhile there is no
    /// connection to Discord, and serenity's heartbeats are answered here.
    async fn wait_for_login(
        &mut self,
        shard: u32,
        discord: &mut ToDiscord,
        serenity: &mut ToSerenity,
    ) -> Result<(), Ending> {
        let mut wait = self.shared.logins.pause(shard);
        if !wait.is_zero() {
            tracing::warn!(
                shard,
                wait_s = wait.as_secs(),
                "sessions at Discord do not last, so the next one begins later"
            );
        }
        loop {
            if wait.is_zero() {
                wait = ask_allowance(&self.shared.bot.rest)
                    .await
                    .map_err(|reason| {
                        self.shared.end(reason);
                        Ending::Over
                    })?;
            }
            if wait.is_zero() {
                break;
            }
            let goodbye = discord.close(Some(close_frame(RESUMING)));
            let _ = timeout(CLOSE_WITHIN, goodbye).await;
            self.keep_serenity(Instant::now() + wait, serenity).await?;
            let reached = self.shared.reach_discord().await;
            let (again, hello) = reached.ok_or(Ending::Over)?;
            *discord = again;
            self.heartbeat_interval = hello.interval;
            self.heartbeat_by = None;
            wait = Duration::ZERO;
        }
        self.shared.logins.note(shard);
        Ok(())
    }

    /// Answers serenity's heartbeats until `until`.
    async fn keep_serenity(&self, until: Instant, serenity: &mut ToSerenity) -> Result<(), Ending> {
        loop {
            let said = tokio::select! {
                () = sleep_until(until) => return Ok(()),
                () = self.shared.closing.cancelled() => return Err(Ending::Over),
                said = serenity.next() => said,
            };
            match said {
                Some(Ok(Message::Text(text))) if read_from_bot(&text) == FromBot::Heartbeat => {
                    let answer = Message::text(r#"{"op":11}"#);
                    let sent = send(serenity, answer).await;
                    sent.map_err(|()| Ending::Left(None))?;
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(Ending::Left(code_of(frame.as_ref())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Ending::Left(None)),
            }
        }
    }

    fn note_connected(&mut self) {
        self.session_by = None;
        self.is_connected = true;
        if let Some(shard) = self.shard {
            self.shared.note_connected(shard, self.number);
        }
    }

    fn note_gone(&mut self) {
        if std::mem::take(&mut self.is_connected)
            && let Some(shard) = self.shard
        {
            self.shared.note_gone(shard, self.number);
        }
    }

    /// Ends both connections, each as the other one ended.
    async fn end(mut self, ending: Ending, mut discord: ToDiscord, mut serenity: ToSerenity) {
        self.note_gone();
        let follows = match ending {
            Ending::Closed(code) => {
                tracing::info!(shard = self.shard, code, "Discord closed a connection");
                consequence(code)
            }
            Ending::Lost => {
                let _ = timeout(CLOSE_WITHIN, discord.close(Some(close_frame(RESUMING)))).await;
                tracing::info!(shard = self.shard, "a connection to Discord was lost");
                Consequence::Resume
            }
            Ending::Left(code) => {
                return say_goodbye(&mut discord, code.unwrap_or(RESUMING)).await;
            }
            Ending::Over => return self.wait_for_the_end(discord, serenity).await,
        };
        let code = match follows {
            Consequence::Resume => SERENITY_RESUMES,
            Consequence::BeginAnew => SERENITY_BEGINS_ANEW,
            Consequence::End(reason) => {
                self.shared.end(reason);
                return self.wait_for_the_end(discord, serenity).await;
            }
        };
        drop(discord);
        say_goodbye(&mut serenity, code).await;
    }

    /// Waits until the process stops, so that serenity does not connect
    /// again, and then says goodbye to Discord. What Discord said before it
    /// heard of that is passed on.
    async fn wait_for_the_end(&mut self, mut discord: ToDiscord, mut serenity: ToSerenity) {
        self.shared.closing.cancelled().await;
        let closing = async {
            discord.close(Some(close_frame(GOODBYE))).await.ok()?;
            loop {
                let heard = discord.next().await;
                self.pass_to_serenity(heard, &mut serenity).await.ok()?;
            }
        };
        let _: Result<Option<()>, _> = timeout(CLOSE_WITHIN, closing).await;
        self.note_gone();
        say_goodbye(&mut serenity, SERENITY_RESUMES).await;
    }
}

/// Closes a connection, and waits until the other end has heard of it.
async fn say_goodbye<S>(socket: &mut WebSocketStream<S>, code: u16)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let closing = async {
        socket.close(Some(close_frame(code))).await.ok()?;
        while let Some(Ok(_)) = socket.next().await {}
        Some(())
    };
    let _ = timeout(CLOSE_WITHIN, closing).await;
}

async fn send<S>(socket: &mut WebSocketStream<S>, message: Message) -> Result<(), ()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    match timeout(SEND_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

fn close_frame(code: u16) -> CloseFrame {
    CloseFrame {
        code: CloseCode::from(code),
        reason: "".into(),
    }
}

/// The code of a close frame. A frame without one is told as 1005, which is
/// never sent.
fn code_of(frame: Option<&CloseFrame>) -> Option<u16> {
    frame.map(|frame| u16::from(frame.code))
}

/// Counts a frame that says nothing that can be read. What stands in it is
/// shown nowhere.
fn count_unread() {
    counter!("latchkey_discord_unread_total", "what" => "frame", "then" => "dropped").increment(1);
    tracing::warn!("a frame of Discord's could not be read and was dropped");
}
