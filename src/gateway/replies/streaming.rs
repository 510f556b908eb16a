//! Response bodies that are sent piece by piece.

use std::convert::Infallible;
use std::io;

use axum::body::Body;
use axum::http::HeaderValue;
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::model::PassedEvents;

use crate::gateway::replies::heartbeats::Heartbeats;
use crate::gateway::replies::problem::{ApiDialect, Problem};

/// Where the pieces of a body come from.
pub trait PieceSource: Send + 'static {
    /// Waits for the next piece; none at the end of the body.
    fn next_piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, Problem>> + Send;

    /// What there was, where the events are numbered.
    fn passed_events(&self) -> PassedEvents {
        PassedEvents::default()
    }
}

/// How the failure of a stream is told inside it.
pub struct LastWords {
    pub dialect: ApiDialect,
    pub request_id: HeaderValue,
    /// Whether the stream is a list, as Google's are where nobody asks for
    /// events.
    pub is_list: bool,
}

/// A body that is being sent.
struct OutgoingPieces<S> {
    source: S,
    last_words: LastWords,
    has_begun: bool,
}

/// A body that sends pieces as they come. Since its status was sent before
/// them, a failure becomes its last event. A client that leaves drops the
/// body, and with it the source.
pub fn stream_pieces(source: impl PieceSource, last_words: LastWords) -> Body {
    Body::from_stream(pieces_of(source, last_words))
}

/// The same for a stream of events, in whose silences a sign of life is given.
pub fn stream_events(source: impl PieceSource, last_words: LastWords) -> Body {
    let dialect = last_words.dialect;
    Body::from_stream(Heartbeats::new(pieces_of(source, last_words), dialect))
}

fn pieces_of(
    source: impl PieceSource,
    last_words: LastWords,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let sending = OutgoingPieces {
        source,
        last_words,
        has_begun: false,
    };
    stream::unfold(Some(sending), async |sending| {
        let mut sending = sending?;
        match sending.source.next_piece().await {
            Ok(Some(piece)) => {
                sending.has_begun |= !piece.is_empty();
                Some((Ok::<_, Infallible>(piece), Some(sending)))
            }
            Ok(None) => None,
            Err(problem) => {
                let last = sending.write_last_words(&problem);
                Some((Ok(Bytes::from(last)), None))
            }
        }
    })
}

impl<S: PieceSource> OutgoingPieces<S> {
    fn write_last_words(&self, problem: &Problem) -> String {
        let LastWords {
            dialect,
            request_id,
            is_list,
        } = &self.last_words;
        if !is_list {
            let passed = self.source.passed_events();
            return dialect.error_event(problem, request_id, &passed);
        }
        let error = dialect.error_body(problem, request_id);
        let before = if self.has_begun { ",\r\n" } else { "[" };
        format!("{before}{error}]")
    }
}

/// A body that sends pieces of something that is no stream of events. A
/// failure breaks it off, which its client sees: its last chunk is missing.
pub fn pass_pieces(source: impl PieceSource) -> Body {
    let pieces = stream::unfold(Some(source), async |source| {
        let mut source = source?;
        match source.next_piece().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(source))),
            Ok(None) => None,
            Err(problem) => Some((Err(io::Error::other(problem.code)), None)),
        }
    });
    Body::from_stream(pieces)
}
