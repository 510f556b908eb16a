//! Image hosts: jobs that wait, start, run and end, as each host tells it.
//!
//! A job moves one step each time it is looked at, so that nothing depends
//! on time.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::checks::KNOWN_ID;
use super::images::shown;
use super::{ProviderFault, ProviderState};

/// How many looks a job waits, starts and runs for.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub queued: u32,
    pub starting: u32,
    pub running: u32,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            queued: 2,
            starting: 1,
            running: 1,
        }
    }
}

/// A job at a host.
#[derive(Clone, Debug)]
pub struct HostJob {
    pub provider: String,
    pub id: String,
    /// What was sent.
    pub input: Value,
    /// How often it was looked at.
    pub looks: u32,
    pub cancelled: bool,
    /// It ended with a picture.
    pub done: bool,
}

/// A machine that was started.
#[derive(Clone, Debug)]
pub struct HostServer {
    pub id: String,
    pub workflow: String,
    pub duration: u64,
    pub looks: u32,
    pub running: bool,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Queued(u32),
    Starting,
    Running,
    Done,
    Cancelled,
}

/// A call at a host.
pub struct HostCall<'a> {
    pub provider: &'a str,
    pub method: &'a Method,
    pub path: &'a str,
    pub body: &'a Value,
    /// Where this provider is.
    pub base: &'a str,
    pub fault: Option<&'a ProviderFault>,
}

/// Answers a call about a job; none where it is about something else.
pub fn answer(state: &mut ProviderState, call: &HostCall<'_>) -> Option<Response> {
    let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    if let ["files", name] = parts[..] {
        return Some(file(call, name));
    }
    match call.provider {
        "runpod" => runpod(state, call, &parts),
        "runcomfy-serverless" => runcomfy(state, call, &parts),
        "saladcloud" => salad(state, call, &parts),
        "comfyui" => comfy(state, call, &parts),
        "runcomfy" => machine(state, call, &parts),
        _ => None,
    }
}

fn file(call: &HostCall<'_>, name: &str) -> Response {
    match call.fault {
        Some(ProviderFault::Expired) => StatusCode::NOT_FOUND.into_response(),
        Some(ProviderFault::RedirectPicture(to)) => {
            (StatusCode::FOUND, [("location", to.clone())]).into_response()
        }
        fault => shown(name, 0, fault).into_response(),
    }
}

impl ProviderState {
    fn begin_job(&mut self, provider: &str, input: &Value) -> String {
        let id = format!("job-{}", self.jobs.len() + 1);
        self.jobs.push(HostJob {
            provider: provider.to_owned(),
            id: id.clone(),
            input: input.clone(),
            looks: 0,
            cancelled: false,
            done: false,
        });
        id
    }

    fn job(&mut self, provider: &str, id: &str) -> Option<&mut HostJob> {
        let mut jobs = self.jobs.iter_mut();
        jobs.find(|job| job.provider == provider && job.id == id)
    }

    /// Looks at a job, which moves it on.
    fn look_at(&mut self, provider: &str, id: &str) -> Option<At> {
        let life = self.life;
        let job = self.job(provider, id)?;
        job.looks += 1;
        let looks = job.looks;
        let at = if job.cancelled {
            At::Cancelled
        } else if looks <= life.queued {
            At::Queued((life.queued - looks).min(3))
        } else if looks <= life.queued + life.starting {
            At::Starting
        } else if looks <= life.queued + life.starting + life.running {
            At::Running
        } else {
            At::Done
        };
        job.done |= at == At::Done;
        Some(at)
    }

    fn cancel(&mut self, provider: &str, id: &str) {
        if let Some(job) = self.job(provider, id) {
            job.cancelled = true;
        }
    }
}

/// Two of three are what people call graph errors.
const GRAPH_ERROR: &str =
    "Workflow validation failed: node 4 (CheckpointLoaderSimple): value not in list";

fn runpod(state: &mut ProviderState, call: &HostCall<'_>, parts: &[&str]) -> Option<Response> {
    Some(match *parts {
        [_, "run"] => {
            let id = state.begin_job(call.provider, &call.body["input"]);
            Json(json!({"id": id, "status": "IN_QUEUE"})).into_response()
        }
        [_, "cancel", id] => {
            state.cancel(call.provider, id);
            Json(json!({"id": id, "status": "CANCELLED"})).into_response()
        }
        [_, "status", id] => {
            if call.fault == Some(&ProviderFault::Expired) {
                return Some(not_found());
            }
            let at = state.look_at(call.provider, id)?;
            let input = state.job(call.provider, id)?.input.clone();
            let failed = match call.fault {
                Some(ProviderFault::NodeError) => Some(GRAPH_ERROR),
                Some(ProviderFault::MachineError) => Some("CUDA error: out of memory"),
                _ => None,
            };
            let answer = match (at, failed) {
                (At::Queued(_) | At::Starting, _) => json!({"status": "IN_QUEUE"}),
                (At::Running, _) => json!({"status": "IN_PROGRESS"}),
                (At::Cancelled, _) => json!({"status": "CANCELLED"}),
                (At::Done, Some(error)) => json!({"status": "FAILED", "error": error}),
                (At::Done, None) => json!({"status": "COMPLETED", "delayTime": 1200,
                    "executionTime": 4000, "output": runpod_output(call, &input)}),
            };
            let mut answer = answer;
            answer["id"] = json!(id);
            Json(answer).into_response()
        }
        _ => return None,
    })
}

