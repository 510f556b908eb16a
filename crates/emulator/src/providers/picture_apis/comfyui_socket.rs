//! The WebSocket over which a ComfyUI tells a client how far its jobs are
//! (<https://github.com/Comfy-Org/ComfyUI/blob/master/server.py>,
//! `websocket_handler`, `send_image` and `send_image_with_metadata`; the events
//! are those of `execution.py`, `main.py` and `comfy_execution/progress.py`).
//!
//! A job moves on when the bot asks for its status, and so do its events.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::images::HIDDEN;
use crate::providers::errors::faults;
use crate::providers::errors::refusals::refuse_key;
use crate::providers::keys::{PROVIDERS, key_in, standing_of};
use crate::providers::note_call;
use crate::world::{HostJob, ProviderCall, ProviderState, SocketHabit, World};

/// Types of what comes as bytes (`protocol.py`).
const PREVIEW_IMAGE: u32 = 1;
const PREVIEW_IMAGE_WITH_METADATA: u32 = 4;
/// What stands for JPEG before a picture without metadata (`send_image`).
const JPEG: u32 = 1;
/// How many steps a job has, and how many it takes between two looks at it.
const STEPS: u32 = 20;
const STEPS_A_LOOK: u32 = 5;
/// The size of a message that nobody wants.
const HUGE_BYTES: usize = 9 * 1024 * 1024;
const PREVIEW: &[u8] = include_bytes!("preview.jpg");

