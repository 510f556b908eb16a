//! A load generator that costs as little as one can.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A call, as it goes over the wire.
pub struct Call {
    address: String,
    bytes: Vec<u8>,
}

/// What was measured of one way.
#[derive(Default)]
pub struct Figures {
    pub rates: Vec<f64>,
    /// Microseconds.
    pub times: Vec<f64>,
    pub first_bytes: Vec<f64>,
    pub memory_mb: f64,
    pub own_mb: f64,
}

impl Figures {
    /// Calls a second.
    pub fn rate(&self) -> f64 {
        median(self.rates.clone())
    }

    /// The rate as a part of another's, round by round: those of one round
    /// were measured at about the same pace of the machine.
    pub fn rate_of(&self, other: &Self) -> f64 {
        let rounds = self.rates.iter().zip(&other.rates);
        median(rounds.map(|(own, other)| own / other).collect())
    }

    pub fn median(&self) -> f64 {
        median(self.times.clone())
    }

    pub fn first_byte(&self) -> f64 {
        median(self.first_bytes.clone())
    }
}

impl Call {
    /// A small chat, as OpenAI's chat completions.
    pub fn chat(address: &str, model: &str, headers: &str, streams: bool) -> Self {
        Self::post(
            "/v1/chat/completions",
            address,
            headers,
            &body(model, "", streams),
        )
    }

    /// The same as Anthropic's Messages API.
    pub fn messages(address: &str, model: &str, headers: &str, streams: bool) -> Self {
        let body = body(model, ",\"max_tokens\":100", streams);
        Self::post("/v1/messages", address, headers, &body)
    }

    fn post(path: &str, address: &str, headers: &str, body: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        Self {
            address: address.to_owned(),
            bytes: (head + body).into_bytes(),
        }
    }

    /// The same, asking for an answer without an end.
    pub fn endless(&self) -> Self {
        let text = String::from_utf8_lossy(&self.bytes).replace("Count from", "endless it");
        Self {
            address: self.address.clone(),
            bytes: text.into_bytes(),
        }
    }

    async fn connect(&self) -> Line {
        let stream = TcpStream::connect(&self.address).await.expect("it listens");
        stream.set_nodelay(true).expect("the option exists");
        Line {
            stream,
            buffer: vec![0; 64 * 1024],
        }
    }
}

fn body(model: &str, more: &str, streams: bool) -> String {
    let stream = if streams { ",\"stream\":true" } else { "" };
    format!(
        "{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Count from one to ten, in words.\"}}]{more}{stream}}}"
    )
}

/// A connection that is kept.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How an answer came.
struct TimedAnswer {
    /// Microseconds until the first byte of the body, and the last.
    first_us: f64,
    last_us: f64,
    reads: usize,
}

impl Line {
    async fn ask(&mut self, call: &Call) -> TimedAnswer {
        let began = Instant::now();
        self.stream
            .write_all(&call.bytes)
            .await
            .expect("it takes it");
        let (mut read, mut reads, mut first_us) = (0, 0, None);
        loop {
            let more = self
                .stream
                .read(&mut self.buffer[read..])
                .await
                .expect("it answers");
            assert!(
                more > 0,
                "it hung up: {}",
                String::from_utf8_lossy(&self.buffer[..read])
            );
            read += more;
            reads += 1;
            let bytes = &self.buffer[..read];
            let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let (head, body) = bytes.split_at(head + 4);
            if !body.is_empty() {
                first_us.get_or_insert_with(|| began.elapsed().as_secs_f64() * 1e6);
            }
            if is_whole(head, body) {
                assert!(
                    head.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(bytes)
                );
                let last_us = began.elapsed().as_secs_f64() * 1e6;
                return TimedAnswer {
                    first_us: first_us.unwrap_or(last_us),
                    last_us,
                    reads,
                };
            }
        }
    }
}

fn is_whole(head: &[u8], body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// Calls a second, with so many at once, on connections that are open and
/// have been used.
pub async fn rate(call: &Call, concurrent: usize, during: Duration) -> f64 {
    let opened = (0..concurrent).map(|_| async {
        let mut line = call.connect().await;
        line.ask(call).await;
        line
    });
    let mut lines = join_all(opened).await;
    let began = Instant::now();
    let until = began + during;
    let one = async |line: &mut Line| {
        let mut done = 0_u32;
        while Instant::now() < until {
            line.ask(call).await;
            done += 1;
        }
        done
    };
    let all = join_all(lines.iter_mut().map(one)).await;
    f64::from(all.into_iter().sum::<u32>()) / began.elapsed().as_secs_f64()
}

/// How long calls take, one after the other, in microseconds.
pub async fn one_at_a_time(call: &Call, count: usize) -> Vec<f64> {
    each(call, count, |came| came.last_us).await
}

/// How long streams take to their first byte, in microseconds.
pub async fn first_bytes(call: &Call, count: usize) -> Vec<f64> {
    each(call, count, |came| came.first_us).await
}

/// How long streams take to their last byte, in microseconds.
pub async fn whole_streams(call: &Call, count: usize) -> Vec<f64> {
    each(call, count, |came| came.last_us).await
}

/// In how many pieces a stream arrives, on average.
#[expect(clippy::cast_precision_loss, reason = "a benchmark's figure")]
pub async fn reads_per_stream(call: &Call, count: usize) -> f64 {
    let reads = each(call, count, |came| came.reads as f64).await;
    reads.iter().sum::<f64>() / count as f64
}

async fn each(call: &Call, count: usize, figure: impl Fn(&TimedAnswer) -> f64) -> Vec<f64> {
    let mut line = call.connect().await;
    let mut figures = Vec::with_capacity(count);
    for _ in 0..count {
        figures.push(figure(&line.ask(call).await));
    }
    figures
}

/// Streams that are asked for and not read, as long as this is kept.
pub async fn slow_readers(call: &Call, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        let mut line = call.connect().await;
        line.stream
            .write_all(&call.bytes)
            .await
            .expect("it takes it");
        held.push(line.stream);
    }
    held
}

/// Connections on which nothing is asked, as long as this is kept.
pub async fn idle(call: &Call, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        held.push(call.connect().await.stream);
    }
    held
}

fn median(mut figures: Vec<f64>) -> f64 {
    at(&mut figures, 50)
}

/// A percentile.
pub fn at(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() * percent / 100).min(figures.len() - 1)]
}
