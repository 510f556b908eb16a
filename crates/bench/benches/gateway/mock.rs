//! A provider that costs as little as one can: it reads a request's end, and
//! writes what it always writes.

#![expect(clippy::disallowed_methods, reason = "it ends with the benchmark")]

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How many pieces a streamed answer has.
pub const CHUNKS: usize = 20;

const ANSWER: &str = r#"{"id":"chatcmpl-0","object":"chat.completion","created":1795219200,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one two three four five six seven eight nine ten"},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":10,"total_tokens":22}}"#;

const ANTHROPIC_ANSWER: &str = r#"{"id":"msg_0","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"one two three four five six seven eight nine ten"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":10}}"#;
const EVENTS_HEAD: &str = concat!(
    "HTTP/1.1 200 OK\r\n",
    "content-type: text/event-stream\r\n",
    "transfer-encoding: chunked\r\n\r\n"
);

static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// How many connections were opened to it so far.
pub fn connections() -> usize {
    CONNECTIONS.load(Ordering::Relaxed)
}

/// Starts the mock of a provider, and returns its address.
pub async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener
        .local_addr()
        .expect("it has an address")
        .to_string();
    tokio::task::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("the option exists");
            CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            tokio::task::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) {
    let (openai, anthropic) = (whole(ANSWER), whole(ANTHROPIC_ANSWER));
    let (openai_events, anthropic_events) = (openai_events(), anthropic_events());
    let (mut buffer, mut read) = (vec![0; 64 * 1024], 0);
    while let Ok(more) = stream.read(&mut buffer[read..]).await {
        read += more;
        if more == 0 {
            return;
        }
        let Some(length) = request_length(&buffer[..read]) else {
            continue;
        };
        if read < length {
            continue;
        }
        let endless = buffer[..length]
            .windows(7)
            .any(|window| window == b"endless");
        if endless {
            // Until nobody takes it any more.
            while stream.write_all(EVENTS_HEAD.as_bytes()).await.is_ok() {
                let event = format!(
                    "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
                    "x".repeat(16_000)
                );
                let chunk = format!("{:x}\r\n{event}\r\n", event.len());
                while stream.write_all(chunk.as_bytes()).await.is_ok() {}
            }
            return;
        }
        let streams = buffer[..length]
            .windows(13)
            .any(|window| window == b"\"stream\":true");
        let (whole, events) = if buffer.starts_with(b"POST /v1/messages ") {
            (&anthropic, &anthropic_events)
        } else {
            (&openai, &openai_events)
        };
        buffer.copy_within(length..read, 0);
        read -= length;
        let written = if streams {
            stream_out(&mut stream, events).await
        } else {
            stream.write_all(whole.as_bytes()).await
        };
        if written.is_err() {
            return;
        }
    }
}

fn whole(answer: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    )
}

/// A streamed answer of OpenAI's chat completions, piece by piece.
fn openai_events() -> Vec<String> {
    let piece = |number| {
        let finish = if number + 1 == CHUNKS {
            "\"stop\""
        } else {
            "null"
        };
        format!(
            "data: {{\"id\":\"chatcmpl-0\",\"object\":\"chat.completion.chunk\",\"created\":1795219200,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word{number} \"}},\"finish_reason\":{finish}}}],\"usage\":null}}\n\n"
        )
    };
    let mut events: Vec<String> = (0..CHUNKS).map(piece).collect();
    events.push("data: {\"id\":\"chatcmpl-0\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n".to_owned());
    events
}

/// A streamed answer of Anthropic's Messages API, with the same words.
fn anthropic_events() -> Vec<String> {
    let event =
        |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\",{rest}}}\n\n");
    let mut events = vec![
        event(
            "message_start",
            r#""message":{"id":"msg_0","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}"#,
        ) + &event(
            "content_block_start",
            r#""index":0,"content_block":{"type":"text","text":""}"#,
        ),
    ];
    events.extend((0..CHUNKS).map(|number| {
        event(
            "content_block_delta",
            &format!(
                "\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"word{number} \"}}"
            ),
        )
    }));
    events.push(
        event("content_block_stop", r#""index":0"#)
            + &event(
                "message_delta",
                r#""delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}"#,
            )
            + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    events
}

/// Every event in a write of its own, without a gap.
async fn stream_out(stream: &mut TcpStream, events: &[String]) -> std::io::Result<()> {
    stream.write_all(EVENTS_HEAD.as_bytes()).await?;
    for event in events {
        stream
            .write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
            .await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}

/// Head and body, once the head is there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some(head + length.unwrap_or(0))
}
