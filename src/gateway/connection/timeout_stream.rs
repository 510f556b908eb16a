//! A connection that ends when its client takes too long to ask or to take
//! what it is sent.
//!
//! One clock for a connection, which is set anew only when it rings: hyper's
//! own limit on heads sets one for every call.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How long a client may take to send a request's head; and how long a
/// connection may stand idle.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long a client may take none of what it is sent.
const TAKES_WITHIN: Duration = Duration::from_mins(1);

/// A client's connection.
pub struct Patient {
    stream: TcpStream,
    /// Rings when the first of what is due may be.
    clock: Pin<Box<Sleep>>,
    /// When the head must be here that is being waited for, and its turn.
    head_due: (usize, Instant),
    /// When the client must have taken something of what waits for it.
    take_due: Option<Instant>,
    busy: Busy,
}

/// Whether a call is being answered on a connection. It counts turns: odd
/// ones are ours to answer, and in even ones a head is waited for.
#[derive(Clone, Default)]
pub struct Busy(Arc<AtomicUsize>);

/// An answer's body. When it is dropped, the call has been answered.
pub struct Answer {
    body: Body,
    busy: Busy,
}

impl Busy {
    /// A call's head is here.
    pub fn begin(&self) {
        self.next();
    }

    /// Its answer, whose end ends the call.
    pub fn answer(self, body: Body) -> Answer {
        Answer { body, busy: self }
    }

    fn next(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn turn(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Patient {
    /// A connection on which `busy` says when a head is waited for.
    pub fn new(stream: TcpStream, busy: Busy) -> Self {
        let due = Instant::now() + HEAD_WITHIN;
        Self {
            stream,
            clock: Box::pin(tokio::time::sleep_until(due)),
            head_due: (busy.turn(), due),
            take_due: None,
            busy,
        }
    }

    /// Waits for a head no longer than for that.
    fn watch_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let turn = self.busy.turn();
        if turn % 2 == 1 {
            return Poll::Pending;
        }
        if self.head_due.0 != turn {
            self.head_due = (turn, Instant::now() + HEAD_WITHIN);
        }
        self.too_late(cx, self.head_due.1)
    }

    fn watch_taking<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.take_due = None;
            return written;
        }
        let within = || Instant::now() + TAKES_WITHIN;
        let due = *self.take_due.get_or_insert_with(within);
        self.too_late(cx, due)
    }

    /// An error, once something is due.
    fn too_late<T>(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<io::Result<T>> {
        if self.clock.deadline() > due {
            self.clock.as_mut().reset(due);
        }
        loop {
            ready!(self.clock.as_mut().poll(cx));
            if Instant::now() >= due {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            // It rang for something that came in time.
            self.clock.as_mut().reset(due);
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, into) {
            Poll::Pending => self.watch_head(cx),
            read @ Poll::Ready(_) => read,
        }
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch_taking(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch_taking(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch_taking(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch_taking(cx, shut)
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.busy.next();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    async fn connected() -> (TcpStream, Patient, Busy) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let client = client.await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let busy = Busy::default();
        (client, Patient::new(stream, busy.clone()), busy)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
        let (mut client, mut ours, _) = connected().await;
        let began = Instant::now();
        let drip = async {
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                let _ = client.write_all(b"G").await;
            }
        };
        let mut into = [0; 64];
        let ((), read) = tokio::join!(drip, ours.read_exact(&mut into));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(ours.head_due.1.duration_since(began), HEAD_WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_may_take_long_and_the_next_head_has_its_own_time() {
        let (mut client, mut ours, busy) = connected().await;
        let mut into = [0; 4];
        for _ in 0..3 {
            client.write_all(b"head").await.unwrap();
            ours.read_exact(&mut into).await.unwrap();
            busy.begin();
            let answer = busy.clone().answer(Body::empty());
            let hour = Duration::from_hours(1);
            assert!(timeout(hour, ours.read(&mut into)).await.is_err());
            drop(answer);
            let almost = HEAD_WITHIN / 2;
            assert!(timeout(almost, ours.read(&mut into)).await.is_err());
        }
        let read = ours.read(&mut into).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_let_go() {
        let (_client, mut ours, busy) = connected().await;
        busy.begin();
        let began = Instant::now();
        let all = ours.write_all(&vec![0; 64 << 20]).await;
        assert_eq!(all.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= TAKES_WITHIN);
    }
}
