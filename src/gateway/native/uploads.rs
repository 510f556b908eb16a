//! Files that go to Google in several legs: the answer to the first names the
//! address of the others, which leads here; `docs/providers.md` §10.7.

use axum::http::{HeaderMap, HeaderValue, Uri};

use crate::app::RelayBody;
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};
use crate::gateway::replies::problem::Problem;
use crate::model::{CallDialect, ProviderId, Surface};

use super::address::read_query;

/// Where Google takes files, at its own address, and where its library for Python
/// puts them.
pub const GOOGLE_UPLOADS: [&str; 2] = ["/upload/v1beta/files", "/upload/v1/files"];
/// Where an answer names the address of the next leg.
const NEXT_LEGS: [&str; 2] = ["x-goog-upload-url", "x-goog-upload-control-url"];
/// Says which library calls, and the one that sends no key with later legs: it
/// could not be let in here, and is known to Google by the address.
const LIBRARY: &str = "x-goog-api-client";
const WITHOUT_KEY: &str = "gl-python";
/// What a proxy says of a call.
const OF_PROXIES: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];
/// What of an address is a secret of the vendor's.
const KEY: &str = "key=";

/// Whether files are put below a path of a provider's.
pub fn is_upload(path: &str) -> bool {
    path.starts_with("/upload/")
}

/// Takes a file for Google.
pub async fn upload_to_google(call: Call) -> HandlerResult {
    let path = call.parts.uri.path().to_owned();
    upload_file(call, "google".into(), path).await
}

/// Passes one leg of an upload on, as it came.
pub async fn upload_file(mut call: Call, provider: ProviderId, path: String) -> HandlerResult {
    let query = read_query(call.parts.uri.query())?;
    let body = call.read_body(call.gateway.settings.body_bytes).await?;
    let library = call.header(LIBRARY).unwrap_or_default();
    let here = (!library.contains(WITHOUT_KEY)).then(|| address_here(&call));
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
    if let Some(here) = here {
        lead_here(response.headers_mut(), &here?);
    }
    Ok(response)
}

/// The address that was called, as its caller knows it.
fn address_here(call: &Call) -> Result<String, Problem> {
    let path = call.parts.uri.path();
    let host = call.header("host").or(call.parts.uri.host());
    let host = host.ok_or_else(|| anyhow::anyhow!("a call that was let in names no host"))?;
    // A proxy may have another name for it.
    let is_proxied = OF_PROXIES.iter().any(|name| call.header(name).is_some());
    let public = call.gateway.settings.public_url.as_deref();
    let public = public.filter(|url| is_proxied || url.ends_with(&format!("://{host}")));
    Ok(match public {
        Some(public) => format!("{public}{path}"),
        None => format!("http://{host}{path}"),
    })
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
