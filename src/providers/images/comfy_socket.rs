//! ComfyUI's WebSocket, over which it tells how far a job is before it is
//! asked; `docs/providers.md` §14.6.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::watch::Sender;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::providers::transport::http::join;
use crate::providers::transport::outbound::Socket;

use super::comfy_events::Ear;
use super::comfyui::Comfy;
use super::job::{JobNews, Result, WatchedJob};

/// The largest message that is read. A preview has at most 512 pixels a side,
/// unless whoever runs it wants larger ones.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long nothing may come before it is asked whether anybody is there, and
/// then before the connection is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// Has previews name their job, which releases since July 2025 do for whoever
/// says so first of all.
const FEATURES: &str = r#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;

/// A connection over which a job is heard of.
pub struct JobSocket {
    socket: Socket,
    ear: Ear,
}

/// Connects as the client that queued a job.
pub async fn open(comfy: &Comfy<'_>, job: &WatchedJob<'_>) -> Result<JobSocket> {
    let url = join(&comfy.base, &format!("/ws?clientId={}", job.mark));
    let (outbound, provider) = (comfy.host.outbound, comfy.host.provider);
    let opening = outbound.open_socket(provider, url, MESSAGE_BYTES_MAX, comfy.credential);
    Ok(JobSocket {
        socket: opening.await?,
        ear: Ear::new(job),
    })
}

impl JobSocket {
    /// Tells what is heard of the job, until the connection ends.
    pub async fn listen(mut self, news: &Sender<JobNews>) {
        if !self.say(Message::text(FEATURES)).await {
            return;
        }
        let mut is_asked = false;
        loop {
            match timeout(SILENCE, self.socket.next()).await {
                Ok(Some(Ok(message))) => {
                    is_asked = false;
                    if self.hear(&message) {
                        news.send_replace(self.ear.news.clone());
                    }
                }
                Err(_) if !is_asked && self.say(Message::Ping(Bytes::new())).await => {
                    is_asked = true;
                }
                _ => return,
            }
        }
    }

    fn hear(&mut self, message: &Message) -> bool {
        match message {
            Message::Text(text) => self.ear.hear_text(text),
            Message::Binary(bytes) => self.ear.hear_bytes(bytes),
            _ => false,
        }
    }

    async fn say(&mut self, message: Message) -> bool {
        matches!(
            timeout(SILENCE, self.socket.send(message)).await,
            Ok(Ok(()))
        )
    }
}
