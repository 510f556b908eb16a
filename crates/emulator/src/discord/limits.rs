//! Enforces Discord's rate limits, and sends the headers that tell of them.
//!
//! Discord does not publish the sizes of these buckets. They are what others
//! have observed (`docs/discord.md` §4.1): five calls in two seconds for an
//! interaction's messages, five in five seconds for a channel's posts and as
//! many for its edits, five a second for reading it.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde_json::json;

use super::errors::refuse;
use crate::world::State;

/// How old a message is whose edits have a limit of their own.
const OLD: Duration = Duration::from_hours(1);

/// The rate limit bucket of a call: its name, its major parameter, and how
/// many calls it allows in which time.
pub struct Bucket {
    pub name: &'static str,
    pub major: String,
    pub calls: u32,
    pub window: Duration,
}

/// The bucket for the messages of an interaction.
pub fn webhook(token: &str) -> Bucket {
    Bucket {
        name: "webhook",
        major: token.into(),
        calls: 5,
        window: Duration::from_secs(2),
    }
}

/// The bucket for new messages in a channel.
pub fn posting(channel: u64) -> Bucket {
    channel_bucket("posting", channel, 5, 5)
}

/// The bucket for edits and deletions in a channel.
pub fn editing(channel: u64) -> Bucket {
    channel_bucket("editing", channel, 5, 5)
}

/// Counts an edit of a message of this age. Discord limits those of old ones
/// once more, and tells of it in no header (`docs/discord.md` §4.1).
pub fn count_old_edit(state: &mut State, channel: u64, age: Duration) -> Result<(), Box<Response>> {
    if age <= OLD {
        return Ok(());
    }
    let bucket = channel_bucket("editing old", channel, 3, 6);
    let counted = count_call(state, &bucket);
    counted.map(drop).map_err(|_| {
        let words =
            "Maximum number of edits to messages older than 1 hour reached. Try again later";
        Box::new(refuse(StatusCode::TOO_MANY_REQUESTS, 30_046, words))
    })
}

/// The bucket for reading a channel's messages.
pub fn reading(channel: u64) -> Bucket {
    channel_bucket("reading", channel, 5, 1)
}

fn channel_bucket(name: &'static str, channel: u64, calls: u32, seconds: u64) -> Bucket {
    Bucket {
        name,
        major: channel.to_string(),
        calls,
        window: Duration::from_secs(seconds),
    }
}

/// Counts a call in its bucket. Returns the headers for its answer, or status
/// 429 where the bucket is empty.
pub fn count_call(state: &mut State, bucket: &Bucket) -> Result<HeaderMap, Box<Response>> {
    let now = state.bucket_time.unwrap_or_else(Instant::now);
    let key = (bucket.name.to_owned(), bucket.major.clone());
    let entry = state.buckets.entry(key).or_insert((0, now + bucket.window));
    if entry.1 <= now {
        *entry = (0, now + bucket.window);
    }
    let left = entry.1.saturating_duration_since(now).as_secs_f64();
    let refused = state.limits && entry.0 >= bucket.calls;
    if !refused {
        entry.0 += 1;
    }
    let remaining = bucket.calls.saturating_sub(entry.0);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-ratelimit-limit", bucket.calls.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset-after", format!("{left:.3}")),
        ("x-ratelimit-bucket", format!("emulated-{}", bucket.name)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if refused {
        state.too_many += 1;
        return Err(Box::new((headers, too_many(left, false)).into_response()));
    }
    Ok(headers)
}

/// Discord's answer with status 429: of one bucket, or of everything.
pub fn too_many(seconds: f64, is_global: bool) -> Response {
    let body = json!({"message": "You are being rate limited.", "retry_after": seconds, "global": is_global});
    let retry_after = format!("{}", seconds.ceil());
    let scope = if is_global { "global" } else { "user" };
    let headers = [
        ("retry-after", retry_after),
        ("x-ratelimit-scope", scope.to_owned()),
    ];
    let mut response = (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response();
    if is_global {
        let stated = HeaderValue::from_static("true");
        response.headers_mut().insert("x-ratelimit-global", stated);
    }
    response
}
