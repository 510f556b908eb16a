//! RunComfy's managed servers: a machine that is started for a picture and
//! stopped after it; `providers.md` §6.2.
//!
//! A machine costs money until it is stopped. What a job is called holds the
//! server's id from the first moment, and how long it was asked to live is a
//! mark by which one is found whose id never reached us.

use serde_json::json;
use url::Url;

use crate::model::{Credential, FailureClass, Stage};
use crate::providers::Providers;
use crate::providers::catalogue::Provider;

use super::comfyui::Comfy;
use super::host::{Host, id};
use super::{Begun, ImageRequest, Looked, Result, fetch};

/// How long a machine lives at the least where nobody stops it, in seconds:
/// a second more than what people type.
const LIFE_S: u32 = 1_801;
/// How many marks there are, in seconds above that.
const MARKS: u32 = 1_798;
const SERVER_TYPE: &str = "medium";

pub async fn begin(host: &Host<'_>, request: &ImageRequest) -> Result<Begun> {
    let body = json!({
        "workflow_version_id": host.needs("workflow")?,
        "server_type": SERVER_TYPE,
        "estimated_duration": life(request.mark),
    });
    let answer = host.post(&servers(host)?, &body).await?;
    let server = id(host, &answer["server_id"])?;
    Ok(Begun::Job(server.to_owned()))
}

/// How long the machine of a job with this mark is asked to live.
fn life(mark: u32) -> u32 {
    LIFE_S + mark % MARKS
}

fn servers(host: &Host<'_>) -> Result<String> {
    Ok(format!(
        "/prod/api/users/{}/servers",
        host.needs("user_id")?
    ))
}

pub async fn look(host: &Host<'_>, request: Option<&ImageRequest>, job: &str) -> Result<Looked> {
    let (server, prompt) = job.split_once('/').unwrap_or((job, ""));
    let answer = host.get(&format!("{}/{server}", servers(host)?)).await;
    let answer = answer.map_err(super::expired)?;
    let status = answer["current_status"].as_str().unwrap_or_default();
    let address = answer["main_service_url"].as_str();
    let (true, Some(address)) = (status.eq_ignore_ascii_case("ready"), address) else {
        let over = ["stopped", "stopping", "deleted", "failed", "error"];
        return if over.iter().any(|word| status.eq_ignore_ascii_case(word)) {
            Err(host.fail(FailureClass::MachineFailed))
        } else {
            Ok(Looked::Waiting(Stage::Starting))
        };
    };
    let comfy = comfy(host, address)?;
    if !prompt.is_empty() {
        return comfy.look(prompt).await;
    }
    // Its words are known to the process that was asked alone.
    let request = request.ok_or_else(|| host.fail(FailureClass::Cancelled))?;
    let prompt = comfy.begin(request).await?;
    Ok(Looked::Moved(format!("{server}/{prompt}"), Stage::Running))
}

/// The machine's ComfyUI, which asks for no key: its address is the secret.
fn comfy<'a>(host: &Host<'a>, address: &str) -> Result<Comfy<'a>> {
    let trusted = |url: &Url| fetch::may_come_from(host, url);
    let own = Url::parse(address).ok().filter(trusted);
    Ok(Comfy {
        host: *host,
        base: own.ok_or_else(|| host.fail(FailureClass::UntrustedResult))?,
        credential: None,
    })
}

/// Stops the machine. One that is gone is stopped.
pub async fn stop(host: &Host<'_>, job: &str) -> Result<()> {
    let (server, _) = job.split_once('/').unwrap_or((job, ""));
    match host.delete(&format!("{}/{server}", servers(host)?)).await {
        Err(failure) if failure.status == Some(404) => Ok(()),
        other => other.map(drop),
    }
}

impl Providers {
    /// Stops the machines that were started with one of these marks, by
    /// what the account says runs; their ids.
    pub async fn stop_leftovers(
        &self,
        provider: &Provider,
        marks: &[u32],
        credential: Option<&Credential>,
    ) -> Result<Vec<String>> {
        if !provider.images.starts_machines() {
            return Ok(Vec::new());
        }
        let host = self.host(provider, credential);
        let workflow = host.needs("workflow")?;
        let answer = host.get(&servers(&host)?).await?;
        let all = answer.as_array().or_else(|| answer["servers"].as_array());
        let mut stopped = Vec::new();
        for server in all.into_iter().flatten() {
            let lives = server["estimated_duration"].as_u64();
            let is_marked = |mark: &u32| lives == Some(u64::from(life(*mark)));
            if server["workflow_version_id"] == workflow && marks.iter().any(is_marked) {
                let server = id(&host, &server["server_id"])?;
                stop(&host, server).await?;
                stopped.push(server.to_owned());
            }
        }
        Ok(stopped)
    }
}