fn runpod_output(call: &HostCall<'_>, input: &Value) -> Value {
    if call.fault == Some(&ProviderFault::NoPicture) {
        return json!({"images": [], "errors": []});
    }
    if input["workflow"].is_null() {
        return json!({"image_url": format!("{}/files/public.png", call.base), "cost": 0.0024});
    }
    let images: Vec<Value> = (0..batch(&input["workflow"]))
        .map(|at| {
            let data = STANDARD.encode(shown(&input["workflow"].to_string(), at, call.fault));
            json!({"filename": format!("{at}.png"), "type": "base64", "data": data})
        })
        .collect();
    json!({"images": images})
}

/// How many a graph makes at once.
fn batch(graph: &Value) -> u64 {
    let nodes = graph.as_object().into_iter().flatten();
    let sizes = nodes.filter_map(|(_, node)| {
        let inputs = &node["inputs"];
        inputs["batch_size"].as_u64().or(inputs["amount"].as_u64())
    });
    sizes.max().unwrap_or(1)
}

fn runcomfy(state: &mut ProviderState, call: &HostCall<'_>, parts: &[&str]) -> Option<Response> {
    let hidden = call.fault == Some(&ProviderFault::HiddenError);
    Some(match *parts {
        ["prod", "v1", "deployments", deployment, "inference"] => {
            if hidden {
                let error = json!({"error_code": 10001, "error_message": "Insufficient funds"});
                return Some(Json(error).into_response());
            }
            let id = state.begin_job(call.provider, &call.body["workflow_api_json"]);
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
            let at = state.look_at(call.provider, id)?;
            Json(match at {
                At::Queued(before) => json!({"status": "in_queue", "queue_position": before}),
                At::Starting => json!({"status": "in_progress"}),
                At::Running => json!({"status": "in_progress", "instance_id": "i-1"}),
                At::Done => json!({"status": "completed"}),
                At::Cancelled => json!({"status": "canceled"}),
            })
            .into_response()
        }
        ["prod", "v1", "deployments", _, "requests", id, "result"] => {
            let graph = state.job(call.provider, id)?.input.clone();
            Json(runcomfy_result(call, &graph)).into_response()
        }
        ["prod", "v1", "deployments", _, "requests", id, "cancel"] => {
            state.cancel(call.provider, id);
            Json(json!({"request_id": id, "status": "cancellation_requested"})).into_response()
        }
        _ => return None,
    })
}

fn runcomfy_result(call: &HostCall<'_>, graph: &Value) -> Value {
    let failed =
        |error: &str| json!({"status": "failed", "error": [{"errorCode": 1, "error": error}]});
    match call.fault {
        Some(ProviderFault::NodeError) => failed(GRAPH_ERROR),
        Some(ProviderFault::MachineError) => failed("GPU lost"),
        Some(ProviderFault::NoPicture) => json!({"status": "succeeded", "outputs": {}}),
        _ => {
            let image = |at: u64| {
                json!({"filename": format!("{at}.png"), "subfolder": "", "type": "output",
                    "url": format!("{}/files/{at}.png", call.base)})
            };
            let images: Vec<Value> = (0..batch(graph)).map(image).collect();
            json!({"status": "succeeded", "outputs": {"9": {"images": images}}})
        }
    }
}

fn salad(state: &mut ProviderState, call: &HostCall<'_>, parts: &[&str]) -> Option<Response> {
    let images = |graph: &Value| -> Vec<String> {
        (0..batch(graph))
            .map(|at| STANDARD.encode(shown(&graph.to_string(), at, call.fault)))
            .collect()
    };
    let output = |graph: &Value| match call.fault {
        Some(ProviderFault::NoPicture) => json!({"images": []}),
        Some(ProviderFault::NodeError) => json!({"error": GRAPH_ERROR, "location": "prompt"}),
        _ => json!({"id": "x", "images": images(graph), "stats": {"total_time": 4.5}}),
    };
    Some(match *parts {
        [_, "prompt"] => match call.fault {
            Some(ProviderFault::NodeError) => {
                (StatusCode::BAD_REQUEST, Json(output(&Value::Null))).into_response()
            }
            Some(ProviderFault::GatewayCut) => {
                let page = Html("<html><body>upstream request timeout</body></html>");
                (StatusCode::GATEWAY_TIMEOUT, page).into_response()
            }
            _ => {
                let id = state.begin_job(call.provider, &call.body["prompt"]);
                state.job(call.provider, &id)?.done = true;
                Json(output(&call.body["prompt"])).into_response()
            }
        },
        ["organizations", _, "projects", _, "queues", _, "jobs"] => {
            let id = state.begin_job(call.provider, &call.body["input"]["prompt"]);
            let job = salad_job(&id, "pending", &Value::Null);
            (StatusCode::CREATED, Json(job)).into_response()
        }
        ["organizations", _, "projects", _, "queues", _, "jobs", id] => {
            if call.method == Method::DELETE {
                state.cancel(call.provider, id);
                return Some(StatusCode::ACCEPTED.into_response());
            }
            if call.fault == Some(&ProviderFault::Expired) {
                return Some(not_found());
            }
            let at = state.look_at(call.provider, id)?;
            let graph = state.job(call.provider, id)?.input.clone();
            let failed = matches!(
                call.fault,
                Some(ProviderFault::NodeError | ProviderFault::MachineError)
            );
            let (status, output) = match at {
                At::Queued(_) | At::Starting => ("pending", Value::Null),
                At::Running => ("running", Value::Null),
                At::Cancelled => ("cancelled", Value::Null),
                At::Done if call.fault == Some(&ProviderFault::MachineError) => {
                    ("failed", Value::Null)
                }
                At::Done => (if failed { "failed" } else { "succeeded" }, output(&graph)),
            };
            Json(salad_job(id, status, &output)).into_response()
        }
        _ => return None,
    })
}

