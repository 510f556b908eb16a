//! Tables of comma-separated values that are written while they are read, so
//! that they may be of any length.

use axum::body::Body;
use bytes::Bytes;
use futures_util::future;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use crate::app::Error;
use crate::console::trouble::Trouble;

pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// The pieces of a table. From what is left, `write` makes a piece and what is
/// left after it; nothing where that was the last.
pub fn write_pieces<T, F, W>(all: T, write: F) -> impl Stream<Item = Result<String, Error>> + Send
where
    T: Send,
    F: Fn(T) -> W + Send,
    W: Future<Output = Result<(String, Option<T>), Error>> + Send,
{
    stream::try_unfold((Some(all), write), async |(left, write)| {
        let Some(left) = left else { return Ok(None) };
        let (piece, left) = write(left).await?;
        Ok(Some((piece, (left, write))))
    })
}

/// Begins a table with its head. What keeps its first piece from being read is
/// said on a page; later, the table breaks off, which the browser says.
pub async fn begin(
    head: &'static str,
    pieces: impl Stream<Item = Result<String, Error>> + Send + 'static,
) -> Result<Body, Trouble> {
    let mut pieces = Box::pin(pieces);
    let first = pieces.next().await.transpose()?.unwrap_or_default();
    let begun = stream::once(future::ready(Ok(Bytes::from(format!("{head}{first}")))));
    let rest = pieces.map_ok(Bytes::from).map_err(|error| {
        let error = match error {
            Error::Refused(refusal) => anyhow::Error::from(refusal),
            Error::Troubled(_, error) | Error::Failed(error) => error,
        };
        tracing::warn!("a table broke off: {error:#}");
        error
    });
    Ok(Body::from_stream(begun.chain(rest)))
}
