//! One call: what came, and who sent it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::model::Pieces;

use crate::gateway::Gateway;
use crate::gateway::problem::{Problem, Speaks};
use crate::gateway::session::Session;

/// How long a body may take to come, and between two pieces.
const BODY_WITHIN: Duration = Duration::from_mins(1);
const PIECE_WITHIN: Duration = Duration::from_secs(15);

/// The longest body that is copied out of its connection's buffer, which is
/// then free for what comes next.
const COPIED_BYTES_MAX: usize = 4 * 1024;

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
    /// None once it was read.
    pub body: Option<Incoming>,
    /// What the caller calls this call, so that it is made once.
    pub idempotency_key: Option<String>,
    pub id: HeaderValue,
}

/// What is left of a call that was read.
pub struct Kept {
    pub gateway: Arc<Gateway>,
    pub session: Session,
    pub speaks: Speaks,
    pub id: HeaderValue,
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

    /// What is needed while a provider answers. The rest is let go: it holds
    /// the buffer that the call came in.
    pub fn kept(self: Box<Self>) -> Kept {
        Kept {
            gateway: self.gateway,
            session: self.session,
            speaks: self.speaks,
            id: self.id,
        }
    }

    /// The whole body, if it is no larger than this and comes in time.
    pub async fn read(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let told = self
            .header("content-length")
            .and_then(|told| told.parse::<usize>().ok());
        if told.is_some_and(|told| told > limit) {
            return Err(too_large(limit));
        }
        let Some(mut body) = self.body.take() else {
            return Ok(Bytes::new());
        };
        let deadline = Instant::now() + BODY_WITHIN;
        let mut all = Pieces::default();
        loop {
            let until = deadline.min(Instant::now() + PIECE_WITHIN);
            let next = timeout_at(until, body.frame()).await;
            let frame = match next.map_err(|_| too_slow())? {
                Some(frame) => frame.map_err(|_| broken_off())?,
                None => return Ok(apart(all.join())),
            };
            // Trailers say nothing that anybody asked for.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            if all.len() + piece.len() > limit {
                return Err(too_large(limit));
            }
            all.push(piece);
        }
    }
}

/// A short body by itself, and not as a part of a connection's buffer.
fn apart(body: Bytes) -> Bytes {
    if body.len() > COPIED_BYTES_MAX {
        return body;
    }
    Bytes::copy_from_slice(&body)
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
