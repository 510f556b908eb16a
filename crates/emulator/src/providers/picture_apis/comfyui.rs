//! A ComfyUI, which is the operator's own or runs on a machine of RunComfy's.
//!
//! As with the real one, a job is in neither the queue nor the history for a
//! moment after it has ended, only jobs that wait are deleted from the queue,
//! and an interrupt stops whatever runs.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::hosts::{FILE_ERROR, JobStage, answer_file, count_images, refuse_look};
use crate::providers::call::Call;
use crate::world::{HostJob, ProviderFault, ProviderState};

/// The LoRAs that it has.
pub const LORAS: [&str; 3] = [
    "pixel-art.safetensors",
    "styles/watercolour.safetensors",
    "woodcut.safetensors",
];

/// Answers a call; none where there is no such address.
pub fn answer_comfyui(
    state: &mut ProviderState,
    call: &Call<'_>,
    parts: &[&str],
) -> Option<Response> {
    Some(match *parts {
        ["system_stats"] => Json(json!({"system": {"os": "posix"}})).into_response(),
        // The folder's files, by their names
        // (<https://docs.comfy.org/development/comfyui-server/comms_routes>).
        ["models", "loras"] => Json(json!(LORAS)).into_response(),
        ["upload", "image"] => Json(json!({"name": "latchkey.png"})).into_response(),
        ["prompt"] => queue_graph(state, call),
        ["queue"] if *call.method == Method::POST => {
            let ids = call.body["delete"].as_array().into_iter().flatten();
            for id in ids.filter_map(Value::as_str) {
                state.delete_waiting(call.provider.id, id);
            }
            Json(json!({})).into_response()
        }
        ["queue"] => Json(describe_queue(state, call)).into_response(),
        ["interrupt"] => {
            state.interrupt(call.provider.id, &call.body["prompt_id"]);
            Json(json!({})).into_response()
        }
        ["history"] => Json(describe_history(state, call)).into_response(),
        ["history", id] => {
            if let Some(refused) = refuse_look(call) {
                return Some(refused);
            }
            let at = state.advance_job(call.provider.id, id)?;
            let job = state.job(call.provider.id, id)?;
            // The two are not of one moment
            // (<https://github.com/Comfy-Org/ComfyUI/issues/3331>).
            let is_late = at == JobStage::Done && !std::mem::replace(&mut job.was_late, true);
            Json(match at {
                JobStage::Done if !is_late => json!({id: entry_of(call, job)}),
                JobStage::Cancelled => json!({id: interrupted()}),
                _ => json!({}),
            })
            .into_response()
        }
        ["view"] if call.fault == Some(&ProviderFault::OneBad) && state.takes_turns() => {
            StatusCode::NOT_FOUND.into_response()
        }
        ["view"] => answer_file(call, "view.png"),
        _ => return None,
    })
}

