//! Accepts connections, limits how many there are, and ends those that are
//! too slow.

mod timeout_stream;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::connection::timeout_stream::{TimeoutStream, TurnCounter};
use crate::gateway::routing::router::{ConnectionEnds, Router};

/// The largest request head, in bytes, and the most headers in it.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// How long to wait when the system has no room for another connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// A connection, with its place among those that may be open at once.
struct Accepted {
    stream: TimeoutStream,
    turns: TurnCounter,
    ends: ConnectionEnds,
    permit: OwnedSemaphorePermit,
}

/// Serves connections until `stop`, as many at once as the settings allow. Calls
/// that are being answered then are finished; `tasks` tracks them.
pub async fn serve(
    tasks: TaskTracker,
    listener: TcpListener,
    router: Arc<Router>,
    stop: CancellationToken,
) {
    let open = Arc::new(Semaphore::new(router.connections_max()));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &open) => accepted,
            () = stop.cancelled() => return,
        };
        let accepted = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("could not take a connection: {error}");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        let (router, stop) = (Arc::clone(&router), stop.clone());
        tasks.spawn(async move {
            serve_connection(accepted, router, stop).await;
        });
    }
}

/// Waits until one more connection may be open, and accepts it.
async fn accept(listener: &TcpListener, open: &Arc<Semaphore>) -> io::Result<Accepted> {
    let permit = Arc::clone(open).acquire_owned().await;
    let permit = permit.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Otherwise a piece of a fast stream waits until the client has
    // acknowledged the piece before it: 40 ms and more.
    stream.set_nodelay(true)?;
    let ends = ConnectionEnds {
        peer: peer.ip(),
        reached: stream.local_addr()?.ip(),
    };
    let turns = TurnCounter::default();
    Ok(Accepted {
        stream: TimeoutStream::new(stream, turns.clone(), Arc::clone(open)),
        turns,
        ends,
        permit,
    })
}

/// Serves one connection to its end.
async fn serve_connection(accepted: Accepted, router: Arc<Router>, stop: CancellationToken) {
    let Accepted {
        stream,
        turns,
        ends,
        permit: _permit,
    } = accepted;
    let responder = Arc::clone(&router);
    let service = service_fn(move |request| {
        let (router, turns) = (Arc::clone(&responder), turns.clone());
        turns.begin_answering();
        // Boxed, so that connections without a call stay small.
        Box::pin(async move {
            let response = router.respond(ends, request).await;
            Ok::<_, Infallible>(response.map(|body| turns.track_body(body)))
        })
    });
    let serving = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    // Errors of a connection are its client's, and are not logged.
    let _ = tokio::select! {
        biased;
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                // Its client does not read what it is sent.
                () = router.cut_off() => return,
            }
        }
    };
}
