//! Takes connections, and keeps those that are slow or many from hurting
//! the others.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::routes::Routes;

/// How long a client may take to send a request's head; and how long a
/// connection may stand idle.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// All headers of a request together, in bytes, and how many.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// How long a client may take none of what it is sent.
const TAKES_WITHIN: Duration = Duration::from_mins(1);
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
    let answer = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        // Apart, so that connections without a call stay small.
        Box::pin(async move { Ok::<_, Infallible>(routes.answer(peer.ip(), request).await) })
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream)), answer);
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

/// A connection that ends when its client takes nothing for too long.
struct Patient {
    stream: TcpStream,
    /// Runs while something waits to be taken.
    clock: Pin<Box<Sleep>>,
    is_waiting: bool,
}

impl Patient {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            clock: Box::pin(tokio::time::sleep(TAKES_WITHIN)),
            is_waiting: false,
        }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.is_waiting = false;
            return written;
        }
        if !self.is_waiting {
            self.is_waiting = true;
            self.clock.as_mut().reset(Instant::now() + TAKES_WITHIN);
        }
        ready!(self.clock.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, shut)
    }
}
