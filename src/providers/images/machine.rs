//! RunComfy's managed servers: a machine that is started for a picture and
//! stopped after it; `docs/providers.md` §14.5.
//!
//! A machine costs money until it is stopped. The name of a job holds the
//! server's id from the first moment. A machine whose id never reached us is
//! found by how long it was asked to live: the seconds are the job's mark.

use serde_json::json;
use url::Url;

use crate::model::{FailureClass, Stage};

use super::comfy_socket::{self, JobSocket};
use super::comfyui::Comfy;
use super::fetch::may_come_from;
use super::host::{Host, checked_id};
use super::job::{ImageRequest, JobState, PictureStart, Result, WatchedJob, expired};

/// How long a machine lives at the least where nobody stops it, in seconds:
/// a second more than what people type.
const LIFE_S: u32 = 1_801;
/// How many marks there are, in seconds above that.
const MARKS: u32 = 1_798;
const SERVER_TYPE: &str = "medium";
/// What stands before the mark in the name of a job whose graph may be queued,
/// and which is looked for by that mark. No name of a prompt begins so.
const SOUGHT: char = '~';
/// What stands before the mark in the name of a job whose graph is queued once
/// its machine is ready.
const UNQUEUED: char = '+';

/// Starts a machine.
pub async fn start_job(host: &Host<'_>, request: &ImageRequest) -> Result<PictureStart> {
    let body = json!({
        "workflow_version_id": host.required_extra("workflow")?,
        "server_type": SERVER_TYPE,
        "estimated_duration": life_s(request.mark),
    });
    let answer = host.post(&servers_path(host)?, &body).await?;
    let server = checked_id(host, &answer["server_id"])?;
    let mark = request.mark;
    Ok(PictureStart::Job(format!("{server}/{UNQUEUED}{mark}")))
}

/// How long the machine of a job with this mark is asked to live.
fn life_s(mark: u32) -> u32 {
    LIFE_S + mark % MARKS
}

fn servers_path(host: &Host<'_>) -> Result<String> {
    Ok(format!(
        "/prod/api/users/{}/servers",
        host.required_extra("user_id")?
    ))
}

/// Asks how far a job is. Once the machine is ready, its ComfyUI is given the
/// graph.
pub async fn poll_job(
    host: &Host<'_>,
    request: Option<&ImageRequest>,
    job: &str,
) -> Result<JobState> {
    let (server, prompt) = job.split_once('/').unwrap_or((job, ""));
    let Some(comfy) = find_comfy(host, server).await? else {
        return Ok(JobState::Waiting(Stage::Starting));
    };
    if let Some(mark) = prompt.strip_prefix(SOUGHT) {
        return look_for(host, &comfy, (server, mark)).await;
    }
    let unqueued = prompt.strip_prefix(UNQUEUED);
    if unqueued.is_none() && !prompt.is_empty() {
        return comfy.poll_job(prompt).await;
    }
    let Some(request) = request else {
        // Only the process that was asked knows the prompt. It may have ended
        // after it queued the graph, and before it noted that.
        let cancelled = || host.failed(FailureClass::Cancelled);
        let found = look_for(host, &comfy, (server, unqueued.ok_or_else(cancelled)?)).await;
        return found.map_err(|failure| match failure.class {
            FailureClass::Expired => cancelled(),
            _ => failure,
        });
    };
    let prompt = match comfy.start_job(request).await {
        // It may be queued, and is looked for from now on.
        Err(failure) if failure.may_have_worked() => format!("{SOUGHT}{}", request.mark),
        started => started?,
    };
    Ok(JobState::Renamed(
        format!("{server}/{prompt}"),
        Stage::Running,
    ))
}

/// Connects to the machine's ComfyUI, which tells on its own how far a graph is
/// that is queued there.
pub async fn watch_job(host: &Host<'_>, job: &WatchedJob<'_>) -> Result<JobSocket> {
    let unknown = || host.failed(FailureClass::Expired);
    let (server, prompt) = job.name.split_once('/').ok_or_else(unknown)?;
    if prompt.is_empty() || prompt.starts_with([SOUGHT, UNQUEUED]) {
        return Err(unknown());
    }
    let comfy = find_comfy(host, server).await?.ok_or_else(unknown)?;
    let (mark, previews) = (job.mark, job.previews);
    let queued = WatchedJob {
        name: prompt,
        mark,
        previews,
    };
    comfy_socket::open(&comfy, &queued).await
}

/// The ComfyUI of a machine; none while it starts.
async fn find_comfy<'a>(host: &Host<'a>, server: &str) -> Result<Option<Comfy<'a>>> {
    let answer = host.get(&format!("{}/{server}", servers_path(host)?)).await;
    let answer = answer.map_err(expired)?;
    let status = answer["current_status"].as_str().unwrap_or_default();
    let address = answer["main_service_url"].as_str();
    if let (true, Some(address)) = (status.eq_ignore_ascii_case("ready"), address) {
        return comfy_at(host, address).map(Some);
    }
    let over = ["stopped", "stopping", "deleted", "failed", "error"];
    if over.iter().any(|word| status.eq_ignore_ascii_case(word)) {
        return Err(host.failed(FailureClass::MachineFailed));
    }
    Ok(None)
}

/// Looks for a graph that was sent to a machine and that nobody confirmed.
async fn look_for(
    host: &Host<'_>,
    comfy: &Comfy<'_>,
    (server, mark): (&str, &str),
) -> Result<JobState> {
    let mark = mark.parse();
    let mark = mark.map_err(|_| host.failed(FailureClass::BadRequest))?;
    let found = comfy.find_marked(mark).await?;
    let prompt = found.ok_or_else(|| host.failed(FailureClass::Expired))?;
    Ok(JobState::Renamed(
        format!("{server}/{prompt}"),
        Stage::Running,
    ))
}

/// The machine's ComfyUI, which asks for no key: its address is the secret.
fn comfy_at<'a>(host: &Host<'a>, address: &str) -> Result<Comfy<'a>> {
    let trusted = |url: &Url| may_come_from(host, url);
    let own = Url::parse(address).ok().filter(trusted);
    Ok(Comfy {
        host: *host,
        base: own.ok_or_else(|| host.failed(FailureClass::UntrustedResult))?,
        credential: None,
    })
}

/// Stops the machine. One that is gone is stopped.
pub async fn stop_machine(host: &Host<'_>, job: &str) -> Result<()> {
    let (server, _) = job.split_once('/').unwrap_or((job, ""));
    match host
        .delete(&format!("{}/{server}", servers_path(host)?))
        .await
    {
        Err(failure) if failure.status == Some(404) => Ok(()),
        other => other.map(drop),
    }
}

/// Stops the machines that were started with one of these marks, by what the
/// account says runs; their ids.
pub async fn stop_marked(host: &Host<'_>, marks: &[u32]) -> Result<Vec<String>> {
    let workflow = host.required_extra("workflow")?;
    let answer = host.get(&servers_path(host)?).await?;
    let servers = answer.as_array().or_else(|| answer["servers"].as_array());
    let mut stopped = Vec::new();
    for server in servers.into_iter().flatten() {
        let lives_s = server["estimated_duration"].as_u64();
        let is_marked = |mark: &u32| lives_s == Some(u64::from(life_s(*mark)));
        if server["workflow_version_id"] == workflow && marks.iter().any(is_marked) {
            let server = checked_id(host, &server["server_id"])?;
            stop_machine(host, server).await?;
            stopped.push(server.to_owned());
        }
    }
    Ok(stopped)
}