/// Takes a graph, or says what of it can't be run.
fn queue_graph(state: &mut ProviderState, call: &Call<'_>) -> Response {
    let lora = unknown_lora(&call.body["prompt"]);
    let details = match call.fault {
        Some(ProviderFault::NodeError) => "",
        Some(ProviderFault::ModelMissing) => FILE_ERROR,
        _ if lora.is_some() => lora.as_deref().unwrap_or_default(),
        _ => {
            let id = state.begin_job(call.provider.id, &call.body["prompt"]);
            if let Some(job) = state.job(call.provider.id, &id) {
                let client = call.body["client_id"].as_str();
                client.unwrap_or_default().clone_into(&mut job.mark);
                // Since December 2025 each job says so for itself, and without
                // that none is shown
                // (<https://github.com/Comfy-Org/ComfyUI/pull/11261>).
                let method = call.body["extra_data"]["preview_method"].as_str();
                job.shows_previews = matches!(method, Some("auto" | "latent2rgb" | "taesd"));
            }
            if call.fault == Some(&ProviderFault::LostAnswer) {
                let page = Html("<html><body>504 Gateway Time-out</body></html>");
                return (StatusCode::GATEWAY_TIMEOUT, page).into_response();
            }
            return Json(json!({"prompt_id": id, "number": 1, "node_errors": {}})).into_response();
        }
    };
    let error = json!({"type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation", "details": "", "extra_info": {}});
    let node = json!({"errors": [{"type": "value_not_in_list", "message": "Value not in list",
        "details": details, "extra_info": {}}], "dependent_outputs": ["9"],
        "class_type": "CheckpointLoaderSimple"});
    let body = json!({"error": error, "node_errors": {"4": node}});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// What is said of a LoRA that is not there
/// (<https://github.com/ltdrdata/ComfyUI-Inspire-Pack/issues/201>).
fn unknown_lora(graph: &Value) -> Option<String> {
    let nodes = graph.as_object().into_iter().flatten();
    let mut names = nodes.filter_map(|(_, node)| node["inputs"]["lora_name"].as_str());
    let name = names.find(|name| !LORAS.contains(name))?;
    Some(format!("lora_name: '{name}' not in {LORAS:?}"))
}

fn describe_queue(state: &ProviderState, call: &Call<'_>) -> Value {
    let of = |running: bool| -> Vec<Value> {
        let jobs = state.open_jobs(call.provider.id);
        let jobs = jobs.filter(|job| state.is_running(job) == running);
        jobs.map(describe_entry).collect()
    };
    json!({"queue_running": of(true), "queue_pending": of(false)})
}

/// A job as the queue and the history have it.
fn describe_entry(job: &HostJob) -> Value {
    json!([1, job.id, {}, {"client_id": job.mark}, []])
}

/// Everything that has ended.
fn describe_history(state: &ProviderState, call: &Call<'_>) -> Value {
    let jobs = state
        .jobs
        .iter()
        .filter(|job| job.provider == call.provider.id && job.done);
    let entries = jobs.map(|job| (job.id.clone(), entry_of(call, job)));
    Value::Object(entries.collect())
}

fn entry_of(call: &Call<'_>, job: &HostJob) -> Value {
    let mut entry = match call.fault {
        Some(ProviderFault::MachineError) => failed("RuntimeError", "CUDA error"),
        Some(ProviderFault::OutOfMemory) => {
            failed("torch.OutOfMemoryError", "Allocation on device ")
        }
        Some(ProviderFault::BreaksOff) => {
            let mut entry = failed("torch.OutOfMemoryError", "Allocation on device ");
            entry["outputs"] = outputs_of(call, &job.input);
            entry
        }
        Some(ProviderFault::NoPicture) => json!({"outputs": {}, "status": well()}),
        _ => json!({"outputs": outputs_of(call, &job.input), "status": well()}),
    };
    entry["prompt"] = describe_entry(job);
    entry
}

/// What the graph gave out, with a preview beside it. The core's own node for
/// videos lists them among the pictures
/// (<https://github.com/Comfy-Org/ComfyUI/pull/7303>).
fn outputs_of(call: &Call<'_>, graph: &Value) -> Value {
    let image = |name: String, kind: &str| json!({"filename": name, "subfolder": "", "type": kind});
    let count = count_images(graph);
    let images: Vec<Value> = (0..count)
        .map(|at| image(format!("{at}.png"), "output"))
        .collect();
    if call.fault == Some(&ProviderFault::PreviewAlone) {
        // What `PreviewImage` lists
        // (<https://github.com/Comfy-Org/ComfyUI/issues/5147>).
        return json!({"7": {"images": [image("preview.png".into(), "temp")]}});
    }
    let mut outputs = json!({"7": {"images": [image("preview.png".into(), "temp")]},
        "9": {"images": images}});
    if call.fault == Some(&ProviderFault::OneBad) && count < 2 {
        let video = image("clip.mp4".into(), "output");
        outputs["12"] = json!({"images": [video], "animated": [true]});
    }
    outputs
}

fn well() -> Value {
    json!({"status_str": "success", "completed": true, "messages": []})
}

fn failed(kind: &str, message: &str) -> Value {
    let error = json!({"node_id": "3", "node_type": "KSampler", "exception_type": kind,
        "exception_message": message, "current_inputs": {"text": ["out of memory"]}});
    ended_with("execution_error", &error)
}

fn interrupted() -> Value {
    ended_with("execution_interrupted", &json!({"node_id": "3"}))
}

fn ended_with(message: &str, what: &Value) -> Value {
    json!({"outputs": {}, "status": {"status_str": "error", "completed": false,
        "messages": [["execution_start", {}], [message, what]]}})
}

impl ProviderState {
    fn open_jobs<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a HostJob> {
        let jobs = self.jobs.iter();
        jobs.filter(move |job| job.provider == provider && !job.cancelled && !job.done)
    }

    fn is_running(&self, job: &HostJob) -> bool {
        job.looks > self.life.queued
    }

    /// Takes a job out of the queue. One that runs is in it no more.
    fn delete_waiting(&mut self, provider: &str, id: &str) {
        let queued = self.life.queued;
        if let Some(job) = self.job(provider, id)
            && job.looks <= queued
        {
            job.cancelled = true;
        }
    }

    /// Stops what runs: the job that is named, and any other where that does not
    /// run, as releases before September 2025 do
    /// (<https://github.com/Comfy-Org/ComfyUI/issues/2566>).
    fn interrupt(&mut self, provider: &str, named: &Value) {
        let running = self.open_jobs(provider).filter(|job| self.is_running(job));
        let ids: Vec<String> = running.map(|job| job.id.clone()).collect();
        let meant = ids.iter().find(|id| *named == id.as_str());
        if let Some(id) = meant.or(ids.first()) {
            self.cancel_job(provider, id);
        }
    }

    /// Whether this is the second, the fourth and so on of some calls.
    fn takes_turns(&mut self) -> bool {
        self.turns += 1;
        self.turns.is_multiple_of(2)
    }
}