fn salad_job(id: &str, status: &str, output: &Value) -> Value {
    json!({"id": id, "input": {}, "status": status, "events": [], "output": output,
        "create_time": "2026-11-21T12:00:00Z", "update_time": "2026-11-21T12:00:00Z"})
}

/// A ComfyUI: one of the operator's, or one on a machine.
fn comfy(state: &mut ProviderState, call: &HostCall<'_>, parts: &[&str]) -> Option<Response> {
    let fault = call.fault;
    Some(match *parts {
        ["system_stats"] => Json(json!({"system": {"os": "posix"}})).into_response(),
        ["upload", "image"] => Json(json!({"name": "latchkey.png"})).into_response(),
        ["prompt"] if fault == Some(&ProviderFault::NodeError) => {
            let errors = json!({"error": {"type": "prompt_outputs_failed_validation"},
                "node_errors": {"4": {"errors": [{"type": "value_not_in_list"}]}}});
            (StatusCode::BAD_REQUEST, Json(errors)).into_response()
        }
        ["prompt"] => {
            let id = state.begin_job(call.provider, &call.body["prompt"]);
            Json(json!({"prompt_id": id, "number": 1, "node_errors": {}})).into_response()
        }
        ["queue"] if call.method == Method::POST => {
            let ids = call.body["delete"].as_array().into_iter().flatten();
            for id in ids.filter_map(Value::as_str) {
                state.cancel(call.provider, id);
            }
            Json(json!({})).into_response()
        }
        ["queue"] => {
            let life = state.life;
            let open = state
                .jobs
                .iter()
                .filter(|job| job.provider == call.provider && !job.cancelled);
            let (mut running, mut pending) = (Vec::new(), Vec::new());
            for job in open {
                let entry = json!([1, job.id, {}, {}, []]);
                match job.looks {
                    looks if looks <= life.queued => pending.push(entry),
                    _ => running.push(entry),
                }
            }
            Json(json!({"queue_running": running, "queue_pending": pending})).into_response()
        }
        ["interrupt"] => Json(json!({})).into_response(),
        ["history", id] => {
            let at = state.look_at(call.provider, id)?;
            let graph = state.job(call.provider, id)?.input.clone();
            Json(match at {
                At::Done => json!({id: history(call, &graph)}),
                _ => json!({}),
            })
            .into_response()
        }
        ["view"] => file(call, "view.png"),
        _ => return None,
    })
}

fn history(call: &HostCall<'_>, graph: &Value) -> Value {
    match call.fault {
        Some(ProviderFault::MachineError) => {
            json!({"outputs": {}, "status": {"status_str": "error",
            "completed": false, "messages": [["execution_error", {"node_id": "4"}]]}})
        }
        Some(ProviderFault::NoPicture) => json!({"outputs": {}, "status": {"status_str": "success",
            "completed": true, "messages": []}}),
        _ => {
            let image = |at: u64| json!({"filename": format!("{at}.png"), "subfolder": "", "type": "output"});
            let images: Vec<Value> = (0..batch(graph)).map(image).collect();
            json!({"outputs": {"9": {"images": images}}, "status": {"status_str": "success",
                "completed": true, "messages": []}})
        }
    }
}

/// RunComfy's machines, each with a ComfyUI of its own.
fn machine(state: &mut ProviderState, call: &HostCall<'_>, parts: &[&str]) -> Option<Response> {
    Some(match *parts {
        ["prod", "api", "users", KNOWN_ID, "servers"] if call.method == Method::POST => {
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
            if call.method == Method::DELETE {
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
            return comfy(state, call, parts.get(2..)?);
        }
        _ => return None,
    })
}

fn not_found() -> Response {
    let body = json!({"title": "Not Found", "status": 404});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
