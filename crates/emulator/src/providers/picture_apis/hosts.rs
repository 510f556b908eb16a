//! Image hosts, whose jobs wait, start, run and end.
//!
//! A job moves on each time that the bot asks for its status, so that no test
//! depends on time.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::comfyui::answer_comfyui;
use super::images::picture_or_fault;
use crate::providers::call::Call;
use crate::providers::checks::KNOWN_ID;
use crate::world::{HostJob, HostServer, ProviderFault, ProviderState};

/// How far a job is. A queued one has so many jobs before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStage {
    Queued(u32),
    Starting,
    Running,
    Done,
    Cancelled,
}

/// Answers a call to an image host; none where the host has no such address.
pub fn answer_host_call(state: &mut ProviderState, call: &Call<'_>) -> Option<Response> {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    if let ["files", name] = parts[..] {
        return Some(answer_file(call, name));
    }
    match call.provider.id {
        "runpod" => answer_runpod(state, call, &parts),
        "runcomfy-serverless" => answer_runcomfy(state, call, &parts),
        "saladcloud" => answer_salad(state, call, &parts),
        "comfyui" => answer_comfyui(state, call, &parts),
        "runcomfy" => answer_machines(state, call, &parts),
        _ => None,
    }
}

/// Answers a call for a finished picture, unless the call has a fault.
pub fn answer_file(call: &Call<'_>, name: &str) -> Response {
    match call.fault {
        Some(ProviderFault::OneBad) if name.starts_with('1') => {
            StatusCode::NOT_FOUND.into_response()
        }
        Some(ProviderFault::Expired) => StatusCode::NOT_FOUND.into_response(),
        Some(ProviderFault::KeptBehind(status)) => StatusCode::from_u16(*status)
            .unwrap_or(StatusCode::BAD_GATEWAY)
            .into_response(),
        Some(ProviderFault::RedirectPicture(to)) => {
            (StatusCode::FOUND, [("location", to.clone())]).into_response()
        }
        fault => picture_or_fault(name, 0, fault).into_response(),
    }
}

impl ProviderState {
    /// Notes a job, which nobody has looked at yet, and returns its id.
    pub fn begin_job(&mut self, provider: &str, input: &Value) -> String {
        let id = format!("job-{}", self.jobs.len() + 1);
        self.jobs.push(HostJob {
            provider: provider.to_owned(),
            id: id.clone(),
            input: input.clone(),
            looks: 0,
            cancelled: false,
            done: false,
            mark: String::new(),
            was_late: false,
            shows_previews: false,
        });
        id
    }

    /// The job of that id, if it is one of this provider's.
    pub fn job(&mut self, provider: &str, id: &str) -> Option<&mut HostJob> {
        let mut jobs = self.jobs.iter_mut();
        jobs.find(|job| job.provider == provider && job.id == id)
    }

    /// Moves a job on by one look, and returns how far it is.
    pub fn advance_job(&mut self, provider: &str, id: &str) -> Option<JobStage> {
        let life = self.life;
        let job = self.job(provider, id)?;
        job.looks += 1;
        let looks = job.looks;
        let at = if job.cancelled {
            JobStage::Cancelled
        } else if looks <= life.queued {
            JobStage::Queued((life.queued - looks).min(3))
        } else if looks <= life.queued + life.starting {
            JobStage::Starting
        } else if looks <= life.queued + life.starting + life.running {
            JobStage::Running
        } else {
            JobStage::Done
        };
        job.done |= at == JobStage::Done;
        Some(at)
    }

    /// Ends a job without a picture; nothing happens where there is no such job.
    pub fn cancel_job(&mut self, provider: &str, id: &str) {
        if let Some(job) = self.job(provider, id) {
            job.cancelled = true;
        }
    }
}

/// What hosts report where a node of the workflow fails.
const GRAPH_ERROR: &str = "Workflow validation failed: node 4 (CheckpointLoaderSimple)";
/// What they report where a model's file is not there
/// (<https://github.com/Comfy-Org/ComfyUI/issues/8826>).
pub const FILE_ERROR: &str =
    "ckpt_name: 'sd_xl_base_1.0.safetensors' not in ['flux1-dev.safetensors']";
