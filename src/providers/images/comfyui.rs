//! ComfyUI's own interface, on a machine of the operator's or on one that
//! RunComfy has started; `docs/providers.md` §14.6.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use url::Url;

use crate::model::{
    Credential, FailureClass, ForeignFile, MissingPicture, Picture, ProviderFailure, Stage,
};
use crate::providers::transport::http::join;

use super::comfy_socket::{self, JobSocket};
use super::complaint::sort_complaint;
use super::fetch::fetch_own;
use super::host::{Host, HostCall, TALKING, Verdict, checked_id};
use super::job::{
    FetchedPicture, ImageRequest, JobState, PictureResult, PictureStart, Result, UPLOAD,
    WatchedJob, expired,
};

/// How many jobs of a history are looked through for one of ours.
const LOOKED_THROUGH: u32 = 64;
/// How the names of films and sounds end, which stand among the pictures.
const FILMS_AND_SOUNDS: [&str; 9] = [
    ".mp4", ".webm", ".mov", ".mkv", ".avi", ".mp3", ".wav", ".flac", ".opus",
];

/// The longest name of a LoRA that is believed, and how many are kept.
const LORA_BYTES_MAX: usize = 200;
const LORAS_MAX: usize = 5_000;

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

/// The LoRAs that the operator's ComfyUI has, by the names that it gives them.
pub async fn list_loras(host: &Host<'_>) -> Result<Vec<String>> {
    let listed = host.get("/models/loras").await?;
    let listed = listed.as_array();
    let listed = listed.ok_or_else(|| host.failed(FailureClass::Upstream))?;
    let fits = |name: &&str| {
        !name.is_empty()
            && name.len() <= LORA_BYTES_MAX
            && !name.contains(|c: char| c.is_control() || c == '`')
    };
    let names = listed.iter().filter_map(Value::as_str).filter(fits);
    Ok(names.take(LORAS_MAX).map(ToOwned::to_owned).collect())
}

