//! A TCP stream that fails when its client takes too long to send a request
//! head, or to receive what is sent to it.
//!
//! Each connection has one timer, which is reset only when it fires. hyper's
//! own limit on request heads would set a new timer for every call.

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
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may stay idle between two requests while there is
/// room for others; otherwise as long as a head may take. Whoever sends a
/// request on a connection that we are just closing has lost it, so this is
/// longer than proxies wait: nginx keeps idle connections for 60 s
/// (`keepalive_timeout` of `ngx_http_upstream_module`).
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may receive nothing of what is sent to it.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// A client's TCP stream with the two timeouts.
pub struct TimeoutStream {
    stream: TcpStream,
    /// Fires at the earliest deadline or before it.
    timer: Pin<Box<Sleep>>,
    head_deadline: HeadDeadline,
    /// Set while a write is pending.
    write_deadline: Option<Instant>,
    turns: TurnCounter,
    /// How many more connections may be open.
    room: Arc<Semaphore>,
}

/// When the next request head must have arrived.
struct HeadDeadline {
    /// The turn in which the stream began to wait for that head.
    turn: usize,
    /// Until when it is waited for, or until when a connection may be idle that
    /// stands in others' way.
    at: Instant,
    /// Until when the connection may be idle, if nothing of the head is there.
    idle_until: Option<Instant>,
}

impl HeadDeadline {
    /// The deadline of a head of which nothing has come yet.
    fn when_idle(turn: usize) -> Self {
        let now = Instant::now();
        Self {
            turn,
            at: now + HEAD_TIMEOUT,
            idle_until: Some(now + IDLE_TIMEOUT),
        }
    }

    /// The deadline of a head that is being sent, or of a connection's first.
    fn when_begun(turn: usize) -> Self {
        Self {
            turn,
            at: Instant::now() + HEAD_TIMEOUT,
            idle_until: None,
        }
    }
}

/// Counts the turns of a connection, and so tells whether a call is being
/// answered. In even turns the client is to send a head; in odd turns the
/// gateway is to answer.
#[derive(Clone, Default)]
pub struct TurnCounter(Arc<AtomicUsize>);

/// The body of a response. Dropping it ends the gateway's turn.
pub struct ResponseBody {
    body: Body,
    turns: TurnCounter,
}

impl TurnCounter {
    /// Begins the gateway's turn: a request head has arrived.
    pub fn begin_answering(&self) {
        self.advance();
    }

    /// Wraps the response's body, so that its end begins the client's turn.
    pub fn track_body(self, body: Body) -> ResponseBody {
        ResponseBody { body, turns: self }
    }

    fn advance(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn current(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl TimeoutStream {
    /// Wraps a stream. Whoever answers its calls advances `turns`; `room` says
    /// how many more connections may be open.
    pub fn new(stream: TcpStream, turns: TurnCounter, room: Arc<Semaphore>) -> Self {
        let head_deadline = HeadDeadline::when_begun(turns.current());
        Self {
            stream,
            timer: Box::pin(tokio::time::sleep_until(head_deadline.at)),
            head_deadline,
            write_deadline: None,
            turns,
            room,
        }
    }

    /// Notes that a part of a head, or all of it, has come.
    fn note_head(&mut self) {
        let turn = self.turns.current();
        let is_first = self.head_deadline.turn != turn || self.head_deadline.idle_until.is_some();
        if is_first && turn.is_multiple_of(2) {
            self.head_deadline = HeadDeadline::when_begun(turn);
        }
    }

    /// Fails once the request head is overdue. While a call is answered,
    /// none is expected.
    fn poll_head_timeout(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let turn = self.turns.current();
        if !turn.is_multiple_of(2) {
            return Poll::Pending;
        }
        if self.head_deadline.turn != turn {
            self.head_deadline = HeadDeadline::when_idle(turn);
        }
        loop {
            let HeadDeadline { at, idle_until, .. } = self.head_deadline;
            let overdue = ready!(self.poll_deadline(cx, at));
            let may_wait = idle_until.filter(|_| self.room.available_permits() > 0);
            let Some(until) = may_wait.filter(|until| Instant::now() < *until) else {
                return Poll::Ready(overdue);
            };
            self.head_deadline.at = until.min(Instant::now() + HEAD_TIMEOUT);
        }
    }

    /// Passes on the outcome of a write, and fails once a pending write is
    /// overdue.
    fn poll_write_timeout<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let new_deadline = || Instant::now() + WRITE_TIMEOUT;
        let deadline = *self.write_deadline.get_or_insert_with(new_deadline);
        self.poll_deadline(cx, deadline)
    }

    /// Fails with `TimedOut` once the deadline has passed.
    fn poll_deadline<T>(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<io::Result<T>> {
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            // The timer was set for an earlier deadline, which was met.
            self.timer.as_mut().reset(deadline);
        }
    }
}

impl AsyncRead for TimeoutStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, into) {
            Poll::Pending => self.poll_head_timeout(cx),
            read @ Poll::Ready(_) => {
                self.note_head();
                read
            }
        }
    }
}

impl AsyncWrite for TimeoutStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_write_timeout(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.poll_write_timeout(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.poll_write_timeout(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.poll_write_timeout(cx, shut)
    }
}

impl hyper::body::Body for ResponseBody {
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

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.turns.advance();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    async fn connected(room: usize) -> (TcpStream, TimeoutStream, TurnCounter) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let client = client.await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let turns = TurnCounter::default();
        let room = Arc::new(Semaphore::new(room));
        (
            client,
            TimeoutStream::new(stream, turns.clone(), room),
            turns,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
        let (mut client, mut ours, _) = connected(1).await;
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
        assert_eq!(ours.head_deadline.at.duration_since(began), HEAD_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_may_take_long_and_the_next_head_has_its_own_time() {
        let (mut client, mut ours, turns) = connected(1).await;
        let mut into = [0; 4];
        for _ in 0..3 {
            client.write_all(b"head").await.unwrap();
            ours.read_exact(&mut into).await.unwrap();
            turns.begin_answering();
            let body = turns.clone().track_body(Body::empty());
            let hour = Duration::from_hours(1);
            assert!(timeout(hour, ours.read(&mut into)).await.is_err());
            drop(body);
            let almost = IDLE_TIMEOUT * 9 / 10;
            assert!(timeout(almost, ours.read(&mut into)).await.is_err());
        }
        let read = ours.read(&mut into).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_may_take_no_longer_than_the_first() {
        let (mut client, mut ours, turns) = connected(1).await;
        turns.begin_answering();
        drop(turns.clone().track_body(Body::empty()));
        let mut into = [0; 64];
        let minute = Duration::from_mins(1);
        assert!(timeout(minute, ours.read(&mut into)).await.is_err());
        client.write_all(b"G").await.unwrap();
        let began = Instant::now();
        let read = ours.read_exact(&mut into).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_idle_makes_room_where_there_is_none() {
        let (_client, mut ours, turns) = connected(0).await;
        turns.begin_answering();
        drop(turns.clone().track_body(Body::empty()));
        let began = Instant::now();
        let read = ours.read(&mut [0; 4]).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), HEAD_TIMEOUT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_let_go() {
        let (_client, mut ours, turns) = connected(1).await;
        turns.begin_answering();
        let began = Instant::now();
        let all = ours.write_all(&vec![0; 64 << 20]).await;
        assert_eq!(all.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= WRITE_TIMEOUT);
    }
}
