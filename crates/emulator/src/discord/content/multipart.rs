//! Bodies with files: the JSON is in a part called `payload_json`, and each
//! file in one called `files[n]`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

use crate::discord::errors::refuse;
use crate::world::{Attachment, State};

/// The files that came with a body.
#[derive(Clone, Default)]
pub struct Files(pub Vec<Attachment>);

/// The files that came with a body; mostly none.
pub fn files_of(files: Option<Extension<Files>>) -> Vec<Attachment> {
    files.map_or_else(Vec::new, |Extension(Files(files))| files)
}

/// Refuses files that are too large for Discord, or that it lets nobody send.
/// Without `Boost` levels a file has at most 10 MiB
/// (<https://docs.discord.com/developers/reference#uploading-files>).
pub fn refuse_files(state: &State, parts: &Parts) -> Option<Response> {
    let Files(files) = parts.extensions.get()?;
    if let Some((status, code)) = state.files_refused {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        return Some(refuse(status, code, "emulated refusal of files"));
    }
    let is_large = |file: &Attachment| file.bytes.len() > state.file_bytes_max;
    files.iter().any(is_large).then(too_large)
}

/// The refusal of what is too large (`docs/discord.md` §3.1).
pub fn too_large() -> Response {
    let words = "Request entity too large";
    refuse(StatusCode::PAYLOAD_TOO_LARGE, 40_005, words)
}

/// Turns a multipart body into the JSON in it, and puts its files into the
/// request's extensions.
pub async fn unpack_files(mut parts: Parts, bytes: Bytes) -> (Parts, Bytes) {
    let kind = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return (parts, bytes);
    }
    let mut request = Request::from_parts(parts.clone(), bytes.into());
    // What is too large was refused as Discord does.
    DefaultBodyLimit::disable().apply(&mut request);
    let Ok(mut multipart) = Multipart::from_request(request, &()).await else {
        return (parts, Bytes::new());
    };
    let (mut json, mut files) = (Bytes::new(), Files::default());
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        let kind = field.content_type().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.unwrap_or_default();
        if name == "payload_json" {
            json = bytes;
        } else {
            files.0.push(Attachment {
                kind,
                ..Attachment::uploaded(&file_name, &bytes)
            });
        }
    }
    add_descriptions(&json, &mut files);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(CONTENT_LENGTH);
    parts.extensions.insert(files);
    (parts, json)
}

/// Gives each file the description that the JSON has for it.
fn add_descriptions(json: &[u8], files: &mut Files) {
    let body: Value = serde_json::from_slice(json).unwrap_or_default();
    for said in body["attachments"].as_array().into_iter().flatten() {
        let number = said["id"].as_str().and_then(|id| id.parse::<usize>().ok());
        if let Some(file) = number.and_then(|number| files.0.get_mut(number)) {
            said["description"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut file.description);
        }
    }
}