/// Connects to the operator's ComfyUI, which tells on its own how far a job is.
pub async fn watch_job(host: &Host<'_>, job: &WatchedJob<'_>) -> Result<JobSocket> {
    comfy_socket::open(&Comfy::of_operator(host), job).await
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
        let mut body = json!({"prompt": graph, "client_id": request.mark.to_string()});
        if request.spec.shown_previews() > 0 {
            // Without it there are none, unless it was started so.
            body["extra_data"] = json!({"preview_method": "auto"});
        }
        match self.queue(&body).await {
            // It may be queued all the same, and is never queued twice.
            Err(failure) if failure.class.is_about_the_host() => {
                let found = self.find_marked(request.mark).await;
                found.ok().flatten().ok_or(failure)
            }
            queued => queued,
        }
    }

    async fn queue(&self, body: &Value) -> Result<String> {
        let call = HostCall {
            method: Method::POST,
            url: join(&self.base, "/prompt"),
            body: Some(body),
            within: TALKING,
        };
        let answer = match self.host.ask_verdict(call, self.credential).await? {
            Verdict::Taken(answer) => answer,
            Verdict::Refused(said) => return Err(self.refused(&said)),
        };
        let errors = answer["node_errors"].as_object();
        if errors.is_some_and(|errors| !errors.is_empty()) && answer["prompt_id"].is_null() {
            return Err(self.refused(&answer));
        }
        checked_id(&self.host, &answer["prompt_id"]).map(ToOwned::to_owned)
    }

    /// What is wrong with a graph, or with what is there to run it.
    fn refused(&self, said: &Value) -> ProviderFailure {
        let failure = sort_complaint(&self.host, said);
        match failure.class {
            FailureClass::MachineFailed => self.host.failed(FailureClass::WorkflowFailed),
            _ => failure,
        }
    }

    /// `ComfyUI`'s name for the job that was queued with a mark, in the queue or
    /// in the history.
    pub async fn find_marked(&self, mark: u32) -> Result<Option<String>> {
        let mark = mark.to_string();
        let is_marked = |entry: &&Value| {
            let client = entry.pointer("/3/client_id").and_then(Value::as_str);
            client == Some(mark.as_str())
        };
        let queue = self.call(Method::GET, "/queue", None).await?;
        let history = self
            .call(
                Method::GET,
                &format!("/history?max_items={LOOKED_THROUGH}"),
                None,
            )
            .await?;
        let waiting = ["queue_running", "queue_pending"].map(|name| queue[name].as_array());
        let ended = history.as_object().into_iter().flatten();
        let mut all = waiting
            .into_iter()
            .flatten()
            .flatten()
            .chain(ended.map(|(_, entry)| &entry["prompt"]));
        let Some(entry) = all.find(is_marked) else {
            return Ok(None);
        };
        checked_id(&self.host, &entry[1]).map(|id| Some(id.to_owned()))
    }

    /// Asks how far a job is.
    pub async fn poll_job(&self, job: &str) -> Result<JobState> {
        let history = self
            .call(Method::GET, &format!("/history/{job}"), None)
            .await
            .map_err(expired)?;
        let Some(entry) = history.get(job) else {
            return self.place_in_queue(job).await.map(JobState::Waiting);
        };
        let status = &entry["status"];
        if status["status_str"] == "error" {
            // A preview of what broke off is no result.
            let saved = self.fetch_pictures(saved_in(&entry["outputs"])).await;
            return Ok(JobState::broken_off(saved, self.failure_of(status)));
        }
        if status["completed"] == false {
            return Ok(JobState::Waiting(Stage::Running));
        }
        let result = self.fetch_pictures(results_in(&entry["outputs"])).await;
        Ok(JobState::ended(&self.host, result))
    }

    async fn fetch_pictures(&self, files: Vec<&Value>) -> PictureResult {
        let mut result = PictureResult::default();
        for file in files {
            result.keep(self.fetch_picture(file).await);
        }
        result
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

    /// Takes a job out of the queue, and stops it if it runs. Older releases stop
    /// whatever runs, whoever it belongs to, so that they are only asked while
    /// it is this job.
    pub async fn cancel_job(&self, job: &str) -> Result<()> {
        let body = json!({"delete": [job]});
        self.call(Method::POST, "/queue", Some(&body)).await?;
        let queue = self.call(Method::GET, "/queue", None).await?;
        let mut running = queue["queue_running"].as_array().into_iter().flatten();
        if !running.any(|entry| entry[1] == job) {
            return Ok(());
        }
        let body = json!({"prompt_id": job});
        self.call(Method::POST, "/interrupt", Some(&body))
            .await
            .map(drop)
    }

    /// Why a job ended in an error. Only what the error itself says is looked at,
    /// since its inputs stand beside it.
    fn failure_of(&self, status: &Value) -> ProviderFailure {
        let messages = status["messages"].as_array().into_iter().flatten();
        let mut last = None;
        for message in messages {
            match message[0].as_str() {
                Some("execution_interrupted") => return self.host.failed(FailureClass::Cancelled),
                Some("execution_error") => last = Some(&message[1]),
                _ => {}
            }
        }
        let said = |name: &str| {
            last.and_then(|error| error[name].as_str())
                .unwrap_or_default()
        };
        let text = format!("{} {}", said("exception_type"), said("exception_message"));
        self.refused(&Value::String(text))
    }

    async fn fetch_picture(&self, image: &Value) -> FetchedPicture {
        if is_film_or_sound(image) {
            return Err(MissingPicture::NotAPicture(ForeignFile::FilmOrSound));
        }
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

/// Everything that a node gave out. Nodes that make films and sounds list them
/// under other names, or among the pictures.
fn files_of(node: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["images", "gifs", "video", "videos", "audio"];
    lists
        .into_iter()
        .flat_map(|name| node[name].as_array().into_iter().flatten())
}

/// The files that a job results in: those that it keeps, and no previews. Where
/// it keeps none, since its workflow ends in a preview, the previews are all
/// that there is.
pub fn results_in(outputs: &Value) -> Vec<&Value> {
    let (saved, others): (Vec<_>, Vec<_>) = files_in(outputs).partition(|file| is_saved(file));
    if saved.is_empty() { others } else { saved }
}

/// The files that a job keeps.
pub fn saved_in(outputs: &Value) -> Vec<&Value> {
    files_in(outputs).filter(|file| is_saved(file)).collect()
}

fn files_in(outputs: &Value) -> impl Iterator<Item = &Value> {
    let nodes = outputs.as_object().into_iter().flatten();
    nodes.flat_map(|(_, node)| files_of(node))
}

fn is_saved(file: &Value) -> bool {
    file["type"] == "output"
}

/// Whether a file is a film or a sound, by its name.
pub fn is_film_or_sound(file: &Value) -> bool {
    let name = file["filename"].as_str().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    FILMS_AND_SOUNDS.iter().any(|end| name.ends_with(end))
}
