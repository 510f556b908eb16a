//! Response bodies that are sent piece by piece.

use std::convert::Infallible;
use std::io;

use axum::body::Body;
use axum::http::HeaderValue;
use bytes::Bytes;
use futures_util::stream;

use crate::gateway::problem::{ApiDialect, Problem};

/// Where the pieces of a body come from.
pub trait PieceSource: Send + 'static {
    /// Waits for the next piece; none at the end of the body.
    fn next_piece(&mut self) -> impl Future<Output = Result<Option<Bytes>, Problem>> + Send;
}

/// A body that is being sent.
struct OutgoingPieces<S> {
    source: S,
    dialect: ApiDialect,
    request_id: HeaderValue,
}

/// A body that sends pieces as they come. Since its status was sent before
/// them, a failure becomes its last event. A client that leaves drops the
/// body, and with it the source.
pub fn stream_pieces(
    source: impl PieceSource,
    dialect: ApiDialect,
    request_id: HeaderValue,
) -> Body {
    let sending = OutgoingPieces {
        source,
        dialect,
        request_id,
    };
    let pieces = stream::unfold(Some(sending), async |sending| {
        let mut sending = sending?;
        match sending.source.next_piece().await {
            Ok(Some(piece)) => Some((Ok::<_, Infallible>(piece), Some(sending))),
            Ok(None) => None,
            Err(problem) => {
                let last = problem.to_event(sending.dialect, &sending.request_id);
                Some((Ok(Bytes::from(last)), None))
            }
        }
    });
    Body::from_stream(pieces)
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
