//! Everything that the bot says to Discord goes through here, in
//! production and in tests alike.
//!
//! serenity's own client is used for nothing but completion: its limiter
//! has one bucket for all interactions, and its errors drop the headers
//! that say how long to wait. Errors here hold no URL, since tokens of
//! interactions stand in them.

use std::time::{Duration, Instant};

use anyhow::Context;
use metrics::counter;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Notify;

use crate::app::Tasks;
use crate::bot::connection::calls::limiter::{Limiter, Report, Route};
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::promises::Promises;
use crate::bot::connection::wire::card::File;

/// How long nothing at all is sent after a ban that does not say how long it
/// lasts.
const BAN_LASTS: Duration = Duration::from_mins(1);
const OUR_NAME: &str = concat!("DiscordBot (latchkey, ", env!("CARGO_PKG_VERSION"), ")");

/// A request to Discord.
pub struct Call<'a> {
    pub method: Method,
    pub route: Route<'a>,
    /// Below the API's address.
    pub path: String,
    pub body: Option<Value>,
    /// Sent beside the body.
    pub files: &'a [File],
    pub patience: Patience,
    /// Sending it twice comes to the same as sending it once.
    pub is_repeatable: bool,
}

/// What Discord answered when it did not do as asked.
#[derive(Debug, thiserror::Error)]
#[error("Discord answered {status} (code {code}) to {route}")]
pub struct DiscordError {
    pub status: u16,
    pub code: u64,
    pub route: &'static str,
}

/// The status with which Discord refused a request, if that is what went
/// wrong.
pub fn status_of(error: &anyhow::Error) -> Option<u16> {
    let error = error.downcast_ref::<DiscordError>();
    error.map(|error| error.status)
}

/// The code with which Discord refused a request, if that is what went wrong.
pub fn code_of(error: &anyhow::Error) -> Option<u64> {
    let error = error.downcast_ref::<DiscordError>();
    error.map(|error| error.code)
}

/// Discord's code for a message with a link that it blocks everywhere.
pub const HARMFUL_LINK: u64 = 240_000;

/// Discord's codes for what a server's automatic moderation blocks: a message,
/// and the title of a post.
pub const AUTO_MODERATION: [u64; 2] = [200_000, 200_001];

/// Discord's code for what is too explicit for whoever would see it.
pub const EXPLICIT: u64 = 20_009;

/// Discord's code for a message that is gone. Somebody took it away, so that
/// it is not put there again.
pub const MESSAGE_GONE: u64 = 10_008;

/// Discord's code for too many edits of messages that are older than an hour.
/// Nothing tells when it takes one again: `docs/discord.md` §4.1.
pub const EDITED_TOO_OFTEN: u64 = 30_046;

/// A number that Discord writes as text: an id, or permissions.
pub fn number(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

/// Whether it is what a message says that Discord does not take:
/// `docs/discord.md` §3.1. Other words would be taken there.
pub fn refuses_content(error: &anyhow::Error) -> bool {
    code_of(error).is_some_and(|code| {
        matches!(code, EXPLICIT | INVALID_FORM | HARMFUL_LINK) || AUTO_MODERATION.contains(&code)
    })
}

/// Why Discord takes no message with a certain file, which it would take
/// without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRefusal {
    /// The file, or the message with it, is too large.
    TooLarge,
    /// Its filter takes the file for too explicit for who would see it.
    Explicit,
    /// Something else, with Discord's code for it.
    Other(u64),
}

/// Whether it is a file that Discord does not take: `docs/discord.md` §3.1.
pub fn refusal_of_files(error: &anyhow::Error) -> Option<FileRefusal> {
    match (status_of(error)?, code_of(error)?) {
        (_, EXPLICIT) => Some(FileRefusal::Explicit),
        (413, _) | (_, 40_005 | 50_045) => Some(FileRefusal::TooLarge),
        _ => None,
    }
}

/// Whether a channel takes no message of ours: it is gone, the bot may not
/// write there, or it takes none at all.
pub fn refuses_place(error: &anyhow::Error) -> bool {
    let is_no_place = matches!(code_of(error), Some(50_083 | 40_058 | 50_008 | 50_024));
    is_gone(error) || is_no_place
}

/// Whether it is the words of a message with files that Discord does not take,
/// and not one of its files.
pub fn refuses_words(error: &anyhow::Error) -> bool {
    refuses_content(error) && refusal_of_files(error).is_none()
}

