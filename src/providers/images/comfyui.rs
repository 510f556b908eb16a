//! ComfyUI's own interface, on a machine of the operator's or on one that
//! RunComfy has started; `docs/providers.md` §14.6.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use url::Url;

use crate::model::{Credential, FailureClass, Picture, ProviderFailure, Stage};
use crate::providers::http::join;

use super::fetch::fetch_own;
use super::host::{Host, HostCall, TALKING, checked_id};
use super::job::{Came, ImageRequest, JobState, PictureResult, PictureStart, Result, UPLOAD};

/// A ComfyUI, wherever it runs.
pub struct Comfy<'a> {
    pub host: Host<'a>,
    pub base: Url,
    pub credential: Option<&'a Credential>,
}

/// Queues a graph at the operator's ComfyUI.
pub async fn start_job(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    let comfy = Comfy::of_operator(host);
    comfy.start_job(request).await.map(PictureStart::Job)
}

/// Asks the operator's ComfyUI how far a job is.
pub async fn poll_job(host: &Host<'_>, job: &str) -> Result<JobState> {
    Comfy::of_operator(host).poll_job(job).await
}

/// Gives a job up at the operator's ComfyUI.
pub async fn cancel_job(host: &Host<'_>, job: &str) -> Result<()> {
    Comfy::of_operator(host).cancel_job(job).await
}

impl<'a> Comfy<'a> {
    fn of_operator(host: &Host<'a>) -> Self {
        Self {
            host: *host,
            base: host.base().clone(),
            credential: host.credential,
        }
    }

    /// Queues a graph; ComfyUI's name for the job.
    pub async fn start_job(&self, request: &ImageRequest) -> Result<String> {
        let bad = || self.host.failed(FailureClass::BadRequest);
        let workflow = request.workflow.as_ref().ok_or_else(bad)?;
        let name = format!("{}-{UPLOAD}", request.mark);
        if let Some(picture) = &request.spec.picture {
            self.upload(&name, picture).await?;
        }
        let graph = workflow
            .fill(&request.spec, request.seed, &name)
            .ok_or_else(bad)?;
        let body = json!({"prompt": graph, "client_id": request.mark.to_string()});
        let answer = self.call(Method::POST, "/prompt", Some(&body)).await;
        let answer = answer.map_err(sort_graph_failure)?;
        let errors = answer["node_errors"].as_object();
        if errors.is_some_and(|errors| !errors.is_empty()) && answer["prompt_id"].is_null() {
            return Err(self.host.failed(FailureClass::WorkflowFailed));
        }
        checked_id(&self.host, &answer["prompt_id"]).map(ToOwned::to_owned)
    }

    /// Asks how far a job is.
    pub async fn poll_job(&self, job: &str) -> Result<JobState> {
        let history = self
            .call(Method::GET, &format!("/history/{job}"), None)
            .await?;
        let Some(entry) = history.get(job) else {
            return self.place_in_queue(job).await.map(JobState::Waiting);
        };
        let status = &entry["status"];
        if status["status_str"] == "error" {
            return Err(self.host.failed(class_of_error(status)));
        }
        if status["completed"] == false {
            return Ok(JobState::Waiting(Stage::Running));
        }
        let mut result = PictureResult::default();
        let nodes = entry["outputs"].as_object().into_iter().flatten();
        for image in nodes.flat_map(|(_, node)| node["images"].as_array().into_iter().flatten()) {
            if image["type"] == "output" {
                result.keep(self.fetch_picture(image).await);
            }
        }
        JobState::ended(&self.host, result)
    }

    /// Where a job stands in the queue. One that is not in it is lost.
    async fn place_in_queue(&self, job: &str) -> Result<Stage> {
        let queue = self.call(Method::GET, "/queue", None).await?;
        let ids = |name: &str| {
            let entries = queue[name].as_array().into_iter().flatten();
            entries
                .map(|entry| entry[1].as_str().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        if ids("queue_running").iter().any(|id| id == job) {
            return Ok(Stage::Running);
        }
        let before = ids("queue_pending").iter().position(|id| id == job);
        let before = before.ok_or_else(|| self.host.failed(FailureClass::Expired))?;
        Ok(Stage::Queued(u64::try_from(before).ok()))
    }

    /// Takes a job out of the queue, and stops it if it runs.
    pub async fn cancel_job(&self, job: &str) -> Result<()> {
        let body = json!({"delete": [job]});
        self.call(Method::POST, "/queue", Some(&body)).await?;
        let body = json!({"prompt_id": job});
        self.call(Method::POST, "/interrupt", Some(&body))
            .await
            .map(drop)
    }

    async fn fetch_picture(&self, image: &Value) -> Came {
        let mut url = join(&self.base, "/view");
        for name in ["filename", "subfolder", "type"] {
            let value = image[name].as_str().unwrap_or_default();
            url.query_pairs_mut().append_pair(name, value);
        }
        fetch_own(&self.host, url, self.credential).await
    }

    async fn upload(&self, name: &str, picture: &Picture) -> Result<()> {
        let part = Part::bytes(picture.bytes.to_vec())
            .file_name(name.to_owned())
            .mime_str(picture.kind.media_type());
        let part = part.map_err(|_| self.host.failed(FailureClass::BadRequest))?;
        let form = Form::new().part("image", part).text("overwrite", "true");
        let url = join(&self.base, "/upload/image");
        let sent = self
            .host
            .outbound
            .upload(self.host.provider, url, form, self.credential);
        match sent.await? {
            200 => Ok(()),
            _ => Err(self.host.failed(FailureClass::Upstream)),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let call = HostCall {
            method,
            url: join(&self.base, path),
            body,
            within: TALKING,
        };
        self.host.send_with(call, self.credential).await
    }
}

/// ComfyUI refuses graphs that it cannot run with 400 and `node_errors`.
fn sort_graph_failure(failure: ProviderFailure) -> ProviderFailure {
    match failure.status {
        Some(400) => ProviderFailure {
            class: FailureClass::WorkflowFailed,
            ..failure
        },
        _ => failure,
    }
}

fn class_of_error(status: &Value) -> FailureClass {
    let messages = status["messages"].as_array().into_iter().flatten();
    let mut kinds = messages.filter_map(|message| message[0].as_str());
    if kinds.any(|kind| kind == "execution_interrupted") {
        FailureClass::Cancelled
    } else {
        FailureClass::WorkflowFailed
    }
}