/// What they report of a full card
/// (<https://github.com/ashleykleynhans/runpod-worker-a1111/issues/30>).
const MEMORY_ERROR: &str = "OutOfMemoryError: CUDA out of memory. Tried to allocate 58.00 MiB. GPU 0 has a total capacity of 23.54 GiB";

/// How a host refuses a look at a job; none where it does not.
pub fn refuse_look(call: &Call<'_>) -> Option<Response> {
    let ProviderFault::LooksRefused(status) = call.fault? else {
        return None;
    };
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
    Some((status, Json(json!({"error": "made up"}))).into_response())
}

/// What a host says of a job that failed; none where it does not fail.
fn error_of(call: &Call<'_>) -> Option<&'static str> {
    match call.fault? {
        ProviderFault::NodeError => Some(GRAPH_ERROR),
        ProviderFault::MachineError => Some("CUDA error: device-side assert triggered"),
        ProviderFault::OutOfMemory => Some(MEMORY_ERROR),
        ProviderFault::ModelMissing => Some(FILE_ERROR),
        _ => None,
    }
}

fn answer_runpod(state: &mut ProviderState, call: &Call<'_>, parts: &[&str]) -> Option<Response> {
    Some(match *parts {
        [_, "run"] => {
            let id = state.begin_job(call.provider.id, &call.body["input"]);
            Json(json!({"id": id, "status": "IN_QUEUE"})).into_response()
        }
        [_, "cancel", id] => {
            state.cancel_job(call.provider.id, id);
            Json(json!({"id": id, "status": "CANCELLED"})).into_response()
        }
        [_, "status", id] => {
            if call.fault == Some(&ProviderFault::Expired) {
                return Some(not_found());
            }
            if let Some(refused) = refuse_look(call) {
                return Some(refused);
            }
            // A moment after `/run`, not every machine of RunPod's knows the job
            // (<https://github.com/wlsdml1114/Engui_Studio/issues/21>).
            let job = state.job(call.provider.id, id)?;
            if !std::mem::replace(&mut job.was_late, true) {
                return Some(not_found());
            }
            let at = state.advance_job(call.provider.id, id)?;
            let input = state.job(call.provider.id, id)?.input.clone();
            let failed = error_of(call);
            let answer = match (at, failed) {
                (JobStage::Queued(_) | JobStage::Starting, _) => json!({"status": "IN_QUEUE"}),
                (JobStage::Running, _) => json!({"status": "IN_PROGRESS"}),
                (JobStage::Cancelled, _) => json!({"status": "CANCELLED"}),
                (JobStage::Done, Some(error)) => json!({"status": "FAILED", "error": error}),
                // The endpoint's own limit is an end
                // (<https://docs.runpod.io/serverless/endpoints/operation-reference>).
                (JobStage::Done, None) if call.fault == Some(&ProviderFault::TimeLimit) => {
                    json!({"status": "TIMED_OUT", "error": "executionTimeout exceeded"})
                }
                // A result that is too large is dropped
                // (<https://github.com/runpod-workers/worker-comfyui/issues/167>).
                (JobStage::Done, None) if call.fault == Some(&ProviderFault::NoOutput) => {
                    json!({"status": "COMPLETED"})
                }
                (JobStage::Done, None) => json!({"status": "COMPLETED", "delayTime": 1200,
                    "output": runpod_output(call, &input)}),
            };
            let mut answer = answer;
            answer["id"] = json!(id);
            if at == JobStage::Done {
                answer["executionTime"] = json!(4000);
            }
            Json(answer).into_response()
        }
        _ => return None,
    })
}

fn runpod_output(call: &Call<'_>, input: &Value) -> Value {
    if call.fault == Some(&ProviderFault::NoPicture) {
        return json!({"images": [], "errors": []});
    }
    if let Some(ProviderFault::Output(output)) = call.fault {
        return with_picture(output);
    }
    if input["workflow"].is_null() {
        let url = format!("{}/files/public.png", call.base);
        // Qwen's endpoints name it otherwise
        // (<https://github.com/runpod/ai-sdk-provider/blob/main/src/runpod-image-model.ts>).
        let name = if call.path.contains("qwen") {
            "result"
        } else {
            "image_url"
        };
        return json!({name: url, "cost": 0.0024});
    }
    let images: Vec<Value> = (0..count_images(&input["workflow"]))
        .map(|at| {
            if call.fault == Some(&ProviderFault::OwnBucket) {
                // Where BUCKET_ENDPOINT_URL is set
                // (<https://github.com/runpod-workers/worker-comfyui/blob/main/docs/configuration.md>).
                let url = format!("https://pictures.made-up.example/{at}.png?X-Amz-Signature=aa");
                return json!({"filename": format!("{at}.png"), "type": "s3_url", "data": url});
            }
            if matches!(call.fault, Some(ProviderFault::KeptBehind(_))) {
                let url = format!("{}/files/{at}.png", call.base);
                return json!({"filename": format!("{at}.png"), "type": "s3_url", "data": url});
            }
            let bytes = picture_or_fault(&input["workflow"].to_string(), at, call.fault);
            json!({"filename": format!("{at}.png"), "type": "base64", "data": STANDARD.encode(bytes)})
        })
        .collect();
    json!({"images": images})
}

/// An output with a picture where `PICTURE` stands.
fn with_picture(output: &Value) -> Value {
    let picture = STANDARD.encode(picture_or_fault("an output", 0, None));
    let text = output.to_string().replace("PICTURE", &picture);
    serde_json::from_str(&text).unwrap_or_default()
}

/// How many pictures a workflow makes at once.
pub fn count_images(graph: &Value) -> u64 {
    let nodes = graph.as_object().into_iter().flatten();
    let sizes = nodes.filter_map(|(_, node)| {
        let inputs = &node["inputs"];
        inputs["batch_size"].as_u64().or(inputs["amount"].as_u64())
    });
    sizes.max().unwrap_or(1)
}

fn answer_runcomfy(state: &mut ProviderState, call: &Call<'_>, parts: &[&str]) -> Option<Response> {
    let hidden = call.fault == Some(&ProviderFault::HiddenError);
    Some(match *parts {
        ["prod", "v1", "deployments", deployment, "inference"] => {
            if hidden {
                let error = json!({"error_code": 10001, "error_message": "Insufficient funds"});
                return Some(Json(error).into_response());
            }
            let id = state.begin_job(call.provider.id, &call.body["workflow_api_json"]);
            let url = format!(
                "{}/prod/v1/deployments/{deployment}/requests/{id}",
                call.base
            );
            Json(
                json!({"request_id": id, "status_url": format!("{url}/status"),
                "result_url": format!("{url}/result"), "cancel_url": format!("{url}/cancel")}),
            )
            .into_response()
        }
        ["prod", "v1", "deployments", _, "requests", id, "status"] => {
            if let Some(refused) = refuse_look(call) {
                return Some(refused);
            }
            let at = state.advance_job(call.provider.id, id)?;
            Json(match at {
                JobStage::Queued(before) => json!({"status": "in_queue", "queue_position": before}),
                JobStage::Starting => json!({"status": "in_progress"}),
                JobStage::Running => json!({"status": "in_progress", "instance_id": "i-1"}),
                JobStage::Done => json!({"status": "completed"}),
                JobStage::Cancelled => json!({"status": "canceled"}),
            })
            .into_response()
        }
        ["prod", "v1", "deployments", _, "requests", id, "result"] => {
            let graph = state.job(call.provider.id, id)?.input.clone();
            Json(runcomfy_result(call, &graph)).into_response()
        }
        ["prod", "v1", "deployments", _, "requests", id, "cancel"] => {
            state.cancel_job(call.provider.id, id);
            Json(json!({"request_id": id, "status": "cancellation_requested"})).into_response()
        }
        _ => return None,
    })
}

fn runcomfy_result(call: &Call<'_>, graph: &Value) -> Value {
    let failed =
        |error: &str| json!({"status": "failed", "error": [{"errorCode": 1, "error": error}]});
    if let Some(error) = error_of(call) {
        return failed(error);
    }
    if call.fault == Some(&ProviderFault::NoPicture) {
        return json!({"status": "succeeded", "outputs": {}});
    }
    let image = |at: u64| {
        json!({"filename": format!("{at}.png"), "subfolder": "", "type": "output",
            "url": format!("{}/files/{at}.png", call.base)})
    };
    let images: Vec<Value> = (0..count_images(graph)).map(image).collect();
    let outputs = json!({"9": {"images": images}});
    if call.fault == Some(&ProviderFault::BreaksOff) {
        let mut broken = failed(MEMORY_ERROR);
        broken["outputs"] = outputs;
        return broken;
    }
    json!({"status": "succeeded", "outputs": outputs})
}

fn answer_salad(state: &mut ProviderState, call: &Call<'_>, parts: &[&str]) -> Option<Response> {
    let images = |graph: &Value| -> Vec<String> {
        (0..count_images(graph))
            .map(|at| match call.fault {
                Some(ProviderFault::KeptBehind(_)) => format!("{}/files/{at}.png", call.base),
                _ => STANDARD.encode(picture_or_fault(&graph.to_string(), at, call.fault)),
            })
            .collect()
    };
    let is_lost = call.fault == Some(&ProviderFault::MachineError);
    let error = error_of(call).filter(|_| !is_lost);
    let output = |graph: &Value| match (call.fault, error) {
        (Some(ProviderFault::Output(output)), _) => with_picture(output),
        (Some(ProviderFault::NoPicture), _) => json!({"images": [], "stats": salad_stats()}),
        (_, Some(error)) => json!({"error": error, "location": "prompt"}),
        _ => json!({"id": "x", "images": images(graph), "stats": salad_stats()}),
    };
    Some(match *parts {
        [_, "prompt"] => match call.fault {
            _ if error.is_some() => {
                (StatusCode::BAD_REQUEST, Json(output(&Value::Null))).into_response()
            }
            Some(ProviderFault::GatewayCut) => {
                let page = Html("<html><body>upstream request timeout</body></html>");
                (StatusCode::GATEWAY_TIMEOUT, page).into_response()
            }
            _ => {
                let id = state.begin_job(call.provider.id, &call.body["prompt"]);
                state.job(call.provider.id, &id)?.done = true;
                Json(output(&call.body["prompt"])).into_response()
            }
        },
        ["organizations", _, "projects", _, "queues", _, "jobs"] => {
            let id = state.begin_job(call.provider.id, &call.body["input"]["prompt"]);
            let job = salad_job(&id, "pending", &Value::Null);
            (StatusCode::CREATED, Json(job)).into_response()
        }
        ["organizations", _, "projects", _, "queues", _, "jobs", id] => {
            if *call.method == Method::DELETE {
                state.cancel_job(call.provider.id, id);
                return Some(StatusCode::ACCEPTED.into_response());
            }
            if call.fault == Some(&ProviderFault::Expired) {
                return Some(not_found());
            }
            if let Some(refused) = refuse_look(call) {
                return Some(refused);
            }
            let at = state.advance_job(call.provider.id, id)?;
            let graph = state.job(call.provider.id, id)?.input.clone();
            let (status, output) = match at {
                JobStage::Queued(_) | JobStage::Starting => ("pending", Value::Null),
                JobStage::Running => ("running", Value::Null),
                JobStage::Cancelled => ("cancelled", Value::Null),
                JobStage::Done if is_lost => ("failed", Value::Null),
                JobStage::Done => {
                    let status = if error.is_some() {
                        "failed"
                    } else {
                        "succeeded"
                    };
                    (status, output(&graph))
                }
            };
            Json(salad_job(id, status, &output)).into_response()
        }
        _ => return None,
    })
}

/// What a container tells of its work, in milliseconds
/// (<https://github.com/SaladTechnologies/comfyui-api/blob/main/src/prompt-handler.ts>).
fn salad_stats() -> Value {
    json!({"comfy_execution": {"start": 1_786_702_508_796_u64, "end": 1_786_702_512_007_u64,
        "duration": 3211, "nodes": {}}, "preprocess_time": 4, "comfy_round_trip_time": 3205,
        "postprocess_time": 12, "upload_time": 0, "total_time": 3221})
}

/// A job as its document has it (`QueueJob` and `QueueJobEvent` of
/// <https://github.com/SaladTechnologies/salad-cloud-docs/blob/main/api-specs/salad-cloud.yaml>).
fn salad_job(id: &str, status: &str, output: &Value) -> Value {
    let event = |action: &str, second: u32| json!({"action": action, "time": format!("2026-11-21T12:00:{second:02}Z")});
    let mut events = vec![event("created", 0)];
    if matches!(status, "running" | "succeeded" | "failed") {
        events.push(event("started", 2));
    }
    if matches!(status, "succeeded" | "failed" | "cancelled") {
        events.push(event(status, 8));
    }
    json!({"id": id, "input": {}, "status": status, "events": events, "output": output,
        "create_time": "2026-11-21T12:00:00Z", "update_time": "2026-11-21T12:00:00Z"})
}

/// Answers for RunComfy's machines, each of which runs a ComfyUI.
fn answer_machines(state: &mut ProviderState, call: &Call<'_>, parts: &[&str]) -> Option<Response> {
    Some(match *parts {
        ["prod", "api", "users", KNOWN_ID, "servers"] if *call.method == Method::POST => {
            let id = format!("server-{}", state.servers.len() + 1);
            state.servers.push(HostServer {
                id: id.clone(),
                workflow: call.body["workflow_version_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                duration: call.body["estimated_duration"].as_u64().unwrap_or(0),
                looks: 0,
                running: true,
            });
            Json(json!({"server_id": id, "current_status": "Starting"})).into_response()
        }
        ["prod", "api", "users", KNOWN_ID, "servers"] => {
            let running = state.servers.iter().filter(|server| server.running);
            let list: Vec<Value> = running
                .map(|server| {
                    json!({"server_id": server.id, "workflow_version_id": server.workflow,
                        "estimated_duration": server.duration})
                })
                .collect();
            Json(json!(list)).into_response()
        }
        ["prod", "api", "users", KNOWN_ID, "servers", id] => {
            let (starting, fault) = (state.life.starting, call.fault);
            let server = state
                .servers
                .iter_mut()
                .find(|server| server.id == id && server.running);
            let Some(server) = server else {
                return Some(not_found());
            };
            if *call.method == Method::DELETE {
                server.running = false;
                return Some(Json(json!({"server_id": id})).into_response());
            }
            server.looks += 1;
            if fault == Some(&ProviderFault::MachineError) {
                return Some(
                    Json(json!({"server_id": id, "current_status": "Failed"})).into_response(),
                );
            }
            let ready = server.looks > starting;
            let url = ready.then(|| format!("{}/comfy/{id}", call.base));
            let status = if ready { "Ready" } else { "Starting" };
            Json(json!({"server_id": id, "current_status": status, "main_service_url": url}))
                .into_response()
        }
        ["comfy", id, ..] => {
            let lives = state
                .servers
                .iter()
                .any(|server| server.id == id && server.running);
            if !lives {
                let page = Html("<html><body>Bad gateway</body></html>");
                return Some((StatusCode::BAD_GATEWAY, page).into_response());
            }
            return answer_comfyui(state, call, parts.get(2..)?);
        }
        _ => return None,
    })
}

fn not_found() -> Response {
    let body = json!({"title": "Not Found", "status": 404});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