/// Whether a channel is gone, or the bot may not see it: it can't even change
/// what it wrote there.
pub fn hides_place(error: &anyhow::Error) -> bool {
    matches!(code_of(error), Some(10_003 | 50_001))
}

/// Whether a message takes no edit, where its place may take a new message.
pub fn refuses_edit(error: &anyhow::Error) -> bool {
    let is_final = matches!(
        code_of(error),
        Some(MESSAGE_GONE | EDITED_TOO_OFTEN | 50_083)
    );
    is_final || matches!(status_of(error), Some(403 | 500..=599))
}

/// Discord's code for an interaction that has been answered already.
pub const ALREADY_ACKNOWLEDGED: u64 = 40_060;

/// Discord's code for what does not have the form that it takes.
pub const INVALID_FORM: u64 = 50_035;

/// Whether something is not there, or not for the bot to see.
pub fn is_gone(error: &anyhow::Error) -> bool {
    matches!(status_of(error), Some(403 | 404))
}

/// Discord's REST API.
pub struct Rest {
    client: Client,
    base: String,
    authorization: HeaderValue,
    limiter: Limiter,
    /// The process's tasks, which tell when it is time to give up.
    tasks: Option<Tasks>,
    /// What interactions were promised while they are handled.
    pub promises: Promises,
    /// Told when Discord refused a call for its token.
    token_refused: Notify,
}

