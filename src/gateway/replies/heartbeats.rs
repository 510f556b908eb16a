//! Signs of life in a stream of events while its provider says nothing, so that
//! nobody on the way takes the connection for dead.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep};

use crate::gateway::replies::problem::ApiDialect;

/// How long nothing is said before a sign of life.
const SILENCE: Duration = Duration::from_secs(15);
/// Anthropic's own event for it, which its clients know.
const PING: &[u8] = b"event: ping\ndata: {\"type\": \"ping\"}\n\n";
/// A comment, which every reader of events passes over.
const COMMENT: &[u8] = b": waiting\n\n";

/// Pieces of a stream of events, with signs of life between them.
pub struct Heartbeats<S> {
    pieces: Pin<Box<S>>,
    dialect: ApiDialect,
    beat: Pin<Box<Sleep>>,
    has_begun: bool,
    /// Whether the last piece ended between two events.
    is_between_events: bool,
}

impl<S> Heartbeats<S> {
    /// The same pieces, in whose silences a sign is given.
    pub fn new(pieces: S, dialect: ApiDialect) -> Self {
        Self {
            pieces: Box::pin(pieces),
            dialect,
            beat: Box::pin(sleep(SILENCE)),
            has_begun: false,
            is_between_events: true,
        }
    }

    fn rest(&mut self) {
        self.beat.as_mut().reset(Instant::now() + SILENCE);
    }

    fn note(&mut self, piece: &[u8]) {
        self.has_begun |= !piece.is_empty();
        self.is_between_events = piece.ends_with(b"\n\n") || piece.ends_with(b"\n\r\n");
        self.rest();
    }

    /// An event of Anthropic's has no place before the first one.
    fn sign(&self) -> Bytes {
        let is_pinged = self.dialect == ApiDialect::Anthropic && self.has_begun;
        Bytes::from_static(if is_pinged { PING } else { COMMENT })
    }
}

impl<S> Stream for Heartbeats<S>
where
    S: Stream<Item = Result<Bytes, Infallible>>,
{
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(next) = self.pieces.as_mut().poll_next(cx) {
            if let Some(Ok(piece)) = &next {
                self.note(piece);
            }
            return Poll::Ready(next);
        }
        while self.beat.as_mut().poll(cx).is_ready() {
            self.rest();
            if self.is_between_events {
                return Poll::Ready(Some(Ok(self.sign())));
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use futures_util::stream::unfold;

    use super::*;

    /// What a stream says whose pieces come after these many seconds each.
    async fn heard(dialect: ApiDialect, pieces: &[(u64, &'static str)]) -> String {
        let pieces = unfold(pieces.iter(), async |mut pieces| {
            let (after_s, piece) = pieces.next()?;
            sleep(Duration::from_secs(*after_s)).await;
            Some((Ok(Bytes::from_static(piece.as_bytes())), pieces))
        });
        let heard: Vec<_> = Heartbeats::new(pieces, dialect).collect().await;
        let told = heard.into_iter().map(|piece| {
            let Ok(piece) = piece;
            String::from_utf8(piece.to_vec()).unwrap()
        });
        told.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn silences_have_signs_of_life_and_events_stay_whole() {
        let pieces = [
            (40, "data: 1\n\n"),
            (5, "data: "),
            (40, "2\n\n"),
            (16, "data: 3\n\n"),
        ];
        insta::assert_snapshot!(heard(ApiDialect::Anthropic, &pieces).await, @r#"
        : waiting

        : waiting

        data: 1

        data: 2

        event: ping
        data: {"type": "ping"}

        data: 3
        "#);
        insta::assert_snapshot!(heard(ApiDialect::OpenAi, &pieces).await, @"
        : waiting

        : waiting

        data: 1

        data: 2

        : waiting

        data: 3
        ");
    }
}