/// Answers whoever wants to be told, by the operator's own ComfyUI or by that of
/// a machine of RunComfy's.
pub async fn connect(
    Shared(world): Shared<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let path = uri.path_and_query().map_or("", |it| it.as_str());
    let found = PROVIDERS.iter().find_map(|provider| {
        let below = path
            .strip_prefix("/providers/")?
            .strip_prefix(provider.id)?;
        below.starts_with('/').then_some((provider, below))
    });
    let Some((provider, below)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let client = below
        .split_once("clientId=")
        .map_or("", |(_, client)| client);
    let key = key_in(provider, &headers);
    let (fault, standing, habit) = world.with(|state| {
        let call = ProviderCall {
            key: key.clone(),
            ..ProviderCall::look(provider.id, below.to_owned(), &headers)
        };
        note_call(&mut state.providers, call);
        let standing = standing_of(&state.providers, provider, key.as_deref());
        let fault = state.providers.faults.get(provider.id).cloned();
        (fault, standing, state.providers.socket)
    });
    if let Some(replaced) = faults::replace_answer(provider, fault.as_ref(), key.as_deref()).await {
        return replaced;
    }
    // A call to a machine carries no key: its address is the secret.
    if !below.starts_with("/comfy/")
        && let Some(refusal) = refuse_key(provider, standing)
    {
        return refusal;
    }
    let Ok(upgrade) = upgrade else {
        return not_upgraded();
    };
    if habit == SocketHabit::Refused {
        return not_upgraded();
    }
    let told = ClientProgress {
        provider: provider.id,
        client: client.to_owned(),
        ..ClientProgress::default()
    };
    upgrade.on_upgrade(async move |socket| serve(&world, socket, told).await)
}

/// What a ComfyUI says where a proxy took out of a request that it wants a
/// WebSocket (<https://github.com/aio-libs/aiohttp/issues/7224>).
fn not_upgraded() -> Response {
    let words = "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\".";
    (StatusCode::BAD_REQUEST, words).into_response()
}

/// Tells a client of its jobs, until it leaves.
async fn serve(world: &World, mut socket: WebSocket, mut told: ClientProgress) {
    let habit = world.look(|state| state.providers.socket);
    let mut sends = match habit {
        SocketHabit::Silent => Vec::new(),
        _ => vec![status(1)],
    };
    match habit {
        SocketHabit::Huge => sends.push(Message::binary(vec![0; HUGE_BYTES])),
        SocketHabit::Garbled => sends.extend(garbled()),
        SocketHabit::Closing => sends.push(Message::Close(None)),
        _ => {}
    }
    let mut changes = world.watch();
    loop {
        changes.borrow_and_update();
        if habit != SocketHabit::Silent {
            sends.extend(world.look(|state| told.catch_up(&state.providers)));
        }
        for send in sends.drain(..) {
            if socket.send(send).await.is_err() {
                return;
            }
        }
        tokio::select! {
            _ = changes.changed() => {}
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) if habit != SocketHabit::Old => {
                    sends.extend(told.hear(&text));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

/// What a client has been told.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that happens once"
)]
struct ClientProgress {
    provider: &'static str,
    client: String,
    /// Whether it has said anything, and takes pictures that name their job.
    has_spoken: bool,
    takes_metadata: bool,
    has_begun: bool,
    steps: u32,
    has_ended: bool,
    heard_others: bool,
}

impl ClientProgress {
    /// Hears what a client can do, which is its first message or never said.
    fn hear(&mut self, text: &str) -> Option<Message> {
        let said: Value = serde_json::from_str(text).unwrap_or_default();
        if std::mem::replace(&mut self.has_spoken, true) || said["type"] != "feature_flags" {
            return None;
        }
        self.takes_metadata = said["data"]["supports_preview_metadata"] == true;
        let can = json!({"supports_preview_metadata": true, "max_upload_size": 104_857_600});
        Some(event("feature_flags", &can))
    }

    /// Everything that has happened to a client's newest job.
    fn catch_up(&mut self, state: &ProviderState) -> Vec<Message> {
        let mut sends = Vec::new();
        let mut jobs = state.jobs.iter().rev();
        let job = jobs.find(|job| job.provider == self.provider && job.mark == self.client);
        let Some(job) = job else {
            return sends;
        };
        let running = job.looks.saturating_sub(state.life.queued);
        let is_over = job.done || job.cancelled;
        if state.socket == SocketHabit::Shared
            && (running == 0 || is_over)
            && !std::mem::replace(&mut self.heard_others, !is_over)
        {
            sends.extend(of_others());
        }
        if running == 0 || self.has_ended {
            return sends;
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            sends.extend(beginning(job, state.socket));
        }
        let until = match (job.done, job.cancelled) {
            (true, _) => STEPS,
            (_, true) => self.steps,
            _ => (running * STEPS_A_LOOK).min(STEPS),
        };
        while self.steps < until {
            self.steps += STEPS_A_LOOK;
            sends.extend(self.step(job, state.socket));
        }
        if is_over {
            self.has_ended = true;
            sends.extend(ending(job, state));
        }
        sends
    }

    /// One step, with what the picture looks like after it (`hijack_progress`).
    fn step(&self, job: &HostJob, habit: SocketHabit) -> Vec<Message> {
        let (value, id) = (self.steps, &job.id);
        if habit == SocketHabit::Old {
            let step = event("progress", &json!({"value": value, "max": STEPS}));
            return vec![step, plain_preview()];
        }
        let node = json!({"value": value, "max": STEPS, "state": "running", "node_id": "3",
            "prompt_id": id, "display_node_id": "3", "parent_node_id": null, "real_node_id": "3"});
        let state = event(
            "progress_state",
            &json!({"prompt_id": id, "nodes": {"3": node}}),
        );
        let step = json!({"value": value, "max": STEPS, "prompt_id": id, "node": "3"});
        let step = event("progress", &step);
        match (job.shows_previews, self.takes_metadata) {
            (false, _) => vec![state, step],
            (true, true) => vec![state, named_preview(id), step],
            (true, false) => vec![state, step, plain_preview()],
        }
    }
}

fn beginning(job: &HostJob, habit: SocketHabit) -> Vec<Message> {
    let id = &job.id;
    let mut node = json!({"node": "3", "prompt_id": id});
    if habit != SocketHabit::Old {
        node["display_node"] = json!("3");
    }
    vec![
        event("execution_start", &json!({"prompt_id": id})),
        event("execution_cached", &json!({"nodes": [], "prompt_id": id})),
        event("executing", &node),
    ]
}

/// The end of a job. Its node is none once it is in the history
/// (`prompt_worker`).
fn ending(job: &HostJob, state: &ProviderState) -> Vec<Message> {
    let id = &job.id;
    let mut sends = Vec::new();
    if job.cancelled {
        let what =
            json!({"prompt_id": id, "node_id": "3", "node_type": "KSampler", "executed": []});
        sends.push(event("execution_interrupted", &what));
    } else if !state.faults.contains_key(job.provider.as_str()) {
        let output = json!({"images": [{"filename": "0.png", "subfolder": "", "type": "output"}]});
        let what = json!({"node": "9", "output": output, "prompt_id": id});
        sends.push(event("executed", &what));
        sends.push(event("execution_success", &json!({"prompt_id": id})));
    }
    let nothing = json!({"node": null, "prompt_id": id});
    sends.extend([event("executing", &nothing), status(0)]);
    sends
}

/// What everybody is told of a job whose client is unknown (`send_bytes` and
/// `send_json` without a `sid`).
fn of_others() -> Vec<Message> {
    let step = json!({"value": 3, "max": 7, "prompt_id": "theirs", "node": "3"});
    vec![event("progress", &step), plain_preview()]
}

fn garbled() -> Vec<Message> {
    let short = [4_u32.to_be_bytes(), u32::MAX.to_be_bytes()].concat();
    vec![
        Message::text("{"),
        Message::text("[1]"),
        Message::binary(Vec::new()),
        Message::binary(vec![0, 0]),
        Message::binary(short),
        event("progress", &json!({"value": -1, "max": "many"})),
    ]
}

fn status(queued: u32) -> Message {
    let status = json!({"exec_info": {"queue_remaining": queued}});
    event("status", &json!({"status": status}))
}

fn event(kind: &str, data: &Value) -> Message {
    Message::text(json!({"type": kind, "data": data}).to_string())
}

fn plain_preview() -> Message {
    let bytes = [
        &PREVIEW_IMAGE.to_be_bytes()[..],
        &JPEG.to_be_bytes(),
        &preview(),
    ];
    Message::binary(bytes.concat())
}

fn named_preview(job: &str) -> Message {
    let metadata = json!({"node_id": "3", "prompt_id": job, "display_node_id": "3",
        "parent_node_id": null, "real_node_id": "3", "image_type": "image/jpeg"});
    let metadata = metadata.to_string();
    let length = u32::try_from(metadata.len()).unwrap_or(0);
    let bytes = [
        &PREVIEW_IMAGE_WITH_METADATA.to_be_bytes()[..],
        &length.to_be_bytes(),
        metadata.as_bytes(),
        &preview(),
    ];
    Message::binary(bytes.concat())
}

/// An unfinished picture, with a comment in its file as nodes of others write
/// them.
fn preview() -> Vec<u8> {
    let (start, rest) = PREVIEW.split_at(2);
    let length = u16::try_from(HIDDEN.len() + 2).unwrap_or(2);
    let comment = [&[0xff, 0xfe][..], &length.to_be_bytes(), HIDDEN.as_bytes()];
    [start, &comment.concat(), rest].concat()
}