impl Rest {
    /// Speaks to the API at `base` with the bot's token, over a client that
    /// follows no redirect and knows no proxy.
    pub fn new(base: &str, token: &SecretString, client: Client) -> anyhow::Result<Self> {
        let bearer = format!("Bot {}", token.expose_secret());
        let mut authorization = HeaderValue::from_str(&bearer)
            .map_err(|_| anyhow::anyhow!("`DISCORD_TOKEN` holds characters that no token has"))?;
        authorization.set_sensitive(true);
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            base,
            authorization,
            limiter: Limiter::default(),
            tasks: None,
            promises: Promises::default(),
            token_refused: Notify::new(),
        })
    }

    /// Gives up when the process does.
    pub fn end_with(mut self, tasks: Tasks) -> Self {
        self.tasks = Some(tasks);
        self
    }

    /// The client underneath, which serenity uses too.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Waits until Discord refuses a call for its token, which may be by
    /// mistake.
    pub async fn wait_for_refused_token(&self) {
        self.token_refused.notified().await;
    }

    /// Whether this address is banned from Discord, so that nothing can be
    /// said.
    pub fn is_banned(&self) -> bool {
        self.limiter.is_closed(Instant::now())
    }

    /// Sends a request, in its turn, and again when Discord says so or has
    /// trouble, for as long as the call has patience.
    pub async fn send(&self, call: Call<'_>) -> anyhow::Result<Value> {
        let mut attempts = 0;
        loop {
            self.wait_turn(&call).await?;
            attempts += 1;
            let wait = match self.send_once(&call).await {
                Ok(Reply { status, body, .. }) if status.is_success() => return Ok(body),
                Ok(reply) if reply.is_a_pause() => {
                    self.pause(&call, &reply);
                    let is_last = attempts >= call.patience.attempts;
                    if is_last {
                        return Err(refused(&call, &reply));
                    }
                    continue;
                }
                // An earlier attempt was heard, and its response was lost.
                Ok(reply) if attempts > 1 && reply.code() == ALREADY_ACKNOWLEDGED => {
                    return Ok(Value::Null);
                }
                Ok(reply) => {
                    if reply.status == StatusCode::UNAUTHORIZED && !call.route.of_interaction {
                        self.token_refused.notify_one();
                    }
                    let wait = call.patience.backoff(attempts, Instant::now());
                    let is_worth_it = call.is_repeatable && reply.status.is_server_error();
                    match wait.filter(|_| is_worth_it) {
                        Some(wait) => wait,
                        None => return Err(refused(&call, &reply)),
                    }
                }
                Err(error) => {
                    self.limiter.note_silence(call.route);
                    let wait = call.patience.backoff(attempts, Instant::now());
                    // Without a connection, nothing was heard.
                    let is_safe = call.is_repeatable || error.is_connect();
                    match wait.filter(|_| is_safe) {
                        Some(wait) => wait,
                        None => return Err(error.without_url()).context(call.route.name),
                    }
                }
            };
            self.sleep(&call, wait).await?;
        }
    }

    /// Sleeps, unless the process ends meanwhile.
    async fn sleep(&self, call: &Call<'_>, wait: Duration) -> anyhow::Result<()> {
        let cut_off = async {
            match &self.tasks {
                Some(tasks) => tasks.cut_off().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = cut_off => anyhow::bail!("the process ends: {}", call.route.name),
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> reqwest::Result<Reply> {
        let url = format!("{}{}", self.base, call.path);
        let mut request = self.client.request(call.method.clone(), url);
        request = request
            .timeout(call.patience.request_timeout)
            .header(USER_AGENT, OUR_NAME);
        if !call.route.of_interaction {
            request = request.header(AUTHORIZATION, self.authorization.clone());
        }
        match &call.body {
            Some(body) if call.files.is_empty() => request = request.json(body),
            Some(body) => request = request.multipart(form(body, call.files)?),
            None => {}
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let told = status.as_str().to_owned();
        counter!("latchkey_discord_calls_total", "route" => call.route.name, "status" => told)
            .increment(1);
        self.limiter
            .learn(call.route, report(&headers), Instant::now());
        // A response that breaks off is as good as none.
        let body = response.bytes().await?;
        let body = serde_json::from_slice(&body).ok();
        Ok(Reply {
            status,
            headers,
            is_discords: body.is_some(),
            body: body.unwrap_or_default(),
        })
    }

    async fn wait_turn(&self, call: &Call<'_>) -> anyhow::Result<()> {
        while let Err(wait) = self.limiter.take(call.route, Instant::now()) {
            anyhow::ensure!(
                Instant::now() + wait < call.patience.give_up_at,
                "rate limited for too long: {}",
                call.route.name
            );
            self.sleep(call, wait).await?;
        }
        Ok(())
    }

    /// Closes what a 429 says is closed: a bucket, everything that counts
    /// towards the global limit, or, after a ban, everything.
    fn pause(&self, call: &Call<'_>, reply: &Reply) {
        let header = reply.headers.get("retry-after");
        let header = header.and_then(|value| value.to_str().ok()?.parse().ok());
        let seconds = reply.body["retry_after"].as_f64().or(header);
        let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if reply.is_ban() {
            let wait = wait.unwrap_or(BAN_LASTS);
            counter!("latchkey_discord_bans_total").increment(1);
            tracing::error!(
                wait_s = wait.as_secs(),
                "this address is banned from Discord for too many refused calls; nothing is sent meanwhile"
            );
            self.limiter.pause_everything(wait, Instant::now());
            return;
        }
        let wait = wait.unwrap_or(Duration::from_secs(1));
        let global = reply.headers.contains_key("x-ratelimit-global");
        tracing::warn!(
            wait_ms = wait.as_millis(),
            global,
            "Discord limits {}",
            call.route.name
        );
        self.limiter.pause(call.route, wait, global, Instant::now());
    }
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    /// The body is JSON, and thus Discord's own.
    is_discords: bool,
    body: Value,
}

impl Reply {
    fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or(0)
    }

    /// Whether the same call is taken later.
    fn is_a_pause(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS && self.code() != EDITED_TOO_OFTEN
    }

    /// A 429 of Cloudflare's, in front of Discord: a page, and no word of
    /// buckets.
    fn is_ban(&self) -> bool {
        let tells_of_buckets = self
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("x-ratelimit-"));
        !self.is_discords && !tells_of_buckets
    }
}

fn refused(call: &Call<'_>, reply: &Reply) -> anyhow::Error {
    DiscordError {
        status: reply.status.as_u16(),
        code: reply.code(),
        route: call.route.name,
    }
    .into()
}

/// A body with files, as Discord wants it: the JSON in a part of its own.
fn form(body: &Value, files: &[File]) -> reqwest::Result<Form> {
    let json = Part::text(body.to_string()).mime_str("application/json")?;
    let mut form = Form::new().part("payload_json", json);
    for (number, file) in files.iter().enumerate() {
        let part = Part::bytes(file.bytes.clone())
            .file_name(file.name.clone())
            .mime_str(file.kind)?;
        form = form.part(format!("files[{number}]"), part);
    }
    Ok(form)
}

fn report(headers: &HeaderMap) -> Report {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds = text("x-ratelimit-reset-after").and_then(|text| text.parse().ok());
    Report {
        limit: text("x-ratelimit-limit").and_then(|text| text.parse().ok()),
        bucket: text("x-ratelimit-bucket").map(Into::into),
        remaining: text("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        reset_after: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    }
}
