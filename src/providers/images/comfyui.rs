//! ComfyUI's own interface, on a machine of the operator's or on one that
//! RunComfy has started; `providers.md` §6.2.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use url::Url;

use crate::model::{Credential, FailureClass, Picture, ProviderFailure, Stage};
use crate::providers::http::join;

use super::host::{Host, TALKING, id};
use super::{Begun, ImageRequest, Looked, Painted, Result, UPLOAD, fetch};

/// One ComfyUI, wherever it runs.
pub struct Comfy<'a> {
    pub host: Host<'a>,
    pub base: Url,
    pub credential: Option<&'a Credential>,
}

pub async fn begin(host: &Host<'_>, request: &ImageRequest) -> Result<Begun> {
    Comfy::own(host).begin(request).await.map(Begun::Job)
}

pub async fn look(host: &Host<'_>, job: &str) -> Result<Looked> {
    Comfy::own(host).look(job).await
}

pub async fn cancel(host: &Host<'_>, job: &str) -> Result<()> {
    Comfy::own(host).cancel(job).await
}

impl<'a> Comfy<'a> {
    /// The operator's.
    fn own(host: &Host<'a>) -> Self {
        Self {
            host: *host,
            base: host.base().clone(),
            credential: host.credential,
        }
    }

    /// Queues a graph; what ComfyUI calls it.
    pub async fn begin(&self, request: &ImageRequest) -> Result<String> {
        let not_ours = || self.host.fail(FailureClass::BadRequest);
        let workflow = request.workflow.as_ref().ok_or_else(not_ours)?;
        let name = format!("{}-{UPLOAD}", request.mark);
        if let Some(picture) = &request.wish.picture {
            self.upload(&name, picture).await?;
        }
        let graph = workflow.fill(request, &name).ok_or_else(not_ours)?;
        let body = json!({"prompt": graph, "client_id": request.mark.to_string()});
        let answer = self.call(Method::POST, "/prompt", Some(&body)).await;
        let answer = answer.map_err(of_graph)?;
        let errors = answer["node_errors"].as_object();
        if errors.is_some_and(|errors| !errors.is_empty()) && answer["prompt_id"].is_null() {
            return Err(self.host.fail(FailureClass::WorkflowFailed));
        }
        id(&self.host, &answer["prompt_id"]).map(ToOwned::to_owned)
    }

    pub async fn look(&self, job: &str) -> Result<Looked> {
        let history = self
            .call(Method::GET, &format!("/history/{job}"), None)
            .await?;
        let Some(entry) = history.get(job) else {
            return self.in_queue(job).await.map(Looked::Waiting);
        };
        let status = &entry["status"];
        if status["status_str"] == "error" {
            return Err(self.host.fail(why(status)));
        }
        if status["completed"] == false {
            return Ok(Looked::Waiting(Stage::Running));
        }
        let mut painted = Painted::default();
        let nodes = entry["outputs"].as_object().into_iter().flatten();
        for image in nodes.flat_map(|(_, node)| node["images"].as_array().into_iter().flatten()) {
            if image["type"] == "output" {
                painted.pictures.push(self.picture(image).await?);
            }
        }
        if painted.pictures.is_empty() {
            return Err(self.host.fail(FailureClass::NoPicture));
        }
        Ok(Looked::Done(painted))
    }

    /// Where it stands in the queue; one that is nowhere is lost.
    async fn in_queue(&self, job: &str) -> Result<Stage> {
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
        let before = before.ok_or_else(|| self.host.fail(FailureClass::Expired))?;
        Ok(Stage::Queued(u64::try_from(before).ok()))
    }

    /// Takes it out of the queue, and stops it if it runs.
    pub async fn cancel(&self, job: &str) -> Result<()> {
        let body = json!({"delete": [job]});
        self.call(Method::POST, "/queue", Some(&body)).await?;
        let body = json!({"prompt_id": job});
        self.call(Method::POST, "/interrupt", Some(&body))
            .await
            .map(drop)
    }

    async fn picture(&self, image: &Value) -> Result<Picture> {
        let mut url = join(&self.base, "/view");
        for name in ["filename", "subfolder", "type"] {
            let value = image[name].as_str().unwrap_or_default();
            url.query_pairs_mut().append_pair(name, value);
        }
        fetch::own(&self.host, url, self.credential).await
    }

    async fn upload(&self, name: &str, picture: &Picture) -> Result<()> {
        let part = Part::bytes(picture.bytes.to_vec())
            .file_name(name.to_owned())
            .mime_str(picture.kind.media_type());
        let part = part.map_err(|_| self.host.fail(FailureClass::BadRequest))?;
        let form = Form::new().part("image", part).text("overwrite", "true");
        let url = join(&self.base, "/upload/image");
        let outbound = &self.host.providers.outbound;
        let sent = outbound.upload(self.host.provider, url, form, self.credential);
        match sent.await? {
            200 => Ok(()),
            _ => Err(self.host.fail(FailureClass::Upstream)),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = join(&self.base, path);
        let credential = self.credential;
        self.host
            .call_as(method, url, body, TALKING, credential)
            .await
    }
}

/// ComfyUI refuses graphs that it cannot run with 400 and `node_errors`.
fn of_graph(failure: ProviderFailure) -> ProviderFailure {
    match failure.status {
        Some(400) => ProviderFailure {
            class: FailureClass::WorkflowFailed,
            ..failure
        },
        _ => failure,
    }
}

fn why(status: &Value) -> FailureClass {
    let said = |word: &str| {
        let messages = status["messages"].as_array().into_iter().flatten();
        messages
            .filter_map(|message| message[0].as_str())
            .any(|kind| kind == word)
    };
    if said("execution_interrupted") {
        FailureClass::Cancelled
    } else {
        FailureClass::WorkflowFailed
    }
}
