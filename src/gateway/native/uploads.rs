//! Files that go to Google in several legs: the answer to each names the address
//! of the next, which has to lead here, where the key is put in;
//! `docs/providers.md` §10.7.

use axum::http::{HeaderMap, HeaderValue, Uri};

use crate::app::RelayBody;
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};
use crate::gateway::replies::problem::Problem;
use crate::model::{CallDialect, ProviderId, Surface};

use super::address::read_query;

/// Where Google takes files, at its own address.
pub const GOOGLE_UPLOADS: &str = "/upload/v1beta/files";
/// Where an answer names the address of the next leg.
const NEXT_LEGS: [&str; 2] = ["x-goog-upload-url", "x-goog-upload-control-url"];
/// What of an address is a secret of the vendor's.
const KEY: &str = "key=";

/// Whether files are put below a path of a provider's.
pub fn is_upload(path: &str) -> bool {
    path.starts_with("/upload/")
}

/// Takes a file for Google.
pub async fn upload_to_google(call: Call) -> HandlerResult {
    upload_file(call, "google".into(), GOOGLE_UPLOADS.to_owned()).await
}

/// Passes one leg of an upload on, as it came.
pub async fn upload_file(mut call: Call, provider: ProviderId, path: String) -> HandlerResult {
    let query = read_query(call.parts.uri.query())?;
    let body = call.read_body(call.gateway.settings.body_bytes).await?;
    let here = address_here(&call);
    let target = RelayTarget {
        provider: Some(provider),
        model: None,
        surface: Surface::Other,
        dialect: CallDialect::Native,
        stream: false,
        path,
        query,
        body: RelayBody::unread(body),
    };
    let mut response = relay_call(call, target).await?;
    lead_here(response.headers_mut(), &here?);
    Ok(response)
}

/// The address that was called, as its caller knows it.
fn address_here(call: &Call) -> Result<String, Problem> {
    let path = call.parts.uri.path();
    if let Some(public) = &call.gateway.settings.public_url {
        return Ok(format!("{public}{path}"));
    }
    let host = call.header("host").or(call.parts.uri.host());
    let host = host.ok_or_else(|| anyhow::anyhow!("a call that was let in names no host"))?;
    Ok(format!("http://{host}{path}"))
}

/// Puts the address that was called in the place of Google's, with what tells the
/// upload from others.
fn lead_here(headers: &mut HeaderMap, here: &str) {
    for name in NEXT_LEGS {
        let Some(next) = headers.get(name).and_then(|it| it.to_str().ok()) else {
            continue;
        };
        let next: Option<Uri> = next.parse().ok();
        let query = next.as_ref().and_then(Uri::query).unwrap_or_default();
        let told: Vec<&str> = query.split('&').filter(|it| !it.starts_with(KEY)).collect();
        let next = HeaderValue::from_str(&format!("{here}?{}", told.join("&")));
        if let Ok(next) = next {
            headers.insert(name, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_leg_leads_here_without_a_key() {
        let mut headers = HeaderMap::new();
        let next = "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=a&key=made-up&upload_protocol=resumable";
        headers.insert(NEXT_LEGS[0], HeaderValue::from_static(next));
        lead_here(&mut headers, "https://a.example/google/upload/v1beta/files");
        assert_eq!(
            headers[NEXT_LEGS[0]],
            "https://a.example/google/upload/v1beta/files?upload_id=a&upload_protocol=resumable"
        );
        assert!(!headers.contains_key(NEXT_LEGS[1]));
    }
}
