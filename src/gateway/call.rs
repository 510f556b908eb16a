//! One call: what came, and who sent it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::model::Pieces;

use super::Gateway;
use super::problem::{Problem, Speaks};
use super::session::Session;

/// How long a body may take to come, and between two pieces.
const BODY_WITHIN: Duration = Duration::from_mins(1);
const PIECE_WITHIN: Duration = Duration::from_secs(15);

/// A call that was let in. Behind a pointer: it goes from hand to hand.
pub type Call = Box<Admitted>;

/// What a call is.
pub struct Admitted {
    pub gateway: Arc<Gateway>,
    pub session: Session,
    pub speaks: Speaks,
    /// What its address names, in order.
    pub named: Vec<String>,
    pub parts: Parts,
    /// Behind a lock that nobody waits for: a body can't be looked at by two.
    pub body: Mutex<Body>,
    /// What the caller calls this call, so that it is made once.
    pub idempotency_key: Option<String>,
    pub id: String,
}

/// What is made of a call.
pub type Answer = Result<Response, Problem>;

impl Admitted {
    /// What its address names at a place.
    pub fn named(&self, at: usize) -> &str {
        self.named.get(at).map_or("", String::as_str)
    }

    /// The last thing that its address names.
    pub fn last_named(&self) -> &str {
        self.named.last().map_or("", String::as_str)
    }

    /// A header's value, if it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The whole body, if it is no larger than this and comes in time.
    pub async fn read(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let told = self
            .header("content-length")
            .and_then(|told| told.parse::<usize>().ok());
        if told.is_some_and(|told| told > limit) {
            return Err(too_large(limit));
        }
        let body = self.body.get_mut().map(std::mem::take).unwrap_or_default();
        let mut pieces = body.into_data_stream();
        let deadline = Instant::now() + BODY_WITHIN;
        let mut all = Pieces::default();
        loop {
            let until = deadline.min(Instant::now() + PIECE_WITHIN);
            let next = timeout_at(until, pieces.next()).await;
            let piece = match next.map_err(|_| too_slow())? {
                Some(piece) => piece.map_err(|_| broken_off())?,
                None => return Ok(all.join()),
            };
            if all.len() + piece.len() > limit {
                return Err(too_large(limit));
            }
            all.push(piece);
        }
    }
}

fn too_large(limit: usize) -> Problem {
    let message = format!(
        "The body is larger than {} KiB, which is the most.",
        limit / 1024
    );
    Problem::new(413, "body_too_large", message)
}

fn too_slow() -> Problem {
    Problem::new(
        408,
        "body_too_slow",
        "The body took too long to come. Send it again.",
    )
}

fn broken_off() -> Problem {
    Problem::new(400, "body_broken_off", "The body broke off. Send it again.")
}
