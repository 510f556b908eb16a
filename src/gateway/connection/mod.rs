//! Takes connections, and keeps those that are slow or many from hurting
//! the others.

mod timeout_stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::gateway::connection::timeout_stream::{Busy, Patient};
use crate::gateway::routes::Routes;

/// All headers of a request together, in bytes, and how many.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// How long to wait when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stop`, at most so many connections at once; what is being
/// answered then is finished.
pub async fn serve(
    tasks: TaskTracker,
    listener: TcpListener,
    routes: Arc<Routes>,
    connections: usize,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = stop.cancelled() => return,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("could not take a connection: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (routes, stop) = (Arc::clone(&routes), stop.clone());
        tasks.spawn(async move {
            one(stream, peer, routes, stop).await;
            drop(place);
        });
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Else a stream whose pieces come fast waits for the client's word that
    // it has the piece before: 40 ms and more.
    stream.set_nodelay(true)?;
    Ok((stream, peer, place))
}

/// One connection, to its end. What headers say of where it comes from is
/// not believed.
async fn one(stream: TcpStream, peer: SocketAddr, routes: Arc<Routes>, stop: CancellationToken) {
    let busy = Busy::default();
    let patient = Patient::new(stream, busy.clone());
    let answer = service_fn(move |request| {
        let (routes, busy) = (Arc::clone(&routes), busy.clone());
        busy.begin();
        // Apart, so that connections without a call stay small.
        Box::pin(async move {
            let response = routes.answer(peer.ip(), request).await;
            Ok::<_, Infallible>(response.map(|body| busy.answer(body)))
        })
    });
    let serving = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(patient), answer);
    let mut serving = std::pin::pin!(serving);
    // What a client does wrong is its own business.
    let _ = tokio::select! {
        biased;
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
}
